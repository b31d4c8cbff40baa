/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_bus - the bus side of the asynchronous channel for one system: takes what it sends, gives what it fetches, and
 * pushes messages to it. It has the gateway's key and believes one certificate. */
#ifndef QAQPA_TESTS_SIM_ASYNC_BUS_H
#define QAQPA_TESTS_SIM_ASYNC_BUS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/ident.h"
#include "front/front.h"
#include "sim/sim.h"

#define BUS_MOST 64
#define BUS_SESSION "{aaaaaaaa-0000-4000-8000-000000000001}"
#define BUS_CHAIN "bbbbbbbb-0000-4000-8000-000000000002"

struct bus_heard {
	enum async_operation op;
	enum async_type type;
	bool accepted, resend;
	char service_id[64], correlation_id[64], about[64]; /* about: messageId of a notification or question */
	char payload[8192];
};

enum bus_way { BUS_RIGHT, BUS_FAULT, BUS_UNSIGNED, BUS_OTHER_OPERATION };

struct bus {
	struct front *front;
	struct peer *peer; /* the gateway's key, and whom it believes */
	struct peer *line; /* the same, to the system */
	char url[64];
	pthread_mutex_t lock; /* of these */
	enum bus_way way; /* how everything is answered */
	struct bus_heard heard[BUS_MOST];
	size_t n;
	struct bus_waiting {
		char message_id[64], *text; /* messageInfo and messageData; NULL: gone */
	} waiting[8];
	size_t waiting_n;
	enum async_state state; /* what getMessageStatus is answered */
};

static inline void bus_must(outcome result, const struct err *e)
{
	if (!result.ok)
		fail_msg("%s: %s", reason_row(e->reason)->name, e->detail);
}

static inline void bus_copy(char *to, size_t room, struct bytes from)
{
	snprintf(to, room, "%.*s", (int)from.n, (const char *)from.p);
}

/* A message as the bus delivers it; identifiers that are empty are left out. Unsigned. */
static inline outcome bus_compose(enum async_type type, const char *service_id, const char *message_id,
	const char *correlation_id, const char *data, struct buf *out, struct err *e)
{
	const struct async_message m = {.type = type, .service_id = bytes_str(service_id),
		.message_id = bytes_str(message_id), .correlation_id = bytes_str(correlation_id),
		.sender_id = BYTES_LIT("other_is"), .session_id = BYTES_LIT(BUS_SESSION), .date = stamp_now()};

	return async_write_message(&m, NULL, data, out, e);
}

static inline void bus_sign(struct bus *b, struct pool *pool, const struct buf *plain, struct buf *out)
{
	struct sign_options sign = {peer_key(b->peer), peer_form(b->peer), SIGNATURE_COUNT};
	struct err e = {0};

	bus_must(security_sign(pool, buf_bytes(plain), &sign, out, &e), &e);
}

/* Puts a message where the system fetches it. */
static inline void bus_wait_with(struct bus *b, enum async_type type, const char *service_id,
	const char *message_id, const char *data)
{
	SCOPED(pool_free) struct pool *pool = pool_new(8u << 20);
	SCOPED(buf_free) struct buf text = BUF(1u << 20);
	struct bytes scope, item;
	struct err e = {0};

	bus_must(bus_compose(type, service_id, message_id, BUS_CHAIN, data, &text, &e), &e);
	bus_must(async_item_of(pool, buf_bytes(&text), &scope, &item, &e), &e);
	pthread_mutex_lock(&b->lock);
	snprintf(b->waiting[b->waiting_n].message_id, sizeof b->waiting[0].message_id, "%s", message_id);
	b->waiting[b->waiting_n].text = strndup((const char *)item.p, item.n);
	b->waiting_n++;
	pthread_mutex_unlock(&b->lock);
}

static inline outcome bus_hear(struct bus *b, struct pool *pool, const struct verified *v, struct bus_heard *h,
	struct err *e)
{
	struct async_message m;
	struct async_delivery d;
	struct async_question q;

	(void)b;
	switch (h->op) {
	case ASYNC_SEND_MESSAGE:
		TRY(async_read_message(pool, v, &m, e));
		h->type = m.type;
		bus_copy(h->service_id, sizeof h->service_id, m.service_id);
		bus_copy(h->correlation_id, sizeof h->correlation_id, m.correlation_id);
		bus_copy(h->payload, sizeof h->payload, bytes_sub(envelope_text(verified_envelope(v)), m.data->inner,
			m.data->inner_end));
		return DONE;
	case ASYNC_SEND_DELIVERY_NOTIFICATION:
		TRY(async_read_delivery(pool, v, &d, e));
		h->accepted = d.accepted;
		h->resend = d.resend;
		bus_copy(h->about, sizeof h->about, d.message_id);
		return DONE;
	default:
		TRY(async_read_question(pool, v, &q, e));
		bus_copy(h->service_id, sizeof h->service_id, q.service_id);
		bus_copy(h->about, sizeof h->about, q.message_id);
		return DONE;
	}
}

static inline void bus_forget(struct bus *b, const char *message_id)
{
	for (size_t i = 0; i < b->waiting_n; i++) {
		if (strcmp(b->waiting[i].message_id, message_id) == 0) {
			free(b->waiting[i].text);
			b->waiting[i].text = NULL;
		}
	}
}

static inline outcome bus_answer_messages(struct bus *b, const struct bus_heard *h, struct buf *out)
{
	char mark[96];

	snprintf(mark, sizeof mark, "<serviceId>%s</serviceId>", h->service_id);
	async_write_messages_begin(stamp_now(), BUS_SESSION, out);
	for (size_t i = 0; i < b->waiting_n; i++) {
		if (b->waiting[i].text && strstr(b->waiting[i].text, mark))
			async_write_messages_item(BYTES_NONE, bytes_str(b->waiting[i].text), out);
	}
	async_write_messages_end(out);
	return DONE;
}

static inline outcome bus_say(struct bus *b, const struct bus_heard *h, struct buf *out, struct err *e)
{
	const struct async_ack ack = {BYTES_LIT("cccccccc-0000-4000-8000-000000000003"), BYTES_LIT(BUS_CHAIN),
		BYTES_LIT(BUS_SESSION), stamp_now()};
	const struct async_status status = {.state = b->state, .code = BYTES_LIT("CODE"),
		.message = BYTES_LIT("words"), .date = stamp_now()};

	if (b->way == BUS_FAULT)
		return async_write_fault(h->op, &(struct channel_fault){.faultcode = BYTES_LIT("soapenv:Server"),
			.faultstring = BYTES_LIT("no"), .error_code = BYTES_LIT("QG050"), .error_message = BYTES_LIT("no"),
			.error_date = stamp_now()}, out, e);
	if (b->way == BUS_OTHER_OPERATION)
		return async_write_status_ack(stamp_now(), BUS_SESSION, out, e);
	switch (h->op) {
	case ASYNC_SEND_MESSAGE:
		return async_write_ack(&ack, out, e);
	case ASYNC_SEND_DELIVERY_NOTIFICATION:
		return async_write_delivery_ack(BUS_CHAIN, stamp_now(), BUS_SESSION, out, e);
	case ASYNC_GET_MESSAGE_STATUS:
		return async_write_status_answer(&status, stamp_now(), BUS_SESSION, out, e);
	default:
		return bus_answer_messages(b, h, out);
	}
}

static inline void bus_on_request(void *ctx, struct front_request *r)
{
	SCOPED(pool_free) struct pool *pool = pool_new(32u << 20);
	SCOPED(buf_free) struct buf plain = BUF(1u << 20), text = BUF(1u << 20);
	struct front_answer answer = {.status = 200, .content_type = "text/xml"};
	struct bus_heard h = {0};
	const struct verified *v;
	struct envelope *env;
	struct bus *b = ctx;
	struct err e = {0};
	bool response;

	pthread_mutex_lock(&b->lock);
	if (envelope_parse(pool, r->body, &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok &&
		security_verify(pool, env, peer_trust(b->peer), stamp_now(), &v, NULL, &e).ok) {
		h.op = async_operation_of(verified_operation(v), &response);
		bus_must(bus_hear(b, pool, v, &h, &e), &e);
		bus_must(bus_say(b, &h, &plain, &e), &e);
		if (b->n < BUS_MOST && (h.op != ASYNC_GET_MESSAGES || b->way != BUS_RIGHT))
			b->heard[b->n++] = h;
		if (h.op == ASYNC_SEND_DELIVERY_NOTIFICATION && !h.resend)
			bus_forget(b, h.about);
		if (b->way != BUS_UNSIGNED)
			bus_sign(b, pool, &plain, &text);
	}
	pthread_mutex_unlock(&b->lock);
	answer.body = buf_bytes(text.len ? &text : &plain);
	front_respond(r, &answer);
}

static inline struct peer *bus_peer(const char *pki, const char *believed, const char *url)
{
	char own[512], key[512], pinned[512];
	struct peer *p = NULL;
	struct err e = {0};

	snprintf(own, sizeof own, "%s/gateway.crt", pki);
	snprintf(key, sizeof key, "%s/gateway.key", pki);
	snprintf(pinned, sizeof pinned, "%s/%s.crt", pki, believed);
	bus_must(peer_open(&(struct peer_options){.certificate = own, .key = key, .peer_certificate = pinned,
		.url = url, .sender_id = "gateway_is"}, &p, &e), &e);
	return p;
}

static inline struct bus *bus_start(const char *pki, const char *believed)
{
	const struct front_listener_options listener = {.name = "bus", .host = "127.0.0.1", .head_bytes = 16384,
		.body_bytes = 1u << 20, .head_ms = 10000, .body_ms = 10000, .idle_ms = 10000, .write_ms = 10000,
		.connections = 100};
	struct bus *b = calloc(1, sizeof *b);
	const struct front_settings settings = {&listener, 1, 64u << 20, bus_on_request, b};
	struct err e = {0};

	pthread_mutex_init(&b->lock, NULL);
	b->peer = bus_peer(pki, believed, NULL);
	bus_must(front_start(&settings, &b->front, &e), &e);
	snprintf(b->url, sizeof b->url, "http://127.0.0.1:%d/", front_port(b->front, 0));
	return b;
}

/* The line to the system, whose port is known only now. */
static inline void bus_connect(struct bus *b, const char *pki, const char *believed, int port)
{
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
	b->line = bus_peer(pki, believed, url);
}

static inline void bus_stop(struct bus *b)
{
	front_stop(&b->front);
	for (size_t i = 0; i < b->waiting_n; i++)
		free(b->waiting[i].text);
	peer_free(&b->line);
	peer_free(&b->peer);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* Signs, pushes to the system and gives its answer: what was opened, for the caller to read. */
static inline struct envelope *bus_push(struct bus *b, struct pool *pool, const struct buf *plain,
	const struct verified **v, int *http_status)
{
	SCOPED(buf_free) struct buf message = BUF(1u << 20), answer = BUF(1u << 20);
	struct envelope *env = NULL;
	struct err e = {0};
	char *kept;

	bus_sign(b, pool, plain, &message);
	bus_must(peer_send_raw(b->line, buf_bytes(&message), 20000, &answer, http_status, &e), &e);
	kept = pool_copy(pool, buf_bytes(&answer));
	bus_must(envelope_parse(pool, (struct bytes){(unsigned char *)kept, answer.len}, &ENVELOPE_LIMITS_DEFAULT,
		&env, &e), &e);
	bus_must(security_verify(pool, env, peer_trust(b->peer), stamp_now(), v, NULL, &e), &e);
	return env;
}

static inline void bus_answers(struct bus *b, enum bus_way way, enum async_state state)
{
	pthread_mutex_lock(&b->lock);
	b->way = way;
	b->state = state;
	pthread_mutex_unlock(&b->lock);
}

static inline size_t bus_count(struct bus *b)
{
	size_t n;

	pthread_mutex_lock(&b->lock);
	n = b->n;
	pthread_mutex_unlock(&b->lock);
	return n;
}

/* One that was heard; it stays as it is. */
static inline const struct bus_heard *bus_at(struct bus *b, size_t i)
{
	if (i >= bus_count(b))
		fail_msg("only %zu were heard", bus_count(b));
	return &b->heard[i];
}

/* Waits until so many were heard; gives whether that came true. */
static inline bool bus_heard_of(struct bus *b, size_t n)
{
	for (int i = 0; i < 2000 && bus_count(b) < n; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	return bus_count(b) >= n;
}

#endif
