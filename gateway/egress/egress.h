/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress - HTTP calls to providers: thousands at once on one thread, none of them holding a worker.
 *
 * POST of SOAP unless the call says otherwise, http and https only, no redirects, no proxies from the environment, no
 * repeated sending by itself: a call reaches the provider at most once. The outcome says whether anything can have been
 * received.
 */
#ifndef QAQPA_EGRESS_EGRESS_H
#define QAQPA_EGRESS_EGRESS_H

#include "base/bytes.h"

enum egress_kind {
	EGRESS_ANSWERED,   /* an HTTP answer of any status, whole */
	EGRESS_NOT_SENT,   /* no connection: certain that nothing was received */
	EGRESS_TLS,        /* TLS refused by either side: nothing was received */
	EGRESS_DEADLINE,   /* no whole answer in time; `sent` tells whether anything left */
	EGRESS_BROKEN,     /* the connection broke after sending began */
	EGRESS_TOO_LARGE,  /* the answer exceeds its limit */
	EGRESS_STOPPED     /* egress_stop came first; `sent` as above */
};

struct egress_result {
	enum egress_kind kind;
	bool sent;              /* octets of the request may have reached the provider */
	int status;             /* HTTP status when answered */
	const char *content_type; /* "" when absent */
	struct buf body;        /* to be freed by the receiver of the result */
	char detail[160];       /* for the log */
	int64_t connect_us, total_us; /* connect_us: 0 on a kept connection */
};

struct egress_call {
	const char *url;          /* these four strings and what is sent must stay valid until `done` */
	const char *tls_ca, *tls_certificate, *tls_key; /* PEM paths or NULL */
	bool get;                 /* a GET, which has no body */
	/* These two must stay valid as well, and are words of the program, never of a stranger. */
	const char *content_type; /* of the body; NULL: SOAP 1.1, which also has a SOAPAction */
	const char *accept;       /* NULL: any */
	const char *authorization; /* NULL: none */
	struct bytes front;       /* the body begins with these octets, which are copied, and so are few */
	struct bytes body;        /* what follows them */
	int deadline_ms;          /* for the whole call, connecting included */
	size_t answer_bytes;
	bool fresh_connection;    /* never on a kept connection: for calls that must not be repeated */
	/* Called once, on the egress thread; must not block. Owns the result's body. */
	void (*done)(struct egress_call *call, struct egress_result *result);
	void *ctx;
	struct egress_call *next; /* used by egress alone, between egress_submit and `done` */
};

struct egress;

struct egress *egress_start(void); /* NULL when the thread cannot be made */
/* Takes the call (memory stays the caller's). Any thread; never blocks. */
void egress_submit(struct egress *e, struct egress_call *call);
size_t egress_in_flight(const struct egress *e);
/* Forgets kept TLS connections and contexts, so that changed certificate files are read anew. Any thread. */
void egress_reload_tls(struct egress *e);
/* Ends open calls with EGRESS_STOPPED, joins. Takes NULL, sets NULL. */
void egress_stop(struct egress **e);

#endif
