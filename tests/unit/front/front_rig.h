/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_rig - a front on loopback with a handler for tests, and a client that reads answers one by one.
 *
 * The handler answers by path: /echo at once in the event thread, with the request's body, and welcomes; /thread the
 * same from another thread; /hold keeps the request until rig_held takes it; /say puts the parts of the
 * request into the answer; /big answers with RIG_BIG octets; /whole hands a long body over, /more
 * the end of one; all others 404.
 */
#ifndef QAQPA_TEST_FRONT_RIG_H
#define QAQPA_TEST_FRONT_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "front/front.h"
#include "log/log.h"

#define RIG_PATIENCE_MS 10000
#define RIG_BIG (8u << 20)

struct rig {
	struct front *front;
	struct front_listener_options options;
	size_t memory_bytes;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct front_request *held[64];
	size_t held_count;
	pthread_t threads[256];
	size_t thread_count;
};

static inline void rig_echo(struct front_request *request)
{
	struct front_answer answer = {
		.status = 200, .content_type = "text/plain", .body = request->body, .welcome = true};
	front_respond(request, &answer);
}

static inline void *rig_echo_thread(void *request)
{
	rig_echo(request);
	return NULL;
}

static inline void rig_say(struct front_request *r)
{
	struct buf b = BUF(1 << 20);
	struct bytes parts[] = {r->method,	     r->path,	    r->query, r->host, r->content_type,
				r->content_encoding, r->soap_action};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_add(&b, parts[i]);
		buf_char(&b, '|');
	}
	buf_printf(&b, "%s|%d|%zu|%d", r->peer, r->tls, r->client_certificate.n, r->arrived_us > 0);
	struct front_answer answer = {.status = 200, .content_type = "text/plain", .body = buf_bytes(&b)};
	front_respond(r, &answer);
	buf_free(&b);
}

static inline void rig_big(struct front_request *r)
{
	unsigned char *body = calloc(1, RIG_BIG);
	struct front_answer answer = {
		.status = 200, .content_type = "a/b", .body = {body, body ? RIG_BIG : 0}};
	front_respond(r, &answer);
	free(body);
}

static inline void rig_whole(struct front_request *r, size_t copied)
{
	struct buf body = BUF(2 * RIG_BIG);
	bool taken = !bytes_is(r->method, "HEAD");
	for (size_t i = 0; i < 200000; i++)
		buf_printf(&body, "%zu,", i);
	struct front_answer answer = {.status = 200, .content_type = "a/b", .body = {body.data, copied}, .more = &body,
		.more_from = copied};
	front_respond(r, &answer);
	if (taken != (body.len == 0))
		abort();
	buf_free(&body);
}

static inline void rig_handle(void *ctx, struct front_request *request)
{
	struct rig *rig = ctx;
	if (bytes_is(request->path, "/echo")) {
		rig_echo(request);
	} else if (bytes_is(request->path, "/say")) {
		rig_say(request);
	} else if (bytes_is(request->path, "/big")) {
		rig_big(request);
	} else if (bytes_is(request->path, "/whole")) {
		rig_whole(request, 0);
	} else if (bytes_is(request->path, "/more")) {
		rig_whole(request, 4321);
	} else if (bytes_is(request->path, "/thread")) {
		if (pthread_create(&rig->threads[rig->thread_count++], NULL, rig_echo_thread, request))
			abort();
	} else if (bytes_is(request->path, "/hold")) {
		pthread_mutex_lock(&rig->lock);
		rig->held[rig->held_count++] = request;
		pthread_cond_broadcast(&rig->changed);
		pthread_mutex_unlock(&rig->lock);
	} else {
		struct front_answer answer = {.status = 404};
		front_respond(request, &answer);
	}
}

/* Waits until `n` requests are held and takes the last of them. */
static inline struct front_request *rig_held(struct rig *rig, size_t n)
{
	pthread_mutex_lock(&rig->lock);
	while (rig->held_count < n)
		pthread_cond_wait(&rig->changed, &rig->lock);
	struct front_request *request = rig->held[n - 1];
	pthread_mutex_unlock(&rig->lock);
	return request;
}

/* Deadlines so long that they never come by themselves; a test shortens the one it is about. */
static inline void rig_init(struct rig *rig)
{
	*rig = (struct rig){
		.memory_bytes = 64u << 20,
		.options = {.name = "test", .host = "127.0.0.1", .head_bytes = 4096, .body_bytes = 1 << 20,
			    .head_ms = 60000, .body_ms = 60000, .idle_ms = 60000, .write_ms = 60000,
			    .handshake_ms = 60000, .connections = 1000},
	};
	pthread_mutex_init(&rig->lock, NULL);
	pthread_cond_init(&rig->changed, NULL);
	log_set_level(LOG_ERROR);
}

static inline void rig_start(struct rig *rig)
{
	struct front_settings settings = {.listeners = &rig->options,
					  .listener_count = 1,
					  .handler = rig_handle,
					  .memory_bytes = rig->memory_bytes,
					  .ctx = rig};
	struct err e = {0};
	if (!front_start(&settings, &rig->front, &e).ok)
		fail_msg("%s", e.detail);
}

static inline void rig_end(struct rig *rig)
{
	front_stop(&rig->front);
	assert_null(rig->front);
	for (size_t i = 0; i < rig->thread_count; i++)
		pthread_join(rig->threads[i], NULL);
	pthread_cond_destroy(&rig->changed);
	pthread_mutex_destroy(&rig->lock);
}

static inline struct front_counters rig_count(const struct rig *rig)
{
	struct front_counters c;
	front_count(rig->front, &c);
	return c;
}

/* The counter may be a moment behind what the client saw. */
#define RIG_UNTIL(rig, condition)                                      \
	do {                                                           \
		struct front_counters now = rig_count(rig);            \
		for (int i = 0; i < RIG_PATIENCE_MS && !(condition); i++) { \
			usleep(1000);                                  \
			now = rig_count(rig);                          \
		}                                                      \
		assert_true(condition);                                \
	} while (0)

struct client {
	int fd;
	SSL *ssl; /* owned when set */
	struct buf in;
};

struct client_answer {
	int status;
	char head[2048];
	struct buf body;
};

static inline int client_dial(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval patience = {.tv_sec = RIG_PATIENCE_MS / 1000};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static inline struct client client_open(const struct rig *rig)
{
	return (struct client){.fd = client_dial(front_port(rig->front, 0)), .in = BUF(32u << 20)};
}

static inline void client_close(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	buf_free(&c->in);
}

static inline void client_send(struct client *c, struct bytes what)
{
	while (what.n > 0) {
		ssize_t n = c->ssl ? SSL_write(c->ssl, what.p, (int)what.n)
				   : send(c->fd, what.p, what.n, MSG_NOSIGNAL);
		assert_true(n > 0);
		what = bytes_sub(what, (size_t)n, what.n);
	}
}

static inline void client_say(struct client *c, const char *text)
{
	client_send(c, bytes_str(text));
}

/* False at the end of the stream; fails when nothing comes. */
static inline bool client_more(struct client *c)
{
	unsigned char *into = buf_reserve(&c->in, 65536);
	assert_non_null(into);
	ssize_t n = c->ssl ? SSL_read(c->ssl, into, 65536) : recv(c->fd, into, 65536, 0);
	if (n < 0 && !c->ssl && errno != ECONNRESET)
		fail_msg("nothing came: %s", strerror(errno));
	if (n > 0)
		buf_grown(&c->in, (size_t)n);
	return n > 0;
}

static inline void client_drop_front(struct client *c, size_t n)
{
	memmove(c->in.data, c->in.data + n, c->in.len - n);
	c->in.len -= n;
}

/* Reads one answer; `bodiless` for HEAD. Free the body with buf_free. */
static inline struct client_answer client_read_as(struct client *c, bool bodiless)
{
	struct client_answer a = {.body = BUF(32u << 20)};
	unsigned char *end;
	while (!(end = c->in.len ? memmem(c->in.data, c->in.len, "\r\n\r\n", 4) : NULL))
		if (!client_more(c))
			fail_msg("closed before an answer");
	size_t head = (size_t)(end - c->in.data) + 4;
	assert_true(head < sizeof(a.head));
	memcpy(a.head, c->in.data, head);
	assert_int_equal(sscanf(a.head, "HTTP/1.1 %d ", &a.status), 1);
	client_drop_front(c, head);
	const char *field = strstr(a.head, "Content-Length: ");
	size_t length = field && !bodiless ? strtoul(field + 16, NULL, 10) : 0;
	while (c->in.len < length)
		if (!client_more(c))
			fail_msg("closed within an answer");
	if (length > 0) {
		buf_add(&a.body, (struct bytes){c->in.data, length});
		client_drop_front(c, length);
	}
	return a;
}

/* Reads one answer and compares status and, unless NULL, body. */
static inline void client_expect(struct client *c, int status, const char *body)
{
	struct client_answer a = client_read_as(c, false);
	if (a.status != status || (body && !bytes_is(buf_bytes(&a.body), body)))
		fail_msg("%d %s, not %d %s", a.status, buf_cstr(&a.body), status, body ? body : "");
	buf_free(&a.body);
}

/* Long bodies and short ones, each with an octet of its own, and with the beginning of the next request right behind it. */
static inline void client_says_many_bodies(struct client *c)
{
	static const size_t lengths[] = {40000, 65535, 65536, 65537, 131072, 300000, 7, 1 << 20, 98304 + 16384, 600000};
	enum { COUNT = sizeof(lengths) / sizeof(lengths[0]), BEHIND = 64 }; /* the request of 7 octets is all behind another */
	struct buf all = BUF(8u << 20);
	for (size_t i = 0; i < COUNT; i++) {
		buf_printf(&all, "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: %zu\r\n\r\n", lengths[i]);
		for (size_t at = 0; at < lengths[i]; at++)
			buf_char(&all, (char)(at % 1000 == 999 ? 'A' + (char)(at / 1000 % 26) : '0' + (char)i));
	}
	assert_true(buf_ok(&all));
	size_t sent = 0, at = 0;
	for (size_t i = 0; i < COUNT; i++) {
		const unsigned char *end = memmem(all.data + at, all.len - at, "\r\n\r\n", 4);
		struct bytes body = {end + 4, lengths[i]};
		at = (size_t)(body.p + body.n - all.data);
		size_t upto = at + (body.n < BEHIND ? 0 : BEHIND);
		upto = upto < all.len ? upto : all.len;
		if (upto > sent)
			client_send(c, bytes_sub(buf_bytes(&all), sent, upto));
		sent = upto > sent ? upto : sent;
		struct client_answer a = client_read_as(c, false);
		assert_int_equal(a.status, 200);
		assert_true(bytes_eq(buf_bytes(&a.body), body));
		buf_free(&a.body);
	}
	buf_free(&all);
}

/* A body that is handed over arrives as it was, its head says how long it is, and the connection goes on. */
static inline void client_expects_whole(struct client *c)
{
	struct buf wanted = BUF(2 * RIG_BIG);
	for (size_t i = 0; i < 200000; i++)
		buf_printf(&wanted, "%zu,", i);
	char length[64];
	snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", wanted.len);
	for (int i = 0; i < 4; i++) {
		client_say(c, i % 2 ? "HEAD /more HTTP/1.1\r\nHost: gw\r\n\r\n" : "HEAD /whole HTTP/1.1\r\nHost: gw\r\n\r\n");
		struct client_answer a = client_read_as(c, true);
		assert_non_null(strstr(a.head, length));
		client_say(c, i % 2 ? "GET /more HTTP/1.1\r\nHost: gw\r\n\r\n" : "GET /whole HTTP/1.1\r\nHost: gw\r\n\r\n");
		client_expect(c, 200, buf_cstr(&wanted));
	}
	client_say(c, "GET /other HTTP/1.1\r\nHost: gw\r\n\r\n");
	client_expect(c, 404, "");
	buf_free(&wanted);
}

/* The stream must end without another octet. */
static inline void client_expect_end(struct client *c)
{
	if (client_more(c))
		fail_msg("more came: %s", buf_cstr(&c->in));
	assert_int_equal(c->in.len, 0);
}

#endif
