/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shortage - see shortage.h. Not here: what has to hold when memory runs out (the paths). */
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shortage.h"

#ifdef QAQPA_UNDER_ASAN
#define REAL(name) __interceptor_##name
#define IS_COUNTING_BLOCKS false
/* What these lose when they are refused memory is counted in the build without sanitizers (the paths say how much). */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libxmlsec1\nleak:libxml2\nleak:_dl_map_object_deps\n"; /* the last: backtrace loads what it needs */
}
#else
#define REAL(name) __libc_##name
#define IS_COUNTING_BLOCKS true
#endif
void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t count, size_t n);
void *REAL(realloc)(void *p, size_t n);
void *REAL(memalign)(size_t align, size_t n);
void REAL(free)(void *p);

static atomic_bool counting;
static atomic_size_t asked;
static atomic_long blocks;
static atomic_size_t refused_from;
static size_t refused_to;
static _Thread_local bool spared;

void shortage_begin(size_t n, enum shortage_form form)
{
	atomic_store(&refused_from, n ? n : SIZE_MAX);
	refused_to = form == SHORTAGE_ONCE ? n : SIZE_MAX;
	atomic_store(&asked, 0);
	atomic_store(&counting, true);
}

size_t shortage_end(void)
{
	atomic_store(&counting, false);
	return atomic_load(&asked);
}

void shortage_lift(void)
{
	atomic_store(&refused_from, SIZE_MAX);
}

void shortage_spare(bool is_spared)
{
	spared = is_spared;
}

long shortage_blocks(void)
{
	return atomic_load(&blocks);
}

static bool is_refused(void)
{
	size_t n;

	if (!atomic_load_explicit(&counting, memory_order_relaxed) || spared)
		return false;
	n = atomic_fetch_add(&asked, 1) + 1;
	if (n < atomic_load(&refused_from) || n > refused_to)
		return false;
	errno = ENOMEM;
	return true;
}

/* --- who holds what: a table of blocks for a person who looks for a leak --- */

#define TRACED_MOST 4096
#define FRAMES 14
static struct {
	void *block, *frame[FRAMES];
	int n;
} traced[TRACED_MOST];
static bool tracing;

static void trace_taken(void *p)
{
	if (!tracing || spared)
		return;
	tracing = false;
	for (size_t i = 0; i < TRACED_MOST; i++) {
		if (traced[i].block)
			continue;
		traced[i].block = p;
		traced[i].n = backtrace(traced[i].frame, FRAMES);
		break;
	}
	tracing = true;
}

static void trace_given(const void *p)
{
	for (size_t i = 0; tracing && i < TRACED_MOST; i++) {
		if (traced[i].block == p)
			traced[i].block = NULL;
	}
}

void shortage_trace(bool on)
{
	if (on)
		memset(traced, 0, sizeof traced);
	tracing = on;
}

void shortage_print(void)
{
	tracing = false;
	for (size_t i = 0; i < TRACED_MOST; i++) {
		if (!traced[i].block)
			continue;
		dprintf(STDERR_FILENO, "block %p is held:\n", traced[i].block);
		backtrace_symbols_fd(traced[i].frame, traced[i].n, STDERR_FILENO);
	}
}

/* --- the calls themselves --- */

static void *taken(void *p)
{
	if (p && IS_COUNTING_BLOCKS) {
		atomic_fetch_add_explicit(&blocks, 1, memory_order_relaxed);
		trace_taken(p);
	}
	return p;
}

void *malloc(size_t n)
{
	return is_refused() ? NULL : taken(REAL(malloc)(n));
}

void *calloc(size_t count, size_t n)
{
	return is_refused() ? NULL : taken(REAL(calloc)(count, n));
}

void free(void *p)
{
	if (p && IS_COUNTING_BLOCKS) {
		atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
		trace_given(p);
	}
	REAL(free)(p);
}

void *realloc(void *p, size_t n)
{
	void *moved;

	if (is_refused())
		return NULL;
	if (!p)
		return taken(REAL(realloc)(p, n));
	trace_given(p);
	moved = REAL(realloc)(p, n);
	if (!moved && n == 0)
		atomic_fetch_sub_explicit(&blocks, IS_COUNTING_BLOCKS, memory_order_relaxed);
	else if (moved && IS_COUNTING_BLOCKS)
		trace_taken(moved);
	return moved;
}

void *memalign(size_t align, size_t n)
{
	return is_refused() ? NULL : taken(REAL(memalign)(align, n));
}

void *aligned_alloc(size_t align, size_t n)
{
	return is_refused() ? NULL : taken(REAL(memalign)(align, n));
}

int posix_memalign(void **out, size_t align, size_t n)
{
	void *p = is_refused() ? NULL : taken(REAL(memalign)(align, n));

	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}
