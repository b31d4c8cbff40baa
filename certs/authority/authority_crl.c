/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_crl - lists of revoked certificates, signed anew for everybody who asks.
 * Promise:  the number of a list is its time in milliseconds, so it only grows. A delta list holds what
 *           changed since the register was begun, lifted holds too.
 * Spec:     RFC 5280 section 5. */
#include <stdlib.h>

#include <openssl/ocsp.h>

#include "authority.h"

#define DAY 86400

static inline void scoped_crl(X509_CRL **p) { X509_CRL_free(*p); }
static inline void scoped_bn(BIGNUM **p) { BN_free(*p); }
static inline void scoped_integer(ASN1_INTEGER **p) { ASN1_INTEGER_free(*p); }
static inline void scoped_enumerated(ASN1_ENUMERATED **p) { ASN1_ENUMERATED_free(*p); }
static inline void scoped_time(ASN1_TIME **p) { ASN1_TIME_free(*p); }
static inline void scoped_revoked(X509_REVOKED **p) { X509_REVOKED_free(*p); }
static inline void scoped_akid(AUTHORITY_KEYID **p) { AUTHORITY_KEYID_free(*p); }

static bool set_reason(X509_REVOKED *entry, int reason)
{
	SCOPED(scoped_enumerated) ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();

	/* "unspecified" is said by silence. */
	if (reason == OCSP_REVOKED_STATUS_UNSPECIFIED)
		return true;
	return code && ASN1_ENUMERATED_set(code, reason) == 1 &&
		X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0) == 1;
}

static bool add_entry(X509_CRL *crl, const char *serial, int64_t ms, int reason)
{
	SCOPED(scoped_revoked) X509_REVOKED *entry = X509_REVOKED_new();
	SCOPED(scoped_bn) BIGNUM *number = NULL;
	SCOPED(scoped_integer) ASN1_INTEGER *integer = NULL;
	SCOPED(scoped_time) ASN1_TIME *date = ASN1_TIME_set(NULL, (time_t)(ms / 1000));

	if (!entry || !date || BN_hex2bn(&number, serial) == 0)
		return false;
	integer = BN_to_ASN1_INTEGER(number, NULL);
	if (!integer || X509_REVOKED_set_serialNumber(entry, integer) != 1 ||
		X509_REVOKED_set_revocationDate(entry, date) != 1 || !set_reason(entry, reason) ||
		X509_CRL_add0_revoked(crl, entry) != 1)
		return false;
	entry = NULL;
	return true;
}

static bool is_first_of_serial(const struct revocation_register *r, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (strcmp(r->events[j].issuer, r->events[i].issuer) == 0 &&
			strcmp(r->events[j].serial, r->events[i].serial) == 0)
			return false;
	}
	return true;
}

/* What this list says about one serial number: nothing, a revocation, or for a delta that it was lifted. */
static bool add_state(X509_CRL *crl, const struct revocation_register *r, const struct revocation_event *of, bool delta,
	int64_t at_ms)
{
	const struct revocation_event *now = register_state(r, of->issuer, of->serial, at_ms);
	const struct revocation_event *was = delta ? register_state(r, of->issuer, of->serial, r->base_ms) : NULL;

	if (now == was)
		return true;
	if (now)
		return add_entry(crl, of->serial, now->ms, now->reason);
	return add_entry(crl, of->serial, was->ms, OCSP_REVOKED_STATUS_REMOVEFROMCRL);
}

static bool add_number(X509_CRL *crl, int nid, int64_t ms, bool critical)
{
	SCOPED(scoped_integer) ASN1_INTEGER *number = ASN1_INTEGER_new();

	return number && ASN1_INTEGER_set_int64(number, ms) == 1 && X509_CRL_add1_ext_i2d(crl, nid, number, critical, 0) == 1;
}

static bool add_key_identifier(X509_CRL *crl, X509 *issuer)
{
	SCOPED(scoped_akid) AUTHORITY_KEYID *akid = AUTHORITY_KEYID_new();
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(issuer);

	if (!akid || !id)
		return false;
	akid->keyid = ASN1_OCTET_STRING_dup(id);
	return akid->keyid && X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, akid, 0, 0) == 1;
}

static bool set_times(X509_CRL *crl, int64_t from_ms, int next_s)
{
	SCOPED(scoped_time) ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(from_ms / 1000));
	SCOPED(scoped_time) ASN1_TIME *next = ASN1_TIME_set(NULL, (time_t)(from_ms / 1000 + next_s));

	return from && next && X509_CRL_set1_lastUpdate(crl, from) == 1 && X509_CRL_set1_nextUpdate(crl, next) == 1;
}

/* Number and entries, as they were at `at_ms`. */
static bool fill(X509_CRL *crl, const struct revocation_register *r, const char *issuer, bool delta, int64_t at_ms)
{
	if (!add_number(crl, NID_crl_number, at_ms, false))
		return false;
	if (delta && !add_number(crl, NID_delta_crl, r->base_ms, true))
		return false;
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->events[i].issuer, issuer) == 0 && is_first_of_serial(r, i) &&
			!add_state(crl, r, &r->events[i], delta, at_ms))
			return false;
	}
	return X509_CRL_sort(crl) == 1;
}

static outcome finish(X509_CRL *crl, EVP_PKEY *signer, struct buf *out, struct err *e)
{
	unsigned char *to;
	int n = X509_CRL_sign(crl, signer, authority_md(signer)) > 0 ? i2d_X509_CRL(crl, NULL) : 0;

	to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;
	if (!to || i2d_X509_CRL(crl, &to) != n)
		return openssl_failed(e, "CRL");
	buf_grown(out, (size_t)n);
	return DONE;
}

outcome authority_crl(const struct authority *a, enum trouble t, const char *issuer, bool delta, struct buf *out,
	struct err *e)
{
	SCOPED(register_free) struct revocation_register r = {0};
	SCOPED(identity_drop) struct identity ca = {0}, signer = {0};
	SCOPED(scoped_crl) X509_CRL *crl = X509_CRL_new();
	int64_t now = now_ms(), issued = t == TROUBLE_STALE ? now - 2 * DAY * 1000LL : now;

	TRY(identity_load(a->folder, issuer, &ca, e));
	TRY(identity_load(a->folder, t == TROUBLE_FORGED ? "attacker-ca" : issuer, &signer, e));
	/* What an attacker wants to say is that nothing is revoked. */
	if (t != TROUBLE_FORGED)
		TRY(register_read(a->folder, &r, e));
	if (!crl || X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
		X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca.certificate)) != 1 ||
		!set_times(crl, issued, t == TROUBLE_STALE ? DAY : a->next_s) || !add_key_identifier(crl, ca.certificate) ||
		!fill(crl, &r, issuer, delta, t == TROUBLE_LAGGING ? r.base_ms : now))
		return openssl_failed(e, "CRL");
	return finish(crl, signer.key, out, e);
}
