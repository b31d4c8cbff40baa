/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_issued - certificates that nobody pinned: a trusted authority and a registration number make their
 * owner.
 * Promise:  identity is issuer and number, never a name that people read; a certificate that could belong to
 *           two participants belongs to none.
 * Not here: pinned certificates and look-ups (trust_store.c). */
#include <stdlib.h>

#include <openssl/x509v3.h>

#include "base/memory.h"
#include "trust/trust_int.h"

outcome trust_authorities_take(struct trust *t, const char *path, STACK_OF(X509) **out, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;

	TRY(trust_file_certificates(path, &list, e));
	for (int i = 0; i < sk_X509_num(list); i++) {
		X509 *x = sk_X509_value(list, i);

		if (X509_check_ca(x) == 0)
			return err_set(e, REASON_CERT_USAGE, "%s: not the certificate of an authority", path);
		if (X509_STORE_add_cert(t->authorities, x) != 1)
			return err_set(e, REASON_MEMORY, "%s: no memory", path);
	}
	*out = list;
	list = NULL;
	return DONE;
}

static outcome add_authority(struct trust *t, const char *pem_path, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;

	return trust_authorities_take(t, pem_path, &list, e);
}

outcome trust_add_authority(struct trust *t, const char *pem_path, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, add_authority(t, pem_path, e), e);
}

/* The anchor of a file, one for all participants that name the same certificate. */
static outcome take_anchor(struct trust *t, const char *path, struct trust_anchor **out, struct err *e)
{
	SCOPED(trust_anchor_free) struct trust_anchor *fresh = NULL;

	TRY(trust_anchor_new(t->authorities, path, &fresh, e));
	for (struct trust_anchor *a = t->anchors; a; a = a->next) {
		if (X509_cmp(a->x509, fresh->x509) == 0) {
			*out = a;
			return DONE;
		}
	}
	fresh->next = t->anchors;
	*out = t->anchors = fresh;
	fresh = NULL;
	return DONE;
}

static bool is_number(const char *configured, const char *number)
{
	return strcmp(configured ? configured : "", number ? number : "") == 0;
}

/* The numbers must be exactly the configured ones: the certificate of a person who works for an
 * organisation carries both, and does not speak for the organisation's system. */
static const struct trust_member *find_member(
	const struct trust *t, const struct trust_anchor *a, const char *bin, const char *iin)
{
	const struct trust_member *m = t->members;

	for (; m; m = m->next) {
		if (m->anchor == a && is_number(m->participant->bin, bin) && is_number(m->participant->iin, iin))
			break;
	}
	return m;
}

outcome trust_member_take(struct trust *t, const struct conf_participant *p, X509 **issuer, struct err *e)
{
	const struct trust_member *other;
	struct trust_anchor *anchor = NULL;
	struct trust_member *m;

	if (!p->bin && !p->iin)
		return err_set(e, REASON_CERT_OWNER, "%s: an issuer without a BIN or IIN", p->name);
	TRY(take_anchor(t, p->issuer, &anchor, e));
	other = find_member(t, anchor, p->bin, p->iin);
	if (other)
		return err_set(e, REASON_CERT_OWNER, "%s and %s have the same issuer and number", p->name,
			other->participant->name);
	m = calloc(1, sizeof(*m));
	if (!m)
		return err_set(e, REASON_MEMORY, "no memory for participant %s", p->name);
	*m = (struct trust_member){p, anchor, t->members};
	t->members = m;
	*issuer = anchor->x509;
	return DONE;
}

/* The anchor that issued `x`, or NULL when it was another trusted authority. `rooted`: anchors that rest on themselves
 * do not count; they vouch for the participants that name them and for nobody else. */
static outcome find_issuer(const struct trust *t, X509 *x, bool rooted, const struct trust_anchor **out,
	struct trust_period *period, struct err *e)
{
	struct err first, weaker, *into = &first;

	*out = NULL;
	for (const struct trust_anchor *a = t->anchors; a; a = a->next) {
		if ((rooted && a->itself) ||
			X509_NAME_cmp(X509_get_subject_name(a->x509), X509_get_issuer_name(x)) != 0)
			continue;
		if (trust_chain_anchor(a, x, period, into).ok) {
			*out = a;
			return DONE;
		}
		into = &weaker; /* the first anchor of this name has the word */
	}
	if (trust_chain_authorities(t->authorities, x, period, into).ok)
		return DONE;
	if (e)
		*e = first;
	return FAILED;
}

static outcome find_owner(
	const struct trust *t, const struct trust_anchor *a, struct trust_entry *en, struct err *e)
{
	const struct trust_member *m;
	struct trust_numbers numbers;

	if (!trust_numbers_of(&numbers, X509_get_subject_name(en->x509)))
		return err_set(e, REASON_CERT_OWNER, "the subject holds two different numbers of one kind");
	m = a ? find_member(t, a, numbers.bin, numbers.iin) : NULL;
	en->cert.participant = m ? m->participant : NULL;
	return DONE;
}

static outcome examine(struct trust *t, X509 *x, const unsigned char digest[32], bool rooted,
	struct trust_entry **out, struct err *e)
{
	SCOPED(trust_entry_free) struct trust_entry *en = NULL;
	SCOPED(scoped_x509) X509 *ours = x;
	const struct trust_anchor *anchor;
	enum key_kind kind;
	struct trust_period chain = {INT64_MIN, INT64_MAX};

	TRY(find_issuer(t, ours, rooted, &anchor, &chain, e));
	ours = NULL;
	TRY(trust_entry_new(x, digest, NULL, LEGACY_GOST, &en, e));
	TRY(find_owner(t, anchor, en, e));
	/* Only now it is known whose profile decides. */
	TRY(trust_check(x, trust_allowed(en->cert.participant) & LEGACY_GOST, &kind, e));
	en->period = chain; /* lies within the certificate's own */
	*out = en;
	en = NULL;
	return DONE;
}

/* What is decided stays decided, so nothing of it may rest on what OpenSSL had no memory for. */
static outcome decide(struct trust *t, X509 *x, const unsigned char digest[32], bool rooted,
	struct trust_entry **out, struct err *e)
{
	SCOPED(trust_entry_free) struct trust_entry *en = NULL;
	size_t before = memory_refusals();

	TRY(memory_judge(before, examine(t, x, digest, rooted, &en, e), e));
	*out = en;
	en = NULL;
	return DONE;
}

outcome trust_issued_decide(
	struct trust *t, X509 *x, const unsigned char digest[32], struct trust_entry **out, struct err *e)
{
	SCOPED(trust_entry_free) struct trust_entry *en = NULL;

	TRY(decide(t, x, digest, false, &en, e));
	if (!en->cert.participant)
		return err_set(e, REASON_CERT_OWNER, "the issuer is trusted, but no participant has this number");
	*out = en;
	en = NULL;
	return DONE;
}

outcome trust_signer_decide(
	struct trust *t, X509 *x, const unsigned char digest[32], struct trust_entry **out, struct err *e)
{
	return decide(t, x, digest, true, out, e);
}
