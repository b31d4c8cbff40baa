/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_application - an application or notification is filed: by the applicant, by an employee of the State
 *          Corporation, by an officer of the body.
 * Promise: with anything wrong nothing is registered, and all reasons are told (P6).
 * Spec:    P4 - P9, P17, M5 */
#include "base/ident.h"
#include "permits/sim_permits_entry.h"
#include "permits/sim_permits_filing.h"
#include "permits/sim_permits_tell.h"
#include "permits/sim_permits_services.h"

/* A notification stands in the register at once and goes straight to the body (P7). */
static outcome notify(struct store *s, struct filing *f, const struct permits_case *c, struct err *e)
{
	const struct new_entry n = {f->d.nikad.text, "NOTIFICATION", f->service, &f->applicant, f->row->body, f->row->body_name,
		f->v.now, NULL, NULL};

	TRY(entry_put(s, &n, e));
	return permits_tell_body(s, &f->v, c, "NOTIFICATION", &f->d, f->row->body, e);
}

/* An application of the portal waits until the body accepts it; one that was brought in person is filed (P7, P8). */
static outcome apply(struct store *s, struct filing *f, const struct permits_case *c, struct err *e)
{
	TRY(case_put(s, &f->v, c, e));
	if (!case_has_cabinet(c))
		TRY(case_accepted(s, &f->v, c, e));
	return permits_tell_body(s, &f->v, c, "APPLICATION", &f->d, f->row->body, e);
}

static const struct permits_words in_register = {"REGISTERED", "Зарегистрировано.", "Тіркелді.", NULL};

static outcome file(struct store *s, struct filing *f, struct err *e)
{
	struct permits_case c = filing_case(f, CASE_REGISTERED);

	TRY(strcmp(f->d.kind, "NOTIFICATION") == 0 ? notify(s, f, &c, e) : apply(s, f, &c, e));
	document_answer(&f->v, &f->d);
	return permits_tell_applicant(s, &f->v, &c, &f->d, &in_register, e);
}

static const char *type_of(const struct filing *f)
{
	return strcmp(f->d.kind, "NOTIFICATION") == 0 ? "NTF" : "APP";
}

/* The number is given when the applicant's or the employee's signature is seen to be right (P4). */
static outcome unit(struct store *s, struct served *v, struct err *e)
{
	struct filing *f = (struct filing *)v;

	TRY(filing_judge_basis(s, f, e));
	if (v->r.reasons.n > 0)
		return DONE;
	TRY(document_give(s, v, &f->d, type_of(f), e));
	return file(s, f, e);
}

static const char registered[] = "The application is registered.";

outcome permits_application(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "ApplicationResponse", registered, "Registered", "Not registered"};
	struct filing f = {0};
	bool done;

	TRY(served_open(&f.v, sim, in, &form, "ApplicationRequest", &done, out, e));
	if (done)
		return DONE;
	if (!filing_read(&f, ORIGIN_PORTAL))
		return reply_unreadable(out, "The payload is not an ApplicationRequest of permits.xsd.");
	filing_judge(&f, false);
	filing_signed_by_applicant(&f);
	filing_ask(&f);
	return served_finish(&f.v, unit, out, e);
}

/* ---- by an employee of the State Corporation ---- */

static bool is_true(const char *text)
{
	return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

/* The employee named in the form signed it, with the applicant's consent (P8, M5). */
static void judge_employee(struct filing *f)
{
	const struct _xmlNode *employee = payload_child(f->v.r.business, "Employee");
	const char *iin = payload_text(f->v.r.pool, employee, "Iin");
	struct reasons *r = &f->v.r.reasons;

	if (!iin || !iin_bin_is(bytes_str(iin)))
		reasons_add(r, "employee.iin", "the IIN of the employee is absent or has a wrong check digit");
	else if (f->d.signer && (!f->d.signer->iin || !f->d.signer->bin || strcmp(f->d.signer->iin, iin) != 0))
		reasons_add(r, "document.signer", "the document is not signed by the employee that it names");
	if (!is_true(payload_text(f->v.r.pool, payload_child(f->v.r.business, "Consent"), "Given")))
		reasons_add(r, "consent.absent", "the applicant did not give consent in writing");
}

outcome permits_staff_application(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "StaffApplicationResponse", registered, "Registered", "Not registered"};
	struct filing f = {0};
	bool done;

	TRY(served_open(&f.v, sim, in, &form, "StaffApplicationRequest", &done, out, e));
	if (done)
		return DONE;
	if (!filing_read(&f, ORIGIN_STAFF))
		return reply_unreadable(out, "The payload is not a StaffApplicationRequest of permits.xsd.");
	filing_judge(&f, false);
	judge_employee(&f);
	filing_ask(&f);
	return served_finish(&f.v, unit, out, e);
}

/* ---- by an officer of the body ---- */

static outcome paper_unit(struct store *s, struct served *v, struct err *e)
{
	struct filing *f = (struct filing *)v;

	TRY(document_judge(s, v, &f->d, e));
	TRY(filing_judge_basis(s, f, e));
	if (v->r.reasons.n > 0)
		return DONE;
	TRY(document_keep(s, v, &f->d, e));
	return file(s, f, e);
}

/* The registers are asked for what is filed electronically (P5); here the body has the papers before it. */
outcome permits_paper_application(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "PaperApplicationResponse", registered, "Registered", "Not registered"};
	const char *number;
	struct filing f = {0};
	bool done;

	TRY(served_open(&f.v, sim, in, &form, "PaperApplicationRequest", &done, out, e));
	if (done)
		return DONE;
	number = payload_text(in->pool, f.v.r.business, "Nikad");
	if (!number || !filing_read(&f, ORIGIN_PAPER))
		return reply_unreadable(out, "The payload is not a PaperApplicationRequest of permits.xsd.");
	document_number(&f.v, &f.d, number);
	filing_judge(&f, false);
	if (f.row)
		(void)document_signed_in(&f.v, &f.d, f.row->body);
	return served_finish(&f.v, paper_unit, out, e);
}
