/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_int - what the files of this room share.
 *
 * The loop (egress_loop) takes calls and waits for sockets and time. A flight (egress_flight) is one call on its way. A
 * connection (egress_conn) is made by libcurl (egress_dial); then one flight at a time is on it, and between two of them it
 * is idle. What goes over it is composed in egress_target and read in egress_answer, which know no sockets. All of it
 * belongs to the egress thread, except for what stands under the lock.
 */
#ifndef QAQPA_EGRESS_INT_H
#define QAQPA_EGRESS_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include <curl/curl.h>

#include "http/http.h"

#include "egress/egress.h"

/* ---- egress_answer.c: an answer as it arrives (RFC 9112 sections 4 to 7) ---- */

#define EGRESS_HEAD_MOST (64u << 10) /* of all heads of one answer */

/* Starts as all zero but for the ceilings of `head` (EGRESS_HEAD_MOST) and `body`. */
struct egress_answer {
	struct buf head; /* with those of interim answers before it */
	struct buf body;
	size_t at, line;          /* octets of heads looked at; where the present line begins */
	bool begun;               /* the present head has its first line */
	enum { ANSWER_HEAD, ANSWER_CHUNKS, ANSWER_LENGTH, ANSWER_TO_END, ANSWER_WHOLE } state;
	int status, minor;
	size_t type_at, type_n; /* Content-Type, in `head` */
	bool has_length, chunked, close, keep;
	uint64_t left; /* of a body of known length */
	struct http_chunk chunk;
	bool more; /* octets follow the answer */
	bool too_large;
	const char *wrong; /* after HTTP_BAD: a word */
};

/* Takes octets; after HTTP_DONE the answer is whole. HTTP_BAD: it is none, or (`too_large`) beyond a ceiling. */
enum http_step egress_answer_feed(struct egress_answer *a, struct bytes in);
/* The octets of a long body are read where they stay, as long as no others can be among them, and a record of TLS fits:
 * where that is, for `*n` of them. NULL: they have to be fed. */
unsigned char *egress_answer_place(struct egress_answer *a, size_t *n);
/* That many were read there. */
enum http_step egress_answer_placed(struct egress_answer *a, size_t n);
/* The connection ended. True when the answer is whole by that. */
MUST_USE bool egress_answer_ended(struct egress_answer *a);
/* May another request go over its connection? */
bool egress_answer_keeps(const struct egress_answer *a);

/* ---- egress_target.c: addresses, and heads of requests ---- */

/* What is made of an address once. */
struct egress_target {
	struct buf said;   /* the address and the files of TLS, as the calls name them */
	struct buf line;   /* of a head: what stands between the method and what the call decides */
	struct buf origin; /* who is called, and who is trusted: the same for calls that may share connections */
	uint32_t hash;     /* of the origin */
	bool tls;
};

struct egress_targets;

struct egress_targets *egress_targets_new(void); /* NULL when memory is short */
void egress_targets_free(struct egress_targets *t);
/* Valid until the next call of it. NULL when memory is short, or the address cannot be called: `why`. */
const struct egress_target *egress_target_of(struct egress_targets *t, const struct egress_call *call, const char **why);
/* Adds the head of the request to `out`; false when a value is too long or not fit for a head, or memory is short. */
MUST_USE bool egress_request_head(const struct egress_target *t, const struct egress_call *call, struct buf *out);

/* ---- egress_dial.c: making connections, by libcurl ---- */

#define SPARE_HANDLES 256

struct egress_flight;

/* A multi handle with the certificate files and names it has read. */
struct egress_pool {
	struct egress_pool *next;
	struct egress *of;
	uint32_t number;
	CURLM *multi;
	size_t open;      /* handles in it: connections that are being made, and those with TLS */
	int64_t timer_ms; /* when curl wants to be called; -1: not */
	CURL *spare[SPARE_HANDLES]; /* these keep TLS sessions */
	size_t spares;
};

struct egress_pool *egress_pool_new(struct egress *e); /* NULL when memory is short */
void egress_pool_free(struct egress_pool *pool);
/* Begins to make the connection of the flight in the present pool; it ends in egress_flight_dialled. False when curl cannot
 * begin. */
MUST_USE bool egress_dial(struct egress_flight *f);
/* Takes a handle out of its pool, which closes what it has opened. */
void egress_dial_end(struct egress_pool *pool, CURL *easy);
/* Lets curl work on a socket or (CURL_SOCKET_TIMEOUT) on what is due; then hands out what came of it. */
void egress_pool_drive(struct egress_pool *pool, curl_socket_t socket, int mask);

/* ---- egress_conn.c: connections that stand ---- */

struct egress_conn {
	struct egress *of;
	struct egress_pool *pool;     /* where `easy` is */
	CURL *easy;                   /* while it is being made, and with TLS; else NULL */
	struct egress_flight *flight; /* NULL: idle */
	int fd;                       /* -1 while it is being made, and when it is closed */
	uint32_t armed;               /* epoll events */
	uint32_t number;              /* of the pool that made it */
	bool tls, kept, idle;         /* kept: it has carried an answer before */
	struct egress_conn *next, **link;  /* idle ones of about the same origin, or dead ones */
	struct egress_conn *older, *newer; /* idle ones */
	int64_t idle_ms;                   /* since when */
	uint32_t hash;                     /* of the origin */
	char error[CURL_ERROR_SIZE];
	size_t origin_n;
	unsigned char origin[];
};

#define IDLE_BUCKETS 256

struct egress_idle {
	struct egress_conn *bucket[IDLE_BUCKETS];
	struct egress_conn *oldest, *newest;
	size_t n;
};

/* NULL when memory is short. */
struct egress_conn *egress_conn_new(struct egress *e, const struct egress_target *target);
/* What libcurl made is ours from now on. False: it cannot be used, and nothing was sent. */
MUST_USE bool egress_conn_made(struct egress_conn *c);
/* Closes at once; the memory stays until egress_conn_bury. */
void egress_conn_close(struct egress_conn *c);
void egress_conn_bury(struct egress *e);
/* Octets sent or received, or one of these; `error` says why it broke. Where nothing was sent, nothing left that the other
 * side could read. */
enum { WIRE_END = 0, WIRE_AGAIN = -1, WIRE_BROKEN = -2 };
ssize_t egress_conn_send(struct egress_conn *c, struct bytes first, struct bytes second);
ssize_t egress_conn_receive(struct egress_conn *c, unsigned char *into, size_t room);
/* Whether the connection is also watched for room to send. */
void egress_conn_watch_room(struct egress_conn *c, bool wanted);
/* Keeps it for another call to its origin; the oldest goes when there are too many. */
void egress_conn_keep(struct egress_conn *c);
/* The kept connection to the origin that was used last and still stands; NULL: none. */
struct egress_conn *egress_idle_take(struct egress *e, const struct egress_target *target);
/* Closes what is idle for too long; gives when the next one will be, -1: never. */
int64_t egress_idle_expire(struct egress *e, int64_t now_ms);
void egress_idle_close(struct egress *e); /* all of them */
void egress_conn_ready(struct egress_conn *c, uint32_t events);

/* ---- egress_flight.c: one call on its way ---- */

struct egress_flight {
	struct egress_flight *next, **link; /* list of open or of spare flights */
	struct egress *of;
	struct egress_call *call;
	struct egress_conn *conn;
	int64_t begun_us, connect_us, deadline_ms;
	size_t place;       /* among the deadlines */
	struct buf head;    /* of the request; with TLS the beginning of the body stands behind it */
	size_t copied;      /* octets of the body in `head` */
	size_t gone;        /* octets of the request that left */
	bool sent;          /* some may have */
	int dials;
	struct egress_answer answer;
};

void egress_flight_free_spares(struct egress *e);
/* The call is on its way, or has ended already. */
void egress_flight_begin(struct egress *e, struct egress_call *call);
/* The connection stands, or could not be made. */
void egress_flight_dialled(struct egress_flight *f, CURLcode code);
/* There is something to read, or room to write to. */
void egress_flight_ready(struct egress_flight *f, bool readable, bool writable);
void egress_flight_expire(struct egress_flight *f);
void egress_flight_end(struct egress_flight *f, enum egress_kind kind, const char *detail);
/* The end of a call that never became a flight. */
void egress_refuse(struct egress *e, struct egress_call *call, enum egress_kind kind, const char *detail);

/* ---- egress_deadline.c: flights by their deadlines, the earliest first ---- */

struct egress_deadlines {
	struct egress_flight **heap;
	size_t n, room;
};

MUST_USE bool egress_deadline_add(struct egress_deadlines *d, struct egress_flight *f); /* false: no memory */
void egress_deadline_remove(struct egress_deadlines *d, struct egress_flight *f);

/* ---- egress_loop.c: the thread ---- */

#define EGRESS_SCRATCH (64u << 10)
#define EGRESS_RECORD 16384 /* octets in a record of TLS */
#define EGRESS_STOPPING "the gateway is stopping"
#define EGRESS_UNPREPARED "the call could not be prepared"
#define EGRESS_NOT_REPEATED "the kept connection broke before an answer; the request was not repeated"

struct egress {
	pthread_t thread;
	int epoll, wake;
	atomic_size_t in_flight;

	pthread_mutex_t lock; /* of these */
	struct egress_call *first, **last;
	bool reload, stop;

	struct egress_pool *pools; /* the one for new connections first */
	uint32_t pool_number;
	struct egress_targets *targets;
	struct egress_deadlines deadlines;
	struct egress_flight *open, *spare;
	size_t spares;
	struct egress_idle idle;
	struct egress_conn *dead;
	unsigned char *scratch;
};

/* Watches a socket, anew or with other events; tries again when the kernel is short of memory. `who` is told of them. */
MUST_USE bool egress_watch(struct egress *e, int fd, uint32_t events, uint64_t who);
uint64_t egress_who_curl(const struct egress_pool *pool, curl_socket_t fd);
uint64_t egress_who_conn(const struct egress_conn *c);

#endif
