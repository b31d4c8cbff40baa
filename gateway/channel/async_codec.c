/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_codec - the generated types of the asynchronous channel, from text to struct.
 * Promise:  as strict as channel_soap.c.
 * Not here: the other way (async_codec_write.c). */
#include "channel/async_int.h"
#include "channel/channel_soap.h"

/* The public values are those of the schema, in its order. */
#define SAME(theirs, ours) _Static_assert((int)(theirs) == (int)(ours), #ours)
SAME(a__MessageType__REQUEST, ASYNC_REQUEST);
SAME(a__MessageType__UPDATE, ASYNC_UPDATE);
SAME(a__MessageType__NOTIFICATION, ASYNC_NOTIFICATION);
SAME(a__MessageType__RESPONSE, ASYNC_RESPONSE);
SAME(a__MessageState__ON_USCOREDELIVERY, ASYNC_ON_DELIVERY);
SAME(a__MessageState__DELIVERED, ASYNC_DELIVERED);
SAME(a__MessageState__NOT_USCOREDELIVERED, ASYNC_NOT_DELIVERED);
SAME(a__MessageState__DELIVERY_USCORESTOPPED, ASYNC_DELIVERY_STOPPED);

bool async_codec_read_message(struct pool *pool, const char *projection, struct async_message *out,
	const char **why)
{
	CHANNEL_SOAP_READ(a__AsyncMessageInfo, "messageInfo");
	out->type = (enum async_type)info.messageType;
	return channel_soap_keep(pool, info.messageId, &out->message_id) &&
		channel_soap_keep(pool, info.correlationId, &out->correlation_id) &&
		channel_soap_keep(pool, info.serviceId, &out->service_id) &&
		channel_soap_keep(pool, info.routeId, &out->route_id) &&
		channel_soap_keep(pool, info.messageDate, &out->message_date) &&
		channel_soap_keep_date(info.messageDate, &out->date) &&
		channel_soap_keep(pool, info.sender->senderId, &out->sender_id) &&
		channel_soap_keep(pool, info.sessionId, &out->session_id) &&
		channel_soap_keep_properties(pool, info.properties, info.__sizeproperties,
			&out->properties, &out->property_count);
}

bool async_codec_read_ack(struct pool *pool, const char *projection, struct async_ack *out, const char **why)
{
	CHANNEL_SOAP_READ(a__SendMessageResponse, "response");
	return channel_soap_keep(pool, info.messageId, &out->message_id) &&
		channel_soap_keep(pool, info.correlationId, &out->correlation_id) &&
		channel_soap_keep(pool, info.sessionId, &out->session_id) &&
		channel_soap_keep_date(info.responseDate, &out->date);
}

/* Code and words of an ErrorInfo; both empty when it is absent. */
static bool keep_error(struct pool *pool, const struct c__ErrorInfo *error, struct bytes *code,
	struct bytes *message)
{
	return channel_soap_keep(pool, error ? error->errorCode : NULL, code) &&
		channel_soap_keep(pool, error ? error->errorMessage : NULL, message);
}

static bool keep_sender(struct pool *pool, const struct c__SenderInfo *sender, bool *has, struct bytes *id)
{
	*has = sender != NULL;
	return channel_soap_keep(pool, sender ? sender->senderId : NULL, id);
}

bool async_codec_read_delivery(struct pool *pool, const char *projection, struct async_delivery *out,
	const char **why)
{
	CHANNEL_SOAP_READ(a__SendDeliveryNotificationRequest, "request");
	const struct a__DeliveryNotification *n = info.notification;
	const struct a__DeliveryStatus *s = n->deliveryStatus;

	out->accepted = s->receiveStatus == a__ReceiveStatus__MESSAGE_USCOREACCEPTED;
	out->resend = s->resendMessage == a__ResendMessage__RESEND;
	return channel_soap_keep(pool, n->messageId, &out->message_id) &&
		channel_soap_keep(pool, n->serviceId, &out->service_id) &&
		keep_error(pool, s->error, &out->error_code, &out->error_message) &&
		keep_sender(pool, info.sender, &out->has_sender, &out->sender_id) &&
		channel_soap_keep_date(info.requestDate, &out->date);
}

bool async_codec_read_status_question(struct pool *pool, const char *projection, struct async_question *out,
	const char **why)
{
	CHANNEL_SOAP_READ(a__GetMessageStatusRequest, "request");
	out->has_date = true;
	return channel_soap_keep(pool, info.messageId, &out->message_id) &&
		keep_sender(pool, info.sender, &out->has_sender, &out->sender_id) &&
		channel_soap_keep_date(info.requestDate, &out->date);
}

bool async_codec_read_messages_question(struct pool *pool, const char *projection, struct async_question *out,
	const char **why)
{
	CHANNEL_SOAP_READ(a__GetMessagesRequest, "request");
	out->has_date = info.requestDate != NULL;
	out->amount = info.amount ? *info.amount : 0;
	return channel_soap_keep(pool, info.messageId, &out->message_id) &&
		channel_soap_keep(pool, info.correlationId, &out->correlation_id) &&
		channel_soap_keep(pool, info.serviceId, &out->service_id) &&
		keep_sender(pool, info.sender, &out->has_sender, &out->sender_id) &&
		(!info.requestDate || channel_soap_keep_date(info.requestDate, &out->date));
}

static bool keep_status(struct pool *pool, const struct a__MessageStatus *s, struct async_status *out)
{
	return channel_soap_keep(pool, s->statusCode, &out->code) &&
		channel_soap_keep(pool, s->statusMessage, &out->message) &&
		channel_soap_keep_date(s->statusDate, &out->date);
}

bool async_codec_read_status_answer(struct pool *pool, const char *projection, struct async_status *out,
	const char **why)
{
	CHANNEL_SOAP_READ(a__GetMessageStatusResponse, "response");
	out->state = (enum async_state)info.messageState;
	return keep_status(pool, info.status, out) &&
		channel_soap_keep(pool, info.sessionId, &out->session_id);
}

bool async_codec_read_status_notification(struct pool *pool, const char *projection, struct async_status *out,
	const char **why)
{
	CHANNEL_SOAP_READ(a__ChangeMassageStatusNotificationRequest, "request");
	const struct a__ChangeStatusNotification *n = info.notification;

	out->state = (enum async_state)n->messageState;
	return channel_soap_keep(pool, n->notificationId, &out->notification_id) &&
		channel_soap_keep(pool, n->messageId, &out->message_id) && keep_status(pool, n->status, out) &&
		keep_error(pool, n->error, &out->error_code, &out->error_message) &&
		channel_soap_keep(pool, info.sessionId, &out->session_id);
}

bool async_codec_check_messages(struct pool *pool, const char *projection, const char **why)
{
	CHANNEL_SOAP_READ(a__GetMessagesResponse, "response");
	return true;
}
