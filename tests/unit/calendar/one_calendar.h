/* SPDX-License-Identifier: GPL-3.0-or-later */
/* one_calendar - the shipped years, read once for a program of tests. */
#ifndef QAQPA_TESTS_CALENDAR_ONE_CALENDAR_H
#define QAQPA_TESTS_CALENDAR_ONE_CALENDAR_H

#include "years.h"

static struct calendar *c;

static int load(void **state)
{
	(void)state;
	if (!clock_zone("Asia/Almaty"))
		return 1;
	c = shipped();
	return 0;
}

static int drop(void **state)
{
	(void)state;
	calendar_free(&c);
	return 0;
}

#endif
