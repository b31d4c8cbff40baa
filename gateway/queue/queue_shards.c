/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_shards - several Redis as one queue: each has a queue of its own, with its thread and its folder in the spool, and
 * what is handed over goes to the one that holds it.
 * Promise:  what is assigned to no shard is in the first Redis. Every Redis is claimed from, whatever is assigned to it
 *           now: what an assignment left behind is delivered from where it lies.
 * Not here: moving a destination (qaqpa queue, docs/scaling.md). */
#include <stdio.h>
#include <stdlib.h>

#include "queue/queue_run.h"

/* The name itself, or what stands before its last /. */
bool queue_shard_holds(const struct queue_shard *s, struct bytes name)
{
	const unsigned char *slash = name.n ? memrchr(name.p, '/', name.n) : NULL;
	struct bytes head = {name.p, slash ? (size_t)(slash - name.p) : name.n};

	for (const char *const *h = s->holds; *h; h++) {
		if (bytes_is(name, *h) || bytes_is(head, *h))
			return true;
	}
	return false;
}

size_t queue_shard_of(const struct queue_shard *shards, size_t n, struct bytes name)
{
	for (size_t i = 0; i < n; i++) {
		if (queue_shard_holds(&shards[i], name))
			return i + 1;
	}
	return 0;
}

outcome queue_shard_spool(const char *spool, const char *name, char out[QUEUE_SHARD_SPOOL], struct err *e)
{
	int n = snprintf(out, QUEUE_SHARD_SPOOL, "%s/redis-%s", spool, name);

	return n > 0 && n < QUEUE_SHARD_SPOOL ? DONE : err_set(e, REASON_USAGE, "%s: the name of the folder is too long", spool);
}

struct queue *queue_of(struct queue *q, struct bytes name)
{
	size_t i = queue_shard_of(q->s.shards, q->s.shard_count, name);

	return i ? q->parts[i - 1] : q;
}

outcome queue_parts_start(struct queue *q, const struct queue_settings *s, struct err *e)
{
	q->parts = calloc(s->shard_count + 1, sizeof *q->parts);
	if (!q->parts)
		return err_set(e, REASON_MEMORY, "the queue");
	for (size_t i = 0; i < s->shard_count; i++) {
		struct queue_settings one = *s;
		char spool[QUEUE_SHARD_SPOOL];

		TRY(queue_shard_spool(s->spool, s->shards[i].name, spool, e));
		one.server = s->shards[i].server;
		one.spool = spool;
		one.redis = s->shards[i].name;
		one.shards = NULL;
		one.shard_count = 0;
		TRY(queue_start(&one, &q->parts[i], e));
	}
	return DONE;
}

void queue_parts_stop(struct queue *q)
{
	for (size_t i = 0; q->parts && i < q->s.shard_count; i++)
		queue_stop(&q->parts[i]);
	free(q->parts);
	q->parts = NULL;
}

bool queue_healthy_for(struct queue *q, struct bytes destination, struct err *e)
{
	return queue_well(queue_of(q, destination), e);
}

bool queue_healthy(struct queue *q, struct err *e)
{
	bool well = queue_well(q, e);

	for (size_t i = 0; well && i < q->s.shard_count; i++)
		well = queue_well(q->parts[i], e);
	return well;
}
