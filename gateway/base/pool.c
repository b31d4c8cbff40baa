/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool - an arena of growing blocks with a ceiling, and closers for foreign handles. */
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/pool.h"

#define POOL_FIRST 4096u
#define POOL_LARGEST (256u * 1024)

struct block {
	struct block *older;
	alignas(max_align_t) unsigned char data[];
};

struct closer {
	struct closer *older;
	void (*close)(void *thing);
	void *thing;
};

struct pool {
	struct block *blocks;
	struct closer *closers;
	unsigned char *at;
	size_t left, next_size, used, ceiling;
};

struct pool *pool_new_of(size_t ceiling, size_t usual)
{
	struct pool *pool = memory_take(sizeof *pool);

	if (pool)
		*pool = (struct pool){.ceiling = ceiling, .next_size = usual};
	return pool;
}

struct pool *pool_new(size_t ceiling) { return pool_new_of(ceiling, POOL_FIRST); }

void pool_free(struct pool **p)
{
	struct pool *pool = *p;

	if (!pool)
		return;
	*p = NULL;
	for (struct closer *c = pool->closers; c; c = c->older)
		c->close(c->thing);
	while (pool->blocks) {
		struct block *older = pool->blocks->older;

		free(pool->blocks);
		pool->blocks = older;
	}
	free(pool);
}

static bool pool_grow(struct pool *pool, size_t n)
{
	size_t size = n > pool->next_size ? n : pool->next_size;
	struct block *block;

	if (n > pool->ceiling - pool->used)
		return false;
	block = memory_take(sizeof *block + size);
	if (!block)
		return false;
	block->older = pool->blocks;
	pool->blocks = block;
	pool->at = block->data;
	pool->left = size;
	if (pool->next_size < POOL_LARGEST)
		pool->next_size *= 2;
	return true;
}

void *pool_alloc(struct pool *pool, size_t n)
{
	const size_t align = alignof(max_align_t);
	void *p;

	if (n > SIZE_MAX - align)
		return NULL;
	n = (n + align - 1) / align * align;
	if (n == 0)
		n = align;
	if (n > pool->ceiling - pool->used)
		return NULL;
	if (n > pool->left && !pool_grow(pool, n))
		return NULL;
	p = pool->at;
	pool->at += n;
	pool->left -= n;
	pool->used += n;
	return memset(p, 0, n);
}

char *pool_copy(struct pool *pool, struct bytes b)
{
	char *p = pool_alloc(pool, b.n + 1);

	if (p && b.n)
		memcpy(p, b.p, b.n);
	return p;
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
	va_list args;
	int n;
	char *p;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	p = n < 0 ? NULL : pool_alloc(pool, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(args, format);
	vsnprintf(p, (size_t)n + 1, format, args);
	va_end(args);
	return p;
}

bool pool_closes(struct pool *pool, void (*close)(void *thing), void *thing)
{
	struct closer *c = POOL_NEW(pool, struct closer);

	if (!c) {
		close(thing);
		return false;
	}
	*c = (struct closer){pool->closers, close, thing};
	pool->closers = c;
	return true;
}
