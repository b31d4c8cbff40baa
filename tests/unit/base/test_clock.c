/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moments in local time with their offset (B6), the change of zone of 2024 included. */
#include "../cm.h"

#include <time.h>

#include "base/clock.h"

static int zone_of_almaty(void **state)
{
	(void)state;
	return clock_zone("Asia/Almaty") ? 0 : 1;
}

static void dates_are_read(void **state)
{
	static const struct {
		const char *name, *text, *printed; /* printed NULL: refused */
		bool has_offset;
	} rows[] = {
		{"with an offset", "2030-01-02T03:04:05.678+05:00", "2030-01-02T03:04:05.678+05:00", true},
		{"the old offset stays", "2023-06-01T12:00:00.000+06:00", "2023-06-01T12:00:00.000+06:00", true},
		{"an offset without colon", "2030-01-02T03:04:05+0600", "2030-01-02T03:04:05.000+06:00", true},
		{"UTC", "2030-01-02T03:04:05Z", "2030-01-02T03:04:05.000+00:00", true},
		{"west of UTC", "2030-01-02T03:04:05-03:30", "2030-01-02T03:04:05.000-03:30", true},
		{"no offset before the change of zone is +06", "2024-02-29T22:59:59", "2024-02-29T22:59:59.000+06:00", false},
		{"no offset after the change of zone is +05", "2024-03-01T00:00:01", "2024-03-01T00:00:01.000+05:00", false},
		{"digits beyond milliseconds are dropped", "2030-01-02T03:04:05.6789999+05:00",
			"2030-01-02T03:04:05.678+05:00", true},
		{"one digit of a fraction", "2030-01-02T03:04:05.5Z", "2030-01-02T03:04:05.500+00:00", true},
		{"before 1970", "1969-12-31T23:59:59.250Z", "1969-12-31T23:59:59.250+00:00", true},
		{"a leap day", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000+00:00", true},
		{"no leap day", "2023-02-29T00:00:00Z", NULL, false},
		{"no leap day in 2100", "2100-02-29T00:00:00Z", NULL, false},
		{"thirtieth of February, nonsense time", "2024-02-30T25:61:61", NULL, false},
		{"second 60", "2016-12-31T23:59:60Z", NULL, false},
		{"hour 24", "2030-01-02T24:00:00Z", NULL, false},
		{"month 13", "2030-13-02T00:00:00Z", NULL, false},
		{"a dot without digits", "2030-01-02T03:04:05.Z", NULL, false},
		{"an offset beyond 14 hours", "2030-01-02T03:04:05+14:01", NULL, false},
		{"something behind", "2030-01-02T03:04:05Zx", NULL, false},
		{"a blank before", " 2030-01-02T03:04:05Z", NULL, false},
		{"a date alone", "2030-01-02", NULL, false},
		{"nothing", "", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stamp s;
		char text[STAMP_TEXT];
		bool ok = stamp_parse(bytes_str(rows[i].text), &s);

		if (ok != (rows[i].printed != NULL))
			fail_msg("%s", rows[i].name);
		if (!ok)
			continue;
		stamp_print(s, text);
		if (strcmp(text, rows[i].printed) != 0 || s.has_offset != rows[i].has_offset)
			fail_msg("%s: %s", rows[i].name, text);
	}
}

static void instants_are_exact(void **state)
{
	struct stamp a, b;

	(void)state;
	assert_true(stamp_parse(BYTES_LIT("2024-01-01T06:00:00+06:00"), &a));
	assert_true(stamp_parse(BYTES_LIT("2024-01-01T00:00:00Z"), &b));
	assert_true(a.ms == b.ms);
	assert_true(b.ms == 1704067200000);
}

/* The days of 800 years, at both ends of each month. */
static void every_month_is_as_long_as_the_library_says(void **state)
{
	(void)state;
	for (int at = 0; at < 800 * 12 * 2; at++) {
		struct tm tm = {.tm_year = at / 24 - 310, .tm_mon = at / 2 % 12, .tm_mday = 1, .tm_hour = 23, .tm_min = 59,
			.tm_sec = 58};
		char text[STAMP_TEXT];
		struct stamp s;
		time_t wanted;

		if (at % 2) {
			tm.tm_mon++;
			tm.tm_mday = 0;
		}
		wanted = timegm(&tm); /* which puts tm right */
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
		if (!stamp_parse(bytes_str(text), &s) || s.ms != (int64_t)wanted * 1000)
			fail_msg("%s", text);
	}
}

static void the_zone_changed_in_2024(void **state)
{
	char day[11];

	(void)state;
	assert_int_equal(stamp_at(1704067200000).offset_min, 360); /* 2024-01-01 */
	assert_int_equal(stamp_at(1710000000000).offset_min, 300); /* 2024-03-09 */
	for (int i = 0; i < 3; i++) { /* the last second and the first, by turns */
		assert_int_equal(stamp_at(1709229599999).offset_min, 360);
		assert_int_equal(stamp_at(1709229600000).offset_min, 300);
	}
	stamp_day(stamp_at(1704050000000), day);                   /* 2023-12-31T19:13:20Z */
	assert_string_equal(day, "2024-01-01");
}

static void a_moment_has_the_offset_of_the_zone_that_was_set_last(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(clock_zone("Asia/Almaty"));
		assert_int_equal(stamp_at(1710000000000).offset_min, 300);
		assert_true(clock_zone("Asia/Kathmandu"));
		assert_int_equal(stamp_at(1710000000000).offset_min, 345);
	}
	assert_true(clock_zone("Asia/Almaty"));
}

static void unknown_zones_are_refused(void **state)
{
	(void)state;
	assert_false(clock_zone("Asia/Nowhere"));
	assert_false(clock_zone("../../etc/passwd"));
	assert_false(clock_zone(""));
	assert_true(clock_zone("Asia/Almaty"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read),
		cmocka_unit_test(instants_are_exact),
		cmocka_unit_test(every_month_is_as_long_as_the_library_says),
		cmocka_unit_test(the_zone_changed_in_2024),
		cmocka_unit_test(a_moment_has_the_offset_of_the_zone_that_was_set_last),
		cmocka_unit_test(unknown_zones_are_refused),
	};

	return cmocka_run_group_tests(tests, zone_of_almaty, NULL);
}
