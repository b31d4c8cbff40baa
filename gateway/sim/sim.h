/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim - honest peers: a simulated information system with its own key, endpoint and state.
 *
 * A system is a folder under adapters/: it gives one `struct sim_system` with its services. The engine
 * serves them over HTTP, verifies every request like a real system would, signs every answer with the
 * system's own key, and lets handlers send requests of their own through the gateway and get the verified
 * answer.
 *
 * On the asynchronous channel messages come to the same endpoint, or are fetched. They are kept and
 * acknowledged; what they ask for is done afterwards by a thread of the engine.
 */
#ifndef QAQPA_SIM_SIM_H
#define QAQPA_SIM_SIM_H

#include "sim/peer.h"

struct sim;
struct inner_result;

struct sim_request {
	struct pool *pool;
	const struct verified *verified;
	const struct sync_request *request;
	/* Root element of the payload, whatever the style of data (child root, string, CDATA; typed: data
	 * itself). NULL when empty. Lives in the pool. */
	struct _xmlNode *payload;
	struct bytes payload_text; /* its octets */
};

struct sim_reply { /* set by the handler; strings from the request's pool */
	const char *code;    /* SCSS001 ... */
	const char *message;
	const char *data;    /* raw XML content of data or NULL */
	const char *data_attributes;
};

struct sim_service {
	const char *service_id;
	/* Runs on a worker of the simulator and may block. A failure becomes a signed fault. */
	outcome (*handle)(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
};

struct sim_message { /* of the asynchronous channel */
	struct pool *pool;
	const struct async_message *message;
	struct _xmlNode *payload;  /* as in sim_request */
	struct bytes payload_text;
};

struct sim_async_service {
	const char *service_id;
	bool provides; /* takes REQUEST and UPDATE; else, as the consumer, NOTIFICATION and RESPONSE */
	/* Keeps the message; it is acknowledged afterwards, and what it asks for is left to `work`. The same
	 * messageId may come again. A failure becomes a signed fault, or the word that it is not accepted; when
	 * its class is REJECT, the message is not wanted again. Any thread. */
	outcome (*take)(struct sim *sim, const struct sim_message *in, struct err *e);
};

/* What a system does by itself, asked for by the command (--act verb --argument argument; NULL argument: a
 * usual one). Lines for the user go to `report`. 0: done; 1: done, but the other side refused something; -1:
 * failed, see `e`. May block. */
struct sim_act {
	const char *verb;
	int (*run)(struct sim *sim, const char *argument, struct buf *report, struct err *e);
};

struct sim_system {
	const char *name;    /* permits */
	const char *summary; /* one line for --help */
	const struct sim_service *services; /* ends with a NULL service_id */
	/* Answers every service that `services` does not name. NULL: they are refused. */
	outcome (*other)(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
	const struct sim_async_service *async_services; /* the same; NULL: none */
	/* Keeps what became of a message that the system sent. NULL: acknowledged and forgotten. Any thread. */
	outcome (*notice)(struct sim *sim, struct pool *pool, const struct async_status *status, struct err *e);
	/* Does what taken messages ask for and what is left of it from before. One thread calls it, after a
	 * message was taken or sim_wake was called, and again later when it failed. May send and block. NULL:
	 * nothing to do. */
	outcome (*work)(struct sim *sim, struct err *e);
	/* Opens the state under `directory` (made if absent); gives a pointer for sim_state. NULL when there is
	 * no state. */
	outcome (*open)(const char *directory, void **state, struct err *e);
	void (*close)(void *state);
	const struct sim_act *acts; /* ends with a NULL verb; NULL: does nothing by itself */
};

/* All systems that are built in, NULL-terminated; from adapters/systems.def (defined in
 * adapters/systems.c, so that this room knows no system). */
const struct sim_system *const *sim_systems(void);
const struct sim_system *sim_system_named(const char *name);
const struct sim_act *sim_act_named(const struct sim_system *system, const char *verb); /* NULL: it knows none such */

struct sim_options {
	const char *host;
	int port;                       /* 0: chosen; see sim_port */
	const char *path;               /* of the endpoint */
	const char *certificate, *key;  /* own, PEM paths */
	const char *peer_certificate;   /* the gateway's, pinned */
	const char *gateway_url;        /* where own requests go; NULL: cannot send */
	const char *async_url;          /* where own messages of the asynchronous channel go */
	bool pull;                      /* messages are fetched from there; else they come to the endpoint */
	const char *sender_id, *password_file;
	const char *state;              /* directory */
	unsigned threads;
	const char *tls_ca;             /* PEM path for an https gateway_url; NULL: the system's authorities */
	/* Whose inner signatures are accepted: "senderId=path of a PEM certificate", NULL-terminated. NULL:
	 * nobody's. */
	const char *const *document_certificates;
	/* Persons whose keys it holds: "name=certificate,key", PEM paths, NULL-terminated; NULL: nobody's. */
	const char *const *signers;
	const char *const *settings; /* of its own: "name=value", NULL-terminated; NULL: none */
	/* How it misbehaves: path of a script (weather.h); or, when no such file is there, the script itself, which has a
	 * space, a line end or a semicolon in it. NULL: not at all. For expired-certificate there is a signer named expired. */
	const char *weather;
};

/* Starts serving. Fails with REASON_IO, REASON_KEY_USELESS or the system's own reason. */
MUST_USE outcome sim_start(const struct sim_system *system, const struct sim_options *options,
	struct sim **out, struct err *e);
int sim_port(const struct sim *s);
void *sim_state(const struct sim *s);
void sim_stop(struct sim **s);

/* The value of --set name=value, of the last one with this name; NULL when there is none. Any thread. */
const char *sim_setting(const struct sim *s, const char *name);

/* The moment by the system's clock: what it writes into messages. The weather can shift it. Any thread. */
struct stamp sim_now(void);

/* Has `work` called soon, for what a service of the synchronous channel has left to be done. Any thread. */
void sim_wake(struct sim *s);

/* Sends one request through the gateway and waits (deadline in ms). Fails with REASON_PROVIDER_* seen from
 * here (the gateway is the provider), or REASON_CONFIG when there is no gateway_url. Any thread. */
MUST_USE outcome sim_send(struct sim *s, struct pool *pool, const char *service_id,
	const char *data_attributes, const char *data, int deadline_ms, struct sim_answer *out, struct err *e);

/* One of several requests sent at once. */
struct sim_call {
	const char *service_id, *data_attributes, *data;
	int deadline_ms;
	struct pool *pool; /* from here on set by sim_send_all: what `answer` lives in */
	struct sim_answer answer;
	outcome result;
	struct err err;    /* when the result is a failure */
};
/* Sends them all at once, each by a thread of its own, and waits for all. Any thread. */
void sim_send_all(struct sim *s, struct sim_call *calls, size_t n);
void sim_calls_free(struct sim_call *calls, size_t n); /* drops the answers */

/* The same on the asynchronous channel: peer_async_send and peer_async_status. */
MUST_USE outcome sim_async_send(struct sim *s, struct pool *pool, const struct peer_message *m,
	int deadline_ms, struct peer_answer *out, struct err *e);
MUST_USE outcome sim_async_status(struct sim *s, struct pool *pool, const char *message_id, int deadline_ms,
	struct peer_answer *out, struct err *e);

/* The system's own key, for inner signatures over documents. */
const struct trust_key *sim_key(const struct sim *s);
/* The key of a person of --signer; NULL when nobody has this name. */
const struct trust_key *sim_signer(const struct sim *s, const char *name);
/* Signs a document with the key of a signer (NULL: the own key; an unknown one fails with REASON_CONFIG), and
 * verifies one against the document certificates: security/document.h. The second gives the senderId that the
 * signer's certificate belongs to. Without document certificates it fails with REASON_CERT_UNKNOWN. Any
 * thread. */
MUST_USE outcome sim_document_sign(struct sim *s, struct pool *pool, const char *signer, struct bytes xml,
	struct buf *out, struct err *e);
MUST_USE outcome sim_document_verify(struct sim *s, struct pool *pool, struct bytes xml, const char **signer,
	struct err *e);
/* The same; gives the certificate, which says whose number is in it. Lives as long as the simulator. */
MUST_USE outcome sim_document_certificate(struct sim *s, struct pool *pool, struct bytes xml,
	const struct trust_cert **out, struct err *e);
/* Verifies all enveloped signatures of a payload, at least one, against the document certificates, whoever may sign what:
 * security/inner.h. Any thread. */
MUST_USE outcome sim_document_signers(struct sim *s, struct pool *pool, const struct element *data, struct inner_result *out,
	struct err *e);
/* True when document certificates were given, so that inner signatures can be demanded. */
bool sim_demands_documents(const struct sim *s);

#endif
