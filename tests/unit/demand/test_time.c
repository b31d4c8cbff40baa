/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terms and working hours (I2, P7): the moment of receipt decides, and what cannot be told is said. */
#include "demands.h"

#include "../calendar/years.h"

static struct calendar *calendar; /* of 2025, and a provisional one of 2026 */

#define STAYS {.element = "LastDay", .minute = 240}
#define ROLLS {.element = "LastDay", .minute = 240, .roll = CONF_ROLL_ROLLS}
#define HOURS {.from = 540, .to = 1110, .break_from = 780, .break_to = 870}

static const struct conf_service stays = {.id = "S", .term = STAYS}, rolls = {.id = "S", .term = ROLLS},
	midnight = {.id = "S", .term = {.element = "LastDay", .minute = 1440}}, hours = {.id = "S", .hours = HOURS},
	both = {.id = "S", .term = STAYS, .hours = HOURS},
	strict = {.id = "S", .term = {.element = "LastDay", .minute = 240, .late = CONF_LATE_REFUSE}},
	strict_rolls = {.id = "S",
		.term = {.element = "LastDay", .minute = 240, .late = CONF_LATE_REFUSE, .roll = CONF_ROLL_ROLLS}};

static const struct row {
	const char *name;
	const struct conf_service *service;
	const char *last_day, *received;
	enum reason reason;
	const char *words; /* whole; with a reason, those of the refusal */
} rows[] = {
	{"four hours sharp is in time", &stays, "2025-02-14", "2025-02-14T04:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T04:00:00.000+05:00, in time, term ends 2025-02-14T04:00:00.000+05:00"},
	{"a thousandth later is late, and goes on", &stays, "2025-02-14", "2025-02-14T04:00:00.001+05:00", REASON_NONE,
		"received 2025-02-14T04:00:00.001+05:00, late, term ended 2025-02-14T04:00:00.000+05:00"},
	{"the instant counts, whatever the offset", &stays, "2025-02-14", "2025-02-13T23:00:00.001Z", REASON_NONE,
		"received 2025-02-14T04:00:00.001+05:00, late, term ended 2025-02-14T04:00:00.000+05:00"},
	{"a term that is long over", &stays, "2020-01-31", "2025-02-14T12:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T12:00:00.000+05:00, late, term ended 2020-01-31T04:00:00.000+06:00"},
	{"the end of the day", &midnight, "2025-02-14", "2025-02-14T23:59:59.999+05:00", REASON_NONE,
		"received 2025-02-14T23:59:59.999+05:00, in time, term ends 2025-02-14T23:59:59.999+05:00"},
	{"behind the end of the day", &midnight, "2025-02-14", "2025-02-15T00:00:00.000+05:00", REASON_NONE,
		"received 2025-02-15T00:00:00.000+05:00, late, term ended 2025-02-14T23:59:59.999+05:00"},
	{"a Saturday stays", &stays, "2025-02-15", "2025-02-16T12:00:00.000+05:00", REASON_NONE,
		"received 2025-02-16T12:00:00.000+05:00, late, term ended 2025-02-15T04:00:00.000+05:00"},
	{"a Saturday rolls to Monday", &rolls, "2025-02-15", "2025-02-17T04:00:00.000+05:00", REASON_NONE,
		"received 2025-02-17T04:00:00.000+05:00, in time, term ends 2025-02-17T04:00:00.000+05:00"},
	{"a year that may change", &rolls, "2026-11-21", "2026-11-22T12:00:00.000+05:00", REASON_NONE,
		"received 2026-11-22T12:00:00.000+05:00, in time, term ends 2026-11-23T04:00:00.000+05:00 (calendar provisional)"},
	{"a year without a file", &rolls, "2031-02-15", "2025-02-14T12:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T12:00:00.000+05:00, whether in time cannot be told: there is no calendar of the year 2031"},
	{"a year without a file where no calendar is asked", &stays, "2031-02-15", "2025-02-14T12:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T12:00:00.000+05:00, in time, term ends 2031-02-15T04:00:00.000+05:00"},
	{"late where it is refused", &strict, "2025-02-14", "2025-02-14T04:00:00.001+05:00", REASON_TERM_LATE,
		"received 2025-02-14T04:00:00.001+05:00, late, term ended 2025-02-14T04:00:00.000+05:00"},
	{"in time where late is refused", &strict, "2025-02-14", "2025-02-14T04:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T04:00:00.000+05:00, in time, term ends 2025-02-14T04:00:00.000+05:00"},
	{"cannot be told where late is refused", &strict_rolls, "2031-02-15", "2025-02-14T12:00:00.000+05:00",
		REASON_CALENDAR_YEAR, "there is no calendar of the year 2031"},
	{"a moment of work is filed at once", &hours, NULL, "2025-02-14T10:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T10:00:00.000+05:00, filed 2025-02-14T10:00:00.000+05:00"},
	{"in the break it is filed behind it", &hours, NULL, "2025-02-14T13:15:00.000+05:00", REASON_NONE,
		"received 2025-02-14T13:15:00.000+05:00, filed 2025-02-14T14:30:00.000+05:00"},
	{"on Friday evening it is filed on Monday", &hours, NULL, "2025-02-14T18:30:00.000+05:00", REASON_NONE,
		"received 2025-02-14T18:30:00.000+05:00, filed 2025-02-17T09:00:00.000+05:00"},
	{"hours of a year without a file", &hours, NULL, "2031-02-14T10:00:00.000+05:00", REASON_NONE,
		"received 2031-02-14T10:00:00.000+05:00, from when on it counts as filed cannot be told: there is no calendar of "
		"the year 2031"},
	{"term and hours", &both, "2025-02-14", "2025-02-14T03:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T03:00:00.000+05:00, in time, term ends 2025-02-14T04:00:00.000+05:00, filed "
		"2025-02-14T09:00:00.000+05:00"},
	{"hours alone, where no last day is said", &both, NULL, "2025-02-14T03:00:00.000+05:00", REASON_NONE,
		"received 2025-02-14T03:00:00.000+05:00, filed 2025-02-14T09:00:00.000+05:00"},
	{"no last day", &stays, NULL, "2025-02-14T03:00:00.000+05:00", REASON_NONE, ""},
};

static outcome judge_time(const struct row *r, struct demand_time *out, struct buf *words, struct err *e)
{
	SCOPED(demand_free) struct demand *d = NULL;
	char content[100];

	snprintf(content, sizeof content, r->last_day ? "<p><LastDay>%s</LastDay></p>" : "<p/>", r->last_day);
	SCOPED(judged_end) struct judged j = judge(r->service, content);
	if (!j.o.ok || !demand_new(r->service, &d, e).ok)
		fail_msg("%s: %s", r->name, j.e.detail);
	return demand_time(d, calendar, &j.seen, moment(r->received), out, words, e);
}

static void the_moment_of_receipt_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		SCOPED(buf_free) struct buf words = BUF(1000);
		struct err e = {.reason = REASON_NONE};
		struct demand_time t;
		outcome o = judge_time(r, &t, &words, &e);

		if (o.ok != (r->reason == REASON_NONE) || e.reason != r->reason)
			fail_msg("%s: %s", r->name, e.detail);
		if (strcmp(o.ok ? buf_cstr(&words) : e.detail, r->words) != 0)
			fail_msg("%s: %s, not %s", r->name, o.ok ? buf_cstr(&words) : e.detail, r->words);
		assert_int_equal(t.has_filed, strstr(r->words, ", filed ") != NULL);
		assert_int_equal(t.has_term, strstr(r->words, ", in time") || strstr(r->words, ", late"));
		assert_int_equal(t.in_time, strstr(r->words, ", in time") != NULL);
	}
}

static void the_last_day_stands_once_and_is_a_day(void **state)
{
	(void)state;
	must("absent", &stays, "<p/>", REASON_NONE, NULL);
	must("absent where late is refused", &strict, "<p/>", REASON_PAYLOAD_FIELD, "element LastDay, the last day of the term");
	must("twice", &stays, "<p><LastDay>2030-01-05</LastDay><a><LastDay>2030-01-05</LastDay></a></p>", REASON_PAYLOAD_FIELD,
		"element LastDay, occurrence 2");
	must("no day", &stays, "<LastDay>tomorrow</LastDay>", REASON_PAYLOAD_FIELD, "no date");
	must("a moment", &stays, "<LastDay>2030-01-05T23:00:00+05:00</LastDay>", REASON_NONE, NULL);
}

static int setup(void **state)
{
	struct err e;

	if (new_folder(state) != 0)
		return -1;
	put("2025.days", "year 2025\nstate complete\nsource s a test\ndayoff 2025-01-07 s Christmas\n");
	put("2026.days", "year 2026\nstate provisional\nsource s a test\ndayoff 2026-01-07 s Christmas\n");
	if (!calendar_load(folder, &calendar, &e).ok)
		fail_msg("%s", e.detail);
	envelope_init();
	return 0;
}

static int teardown(void **state)
{
	calendar_free(&calendar);
	return drop_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_moment_of_receipt_decides),
		cmocka_unit_test(the_last_day_stands_once_and_is_a_day),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
