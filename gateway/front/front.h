/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front - sockets, TLS and HTTP/1.1 on the serving side.
 *
 * One event thread owns all connections. It reads a request whole, under limits and deadlines, before anybody else
 * sees it, so that slow or hostile clients hold no worker. Framing follows RFC 9112 strictly: whatever is ambiguous
 * is answered 400, 411, 413, 414, 417, 431, 501 or 505 and the connection is closed. Keep-alive and pipelining:
 * answers go out in the order of the requests. Expect: 100-continue is honoured. Bodies: Content-Length or chunked.
 */
#ifndef QAQPA_FRONT_FRONT_H
#define QAQPA_FRONT_FRONT_H

#include "base/bytes.h"

enum front_tls { FRONT_TLS_OFF, FRONT_TLS_SERVER, FRONT_TLS_MUTUAL };

struct front_listener_options {
	const char *name;
	const char *host;
	int port; /* 0: chosen by the kernel, see front_port */
	enum front_tls tls;
	const char *certificate, *key, *client_ca; /* PEM paths */
	size_t head_bytes, body_bytes;
	int head_ms, body_ms, idle_ms, write_ms, handshake_ms;
	/* Addresses and networks: connections from there begin with a PROXY header, and are those of their clients. */
	const char *const *proxies;
	size_t proxy_count;
	int connections;
	/* What one client address may have, a network of 64 bits of IPv6 being one; 0: no bound. */
	int connections_per_address;
	int requests_per_address; /* in the hands of the handler */
	int share_per_address;    /* per cent: of `connections`, and of the memory for what is read */
	int refused_work;         /* per cent of one processor: what the handler charges, and TLS handshakes for nothing */
};

/* A complete request. Valid from the call of the handler until front_respond. */
struct front_request {
	struct bytes method;       /* token as sent */
	struct bytes path;         /* origin-form target without query, not decoded */
	struct bytes query;        /* after '?', may be empty */
	struct bytes host;
	struct bytes content_type; /* empty when absent */
	struct bytes content_encoding;
	struct bytes soap_action;  /* as sent, quotes included */
	struct bytes authorization; /* as sent; empty when absent */
	struct bytes body;
	const char *peer;          /* numeric address, without the port */
	unsigned line;             /* of work: the same for all requests of an address; no client can choose it */
	bool tls;
	struct bytes client_certificate; /* DER, with mutual TLS; else empty */
	size_t listener;           /* index into the options given to front_start */
	int64_t arrived_us;        /* mono_us of the first octet of the head */
};

struct front_answer {
	int status;
	const char *content_type; /* NULL: no body */
	struct bytes body;        /* copied by front_respond */
	struct buf *more;         /* follows `body` where that is long: taken, not copied, and left empty; or NULL */
	size_t more_from;         /* of `more` the octets from there on */
	int retry_after_s;        /* >0: Retry-After */
	const char *allow;        /* for 405: value of Allow */
	const char *authenticate; /* for 401: value of WWW-Authenticate */
	bool close;
	int64_t charge_us; /* time of a processor that the client's address answers for; see refused_work */
	bool welcome;      /* the client is known: the TLS handshake of its connection was not for nothing */
};

/* Called in the event thread with a complete request; must not block. front_respond must follow exactly once, from
 * any thread, also when the client has gone. */
typedef void front_handler(void *ctx, struct front_request *request);

struct front_settings {
	const struct front_listener_options *listeners; /* copied */
	size_t listener_count;
	size_t memory_bytes; /* for buffered requests and answers in all; beyond it requests get 503 with Retry-After */
	front_handler *handler;
	void *ctx;
};

struct front;

/* Binds all listeners and starts the event thread. Fails with REASON_IO (address, certificate, key named in the
 * detail); then nothing is bound. */
MUST_USE outcome front_start(const struct front_settings *settings, struct front **out, struct err *e);

/* Answers the request and gives it back to the front; the pointer is dead afterwards. Any thread. */
void front_respond(struct front_request *request, const struct front_answer *answer);

/* Instead of front_respond, for simulated systems that rehearse failure: no answer is given. FRONT_CLOSE closes the
 * connection at once; FRONT_HOLD keeps it until the client closes it or idle_ms passed; FRONT_HOLD_HEAD does so behind
 * the head of an answer whose body never comes. Any thread. Only the room sim may call it (tests/lint). */
enum front_silence { FRONT_CLOSE, FRONT_HOLD, FRONT_HOLD_HEAD };
void front_abandon(struct front_request *request, enum front_silence how);

/* The port a listener is bound to. */
int front_port(const struct front *f, size_t listener);

/* Reads certificates and keys of all listeners again; new connections get the new ones, open ones go on. All or
 * nothing: on failure (REASON_IO) the old ones stay. Any thread. */
MUST_USE outcome front_reload_tls(struct front *f, struct err *e);

/* From now on each answer closes its connection; connections are still accepted. Any thread. */
void front_leave(struct front *f);
/* Stops accepting; open requests are still answered, each with Connection: close; idle connections are closed. Returns
 * when no request is open or `wait_ms` passed; the number of requests still open. */
size_t front_drain(struct front *f, int wait_ms);
/* Closes everything. No handler call is under way afterwards; open requests may still be answered into nothing.
 * Takes NULL, sets NULL. */
void front_stop(struct front **f);

struct front_counters {
	uint64_t accepted, refused_connections, requests, refused_requests, timeouts, tls_failures;
	uint64_t put_off_requests, put_off_work, put_off_memory; /* with 503, because of a bound for one address */
	size_t connections, open_requests, memory;
};
void front_count(const struct front *f, struct front_counters *out); /* any thread */

#endif
