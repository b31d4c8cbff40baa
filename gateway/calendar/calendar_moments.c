/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calendar_moments - questions about moments: working hours, and when a term ends.
 * Promise:  local time is that of the zone data at that very moment, over changes of the zone too. */
#include "calendar/calendar_int.h"

static struct stamp shift(struct stamp at, int64_t ms)
{
	return stamp_at(at.ms + ms);
}

/* The first moment, not before `least`, at which local clocks show this; where there is none, the last one that did. Clocks
 * that are set back show it twice, clocks that are set forward perhaps never: then what they showed instead. */
static struct stamp local_moment(struct calendar_day day, int minute, int64_t least)
{
	int64_t local = day.n * MS_OF_DAY + minute * MS_OF_MINUTE;
	int before = stamp_at(local - MS_OF_DAY).offset_min, after = stamp_at(local + MS_OF_DAY).offset_min;
	struct stamp early = stamp_at(local - (before > after ? before : after) * MS_OF_MINUTE);
	struct stamp late = stamp_at(local - (before > after ? after : before) * MS_OF_MINUTE);
	bool early_shows = early.ms + early.offset_min * MS_OF_MINUTE == local;
	bool late_shows = late.ms + late.offset_min * MS_OF_MINUTE == local;

	if (early_shows && (early.ms >= least || !late_shows))
		return early;
	return late;
}

static int64_t local_ms(struct stamp at)
{
	struct stamp here = stamp_at(at.ms);

	return here.ms + here.offset_min * MS_OF_MINUTE;
}

struct calendar_day calendar_day_of(struct stamp at)
{
	int64_t ms = local_ms(at);

	return (struct calendar_day){(int)(ms / MS_OF_DAY - (ms % MS_OF_DAY < 0))};
}

struct stamp calendar_moment(struct calendar_day day, int minute)
{
	BUG_IF(minute < 0 || minute > CALENDAR_DAY_END);
	/* The millisecond before the last appearance of midnight: the day after cannot begin twice without an end between. */
	if (minute == CALENDAR_DAY_END)
		return shift(local_moment((struct calendar_day){day.n + 1}, 0, INT64_MAX), -1);
	return local_moment(day, minute, INT64_MAX);
}

static outcome check_hours(const struct calendar_hours *h, struct err *e)
{
	bool no_break = h->break_from == 0 && h->break_to == 0;

	if (h->from < 0 || h->from >= h->to || h->to > CALENDAR_DAY_END)
		return err_set(e, REASON_CONFIG, "working hours from minute %d to %d", h->from, h->to);
	if (!no_break && (h->break_from <= h->from || h->break_from >= h->break_to || h->break_to >= h->to))
		return err_set(e, REASON_CONFIG, "a break from minute %d to %d in working hours from %d to %d", h->break_from,
			h->break_to, h->from, h->to);
	return DONE;
}

/* The minute of the day at which work goes on: the one of `at` in working hours; after them, CALENDAR_DAY_END. */
static int work_minute(const struct calendar_hours *h, int64_t ms_of_day)
{
	int minute = (int)(ms_of_day / MS_OF_MINUTE);

	if (minute < h->from)
		return h->from;
	if (minute >= h->to)
		return CALENDAR_DAY_END;
	return minute >= h->break_from && minute < h->break_to ? h->break_to : minute;
}

outcome calendar_is_working_moment(const struct calendar *c, struct stamp at, const struct calendar_hours *hours,
	bool *provisional, bool *working, struct err *e)
{
	struct calendar_day day = calendar_day_of(at);
	int64_t ms = local_ms(at) - day.n * MS_OF_DAY;

	TRY(check_hours(hours, e));
	TRY(calendar_is_working_day(c, day, provisional, working, e));
	*working = *working && work_minute(hours, ms) == ms / MS_OF_MINUTE;
	return DONE;
}

outcome calendar_next_working_moment(const struct calendar *c, struct stamp at, const struct calendar_hours *hours,
	bool *provisional, struct stamp *out, struct err *e)
{
	struct calendar_day day = calendar_day_of(at);
	int64_t ms = local_ms(at) - day.n * MS_OF_DAY;
	int minute;
	bool working;

	TRY(check_hours(hours, e));
	TRY(calendar_is_working_day(c, day, provisional, &working, e));
	minute = work_minute(hours, ms);
	if (working && minute == ms / MS_OF_MINUTE) {
		*out = stamp_at(at.ms);
		return DONE;
	}
	if (!working || minute == CALENDAR_DAY_END) {
		bool first = provisional && *provisional;

		TRY(calendar_add_working_days(c, day, 1, provisional, &day, e));
		if (first)
			*provisional = true;
		minute = hours->from;
	}
	*out = local_moment(day, minute, at.ms);
	return DONE;
}

static outcome check_minute(int minute, struct err *e)
{
	if (minute < 0 || minute > CALENDAR_DAY_END)
		return err_set(e, REASON_CONFIG, "a day has no minute %d", minute);
	return DONE;
}

outcome calendar_deadline(const struct calendar *c, struct stamp from, int n, int minute, bool *provisional,
	struct stamp *out, struct err *e)
{
	struct calendar_day day;

	TRY(check_minute(minute, e));
	TRY(calendar_add_working_days(c, calendar_day_of(from), n, provisional, &day, e));
	*out = calendar_moment(day, minute);
	return DONE;
}

outcome calendar_cutoff(const struct calendar *c, struct calendar_day last, int minute, enum calendar_roll roll,
	bool *provisional, struct stamp *out, struct err *e)
{
	struct calendar_day eve = {last.n - 1};

	TRY(check_minute(minute, e));
	if (provisional)
		*provisional = false;
	if (roll == CALENDAR_ROLLS)
		TRY(calendar_add_working_days(c, eve, 1, provisional, &last, e));
	*out = calendar_moment(last, minute);
	return DONE;
}
