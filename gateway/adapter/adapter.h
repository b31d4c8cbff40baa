/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter - rules of one system that no word of the configuration can express: checks, actions, handlers.
 *
 * A *check* judges a verified message before it is accepted. An *action* hears what became of a message that passed the
 * checks of its service. A *handler* answers in the place of a provider. Services name them: `checks`, `actions`, `handler`.
 * An adapter is a row, implemented in adapters/<system>/adapter_<name>.c and listed in adapters/adapters.def; no room knows
 * a system. adapters/README.md shows how to write one; adapters/permits/adapter_nikad.c is one.
 *
 * Calls may wait for Redis or disk: they run on threads of their own, on any of them, several at once. A message can come
 * twice: to this gateway again, to another one, after a crash in the middle. So a call must be idempotent for the sender and
 * messageId, which `message` names: done again it changes nothing and says the same.
 *
 * When a check runs, everything else about the message is right, and it is not known from before: a repetition that was
 * answered gets that answer and meets no check. A check may take hold of something for its message (in Redis, under
 * `message`); what one message holds another must not get. Actions let go of it or make it final. Where the gateway cannot
 * tell what became of the message (no answer, a crash), no action is called and the hold stays.
 */
#ifndef QAQPA_ADAPTER_ADAPTER_H
#define QAQPA_ADAPTER_ADAPTER_H

#include "queue/desk.h"
#include "security/inner.h"
#include "security/security.h"

#define ADAPTER_MESSAGE 65 /* a name of a message, and a NUL */
#define ADAPTER_MOST 8     /* checks, and actions, of one service */

struct adapter_call {
	struct pool *pool;                     /* of this call: what is given back lives here */
	const struct conf *conf;
	const struct conf_participant *caller; /* whose message it is; NULL in an action when he is not configured any more */
	const struct conf_service *service;
	struct bytes sender_id, message_id, correlation_id;
	char message[ADAPTER_MESSAGE];         /* hex; the same for every copy of the message at every gateway */
	const char *exchange;                  /* the journal's name of the exchange; another one for a repetition */
	struct stamp at;                       /* moment of receipt; in an action: now */

	/* Only in checks and handlers. An action knows the names above: what it needs of the content, the check has to put
	 * aside under `message`, for a queued message is delivered later and perhaps by another gateway. */
	struct trust *trust;                   /* certificates that stand in the content */
	const struct verified *verified;
	const struct _xmlNode *payload;        /* root of the business message, in whatever style it came; NULL: none */
	const struct inner_result *signers;    /* of inner signatures, as checked; NULL: the service demands none */

	struct buf *evidence;                  /* for adapter_note */
	struct queue_desk *redis;              /* NULL without a queue */
	const char *folder;                    /* of adapters of this gateway, on its disk; names begin with the adapter's */
	const char *shared;                    /* the same for all gateways of one queue; NULL without a queue */
};

struct adapter_answer {
	const char *code;            /* SCSS001, SCSE001 ... */
	const char *message;         /* its words; cut to what the channel takes */
	const char *data_attributes; /* of the start tag of data; NULL: none */
	const char *data;            /* XML content of data; NULL: none */
};

/* For operators, while a gateway runs or not: what `qaqpa queue rebuild` and `qaqpa queue adapters` give. */
struct adapter_desk {
	struct queue_admin *redis;
	struct pool *pool;
	const char *journal; /* folder of the journal of one gateway */
	const char *folder;  /* as in a call, of the same gateway */
	bool dry_run;
	struct buf *report;  /* lines for people */
};

enum adapter_kind { ADAPTER_CHECK, ADAPTER_ACTION, ADAPTER_HANDLER };
struct adapter {
	const char *name;    /* nikad-given */
	const char *summary; /* one line for people */
	bool redis;          /* cannot work without the section queue */
	/* One of these three. */

	/* Fails with the reason of the refusal (a row of reasons.def of class REJECT; the detail is for the sender), or with
	 * one of class RETRY when it cannot be told now. */
	outcome (*check)(const struct adapter_call *c, struct err *e);
	/* `accepted`: the provider accepted the message (its status does not begin with SCSE); else it refused it for
	 * certain, or never got it. After a failure it is called a few times more, then the log says action.failed and the
	 * message goes its way: what must never be missed belongs into the check. */
	outcome (*act)(const struct adapter_call *c, bool accepted, struct err *e);
	/* The answer is signed, registered and remembered by the gateway. Fails with the reason of a fault; after one of class
	 * RETRY the sender may repeat the message. */
	outcome (*handle)(const struct adapter_call *c, struct adapter_answer *out, struct err *e);

	/* May be NULL. Puts back what folder and journal of one gateway know into a Redis that lost it; called for each
	 * gateway, and perhaps for a Redis that lost nothing. */
	outcome (*restore)(const struct adapter_desk *d, struct err *e);
	/* May be NULL. Reports what it keeps in Redis. */
	outcome (*print)(const struct adapter_desk *d, struct err *e);
};

/* All that are built in; ends with NULL. From adapters/adapters.def, defined in adapters/adapters.c. */
const struct adapter *const *adapters(void);
/* By kind and name; NULL when there is none, then `near` was offered all names of the kind. */
const struct adapter *adapter_named(enum adapter_kind kind, const char *name, struct conf_near *near);

/* A line for the journal, "<adapter>: <words>": of a check or handler it stands with the fact of receiving, of an action
 * with the answer of the provider. What is refused keeps no such lines. */
void adapter_note(const struct adapter_call *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* Fills the name of the message. */
void adapter_message_name(struct bytes sender_id, struct bytes message_id, char out[ADAPTER_MESSAGE]);

#endif
