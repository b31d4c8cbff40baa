/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_wire - what happens to connections between calls and under long requests and answers; addresses, heads, deadlines. */
#include "provider.h"

#include "egress/egress_int.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define LONG (8u << 20)
#define FRONT 5000u

static enum egress_kind go(struct egress *e, struct trip *t)
{
	trip_go(e, t);
	return t->result.kind;
}

static void wait_for(atomic_bool *said)
{
	while (!atomic_load(said))
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

/* Answers, ends the connection without a word about it, and says so. */
static void serve_once_and_close(struct provider_connection *c)
{
	if (!provider_hear(c))
		return;
	provider_say(c, OK);
	shutdown(c->fd, SHUT_RDWR);
	atomic_store(&c->of->open_gate, true);
}

static void serve_ok_and_more(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, OK "HTTP/1.1 200 OK\r\n");
}

static void serve_ok_that_closes(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
}

static void serve_ok_of_1_0(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok");
}

static void connections_are_kept_when_both_sides_mean_it(void **state)
{
	static const struct {
		void (*serve)(struct provider_connection *);
		int connections;
	} rows[] = {{serve_once_and_close, 3}, {serve_ok_and_more, 3}, {serve_ok_that_closes, 3}, {serve_ok_of_1_0, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct egress *e = egress_start();
		struct provider *p = provider_start(rows[i].serve, NULL);
		struct trip t;

		for (int n = 0; n < 3; n++) {
			trip_prepare(&t, "http", p->port);
			assert_int_equal(go(e, &t), EGRESS_ANSWERED);
			assert_true(bytes_is(buf_bytes(&t.result.body), "ok"));
			trip_drop(&t);
			if (rows[i].serve == serve_once_and_close)
				wait_for(&p->open_gate);
			atomic_store(&p->open_gate, false);
		}
		egress_stop(&e);
		provider_stop(p);
		assert_int_equal(atomic_load(&p->connections), rows[i].connections);
		assert_int_equal(atomic_load(&p->requests), 3);
		free(p);
	}
}

/* Reads the head and `body` octets of it; false when the connection ended before. */
static bool swallow(struct provider_connection *c, size_t body)
{
	static const char end[] = "\r\n\r\n";
	unsigned char octets[65536];
	size_t of_end = 0, got = 0;

	while (got < body || of_end < 4) {
		ssize_t n = recv(c->fd, octets, sizeof octets, 0), i = 0;

		if (n <= 0)
			return false;
		for (; of_end < 4 && i < n; i++)
			of_end = octets[i] == (unsigned char)end[of_end] ? of_end + 1 : octets[i] == '\r';
		for (; i < n; i++, got++)
			if (octets[i] != (unsigned char)(got % 251))
				return false;
	}
	atomic_fetch_add(&c->of->requests, 1);
	return got == body;
}

/* Gives back as much as it got. */
static void serve_long(struct provider_connection *c)
{
	struct buf answer = BUF(2 * LONG);

	buf_printf(&answer, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", LONG);
	for (size_t i = 0; i < LONG; i++)
		buf_char(&answer, (char)(i % 251));
	while (swallow(c, LONG))
		for (size_t at = 0; at < answer.len;) {
			ssize_t n = send(c->fd, answer.data + at, answer.len - at, MSG_NOSIGNAL);

			if (n <= 0)
				break;
			at += (size_t)n;
		}
	buf_free(&answer);
}

/* Answers before it has read anything, and never reads. */
static void serve_answer_first(struct provider_connection *c)
{
	provider_say(c, "HTTP/1.1 413 Too much\r\nContent-Length: 2\r\n\r\nok");
	provider_wait(c);
}

static struct buf long_body(void)
{
	struct buf body = BUF(LONG);

	for (size_t i = 0; i < LONG; i++)
		buf_char(&body, (char)(i % 251));
	return body;
}

/* Sends a long body twice, whole and in two parts; the provider is the caller's to count and free. */
static struct provider *send_long_twice(
	void (*serve)(struct provider_connection *c), void (*judge)(const struct trip *t, struct bytes body))
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve, NULL);
	struct buf body = long_body();
	struct trip t;

	for (int i = 0; i < 2; i++) {
		trip_prepare(&t, "http", p->port);
		t.call.front = bytes_sub(buf_bytes(&body), 0, i > 0 ? FRONT : 0);
		t.call.body = bytes_sub(buf_bytes(&body), i > 0 ? FRONT : 0, LONG);
		t.call.answer_bytes = LONG;
		assert_int_equal(go(e, &t), EGRESS_ANSWERED);
		judge(&t, buf_bytes(&body));
		trip_drop(&t);
	}
	egress_stop(&e);
	provider_stop(p);
	buf_free(&body);
	return p;
}

static void is_echo(const struct trip *t, struct bytes body)
{
	assert_true(bytes_eq(buf_bytes(&t->result.body), body));
}

static void is_refusal(const struct trip *t, struct bytes body)
{
	(void)body;
	assert_int_equal(t->result.status, 413);
}

static void long_requests_and_answers_pass_whole(void **state)
{
	struct provider *p = send_long_twice(serve_long, is_echo);

	(void)state;
	assert_int_equal(atomic_load(&p->connections), 1);
	assert_int_equal(atomic_load(&p->requests), 2);
	free(p);
}

static void an_answer_before_the_request_is_whole_ends_both(void **state)
{
	struct provider *p = send_long_twice(serve_answer_first, is_refusal);

	(void)state;
	assert_int_equal(atomic_load(&p->connections), 2);
	free(p);
}

static void serve_ok(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, OK);
}

/* The same place by two names is two origins; two paths of it are one. */
static void calls_share_connections_of_their_origin_alone(void **state)
{
	static const struct {
		const char *host, *path;
	} places[] = {{"127.0.0.1", "/a"}, {"127.0.0.1", "/b?c"}, {"localhost", "/a"}, {"LocalHost", ""}};
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_ok, NULL);
	struct trip t;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		trip_prepare(&t, "http", p->port);
		snprintf(t.url, sizeof t.url, "http://%s:%d%s", places[i % 4].host, p->port, places[i % 4].path);
		assert_int_equal(go(e, &t), EGRESS_ANSWERED);
		trip_drop(&t);
	}
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->connections), 2);
	free(p);
}

static void serve_ok_after_the_gate(struct provider_connection *c)
{
	while (provider_hear(c)) {
		provider_wait(c);
		provider_say(c, OK);
	}
}

/* Reads anew while a call is on its way: its connection, which was made before, carries no other. */
static void a_reload_ends_connections_with_the_call_that_is_on_them(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_ok_after_the_gate, NULL);
	struct trip trips[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		trip_prepare(&trips[i], "http", p->port);
	trips[1].call.fresh_connection = true;
	for (int i = 0; i < 2; i++) { /* when the second has arrived, the certificates have been forgotten before */
		egress_submit(e, &trips[i].call);
		while (atomic_load(&p->requests) <= i)
			nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
		egress_reload_tls(e);
	}
	atomic_store(&p->open_gate, true);
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			egress_submit(e, &trips[i].call);
		trip_wait(&trips[i]);
		assert_int_equal(trips[i].result.kind, EGRESS_ANSWERED);
		trip_drop(&trips[i]);
	}
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->connections), 3);
	free(p);
}

static const struct head_row {
	const char *url;
	bool get;
	const char *type, *accept, *authorization, *body, *head; /* NULL: none, the call is refused */
} heads[] = {
	{"http://a.test/x", false, NULL, NULL, NULL, "abc",
		"POST /x HTTP/1.1\r\nHost: a.test\r\nUser-Agent: qaqpa\r\nAccept: */*\r\n"
		"Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"\"\r\nContent-Length: 3\r\n\r\n"},
	{"https://a.test:443", false, "a/b", "c/d", "Bearer e", "0123456789",
		"POST / HTTP/1.1\r\nHost: a.test\r\nUser-Agent: qaqpa\r\n"
		"Accept: c/d\r\nContent-Type: a/b\r\nAuthorization: Bearer e\r\nContent-Length: 10\r\n\r\n"},
	{"http://[::1]:8080?q=1", true, NULL, NULL, NULL, "", "GET /?q=1 HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: qaqpa\r\n"
		"Accept: */*\r\n\r\n"},
	{"https://a.test:80/", false, NULL, NULL, NULL, "",
		"POST / HTTP/1.1\r\nHost: a.test:80\r\nUser-Agent: qaqpa\r\nAccept: */*\r\n"
		"Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"\"\r\nContent-Length: 0\r\n\r\n"},
	{"http://a.test/", true, NULL, "a\r\nB: c", NULL, "", NULL},
	{"http://a.test/x y", true, NULL, NULL, NULL, "", NULL},
	{"http://a.test/\r\nB: c", true, NULL, NULL, NULL, "", NULL},
	{"http://user@a.test/", true, NULL, NULL, NULL, "", NULL},
	{"ftp://a.test/", true, NULL, NULL, NULL, "", NULL},
	{"a.test/x", true, NULL, NULL, NULL, "", NULL},
	{"http://", true, NULL, NULL, NULL, "", NULL},
};

static void heads_of_requests(void **state)
{
	struct egress_targets *targets = egress_targets_new();

	(void)state;
	for (size_t i = 0; i < 2 * sizeof heads / sizeof *heads; i++) { /* a second time as they are remembered */
		const struct head_row *r = &heads[i % (sizeof heads / sizeof *heads)];
		struct egress_call call = {.url = r->url, .get = r->get, .content_type = r->type, .accept = r->accept,
			.authorization = r->authorization, .body = bytes_str(r->body)};
		const char *why;
		const struct egress_target *t = egress_target_of(targets, &call, &why);
		SCOPED(buf_free) struct buf head = BUF(10000);
		bool made = t && egress_request_head(t, &call, &head);

		if (made != (r->head != NULL) || (made && !bytes_is(buf_bytes(&head), r->head)))
			fail_msg("%s: %s", r->url, made ? buf_cstr(&head) : "refused");
		assert_true(t || why);
	}
	egress_targets_free(targets);
}

/* More addresses than are remembered, so that many stand in one place one after the other. */
static void an_address_is_never_taken_for_another(void **state)
{
	struct egress_targets *targets = egress_targets_new();

	(void)state;
	for (int i = 0; i < 2000; i++) {
		SCOPED(buf_free) struct buf url = BUF(100), line = BUF(100);
		struct egress_call call = {.url = NULL};
		const struct egress_target *t;
		const char *why;

		buf_printf(&url, "http://a.test/%d", i % 1000);
		buf_printf(&line, " /%d HTTP/1.1\r\nHost: a.test\r\nUser-Agent: qaqpa\r\n", i % 1000);
		call.url = buf_cstr(&url);
		t = egress_target_of(targets, &call, &why);
		assert_non_null(t);
		assert_true(bytes_eq(buf_bytes(&t->line), buf_bytes(&line)));
	}
	egress_targets_free(targets);
}

static void files_of_TLS_belong_to_the_origin_of_https(void **state)
{
	static const struct egress_call calls[] = {{.url = "https://a.test/1", .tls_ca = "a"},
		{.url = "https://A.test:443/2", .tls_ca = "a"},
		{.url = "https://a.test/1", .tls_ca = "b"}, {.url = "https://a.test/1"}, {.url = "https://a.test:444/1",
		.tls_ca = "a"}, {.url = "https://a.test/1", .tls_ca = "a", .tls_certificate = "c", .tls_key = "k"},
		{.url = "https://a.test/1", .tls_certificate = "a"}, {.url = "https://b.test/1", .tls_ca = "a"},
		{.url = "http://a.test:443/1", .tls_ca = "a"}};
	struct egress_targets *targets = egress_targets_new();
	SCOPED(buf_free) struct buf first = BUF(10000);
	const char *why;

	(void)state;
	buf_add(&first, buf_bytes(&egress_target_of(targets, &calls[0], &why)->origin));
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		assert_int_equal(bytes_eq(buf_bytes(&egress_target_of(targets, &calls[i], &why)->origin), buf_bytes(&first)), i < 2);
	egress_targets_free(targets);
}

#define FLIGHTS 500

static void the_earliest_deadline_is_known_whatever_is_taken_away(void **state)
{
	struct egress_flight *f = calloc(FLIGHTS, sizeof *f);
	struct egress_deadlines d = {.n = 0};
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < FLIGHTS; i++) {
		seed = seed * 1664525 + 1013904223;
		f[i].deadline_ms = seed >> 8;
		assert_true(egress_deadline_add(&d, &f[i]));
	}
	for (int i = 0; i < FLIGHTS; i += 3) /* any of them, not the first alone */
		egress_deadline_remove(&d, &f[i]);
	for (int64_t last = -1; d.n > 0;) {
		struct egress_flight *next = d.heap[0];

		assert_true(next->deadline_ms >= last && (next - f) % 3 != 0);
		last = next->deadline_ms;
		egress_deadline_remove(&d, next);
	}
	free(d.heap);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_kept_when_both_sides_mean_it),
		cmocka_unit_test(long_requests_and_answers_pass_whole),
		cmocka_unit_test(an_answer_before_the_request_is_whole_ends_both),
		cmocka_unit_test(calls_share_connections_of_their_origin_alone),
		cmocka_unit_test(a_reload_ends_connections_with_the_call_that_is_on_them),
		cmocka_unit_test(heads_of_requests),
		cmocka_unit_test(an_address_is_never_taken_for_another),
		cmocka_unit_test(files_of_TLS_belong_to_the_origin_of_https),
		cmocka_unit_test(the_earliest_deadline_is_known_whatever_is_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
