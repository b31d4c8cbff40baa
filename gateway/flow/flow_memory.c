/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_memory - with several gateways behind a load balancer, what a repetition meets is the same at each of them:
 * messages that are answered while their caller waits are taken in Redis before anything is done about them, and their
 * outcome is kept there, answers included (decision 0025).
 * Promise:  a message is sent on by one gateway at a time, and never where it cannot be told whether another one had it.
 * Not here: repetitions at this gateway, which its journal knows (flow_request.c); messages for later (flow_mark.c). */
#include "flow/flow_int.h"

bool memory_is_shared(const struct exchange *x)
{
	return x->snap->conf->queue.shared_replay && !x->async && x->service->delivery != CONF_DELIVERY_QUEUED;
}

static void recall_done(struct queue_recall *recall, enum queue_result result, const struct err *e)
{
	struct exchange *x = recall->ctx;

	x->recalled = result;
	x->recall_err = *e;
	exchange_resume(x);
}

/* The trees stay meanwhile: the wait is short, and places in flight bound them. */
enum after step_recall_shared(struct exchange *x)
{
	const struct conf *c = x->snap->conf;
	char name[ADAPTER_MESSAGE];

	if (!memory_is_shared(x))
		return AFTER_NEXT;
	if (!x->flow->queue)
		return exchange_refuse(x, REASON_REPLAY_DOWN, "the queue was not configured when the gateway started");
	adapter_message_name(x->request.sender_id, x->memory_id, name);
	x->recall = (struct queue_recall){
		.message = {.holder = bytes_str(x->caller->name), .name = bytes_str(pool_copy(x->pool, bytes_str(name))),
			.exchange = bytes_str(x->guid), .for_ms = c->queue.remember_ms},
		.date_ms = x->request.date.ms,
		.skew_ms = x->caller->profile->skew_ms,
		.may_repeat = x->service->repeat_safe,
		.answer = BUF(HANDLED_MOST),
		.done = recall_done,
		.ctx = x,
	};
	if (!x->recall.message.name.n)
		return exchange_refuse(x, REASON_MEMORY, "no memory for the name of the message");
	memcpy(x->recall.message.content, x->content, sizeof x->content);
	queue_recall(x->flow->queue, &x->recall);
	return AFTER_WAIT;
}

static enum after answered_there(struct exchange *x)
{
	const struct queue_recall *r = &x->recall;

	if (!r->answer.len)
		return exchange_refuse(x, REASON_REPLAY_ELSEWHERE, "exchange %s at %.100s", r->first, r->node);
	return exchange_answer_again(x, buf_bytes(&r->answer), r->status);
}

enum after step_heed_shared(struct exchange *x)
{
	const struct queue_recall *r = &x->recall;

	if (!memory_is_shared(x))
		return AFTER_NEXT;
	if (x->recalled != QUEUE_DONE)
		return exchange_refuse(x, REASON_REPLAY_DOWN, "%s", x->recall_err.detail);
	switch (r->what) {
	case RECALLED_AGAIN:
	case RECALLED_NEW:
		break;
	case RECALLED_OPEN:
		return exchange_refuse(x, REASON_REPLAY_OPEN, "exchange %s at %.100s is not answered yet", r->first, r->node);
	case RECALLED_ANSWERED:
		return answered_there(x);
	case RECALLED_UNCERTAIN:
		return exchange_refuse(x, REASON_REPLAY_UNCERTAIN, "exchange %s at %.100s", r->first, r->node);
	case RECALLED_OTHER:
		return exchange_refuse(x, REASON_REPLAY_CONFLICT, "first used in exchange %s at %.100s", r->first, r->node);
	case RECALLED_FORGOTTEN:
		return exchange_refuse(x, REASON_REPLAY_UNCERTAIN, "the message is older than what the gateways remember together");
	}
	x->taken = true;
	if (x->has_earlier && !x->service->repeat_safe) /* of what this gateway sent the others know nothing */
		return exchange_refuse(x, REASON_REPLAY_UNCERTAIN, "it was sent before, and the gateways have no record of it");
	x->has_earlier |= r->what == RECALLED_AGAIN;
	return AFTER_NEXT;
}

/* What a repetition shall meet; like exchange_final, and certain also of what was never accepted. */
static enum queue_fate fate_of(const struct exchange *x, bool registered)
{
	bool sent = x->accepted || (x->handled && registered);

	if (!sent)
		return x->has_earlier ? QUEUE_FATE_UNCERTAIN : QUEUE_FATE_RELEASED;
	if (!registered)
		return QUEUE_FATE_UNCERTAIN;
	switch (exchange_final(x)) {
	case SEEN_ANSWERED:
		return QUEUE_FATE_ANSWERED;
	case SEEN_RELEASED:
		return QUEUE_FATE_RELEASED;
	default:
		return QUEUE_FATE_UNCERTAIN;
	}
}

static void remember_done(struct queue_remember *remember, enum queue_result result, const struct err *e)
{
	(void)result, (void)e; /* what Redis did not hear is told to it later; the journal has it */
	exchange_waited(remember->ctx);
}

void memory_tell(struct exchange *x, bool registered)
{
	const struct conf_queue *q = &x->snap->conf->queue;

	x->remember = (struct queue_remember){
		.message = x->recall.message,
		.fate = fate_of(x, registered),
		.status = x->status,
		.answer_ms = q->answer_ms,
		.done = remember_done,
		.ctx = x,
	};
	if (x->remember.fate == QUEUE_FATE_ANSWERED && x->answer.len <= q->answer_bytes)
		x->remember.answer = buf_bytes(&x->answer);
	queue_remember(x->flow->queue, &x->remember);
}

/* What was told while the journal was at it did not come true. */
enum after step_remember(struct exchange *x)
{
	if (!x->taken || x->registered)
		return AFTER_NEXT;
	x->waits = 1;
	memory_tell(x, false);
	return AFTER_WAIT;
}
