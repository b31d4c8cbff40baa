/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_conn - one connection: phases, deadlines, and the way of octets out.
 * Owns:     socket, TLS session, octets kept for later, the job while it is read or its answer written.
 * Promise:  one request at a time, answers in order; a refused connection gets its answer and is closed.
 * Not here: the way from octets to a request (front_read.c), TLS (front_tls.c), the loop (front_loop.c). */

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "log/log.h"

#include "front/front_int.h"

#define MAX_DISCARDED (4u << 20)

static void conn_ready(struct front *f, struct front_source *s, uint32_t events);
static void write_out(struct front_conn *c);

static void leave_line(struct front_conn *c)
{
	struct front_line *line = &c->listener->lines[c->phase];
	*(c->previous ? &c->previous->next : &line->first) = c->next;
	*(c->next ? &c->next->previous : &line->last) = c->previous;
}

static void join_line(struct front_conn *c, enum front_phase phase)
{
	struct front_line *line = &c->listener->lines[phase];
	c->phase = phase;
	c->deadline_us = c->front->now_us + c->listener->phase_us[phase];
	c->previous = line->last;
	c->next = NULL;
	*(line->last ? &line->last->next : &line->first) = c;
	line->last = c;
}

void front_conn_enter(struct front_conn *c, enum front_phase phase)
{
	leave_line(c);
	join_line(c, phase);
}

void front_conn_wait_for(struct front_conn *c, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = &c->source};
	if (c->armed != events && epoll_ctl(c->front->epoll, EPOLL_CTL_MOD, c->fd, &event) == 0)
		c->armed = events;
}

static void begin(struct front_conn *c, enum front_phase phase)
{
	join_line(c, phase);
	if (phase == PHASE_HANDSHAKE && !front_tls_attach(c))
		front_conn_drop(c);
}

static enum front_phase first_phase(const struct front_conn *c)
{
	return c->listener->options.tls == FRONT_TLS_OFF ? PHASE_IDLE : PHASE_HANDSHAKE;
}

void front_conn_start(struct front_listener *l, int fd, struct address ip, struct front_address *address)
{
	struct front *f = l->front;
	struct front_conn *c = calloc(1, sizeof(*c));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c ? &c->source : NULL};
	if (!c || epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		if (address)
			front_address_leave(&f->addresses, address, f->now_us);
		close(fd);
		free(c);
		atomic_fetch_add(&f->refused_connections, 1);
		return;
	}
	c->source.ready = conn_ready;
	c->front = f;
	c->listener = l;
	c->payer = (struct front_payer){f, address, l->options.share_per_address};
	c->ip = ip;
	c->fd = fd;
	c->armed = EPOLLIN;
	address_print(ip, c->peer);
	l->connections++;
	atomic_fetch_add(&f->connections, 1);
	atomic_fetch_add(&f->accepted, 1);
	begin(c, address ? first_phase(c) : PHASE_PROXY);
}

static void leave_address(struct front_conn *c)
{
	struct front *f = c->front;
	if (!c->payer.address)
		return;
	front_address_charge(c->payer.address, &c->listener->options, c->handshake_us, f->now_us);
	front_address_leave(&f->addresses, c->payer.address, f->now_us);
}

void front_conn_drop(struct front_conn *c)
{
	struct front *f = c->front;
	leave_line(c);
	if (c->job && c->phase == PHASE_ANSWER)
		c->job->conn = NULL;
	else if (c->job)
		front_job_free(c->job);
	SSL_free(c->ssl);
	close(c->fd);
	front_store_free(c->payer, &c->kept);
	front_store_free(front_itself(f), &c->out);
	front_store_free(front_itself(f), &c->tail);
	leave_address(c);
	c->listener->connections--;
	atomic_fetch_sub(&f->connections, 1);
	c->phase = PHASE_DEAD;
	c->next = f->dead;
	f->dead = c;
}

void front_conn_bury(struct front *f)
{
	while (f->dead) {
		struct front_conn *c = f->dead;
		f->dead = c->next;
		free(c);
	}
}

void front_conn_refuse(struct front_conn *c, struct http_refusal why)
{
	struct front *f = c->front;
	struct front_answer answer = {.status = why.status, .retry_after_s = why.status == 503};
	atomic_fetch_add(&f->refused_requests, 1);
	log_event(LOG_INFO, "front.refused", LOG_TEXT("listener", c->listener->options.name),
		  LOG_TEXT("peer", c->peer), LOG_NUM("status", why.status), LOG_TEXT("reason", why.reason));
	if (c->job)
		front_job_release_input(c->job);
	c->closing = true;
	front_conn_enter(c, PHASE_WRITE);
	if (front_answer_make(f, &c->out, &c->tail, &answer, false, true))
		write_out(c);
	else
		front_conn_drop(c);
}

void front_conn_refuse_for_memory(struct front_conn *c)
{
	front_conn_refuse(c, (struct http_refusal){503, "memory"});
}

/* The request was read whole, so the connection stays. */
static void put_off(struct front_conn *c, enum reason why)
{
	struct front *f = c->front;
	const struct reason_row *row = reason_row(why);
	int wait_s = front_address_owes_s(c->payer.address, &c->listener->options, f->now_us);
	char words[256];
	snprintf(words, sizeof words, "%s: %s %s\n", row->name, row->title, row->remedy);
	struct front_answer answer = {.status = 503,
				      .content_type = "text/plain; charset=utf-8",
				      .body = bytes_str(words),
				      .retry_after_s = wait_s > 0 ? wait_s : 1};
	atomic_fetch_add(why == REASON_ADDRESS_WORK ? &f->put_off_work : &f->put_off_requests, 1);
	front_listen_complain(c->listener, "front.put-off", row->name, c->peer);
	front_respond(&c->job->request, &answer);
}

void front_conn_hand_over(struct front_conn *c)
{
	struct front *f = c->front;
	if (!front_job_complete(c->job)) {
		front_conn_refuse_for_memory(c);
		return;
	}
	front_conn_enter(c, PHASE_ANSWER);
	atomic_fetch_add(&f->requests, 1);
	enum reason why = front_address_begin(c->payer.address, &c->listener->options, f->now_us);
	if (why != REASON_NONE)
		put_off(c, why);
	else
		f->handler(f->ctx, &c->job->request);
}

/* Goes on with what was kept; reads again when that is not a whole request. */
static void next_request(struct front_conn *c)
{
	struct front *f = c->front;
	front_job_free(c->job);
	c->job = NULL;
	front_conn_enter(c, PHASE_IDLE);
	if (atomic_load(&f->draining)) {
		front_conn_drop(c);
		return;
	}
	if (c->kept.len > 0)
		c->kept_at += front_read_take(c, bytes_sub(front_store_bytes(&c->kept), c->kept_at, c->kept.len));
	if (c->kept_at == c->kept.len && c->phase != PHASE_DEAD) {
		front_store_free(c->payer, &c->kept);
		c->kept_at = 0;
	}
	if (front_conn_is_reading(c))
		front_conn_wait_for(c, EPOLLIN);
}

/* All is written, and the connection ends: our side closes first, the rest of theirs is read over. */
static void linger(struct front_conn *c)
{
	if (c->job)
		front_job_free(c->job);
	c->job = NULL;
	front_store_free(c->payer, &c->kept);
	front_io_finish(c);
	front_conn_enter(c, PHASE_LINGER);
	front_conn_wait_for(c, EPOLLIN);
}

/* Nothing more will be written, and the connection stays open. */
static void hold(struct front_conn *c)
{
	front_job_free(c->job);
	c->job = NULL;
	front_store_free(c->payer, &c->kept);
	front_conn_enter(c, PHASE_HOLD);
	front_conn_wait_for(c, EPOLLIN);
}

static void write_out(struct front_conn *c)
{
	for (struct bytes part; (part = front_conn_unwritten(c)).n > 0;) {
		ssize_t n = front_io_write(c, part.p, part.n, c->written < c->out.len && c->tail.len > 0);
		if (n == IO_AGAIN) {
			front_conn_wait_for(c, c->want);
			return;
		}
		if (n <= 0) {
			front_conn_drop(c);
			return;
		}
		c->written += (size_t)n;
	}
	front_store_free(front_itself(c->front), &c->out);
	front_store_free(front_itself(c->front), &c->tail);
	c->written = 0;
	if (c->holding)
		hold(c);
	else if (c->closing)
		linger(c);
	else
		next_request(c);
}

void front_conn_answer(struct front_conn *c, struct front_job *job)
{
	c->out = job->out;
	c->tail = job->tail;
	job->out = job->tail = (struct front_store){0};
	c->closing = c->closing || job->close;
	c->holding = job->hold;
	front_conn_enter(c, PHASE_WRITE);
	if (c->out.len > 0 || c->holding)
		write_out(c);
	else
		front_conn_drop(c); /* there was no memory for the answer, or none shall come */
}

static void discard(struct front_conn *c)
{
	struct front *f = c->front;
	ssize_t n = recv(c->fd, f->scratch, FRONT_SCRATCH, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	c->discarded += n > 0 ? (size_t)n : 0;
	if (n <= 0 || c->discarded > MAX_DISCARDED)
		front_conn_drop(c);
}

static void shake_hands(struct front_conn *c)
{
	int64_t before_us = thread_cpu_us();
	int result = front_tls_handshake(c);
	c->handshake_us += thread_cpu_us() - before_us;
	switch (result) {
	case IO_END:
		front_conn_enter(c, PHASE_IDLE);
		front_conn_wait_for(c, EPOLLIN);
		return;
	case IO_AGAIN:
		front_conn_wait_for(c, c->want);
		return;
	default:
		front_conn_drop(c);
	}
}

static void refuse_proxy(struct front_conn *c)
{
	atomic_fetch_add(&c->front->refused_connections, 1);
	front_listen_complain(c->listener, "front.proxy-header", "", c->peer);
	front_conn_drop(c);
}

/* The header has ended: from here on the connection is the client's. */
static void meet_client(struct front_conn *c)
{
	if (c->proxy.known)
		c->ip = c->proxy.client;
	address_print(c->ip, c->peer);
	c->payer.address = front_listen_admit(c->listener, c->ip);
	if (!c->payer.address) {
		front_conn_drop(c);
		return;
	}
	leave_line(c);
	begin(c, first_phase(c));
}

/* What is looked at is taken only as far as the header goes: what follows is for TLS. */
static void hear_proxy(struct front_conn *c)
{
	struct front *f = c->front;
	size_t used = 0;
	ssize_t n = recv(c->fd, f->scratch, FRONT_SCRATCH, MSG_PEEK);
	if (n < 0 && errno == EAGAIN)
		return;
	enum http_step step = n > 0 ? front_proxy_feed(&c->proxy, (struct bytes){f->scratch, (size_t)n}, &used) : HTTP_BAD;
	if (step == HTTP_BAD || recv(c->fd, f->scratch, used, 0) != (ssize_t)used)
		refuse_proxy(c);
	else if (step == HTTP_DONE)
		meet_client(c);
}

static void conn_ready(struct front *f, struct front_source *s, uint32_t events)
{
	struct front_conn *c = (struct front_conn *)s;
	(void)f;
	switch (c->phase) {
	case PHASE_PROXY:
		hear_proxy(c);
		return;
	case PHASE_HANDSHAKE:
		shake_hands(c);
		return;
	case PHASE_IDLE:
	case PHASE_HEAD:
	case PHASE_BODY:
		front_read(c);
		return;
	case PHASE_ANSWER:
		if (events & (EPOLLERR | EPOLLHUP))
			front_conn_drop(c);
		else
			front_conn_wait_for(c, 0); /* more requests, or the end of input: after the answer */
		return;
	case PHASE_WRITE:
		write_out(c);
		return;
	case PHASE_LINGER:
	case PHASE_HOLD:
		discard(c);
		return;
	case PHASE_DEAD:
		return;
	}
}

/* Does the client still have to take octets, from us or from the kernel? */
static bool is_behind(const struct front_conn *c)
{
	int untaken = 0;
	return front_conn_unwritten(c).n > 0 || ioctl(c->fd, SIOCOUTQ, &untaken) < 0 || untaken > 0;
}

/* What was not taken is thrown away with the connection; otherwise the kernel would keep it for minutes for a client
 * that does not read. */
static void drop_with_rest(struct front_conn *c)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	if (is_behind(c))
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	front_conn_drop(c);
}

void front_conn_expire(struct front_conn *c)
{
	struct front *f = c->front;
	switch (c->phase) {
	case PHASE_HEAD:
		atomic_fetch_add(&f->timeouts, 1);
		front_conn_refuse(c, (struct http_refusal){408, "head-deadline"});
		return;
	case PHASE_BODY:
		atomic_fetch_add(&f->timeouts, 1);
		front_conn_refuse(c, (struct http_refusal){408, "body-deadline"});
		return;
	case PHASE_PROXY:
	case PHASE_HANDSHAKE:
		atomic_fetch_add(&f->timeouts, 1);
		front_conn_drop(c);
		return;
	case PHASE_WRITE:
		atomic_fetch_add(&f->timeouts, 1);
		drop_with_rest(c);
		return;
	case PHASE_LINGER:
		if (is_behind(c))
			front_conn_enter(c, PHASE_HOLD); /* the end of a long answer is still on its way */
		else
			front_conn_drop(c);
		return;
	default:
		drop_with_rest(c);
	}
}
