/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue, inside: the scripts that move messages, the text of a policy, the spool.
 *
 * Redis keys of one destination; all share the hash tag, B stands for <prefix>:{<destination>}:
 *   B m:<id>    string  the record of a message (common.lua)      B due    zset  id -> moment of the next try
 *   B b:<id>    string  its body, unless empty or in the spool    B live   zset  id -> end of life; every waiting message
 *   B f:<key>   list    ids of one order key, oldest first        B lease  zset  id -> end of the lease
 *   B dup:<id>  string  delivered not long ago                    B dead   zset  id -> moment it was given up
 *   B state     hash    hold, concurrency, breaker                B cause  hash  cause -> number of dead letters
 * <prefix>:destinations is the set of all destinations; <prefix>:mark:<name> is a mark (queue_mark);
 * <prefix>:birth is the name of this Redis (queue_birth.c). <prefix>:seen:<name> is the record of a message that was
 * answered while its caller waited (memory.h), with :answer behind it the answer; <prefix>:seen-since:<holder> the moment
 * since which there are such records of his here; <prefix>:seen-lost the moment before which records of anybody were lost;
 * <prefix>:node:<gateway> the sign of life of a gateway.
 * A message is in exactly one of live, lease and dead; of an order key only the head of its list is ever in due or lease.
 */
#ifndef QAQPA_QUEUE_QUEUE_INT_H
#define QAQPA_QUEUE_QUEUE_INT_H

#include "queue/memory.h"
#include "queue/queue.h"

struct redisReply;

/* ---- Commands: words as queue_wire takes them ---- */
#define QUEUE_ARGS_MOST 160
struct queue_args {
	struct bytes word[QUEUE_ARGS_MOST];
	size_t count;
	char text[3072]; /* what has no other home: numbers, key names, the policy; so do not copy the struct */
	size_t used;
	bool failed;     /* too many or too long: must not be sent */
};
void queue_args_start(struct queue_args *a);
void queue_args_add(struct queue_args *a, struct bytes b);       /* octets stay the caller's */
void queue_args_copy(struct queue_args *a, struct bytes b);      /* octets are copied */
void queue_args_number(struct queue_args *a, int64_t n);

void queue_args_key(struct queue_args *a, const char *prefix, const char *name); /* prefix and name in one word */

/* ---- Birth: is this the Redis that holds our messages? ---- */
#define QUEUE_BIRTH 37
/* The name that the gateways of this spool know; false when they know none yet. */
MUST_USE bool queue_birth_read(const char *spool, char birth[QUEUE_BIRTH]);
MUST_USE outcome queue_birth_write(const char *spool, const char *birth, struct err *e);
void queue_birth_new(char birth[QUEUE_BIRTH]);
enum queue_birth_act {
	BIRTH_LOOK, /* what is its name? */
	BIRTH_GIVE, /* give it this one when it has none; the answer is the one it had */
	BIRTH_TAKE  /* it has this one from now on */
};
void queue_command_birth(struct queue_args *a, const char *prefix, const char *birth, enum queue_birth_act act);
/* What was remembered of messages before now may be lost (recall.lua). */
void queue_command_lost(struct queue_args *a, const char *prefix);
/* Judges the reply to LOOK (`*known`) or GIVE (not yet; then the name that counts is in `birth` and in the spool, and
 * known). Fails with REASON_QUEUE_DOWN and the remedy. */
MUST_USE outcome queue_birth_judge(const struct redisReply *r, const char *spool, char birth[QUEUE_BIRTH], bool *known,
	struct err *e);

/* ---- Shards ---- */
#define QUEUE_SHARD_SPOOL 4200
bool queue_shard_holds(const struct queue_shard *s, struct bytes name);
/* Number of the shard, from 1; 0: the first Redis. */
size_t queue_shard_of(const struct queue_shard *shards, size_t n, struct bytes name);
/* Each has a folder of its own in the spool: bodies and birth belong to one Redis. */
MUST_USE outcome queue_shard_spool(const char *spool, const char *name, char out[QUEUE_SHARD_SPOOL], struct err *e);

/* ---- Scripts ---- */
enum queue_script {
	SCRIPT_PUT,    /* one message in */
	SCRIPT_CLAIM,  /* due messages into one gateway's hands */
	SCRIPT_RENEW,  /* longer leases */
	SCRIPT_SETTLE, /* the end of one claim */
	SCRIPT_HOLD,
	SCRIPT_RETRY,
	SCRIPT_DROP,
	SCRIPT_LIST,
	SCRIPT_SHOW,
	SCRIPT_TOTALS,
	SCRIPT_RECALL,
	SCRIPT_REMEMBER,
	SCRIPT_COUNT
};
/* SCRIPT LOAD: once for every script on each new connection, and again when a reply is NOSCRIPT. */
void queue_script_load(struct queue_args *a, enum queue_script which);

/* Where a script works. */
struct queue_at {
	const char *prefix;
	struct bytes destination;
	int64_t now_ms; /* 0: the clock of Redis, always so outside of tests */
};

/* `spool` is the file name from queue_spool_write, or empty: then the body goes into Redis. */
void queue_script_put(struct queue_args *a, const struct queue_at *at, const struct queue_put *put, struct bytes spool);
/* DONE, KNOWN, CROWDED, or for an error reply FULL (out of memory) or DOWN. */
enum queue_result queue_reply_put(const struct redisReply *r, struct err *e);

/* The reply to a mark: DONE, KNOWN, or for an error as for a put. SET with NX and GET needs no script. */
void queue_command_mark(struct queue_args *a, const char *prefix, const struct queue_mark *mark);
enum queue_result queue_reply_mark(const struct redisReply *r, char there[QUEUE_MARK_MOST + 1], struct err *e);

/* The replay memory of all gateways; `now_ms` as in queue_at. */
void queue_script_recall(struct queue_args *a, const char *prefix, int64_t now_ms, const char *node,
	const struct queue_recall *recall);
void queue_script_remember(struct queue_args *a, const char *prefix, int64_t now_ms, const char *node,
	const struct queue_remember *remember);
/* DONE, and what was found is in `out`; or for an error FULL or DOWN. The answer is added to out->answer. */
enum queue_result queue_reply_recall(const struct redisReply *r, struct queue_recall *out, struct err *e);
enum queue_result queue_reply_remember(const struct redisReply *r, struct err *e);

/* At most `most` messages for `node`, under the limits of the destination. */
void queue_script_claim(struct queue_args *a, const struct queue_at *at, const char *node, int most, int64_t lease_ms,
	const struct queue_destination *limits);
struct queue_found { /* points into the reply */
	struct bytes id, token, order_key, meta, body, spool, policy; /* body is empty when there is a spool file */
	int attempt;
	int64_t accepted_ms, expire_ms;
};
struct queue_claims {
	size_t count;    /* claimed: each must be settled with its token */
	size_t expired;  /* went to the dead letters just now: no token, nothing to settle */
	int64_t next_ms; /* from now until a claim may give something, as far as known: 0 at once, -1 nothing is known */
};
/* False when it is an error reply or something strange; worded in `e`. */
MUST_USE bool queue_reply_claims(const struct redisReply *r, struct queue_claims *out, struct err *e);
/* Number i of the claimed, or of the expired; i below the count. */
void queue_reply_claimed(const struct redisReply *r, size_t i, struct queue_found *out);
void queue_reply_expired(const struct redisReply *r, size_t i, struct queue_found *out);

/* Up to QUEUE_RENEW_MOST claims of one destination at once: start, add each, send. */
#define QUEUE_RENEW_MOST 64
void queue_script_renew(struct queue_args *a, const struct queue_at *at, int64_t lease_ms);
void queue_script_renew_add(struct queue_args *a, struct bytes id, struct bytes token);
/* Whether number i was still in our hands. */
MUST_USE bool queue_reply_renew(const struct redisReply *r, size_t count, struct err *e);
bool queue_reply_renewed(const struct redisReply *r, size_t i);

/* `attempt` is that of the claim. Sent again after a broken connection it changes nothing and answers the same. */
void queue_script_settle(struct queue_args *a, const struct queue_at *at, struct bytes id, struct bytes token,
	enum queue_verdict verdict, const char *cause, const struct queue_policy *policy, int attempt,
	const struct queue_destination *limits, int64_t known_ms);
enum queue_settled {
	SETTLED_STALE,   /* the lease ended and the message is no more ours: nothing was changed */
	SETTLED_GONE,    /* delivered: the spool file may be removed */
	SETTLED_DEAD,    /* in the dead letters: the spool file stays */
	SETTLED_WAITING  /* next try at due_ms */
};
struct queue_settlement {
	enum queue_settled settled;
	int64_t due_ms;
};
MUST_USE bool queue_reply_settle(const struct redisReply *r, struct queue_settlement *out, struct err *e);

/* For operators. */
/* Stops claims, or with `shut` puts; or lets them go on. */
void queue_script_hold(struct queue_args *a, const struct queue_at *at, bool hold, bool shut);
void queue_script_retry(struct queue_args *a, const struct queue_at *at, struct bytes id);
void queue_script_drop(struct queue_args *a, const struct queue_at *at, struct bytes id);
void queue_script_show(struct queue_args *a, const struct queue_at *at, struct bytes id);
void queue_script_totals(struct queue_args *a, const struct queue_at *at);
struct queue_page { /* where the next page of a list begins; all zero: at the beginning */
	int64_t score;
	struct bytes id;
};
void queue_script_list(struct queue_args *a, const struct queue_at *at, enum queue_where where,
	const struct queue_page *from, int most);
/* True for the expected array; else worded in `e`. */
MUST_USE bool queue_reply_totals(const struct redisReply *r, struct queue_total *out, struct err *e);
/* The answer of retry and drop; `spool` only after drop. */
enum queue_handled { HANDLED_NONE, HANDLED_DONE, HANDLED_LEASED, HANDLED_BEHIND };
MUST_USE bool queue_reply_handled(const struct redisReply *r, enum queue_handled *out, struct bytes *spool, struct err *e);
/* One item of a page; its policy's name points to `name`. `next` is where the page after it would begin. */
MUST_USE bool queue_reply_item(const struct redisReply *one, struct queue_item *out, struct queue_page *next,
	char name[QUEUE_POLICY_TEXT], struct err *e);
struct queue_shown {
	bool there;
	enum queue_where where;
	const struct redisReply *item;
	struct bytes body, spool;
};
MUST_USE bool queue_reply_show(const struct redisReply *r, struct queue_shown *out, struct err *e);
/* Pairs of cause and number in an answer of totals. */
size_t queue_reply_causes(const struct redisReply *r);
struct queue_cause queue_reply_cause(const struct redisReply *r, size_t i);
/* True when the answer has `type` of hiredis; else the words of the error are in `e`, as REASON_QUEUE_DOWN. */
MUST_USE bool queue_reply_is(const struct redisReply *r, int type, struct err *e);
/* What a script of the desk answers, texts and numbers, copied into the pool. Fails as queue_desk_run. */
struct queue_answer;
MUST_USE outcome queue_reply_answer(const struct redisReply *r, struct pool *pool, struct queue_answer *out, struct err *e);
/* SMEMBERS of the set of destinations; the answer is an array of names. */
void queue_script_destinations(struct queue_args *a, const char *prefix);

/* ---- Admin: one command and its answer; loads the scripts when the server lacks them ---- */
MUST_USE outcome queue_admin_ask(struct queue_admin *a, const struct queue_args *args, struct redisReply **reply,
	struct err *e);
/* The message as it waits there; what `out` says lies in the reply. Fails with REASON_USAGE when there is none. */
MUST_USE outcome queue_admin_show(struct queue_admin *a, struct bytes destination, struct bytes id,
	struct redisReply **reply, struct queue_shown *out, struct err *e);
/* The same without the scripts: whatever the answer is. */
MUST_USE outcome queue_admin_call(struct queue_admin *a, const struct queue_args *args, struct redisReply **reply,
	struct err *e);
/* The Redis of an operator: the first, number 0, and its shards; `e` names the one that cannot be reached. */
size_t queue_admin_parts(const struct queue_admin *a);
MUST_USE outcome queue_admin_part(struct queue_admin *a, size_t i, struct queue_admin **out, struct err *e);
/* The one that the destination is assigned to. */
MUST_USE outcome queue_admin_holder(struct queue_admin *a, struct bytes destination, struct queue_admin **out,
	struct err *e);
/* Acts there, and where that has not got it (REASON_USAGE), in the others. */
MUST_USE outcome queue_admin_try(struct queue_admin *a, struct bytes destination,
	outcome (*act)(struct queue_admin *part, void *ctx, struct err *e), void *ctx, struct err *e);
const char *queue_admin_redis(const struct queue_admin *a); /* NULL: the first */
struct queue_at queue_admin_at(const struct queue_admin *a, struct bytes destination);
const char *queue_admin_spool(const struct queue_admin *a); /* NULL: none */
/* The names of all destinations in alphabetical order; from the pool. */
MUST_USE outcome queue_admin_destinations(struct queue_admin *a, struct pool *pool, struct bytes **list, size_t *n,
	struct err *e);
void queue_reply_free(struct redisReply **r); /* takes NULL; fit for SCOPED */

/* ---- Spool: bodies too big for Redis, one file each; every file name is used once ---- */
#define QUEUE_SPOOL_NAME 64
#define QUEUE_SPOOL_MARK 32 /* hexadecimal digits of the id's SHA-256, with which the name of its files begins */
void queue_spool_mark(struct bytes id, char mark[QUEUE_SPOOL_MARK + 1]);
/* Is that how a file of ours is called? What comes out of Redis, or lies in the folder, may be anything. */
MUST_USE bool queue_spool_is_name(struct bytes name);
/* Makes the folder when it is not there, mode 0700. */
MUST_USE outcome queue_spool_open(const char *directory, struct err *e);
/* On disk, folder included, when it returns; `name` is to be kept with the message. */
MUST_USE outcome queue_spool_write(const char *directory, struct bytes id, struct bytes body,
	char name[QUEUE_SPOOL_NAME], struct err *e);
MUST_USE outcome queue_spool_read(const char *directory, struct bytes name, struct buf *out, struct err *e);
void queue_spool_remove(const char *directory, struct bytes name);

#endif
