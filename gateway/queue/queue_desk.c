/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_desk - scripts of adapters, one call after the other over connections of their own.
 * Promise:  DONE means kept: the server was found fit when the connection was made and is found fit by the queue now, its
 *           birth was judged inside the script, and with Sentinels a replica has what was written.
 * Not here: the scripts themselves (adapters). */
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "queue/desk.h"
#include "queue/queue_run.h"

#define IDLE_MOST 32    /* connections that are kept */
#define REPLICA_MS 1000 /* for a replica to confirm; at most half of command_ms, or the connection breaks first */

struct queue_desk {
	struct queue *q;
	pthread_mutex_t lock; /* of these */
	struct queue_admin *idle[IDLE_MOST];
	size_t idle_count;
};

outcome queue_desk_open(struct queue *q, struct queue_desk **out, struct err *e)
{
	struct queue_desk *d = calloc(1, sizeof *d);

	*out = d;
	if (!d)
		return err_set(e, REASON_MEMORY, "the desk of the queue");
	d->q = q;
	pthread_mutex_init(&d->lock, NULL);
	return DONE;
}

static struct queue_admin *take_idle(struct queue_desk *d)
{
	struct queue_admin *a;

	pthread_mutex_lock(&d->lock);
	a = d->idle_count ? d->idle[--d->idle_count] : NULL;
	pthread_mutex_unlock(&d->lock);
	return a;
}

static void keep_idle(struct queue_desk *d, struct queue_admin **a)
{
	pthread_mutex_lock(&d->lock);
	if (d->idle_count < IDLE_MOST) {
		d->idle[d->idle_count++] = *a;
		*a = NULL;
	}
	pthread_mutex_unlock(&d->lock);
	queue_admin_close(a);
}

static void drop_idle(struct queue_desk *d)
{
	struct queue_admin *a;

	while ((a = take_idle(d)))
		queue_admin_close(&a);
}

void queue_desk_close(struct queue_desk **of)
{
	struct queue_desk *d = *of;

	if (!d)
		return;
	drop_idle(d);
	pthread_mutex_destroy(&d->lock);
	free(d);
	*of = NULL;
}

/* ---- one script ---- */

static void write_call(struct queue_args *args, const struct queue_lua *lua, const char *prefix, const char *area,
	const char *birth)
{
	char base[256];
	int n = snprintf(base, sizeof base, ":%s:", area);

	BUG_IF(n < 0 || (size_t)n >= sizeof base);
	queue_args_start(args);
	queue_args_add(args, BYTES_LIT("EVALSHA"));
	queue_args_add(args, bytes_str(lua->sha));
	queue_args_add(args, BYTES_LIT("2"));
	queue_args_key(args, prefix, base);
	queue_args_key(args, prefix, ":birth");
	queue_args_copy(args, bytes_str(birth));
}

/* The text of a script goes over once for each server; then its digest is enough. */
static outcome ask(struct queue_admin *a, const struct queue_lua *lua, const struct queue_args *args,
	struct redisReply **reply, struct err *e)
{
	struct queue_args load;

	TRY(queue_admin_call(a, args, reply, e));
	if (!queue_is_error(*reply, "NOSCRIPT "))
		return DONE;
	queue_reply_free(reply);
	queue_args_start(&load);
	queue_args_add(&load, BYTES_LIT("SCRIPT"));
	queue_args_add(&load, BYTES_LIT("LOAD"));
	queue_args_add(&load, lua->text);
	TRY(queue_admin_call(a, &load, reply, e));
	if (!queue_reply_is(*reply, REDIS_REPLY_STRING, e))
		return FAILED;
	queue_reply_free(reply);
	return queue_admin_call(a, args, reply, e);
}

static struct bytes part_of(const redisReply *r, struct pool *pool)
{
	struct bytes text = BYTES_NONE;
	char number[24];

	if (r->type == REDIS_REPLY_INTEGER) {
		snprintf(number, sizeof number, "%lld", r->integer);
		text = bytes_str(number);
	} else if (r->type == REDIS_REPLY_STRING) {
		text = (struct bytes){(const unsigned char *)r->str, r->len};
	}
	return (struct bytes){(const unsigned char *)pool_copy(pool, text), text.n};
}

outcome queue_reply_answer(const redisReply *r, struct pool *pool, struct queue_answer *out, struct err *e)
{
	struct bytes *part;

	if (queue_is_error(r, "OOM "))
		return err_set(e, REASON_QUEUE_FULL, "Redis has used up its maxmemory");
	if (queue_is_error(r, "BIRTH "))
		return err_set(e, REASON_QUEUE_DOWN, "%s", r->str + 6);
	if (!queue_reply_is(r, REDIS_REPLY_ARRAY, e))
		return FAILED;
	part = pool_alloc(pool, (r->elements + 1) * sizeof *part);
	for (size_t i = 0; part && i < r->elements; i++) {
		part[i] = part_of(r->element[i], pool);
		if (!part[i].p)
			part = NULL;
	}
	*out = (struct queue_answer){part, r->elements};
	return part ? DONE : err_set(e, REASON_MEMORY, "the answer of Redis");
}

static outcome run(struct queue_admin *a, const struct queue_lua *lua, const char *area, const char *birth,
	const struct bytes *words, size_t n, struct pool *pool, struct queue_answer *out, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_args args;

	write_call(&args, lua, queue_admin_at(a, BYTES_NONE).prefix, area, birth);
	for (size_t i = 0; i < n; i++)
		queue_args_add(&args, words[i]);
	TRY(ask(a, lua, &args, &reply, e));
	return queue_reply_answer(reply, pool, out, e);
}

outcome queue_admin_run(struct queue_admin *a, const struct queue_lua *lua, const char *area, const struct bytes *words,
	size_t n, struct pool *pool, struct queue_answer *out, struct err *e)
{
	return run(a, lua, area, "", words, n, pool, out, e);
}

/* ---- connections that promise what the desk promises ---- */

static outcome judge_fit(struct queue_desk *d, struct queue_admin *a, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *info = NULL, *config = NULL;
	struct redisReply **reply[QUEUE_FIT_COMMANDS] = {&info, &config};

	for (size_t i = 0; i < QUEUE_FIT_COMMANDS; i++) {
		struct queue_args args;

		queue_args_start(&args);
		for (size_t w = 0; w < queue_fit_words[i].count; w++)
			queue_args_add(&args, queue_fit_words[i].word[w]);
		TRY(queue_admin_call(a, &args, reply[i], e));
	}
	return queue_fit_judge(&d->q->s.server, (const struct redisReply *const[]){info, config}, e);
}

static outcome connect_fit(struct queue_desk *d, struct queue_admin **a, struct err *e)
{
	TRY(queue_admin_open(&d->q->s.server, d->q->s.spool, a, e));
	if (judge_fit(d, *a, e).ok)
		return DONE;
	queue_admin_close(a);
	return FAILED;
}

/* After a failover Sentinels may name a replica that lacks the last writes of its master; one that confirmed them is the
 * one they name. */
static outcome wait_replica(struct queue_desk *d, struct queue_admin *a, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_args args;

	if (!d->q->s.server.sentinels)
		return DONE;
	queue_args_start(&args);
	queue_args_add(&args, BYTES_LIT("WAIT"));
	queue_args_add(&args, BYTES_LIT("1"));
	queue_args_number(&args, d->q->s.server.command_ms / 2 < REPLICA_MS ? d->q->s.server.command_ms / 2 : REPLICA_MS);
	TRY(queue_admin_call(a, &args, &reply, e));
	if (!queue_reply_is(reply, REDIS_REPLY_INTEGER, e))
		return FAILED;
	if (reply->integer < 1)
		return err_set(e, REASON_QUEUE_DOWN, "no replica of Redis has it yet");
	return DONE;
}

static outcome run_over(struct queue_desk *d, struct queue_admin **a, const struct queue_lua *lua, const char *area,
	const struct bytes *words, size_t n, struct pool *pool, struct queue_answer *out, struct err *e)
{
	char birth[QUEUE_BIRTH];

	if (!queue_birth_read(d->q->s.spool, birth))
		return err_set(e, REASON_QUEUE_DOWN, "not connected to Redis yet");
	if (run(*a, lua, area, birth, words, n, pool, out, e).ok && wait_replica(d, *a, e).ok) {
		keep_idle(d, a);
		return DONE;
	}
	queue_admin_close(a); /* whatever it was, a new connection asks for master and fitness anew */
	return FAILED;
}

outcome queue_desk_run(struct queue_desk *d, const struct queue_lua *lua, const char *area, const struct bytes *words,
	size_t n, struct pool *pool, struct queue_answer *out, struct err *e)
{
	struct queue_admin *a = take_idle(d);
	struct err why;

	if (!queue_well(d->q, &why) && why.reason != REASON_QUEUE_FULL) { /* which scripts may run then says Redis */
		(void)err_set(e, why.reason, "%s", why.detail);
		queue_admin_close(&a);
		return FAILED;
	}
	if (a) {
		if (run_over(d, &a, lua, area, words, n, pool, out, e).ok)
			return DONE;
		if (e->reason == REASON_QUEUE_FULL)
			return FAILED;
		drop_idle(d); /* they are as old: the server may have gone meanwhile, or have another role */
	}
	TRY(connect_fit(d, &a, e));
	return run_over(d, &a, lua, area, words, n, pool, out, e);
}
