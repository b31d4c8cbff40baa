/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_idle - which kept connection a call gets: of its own origin, young, quiet, the one that was used last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "egress/egress_int.h"

#define IDLE_MOST 1024
#define TOO_OLD_MS 4000

/* The thread's things without the thread. */
static struct egress world;
static unsigned char origins[] = {1, 2};
static const struct egress_target here = {.origin = {.data = origins, .len = 1}, .hash = 7};
/* Of another origin with the same hash, as may happen. */
static const struct egress_target there = {.origin = {.data = origins + 1, .len = 1}, .hash = 7};

static int make_world(void **state)
{
	(void)state;
	world = (struct egress){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return world.epoll < 0;
}

static int drop_world(void **state)
{
	(void)state;
	egress_idle_close(&world);
	egress_conn_bury(&world);
	assert_int_equal(world.idle.n, 0);
	return close(world.epoll);
}

/* A kept connection; `peer` is its other end, to be closed. */
static struct egress_conn *kept(const struct egress_target *target, int *peer)
{
	struct egress_conn *c = egress_conn_new(&world, target);
	int ends[2];

	assert_non_null(c);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	c->fd = ends[0];
	*peer = ends[1];
	egress_conn_keep(c);
	return c;
}

static void the_one_that_was_used_last_is_taken_once(void **state)
{
	int peers[2];
	struct egress_conn *first = kept(&here, &peers[0]), *second = kept(&here, &peers[1]);

	(void)state;
	assert_ptr_equal(egress_idle_take(&world, &here), second);
	assert_ptr_equal(egress_idle_take(&world, &here), first);
	assert_null(egress_idle_take(&world, &here));
	egress_conn_close(first);
	egress_conn_close(second);
	close(peers[0]);
	close(peers[1]);
}

static void another_origin_with_the_same_hash_is_another(void **state)
{
	int peer;
	struct egress_conn *c = kept(&here, &peer);

	(void)state;
	assert_null(egress_idle_take(&world, &there));
	assert_int_equal(world.idle.n, 1);
	assert_ptr_equal(egress_idle_take(&world, &here), c);
	egress_conn_close(c);
	close(peer);
}

static void one_that_is_old_or_not_quiet_is_closed(void **state)
{
	enum { OLD, SAYS, ENDS, WAYS };

	(void)state;
	for (int way = OLD; way < WAYS; way++) {
		int peers[2];
		struct egress_conn *good = kept(&here, &peers[0]), *bad = kept(&here, &peers[1]);

		if (way == OLD)
			bad->idle_ms -= TOO_OLD_MS;
		if (way == SAYS)
			assert_int_equal(send(peers[1], "x", 1, MSG_NOSIGNAL), 1);
		if (way == ENDS)
			shutdown(peers[1], SHUT_RDWR);
		assert_ptr_equal(egress_idle_take(&world, &here), good);
		assert_int_equal(world.idle.n, 0);
		assert_int_equal(bad->fd, -1);
		egress_conn_close(good);
		egress_conn_bury(&world);
		close(peers[0]);
		close(peers[1]);
	}
}

static void time_closes_the_oldest_and_no_other(void **state)
{
	int peers[3];
	struct egress_conn *c[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		c[i] = kept(i == 1 ? &there : &here, &peers[i]);
		c[i]->idle_ms = 1000 * i;
	}
	assert_int_equal(egress_idle_expire(&world, TOO_OLD_MS - 1), TOO_OLD_MS);
	assert_int_equal(world.idle.n, 3);
	assert_int_equal(egress_idle_expire(&world, TOO_OLD_MS + 1500), TOO_OLD_MS + 2000);
	assert_true(c[0]->fd == -1 && c[1]->fd == -1 && c[2]->fd >= 0);
	assert_int_equal(egress_idle_expire(&world, TOO_OLD_MS + 2000), -1);
	egress_conn_bury(&world);
	for (int i = 0; i < 3; i++)
		close(peers[i]);
}

/* The number is what counts here; nobody asks for so many descriptors. */
static void of_too_many_the_oldest_goes(void **state)
{
	struct egress_conn *oldest = NULL, *last = NULL;

	(void)state;
	for (int i = 0; i <= IDLE_MOST; i++) {
		last = egress_conn_new(&world, &here);
		assert_non_null(last);
		egress_conn_keep(last);
		oldest = oldest ? oldest : last;
	}
	assert_int_equal(world.idle.n, IDLE_MOST);
	assert_ptr_equal(world.dead, oldest);
	assert_ptr_equal(world.idle.newest, last);
	egress_idle_close(&world);
	egress_conn_bury(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_one_that_was_used_last_is_taken_once, make_world, drop_world),
		cmocka_unit_test_setup_teardown(another_origin_with_the_same_hash_is_another, make_world, drop_world),
		cmocka_unit_test_setup_teardown(one_that_is_old_or_not_quiet_is_closed, make_world, drop_world),
		cmocka_unit_test_setup_teardown(time_closes_the_oldest_and_no_other, make_world, drop_world),
		cmocka_unit_test_setup_teardown(of_too_many_the_oldest_goes, make_world, drop_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
