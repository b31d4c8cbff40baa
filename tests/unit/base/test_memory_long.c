/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long blocks are kept for the next messages, within bounds, until nobody needs them. */
#include "../cm.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#include "too_much.h"

#define MB (1u << 20)
#define MOST (64u * MB)

static int nothing_is_kept(void **state)
{
	(void)state;
	memory_tidy();
	memory_tidy();
	return memory_kept() > 0;
}

#ifndef QAQPA_SANITIZE_ADDRESS
static void the_next_of_about_its_length_gets_a_block(void **state)
{
	static const struct {
		size_t n;
		bool fits;
	} next[] = {{MB, true}, {MB - 150000, true}, {MB + 8192, false}, {MB - 300000, false}, {100, false}};

	(void)state;
	for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
		void *p = memory_widen(NULL, MB), *q;
		size_t kept;

		memory_return(p);
		kept = memory_kept();
		assert_true(kept >= MB && kept < MB + MB / 16);
		q = memory_widen(NULL, next[i].n);
		assert_int_equal(memory_kept(), next[i].fits ? 0 : kept);
		assert_int_equal(q == p, next[i].fits);
		memory_return(q);
		assert_int_equal(nothing_is_kept(NULL), 0);
	}
}

/* Also with pages of its own, as the gateway has them, where a block is longer by up to a page. */
static void one_of_its_length_fits_whatever_that_is(void **state)
{
	(void)state;
	assert_int_equal(mallopt(M_MMAP_THRESHOLD, MB / 2), 1);
	for (size_t n = MB / 2; n < 3 * MB; n += 4099) {
		void *p = memory_widen(NULL, n), *q;

		memory_return(p);
		q = memory_widen(NULL, n - n / 16);
		assert_true(q == p || n - n / 16 < MB / 2);
		memory_return(q);
		assert_ptr_equal(memory_widen(NULL, n), p);
		memory_return(p);
		assert_int_equal(nothing_is_kept(NULL), 0);
	}
}

static void the_block_given_back_last_is_taken_first(void **state)
{
	void *p = memory_widen(NULL, MB), *q = memory_widen(NULL, MB);

	(void)state;
	memory_return(p);
	memory_return(q);
	assert_ptr_equal(memory_widen(NULL, MB), q);
	assert_ptr_equal(memory_widen(NULL, MB), p);
	memory_return(p);
	memory_return(q);
}

static void what_is_kept_has_a_bound(void **state)
{
	void *p[70], *whole;

	(void)state;
	for (size_t i = 0; i < 70; i++)
		p[i] = memory_widen(NULL, MB);
	for (size_t i = 0; i < 70; i++) {
		memory_return(p[i]);
		assert_true(memory_kept() <= MOST);
	}
	assert_true(memory_kept() > MOST - 2 * MB);
	assert_ptr_equal(memory_widen(NULL, MB), p[69]); /* the oldest went */
	assert_ptr_equal(memory_widen(NULL, MB), p[68]);
	memory_return(p[68]);
	memory_return(p[69]);
	whole = memory_widen(NULL, MOST - MB);
	memory_return(whole);
	assert_true(memory_kept() <= MOST);
	assert_ptr_equal(memory_widen(NULL, MOST - MB), whole);
	memory_return(whole);
	memory_return(memory_widen(NULL, MOST + 1)); /* never */
	assert_ptr_equal(memory_widen(NULL, MOST - MB), whole);
	memory_return(whole);
}

static void what_nobody_needed_for_a_while_is_given_back(void **state)
{
	void *p[3];
	size_t kept;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		p[i] = memory_widen(NULL, MB);
	for (size_t i = 0; i < 3; i++)
		memory_return(p[i]);
	kept = memory_kept();
	memory_tidy(); /* all three were needed before */
	assert_int_equal(memory_kept(), kept);
	p[2] = memory_widen(NULL, MB);
	memory_return(p[2]);
	memory_tidy(); /* only one was */
	assert_in_range(memory_kept(), MB, MB + MB / 16);
	assert_ptr_equal(memory_widen(NULL, MB), p[2]);
	memory_return(p[2]);
	memory_tidy();
	assert_in_range(memory_kept(), MB, MB + MB / 16);
	memory_tidy();
	assert_int_equal(memory_kept(), 0);
}

static void what_is_kept_goes_before_anything_is_refused(void **state)
{
	(void)state;
	memory_return(memory_widen(NULL, MB));
	assert_true(memory_kept() > 0);
	assert_null(memory_widen(NULL, TOO_MUCH));
	assert_int_equal(memory_kept(), 0);
}

static void one_that_is_long_enough_stays(void **state)
{
	void *p = memory_widen(NULL, MB);

	(void)state;
	assert_ptr_equal(memory_widen(p, MB - MB / 8), p);
	assert_int_equal(memory_kept(), 0);
	p = memory_widen(p, MB - MB / 4); /* it is given back */
	assert_true(memory_kept() >= MB);
	memory_return(p);
}
#endif

static void content_stays_when_a_block_grows(void **state)
{
	static const size_t sizes[] = {1000, 300000, 700000, MB, 3 * MB, 5 * MB};
	unsigned char *p = NULL;
	size_t had = 0;

	(void)state;
	for (int round = 0; round < 2; round++) { /* the second time into blocks that are kept */
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; had = sizes[i++]) {
			p = memory_widen(p, sizes[i]);
			assert_non_null(p);
			for (size_t at = 0; at < had; at++)
				assert_true(p[at] == at % 251);
			for (size_t at = had; at < sizes[i]; at++)
				p[at] = (unsigned char)(at % 251);
		}
		memory_return(p);
		p = NULL;
		had = 0;
	}
	memory_return(NULL);
}

static void a_refusal_is_counted_and_changes_nothing(void **state)
{
	size_t before = memory_refusals();
	unsigned char *p = memory_widen(NULL, MB);

	(void)state;
	p[MB - 1] = 7;
	assert_null(memory_widen(p, TOO_MUCH));
	assert_int_equal(memory_refusals(), before + 1);
	assert_int_equal(p[MB - 1], 7);
	memory_return(p);
}

/* Writes all over blocks that are its own, and sees nobody else's hand in them. */
static void *use_blocks(void *mine)
{
	for (size_t i = 0; i < 200; i++) {
		size_t n = MB / 2 + i % 7 * (MB / 8);
		unsigned char *p = memory_widen(NULL, n);

		memset(p, *(unsigned char *)mine, n);
		p = memory_widen(p, n + MB / 4);
		for (size_t at = 0; at < n; at += 4096)
			if (p[at] != *(unsigned char *)mine)
				return NULL;
		memory_return(p);
		if (i % 50 == 0)
			memory_tidy();
	}
	return mine;
}

static void a_block_has_one_owner(void **state)
{
	unsigned char mine[4] = {1, 2, 3, 4};
	pthread_t t[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, use_blocks, &mine[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		void *result;

		pthread_join(t[i], &result);
		assert_ptr_equal(result, &mine[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef QAQPA_SANITIZE_ADDRESS
		cmocka_unit_test_teardown(the_next_of_about_its_length_gets_a_block, nothing_is_kept),
		cmocka_unit_test_teardown(one_of_its_length_fits_whatever_that_is, nothing_is_kept),
		cmocka_unit_test_teardown(the_block_given_back_last_is_taken_first, nothing_is_kept),
		cmocka_unit_test_teardown(what_is_kept_has_a_bound, nothing_is_kept),
		cmocka_unit_test_teardown(what_nobody_needed_for_a_while_is_given_back, nothing_is_kept),
		cmocka_unit_test_teardown(what_is_kept_goes_before_anything_is_refused, nothing_is_kept),
		cmocka_unit_test_teardown(one_that_is_long_enough_stays, nothing_is_kept),
#endif
		cmocka_unit_test_teardown(content_stays_when_a_block_grows, nothing_is_kept),
		cmocka_unit_test_teardown(a_refusal_is_counted_and_changes_nothing, nothing_is_kept),
		cmocka_unit_test_teardown(a_block_has_one_owner, nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
