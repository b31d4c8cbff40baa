/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_number - numbers of documents: PERMITS_NIKAD, for a document that a departmental system is going to sign, and
 * those of the permits system itself. With --set numbers=gateway the gateway gives them all.
 * Spec: P1, P2, P6 */
#include "permits/numbers.h"
#include "permits/sim_permits_document.h"
#include "permits/sim_permits_services.h"

outcome permits_nikad(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_PERMITS, "NikadResponse", "The number is given.", NULL, NULL};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	enum { TYPE, KIND, FIELDS };
	static const char *const names[] = {"DocumentType", "DocumentKind"};
	const char *text[FIELDS];
	struct service_request r;
	struct nikad given;

	if (!service_open(&r, sim, in, NS_PERMITS, "NikadRequest") ||
		!payload_texts(r.pool, r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not a NikadRequest of permits.xsd.");
	if (!nikad_type_is(bytes_str(text[TYPE])))
		reasons_add(&r.reasons, "nikad.type",
			"the type %.64s is not three Latin capital letters without I and O", text[TYPE]);
	if (!numbers_kind_is(text[KIND]))
		reasons_add(&r.reasons, "document.kind", "%.64s is no kind of document", text[KIND]);
	if (r.reasons.n == 0)
		TRY(permits_store_issue(sim_state(sim), text[TYPE], text[KIND], r.sender, &given, e));
	answer_begin(&data, &form, &r.info);
	if (r.reasons.n == 0)
		payload_field(&data, "Nikad", given.text);
	return answer_reply(&data, &form, &r.reasons, out, e);
}

bool document_numbers_elsewhere(const struct served *v)
{
	const char *numbers = sim_setting(v->r.sim, "numbers");

	return numbers && strcmp(numbers, "gateway") == 0;
}

static outcome ask_gateway(struct served *v, const char *type, const char *kind, struct nikad *out, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct reasons r = {.pool = v->r.pool};
	const struct _xmlNode *answer;
	struct system_info info;
	const char *text;

	if (!system_info_fresh(v->r.pool, &info))
		return err_set(e, REASON_MEMORY, "a number");
	question_begin(&data, NS_PERMITS, "NikadRequest", &info);
	payload_field(&data, "DocumentType", type);
	payload_field(&data, "DocumentKind", kind);
	question_end(&data, "NikadRequest");
	if (!ask(v->r.sim, &r, "PERMITS_NIKAD", &data, &answer))
		return err_set(e, REASON_SERVICE_BUSY, "no number: %.200s", reasons_line(&r));
	text = payload_text(v->r.pool, payload_child(answer, "ResponseData"), "Nikad");
	if (!text || !nikad_parse(bytes_str(text), out, NULL))
		return err_set(e, REASON_SERVICE_BUSY, "the gateway answers without a number");
	return DONE;
}

outcome document_new_number(struct store *s, struct served *v, const char *type, const char *kind, struct nikad *out,
	struct err *e)
{
	if (!document_numbers_elsewhere(v))
		return permits_store_give(s, type, kind, v->r.sender, out, e);
	TRY(ask_gateway(v, type, kind, out, e));
	return permits_store_adopt(s, out, kind, v->r.sender, e);
}
