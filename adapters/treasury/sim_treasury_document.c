/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_treasury_document - documents of clients: judged, registered, handed over to the Integrated Treasury IS, and what
 *           became of them.
 * Promise:  a document is on disk before it is handed over; one that comes again, with the same text, goes on from where it
 *           stopped. What is wrong with it is told at once and whole, and the client may send it corrected under the same
 *           number.
 * Not here: form and logic (control.c), who may sign (sim_treasury_signers.c, power.c).
 * Spec:     T1; wsdl/treasury/v1/treasury.xsd */
#include <libxml/tree.h>

#include "treasury/control.h"
#include "treasury/sim_treasury_document.h"
#include "treasury/sim_treasury_signers.h"

#define ANSWER_BYTES (1u << 20)
#define DATA_BYTES (96u << 20) /* a document, escaped */
#define INTEGRATED "integrated-treasury_is"

/* One document on its way. */
struct taking {
	struct service_request r;
	const struct sim_request *in;
	const char *number, *bin, *text;
	char today[11], moment[STAMP_TEXT];
	struct treasury_kept kept;
	bool returned;
};

static bool open_document(struct taking *t)
{
	const struct _xmlNode *client;

	if (!service_open(&t->r, t->r.sim, t->in, NS_TREASURY, "TreasuryDocumentRequest"))
		return false;
	client = payload_child(t->r.business, "Client");
	t->number = payload_text(t->r.pool, t->r.business, "DocumentNumber");
	t->bin = payload_text(t->r.pool, client, "Bin");
	t->text = pool_copy(t->r.pool, t->in->payload_text);
	stamp_day(sim_now(), t->today);
	stamp_print(sim_now(), t->moment);
	return t->number && t->bin && t->text;
}

static outcome judge(struct taking *t, struct err *e)
{
	struct inner_result signers;
	struct err why;
	xmlDoc *doc;

	if (!envelope_parse_document(t->r.pool, t->in->payload_text, &ENVELOPE_LIMITS_DEFAULT, &doc, &why).ok)
		reasons_add(&t->r.reasons, "document.malformed", "the document does not stand for itself: %s", why.detail);
	control_document(&t->r.reasons, t->r.business, t->today);
	treasury_signers_read(&t->r, t->in, &signers);
	TRY(treasury_signers_users(&t->r, &signers, t->bin, e));
	return treasury_signers_powers(&t->r, &signers, t->bin, e);
}

static outcome keep(struct taking *t, struct err *e)
{
	SCOPED(buf_free) struct buf reasons = BUF(ANSWER_BYTES);
	struct treasury_document d = {.bin = t->bin, .number = t->number, .sender = t->r.sender, .text = t->text,
		.moment = t->moment};

	t->returned = t->r.reasons.n > 0;
	if (t->returned)
		reasons_write(&reasons, &t->r.reasons);
	d.status = t->returned ? "RETURNED" : "REGISTERED";
	d.reasons = buf_cstr(&reasons);
	TRY(treasury_document_keep(sim_state(t->r.sim), &d, &t->kept, e));
	if (!t->kept.fresh && !t->kept.same)
		reasons_add(&t->r.reasons, "document.repeated", "the number %s is that of document %s, which is %s", t->number,
			t->kept.number, t->kept.status);
	return DONE;
}

/* The queue of the gateway takes it; then it is on its way for certain. */
static outcome hand_over(struct taking *t, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	struct system_info info;

	if (!system_info_fresh(t->r.pool, &info))
		return err_set(e, REASON_MEMORY, "hand-over of a document");
	question_begin(&data, NS_TREASURY, "IntegratedDocumentRequest", &info);
	payload_field(&data, "TreasuryNumber", t->kept.number);
	payload_field(&data, "Document", t->text);
	question_end(&data, "IntegratedDocumentRequest");
	if (!ask(t->r.sim, &t->r.reasons, "INTEGRATED_TREASURY_DOCUMENT", &data, NULL)) {
		t->r.reasons.later = true;
		return DONE;
	}
	memcpy(t->kept.status, "HANDED_OVER", 12);
	return treasury_document_handed_over(sim_state(t->r.sim), t->kept.number, t->moment, e);
}

outcome treasury_take_document(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_TREASURY, "TreasuryDocumentResponse",
		"The document is registered and handed over.", "Registered", "Not accepted"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct taking t = {.r.sim = sim, .in = in};
	bool kept;

	if (!open_document(&t))
		return reply_unreadable(out, "The payload is not a TreasuryDocumentRequest of treasury.xsd.");
	TRY(judge(&t, e));
	TRY(keep(&t, e));
	kept = t.kept.fresh || t.kept.same;
	if (kept && !t.returned && strcmp(t.kept.status, "REGISTERED") == 0)
		TRY(hand_over(&t, e));
	answer_begin(&data, &form, &t.r.info);
	payload_field(&data, "DocumentNumber", t.number);
	if (kept) {
		payload_field(&data, "DocumentStatus", t.kept.status);
		payload_field(&data, "TreasuryNumber", t.kept.number);
	}
	return answer_reply(&data, &form, &t.r.reasons, out, e);
}

outcome treasury_tell_status(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_TREASURY, "TreasuryStatusResponse", "The document is known.", "Known",
		"Not told"};
	static const char *const names[] = {"ClientBin", "DocumentNumber"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct treasury_state *state = POOL_NEW(in->pool, struct treasury_state);
	struct service_request r;
	const char *text[2];
	bool found;

	if (!service_open(&r, sim, in, NS_TREASURY, "TreasuryStatusRequest") ||
		!payload_texts(r.pool, r.business, names, text, 2))
		return reply_unreadable(out, "The payload is not a TreasuryStatusRequest of treasury.xsd.");
	if (!state)
		return err_set(e, REASON_MEMORY, "status of a document");
	TRY(treasury_document_find(sim_state(sim), text[0], text[1], r.sender, state, &found, e));
	if (!found)
		reasons_add(&r.reasons, "document.unknown", "the sender has no document %s of this client", text[1]);
	answer_begin(&data, &form, &r.info);
	if (found) {
		payload_field(&data, "DocumentNumber", text[1]);
		payload_field(&data, "DocumentStatus", state->status);
		payload_field(&data, "StatusDate", state->moment);
		payload_field(&data, "TreasuryNumber", state->number);
	}
	if (found && state->reasons[0])
		buf_printf(&data, "<ReturnReasons>%s</ReturnReasons>", state->reasons);
	return answer_reply(&data, &form, &r.reasons, out, e);
}

/* The reasons of the Integrated Treasury IS as they are kept; "" when it executed the document. */
static void read_result(struct service_request *r, struct buf *reasons, const char **status)
{
	const struct _xmlNode *returned = payload_child(r->business, "ReturnReasons");
	struct reasons why = {.pool = r->pool};

	*status = returned ? "RETURNED" : "EXECUTED";
	reasons_read(&why, payload_child(returned, "Reasons"));
	if (why.n > 0)
		reasons_write(reasons, &why);
}

outcome treasury_take_result(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_TREASURY, "TreasuryResultResponse", "The result is taken.", NULL, NULL};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES), reasons = BUF(ANSWER_BYTES);
	const char *number, *status;
	struct service_request r;
	char now[STAMP_TEXT];
	bool known = true;

	if (!service_open(&r, sim, in, NS_TREASURY, "TreasuryResultRequest") ||
		!(number = payload_text(r.pool, r.business, "TreasuryNumber")))
		return reply_unreadable(out, "The payload is not a TreasuryResultRequest of treasury.xsd.");
	read_result(&r, &reasons, &status);
	stamp_print(sim_now(), now);
	if (strcmp(r.sender, INTEGRATED) != 0)
		reasons_add(&r.reasons, "result.sender", "only the Integrated Treasury IS tells results");
	else
		TRY(treasury_document_result(sim_state(sim), number, status, buf_cstr(&reasons), now, &known, e));
	if (!known)
		reasons_add(&r.reasons, "document.unknown", "there is no document %s", number);
	answer_begin(&data, &form, &r.info);
	payload_field(&data, "TreasuryNumber", number);
	return answer_reply(&data, &form, &r.reasons, out, e);
}
