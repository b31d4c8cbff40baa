/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kernel - the kernel has no room to watch a socket, or does not take a request: one call suffers at most, nothing is
 * sent twice, and the next calls are as ever. */
#include "provider.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#define WATCHINGS 4 /* that egress tries before it gives one socket up */

static atomic_int passing; /* watchings before those that fail */
static atomic_int failing;

/* Stands in the place of libc's. */
int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	if (what != EPOLL_CTL_DEL && atomic_load(&passing) > 0) {
		atomic_fetch_sub(&passing, 1);
	} else if (what != EPOLL_CTL_DEL && atomic_load(&failing) > 0) {
		atomic_fetch_sub(&failing, 1);
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epoll, what, fd, event);
}

static atomic_int breaking; /* the next request breaks after this many octets, less one; 0: none does */

/* The same. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	const struct iovec *head = message->msg_iov;
	int left = head->iov_len > 5 && memcmp(head->iov_base, "POST ", 5) == 0 ? atomic_exchange(&breaking, 0) : 0;

	if (left) {
		if (left > 1)
			syscall(SYS_sendto, fd, head->iov_base, left - 1, flags, NULL, 0);
		errno = EPIPE;
		return left > 1 ? left - 1 : -1;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

static void serve_ok(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static enum egress_kind kind_of_a_call(struct egress *e, int port, int deadline_ms, bool fresh)
{
	struct trip t;

	trip_prepare(&t, "http", port);
	t.call.deadline_ms = deadline_ms;
	t.call.fresh_connection = fresh;
	trip_go(e, &t);
	trip_drop(&t);
	return t.result.kind;
}

static void a_watching_that_fails_once_is_tried_again(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_ok, NULL);

	(void)state;
	atomic_store(&failing, 1);
	assert_int_equal(kind_of_a_call(e, p->port, 20000, true), EGRESS_ANSWERED);
	assert_int_equal(atomic_load(&failing), 0);
	egress_stop(&e);
	provider_stop(p);
	free(p);
}

static void a_socket_that_cannot_be_watched_ends_its_own_call_alone(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_ok, NULL);

	(void)state;
	atomic_store(&failing, WATCHINGS);
	assert_int_equal(kind_of_a_call(e, p->port, 200, true), EGRESS_DEADLINE);
	assert_int_equal(atomic_load(&failing), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(kind_of_a_call(e, p->port, 20000, true), EGRESS_ANSWERED);
	egress_stop(&e);
	provider_stop(p);
	free(p);
}

/* libcurl has made it, and we cannot watch it: nothing was sent, so another is made. */
static void a_made_connection_that_cannot_be_watched_is_made_again(void **state)
{
	static const struct {
		int failing;
		enum egress_kind kind;
		int connections, requests;
	} rows[] = {{WATCHINGS, EGRESS_ANSWERED, 2, 1}, {1, EGRESS_ANSWERED, 1, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct egress *e = egress_start();
		struct provider *p = provider_start(serve_ok, NULL);

		atomic_store(&passing, 1);
		atomic_store(&failing, rows[i].failing);
		assert_int_equal(kind_of_a_call(e, p->port, 20000, false), rows[i].kind);
		assert_int_equal(atomic_load(&failing), 0);
		egress_stop(&e);
		provider_stop(p);
		assert_int_equal(atomic_load(&p->connections), rows[i].connections);
		assert_int_equal(atomic_load(&p->requests), rows[i].requests);
		free(p);
	}
}

static void serve_ok_unless_cut(struct provider_connection *c)
{
	char octets[64];

	if (provider_hear(c))
		provider_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	while (c->number == 0 && read(c->fd, octets, sizeof octets) > 0)
		shutdown(c->fd, SHUT_RDWR);
}

/* A kept connection turns out to be broken: the request goes on a new one when no octet of it has left, and only then. */
static void a_request_is_sent_again_when_nothing_of_it_left(void **state)
{
	static const struct {
		int left;
		enum egress_kind kind;
		int requests, connections;
	} rows[] = {{1, EGRESS_ANSWERED, 2, 2}, {1 + 10, EGRESS_BROKEN, 1, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct egress *e = egress_start();
		struct provider *p = provider_start(serve_ok_unless_cut, NULL);

		assert_int_equal(kind_of_a_call(e, p->port, 20000, false), EGRESS_ANSWERED);
		atomic_store(&breaking, rows[i].left);
		assert_int_equal(kind_of_a_call(e, p->port, 20000, false), rows[i].kind);
		assert_int_equal(atomic_load(&breaking), 0);
		egress_stop(&e);
		provider_stop(p);
		assert_int_equal(atomic_load(&p->connections), rows[i].connections);
		assert_int_equal(atomic_load(&p->requests), rows[i].requests);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_watching_that_fails_once_is_tried_again),
		cmocka_unit_test(a_socket_that_cannot_be_watched_ends_its_own_call_alone),
		cmocka_unit_test(a_made_connection_that_cannot_be_watched_is_made_again),
		cmocka_unit_test(a_request_is_sent_again_when_nothing_of_it_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
