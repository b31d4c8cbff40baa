/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calendar_days - questions about days.
 * Promise:  a day is worked or not by the file of its year; every day that an answer rests on was looked up. */
#include <stdio.h>
#include <time.h>

#include "calendar/calendar_int.h"

bool calendar_day_parse(struct bytes text, struct calendar_day *out)
{
	char moment[32];
	struct stamp at;

	if (text.n != 10)
		return false;
	snprintf(moment, sizeof moment, "%.10sT00:00:00Z", (const char *)text.p);
	if (!stamp_parse(bytes_str(moment), &at))
		return false;
	out->n = (int)(at.ms / MS_OF_DAY);
	return true;
}

void calendar_day_print(struct calendar_day day, char out[11])
{
	stamp_day((struct stamp){day.n * MS_OF_DAY, 0, true}, out);
}

int day_year(struct calendar_day day)
{
	time_t t = (time_t)day.n * 86400;
	struct tm tm;

	gmtime_r(&t, &tm);
	return tm.tm_year + 1900;
}

bool year_works(const struct year *y, struct calendar_day day)
{
	unsigned char kind = y->kind[day.n - y->first.n];

	return kind == KIND_WEEKDAY || kind == KIND_MOVED_WORK;
}

const struct year *calendar_year(const struct calendar *c, struct calendar_day day)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct year *y = &c->year[i];

		if (day.n >= y->first.n && day.n < y->first.n + y->days)
			return y;
	}
	return NULL;
}

/* One look-up; `provisional` is only ever raised. */
static outcome look(const struct calendar *c, struct calendar_day day, bool *provisional, bool *working, struct err *e)
{
	const struct year *y = calendar_year(c, day);

	if (!y)
		return err_set(e, REASON_CALENDAR_YEAR, "there is no calendar of the year %d", day_year(day));
	if (y->provisional && !provisional)
		return err_set(e, REASON_CALENDAR_YEAR, "the calendar of the year %d is provisional", y->number);
	if (y->provisional)
		*provisional = true;
	*working = year_works(y, day);
	return DONE;
}

outcome calendar_is_working_day(const struct calendar *c, struct calendar_day day, bool *provisional, bool *working,
	struct err *e)
{
	if (provisional)
		*provisional = false;
	return look(c, day, provisional, working, e);
}

outcome calendar_add_working_days(const struct calendar *c, struct calendar_day from, int n, bool *provisional,
	struct calendar_day *out, struct err *e)
{
	int step = n < 0 ? -1 : 1;
	struct calendar_day day = from;

	if (n == 0 || n > CALENDAR_TERM_MOST || n < -CALENDAR_TERM_MOST)
		return err_set(e, REASON_CONFIG, "a term of %d working days cannot be counted", n);
	if (provisional)
		*provisional = false;
	for (int left = n * step; left > 0;) {
		bool working;

		day.n += step;
		TRY(look(c, day, provisional, &working, e));
		left -= working;
	}
	*out = day;
	return DONE;
}

outcome calendar_working_days_between(const struct calendar *c, struct calendar_day from, struct calendar_day to,
	bool *provisional, int *n, struct err *e)
{
	bool back = to.n < from.n;
	int first = back ? to.n : from.n + 1, last = back ? from.n - 1 : to.n, count = 0;

	if (provisional)
		*provisional = false;
	for (int at = first; at <= last; at++) {
		bool working;

		TRY(look(c, (struct calendar_day){at}, provisional, &working, e));
		count += working;
	}
	*n = back ? -count : count;
	return DONE;
}
