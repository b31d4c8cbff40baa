/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_forward - the verified octets for the receiver: password out, the bus's identifiers in, no more;
 * and the part of them that waits until it is pulled.
 * Promise:  as channel_forward.c. What waits keeps its octets; names and QNames in it mean what they meant.
 * Spec:     bus contract 2.3: messageId and correlationId open the sequence, sessionId closes it */
#include <libxml/tree.h>

#include "base/ident.h"
#include "channel/async_int.h"

outcome async_forward_message(const struct verified *v, const struct async_message *m, const char *message_id,
	const char *correlation_id, const char *session_id, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf message = BUF(1024), correlation = BUF(1024), session = BUF(1024);
	const struct envelope *env = verified_envelope(v);
	const struct direction *d = &async_message;
	struct cuts cuts = {.n = 0};
	size_t place = 0;

	BUG_IF(!guid_is(bytes_str(session_id)) || !message_id[0] || !correlation_id[0]);
	TRY(channel_check_text(d, d->info, "messageId", bytes_str(message_id), e));
	TRY(channel_check_text(d, d->info, "correlationId", bytes_str(correlation_id), e));
	channel_add_leaf(&message, "messageId", bytes_str(message_id));
	channel_add_leaf(&correlation, "correlationId", bytes_str(correlation_id));
	channel_add_leaf(&session, "sessionId", bytes_str(session_id));
	if (!buf_ok(&message) || !buf_ok(&correlation) || !buf_ok(&session))
		return err_set(e, REASON_INTERNAL, "memory is short");
	channel_cut_password(&cuts, env, m->info);
	channel_cut_head(&cuts, env, m->info, "messageId", &place, buf_bytes(&message));
	channel_cut_head(&cuts, env, m->info, "correlationId", &place, buf_bytes(&correlation));
	channel_cut_tail(&cuts, env, m->info, "sessionId", buf_bytes(&session));
	return channel_cut(&cuts, env, out, e);
}

/* A default namespace is never in scope around messageInfo, which is in none. */
static outcome scope_of(struct pool *pool, const struct _xmlNode *node, struct bytes *out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(ELEMENT_MAX);
	xmlNs **list = xmlGetNsList(node->doc, node);
	const char *copy;

	for (size_t i = 0; list && list[i]; i++) {
		if (!list[i]->prefix)
			continue;
		buf_printf(&text, "%sxmlns:%s=\"", text.len ? " " : "", (const char *)list[i]->prefix);
		buf_xml(&text, bytes_str((const char *)list[i]->href));
		buf_char(&text, '"');
	}
	xmlFree(list);
	copy = buf_ok(&text) ? pool_copy(pool, buf_bytes(&text)) : NULL;
	if (!copy)
		return err_set(e, REASON_INTERNAL, "memory is short");
	*out = (struct bytes){(const unsigned char *)copy, text.len};
	return DONE;
}

outcome async_item_of(struct pool *pool, struct bytes forwarded, struct bytes *scope_attributes,
	struct bytes *info_and_data, struct err *e)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	const struct element *list, *info, *holder;
	struct envelope *env;
	bool response;

	/* The message was within the limits before our identifiers were put in. */
	limits.bytes = forwarded.n;
	limits.elements = forwarded.n;
	TRY(envelope_parse_frame(pool, forwarded, &limits, &env, e));
	if (async_operation_of(envelope_operation(env), &response) != ASYNC_SEND_MESSAGE || response)
		return channel_refuse_operation(envelope_operation(env), e);
	if (envelope_children(env, envelope_operation(env), &list) != 1)
		return err_set(e, REASON_CHANNEL_FORMAT, "request is missing");
	info = envelope_child(env, list, "", async_message.info, NULL);
	holder = envelope_child(env, list, "", async_message.holder, NULL);
	if (!info || !holder || holder->start < info->end)
		return err_set(e, REASON_CHANNEL_FORMAT, "messageInfo or messageData is missing");
	*info_and_data = bytes_sub(forwarded, info->start, holder->end);
	return scope_of(pool, list->node, scope_attributes, e);
}
