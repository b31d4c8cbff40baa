/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calendar_load - the folder of years.
 * Promise:  all files or none; without the local time of Kazakhstan there is no calendar.
 * Not here: the lines (calendar_read.c). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

#include "calendar/calendar_int.h"

#define ENDING ".days"

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* The C library takes a zone whose data is missing for UTC without a word, and data older than 2024 leaves Almaty where it
 * was. All of Kazakhstan is at +05:00 since March 2024. */
static outcome check_zone(struct err *e)
{
	struct stamp summer = {0};

	BUG_IF(!stamp_parse(BYTES_LIT("2024-06-01T00:00:00Z"), &summer));
	summer = stamp_at(summer.ms);
	if (summer.offset_min != 300)
		return err_set(e, REASON_CONFIG, "local time of June 2024 is %+d minutes from UTC, that of Kazakhstan +300:"
			" set its zone, and install zone data (tzdata) of 2024 or later", summer.offset_min);
	return DONE;
}

static bool is_year_file(const char *name)
{
	size_t n = strlen(name), ending = strlen(ENDING);

	return n > ending && name[0] != '.' && strcmp(name + n - ending, ENDING) == 0;
}

static outcome read_file(const char *directory, const char *name, struct year *y, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(YEAR_OCTETS + 1);
	char wanted[16];

	TRY(file_read(directory, name, YEAR_OCTETS, &text, e));
	TRY(year_read(buf_bytes(&text), name, y, e));
	snprintf(wanted, sizeof wanted, "%04d" ENDING, y->number);
	if (strcmp(name, wanted) != 0)
		return err_set(e, REASON_CONFIG, "%s: the file of this year has to be called %s", name, wanted);
	return DONE;
}

static outcome add_year(struct calendar *c, const char *directory, const char *name, struct err *e)
{
	struct year *more = realloc(c->year, (c->n + 1) * sizeof *more);

	if (!more)
		return err_set(e, REASON_MEMORY, "the calendar");
	c->year = more;
	TRY(read_file(directory, name, &c->year[c->n], e));
	c->n++;
	return DONE;
}

static outcome read_folder(struct calendar *c, const char *directory, struct err *e)
{
	SCOPED(close_folder) DIR *folder = opendir(directory);
	struct dirent *entry;

	if (!folder)
		return err_set(e, REASON_IO, "%s: %m", directory);
	while (errno = 0, (entry = readdir(folder))) {
		if (is_year_file(entry->d_name))
			TRY(add_year(c, directory, entry->d_name, e));
	}
	if (errno)
		return err_set(e, REASON_IO, "%s: %m", directory);
	return c->n ? DONE : err_set(e, REASON_CONFIG, "%s has no file of a year", directory);
}

/* A transfer over the turn of the year stands in both files. */
static outcome check_foreign(const struct calendar *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < c->year[i].foreigners; k++) {
			const struct foreign *f = &c->year[i].foreign[k];
			const struct year *other = calendar_year(c, f->day);

			if (other && year_works(other, f->day) != f->works)
				return err_set(e, REASON_CONFIG, "%04d" ENDING " line %d: the file of %d does not have this transfer",
					c->year[i].number, f->line, other->number);
		}
	}
	return DONE;
}

outcome calendar_load(const char *directory, struct calendar **out, struct err *e)
{
	SCOPED(calendar_free) struct calendar *c = NULL;

	*out = NULL;
	TRY(check_zone(e));
	c = calloc(1, sizeof *c);
	if (!c)
		return err_set(e, REASON_MEMORY, "the calendar");
	TRY(read_folder(c, directory, e));
	TRY(check_foreign(c, e));
	*out = c;
	c = NULL;
	return DONE;
}

void calendar_free(struct calendar **c)
{
	if (*c)
		free((*c)->year);
	free(*c);
	*c = NULL;
}
