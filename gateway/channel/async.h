/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async - the wire contract AsyncChannel v10, both directions, with its misspelt names.
 *
 * Same manners as channel.h: reading takes verified messages only and tolerates what the bus contract
 * lists (sections 2.3, 2.4 and 8); writing is strict; payloads stay octets. Types come from
 * wsdl/async-channel.
 */
#ifndef QAQPA_CHANNEL_ASYNC_H
#define QAQPA_CHANNEL_ASYNC_H

#include "channel/channel.h"

#define NS_ASYNC_TYPES "http://bip.bee.kz/AsyncChannel/v10/Types"
#define NS_ASYNC_CLIENT_TYPES "http://bip.bee.kz/AsyncChannel/v10/Types/Client"

enum async_operation {
	ASYNC_SEND_MESSAGE,           /* both sides */
	ASYNC_SEND_DELIVERY_NOTIFICATION,
	ASYNC_GET_MESSAGE_STATUS,
	ASYNC_GET_MESSAGES,
	ASYNC_CHANGE_STATUS,          /* changeMassageStatusNotification, client side */
	ASYNC_OTHER
};
/* What stands in the Body, by qualified name; `response` tells whether it is the ...Response. Both Types
 * and Types/Client are accepted for sendMessage. */
enum async_operation async_operation_of(const struct element *operation, bool *response);

enum async_type { ASYNC_REQUEST, ASYNC_UPDATE, ASYNC_NOTIFICATION, ASYNC_RESPONSE };
enum async_state { ASYNC_ON_DELIVERY, ASYNC_DELIVERED, ASYNC_NOT_DELIVERED, ASYNC_DELIVERY_STOPPED };
const char *async_type_name(enum async_type t);
const char *async_state_name(enum async_state s);

/* messageInfo and data of a message; bytes empty when absent. */
struct async_message {
	struct bytes message_id, correlation_id, service_id, route_id, message_date, sender_id, session_id;
	enum async_type type;
	struct bytes password;
	bool has_password;
	struct stamp date;
	const struct property *properties;
	size_t property_count;
	const struct element *info, *data, *operation;
};

struct async_ack { /* sendMessageResponse */
	struct bytes message_id, correlation_id, session_id;
	struct stamp date;
};

struct async_delivery { /* sendDeliveryNotification */
	struct bytes message_id, service_id, sender_id, password;
	bool has_password, has_sender;
	bool accepted; /* MESSAGE_ACCEPTED, else MESSAGE_NOT_ACCTEPTED */
	bool resend;   /* RESEND, else NOT_RESEND */
	struct stamp date;
	struct bytes error_code, error_message;
};

struct async_question { /* getMessageStatus and getMessages */
	struct bytes message_id, correlation_id, service_id, sender_id, password;
	bool has_password, has_sender;
	int amount; /* 0: the most */
	struct stamp date;
	bool has_date;
};

struct async_status { /* answer to getMessageStatus, and changeMassageStatusNotification */
	enum async_state state;
	struct bytes code, message;
	struct stamp date;
	struct bytes message_id, notification_id, session_id; /* for the notification */
	struct bytes error_code, error_message;
};

/* Reading verified messages. Fail like channel_read_request. Bytes live in the pool. */
MUST_USE outcome async_read_message(struct pool *pool, const struct verified *v,
	struct async_message *out, struct err *e);
MUST_USE outcome async_read_ack(struct pool *pool, const struct verified *v, struct async_ack *out,
	struct err *e);
MUST_USE outcome async_read_delivery(struct pool *pool, const struct verified *v,
	struct async_delivery *out, struct err *e);
MUST_USE outcome async_read_question(struct pool *pool, const struct verified *v,
	struct async_question *out, struct err *e);
MUST_USE outcome async_read_status(struct pool *pool, const struct verified *v, struct async_status *out,
	struct err *e);
/* getMessagesResponse, for pulling clients (simulators): calls `each` per message, in order, until it
 * gives false; its data is an element of v. A message that is refused ends the reading after those before
 * it were given. */
MUST_USE outcome async_read_messages(struct pool *pool, const struct verified *v,
	bool (*each)(void *ctx, const struct async_message *m), void *ctx, struct err *e);

/* The text of a verified sendMessage for the receiver, before signing: octets kept, password removed,
 * messageId, correlationId and sessionId set at their places in the sequence. Appended to `out`. */
MUST_USE outcome async_forward_message(const struct verified *v, const struct async_message *m,
	const char *message_id, const char *correlation_id, const char *session_id, struct buf *out,
	struct err *e);

/* New messages, unsigned, with wsu:Id on the Body. Guids in braces where the schema says guid; where it
 * demands one, its absence fails. Data of NULL is an empty element. The one date of a delivery or status
 * stands for each date inside it. */
MUST_USE outcome async_write_message(const struct async_message *m, const char *data_attributes,
	const char *data, struct buf *out, struct err *e);
MUST_USE outcome async_write_ack(const struct async_ack *a, struct buf *out, struct err *e);
MUST_USE outcome async_write_delivery(const struct async_delivery *d, struct buf *out, struct err *e);
MUST_USE outcome async_write_delivery_ack(const char *notification_id, struct stamp date,
	const char *session_id, struct buf *out, struct err *e);
MUST_USE outcome async_write_question(enum async_operation which, const struct async_question *q,
	struct buf *out, struct err *e);
MUST_USE outcome async_write_status_answer(const struct async_status *s, struct stamp response_date,
	const char *session_id, struct buf *out, struct err *e);
MUST_USE outcome async_write_status_notification(const struct async_status *s, struct stamp request_date,
	struct buf *out, struct err *e);
MUST_USE outcome async_write_status_ack(struct stamp date, const char *session_id, struct buf *out,
	struct err *e);
/* getMessagesResponse: begin, one call per message, end. A message is given as the raw octets of its
 * <messageInfo> and <messageData> elements together with the namespace declarations they need on
 * <messages>. */
void async_write_messages_begin(struct stamp date, const char *session_id, struct buf *out);
void async_write_messages_item(struct bytes scope_attributes, struct bytes info_and_data, struct buf *out);
void async_write_messages_end(struct buf *out);
/* The octets of messageInfo and messageData of a forwarded text (async_forward_message's output before
 * signing), as a part of it, and the namespace declarations in scope there as attribute text, for storing
 * until they are pulled. */
MUST_USE outcome async_item_of(struct pool *pool, struct bytes forwarded, struct bytes *scope_attributes,
	struct bytes *info_and_data, struct err *e);
/* A fault of the operation: detail <op>Fault1_<op>Fault; that of sendMessage for ASYNC_OTHER. */
MUST_USE outcome async_write_fault(enum async_operation op, const struct channel_fault *f,
	struct buf *out, struct err *e);

/* The served WSDL of the bus side ("wsdl", "wsdl=interfaces", "xsd=...") and of the client side
 * ("client-wsdl", "wsdl=client-interfaces", "xsd=client-elements"); otherwise as channel_wsdl. */
MUST_USE outcome async_wsdl(const char *address, const char *query, struct buf *out, struct err *e);

#endif
