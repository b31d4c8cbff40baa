/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_memory - the replay memory that gateways share (memory.h), on the queue's thread.
 * Promise:  a message is this exchange's only by the reply to its own recall, and, where there is a replica, once that has
 *           it too. What Redis could not be told is owed, and told before anything new; a recall in doubt is taken back.
 * Not here: the scripts (recall.lua, remember.lua), their words (queue_script), what follows from them (flow). */
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "queue/memory.h"
#include "queue/queue_run.h"

#define OWED_AT_ONCE 64
#define COPIED_MS 1000 /* for a replica to confirm; at most half of command_ms, or the connection breaks first */

void queue_recall(struct queue *q, struct queue_recall *recall)
{
	recall->order.what = QUEUE_ORDER_RECALL;
	queue_hand_over(queue_of(q, recall->message.holder), &recall->order);
}

void queue_remember(struct queue *q, struct queue_remember *remember)
{
	remember->order.what = QUEUE_ORDER_REMEMBER;
	queue_hand_over(queue_of(q, remember->message.holder), &remember->order);
}

/* ---- what is owed: at most what was under way when Redis went, for nothing new begins without it ---- */

struct queue_owed {
	struct queue_owed *next;
	struct queue_remember word; /* name and exchange stand behind */
	char text[];
};

/* Without memory it is not told: the message stays open, and is uncertain when this gateway has ended. */
static void owe(struct queue *q, const struct queue_message *m, enum queue_fate fate, int status)
{
	struct queue_owed *o = calloc(1, sizeof *o + m->name.n + m->exchange.n);

	if (!o)
		return;
	memcpy(o->text, m->name.p, m->name.n);
	memcpy(o->text + m->name.n, m->exchange.p, m->exchange.n);
	o->word = (struct queue_remember){.message = *m, .fate = fate, .status = status};
	o->word.message.name.p = (const unsigned char *)o->text;
	o->word.message.exchange.p = (const unsigned char *)o->text + m->name.n;
	*q->owed_end = o;
	q->owed_end = &o->next;
}

static struct queue_owed *take_owed(struct queue *q)
{
	struct queue_owed *o = q->owed;

	q->owed = o->next;
	if (!q->owed)
		q->owed_end = &q->owed;
	o->next = NULL;
	return o;
}

static void owed_again(struct queue *q, struct queue_owed *o)
{
	*q->owed_end = o;
	q->owed_end = &o->next;
}

static void owed_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	struct err e;

	if (!queue_note_error(q, r) && queue_reply_remember(r, &e) == QUEUE_DONE) {
		free(a->owed);
		return;
	}
	owed_again(q, a->owed);
	queue_settle_pause(q);
}

static void owed_lost(struct queue *q, struct queue_asked *a, bool sent, const struct err *e)
{
	(void)sent, (void)e; /* done twice it changes nothing */
	owed_again(q, a->owed);
}

static const struct queue_kind owed = {.answered = owed_answered, .lost = owed_lost};

void queue_ask_owed(struct queue *q)
{
	for (int i = 0; i < OWED_AT_ONCE && q->owed; i++) {
		struct queue_owed *o = take_owed(q);
		struct queue_args words;

		queue_script_remember(&words, q->s.server.prefix, 0, q->s.node, &o->word);
		queue_ask(q, &owed, words.word, words.count)->owed = o;
	}
}

void queue_owed_drop(struct queue *q)
{
	while (q->owed)
		free(take_owed(q));
}

/* ---- remember ---- */

void queue_remember_later(struct queue *q, struct queue_remember *r, const struct err *e)
{
	owe(q, &r->message, r->fate, r->status);
	r->done(r, QUEUE_DOWN, e);
}

static void remember_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	struct err e = {0};

	queue_note_error(q, r);
	if (queue_reply_remember(r, &e) == QUEUE_DONE)
		a->remember->done(a->remember, QUEUE_DONE, &e);
	else
		queue_remember_later(q, a->remember, &e);
}

static void remember_lost(struct queue *q, struct queue_asked *a, bool sent, const struct err *e)
{
	(void)sent;
	queue_remember_later(q, a->remember, e);
}

static const struct queue_kind remember = {.answered = remember_answered, .lost = remember_lost};

void queue_ask_remember(struct queue *q, struct queue_remember *r)
{
	struct queue_args words;

	queue_script_remember(&words, q->s.server.prefix, 0, q->s.node, r);
	BUG_IF(words.failed); /* its recall had the same words */
	queue_ask(q, &remember, words.word, words.count)->remember = r;
}

/* ---- recall ---- */

/* It may have been carried out: then it is given back. Where an earlier copy may have been sent, that stays so. */
static void take_back(struct queue *q, const struct queue_recall *r)
{
	owe(q, &r->message, r->may_repeat ? QUEUE_FATE_UNCERTAIN : QUEUE_FATE_RELEASED, 0);
}

static void recall_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	struct queue_recall *recall = a->recall;
	enum queue_result result;
	struct err e = {0};

	queue_note_error(q, r);
	result = queue_reply_recall(r, recall, &e);
	if (queue_is_error(r, "NOSCRIPT "))
		err_set(&e, REASON_QUEUE_DOWN, "Redis had lost the scripts; it has them again now");
	if (result == QUEUE_DONE && recall->what <= RECALLED_AGAIN && !q->copied) {
		take_back(q, recall);
		err_set(&e, REASON_QUEUE_DOWN, "no replica of Redis has it yet");
		result = QUEUE_DOWN;
	}
	recall->done(recall, result, &e);
}

static void recall_lost(struct queue *q, struct queue_asked *a, bool sent, const struct err *e)
{
	if (sent)
		take_back(q, a->recall);
	a->recall->done(a->recall, sent ? QUEUE_UNCERTAIN : QUEUE_DOWN, e);
}

static const struct queue_kind recall = {.answered = recall_answered, .lost = recall_lost};

void queue_ask_recall(struct queue *q, struct queue_recall *r)
{
	struct queue_args words;
	struct err e;

	queue_script_recall(&words, q->s.server.prefix, 0, q->s.node, r);
	if (words.failed) {
		err_set(&e, REASON_INTERNAL, "the name of the message or of the gateway is too long");
		r->done(r, QUEUE_DOWN, &e);
		return;
	}
	queue_ask(q, &recall, words.word, words.count)->recall = r;
}

/* ---- a replica ---- */

static void copied_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	(void)q, (void)a, (void)r; /* looked at before the others, see queue_copied */
}

static const struct queue_kind copied = {.answered = copied_answered};

static bool has_recall(const struct queue *q)
{
	for (size_t i = 0; i < q->asked_count; i++) {
		if (q->asked[i].recall)
			return true;
	}
	return false;
}

/* A failover goes to a replica. Where there is none by what the server says, none can take over; where Redis stands alone
 * there are no Sentinels. */
void queue_ask_copied(struct queue *q)
{
	int ms = q->s.server.command_ms / 2 < COPIED_MS ? q->s.server.command_ms / 2 : COPIED_MS;
	struct queue_args a;

	q->copied_at = 0;
	if (!q->s.server.sentinels || !q->replicated || !has_recall(q))
		return;
	queue_args_start(&a);
	queue_args_add(&a, BYTES_LIT("WAIT"));
	queue_args_add(&a, BYTES_LIT("1"));
	queue_args_number(&a, ms);
	queue_ask(q, &copied, a.word, a.count);
	q->copied_at = q->asked_count - 1;
}

bool queue_copied(const struct queue *q)
{
	const redisReply *r = q->copied_at ? q->asked[q->copied_at].reply : NULL;

	return !q->copied_at || (r && r->type == REDIS_REPLY_INTEGER && r->integer >= 1);
}
