/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory - see memory.h. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static _Thread_local size_t refusals;
static atomic_bool was_refused;

void memory_miss(void)
{
	refusals++;
	atomic_store_explicit(&was_refused, true, memory_order_relaxed);
}

static void *remember(void *p)
{
	if (!p)
		memory_miss();
	return p;
}

void *memory_take(size_t n)
{
	return remember(malloc(n ? n : 1));
}

void *memory_resize(void *p, size_t n)
{
	return remember(realloc(p, n ? n : 1));
}

char *memory_text(const char *s)
{
	return remember(strdup(s));
}

size_t memory_refusals(void)
{
	return refusals;
}

bool memory_was_refused(void)
{
	return atomic_load_explicit(&was_refused, memory_order_relaxed);
}

outcome memory_judge(size_t before, outcome result, struct err *e)
{
	if (refusals == before)
		return result;
	return err_set(e, REASON_MEMORY, "memory was refused");
}
