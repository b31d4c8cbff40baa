/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Eight threads verify and sign at once with the same trust and the same keys: every one gets its own, right
 * answer. */
#include <pthread.h>

#include "gost_world.h"

enum { THREADS = 8, ROUNDS = 25 };

struct job {
	pthread_t thread;
	const struct buf *good, *bad;
	unsigned seed;
	int wrong;
};

/* No cmocka assertion here: they belong to the main thread. */
static enum reason reason_of(struct bytes text)
{
	struct pool *pool = pool_new(MEMORY);
	const struct verified *v;
	struct envelope *env;
	struct err e = {0};

	if (envelope_parse_frame(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok &&
	    security_verify(pool, env, world.trust, world.now, &v, NULL, &e).ok)
		e.reason = REASON_NONE;
	pool_free(&pool);
	return e.reason;
}

static enum reason sign_and_verify(struct bytes text, enum who who, enum conf_form form)
{
	const struct sign_options options = {
		.key = world.key[who], .form = form, .signature = SIGNATURE_COUNT};
	struct pool *pool = pool_new(MEMORY);
	struct buf out = BUF(MEMORY);
	struct err e = {0};

	if (security_sign(pool, text, &options, &out, &e).ok)
		e.reason = reason_of(buf_bytes(&out));
	buf_free(&out);
	pool_free(&pool);
	return e.reason;
}

static void *work(void *argument)
{
	static const enum conf_form forms[] = {
		CONF_FORM_KEY_IDENTIFIER, CONF_FORM_ISSUER_SERIAL, CONF_FORM_BST, CONF_FORM_X509_DATA};
	struct job *j = argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		j->wrong += reason_of(buf_bytes(j->good)) != REASON_NONE;
		j->wrong += reason_of(buf_bytes(j->bad)) != REASON_SEC_DIGEST;
		j->wrong += sign_and_verify(buf_bytes(j->good), (enum who)((i + j->seed) % 3),
			forms[(i + j->seed) % 4]) != REASON_NONE;
	}
	return NULL;
}

static void judge_and_sign(const struct message *m)
{
	struct buf good = BUF(MEMORY), bad = BUF(MEMORY);
	struct job jobs[THREADS];
	int wrong = 0;

	compose(&good, m);
	complete(&good, SENDER);
	buf_add(&bad, buf_bytes(&good));
	replace(&bad, "<data>100<", "<data>900<");
	for (unsigned i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){.good = &good, .bad = &bad, .seed = i};
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
		wrong += jobs[i].wrong;
	}
	assert_int_equal(wrong, 0);
	buf_free(&good);
	buf_free(&bad);
}

static void threads_do_not_disturb_each_other(void **state)
{
	(void)state;
	judge_and_sign(&(struct message){.before = TIMESTAMP("{T-10}", "{T+290}"),
		.references = REFERENCE("#ts") REFERENCE("#body")});
}

static void nor_with_national_keys(void **state)
{
	(void)state;
	judge_and_sign(&(struct message){.method = METHOD_2015, .before = TIMESTAMP("{T-10}", "{T+290}"),
		.references = REFERENCE("#ts") REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC), DIGEST_2015)});
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(threads_do_not_disturb_each_other)};
	const struct CMUnitTest national[] = {cmocka_unit_test(nor_with_national_keys)};
	int failed = cmocka_run_group_tests(tests, world_make, world_drop);

	return failed + cmocka_run_group_tests(national, gost_make, gost_drop);
}
