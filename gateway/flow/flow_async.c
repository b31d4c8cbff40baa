/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_async - sendMessage of the asynchronous channel: read, permitted by its type, kept for its receiver, acknowledged
 * with the identifiers that the gateway makes. Spec: bus contract 2.3 and 2.4. */
#include <stdio.h>

#include "flow/flow_int.h"

/* The decisions of policy are made on the same fields of both channels. */
static void fill_request(struct exchange *x)
{
	const struct async_message *m = &x->message;

	x->request = (struct sync_request){
		.message_id = bytes_str(x->message_id),
		.correlation_id = m->correlation_id,
		.service_id = m->service_id,
		.route_id = m->route_id,
		.message_date = m->message_date,
		.sender_id = m->sender_id,
		.password = m->password,
		.has_password = m->has_password,
		.date = m->date,
		.properties = m->properties,
		.property_count = m->property_count,
		.info = m->info,
		.data = m->data,
		.operation = m->operation,
	};
}

static enum after read_message(struct exchange *x)
{
	if (!async_read_message(x->stage, x->verified, &x->message, &x->err).ok)
		return AFTER_REFUSE;
	snprintf(x->message_id, sizeof x->message_id, "%.36s", x->guid + 1);
	fill_request(x);
	return exchange_keep_identifiers(x) ? AFTER_NEXT : exchange_refuse(x, REASON_MEMORY, "identifiers");
}

static enum after read_delivery(struct exchange *x)
{
	const struct async_delivery *d = &x->delivery;

	if (!async_read_delivery(x->stage, x->verified, &x->delivery, &x->err).ok)
		return AFTER_REFUSE;
	x->request = (struct sync_request){.message_id = d->message_id, .service_id = d->service_id,
		.sender_id = d->sender_id, .password = d->password, .has_password = d->has_password};
	return exchange_keep_identifiers(x) ? AFTER_ASK : exchange_refuse(x, REASON_MEMORY, "identifiers");
}

static enum after read_question(struct exchange *x)
{
	const struct async_question *q = &x->question;

	if (!async_read_question(x->stage, x->verified, &x->question, &x->err).ok)
		return AFTER_REFUSE;
	x->request = (struct sync_request){.message_id = q->message_id, .correlation_id = q->correlation_id,
		.service_id = q->service_id, .sender_id = q->sender_id, .password = q->password,
		.has_password = q->has_password};
	return exchange_keep_identifiers(x) ? AFTER_ASK : exchange_refuse(x, REASON_MEMORY, "identifiers");
}

enum after step_read_async(struct exchange *x)
{
	bool response;

	x->op = async_operation_of(verified_operation(x->verified), &response);
	if (response)
		return exchange_refuse(x, REASON_SOAP_OPERATION, "a response in place of a request");
	switch (x->op) {
	case ASYNC_SEND_MESSAGE:
		return read_message(x);
	case ASYNC_SEND_DELIVERY_NOTIFICATION:
		return read_delivery(x);
	case ASYNC_GET_MESSAGE_STATUS:
	case ASYNC_GET_MESSAGES:
		return read_question(x);
	default:
		return exchange_refuse(x, REASON_SOAP_OPERATION, "not an operation of the gateway's asynchronous channel");
	}
}

static enum after chain_refused(struct exchange *x)
{
	return exchange_refuse(x, REASON_ASYNC_CHAIN, "%s with correlationId %.*s", async_type_name(x->message.type),
		(int)(x->message.correlation_id.n > 60 ? 60 : x->message.correlation_id.n), x->message.correlation_id.p);
}

/* REQUEST begins a chain, UPDATE goes on with it; both go to the provider. */
static enum after permit_consumer(struct exchange *x, const struct conf_service *s)
{
	bool begins = x->message.type == ASYNC_REQUEST;

	if (!conf_may_call(x->caller, s))
		return exchange_refuse(x, REASON_SERVICE_FORBIDDEN, "%s may not call %s", x->caller->name, s->id);
	if (!begins && chain_initiator(x->flow, x->snap, s, x->message.correlation_id) != x->caller)
		return chain_refused(x);
	if (begins) {
		chain_new(x->flow, x->caller, s, x->guid, x->correlation_id);
		x->request.correlation_id = bytes_str(x->correlation_id);
	}
	x->receiver = s->provider;
	return AFTER_NEXT;
}

/* NOTIFICATION and RESPONSE go back to whoever began the chain. */
static enum after permit_provider(struct exchange *x, const struct conf_service *s)
{
	if (x->caller != s->provider)
		return exchange_refuse(x, REASON_SERVICE_FORBIDDEN, "%s does not provide %s", x->caller->name, s->id);
	x->receiver = chain_initiator(x->flow, x->snap, s, x->message.correlation_id);
	return x->receiver ? AFTER_NEXT : chain_refused(x);
}

/* How the receiver takes messages of this service; OFF when it cannot. */
static enum conf_async_mode mode_of(const struct conf_service *s, const struct conf_participant *receiver)
{
	enum conf_async_mode mode = s->mode != CONF_ASYNC_OFF ? s->mode : receiver->async.mode;

	return mode == CONF_ASYNC_PUSH && !receiver->async.endpoint ? CONF_ASYNC_OFF : mode;
}

enum after step_permit_async(struct exchange *x)
{
	const struct conf_service *s = conf_service_by_id(x->snap->conf, x->request.service_id);
	bool from_consumer = x->message.type == ASYNC_REQUEST || x->message.type == ASYNC_UPDATE;
	enum after permitted;

	if (!policy_secrecy(x->snap->conf, &x->request, &x->err).ok)
		return AFTER_REFUSE;
	if (!s)
		return exchange_refuse(x, REASON_SERVICE_UNKNOWN, "serviceId is not configured");
	if (s->channel != CONF_CHANNEL_ASYNC)
		return exchange_refuse(x, REASON_SERVICE_CHANNEL, "%s is synchronous", s->id);
	permitted = from_consumer ? permit_consumer(x, s) : permit_provider(x, s);
	if (permitted != AFTER_NEXT)
		return permitted;
	if (!mode_of(s, x->receiver))
		return exchange_refuse(x, REASON_ASYNC_RECEIVER, "%s takes no messages", x->receiver->name);
	return exchange_take_place(x, s);
}

void exchange_go_on_as(struct exchange *x, struct bytes guid)
{
	snprintf(x->guid, sizeof x->guid, "%.*s", (int)guid.n, guid.p);
	if (!x->async)
		return;
	/* The identifiers that the gateway makes follow from the exchange. */
	snprintf(x->message_id, sizeof x->message_id, "%.36s", x->guid + 1);
	x->request.message_id = bytes_str(x->message_id);
	if (x->message.type == ASYNC_REQUEST) {
		chain_new(x->flow, x->caller, x->service, x->guid, x->correlation_id);
		x->request.correlation_id = bytes_str(x->correlation_id);
	}
}

struct bytes destination_of(struct pool *pool, const struct conf_participant *p, enum delivery_kind kind)
{
	static const char *const what[] = {[DELIVERY_PULL] = "/pull", [DELIVERY_NOTICE] = "/notices", [DELIVERY_PUSH] = ""};

	return bytes_str(pool_printf(pool, "%s%s", p->name, what[kind]));
}

/* Kept signed, so that every attempt has the same octets. */
static bool is_signed(const struct exchange *x)
{
	return mode_of(x->service, x->receiver) == CONF_ASYNC_PUSH && x->receiver->async.resend == CONF_RESEND_IDENTICAL;
}

static outcome compose_kept(struct exchange *x)
{
	SCOPED(buf_free) struct buf text = BUF(x->http->body.n + 1024);

	TRY(async_forward_message(x->verified, &x->message, x->message_id, (const char *)x->request.correlation_id.p, x->guid,
		&text, &x->err));
	if (is_signed(x))
		return exchange_sign(x, x->receiver, buf_bytes(&text), &x->outgoing);
	x->outgoing = text;
	text = BUF(0);
	return DONE;
}

enum after step_keep_async(struct exchange *x)
{
	bool push = mode_of(x->service, x->receiver) == CONF_ASYNC_PUSH;
	enum delivery_kind kind = push ? DELIVERY_PUSH : DELIVERY_PULL;
	const struct queue_policy *policy = &x->snap->participants[x->receiver - x->snap->conf->participants].retry;

	x->destination = destination_of(x->pool, x->receiver, kind);
	if (!keep_ready(x) || !compose_kept(x).ok)
		return AFTER_REFUSE;
	if (!keep_text(x, kind, is_signed(x), policy))
		return exchange_refuse(x, REASON_MEMORY, "no memory for the message");
	if (kind == DELIVERY_PULL)
		x->put.due_ms = QUEUE_NEVER; /* it is fetched */
	return AFTER_NEXT;
}

/* Signs the text that was written and makes it the answer. */
static enum after answer_text(struct exchange *x)
{
	return exchange_stage(x).ok ? exchange_answer(x, buf_bytes(&x->text)) : AFTER_REFUSE;
}

enum after step_accept_async(struct exchange *x)
{
	struct async_ack ack = {
		.message_id = bytes_str(x->message_id),
		.correlation_id = x->request.correlation_id,
		.session_id = bytes_str(x->guid),
		.date = stamp_now(),
	};

	if (!keep_succeeded(x))
		return AFTER_REFUSE;
	x->text = BUF(64u << 10);
	if (!async_write_ack(&ack, &x->text, &x->err).ok)
		return AFTER_REFUSE;
	return answer_text(x);
}

enum after step_compose_asked(struct exchange *x)
{
	return x->ran.ok ? answer_text(x) : AFTER_REFUSE;
}
