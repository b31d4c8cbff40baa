/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about moments: working hours, when an application counts as filed, when a term ends; over the change of the
 * zone of 1 March 2024, when 23:00 to 24:00 of 29 February came twice. */
#include "one_calendar.h"

/* A state body; a night shift over the changed hour; all day. */
static const struct calendar_hours office = {9 * 60, 18 * 60 + 30, 13 * 60, 14 * 60 + 30};
static const struct calendar_hours night = {23 * 60 + 15, CALENDAR_DAY_END, 0, 0};
static const struct calendar_hours always = {0, CALENDAR_DAY_END, 0, 0};

static void says(const char *because, struct stamp at, const char *wanted)
{
	char text[STAMP_TEXT];

	stamp_print(at, text);
	if (strcmp(text, wanted) != 0)
		fail_msg("%s: %s, wanted %s", because, text, wanted);
}

/* The moment is a working one exactly when it is itself the next one. */
static void when_does_an_application_count_as_filed(void **state)
{
	static const struct {
		const struct calendar_hours *hours;
		const char *sent, *filed, *because;
	} rows[] = {
		{&office, "2024-05-06T10:00:00.000+05:00", "2024-05-06T10:00:00.000+05:00", "in working hours"},
		{&office, "2024-05-06T10:20:30.456+05:00", "2024-05-06T10:20:30.456+05:00", "to the millisecond"},
		{&office, "2024-05-06T09:00:00.000+05:00", "2024-05-06T09:00:00.000+05:00", "the first moment"},
		{&office, "2024-05-06T08:59:59.999+05:00", "2024-05-06T09:00:00.000+05:00", "a millisecond too early"},
		{&office, "2024-05-06T12:59:59.999+05:00", "2024-05-06T12:59:59.999+05:00", "just before the break"},
		{&office, "2024-05-06T13:00:00.000+05:00", "2024-05-06T14:30:00.000+05:00", "the break has begun"},
		{&office, "2024-05-06T14:29:59.999+05:00", "2024-05-06T14:30:00.000+05:00", "the break ends"},
		{&office, "2024-05-06T18:29:59.999+05:00", "2024-05-06T18:29:59.999+05:00", "the last moment"},
		{&office, "2024-05-06T18:30:00.000+05:00", "2024-05-10T09:00:00.000+05:00", "after work, before three free days"},
		{&office, "2024-05-03T20:00:00.000+05:00", "2024-05-04T09:00:00.000+05:00", "a worked Saturday follows"},
		{&office, "2024-05-05T11:00:00.000+05:00", "2024-05-06T09:00:00.000+05:00", "a Sunday"},
		{&office, "2024-12-31T18:45:00.000+05:00", "2025-01-05T09:00:00.000+05:00", "over the end of the year"},
		{&office, "2024-05-05T23:59:59.999+05:00", "2024-05-06T09:00:00.000+05:00", "just before midnight"},
		{&office, "2024-05-06T00:00:00.000+05:00", "2024-05-06T09:00:00.000+05:00", "midnight"},
		{&office, "2024-05-05T20:00:00.000Z", "2024-05-06T09:00:00.000+05:00", "Sunday in London, Monday here"},
		{&office, "2024-05-06T09:30:00.000+06:00", "2024-05-06T09:00:00.000+05:00", "half past eight here"},
		{&office, "2024-05-06T12:00:00.000+06:00", "2024-05-06T11:00:00.000+05:00", "filed by our clocks"},
		{&office, "2024-02-29T19:00:00.000+06:00", "2024-03-01T09:00:00.000+05:00", "over the change of the zone"},
		{&office, "2024-02-29T18:29:59.999+06:00", "2024-02-29T18:29:59.999+06:00", "the last moment before the change"},
		{&office, "2024-03-01T09:00:00.000+06:00", "2024-03-01T09:00:00.000+05:00", "nine by the old offset is eight now"},
		{&night, "2024-02-29T12:00:00.000+06:00", "2024-02-29T23:15:00.000+06:00", "23:15 comes twice: the first"},
		{&night, "2024-02-29T23:30:00.000+06:00", "2024-02-29T23:30:00.000+06:00", "half past eleven, the first"},
		{&night, "2024-02-29T23:30:00.000+05:00", "2024-02-29T23:30:00.000+05:00", "half past eleven, the second"},
		{&night, "2024-02-29T23:05:00.000+05:00", "2024-02-29T23:15:00.000+05:00", "between the two: the second"},
		{&always, "2024-03-02T00:00:00.000+05:00", "2024-03-04T00:00:00.000+05:00", "all day, but not on a Saturday"},
		{&always, "2024-03-01T23:59:59.999+05:00", "2024-03-01T23:59:59.999+05:00", "all day up to its end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stamp sent = moment_of(rows[i].sent), filed;
		bool working;
		struct err e;

		if (!calendar_next_working_moment(c, sent, rows[i].hours, NULL, &filed, &e).ok)
			fail_msg("%s: %s", rows[i].because, e.detail);
		says(rows[i].because, filed, rows[i].filed);
		assert_true(calendar_is_working_moment(c, sent, rows[i].hours, NULL, &working, &e).ok);
		if (working != (filed.ms == sent.ms))
			fail_msg("%s: working %d", rows[i].because, working);
	}
}

/* Minute by minute over four days around the change: what is filed is a working moment, and nothing before it was one. */
static void the_next_working_moment_is_the_first(void **state)
{
	static const struct calendar_hours *const all[] = {&office, &night, &always};
	int64_t first = moment_of("2024-02-28T00:00:00+06:00").ms;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		int64_t next = 0;

		for (int minute = 4 * 1440; minute >= 0; minute--) {
			int64_t ms = first + minute * INT64_C(60000);
			struct stamp out;
			bool working;
			struct err e;

			assert_true(calendar_is_working_moment(c, stamp_at(ms), all[i], NULL, &working, &e).ok);
			if (working)
				next = ms;
			if (!next)
				continue;
			assert_true(calendar_next_working_moment(c, stamp_at(ms), all[i], NULL, &out, &e).ok);
			if (out.ms != next)
				says("the next working moment", out, "another");
		}
		assert_true(next != 0);
	}
}

static void hours_out_of_order_are_refused(void **state)
{
	static const struct calendar_hours rows[] = {{-1, 60, 0, 0}, {60, 60, 0, 0}, {120, 60, 0, 0}, {0, 1441, 0, 0},
		{540, 1080, 540, 600}, {540, 1080, 600, 600}, {540, 1080, 660, 600}, {540, 1080, 600, 1080}, {540, 1080, 0, 600}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stamp at = moment_of("2024-05-06T10:00:00+05:00");
		bool working;
		struct err e;

		if (calendar_is_working_moment(c, at, &rows[i], NULL, &working, &e).ok)
			fail_msg("row %zu was taken", i);
		assert_int_equal(e.reason, REASON_CONFIG);
		assert_false(calendar_next_working_moment(c, at, &rows[i], NULL, &at, &e).ok);
		assert_int_equal(e.reason, REASON_CONFIG);
	}
}

static void when_does_a_term_end(void **state)
{
	static const struct {
		const char *from;
		int n, minute;
		const char *end, *because;
	} rows[] = {
		{"2024-05-02T15:00:00+05:00", 3, CALENDAR_DAY_END, "2024-05-06T23:59:59.999+05:00", "a Saturday counts (A6)"},
		{"2024-05-06T15:00:00+05:00", 1, CALENDAR_DAY_END, "2024-05-10T23:59:59.999+05:00", "one day, three are free (I5)"},
		{"2024-05-06T15:00:00+05:00", 1, 18 * 60, "2024-05-10T18:00:00.000+05:00", "until six o'clock"},
		{"2024-02-28T15:00:00+06:00", 1, CALENDAR_DAY_END, "2024-02-29T23:59:59.999+05:00", "the end of a day of 25 hours"},
		{"2024-02-28T15:00:00+06:00", 1, 23 * 60 + 30, "2024-02-29T23:30:00.000+05:00", "a term ends the second time"},
		{"2024-02-28T15:00:00+06:00", 1, 22 * 60, "2024-02-29T22:00:00.000+06:00", "before the change"},
		{"2024-02-28T15:00:00+06:00", 2, 240, "2024-03-01T04:00:00.000+05:00", "after the change"},
		{"2024-02-29T23:30:00+05:00", 1, 240, "2024-03-01T04:00:00.000+05:00", "it began in the hour that came twice"},
		{"2024-12-31T12:00:00+05:00", 1, CALENDAR_DAY_END, "2025-01-05T23:59:59.999+05:00", "over the end of the year"},
		{"2024-05-05T20:00:00Z", 1, 0, "2024-05-10T00:00:00.000+05:00", "it began on Monday by our clocks"},
		{"2024-05-10T12:00:00+05:00", -1, CALENDAR_DAY_END, "2024-05-06T23:59:59.999+05:00", "one working day before (A4)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stamp end;
		struct err e;

		if (!calendar_deadline(c, moment_of(rows[i].from), rows[i].n, rows[i].minute, NULL, &end, &e).ok)
			fail_msg("%s: %s", rows[i].because, e.detail);
		says(rows[i].because, end, rows[i].end);
	}
}

static void when_is_the_cutoff_of_the_last_day(void **state)
{
	static const struct {
		const char *last;
		int minute;
		enum calendar_roll roll;
		const char *end, *because;
	} rows[] = {
		{"2024-05-06", 240, CALENDAR_STAYS, "2024-05-06T04:00:00.000+05:00", "four hours of the last day (I2)"},
		{"2024-05-05", 240, CALENDAR_STAYS, "2024-05-05T04:00:00.000+05:00", "a Sunday stays"},
		{"2024-05-05", 240, CALENDAR_ROLLS, "2024-05-06T04:00:00.000+05:00", "a Sunday rolls"},
		{"2024-05-06", 240, CALENDAR_ROLLS, "2024-05-06T04:00:00.000+05:00", "a working day has no need to"},
		{"2024-05-07", 240, CALENDAR_ROLLS, "2024-05-10T04:00:00.000+05:00", "over three free days"},
		{"2023-12-30", 240, CALENDAR_ROLLS, "2024-01-03T04:00:00.000+06:00", "over the end of the year, by the old offset"},
		{"2024-03-01", 240, CALENDAR_STAYS, "2024-03-01T04:00:00.000+05:00", "the day of the change"},
		{"2024-02-29", 240, CALENDAR_STAYS, "2024-02-29T04:00:00.000+06:00", "the day before"},
		{"2031-05-05", 240, CALENDAR_STAYS, "2031-05-05T04:00:00.000+05:00", "no data is asked for"},
	};
	struct stamp end;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!calendar_cutoff(c, day_of(rows[i].last), rows[i].minute, rows[i].roll, NULL, &end, &e).ok)
			fail_msg("%s: %s", rows[i].because, e.detail);
		says(rows[i].because, end, rows[i].end);
	}
	assert_false(calendar_cutoff(c, day_of("2031-05-05"), 240, CALENDAR_ROLLS, NULL, &end, &e).ok);
	assert_int_equal(e.reason, REASON_CALENDAR_YEAR);
	assert_false(calendar_cutoff(c, day_of("2024-05-05"), 1441, CALENDAR_STAYS, NULL, &end, &e).ok);
	assert_int_equal(e.reason, REASON_CONFIG);
	assert_false(calendar_deadline(c, end, 1, -1, NULL, &end, &e).ok);
	assert_int_equal(e.reason, REASON_CONFIG);
}

static void what_rests_on_a_provisional_year_says_so(void **state)
{
	bool provisional, working;
	struct stamp out;
	struct err e;

	(void)state;
	assert_false(calendar_next_working_moment(c, moment_of("2025-12-31T20:00:00+05:00"), &office, NULL, &out, &e).ok);
	assert_int_equal(e.reason, REASON_CALENDAR_YEAR);
	assert_true(calendar_next_working_moment(c, moment_of("2025-12-31T20:00:00+05:00"), &office, &provisional, &out, &e).ok);
	assert_true(provisional);
	says("over the New Year", out, "2026-01-05T09:00:00.000+05:00");
	assert_true(calendar_next_working_moment(c, moment_of("2025-12-31T12:00:00+05:00"), &office, &provisional, &out, &e).ok);
	assert_false(provisional);
	assert_true(calendar_is_working_moment(c, moment_of("2026-01-05T12:00:00+05:00"), &office, &provisional, &working,
		&e).ok);
	assert_true(provisional && working);
	assert_true(calendar_cutoff(c, day_of("2026-01-05"), 240, CALENDAR_STAYS, &provisional, &out, &e).ok);
	assert_false(provisional);
	assert_true(calendar_cutoff(c, day_of("2026-01-04"), 240, CALENDAR_ROLLS, &provisional, &out, &e).ok);
	assert_true(provisional);
	assert_true(calendar_deadline(c, moment_of("2025-12-31T12:00:00+05:00"), 1, 0, &provisional, &out, &e).ok);
	assert_true(provisional);
}

/* The evening lies in a provisional year, the morning in a complete one: the answer rests on both. */
static void a_provisional_evening_is_not_forgotten(void **state)
{
	struct calendar *own;
	bool provisional;
	struct stamp out;
	struct err e;

	assert_int_equal(new_folder(state), 0);
	put("2030.days", "year 2030\nstate provisional\nsource law a law\nholiday 2030-01-01 law New Year\n");
	put("2031.days", "year 2031\nstate complete\nsource law a law\nholiday 2031-01-01 law New Year\n");
	assert_true(calendar_load(folder, &own, &e).ok);
	assert_true(calendar_next_working_moment(own, moment_of("2030-12-31T20:00:00+05:00"), &office, &provisional, &out,
		&e).ok);
	assert_true(provisional);
	says("the morning", out, "2031-01-02T09:00:00.000+05:00");
	assert_true(calendar_next_working_moment(own, moment_of("2031-01-01T20:00:00+05:00"), &office, &provisional, &out,
		&e).ok);
	assert_false(provisional);
	calendar_free(&own);
	assert_int_equal(drop_folder(state), 0);
}

static void the_day_of_a_moment_is_the_local_one(void **state)
{
	(void)state;
	assert_int_equal(calendar_day_of(moment_of("2023-12-31T18:00:00Z")).n, day_of("2024-01-01").n);
	assert_int_equal(calendar_day_of(moment_of("2023-12-31T17:59:59.999Z")).n, day_of("2023-12-31").n);
	assert_int_equal(calendar_day_of(moment_of("2024-02-29T18:30:00Z")).n, day_of("2024-02-29").n); /* set back */
	assert_int_equal(calendar_day_of(moment_of("2024-02-29T19:00:00Z")).n, day_of("2024-03-01").n);
	assert_int_equal(calendar_day_of(moment_of("1969-12-31T00:00:00Z")).n, -1);
	/* Clocks were set forward from 02:00 to 03:00 on 28 March 2004: 02:30 never came. */
	says("a time that never came", calendar_moment(day_of("2004-03-28"), 150), "2004-03-28T03:30:00.000+07:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_does_an_application_count_as_filed),
		cmocka_unit_test(the_next_working_moment_is_the_first),
		cmocka_unit_test(hours_out_of_order_are_refused),
		cmocka_unit_test(when_does_a_term_end),
		cmocka_unit_test(when_is_the_cutoff_of_the_last_day),
		cmocka_unit_test(what_rests_on_a_provisional_year_says_so),
		cmocka_unit_test(a_provisional_evening_is_not_forgotten),
		cmocka_unit_test(the_day_of_a_moment_is_the_local_one),
	};
	return cmocka_run_group_tests(tests, load, drop);
}
