/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages in many threads at once do not meet each other. */
#include <pthread.h>

#include "envelope_samples.h"

#define THREADS 4
#define ROUNDS 50

static bool keep(void *ctx, const void *data, size_t n)
{
	struct buf *out = ctx;

	buf_add(out, (struct bytes){data, n});
	return buf_ok(out);
}

/* A good message, a refused one and a canonical form; gives the count of wrong results. No cmocka in
 * here: it belongs to the main thread. */
static void *work(void *number)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	const int *own = number;
	long wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(1u << 20);
		SCOPED(buf_free) struct buf text = BUF(4096), out = BUF(4096), wanted = BUF(4096);
		struct envelope *env = NULL;
		struct err e = {0};

		buf_printf(&wanted, "<op a=\"%d\">%d</op>", *own, i);
		buf_printf(&text, "%s%s%s", OPEN "<s:Body>", buf_cstr(&wanted), "</s:Body>" CLOSE);
		if (!envelope_parse(pool, buf_bytes(&text), &limits, &env, &e).ok ||
		    !envelope_canonical(envelope_operation(env)->node, NULL, keep, &out, &e).ok ||
		    !bytes_eq(buf_bytes(&out), buf_bytes(&wanted)))
			wrong++;
		buf_clear(&text);
		buf_printf(&text, "<p%d:a/>", *own);
		if (envelope_parse(pool, buf_bytes(&text), &limits, &env, &e).ok ||
			e.reason != REASON_XML_NAMESPACE)
			wrong++;
	}
	return (void *)(intptr_t)wrong;
}

static void threads_do_not_meet(void **state)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_do_not_meet),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
