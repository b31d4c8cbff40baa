/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_order - what was handed over to be kept: puts and marks.
 * Promise:  an order ends DONE only by the reply to itself, on a server that was found fit before.
 * Not here: the batch that carries them (queue_batch), the words of the scripts (queue_script), the replay memory
 *           (queue_memory). */
#include <hiredis/hiredis.h>

#include "log/log.h"

#include "queue/queue_run.h"

#define ORDERS_MOST 128  /* in one batch: each is an fsync or a part of one, and all wait for the last */
#define OCTETS_MOST ((size_t)4 << 20) /* when so many wait, no more orders */

/* ---- puts ---- */

static void put_end(struct queue *q, struct queue_asked *a, enum queue_result result, const struct err *e)
{
	if (a->spool[0] && result != QUEUE_DONE && result != QUEUE_UNCERTAIN)
		queue_spool_remove(q->s.spool, bytes_str(a->spool));
	a->put->done(a->put, result, e);
}

static void put_again(struct queue *q, struct queue_asked *a)
{
	if (a->spool[0])
		queue_spool_remove(q->s.spool, bytes_str(a->spool));
	a->put->order.next = *q->again;
	*q->again = &a->put->order;
	if (!a->put->order.next)
		q->orders_end = &a->put->order.next;
	q->again = &a->put->order.next;
}

static void put_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	enum queue_result result;
	struct err e = {0};
	struct queue_target *t;

	queue_note_error(q, r);
	if (queue_is_error(r, "NOSCRIPT ")) {
		put_again(q, a);
		return;
	}
	result = queue_reply_put(r, &e);
	t = result == QUEUE_DONE ? queue_target_find(q, a->put->destination) : NULL;
	if (t)
		t->ask_ms = 0;
	put_end(q, a, result, &e);
}

static void put_lost(struct queue *q, struct queue_asked *a, bool sent, const struct err *e)
{
	put_end(q, a, sent ? QUEUE_UNCERTAIN : QUEUE_DOWN, e);
}

static const struct queue_kind put = {.answered = put_answered, .lost = put_lost};

/* A big body is on disk before Redis hears of the message. */
static void ask_put(struct queue *q, struct queue_put *p)
{
	struct queue_at at = {.prefix = q->s.server.prefix, .destination = p->destination};
	struct queue_asked scratch = {.put = p}, *a;
	struct queue_args words;
	struct err e;

	if (p->body.n > q->s.inline_bytes && !queue_spool_write(q->s.spool, p->id, p->body, scratch.spool, &e).ok) {
		log_err(LOG_ERROR, "queue.spool", &e, NULL);
		scratch.spool[0] = 0;
		put_end(q, &scratch, QUEUE_DOWN, &e);
		return;
	}
	queue_script_put(&words, &at, p, bytes_str(scratch.spool));
	if (words.failed) {
		err_set(&e, REASON_INTERNAL, "identifiers or meta data are too long");
		put_end(q, &scratch, QUEUE_DOWN, &e);
		return;
	}
	a = queue_ask(q, &put, words.word, words.count);
	a->put = p;
	memcpy(a->spool, scratch.spool, sizeof a->spool);
}

/* ---- marks ---- */

static void mark_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	enum queue_result result;
	struct err e = {0};

	queue_note_error(q, r);
	result = queue_reply_mark(r, a->mark->there, &e);
	a->mark->done(a->mark, result, &e);
}

static void mark_lost(struct queue *q, struct queue_asked *a, bool sent, const struct err *e)
{
	(void)q;
	a->mark->done(a->mark, sent ? QUEUE_UNCERTAIN : QUEUE_DOWN, e);
}

static const struct queue_kind mark = {.answered = mark_answered, .lost = mark_lost};

static void ask_mark(struct queue *q, struct queue_mark *m)
{
	struct queue_args words;
	struct err e;

	queue_command_mark(&words, q->s.server.prefix, m);
	if (words.failed) {
		err_set(&e, REASON_INTERNAL, "the name of a mark is too long");
		m->done(m, QUEUE_DOWN, &e);
		return;
	}
	queue_ask(q, &mark, words.word, words.count)->mark = m;
}

/* ---- orders ---- */

void queue_order_refuse(struct queue *q, struct queue_order *o, const struct err *e)
{
	switch (o->what) {
	case QUEUE_ORDER_PUT:
		((struct queue_put *)o)->done((struct queue_put *)o, QUEUE_DOWN, e);
		break;
	case QUEUE_ORDER_MARK:
		((struct queue_mark *)o)->done((struct queue_mark *)o, QUEUE_DOWN, e);
		break;
	case QUEUE_ORDER_RECALL:
		((struct queue_recall *)o)->done((struct queue_recall *)o, QUEUE_DOWN, e);
		break;
	case QUEUE_ORDER_REMEMBER:
		queue_remember_later(q, (struct queue_remember *)o, e);
		break;
	}
}

static void ask_order(struct queue *q, struct queue_order *o)
{
	switch (o->what) {
	case QUEUE_ORDER_PUT:
		ask_put(q, (struct queue_put *)o);
		break;
	case QUEUE_ORDER_MARK:
		ask_mark(q, (struct queue_mark *)o);
		break;
	case QUEUE_ORDER_RECALL:
		queue_ask_recall(q, (struct queue_recall *)o);
		break;
	case QUEUE_ORDER_REMEMBER:
		queue_ask_remember(q, (struct queue_remember *)o);
		break;
	}
}

void queue_ask_orders(struct queue *q)
{
	for (int i = 0; i < ORDERS_MOST && q->orders && queue_wire_octets(q->wire) < OCTETS_MOST; i++) {
		struct queue_order *o = q->orders;

		q->orders = o->next; /* it is its owner's again once it ended */
		if (!q->orders)
			q->orders_end = &q->orders;
		ask_order(q, o);
	}
}
