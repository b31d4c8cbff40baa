/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scripts - the scripts of the queue over a plain connection, with a clock that the test sets. */
#ifndef QAQPA_TESTS_QUEUE_SCRIPTS_H
#define QAQPA_TESTS_QUEUE_SCRIPTS_H

#include "rig.h"

#include "queue/queue_int.h"

#define T0 INT64_C(1900000000000) /* where the tests' clock begins */
#define HELD_MOST 64
#define NO_EXPIRY INT64_C(0)

struct bench {
	redisContext *c;
	struct queue_at at;
	struct queue_policy policy;
	struct queue_destination limits;
	int64_t lease_ms;
	const char *node;
	/* what the last claim gave */
	redisReply *reply;
	struct queue_claims claims;
	struct queue_found got[HELD_MOST], expired[HELD_MOST];
};

static UNUSED redisReply *bench_ask(struct bench *b, const struct queue_args *a)
{
	const char *argv[QUEUE_ARGS_MOST];
	size_t len[QUEUE_ARGS_MOST];
	redisReply *r;

	assert_false(a->failed);
	for (size_t i = 0; i < a->count; i++) {
		argv[i] = (const char *)a->word[i].p;
		len[i] = a->word[i].n;
	}
	r = redisCommandArgv(b->c, (int)a->count, argv, len);
	assert_non_null(r);
	return r;
}

/* A destination of its own for each test, so that none meets what another left. */
static UNUSED void bench_open(struct bench *b, const struct rig *rig, const char *destination)
{
	struct queue_args a;

	*b = (struct bench){.at = {"test", bytes_str(destination), T0}, .lease_ms = 1000, .node = "one"};
	b->policy = (struct queue_policy){.name = "usual", .initial_ms = 1000, .max_interval_ms = 60000, .factor = 2.0,
		.jitter_percent = 10};
	b->limits = (struct queue_destination){.name = destination, .concurrency = 50, .breaker_failures = 0,
		.breaker_ms = 10000};
	b->c = redisConnectUnix(rig->socket);
	assert_non_null(b->c);
	assert_int_equal(b->c->err, 0);
	for (int i = 0; i < SCRIPT_COUNT; i++) {
		queue_script_load(&a, (enum queue_script)i);
		freeReplyObject(bench_ask(b, &a));
	}
}

static UNUSED void bench_close(struct bench *b)
{
	if (b->reply)
		freeReplyObject(b->reply);
	redisFree(b->c);
}

/* A plain command, and its answer as a number: of an integer itself, of an array its length, of a string strtoll. */
static UNUSED long long bench_number(struct bench *b, const char *format, ...)
{
	va_list args;
	redisReply *r;
	long long n;

	va_start(args, format);
	r = redisvCommand(b->c, format, args);
	va_end(args);
	assert_non_null(r);
	assert_int_not_equal(r->type, REDIS_REPLY_ERROR);
	n = r->type == REDIS_REPLY_INTEGER ? r->integer : r->type == REDIS_REPLY_ARRAY ? (long long)r->elements :
		r->type == REDIS_REPLY_STRING ? strtoll(r->str, NULL, 10) : -1;
	freeReplyObject(r);
	return n;
}

static UNUSED enum queue_result bench_put_full(struct bench *b, const struct queue_put *put)
{
	struct queue_args a;
	struct err e = {0};
	enum queue_result result;
	redisReply *r;

	queue_script_put(&a, &b->at, put, BYTES_NONE);
	r = bench_ask(b, &a);
	result = queue_reply_put(r, &e);
	freeReplyObject(r);
	return result;
}

static UNUSED enum queue_result bench_put(struct bench *b, const char *id, const char *key)
{
	struct queue_put put = {.id = bytes_str(id), .order_key = bytes_str(key), .meta = BYTES_LIT("meta"),
		.body = BYTES_LIT("<body/>"), .policy = &b->policy, .accepted_ms = b->at.now_ms};

	return bench_put_full(b, &put);
}

/* Claims up to `most`; what was got is in b->got until the next claim. Returns how many. */
static UNUSED size_t bench_claim(struct bench *b, int most)
{
	struct queue_args a;
	struct err e = {0};

	if (b->reply)
		freeReplyObject(b->reply);
	queue_script_claim(&a, &b->at, b->node, most, b->lease_ms, &b->limits);
	b->reply = bench_ask(b, &a);
	if (!queue_reply_claims(b->reply, &b->claims, &e))
		fail_msg("%s", e.detail);
	assert_true(b->claims.count <= HELD_MOST && b->claims.expired <= HELD_MOST);
	for (size_t i = 0; i < b->claims.count; i++)
		queue_reply_claimed(b->reply, i, &b->got[i]);
	for (size_t i = 0; i < b->claims.expired; i++)
		queue_reply_expired(b->reply, i, &b->expired[i]);
	return b->claims.count;
}

static UNUSED bool bench_got(const struct bench *b, size_t i, const char *id)
{
	return i < b->claims.count && bytes_is(b->got[i].id, id);
}

static UNUSED bool bench_expired(const struct bench *b, size_t i, const char *id)
{
	return i < b->claims.expired && bytes_is(b->expired[i].id, id);
}

static UNUSED struct queue_settlement bench_settle_as(struct bench *b, struct bytes id, struct bytes token, int attempt,
	enum queue_verdict verdict, const char *cause)
{
	struct queue_settlement s = {0};
	struct queue_args a;
	struct err e = {0};
	redisReply *r;

	queue_script_settle(&a, &b->at, id, token, verdict, cause, &b->policy, attempt, &b->limits, 3600000);
	r = bench_ask(b, &a);
	if (!queue_reply_settle(r, &s, &e))
		fail_msg("%s", e.detail);
	freeReplyObject(r);
	return s;
}

/* Settles number i of the last claim. */
static UNUSED struct queue_settlement bench_settle(struct bench *b, size_t i, enum queue_verdict verdict, const char *cause)
{
	assert_true(i < b->claims.count);
	return bench_settle_as(b, b->got[i].id, b->got[i].token, b->got[i].attempt, verdict, cause);
}

static UNUSED enum queue_handled bench_handle(struct bench *b, bool drop, const char *id)
{
	enum queue_handled handled = HANDLED_NONE;
	struct bytes spool;
	struct queue_args a;
	struct err e = {0};
	redisReply *r;

	if (drop)
		queue_script_drop(&a, &b->at, bytes_str(id));
	else
		queue_script_retry(&a, &b->at, bytes_str(id));
	r = bench_ask(b, &a);
	assert_true(queue_reply_handled(r, &handled, &spool, &e));
	freeReplyObject(r);
	return handled;
}

static UNUSED void bench_hold(struct bench *b, bool hold)
{
	struct queue_args a;
	redisReply *r;

	queue_script_hold(&a, &b->at, hold, false);
	r = bench_ask(b, &a);
	assert_int_equal(r->type, REDIS_REPLY_INTEGER);
	freeReplyObject(r);
}

static UNUSED struct queue_total bench_totals(struct bench *b)
{
	struct queue_total total = {0};
	struct queue_args a;
	struct err e = {0};
	redisReply *r;

	queue_script_totals(&a, &b->at);
	r = bench_ask(b, &a);
	assert_true(queue_reply_totals(r, &total, &e));
	freeReplyObject(r);
	return total;
}

/* Waiting, leased and dead at once, told in the failure when they differ. */
static UNUSED void bench_expect(struct bench *b, uint64_t waiting, uint64_t leased, uint64_t dead)
{
	struct queue_total t = bench_totals(b);

	assert_int_equal(t.waiting, waiting);
	assert_int_equal(t.leased, leased);
	assert_int_equal(t.dead, dead);
}

/* No trace of any message is left. */
static UNUSED void bench_expect_clean(struct bench *b)
{
	bench_expect(b, 0, 0, 0);
	assert_int_equal(bench_number(b, "KEYS test:{%b}:m:*", b->at.destination.p, b->at.destination.n), 0);
	assert_int_equal(bench_number(b, "KEYS test:{%b}:b:*", b->at.destination.p, b->at.destination.n), 0);
	assert_int_equal(bench_number(b, "KEYS test:{%b}:f:*", b->at.destination.p, b->at.destination.n), 0);
	assert_int_equal(bench_number(b, "ZCARD test:{%b}:due", b->at.destination.p, b->at.destination.n), 0);
	assert_int_equal(bench_number(b, "EXISTS test:{%b}:cause", b->at.destination.p, b->at.destination.n), 0);
}

#endif
