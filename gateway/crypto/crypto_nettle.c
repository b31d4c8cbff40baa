/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto_nettle - the arithmetic of the national algorithms on nettle and hogweed.
 * Promise:  a secret, a nonce or a product of them stays in no memory of GMP after its use; a signature is made with a
 *           nonce from OpenSSL's generator for private values, or not at all.
 * Not here: encodings of keys (crypto_key.c). That r and s lie between 0 and the order is
 *           hogweed's own check, which tests/unit/crypto proves.
 * Spec:     GOST 34.10-2015 (RFC 7091), curves of RFC 7836 and RFC 4357; GOST 34.11-2015 (RFC 6986);
 *           GOST 34.311-95 (RFC 5831) with the test S-box of RFC 4357. */
#include <stdlib.h>

#include <gmp.h>
#include <nettle/ecc-curve.h>
#include <nettle/gostdsa.h>
#include <nettle/gosthash94.h>
#include <nettle/streebog.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "crypto/crypto.h"

union state {
	struct streebog512_ctx streebog;
	struct gosthash94_ctx gosthash;
};
_Static_assert(sizeof(union state) <= CRYPTO_STATE_MOST, "the state of a digest has no room");

/* --- memory of GMP: it has no calls that wipe, so everything it gives back is wiped --- */

static void *gmp_take(size_t n)
{
	void *p = malloc(n);

	BUG_IF(!p); /* GMP cannot carry on without */
	return p;
}

static void gmp_give(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
	free(p);
}

static void *gmp_move(void *old, size_t from, size_t to)
{
	void *p = gmp_take(to);

	memcpy(p, old, from < to ? from : to);
	gmp_give(old, from);
	return p;
}

static bool arrange(void)
{
	/* Memory that another library took before was taken with malloc as well. */
	mp_set_memory_functions(gmp_take, gmp_move, gmp_give);
	return true;
}

/* --- digests --- */

static void digest_begin(enum crypto_digest d, void *state)
{
	if (d == CRYPTO_DIGEST_512)
		streebog512_init(state);
	else
		gosthash94_init(state);
}

static void digest_add(enum crypto_digest d, void *state, const void *data, size_t n)
{
	if (d == CRYPTO_DIGEST_512)
		streebog512_update(state, n, data);
	else
		gosthash94_update(state, n, data);
}

static void digest_end(enum crypto_digest d, void *state, unsigned char *out)
{
	if (d == CRYPTO_DIGEST_512)
		streebog512_digest(state, STREEBOG512_DIGEST_SIZE, out);
	else
		gosthash94_digest(state, GOSTHASH94_DIGEST_SIZE, out);
}

/* --- numbers --- */

static const struct ecc_curve *curve_of(enum crypto_curve c)
{
	return c == CRYPTO_CURVE_512 ? nettle_get_gost_gc512a() : nettle_get_gost_gc256b();
}

static size_t half_of(enum crypto_curve c) { return c == CRYPTO_CURVE_512 ? 64 : 32; }

static void number_read(mpz_t z, const unsigned char *p, size_t n) { mpz_import(z, n, -1, 1, 0, 0, p); }

/* The number is below 2^(8n): it comes from a curve of that width. */
static void number_write(unsigned char *p, size_t n, const mpz_t z)
{
	memset(p, 0, n);
	mpz_export(p, NULL, -1, 1, 0, 0, z);
}

/* False when it is 0 or not below the order of the group. */
static bool secret_read(struct ecc_scalar *d, enum crypto_curve c, const unsigned char *secret)
{
	mpz_t z;
	int fits;

	ecc_scalar_init(d, curve_of(c));
	mpz_init(z);
	number_read(z, secret, half_of(c));
	fits = ecc_scalar_set(d, z);
	mpz_clear(z);
	return fits == 1;
}

static bool public_of(enum crypto_curve c, const unsigned char *secret, unsigned char *point)
{
	struct ecc_scalar d;
	struct ecc_point q;
	bool fits = secret_read(&d, c, secret);

	if (fits) {
		mpz_t x, y;

		mpz_inits(x, y, NULL);
		ecc_point_init(&q, curve_of(c));
		ecc_point_mul_g(&q, &d);
		ecc_point_get(&q, x, y);
		number_write(point, half_of(c), x);
		number_write(point + half_of(c), half_of(c), y);
		ecc_point_clear(&q);
		mpz_clears(x, y, NULL);
	}
	ecc_scalar_clear(&d);
	return fits;
}

/* The orders of the groups: RFC 7836 A.2 and RFC 4357 11.4, little-endian. */
static const unsigned char orders[CRYPTO_CURVE_COUNT][CRYPTO_HALF_MOST] = {
	[CRYPTO_CURVE_512] = {
		0x75, 0xb2, 0x10, 0x1f, 0x41, 0xb1, 0xcd, 0xca, 0x5d, 0xb8, 0xd2, 0xfa, 0xab, 0x38, 0x4b, 0x9b,
		0x60, 0x60, 0x05, 0x4e, 0x8d, 0x2b, 0xf2, 0x6f, 0x11, 0x89, 0x8d, 0xf4, 0x32, 0x95, 0xe6, 0x27,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	[CRYPTO_CURVE_256] = {
		0x93, 0xb8, 0x61, 0xb7, 0x09, 0x1b, 0x84, 0x45, 0x00, 0xd1, 0x5a, 0x99, 0x70, 0x10, 0x61, 0x6c,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
};

/* hogweed lets 0 count as 1 but does not reduce first; the order itself, the one other value that is 0 in the group,
 * would lay the secret open. */
static const unsigned char *reduced(enum crypto_curve c, const unsigned char *digest)
{
	static const unsigned char zero[CRYPTO_HALF_MOST];

	return memcmp(digest, orders[c], half_of(c)) == 0 ? zero : digest;
}

/* Without randomness hogweed still wants octets that make a valid nonce; what comes of them is thrown away. */
static void nonce(void *arg, size_t n, uint8_t *out)
{
	bool *good = arg;

	if (RAND_priv_bytes(out, (int)n) == 1)
		return;
	*good = false;
	memset(out, 1, n);
}

static bool sign(enum crypto_curve c, const unsigned char *secret, const unsigned char *digest, unsigned char *value)
{
	struct dsa_signature pair;
	struct ecc_scalar d;
	bool good = secret_read(&d, c, secret);
	size_t half = half_of(c);

	dsa_signature_init(&pair);
	if (good)
		gostdsa_sign(&d, &good, nonce, half, reduced(c, digest), &pair);
	if (good) {
		number_write(value, half, pair.r);
		number_write(value + half, half, pair.s);
	}
	dsa_signature_clear(&pair);
	ecc_scalar_clear(&d);
	return good;
}

static bool verify(
	enum crypto_curve c, const unsigned char *point, const unsigned char *digest, const unsigned char *value)
{
	struct dsa_signature pair;
	struct ecc_point q;
	size_t half = half_of(c);
	mpz_t x, y;
	bool good;

	mpz_inits(x, y, NULL);
	ecc_point_init(&q, curve_of(c));
	dsa_signature_init(&pair);
	number_read(x, point, half);
	number_read(y, point + half, half);
	number_read(pair.r, value, half);
	number_read(pair.s, value + half, half);
	good = ecc_point_set(&q, x, y) == 1 && gostdsa_verify(&q, half, reduced(c, digest), &pair) == 1;
	dsa_signature_clear(&pair);
	ecc_point_clear(&q);
	mpz_clears(x, y, NULL);
	return good;
}

const struct crypto_provider crypto_nettle = {
	.name = "nettle",
	.open = arrange,
	.digest_begin = digest_begin,
	.digest_add = digest_add,
	.digest_end = digest_end,
	.public_of = public_of,
	.sign = sign,
	.verify = verify,
};
