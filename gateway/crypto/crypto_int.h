/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto_int - what the files of the room share. Nothing here is seen by other rooms.
 *
 * crypto.c holds the names (OIDs) and starts the room, crypto_key.c keeps keys and their encodings, crypto_engine.c ties
 * both to OpenSSL, crypto_nettle.c is the arithmetic.
 */
#ifndef QAQPA_CRYPTO_CRYPTO_INT_H
#define QAQPA_CRYPTO_CRYPTO_INT_H

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "crypto/crypto.h"

/* --- names (crypto.c) --- */

struct crypto_curve_row {
	size_t half;                 /* octets of a number */
	int bits, security_bits;
	enum crypto_digest digest;   /* the one that is signed with this curve */
	int key, parameters, digest_parameter, signature; /* NIDs, 0 before crypto_init */
};
struct crypto_digest_row {
	int size, block;
	int nid;
};
const struct crypto_curve_row *crypto_curve_row(enum crypto_curve c);
const struct crypto_digest_row *crypto_digest_row(enum crypto_digest d);
/* By the NID of the key; CRYPTO_CURVE_COUNT when it is no national one. */
enum crypto_curve crypto_curve_by_nid(int nid);
/* The arithmetic in use. */
const struct crypto_provider *crypto_provider(void);

/* --- keys (crypto_key.c) --- */

/* What an EVP_PKEY of ours points to. */
struct crypto_key {
	enum crypto_curve curve;
	bool has_secret;
	unsigned char secret[CRYPTO_HALF_MOST];
	unsigned char point[2 * CRYPTO_HALF_MOST];
};
void crypto_key_free(struct crypto_key **k); /* wipes; fit for SCOPED */
/* Public key of a certificate, private key of PKCS#8: read into `pkey`, or written. False when the octets are not exactly
 * of the national form or the secret is out of range. */
MUST_USE bool crypto_key_read_public(EVP_PKEY *pkey, const X509_PUBKEY *from);
MUST_USE bool crypto_key_write_public(X509_PUBKEY *to, const struct crypto_key *k);
MUST_USE bool crypto_key_read_private(EVP_PKEY *pkey, const PKCS8_PRIV_KEY_INFO *from);
MUST_USE bool crypto_key_write_private(PKCS8_PRIV_KEY_INFO *to, const struct crypto_key *k);

/* --- OpenSSL (crypto_engine.c) --- */

/* Makes digests and methods of keys known; the names and the provider are there already. False when memory is short. */
MUST_USE bool crypto_engine_register(void);
/* The key belongs to `pkey` from then on and `*k` is NULL; false: nothing changed. */
MUST_USE bool crypto_engine_assign(EVP_PKEY *pkey, struct crypto_key **k);
/* The one inside, or NULL. */
const struct crypto_key *crypto_engine_key(const EVP_PKEY *pkey);

#endif
