/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests over loopback without TLS: framing, order, closing. */
#include "front_rig.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: gw\r\n\r\n"

static struct rig rig;

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	rig_start(&rig);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_end(&rig);
	return 0;
}

static void test_parts_reach_the_handler(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c,
		   "POST /say?a=b HTTP/1.1\r\nHost: gw:1\r\nContent-Type: text/xml\r\nSOAPAction: \"x\"\r\n"
		   "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n.");
	client_expect(&c, 200, "POST|/say|a=b|gw:1|text/xml|gzip|\"x\"|127.0.0.1|0|0|1");
	client_close(&c);
}

static void test_keep_alive(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	for (int i = 0; i < 20; i++) {
		client_say(&c, "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n\r\nhi");
		client_expect(&c, 200, "hi");
	}
	assert_int_equal(rig_count(&rig).accepted, 1);
	assert_int_equal(rig_count(&rig).requests, 20);
	client_close(&c);
	RIG_UNTIL(&rig, now.connections == 0 && now.memory == 0 && now.open_requests == 0);
}

static void test_pipeline_in_one_segment(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	struct buf all = BUF(1 << 20);
	for (int i = 0; i < 200; i++) {
		char body[16];
		int n = snprintf(body, sizeof(body), "%d", i);
		buf_printf(&all, "POST %s HTTP/1.1\r\nHost: gw\r\nContent-Length: %d\r\n\r\n%s",
			   i % 4 ? "/echo" : "/thread", n, body);
	}
	client_send(&c, buf_bytes(&all));
	buf_free(&all);
	for (int i = 0; i < 200; i++) {
		char body[16];
		snprintf(body, sizeof(body), "%d", i);
		client_expect(&c, 200, body);
	}
	client_close(&c);
}

static void test_pipeline_behind_a_held_request(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold"));
	struct front_request *held = rig_held(&rig, 1);
	client_say(&c, "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\none");
	client_say(&c, GET("/none"));
	usleep(20000); /* whether the front reads them before or after the answer must not matter */
	front_respond(held, &(struct front_answer){
				    .status = 200, .content_type = "a/b", .body = BYTES_LIT("held")});
	client_expect(&c, 200, "held");
	client_expect(&c, 200, "one");
	client_expect(&c, 404, "");
	client_close(&c);
}

static void test_refusal_behind_a_held_request(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold") GET("/none"));
	client_say(&c, "POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX");
	front_respond(rig_held(&rig, 1), &(struct front_answer){.status = 200});
	client_expect(&c, 200, "");
	client_expect(&c, 404, "");
	client_expect(&c, 400, "");
	client_expect_end(&c);
	client_close(&c);
	assert_int_equal(rig_count(&rig).requests, 2);
	RIG_UNTIL(&rig, now.connections == 0 && now.memory == 0);
}

static void test_octet_by_octet(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	const char *text = "POST /echo HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "3;x\r\nabc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n" GET("/echo");
	for (const char *p = text; *p; p++)
		client_send(&c, (struct bytes){(const unsigned char *)p, 1});
	client_expect(&c, 200, "abcd");
	client_expect(&c, 200, "");
	client_close(&c);
}

static void test_large_body(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	size_t n = 1 << 20;
	char *body = malloc(n + 1);
	for (size_t i = 0; i < n; i++)
		body[i] = (char)('a' + i % 23);
	body[n] = 0;
	client_say(&c, "POST /thread HTTP/1.1\r\nHost: gw\r\nContent-Length: 1048576\r\n\r\n");
	client_say(&c, body);
	client_expect(&c, 200, body);
	client_say(&c, "POST /echo HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n");
	client_say(&c, body);
	client_say(&c, "\r\n0\r\n\r\n");
	client_expect(&c, 200, body);
	free(body);
	client_close(&c);
	RIG_UNTIL(&rig, now.memory == 0);
}

static void test_an_answer_handed_over(void **state)
{
	(void)state;
	struct client c = client_open(&rig), gone = client_open(&rig);
	client_expects_whole(&c);
	client_close(&c);
	client_say(&gone, "GET /whole HTTP/1.1\r\nHost: gw\r\n\r\n");
	client_close(&gone);
	RIG_UNTIL(&rig, now.memory == 0);
}

static void test_bodies_one_behind_the_other(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_says_many_bodies(&c);
	client_close(&c);
	RIG_UNTIL(&rig, now.memory == 0);
}

static void test_continue(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c,
		   "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	client_expect(&c, 100, NULL);
	client_say(&c, "hi");
	client_expect(&c, 200, "hi");
	client_say(&c,
		   "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi");
	client_expect(&c, 200, "hi"); /* the body was there: no invitation */
	client_say(&c,
		   "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n");
	client_expect(&c, 413, "");
	client_expect_end(&c);
	client_close(&c);
}

static void test_head_method(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, "HEAD /say HTTP/1.1\r\nHost: gw\r\n\r\n" GET("/echo"));
	struct client_answer a = client_read_as(&c, true);
	assert_int_equal(a.status, 200);
	assert_non_null(strstr(a.head, "Content-Length: 3"));
	client_expect(&c, 200, "");
	client_close(&c);
}

static void test_answer_fields(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold"));
	front_respond(rig_held(&rig, 1),
		      &(struct front_answer){.status = 405, .allow = "POST", .retry_after_s = 7});
	struct client_answer a = client_read_as(&c, false);
	assert_int_equal(a.status, 405);
	assert_non_null(strstr(a.head, "\r\nAllow: POST\r\n"));
	assert_non_null(strstr(a.head, "\r\nRetry-After: 7\r\n"));
	assert_non_null(strstr(a.head, "\r\nContent-Length: 0\r\n"));
	assert_non_null(strstr(a.head, "\r\nDate: "));
	assert_null(strstr(a.head, "Content-Type"));
	assert_null(strstr(a.head, "Connection"));
	client_say(&c, GET("/hold"));
	front_respond(rig_held(&rig, 2), &(struct front_answer){.status = 204});
	a = client_read_as(&c, false);
	assert_null(strstr(a.head, "Content-Length"));
	client_say(&c, GET("/hold"));
	front_respond(rig_held(&rig, 3), &(struct front_answer){.status = 200, .close = true});
	a = client_read_as(&c, false);
	assert_non_null(strstr(a.head, "\r\nConnection: close\r\n"));
	client_expect_end(&c);
	client_close(&c);
}

static void test_closing_requests(void **state)
{
	(void)state;
	static const char *const requests[] = {
		"GET /echo HTTP/1.0\r\n\r\n",
		"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"GET /echo HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n" GET("/echo"),
	};
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct client c = client_open(&rig);
		client_say(&c, requests[i]);
		struct client_answer a = client_read_as(&c, false);
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(a.head, "\r\nConnection: close\r\n"));
		client_expect_end(&c);
		client_close(&c);
	}
}

/* A refusal is answered and the connection closed, whatever follows; nothing reaches the handler. */
static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{"<soapenv:Envelope/>", 400},
		{"GET / HTTP/1.1\nHost: gw\n\n", 400},
		{"PUT / HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n" GET("/echo"), 400},
		{"POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n" GET("/echo"),
		 413},
		{"POST / HTTP/1.1\r\nHost: gw\r\n\r\n<x/>", 411},
		{"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 1048577\r\n\r\n" GET("/echo"), 413},
		{"GET / HTTP/2.0\r\n\r\n", 505},
		{"POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: x\r\n\r\n" GET("/echo"), 501},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = client_open(&rig);
		client_say(&c, rows[i].text);
		struct client_answer a = client_read_as(&c, false);
		assert_int_equal(a.status, rows[i].status);
		assert_non_null(strstr(a.head, "\r\nConnection: close\r\n"));
		client_expect_end(&c);
		client_close(&c);
	}
	assert_int_equal(rig_count(&rig).requests, 0);
	assert_int_equal(rig_count(&rig).refused_requests, sizeof(rows) / sizeof(rows[0]));
	RIG_UNTIL(&rig, now.connections == 0 && now.memory == 0);
}

static void expect_refused_flood(const char *begin, const char *unit, int status)
{
	struct client c = client_open(&rig);
	struct buf all = BUF(2 << 20);
	buf_str(&all, begin);
	while (all.len < 1 << 20)
		buf_str(&all, unit);
	client_send(&c, buf_bytes(&all));
	client_expect(&c, status, "");
	client_expect_end(&c);
	buf_free(&all);
	client_close(&c);
	RIG_UNTIL(&rig, now.memory == 0);
}

/* A megabyte of each; the client writes all of it before it reads, and must still see the answer. */
static void test_floods(void **state)
{
	(void)state;
	expect_refused_flood("GET /", "a", 414);
	expect_refused_flood("GET / HTTP/1.1\r\nHost: gw\r\nX: ", "a", 431);
	expect_refused_flood("GET / HTTP/1.1\r\nHost: gw\r\n", "X: y\r\n", 431);
	expect_refused_flood("POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n5;", "a", 400);
}

/* Our side ends; theirs is read over until it ends too, so that no reset overtakes the answer. */
static void test_what_follows_a_refusal_is_read_over(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, "GET / HTTP/9.9\r\n");
	client_expect(&c, 505, "");
	client_expect_end(&c);
	assert_int_equal(rig_count(&rig).connections, 1);
	for (int i = 0; i < 1000; i++)
		client_say(&c, "still talking");
	shutdown(c.fd, SHUT_WR);
	RIG_UNTIL(&rig, now.connections == 0);
	assert_int_equal(rig_count(&rig).refused_requests, 1);
	client_close(&c);
}

static void test_incomplete_requests(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"GET / HTTP/1.1\r\nHo",
		"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 100\r\n\r\nshort",
		"POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = client_open(&rig);
		client_say(&c, rows[i]);
		shutdown(c.fd, SHUT_WR);
		client_expect(&c, 400, "");
		client_expect_end(&c);
		client_close(&c);
	}
	assert_int_equal(rig_count(&rig).requests, 0);
}

static void test_half_closed_client_gets_its_answer(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold") "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nend");
	shutdown(c.fd, SHUT_WR);
	front_respond(rig_held(&rig, 1), &(struct front_answer){.status = 200});
	client_expect(&c, 200, "");
	client_expect(&c, 200, "end");
	client_expect_end(&c);
	client_close(&c);
}

static void test_client_that_vanishes(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, "POST /hold HTTP/1.1\r\nHost: gw\r\nContent-Length: 4\r\n\r\nbody");
	struct front_request *held = rig_held(&rig, 1);
	struct linger reset = {.l_onoff = 1};
	setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(&c);
	RIG_UNTIL(&rig, now.connections == 0);
	assert_int_equal(rig_count(&rig).open_requests, 1);
	assert_true(bytes_is(held->body, "body"));
	assert_string_equal(held->peer, "127.0.0.1");
	front_respond(held, &(struct front_answer){.status = 200, .content_type = "a/b", .body = held->body});
	RIG_UNTIL(&rig, now.open_requests == 0 && now.memory == 0);
}

static void test_answer_after_the_stop(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold"));
	struct front_request *held = rig_held(&rig, 1);
	front_stop(&rig.front);
	client_expect_end(&c);
	assert_true(bytes_is(held->path, "/hold"));
	front_respond(held, &(struct front_answer){.status = 200});
	client_close(&c);
}

/* A round trip of another client, so that the event thread has done what it was given before. */
static void one_more_round(void)
{
	struct client c = client_open(&rig);
	client_say(&c, GET("/echo"));
	client_expect(&c, 200, "");
	client_close(&c);
}

static bool is_quiet(const struct client *c)
{
	struct pollfd fd = {.fd = c->fd, .events = POLLIN};
	return poll(&fd, 1, 0) == 0;
}

static void test_abandoned_and_closed(void **state)
{
	(void)state;
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold") GET("/echo"));
	front_abandon(rig_held(&rig, 1), FRONT_CLOSE);
	client_expect_end(&c);
	client_close(&c);
	RIG_UNTIL(&rig, now.connections == 0 && now.memory == 0 && now.open_requests == 0);
	assert_int_equal(rig_count(&rig).requests, 1);
}

static void test_abandoned_and_held(void **state)
{
	static const struct {
		enum front_silence how;
		const char *comes;
	} rows[] = {{FRONT_HOLD, ""},
		    {FRONT_HOLD_HEAD, "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 4096\r\n\r\n"}};
	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct client c = client_open(&rig);
		client_say(&c, GET("/hold"));
		front_abandon(rig_held(&rig, row + 1), rows[row].how);
		while (c.in.len < strlen(rows[row].comes))
			assert_true(client_more(&c));
		assert_string_equal(buf_cstr(&c.in), rows[row].comes);
		client_say(&c, GET("/echo")); /* nobody reads it */
		one_more_round();
		assert_true(is_quiet(&c));
		RIG_UNTIL(&rig, now.connections == 1 && now.memory == 0 && now.open_requests == 0);
		client_close(&c);
		RIG_UNTIL(&rig, now.connections == 0);
	}
}

static void test_a_held_connection_ends_with_the_idle_time(void **state)
{
	(void)state;
	rig_end(&rig);
	rig_init(&rig);
	rig.options.idle_ms = 1000; /* enough to send a request on a fresh connection */
	rig_start(&rig);
	struct client c = client_open(&rig);
	client_say(&c, GET("/hold"));
	front_abandon(rig_held(&rig, 1), FRONT_HOLD);
	client_expect_end(&c);
	assert_int_equal(rig_count(&rig).open_requests, 0);
	client_close(&c);
}

static void *drain(void *open)
{
	*(size_t *)open = front_drain(rig.front, RIG_PATIENCE_MS);
	return NULL;
}

static void test_drain(void **state)
{
	(void)state;
	struct client idle = client_open(&rig), busy = client_open(&rig);
	client_say(&idle, GET("/echo"));
	client_expect(&idle, 200, "");
	client_say(&busy, GET("/hold"));
	struct front_request *held = rig_held(&rig, 1);
	assert_int_equal(front_drain(rig.front, 0), 1);
	client_expect_end(&idle);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)front_port(rig.front, 0)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
	close(fd);
	pthread_t thread;
	size_t open = 99;
	assert_int_equal(pthread_create(&thread, NULL, drain, &open), 0);
	front_respond(held, &(struct front_answer){.status = 200});
	pthread_join(thread, NULL);
	assert_int_equal(open, 0);
	struct client_answer a = client_read_as(&busy, false);
	assert_non_null(strstr(a.head, "\r\nConnection: close\r\n"));
	client_expect_end(&busy);
	client_close(&idle);
	client_close(&busy);
}

/* Only the answer ends a connection: who speaks, old or new, is answered and told to come to another. */
static void test_leave(void **state)
{
	(void)state;
	struct client old = client_open(&rig), silent = client_open(&rig);
	client_say(&old, GET("/echo"));
	client_expect(&old, 200, "");
	client_say(&silent, GET("/echo"));
	client_expect(&silent, 200, "");
	front_leave(rig.front);
	struct client fresh = client_open(&rig), *speakers[] = {&old, &fresh};
	for (size_t i = 0; i < sizeof(speakers) / sizeof(speakers[0]); i++) {
		client_say(speakers[i], GET("/echo"));
		struct client_answer a = client_read_as(speakers[i], false);
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(a.head, "\r\nConnection: close\r\n"));
		client_expect_end(speakers[i]);
		buf_free(&a.body);
		client_close(speakers[i]);
	}
	assert_int_equal(recv(silent.fd, (char[1]){0}, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(front_drain(rig.front, RIG_PATIENCE_MS), 0);
	client_expect_end(&silent);
	client_close(&silent);
}

static void *client_thread(void *failed)
{
	struct client c = client_open(&rig);
	for (int i = 0; i < 50; i++) {
		client_say(&c, "POST /echo HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n\r\nhi");
		client_expect(&c, 200, "hi");
		client_say(&c, GET("/say"));
		client_expect(&c, 200, NULL);
	}
	client_close(&c);
	*(bool *)failed = false;
	return NULL;
}

static void test_many_clients(void **state)
{
	(void)state;
	pthread_t threads[8];
	bool failed[8];
	for (int i = 0; i < 8; i++) {
		failed[i] = true;
		assert_int_equal(pthread_create(&threads[i], NULL, client_thread, &failed[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_false(failed[i]);
	}
	assert_int_equal(rig_count(&rig).requests, 800);
}

static void test_start_that_fails(void **state)
{
	(void)state;
	struct front_listener_options taken = rig.options;
	taken.port = front_port(rig.front, 0);
	struct front_settings settings = {.listeners = &taken, .listener_count = 1, .handler = rig_handle};
	struct front *f = NULL;
	struct err e = {0};
	assert_false(front_start(&settings, &f, &e).ok);
	assert_null(f);
	assert_int_equal(e.reason, REASON_IO);
	assert_non_null(strstr(e.detail, "127.0.0.1"));
	taken.host = "192.0.2.1"; /* documentation only, on no machine */
	assert_false(front_start(&settings, &f, &e).ok);
	assert_non_null(strstr(e.detail, "192.0.2.1"));
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_parts_reach_the_handler),
		ROW(test_keep_alive),
		ROW(test_pipeline_in_one_segment),
		ROW(test_pipeline_behind_a_held_request),
		ROW(test_refusal_behind_a_held_request),
		ROW(test_octet_by_octet),
		ROW(test_large_body),
		ROW(test_bodies_one_behind_the_other),
		ROW(test_an_answer_handed_over),
		ROW(test_continue),
		ROW(test_head_method),
		ROW(test_answer_fields),
		ROW(test_closing_requests),
		ROW(test_refusals),
		ROW(test_floods),
		ROW(test_what_follows_a_refusal_is_read_over),
		ROW(test_incomplete_requests),
		ROW(test_half_closed_client_gets_its_answer),
		ROW(test_client_that_vanishes),
		ROW(test_answer_after_the_stop),
		ROW(test_abandoned_and_closed),
		ROW(test_abandoned_and_held),
		ROW(test_a_held_connection_ends_with_the_idle_time),
		ROW(test_leave),
		ROW(test_drain),
		ROW(test_many_clients),
		ROW(test_start_that_fails),
	};
	return cmocka_run_group_tests_name("front: server", tests, NULL, NULL);
}
