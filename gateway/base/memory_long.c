/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory_long - the blocks that long messages were in are kept for the next ones, which then find pages that are there:
 * those that malloc gives back are taken away by the kernel, and cleared one by one when they are touched again.
 * Promise:  no more than MOST is kept, and nothing that was not needed from one memory_tidy to the next. */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define LONG (512u << 10)
#ifdef QAQPA_SANITIZE_ADDRESS /* whoever touches what is behind a block, or what he has given back, shall be found */
#define STEP 1
#define MOST 0
#else
#define STEP (64u << 10) /* what is asked for is rounded up to: messages of about the same length shall fit each other */
#define MOST (64u << 20)
#endif
#define BLOCKS (MOST / LONG + 1)

struct block {
	void *p;
	size_t n;
};

static struct {
	pthread_mutex_t lock;
	struct block kept[BLOCKS]; /* the last is the last that was given back */
	size_t blocks, octets;
	size_t least; /* octets that were always there since memory_tidy */
} blocks = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *remove_kept(size_t at)
{
	void *p = blocks.kept[at].p;

	blocks.octets -= blocks.kept[at].n;
	if (blocks.octets < blocks.least)
		blocks.least = blocks.octets;
	blocks.blocks--;
	memmove(&blocks.kept[at], &blocks.kept[at + 1], (blocks.blocks - at) * sizeof *blocks.kept);
	return p;
}

/* At most a quarter too long. */
static bool fits(size_t block, size_t n)
{
	return block >= n && block - n <= n / 4;
}

static void *take_kept(size_t n)
{
	for (size_t i = blocks.blocks; i > 0; i--)
		if (fits(blocks.kept[i - 1].n, n))
			return remove_kept(i - 1);
	return NULL;
}

static void drop_kept(void)
{
	pthread_mutex_lock(&blocks.lock);
	while (blocks.blocks > 0)
		free(remove_kept(0));
	pthread_mutex_unlock(&blocks.lock);
}

/* Nothing is refused while memory is kept. */
static void *take_long(size_t n)
{
	const size_t whole = (n + STEP - 1) / STEP * STEP;
	void *p;

	pthread_mutex_lock(&blocks.lock);
	p = take_kept(n);
	pthread_mutex_unlock(&blocks.lock);
	if (!p && !(p = malloc(whole))) {
		drop_kept();
		p = memory_take(whole);
	}
	return p;
}

void *memory_widen(void *p, size_t n)
{
	const size_t had = malloc_usable_size(p);
	void *wide;

	if (n < LONG && had < LONG)
		return memory_resize(p, n);
	if (had >= LONG && fits(had, n))
		return p;
	wide = take_long(n);
	if (!wide)
		return NULL;
	if (had > 0)
		memcpy(wide, p, had < n ? had : n);
	memory_return(p);
	return wide;
}

void memory_return(void *p)
{
	const size_t n = malloc_usable_size(p);

	if (n < LONG || n > MOST) {
		free(p);
		return;
	}
	pthread_mutex_lock(&blocks.lock);
	while (blocks.octets > MOST - n)
		free(remove_kept(0));
	blocks.kept[blocks.blocks++] = (struct block){p, n};
	blocks.octets += n;
	pthread_mutex_unlock(&blocks.lock);
}

size_t memory_kept(void)
{
	size_t octets;

	pthread_mutex_lock(&blocks.lock);
	octets = blocks.octets;
	pthread_mutex_unlock(&blocks.lock);
	return octets;
}

/* The one that was not used for longest, when it was there all the time. */
static void *take_unneeded(void)
{
	void *p = NULL;

	pthread_mutex_lock(&blocks.lock);
	if (blocks.blocks > 0 && blocks.kept[0].n <= blocks.least) {
		blocks.least -= blocks.kept[0].n;
		p = remove_kept(0);
	}
	pthread_mutex_unlock(&blocks.lock);
	return p;
}

void memory_tidy(void)
{
	for (void *p; (p = take_unneeded());)
		free(p);
	pthread_mutex_lock(&blocks.lock);
	blocks.least = blocks.octets;
	pthread_mutex_unlock(&blocks.lock);
}
