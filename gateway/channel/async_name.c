/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_name - the words of the asynchronous channel: operations, types, states.
 * Promise:  spelt as on the wire, changeMassageStatusNotification too.
 * Spec:     bus contract 2.1 to 2.3 */
#include "channel/async_int.h"

/* How an operation is written, then how else it is read: sendMessage is also declared for clients. */
static const struct async_name names[] = {
	{ASYNC_SEND_MESSAGE, "sendMessage", NS_ASYNC_TYPES},
	{ASYNC_SEND_DELIVERY_NOTIFICATION, "sendDeliveryNotification", NS_ASYNC_TYPES},
	{ASYNC_GET_MESSAGE_STATUS, "getMessageStatus", NS_ASYNC_TYPES},
	{ASYNC_GET_MESSAGES, "getMessages", NS_ASYNC_TYPES},
	{ASYNC_CHANGE_STATUS, "changeMassageStatusNotification", NS_ASYNC_CLIENT_TYPES},
	{ASYNC_SEND_MESSAGE, "sendMessage", NS_ASYNC_CLIENT_TYPES},
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

enum async_operation async_operation_of(const struct element *operation, bool *response)
{
	const char *local = node_local(operation->node), *ns = node_ns(operation->node);

	for (size_t i = 0; i < NAME_COUNT; i++) {
		size_t n = strlen(names[i].name);

		if (strcmp(ns, names[i].ns) != 0 || strncmp(local, names[i].name, n) != 0)
			continue;
		*response = strcmp(local + n, "Response") == 0;
		if (*response || local[n] == '\0')
			return names[i].operation;
	}
	*response = false;
	return ASYNC_OTHER;
}

const struct async_name *async_name_of(enum async_operation op)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (names[i].operation == op)
			return &names[i];
	return &names[0];
}

const char *async_type_name(enum async_type t)
{
	static const char *const words[] = {"REQUEST", "UPDATE", "NOTIFICATION", "RESPONSE"};

	BUG_IF((size_t)t >= sizeof(words) / sizeof(words[0]));
	return words[t];
}

const char *async_state_name(enum async_state s)
{
	static const char *const words[] = {"ON_DELIVERY", "DELIVERED", "NOT_DELIVERED", "DELIVERY_STOPPED"};

	BUG_IF((size_t)s >= sizeof(words) / sizeof(words[0]));
	return words[s];
}
