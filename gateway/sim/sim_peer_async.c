/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_peer_async - a caller of the asynchronous channel: the four operations of the bus side.
 * Promise:  as sim_peer.c.
 * Not here: what comes to the own endpoint (sim_async.c).
 * Spec:     bus contract 2.1, 2.3 */
#include "sim_int.h"

/* From a text without signature to a verified answer; gives its envelope's pool the octets. */
static outcome converse(struct peer *p, struct pool *pool, struct bytes plain, int deadline_ms,
	struct peer_answer *out, struct err *e)
{
	SCOPED(buf_wipe) struct buf message = BUF(SIM_MESSAGE_BYTES + 65536);
	SCOPED(buf_free) struct buf answer = BUF(SIM_MESSAGE_BYTES);
	struct peer_opened opened;
	int http_status;
	char *kept;

	*out = (struct peer_answer){0};
	TRY(peer_sign(p, pool, plain, &message, e));
	TRY(peer_post(p, p->async_url, buf_bytes(&message), deadline_ms, &answer, &http_status, e));
	kept = pool_copy(pool, buf_bytes(&answer));
	if (!kept)
		return err_set(e, REASON_MEMORY, "answer");
	TRY(peer_open_answer(p, pool, (struct bytes){(unsigned char *)kept, answer.len}, &opened, e));
	out->verified = opened.verified;
	out->fault = opened.fault;
	out->fault_info = opened.fault_info;
	return DONE;
}

static outcome check_sender(const struct peer *p, struct err *e)
{
	return p->sender_id ? DONE : err_set(e, REASON_CONFIG, "without a senderId nothing can be sent");
}

outcome peer_async_send(struct peer *p, struct pool *pool, const struct peer_message *m, int deadline_ms,
	struct peer_answer *out, struct err *e)
{
	SCOPED(buf_wipe) struct buf plain = BUF(SIM_MESSAGE_BYTES);
	struct err near;
	struct async_message message = {
		.type = m->type,
		.service_id = bytes_str(m->service_id),
		.correlation_id = bytes_str(m->correlation_id),
		.sender_id = bytes_str(p->sender_id),
		.password = buf_bytes(&p->password),
		.has_password = p->has_password,
		.date = sim_now(),
	};

	TRY(check_sender(p, e));
	TRY(async_write_message(&message, m->data_attributes, m->data, &plain, e));
	TRY(converse(p, pool, buf_bytes(&plain), deadline_ms, out, e));
	if (!out->fault && !async_read_ack(pool, out->verified, &out->ack, &near).ok)
		return peer_because(e, REASON_PROVIDER_FORMAT, &near);
	return DONE;
}

/* A question of the system itself, sent. */
static outcome ask(struct peer *p, struct pool *pool, enum async_operation which, struct async_question *q,
	int deadline_ms, struct peer_answer *out, struct err *e)
{
	SCOPED(buf_wipe) struct buf plain = BUF(65536);

	q->sender_id = bytes_str(p->sender_id);
	q->has_sender = true;
	q->password = buf_bytes(&p->password);
	q->has_password = p->has_password;
	q->date = sim_now();
	q->has_date = true;
	TRY(check_sender(p, e));
	TRY(async_write_question(which, q, &plain, e));
	return converse(p, pool, buf_bytes(&plain), deadline_ms, out, e);
}

outcome peer_async_status(struct peer *p, struct pool *pool, const char *message_id, int deadline_ms,
	struct peer_answer *out, struct err *e)
{
	struct async_question q = {.message_id = bytes_str(message_id)};
	struct err near;

	TRY(ask(p, pool, ASYNC_GET_MESSAGE_STATUS, &q, deadline_ms, out, e));
	if (!out->fault && !async_read_status(pool, out->verified, &out->status, &near).ok)
		return peer_because(e, REASON_PROVIDER_FORMAT, &near);
	return DONE;
}

outcome peer_async_fetch(struct peer *p, struct pool *pool, const char *service_id, int deadline_ms,
	bool (*each)(void *ctx, const struct async_message *m), void *ctx, struct peer_answer *out, struct err *e)
{
	struct async_question q = {.service_id = bytes_str(service_id)};
	struct err near;

	TRY(ask(p, pool, ASYNC_GET_MESSAGES, &q, deadline_ms, out, e));
	if (!out->fault && !async_read_messages(pool, out->verified, each, ctx, &near).ok)
		return peer_because(e, REASON_PROVIDER_FORMAT, &near);
	return DONE;
}

outcome peer_async_notify(struct peer *p, struct pool *pool, const struct async_message *m,
	const struct err *refusal, bool again, int deadline_ms, struct peer_answer *out, struct err *e)
{
	const struct reason_row *why = refusal ? reason_row(refusal->reason) : NULL;
	SCOPED(buf_wipe) struct buf plain = BUF(65536);
	bool response;
	struct async_delivery d = {
		.message_id = m->message_id,
		.service_id = m->service_id,
		.accepted = !refusal,
		.resend = refusal && again,
		.sender_id = bytes_str(p->sender_id),
		.has_sender = true,
		.password = buf_bytes(&p->password),
		.has_password = p->has_password,
		.date = sim_now(),
	};

	if (why) {
		d.error_code = bytes_str(fault_row(why->fault)->code);
		d.error_message = bytes_str(why->title);
	}
	TRY(check_sender(p, e));
	TRY(async_write_delivery(&d, &plain, e));
	TRY(converse(p, pool, buf_bytes(&plain), deadline_ms, out, e));
	if (!out->fault && (async_operation_of(verified_operation(out->verified), &response) !=
		ASYNC_SEND_DELIVERY_NOTIFICATION || !response))
		return err_set(e, REASON_PROVIDER_FORMAT, "not the answer to sendDeliveryNotification");
	return DONE;
}
