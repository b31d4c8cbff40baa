/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calendar_int - a year in memory, and what the files of this room share. */
#ifndef QAQPA_CALENDAR_INT_H
#define QAQPA_CALENDAR_INT_H

#include "calendar/calendar.h"

#define YEAR_FIRST 1992
#define YEAR_LAST 2199
#define YEAR_OCTETS ((size_t)64 << 10)
#define MS_OF_DAY ((int64_t)86400000)
#define MS_OF_MINUTE ((int64_t)60000)

enum kind { KIND_WEEKDAY, KIND_WEEKEND, KIND_HOLIDAY, KIND_DAYOFF, KIND_INSTEAD, KIND_MOVED_OFF, KIND_MOVED_WORK };

/* The half of a transfer that lies in another year: that year's file has to say the same. */
struct foreign {
	struct calendar_day day;
	bool works;
	int line;
};
#define FOREIGN_MOST 8

struct year {
	int number;
	bool provisional;
	struct calendar_day first;
	int days; /* 365 or 366 */
	unsigned char kind[366];
	struct foreign foreign[FOREIGN_MOST];
	size_t foreigners;
};

struct calendar {
	struct year *year;
	size_t n;
};

/* Reads the lines of one file; `name` is for words. Fails with REASON_CONFIG. */
MUST_USE outcome year_read(struct bytes text, const char *name, struct year *y, struct err *e);
bool year_works(const struct year *y, struct calendar_day day); /* the day lies in the year */
/* NULL when there is no file of it. */
const struct year *calendar_year(const struct calendar *c, struct calendar_day day);
int day_year(struct calendar_day day);

static inline bool day_is_weekend(struct calendar_day day)
{
	int weekday = ((day.n + 4) % 7 + 7) % 7; /* 0: Sunday; 1970-01-01 was a Thursday */

	return weekday == 0 || weekday == 6;
}

#endif
