/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines, budgets and bounds over loopback. Deadlines are short and waited for; nothing asserts an
 * upper time but the client's patience. */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "front_rig.h"

#define IDLE_MS 1000 /* enough to send a request on a fresh connection */
#define GET(path) "GET " path " HTTP/1.1\r\nHost: gw\r\n\r\n"

static struct rig rig;

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

/* Sends an octet now and then until the front hangs up. */
static void trickle(struct client *c, const char *unit)
{
	for (int i = 0; i < RIG_PATIENCE_MS / 5; i++) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		if (poll(&p, 1, 5) > 0)
			return;
		send(c->fd, unit, strlen(unit), MSG_NOSIGNAL);
	}
	fail_msg("still open");
}

static void test_slow_head(void **state)
{
	(void)state;
	rig.options.head_ms = 80;
	rig_start(&rig);
	struct client c = client_open(&rig);
	client_say(&c, "GET / HTTP/1.1\r\nHost: gw\r\nX: ");
	trickle(&c, "a");
	client_expect(&c, 408, "");
	client_expect_end(&c);
	client_close(&c);
	assert_int_equal(rig_count(&rig).timeouts, 1);
}

static void test_slow_body(void **state)
{
	(void)state;
	rig.options.body_ms = 80;
	rig_start(&rig);
	struct client plain = client_open(&rig), chunked = client_open(&rig), stuck = client_open(&rig);
	client_say(&plain, "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 100000\r\n\r\n");
	client_say(&chunked, "POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n");
	client_say(&stuck, "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 100000\r\n\r\n");
	trickle(&plain, "a");
	client_expect(&plain, 408, "");
	trickle(&chunked, "1\r\na\r\n");
	client_expect(&chunked, 408, "");
	client_expect(&stuck, 408, "");
	client_close(&plain);
	client_close(&chunked);
	client_close(&stuck);
	assert_int_equal(rig_count(&rig).timeouts, 3);
	assert_int_equal(rig_count(&rig).requests, 0);
}

static void test_idle_connections_are_closed_without_words(void **state)
{
	(void)state;
	rig.options.idle_ms = IDLE_MS;
	rig_start(&rig);
	struct client fresh = client_open(&rig), used = client_open(&rig);
	client_say(&used, GET("/echo"));
	client_expect(&used, 200, "");
	client_expect_end(&used);
	client_expect_end(&fresh);
	client_close(&used);
	client_close(&fresh);
	assert_int_equal(rig_count(&rig).timeouts, 0);
}

/* A request in the handler's hands has no deadline of ours. */
static void test_handler_may_take_its_time(void **state)
{
	(void)state;
	rig.options.idle_ms = rig.options.head_ms = rig.options.body_ms = rig.options.write_ms = IDLE_MS;
	rig_start(&rig);
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold"));
	struct front_request *held = rig_held(&rig, 1);
	usleep(IDLE_MS * 1500);
	front_respond(held, &(struct front_answer){.status = 200});
	client_expect(&c, 200, "");
	client_close(&c);
}

static void test_reader_that_does_not_read(void **state)
{
	(void)state;
	rig.options.write_ms = 80;
	rig_start(&rig);
	struct client lazy = client_open(&rig), other = client_open(&rig);
	client_say(&lazy, GET("/big"));
	RIG_UNTIL(&rig, now.requests == 1);
	client_say(&other, GET("/echo"));
	client_expect(&other, 200, "");
	RIG_UNTIL(&rig, now.timeouts == 1 && now.connections == 1 && now.memory == 0);
	client_close(&lazy);
	client_close(&other);
}

/* A client that takes small pieces, and reads nothing by itself. */
static struct client client_deaf(const struct rig *r)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)front_port(r->front, 0))};
	int small = 4096, segment = 536;
	struct client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .in = BUF(1 << 20)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(setsockopt(c.fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)), 0);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return c;
}

/* How much comes until the server has thrown away the rest. */
static size_t octets_until_the_reset(struct client *c)
{
	char piece[4096];
	size_t n = 0;
	ssize_t got;
	while ((got = recv(c->fd, piece, sizeof(piece), 0)) > 0)
		n += (size_t)got;
	assert_true(got < 0 && errno == ECONNRESET);
	return n;
}

/* The answer is with the kernel, so that for us it is written. */
static void reader_leaves_it_to_the_kernel(const char *more)
{
	rig.options.idle_ms = IDLE_MS;
	rig_start(&rig);
	struct client c = client_deaf(&rig);
	struct buf b = BUF(1 << 20);
	buf_printf(&b, "POST /echo HTTP/1.1\r\nHost: gw\r\n%sContent-Length: 40000\r\n\r\n%*s", more, 40000, "");
	client_send(&c, buf_bytes(&b));
	RIG_UNTIL(&rig, now.requests == 1 && now.memory == 0 && now.connections == 0);
	assert_int_equal(rig_count(&rig).timeouts, 0);
	assert_true(octets_until_the_reset(&c) < 40000);
	client_close(&c);
	buf_free(&b);
}

static void test_reader_that_leaves_it_to_the_kernel(void **state)
{
	(void)state;
	reader_leaves_it_to_the_kernel("");
}

static void test_reader_that_leaves_it_to_the_kernel_at_the_end(void **state)
{
	(void)state;
	reader_leaves_it_to_the_kernel("Connection: close\r\n");
}

static void test_slow_reader_within_the_deadline(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = client_open(&rig);
	client_say(&c, GET("/big") GET("/echo"));
	RIG_UNTIL(&rig, now.requests == 1);
	struct client_answer a = client_read_as(&c, false);
	assert_int_equal(a.body.len, RIG_BIG);
	buf_free(&a.body);
	client_expect(&c, 200, "");
	client_close(&c);
	RIG_UNTIL(&rig, now.memory == 0);
}

static void say_with_body(struct client *c, const char *path, size_t n)
{
	struct buf b = BUF(1 << 20);
	buf_printf(&b, "POST %s HTTP/1.1\r\nHost: gw\r\nContent-Length: %zu\r\n\r\n", path, n);
	for (size_t i = 0; i < n; i++)
		buf_char(&b, 'x');
	client_send(c, buf_bytes(&b));
	buf_free(&b);
}

static void test_memory_budget(void **state)
{
	(void)state;
	rig.memory_bytes = 60000;
	rig_start(&rig);
	struct client first = client_open(&rig), second = client_open(&rig), third = client_open(&rig);
	say_with_body(&first, "/hold", 40000);
	struct front_request *held = rig_held(&rig, 1);
	assert_true(rig_count(&rig).memory >= 40000);
	say_with_body(&second, "/echo", 40000);
	struct client_answer a = client_read_as(&second, false);
	assert_int_equal(a.status, 503);
	assert_non_null(strstr(a.head, "\r\nRetry-After: 1\r\n"));
	client_expect_end(&second);
	front_respond(held, &(struct front_answer){.status = 200});
	client_expect(&first, 200, "");
	RIG_UNTIL(&rig, now.memory == 0);
	say_with_body(&third, "/echo", 20000);
	client_expect(&third, 200, NULL);
	client_close(&first);
	client_close(&second);
	client_close(&third);
}

static void test_no_memory_for_a_head(void **state)
{
	(void)state;
	rig.memory_bytes = 100;
	rig_start(&rig);
	struct client c = client_open(&rig);
	client_say(&c, GET("/echo"));
	client_expect(&c, 503, "");
	client_expect_end(&c);
	client_close(&c);
	RIG_UNTIL(&rig, now.connections == 0 && now.memory == 0);
}

/* An announced length costs nothing before the octets come. */
static void test_announced_bodies_are_not_reserved(void **state)
{
	(void)state;
	rig.memory_bytes = 200000;
	rig_start(&rig);
	struct client c[20];
	for (int i = 0; i < 20; i++) {
		c[i] = client_open(&rig);
		client_say(&c[i], "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 100000\r\n\r\n");
	}
	RIG_UNTIL(&rig, now.open_requests == 20);
	struct client other = client_open(&rig);
	client_say(&other, GET("/echo"));
	client_expect(&other, 200, "");
	client_close(&other);
	for (int i = 0; i < 20; i++)
		client_close(&c[i]);
	RIG_UNTIL(&rig, now.open_requests == 0 && now.memory == 0);
}

/* A long body has room for a few times what came of it, not for what was announced. */
static void test_a_long_body_takes_what_it_brings(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c = client_open(&rig);
	SCOPED(buf_free) struct buf part = BUF(1 << 20);
	unsigned char *octets = buf_reserve(&part, 10000);
	memset(octets, 'x', 10000);
	buf_grown(&part, 10000);
	client_say(&c, "POST /hold HTTP/1.1\r\nHost: gw\r\nContent-Length: 1000000\r\n\r\n");
	for (size_t came = 0; came < 1000000;) {
		client_send(&c, buf_bytes(&part));
		came += part.len;
		RIG_UNTIL(&rig, now.memory >= came);
		assert_true(rig_count(&rig).memory <= came * 4 + 8192);
	}
	struct front_request *held = rig_held(&rig, 1);
	assert_int_equal(held->body.n, 1000000);
	assert_true(rig_count(&rig).memory <= 1000000 + 8192);
	front_respond(held, &(struct front_answer){.status = 200});
	client_expect(&c, 200, "");
	client_close(&c);
	RIG_UNTIL(&rig, now.memory == 0);
}

static void test_idle_connections_hold_no_buffers(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client c[100];
	for (int i = 0; i < 100; i++) {
		c[i] = client_open(&rig);
		client_say(&c[i], GET("/echo"));
	}
	for (int i = 0; i < 100; i++)
		client_expect(&c[i], 200, "");
	RIG_UNTIL(&rig, now.memory == 0);
	assert_int_equal(rig_count(&rig).connections, 100);
	for (int i = 0; i < 100; i++)
		client_close(&c[i]);
}

static void test_bound(int *bound)
{
	*bound = 2;
	rig_start(&rig);
	struct client a = client_open(&rig), b = client_open(&rig), refused = client_open(&rig);
	client_expect_end(&refused);
	RIG_UNTIL(&rig, now.refused_connections == 1);
	client_say(&a, GET("/echo"));
	client_expect(&a, 200, "");
	client_close(&a);
	RIG_UNTIL(&rig, now.connections == 1);
	struct client again = client_open(&rig);
	client_say(&again, GET("/echo"));
	client_expect(&again, 200, "");
	client_close(&again);
	client_close(&refused);
	client_close(&b);
	RIG_UNTIL(&rig, now.connections == 0);
	again = client_open(&rig);
	client_say(&again, GET("/echo"));
	client_expect(&again, 200, "");
	client_close(&again);
}

static void test_connections_of_a_listener(void **state)
{
	(void)state;
	test_bound(&rig.options.connections);
}

static void test_connections_of_an_address(void **state)
{
	(void)state;
	test_bound(&rig.options.connections_per_address);
}

static void expect_put_off(struct client *c, const char *reason)
{
	struct client_answer a = client_read_as(c, false);
	assert_int_equal(a.status, 503);
	assert_non_null(strstr(a.head, "\r\nRetry-After: "));
	assert_null(strstr(a.head, "Connection: close"));
	assert_memory_equal(a.body.data, reason, strlen(reason));
	buf_free(&a.body);
}

/* A client that hangs up does not free the place of its request: the work goes on. */
static void test_requests_of_an_address(void **state)
{
	(void)state;
	rig.options.requests_per_address = 2;
	rig_start(&rig);
	struct client a = client_open(&rig), b = client_open(&rig), c = client_open(&rig);
	client_say(&a, GET("/hold"));
	rig_held(&rig, 1);
	client_say(&b, GET("/hold"));
	struct front_request *second = rig_held(&rig, 2);
	struct linger reset = {.l_onoff = 1};
	setsockopt(a.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	client_close(&a);
	RIG_UNTIL(&rig, now.connections == 2);
	say_with_body(&c, "/echo", 100000);
	expect_put_off(&c, "address.requests: ");
	client_say(&c, GET("/echo") GET("/echo"));
	expect_put_off(&c, "address.requests: ");
	expect_put_off(&c, "address.requests: ");
	front_respond(second, &(struct front_answer){.status = 200});
	client_expect(&b, 200, "");
	client_say(&c, GET("/echo"));
	client_expect(&c, 200, ""); /* the same connection, once there is a place */
	assert_int_equal(rig_count(&rig).put_off_requests, 3);
	front_respond(rig_held(&rig, 1), &(struct front_answer){.status = 200});
	client_close(&b);
	client_close(&c);
	RIG_UNTIL(&rig, now.open_requests == 0 && now.memory == 0);
}

/* What is charged counts for the address, on whatever connection it comes back. (How it leaks: test_address.c.) */
static void test_refused_work_of_an_address(void **state)
{
	(void)state;
	rig.options.refused_work = 1;
	rig_start(&rig);
	struct client a = client_open(&rig), b = client_open(&rig);
	client_say(&a, GET("/hold"));
	front_respond(rig_held(&rig, 1), &(struct front_answer){.status = 500, .charge_us = 50000});
	client_expect(&a, 500, "");
	client_say(&a, GET("/echo"));
	client_expect(&a, 200, "");
	client_say(&a, GET("/hold"));
	front_respond(rig_held(&rig, 2), &(struct front_answer){.status = 500, .charge_us = 3600 * INT64_C(1000000)});
	client_expect(&a, 500, "");
	client_close(&a);
	client_say(&b, GET("/echo"));
	struct client_answer answer = client_read_as(&b, false);
	assert_int_equal(answer.status, 503);
	unsigned long wait_s = strtoul(strstr(answer.head, "\r\nRetry-After: ") + 15, NULL, 10);
	assert_in_range(wait_s, 2, 10);
	buf_free(&answer.body);
	client_close(&b);
	b = client_open(&rig);
	client_say(&b, GET("/echo"));
	expect_put_off(&b, "address.refused-work: ");
	client_close(&b);
	assert_int_equal(rig_count(&rig).put_off_work, 2);
}

/* One address may fill its part of the memory, not the rest of it. */
static void test_memory_of_an_address(void **state)
{
	(void)state;
	rig.memory_bytes = 400000;
	rig.options.share_per_address = 50;
	rig_start(&rig);
	struct client first = client_open(&rig), second = client_open(&rig);
	say_with_body(&first, "/hold", 150000);
	struct front_request *held = rig_held(&rig, 1);
	say_with_body(&second, "/echo", 100000);
	client_expect(&second, 503, "");
	client_close(&second);
	assert_int_equal(rig_count(&rig).put_off_memory, 1);
	front_respond(held, &(struct front_answer){.status = 200});
	client_expect(&first, 200, "");
	say_with_body(&first, "/echo", 100000);
	client_expect(&first, 200, NULL);
	client_close(&first);
	RIG_UNTIL(&rig, now.memory == 0);
}

/* All requests of an address stand in one line of work. */
static void test_line_of_an_address(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client a = client_open(&rig), b = client_open(&rig);
	client_say(&a, GET("/hold"));
	struct front_request *first = rig_held(&rig, 1);
	client_say(&b, GET("/hold"));
	struct front_request *second = rig_held(&rig, 2);
	assert_int_equal(first->line, second->line);
	front_respond(first, &(struct front_answer){.status = 200});
	front_respond(second, &(struct front_answer){.status = 200});
	client_close(&a);
	client_close(&b);
}

/* The client's socket is made before the descriptors run out, so that only the front lacks one. */
static void test_descriptors_run_out(void **state)
{
	(void)state;
	rig_start(&rig);
	struct client before = client_open(&rig);
	client_say(&before, GET("/echo"));
	client_expect(&before, 200, "");
	struct client late = {.fd = socket(AF_INET, SOCK_STREAM, 0), .in = BUF(1 << 20)};
	int highest = dup(0);
	close(highest);
	struct rlimit old, few;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = (rlim_t)highest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)front_port(rig.front, 0)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int connected = connect(late.fd, (struct sockaddr *)&to, sizeof(to));
	bool ended = connected == 0 && !client_more(&late);
	client_say(&before, GET("/echo"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_true(ended);
	client_expect(&before, 200, "");
	RIG_UNTIL(&rig, now.refused_connections == 1);
	struct client after = client_open(&rig);
	client_say(&after, GET("/echo"));
	client_expect(&after, 200, "");
	client_close(&before);
	client_close(&late);
	client_close(&after);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_slow_head),
		ROW(test_slow_body),
		ROW(test_idle_connections_are_closed_without_words),
		ROW(test_handler_may_take_its_time),
		ROW(test_reader_that_does_not_read),
		ROW(test_reader_that_leaves_it_to_the_kernel),
		ROW(test_reader_that_leaves_it_to_the_kernel_at_the_end),
		ROW(test_slow_reader_within_the_deadline),
		ROW(test_memory_budget),
		ROW(test_no_memory_for_a_head),
		ROW(test_announced_bodies_are_not_reserved),
		ROW(test_a_long_body_takes_what_it_brings),
		ROW(test_idle_connections_hold_no_buffers),
		ROW(test_connections_of_a_listener),
		ROW(test_connections_of_an_address),
		ROW(test_requests_of_an_address),
		ROW(test_refused_work_of_an_address),
		ROW(test_memory_of_an_address),
		ROW(test_line_of_an_address),
		ROW(test_descriptors_run_out),
	};
	return cmocka_run_group_tests_name("front: limits", tests, NULL, NULL);
}
