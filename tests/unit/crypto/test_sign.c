/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signature values and keys of both curves: what fits verifies, and nothing that was touched does. */
#include "../cm.h"

#include <gmp.h>

#include "../national.h"

#define CURVES(c) for (enum crypto_curve c = 0; c < CRYPTO_CURVE_COUNT; c++)

static size_t half_of(enum crypto_curve c) { return c == CRYPTO_CURVE_512 ? 64 : 32; }

static int setup(void **state)
{
	struct err e = {.detail = ""};

	(void)state;
	return crypto_init(NULL, &e).ok ? 0 : -1;
}

/* 1 or not; never a crash. */
static int verify(EVP_PKEY *key, const unsigned char *value, size_t n, const unsigned char *digest, size_t digest_n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	int result;

	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	result = EVP_PKEY_verify(ctx, value, n, digest, digest_n);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return result == 1;
}

static int sign(EVP_PKEY *key, unsigned char *value, size_t *n, const unsigned char *digest, size_t digest_n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	int result;

	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	result = EVP_PKEY_sign(ctx, value, n, digest, digest_n);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return result == 1;
}

static void one_changed_octet_anywhere_is_refused(void **state)
{
	(void)state;
	CURVES(c) {
		size_t half = half_of(c), n = 2 * half;
		EVP_PKEY *key = crypto_generate(c), *other = crypto_generate(c);
		unsigned char digest[64], value[128];

		for (size_t i = 0; i < half; i++)
			digest[i] = (unsigned char)(3 * i + 1);
		assert_true(sign(key, value, &n, digest, half));
		assert_int_equal(n, 2 * half);
		assert_true(verify(key, value, n, digest, half));
		assert_false(verify(other, value, n, digest, half));
		for (size_t i = 0; i < n; i++) {
			value[i] ^= 1;
			assert_false(verify(key, value, n, digest, half));
			value[i] ^= 1;
		}
		for (size_t i = 0; i < half; i++) {
			digest[i] ^= 0x80;
			assert_false(verify(key, value, n, digest, half));
			digest[i] ^= 0x80;
		}
		assert_true(verify(key, value, n, digest, half));
		EVP_PKEY_free(key);
		EVP_PKEY_free(other);
	}
}

static void two_signatures_of_the_same_differ(void **state)
{
	(void)state;
	CURVES(c) {
		size_t half = half_of(c), n = 2 * half, m = 2 * half;
		EVP_PKEY *key = crypto_generate(c);
		unsigned char digest[64] = {5}, one[128], two[128];

		assert_true(sign(key, one, &n, digest, half) && sign(key, two, &m, digest, half));
		/* The same r would mean the same nonce. */
		assert_memory_not_equal(one, two, half);
		assert_true(verify(key, one, n, digest, half) && verify(key, two, m, digest, half));
		EVP_PKEY_free(key);
	}
}

static void other_lengths_are_refused(void **state)
{
	unsigned char digest[200] = {9}, value[300] = {1};

	(void)state;
	CURVES(c) {
		size_t half = half_of(c), n = 2 * half;
		EVP_PKEY *key = crypto_generate(c);

		assert_true(sign(key, value, &n, digest, half));
		for (size_t i = 0; i < 200; i++) {
			size_t room = sizeof(value);
			unsigned char scratch[300];

			assert_int_equal(verify(key, value, n, digest, i), i == half);
			assert_int_equal(verify(key, value, i, digest, half), i == n);
			assert_int_equal(sign(key, scratch, &room, digest, i), i == half);
		}
		n--;
		assert_false(sign(key, value, &n, digest, half));
		EVP_PKEY_free(key);
	}
}

/* The orders of both groups, little-endian. */
static void order_of(enum crypto_curve c, unsigned char out[64])
{
	static const char *const hex[] = {
		"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
		"27E69532F48D89116FF22B8D4E0560609B4B38ABFAD2B85DCACDB1411F10B275",
		"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893"};
	SCOPED(buf_free) struct buf big = BUF(64);

	assert_true(hex_decode(bytes_str(hex[c]), &big));
	for (size_t i = 0; i < big.len; i++)
		out[i] = big.data[big.len - 1 - i];
}

static void numbers_outside_the_group_are_refused(void **state)
{
	(void)state;
	CURVES(c) {
		size_t half = half_of(c), n = 2 * half;
		EVP_PKEY *key = crypto_generate(c);
		unsigned char digest[64] = {7}, good[128], bad[128], order[64];

		order_of(c, order);
		assert_true(sign(key, good, &n, digest, half));
		for (size_t at = 0; at < n; at += half) {
			memcpy(bad, good, n);
			memset(bad + at, 0, half);
			assert_false(verify(key, bad, n, digest, half));
			memcpy(bad + at, order, half);
			assert_false(verify(key, bad, n, digest, half));
			memset(bad + at, 0xff, half);
			assert_false(verify(key, bad, n, digest, half));
		}
		memset(bad, 0, n);
		assert_false(verify(key, bad, n, digest, half));
		EVP_PKEY_free(key);
	}
}

/* A digest that is 0 in the group counts as 1 (RFC 7091 6.1, step 2): so do 0, the order, and 1 and order + 1. */
static void a_digest_of_zero_counts_as_one(void **state)
{
	(void)state;
	CURVES(c) {
		size_t half = half_of(c), n = 2 * half;
		EVP_PKEY *key = crypto_generate(c);
		unsigned char zero[64] = {0}, one[64] = {1}, two[64] = {2}, order[64], value[128];

		order_of(c, order);
		assert_true(sign(key, value, &n, zero, half));
		assert_true(verify(key, value, n, zero, half) && verify(key, value, n, one, half));
		assert_true(verify(key, value, n, order, half));
		assert_false(verify(key, value, n, two, half));
		assert_true(sign(key, value, &n, order, half));
		assert_true(verify(key, value, n, one, half));
		EVP_PKEY_free(key);
	}
}

static void the_provider_refuses_secrets_outside_the_group(void **state)
{
	(void)state;
	CURVES(c) {
		unsigned char secret[64] = {0}, point[128], value[128], digest[64] = {1};
		size_t half = half_of(c);

		assert_false(crypto_nettle.public_of(c, secret, point));
		assert_false(crypto_nettle.sign(c, secret, digest, value));
		order_of(c, secret);
		assert_false(crypto_nettle.public_of(c, secret, point));
		secret[0]--; /* both orders are odd */
		assert_true(crypto_nettle.public_of(c, secret, point));
		assert_true(crypto_nettle.sign(c, secret, digest, value));
		assert_true(crypto_nettle.verify(c, point, digest, value));
		point[half] ^= 1; /* not on the curve any more */
		assert_false(crypto_nettle.verify(c, point, digest, value));
		memset(point, 0, sizeof(point));
		assert_false(crypto_nettle.verify(c, point, digest, value));
	}
}

static void keys_come_back_from_their_files(void **state)
{
	(void)state;
	CURVES(c) {
		EVP_PKEY *key = crypto_generate(c), *back, *other = crypto_generate(c);
		BIO *text = BIO_new(BIO_s_mem());
		unsigned char *der = NULL;
		const unsigned char *p;
		int n;

		assert_int_equal(crypto_curve_of(key), c);
		assert_int_equal(PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL), 1);
		back = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
		assert_non_null(back);
		assert_int_equal(EVP_PKEY_eq(key, back), 1);
		assert_int_equal(EVP_PKEY_eq(key, other), 0);
		EVP_PKEY_free(back);
		n = i2d_PUBKEY(key, &der);
		p = der;
		back = d2i_PUBKEY(NULL, &p, n);
		assert_non_null(back);
		assert_ptr_equal(p, der + n);
		assert_int_equal(EVP_PKEY_eq(key, back), 1);
		EVP_PKEY_free(back);
		OPENSSL_free(der);
		/* Under a password as well. */
		BIO_reset(text);
		assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
			text, key, EVP_aes_256_cbc(), NULL, 0, NULL, (void *)(uintptr_t)"word"), 1);
		back = PEM_read_bio_PrivateKey(text, NULL, NULL, (void *)(uintptr_t)"word");
		assert_non_null(back);
		assert_int_equal(EVP_PKEY_eq(key, back), 1);
		EVP_PKEY_free(back);
		BIO_free(text);
		EVP_PKEY_free(key);
		EVP_PKEY_free(other);
	}
	ERR_clear_error();
}

static EVP_PKEY *public_part(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	const unsigned char *p = der;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, n);

	assert_non_null(public);
	OPENSSL_free(der);
	return public;
}

static void a_public_key_verifies_and_does_nothing_else(void **state)
{
	(void)state;
	CURVES(c) {
		size_t half = half_of(c), n = 2 * half;
		EVP_PKEY *key = crypto_generate(c), *public = public_part(key);
		unsigned char digest[64] = {3}, value[128];

		assert_true(sign(key, value, &n, digest, half));
		assert_true(verify(public, value, n, digest, half));
		assert_false(sign(public, value, &n, digest, half));
		assert_null(EVP_PKEY2PKCS8(public));
		assert_int_equal(EVP_PKEY_get_bits(public), (int)half * 8);
		assert_int_equal(EVP_PKEY_get_size(public), (int)half * 2);
		assert_int_equal(EVP_PKEY_get_security_bits(public), (int)half * 4);
		EVP_PKEY_free(key);
		EVP_PKEY_free(public);
	}
	ERR_clear_error();
}

/* A private key of this kind whose number is written in these octets, or NULL. */
static EVP_PKEY *from_inside(enum crypto_curve c, const unsigned char *inside, size_t n)
{
	EVP_PKEY *other = crypto_generate(c), *key;
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(other), *made = PKCS8_PRIV_KEY_INFO_new();
	unsigned char *copy = OPENSSL_memdup(inside, n);
	const X509_ALGOR *algorithm;
	const void *value;
	int kind;

	assert_int_equal(PKCS8_pkey_get0(NULL, NULL, NULL, &algorithm, p8), 1);
	X509_ALGOR_get0(NULL, &kind, &value, algorithm);
	assert_int_equal(
		PKCS8_pkey_set0(made, OBJ_nid2obj(crypto_nid_key(c)), 0, kind, ASN1_STRING_dup(value), copy, (int)n), 1);
	key = EVP_PKCS82PKEY(made);
	PKCS8_PRIV_KEY_INFO_free(made);
	PKCS8_PRIV_KEY_INFO_free(p8);
	EVP_PKEY_free(other);
	ERR_clear_error();
	return key;
}

/* The number 5 as INTEGER and as little-endian octets, and forms that are neither. */
static void a_secret_is_read_in_both_forms_and_in_no_other(void **state)
{
	static const unsigned char five[] = {2, 1, 5}, minus[] = {2, 1, 0xfb}, none[] = {2, 1, 0}, more[] = {2, 1, 5, 0};

	(void)state;
	CURVES(c) {
		size_t half = half_of(c);
		unsigned char octets[2 + 64] = {4, (unsigned char)half, 5}, wide[2 + 65] = {2, (unsigned char)half + 1, 1};
		EVP_PKEY *one = from_inside(c, five, sizeof(five)), *two = from_inside(c, octets, half + 2), *back;
		BIO *text = BIO_new(BIO_s_mem());

		assert_non_null(one);
		assert_non_null(two);
		assert_int_equal(EVP_PKEY_eq(one, two), 1);
		/* So short a number is written and read like any other. */
		assert_int_equal(PEM_write_bio_PrivateKey(text, one, NULL, NULL, 0, NULL, NULL), 1);
		back = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
		assert_int_equal(EVP_PKEY_eq(one, back), 1);
		assert_null(from_inside(c, minus, sizeof(minus)));
		assert_null(from_inside(c, none, sizeof(none)));
		assert_null(from_inside(c, more, sizeof(more)));
		assert_null(from_inside(c, wide, half + 3));
		assert_null(from_inside(c, octets, half + 1));
		assert_null(from_inside(c, octets + 2, half));
		memset(octets + 2, 0xff, half); /* beyond the order */
		assert_null(from_inside(c, octets, half + 2));
		BIO_free(text);
		EVP_PKEY_free(one);
		EVP_PKEY_free(two);
		EVP_PKEY_free(back);
	}
}

/* Every prefix, and every octet changed: read as a key of the same kind, or refused; never a crash (asan watches). */
static void broken_encodings_are_refused(void **state)
{
	(void)state;
	CURVES(c) {
		EVP_PKEY *key = crypto_generate(c);
		PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
		unsigned char *der[2] = {NULL, NULL};
		int n[2] = {i2d_PUBKEY(key, &der[0]), i2d_PKCS8_PRIV_KEY_INFO(p8, &der[1])};

		for (int what = 0; what < 2; what++) {
			for (int cut = 0; cut < n[what]; cut++) {
				const unsigned char *p = der[what];

				assert_null(what ? d2i_AutoPrivateKey(NULL, &p, cut) : d2i_PUBKEY(NULL, &p, cut));
			}
			for (int i = 0; i < n[what]; i++) {
				const unsigned char *p = der[what];
				EVP_PKEY *read;

				der[what][i] ^= 0x41;
				read = what ? d2i_AutoPrivateKey(NULL, &p, n[what]) : d2i_PUBKEY(NULL, &p, n[what]);
				/* The version of PKCS#8 is nobody's business here. */
				assert_true(!read || (what == 1 && i == 4) ||
					(crypto_curve_of(read) == c && EVP_PKEY_eq(read, key) != 1));
				EVP_PKEY_free(read);
				der[what][i] ^= 0x41;
			}
			OPENSSL_free(der[what]);
		}
		PKCS8_PRIV_KEY_INFO_free(p8);
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
}

/* Secrets and nonces pass through GMP. What it gives back is in the allocator's hands, and the next of that size gets it. */
static void memory_that_gmp_gives_back_is_wiped(void **state)
{
	enum { SIZE = 72 };
	void *(*take)(size_t);
	void (*give)(void *, size_t);
	unsigned char *p;
	volatile unsigned char *again;
	int found = 0;

	(void)state;
	mp_get_memory_functions(&take, NULL, &give);
	p = take(SIZE);
	memset(p, 0xa5, SIZE);
	give(p, SIZE);
	again = malloc(SIZE);
	for (int i = 0; i < SIZE; i++)
		found += again[i] == 0xa5;
	free((void *)(uintptr_t)again);
	assert_true(found < 8);
}

static void a_foreign_digest_or_a_foreign_key_is_refused(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	(void)state;
	assert_int_equal(crypto_curve_of(rsa), CRYPTO_CURVE_COUNT);
	assert_int_equal(crypto_curve_of(NULL), CRYPTO_CURVE_COUNT);
	CURVES(c) {
		EVP_PKEY *key = crypto_generate(c);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		EVP_PKEY_CTX *pctx = NULL;
		const EVP_MD *md = NULL;
		enum crypto_digest other = c == CRYPTO_CURVE_512 ? CRYPTO_DIGEST_LEGACY : CRYPTO_DIGEST_512;

		assert_true(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1);
		EVP_MD_CTX_reset(ctx);
		assert_true(EVP_DigestSignInit(ctx, NULL, crypto_md(other), NULL, key) != 1);
		EVP_MD_CTX_reset(ctx);
		assert_int_equal(EVP_DigestSignInit(ctx, &pctx, NULL, NULL, key), 1);
		assert_int_equal(EVP_PKEY_CTX_get_signature_md(pctx, &md), 1);
		assert_ptr_equal(md, crypto_md(1 - other));
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(key);
	}
	EVP_PKEY_free(rsa);
	ERR_clear_error();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_changed_octet_anywhere_is_refused),
		cmocka_unit_test(two_signatures_of_the_same_differ),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(numbers_outside_the_group_are_refused),
		cmocka_unit_test(a_digest_of_zero_counts_as_one),
		cmocka_unit_test(the_provider_refuses_secrets_outside_the_group),
		cmocka_unit_test(keys_come_back_from_their_files),
		cmocka_unit_test(a_public_key_verifies_and_does_nothing_else),
		cmocka_unit_test(a_secret_is_read_in_both_forms_and_in_no_other),
		cmocka_unit_test(broken_encodings_are_refused),
		cmocka_unit_test(memory_that_gmp_gives_back_is_wiped),
		cmocka_unit_test(a_foreign_digest_or_a_foreign_key_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
