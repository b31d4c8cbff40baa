/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_conn - a connection that stands: octets in and out, being watched, being kept for the next call.
 * Promise:  a kept connection serves calls of its own origin only, is used again within IDLE_MS only, and not when
 *           anything at all has come over it meanwhile.
 * Not here: how it was made (egress_dial), what the octets mean (egress_flight). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

#include "egress/egress_int.h"

/* Common servers close theirs after 5 s, and a request into a closing connection has an uncertain outcome. */
#define IDLE_MS 4000
#define IDLE_MOST 1024

struct egress_conn *egress_conn_new(struct egress *e, const struct egress_target *target)
{
	struct bytes origin = buf_bytes(&target->origin);
	struct egress_conn *c = calloc(1, sizeof *c + origin.n);

	if (!c)
		return NULL;
	c->of = e;
	c->fd = -1;
	c->tls = target->tls;
	c->hash = target->hash;
	c->origin_n = origin.n;
	memcpy(c->origin, origin.p, origin.n);
	return c;
}

/* The socket of a connection without TLS is taken out of curl's hands, which then has no more to do with it. With TLS it
 * stays there, for its octets go through curl. */
static int socket_of(struct egress_conn *c)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	int own = -1;

	if (curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
		return -1;
	if (c->tls)
		return fd;
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	egress_dial_end(c->pool, c->easy);
	c->easy = NULL;
	c->pool = NULL;
	return own;
}

bool egress_conn_made(struct egress_conn *c)
{
	c->fd = socket_of(c);
	c->armed = EPOLLIN | EPOLLRDHUP;
	return c->fd >= 0 && egress_watch(c->of, c->fd, c->armed, egress_who_conn(c));
}

static void unlink_idle(struct egress_conn *c)
{
	struct egress_idle *idle = &c->of->idle;

	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	*(c->older ? &c->older->newer : &idle->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &idle->newest) = c->older;
	idle->n--;
	c->idle = false;
}

void egress_conn_close(struct egress_conn *c)
{
	if (c->idle)
		unlink_idle(c);
	if (c->fd >= 0)
		epoll_ctl(c->of->epoll, EPOLL_CTL_DEL, c->fd, NULL);
	if (c->easy)
		egress_dial_end(c->pool, c->easy);
	else if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->easy = NULL;
	c->flight = NULL;
	c->next = c->of->dead;
	c->of->dead = c;
}

void egress_conn_bury(struct egress *e)
{
	while (e->dead) {
		struct egress_conn *c = e->dead;

		e->dead = c->next;
		free(c);
	}
}

static ssize_t broken(struct egress_conn *c, const char *doing)
{
	if (errno == EAGAIN || errno == EINTR)
		return WIRE_AGAIN;
	snprintf(c->error, sizeof c->error, "%s: %s", doing, strerror(errno));
	return WIRE_BROKEN;
}

static ssize_t broken_tls(struct egress_conn *c, CURLcode code)
{
	if (code == CURLE_AGAIN)
		return WIRE_AGAIN;
	if (!c->error[0])
		snprintf(c->error, sizeof c->error, "%s", curl_easy_strerror(code));
	return WIRE_BROKEN;
}

/* One record at most: so either it is given whole to the kernel, or nothing of it can be read at the other end. */
static ssize_t send_tls(struct egress_conn *c, struct bytes octets)
{
	size_t gone = 0;
	CURLcode code = curl_easy_send(c->easy, octets.p, octets.n < EGRESS_RECORD ? octets.n : EGRESS_RECORD, &gone);

	return code == CURLE_OK && gone ? (ssize_t)gone : broken_tls(c, code == CURLE_OK ? CURLE_AGAIN : code);
}

ssize_t egress_conn_send(struct egress_conn *c, struct bytes first, struct bytes second)
{
	struct iovec parts[2] = {{(void *)(uintptr_t)first.p, first.n}, {(void *)(uintptr_t)second.p, second.n}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t n;

	if (c->tls)
		return send_tls(c, first.n ? first : second);
	n = sendmsg(c->fd, &message, MSG_NOSIGNAL);
	return n >= 0 ? n : broken(c, "sending");
}

ssize_t egress_conn_receive(struct egress_conn *c, unsigned char *into, size_t room)
{
	size_t got = 0;
	ssize_t n;
	CURLcode code;

	if (!c->tls) {
		n = recv(c->fd, into, room, 0);
		return n >= 0 ? n : broken(c, "receiving");
	}
	code = curl_easy_recv(c->easy, into, room, &got);
	return code == CURLE_OK ? (ssize_t)got : broken_tls(c, code);
}

void egress_conn_watch_room(struct egress_conn *c, bool wanted)
{
	uint32_t events = EPOLLIN | EPOLLRDHUP | (wanted ? EPOLLOUT : 0u);

	/* One that cannot be watched ends at the deadline of its call. */
	if (events != c->armed && egress_watch(c->of, c->fd, events, egress_who_conn(c)))
		c->armed = events;
}

void egress_conn_keep(struct egress_conn *c)
{
	struct egress_idle *idle = &c->of->idle;
	struct egress_conn **bucket = &idle->bucket[c->hash % IDLE_BUCKETS];

	c->kept = c->idle = true;
	c->flight = NULL;
	c->idle_ms = mono_ms();
	c->next = *bucket;
	c->link = bucket;
	if (c->next)
		c->next->link = &c->next;
	*bucket = c;
	c->older = idle->newest;
	c->newer = NULL;
	*(c->older ? &c->older->newer : &idle->oldest) = c;
	idle->newest = c;
	if (++idle->n > IDLE_MOST)
		egress_conn_close(idle->oldest);
}

/* Nothing has come, neither octets nor an end. */
static bool is_quiet(const struct egress_conn *c)
{
	unsigned char octet;

	return recv(c->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

struct egress_conn *egress_idle_take(struct egress *e, const struct egress_target *target)
{
	struct egress_conn *c = e->idle.bucket[target->hash % IDLE_BUCKETS], *next;
	int64_t now = mono_ms();

	for (; c; c = next) {
		next = c->next;
		if (!bytes_eq((struct bytes){c->origin, c->origin_n}, buf_bytes(&target->origin)))
			continue;
		if (now - c->idle_ms < IDLE_MS && is_quiet(c)) {
			unlink_idle(c);
			return c;
		}
		egress_conn_close(c);
	}
	return NULL;
}

int64_t egress_idle_expire(struct egress *e, int64_t now_ms)
{
	while (e->idle.oldest && e->idle.oldest->idle_ms + IDLE_MS <= now_ms)
		egress_conn_close(e->idle.oldest);
	return e->idle.oldest ? e->idle.oldest->idle_ms + IDLE_MS : -1;
}

void egress_idle_close(struct egress *e)
{
	while (e->idle.oldest)
		egress_conn_close(e->idle.oldest);
}

void egress_conn_ready(struct egress_conn *c, uint32_t events)
{
	if (c->fd < 0) /* closed by an earlier event of the same turn */
		return;
	if (c->flight)
		egress_flight_ready(c->flight, events & ~(uint32_t)EPOLLOUT, events & EPOLLOUT);
	else
		egress_conn_close(c); /* the other side ended it, or says what nobody asked */
}
