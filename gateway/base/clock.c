/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock - moments with their offset. Spec: W3C XML Schema part 2, 3.2.7; rule B6 (local time is recorded). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* The offset of the moment that this thread asked for last: most ask for the second that it is now, many times. */
static _Thread_local struct {
	bool known;
	time_t second;
	int minutes;
} last;

bool clock_zone(const char *iana_name)
{
	char path[256];

	if (!iana_name[0] || iana_name[0] == '/' || strstr(iana_name, ".."))
		return false;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", iana_name);
	if (access(path, R_OK) != 0)
		return false;
	if (setenv("TZ", iana_name, 1) != 0)
		return false;
	tzset();
	last.known = false;
	return true;
}

static time_t second_of(int64_t ms) { return (time_t)(ms >= 0 ? ms / 1000 : -((999 - ms) / 1000)); }

struct stamp stamp_at(int64_t ms)
{
	time_t second = second_of(ms);
	struct tm local;

	if (!last.known || last.second != second) {
		localtime_r(&second, &local);
		last.known = true;
		last.second = second;
		last.minutes = (int)(local.tm_gmtoff / 60);
	}
	return (struct stamp){ms, last.minutes, true};
}

struct stamp stamp_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return stamp_at((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* Reads exactly `width` digits at *at; -1 when there are none. */
static int read_digits(struct bytes t, size_t *at, int width)
{
	int v = 0;

	for (int i = 0; i < width; i++, (*at)++) {
		if (*at >= t.n || t.p[*at] < '0' || t.p[*at] > '9')
			return -1;
		v = v * 10 + (t.p[*at] - '0');
	}
	return v;
}

static bool read_char(struct bytes t, size_t *at, char c)
{
	if (*at >= t.n || t.p[*at] != (unsigned char)c)
		return false;
	(*at)++;
	return true;
}

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* As timegm, for what read_calendar gives. */
static int64_t seconds_of(const struct tm *tm)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	const int64_t y = tm->tm_year + 1899; /* the years that are over, from the year 1 on */
	const int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + before[tm->tm_mon] +
		(tm->tm_mon > 1 && is_leap(tm->tm_year + 1900)) + tm->tm_mday - 1;

	return (days - 719162) * 86400 + tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
}

/* Calendar date and clock time into `tm`; false when malformed or not a real date. */
static bool read_calendar(struct bytes t, size_t *at, struct tm *tm)
{
	int y, mo, d, h, mi, s;

	if ((y = read_digits(t, at, 4)) < 1 || !read_char(t, at, '-') || (mo = read_digits(t, at, 2)) < 1 || mo > 12
		|| !read_char(t, at, '-') || (d = read_digits(t, at, 2)) < 1 || d > month_days(y, mo)
		|| !read_char(t, at, 'T') || (h = read_digits(t, at, 2)) < 0 || h > 23 || !read_char(t, at, ':')
		|| (mi = read_digits(t, at, 2)) < 0 || mi > 59 || !read_char(t, at, ':')
		|| (s = read_digits(t, at, 2)) < 0 || s > 59)
		return false;
	*tm = (struct tm){.tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d, .tm_hour = h, .tm_min = mi, .tm_sec = s,
		.tm_isdst = -1};
	return true;
}

static bool read_fraction(struct bytes t, size_t *at, int *ms)
{
	int scale = 100, digits = 0;

	*ms = 0;
	if (!read_char(t, at, '.'))
		return true;
	for (; *at < t.n && t.p[*at] >= '0' && t.p[*at] <= '9'; (*at)++, digits++, scale /= 10)
		*ms += (t.p[*at] - '0') * scale;
	return digits > 0;
}

/* Z, +hh:mm or +hhmm, or nothing. */
static bool read_offset(struct bytes t, size_t *at, bool *has, int *minutes)
{
	int sign, h, m;

	*has = *at < t.n;
	*minutes = 0;
	if (!*has || read_char(t, at, 'Z'))
		return true;
	sign = t.p[*at] == '-' ? -1 : 1;
	if (!read_char(t, at, '+') && !read_char(t, at, '-'))
		return false;
	h = read_digits(t, at, 2);
	if (*at < t.n && t.p[*at] == ':')
		(*at)++;
	m = read_digits(t, at, 2);
	if (h < 0 || m < 0 || m > 59 || h * 60 + m > 14 * 60)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

bool stamp_parse(struct bytes text, struct stamp *out)
{
	size_t at = 0;
	struct tm tm;
	int ms, minutes;
	bool has;

	if (!read_calendar(text, &at, &tm) || !read_fraction(text, &at, &ms) || !read_offset(text, &at, &has, &minutes)
		|| at != text.n)
		return false;
	if (has)
		*out = (struct stamp){(seconds_of(&tm) - minutes * 60) * 1000 + ms, minutes, true};
	else {
		*out = stamp_at((int64_t)mktime(&tm) * 1000 + ms);
		out->has_offset = false;
	}
	return true;
}

static void stamp_local(struct stamp s, struct tm *tm, int *ms)
{
	int64_t local = s.ms + (int64_t)s.offset_min * 60000;
	time_t second = second_of(local);

	*ms = (int)(local - second * 1000);
	gmtime_r(&second, tm);
}

void stamp_print(struct stamp s, char out[STAMP_TEXT])
{
	struct tm tm;
	int ms, off = s.offset_min < 0 ? -s.offset_min : s.offset_min;
	char text[96];

	stamp_local(s, &tm, &ms);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms, s.offset_min < 0 ? '-' : '+', off / 60, off % 60);
	memcpy(out, text, STAMP_TEXT - 1);
	out[STAMP_TEXT - 1] = 0;
}

void stamp_day(struct stamp s, char out[11])
{
	char text[STAMP_TEXT];

	stamp_print(s, text);
	memcpy(out, text, 10);
	out[10] = 0;
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

int64_t thread_cpu_us(void)
{
	return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

int64_t mono_ms(void)
{
	return mono_us() / 1000;
}
