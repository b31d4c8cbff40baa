/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_codec_write - the generated types of the asynchronous channel, from struct to text.
 * Promise:  every element has its name and place from the schema.
 * Not here: whether a value may be written (async_write.c); passwords (channel_soap.c). */
#include "channel/async_int.h"
#include "channel/channel_soap.h"

bool async_codec_write_message(const struct async_message *m, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__SenderInfo sender = {0};
	struct a__AsyncMessageInfo info = {0};

	if (!soap)
		return false;
	sender.senderId = channel_soap_lend(soap, m->sender_id);
	info.messageId = channel_soap_lend_filled(soap, m->message_id);
	info.correlationId = channel_soap_lend_filled(soap, m->correlation_id);
	info.serviceId = channel_soap_lend(soap, m->service_id);
	info.messageType = (enum a__MessageType)m->type;
	info.routeId = channel_soap_lend_filled(soap, m->route_id);
	info.messageDate = channel_soap_lend_date(soap, m->date);
	info.sender = &sender;
	info.properties = channel_soap_lend_properties(soap, m->properties, m->property_count);
	info.__sizeproperties = (int)m->property_count;
	info.sessionId = channel_soap_lend_filled(soap, m->session_id);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__AsyncMessageInfo(soap, &info, "messageInfo", NULL) &&
		channel_soap_end(soap, &written, out);
}

bool async_codec_write_ack(const struct async_ack *a, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct a__SendMessageResponse response = {0};

	if (!soap)
		return false;
	response.messageId = channel_soap_lend(soap, a->message_id);
	response.correlationId = channel_soap_lend(soap, a->correlation_id);
	response.responseDate = channel_soap_lend_date(soap, a->date);
	response.sessionId = channel_soap_lend_filled(soap, a->session_id);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__SendMessageResponse(soap, &response, "response", NULL) &&
		channel_soap_end(soap, &written, out);
}

/* Into `room`; NULL, which leaves the element out, when there is neither code nor word. */
static struct c__ErrorInfo *lend_error(struct soap *soap, struct bytes code, struct bytes message,
	struct stamp date, struct c__ErrorInfo *room)
{
	if (!code.n && !message.n)
		return NULL;
	room->errorCode = channel_soap_lend(soap, code);
	room->errorMessage = channel_soap_lend(soap, message);
	room->errorDate = channel_soap_lend_date(soap, date);
	return room;
}

static struct c__SenderInfo *lend_sender(struct soap *soap, bool has, struct bytes id,
	struct c__SenderInfo *room)
{
	room->senderId = channel_soap_lend(soap, id);
	return has ? room : NULL;
}

bool async_codec_write_delivery(const struct async_delivery *d, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__SenderInfo sender = {0};
	struct c__ErrorInfo error = {0};
	struct a__DeliveryStatus status = {0};
	struct a__DeliveryNotification notification = {0};
	struct a__SendDeliveryNotificationRequest request = {0};

	if (!soap)
		return false;
	status.receiveStatus = d->accepted ? a__ReceiveStatus__MESSAGE_USCOREACCEPTED
		: a__ReceiveStatus__MESSAGE_USCORENOT_USCOREACCTEPTED;
	status.statusDate = channel_soap_lend_date(soap, d->date);
	status.resendMessage = d->resend ? a__ResendMessage__RESEND : a__ResendMessage__NOT_USCORERESEND;
	status.error = lend_error(soap, d->error_code, d->error_message, d->date, &error);
	notification.messageId = channel_soap_lend(soap, d->message_id);
	notification.serviceId = channel_soap_lend(soap, d->service_id);
	notification.notificationDate = channel_soap_lend_date(soap, d->date);
	notification.deliveryStatus = &status;
	request.notification = &notification;
	request.requestDate = channel_soap_lend_date(soap, d->date);
	request.sender = lend_sender(soap, d->has_sender, d->sender_id, &sender);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__SendDeliveryNotificationRequest(soap, &request, "request", NULL) &&
		channel_soap_end(soap, &written, out);
}

bool async_codec_write_delivery_ack(struct bytes notification_id, struct stamp date, struct bytes session_id,
	struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct a__SendDeliveryNotificationResponse response = {0};

	if (!soap)
		return false;
	response.notificationId = channel_soap_lend(soap, notification_id);
	response.responseDate = channel_soap_lend_date(soap, date);
	response.sessionId = channel_soap_lend(soap, session_id);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__SendDeliveryNotificationResponse(soap, &response, "response", NULL) &&
		channel_soap_end(soap, &written, out);
}

bool async_codec_write_status_question(const struct async_question *q, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__SenderInfo sender = {0};
	struct a__GetMessageStatusRequest request = {0};

	if (!soap)
		return false;
	request.messageId = channel_soap_lend(soap, q->message_id);
	request.requestDate = channel_soap_lend_date(soap, q->date);
	request.sender = lend_sender(soap, true, q->sender_id, &sender);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__GetMessageStatusRequest(soap, &request, "request", NULL) &&
		channel_soap_end(soap, &written, out);
}

bool async_codec_write_messages_question(const struct async_question *q, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__SenderInfo sender = {0};
	struct a__GetMessagesRequest request = {0};
	int amount = q->amount;

	if (!soap)
		return false;
	request.messageId = channel_soap_lend_filled(soap, q->message_id);
	request.correlationId = channel_soap_lend_filled(soap, q->correlation_id);
	request.requestDate = q->has_date ? channel_soap_lend_date(soap, q->date) : NULL;
	request.serviceId = channel_soap_lend(soap, q->service_id);
	request.sender = lend_sender(soap, q->has_sender, q->sender_id, &sender);
	request.amount = amount ? &amount : NULL;
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__GetMessagesRequest(soap, &request, "request", NULL) &&
		channel_soap_end(soap, &written, out);
}

static struct a__MessageStatus *lend_status(struct soap *soap, const struct async_status *s,
	struct a__MessageStatus *room)
{
	room->statusCode = channel_soap_lend(soap, s->code);
	room->statusMessage = channel_soap_lend(soap, s->message);
	room->statusDate = channel_soap_lend_date(soap, s->date);
	return room;
}

bool async_codec_write_status_answer(const struct async_status *s, struct stamp response_date,
	struct bytes session_id, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct a__MessageStatus status = {0};
	struct a__GetMessageStatusResponse response = {0};

	if (!soap)
		return false;
	response.messageState = (enum a__MessageState)s->state;
	response.status = lend_status(soap, s, &status);
	response.responseDate = channel_soap_lend_date(soap, response_date);
	response.sessionId = channel_soap_lend_filled(soap, session_id);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__GetMessageStatusResponse(soap, &response, "response", NULL) &&
		channel_soap_end(soap, &written, out);
}

/* A notification is made when the state changes; requestDate alone tells of a repetition. */
bool async_codec_write_status_notification(const struct async_status *s, struct stamp request_date,
	struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__ErrorInfo error = {0};
	struct a__MessageStatus status = {0};
	struct a__ChangeStatusNotification notification = {0};
	struct a__ChangeMassageStatusNotificationRequest request = {0};

	if (!soap)
		return false;
	notification.notificationId = channel_soap_lend(soap, s->notification_id);
	notification.messageId = channel_soap_lend(soap, s->message_id);
	notification.notificationDate = channel_soap_lend_date(soap, s->date);
	notification.messageState = (enum a__MessageState)s->state;
	notification.status = lend_status(soap, s, &status);
	notification.error = lend_error(soap, s->error_code, s->error_message, s->date, &error);
	request.notification = &notification;
	request.requestDate = channel_soap_lend_date(soap, request_date);
	request.sessionId = channel_soap_lend_filled(soap, s->session_id);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__ChangeMassageStatusNotificationRequest(soap, &request, "request", NULL) &&
		channel_soap_end(soap, &written, out);
}

bool async_codec_write_status_ack(struct stamp date, struct bytes session_id, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct a__ChangeMassageStatusNotificationResponse response = {0};

	if (!soap)
		return false;
	response.responseDate = channel_soap_lend_date(soap, date);
	response.sessionId = channel_soap_lend(soap, session_id);
	return channel_soap_begin(soap, &written) &&
		!soap_put_a__ChangeMassageStatusNotificationResponse(soap, &response, "response", NULL) &&
		channel_soap_end(soap, &written, out);
}
