/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_wire - octets to and from one Redis or Sentinel.
 * Promise:  nothing waits beyond its deadline, however slowly octets come; replies never shift against commands, for a
 *           wire that failed once fails for ever.
 * The library's own connection is not used: it has no TLS, its time limits are per read, and after a time-out it may
 * hand out the reply of an earlier command. Its reader of replies is.
 * Not here: what is said over it; AUTH and the choice of server (queue_connect). */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "queue/queue_wire.h"

#define OUT_MOST ((size_t)1 << 30)
#define OUT_LEAST 16384 /* greetings fit without growing, so that no copy of a password stays behind */
#define CHUNK 65536
#define QUIET_S 10 /* of silence before the kernel asks whether the other side is still there */

struct queue_wire {
	int fd;
	SSL *ssl;
	redisReader *reader;
	struct buf out;
	size_t gone;   /* octets of `out` that left */
	struct buf ends; /* size_t for each command: where it ends in `out` */
	bool broken;
	unsigned char chunk[CHUNK];
};

void queue_wire_close(struct queue_wire **of)
{
	struct queue_wire *w = *of;

	if (!w)
		return;
	SSL_free(w->ssl);
	if (w->fd >= 0)
		close(w->fd);
	if (w->reader)
		redisReaderFree(w->reader);
	buf_free(&w->out);
	buf_free(&w->ends);
	free(w);
	*of = NULL;
}

int queue_wire_fd(const struct queue_wire *w)
{
	return w->fd;
}

/* ---- connecting ---- */

static outcome wait_for(int fd, short events, int64_t deadline, struct err *e)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = deadline - mono_ms();
		int n = left > 0 ? poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left) : 0;

		if (n > 0)
			return DONE;
		if (n == 0)
			return err_set(e, REASON_QUEUE_DOWN, "no answer in time");
		if (errno != EINTR)
			return err_set(e, REASON_QUEUE_DOWN, "poll: %m");
	}
}

static outcome dial(struct queue_wire *w, const struct sockaddr *to, socklen_t n, int64_t deadline, struct err *e)
{
	int failed = 0;
	socklen_t size = sizeof failed;

	w->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return err_set(e, REASON_QUEUE_DOWN, "socket: %m");
	if (connect(w->fd, to, n) == 0)
		return DONE;
	if (errno != EINPROGRESS)
		return err_set(e, REASON_QUEUE_DOWN, "%m");
	TRY(wait_for(w->fd, POLLOUT, deadline, e));
	getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &failed, &size);
	errno = failed;
	return failed ? err_set(e, REASON_QUEUE_DOWN, "%m") : DONE;
}

static outcome dial_socket(struct queue_wire *w, const char *path, int64_t deadline, struct err *e)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof to.sun_path)
		return err_set(e, REASON_QUEUE_DOWN, "the path is longer than %zu octets", sizeof to.sun_path - 1);
	memcpy(to.sun_path, path, strlen(path));
	return dial(w, (struct sockaddr *)&to, sizeof to, deadline, e);
}

/* A dead peer is noticed although no reset comes: by probes while idle, by the limit while octets are under way. */
static void watch_peer(int fd, int command_ms)
{
	int one = 1, idle = QUIET_S, every = QUIET_S / 3, count = 3;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &command_ms, sizeof command_ms);
}

static outcome dial_host(struct queue_wire *w, const struct queue_place *at, int command_ms, int64_t deadline,
	struct err *e)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	char port[16];
	outcome done = FAILED;
	int64_t until;
	int failed;

	snprintf(port, sizeof port, "%d", at->port);
	failed = getaddrinfo(at->host, port, &wanted, &list);
	if (failed)
		return err_set(e, REASON_QUEUE_DOWN, "%s", gai_strerror(failed));
	for (struct addrinfo *a = list; a && !done.ok; a = a->ai_next) {
		if (w->fd >= 0)
			close(w->fd);
		until = a->ai_next ? (mono_ms() + deadline) / 2 : deadline; /* the next address wants a chance, too */
		done = dial(w, a->ai_addr, a->ai_addrlen, until, e);
	}
	freeaddrinfo(list);
	if (done.ok)
		watch_peer(w->fd, command_ms);
	return done;
}

outcome queue_wire_open(const struct queue_server *s, const struct queue_place *at, int64_t deadline,
	struct queue_wire **out, struct err *e)
{
	struct queue_wire *w = calloc(1, sizeof *w);
	outcome done = FAILED;

	*out = NULL;
	if (!w)
		return err_set(e, REASON_MEMORY, "connection to Redis");
	w->fd = -1;
	w->out = BUF(OUT_MOST);
	w->ends = BUF(OUT_MOST);
	w->reader = queue_reader_new();
	if (!w->reader || !buf_reserve(&w->out, OUT_LEAST))
		err_set(e, REASON_MEMORY, "connection to Redis");
	else if (at->socket)
		done = dial_socket(w, at->socket, deadline, e);
	else
		done = dial_host(w, at, s->command_ms, deadline, e);
	if (done.ok && s->tls && !at->socket) {
		w->ssl = queue_tls_new(s, at->host, w->fd, e);
		done.ok = w->ssl != NULL;
	}
	if (!done.ok) {
		queue_wire_close(&w);
		return FAILED;
	}
	*out = w;
	return DONE;
}

/* ---- commands out ---- */

void queue_wire_add(struct queue_wire *w, const struct bytes *words, size_t count)
{
	buf_printf(&w->out, "*%zu\r\n", count);
	for (size_t i = 0; i < count; i++) {
		buf_printf(&w->out, "$%zu\r\n", words[i].n);
		buf_add(&w->out, words[i]);
		buf_str(&w->out, "\r\n");
	}
	buf_add(&w->ends, (struct bytes){(const unsigned char *)&w->out.len, sizeof w->out.len});
}

void queue_wire_forget(struct queue_wire *w)
{
	OPENSSL_cleanse(w->out.data, w->out.room);
}

static size_t commands_added(const struct queue_wire *w)
{
	return w->ends.len / sizeof(size_t);
}

size_t queue_wire_octets(const struct queue_wire *w)
{
	return w->out.len;
}

/* Commands whose last octet left: the server may have them. A part of a command it throws away. */
static size_t commands_sent(const struct queue_wire *w)
{
	size_t n = 0, end;

	for (; n < commands_added(w); n++) {
		memcpy(&end, w->ends.data + n * sizeof end, sizeof end);
		if (end > w->gone)
			break;
	}
	return n;
}

/* ---- octets ---- */

/* What a call of OpenSSL that moved nothing waits for; 0: it is broken. */
static short tls_waits(struct queue_wire *w, int result, struct err *e)
{
	const char *words;
	int kind = SSL_get_error(w->ssl, result);

	if (kind == SSL_ERROR_WANT_READ)
		return POLLIN;
	if (kind == SSL_ERROR_WANT_WRITE)
		return POLLOUT;
	words = ERR_reason_error_string(ERR_peek_last_error());
	if (SSL_get_verify_result(w->ssl) != X509_V_OK)
		words = X509_verify_cert_error_string(SSL_get_verify_result(w->ssl));
	err_set(e, REASON_QUEUE_DOWN, "TLS: %s", words ? words : "the connection was closed");
	return 0;
}

static short socket_waits(ssize_t n, short events, struct err *e)
{
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return events;
	if (n < 0)
		err_set(e, REASON_QUEUE_DOWN, "%m");
	else
		err_set(e, REASON_QUEUE_DOWN, "the connection was closed");
	return 0;
}

/* Both move what can be moved now; *events is what to wait for when nothing could, 0 when the wire is broken. */
static size_t put_octets(struct queue_wire *w, short *events, struct err *e)
{
	const unsigned char *from = w->out.data + w->gone;
	size_t n = w->out.len - w->gone, put = 0;

	if (w->ssl) {
		ERR_clear_error();
		int result = SSL_write_ex(w->ssl, from, n, &put);
		if (result != 1)
			*events = tls_waits(w, result, e);
		return result == 1 ? put : 0;
	}
	ssize_t sent = send(w->fd, from, n, MSG_NOSIGNAL);
	if (sent <= 0)
		*events = socket_waits(sent, POLLOUT, e);
	return sent > 0 ? (size_t)sent : 0;
}

static size_t get_octets(struct queue_wire *w, short *events, struct err *e)
{
	size_t got = 0;

	if (w->ssl) {
		ERR_clear_error();
		int result = SSL_read_ex(w->ssl, w->chunk, sizeof w->chunk, &got);
		if (result != 1)
			*events = tls_waits(w, result, e);
		return result == 1 ? got : 0;
	}
	ssize_t n = recv(w->fd, w->chunk, sizeof w->chunk, 0);
	if (n <= 0)
		*events = socket_waits(n, POLLIN, e);
	return n > 0 ? (size_t)n : 0;
}

bool queue_wire_quiet(struct queue_wire *w, struct err *e)
{
	short events = 0;

	if (get_octets(w, &events, e) > 0)
		err_set(e, REASON_QUEUE_DOWN, "Redis sent what nobody asked for");
	w->broken = w->broken || !events;
	return events != 0;
}

/* ---- one exchange ---- */

static outcome take_replies(struct queue_wire *w, struct redisReply **replies, size_t *answered, struct err *e)
{
	while (*answered < commands_added(w)) {
		void *reply = NULL;

		if (redisReaderGetReply(w->reader, &reply) != REDIS_OK)
			return err_set(e, REASON_QUEUE_DOWN, "what came is no reply of Redis: %s", w->reader->errstr);
		if (!reply)
			return DONE;
		replies[(*answered)++] = reply;
	}
	return DONE;
}

/* Octets go out and come in as they can: the server may stop reading while nobody takes its replies. When it takes
 * nothing any more, what it said before is still read to the end. */
static outcome move(struct queue_wire *w, int64_t deadline, struct redisReply **replies, struct err *e)
{
	size_t answered = 0;
	bool cut = false;

	while (answered < commands_added(w)) {
		size_t put = 0, got;
		short out = 0, in = 0;

		if (!cut && w->gone < w->out.len) {
			put = put_octets(w, &out, e);
			w->gone += put;
			cut = !put && !out;
		}
		got = get_octets(w, &in, e);
		if (!got && !in)
			return FAILED;
		if (got) {
			if (redisReaderFeed(w->reader, (const char *)w->chunk, got) != REDIS_OK)
				return err_set(e, REASON_QUEUE_DOWN, "reply: %s", w->reader->errstr);
			TRY(take_replies(w, replies, &answered, e));
		}
		if (answered < commands_added(w) && mono_ms() >= deadline)
			return err_set(e, REASON_QUEUE_DOWN, "no answer in time");
		if (!put && !got)
			TRY(wait_for(w->fd, out | in, deadline, e));
	}
	return DONE;
}

outcome queue_wire_exchange(struct queue_wire *w, int64_t deadline, struct redisReply **replies, size_t *sent,
	struct err *e)
{
	outcome done;

	for (size_t i = 0; i < commands_added(w); i++)
		replies[i] = NULL;
	if (w->broken)
		done = err_set(e, REASON_QUEUE_DOWN, "the connection broke before");
	else if (!buf_ok(&w->out) || !buf_ok(&w->ends))
		done = err_set(e, REASON_MEMORY, "commands for Redis");
	else
		done = move(w, deadline, replies, e);
	w->broken = !done.ok;
	*sent = commands_sent(w);
	buf_clear(&w->out);
	buf_clear(&w->ends);
	w->gone = 0;
	return done;
}

outcome queue_wire_call(struct queue_wire *w, int64_t deadline, const struct bytes *words, size_t count,
	struct redisReply **reply, struct err *e)
{
	size_t sent;

	queue_wire_add(w, words, count);
	return queue_wire_exchange(w, deadline, reply, &sent, e);
}
