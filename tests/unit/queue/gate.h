/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gate - a gateway reduced to its queue: puts that wait for their answer, claims in the order they came. */
#ifndef QAQPA_TESTS_QUEUE_GATE_H
#define QAQPA_TESTS_QUEUE_GATE_H

#include "rig.h"

#include <pthread.h>

#include "queue/queue.h"

#define GATE_CLAIMS 4096

struct gate {
	struct queue *q;
	struct queue_settings s;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct queue_claim *claims[GATE_CLAIMS];
	size_t claimed, taken;
	struct queue_claim *expired[16];
	size_t expired_count;
};

static const struct queue_policy usual_policy UNUSED = {
	.name = "usual", .initial_ms = 20, .max_interval_ms = 1000, .expire_after_ms = 0, .factor = 2};

static void gate_on_claim(void *ctx, struct queue_claim *claim)
{
	struct gate *g = ctx;

	pthread_mutex_lock(&g->lock);
	assert_true(g->claimed < GATE_CLAIMS);
	g->claims[g->claimed++] = claim;
	pthread_cond_broadcast(&g->some);
	pthread_mutex_unlock(&g->lock);
}

static void gate_on_expired(void *ctx, struct queue_claim *claim)
{
	struct gate *g = ctx;

	pthread_mutex_lock(&g->lock);
	assert_true(g->expired_count < 16);
	g->expired[g->expired_count++] = claim;
	pthread_cond_broadcast(&g->some);
	pthread_mutex_unlock(&g->lock);
}

static UNUSED void gate_init(struct gate *g, const struct rig *rig, const char *node)
{
	*g = (struct gate){.s = {
		.server = {.socket = rig->socket, .command_ms = RIG_WAIT_MS, .prefix = "test"},
		.node = node,
		.spool = rig->spool,
		.inline_bytes = 1000,
		.lease_ms = 60000,
		.known_ms = 3600000,
		.hold_most = 100,
		.usual = {.name = "usual", .concurrency = 1000, .breaker_failures = 1000, .breaker_ms = 1000},
		.on_claim = gate_on_claim,
		.on_expired = gate_on_expired,
		.ctx = g,
	}};
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->some, NULL);
}

static UNUSED void gate_open(struct gate *g)
{
	struct err e;

	if (!queue_start(&g->s, &g->q, &e).ok)
		fail_msg("%s", e.detail);
}

static UNUSED bool gate_becomes(struct gate *g, bool well, struct err *e)
{
	for (int waited = 0; waited < RIG_WAIT_MS; waited += 5) {
		if (queue_healthy(g->q, e) == well)
			return true;
		rig_nap(5);
	}
	return false;
}

/* Started and connected. */
static UNUSED void gate_start(struct gate *g, const struct rig *rig, const char *node)
{
	struct err e;

	gate_init(g, rig, node);
	gate_open(g);
	if (!gate_becomes(g, true, &e))
		fail_msg("%s", e.detail);
}

static UNUSED void gate_stop(struct gate *g)
{
	queue_stop(&g->q);
	for (size_t i = 0; i < g->expired_count; i++)
		queue_claim_free(g->expired[i]);
	pthread_cond_destroy(&g->some);
	pthread_mutex_destroy(&g->lock);
}

static UNUSED void gate_until(struct timespec *until, int ms)
{
	clock_gettime(CLOCK_REALTIME, until);
	until->tv_sec += ms / 1000;
	until->tv_nsec += ms % 1000 * 1000000L;
	if (until->tv_nsec >= 1000000000L) {
		until->tv_sec++;
		until->tv_nsec -= 1000000000L;
	}
}

/* The next claim in the order they came; NULL when none came for so long. */
static UNUSED struct queue_claim *gate_next(struct gate *g, int ms)
{
	struct timespec until;
	struct queue_claim *claim = NULL;
	int failed = 0;

	gate_until(&until, ms);
	pthread_mutex_lock(&g->lock);
	while (g->taken == g->claimed && !failed)
		failed = pthread_cond_timedwait(&g->some, &g->lock, &until);
	if (g->taken < g->claimed)
		claim = g->claims[g->taken++];
	pthread_mutex_unlock(&g->lock);
	return claim;
}

static UNUSED struct queue_claim *gate_claim(struct gate *g)
{
	struct queue_claim *claim = gate_next(g, RIG_WAIT_MS);

	assert_non_null(claim);
	return claim;
}

/* Until so many claims came in all. */
static UNUSED void gate_await(struct gate *g, size_t claimed)
{
	struct timespec until;
	int failed = 0;

	gate_until(&until, RIG_WAIT_MS);
	pthread_mutex_lock(&g->lock);
	while (g->claimed < claimed && !failed)
		failed = pthread_cond_timedwait(&g->some, &g->lock, &until);
	pthread_mutex_unlock(&g->lock);
	assert_int_equal(failed, 0);
}

static UNUSED struct queue_claim *gate_expired(struct gate *g)
{
	struct timespec until;
	int failed = 0;

	gate_until(&until, RIG_WAIT_MS);
	pthread_mutex_lock(&g->lock);
	while (g->expired_count == 0 && !failed)
		failed = pthread_cond_timedwait(&g->some, &g->lock, &until);
	pthread_mutex_unlock(&g->lock);
	assert_int_equal(failed, 0);
	return g->expired[0];
}

/* ---- puts ---- */

struct parcel { /* a put and its octets */
	struct queue_put put;
	char id[48];
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done;
	int answers;
	enum queue_result result;
	struct err e;
};

static void parcel_done(struct queue_put *put, enum queue_result result, const struct err *e)
{
	struct parcel *p = put->ctx;

	pthread_mutex_lock(&p->lock);
	p->result = result;
	p->answers++;
	if (e)
		p->e = *e;
	p->done = true;
	pthread_cond_broadcast(&p->answered);
	pthread_mutex_unlock(&p->lock);
}

static UNUSED void parcel_init(struct parcel *p, const char *id, const char *destination, const char *key,
	struct bytes body)
{
	*p = (struct parcel){.put = {
		.destination = bytes_str(destination),
		.order_key = bytes_str(key),
		.meta = BYTES_LIT("meta"),
		.body = body,
		.policy = &usual_policy,
		.accepted_ms = stamp_now().ms,
		.done = parcel_done,
		.ctx = p,
	}};
	snprintf(p->id, sizeof p->id, "%s", id);
	p->put.id = bytes_str(p->id);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->answered, NULL);
}

static UNUSED enum queue_result parcel_wait(struct parcel *p)
{
	pthread_mutex_lock(&p->lock);
	while (!p->done)
		pthread_cond_wait(&p->answered, &p->lock);
	pthread_mutex_unlock(&p->lock);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->answered);
	return p->result;
}

static UNUSED enum queue_result gate_put(struct gate *g, const char *id, const char *destination, const char *key,
	struct bytes body)
{
	struct parcel p;

	parcel_init(&p, id, destination, key, body);
	queue_put(g->q, &p.put);
	return parcel_wait(&p);
}

/* ---- settlements ---- */

struct verdict {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done, dead;
	int64_t due_ms;
};

static void verdict_done(void *ctx, bool dead, int64_t due_ms)
{
	struct verdict *v = ctx;

	pthread_mutex_lock(&v->lock);
	v->dead = dead;
	v->due_ms = due_ms;
	v->done = true;
	pthread_cond_broadcast(&v->answered);
	pthread_mutex_unlock(&v->lock);
}

static UNUSED void verdict_wait(struct verdict *v)
{
	pthread_mutex_lock(&v->lock);
	while (!v->done)
		pthread_cond_wait(&v->answered, &v->lock);
	pthread_mutex_unlock(&v->lock);
}

/* Settles and waits for what became of it. */
static UNUSED struct verdict gate_settle(struct gate *g, struct queue_claim *claim, enum queue_verdict how,
	const char *cause)
{
	struct verdict v = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};

	queue_settle(g->q, claim, how, cause, verdict_done, &v);
	verdict_wait(&v);
	return v;
}

/* ---- the server, from aside ---- */

/* One command over a connection of its own; its integer, or the length of what it gave, or -1 for an error. */
static UNUSED long long rig_ask(const struct rig *rig, const char *command)
{
	redisContext *c = redisConnectUnix(rig->socket);
	redisReply *r;
	long long n;

	assert_true(c && !c->err);
	r = redisCommand(c, command);
	assert_non_null(r);
	n = r->type == REDIS_REPLY_INTEGER ? r->integer
		: r->type == REDIS_REPLY_ERROR ? -1
		: r->type == REDIS_REPLY_ARRAY ? (long long)r->elements
					       : (long long)r->len;
	freeReplyObject(r);
	redisFree(c);
	return n;
}

/* A server that nobody has used yet. */
static UNUSED void rig_wipe(const struct rig *rig)
{
	char path[120];

	rig_ask(rig, "FLUSHALL");
	snprintf(path, sizeof path, "%s/birth", rig->spool);
	unlink(path);
}

#endif
