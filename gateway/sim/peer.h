/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer - one side of the bus as a caller: own key, the other side's pinned certificate, its address; sends
 * and waits.
 *
 * Used by the simulated systems and by qaqpa send. Blocking; one peer may be used by many threads at once.
 */
#ifndef QAQPA_SIM_PEER_H
#define QAQPA_SIM_PEER_H

#include "channel/async.h"

struct peer;

struct peer_options {
	const char *certificate, *key;   /* own, PEM paths */
	const char *peer_certificate;    /* of the other side, pinned: PEM or DER path */
	const char *url;                 /* of the other side; NULL: cannot send */
	const char *async_url;           /* the same for the asynchronous channel */
	const char *sender_id;           /* senderId in requests; NULL: cannot send */
	const char *password_file;       /* the password stands in its first line; NULL: none */
	const char *tls_ca;              /* PEM path for https; NULL: the system's authorities */
	enum conf_form form;             /* of own signatures; 0: KeyIdentifier */
};

/* Loads keys and certificates; envelope_init and security_init come before. Fails with REASON_IO,
 * REASON_KEY_USELESS or REASON_CERT_*. */
MUST_USE outcome peer_open(const struct peer_options *options, struct peer **out, struct err *e);
void peer_free(struct peer **p); /* no call may be under way; fit for SCOPED */

struct trust *peer_trust(const struct peer *p);           /* knows the other side's certificate alone */
const struct trust_key *peer_key(const struct peer *p);   /* the own key */
enum conf_form peer_form(const struct peer *p);

/* An answer, living in the pool. */
struct sim_answer {
	const struct verified *verified;  /* NULL only for a fault whose signature is absent or not accepted */
	struct sync_response response;    /* when it is no fault */
	struct _xmlNode *payload; /* root of the payload whatever the style of data; NULL when there is none */
	struct bytes payload_text;        /* its octets */
	bool fault;                       /* the other side answered a fault: */
	struct channel_fault fault_info;
	const char *message_id;           /* of the request */
	struct bytes text;                /* exact octets of the answer */
	int http_status;
	int64_t duration_us;
};

/* Makes a signed request. `data` is raw XML content of the data element, `data_attributes` text for its
 * start tag; both may be NULL. `message_id` NULL: a fresh one. The text is appended to `out`. */
MUST_USE outcome peer_compose(struct peer *p, struct pool *pool, const char *service_id,
	const char *data_attributes, const char *data, const char *message_id, struct buf *out, struct err *e);

/* Sends octets as they are and takes whatever comes back, for saved messages; any HTTP status is an
 * answer. Fails with REASON_PROVIDER_CONNECT, _TLS, _DEADLINE, _BROKEN or _TOO_LARGE. */
MUST_USE outcome peer_send_raw(struct peer *p, struct bytes message, int deadline_ms, struct buf *answer,
	int *http_status, struct err *e);

/* Reads and verifies an answer. A fault is a success with `fault` set. Fails with REASON_PROVIDER_EMPTY,
 * _NOT_SOAP, _FORMAT or _UNSIGNED; the detail holds the nearer reason. */
MUST_USE outcome peer_read_answer(struct peer *p, struct pool *pool, struct bytes text,
	struct sim_answer *out, struct err *e);

/* The three in one: compose, send, read. */
MUST_USE outcome peer_send(struct peer *p, struct pool *pool, const char *service_id,
	const char *data_attributes, const char *data, const char *message_id, int deadline_ms,
	struct sim_answer *out, struct err *e);

/* ---- the asynchronous channel ---- */

/* What is sent. */
struct peer_message {
	enum async_type type;
	const char *service_id;
	const char *correlation_id;         /* of the chain; NULL with a REQUEST */
	const char *data_attributes, *data; /* as in peer_compose */
};

/* What came back, living in the pool. */
struct peer_answer {
	const struct verified *verified; /* NULL only for a fault whose signature is absent or not accepted */
	bool fault;                      /* the other side answered a fault: */
	struct channel_fault fault_info;
	struct async_ack ack;            /* else, of sendMessage */
	struct async_status status;      /* else, of getMessageStatus */
};

/* The operations of the bus side, each with the whole way there and back. They fail as peer_send_raw and
 * peer_read_answer; a fault is a success with `fault` set. Any thread. */
MUST_USE outcome peer_async_send(struct peer *p, struct pool *pool, const struct peer_message *m,
	int deadline_ms, struct peer_answer *out, struct err *e);
MUST_USE outcome peer_async_status(struct peer *p, struct pool *pool, const char *message_id,
	int deadline_ms, struct peer_answer *out, struct err *e);
/* Calls `each` as async_read_messages does; out->verified is set before the first call. */
MUST_USE outcome peer_async_fetch(struct peer *p, struct pool *pool, const char *service_id, int deadline_ms,
	bool (*each)(void *ctx, const struct async_message *m), void *ctx, struct peer_answer *out, struct err *e);
/* sendDeliveryNotification: `refusal` NULL: accepted; else not, and with `again` wanted another time. */
MUST_USE outcome peer_async_notify(struct peer *p, struct pool *pool, const struct async_message *m,
	const struct err *refusal, bool again, int deadline_ms, struct peer_answer *out, struct err *e);

#endif
