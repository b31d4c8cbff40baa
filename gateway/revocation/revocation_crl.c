/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_crl - revocation lists: octets into a sorted table of serial numbers.
 * Promise:  a list whose signature, issuer, scope or critical extensions do not fit is refused as a whole; after that a
 *           look-up compares numbers and nothing else.
 * Not here: whether it counts now, and how base and delta go together (revocation_says.c).
 * Spec:     RFC 5280 sections 5.2, 5.3, 6.3.3 (b) to (g) */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/memory.h"
#include "revocation/revocation_int.h"

#define POINTS_OCTETS 16384

static inline void scoped_crl(X509_CRL **p) { X509_CRL_free(*p); }
static inline void scoped_scope(ISSUING_DIST_POINT **p) { ISSUING_DIST_POINT_free(*p); }
static inline void scoped_integer(ASN1_INTEGER **p) { ASN1_INTEGER_free(*p); }
static inline void scoped_reason(ASN1_ENUMERATED **p) { ASN1_ENUMERATED_free(*p); }

void revocation_crl_free(struct revocation_crl **c)
{
	if (!*c)
		return;
	buf_free(&(*c)->points);
	free((*c)->entries);
	free(*c);
	*c = NULL;
}

static bool well_signed(const struct revocation_authority *a, X509_CRL *x)
{
	bool fits = (X509_get_key_usage(a->issuer) & KU_CRL_SIGN) && !revocation_weak(X509_CRL_get_signature_nid(x)) &&
		X509_CRL_verify(x, X509_get0_pubkey(a->issuer)) == 1;

	ERR_clear_error();
	return fits;
}

/* Every critical extension is one of the two that are read below. */
static bool demands(const X509_CRL *x)
{
	for (int i = -1; (i = X509_CRL_get_ext_by_critical(x, 1, i)) >= 0;) {
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(X509_CRL_get_ext(x, i)));

		if (nid != NID_delta_crl && nid != NID_issuing_distribution_point)
			return true;
	}
	return false;
}

/* False when the list is not about all reasons of this issuer's own certificates of users. */
static bool scope_read(const X509_CRL *x, struct revocation_crl *out)
{
	int state = -1;
	SCOPED(scoped_scope) ISSUING_DIST_POINT *scope =
		X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, &state, NULL);

	if (!scope)
		return state == -1; /* else it is there, but broken or twice */
	if (scope->indirectCRL > 0 || scope->onlyCA > 0 || scope->onlyattr > 0 || scope->onlysomereasons)
		return false;
	if (!scope->distpoint)
		return true;
	if (scope->distpoint->type == 0)
		revocation_points_add(&out->points, scope->distpoint->name.fullname);
	return out->points.len > 0 && buf_ok(&out->points);
}

/* `state`: -1 absent, else as OpenSSL says. */
static bool number_read(const X509_CRL *x, int nid, struct revocation_number *out, int *state)
{
	SCOPED(scoped_integer) ASN1_INTEGER *number = NULL;

	*state = -1;
	number = X509_CRL_get_ext_d2i(x, nid, state, NULL);
	return number ? revocation_number_of(number, out) && !out->negative : *state == -1;
}

static bool numbers_read(const X509_CRL *x, bool delta, struct revocation_crl *out)
{
	int state;

	if (!number_read(x, NID_crl_number, &out->number, &state))
		return false;
	out->numbered = state >= 0;
	if (!number_read(x, NID_delta_crl, &out->base, &state))
		return false;
	out->delta = state >= 0;
	return out->delta == delta && (!delta || out->numbered);
}

static bool entry_read(const X509_REVOKED *x, bool delta, struct revocation_entry *out)
{
	int state = -1;
	SCOPED(scoped_reason) ASN1_ENUMERATED *why = NULL;
	long code;

	/* certificateIssuer, of indirect lists, is always critical. */
	if (!revocation_number_of(X509_REVOKED_get0_serialNumber(x), &out->serial) ||
		!revocation_time(X509_REVOKED_get0_revocationDate(x), &out->revoked_ms))
		return false;
	if (X509_REVOKED_get_ext_count(x) <= 0)
		return true;
	for (int i = -1; (i = X509_REVOKED_get_ext_by_critical(x, 1, i)) >= 0;) {
		if (OBJ_obj2nid(X509_EXTENSION_get_object(X509_REVOKED_get_ext(x, i))) != NID_crl_reason)
			return false;
	}
	why = X509_REVOKED_get_ext_d2i(x, NID_crl_reason, &state, NULL);
	if (!why)
		return state == -1;
	code = ASN1_ENUMERATED_get(why);
	out->what = code == CRL_REASON_CERTIFICATE_HOLD ? ENTRY_HOLD
		: code == CRL_REASON_REMOVE_FROM_CRL && delta ? ENTRY_REMOVED : ENTRY_REVOKED;
	return true;
}

static int by_serial(const void *a, const void *b)
{
	return revocation_number_order(
		&((const struct revocation_entry *)a)->serial, &((const struct revocation_entry *)b)->serial);
}

static bool entries_read(X509_CRL *x, struct revocation_crl *out)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(x);
	int n = list ? sk_X509_REVOKED_num(list) : 0;

	out->entries = calloc((size_t)n + 1, sizeof *out->entries);
	if (!out->entries)
		return false;
	for (int i = 0; i < n; i++) {
		if (!entry_read(sk_X509_REVOKED_value(list, i), out->delta, &out->entries[i]))
			return false;
	}
	out->n = (size_t)n;
	qsort(out->entries, out->n, sizeof *out->entries, by_serial);
	return true;
}

/* A number that is listed twice is read as the worse of the two: the order of entries says nothing. */
static void entries_unite(struct revocation_crl *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct revocation_entry *last = kept ? &c->entries[kept - 1] : NULL;

		if (!last || by_serial(last, &c->entries[i]) != 0)
			c->entries[kept++] = c->entries[i];
		else if (c->entries[i].what < last->what)
			*last = c->entries[i];
	}
	c->n = kept;
}

static enum revocation_reason read_verified(
	X509_CRL *x, bool delta, int64_t now_ms, int skew_ms, struct revocation_crl *out)
{
	struct revocation_said *w = &out->whole;

	if (demands(x) || !scope_read(x, out) || !numbers_read(x, delta, out) || !entries_read(x, out) ||
		!revocation_time(X509_CRL_get0_lastUpdate(x), &w->this_ms))
		return REVOCATION_BROKEN;
	entries_unite(out);
	/* Without nextUpdate, which RFC 5280 demands, nobody knows when the list was over. */
	if (!revocation_time(X509_CRL_get0_nextUpdate(x), &w->next_ms) || w->this_ms > now_ms + skew_ms)
		return REVOCATION_STALE;
	w->until_ms = w->next_ms;
	w->what = REVOCATION_GOOD;
	return REVOCATION_GOOD;
}

static enum revocation_reason read_list(const struct revocation_authority *a, struct bytes octets, bool delta,
	int64_t now_ms, int skew_ms, struct revocation_crl **out)
{
	const unsigned char *p = octets.p;
	SCOPED(scoped_crl) X509_CRL *x = octets.n ? d2i_X509_CRL(NULL, &p, (long)octets.n) : NULL;
	SCOPED(revocation_crl_free) struct revocation_crl *c = calloc(1, sizeof *c);
	enum revocation_reason reason;

	*out = NULL;
	ERR_clear_error();
	if (!x || !c || p != octets.p + octets.n ||
		X509_NAME_cmp(X509_CRL_get_issuer(x), X509_get_subject_name(a->issuer)) != 0)
		return REVOCATION_BROKEN;
	if (!well_signed(a, x))
		return REVOCATION_SIGNER;
	c->points = BUF(POINTS_OCTETS);
	reason = read_verified(x, delta, now_ms, skew_ms, c);
	ERR_clear_error();
	if (reason != REVOCATION_GOOD)
		return reason;
	revocation_sha256(octets, c->whole.evidence);
	*out = c;
	c = NULL;
	return REVOCATION_GOOD;
}

enum revocation_reason revocation_crl_read(const struct revocation_authority *a, struct bytes octets, bool delta,
	int64_t now_ms, int skew_ms, struct revocation_crl **out)
{
	size_t before = memory_refusals();
	enum revocation_reason reason = read_list(a, octets, delta, now_ms, skew_ms, out);

	if (memory_refusals() == before)
		return reason;
	revocation_crl_free(out); /* an entry may be missing */
	return REVOCATION_TRY_LATER;
}

const struct revocation_entry *revocation_crl_find(
	const struct revocation_crl *c, const struct revocation_number *serial)
{
	size_t from = 0, until = c->n;

	while (from < until) {
		size_t middle = from + (until - from) / 2;
		int order = revocation_number_order(serial, &c->entries[middle].serial);

		if (order == 0)
			return &c->entries[middle];
		if (order < 0)
			until = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

bool revocation_crl_replaces(const struct revocation_crl *known, const struct revocation_crl *news)
{
	if (!known)
		return true;
	if (known->numbered && news->numbered && revocation_number_order(&news->number, &known->number) < 0)
		return false;
	return news->whole.this_ms >= known->whole.this_ms;
}
