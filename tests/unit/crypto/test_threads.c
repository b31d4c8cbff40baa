/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many threads decode, sign, verify and hash with the same keys at once; the thread sanitizer watches. */
#include "../cm.h"

#include <pthread.h>

#include "../national.h"

#define THREADS 6
#define ROUNDS 12
#define CURVES(c) for (enum crypto_curve c = 0; c < CRYPTO_CURVE_COUNT; c++)

static struct national shared[CRYPTO_CURVE_COUNT];
static unsigned char *der[CRYPTO_CURVE_COUNT];
static int der_n[CRYPTO_CURVE_COUNT];
static pthread_barrier_t start;

static int round_of(enum crypto_curve c)
{
	const unsigned char *p = der[c];
	X509 *x = d2i_X509(NULL, &p, der_n[c]);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char value[128];
	size_t n = sizeof(value);
	int wrong = 0;

	wrong += X509_verify(x, shared[c].key) != 1;
	wrong += EVP_DigestSignInit(ctx, NULL, NULL, NULL, shared[c].key) != 1;
	wrong += EVP_DigestSign(ctx, value, &n, der[c], (size_t)der_n[c]) != 1;
	EVP_MD_CTX_reset(ctx);
	wrong += EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, X509_get0_pubkey(x)) != 1;
	wrong += EVP_DigestVerify(ctx, value, n, der[c], (size_t)der_n[c]) != 1;
	EVP_MD_CTX_reset(ctx);
	value[n / 2] ^= 4;
	wrong += EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, X509_get0_pubkey(x)) != 1;
	wrong += EVP_DigestVerify(ctx, value, n, der[c], (size_t)der_n[c]) == 1;
	EVP_MD_CTX_free(ctx);
	X509_free(x);
	return wrong;
}

static void *work(void *arg)
{
	int *wrong = arg;
	struct err e;

	pthread_barrier_wait(&start);
	for (int i = 0; i < ROUNDS; i++) {
		*wrong += !crypto_init(NULL, &e).ok;
		CURVES(c)
			*wrong += round_of(c);
	}
	return NULL;
}

static void all_threads_get_the_right_answers(void **state)
{
	pthread_t threads[THREADS];
	int wrong[THREADS] = {0};
	struct err e;

	(void)state;
	assert_true(crypto_init(NULL, &e).ok);
	CURVES(c) {
		shared[c] = national_new(c, NULL, "CN=root|C=KZ", NULL);
		der_n[c] = i2d_X509(shared[c].cert, &der[c]);
		assert_true(der_n[c] > 0);
	}
	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &wrong[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
	pthread_barrier_destroy(&start);
	CURVES(c) {
		national_drop(&shared[c]);
		OPENSSL_free(der[c]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_threads_get_the_right_answers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
