/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_number - PERMITS_NIKAD: a number for a document that a departmental system is going to sign.
 * Spec: P1, P2, P6 */
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
	if (!document_kind_is(text[KIND]))
		reasons_add(&r.reasons, "document.kind", "%.64s is no kind of document", text[KIND]);
	if (r.reasons.n == 0)
		TRY(permits_store_issue(sim_state(sim), text[TYPE], text[KIND], r.sender, &given, e));
	answer_begin(&data, &form, &r.info);
	if (r.reasons.n == 0)
		payload_field(&data, "Nikad", given.text);
	return answer_reply(&data, &form, &r.reasons, out, e);
}
