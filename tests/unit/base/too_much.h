/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is refused, in the programs of this folder that ask for it. */
#ifndef QAQPA_TESTS_TOO_MUCH_H
#define QAQPA_TESTS_TOO_MUCH_H

#include <stdint.h>

#define TOO_MUCH (SIZE_MAX / 4)

/* Else a sanitizer ends the process that asks for so much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

#endif
