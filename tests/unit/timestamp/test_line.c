/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of orders, and the waits. */
#include "tsa.h"
#include "timestamp_int.h"

static void the_earliest_comes_first(void **state)
{
	struct line l = {0};
	int64_t last = -1;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct order o = {.due_ms = i * 7919 % 1000, .attempts = i};

		snprintf(o.name, sizeof o.name, "order-%d", i);
		assert_true(line_put(&l, &o));
	}
	for (int i = 0; i < 1000; i++) {
		struct order o = line_take(&l);
		char name[NAME_MOST + 1];

		snprintf(name, sizeof name, "order-%d", o.attempts);
		assert_string_equal(o.name, name);
		assert_int_equal(o.due_ms, o.attempts * 7919 % 1000);
		assert_int_equal(o.due_ms, last + 1);
		last = o.due_ms;
	}
	assert_int_equal(l.n, 0);
	line_free(&l);
}

static void a_line_is_bounded(void **state)
{
	struct line l = {0};
	struct order o = {.due_ms = 0};
	size_t n = 0;

	(void)state;
	while (line_put(&l, &o))
		n++;
	assert_int_equal(n, LINE_MOST);
	(void)line_take(&l);
	assert_true(line_put(&l, &o));
	line_free(&l);
}

static void waits_double_up_to_the_most(void **state)
{
	static const struct {
		int attempts;
		double part;
		int64_t wait;
	} rows[] = {
		{1, 0.5, 1000}, {2, 0.5, 2000}, {3, 0.5, 4000}, {6, 0.5, 32000}, {7, 0.5, 60000}, {1000000, 0.5, 60000},
		{1, 0.0, 800}, {1, 1.0, 1200}, {1000000, 1.0, 72000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(line_wait_ms(1000, 60000, rows[i].attempts, rows[i].part), rows[i].wait);
	assert_int_equal(line_wait_ms(0, 60000, 1, 0.0), 1); /* never at once, or a thread would spin */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_comes_first),
		cmocka_unit_test(a_line_is_bounded),
		cmocka_unit_test(waits_double_up_to_the_most),
	};

	return cmocka_run_group_tests_name("timestamp line", tests, NULL, NULL);
}
