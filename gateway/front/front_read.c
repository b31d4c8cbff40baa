/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_read - the way of octets in: from a socket to a whole request, and what is kept of the next ones.
 * Promise:  one read at a time; the body of a request has no more room than a few times what came of it.
 * Not here: what the octets mean (front_head.c, room http), phases and answers (front_conn.c). */

#include <string.h>
#include <sys/epoll.h>

#include "front/front_int.h"

/* A client that cannot take 25 octets is not one that waits for them. */
static void invite_body(struct front_conn *c)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
	if (front_io_write(c, line, sizeof(line) - 1, false) != (ssize_t)sizeof(line) - 1)
		front_conn_drop(c);
}

static void begin_body(struct front_conn *c, bool more_is_here)
{
	const struct front_head *h = &c->job->parsed;
	if (!h->chunked && h->content_length == 0) {
		front_conn_hand_over(c);
		return;
	}
	c->job->chunk.limit = c->listener->options.body_bytes;
	front_conn_enter(c, PHASE_BODY);
	if (h->expects_continue && !more_is_here)
		invite_body(c);
}

/* Takes what belongs to the head, and says how much that was. */
static size_t take_head(struct front_conn *c, struct bytes in)
{
	const struct front_listener_options *o = &c->listener->options;
	if (!c->job) {
		c->job = front_job_new(c);
		if (!c->job) {
			front_conn_refuse_for_memory(c);
			return in.n;
		}
		front_conn_enter(c, PHASE_HEAD);
	}
	struct front_job *job = c->job;
	const unsigned char *blank = memmem(in.p, in.n, "\r\n\r\n", 4);
	size_t before = job->head.len, room = o->head_bytes - before;
	size_t n = blank ? (size_t)(blank - in.p) + 4 : in.n;
	n = n < room ? n : room;
	if (!front_store_add(job->payer, &job->head, bytes_sub(in, 0, n), o->head_bytes)) {
		front_conn_refuse_for_memory(c);
		return in.n;
	}
	switch (front_head_feed(&job->parsed, front_store_bytes(&job->head), o->body_bytes)) {
	case HTTP_BAD:
		front_conn_refuse(c, job->parsed.refusal);
		return in.n;
	case HTTP_MORE:
		if (job->head.len == o->head_bytes)
			front_conn_refuse(c, front_head_too_large(&job->parsed));
		return n;
	default:
		job->head.len = job->parsed.end;
		n = job->parsed.end - before;
		begin_body(c, n < in.n);
		return n;
	}
}

static size_t take_chunks(struct front_conn *c, struct bytes in)
{
	struct front_job *job = c->job;
	struct bytes data;
	size_t used;
	enum http_step step = http_chunk_feed(&job->chunk, in, &used, &data);
	if (step == HTTP_BAD)
		front_conn_refuse(c, job->chunk.refusal);
	else if (!front_store_add(job->payer, &job->body, data, c->listener->options.body_bytes))
		front_conn_refuse_for_memory(c);
	else if (step == HTTP_DONE)
		front_conn_hand_over(c);
	return used;
}

/* Of a body whose length is known. */
static size_t body_left(const struct front_job *job)
{
	return (size_t)job->parsed.content_length - job->body.len;
}

static size_t take_body(struct front_conn *c, struct bytes in)
{
	struct front_job *job = c->job;
	if (job->parsed.chunked)
		return take_chunks(c, in);
	size_t left = body_left(job), n = in.n < left ? in.n : left;
	if (!front_store_add(job->payer, &job->body, bytes_sub(in, 0, n), (size_t)job->parsed.content_length))
		front_conn_refuse_for_memory(c);
	else if (n == left)
		front_conn_hand_over(c);
	return n;
}

size_t front_read_take(struct front_conn *c, struct bytes in)
{
	size_t at = 0;
	while (at < in.n && front_conn_is_reading(c)) {
		struct bytes rest = bytes_sub(in, at, in.n);
		at += c->phase == PHASE_BODY ? take_body(c, rest) : take_head(c, rest);
	}
	return at;
}

static void end_of_input(struct front_conn *c)
{
	if (c->phase == PHASE_IDLE)
		front_conn_drop(c);
	else
		front_conn_refuse(c, (struct http_refusal){400, "incomplete"});
}

/* Whether something came; what it means that nothing did is heeded. */
static bool has_come(struct front_conn *c, ssize_t n)
{
	if (n == IO_AGAIN)
		front_conn_wait_for(c, c->want);
	else if (n == IO_BROKEN)
		front_conn_drop(c);
	else if (n == IO_END)
		end_of_input(c);
	return n > 0;
}

/* Of a long body the octets are read where they stay, as long as no others can be among them, and a record of TLS fits. */
static bool is_long_body(const struct front_conn *c)
{
	return c->phase == PHASE_BODY && !c->job->parsed.chunked && c->job->body.len >= FRONT_SCRATCH / 2 &&
	       body_left(c->job) >= FRONT_SCRATCH;
}

static bool read_long_body(struct front_conn *c)
{
	struct front_job *job = c->job;
	struct front_store *body = &job->body;
	size_t more = http_body_room(body->len, body_left(job), FRONT_SCRATCH);
	if (body->room - body->len < FRONT_SCRATCH &&
	    !front_store_grow(job->payer, body, more, (size_t)job->parsed.content_length)) {
		front_conn_refuse_for_memory(c);
		return false;
	}
	size_t room = body->room - body->len;
	ssize_t n = front_io_read(c, body->data + body->len, room < FRONT_READ ? room : FRONT_READ);
	if (!has_come(c, n))
		return false;
	body->len += (size_t)n;
	if (body_left(job) == 0)
		front_conn_hand_over(c);
	return true;
}

static bool read_any(struct front_conn *c)
{
	struct front *f = c->front;
	ssize_t n = front_io_read(c, f->scratch, FRONT_SCRATCH);
	if (!has_come(c, n))
		return false;
	struct bytes in = {f->scratch, (size_t)n};
	struct bytes rest = bytes_sub(in, front_read_take(c, in), in.n);
	/* The next requests wait for the present answer. Without memory for them the client has to send
	 * them again. */
	if (rest.n > 0 && c->phase == PHASE_ANSWER && !front_store_add(c->payer, &c->kept, rest, rest.n))
		c->closing = true;
	return true;
}

/* One read at a time: epoll tells when there is more, and other connections get their turn. */
void front_read(struct front_conn *c)
{
	bool came = is_long_body(c) ? read_long_body(c) : read_any(c);
	if (came && front_conn_is_reading(c))
		front_conn_wait_for(c, EPOLLIN);
}
