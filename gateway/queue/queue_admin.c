/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_admin - the operators' acts on a queue, one after the other over a connection of their own to each Redis.
 * Promise:  each act is one script: an operator who is interrupted leaves every message in exactly one place. A message is
 *           looked for where its destination is assigned first, then in the others, where an earlier assignment left it.
 * Not here: reading lists (queue_admin_list). */
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "queue/queue_wire.h"

struct queue_admin {
	const struct queue_shard *shards;
	struct queue_admin **parts; /* of the shards; NULL: not needed yet */
	size_t shard_count;
	const char *redis;          /* the name of the shard that this is; NULL: the first Redis */
	struct queue_wire *wire;
	struct pool *pool;
	const char *prefix, *spool;
	int command_ms;
};

outcome queue_admin_open(const struct queue_server *s, const char *spool, struct queue_admin **out, struct err *e)
{
	SCOPED(queue_admin_close) struct queue_admin *a = calloc(1, sizeof *a);

	if (!a || !(a->pool = pool_new(65536)))
		return err_set(e, REASON_MEMORY, "an operator's connection");
	a->prefix = pool_copy(a->pool, bytes_str(s->prefix ? s->prefix : "qaqpa"));
	a->spool = spool ? pool_copy(a->pool, bytes_str(spool)) : NULL;
	a->command_ms = s->command_ms;
	if (!a->prefix || (spool && !a->spool))
		return err_set(e, REASON_MEMORY, "an operator's connection");
	TRY(queue_connect(s, "qaqpa-admin", &a->wire, e));
	*out = a;
	a = NULL;
	return DONE;
}

void queue_admin_close(struct queue_admin **of)
{
	struct queue_admin *a = *of;

	if (!a)
		return;
	for (size_t i = 0; a->parts && i < a->shard_count; i++)
		queue_admin_close(&a->parts[i]);
	free(a->parts);
	queue_wire_close(&a->wire);
	pool_free(&a->pool);
	free(a);
	*of = NULL;
}

/* ---- further Redis ---- */

void queue_admin_shards(struct queue_admin *a, const struct queue_shard *shards, size_t n)
{
	a->shards = shards;
	a->shard_count = n;
}

size_t queue_admin_parts(const struct queue_admin *a)
{
	return 1 + a->shard_count;
}

/* Whatever goes wrong there is said with its name. */
static outcome open_part(const struct queue_admin *a, const struct queue_shard *s, struct queue_admin **out, struct err *e)
{
	char spool[QUEUE_SHARD_SPOOL];

	if (a->spool)
		TRY(queue_shard_spool(a->spool, s->name, spool, e));
	TRY(queue_admin_open(&s->server, a->spool ? spool : NULL, out, e));
	(*out)->redis = s->name;
	return DONE;
}

outcome queue_admin_part(struct queue_admin *a, size_t i, struct queue_admin **out, struct err *e)
{
	struct err why;

	*out = a;
	if (i == 0)
		return DONE;
	if (!a->parts)
		a->parts = calloc(a->shard_count, sizeof *a->parts);
	if (!a->parts)
		return err_set(e, REASON_MEMORY, "an operator's connection");
	if (!a->parts[i - 1] && !open_part(a, &a->shards[i - 1], &a->parts[i - 1], &why).ok)
		return err_set(e, why.reason, "%s: %s", a->shards[i - 1].name, why.detail);
	*out = a->parts[i - 1];
	return DONE;
}

outcome queue_admin_holder(struct queue_admin *a, struct bytes destination, struct queue_admin **out, struct err *e)
{
	return queue_admin_part(a, queue_shard_of(a->shards, a->shard_count, destination), out, e);
}

outcome queue_admin_try(struct queue_admin *a, struct bytes destination,
	outcome (*act)(struct queue_admin *part, void *ctx, struct err *e), void *ctx, struct err *e)
{
	size_t first = queue_shard_of(a->shards, a->shard_count, destination), n = queue_admin_parts(a);
	struct err other;
	outcome done = DONE;

	for (size_t i = 0; i < n; i++) {
		struct queue_admin *part;

		TRY(queue_admin_part(a, (first + i) % n, &part, e));
		done = act(part, ctx, i ? &other : e);
		if (done.ok || (i ? &other : e)->reason != REASON_USAGE)
			break;
	}
	if (!done.ok && n > 1 && e->reason == REASON_USAGE && other.reason != REASON_USAGE)
		*e = other;
	return done;
}

const char *queue_admin_redis(const struct queue_admin *a)
{
	return a->redis;
}

struct queue_at queue_admin_at(const struct queue_admin *a, struct bytes destination)
{
	return (struct queue_at){.prefix = a->prefix, .destination = destination};
}

const char *queue_admin_spool(const struct queue_admin *a)
{
	return a->spool;
}

outcome queue_admin_call(struct queue_admin *a, const struct queue_args *args, struct redisReply **reply, struct err *e)
{
	if (args->failed)
		return err_set(e, REASON_USAGE, "the name of the destination or of the policy is too long");
	return queue_wire_call(a->wire, mono_ms() + a->command_ms, args->word, args->count, reply, e);
}

outcome queue_admin_ask(struct queue_admin *a, const struct queue_args *args, struct redisReply **reply, struct err *e)
{
	TRY(queue_admin_call(a, args, reply, e));
	if ((*reply)->type != REDIS_REPLY_ERROR || strncmp((*reply)->str, "NOSCRIPT", 8) != 0)
		return DONE;
	for (int i = 0; i < SCRIPT_COUNT; i++) {
		struct queue_args load;

		queue_reply_free(reply);
		queue_script_load(&load, (enum queue_script)i);
		TRY(queue_admin_call(a, &load, reply, e));
		if (!queue_reply_is(*reply, REDIS_REPLY_STRING, e))
			return FAILED;
	}
	queue_reply_free(reply);
	return queue_admin_call(a, args, reply, e);
}

/* A Redis that is not known by this name has not the records of the one that was; no gateway uses it before it has the name.
 * An empty name: any will do. */
static outcome lose_records(struct queue_admin *a, const char *birth, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *has = NULL, *reply = NULL;
	struct queue_args args;

	queue_command_birth(&args, a->prefix, birth, BIRTH_LOOK);
	TRY(queue_admin_call(a, &args, &has, e));
	if (has->type == REDIS_REPLY_STRING && (!*birth || strcmp(has->str, birth) == 0))
		return DONE;
	queue_command_lost(&args, a->prefix);
	TRY(queue_admin_call(a, &args, &reply, e));
	return queue_reply_is(reply, REDIS_REPLY_STATUS, e) ? DONE : FAILED;
}

static outcome adopt_one(struct queue_admin *a, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	char birth[QUEUE_BIRTH];
	struct queue_args args;
	bool known;

	if (!a->spool)
		return err_set(e, REASON_USAGE, "the folder of the spool is needed");
	known = queue_birth_read(a->spool, birth);
	TRY(lose_records(a, birth, e));
	if (!known)
		queue_birth_new(birth);
	queue_command_birth(&args, a->prefix, birth, known ? BIRTH_TAKE : BIRTH_GIVE);
	TRY(queue_admin_ask(a, &args, &reply, e));
	if (known)
		return queue_reply_is(reply, REDIS_REPLY_STATUS, e) ? DONE : FAILED;
	return queue_birth_judge(reply, a->spool, birth, &known, e);
}

outcome queue_admin_adopt(struct queue_admin *a, struct err *e)
{
	for (size_t i = 0; i < queue_admin_parts(a); i++) {
		struct queue_admin *part;

		TRY(queue_admin_part(a, i, &part, e));
		TRY(adopt_one(part, e));
	}
	return DONE;
}

static outcome hold_one(struct queue_admin *a, struct bytes destination, bool hold, bool shut, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_at at = queue_admin_at(a, destination);
	struct queue_args args;

	queue_script_hold(&args, &at, hold, shut);
	TRY(queue_admin_ask(a, &args, &reply, e));
	return queue_reply_is(reply, REDIS_REPLY_INTEGER, e) ? DONE : FAILED;
}

outcome queue_admin_hold(struct queue_admin *a, struct bytes destination, bool hold, struct err *e)
{
	for (size_t i = 0; i < queue_admin_parts(a); i++) {
		struct queue_admin *part;

		TRY(queue_admin_part(a, i, &part, e));
		TRY(hold_one(part, destination, hold, false, e));
	}
	return DONE;
}

outcome queue_admin_shut(struct queue_admin *a, struct bytes destination, bool shut, struct err *e)
{
	return hold_one(a, destination, shut, true, e);
}

static outcome handle(struct queue_admin *a, struct queue_args *args, struct bytes id, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	enum queue_handled handled;
	struct bytes spool = BYTES_NONE;

	TRY(queue_admin_ask(a, args, &reply, e));
	if (!queue_reply_handled(reply, &handled, &spool, e))
		return FAILED;
	if (handled == HANDLED_NONE || handled == HANDLED_LEASED)
		return err_set(e, REASON_USAGE, handled == HANDLED_NONE ? "%.*s: there is no such message" :
			"%.*s is being delivered just now", (int)(id.n > 128 ? 128 : id.n), (const char *)id.p);
	if (spool.n && a->spool)
		queue_spool_remove(a->spool, spool);
	return DONE;
}

struct one { /* a message */
	struct bytes destination, id;
};

static outcome retry_one(struct queue_admin *a, void *ctx, struct err *e)
{
	const struct one *m = ctx;
	struct queue_at at = queue_admin_at(a, m->destination);
	struct queue_args args;

	queue_script_retry(&args, &at, m->id);
	return handle(a, &args, m->id, e);
}

outcome queue_admin_retry(struct queue_admin *a, struct bytes destination, struct bytes id, struct err *e)
{
	return queue_admin_try(a, destination, retry_one, &(struct one){destination, id}, e);
}

static outcome drop_one(struct queue_admin *a, void *ctx, struct err *e)
{
	const struct one *m = ctx;
	struct queue_at at = queue_admin_at(a, m->destination);
	struct queue_args args;

	queue_script_drop(&args, &at, m->id);
	return handle(a, &args, m->id, e);
}

outcome queue_admin_drop(struct queue_admin *a, struct bytes destination, struct bytes id, struct err *e)
{
	return queue_admin_try(a, destination, drop_one, &(struct one){destination, id}, e);
}

static outcome put_one(struct queue_admin *a, const struct queue_put *put, size_t inline_bytes,
	enum queue_result *result, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	struct queue_at at = queue_admin_at(a, put->destination);
	char spool[QUEUE_SPOOL_NAME] = "";
	struct queue_args args;

	*result = QUEUE_DOWN;
	if (put->body.n > inline_bytes && a->spool)
		TRY(queue_spool_write(a->spool, put->id, put->body, spool, e));
	queue_script_put(&args, &at, put, bytes_str(spool));
	if (!queue_admin_ask(a, &args, &reply, e).ok) {
		*result = QUEUE_UNCERTAIN; /* the file stays: it may be named by now */
		return FAILED;
	}
	*result = queue_reply_put(reply, e);
	if (*result != QUEUE_DONE && spool[0])
		queue_spool_remove(a->spool, bytes_str(spool));
	return *result == QUEUE_DONE || *result == QUEUE_KNOWN ? DONE : FAILED;
}

outcome queue_admin_show(struct queue_admin *a, struct bytes destination, struct bytes id, struct redisReply **reply,
	struct queue_shown *out, struct err *e)
{
	struct queue_at at = queue_admin_at(a, destination);
	struct queue_args args;

	queue_script_show(&args, &at, id);
	TRY(queue_admin_ask(a, &args, reply, e));
	if (!queue_reply_show(*reply, out, e))
		return FAILED;
	return out->there ? DONE : err_set(e, REASON_USAGE, "%.*s: there is no such message", (int)(id.n > 128 ? 128 : id.n),
		(const char *)id.p);
}

static outcome has_one(struct queue_admin *a, void *ctx, struct err *e)
{
	SCOPED(queue_reply_free) struct redisReply *reply = NULL;
	const struct one *m = ctx;
	struct queue_shown shown;

	return queue_admin_show(a, m->destination, m->id, &reply, &shown, e);
}

outcome queue_admin_put(struct queue_admin *a, const struct queue_put *put, size_t inline_bytes,
	enum queue_result *result, struct err *e)
{
	struct queue_admin *part;

	*result = QUEUE_KNOWN; /* an earlier assignment may have left it in another one */
	if (a->shard_count && queue_admin_try(a, put->destination, has_one, &(struct one){put->destination, put->id}, e).ok)
		return DONE;
	*result = QUEUE_DOWN;
	if (a->shard_count && e->reason != REASON_USAGE)
		return FAILED;
	TRY(queue_admin_holder(a, put->destination, &part, e));
	return put_one(part, put, inline_bytes, result, e);
}
