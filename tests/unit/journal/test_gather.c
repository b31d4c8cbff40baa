/* SPDX-License-Identifier: GPL-3.0-or-later */
/* While the processors are busy, entries gather and share a flush; nobody waits longer than is allowed, or for nothing. */
#include <stdatomic.h>

#include "help.h"

enum { HOUR_US = INT32_MAX }; /* as good as for ever: what waits for it is seen to hang */

static const struct journal_filter all = {.with_octets = false};

static atomic_int asked;
static atomic_bool busy;
static struct folder folder;

static bool says(void *ctx)
{
	assert_ptr_equal(ctx, &folder);
	atomic_fetch_add(&asked, 1);
	return atomic_load(&busy);
}

/* Time is counted from the last flush, so there was one. */
static struct journal *start(int commit_us, bool is_busy)
{
	struct journal *j;

	folder_make(&folder);
	atomic_store(&busy, false);
	j = journal_start_with(
		&folder, (struct journal_settings){.commit_us = commit_us, .busy = says, .busy_ctx = &folder});
	assert_true(put_fact(j, "2030-01-02T03:04:05+05:00", "{0}", "first"));
	atomic_store(&asked, 0);
	atomic_store(&busy, is_busy);
	return j;
}

static void stop(struct journal *j, int facts)
{
	journal_close(&j);
	assert_int_equal(facts_count(folder.journal, &all), facts + 1);
	folder_drop(&folder);
}

static int calls(struct ticket *t)
{
	int n;

	pthread_mutex_lock(&t->lock);
	n = t->calls;
	pthread_mutex_unlock(&t->lock);
	return n;
}

/* The journal's thread has looked whether it may wait, which it does with the lock of the entries. */
static void await_question(int number)
{
	while (atomic_load(&asked) < number)
		usleep(100);
}

static void who_waits_goes_with_his_companions_when_somebody_rests(void **state)
{
	struct journal_fact fact = fact_of("2030-01-02T03:04:05+05:00", "{1}", "m");
	struct ticket t[5];
	struct journal *j = start(HOUR_US, true);

	(void)state;
	for (int i = 0; i < 5; i++)
		ticket_put(j, &t[i], &fact, 1, NULL);
	await_question(1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(calls(&t[i]), 0);
	journal_hurry(j);
	for (int i = 0; i < 5; i++)
		assert_true(ticket_wait(&t[i], NULL));
	assert_int_equal(atomic_load(&asked), 1); /* one flush for all */
	stop(j, 5);
}

static void who_rested_before_the_question_is_seen_by_it(void **state)
{
	struct journal *j = start(HOUR_US, false);

	(void)state;
	journal_hurry(j); /* nobody waits, and nobody's later wait is shortened by it */
	assert_true(put_fact(j, "2030-01-02T03:04:05+05:00", "{1}", "m"));
	assert_int_equal(atomic_load(&asked), 1);
	stop(j, 1);
}

static void a_wait_ends_by_itself(void **state)
{
	struct journal *j = start(2000, true);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(put_fact(j, "2030-01-02T03:04:05+05:00", "{1}", "m"));
	stop(j, 3);
}

static void closing_waits_for_nobody(void **state)
{
	struct journal_fact fact = fact_of("2030-01-02T03:04:05+05:00", "{1}", "m");
	struct journal *j = start(HOUR_US, true);
	struct ticket t;

	(void)state;
	ticket_put(j, &t, &fact, 1, NULL);
	await_question(1);
	stop(j, 1);
	assert_true(ticket_wait(&t, NULL));
}

static void without_a_delay_nobody_is_asked(void **state)
{
	struct journal *j = start(0, true);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(put_fact(j, "2030-01-02T03:04:05+05:00", "{1}", "m"));
	assert_int_equal(atomic_load(&asked), 0);
	stop(j, 3);
}

static void after_the_word_nobody_is_asked(void **state)
{
	struct journal *j = start(HOUR_US, true);

	(void)state;
	journal_ask_nobody(j);
	assert_true(put_fact(j, "2030-01-02T03:04:05+05:00", "{1}", "m"));
	assert_int_equal(atomic_load(&asked), 0);
	stop(j, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_goes_with_his_companions_when_somebody_rests),
		cmocka_unit_test(who_rested_before_the_question_is_seen_by_it),
		cmocka_unit_test(a_wait_ends_by_itself),
		cmocka_unit_test(closing_waits_for_nobody),
		cmocka_unit_test(without_a_delay_nobody_is_asked),
		cmocka_unit_test(after_the_word_nobody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
