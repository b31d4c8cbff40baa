/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One JSON object a line, whatever the values hold. */
#include "../cm.h"

#include <stdio.h>
#include <unistd.h>

#include "log/log.h"

/* What `act` writes to standard error. */
static void captured(void (*act)(void), char *out, size_t room)
{
	FILE *f = tmpfile();
	int kept = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	act();
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(f);
	n = fread(out, 1, room - 1, f);
	out[n] = 0;
	fclose(f);
}

static void write_hostile(void)
{
	log_event(LOG_WARNING, "test.event", LOG_TEXT("a", "x\r\n{\"level\":\"error\"}"), LOG_NUM("n", -5));
}

static void write_long(void)
{
	static char text[3000];

	memset(text, 'y', sizeof text - 1);
	log_event(LOG_INFO, "test.long", LOG_TEXT("a", text));
}

/* In every value, also through the cut. */
static void write_person(void)
{
	char text[600];

	log_event(LOG_INFO, "test.person", LOG_TEXT("a", "CN=A,serialNumber=IIN880101300123"),
		LOG_PART("b", BYTES_LIT("031231600122")), LOG_TEXT("c", "BIN940140000385"));
	for (int before = 500; before < 520; before++) {
		snprintf(text, sizeof text, "%*s880101300123", before, "");
		log_event(LOG_INFO, "test.cut", LOG_TEXT("a", text));
	}
}

static void write_debug(void)
{
	log_event(LOG_DEBUG, "test.debug", LOG_NUM("n", 1));
}

static void a_value_cannot_break_the_line(void **state)
{
	char line[4096];

	(void)state;
	captured(write_hostile, line, sizeof line);
	assert_non_null(strstr(line,
		"\"event\":\"test.event\",\"a\":\"x\\u000d\\n{\\\"level\\\":\\\"error\\\"}\",\"n\":-5}\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void numbers_of_persons_are_hidden(void **state)
{
	static char lines[64 * 1024];

	(void)state;
	captured(write_person, lines, sizeof lines);
	assert_non_null(strstr(lines,
		"\"a\":\"CN=A,serialNumber=IIN******300123\",\"b\":\"******600122\",\"c\":\"BIN940140000385\"}"));
	assert_null(strstr(lines, "8801"));
}

static void long_values_are_cut(void **state)
{
	char line[8192];

	(void)state;
	captured(write_long, line, sizeof line);
	assert_in_range(strlen(line), 512, 700);
}

static void lines_below_the_level_are_not_written(void **state)
{
	char line[4096];
	enum log_level level;

	(void)state;
	captured(write_debug, line, sizeof line);
	assert_string_equal(line, "");
	assert_true(log_level_named("debug", &level));
	log_set_level(level);
	captured(write_debug, line, sizeof line);
	assert_non_null(strstr(line, "test.debug"));
	log_set_level(LOG_INFO);
	assert_false(log_level_named("loud", &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_cannot_break_the_line),
		cmocka_unit_test(numbers_of_persons_are_hidden),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(lines_below_the_level_are_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
