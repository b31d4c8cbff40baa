/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about days, on the shipped years: is it worked, when is the n-th, how many lie between. */
#include "one_calendar.h"

static void is_it_a_working_day(void **state)
{
	static const struct {
		const char *day;
		bool worked;
		const char *because;
	} rows[] = {
		{"2024-02-29", true, "a leap day on a Thursday"},
		{"2024-03-02", false, "a Saturday"},
		{"2024-03-03", false, "a Sunday"},
		{"2022-01-03", false, "1 January 2022 was a Saturday"},
		{"2022-01-04", false, "2 January 2022 was a Sunday"},
		{"2022-01-05", true, "both holidays have had their days"},
		{"2022-03-05", true, "a Saturday that the decree moved"},
		{"2022-03-07", false, "free for that Saturday"},
		{"2022-05-10", false, "7 May 2022 was a Saturday, and the next working day is behind 9 May"},
		{"2022-05-11", true, "the day after"},
		{"2022-07-11", true, "Kurban Ait on a Saturday moves nothing"},
		{"2022-10-22", true, "a Saturday that the decree moved"},
		{"2022-10-24", false, "free for that Saturday"},
		{"2022-10-25", false, "Day of the Republic, since 2022"},
		{"2022-12-01", true, "no holiday since 2022"},
		{"2022-12-19", true, "17 December is no holiday since 2022"},
		{"2023-01-02", false, "the second day of the New Year"},
		{"2023-01-03", false, "1 January 2023 was a Sunday"},
		{"2023-01-09", true, "7 January on a Saturday moves nothing"},
		{"2023-06-28", false, "Kurban Ait"},
		{"2023-07-01", true, "a Saturday that the decree moved"},
		{"2023-07-07", false, "free for that Saturday"},
		{"2024-01-08", true, "7 January on a Sunday moves nothing"},
		{"2024-05-04", true, "a Saturday that the order moved"},
		{"2024-05-08", false, "free for that Saturday"},
		{"2024-06-17", true, "Kurban Ait was the day before, a Sunday"},
		{"2025-01-03", false, "free for Sunday the fifth"},
		{"2025-01-05", true, "a Sunday that the order moved"},
		{"2025-03-24", false, "22 March 2025 was a Saturday"},
		{"2025-03-25", false, "23 March 2025 was a Sunday"},
		{"2025-05-08", true, "between two holidays, and not moved"},
		{"2025-12-31", true, "the last day of the year is worked"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool worked;
		struct err e;

		if (!calendar_is_working_day(c, day_of(rows[i].day), NULL, &worked, &e).ok)
			fail_msg("%s: %s", rows[i].day, e.detail);
		if (worked != rows[i].worked)
			fail_msg("%s is %s: %s", rows[i].day, worked ? "worked" : "free", rows[i].because);
	}
}

/* Numbers that newspapers printed from the ministry's calendars of a five-day week; nobody here counted them. */
static void published_numbers_of_working_days_come_out(void **state)
{
	static const struct {
		const char *before, *last;
		int days;
		const char *printed_by;
	} rows[] = {
		{"2022-06-30", "2022-07-31", 20, "mangystaumedia.kz, July 2022: 20 and 11"},
		{"2023-12-31", "2024-12-31", 366 - 117, "almaty-akshamy.kz, 2024: 117 days off"},
		{"2025-09-30", "2025-10-31", 22, "zakon.kz, October 2025: 22 and 9"},
		{"2025-12-31", "2026-01-31", 19, "alau.kz, January 2026: 19 and 12"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool provisional;
		struct err e;
		int n;

		assert_true(calendar_working_days_between(c, day_of(rows[i].before), day_of(rows[i].last), &provisional, &n, &e).ok);
		if (n != rows[i].days)
			fail_msg("%d: %s", n, rows[i].printed_by);
	}
}

static void when_is_the_nth_working_day(void **state)
{
	static const struct {
		const char *from;
		int n;
		const char *day, *because;
	} rows[] = {
		{"2024-02-28", 3, "2024-03-04", "over the leap day, the change of the zone and a weekend (A6)"},
		{"2023-02-28", 1, "2023-03-01", "no leap day"},
		{"2024-02-28", 1, "2024-02-29", "a leap day"},
		{"2024-12-30", 2, "2025-01-05", "over the New Year to the Sunday that is worked"},
		{"2023-12-29", 1, "2024-01-03", "over the New Year"},
		{"2024-12-31", 1, "2025-01-05", "a term that begins on the last day of the year"},
		{"2022-05-06", 1, "2022-05-11", "four free days"},
		{"2024-05-03", 1, "2024-05-04", "a worked Saturday counts (I5, T9)"},
		{"2024-05-06", 1, "2024-05-10", "three free days"},
		{"2024-05-05", 1, "2024-05-06", "a term that begins on a Sunday"},
		{"2024-05-10", -1, "2024-05-06", "no later than one working day before (A4)"},
		{"2025-01-05", -2, "2024-12-30", "two working days before, over the New Year"},
		{"2024-05-12", -1, "2024-05-10", "the working day before a Sunday"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct calendar_day day;
		char text[11];
		struct err e;

		if (!calendar_add_working_days(c, day_of(rows[i].from), rows[i].n, NULL, &day, &e).ok)
			fail_msg("%s: %s", rows[i].because, e.detail);
		calendar_day_print(day, text);
		if (strcmp(text, rows[i].day) != 0)
			fail_msg("%d after %s is %s: %s", rows[i].n, rows[i].from, text, rows[i].because);
	}
}

static void terms_that_cannot_be_counted_are_refused(void **state)
{
	static const int terms[] = {0, CALENDAR_TERM_MOST + 1, -CALENDAR_TERM_MOST - 1};

	(void)state;
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		struct calendar_day day;
		struct err e;

		assert_false(calendar_add_working_days(c, day_of("2024-05-05"), terms[i], NULL, &day, &e).ok);
		assert_int_equal(e.reason, REASON_CONFIG);
	}
}

static void a_year_without_data_is_not_guessed(void **state)
{
	struct calendar_day day;
	bool provisional, worked;
	struct err e;
	int n;

	(void)state;
	assert_false(calendar_is_working_day(c, day_of("2021-12-31"), &provisional, &worked, &e).ok);
	assert_int_equal(e.reason, REASON_CALENDAR_YEAR);
	assert_non_null(strstr(e.detail, "no calendar of the year 2021"));
	assert_false(calendar_is_working_day(c, day_of("1969-12-31"), &provisional, &worked, &e).ok);
	assert_non_null(strstr(e.detail, "no calendar of the year 1969"));
	assert_false(calendar_add_working_days(c, day_of("2022-01-05"), -1, NULL, &day, &e).ok);
	assert_non_null(strstr(e.detail, "no calendar of the year 2021"));
	assert_false(calendar_add_working_days(c, day_of("2027-12-31"), 1, &provisional, &day, &e).ok);
	assert_non_null(strstr(e.detail, "no calendar of the year 2028"));
	assert_false(calendar_working_days_between(c, day_of("2021-12-30"), day_of("2022-02-01"), NULL, &n, &e).ok);
	assert_non_null(strstr(e.detail, "no calendar of the year 2021"));
	/* The first day is not counted, so nothing is asked of its year. */
	assert_true(calendar_working_days_between(c, day_of("2021-12-31"), day_of("2022-01-05"), NULL, &n, &e).ok);
	assert_int_equal(n, 1);
}

static void a_provisional_year_answers_only_who_accepts_that(void **state)
{
	bool provisional = false, worked;
	struct calendar_day day;
	struct err e;
	int n;

	(void)state;
	assert_false(calendar_is_working_day(c, day_of("2027-03-15"), NULL, &worked, &e).ok);
	assert_int_equal(e.reason, REASON_CALENDAR_YEAR);
	assert_non_null(strstr(e.detail, "the calendar of the year 2027 is provisional"));
	assert_true(calendar_is_working_day(c, day_of("2027-03-15"), &provisional, &worked, &e).ok);
	assert_true(provisional);
	assert_false(worked); /* the new Constitution Day */
	assert_true(calendar_is_working_day(c, day_of("2026-08-31"), &provisional, &worked, &e).ok);
	assert_true(worked); /* 30 August is none any more */
	assert_true(calendar_is_working_day(c, day_of("2024-03-04"), &provisional, &worked, &e).ok);
	assert_false(provisional);
	assert_true(calendar_add_working_days(c, day_of("2025-12-30"), 1, &provisional, &day, &e).ok);
	assert_false(provisional);
	assert_true(calendar_add_working_days(c, day_of("2025-12-30"), 2, &provisional, &day, &e).ok);
	assert_true(provisional);
	assert_false(calendar_add_working_days(c, day_of("2025-12-30"), 2, NULL, &day, &e).ok);
	assert_true(calendar_working_days_between(c, day_of("2025-12-30"), day_of("2025-12-31"), &provisional, &n, &e).ok);
	assert_false(provisional);
	assert_true(calendar_working_days_between(c, day_of("2026-01-05"), day_of("2025-12-31"), &provisional, &n, &e).ok);
	assert_true(provisional);
	assert_int_equal(n, -1); /* 31 December */
}

static void adding_and_counting_are_inverse_and_never_end_on_a_day_off(void **state)
{
	unsigned seed = 2024;
	int first = day_of("2022-03-01").n, last = day_of("2025-10-01").n;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct calendar_day from, to, further;
		int n, between;
		bool worked;
		struct err e;

		seed = seed * 1103515245u + 12345u;
		from.n = first + (int)(seed / 65536 % (unsigned)(last - first));
		n = (int)(seed % 40) + 1;
		if (seed & 1u << 20)
			n = -n;
		assert_true(calendar_add_working_days(c, from, n, NULL, &to, &e).ok);
		assert_true(calendar_is_working_day(c, to, NULL, &worked, &e).ok);
		assert_true(worked);
		assert_true(n > 0 ? to.n > from.n : to.n < from.n);
		assert_true(calendar_working_days_between(c, from, to, NULL, &between, &e).ok);
		assert_int_equal(between, n);
		/* A day more ends later, a term that begins later never ends earlier. */
		if (n > 0) {
			assert_true(calendar_add_working_days(c, from, n + 1, NULL, &further, &e).ok);
			assert_true(further.n > to.n);
		}
		from.n++;
		assert_true(calendar_add_working_days(c, from, n, NULL, &further, &e).ok);
		assert_true(further.n >= to.n);
	}
}

static void days_are_read_strictly_and_printed_back(void **state)
{
	static const char *const bad[] = {"", "2024-1-01", "2024-13-01", "2024-02-30", "2023-02-29", "2024-01-01 ",
		"2024-01-01T00:00:00Z", "24-01-01", "0000-01-01"};
	struct calendar_day day;
	char text[11];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (calendar_day_parse(bytes_str(bad[i]), &day))
			fail_msg("%s was taken", bad[i]);
	}
	assert_int_equal(day_of("1970-01-01").n, 0);
	assert_int_equal(day_of("1969-12-31").n, -1);
	assert_int_equal(day_of("2024-03-01").n - day_of("2024-02-28").n, 2);
	for (int n = -800; n < 50000; n++) {
		calendar_day_print((struct calendar_day){n}, text);
		assert_int_equal(day_of(text).n, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_it_a_working_day),
		cmocka_unit_test(published_numbers_of_working_days_come_out),
		cmocka_unit_test(when_is_the_nth_working_day),
		cmocka_unit_test(terms_that_cannot_be_counted_are_refused),
		cmocka_unit_test(a_year_without_data_is_not_guessed),
		cmocka_unit_test(a_provisional_year_answers_only_who_accepts_that),
		cmocka_unit_test(adding_and_counting_are_inverse_and_never_end_on_a_day_off),
		cmocka_unit_test(days_are_read_strictly_and_printed_back),
	};
	return cmocka_run_group_tests(tests, load, drop);
}
