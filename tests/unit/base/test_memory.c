/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refused memory is remembered by the thread that was refused, and overrules what was found meanwhile. */
#include "../cm.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/pool.h"

#include "too_much.h"

static void a_yes_and_a_no_are_overruled_by_a_refusal(void **state)
{
	size_t before = memory_refusals();
	struct err e = {.reason = REASON_NONE};

	(void)state;
	assert_true(memory_judge(before, DONE, &e).ok);
	assert_int_equal(e.reason, REASON_NONE);
	assert_false(memory_judge(before, err_set(&e, REASON_SEC_VALUE, "wrong"), &e).ok);
	assert_int_equal(e.reason, REASON_SEC_VALUE);
	assert_null(memory_take(TOO_MUCH));
	assert_false(memory_judge(before, DONE, &e).ok);
	assert_int_equal(e.reason, REASON_MEMORY);
	e.reason = REASON_SEC_VALUE;
	assert_false(memory_judge(before, FAILED, &e).ok);
	assert_int_equal(e.reason, REASON_MEMORY);
	assert_true(memory_judge(memory_refusals(), DONE, &e).ok);
}

static void every_way_to_ask_counts(void **state)
{
	struct buf b = BUF(SIZE_MAX);
	size_t before = memory_refusals();
	struct pool *pool = pool_new(SIZE_MAX);
	void *p;

	(void)state;
	assert_null(buf_reserve(&b, TOO_MUCH));
	assert_int_equal(memory_refusals(), before + 1);
	assert_null(pool_alloc(pool, TOO_MUCH));
	assert_int_equal(memory_refusals(), before + 2);
	assert_null(memory_resize(NULL, TOO_MUCH));
	memory_miss();
	assert_int_equal(memory_refusals(), before + 4);
	assert_true(memory_was_refused());
	p = memory_take(0);
	assert_non_null(p);
	p = memory_resize(p, 0);
	assert_non_null(p);
	free(p);
	p = memory_text("text");
	assert_string_equal(p, "text");
	free(p);
	assert_int_equal(memory_refusals(), before + 4);
	pool_free(&pool);
}

static void a_ceiling_is_no_refusal(void **state)
{
	struct buf b = BUF(10);
	struct pool *pool = pool_new(1000);
	size_t before = memory_refusals();

	(void)state;
	assert_null(buf_reserve(&b, 11));
	assert_null(pool_alloc(pool, 2000));
	assert_int_equal(memory_refusals(), before);
	pool_free(&pool);
}

static void *count_here(void *out)
{
	*(size_t *)out = memory_refusals();
	return NULL;
}

static void another_thread_has_its_own(void **state)
{
	size_t there = 1;
	pthread_t t;

	(void)state;
	memory_miss();
	assert_int_equal(pthread_create(&t, NULL, count_here, &there), 0);
	pthread_join(t, NULL);
	assert_int_equal(there, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_yes_and_a_no_are_overruled_by_a_refusal),
		cmocka_unit_test(every_way_to_ask_counts),
		cmocka_unit_test(a_ceiling_is_no_refusal),
		cmocka_unit_test(another_thread_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
