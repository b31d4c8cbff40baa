/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp_request - what is asked of a time-stamp authority.
 * Spec: RFC 3161 section 2.4.1; bus contract 7.1 (digests of the NCA). */
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "crypto/crypto.h"

#include "timestamp/timestamp_int.h"

static const struct digest_row rows[TIMESTAMP_DIGEST_COUNT] = {
	[TIMESTAMP_SHA256] = {"2.16.840.1.101.3.4.2.1", 32},
	[TIMESTAMP_SHA512] = {"2.16.840.1.101.3.4.2.3", 64},
	[TIMESTAMP_GOST_2015] = {"1.2.398.3.10.1.3.3", 64},
	[TIMESTAMP_GOST_LEGACY] = {"1.2.398.3.10.1.3.1", 32},
	[TIMESTAMP_SHA1] = {"1.3.14.3.2.26", 20},
};

const struct digest_row *timestamp_digest_row(enum timestamp_digest d)
{
	BUG_IF(d >= TIMESTAMP_DIGEST_COUNT);
	return &rows[d];
}

enum timestamp_digest timestamp_digest_of(const ASN1_OBJECT *oid)
{
	enum timestamp_digest d = 0;
	char text[80];

	OBJ_obj2txt(text, sizeof text, oid, 1);
	while (d < TIMESTAMP_DIGEST_COUNT && strcmp(rows[d].oid, text) != 0)
		d++;
	return d;
}

size_t timestamp_imprint(enum timestamp_digest d, struct bytes octets, unsigned char out[TIMESTAMP_IMPRINT_MOST])
{
	const EVP_MD *md = d == TIMESTAMP_SHA256 ? EVP_sha256()
		: d == TIMESTAMP_SHA512          ? EVP_sha512()
		: d == TIMESTAMP_GOST_2015       ? crypto_md(CRYPTO_DIGEST_512)
						 : crypto_md(CRYPTO_DIGEST_LEGACY);
	unsigned n = 0;

	BUG_IF(d >= TIMESTAMP_SHA1 || EVP_Digest(octets.p, octets.n, out, &n, md, NULL) != 1);
	return n;
}

static void free_request(TS_REQ **r)
{
	TS_REQ_free(*r);
}

static void free_imprint(TS_MSG_IMPRINT **m)
{
	TS_MSG_IMPRINT_free(*m);
}

static void free_algorithm(X509_ALGOR **a)
{
	X509_ALGOR_free(*a);
}

static void free_object(ASN1_OBJECT **o)
{
	ASN1_OBJECT_free(*o);
}

static void free_number(ASN1_INTEGER **i)
{
	ASN1_INTEGER_free(*i);
}

static bool set_imprint(TS_REQ *r, enum timestamp_digest d, struct bytes imprint)
{
	SCOPED(free_algorithm) X509_ALGOR *algorithm = X509_ALGOR_new();
	SCOPED(free_imprint) TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
	ASN1_OBJECT *oid = OBJ_txt2obj(rows[d].oid, 1);

	if (!algorithm || !oid || !X509_ALGOR_set0(algorithm, oid, V_ASN1_NULL, NULL)) {
		ASN1_OBJECT_free(oid);
		return false;
	}
	return m && TS_MSG_IMPRINT_set_algo(m, algorithm) &&
		TS_MSG_IMPRINT_set_msg(m, (unsigned char *)(uintptr_t)imprint.p, (int)imprint.n) &&
		TS_REQ_set_msg_imprint(r, m);
}

static bool set_policy(TS_REQ *r, const char *policy)
{
	SCOPED(free_object) ASN1_OBJECT *oid = OBJ_txt2obj(policy, 1);

	return oid && TS_REQ_set_policy_id(r, oid);
}

static bool set_nonce(TS_REQ *r, struct bytes nonce)
{
	BIGNUM *number = BN_bin2bn(nonce.p, (int)nonce.n, NULL);
	SCOPED(free_number) ASN1_INTEGER *integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;

	BN_free(number);
	return integer && TS_REQ_set_nonce(r, integer);
}

outcome timestamp_request_new(enum timestamp_digest d, struct bytes imprint, const char *policy, struct bytes nonce,
	TS_REQ **out, struct err *e)
{
	SCOPED(free_request) TS_REQ *r = TS_REQ_new();

	if (d == TIMESTAMP_SHA1 || imprint.n != timestamp_digest_row(d)->octets)
		return err_set(e, REASON_STAMP_REFUSED, "no time-stamp over %zu octets of this digest", imprint.n);
	if (nonce.n < 8 || nonce.n > 24)
		return err_set(e, REASON_STAMP_REFUSED, "a nonce has 8 to 24 octets, not %zu", nonce.n);
	if (!r || !TS_REQ_set_version(r, 1) || !set_imprint(r, d, imprint) || !set_nonce(r, nonce) ||
		!TS_REQ_set_cert_req(r, 1))
		return err_set(e, REASON_MEMORY, "request of a time-stamp");
	if (policy && !set_policy(r, policy))
		return err_set(e, REASON_STAMP_REFUSED, "%s is no policy", policy);
	*out = r;
	r = NULL;
	return DONE;
}

outcome timestamp_request(enum timestamp_digest d, struct bytes imprint, const char *policy, struct bytes nonce,
	struct buf *out, struct err *e)
{
	SCOPED(free_request) TS_REQ *r = NULL;
	unsigned char *to;
	int n;

	TRY(timestamp_request_new(d, imprint, policy, nonce, &r, e));
	n = i2d_TS_REQ(r, NULL);
	to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;
	if (!to)
		return err_set(e, REASON_MEMORY, "request of a time-stamp");
	buf_grown(out, (size_t)i2d_TS_REQ(r, &to));
	return DONE;
}
