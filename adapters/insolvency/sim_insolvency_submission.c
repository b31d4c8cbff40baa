/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_insolvency_submission - a document of an administrator: judged, kept, and answered with a notice of acceptance or of
 *           non-acceptance.
 * Promise:  a late document is taken like the others and marked; the same document again gets what the first one got.
 * Not here: whether the service refuses late documents (the gateway, by its descriptor).
 * Spec:     I2, I3, I4 */
#include "insolvency/sim_insolvency_request.h"
#include "insolvency/sim_insolvency_submission.h"
#include "insolvency/sim_insolvency_term.h"

struct submission {
	struct insolvency_request q;
	const char *kind, *procedure;
	struct insolvency_term term;
	struct insolvency_submission kept;
};

static void judge_kind(struct submission *s)
{
	static const char *const kinds[] = {"CURRENT_REPORT", "FINAL_REPORT", "CREDITORS_REGISTER", "INVENTORY",
		"FINANCIAL_OPINION", "REHABILITATION_PLAN", "SALE_PLAN"};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(s->kind, kinds[i]) == 0)
			return;
	}
	reasons_add(&s->q.r.reasons, "document.kind", "%.32s is no kind of document of an administrator", s->kind);
}

static outcome judge(struct submission *s, struct bytes payload, struct err *e)
{
	struct insolvency_procedure procedure;

	TRY(insolvency_judge(&s->q, payload, e));
	TRY(insolvency_judge_key(&s->q, e));
	TRY(insolvency_judge_procedure(&s->q, s->procedure, &procedure, e));
	judge_kind(s);
	return DONE;
}

static outcome keep(struct submission *s, struct bytes payload, struct err *e)
{
	struct insolvency_submission *d = &s->kept;
	bool other;

	*d = (struct insolvency_submission){.request_number = s->q.r.info.request_number, .iin = s->q.iin, .kind = s->kind,
		.procedure = s->procedure, .xml = pool_copy(s->q.r.pool, payload), .in_time = s->term.in_time};
	if (!d->xml)
		return err_set(e, REASON_MEMORY, "document of an administrator");
	stamp_print(s->term.received, d->received);
	stamp_print(s->term.end, d->term_end);
	TRY(insolvency_submission_keep(sim_state(s->q.r.sim), d, &other, e));
	if (other)
		reasons_add(&s->q.r.reasons, "request.number", "the request number belongs to another document");
	else if (!stamp_parse(bytes_str(d->received), &s->term.received) || !stamp_parse(bytes_str(d->term_end), &s->term.end))
		return err_set(e, REASON_IO, "the state holds a moment that is none");
	s->term.in_time = d->in_time;
	return DONE;
}

static void write_notice(const struct submission *s, struct buf *out)
{
	bool accepted = s->q.r.reasons.n == 0;

	buf_str(out, "<i:AcceptanceNotice xmlns:i=\"" NS_INSOLVENCY "\">");
	payload_field(out, "RequestNumber", s->q.r.info.request_number);
	payload_field(out, "DocumentKind", s->kind);
	payload_field(out, "Procedure", s->procedure);
	insolvency_write_administrator(out, &s->q);
	payload_field(out, "Accepted", accepted ? "true" : "false");
	if (accepted)
		payload_field(out, "RegistrationNumber", s->kept.registration);
	insolvency_term_write(out, &s->term);
	if (!accepted)
		reasons_write(out, &s->q.r.reasons);
	buf_str(out, "</i:AcceptanceNotice>");
}

static outcome answer(struct submission *s, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_INSOLVENCY, "SubmissionResponse", "The document is accepted.", "Accepted",
		"Not accepted"};
	SCOPED(buf_free) struct buf data = BUF(INSOLVENCY_BYTES), notice = BUF(INSOLVENCY_BYTES);

	write_notice(s, &notice);
	answer_begin(&data, &form, &s->q.r.info);
	if (s->q.r.reasons.n == 0)
		payload_field(&data, "RegistrationNumber", s->kept.registration);
	insolvency_term_write(&data, &s->term);
	TRY(insolvency_write_signed(&data, &s->q, "Notice", &notice, e));
	return answer_reply(&data, &form, &s->q.r.reasons, out, e);
}

outcome insolvency_take_document(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	enum { KIND, PROCEDURE, LAST_DAY, FIELDS };
	static const char *const names[] = {"DocumentKind", "Procedure", "LastDay"};
	const char *text[FIELDS];
	struct submission s = {0};
	bool readable;

	readable = insolvency_read(&s.q, sim, in, "SubmissionRequest") &&
		payload_texts(s.q.r.pool, s.q.r.business, names, text, FIELDS);
	if (readable)
		TRY(insolvency_term_of_day(sim, text[LAST_DAY], &s.term, &readable, e));
	if (!readable)
		return reply_unreadable(out, "The payload is not a SubmissionRequest of insolvency.xsd.");
	s.kind = text[KIND];
	s.procedure = text[PROCEDURE];
	TRY(judge(&s, in->payload_text, e));
	if (s.q.r.reasons.n == 0)
		TRY(keep(&s, in->payload_text, e));
	return answer(&s, out, e);
}
