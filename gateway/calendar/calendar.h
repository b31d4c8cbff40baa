/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calendar - working days and working hours of Kazakhstan, and terms counted in them.
 *
 * Promise:  an answer rests on lines of data files that name their source; a year without a file is never guessed.
 * Not here: which term or which hours a service has (its descriptor), the zone and its changes (base/clock.h).
 * Spec:     rules P7, A4, A6, I2, I5, T9.
 *
 * Days are local days of the gateway's zone; a stamp is put into that zone by its instant, whatever offset it carries. The
 * week has five days. A calendar does not change after it was loaded: any thread may ask.
 *
 * Two kinds of years are not certain. One without a file: every question that touches it fails with REASON_CALENDAR_YEAR.
 * One whose file says `state provisional`: what is known stands in it, and acts that came later may be missing. A question
 * that touches it is answered when the caller gave `provisional`, which is then true; with NULL it fails with
 * REASON_CALENDAR_YEAR as well. Where `provisional` was given and the call succeeds it is always set. */
#ifndef QAQPA_CALENDAR_CALENDAR_H
#define QAQPA_CALENDAR_CALENDAR_H

#include "base/clock.h"

struct calendar;

struct calendar_day {
	int n; /* days since 1970-01-01 */
};

/* Minutes after local midnight; from <= moment < to. No break: both 0. */
struct calendar_hours {
	int from, to;
	int break_from, break_to;
};

#define CALENDAR_DAY_END 1440  /* as a minute: the end of the day */
#define CALENDAR_TERM_MOST 3660 /* working days */

/* A term that ends on a day off: ends there, or on the next working day. */
enum calendar_roll { CALENDAR_STAYS, CALENDAR_ROLLS };

/* Reads every YEAR.days of the folder. Fails with REASON_CONFIG (file and line are named; or local time is not that of
 * Kazakhstan, because the zone was not set or its data is missing or older than 2024), REASON_IO, REASON_MEMORY. */
MUST_USE outcome calendar_load(const char *directory, struct calendar **out, struct err *e);
void calendar_free(struct calendar **c); /* takes NULL, sets NULL; fit for SCOPED */

/* 2030-01-02, nothing else; false otherwise. */
MUST_USE bool calendar_day_parse(struct bytes text, struct calendar_day *out);
void calendar_day_print(struct calendar_day day, char out[11]);
/* The local day of an instant. */
struct calendar_day calendar_day_of(struct stamp at);
/* The day's moment in local time, `minute` from 0 to CALENDAR_DAY_END; the latter is the last millisecond of the day. Of a
 * moment that came twice (clocks set back) the later one, of one that never came what clocks showed instead. */
struct stamp calendar_moment(struct calendar_day day, int minute);

MUST_USE outcome calendar_is_working_day(const struct calendar *c, struct calendar_day day, bool *provisional,
	bool *working, struct err *e);
/* The hours must be in order, else REASON_CONFIG. */
MUST_USE outcome calendar_is_working_moment(const struct calendar *c, struct stamp at, const struct calendar_hours *hours,
	bool *provisional, bool *working, struct err *e);
/* `at` itself when it is one, else the first one after it: when an application counts as filed (P7). */
MUST_USE outcome calendar_next_working_moment(const struct calendar *c, struct stamp at,
	const struct calendar_hours *hours, bool *provisional, struct stamp *out, struct err *e);

/* The n-th working day after `from`, which does not count itself; with a negative n, before it (A4). Neither 0 nor beyond
 * CALENDAR_TERM_MOST, else REASON_CONFIG. */
MUST_USE outcome calendar_add_working_days(const struct calendar *c, struct calendar_day from, int n, bool *provisional,
	struct calendar_day *out, struct err *e);
/* How many working days lie after `from` up to and with `to`; where `to` is earlier, minus those from `to` on before
 * `from`. The inverse: between(from, add(from, n)) is n. */
MUST_USE outcome calendar_working_days_between(const struct calendar *c, struct calendar_day from, struct calendar_day to,
	bool *provisional, int *n, struct err *e);

/* The last moment that is in time. Of a term of n working days that began with `from`: `minute` of the n-th day after the
 * local day of `from` (A6, I5, T9). Fails as calendar_add_working_days; REASON_CONFIG also for a minute out of range. */
MUST_USE outcome calendar_deadline(const struct calendar *c, struct stamp from, int n, int minute, bool *provisional,
	struct stamp *out, struct err *e);
/* The same of a term whose last day is known (I2: minute 240). CALENDAR_STAYS asks nothing of the data. */
MUST_USE outcome calendar_cutoff(const struct calendar *c, struct calendar_day last, int minute, enum calendar_roll roll,
	bool *provisional, struct stamp *out, struct err *e);

#endif
