/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_write - messages of our own on the asynchronous channel: typed parts by the codec, the envelope
 * around them by hand.
 * Promise:  valid against wsdl/async-channel, as long as carried messages are; the Body has a wsu:Id.
 * Not here: the signature; what `data` holds.
 * Spec:     bus contract 2.1 to 2.3 */
#include <stdio.h>

#include "base/ident.h"
#include "channel/async_int.h"

#define RESPONSE "Response"

static void open_operation(struct buf *out, enum async_operation op, const char *suffix)
{
	const struct async_name *n = async_name_of(op);

	channel_add_body(out, "");
	buf_printf(out, "<t:%s%s xmlns:t=\"%s\">", n->name, suffix, n->ns);
}

static void close_operation(struct buf *out, enum async_operation op, const char *suffix)
{
	buf_printf(out, "</t:%s%s>", async_name_of(op)->name, suffix);
	channel_end_body(out);
}

/* The operation around what the codec wrote. */
static outcome wrap(struct buf *out, enum async_operation op, const char *suffix, const struct buf *inner,
	struct err *e)
{
	open_operation(out, op, suffix);
	buf_add(out, buf_bytes(inner));
	close_operation(out, op, suffix);
	return channel_written(out, e);
}

/* The same for a request that has a sender with a password. */
static outcome wrap_secret(struct buf *out, enum async_operation op, const struct buf *inner,
	struct bytes password, struct err *e)
{
	open_operation(out, op, "");
	channel_add_info(out, buf_bytes(inner), true, password);
	close_operation(out, op, "");
	return channel_written(out, e);
}

static outcome unwritten(enum async_operation op, struct err *e)
{
	return err_set(e, REASON_INTERNAL, "%s could not be written", async_name_of(op)->name);
}

/* Where the schema demands a sessionId. */
static outcome check_guid(const char *session_id, struct err *e)
{
	if (!session_id || !session_id[0])
		return err_set(e, REASON_CHANNEL_FORMAT, "sessionId is missing");
	return channel_check_session(bytes_str(session_id), e);
}

static outcome check_message(const struct async_message *m, struct err *e)
{
	const struct direction *d = &async_message;

	BUG_IF(m->type > ASYNC_RESPONSE);
	TRY(channel_check_text(d, "messageInfo", "messageId", m->message_id, e));
	TRY(channel_check_text(d, "messageInfo", "correlationId", m->correlation_id, e));
	TRY(channel_check_text(d, "messageInfo", "serviceId", m->service_id, e));
	TRY(channel_check_text(d, "messageInfo", "routeId", m->route_id, e));
	TRY(channel_check_sender(d, m->sender_id, m->has_password, m->password, e));
	TRY(channel_check_properties(d, m->properties, m->property_count, e));
	return channel_check_session(m->session_id, e);
}

outcome async_write_message(const struct async_message *m, const char *data_attributes, const char *data,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf info = BUF(ELEMENT_MAX);

	TRY(check_message(m, e));
	if (!async_codec_write_message(m, &info))
		return unwritten(ASYNC_SEND_MESSAGE, e);
	open_operation(out, ASYNC_SEND_MESSAGE, "");
	buf_str(out, "<request>");
	channel_add_info(out, buf_bytes(&info), m->has_password, m->password);
	channel_add_data(out, async_message.holder, data_attributes, data ? data : "");
	buf_str(out, "</request>");
	close_operation(out, ASYNC_SEND_MESSAGE, "");
	return channel_written(out, e);
}

outcome async_write_ack(const struct async_ack *a, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf inner = BUF(ELEMENT_MAX);

	TRY(channel_check_text(&async_ack, "response", "messageId", a->message_id, e));
	TRY(channel_check_text(&async_ack, "response", "correlationId", a->correlation_id, e));
	TRY(channel_check_session(a->session_id, e));
	if (!async_codec_write_ack(a, &inner))
		return unwritten(ASYNC_SEND_MESSAGE, e);
	return wrap(out, ASYNC_SEND_MESSAGE, RESPONSE, &inner, e);
}

static outcome check_error(const struct direction *d, struct bytes code, struct bytes message, struct err *e)
{
	TRY(channel_check_text(d, "error", "errorCode", code, e));
	return channel_check_text(d, "error", "errorMessage", message, e);
}

outcome async_write_delivery(const struct async_delivery *d, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf inner = BUF(ELEMENT_MAX);

	TRY(channel_check_text(&async_delivery, "notification", "messageId", d->message_id, e));
	TRY(channel_check_text(&async_delivery, "notification", "serviceId", d->service_id, e));
	TRY(check_error(&async_delivery, d->error_code, d->error_message, e));
	if (d->has_sender)
		TRY(channel_check_sender(&async_delivery, d->sender_id, d->has_password, d->password, e));
	if (!async_codec_write_delivery(d, &inner))
		return unwritten(ASYNC_SEND_DELIVERY_NOTIFICATION, e);
	if (d->has_sender && d->has_password)
		return wrap_secret(out, ASYNC_SEND_DELIVERY_NOTIFICATION, &inner, d->password, e);
	return wrap(out, ASYNC_SEND_DELIVERY_NOTIFICATION, "", &inner, e);
}

outcome async_write_delivery_ack(const char *notification_id, struct stamp date, const char *session_id,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf inner = BUF(ELEMENT_MAX);

	TRY(channel_check_text(&async_status_notification, "notification", "notificationId",
		bytes_str(notification_id), e));
	TRY(check_guid(session_id, e));
	if (!async_codec_write_delivery_ack(bytes_str(notification_id), date, bytes_str(session_id), &inner))
		return unwritten(ASYNC_SEND_DELIVERY_NOTIFICATION, e);
	return wrap(out, ASYNC_SEND_DELIVERY_NOTIFICATION, RESPONSE, &inner, e);
}

static outcome check_question(bool many, const struct async_question *q, struct err *e)
{
	const struct direction *d = many ? &async_messages_question : &async_status_question;

	TRY(channel_check_text(d, "request", "messageId", q->message_id, e));
	if (many) {
		TRY(channel_check_text(d, "request", "correlationId", q->correlation_id, e));
		TRY(channel_check_text(d, "request", "serviceId", q->service_id, e));
	}
	if (q->amount < 0)
		return err_set(e, REASON_CHANNEL_FORMAT, "amount is negative");
	if (!many || q->has_sender)
		TRY(channel_check_sender(d, q->sender_id, q->has_password, q->password, e));
	return DONE;
}

outcome async_write_question(enum async_operation which, const struct async_question *q, struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf inner = BUF(ELEMENT_MAX);
	bool many = which == ASYNC_GET_MESSAGES;

	BUG_IF(!many && which != ASYNC_GET_MESSAGE_STATUS);
	TRY(check_question(many, q, e));
	if (!(many ? async_codec_write_messages_question : async_codec_write_status_question)(q, &inner))
		return unwritten(which, e);
	if ((!many || q->has_sender) && q->has_password)
		return wrap_secret(out, which, &inner, q->password, e);
	return wrap(out, which, "", &inner, e);
}

static outcome check_status(const struct direction *d, const struct async_status *s, struct err *e)
{
	BUG_IF(s->state > ASYNC_DELIVERY_STOPPED);
	TRY(channel_check_text(d, "status", "statusCode", s->code, e));
	return channel_check_text(d, "status", "statusMessage", s->message, e);
}

outcome async_write_status_answer(const struct async_status *s, struct stamp response_date,
	const char *session_id, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf inner = BUF(ELEMENT_MAX);

	TRY(check_status(&async_status_answer, s, e));
	TRY(channel_check_text(&async_status_answer, "response", "sessionId", bytes_str(session_id), e));
	if (!async_codec_write_status_answer(s, response_date, bytes_str(session_id), &inner))
		return unwritten(ASYNC_GET_MESSAGE_STATUS, e);
	return wrap(out, ASYNC_GET_MESSAGE_STATUS, RESPONSE, &inner, e);
}

outcome async_write_status_notification(const struct async_status *s, struct stamp request_date,
	struct buf *out, struct err *e)
{
	const struct direction *d = &async_status_notification;
	SCOPED(buf_free) struct buf inner = BUF(ELEMENT_MAX);

	TRY(channel_check_text(d, "notification", "notificationId", s->notification_id, e));
	TRY(channel_check_text(d, "notification", "messageId", s->message_id, e));
	TRY(check_status(d, s, e));
	TRY(check_error(d, s->error_code, s->error_message, e));
	TRY(channel_check_session(s->session_id, e));
	if (!async_codec_write_status_notification(s, request_date, &inner))
		return unwritten(ASYNC_CHANGE_STATUS, e);
	return wrap(out, ASYNC_CHANGE_STATUS, "", &inner, e);
}

outcome async_write_status_ack(struct stamp date, const char *session_id, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf inner = BUF(ELEMENT_MAX);

	TRY(check_guid(session_id, e));
	if (!async_codec_write_status_ack(date, bytes_str(session_id), &inner))
		return unwritten(ASYNC_CHANGE_STATUS, e);
	return wrap(out, ASYNC_CHANGE_STATUS, RESPONSE, &inner, e);
}

/* Default namespaces, undeclared again for the messages: only the prefix wsu is added to what is in scope
 * there, and a Body they came in had it as a rule. So inner signatures of the inclusive form stay good
 * too. */
void async_write_messages_begin(struct stamp date, const char *session_id, struct buf *out)
{
	char id[37], text[STAMP_TEXT];

	BUG_IF(!guid_is(bytes_str(session_id)));
	uuid_new(id);
	stamp_print(date, text);
	buf_printf(out, "<Envelope xmlns=\"" NS_SOAP11 "\"><Body xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"id-%s\">"
		"<getMessagesResponse xmlns=\"" NS_ASYNC_TYPES "\"><response xmlns=\"\">", id);
	channel_add_leaf(out, "responseDate", bytes_str(text));
	channel_add_leaf(out, "sessionId", bytes_str(session_id));
}

void async_write_messages_item(struct bytes scope_attributes, struct bytes info_and_data, struct buf *out)
{
	buf_str(out, scope_attributes.n ? "<messages " : "<messages");
	buf_add(out, scope_attributes);
	buf_char(out, '>');
	buf_add(out, info_and_data);
	buf_str(out, "</messages>");
}

void async_write_messages_end(struct buf *out)
{
	buf_str(out, "</response></getMessagesResponse></Body></Envelope>");
}

outcome async_write_fault(enum async_operation op, const struct channel_fault *f, struct buf *out,
	struct err *e)
{
	const struct async_name *n = async_name_of(op);
	char element[96];

	snprintf(element, sizeof(element), "%sFault1_%sFault", n->name, n->name);
	return channel_write_fault_as(f, n->ns, element, out, e);
}
