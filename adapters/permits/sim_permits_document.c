/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_document - see sim_permits_document.h.
 * Promise: nothing is registered but under a number that was given for it, once.
 * Spec:    P1, P2, P3, P4, P13, B3 */
#include "permits/sim_permits_document.h"

#define ROLE_FIRST_HEAD "1.2.398.3.3.4.1.2.1"
#define ROLE_AUTHORISED "1.2.398.3.3.4.1.2.2"

bool document_read_number(struct served *v, const char *written, const char *code, struct nikad *out)
{
	SCOPED(buf_free) struct buf words = BUF(512);
	struct nikad_problem why;

	if (nikad_parse(bytes_str(written), out, &why))
		return true;
	nikad_problem_print(&why, &words);
	reasons_add(&v->r.reasons, code, "%s", buf_cstr(&words));
	return false;
}

void document_number(struct served *v, struct document *d, const char *written)
{
	d->sound = document_read_number(v, written, "nikad.malformed", &d->nikad);
}

void document_signature(struct served *v, struct document *d)
{
	const struct trust_cert *certificate;
	struct err why;

	if (sim_document_certificate(v->r.sim, v->r.pool, bytes_str(d->text), &certificate, &why).ok)
		d->signer = &certificate->who;
	else
		reasons_add(&v->r.reasons, "document.signature", "%s %s", reason_row(why.reason)->title, why.detail);
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool has_role(const struct trust_subject *who, const char *role)
{
	for (size_t i = 0; i < who->purposes.n; i++) {
		if (strcmp(who->purposes.name[i], role) == 0)
			return true;
	}
	return false;
}

static bool judged(struct served *v, const struct document *d, bool right, const char *wanted)
{
	if (d->signer && !right)
		reasons_add(&v->r.reasons, "document.signer", "the document is not signed by %s", wanted);
	return d->signer && right;
}

bool document_signed_by_head(struct served *v, const struct document *d, const char *bin)
{
	const struct trust_subject *who = d->signer;

	return judged(v, d, who && who->iin && same(who->bin, bin) &&
		(has_role(who, ROLE_FIRST_HEAD) || has_role(who, ROLE_AUTHORISED)), "the head of its body");
}

bool document_signed_in(struct served *v, const struct document *d, const char *bin)
{
	return judged(v, d, d->signer && d->signer->iin && same(d->signer->bin, bin), "an officer of its body");
}

bool document_signed_by(struct served *v, const struct document *d, const char *iin, const char *other_iin, const char *bin)
{
	const struct trust_subject *who = d->signer;

	return judged(v, d, who && who->iin && (same(who->iin, iin) || same(who->iin, other_iin) || same(who->bin, bin)),
		"the applicant or the representative");
}

outcome document_judge(struct store *s, struct served *v, const struct document *d, struct err *e)
{
	struct reasons *r = &v->r.reasons;
	struct permits_given given;

	if (!d->sound)
		return DONE;
	TRY(permits_store_find(s, &d->nikad, &given, e));
	if (!given.known && document_numbers_elsewhere(v)) {
		TRY(permits_store_adopt(s, &d->nikad, d->kind, v->r.sender, e));
		TRY(permits_store_find(s, &d->nikad, &given, e));
	}
	if (!given.known)
		reasons_add(r, "nikad.unknown", "the number %s was not given by this system", d->nikad.text);
	else if (strcmp(given.sender, v->r.sender) != 0)
		reasons_add(r, "nikad.foreign", "the number %s was given to another system", d->nikad.text);
	else if (given.registration[0])
		reasons_add(r, "nikad.used", "the number %s was used for registration %s", d->nikad.text, given.registration);
	if (given.known && strcmp(given.kind, d->kind) != 0)
		reasons_add(r, "nikad.kind", "the number %s was given for a document of kind %s", d->nikad.text, given.kind);
	return DONE;
}

outcome document_keep(struct store *s, struct served *v, struct document *d, struct err *e)
{
	bool taken;

	TRY(permits_store_register(s, &d->nikad, d->text, v->now, d->registration, &taken, e));
	BUG_IF(taken); /* document_judge saw it in this unit */
	return DONE;
}

outcome document_give(struct store *s, struct served *v, struct document *d, const char *type, struct err *e)
{
	TRY(document_new_number(s, v, type, d->kind, &d->nikad, e));
	return document_keep(s, v, d, e);
}

void document_answer(struct served *v, const struct document *d)
{
	payload_field(v->answer, "Nikad", d->nikad.text);
	payload_field(v->answer, "RegistrationNumber", d->registration);
	payload_field(v->answer, "RegistrationDate", v->now);
}
