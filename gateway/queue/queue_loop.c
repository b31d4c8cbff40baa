/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_loop - the thread: connects, and connects again; wakes up for what others handed over, for due messages, leases
 * and the look after the server; ends in order.
 * Promise:  an order never waits for a server that is known to be away; every order and every settlement is answered once.
 * Not here: what a batch holds and what its replies mean (queue_batch). */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "log/log.h"

#include "queue/queue_run.h"

#define PAUSE_FIRST_MS 50
#define PAUSE_MOST_MS 2000

void queue_state(struct queue *q, const struct err *trouble)
{
	static const struct err well = {.reason = REASON_NONE};
	bool changed;

	if (!trouble)
		trouble = &well;
	pthread_mutex_lock(&q->lock);
	changed = q->trouble.reason != trouble->reason || strcmp(q->trouble.detail, trouble->detail) != 0;
	q->trouble = *trouble;
	pthread_mutex_unlock(&q->lock);
	if (!changed)
		return;
	if (trouble->reason == REASON_NONE)
		log_event(LOG_INFO, "queue.up", LOG_TEXT("node", q->s.node), LOG_TEXT("redis", q->s.redis ? q->s.redis : ""));
	else
		log_event(LOG_WARNING, "queue.down", LOG_TEXT("reason", reason_row(trouble->reason)->name),
			LOG_TEXT("detail", trouble->detail), LOG_TEXT("redis", q->s.redis ? q->s.redis : ""));
}

static const struct queue_destination *limits_of(const struct queue *q, struct bytes name)
{
	for (size_t i = 0; i < q->s.destination_count; i++) {
		if (bytes_is(name, q->s.destinations[i].name))
			return &q->s.destinations[i];
	}
	return &q->s.usual;
}

struct queue_target *queue_target_find(struct queue *q, struct bytes destination)
{
	struct queue_target *t = q->targets;
	char *name;

	while (t && !bytes_is(destination, t->limits.name))
		t = t->next;
	if (t || memchr(destination.p, 0, destination.n))
		return t;
	t = calloc(1, sizeof *t);
	name = t ? strndup((const char *)destination.p, destination.n) : NULL;
	if (!name) {
		free(t);
		return NULL;
	}
	t->limits = *limits_of(q, destination);
	t->limits.name = name;
	t->next = q->targets;
	q->targets = t;
	return t;
}

void queue_settle_again(struct queue *q, struct queue_held *h)
{
	h->settled = true;
	h->behind = NULL;
	*q->settles_end = h;
	q->settles_end = &h->behind;
}

/* Takes what others left for this thread. False when the end was asked for. */
static bool take_lines(struct queue *q)
{
	struct queue_order *orders, **orders_end;
	struct queue_held *settles;
	bool stop;

	pthread_mutex_lock(&q->lock);
	orders = q->order_first;
	orders_end = q->order_last;
	settles = q->settle_first;
	q->order_first = NULL;
	q->order_last = &q->order_first;
	q->settle_first = NULL;
	q->settle_last = &q->settle_first;
	stop = q->stop;
	q->resting = q->pause || stop;
	pthread_mutex_unlock(&q->lock);
	if (orders) {
		*q->orders_end = orders;
		q->orders_end = orders_end;
	}
	while (settles) {
		struct queue_held *h = settles;

		settles = h->behind;
		queue_settle_again(q, h);
	}
	return !stop;
}

static void refuse_orders(struct queue *q, const struct err *e)
{
	while (q->orders) {
		struct queue_order *order = q->orders;

		q->orders = order->next; /* it is its owner's again once it ended */
		queue_order_refuse(q, order, e);
	}
	q->orders_end = &q->orders;
}

/* Claims in hand stay in hand, their verdicts wait; orders are refused until there is a connection again. */
static void lose(struct queue *q, const struct err *e)
{
	queue_state(q, e);
	queue_wire_close(&q->wire);
	q->connect_ms = mono_ms() + q->pause_ms;
	q->pause_ms = q->pause_ms * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : q->pause_ms * 2;
}

static void link_up(struct queue *q)
{
	struct err e;

	q->proved = q->leave = false;
	q->load = true;
	q->born = queue_birth_read(q->s.spool, q->birth);
	if (!q->born)
		queue_birth_new(q->birth);
	q->fit_ms = q->renew_ms = q->settle_ms = 0;
	if (!queue_connect(&q->s.server, q->s.node, &q->wire, &e).ok)
		lose(q, &e);
}

static void serve(struct queue *q)
{
	bool proved = q->proved;
	struct err e;

	if (!queue_batch_run(q, &e).ok)
		lose(q, &e);
	else if (proved)
		q->pause_ms = PAUSE_FIRST_MS;
}

/* Sleeps until something is to be done; notices a connection that ended meanwhile. */
static void rest(struct queue *q)
{
	int64_t left = (q->wire ? queue_batch_at(q) : q->connect_ms) - mono_ms();
	struct pollfd p[2] = {{.fd = q->wake, .events = POLLIN},
		{.fd = q->wire ? queue_wire_fd(q->wire) : -1, .events = POLLIN}};
	uint64_t count;
	struct err e;

	if (poll(p, 2, left <= 0 ? 0 : left > PAUSE_MOST_MS ? PAUSE_MOST_MS : (int)left) < 0)
		return; /* a signal, or no memory in the kernel: as if the time were over */
	if (p[0].revents && read(q->wake, &count, sizeof count) < 0)
		BUG_IF(errno != EAGAIN && errno != EINTR);
	if (p[1].revents && !queue_wire_quiet(q->wire, &e))
		lose(q, &e);
}

/* ---- the end ---- */

static void give_back(struct queue *q)
{
	for (struct queue_target *t = q->targets; t; t = t->next) {
		for (struct queue_held *h = t->held; h; h = h->next) {
			if (h->settled)
				continue;
			h->verdict = QUEUE_RETURNED;
			queue_settle_again(q, h);
		}
	}
}

static size_t left_to_do(const struct queue *q)
{
	size_t n = (size_t)q->in_hand;

	for (const struct queue_order *o = q->orders; o; o = o->next)
		n++;
	n += q->owed != NULL;
	return n;
}

/* What a server takes at once is still done; a verdict that it refuses now is left to the end of the lease. */
static void finish(struct queue *q)
{
	size_t left, before = SIZE_MAX;

	q->settle_ms = 0;
	give_back(q);
	while (q->wire && (left = left_to_do(q)) > 0 && (left < before || q->load)) {
		before = q->proved ? left : SIZE_MAX;
		serve(q);
		take_lines(q);
	}
	refuse_orders(q, &(struct err){REASON_GATEWAY_STOPPING, "the queue is stopping"});
}

static void end(struct queue *q)
{
	finish(q);
	queue_owed_drop(q);
	queue_wire_close(&q->wire);
	while (q->targets) {
		struct queue_target *t = q->targets;

		while (t->held) {
			if (t->held->done)
				t->held->done(t->held->ctx, false, -1);
			queue_held_free(q, t->held);
		}
		q->targets = t->next;
		free((void *)(uintptr_t)t->limits.name);
		free(t);
	}
}

void *queue_run(void *of)
{
	struct queue *q = of;

	q->pause_ms = PAUSE_FIRST_MS;
	while (take_lines(q)) {
		if (!q->wire && mono_ms() >= q->connect_ms)
			link_up(q);
		if (q->wire)
			serve(q);
		if (!q->wire)
			refuse_orders(q, &q->trouble); /* only this thread writes it */
		rest(q);
	}
	end(q);
	return NULL;
}
