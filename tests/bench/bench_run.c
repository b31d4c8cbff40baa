/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_run - a closed or an open loop of connections on one thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#include "bench_int.h"

#define ANSWER_MOST (80u << 20)
#define STALL_MS 60000

struct connection {
	struct connection *next_free; /* open loop */
	int fd;
	struct bytes left; /* of the request */
	struct buf answer;
	size_t want;       /* octets of the whole answer; 0 while its head is not whole */
	int64_t since_us;
};

struct loop {
	struct bench_run *run;
	int epoll;
	size_t next, open, busy;
	int64_t start_us;
	struct connection *free;
};

static int connect_gateway(int port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void send_some(struct loop *l, struct connection *c)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

	while (c->left.n) {
		ssize_t n = send(c->fd, c->left.p, c->left.n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			break;
		c->left = bytes_sub(c->left, (size_t)n, c->left.n);
	}
	if (c->left.n)
		ev.events |= EPOLLOUT;
	epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static void drop(struct loop *l, struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	l->open--;
}

static bool all_sent(const struct loop *l)
{
	return l->next == l->run->messages->n;
}

static void send_next(struct loop *l, struct connection *c, int64_t since_us)
{
	c->left = buf_bytes(&l->run->messages->list[l->next++]);
	c->since_us = since_us;
	buf_clear(&c->answer);
	c->want = 0;
	l->busy++;
	send_some(l, c);
}

/* The connection has nothing to do. */
static void next_message(struct loop *l, struct connection *c)
{
	if (all_sent(l)) {
		drop(l, c);
	} else if (l->run->rate > 0) {
		c->next_free = l->free;
		l->free = c;
	} else {
		send_next(l, c, mono_us());
	}
}

/* Open loop: sends what is due; gives the time until the next is, in milliseconds rounded up. */
static int send_due(struct loop *l)
{
	while (l->free && !all_sent(l)) {
		int64_t due = l->start_us + (int64_t)((double)l->next * 1e6 / l->run->rate), now = mono_us();
		struct connection *c = l->free;

		if (due > now)
			return (int)((due - now + 999) / 1000);
		l->free = c->next_free;
		send_next(l, c, due);
	}
	while (l->free && all_sent(l)) {
		drop(l, l->free);
		l->free = l->free->next_free;
	}
	return STALL_MS;
}

static void whole_length(struct connection *c)
{
	const char *head = buf_cstr(&c->answer), *end = strstr(head, "\r\n\r\n"), *length;

	if (c->want || !end)
		return;
	length = strcasestr(head, "\r\nContent-Length:");
	c->want = (size_t)(end - head) + 4 + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

static void answer_done(struct loop *l, struct connection *c)
{
	struct bench_run *run = l->run;
	bool good = strncmp(buf_cstr(&c->answer), "HTTP/1.1 200", 12) == 0;

	l->busy--;
	run->answered += good;
	if (good)
		bench_times_add(&run->times, mono_us() - c->since_us);
	else if (run->failed++ == 0)
		fprintf(stderr, "first failure: %.1200s\n", buf_cstr(&c->answer));
	next_message(l, c);
}

static void receive_some(struct loop *l, struct connection *c)
{
	unsigned char *to = buf_reserve(&c->answer, 262144);
	ssize_t n = to ? recv(c->fd, to, 262144, MSG_DONTWAIT) : -1;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) { /* closed before the answer was whole */
		l->run->failed++;
		l->busy--;
		drop(l, c);
		return;
	}
	buf_grown(&c->answer, (size_t)n);
	whole_length(c);
	if (c->want && c->answer.len >= c->want)
		answer_done(l, c);
}

static void turn(struct loop *l)
{
	struct epoll_event events[256];

	while (l->open) {
		int wait_ms = send_due(l), n = epoll_wait(l->epoll, events, 256, wait_ms);

		if (n == 0 && wait_ms == STALL_MS && l->busy) {
			fprintf(stderr, "no progress for a minute\n");
			l->run->failed += l->open;
			return;
		}
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (events[i].events & EPOLLOUT && c->fd >= 0)
				send_some(l, c);
			if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) && c->fd >= 0)
				receive_some(l, c);
		}
	}
}

/* Connections that asked once for the contract and then stay open and silent. */
static bool open_idle(const struct bench_run *run, int *fds)
{
	static const char ask[] = "GET /bip-sync-wss-gost/?none HTTP/1.1\r\nHost: localhost\r\n\r\n";
	char answer[4096];

	for (int i = 0; i < run->idle; i++) {
		fds[i] = connect_gateway(run->port);
		if (fds[i] < 0 || send(fds[i], ask, sizeof ask - 1, MSG_NOSIGNAL) < 0
			|| recv(fds[i], answer, sizeof answer, 0) <= 0)
			return false;
	}
	return true;
}

bool bench_run_load(struct bench_run *run)
{
	struct loop l = {.run = run, .epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct connection *list = calloc((size_t)run->connections, sizeof *list);
	int *idle = calloc((size_t)run->idle + 1, sizeof *idle);

	if (!open_idle(run, idle))
		return false;
	for (int i = 0; i < run->connections; i++) {
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &list[i]};

		list[i].answer = BUF(ANSWER_MOST);
		list[i].fd = connect_gateway(run->port);
		if (list[i].fd < 0 || epoll_ctl(l.epoll, EPOLL_CTL_ADD, list[i].fd, &ev) != 0)
			return false;
	}
	l.start_us = mono_us();
	l.open = (size_t)run->connections;
	for (int i = 0; i < run->connections; i++)
		next_message(&l, &list[i]);
	turn(&l);
	run->seconds = (double)(mono_us() - l.start_us) / 1e6;
	for (int i = 0; i < run->connections; i++)
		buf_free(&list[i].answer);
	for (int i = 0; i < run->idle; i++)
		close(idle[i]);
	free(list);
	free(idle);
	close(l.epoll);
	return true;
}
