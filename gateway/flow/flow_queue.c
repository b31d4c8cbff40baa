/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_queue - from the configuration to a running queue. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ident.h"

#include "flow/flow_int.h"

#define PULLERS 2

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

struct queue_server flow_queue_server(const struct conf_queue *q, const char **sentinels)
{
	for (size_t i = 0; i < q->sentinels.n; i++)
		sentinels[i] = q->sentinels.name[i];
	return (struct queue_server){
		.socket = q->socket,
		.host = q->host,
		.port = q->port,
		.sentinels = q->sentinels.n ? sentinels : NULL,
		.master = q->master,
		.user = q->user,
		.password_file = q->password_file,
		.tls = q->tls,
		.tls_ca = q->tls_ca,
		.tls_certificate = q->tls_certificate,
		.tls_key = q->tls_key,
		.database = q->database,
		.command_ms = q->command_ms,
		.prefix = q->prefix,
		.everysec_allowed = q->everysec,
	};
}

/* Threads that may wait for Redis, and the key of correlation identifiers; the queue has made the folder. */
static outcome start_pullers(struct flow *f, const char *spool, struct err *e)
{
	TRY(chain_open(f, spool, e));
	flow_tag(f, f->current);
	f->pullers = work_start(PULLERS);
	f->untold = notice_line_new(f);
	return f->pullers && f->untold ? DONE : err_set(e, REASON_MEMORY, "no threads to start");
}

outcome delivery_start(struct flow *f, struct err *e)
{
	const struct conf *c = f->current->conf;
	const struct conf_queue *q = &c->queue;
	struct queue_destination *list = calloc(c->service_count + c->participant_count + 1, sizeof *list);
	const char **sentinels = calloc(q->sentinels.n + 1, sizeof *sentinels);
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
	if (!list || !sentinels) {
		started = err_set(e, REASON_MEMORY, "no memory to start");
	} else if (conf_has_queue(c)) {
		settings.server = flow_queue_server(q, sentinels);
		settings.destination_count = destinations_of(c, list);
		started = queue_start(&settings, &f->queue, e);
		if (started.ok)
			started = start_pullers(f, q->spool, e);
	}
	free(list);
	free(sentinels);
	return started;
}
