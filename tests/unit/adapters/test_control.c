/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule T1: amounts and accounts of treasury documents. The control of whole documents is shown by the scenario tests. */
#include "../cm.h"

#include "treasury/control.h"

static void amounts_are_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int64_t amount; /* -1: none */
	} rows[] = {
		{"0.00", 0}, {"0.01", 1}, {"1.10", 110}, {"999999999999.99", INT64_C(99999999999999)}, {"12", -1}, {"1.0", -1},
		{"1.000", -1}, {".50", -1}, {"-1.00", -1}, {"1,00", -1}, {"1 0.00", -1}, {"1.0x", -1}, {"", -1},
		{"1000000000000.00", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t amount = -1;
		char back[24];

		assert_int_equal(amount_read(rows[i].text, &amount), rows[i].amount >= 0);
		if (rows[i].amount < 0)
			continue;
		assert_int_equal(amount, rows[i].amount);
		amount_write(amount, back);
		assert_string_equal(back, rows[i].text);
	}
}

static void a_negative_rest_is_written_as_such(void **state)
{
	char text[24];

	(void)state;
	amount_write(-1, text);
	assert_string_equal(text, "-0.01");
	amount_write(-12345, text);
	assert_string_equal(text, "-123.45");
}

static void accounts_have_check_digits(void **state)
{
	static const char *const right[] = {"KZ75125KZT1001300335", "KZ35070KK1KS00000001", "KZ28601A871000012345"};
	static const char *const wrong[] = {"KZ76125KZT1001300335", "KZ75125KZT1001300353", "KZ75125KZT100130033",
		"KZ75125KZT10013003350", "kz75125KZT1001300335", "KZ75125KZT1001300 35", ""};

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++)
		assert_true(account_is(right[i]));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(account_is(wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_read_exactly),
		cmocka_unit_test(a_negative_rest_is_written_as_such),
		cmocka_unit_test(accounts_have_check_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
