/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_automatic - services that are decided with no official: the system checks by itself and signs the permit or
 *          the reasoned refusal with the transport key of its owner.
 * Promise: a register that does not answer decides nothing; what is wrong with the form itself is no application.
 * Spec:    P5, P14; wsdl/permits/v1/document.xsd */
#include "permits/sim_permits_entry.h"
#include "permits/sim_permits_filing.h"
#include "permits/sim_permits_tell.h"
#include "permits/sim_permits_services.h"

#define NS_DOCUMENT "urn:qaqpa:permits:document:v1"
#define DOCUMENT_BYTES 65536

struct automatic {
	struct filing f;             /* begins with struct served */
	struct reasons refusal;      /* what the checks found */
	struct document result;
};

static void write_text(struct automatic *a, struct buf *out)
{
	const char *text = a->refusal.n > 0 ? reasons_line(&a->refusal) : "The permit is granted.";

	buf_str(out, "<Text>");
	buf_xml(out, text_cut(text));
	buf_str(out, "</Text>");
}

static void write_result(struct automatic *a, struct buf *out)
{
	const struct filing *f = &a->f;

	buf_str(out, "<d:AdministrativeDocument xmlns:d=\"" NS_DOCUMENT "\">");
	payload_field(out, "Nikad", a->result.nikad.text);
	payload_field(out, "DocumentKind", a->result.kind);
	payload_field(out, "ServiceCode", f->service);
	payload_field(out, "Application", f->d.nikad.text);
	buf_str(out, "<Issuer>");
	payload_field(out, "Bin", f->row->body);
	payload_field(out, "Name", f->row->body_name);
	buf_str(out, "</Issuer>");
	subject_write(out, "Subject", &f->applicant);
	payload_field(out, "DocumentDate", f->v.now);
	write_text(a, out);
	buf_str(out, "</d:AdministrativeDocument>");
}

/* The system's own key is the transport key of its owner. */
static outcome sign(struct automatic *a, struct err *e)
{
	SCOPED(buf_free) struct buf plain = BUF(DOCUMENT_BYTES), out = BUF(DOCUMENT_BYTES);

	write_result(a, &plain);
	if (!buf_ok(&plain))
		return err_set(e, REASON_MEMORY, "result");
	TRY(sim_document_sign(a->f.v.r.sim, a->f.v.r.pool, NULL, buf_bytes(&plain), &out, e));
	a->result.text = pool_copy(a->f.v.r.pool, buf_bytes(&out));
	return a->result.text ? DONE : err_set(e, REASON_MEMORY, "result");
}

static outcome decide(struct store *s, struct automatic *a, struct err *e)
{
	struct filing *f = &a->f;
	bool granted = a->refusal.n == 0;

	a->result.kind = granted ? "PERMIT" : "REFUSAL";
	TRY(document_new_number(s, &f->v, granted ? "PRM" : "REF", a->result.kind, &a->result.nikad, e));
	TRY(sign(a, e));
	TRY(document_keep(s, &f->v, &a->result, e));
	if (!granted)
		return DONE;
	return entry_put(s, &(struct new_entry){a->result.nikad.text, "PERMIT", f->service, &f->applicant, f->row->body,
		f->row->body_name, f->v.now, NULL, NULL}, e);
}

static const struct permits_words decided = {
	"DECISION", "Решение принято автоматически.", "Шешім автоматты түрде қабылданды.", NULL};

static outcome unit(struct store *s, struct served *v, struct err *e)
{
	struct automatic *a = (struct automatic *)v;
	struct permits_case c;

	if (v->r.reasons.n > 0)
		return DONE;
	TRY(document_give(s, v, &a->f.d, "APP", e));
	TRY(decide(s, a, e));
	c = filing_case(&a->f, CASE_DECIDED);
	TRY(case_put(s, v, &c, e));
	payload_field(v->answer, "Application", a->f.d.nikad.text);
	payload_field(v->answer, "DocumentKind", a->result.kind);
	payload_field(v->answer, "Nikad", a->result.nikad.text);
	payload_field(v->answer, "Document", a->result.text);
	return permits_tell_applicant(s, v, &c, &a->result, &decided, e);
}

static outcome basis_unit(struct store *s, void *ctx, struct err *e)
{
	return filing_judge_basis(s, ctx, e);
}

/* What the checks find is the refusal's reasons and no fault of the form; silence of a register is neither. */
static outcome check(struct automatic *a, struct err *e)
{
	struct reasons *r = &a->f.v.r.reasons;

	if (r->n > 0)
		return DONE;
	filing_ask(&a->f);
	TRY(store_transact(sim_state(a->f.v.r.sim), basis_unit, &a->f, e));
	if (r->later)
		return DONE;
	a->refusal = *r;
	r->n = 0;
	return DONE;
}

outcome permits_automatic(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "AutomaticResponse", "The application is decided.", "Decided", "Not taken"};
	struct automatic a = {0};
	bool done;

	TRY(served_open(&a.f.v, sim, in, &form, "ApplicationRequest", &done, out, e));
	if (done)
		return DONE;
	if (!filing_read(&a.f, ORIGIN_AUTOMATIC))
		return reply_unreadable(out, "The payload is not an ApplicationRequest of permits.xsd.");
	filing_judge(&a.f, true);
	filing_signed_by_applicant(&a.f);
	TRY(check(&a, e));
	return served_finish(&a.f.v, unit, out, e);
}
