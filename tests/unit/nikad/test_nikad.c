/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule P1: document numbers are read, refused with the right words, made and explained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "nikad/nikad.h"

static const struct row {
	const char *name, *text;
	enum nikad_fault fault;
	const char *says; /* part of the sentence */
} rows[] = {
	{"the example of the order is valid", "KZ03 ABC 0000 0001", NIKAD_FINE, ""},
	{"spaces are ignored wherever they stand", " K Z03A BC0 0000001 ", NIKAD_FINE, ""},
	{"a number without spaces is valid", "KZ03ABC00000001", NIKAD_FINE, ""},
	{"a copied no-break space counts as a space",
		"KZ03\xc2\xa0"
		"ABC\xc2\xa0"
		"00000001",
		NIKAD_FINE, ""},
	{"nothing has no places", "", NIKAD_LENGTH, "0 places"},
	{"spaces alone have no places", "   ", NIKAD_LENGTH, "0 places"},
	{"one place is missing", "KZ03 ABC 0000 001", NIKAD_LENGTH, "14 places"},
	{"one place is too many", "KZ03 ABC 0000 00012", NIKAD_LENGTH, "16 places"},
	{"a hyphen is a place, not a space", "KZ03-ABC-00000001", NIKAD_LENGTH, "17 places"},
	{"the printed example of the annex has Cyrillic letters", "KZ03 АВС 0000 0001", NIKAD_LOOK_ALIKE,
		"place 5 holds the Cyrillic letter А; the Latin letter A is meant"},
	{"Cyrillic Ve", "KZ03 AВC 0000 0001", NIKAD_LOOK_ALIKE,
		"place 6 holds the Cyrillic letter В; the Latin letter B is meant"},
	{"Cyrillic Es", "KZ03 ABС 0000 0001", NIKAD_LOOK_ALIKE,
		"place 7 holds the Cyrillic letter С; the Latin letter C is meant"},
	{"Cyrillic Ie", "KZ03 ЕBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter E"},
	{"Cyrillic En", "KZ03 НBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter H"},
	{"Cyrillic Ka in the country", "КZ03 ABC 0000 0001", NIKAD_LOOK_ALIKE,
		"place 1 holds the Cyrillic letter К; the Latin letter K is meant"},
	{"Cyrillic Em", "KZ03 МBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter M"},
	{"Cyrillic O in the type", "KZ03 ОBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter O"},
	{"Cyrillic Er", "KZ03 РBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter P"},
	{"Cyrillic Te", "KZ03 ТBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter T"},
	{"Cyrillic Kha", "KZ03 ХBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter X"},
	{"Cyrillic U", "KZ03 УBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter Y"},
	{"Kazakh straight U", "KZ03 ҮBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter Y"},
	{"Kazakh I", "KZ03 ІBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter I"},
	{"Cyrillic Dze", "KZ03 ЅBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter S"},
	{"Cyrillic Je", "KZ03 ЈBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter J"},
	{"small Cyrillic a", "KZ03 аBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter A"},
	{"small Cyrillic es", "KZ03 сBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter C"},
	{"small Cyrillic ie", "KZ03 еBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter E"},
	{"small Cyrillic o", "KZ03 оBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter O"},
	{"small Cyrillic er", "KZ03 рBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter P"},
	{"small Cyrillic kha", "KZ03 хBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter X"},
	{"small Cyrillic u", "KZ03 уBC 0000 0001", NIKAD_LOOK_ALIKE, "Latin letter Y"},
	{"Cyrillic O among the digits is a zero", "KZ03 ABC 000О 0001", NIKAD_LOOK_ALIKE,
		"place 11 holds the Cyrillic letter О; the Latin digit 0 is meant"},
	{"Cyrillic O among the check digits", "KZО3 ABC 0000 0001", NIKAD_LOOK_ALIKE, "place 3 "},
	{"a Cyrillic letter like no Latin one", "KZ03 ЖBC 0000 0001", NIKAD_CHARACTER,
		"place 5 holds Ж; a letter belongs there"},
	{"the type has no I", "KZ03 IBC 0000 0001", NIKAD_TYPE_LETTER, "place 5 holds I;"},
	{"the type has no O", "KZ03 ABO 0000 0001", NIKAD_TYPE_LETTER, "place 7 holds O;"},
	{"I and O may stand in the country", "IO54 ABC 0000 0001", NIKAD_FINE, ""},
	{"lower case in the type is refused", "KZ03 aBC 0000 0001", NIKAD_LOWER_CASE,
		"place 5 holds the lower-case letter a; write A"},
	{"lower case in the country is refused", "kz03 ABC 0000 0001", NIKAD_LOWER_CASE, "write K"},
	{"Latin O among the digits", "KZ03 ABC 000O 0001", NIKAD_CHARACTER,
		"place 11 holds O; a digit belongs there"},
	{"a digit in the type", "KZ03 A1C 0000 0001", NIKAD_CHARACTER, "place 6 holds 1; a letter belongs there"},
	{"a digit in the country", "K703 ABC 0000 0001", NIKAD_CHARACTER, "place 2 holds 7;"},
	{"punctuation", "KZ03 ABC 0000.0001", NIKAD_LENGTH, "16 places"},
	{"an Arabic digit", "KZ03 ABC 0000 000٣", NIKAD_CHARACTER, "place 15 holds ٣; a digit belongs there"},
	{"a control character is not repeated", "KZ03 ABC 0000 000\x1b", NIKAD_CHARACTER, "place 15 holds ?;"},
	{"a C1 control character is not repeated", "KZ03 ABC 0000 000\xc2\x9b", NIKAD_CHARACTER,
		"place 15 holds ?;"},
	{"a tab is no space", "KZ03 ABC 0000 000\t", NIKAD_CHARACTER, "place 15 holds ?;"},
	{"a broken octet is not repeated", "KZ03 ABC 0000 000\xd0", NIKAD_CHARACTER, "place 15 holds ?;"},
	{"letters that ISO 3166-1 does not assign", "ZZ03 ABC 0000 0001", NIKAD_COUNTRY,
		"ZZ is no country code of ISO 3166-1"},
	{"pairs that only straddle two codes are not assigned", "DA03 ABC 0000 0001", NIKAD_COUNTRY, "DA is no"},
	{"wrong check digits name the right ones", "KZ04 ABC 0000 0001", NIKAD_CHECK,
		"the check digits are 04; for these other parts they must be 03"},
	{"a changed serial is found", "KZ03 ABC 0000 0002", NIKAD_CHECK, "they must be "},
	{"two exchanged digits are found", "KZ03 ABC 0000 0010", NIKAD_CHECK, "they must be "},
	{"two exchanged letters are found", "KZ03 BAC 0000 0001", NIKAD_CHECK, "they must be "},
	{"check digits that are right only modulo 97 are wrong", "KZ00 ABC 0000 0055", NIKAD_CHECK, "must be 97"},
	{"97 instead of 00 is right there", "KZ97 ABC 0000 0055", NIKAD_FINE, ""},
	{"01 does not stand for 98", "KZ01 ABC 0000 0037", NIKAD_CHECK, "must be 98"},
	{"99 does not stand for 02", "KZ99 ABC 0000 0019", NIKAD_CHECK, "must be 02"},
};

static void numbers_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct nikad n;
		struct nikad_problem why;
		SCOPED(buf_free) struct buf words = BUF(512);
		bool ok = nikad_parse(bytes_str(r->text), &n, &why);

		nikad_problem_print(&why, &words);
		if (why.fault != r->fault || ok != (r->fault == NIKAD_FINE) || !strstr(buf_cstr(&words), r->says))
			fail_msg("%s: fault %d, says: %s", r->name, (int)why.fault, buf_cstr(&words));
	}
}

static void the_number_is_given_without_spaces(void **state)
{
	struct nikad n;
	char printed[NIKAD_PRINTED];

	(void)state;
	assert_true(nikad_parse(BYTES_LIT(" KZ03ABC 00000001"), &n, NULL));
	assert_string_equal(n.text, "KZ03ABC00000001");
	nikad_print(&n, printed);
	assert_string_equal(printed, "KZ03 ABC 0000 0001");
}

static void text_after_a_nul_is_not_forgotten(void **state)
{
	struct nikad n;
	struct nikad_problem why;

	(void)state;
	assert_false(nikad_parse(BYTES_LIT("KZ03ABC00000001\0X"), &n, &why));
	assert_int_equal(why.fault, NIKAD_LENGTH);
}

/* The definition itself, with other arithmetic than the code's: the rearranged number modulo 97 is 1. */
static unsigned remainder_of(const char *number)
{
	char decimal[64];
	size_t n = 0;
	unsigned rest = 0;

	for (size_t i = 0; i < NIKAD_PLACES; i++) {
		char c = number[(i + 4) % NIKAD_PLACES];

		n += (size_t)snprintf(decimal + n, sizeof decimal - n, "%d", c >= 'A' ? c - 'A' + 10 : c - '0');
	}
	for (size_t i = 0; i < n; i++)
		rest = (rest * 10 + (unsigned)(decimal[i] - '0')) % 97;
	return rest;
}

static void made_numbers_fit_the_standard(void **state)
{
	static const char *const types[] = {"ABC", "AAA", "ZZZ", "PRM", "HJN"};

	(void)state;
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
		for (unsigned serial = 0; serial < 3000; serial += 7) {
			struct nikad n, again;

			assert_true(nikad_make("KZ", types[t], serial, &n, NULL));
			assert_int_equal(remainder_of(n.text), 1);
			assert_true(nikad_parse(bytes_str(n.text), &again, NULL));
			assert_string_equal(n.text, again.text);
		}
	}
}

static void every_single_wrong_digit_is_found(void **state)
{
	(void)state;
	for (size_t place = 7; place < NIKAD_PLACES; place++) {
		for (char digit = '0'; digit <= '9'; digit++) {
			char text[] = "KZ03ABC00000001";
			struct nikad n;

			if (text[place] == digit)
				continue;
			text[place] = digit;
			assert_false(nikad_parse(bytes_str(text), &n, NULL));
		}
	}
}

static void making_refuses_unsound_parts(void **state)
{
	static const struct {
		const char *country, *type;
		unsigned serial;
		enum nikad_fault fault;
	} parts[] = {
		{"KZ", "ABC", 1, NIKAD_FINE},          {"KZ", "ABC", NIKAD_SERIAL_MAX, NIKAD_FINE},
		{"KZ", "ABC", NIKAD_SERIAL_MAX + 1, NIKAD_SERIAL}, {"KZ", "AIC", 1, NIKAD_TYPE_LETTER},
		{"KZ", "AB", 1, NIKAD_LENGTH},         {"K", "ABC", 1, NIKAD_LENGTH},
		{"QQ", "ABC", 1, NIKAD_COUNTRY},       {"KZ", "abc", 1, NIKAD_LOWER_CASE},
		{"KZ", "A1C", 1, NIKAD_CHARACTER},     {"", "", 1, NIKAD_LENGTH},
	};

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct nikad n;
		struct nikad_problem why;
		bool ok = nikad_make(parts[i].country, parts[i].type, parts[i].serial, &n, &why);

		if (why.fault != parts[i].fault || ok != (parts[i].fault == NIKAD_FINE))
			fail_msg("%s %s %u: fault %d", parts[i].country, parts[i].type, parts[i].serial, (int)why.fault);
	}
}

static void types_have_three_allowed_letters(void **state)
{
	(void)state;
	assert_true(nikad_type_is(BYTES_LIT("PRM")));
	assert_false(nikad_type_is(BYTES_LIT("PR")));
	assert_false(nikad_type_is(BYTES_LIT("PRMX")));
	assert_false(nikad_type_is(BYTES_LIT("PIM")));
	assert_false(nikad_type_is(BYTES_LIT("POM")));
	assert_false(nikad_type_is(BYTES_LIT("prm")));
	assert_false(nikad_type_is(BYTES_LIT("")));
}

static void explanations_name_every_part(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(2048), wrong = BUF(2048);

	(void)state;
	assert_true(nikad_explain(BYTES_LIT("KZ03ABC00000001"), &text));
	assert_non_null(strstr(buf_cstr(&text), "number    KZ03 ABC 0000 0001\n"));
	assert_non_null(strstr(buf_cstr(&text), "country   KZ "));
	assert_non_null(strstr(buf_cstr(&text), "check     03 "));
	assert_non_null(strstr(buf_cstr(&text), "type      ABC "));
	assert_non_null(strstr(buf_cstr(&text), "serial    00000001 "));
	assert_false(nikad_explain(BYTES_LIT("KZ30ABC00000001"), &wrong));
	assert_string_equal(buf_cstr(&wrong),
		"not a NIKAD: the check digits are 30; for these other parts they must be 03\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_judged),
		cmocka_unit_test(the_number_is_given_without_spaces),
		cmocka_unit_test(text_after_a_nul_is_not_forgotten),
		cmocka_unit_test(made_numbers_fit_the_standard),
		cmocka_unit_test(every_single_wrong_digit_is_found),
		cmocka_unit_test(making_refuses_unsound_parts),
		cmocka_unit_test(types_have_three_allowed_letters),
		cmocka_unit_test(explanations_name_every_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
