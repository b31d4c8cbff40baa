/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_kernel - the kernel has no room to watch a socket: one call suffers at most, and the next are as ever. */
#include "provider.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#define WATCHINGS 4 /* that egress tries before it gives one socket up */

static atomic_int failing;

/* Stands in the place of libc's. */
int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	if (what != EPOLL_CTL_DEL && atomic_load(&failing) > 0) {
		atomic_fetch_sub(&failing, 1);
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epoll, what, fd, event);
}

static void serve_ok(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static enum egress_kind kind_of_a_call(struct egress *e, int port, int deadline_ms)
{
	struct trip t;

	trip_prepare(&t, "http", port);
	t.call.deadline_ms = deadline_ms;
	t.call.fresh_connection = true;
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
	assert_int_equal(kind_of_a_call(e, p->port, 20000), EGRESS_ANSWERED);
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
	assert_int_equal(kind_of_a_call(e, p->port, 200), EGRESS_DEADLINE);
	assert_int_equal(atomic_load(&failing), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(kind_of_a_call(e, p->port, 20000), EGRESS_ANSWERED);
	egress_stop(&e);
	provider_stop(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_watching_that_fails_once_is_tried_again),
		cmocka_unit_test(a_socket_that_cannot_be_watched_ends_its_own_call_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
