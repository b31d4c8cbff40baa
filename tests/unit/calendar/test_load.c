/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of years: what is refused and in which words; the shipped ones; zone data that is missing or old. */
#include "years.h"

#define HEAD "year 2030\nstate complete\nsource law a law\n"

static const struct {
	const char *text, *words;
} malformed[] = {
	{"state complete\n", "2030.days line 1: the first line is that of the year"},
	{"\n# a remark\nyear 30\n", "line 3: this is no year"},
	{"year 20300\n", "line 1: this is no year"},
	{"year 4294969326\n", "line 1: this is no year"}, /* 2030 in 32 bits */
	{"year 2O30\n", "line 1: this is no year"},
	{"year 1991\n", "line 1: this is no year"},
	{"year 2030 2031\n", "line 1: this is no year"},
	{"year 2030\r\n", "line 1: this is no year"},
	{"year 2030\nyear 2030\n", "line 2: the year is given twice"},
	{"year 2030\nstate certain\n", "line 2: the state is complete or provisional"},
	{"year 2030\nstate complete provisional\n", "line 2: the state is complete or provisional"},
	{"year 2030\nstate complete\nstate complete\n", "line 3: the state is given twice"},
	{"year 2030\nsource law\n", "line 2: a source has a name and words"},
	{HEAD "source law another\n", "line 4: a source of this name stands above"},
	{HEAD "festival 2030-01-01 law New Year\n", "line 4: the first word is none of"},
	{HEAD "Holiday 2030-01-01 law New Year\n", "line 4: the first word is none of"},
	{HEAD " \n", "line 4: the first word is none of"},
	{HEAD "holiday\t2030-01-01 law New Year\n", "line 4: the first word is none of"},
	{HEAD "holiday 2030-1-1 law New Year\n", "line 4: a date is written"},
	{HEAD "holiday 01.01.2030 law New Year\n", "line 4: a date is written"},
	{HEAD "holiday 2030-02-29 law New Year\n", "line 4: a date is written"},
	{HEAD "holiday 2030-01-01T law New Year\n", "line 4: a date is written"},
	{HEAD "holiday\n", "line 4: a date is written"},
	{HEAD "holiday 2031-01-01 law New Year\n", "line 4: the date lies in another year"},
	{HEAD "holiday 2029-12-31 law New Year\n", "line 4: the date lies in another year"},
	{HEAD "holiday 2030-01-01 decree New Year\n", "line 4: the source is none that a line above explains"},
	{HEAD "holiday 2030-01-01\n", "line 4: the source is none that a line above explains"},
	{HEAD "holiday 2030-01-01 law\n", "line 4: the day has no name"},
	{HEAD "holiday 2030-01-01 law A\ndayoff 2030-01-01 law B\n", "line 5: the day is named by a line above"},
	{HEAD "holiday 2030-03-09 law Saturday\n", "2030.days: the holiday 2030-03-09 on a day off has no day instead"},
	{HEAD "instead 2030-03-11 2030-03-09 law\n", "line 4: the second date is no holiday on a Saturday or Sunday"},
	{HEAD "holiday 2030-03-08 law Friday\ninstead 2030-03-11 2030-03-08 law\n",
		"line 5: the second date is no holiday on a Saturday or Sunday"},
	{HEAD "dayoff 2030-03-09 law Saturday\ninstead 2030-03-11 2030-03-09 law\n",
		"line 5: the second date is no holiday on a Saturday or Sunday"},
	{HEAD "holiday 2030-03-09 law Saturday\ninstead 2030-03-10 2030-03-09 law\n",
		"line 5: the first date is no working day after the holiday"},
	{HEAD "holiday 2030-03-09 law Saturday\ninstead 2030-03-08 2030-03-09 law\n",
		"line 5: the first date is no working day after the holiday"},
	{HEAD "holiday 2030-03-09 law Saturday\ninstead 2030-03-12 2030-03-09 law\n",
		"2030.days: 2030-03-11 is worked before the day instead of a holiday"},
	{HEAD "holiday 2030-03-09 law Saturday\ninstead 2030-03-11 2030-03-09 law\ninstead 2030-03-12 2030-03-09 law\n",
		"line 6: the holiday has a day instead already"},
	{HEAD "holiday 2030-03-09 law Saturday\ninstead 2030-03-11 2030-03-09 law behind\n", "line 5: words behind"},
	{HEAD "transfer 2030-03-08 2030-03-11 law\n", "line 4: the first date is no free Saturday or Sunday"},
	{HEAD "transfer 2030-03-09 2030-03-10 law\n", "line 4: the second date is no working day"},
	{HEAD "transfer 2030-03-09 2030-03-11 law behind\n", "line 4: words behind"},
	{HEAD "transfer 2031-03-08 2031-03-10 law\n", "line 4: neither date lies in the year"},
	{HEAD "transfer 2030-03-09 law\n", "line 4: a date is written"},
	{HEAD, "2030.days: a year, a state and days are wanted"},
	{"year 2030\nsource law a law\nholiday 2030-01-01 law A\n", "2030.days: a year, a state and days are wanted"},
	{"", "2030.days: a year, a state and days are wanted"},
	{HEAD "holiday 2030-01-01 law \xff\n", "2030.days is no text"},
	{"year 2029\nstate complete\nsource law a law\nholiday 2029-01-01 law A\n",
		"2030.days: the file of this year has to be called 2029.days"},
};

static void what_is_malformed_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		SCOPED(calendar_free) struct calendar *c = NULL;
		struct err e = {0};

		put("2030.days", malformed[i].text);
		if (calendar_load(folder, &c, &e).ok)
			fail_msg("row %zu was taken; wanted: %s", i, malformed[i].words);
		assert_null(c);
		if (e.reason != REASON_CONFIG || !strstr(e.detail, malformed[i].words))
			fail_msg("row %zu: %s; wanted: %s", i, e.detail, malformed[i].words);
		empty_folder();
	}
}

static void too_many_sources_are_refused(void **state)
{
	SCOPED(calendar_free) struct calendar *c = NULL;
	SCOPED(buf_free) struct buf text = BUF(4096);
	struct err e;

	(void)state;
	buf_str(&text, "year 2030\n");
	for (int i = 0; i < 17; i++)
		buf_printf(&text, "source s%d words\n", i);
	put("2030.days", buf_cstr(&text));
	assert_false(calendar_load(folder, &c, &e).ok);
	assert_non_null(strstr(e.detail, "line 18: more sources than a file may have"));
	empty_folder();
}

static void too_many_transfers_over_the_turn_of_the_year_are_refused(void **state)
{
	SCOPED(calendar_free) struct calendar *c = NULL;
	SCOPED(buf_free) struct buf text = BUF(4096);
	struct err e;

	(void)state;
	buf_str(&text, HEAD);
	for (int i = 0; i < 9; i++)
		buf_printf(&text, "transfer 2029-12-29 2030-02-%02d law\n", i < 4 ? 4 + i : 7 + i);
	put("2030.days", buf_cstr(&text));
	assert_false(calendar_load(folder, &c, &e).ok);
	assert_non_null(strstr(e.detail, "line 12: too many dates of other years"));
	empty_folder();
}

/* The reading of a good file, so that the rows above fail for what is wrong in them alone. */
static void a_plain_file_is_taken_and_other_names_are_left_alone(void **state)
{
	SCOPED(calendar_free) struct calendar *c = NULL;
	bool working;
	struct err e;

	(void)state;
	put("2030.days", HEAD "holiday 2030-03-09 law Saturday\ninstead 2030-03-11 2030-03-09 law\n"
		"transfer 2030-03-16 2030-03-15 law\ndayoff 2030-04-01 law Some day");
	put("README.md", "not a year");
	put("2030.days.old", "not a year");
	assert_true(calendar_load(folder, &c, &e).ok);
	assert_true(calendar_is_working_day(c, day_of("2030-03-11"), NULL, &working, &e).ok);
	assert_false(working);
	assert_true(calendar_is_working_day(c, day_of("2030-03-16"), NULL, &working, &e).ok);
	assert_true(working);
	assert_true(calendar_is_working_day(c, day_of("2030-04-01"), NULL, &working, &e).ok);
	assert_false(working);
	assert_true(calendar_is_working_day(c, day_of("2030-04-02"), NULL, &working, &e).ok);
	assert_true(working);
	empty_folder();
}

static void an_empty_folder_or_none_is_no_calendar(void **state)
{
	struct calendar *c;
	struct err e;

	(void)state;
	assert_false(calendar_load(folder, &c, &e).ok);
	assert_int_equal(e.reason, REASON_CONFIG);
	assert_non_null(strstr(e.detail, "has no file of a year"));
	assert_false(calendar_load("/nowhere/at/all", &c, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
}

/* As the decree of 2013 did: Saturday 28 December 2030 is worked for Friday 3 January 2031. */
static void a_transfer_over_the_turn_of_the_year_stands_in_both_files(void **state)
{
	static const char transfer[] = "transfer 2030-12-28 2031-01-03 law\n";
	struct calendar *c;
	char text[300];
	bool working;
	struct err e;

	(void)state;
	snprintf(text, sizeof text, HEAD "%s", transfer);
	put("2030.days", text);
	put("2031.days", "year 2031\nstate complete\nsource law a law\nholiday 2031-01-01 law New Year\n");
	assert_false(calendar_load(folder, &c, &e).ok);
	assert_non_null(strstr(e.detail, "2030.days line 4: the file of 2031 does not have this transfer"));
	empty_folder();

	put("2030.days", text);
	snprintf(text, sizeof text, "year 2031\nstate complete\nsource law a law\n%s", transfer);
	put("2031.days", text);
	assert_true(calendar_load(folder, &c, &e).ok);
	assert_true(calendar_is_working_day(c, day_of("2030-12-28"), NULL, &working, &e).ok);
	assert_true(working);
	assert_true(calendar_is_working_day(c, day_of("2031-01-03"), NULL, &working, &e).ok);
	assert_false(working);
	calendar_free(&c);
	assert_null(c);
	empty_folder();
}

/* Without local time every working hour would be wrong by five hours, silently. */
static void zone_data_that_is_missing_or_old_is_no_calendar(void **state)
{
	static const struct {
		const char *name, *tz, *tzdir, *words; /* words NULL: taken */
	} rows[] = {
		{"no such zone", "Asia/Nowhere", NULL, "is +0 minutes from UTC"},
		{"the zone's file is missing", "Asia/Almaty", "/nowhere/at/all", "install zone data (tzdata) of 2024 or later"},
		{"data older than 2024", "<+06>-6", NULL, "is +360 minutes from UTC"},
		{"a zone of elsewhere", "Europe/Berlin", NULL, "is +120 minutes from UTC"},
		{"another zone of Kazakhstan", "Asia/Qyzylorda", NULL, NULL},
		{"the zone of the gateway", "Asia/Almaty", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(calendar_free) struct calendar *c = NULL;
		struct err e = {0};
		bool ok;

		assert_true(clock_zone("UTC")); /* the room base forgets what it knew of the last one */
		if (rows[i].tzdir)
			setenv("TZDIR", rows[i].tzdir, 1);
		setenv("TZ", rows[i].tz, 1);
		tzset();
		ok = calendar_load(SHIPPED, &c, &e).ok;
		unsetenv("TZDIR");
		if (ok != !rows[i].words || (!ok && (e.reason != REASON_CONFIG || !strstr(e.detail, rows[i].words))))
			fail_msg("%s: %s", rows[i].name, ok ? "taken" : e.detail);
	}
	assert_true(clock_zone("Asia/Almaty"));
}

/* A line of a shipped file that begins with `word` and has `part`. */
static bool has_line(const char *text, const char *word, const char *part)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *end, *at;

		line += *line == '\n';
		end = strchrnul(line, '\n');
		at = strstr(line, part);
		if (strncmp(line, word, strlen(word)) == 0 && at && at < end)
			return true;
		if (!*line)
			return false;
	}
	return false;
}

static void check_shipped(const char *name)
{
	static const char *const kept[] = {"01-01", "01-02", "03-08", "03-21", "03-22", "03-23", "05-01", "05-07", "05-09",
		"07-06", "10-25", "12-16"};
	SCOPED(buf_free) struct buf text = BUF(65536);
	char day[32];
	struct err e;

	assert_true(file_read(SHIPPED, name, 65536, &text, &e).ok);
	if (!has_line(buf_cstr(&text), "source law ", "13 December 2001 No. 267"))
		fail_msg("%s does not name the law on holidays", name);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		snprintf(day, sizeof day, "holiday %.4s-%s ", name, kept[i]);
		if (!has_line(buf_cstr(&text), day, " law"))
			fail_msg("%s has no line %s of the law", name, day);
	}
	snprintf(day, sizeof day, "dayoff %.4s-01-07 ", name);
	if (!has_line(buf_cstr(&text), day, " labour-code "))
		fail_msg("%s has no 7 January", name);
	if (has_line(buf_cstr(&text), "state ", "complete") && !has_line(buf_cstr(&text), "dayoff ", "Kurban Ait"))
		fail_msg("%s says that it is complete and has no Kurban Ait", name);
	if (has_line(buf_cstr(&text), "state ", "provisional") && !has_line(buf_cstr(&text), "# PROVISIONAL", ""))
		fail_msg("%s is provisional and does not say why", name);
	if (has_line(buf_cstr(&text), "transfer ", " law") || has_line(buf_cstr(&text), "transfer ", " rule"))
		fail_msg("%s: a transfer rests on an act, not on the law", name);
}

static void every_shipped_file_is_taken_and_names_its_sources(void **state)
{
	struct calendar *c = shipped();
	DIR *d = opendir(SHIPPED);
	struct dirent *entry;
	int files = 0;

	(void)state;
	calendar_free(&c); /* taken, all of them */
	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, "README.md") == 0)
			continue;
		if (strlen(entry->d_name) != 9 || strcmp(entry->d_name + 4, ".days") != 0)
			fail_msg("%s has no place here", entry->d_name);
		check_shipped(entry->d_name);
		files++;
	}
	closedir(d);
	assert_true(files >= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_malformed_is_refused_with_its_line),
		cmocka_unit_test(too_many_sources_are_refused),
		cmocka_unit_test(too_many_transfers_over_the_turn_of_the_year_are_refused),
		cmocka_unit_test(a_plain_file_is_taken_and_other_names_are_left_alone),
		cmocka_unit_test(an_empty_folder_or_none_is_no_calendar),
		cmocka_unit_test(a_transfer_over_the_turn_of_the_year_stands_in_both_files),
		cmocka_unit_test(zone_data_that_is_missing_or_old_is_no_calendar),
		cmocka_unit_test(every_shipped_file_is_taken_and_names_its_sources),
	};
	return cmocka_run_group_tests(tests, new_folder, drop_folder);
}
