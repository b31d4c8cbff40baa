/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool - memory that lives and dies together.
 *
 * One pool belongs to one message; everything made for the message is taken from it and dropped in one act when
 * the message leaves. Not safe for two threads at once; a message is in one thread's hands at a time.
 */
#ifndef QAQPA_BASE_POOL_H
#define QAQPA_BASE_POOL_H

#include "base/bytes.h"

struct pool;

/* A pool that may hold `ceiling` octets in all. NULL when memory is short. Drop it with pool_free. */
struct pool *pool_new(size_t ceiling);
/* The same for what is known to need more than a few KiB nearly always: `usual` octets are taken at once. */
struct pool *pool_new_of(size_t ceiling, size_t usual);
/* Drops everything; runs the registered closers first, newest first. Takes NULL, sets NULL; fit for SCOPED. */
void pool_free(struct pool **pool);

/* Zeroed memory, aligned for any type; lives as long as the pool. NULL at the ceiling or when memory is short. */
void *pool_alloc(struct pool *pool, size_t n);
/* Copies with a NUL behind; NULL as above. */
char *pool_copy(struct pool *pool, struct bytes b);
char *pool_printf(struct pool *pool, const char *format, ...) PRINTF_LIKE(2, 3);
/* `close(thing)` is called when the pool is dropped (foreign handles: trees, contexts, buffers). False when memory
 * is short: then `thing` was closed at once. */
MUST_USE bool pool_closes(struct pool *pool, void (*close)(void *thing), void *thing);

#define POOL_NEW(pool, type) ((type *)pool_alloc((pool), sizeof(type)))

#endif
