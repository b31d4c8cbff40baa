/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_read - verified messages of the asynchronous channel as fields.
 * Promise:  as channel_read.c.
 * Not here: which identifiers a message of its type must have (flow); whether the sender may do this
 *           (policy).
 * Spec:     bus contract 2.3 and 2.4 */
#include "channel/async_int.h"

/* Finds the parts of the operation and writes the projection of its info. */
static outcome begin(struct walk *w, const struct verified *v, enum async_operation op, bool response,
	struct parts *parts, struct err *e)
{
	const struct element *operation = verified_operation(v);
	bool is_response;

	if (async_operation_of(operation, &is_response) != op || is_response != response)
		return channel_refuse_operation(operation, e);
	TRY(channel_walk_open(v, w->direction, parts, e));
	return channel_walk_info(w, parts->info, e);
}

static enum async_operation operation_in(const struct verified *v)
{
	bool response;

	return async_operation_of(verified_operation(v), &response);
}

/* From a walk that is done. */
static outcome take_message(const struct walk *w, const struct parts *parts, struct async_message *out,
	struct err *e)
{
	const char *why;

	*out = (struct async_message){.operation = parts->operation, .info = parts->info,
		.data = parts->data, .password = w->aside, .has_password = w->has_aside};
	if (!async_codec_read_message(w->pool, buf_cstr(w->projection), out, &why))
		return channel_refuse_info(w, why, e);
	return DONE;
}

outcome async_read_message(struct pool *pool, const struct verified *v, struct async_message *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	struct walk w = {.pool = pool, .direction = &async_message, .projection = &projection};
	struct parts parts;

	TRY(begin(&w, v, ASYNC_SEND_MESSAGE, false, &parts, e));
	return take_message(&w, &parts, out, e);
}

outcome async_read_ack(struct pool *pool, const struct verified *v, struct async_ack *out, struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	struct walk w = {.pool = pool, .direction = &async_ack, .projection = &projection};
	struct parts parts;
	const char *why;

	*out = (struct async_ack){0};
	TRY(begin(&w, v, ASYNC_SEND_MESSAGE, true, &parts, e));
	if (!async_codec_read_ack(pool, buf_cstr(&projection), out, &why))
		return channel_refuse_info(&w, why, e);
	return DONE;
}

outcome async_read_delivery(struct pool *pool, const struct verified *v, struct async_delivery *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	struct walk w = {.pool = pool, .direction = &async_delivery, .projection = &projection};
	struct parts parts;
	const char *why;

	*out = (struct async_delivery){0};
	TRY(begin(&w, v, ASYNC_SEND_DELIVERY_NOTIFICATION, false, &parts, e));
	if (!async_codec_read_delivery(pool, buf_cstr(&projection), out, &why))
		return channel_refuse_info(&w, why, e);
	out->password = w.aside;
	out->has_password = w.has_aside;
	return DONE;
}

outcome async_read_question(struct pool *pool, const struct verified *v, struct async_question *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	bool many = operation_in(v) == ASYNC_GET_MESSAGES;
	struct walk w = {.pool = pool, .projection = &projection,
		.direction = many ? &async_messages_question : &async_status_question};
	struct parts parts;
	const char *why;

	*out = (struct async_question){0};
	TRY(begin(&w, v, many ? ASYNC_GET_MESSAGES : ASYNC_GET_MESSAGE_STATUS, false, &parts, e));
	if (!(many ? async_codec_read_messages_question : async_codec_read_status_question)(pool,
		buf_cstr(&projection), out, &why))
		return channel_refuse_info(&w, why, e);
	if (out->amount < 0)
		return err_set(e, REASON_CHANNEL_FORMAT, "amount is negative");
	out->password = w.aside;
	out->has_password = w.has_aside;
	return DONE;
}

outcome async_read_status(struct pool *pool, const struct verified *v, struct async_status *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	bool pushed = operation_in(v) == ASYNC_CHANGE_STATUS;
	struct walk w = {.pool = pool, .projection = &projection,
		.direction = pushed ? &async_status_notification : &async_status_answer};
	struct parts parts;
	const char *why;

	*out = (struct async_status){0};
	TRY(begin(&w, v, pushed ? ASYNC_CHANGE_STATUS : ASYNC_GET_MESSAGE_STATUS, !pushed, &parts, e));
	if (!(pushed ? async_codec_read_status_notification : async_codec_read_status_answer)(pool,
		buf_cstr(&projection), out, &why))
		return channel_refuse_info(&w, why, e);
	return DONE;
}

/* One <messages>: as the request of sendMessage. */
static outcome read_item(struct pool *pool, const struct envelope *env, const struct element *item,
	struct parts *parts, struct async_message *out, struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	struct walk w = {.pool = pool, .direction = &async_message, .projection = &projection};

	TRY(channel_walk_outer(env, item, &async_message, parts, e));
	TRY(channel_walk_info(&w, parts->info, e));
	return take_message(&w, parts, out, e);
}

outcome async_read_messages(struct pool *pool, const struct verified *v,
	bool (*each)(void *ctx, const struct async_message *m), void *ctx, struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	struct walk w = {.pool = pool, .direction = &async_messages_answer, .projection = &projection};
	const struct envelope *env = verified_envelope(v);
	const struct element *list;
	struct async_message m;
	struct parts parts;
	const char *why;
	size_t n;

	TRY(begin(&w, v, ASYNC_GET_MESSAGES, true, &parts, e));
	if (!async_codec_check_messages(pool, buf_cstr(&projection), &why))
		return channel_refuse_info(&w, why, e);
	n = envelope_children(env, parts.info, &list);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(node_local(list[i].node), "messages") != 0)
			continue;
		TRY(read_item(pool, env, &list[i], &parts, &m, e));
		if (!each(ctx, &m))
			break;
	}
	return DONE;
}
