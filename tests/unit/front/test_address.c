/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What addresses hold and owe. The tests say what time it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "front/front_int.h"

#define SECOND INT64_C(1000000)
#define START (7777 * SECOND)

static struct front_addresses table;
static const struct front_listener_options half = {.connections = 1000, .refused_work = 50};

static int set_up(void **state)
{
	(void)state;
	memset(&table, 0, sizeof table);
	front_addresses_init(&table);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	front_addresses_free(&table);
	return 0;
}

static struct front_address *enter(const char *text, const struct front_listener_options *o, int64_t now)
{
	struct address ip;
	assert_true(address_read(bytes_str(text), &ip));
	return front_address_enter(&table, 0, o, ip, now);
}

static size_t entries(void)
{
	size_t n = 0;
	for (size_t i = 0; i < FRONT_ADDRESS_BUCKETS; i++)
		for (const struct front_address *a = table.bucket[i]; a; a = a->next)
			n++;
	return n;
}

static void test_who_is_one_address(void **state)
{
	(void)state;
	table.seed[1] = 0; /* listeners share buckets */
	struct front_address *four = enter("192.0.2.1", &half, START), *six = enter("2001:db8:1:2::1", &half, START);
	assert_ptr_equal(enter("::ffff:192.0.2.1", &half, START), four);
	assert_ptr_not_equal(enter("192.0.2.2", &half, START), four);
	assert_ptr_equal(enter("2001:db8:1:2:ffff:ffff:ffff:ffff", &half, START), six);
	assert_ptr_not_equal(enter("2001:db8:1:3::1", &half, START), six);
	assert_int_equal(entries(), 4);
	struct address ip;
	assert_true(address_read(bytes_str("192.0.2.1"), &ip));
	assert_ptr_not_equal(front_address_enter(&table, 1, &half, ip, START), four); /* another listener */
	assert_int_equal(four->connections, 2);
}

static void test_nothing_stays_of_an_address_that_owes_nothing(void **state)
{
	(void)state;
	struct front_address *a = enter("192.0.2.1", &half, START);
	assert_int_equal(front_address_begin(a, &half, START), REASON_NONE);
	front_address_leave(&table, a, START);
	assert_int_equal(entries(), 1); /* its request is still in hand */
	front_address_end(&table, a, START);
	assert_int_equal(entries(), 0);
}

static void test_connections_are_bounded_by_number_and_by_share(void **state)
{
	(void)state;
	static const struct front_listener_options both[] = {
		{.connections = 1000, .connections_per_address = 3, .share_per_address = 50},
		{.connections = 7, .share_per_address = 50},
		{.connections = 1, .share_per_address = 1},
	};
	static const int most[] = {3, 3, 1};
	for (int i = 0; i < 3; i++) {
		struct front_address *a = NULL;
		char name[32];
		snprintf(name, sizeof name, "192.0.2.%d", i);
		for (int n = 0; n < most[i]; n++)
			assert_non_null(a = enter(name, &both[i], START));
		assert_null(enter(name, &both[i], START));
		front_address_leave(&table, a, START);
		assert_non_null(enter(name, &both[i], START));
	}
}

static void test_requests_in_hand_are_bounded(void **state)
{
	(void)state;
	static const struct front_listener_options two = {.connections = 10, .requests_per_address = 2};
	struct front_address *a = enter("192.0.2.1", &two, START), *b = enter("192.0.2.2", &two, START);
	assert_int_equal(front_address_begin(a, &two, START), REASON_NONE);
	assert_int_equal(front_address_begin(a, &two, START), REASON_NONE);
	assert_int_equal(front_address_begin(a, &two, START), REASON_ADDRESS_REQUESTS);
	assert_int_equal(front_address_begin(b, &two, START), REASON_NONE);
	front_address_end(&table, a, START); /* the one that was put off */
	front_address_end(&table, a, START);
	assert_int_equal(front_address_begin(a, &two, START), REASON_NONE);
}

/* Half a processor: five seconds of work at once, then a second of it every two seconds. */
static void test_refused_work_leaks_away(void **state)
{
	(void)state;
	struct front_address *a = enter("192.0.2.1", &half, START), *b = enter("192.0.2.2", &half, START);
	front_address_charge(a, &half, 5 * SECOND, START);
	assert_int_equal(front_address_begin(a, &half, START), REASON_NONE);
	front_address_charge(a, &half, 1, START);
	assert_int_equal(front_address_begin(a, &half, START), REASON_ADDRESS_WORK);
	assert_int_equal(front_address_owes_s(a, &half, START), 1);
	assert_int_equal(front_address_begin(b, &half, START), REASON_NONE);
	assert_int_equal(front_address_begin(a, &half, START + 2), REASON_NONE);
	front_address_charge(a, &half, 2 * SECOND, START + 2);
	assert_int_equal(front_address_owes_s(a, &half, START + 2), 4);
	assert_int_equal(front_address_begin(a, &half, START + 2 + 4 * SECOND - 2), REASON_ADDRESS_WORK);
	assert_int_equal(front_address_begin(a, &half, START + 2 + 4 * SECOND), REASON_NONE);
}

/* Whatever was under way when the account was full: nobody is shut out for longer than it takes to leak once more. */
static void test_no_debt_is_eternal(void **state)
{
	(void)state;
	struct front_address *a = enter("192.0.2.1", &half, START);
	front_address_charge(a, &half, 3600 * SECOND, START);
	assert_int_equal(front_address_owes_s(a, &half, START), 10);
	assert_int_equal(front_address_begin(a, &half, START + 10 * SECOND), REASON_NONE);
	assert_true(a->debt_us > 0);
	assert_int_equal(front_address_owes_s(a, &half, START + 20 * SECOND), 0);
	assert_int_equal(a->debt_us, 0);
}

static void test_without_a_bound_nobody_owes(void **state)
{
	(void)state;
	static const struct front_listener_options free_of_all = {.connections = 10};
	struct front_address *a = enter("192.0.2.1", &free_of_all, START);
	front_address_charge(a, &free_of_all, 3600 * SECOND, START);
	for (int i = 0; i < 100; i++)
		assert_int_equal(front_address_begin(a, &free_of_all, START), REASON_NONE);
}

static void test_coming_back_does_not_clear_a_debt(void **state)
{
	(void)state;
	struct front_address *a = enter("192.0.2.1", &half, START);
	front_address_charge(a, &half, 6 * SECOND, START);
	front_address_leave(&table, a, START);
	a = enter("192.0.2.1", &half, START + 1 * SECOND);
	assert_int_equal(front_address_begin(a, &half, START + 1 * SECOND), REASON_ADDRESS_WORK);
	front_address_end(&table, a, START + 1 * SECOND);
	front_address_leave(&table, a, START + 1 * SECOND);
	a = enter("192.0.2.9", &half, START + 21 * SECOND);
	front_address_leave(&table, a, START + 21 * SECOND);
	assert_int_equal(entries(), 0); /* forgotten once all has leaked */
}

/* A client with a large IPv6 network: what is remembered of it stays bounded, the oldest goes first. */
static void test_a_million_addresses_take_bounded_memory(void **state)
{
	(void)state;
	struct front_address *last = NULL;
	for (size_t i = 0; i < sizeof table.seed / sizeof *table.seed; i++)
		table.seed[i] = i + 1; /* no seed makes neighbours meet */
	for (unsigned i = 0; i < 3 * FRONT_ADDRESSES_GONE; i++) {
		char name[64];
		snprintf(name, sizeof name, "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
		last = enter(name, &half, START + i);
		front_address_charge(last, &half, SECOND, START + i);
		front_address_leave(&table, last, START + i);
	}
	assert_int_equal(table.gone, FRONT_ADDRESSES_GONE);
	assert_int_equal(entries(), FRONT_ADDRESSES_GONE);
	assert_ptr_equal(table.last_gone, last);
	size_t longest = 0;
	for (size_t i = 0; i < FRONT_ADDRESS_BUCKETS; i++) {
		size_t n = 0;
		for (const struct front_address *a = table.bucket[i]; a; a = a->next)
			n++;
		longest = n > longest ? n : longest;
	}
	assert_true(longest < 20); /* two on average */
}

/* Without the seed nobody can tell which line, or bucket, an address falls into. */
static void test_lines_follow_the_seed(void **state)
{
	(void)state;
	struct front_addresses other = {0};
	struct address ip;
	unsigned same = 0;
	front_addresses_init(&other);
	for (unsigned i = 0; i < 256; i++) {
		char name[32];
		snprintf(name, sizeof name, "192.0.2.%u", i);
		assert_true(address_read(bytes_str(name), &ip));
		same += front_address_enter(&table, 0, &half, ip, START)->hash % 64 ==
			front_address_enter(&other, 0, &half, ip, START)->hash % 64;
	}
	front_addresses_free(&other);
	assert_true(same < 64);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_who_is_one_address),
		ROW(test_nothing_stays_of_an_address_that_owes_nothing),
		ROW(test_connections_are_bounded_by_number_and_by_share),
		ROW(test_requests_in_hand_are_bounded),
		ROW(test_refused_work_leaks_away),
		ROW(test_no_debt_is_eternal),
		ROW(test_without_a_bound_nobody_owes),
		ROW(test_coming_back_does_not_clear_a_debt),
		ROW(test_a_million_addresses_take_bounded_memory),
		ROW(test_lines_follow_the_seed),
	};
	return cmocka_run_group_tests_name("front: addresses", tests, NULL, NULL);
}
