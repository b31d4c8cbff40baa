/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many threads ask, sign, verify and hash at once: one decision per certificate, right answers everywhere. */
#include "pki.h"

#include <pthread.h>

#define THREADS 6
#define ROUNDS 40

static const char *const files[] = {"department.crt", "department-ec.crt", "department-ec384.crt",
	"permits.crt", "other-system.crt", "attacker-own-ca.crt"};
static const enum reason wanted[] = {REASON_NONE, REASON_NONE, REASON_NONE, REASON_NONE, REASON_CERT_OWNER,
	REASON_CERT_UNKNOWN};
static struct bytes ders[COUNT(files)];
static struct trust *trust;
static char hash[384];
static pthread_barrier_t start;

struct worker {
	pthread_t thread;
	const struct trust_cert *met[COUNT(files)];
	int wrong;
};

static void count_if(struct worker *w, bool bad) { w->wrong += bad; }

static void ask(struct worker *w, size_t at)
{
	const struct trust_cert *c = NULL, *again = NULL;
	struct err e = {.reason = REASON_NONE};

	count_if(w, trust_find_der(trust, ders[at], pki_now, &c, &e).ok != (wanted[at] == REASON_NONE));
	count_if(w, e.reason != wanted[at]);
	if (!c)
		return;
	count_if(w, w->met[at] && w->met[at] != c);
	w->met[at] = c;
	count_if(w,
		!trust_find_issuer_serial(
			trust, bytes_str(c->issuer), bytes_str(c->serial), pki_now, &again, &e)
			 .ok);
	count_if(w, again != c);
}

static void sign_and_verify(struct worker *w, const char *key, enum signature s)
{
	SCOPED(buf_free) struct buf value = BUF(2000);
	const struct trust_key *k = trust_key_named(trust, key);
	const struct trust_cert *c = NULL;
	struct err e;

	count_if(w, !trust_sign(k, s, k->der, &value, &e).ok);
	count_if(w, !trust_find_base64(trust, bytes_str(k->base64), pki_now, &c, &e).ok);
	count_if(w, c && !trust_verify(c, s, k->der, buf_bytes(&value), &e).ok);
	count_if(w, c && trust_verify(c, s, BYTES_LIT("another"), buf_bytes(&value), &e).ok);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned char one[64], other[32];

	pthread_barrier_wait(&start);
	for (int i = 0; i < ROUNDS; i++) {
		for (size_t at = 0; at < COUNT(files); at++)
			ask(w, at);
		sign_and_verify(w, "rsa", SIGNATURE_RSA_SHA256);
		sign_and_verify(w, "ec", SIGNATURE_ECDSA_SHA256);
		digest_begin(DIGEST_SHA256);
		digest_add(NULL, ders[0].p, ders[0].n);
		sha256(ders[0], other);
		count_if(w, digest_end(one) != 32 || memcmp(one, other, 32) != 0);
		count_if(w, !password_fits(hash, BYTES_LIT("word")));
	}
	return NULL;
}

static void all_threads_get_the_same_right_answers(void **state)
{
	const char *pinned = PKI "permits.crt";
	struct conf_participant permits = {.name = "permits", .certificates = {&pinned, 1}};
	struct conf_participant department = {
		.name = "department", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
	struct conf_key rsa = {
		.name = "rsa", .certificate = PKI "department.crt", .key = PKI "department.key"};
	struct conf_key ec = {
		.name = "ec", .certificate = PKI "department-ec.crt", .key = PKI "department-ec.key"};
	struct worker workers[THREADS] = {0};
	struct err e;

	(void)state;
	trust = trust_new();
	assert_true(trust_add_authority(trust, PKI "root.crt", &e).ok &&
		trust_add_participant(trust, &permits, &e).ok &&
		trust_add_participant(trust, &department, &e).ok && trust_add_key(trust, &rsa, &e).ok &&
		trust_add_key(trust, &ec, &e).ok);
	assert_true(password_hash(BYTES_LIT("word"), hash, &e).ok);
	for (size_t i = 0; i < COUNT(files); i++)
		ders[i] = pki_der(files[i]);
	assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].wrong, 0);
		for (size_t at = 0; at < COUNT(files); at++)
			assert_ptr_equal(workers[i].met[at], workers[0].met[at]);
	}
	pthread_barrier_destroy(&start);
	trust_free(&trust);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_threads_get_the_same_right_answers),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
