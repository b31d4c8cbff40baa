/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder_each - a fresh folder for each test of a program, made and dropped by cmocka. */
#ifndef QAQPA_TESTS_JOURNAL_FOLDER_EACH_H
#define QAQPA_TESTS_JOURNAL_FOLDER_EACH_H

#include <sys/mount.h>

#include "help.h"

static struct folder folder;

static UNUSED int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	return 0;
}

static UNUSED int teardown(void **state)
{
	(void)state;
	umount(folder.journal); /* left by a test that failed; else it is none */
	folder_drop(&folder);
	return 0;
}

#endif
