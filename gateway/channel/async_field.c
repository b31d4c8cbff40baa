/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_field - the fields of the asynchronous messages as rows; see channel_field.c.
 * Spec:     bus contract 2.3 */
#include "channel/async_int.h"

#define FIELDS_ERROR(parent) \
	{parent, "errorCode", FIELD_REQUIRED, 128}, \
	{parent, "errorMessage", FIELD_REQUIRED | FIELD_LINES, 4096}, \
	{parent, "errorData", FIELD_LINES, 4096}, \
	{parent, "errorDate", FIELD_REQUIRED | FIELD_DATE, 64}, \
	{parent, "subError", FIELD_GROUP, 0}, \
	{parent, "sessionId", FIELD_GUID, 128}
#define FIELDS_STATUS \
	{"status", "statusCode", FIELD_REQUIRED, 128}, \
	{"status", "statusMessage", FIELD_REQUIRED | FIELD_LINES, 4096}, \
	{"status", "statusDate", FIELD_REQUIRED | FIELD_DATE, 64}
#define FIELDS_END {NULL, NULL, 0, 0}

static const struct field message_fields[] = {
	{"messageInfo", "messageId", 0, 128},
	{"messageInfo", "correlationId", 0, 128},
	{"messageInfo", "serviceId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"messageInfo", "messageType", FIELD_REQUIRED, 32},
	{"messageInfo", "routeId", 0, 128},
	{"messageInfo", "messageDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"messageInfo", "sender", FIELD_REQUIRED | FIELD_GROUP, 0},
	FIELDS_SENDER,
	{"messageInfo", "properties", FIELD_MANY | FIELD_GROUP, 0},
	FIELDS_PROPERTY,
	{"messageInfo", "sessionId", FIELD_GUID, 128},
	FIELDS_END,
};

static const struct field ack_fields[] = {
	{"response", "messageId", FIELD_REQUIRED, 128},
	{"response", "correlationId", FIELD_REQUIRED, 128},
	{"response", "responseDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"response", "sessionId", FIELD_GUID, 128},
	FIELDS_END,
};

static const struct field delivery_fields[] = {
	{"request", "notification", FIELD_REQUIRED | FIELD_GROUP, 0},
	{"notification", "messageId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"notification", "serviceId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"notification", "notificationDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"notification", "deliveryStatus", FIELD_REQUIRED | FIELD_GROUP, 0},
	{"deliveryStatus", "receiveStatus", FIELD_REQUIRED, 32},
	{"deliveryStatus", "statusDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"deliveryStatus", "resendMessage", FIELD_REQUIRED, 32},
	{"deliveryStatus", "error", FIELD_GROUP, 0},
	FIELDS_ERROR("error"),
	FIELDS_ERROR("subError"),
	{"request", "requestDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"request", "sender", FIELD_GROUP, 0},
	FIELDS_SENDER,
	FIELDS_END,
};

static const struct field status_question_fields[] = {
	{"request", "messageId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"request", "requestDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"request", "sender", FIELD_REQUIRED | FIELD_GROUP, 0},
	FIELDS_SENDER,
	{"request", "properties", FIELD_MANY | FIELD_GROUP, 0},
	FIELDS_PROPERTY,
	FIELDS_END,
};

static const struct field messages_question_fields[] = {
	{"request", "messageId", 0, 128},
	{"request", "correlationId", 0, 128},
	{"request", "requestDate", FIELD_DATE, 64},
	{"request", "serviceId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"request", "sender", FIELD_GROUP, 0},
	FIELDS_SENDER,
	{"request", "amount", 0, 32},
	{"request", "properties", FIELD_MANY | FIELD_GROUP, 0},
	FIELDS_PROPERTY,
	FIELDS_END,
};

/* This one sessionId is a plain string. */
static const struct field status_answer_fields[] = {
	{"response", "messageState", FIELD_REQUIRED, 32},
	{"response", "status", FIELD_REQUIRED | FIELD_GROUP, 0},
	FIELDS_STATUS,
	{"response", "responseDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"response", "sessionId", 0, 128},
	FIELDS_END,
};

static const struct field status_notification_fields[] = {
	{"request", "notification", FIELD_REQUIRED | FIELD_GROUP, 0},
	{"notification", "notificationId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"notification", "messageId", FIELD_REQUIRED | FIELD_FILLED, 128},
	{"notification", "notificationDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"notification", "messageState", FIELD_REQUIRED, 32},
	{"notification", "status", FIELD_REQUIRED | FIELD_GROUP, 0},
	FIELDS_STATUS,
	{"notification", "error", FIELD_GROUP, 0},
	FIELDS_ERROR("error"),
	FIELDS_ERROR("subError"),
	{"request", "requestDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"request", "sessionId", FIELD_GUID, 128},
	FIELDS_END,
};

static const struct field messages_answer_fields[] = {
	{"response", "responseDate", FIELD_REQUIRED | FIELD_DATE, 64},
	{"response", "sessionId", FIELD_REQUIRED | FIELD_GUID, 128},
	{"response", "messages", FIELD_MANY | FIELD_ELSEWHERE, 0},
	FIELDS_END,
};

const struct direction async_message = {"request", "messageInfo", "messageData", .any_order = true,
	.data_required = true, .fields = message_fields};
const struct direction async_ack = {.info = "response", .fields = ack_fields};
const struct direction async_delivery = {.info = "request", .fields = delivery_fields};
const struct direction async_status_question = {.info = "request", .fields = status_question_fields};
const struct direction async_messages_question = {.info = "request", .fields = messages_question_fields};
const struct direction async_status_answer = {.info = "response", .fields = status_answer_fields};
const struct direction async_status_notification = {.info = "request", .fields = status_notification_fields};
const struct direction async_messages_answer = {.info = "response", .fields = messages_answer_fields};
