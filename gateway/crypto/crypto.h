/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto - the national algorithms, made known to OpenSSL: GOST 34.10-2015 with GOST 34.11-2015 (512 bit), and the
 * legacy GOST 34.310-2004 with GOST 34.311-95.
 *
 * After crypto_init the stock calls of OpenSSL work with national keys and certificates: X509_get0_pubkey,
 * X509_verify_cert, X509_CRL_verify, OCSP_basic_verify, TS_RESP_verify_token, CMS_verify, CMS_sign, PKCS12_parse,
 * X509_check_private_key, EVP_DigestSign and EVP_PKEY_sign. No other room holds a line of this arithmetic.
 * The arithmetic itself stands behind `struct crypto_provider`, so that a certified module can replace it.
 * Encodings: signature values are r then s, each little-endian, everywhere; a digest keeps its natural order.
 */
#ifndef QAQPA_CRYPTO_CRYPTO_H
#define QAQPA_CRYPTO_CRYPTO_H

#include "base/bytes.h"
#include "base/err.h"

struct evp_pkey_st;
struct evp_md_st;

enum crypto_curve {
	CRYPTO_CURVE_512, /* 1.2.398.3.10.1.1.2.2.1, the same as tc26 512 paramSetA */
	CRYPTO_CURVE_256, /* 1.2.398.3.10.1.1.1.1.1, the same as CryptoPro-A; legacy */
	CRYPTO_CURVE_COUNT
};
enum crypto_digest {
	CRYPTO_DIGEST_512,    /* GOST 34.11-2015, 512 bit (Streebog-512) */
	CRYPTO_DIGEST_LEGACY, /* GOST 34.311-95, test S-box */
	CRYPTO_DIGEST_COUNT
};
#define CRYPTO_HALF_MOST 64   /* octets of a number: 64 or 32 */
#define CRYPTO_STATE_MOST 512 /* octets of the state of a digest */

/* The seam. Numbers are little-endian of the curve's width; a public key is x then y, a signature r then s. Every call
 * is made from any thread. */
struct crypto_provider {
	const char *name;
	bool (*open)(void); /* once, in crypto_init; NULL: nothing to open */
	void (*digest_begin)(enum crypto_digest d, void *state);
	void (*digest_add)(enum crypto_digest d, void *state, const void *data, size_t n);
	void (*digest_end)(enum crypto_digest d, void *state, unsigned char *out);
	/* False when the secret is 0 or not below the order of the group. */
	bool (*public_of)(enum crypto_curve c, const unsigned char *secret, unsigned char *point);
	/* The digest is as wide as a number. False without randomness. */
	bool (*sign)(enum crypto_curve c, const unsigned char *secret, const unsigned char *digest, unsigned char *value);
	bool (*verify)(enum crypto_curve c, const unsigned char *point, const unsigned char *digest,
		const unsigned char *value);
};
/* The one that is built in: nettle and its hogweed. */
extern const struct crypto_provider crypto_nettle;

/* Makes the algorithms known to OpenSSL, and loads its default and legacy providers (PKCS#12 of the NCA needs RC2).
 * Once per process, before threads and before certificates are read, and before anything else of OpenSSL, which then takes
 * its memory from base/memory; a second call changes nothing. `provider` NULL: crypto_nettle. Fails with
 * REASON_INTERNAL. */
MUST_USE outcome crypto_init(const struct crypto_provider *provider, struct err *e);

/* Kind of a key, certificate keys included; CRYPTO_CURVE_COUNT when it is no national one. */
enum crypto_curve crypto_curve_of(const struct evp_pkey_st *key);
/* The digest as OpenSSL knows it. */
const struct evp_md_st *crypto_md(enum crypto_digest d);
/* The digest without OpenSSL: it needs no memory and cannot fail. `state` has CRYPTO_STATE_MOST octets, aligned for any
 * type; `out` has room for 64. After crypto_init. */
void crypto_digest_begin(enum crypto_digest d, void *state);
void crypto_digest_add(enum crypto_digest d, void *state, const void *data, size_t n);
void crypto_digest_end(enum crypto_digest d, void *state, unsigned char *out);
/* NIDs of OpenSSL, for algorithms met in certificates and messages. */
int crypto_nid_key(enum crypto_curve c);
int crypto_nid_digest(enum crypto_digest d);
int crypto_nid_signature(enum crypto_curve c); /* of the pair: key and digest */
/* A new key; EVP_PKEY_free. NULL when there is no randomness. */
struct evp_pkey_st *crypto_generate(enum crypto_curve c);

#endif
