/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_keep - the steps of a message that is accepted now and delivered later (rule B5): on disk in the journal first,
 * then in Redis, then the caller is told. What happens to it afterwards is in flow_delivery.c. */
#include "flow/flow_int.h"

enum after step_choose(struct exchange *x)
{
	if (x->service->handler)
		return AFTER_HANDLE;
	return x->service->delivery == CONF_DELIVERY_QUEUED ? AFTER_KEEP : AFTER_NEXT;
}

/* The octets that will be delivered: unsigned where each attempt signs anew, signed where all attempts are the same. */
static outcome compose_kept(struct exchange *x)
{
	struct cuts cuts;

	TRY(channel_forward_request(x->stage, x->verified, &x->request, x->guid, &cuts, &x->err));
	if (x->service->resend == CONF_RESEND_IDENTICAL)
		return exchange_sign_on(x, x->service->provider, x->verified, &cuts, &x->outgoing, NULL);
	return channel_cut(&cuts, x->env, &x->outgoing, &x->err);
}

bool keep_text(struct exchange *x, enum delivery_kind kind, bool is_signed, const struct queue_policy *policy)
{
	struct delivery_meta meta = {
		.kind = kind,
		.is_signed = is_signed,
		.receiver = bytes_str(x->receiver->name),
		.service_id = bytes_str(x->service->id),
		.participant = bytes_str(x->caller->name),
		.sender_id = x->request.sender_id,
		.message_id = x->request.message_id,
		.correlation_id = x->request.correlation_id,
		.exchange = bytes_str(x->guid),
	};
	char text[QUEUE_POLICY_TEXT];

	x->put.policy = policy;
	x->meta = delivery_meta_write(&meta, x->pool);
	queue_policy_print(policy, text);
	x->policy = bytes_str(pool_copy(x->pool, bytes_str(text)));
	return x->meta.n && x->policy.n;
}

bool keep_ready(struct exchange *x)
{
	struct err e = {0};

	if (!x->kept_ms)
		x->kept_ms = x->at.ms;
	if (!x->flow->queue)
		exchange_refuse(x, REASON_QUEUE_DOWN, "the queue was not configured when the gateway started");
	else if (!queue_healthy_for(x->flow->queue, x->destination, &e))
		exchange_refuse(x, REASON_QUEUE_DOWN, "%s", e.detail);
	else
		return true;
	return false;
}

enum after step_keep(struct exchange *x)
{
	x->receiver = x->service->provider;
	x->destination = bytes_str(x->service->id);
	if (!keep_ready(x) || !compose_kept(x).ok)
		return AFTER_REFUSE;
	if (!keep_text(x, DELIVERY_SYNC, x->service->resend == CONF_RESEND_IDENTICAL,
			&snapshot_service(x->snap, x->service)->retry))
		return exchange_refuse(x, REASON_MEMORY, "no memory for the message");
	return AFTER_NEXT;
}

static void put_done(struct queue_put *put, enum queue_result result, const struct err *e)
{
	struct exchange *x = put->ctx;

	x->put_result = result;
	if (e)
		x->put_err = *e;
	exchange_resume(x);
}

enum after step_enqueue(struct exchange *x)
{
	if (!x->registered) {
		x->err = x->journal_err;
		return AFTER_REFUSE;
	}
	x->accepted = true;
	x->put.id = bytes_str(x->guid);
	x->put.destination = x->destination;
	x->put.order_key = x->put.due_ms == QUEUE_NEVER ? BYTES_NONE : x->request.correlation_id; /* all can be fetched */
	x->put.meta = x->meta;
	x->put.body = buf_bytes(&x->outgoing);
	x->put.accepted_ms = x->kept_ms;
	x->put.done = put_done;
	x->put.ctx = x;
	queue_put(x->flow->queue, &x->put);
	return AFTER_WAIT;
}

#define WAITS "Accepted for delivery: the message waits for its receiver and goes as soon as it can."

/* The acceptance: a response of the channel that says that the message waits for its receiver. */
static enum after compose_acceptance(struct exchange *x)
{
	SCOPED(buf_free) struct buf text = BUF(64u << 10), says = BUF(1024);
	struct sync_response r = {
		.message_id = bytes_str(x->guid),
		.correlation_id = x->request.correlation_id,
		.session_id = bytes_str(x->guid),
		.status_code = BYTES_LIT("SCSS001"),
		.date = stamp_now(),
	};

	if (x->times_words.n) /* the channel has 250 characters for all of it */
		buf_printf(&says, "Accepted for delivery; %.*s.", (int)x->times_words.n, x->times_words.p);
	else
		buf_str(&says, WAITS);
	r.status_message = buf_bytes(&says);
	if (!exchange_stage(x).ok || !channel_write_response(&r, NULL, NULL, &text, &x->err).ok)
		return AFTER_REFUSE;
	return exchange_answer(x, buf_bytes(&text));
}

bool keep_succeeded(struct exchange *x)
{
	switch (x->put_result) {
	case QUEUE_DONE:
	case QUEUE_KNOWN:
		return true;
	case QUEUE_FULL:
	case QUEUE_CROWDED:
		exchange_refuse(x, REASON_QUEUE_FULL, "%s", x->put_err.detail);
		break;
	case QUEUE_UNCERTAIN:
		exchange_refuse(x, REASON_QUEUE_UNCERTAIN, "%s", x->put_err.detail);
		break;
	case QUEUE_DOWN:
		exchange_refuse(x, REASON_QUEUE_DOWN, "%s", x->put_err.detail);
		break;
	}
	return false;
}

enum after step_accept(struct exchange *x)
{
	return keep_succeeded(x) ? compose_acceptance(x) : AFTER_REFUSE;
}
