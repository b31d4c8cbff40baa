/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys that the index has not taken yet: found until it has, with their newest place. */
#include "help.h"
#include "journal_int.h"

enum { MANY = 5000 };

static struct journal_recent *recent;

static int setup(void **state)
{
	(void)state;
	recent = journal_recent_new();
	return recent ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	journal_recent_free(&recent);
	return 0;
}

static uint64_t place_of(int64_t key)
{
	uint64_t place;

	return journal_recent_find(recent, key, &place) == RECENT_FOUND ? place : 0;
}

/* Keys that fall on the same few slots, negative ones among them. */
static int64_t key_of(int i)
{
	return (int64_t)((uint64_t)i << 40 | (uint64_t)(i % 3)) * (i % 2 ? 1 : -1);
}

static void every_key_is_found_with_its_newest_place(void **state)
{
	(void)state;
	assert_int_equal(place_of(1), 0);
	for (int i = 1; i < MANY; i++)
		journal_recent_add(recent, key_of(i), (uint64_t)i);
	for (int i = 1; i < MANY; i += 2)
		journal_recent_add(recent, key_of(i), (uint64_t)(MANY + i));
	for (int i = 1; i < MANY; i++)
		assert_int_equal(place_of(key_of(i)), i % 2 ? MANY + i : i);
	assert_int_equal(place_of(key_of(MANY + 1)), 0);
}

static void a_key_goes_when_the_index_has_it_and_not_before(void **state)
{
	(void)state;
	journal_recent_add(recent, 1, 10);
	journal_recent_add(recent, 2, 20);
	journal_recent_turn(recent);
	journal_recent_add(recent, 2, 21);
	journal_recent_add(recent, 3, 30);
	assert_int_equal(place_of(1), 10);
	assert_int_equal(place_of(2), 21);
	journal_recent_drop(recent);
	assert_int_equal(place_of(1), 0);
	assert_int_equal(place_of(2), 21);
	assert_int_equal(place_of(3), 30);
}

static void a_pass_that_failed_is_made_again(void **state)
{
	(void)state;
	journal_recent_add(recent, 1, 10);
	journal_recent_turn(recent); /* and the pass fails */
	journal_recent_add(recent, 2, 20);
	journal_recent_turn(recent);
	assert_int_equal(place_of(1), 10);
	journal_recent_drop(recent);
	assert_int_equal(place_of(1), 0);
	assert_int_equal(place_of(2), 20); /* in this pass or the next: it stays one longer */
	journal_recent_turn(recent);
	journal_recent_drop(recent);
	assert_int_equal(place_of(2), 0);
}

static enum journal_recently answer(int64_t key)
{
	uint64_t place;

	return journal_recent_find(recent, key, &place);
}

static void every_key_is_lost_until_a_new_index_has_caught_up(void **state)
{
	(void)state;
	assert_int_equal(answer(1), RECENT_NONE);
	journal_recent_lose(recent);
	assert_int_equal(answer(1), RECENT_LOST);
	journal_recent_turn(recent);
	assert_int_equal(answer(1), RECENT_LOST);
	journal_recent_drop(recent);
	assert_int_equal(answer(1), RECENT_NONE);
}

static void what_is_forgotten_was_never_there(void **state)
{
	(void)state;
	journal_recent_add(recent, 1, 10);
	journal_recent_turn(recent); /* and the pass fails */
	journal_recent_add(recent, 2, 20);
	journal_recent_lose(recent);
	journal_recent_forget(recent);
	assert_int_equal(answer(1), RECENT_NONE);
	assert_int_equal(answer(2), RECENT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_key_is_found_with_its_newest_place, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_goes_when_the_index_has_it_and_not_before, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pass_that_failed_is_made_again, setup, teardown),
		cmocka_unit_test_setup_teardown(every_key_is_lost_until_a_new_index_has_caught_up, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_forgotten_was_never_there, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
