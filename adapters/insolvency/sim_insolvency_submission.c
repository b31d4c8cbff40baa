/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_insolvency_submission - a document of an administrator: judged, kept, and answered with a notice of acceptance or of
 *           non-acceptance, which the administrator's cabinet at the portal gets too.
 * Promise:  a late document is taken like the others and marked; the same document again gets what the first one got.
 * Not here: whether the service refuses late documents (the gateway, by its descriptor).
 * Spec:     I2, I3, I4 */
#include "common/outbox.h"
#include "insolvency/sim_insolvency_request.h"
#include "insolvency/sim_insolvency_submission.h"
#include "insolvency/sim_insolvency_term.h"

#define NS_PORTAL "urn:qaqpa:portal:v1"

/* By language, whether it is accepted, whether it was in time. */
static const char *const words[2][2][2] = {
	{{"Документ не принят: ", "Документ не принят: "}, {"Документ принят, поступил после срока", "Документ принят"}},
	{{"Құжат қабылданбады: ", "Құжат қабылданбады: "}, {"Құжат қабылданды, мерзімінен кейін түсті", "Құжат қабылданды"}},
};

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

	TRY(insolvency_judge_right(&s->q, payload, e));
	TRY(insolvency_judge_procedure(&s->q, s->procedure, &procedure, e));
	judge_kind(s);
	return DONE;
}

/* What the cabinet of the administrator shows. */
static outcome tell(struct store *store, const struct submission *s, struct err *e)
{
	SCOPED(buf_free) struct buf out = BUF(OUTBOX_BYTES);
	bool accepted = s->q.r.reasons.n == 0;
	char now[STAMP_TEXT];

	stamp_print(s->term.received, now);
	question_begin(&out, NS_PORTAL, "CabinetNotice",
		&(struct system_info){s->q.r.info.request_number, s->q.r.info.chain_id, now});
	buf_str(&out, "<Applicant>");
	payload_field(&out, "Iin", s->q.iin);
	buf_str(&out, "</Applicant>");
	payload_field(&out, "RequestNumber", s->q.r.info.request_number);
	payload_field(&out, "Kind", accepted ? "ACCEPTED" : "NOT_ACCEPTED");
	for (int kz = 0; kz < 2; kz++) {
		buf_printf(&out, "<Text%s>%s", kz ? "Kz" : "Ru", words[kz][accepted][s->term.in_time]);
		if (!accepted)
			buf_xml(&out, bytes_str(reasons_line(&s->q.r.reasons)));
		buf_printf(&out, "</Text%s>", kz ? "Kz" : "Ru");
	}
	payload_field(&out, "Moment", now);
	if (accepted) {
		buf_str(&out, "<Act>");
		payload_field(&out, "DocNumber", s->kept.registration);
		buf_str(&out, "</Act>");
	}
	question_end(&out, "CabinetNotice");
	return outbox_put(store, "PORTAL_NOTICE", NULL, &out, e);
}

/* The moments of the first time it came. */
static outcome take_kept(struct submission *s, struct err *e)
{
	if (!stamp_parse(bytes_str(s->kept.received), &s->term.received) ||
		!stamp_parse(bytes_str(s->kept.term_end), &s->term.end))
		return err_set(e, REASON_IO, "the state holds a moment that is none");
	s->term.in_time = s->kept.in_time;
	return DONE;
}

static outcome decide_in_unit(struct store *store, void *ctx, struct err *e)
{
	struct submission *s = ctx;
	bool fresh = true, other = false;

	if (s->q.r.reasons.n == 0)
		TRY(insolvency_submission_keep(store, &s->kept, &fresh, &other, e));
	if (other)
		reasons_add(&s->q.r.reasons, "request.number", "the request number belongs to another document");
	else if (s->q.r.reasons.n == 0)
		TRY(take_kept(s, e));
	return fresh || other ? tell(store, s, e) : DONE;
}

/* Kept when nothing is against it; in the same unit it is decided what the cabinet is told. */
static outcome decide(struct submission *s, struct bytes payload, struct err *e)
{
	s->kept = (struct insolvency_submission){.request_number = s->q.r.info.request_number, .iin = s->q.iin, .kind = s->kind,
		.procedure = s->procedure, .xml = pool_copy(s->q.r.pool, payload), .in_time = s->term.in_time};
	if (!s->kept.xml)
		return err_set(e, REASON_MEMORY, "document of an administrator");
	stamp_print(s->term.received, s->kept.received);
	stamp_print(s->term.end, s->kept.term_end);
	TRY(store_transact(sim_state(s->q.r.sim), decide_in_unit, s, e));
	sim_wake(s->q.r.sim);
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
	TRY(decide(&s, in->payload_text, e));
	return answer(&s, out, e);
}
