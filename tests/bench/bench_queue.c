/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_queue - how much memory Redis needs for messages that wait: puts so many, bodies outside of Redis as far as memory
 * is concerned (they are in the spool in real use), each of an order key of its own. Prints messages a second.
 * Usage: qaqpa_bench_queue SOCKET SPOOL COUNT; ./bench --waiting prints what Redis says afterwards. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "queue/queue.h"

#define AT_ONCE 1024

struct one {
	struct queue_put put;
	char id[40], key[40], meta[256];
};

static sem_t room;
static size_t failed;

static void put_done(struct queue_put *put, enum queue_result result, const struct err *e)
{
	(void)e;
	if (result != QUEUE_DONE)
		failed++;
	free(put->ctx);
	sem_post(&room);
}

static void put_one(struct queue *q, const struct queue_policy *policy, unsigned n)
{
	struct one *m = calloc(1, sizeof *m);

	snprintf(m->id, sizeof m->id, "{%08x-0000-4000-8000-%012x}", n, n);
	snprintf(m->key, sizeof m->key, "%08x-0000-4000-8000-%012x", n, n + 1);
	snprintf(m->meta, sizeof m->meta, "p\npermits\nCase\ndepartment\ndepartment_is\n%.36s\n%s\n%s\n", m->id + 1, m->key,
		m->id);
	m->put = (struct queue_put){
		.id = bytes_str(m->id),
		.destination = BYTES_LIT("permits"),
		.order_key = bytes_str(m->key),
		.meta = bytes_str(m->meta),
		.policy = policy,
		.due_ms = QUEUE_NEVER,
		.accepted_ms = stamp_now().ms,
		.done = put_done,
		.ctx = m,
	};
	sem_wait(&room);
	queue_put(q, &m->put);
}

static void nothing(void *ctx, struct queue_claim *claim)
{
	(void)ctx;
	(void)claim;
}

int main(int argc, char **argv)
{
	const struct queue_policy policy = {"standard", 30000, 3600000, 259200000, 2, 20, 0};
	struct queue_settings settings = {
		.node = "bench", .inline_bytes = 16384, .lease_ms = 60000, .known_ms = 3600000, .hold_most = 1,
		.usual = {NULL, 16, 5, 30000},
		.on_claim = nothing, .on_expired = nothing,
	};
	struct err e = {0};
	struct queue *q;
	unsigned long count;
	int64_t start;

	if (argc != 4)
		return 64;
	settings.server = (struct queue_server){.socket = argv[1], .command_ms = 10000, .everysec_allowed = true};
	settings.spool = argv[2];
	count = strtoul(argv[3], NULL, 10);
	sem_init(&room, 0, AT_ONCE);
	if (!queue_start(&settings, &q, &e).ok) {
		fprintf(stderr, "bench: %s\n", e.detail);
		return 1;
	}
	start = mono_us();
	while (!queue_healthy(q, &e) && mono_us() - start < 10000000)
		;
	start = mono_us();
	for (unsigned n = 0; n < count; n++)
		put_one(q, &policy, n);
	for (int i = 0; i < AT_ONCE; i++)
		sem_wait(&room);
	printf("%lu messages put, %zu refused, %.0f a second\n", count - failed, failed,
		(double)count * 1e6 / (double)(mono_us() - start));
	queue_stop(&q);
	return failed ? 1 : 0;
}
