/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_flight - one call: the way of its request out and of the answer in, and its outcome.
 * Promise: the request leaves at most once. It goes on a second connection only when the first was a kept one that broke
 *          before an octet of it had left.
 * Not here: sockets (egress_conn), waiting and time (egress_loop). */
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "base/clock.h"

#include "egress/egress_int.h"

#define REQUEST_HEAD_MOST (128u << 10)
#define SPARE_MOST 2048
#define SPARE_ROOM (8u << 10) /* of a buffer */
#define TURN_MOST (1u << 20) /* octets of one flight before others have their turn */
#define DIALS_MOST 2

static void egress_flight_link(struct egress_flight **list, struct egress_flight *f)
{
	f->next = *list;
	f->link = list;
	if (f->next)
		f->next->link = &f->next;
	*list = f;
}

static void egress_flight_unlink(struct egress_flight *f)
{
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
}

static void egress_flight_free(struct egress_flight *f)
{
	buf_free(&f->head);
	buf_free(&f->answer.head);
	buf_free(&f->answer.body);
	free(f);
}

void egress_flight_free_spares(struct egress *e)
{
	while (e->spare) {
		struct egress_flight *f = e->spare;

		egress_flight_unlink(f);
		egress_flight_free(f);
	}
	e->spares = 0;
}

/* Its buffers are used again, unless one has failed or grown large. */
static void egress_flight_keep(struct egress_flight *f)
{
	struct egress *e = f->of;

	if (e->spares >= SPARE_MOST || !buf_ok(&f->head) || !buf_ok(&f->answer.head) || f->head.room > SPARE_ROOM ||
		f->answer.head.room > SPARE_ROOM) {
		egress_flight_free(f);
		return;
	}
	egress_flight_link(&e->spare, f);
	e->spares++;
}

static struct egress_flight *egress_flight_new(struct egress *e)
{
	struct egress_flight *f = e->spare;

	if (!f) {
		f = calloc(1, sizeof *f);
		if (f)
			*f = (struct egress_flight){.of = e, .head = BUF(REQUEST_HEAD_MOST), .answer.head = BUF(EGRESS_HEAD_MOST)};
		return f;
	}
	egress_flight_unlink(f);
	e->spares--;
	buf_clear(&f->head);
	buf_clear(&f->answer.head);
	*f = (struct egress_flight){.of = e, .head = f->head, .answer.head = f->answer.head};
	return f;
}

void egress_refuse(struct egress *e, struct egress_call *call, enum egress_kind kind, const char *detail)
{
	struct egress_result result = {.kind = kind, .content_type = ""};

	snprintf(result.detail, sizeof result.detail, "%s", detail);
	atomic_fetch_sub(&e->in_flight, 1);
	call->done(call, &result);
}

/* Its Content-Type as a string; behind the value stands the end of its line, which has served. */
static const char *egress_flight_type(struct egress_flight *f)
{
	struct egress_answer *a = &f->answer;

	if (!a->type_n)
		return "";
	a->head.data[a->type_at + a->type_n] = '\0';
	return (const char *)a->head.data + a->type_at;
}

void egress_flight_end(struct egress_flight *f, enum egress_kind kind, const char *detail)
{
	struct egress_call *call = f->call;
	struct egress_result result = {.kind = kind, .sent = f->sent, .content_type = "", .connect_us = f->connect_us};

	if (detail[0])
		snprintf(result.detail, sizeof result.detail, "%s", detail);
	if (f->conn)
		egress_conn_close(f->conn);
	f->conn = NULL;
	result.total_us = mono_us() - f->begun_us;
	if (kind == EGRESS_ANSWERED) {
		result.status = f->answer.status;
		result.content_type = egress_flight_type(f);
		result.body = f->answer.body;
		f->answer.body = BUF(0);
	} else {
		buf_free(&f->answer.body);
	}
	egress_deadline_remove(&f->of->deadlines, f);
	egress_flight_unlink(f);
	atomic_fetch_sub(&f->of->in_flight, 1);
	call->done(call, &result);
	egress_flight_keep(f);
}

static bool egress_flight_may_keep(const struct egress_flight *f)
{
	size_t request = f->head.len + f->call->body.n - f->copied;

	return !f->call->fresh_connection && egress_answer_keeps(&f->answer) && f->gone == request &&
		f->conn->number == f->of->pools->number;
}

static void egress_flight_answered(struct egress_flight *f)
{
	if (egress_flight_may_keep(f)) {
		egress_conn_keep(f->conn);
		f->conn = NULL;
	}
	egress_flight_end(f, EGRESS_ANSWERED, "");
}

/* Failures of the TLS handshake or of what it needs. */
static bool egress_is_tls(CURLcode code)
{
	switch (code) {
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CLIENTCERT:
		return true;
	default:
		return false;
	}
}

/* Begins to make a connection; the flight ends when that cannot begin. */
static void egress_flight_dial(struct egress_flight *f)
{
	const char *why;
	const struct egress_target *target = egress_target_of(f->of->targets, f->call, &why);

	f->dials++;
	f->sent = false;
	f->conn = target ? egress_conn_new(f->of, target) : NULL;
	if (f->conn)
		f->conn->flight = f;
	if (!f->conn || !egress_dial(f))
		egress_flight_end(f, EGRESS_NOT_SENT, target ? EGRESS_UNPREPARED : why);
}

/* The connection is of no more use. */
static void egress_flight_broke(struct egress_flight *f, const char *words)
{
	bool answered = f->answer.head.len > 0;

	if (f->conn->kept && f->gone == 0 && !answered) {
		egress_conn_close(f->conn);
		egress_flight_dial(f);
		return;
	}
	egress_flight_end(f, EGRESS_BROKEN, f->conn->kept && !answered ? EGRESS_NOT_REPEATED : words);
}

/* What of the request has not left yet, in two parts. */
static void egress_flight_rest(const struct egress_flight *f, struct bytes *first, struct bytes *second)
{
	size_t of_head = f->gone < f->head.len ? f->gone : f->head.len;

	*first = bytes_sub(buf_bytes(&f->head), of_head, f->head.len);
	*second = bytes_sub(f->call->body, f->copied + f->gone - of_head, f->call->body.n);
}

static void egress_flight_send(struct egress_flight *f)
{
	struct bytes first, second;

	for (egress_flight_rest(f, &first, &second); first.n + second.n > 0; egress_flight_rest(f, &first, &second)) {
		ssize_t n = egress_conn_send(f->conn, first, second);

		if (n == WIRE_BROKEN) {
			egress_flight_broke(f, f->conn->error);
			return;
		}
		if (n == WIRE_AGAIN) {
			egress_conn_watch_room(f->conn, true);
			return;
		}
		f->gone += (size_t)n;
	}
	egress_conn_watch_room(f->conn, false);
}

static void egress_flight_leave(struct egress_flight *f)
{
	size_t room = f->head.len < EGRESS_RECORD ? EGRESS_RECORD - f->head.len : 0;

	if (f->conn->tls && !f->copied) { /* head and body in one record, where they fit */
		f->copied = f->call->body.n < room ? f->call->body.n : room;
		buf_add(&f->head, bytes_sub(f->call->body, 0, f->copied));
		if (!buf_ok(&f->head)) {
			egress_flight_end(f, EGRESS_NOT_SENT, EGRESS_UNPREPARED);
			return;
		}
	}
	f->sent = true;
	egress_flight_send(f);
}

void egress_flight_dialled(struct egress_flight *f, CURLcode code)
{
	struct egress_conn *c = f->conn;

	if (code != CURLE_OK) {
		const char *words = c->error[0] ? c->error : curl_easy_strerror(code);

		egress_flight_end(f, code == CURLE_OPERATION_TIMEDOUT ? EGRESS_DEADLINE :
			egress_is_tls(code) ? EGRESS_TLS : EGRESS_NOT_SENT, words);
		return;
	}
	f->connect_us = mono_us() - f->begun_us;
	if (egress_conn_made(c)) {
		egress_flight_leave(f);
		return;
	}
	/* libcurl cleans up among connections that nobody uses, and this one was nobody's for a moment. */
	if (f->dials < DIALS_MOST) {
		egress_conn_close(c);
		egress_flight_dial(f);
		return;
	}
	egress_flight_end(f, EGRESS_NOT_SENT, "the connection was lost before it was used");
}

static void egress_flight_ended(struct egress_flight *f)
{
	if (egress_answer_ended(&f->answer))
		egress_flight_answered(f);
	else if (f->answer.state != ANSWER_HEAD)
		egress_flight_broke(f, "the connection ended within the body of the answer");
	else
		egress_flight_broke(f, f->answer.head.len ? "the connection ended within the head of the answer" :
			"the connection ended before an answer");
}

static void egress_flight_refused(struct egress_flight *f)
{
	char detail[96];

	snprintf(detail, sizeof detail, "this is no answer of HTTP/1.1: %s", f->answer.wrong);
	if (f->answer.too_large)
		egress_flight_end(f, EGRESS_TOO_LARGE, "the answer is larger than allowed");
	else
		egress_flight_end(f, EGRESS_BROKEN, detail);
}

/* What came of what was read. False when the flight has ended. */
static bool egress_flight_take(struct egress_flight *f, enum http_step step)
{
	switch (step) {
	case HTTP_MORE: return true;
	case HTTP_DONE: egress_flight_answered(f); return false;
	default: egress_flight_refused(f); return false;
	}
}

/* False when the flight has ended. What is left unread is announced again; but what TLS has taken in is not. */
static bool egress_flight_receive(struct egress_flight *f)
{
	struct egress_answer *a = &f->answer;
	bool tls = f->conn->tls;
	ssize_t n;

	for (size_t taken = 0; tls || taken < TURN_MOST; taken += (size_t)n) {
		size_t room = EGRESS_SCRATCH;
		unsigned char *place = egress_answer_place(a, &room), *into = place ? place : f->of->scratch;

		n = egress_conn_receive(f->conn, into, room);
		if (n == WIRE_AGAIN)
			return true;
		if (n == WIRE_END || n == WIRE_BROKEN) {
			n == WIRE_END ? egress_flight_ended(f) : egress_flight_broke(f, f->conn->error);
			return false;
		}
		if (!egress_flight_take(f, place ? egress_answer_placed(a, (size_t)n) :
			egress_answer_feed(a, (struct bytes){into, (size_t)n})))
			return false;
		if (!tls && n < (ssize_t)room)
			return true;
	}
	return true;
}

void egress_flight_ready(struct egress_flight *f, bool readable, bool writable)
{
	if (readable && !egress_flight_receive(f))
		return;
	if (writable)
		egress_flight_send(f);
}

void egress_flight_expire(struct egress_flight *f)
{
	egress_flight_end(f, EGRESS_DEADLINE,
		f->sent ? "no whole answer within the deadline" : "no connection within the deadline");
}

/* What can be said of the call before any connection. */
static bool egress_flight_prepare(struct egress_flight *f, struct egress_call *call, const struct egress_target *target)
{
	f->call = call;
	f->begun_us = mono_us();
	f->deadline_ms = mono_ms() + (call->deadline_ms > 0 ? call->deadline_ms : 1);
	f->answer.body = BUF(call->answer_bytes);
	f->head.ceiling = REQUEST_HEAD_MOST + call->front.n;
	return egress_request_head(target, call, &f->head) && egress_deadline_add(&f->of->deadlines, f);
}

void egress_flight_begin(struct egress *e, struct egress_call *call)
{
	const char *why;
	const struct egress_target *target = egress_target_of(e->targets, call, &why);
	struct egress_flight *f = target ? egress_flight_new(e) : NULL;

	BUG_IF(call->get && call->front.n + call->body.n > 0);
	if (!f || !egress_flight_prepare(f, call, target)) {
		if (f)
			egress_flight_keep(f);
		egress_refuse(e, call, EGRESS_NOT_SENT, target ? EGRESS_UNPREPARED : why);
		return;
	}
	egress_flight_link(&e->open, f);
	f->conn = call->fresh_connection ? NULL : egress_idle_take(e, target);
	if (f->conn) {
		f->conn->flight = f;
		egress_flight_leave(f);
	} else {
		egress_flight_dial(f);
	}
}
