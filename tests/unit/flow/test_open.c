/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of a message that arrive at the same time meet: one is worked on, the others are told. */
#include "../cm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow_int.h"

static const unsigned char one[32] = {1}, two[32] = {2}, last[32] = {[31] = 1};

static bool enter(struct open_set *s, struct bytes sender, struct bytes id, const unsigned char content[32])
{
	bool same;

	return open_set_enter(s, sender, id, content, &same);
}

static void a_message_is_in_the_set_until_it_leaves(void **state)
{
	struct open_set *s = open_set_new();
	bool same = false;

	(void)state;
	assert_true(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), one, &same));
	assert_false(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), one, &same));
	assert_true(same);
	assert_false(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), two, &same));
	assert_false(same);
	/* the second changed nothing */
	assert_false(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), one, &same));
	assert_true(same);
	open_set_leave(s, BYTES_LIT("sys"), BYTES_LIT("m"));
	assert_true(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), two, &same));
	assert_false(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), one, &same));
	assert_false(same);
	open_set_free(&s);
	assert_null(s);
	open_set_free(&s); /* takes NULL */
}

static void contents_differ_by_their_last_octet(void **state)
{
	static const unsigned char none[32];
	struct open_set *s = open_set_new();
	bool same = true;

	(void)state;
	assert_true(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), none, &same));
	assert_false(open_set_enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), last, &same));
	assert_false(same);
	open_set_free(&s);
}

/* Each pair is another message than all before it. */
static void sender_and_id_are_both_of_the_name(void **state)
{
	static const struct {
		struct bytes sender, id;
	} rows[] = {{BYTES_LIT("ab"), BYTES_LIT("c")}, {BYTES_LIT("a"), BYTES_LIT("bc")},
		{BYTES_LIT("abc"), BYTES_LIT("")}, {BYTES_LIT(""), BYTES_LIT("abc")}, {BYTES_LIT(""), BYTES_LIT("")},
		{BYTES_LIT("c"), BYTES_LIT("ab")}, {BYTES_LIT("a\0b"), BYTES_LIT("c")},
		{BYTES_LIT("a"), BYTES_LIT("\0bc")}, {BYTES_LIT("a\0c"), BYTES_LIT("c")},
		{BYTES_LIT("AB"), BYTES_LIT("c")}, {BYTES_LIT("ab"), BYTES_LIT("c ")}};
	enum { N = sizeof rows / sizeof rows[0] };
	struct open_set *s = open_set_new();

	(void)state;
	for (size_t i = 0; i < N; i++)
		assert_true(enter(s, rows[i].sender, rows[i].id, one));
	for (size_t i = 0; i < N; i++) {
		assert_false(enter(s, rows[i].sender, rows[i].id, one));
		open_set_leave(s, rows[i].sender, rows[i].id);
		for (size_t k = 0; k < N; k++) { /* that one left, no other */
			if (k > i)
				assert_false(enter(s, rows[k].sender, rows[k].id, one));
		}
	}
	for (size_t i = 0; i < N; i++)
		assert_true(enter(s, rows[i].sender, rows[i].id, one));
	open_set_free(&s);
}

static void leaving_without_being_there_is_nothing(void **state)
{
	struct open_set *s = open_set_new();

	(void)state;
	open_set_leave(s, BYTES_LIT("sys"), BYTES_LIT("m"));
	assert_true(enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), one));
	open_set_leave(s, BYTES_LIT("sys"), BYTES_LIT("n"));
	open_set_leave(s, BYTES_LIT("sy"), BYTES_LIT("m"));
	assert_false(enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), one));
	open_set_leave(s, BYTES_LIT("sys"), BYTES_LIT("m"));
	open_set_leave(s, BYTES_LIT("sys"), BYTES_LIT("m"));
	open_set_free(&s);
}

static void the_names_may_be_gone_after_they_entered(void **state)
{
	struct open_set *s = open_set_new();
	char sender[] = "sys", id[] = "m";

	(void)state;
	assert_true(enter(s, bytes_str(sender), bytes_str(id), one));
	memset(sender, 'x', 3);
	id[0] = 'x';
	assert_false(enter(s, BYTES_LIT("sys"), BYTES_LIT("m"), one));
	assert_true(enter(s, bytes_str(sender), bytes_str(id), one));
	open_set_free(&s);
}

/* Several in every chain; those in the middle of a chain leave first. */
static void many_messages_are_kept_apart(void **state)
{
	enum { MANY = 30000 };
	struct open_set *s = open_set_new();
	char id[32];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof id, "m%d", i);
		assert_true(enter(s, BYTES_LIT("sys"), bytes_str(id), one));
		assert_true(enter(s, bytes_str(id), BYTES_LIT("m"), one)); /* as many senders of one id */
	}
	for (int i = 1; i < MANY; i += 2) {
		snprintf(id, sizeof id, "m%d", i);
		open_set_leave(s, BYTES_LIT("sys"), bytes_str(id));
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof id, "m%d", i);
		assert_int_equal(enter(s, BYTES_LIT("sys"), bytes_str(id), one), i % 2 == 1);
	}
	open_set_free(&s); /* with all in it */
}

enum { THREADS = 4, KEYS = 3, TURNS = 20000 };
static struct {
	struct open_set *set;
	atomic_int inside[KEYS], entered, met;
} race;

static void *race_run(void *unused)
{
	static const struct bytes ids[KEYS] = {BYTES_LIT("a"), BYTES_LIT("b"), BYTES_LIT("c")};

	(void)unused;
	for (int i = 0; i < TURNS; i++) {
		int k = i % KEYS;
		bool same;

		if (!open_set_enter(race.set, BYTES_LIT("sys"), ids[k], one, &same)) {
			atomic_fetch_add(&race.met, 1);
			if (!same)
				abort();
			continue;
		}
		if (atomic_fetch_add(&race.inside[k], 1) != 0)
			abort(); /* two at once */
		atomic_fetch_sub(&race.inside[k], 1);
		atomic_fetch_add(&race.entered, 1);
		open_set_leave(race.set, BYTES_LIT("sys"), ids[k]);
	}
	return NULL;
}

static void of_many_threads_one_at_a_time_has_the_message(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	race.set = open_set_new();
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race_run, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(race.entered + race.met, THREADS * TURNS);
	assert_true(enter(race.set, BYTES_LIT("sys"), BYTES_LIT("a"), one)); /* all have left */
	open_set_free(&race.set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_in_the_set_until_it_leaves),
		cmocka_unit_test(contents_differ_by_their_last_octet),
		cmocka_unit_test(sender_and_id_are_both_of_the_name),
		cmocka_unit_test(leaving_without_being_there_is_nothing),
		cmocka_unit_test(the_names_may_be_gone_after_they_entered),
		cmocka_unit_test(many_messages_are_kept_apart),
		cmocka_unit_test(of_many_threads_one_at_a_time_has_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
