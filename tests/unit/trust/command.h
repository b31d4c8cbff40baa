/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command - a command of the shell, for the tests of keys; one that fails ends the test. */
#ifndef QAQPA_TESTS_TRUST_COMMAND_H
#define QAQPA_TESTS_TRUST_COMMAND_H

#include "../cm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

static void run(const char *format, ...) PRINTF_LIKE(1, 2);

static void run(const char *format, ...)
{
	char command[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("%s", command);
}

#endif
