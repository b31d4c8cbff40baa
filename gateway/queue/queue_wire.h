/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_wire - one connection to a Redis or a Sentinel: unix socket, TCP or TLS, one code path for all three.
 *
 * Commands are added, then exchanged in one go: all octets out, one reply each in, under one deadline. Any failure makes
 * the wire useless: whose turn it was is not known any more, so close it and make a new one.
 */
#ifndef QAQPA_QUEUE_QUEUE_WIRE_H
#define QAQPA_QUEUE_QUEUE_WIRE_H

#include "queue/queue_int.h"

struct ssl_st;
struct redisReader;

/* A reader of replies, to be given back with redisReaderFree: as the library's own, but an array that announces more than
 * a million elements is no reply. NULL when memory is short. */
struct redisReader *queue_reader_new(void);

struct queue_place { /* where a server listens; strings belong to the caller */
	const char *socket; /* unix socket path; else: */
	const char *host;
	int port;
};

struct queue_wire;
/* Connects until `deadline` (mono_ms; looking the host name up is outside of it), TLS included where `s` says so for
 * places that are no unix sockets. Fails with REASON_QUEUE_DOWN. */
MUST_USE outcome queue_wire_open(const struct queue_server *s, const struct queue_place *at, int64_t deadline,
	struct queue_wire **out, struct err *e);
void queue_wire_close(struct queue_wire **w); /* takes NULL, sets NULL; fit for SCOPED */
int queue_wire_fd(const struct queue_wire *w);

/* True when nothing came that nobody asked for, the end of the connection above all. For a wire at rest. */
MUST_USE bool queue_wire_quiet(struct queue_wire *w, struct err *e);

/* Puts one command behind those that wait. */
void queue_wire_add(struct queue_wire *w, const struct bytes *words, size_t count);
size_t queue_wire_octets(const struct queue_wire *w); /* of the commands that wait */

/* Overwrites what was sent last: it held a secret. */
void queue_wire_forget(struct queue_wire *w);

/* Sends what was added and reads a reply to each into `replies`, to be given back with freeReplyObject; NULL for those that
 * did not come. On failure (REASON_QUEUE_DOWN) the first *sent commands may have been carried out, replied to or not; those
 * behind were not. */
MUST_USE outcome queue_wire_exchange(struct queue_wire *w, int64_t deadline, struct redisReply **replies, size_t *sent,
	struct err *e);

/* One command, nothing else waiting, and its reply, which the caller gives back with freeReplyObject. An error of the server
 * is a reply too. */
MUST_USE outcome queue_wire_call(struct queue_wire *w, int64_t deadline, const struct bytes *words, size_t count,
	struct redisReply **reply, struct err *e);

/* A wire to the server itself, or to the master its Sentinels name (which must agree), authenticated, with the database
 * selected and named `name` for CLIENT LIST. All of it within command_ms. Fails with REASON_QUEUE_DOWN. */
MUST_USE outcome queue_connect(const struct queue_server *s, const char *name, struct queue_wire **out, struct err *e);

/* Is this a Redis that keeps what it acknowledges? Judged by the replies to these commands; says in words what is wrong
 * and what to change. */
#define QUEUE_FIT_COMMANDS 2
extern const struct queue_fit_words {
	struct bytes word[3];
	size_t count;
} queue_fit_words[QUEUE_FIT_COMMANDS];
MUST_USE bool queue_fit_replicated(const struct redisReply *info); /* the reply to the first: has it a replica? */
MUST_USE outcome queue_fit_judge(const struct queue_server *s, const struct redisReply *const replies[], struct err *e);

/* The client's half of TLS over a connected, non-blocking socket; the handshake happens with the first octets. NULL with
 * words when files cannot be used. `host` is what the certificate must name. */
struct ssl_st *queue_tls_new(const struct queue_server *s, const char *host, int fd, struct err *e);

#endif
