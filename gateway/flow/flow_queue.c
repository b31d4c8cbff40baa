/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_queue - from the configuration to a running queue. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ident.h"

#include "flow/flow_int.h"

#define PULLERS 2
#define SERVERS_MOST ((size_t)16 << 20)

/* The services that are delivered later, and the participants that are sent messages, are the destinations. */
static size_t destinations_of(const struct conf *c, struct queue_destination *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->participant_count; i++) {
		const struct conf_async *a = &c->participants[i].async;

		if (a->endpoint)
			out[n++] = (struct queue_destination){c->participants[i].name, a->in_flight, a->breaker_failures,
				a->breaker_ms};
	}

	for (size_t i = 0; i < c->service_count; i++) {
		const struct conf_service *s = &c->services[i];

		if (s->delivery == CONF_DELIVERY_QUEUED)
			out[n++] = (struct queue_destination){s->id, s->in_flight, s->breaker_failures, s->breaker_ms};
	}
	return n;
}

/* A list of names that ends with NULL; NULL when memory is short. */
static const char *const *list_of(struct pool *pool, struct conf_names names)
{
	const char **list = pool_alloc(pool, (names.n + 1) * sizeof *list);

	for (size_t i = 0; list && i < names.n; i++)
		list[i] = names.name[i];
	if (list)
		list[names.n] = NULL;
	return list;
}

static bool server_of(const struct conf_queue *q, const struct conf_redis *r, struct pool *pool, struct queue_server *out)
{
	const char *const *sentinels = r->sentinels.n ? list_of(pool, r->sentinels) : NULL;

	*out = (struct queue_server){
		.socket = r->socket,
		.host = r->host,
		.port = r->port,
		.sentinels = sentinels,
		.master = r->master,
		.user = r->user,
		.password_file = r->password_file,
		.tls = r->tls,
		.tls_ca = r->tls_ca,
		.tls_certificate = r->tls_certificate,
		.tls_key = r->tls_key,
		.database = r->database,
		.command_ms = q->command_ms,
		.prefix = q->prefix,
		.everysec_allowed = q->everysec,
	};
	return sentinels || !r->sentinels.n;
}

outcome flow_queue_servers(const struct conf *c, struct pool *pool, struct queue_server *first, struct queue_shard **shards,
	struct err *e)
{
	bool made = server_of(&c->queue, &c->queue.redis, pool, first);

	*shards = pool_alloc(pool, (c->shard_count + 1) * sizeof **shards);
	for (size_t i = 0; made && *shards && i < c->shard_count; i++) {
		struct queue_shard *s = &(*shards)[i];

		*s = (struct queue_shard){.name = c->shards[i].name, .holds = list_of(pool, c->shards[i].holds)};
		made = s->holds && server_of(&c->queue, &c->shards[i].redis, pool, &s->server);
	}
	return made && *shards ? DONE : err_set(e, REASON_MEMORY, "no memory for the list of Redis");
}

/* Threads that may wait for Redis, and the key of correlation identifiers; the queue has made the folder. */
static outcome start_pullers(struct flow *f, const char *spool, struct err *e)
{
	TRY(chain_open(f, spool, e));
	flow_tag(f, f->current);
	f->pullers = work_start("puller", PULLERS);
	f->untold = notice_line_new(f);
	return f->pullers && f->untold ? DONE : err_set(e, REASON_MEMORY, "no threads to start");
}

outcome delivery_start(struct flow *f, struct err *e)
{
	const struct conf *c = f->current->conf;
	const struct conf_queue *q = &c->queue;
	struct queue_destination *list = calloc(c->service_count + c->participant_count + 1, sizeof *list);
	SCOPED(pool_free) struct pool *pool = pool_new(SERVERS_MOST);
	struct queue_shard *shards;
	char host[128] = "", node[160], incarnation[37];
	struct queue_settings settings = {
		.node = node,
		.spool = q->spool,
		.inline_bytes = q->inline_bytes,
		.lease_ms = q->lease_ms,
		.known_ms = q->remember_ms,
		.hold_most = q->hold_most,
		.destinations = list,
		.usual = {NULL, 16, 5, 30000},
		.on_claim = delivery_claimed,
		.on_expired = delivery_expired,
		.ctx = f,
	};
	outcome started = DONE;

	gethostname(host, sizeof host - 1);
	uuid_new(incarnation); /* in a container every start has the same number */
	snprintf(node, sizeof node, "%s/%d.%.8s", host, (int)getpid(), incarnation);
	if (!list || !pool) {
		started = err_set(e, REASON_MEMORY, "no memory to start");
	} else if (conf_has_queue(c)) {
		started = flow_queue_servers(c, pool, &settings.server, &shards, e);
		settings.shards = shards;
		settings.shard_count = c->shard_count;
		settings.destination_count = destinations_of(c, list);
		if (started.ok)
			started = queue_start(&settings, &f->queue, e);
		if (started.ok)
			started = start_pullers(f, q->spool, e);
	}
	free(list);
	return started;
}
