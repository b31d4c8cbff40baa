/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_outcomes - what a provider does, and what the caller learns of it. */
#include "provider.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"

static void serve_text(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, c->of->ctx);
}

static void serve_text_and_close(struct provider_connection *c)
{
	if (provider_hear(c))
		provider_say(c, c->of->ctx);
}

static void serve_nothing(struct provider_connection *c)
{
	if (provider_hear(c))
		provider_wait(c);
}

static void serve_no_reading(struct provider_connection *c)
{
	provider_wait(c);
}

static void serve_endless_head(struct provider_connection *c)
{
	if (!provider_hear(c))
		return;
	provider_say(c, OK);
	for (int i = 0; i < 5000; i++)
		provider_say(c, "X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
	provider_wait(c);
}

static const struct row {
	const char *name;
	void (*serve)(struct provider_connection *c);
	const char *text;
	int deadline_ms;
	size_t limit;
	enum egress_kind kind;
	bool sent;
	int status;
	const char *type, *body;
} rows[] = {
	{"an answer is given back whole", serve_text, OK "Content-Length: 8\r\n\r\n<b>2</b>", 20000, 100,
		EGRESS_ANSWERED, true, 200, "text/xml", "<b>2</b>"},
	{"an answer may come in chunks", serve_text,
		OK "Transfer-Encoding: chunked\r\n\r\n4\r\n<b>2\r\n4\r\n</b>\r\n0\r\n\r\n", 20000, 100,
		EGRESS_ANSWERED, true, 200, "text/xml", "<b>2</b>"},
	{"an answer may end with the connection", serve_text_and_close, OK "\r\n<b>2</b>", 20000, 100,
		EGRESS_ANSWERED, true, 200, "text/xml", "<b>2</b>"},
	{"an answer of exactly the limit is taken", serve_text, OK "Content-Length: 8\r\n\r\n<b>2</b>", 20000,
		8, EGRESS_ANSWERED, true, 200, "text/xml", "<b>2</b>"},
	{"status 500 is an answer with its body", serve_text,
		"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/xml\r\nContent-Length: "
		"5\r\n\r\nfault",
		20000, 100, EGRESS_ANSWERED, true, 500, "text/xml", "fault"},
	{"an HTML page is an answer", serve_text,
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", 20000, 100,
		EGRESS_ANSWERED, true, 200, "text/html", "<html>"},
	{"an empty 200 without type is an answer", serve_text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		20000, 100, EGRESS_ANSWERED, true, 200, "", ""},
	{"a redirect is not followed", serve_text,
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 20000,
		100, EGRESS_ANSWERED, true, 302, "", ""},
	{"an interim answer comes before the real one", serve_text,
		"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", 20000, 100, EGRESS_ANSWERED,
		true, 200, "text/xml", "x"},
	{"a connection closed before the answer is broken", serve_text_and_close, "", 20000, 100,
		EGRESS_BROKEN, true, 0, "", NULL},
	{"a connection closed within the head is broken", serve_text_and_close, "HTTP/1.1 200 OK\r\nContent-",
		20000, 100, EGRESS_BROKEN, true, 0, "", NULL},
	{"a connection closed within the body is broken", serve_text_and_close,
		OK "Content-Length: 9\r\n\r\n<b>", 20000, 100, EGRESS_BROKEN, true, 0, "", NULL},
	{"chunks without end are broken", serve_text_and_close,
		OK "Transfer-Encoding: chunked\r\n\r\n4\r\n<b>2\r\n", 20000, 100, EGRESS_BROKEN, true, 0, "",
		NULL},
	{"something that is no HTTP is broken", serve_text_and_close, "220 mail.example ESMTP\r\n", 20000,
		100, EGRESS_BROKEN, true, 0, "", NULL},
	{"no answer ends at the deadline", serve_nothing, "", 1000, 100, EGRESS_DEADLINE, true, 0, "", NULL},
	{"an answer that stops in the middle ends at the deadline", serve_text,
		OK "Content-Length: 9\r\n\r\n<b>", 1000, 100, EGRESS_DEADLINE, true, 0, "", NULL},
	{"an announced answer beyond the limit is too large", serve_text,
		OK "Content-Length: 9\r\n\r\n<b>22</b>", 20000, 8, EGRESS_TOO_LARGE, true, 0, "", NULL},
	{"a chunked answer beyond the limit is too large", serve_text,
		OK "Transfer-Encoding: chunked\r\n\r\n9\r\n<b>22</b>\r\n0\r\n\r\n", 20000, 8,
		EGRESS_TOO_LARGE, true, 0, "", NULL},
	{"a head without end is too large", serve_endless_head, "", 20000, 100, EGRESS_TOO_LARGE, true, 0, "",
		NULL},
};

static bool row_holds(struct egress *e, const struct row *row)
{
	union {
		const char *fixed;
		void *ctx;
	} text = {row->text};
	struct provider *p = provider_start(row->serve, text.ctx);
	struct trip t;
	bool right;

	trip_prepare(&t, "http", p->port);
	t.call.deadline_ms = row->deadline_ms;
	t.call.answer_bytes = row->limit;
	trip_go(e, &t);
	provider_stop(p);
	right = t.result.kind == row->kind && t.result.sent == row->sent && t.result.status == row->status &&
		strcmp(t.type, row->type) == 0 &&
		(row->body ? bytes_is(buf_bytes(&t.result.body), row->body) : t.result.body.len == 0) &&
		(row->kind == EGRESS_ANSWERED) == (t.result.detail[0] == '\0') &&
		atomic_load(&p->requests) == 1;
	if (!right)
		print_message(
			"%s: kind %d, sent %d, status %d, type '%s', %zu octets, detail '%s', %d requests\n",
			row->name, (int)t.result.kind, t.result.sent, t.result.status, t.type,
			t.result.body.len, t.result.detail, atomic_load(&p->requests));
	trip_drop(&t);
	free(p);
	return right;
}

static void each_behaviour_has_its_outcome(void **state)
{
	struct egress *e = egress_start();
	size_t wrong = 0;

	(void)state;
	assert_non_null(e);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		wrong += !row_holds(e, &rows[i]);
	assert_int_equal(egress_in_flight(e), 0);
	egress_stop(&e);
	assert_null(e);
	assert_int_equal(wrong, 0);
}

static void the_request_is_what_the_bus_expects(void **state)
{
	static const char *const parts[] = {"POST /sync HTTP/1.1\r\n",
		"\r\nContent-Type: text/xml; charset=utf-8\r\n", "\r\nSOAPAction: \"\"\r\n",
		"\r\nContent-Length: 8\r\n", "\r\n\r\n<a>1</a>"};
	struct egress *e = egress_start();
	char text[] = OK "Content-Length: 0\r\n\r\n";
	struct provider *p = provider_start(serve_text, text);
	struct trip t;

	(void)state;
	/* A proxy named in the environment would make the call end elsewhere. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	trip_prepare(&t, "http", p->port);
	trip_go(e, &t);
	unsetenv("http_proxy");
	assert_int_equal(t.result.kind, EGRESS_ANSWERED);
	assert_true(t.result.total_us >= t.result.connect_us && t.result.connect_us > 0);
	egress_stop(&e);
	provider_stop(p);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		assert_non_null(strstr(p->last, parts[i]));
	assert_null(strstr(p->last, "Expect"));
	trip_drop(&t);
	free(p);
}

/* One call as `t` says; true when the head and body that came hold all of `parts` and none of `absent`. */
static bool request_holds(struct egress *e, bool get, const char *type, const char *accept, const char *const *parts,
	const char *const *absent)
{
	char text[] = OK "Content-Length: 0\r\n\r\n";
	struct provider *p = provider_start(serve_text, text);
	struct trip t;
	bool right;

	trip_prepare(&t, "http", p->port);
	t.call.get = get;
	t.call.content_type = type;
	t.call.accept = accept;
	if (get)
		t.call.body = BYTES_NONE;
	trip_go(e, &t);
	provider_stop(p);
	right = t.result.kind == EGRESS_ANSWERED && t.result.status == 200;
	for (; *parts; parts++)
		right &= strstr(p->last, *parts) != NULL;
	for (; *absent; absent++)
		right &= strstr(p->last, *absent) == NULL;
	if (!right)
		print_message("kind %d, request:\n%s\n", (int)t.result.kind, p->last);
	trip_drop(&t);
	free(p);
	return right;
}

static void a_call_may_say_method_and_types(void **state)
{
	static const char *const ocsp[] = {"POST /sync HTTP/1.1\r\n", "\r\nContent-Type: application/ocsp-request\r\n",
		"\r\nAccept: application/ocsp-response\r\n", "\r\nContent-Length: 8\r\n", "\r\n\r\n<a>1</a>", NULL};
	static const char *const crl[] = {"GET /sync HTTP/1.1\r\n", "\r\nAccept: application/pkix-crl\r\n", NULL};
	static const char *const soap[] = {"POST /sync HTTP/1.1\r\n", "\r\nContent-Type: text/xml; charset=utf-8\r\n",
		"\r\nSOAPAction: \"\"\r\n", "\r\nAccept: text/xml\r\n", "\r\n\r\n<a>1</a>", NULL};
	static const char *const no_soap[] = {"text/xml", "SOAPAction", "Expect", NULL};
	static const char *const no_body[] = {"Content-", "SOAPAction", "Expect", NULL};
	static const char *const nothing[] = {"Expect", "Accept: */*", NULL};
	struct egress *e = egress_start();

	(void)state;
	assert_non_null(e);
	assert_true(request_holds(
		e, false, "application/ocsp-request", "application/ocsp-response", ocsp, no_soap));
	assert_true(request_holds(e, true, NULL, "application/pkix-crl", crl, no_body)); /* on the same handle */
	assert_true(request_holds(e, false, NULL, "text/xml", soap, nothing));
	egress_stop(&e);
}

static void words_too_long_for_a_head_are_not_sent(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_text, NULL);
	char words[1000];
	struct trip t;

	(void)state;
	memset(words, 'a', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	trip_prepare(&t, "http", p->port);
	t.call.accept = words;
	trip_go(e, &t);
	assert_int_equal(t.result.kind, EGRESS_NOT_SENT);
	assert_int_equal(atomic_load(&p->connections), 0);
	trip_drop(&t);
	egress_stop(&e);
	provider_stop(p);
	free(p);
}

static void a_refused_connection_sends_nothing(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_text, NULL);
	struct trip t;

	(void)state;
	provider_stop(p); /* nobody listens there any more */
	trip_prepare(&t, "http", p->port);
	trip_go(e, &t);
	assert_int_equal(t.result.kind, EGRESS_NOT_SENT);
	assert_false(t.result.sent);
	assert_true(t.result.detail[0] != '\0');
	trip_drop(&t);
	trip_prepare(&t, "http", 1);
	t.call.url = "file:///etc/hostname";
	trip_go(e, &t);
	assert_int_equal(t.result.kind, EGRESS_NOT_SENT);
	trip_drop(&t);
	egress_stop(&e);
	free(p);
}

static void a_deadline_during_the_handshake_is_not_sent(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_no_reading, NULL);
	struct trip t;

	(void)state;
	trip_prepare(&t, "https", p->port);
	t.call.deadline_ms = 100;
	trip_go(e, &t);
	assert_int_equal(t.result.kind, EGRESS_DEADLINE);
	assert_false(t.result.sent);
	trip_drop(&t);
	egress_stop(&e);
	provider_stop(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_behaviour_has_its_outcome),
		cmocka_unit_test(the_request_is_what_the_bus_expects),
		cmocka_unit_test(a_call_may_say_method_and_types),
		cmocka_unit_test(words_too_long_for_a_head_are_not_sent),
		cmocka_unit_test(a_refused_connection_sends_nothing),
		cmocka_unit_test(a_deadline_during_the_handshake_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
