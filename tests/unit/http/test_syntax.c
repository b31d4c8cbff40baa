/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_syntax - words, fields, lists and lengths of a head. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"

static const struct field_row {
	const char *line;
	const char *wrong, *name, *value;
} fields[] = {
	{"Content-Type: text/xml", NULL, "Content-Type", "text/xml"},
	{"A:b", NULL, "A", "b"},
	{"A: \t b c\t ", NULL, "A", "b c"},
	{"A:", NULL, "A", ""},
	{"A: b:c", NULL, "A", "b:c"},
	{"", "field", NULL, NULL},
	{"no colon", "field", NULL, NULL},
	{": value", "field-name", NULL, NULL},
	{"A : b", "field-name", NULL, NULL},
	{" A: folded", "field-name", NULL, NULL},
	{"\tA: folded", "field-name", NULL, NULL},
	{"A(b): c", "field-name", NULL, NULL},
	{"\xd0\x90: c", "field-name", NULL, NULL},
};

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct bytes name = BYTES_NONE, value = BYTES_NONE;
		const char *wrong = http_field(bytes_str(fields[i].line), &name, &value);

		if (fields[i].wrong) {
			assert_non_null(wrong);
			assert_string_equal(wrong, fields[i].wrong);
			continue;
		}
		assert_null(wrong);
		assert_true(bytes_is(name, fields[i].name) && bytes_is(value, fields[i].value));
	}
}

static void test_token_characters(void **state)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		assert_int_equal(http_is_token_char((unsigned char)c), letter || (c && strchr(marks, c)));
		assert_int_equal(http_is_text_char((unsigned char)c), c == '\t' || (c >= 0x20 && c != 0x7f));
	}
	assert_false(http_is_token(BYTES_NONE));
	assert_false(http_is_text(BYTES_LIT("a\0b")));
	assert_true(http_is_same(BYTES_LIT("ChunkeD"), "chunked"));
	assert_false(http_is_same(BYTES_LIT("chunke"), "chunked"));
}

static void test_lists(void **state)
{
	static const char *const wanted[] = {"a", "", "b c", ""};
	struct bytes list = BYTES_LIT("a, ,\tb c ,"), element;
	size_t n = 0;

	(void)state;
	while (http_next_element(&list, &element)) {
		assert_true(n < 4 && bytes_is(element, wanted[n]));
		n++;
	}
	assert_int_equal(n, 4);
}

static void test_lengths(void **state)
{
	static const char *const wrong[] = {"", "-1", "+1", "1 ", "0x1", "1,1", "1234567890123456789", "18446744073709551617"};
	uint64_t n;

	(void)state;
	assert_true(http_length(BYTES_LIT("0"), &n) && n == 0);
	assert_true(http_length(BYTES_LIT("007"), &n) && n == 7);
	assert_true(http_length(BYTES_LIT("999999999999999999"), &n) && n == 999999999999999999);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(http_length(bytes_str(wrong[i]), &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_token_characters),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lengths),
	};
	return cmocka_run_group_tests_name("http: words", tests, NULL, NULL);
}
