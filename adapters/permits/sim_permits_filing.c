/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_filing - see sim_permits_filing.h.
 * Spec: P5, P6, P17 */
#include <stdio.h>

#include "permits/sim_permits_entry.h"
#include "permits/sim_permits_filing.h"

bool filing_read(struct filing *f, const char *origin)
{
	const struct _xmlNode *b = f->v.r.business, *representative = payload_child(b, "Representative");
	struct pool *pool = f->v.r.pool;

	f->origin = origin;
	f->d.text = f->v.text;
	f->d.kind = payload_text(pool, b, "DocumentKind");
	f->service = payload_text(pool, b, "ServiceCode");
	f->statement = payload_text(pool, b, "Statement");
	f->basis = payload_text(pool, b, "Basis");
	f->payment = payload_text(pool, b, "Payment");
	if (!f->d.kind || !f->service || !f->statement || !subject_read(pool, payload_child(b, "Applicant"), &f->applicant))
		return false;
	f->row = catalogue_find(f->service);
	return !representative || subject_read(pool, representative, &f->representative);
}

static void judge_service(struct filing *f, bool automatic)
{
	struct reasons *r = &f->v.r.reasons;

	if (!f->row)
		reasons_add(r, "service.unknown", "there is no service %.32s", f->service);
	else if (strcmp(f->row->kind, f->d.kind) != 0)
		reasons_add(r, "service.kind", "the service %s takes a document of kind %s", f->service, f->row->kind);
	else if (f->row->automatic != automatic)
		reasons_add(r, "service.automatic", "the service %s is decided by %s", f->service,
			automatic ? "officials" : "the system itself");
	if (f->row && f->row->fee && !f->payment)
		reasons_add(r, "payment.absent", "the service %s costs %s tenge, and no payment is named", f->service, f->row->fee);
}

void filing_judge(struct filing *f, bool automatic)
{
	struct reasons *r = &f->v.r.reasons;

	judge_service(f, automatic);
	subject_judge(r, &f->applicant, "applicant.number");
	if (f->representative.number)
		subject_judge(r, &f->representative, "representative.number");
	document_signature(&f->v, &f->d);
}

void filing_ask(struct filing *f)
{
	const bool costs = f->row && f->row->fee && f->payment;

	checks_ask(&f->v, &(struct checks){&f->applicant, f->representative.number ? &f->representative : NULL,
		costs ? f->row->fee : NULL, costs ? f->payment : NULL});
}

void filing_signed_by_applicant(struct filing *f)
{
	bool person = strcmp(f->applicant.kind, "Iin") == 0;

	(void)document_signed_by(&f->v, &f->d, person ? f->applicant.number : NULL, f->representative.number,
		person ? NULL : f->applicant.number);
}

outcome filing_judge_basis(struct store *s, struct filing *f, struct err *e)
{
	struct reasons *r = &f->v.r.reasons;
	struct entry n;

	if (!f->basis)
		return DONE;
	TRY(entry_find(s, f->basis, &n, e));
	if (!n.known)
		reasons_add(r, "register.unknown", "the register has no entry %.15s", f->basis);
	else if (strcmp(n.holder, f->applicant.number) != 0)
		reasons_add(r, "register.foreign", "the entry %s belongs to somebody else", n.nikad);
	return DONE;
}

struct permits_case filing_case(const struct filing *f, const char *status)
{
	struct permits_case c = {0};

#define TAKE(field, text) snprintf(c.field, sizeof c.field, "%s", text)
	TAKE(nikad, f->d.nikad.text);
	TAKE(service, f->service);
	TAKE(body, f->row->body);
	TAKE(origin, f->origin);
	TAKE(subject_kind, f->applicant.kind);
	TAKE(subject, f->applicant.number);
	TAKE(subject_name, f->applicant.name);
	TAKE(representative, f->representative.number ? f->representative.number : "");
	TAKE(request_number, f->v.r.info.request_number);
	TAKE(chain_id, f->v.r.info.chain_id);
	TAKE(status, status);
#undef TAKE
	return c;
}
