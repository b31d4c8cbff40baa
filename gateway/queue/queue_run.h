/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_run - what the files of the running queue share: the thread (queue_loop), one batch of commands (queue_batch),
 * claims in hand (queue_held) and the public calls (queue). All but what stands under the lock is the thread's alone.
 */
#ifndef QAQPA_QUEUE_QUEUE_RUN_H
#define QAQPA_QUEUE_QUEUE_RUN_H

#include <pthread.h>

#include "queue/queue_wire.h"

/* A message in this gateway's hands, or one that expired. */
struct queue_held {
	struct queue_claim claim;     /* first: what the receiver sees */
	struct queue *queue;          /* that gave it */
	struct queue_target *target;  /* NULL: expired, nothing to settle */
	struct queue_held *next, **link; /* of those in hand for the target */
	struct queue_held *behind;    /* in a line of settlements */
	struct bytes token, spool;
	struct buf spooled;           /* the body, when it has a spool file */
	char policy_name[QUEUE_POLICY_TEXT];
	bool settled;                 /* a verdict was given; it is not renewed any more */
	enum queue_verdict verdict;
	char cause[64];
	void (*done)(void *ctx, bool dead, int64_t due_ms);
	void *ctx;
	unsigned char octets[];
};

/* A destination this gateway knows of. */
struct queue_target {
	struct queue_target *next;
	struct queue_destination limits; /* its name is the target's */
	struct queue_held *held;
	int64_t ask_ms;               /* mono: when to claim again */
};

struct queue_owed;

/* One command of a batch, and who wants its reply. */
struct queue_asked {
	const struct queue_kind *kind;
	struct redisReply *reply;     /* NULL: none came */
	struct queue_target *target;
	struct queue_held *held;
	struct queue_put *put;
	struct queue_mark *mark;
	struct queue_recall *recall;
	struct queue_remember *remember;
	struct queue_owed *owed;
	char spool[QUEUE_SPOOL_NAME]; /* of the put; empty: none */
};

#define QUEUE_BATCH 512
struct queue {
	struct queue **parts;         /* one for each shard of the settings */
	struct queue_settings s;      /* strings are the pool's */
	struct pool *pool;
	pthread_t thread;
	int wake;

	pthread_mutex_t lock;         /* of these */
	struct queue_order *order_first, **order_last;
	struct queue_held *settle_first, **settle_last;
	bool pause, stop;
	struct err trouble;           /* REASON_NONE: healthy */

	struct queue_order *orders, **orders_end; /* taken over, not sent */
	struct queue_held *settles, **settles_end;
	struct queue_owed *owed, **owed_end;      /* outcomes that Redis has to hear of still (queue_memory) */
	struct queue_target *targets, *turn;      /* turn: who claims first */
	int in_hand;

	struct queue_wire *wire;      /* NULL: not connected */
	bool proved;                  /* this connection's server is known to keep what it acknowledges */
	bool load;                    /* it lacks the scripts */
	char birth[QUEUE_BIRTH];      /* name of the server that holds the messages */
	bool born;                    /* it is known */
	bool leave;                   /* it must be given up, for `why` */
	bool resting;                 /* no more claims */
	struct err why;
	int64_t connect_ms, pause_ms; /* when to connect again; how long to wait after the next failure */
	int64_t fit_ms, renew_ms, settle_ms;      /* when to look after the server, leases, refused settlements */

	struct queue_asked asked[QUEUE_BATCH];
	struct redisReply *replies[QUEUE_BATCH];
	size_t asked_count;
	bool replicated;              /* there is a replica, as far as is known */
	size_t copied_at;             /* where this batch asks whether that has got it; 0: nowhere */
	bool copied;                  /* it has, or there is none */
	struct queue_order **again;   /* where an order goes that is sent once more: before those not sent */
};

/* ---- queue_loop ---- */
void *queue_run(void *queue);
/* Tells the world how the queue is: NULL is well. */
void queue_state(struct queue *q, const struct err *trouble);
/* The target of this name, made when it is new; NULL when memory is short or it is no name. */
struct queue_target *queue_target_find(struct queue *q, struct bytes destination);
/* Puts the settlement behind those that wait to be sent. */
void queue_settle_again(struct queue *q, struct queue_held *h);

/* ---- queue_batch ---- */
struct queue_kind {
	void (*answered)(struct queue *q, struct queue_asked *a, const struct redisReply *r);
	void (*lost)(struct queue *q, struct queue_asked *a, bool sent, const struct err *e); /* NULL: nothing to do */
};
/* One more command of the batch; there must be room. */
struct queue_asked *queue_ask(struct queue *q, const struct queue_kind *kind, const struct bytes *words, size_t n);
bool queue_is_error(const struct redisReply *r, const char *code);
/* True when the reply is an error; it is noted what that says about the server. */
bool queue_note_error(struct queue *q, const struct redisReply *r);

/* What Redis refuses now is told a little later. */
void queue_settle_pause(struct queue *q);

/* ---- queue_order ---- */
/* Orders that wait go into the batch. */
void queue_ask_orders(struct queue *q);
/* Ends an order that was not sent. */
void queue_order_refuse(struct queue *q, struct queue_order *o, const struct err *e);
/* One batch out, its replies in and handed on. Fails, in words, when the wire must be given up. */
MUST_USE outcome queue_batch_run(struct queue *q, struct err *e);
/* When the next batch is wanted (mono). */
int64_t queue_batch_at(const struct queue *q);

/* ---- queue_memory ---- */
void queue_ask_recall(struct queue *q, struct queue_recall *r);
void queue_ask_remember(struct queue *q, struct queue_remember *r);
/* Redis did not get it: it is owed, and its owner hears so. */
void queue_remember_later(struct queue *q, struct queue_remember *r, const struct err *e);
/* What Redis has to hear of still goes into the batch, or is given up at the end. */
void queue_ask_owed(struct queue *q);
void queue_owed_drop(struct queue *q);
/* Behind the orders of a batch: has a replica got what they wrote? Needed where a failover must not forget it. */
void queue_ask_copied(struct queue *q);
bool queue_copied(const struct queue *q); /* once the replies are there */

/* ---- queue ---- */
void queue_hand_over(struct queue *q, struct queue_order *order);
bool queue_well(struct queue *q, struct err *e); /* this one alone; as queue_healthy */

/* ---- queue_shards ---- */
/* Whose it is: of the queue itself, or of one of its parts. */
struct queue *queue_of(struct queue *q, struct bytes name);
MUST_USE outcome queue_parts_start(struct queue *q, const struct queue_settings *s, struct err *e);
void queue_parts_stop(struct queue *q);

/* ---- queue_held ---- */
/* Copies what was found; NULL when memory is short. Policy and body are to be read by the second. */
struct queue_held *queue_held_new(struct bytes destination, const struct queue_found *found);
MUST_USE outcome queue_held_read(struct queue_held *h, const struct queue_found *found, const char *spool,
	struct err *e);
/* Into the hands of this gateway; out of them, and gone. */
void queue_held_take(struct queue *q, struct queue_target *t, struct queue_held *h);
void queue_held_free(struct queue *q, struct queue_held *h);

#endif
