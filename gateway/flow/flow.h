/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow - the order of things: what happens to a message, step by step, and the wiring of the rooms.
 *
 * flow_steps.c holds the only table of steps. An exchange is one request with all its legs; a worker carries it from
 * step to step and lets go of it where it waits (journal, provider), so that thousands can wait on few threads.
 */
#ifndef QAQPA_FLOW_FLOW_H
#define QAQPA_FLOW_FLOW_H

#include "channel/channel.h"
#include "front/front.h"
#include "journal/journal.h"
#include "queue/queue.h"

struct flow;
struct snapshot;

/* A configuration with everything it names loaded: keys, certificates, schemas. Frozen; shared by reference count.
 * Every problem is in `problems`. Fails with REASON_CONFIG or REASON_IO. */
MUST_USE outcome snapshot_load(const char *conf_path, struct conf_problems *problems, struct snapshot **out,
	struct err *e);
const struct conf *snapshot_conf(const struct snapshot *s);
struct trust *snapshot_trust(const struct snapshot *s);
/* Gives the reference back; the last one frees. Takes NULL, sets NULL; fit for SCOPED. Any thread. */
void snapshot_drop(struct snapshot **s);

/* Opens the journal, starts workers and egress. Takes the reference to `first` also when it fails. */
MUST_USE outcome flow_start(struct snapshot *first, struct flow **out, struct err *e);

/* The front_handler of every listener: `ctx` is the flow. Requests of the listener with the index `admin` are health
 * questions. */
void flow_on_request(void *ctx, struct front_request *request);

/* Puts another snapshot in place for new messages; those under way end with the one they began with. Takes the
 * reference. What cannot change while running (addresses, journal) is reported in `problems` as a warning. */
void flow_swap(struct flow *f, struct snapshot *next, struct conf_problems *problems);

/* The hash of the configuration in force. */
void flow_config_hash(struct flow *f, char out[CONF_HASH]);

/* From now on health says not ready; messages are taken as ever. */
void flow_leave(struct flow *f);
/* From now on messages that begin to come are refused with GATEWAY_STOPPING, and nothing is claimed from the queue. */
void flow_drain(struct flow *f);
/* Waits until each delivery in hand has its outcome, but not later than `until_us` (mono_us). */
void flow_rest(struct flow *f, int64_t until_us);
/* Exchanges that are not answered yet. Any thread. */
size_t flow_open_exchanges(const struct flow *f);
/* After front_stop: ends egress, workers and journal in this order, so that everything accepted is written. Takes NULL,
 * sets NULL. */
void flow_stop(struct flow **f);

/* Health as JSON; true when the gateway can accept and prove. */
bool flow_health(struct flow *f, struct buf *json);

/* The room revocation as the configuration describes it, with `directory` in the place of its own (commands have one for
 * themselves). Fails with REASON_IO, REASON_SEC_TOKEN_BROKEN or REASON_CONFIG. */
struct revocation;
struct revocation_desk;
MUST_USE outcome revocation_desk_open(
	const struct conf *c, const char *directory, struct revocation_desk **out, struct err *e);
struct revocation *revocation_desk_room(const struct revocation_desk *d);
struct desk_authority {
	const char *subject, *issuer; /* RFC 2253 */
	struct bytes der;
	unsigned char sha256[32];
	char print[65];
};
/* The authority of this name, when another source tells whether it is revoked itself; else NULL. Constant while open. */
const struct desk_authority *revocation_desk_authority(const struct revocation_desk *d, const char *subject);
void revocation_desk_close(struct revocation_desk **d); /* takes NULL, sets NULL; fit for SCOPED */

/* All Redis of a configuration: the first, and the shards, conf->shard_count of them. From the pool; strings stay the
 * configuration's. */
MUST_USE outcome flow_queue_servers(const struct conf *c, struct pool *pool, struct queue_server *first,
	struct queue_shard **shards, struct err *e);

/* The front for health and counters, once it runs. */
void flow_set_front(struct flow *f, struct front *front);

#endif
