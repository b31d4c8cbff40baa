/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_insolvency - the simulated system through which insolvency administrators deal with the authorised body: it gives them
 *           information as signed documents, takes their documents and their reports of compromised keys.
 * Promise:  all reasons of a refusal are in the answer; what is accepted is on disk before it is told.
 * Not here: documents that come (sim_insolvency_submission.c), state (sim_insolvency_store.c).
 * Spec:     I1, I4, I5; wsdl/insolvency/v1/insolvency.xsd */
#include <libxml/tree.h>

#include "common/outbox.h"
#include "insolvency/sim_insolvency_request.h"
#include "insolvency/sim_insolvency_submission.h"
#include "insolvency/sim_insolvency_term.h"
#include "trust/certificate.h"

/* ---- information for an administrator ---- */

struct information {
	const char *kind, *procedure;
	struct insolvency_procedure known;
	char text[INSOLVENCY_INFORMATION];
};

static void write_document(const struct insolvency_request *q, const struct information *i, struct buf *out)
{
	char now[STAMP_TEXT];

	stamp_print(sim_now(), now);
	buf_str(out, "<i:InformationDocument xmlns:i=\"" NS_INSOLVENCY "\">");
	payload_field(out, "RequestNumber", q->r.info.request_number);
	payload_field(out, "Information", i->kind);
	payload_field(out, "Procedure", i->procedure);
	payload_field(out, "DebtorBin", i->known.debtor);
	insolvency_write_administrator(out, q);
	payload_field(out, "DocumentDate", now);
	payload_field(out, "Text", i->text);
	buf_str(out, "</i:InformationDocument>");
}

/* The documents that were asked for, or reasons. */
static outcome give_documents(struct insolvency_request *q, struct information *i, struct buf *data, struct err *e)
{
	struct bytes kind;

	for (const xmlNode *c = q->r.business->children; c; c = c->next) {
		SCOPED(buf_free) struct buf document = BUF(INSOLVENCY_BYTES);

		if (!payload_is(c, "", "Information"))
			continue;
		if (!node_text(q->r.pool, c, &kind) || !(i->kind = pool_copy(q->r.pool, kind)))
			return err_set(e, REASON_MEMORY, "request for information");
		TRY(insolvency_information_find(sim_state(q->r.sim), i->procedure, i->kind, i->text, e));
		if (!i->text[0])
			reasons_add(&q->r.reasons, "information.absent", "the body has no information of the kind %.32s", i->kind);
		write_document(q, i, &document);
		TRY(insolvency_write_signed(data, q, "Document", &document, e));
	}
	return DONE;
}

static outcome give_information(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_INSOLVENCY, "InformationResponse", "The information is given.", "Given",
		"Not given"};
	SCOPED(buf_free) struct buf data = BUF(INSOLVENCY_BYTES), documents = BUF(INSOLVENCY_BYTES);
	struct insolvency_request q;
	struct information i = {0};

	if (!insolvency_read(&q, sim, in, "InformationRequest") ||
		!(i.procedure = payload_text(q.r.pool, q.r.business, "Procedure")))
		return reply_unreadable(out, "The payload is not an InformationRequest of insolvency.xsd.");
	TRY(insolvency_judge_right(&q, in->payload_text, e));
	TRY(insolvency_judge_procedure(&q, i.procedure, &i.known, e));
	if (q.r.reasons.n == 0)
		TRY(give_documents(&q, &i, &documents, e));
	answer_begin(&data, &form, &q.r.info);
	if (q.r.reasons.n == 0)
		buf_add(&data, buf_bytes(&documents));
	return answer_reply(&data, &form, &q.r.reasons, out, e);
}

/* ---- reports of compromised keys ---- */

/* What the report says of the key, as its certificate has it. */
static outcome judge_reported(struct insolvency_request *q, const char *base64, struct cert_view *out, struct err *e)
{
	SCOPED(buf_free) struct buf der = BUF(INSOLVENCY_BYTES);
	struct err why;

	*out = (struct cert_view){0};
	if (!base64_decode(bytes_str(base64), &der, &why).ok || !cert_view_read(q->r.pool, buf_bytes(&der), out, &why).ok) {
		if (why.reason == REASON_MEMORY)
			return err_set(e, REASON_MEMORY, "certificate in a report");
		reasons_add(&q->r.reasons, "key.certificate", "the certificate in the report cannot be read");
	} else if (!out->who.iin || strcmp(out->who.iin, q->iin) != 0) {
		reasons_add(&q->r.reasons, "key.foreign", "the certificate in the report is not this administrator's");
	}
	return DONE;
}

static outcome answer_report(struct insolvency_request *q, const struct insolvency_term *term, struct sim_reply *out,
	struct err *e)
{
	static const struct answer_form form = {NS_INSOLVENCY, "KeyReportResponse", "The report is accepted.",
		"The key does not work any more", "The report is not accepted"};
	SCOPED(buf_free) struct buf data = BUF(INSOLVENCY_BYTES);

	answer_begin(&data, &form, &q->r.info);
	if (q->r.reasons.n == 0)
		insolvency_term_write(&data, term);
	return answer_reply(&data, &form, &q->r.reasons, out, e);
}

/* A report is taken from whoever was an administrator, with whichever key of his own: it takes away and gives nothing. */
static outcome take_report(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	enum { INCIDENT, DISCOVERED, CERTIFICATE, FIELDS };
	static const char *const names[] = {"Incident", "Discovered", "Certificate"};
	const char *text[FIELDS];
	struct insolvency_term term;
	struct insolvency_request q;
	struct cert_view key;
	struct stamp discovered;
	char received[STAMP_TEXT];

	if (!insolvency_read(&q, sim, in, "KeyReportRequest") || !payload_texts(q.r.pool, q.r.business, names, text, FIELDS) ||
		!stamp_parse(bytes_str(text[DISCOVERED]), &discovered))
		return reply_unreadable(out, "The payload is not a KeyReportRequest of insolvency.xsd.");
	TRY(insolvency_judge(&q, in->payload_text, e));
	TRY(judge_reported(&q, text[CERTIFICATE], &key, e));
	TRY(insolvency_term_of_report(sim, discovered, &term, e));
	if (discovered.ms > term.received.ms)
		reasons_add(&q.r.reasons, "report.moment", "the discovery lies in the future");
	stamp_print(term.received, received);
	if (q.r.reasons.n == 0)
		TRY(insolvency_key_keep(sim_state(sim), key.print, q.iin, text[INCIDENT], text[DISCOVERED], received,
			term.in_time, e));
	return answer_report(&q, &term, out, e);
}

static outcome work(struct sim *sim, struct err *e)
{
	return outbox_work(sim, sim_state(sim), e);
}

static const struct sim_service services[] = {
	{"INSOLVENCY_REQUEST", give_information},
	{"INSOLVENCY_SUBMISSION", insolvency_take_document},
	{"INSOLVENCY_SUBMISSION_STRICT", insolvency_take_document},
	{"INSOLVENCY_KEY_REPORT", take_report},
	{NULL, NULL},
};

extern const struct sim_system sim_system_insolvency;
const struct sim_system sim_system_insolvency = {
	.name = "insolvency",
	.summary = "insolvency system: information for administrators, their documents, their reports of compromised keys",
	.services = services,
	.work = work,
	.open = insolvency_open,
	.close = store_close_state,
};
