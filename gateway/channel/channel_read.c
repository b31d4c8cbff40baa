/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_read - a verified message as fields.
 * Promise:  only what security verified is read; a value that comes out was within its limits.
 * Not here: whether the sender may do this (policy). */
#include "channel/channel_int.h"

enum channel_kind channel_kind_of(const struct element *operation)
{
	const char *local = node_local(operation->node), *ns = node_ns(operation->node);

	if (strcmp(ns, NS_SYNC_TYPES) == 0 && strcmp(local, "SendMessage") == 0)
		return CHANNEL_REQUEST;
	if (strcmp(ns, NS_SYNC_TYPES) == 0 && strcmp(local, "SendMessageResponse") == 0)
		return CHANNEL_RESPONSE;
	if (strcmp(ns, NS_SOAP11) == 0 && strcmp(local, "Fault") == 0)
		return CHANNEL_FAULT;
	return CHANNEL_OTHER;
}

outcome channel_refuse_operation(const struct element *operation, struct err *e)
{
	return err_set(e, REASON_SOAP_OPERATION, "the Body holds %.60s in %.100s",
		node_local(operation->node),
		node_ns(operation->node)[0] ? node_ns(operation->node) : "no namespace");
}

outcome channel_refuse_info(const struct walk *w, const char *why, struct err *e)
{
	return err_set(e, REASON_CHANNEL_FORMAT, "%s: %s", w->direction->info, w->note[0] ? w->note : why);
}

outcome channel_read_request(struct pool *pool, const struct verified *v, struct sync_request *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	struct walk w = {.pool = pool, .direction = &channel_request, .projection = &projection};
	struct parts parts;
	const char *why;

	*out = (struct sync_request){0};
	if (channel_kind_of(verified_operation(v)) != CHANNEL_REQUEST)
		return channel_refuse_operation(verified_operation(v), e);
	TRY(channel_walk_open(v, &channel_request, &parts, e));
	TRY(channel_walk_info(&w, parts.info, e));
	if (!channel_codec_read_request(pool, buf_cstr(&projection), out, &why))
		return channel_refuse_info(&w, why, e);
	out->password = w.aside;
	out->has_password = w.has_aside;
	out->operation = parts.operation;
	out->info = parts.info;
	out->data = parts.data;
	return DONE;
}

outcome channel_read_response(struct pool *pool, const struct verified *v, struct sync_response *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf projection = BUF(PROJECTION_MAX);
	struct walk w = {.pool = pool, .direction = &channel_response, .projection = &projection};
	struct parts parts;
	const char *why;

	*out = (struct sync_response){0};
	if (channel_kind_of(verified_operation(v)) != CHANNEL_RESPONSE)
		return channel_refuse_operation(verified_operation(v), e);
	TRY(channel_walk_open(v, &channel_response, &parts, e));
	TRY(channel_walk_info(&w, parts.info, e));
	if (!channel_codec_read_response(pool, buf_cstr(&projection), out, &why))
		return channel_refuse_info(&w, why, e);
	out->status_message = w.aside;
	out->operation = parts.operation;
	out->info = parts.info;
	out->data = parts.data;
	return DONE;
}
