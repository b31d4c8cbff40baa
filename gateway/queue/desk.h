/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desk - scripts of others over the Redis of the queue, for threads that may wait: adapters and operators.
 *
 * A script begins with its line of flags and is embedded by cmake/lua.cmake with desk.lua in front (the local `base` is
 * what its keys begin with, its own words are ARGV[2] and on). It answers an array of texts and numbers. It must not
 * change anything when it runs a second time with the same words: a call whose connection breaks is sent again.
 */
#ifndef QAQPA_QUEUE_DESK_H
#define QAQPA_QUEUE_DESK_H

#include "queue/queue.h"

struct queue_lua {
	const char *name, *sha;
	struct bytes text;
};

struct queue_answer { /* from the pool; numbers as text */
	const struct bytes *part;
	size_t n;
};

struct queue_desk;
/* A desk over the Redis of a running queue, which must outlive it; connections are made when they are needed, and kept.
 * Fails with REASON_MEMORY. */
MUST_USE outcome queue_desk_open(struct queue *q, struct queue_desk **out, struct err *e);
void queue_desk_close(struct queue_desk **d); /* takes NULL, sets NULL; fit for SCOPED */

/* Runs the script over the keys <prefix>:<area>:*. When it returns, what was written is on the disk of Redis, where
 * Sentinels are configured on that of a replica too, and it is the Redis that holds what was acknowledged (see birth in
 * queue_int.h): that is judged inside the same script. Fails with REASON_QUEUE_DOWN (also when it may have been done: send
 * the same words again), REASON_QUEUE_FULL (never for scripts that allow it, flags=allow-oom or no-writes) or REASON_MEMORY.
 * Any thread. */
MUST_USE outcome queue_desk_run(struct queue_desk *d, const struct queue_lua *lua, const char *area,
	const struct bytes *words, size_t n, struct pool *pool, struct queue_answer *out, struct err *e);

/* The same over an operator's connection, whichever Redis it is: for looking, and for putting back. */
MUST_USE outcome queue_admin_run(struct queue_admin *a, const struct queue_lua *lua, const char *area,
	const struct bytes *words, size_t n, struct pool *pool, struct queue_answer *out, struct err *e);

#endif
