/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rig_group - the one private Redis of a test program, and what cmocka calls before and after a group of its tests. */
#ifndef QAQPA_TESTS_QUEUE_RIG_GROUP_H
#define QAQPA_TESTS_QUEUE_RIG_GROUP_H

#include "rig.h"

static struct rig rig;

static UNUSED int start(void **state)
{
	(void)state;
	rig_start(&rig);
	return 0;
}

static UNUSED int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

#endif
