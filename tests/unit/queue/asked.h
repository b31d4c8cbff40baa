/* SPDX-License-Identifier: GPL-3.0-or-later */
/* asked - questions to the replay memory that gateways share, and their answers. */
#ifndef QAQPA_TESTS_QUEUE_ASKED_H
#define QAQPA_TESTS_QUEUE_ASKED_H

#include "gate.h"

#include "queue/memory.h"

#define FIRST "{00000000-0000-4000-8000-000000000001}"
#define SECOND "{00000000-0000-4000-8000-000000000002}"
#define HOUR 3600000

struct asked { /* a recall or a remember, and its answer */
	struct queue_recall recall;
	struct queue_remember remember;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done;
	enum queue_result result;
	struct err e;
};

static UNUSED void asked_done(struct asked *a, enum queue_result result, const struct err *e)
{
	pthread_mutex_lock(&a->lock);
	a->result = result;
	a->e = *e;
	a->done = true;
	pthread_cond_signal(&a->answered);
	pthread_mutex_unlock(&a->lock);
}

static UNUSED void recall_done(struct queue_recall *r, enum queue_result result, const struct err *e)
{
	asked_done(r->ctx, result, e);
}

static UNUSED void remember_done(struct queue_remember *r, enum queue_result result, const struct err *e)
{
	asked_done(r->ctx, result, e);
}

static UNUSED enum queue_result asked_wait(struct asked *a)
{
	pthread_mutex_lock(&a->lock);
	while (!a->done)
		pthread_cond_wait(&a->answered, &a->lock);
	pthread_mutex_unlock(&a->lock);
	return a->result;
}

static UNUSED struct queue_message message(const char *name, const char *exchange, char content)
{
	struct queue_message m = {.name = bytes_str(name), .exchange = bytes_str(exchange), .for_ms = HOUR};

	memset(m.content, content, sizeof m.content);
	return m;
}

static UNUSED void asked_init(struct asked *a)
{
	buf_free(&a->recall.answer);
	*a = (struct asked){.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};
}

static UNUSED void recall_put(struct asked *a, struct gate *g, struct queue_message m, int64_t age_ms, bool may_repeat)
{
	asked_init(a);
	a->recall = (struct queue_recall){.message = m, .date_ms = stamp_now().ms - age_ms, .skew_ms = 60000,
		.may_repeat = may_repeat, .answer = BUF(4096), .done = recall_done, .ctx = a};
	queue_recall(g->q, &a->recall);
}

/* What the gateway is told of a message without risk; -1 where it is told nothing. */
static UNUSED int recall(struct gate *g, const char *name, const char *exchange, struct asked *a)
{
	recall_put(a, g, message(name, exchange, 'c'), 0, false);
	return asked_wait(a) == QUEUE_DONE ? (int)a->recall.what : -1;
}

static UNUSED enum queue_result inform(struct gate *g, const char *name, const char *exchange, enum queue_fate fate,
	const char *answer)
{
	struct asked a = {.done = false};

	asked_init(&a);
	a.remember = (struct queue_remember){.message = message(name, exchange, 'c'), .fate = fate, .status = 200,
		.answer = bytes_str(answer), .answer_ms = HOUR, .done = remember_done, .ctx = &a};
	queue_remember(g->q, &a.remember);
	return asked_wait(&a);
}

#endif
