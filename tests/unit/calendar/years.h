/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of years for one test, and days and moments written as text. */
#ifndef QAQPA_TEST_YEARS_H
#define QAQPA_TEST_YEARS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../cm.h"

#include "base/file.h"
#include "calendar/calendar.h"

#define SHIPPED SOURCE_DIR "/config/calendar"

static char folder[64];

static inline int new_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/qaqpa-calendar-XXXXXX");
	return clock_zone("Asia/Almaty") && mkdtemp(folder) ? 0 : 1;
}

static inline void empty_folder(void)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
}

static inline int drop_folder(void **state)
{
	(void)state;
	empty_folder();
	return rmdir(folder);
}

static inline void put(const char *name, const char *text)
{
	struct err e;
	bool made;

	assert_true(file_create(folder, name, bytes_str(text), &made, &e).ok);
	assert_true(made);
}

static inline struct calendar *shipped(void)
{
	struct calendar *c;
	struct err e;

	if (!calendar_load(SHIPPED, &c, &e).ok)
		fail_msg("%s", e.detail);
	return c;
}

static inline struct calendar_day day_of(const char *text)
{
	struct calendar_day day;

	if (!calendar_day_parse(bytes_str(text), &day))
		fail_msg("%s is no day", text);
	return day;
}

static inline struct stamp moment_of(const char *text)
{
	struct stamp at;

	if (!stamp_parse(bytes_str(text), &at))
		fail_msg("%s is no moment", text);
	return at;
}

#endif
