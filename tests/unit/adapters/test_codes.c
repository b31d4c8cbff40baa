/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule A5: the bar code of an appeal is the content of an EAN-13 symbol that nobody else has and nobody guesses. */
#include "world.h"

#include <stdlib.h>

#include "appeals/sim_appeals.h"

#define CODES 300

/* The symbology's own rule, in its other form: the weighted sum of all thirteen digits ends with 0. */
static bool sums_up(const char *digits)
{
	int sum = 0;

	for (int i = 12, weight = 1; i >= 0; i--, weight = 4 - weight)
		sum += (digits[i] - '0') * weight;
	return sum % 10 == 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void every_code_is_one_and_another(void **state)
{
	static char codes[CODES][14];
	size_t seen[10] = {0};

	(void)state;
	assert_true(sums_up("4006381333931")); /* a published symbol */
	for (size_t i = 0; i < CODES; i++) {
		bar_code_new(codes[i]);
		assert_int_equal(strspn(codes[i], "0123456789"), 13);
		assert_int_equal(strlen(codes[i]), 13);
		assert_memory_equal(codes[i], "20", 2);
		assert_true(sums_up(codes[i]));
		for (int place = 2; place < 12; place++)
			seen[codes[i][place] - '0']++;
	}
	for (size_t i = 0; i < 10; i++) /* 300 of each are to be expected; 150 would be nine deviations away */
		assert_in_range(seen[i], 150, 450);
	qsort(codes, CODES, sizeof codes[0], by_text);
	for (size_t i = 1; i < CODES; i++)
		assert_string_not_equal(codes[i - 1], codes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_code_is_one_and_another)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
