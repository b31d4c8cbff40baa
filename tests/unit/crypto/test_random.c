/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Without the arithmetic there is no start, and without randomness no signature and no key; a guessable nonce would give
 * the secret away. */
#define OPENSSL_SUPPRESS_DEPRECATED /* how OpenSSL is given another source of randomness */

#include "../cm.h"

#include <openssl/rand.h>

#include "../national.h"

#define CURVES(c) for (enum crypto_curve c = 0; c < CRYPTO_CURVE_COUNT; c++)

static int none(unsigned char *out, int n)
{
	(void)out, (void)n;
	return 0;
}

static int asked;

static int counted(unsigned char *out, int n)
{
	asked++;
	return RAND_OpenSSL()->bytes(out, n);
}

static const RAND_METHOD dry = {.bytes = none, .pseudorand = none}, counting = {.bytes = counted, .pseudorand = counted};

static bool refuse(void) { return false; }

static void a_module_that_does_not_open_is_not_used(void **state)
{
	const struct crypto_provider closed = {.name = "closed", .open = refuse};
	struct err e = {.detail = ""};

	(void)state;
	assert_false(crypto_init(&closed, &e).ok);
	assert_int_equal(e.reason, REASON_INTERNAL);
	assert_non_null(strstr(e.detail, "closed"));
	assert_true(crypto_init(&crypto_nettle, &e).ok);
}

static void without_randomness_nothing_is_signed_or_made(void **state)
{
	struct err e;

	(void)state;
	assert_true(crypto_init(NULL, &e).ok);
	CURVES(c) {
		EVP_PKEY *key = crypto_generate(c);
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
		unsigned char digest[64] = {1}, value[128] = {0}, untouched[128] = {0};
		size_t half = c == CRYPTO_CURVE_512 ? 64 : 32, n = 2 * half;

		assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
		assert_int_equal(RAND_set_rand_method(&dry), 1);
		assert_true(EVP_PKEY_sign(ctx, value, &n, digest, half) != 1);
		assert_memory_equal(value, untouched, sizeof(value));
		assert_null(crypto_generate(c));
		assert_int_equal(RAND_set_rand_method(&counting), 1);
		asked = 0;
		n = 2 * half;
		assert_int_equal(EVP_PKEY_sign(ctx, value, &n, digest, half), 1);
		assert_true(asked > 0);
		assert_int_equal(RAND_set_rand_method(RAND_OpenSSL()), 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_module_that_does_not_open_is_not_used),
		cmocka_unit_test(without_randomness_nothing_is_signed_or_made)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
