/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue - the public calls: they hand over to the thread and wake it.
 * Not here: what the thread does (queue_loop); operators (queue_admin). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"
#include "queue/queue_run.h"

#define SETTINGS_MOST ((size_t)16 << 20)

/* ---- settings ---- */

static bool copy_text(struct pool *pool, const char **text)
{
	if (*text)
		*text = pool_copy(pool, bytes_str(*text));
	else
		return true;
	return *text != NULL;
}

static bool copy_list(struct pool *pool, const char *const **texts)
{
	size_t n = 0;
	const char **list;

	if (!*texts)
		return true;
	while ((*texts)[n])
		n++;
	list = pool_alloc(pool, (n + 1) * sizeof *list);
	for (size_t i = 0; list && i < n; i++) {
		list[i] = (*texts)[i];
		if (!copy_text(pool, &list[i]))
			return false;
	}
	if (list)
		list[n] = NULL;
	*texts = list;
	return list != NULL;
}

static bool copy_destinations(struct pool *pool, struct queue_settings *s)
{
	struct queue_destination *list = pool_alloc(pool, (s->destination_count + 1) * sizeof *list);

	for (size_t i = 0; list && i < s->destination_count; i++) {
		list[i] = s->destinations[i];
		if (!copy_text(pool, &list[i].name))
			return false;
	}
	s->destinations = list;
	return list != NULL;
}

static bool copy_server(struct pool *pool, struct queue_server *r)
{
	if (!r->prefix)
		r->prefix = "qaqpa";
	return copy_text(pool, &r->socket) && copy_text(pool, &r->host) && copy_text(pool, &r->master) &&
		copy_text(pool, &r->user) && copy_text(pool, &r->password_file) && copy_text(pool, &r->tls_ca) &&
		copy_text(pool, &r->tls_certificate) && copy_text(pool, &r->tls_key) && copy_text(pool, &r->prefix) &&
		copy_list(pool, &r->sentinels);
}

/* What they hold is looked up here; their servers are their own queues' business. */
static bool copy_shards(struct pool *pool, struct queue_settings *s)
{
	struct queue_shard *list = pool_alloc(pool, (s->shard_count + 1) * sizeof *list);

	for (size_t i = 0; list && i < s->shard_count; i++) {
		list[i] = (struct queue_shard){.name = s->shards[i].name, .holds = s->shards[i].holds};
		if (!copy_text(pool, &list[i].name) || !copy_list(pool, &list[i].holds))
			return false;
	}
	s->shards = list;
	return list != NULL;
}

static bool copy_settings(struct pool *pool, struct queue_settings *s)
{
	return copy_server(pool, &s->server) && copy_text(pool, &s->node) && copy_text(pool, &s->spool) &&
		copy_text(pool, &s->redis) && copy_shards(pool, s) && copy_destinations(pool, s);
}

/* ---- start and stop ---- */

static void queue_free(struct queue *q)
{
	if (q->wake >= 0)
		close(q->wake);
	pool_free(&q->pool);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

outcome queue_start(const struct queue_settings *s, struct queue **out, struct err *e)
{
	struct queue *q;

	*out = NULL;
	TRY(queue_spool_open(s->spool, e));
	q = calloc(1, sizeof *q);
	if (!q)
		return err_set(e, REASON_MEMORY, "the queue");
	pthread_mutex_init(&q->lock, NULL);
	q->s = *s;
	q->pool = pool_new(SETTINGS_MOST);
	q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->order_last = &q->order_first;
	q->settle_last = &q->settle_first;
	q->orders_end = &q->orders;
	q->settles_end = &q->settles;
	q->owed_end = &q->owed;
	err_set(&q->trouble, REASON_QUEUE_DOWN, "not connected to Redis yet");
	if (!q->pool || !copy_settings(q->pool, &q->s) || q->wake < 0 || !thread_start(&q->thread, queue_run, q)) {
		queue_free(q);
		return err_set(e, REASON_MEMORY, "the queue");
	}
	if (!queue_parts_start(q, s, e).ok) {
		queue_stop(&q);
		return FAILED;
	}
	*out = q;
	return DONE;
}

void queue_pause(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->pause = true;
	pthread_mutex_unlock(&q->lock);
	thread_wake(q->wake);
	for (size_t i = 0; i < q->s.shard_count; i++)
		queue_pause(q->parts[i]);
}

void queue_stop(struct queue **of)
{
	struct queue *q = *of;

	if (!q)
		return;
	queue_parts_stop(q);
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_mutex_unlock(&q->lock);
	thread_wake(q->wake);
	pthread_join(q->thread, NULL);
	queue_free(q);
	*of = NULL;
}

/* ---- work ---- */

bool queue_well(struct queue *q, struct err *e)
{
	bool well;

	pthread_mutex_lock(&q->lock);
	well = q->trouble.reason == REASON_NONE;
	if (e && q->s.redis && !well)
		(void)err_set(e, q->trouble.reason, "%s: %s", q->s.redis, q->trouble.detail);
	else if (e)
		*e = q->trouble;
	pthread_mutex_unlock(&q->lock);
	return well;
}

void queue_hand_over(struct queue *q, struct queue_order *order)
{
	bool first;

	order->next = NULL;
	pthread_mutex_lock(&q->lock);
	first = !q->order_first;
	*q->order_last = order;
	q->order_last = &order->next;
	pthread_mutex_unlock(&q->lock);
	if (first)
		thread_wake(q->wake);
}

void queue_put(struct queue *q, struct queue_put *put)
{
	put->order.what = QUEUE_ORDER_PUT;
	queue_hand_over(queue_of(q, put->destination), &put->order);
}

void queue_mark(struct queue *q, struct queue_mark *mark)
{
	BUG_IF(mark->says.n > QUEUE_MARK_MOST);
	mark->order.what = QUEUE_ORDER_MARK;
	queue_hand_over(queue_of(q, mark->holder), &mark->order);
}

void queue_settle(struct queue *q, struct queue_claim *claim, enum queue_verdict verdict, const char *cause,
	void (*done)(void *ctx, bool dead, int64_t due_ms), void *ctx)
{
	struct queue_held *h = (struct queue_held *)claim;
	bool first;

	BUG_IF(!h->target); /* expired: there is nothing to settle */
	q = h->queue; /* a part of it, maybe */
	h->verdict = verdict;
	snprintf(h->cause, sizeof h->cause, "%s", cause ? cause : "");
	h->done = done;
	h->ctx = ctx;
	h->behind = NULL;
	pthread_mutex_lock(&q->lock);
	first = !q->settle_first;
	*q->settle_last = h;
	q->settle_last = &h->behind;
	pthread_mutex_unlock(&q->lock);
	if (first)
		thread_wake(q->wake);
}
