/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue - keeps what could not be delivered yet, in Redis shared by any number of gateways (rule B5).
 *
 * Per destination; first-in-first-out per order key; a message is in one gateway's hands at a time (lease with a token).
 * One thread owns the connection: calls are handed to it, go out pipelined, and are answered by callbacks. Redis may be
 * absent at any time: the thread connects again by itself, claims of a lost gateway return after their lease.
 * Not here: what to deliver and how (flow); whether the acceptance may be answered (flow: journal first, then here).
 */
#ifndef QAQPA_QUEUE_QUEUE_H
#define QAQPA_QUEUE_QUEUE_H

#include "base/clock.h"
#include "base/pool.h"

/* How long and how often; the vocabulary of the configuration. */
struct queue_policy {
	const char *name;
	int64_t initial_ms, max_interval_ms, expire_after_ms; /* expire 0: never */
	double factor;
	int jitter_percent; /* 0..50, both ways; the same for the same message and attempt, so that a plan can be printed */
	int max_attempts;   /* 0: no bound */
};

/* Milliseconds to wait after the failed attempt number `attempt` (1 for the first). Pure. */
int64_t queue_delay(const struct queue_policy *p, struct bytes id, int attempt);

/* A policy as text, as it is kept with a message: "initial max-interval expire factor*1000 jitter attempts name". */
#define QUEUE_POLICY_TEXT 256
void queue_policy_print(const struct queue_policy *p, char out[QUEUE_POLICY_TEXT]);
/* The name is copied to `name`, where out->name points. False when it is no policy. */
MUST_USE bool queue_policy_parse(struct bytes text, struct queue_policy *out, char name[QUEUE_POLICY_TEXT]);

struct queue_server {
	const char *socket;           /* unix socket path; else: */
	const char *host;
	int port;
	const char *const *sentinels; /* host:port, NULL-terminated; with `master`; NULL: none */
	const char *master;
	const char *user, *password_file; /* ACL; NULL: none */
	bool tls;
	const char *tls_ca, *tls_certificate, *tls_key; /* PEM paths */
	int database;
	int command_ms;               /* longest wait for answers to one batch, and for connecting */
	const char *prefix;           /* of all keys, default qaqpa */
	bool everysec_allowed;        /* accept appendfsync everysec; default: always is demanded */
};

/* A further Redis: it holds what is named, all the rest is in the first one. */
struct queue_shard {
	const char *name;             /* for people, and of its folder in the spool */
	struct queue_server server;
	const char *const *holds;     /* destinations, or what stands before the / in them; NULL-terminated */
};

struct queue_destination { /* limits of one destination, by name; unknown names get the defaults of the settings */
	const char *name;
	int concurrency;      /* most deliveries at once, all gateways together; shrinks on trouble, grows back */
	int breaker_failures; /* so many troubles in a row open the breaker */
	int64_t breaker_ms;   /* how long it stays open before one trial is let through */
};

struct queue_claim;
struct queue_settings {
	struct queue_server server;
	const struct queue_shard *shards; /* beside it */
	size_t shard_count;
	const char *redis;            /* NULL; inside: name of the shard that this is */
	const char *node;             /* name of this gateway, unique among those that share the Redis */
	const char *spool;            /* folder for bodies above `inline_bytes`, shared by the gateways; mode 0700 */
	size_t inline_bytes;
	int64_t lease_ms;
	int64_t known_ms;             /* a delivered id stays known so long: for puts that are repeated */
	int hold_most;                /* claims in this gateway's hands at once */
	const struct queue_destination *destinations;
	size_t destination_count;
	struct queue_destination usual;
	/* A message is due and is now in this gateway's hands; on the queue's thread, must not block. Settle it exactly once. */
	void (*on_claim)(void *ctx, struct queue_claim *claim);
	/* A message expired (no attempt is made any more); it is in the dead letters already. Same thread and manners; give the
	 * claim back with queue_claim_free. */
	void (*on_expired)(void *ctx, struct queue_claim *claim);
	void *ctx;
};

struct queue;

/* Starts the thread; does not wait for Redis. Fails with REASON_IO when the spool cannot be made. Strings are copied. */
MUST_USE outcome queue_start(const struct queue_settings *s, struct queue **out, struct err *e);
/* From now on nothing more is claimed; what is in hand is settled as usual. Any thread. */
void queue_pause(struct queue *q);
/* Gives claims in hand back (due at once, attempt not counted), ends; claims are not to be touched any more. Takes at most
 * two times command_ms. Takes NULL, sets NULL. */
void queue_stop(struct queue **q);

/* True when connected to a master that keeps what it acknowledges: append-only file with fsync always (or everysec where
 * allowed), policy noeviction, not read-only, not full. The detail says what is wrong and what to do. Any thread. */
bool queue_healthy(struct queue *q, struct err *e); /* and all its shards */
bool queue_healthy_for(struct queue *q, struct bytes destination, struct err *e);

enum queue_result {
	QUEUE_DONE,      /* on disk */
	QUEUE_KNOWN,     /* this id is there already, or was delivered not long ago: nothing was added */
	QUEUE_FULL,      /* refused, nothing stored: come back later */
	QUEUE_CROWDED,   /* `most` wait for the destination already, nothing stored */
	QUEUE_DOWN,      /* no usable Redis, nothing stored */
	QUEUE_UNCERTAIN  /* the connection broke: it may be stored; the same id may be put again */
};

/* A due_ms beyond every attempt: the message waits to be fetched (queue_admin_list, queue_admin_body). */
#define QUEUE_NEVER 253402300799000

struct queue_order {             /* the queue's: what waits for its thread */
	struct queue_order *next;
	enum { QUEUE_ORDER_PUT, QUEUE_ORDER_MARK, QUEUE_ORDER_RECALL, QUEUE_ORDER_REMEMBER } what;
};

/* One message. All octets stay the caller's until `done`. */
struct queue_put {
	struct queue_order order;    /* first */
	struct bytes id;             /* unique; the messageId */
	struct bytes destination;
	struct bytes order_key;      /* correlationId; empty: no order */
	struct bytes meta;           /* small, opaque: given back with the claim */
	struct bytes body;
	const struct queue_policy *policy; /* stored with the message */
	int64_t due_ms;              /* 0: now; epoch milliseconds */
	int64_t accepted_ms;         /* when it was accepted; expiry counts from here */
	int attempts;                /* made already (rebuild); else 0 */
	int most;                    /* so many may wait for the destination before it; 0: any number */
	/* On the queue's thread; must not block. */
	void (*done)(struct queue_put *put, enum queue_result result, const struct err *e);
	void *ctx;
};
void queue_put(struct queue *q, struct queue_put *put); /* any thread, never blocks */

/* A mark that all gateways see: under one name only the first stays. All octets stay the caller's until `done`. */
#define QUEUE_MARK_MOST 256
struct queue_mark {
	struct queue_order order;    /* first */
	struct bytes holder;         /* whose it is: a shard may hold his; empty: the first Redis */
	struct bytes name;           /* short text */
	struct bytes says;           /* up to QUEUE_MARK_MOST octets of text */
	int64_t for_ms;              /* it is forgotten after so long */
	char there[QUEUE_MARK_MOST + 1]; /* what the mark says that was there before, with KNOWN */
	/* On the queue's thread; must not block. DONE: it was the first, and is on disk. KNOWN: one is there, see `there`;
	 * also this very mark, when it was UNCERTAIN before. Else as for a put. */
	void (*done)(struct queue_mark *mark, enum queue_result result, const struct err *e);
	void *ctx;
};
void queue_mark(struct queue *q, struct queue_mark *mark); /* any thread, never blocks */

/* A message in hand. Read-only; valid until settled. */
struct queue_claim {
	struct bytes id, destination, order_key, meta, body;
	int attempt;                 /* number of this attempt, from 1; already counted and stored */
	int64_t accepted_ms, expire_ms;
	struct queue_policy policy;
	void *user;                  /* the receiver's */
};

enum queue_verdict {
	QUEUE_DELIVERED, /* remove it; its id stays known for the dedupe window */
	QUEUE_TROUBLE,   /* the destination was at fault: try later by the policy; counts for breaker and concurrency */
	QUEUE_LATER,     /* try later by the policy, the destination is not to blame */
	QUEUE_REJECTED,  /* never: to the dead letters under `cause`, the next of its order key follows */
	QUEUE_RETURNED   /* nothing happened: due at once, attempt not counted */
};
/* Settles the claim; `cause` is a stable short text (a reason's name) kept with the message. What the policy makes of it
 * (next try, or dead letter because attempts or time are used up) is told to `done` (may be NULL): due_ms > 0 is the next
 * try, 0 means it is out of the queue, -1 that the lease had ended or the queue stopped before: the message may be claimed
 * again. When Redis is away the verdict is kept and sent when it is back, or the lease ends. Frees the claim. Any thread. */
void queue_settle(struct queue *q, struct queue_claim *claim, enum queue_verdict verdict, const char *cause,
	void (*done)(void *ctx, bool dead, int64_t due_ms), void *ctx);
void queue_claim_free(struct queue_claim *claim);

/* ---- For operators: synchronous, over a connection of their own. ---- */
struct queue_admin;
MUST_USE outcome queue_admin_open(const struct queue_server *s, const char *spool, struct queue_admin **out, struct err *e);
/* The same over further Redis, reached when they are needed: lists tell what is in all of them, acts find their message, and
 * what fails names the Redis it failed at. Everything of `shards` must stay. */
void queue_admin_shards(struct queue_admin *a, const struct queue_shard *shards, size_t n);
void queue_admin_close(struct queue_admin **a); /* fit for SCOPED */

struct queue_total {
	struct bytes destination;
	uint64_t waiting, leased, dead;
	int64_t oldest_ms;           /* acceptance of the oldest waiting; 0: none */
	bool held;
	int limit;                   /* concurrency allowed now */
	int64_t breaker_until_ms;    /* 0: closed */
	bool closed;                 /* nothing more is taken in */
	const char *redis;           /* name of the shard it is in; NULL: the first Redis */
};
/* Every destination with anything in it; from the pool. */
MUST_USE outcome queue_admin_totals(struct queue_admin *a, struct pool *pool, struct queue_total **list, size_t *n,
	struct err *e);

/* The dead letters of such a destination by what they died of; from the pool. */
struct queue_cause {
	struct bytes cause;
	uint64_t count;
};
MUST_USE outcome queue_admin_causes(struct queue_admin *a, const struct queue_total *of, struct pool *pool,
	struct queue_cause **list, size_t *n, struct err *e);

enum queue_where { QUEUE_WAITING, QUEUE_LEASED, QUEUE_DEAD };
struct queue_item {
	struct bytes id, destination, order_key, cause, meta;
	enum queue_where where;
	int attempts;
	int64_t accepted_ms, expire_ms;
	int64_t due_ms;              /* next try (0: waits for others of its order key), end of the lease, or death */
	struct queue_policy policy;
	size_t body_bytes;
	const char *redis;           /* as in a total */
};
struct queue_filter {
	const char *destination, *cause, *id; /* NULL: any */
	int where;                   /* enum queue_where; -1: any */
	int64_t older_ms;            /* accepted at least so long ago; 0: any */
	size_t limit;                /* 0: no bound */
};
/* Calls `each` until it returns false; the item is valid during the call. */
MUST_USE outcome queue_admin_list(struct queue_admin *a, const struct queue_filter *f,
	bool (*each)(void *ctx, const struct queue_item *item), void *ctx, struct err *e);
/* The body of one message. */
MUST_USE outcome queue_admin_body(struct queue_admin *a, struct bytes destination, struct bytes id, struct buf *out,
	struct err *e);
/* Release also lets an open breaker make its trial at once. In every Redis. */
MUST_USE outcome queue_admin_hold(struct queue_admin *a, struct bytes destination, bool hold, struct err *e);
/* A closed destination takes nothing in (QUEUE_DOWN, with words), and is delivered as ever: it moves to another Redis. In
 * the first Redis of `a` alone. */
MUST_USE outcome queue_admin_shut(struct queue_admin *a, struct bytes destination, bool shut, struct err *e);
/* One message: a dead letter becomes due now with its attempts kept and a fresh life time, behind those that wait of its
 * order key; a waiting one is due now unless it waits for others of its order key. Fails with REASON_USAGE when there is no
 * such message, or it is in somebody's hands. */
MUST_USE outcome queue_admin_retry(struct queue_admin *a, struct bytes destination, struct bytes id, struct err *e);
/* Takes one message out for good; fails as above. */
MUST_USE outcome queue_admin_drop(struct queue_admin *a, struct bytes destination, struct bytes id, struct err *e);
/* This Redis holds the messages from now on: gateways that share the spool use it again. For the end of a rebuild. Fails
 * with REASON_QUEUE_DOWN, or REASON_USAGE without a spool. */
MUST_USE outcome queue_admin_adopt(struct queue_admin *a, struct err *e);
/* Bodies in the spool that belong to no message, written at least so long ago: `each` is told, and says whether it shall be
 * removed. Fails with REASON_QUEUE_DOWN where Redis is not the one that holds the messages of this spool, with REASON_USAGE,
 * REASON_IO, REASON_MEMORY. */
MUST_USE outcome queue_admin_sweep(struct queue_admin *a, int64_t older_ms,
	bool (*each)(void *ctx, const char *name, size_t octets), void *ctx, struct err *e);
/* Puts a message as queue_put does, and waits. Fails, with words and the result, unless it is DONE or KNOWN. For rebuild. */
MUST_USE outcome queue_admin_put(struct queue_admin *a, const struct queue_put *put, size_t inline_bytes,
	enum queue_result *result, struct err *e);

#endif
