/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the next try is made, and the policy as text. */
#include "../cm.h"

#include <stdio.h>

#include "queue/queue_int.h"

static const struct queue_policy steady = {.name = "steady", .initial_ms = 1000, .max_interval_ms = 10000, .factor = 2.0};

static void delays_grow_by_the_factor_up_to_the_cap(void **state)
{
	static const int64_t wanted[] = {1000, 2000, 4000, 8000, 10000, 10000};
	struct queue_policy p = steady;

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(queue_delay(&p, BYTES_LIT("any"), i + 1), wanted[i]);
	assert_int_equal(queue_delay(&p, BYTES_LIT("any"), INT32_MAX), 10000); /* and at once, not after a billion steps */
	p.factor = 1.0;
	assert_int_equal(queue_delay(&p, BYTES_LIT("any"), INT32_MAX), 1000);
	p.initial_ms = 20000;
	assert_int_equal(queue_delay(&p, BYTES_LIT("any"), 1), 10000);
	p.initial_ms = 0;
	assert_int_equal(queue_delay(&p, BYTES_LIT("any"), 1), 1); /* never in a circle without a pause */
	p.factor = 2.0;
	assert_int_equal(queue_delay(&p, BYTES_LIT("any"), INT32_MAX), 1);
}

static void jitter_spreads_both_ways_within_its_bounds(void **state)
{
	struct queue_policy p = steady;
	int below = 0, above = 0, far = 0;

	(void)state;
	p.jitter_percent = 50;
	for (int i = 0; i < 1000; i++) {
		char id[16];
		int64_t d;

		snprintf(id, sizeof id, "m%d", i);
		d = queue_delay(&p, bytes_str(id), 3);
		assert_in_range(d, 2000, 6000);
		below += d < 4000;
		above += d > 4000;
		far += d < 2400 || d > 5600;
		assert_int_equal(queue_delay(&p, bytes_str(id), 3), d); /* the same at any time */
	}
	assert_in_range(below, 400, 600);
	assert_in_range(above, 400, 600);
	assert_in_range(far, 120, 280);
	assert_int_not_equal(queue_delay(&p, BYTES_LIT("m"), 6), queue_delay(&p, BYTES_LIT("m"), 7));
}

static void a_timetable_once_printed_stays_true(void **state)
{
	/* Values of the first version: another version must keep to what this one promised. */
	struct queue_policy p = {.initial_ms = 30000, .max_interval_ms = 3600000, .factor = 1.5, .jitter_percent = 20};
	static const int64_t wanted[] = {34123, 53124, 56947, 90879, 175346};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(queue_delay(&p, BYTES_LIT("6b5a3f0e-58c3-4f0e-9d6f-0d5a8f0b7a11"), i + 1), wanted[i]);
}

static void a_policy_survives_being_text(void **state)
{
	static const struct queue_policy policies[] = {
		{.name = "usual", .initial_ms = 1, .max_interval_ms = INT64_C(86400000), .factor = 1.25, .jitter_percent = 50,
			.max_attempts = INT32_MAX, .expire_after_ms = INT64_C(604800000)},
		{.name = "", .factor = 1.0},
		{.name = "with spaces and \"quotes\"", .initial_ms = 5, .max_interval_ms = 5, .factor = 999.999},
	};
	char text[QUEUE_POLICY_TEXT], name[QUEUE_POLICY_TEXT];
	struct queue_policy back;

	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		const struct queue_policy *p = &policies[i];

		queue_policy_print(p, text);
		assert_true(queue_policy_parse(bytes_str(text), &back, name));
		assert_ptr_equal(back.name, name);
		assert_string_equal(back.name, p->name);
		assert_int_equal(back.initial_ms, p->initial_ms);
		assert_int_equal(back.max_interval_ms, p->max_interval_ms);
		assert_int_equal(back.expire_after_ms, p->expire_after_ms);
		assert_int_equal(back.jitter_percent, p->jitter_percent);
		assert_int_equal(back.max_attempts, p->max_attempts);
		assert_true(back.factor > p->factor - 0.0005 && back.factor < p->factor + 0.0005);
	}
}

static void what_is_no_policy_is_refused(void **state)
{
	static const char *const texts[] = {"", " ", "1 2 3 4 5", "1 2 3 4 5 6", "1 2 3 4 51 6 x", "1 2 3 -4 5 6 x",
		"1 2 x 4 5 6 x", "1  2 3 4 5 6", "99999999999999999999 2 3 4 5 6 x", "1 2 3 4 5 2147483648 x",
		"1 253402300799001 3 4 5 6 x"};
	char name[QUEUE_POLICY_TEXT];
	unsigned char longest[QUEUE_POLICY_TEXT];
	struct queue_policy p;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (queue_policy_parse(bytes_str(texts[i]), &p, name))
			fail_msg("'%s' is taken for a policy", texts[i]);
	}
	assert_false(queue_policy_parse(BYTES_LIT("1 2 3 4 5 6 a\0b"), &p, name));
	memset(longest, 'n', sizeof longest);
	memcpy(longest, "1 2 3 4 5 6 ", 12);
	assert_false(queue_policy_parse((struct bytes){longest, sizeof longest}, &p, name));
	assert_true(queue_policy_parse((struct bytes){longest, sizeof longest - 1}, &p, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_grow_by_the_factor_up_to_the_cap),
		cmocka_unit_test(jitter_spreads_both_ways_within_its_bounds),
		cmocka_unit_test(a_timetable_once_printed_stays_true),
		cmocka_unit_test(a_policy_survives_being_text),
		cmocka_unit_test(what_is_no_policy_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
