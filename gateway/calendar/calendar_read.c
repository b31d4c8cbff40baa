/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calendar_read - the lines of a year's file.
 * Promise:  a file is taken whole or refused with the line; every day names a source that the file has, and no day is
 *           named twice; a holiday on a Saturday or Sunday has its day instead, as the law orders.
 * Not here: whether the years agree with each other (calendar_load.c). */
#include <stdio.h>

#include "base/clock.h"

#include "calendar/calendar_int.h"

#define SOURCES_MOST 16

struct reader {
	struct year *y;
	const char *name;
	int line;
	bool state, days;
	struct bytes source[SOURCES_MOST];
	size_t sources;
	bool instead[366]; /* this holiday has its day instead */
	struct err *e;
};

static outcome wrong(const struct reader *r, const char *what)
{
	return err_set(r->e, REASON_CONFIG, "%s line %d: %s", r->name, r->line, what);
}

/* The next word of the line; empty at its end. */
static struct bytes word(struct bytes *line)
{
	size_t from = 0, to;
	struct bytes found;

	while (from < line->n && line->p[from] == ' ')
		from++;
	for (to = from; to < line->n && line->p[to] != ' '; to++)
		;
	found = bytes_sub(*line, from, to);
	*line = bytes_sub(*line, to, line->n);
	return found;
}

static bool is_blank(struct bytes rest)
{
	return word(&rest).n == 0;
}

static bool inside(const struct year *y, struct calendar_day day)
{
	return day.n >= y->first.n && day.n < y->first.n + y->days;
}

static unsigned char *kind_of(struct year *y, struct calendar_day day)
{
	return &y->kind[day.n - y->first.n];
}

static outcome read_day(const struct reader *r, struct bytes *line, struct calendar_day *out)
{
	if (!calendar_day_parse(word(line), out))
		return wrong(r, "a date is written 2030-01-02, and has to be one");
	return DONE;
}

static outcome read_own_day(const struct reader *r, struct bytes *line, struct calendar_day *out)
{
	TRY(read_day(r, line, out));
	return inside(r->y, *out) ? DONE : wrong(r, "the date lies in another year than the file");
}

static outcome read_source_name(const struct reader *r, struct bytes *line)
{
	struct bytes name = word(line);

	for (size_t i = 0; i < r->sources; i++) {
		if (bytes_eq(r->source[i], name))
			return DONE;
	}
	return wrong(r, "the source is none that a line above explains");
}

static bool first_day(int year, struct calendar_day *out)
{
	char text[32];

	snprintf(text, sizeof text, "%04d-01-01", year);
	return calendar_day_parse(bytes_str(text), out);
}

static int read_number(struct bytes digits)
{
	int n = 0;

	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' || i == 4)
			return -1;
		n = n * 10 + (digits.p[i] - '0');
	}
	return n;
}

static outcome line_year(struct reader *r, struct bytes rest)
{
	struct year *y = r->y;
	struct calendar_day next;

	if (y->days)
		return wrong(r, "the year is given twice");
	y->number = read_number(word(&rest));
	if (!is_blank(rest) || y->number < YEAR_FIRST || y->number > YEAR_LAST)
		return wrong(r, "this is no year");
	BUG_IF(!first_day(y->number, &y->first) || !first_day(y->number + 1, &next));
	y->days = next.n - y->first.n;
	for (int i = 0; i < y->days; i++)
		y->kind[i] = day_is_weekend((struct calendar_day){y->first.n + i}) ? KIND_WEEKEND : KIND_WEEKDAY;
	return DONE;
}

static outcome line_state(struct reader *r, struct bytes rest)
{
	struct bytes state = word(&rest);

	if (r->state)
		return wrong(r, "the state is given twice");
	if (!is_blank(rest) || (!bytes_is(state, "complete") && !bytes_is(state, "provisional")))
		return wrong(r, "the state is complete or provisional");
	r->y->provisional = bytes_is(state, "provisional");
	r->state = true;
	return DONE;
}

static outcome line_source(struct reader *r, struct bytes rest)
{
	struct bytes name = word(&rest);

	if (is_blank(rest))
		return wrong(r, "a source has a name and words that lead to it");
	for (size_t i = 0; i < r->sources; i++) {
		if (bytes_eq(r->source[i], name))
			return wrong(r, "a source of this name stands above");
	}
	if (r->sources == SOURCES_MOST)
		return wrong(r, "more sources than a file may have");
	r->source[r->sources++] = name;
	return DONE;
}

/* holiday|dayoff DATE SOURCE NAME */
static outcome line_free(struct reader *r, struct bytes rest, enum kind kind)
{
	struct calendar_day day;
	unsigned char *was;

	TRY(read_own_day(r, &rest, &day));
	TRY(read_source_name(r, &rest));
	if (is_blank(rest))
		return wrong(r, "the day has no name");
	was = kind_of(r->y, day);
	if (*was != KIND_WEEKDAY && *was != KIND_WEEKEND)
		return wrong(r, "the day is named by a line above");
	*was = (unsigned char)kind;
	return DONE;
}

/* instead DATE HOLIDAY SOURCE */
static outcome line_instead(struct reader *r, struct bytes rest)
{
	struct calendar_day day, holiday;

	TRY(read_own_day(r, &rest, &day));
	TRY(read_own_day(r, &rest, &holiday));
	TRY(read_source_name(r, &rest));
	if (!is_blank(rest))
		return wrong(r, "words behind the source");
	if (*kind_of(r->y, holiday) != KIND_HOLIDAY || !day_is_weekend(holiday))
		return wrong(r, "the second date is no holiday on a Saturday or Sunday");
	if (r->instead[holiday.n - r->y->first.n])
		return wrong(r, "the holiday has a day instead already");
	if (day.n < holiday.n || *kind_of(r->y, day) != KIND_WEEKDAY)
		return wrong(r, "the first date is no working day after the holiday");
	*kind_of(r->y, day) = KIND_INSTEAD;
	r->instead[holiday.n - r->y->first.n] = true;
	return DONE;
}

static outcome transfer_half(struct reader *r, struct calendar_day day, enum kind from, enum kind to)
{
	if (!inside(r->y, day)) {
		if (r->y->foreigners == FOREIGN_MOST)
			return wrong(r, "too many dates of other years");
		r->y->foreign[r->y->foreigners++] = (struct foreign){day, to == KIND_MOVED_WORK, r->line};
		return DONE;
	}
	if (*kind_of(r->y, day) != from)
		return wrong(r, from == KIND_WEEKEND ? "the first date is no free Saturday or Sunday"
						     : "the second date is no working day");
	*kind_of(r->y, day) = (unsigned char)to;
	return DONE;
}

/* transfer WORKED OFF SOURCE */
static outcome line_transfer(struct reader *r, struct bytes rest)
{
	struct calendar_day worked, off;

	TRY(read_day(r, &rest, &worked));
	TRY(read_day(r, &rest, &off));
	TRY(read_source_name(r, &rest));
	if (!is_blank(rest))
		return wrong(r, "words behind the source");
	if (!inside(r->y, worked) && !inside(r->y, off))
		return wrong(r, "neither date lies in the year of the file");
	TRY(transfer_half(r, worked, KIND_WEEKEND, KIND_MOVED_WORK));
	return transfer_half(r, off, KIND_WEEKDAY, KIND_MOVED_OFF);
}

static outcome read_line(struct reader *r, struct bytes line)
{
	struct bytes first = word(&line);

	if (bytes_is(first, "year"))
		return line_year(r, line);
	if (!r->y->days)
		return wrong(r, "the first line is that of the year");
	if (bytes_is(first, "state"))
		return line_state(r, line);
	if (bytes_is(first, "source"))
		return line_source(r, line);
	r->days = true;
	if (bytes_is(first, "holiday"))
		return line_free(r, line, KIND_HOLIDAY);
	if (bytes_is(first, "dayoff"))
		return line_free(r, line, KIND_DAYOFF);
	if (bytes_is(first, "instead"))
		return line_instead(r, line);
	if (bytes_is(first, "transfer"))
		return line_transfer(r, line);
	return wrong(r, "the first word is none of year, state, source, holiday, dayoff, instead, transfer");
}

/* What the law says of a holiday on a day off: free is the next day that would have been worked. */
static outcome check_instead(struct reader *r)
{
	int waiting = 0;

	for (int i = 0; i < r->y->days; i++) {
		struct calendar_day day = {r->y->first.n + i};
		char text[11];

		calendar_day_print(day, text);
		if (r->y->kind[i] == KIND_HOLIDAY && day_is_weekend(day)) {
			if (!r->instead[i])
				return err_set(r->e, REASON_CONFIG, "%s: the holiday %s on a day off has no day instead", r->name, text);
			waiting++;
		}
		if (r->y->kind[i] == KIND_INSTEAD)
			waiting--;
		if (waiting > 0 && year_works(r->y, day))
			return err_set(r->e, REASON_CONFIG, "%s: %s is worked before the day instead of a holiday", r->name, text);
	}
	return DONE;
}

outcome year_read(struct bytes text, const char *name, struct year *y, struct err *e)
{
	struct reader r = {.y = y, .name = name, .e = e};

	*y = (struct year){0};
	if (!utf8_is_xml(text))
		return err_set(e, REASON_CONFIG, "%s is no text", name);
	while (text.n) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		struct bytes line = bytes_sub(text, 0, end ? (size_t)(end - text.p) : text.n);

		r.line++;
		text = bytes_sub(text, line.n + (end != NULL), text.n);
		if (line.n && line.p[0] != '#')
			TRY(read_line(&r, line));
	}
	if (!r.state || !r.days)
		return err_set(e, REASON_CONFIG, "%s: a year, a state and days are wanted", name);
	return check_instead(&r);
}
