/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated system serves like a real one, and a peer believes nothing that is not signed by whom it
 * pinned. */
#include "sim_bench.h"

#include <libxml/tree.h>
#include <pthread.h>
#include <unistd.h>

#define ECHO_NS "urn:test:echo"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held by a test: the service "wait" waits */

/* Answers with what it found: the root's name, how many octets, the style is the test's business. */
static outcome handle_echo(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	(void)sim, (void)e;
	out->code = "SCSS001";
	out->message = "done";
	out->data =
		pool_printf(in->pool, "<e:Seen xmlns:e=\"" ECHO_NS "\"><root>%s</root><octets>%zu</octets></e:Seen>",
			in->payload ? node_local(in->payload) : "nothing", in->payload_text.n);
	return DONE;
}

static outcome handle_failure(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	(void)sim, (void)in, (void)out;
	return err_set(e, REASON_JOURNAL_DOWN, "the handler failed, cut in the middle: \xd0");
}

static outcome handle_long_message(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(4096);

	(void)sim, (void)e;
	for (int i = 0; i < 300; i++)
		buf_str(&text, "ә");
	out->code = "SCSE001";
	out->message = pool_copy(in->pool, buf_bytes(&text));
	return DONE;
}

static outcome handle_wait(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	(void)sim, (void)in, (void)e;
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	out->code = "SCSS001";
	out->message = "waited";
	return DONE;
}

/* Sends a request of its own and answers with what came back. */
static outcome handle_relay(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	struct sim_answer answer;

	TRY(sim_send(sim, in->pool, "ECHO", NULL, "<relayed/>", 10000, &answer, e));
	out->code = "SCSS001";
	out->message = node_local(answer.payload);
	return DONE;
}

static const struct sim_service services[] = {
	{"ECHO", handle_echo}, {"FAIL", handle_failure}, {"LONG", handle_long_message}, {"WAIT", handle_wait},
	{"RELAY", handle_relay}, {NULL, NULL},
};
static const struct sim_system echo_system = {.name = "echo", .summary = "test", .services = services};

struct two { /* a system, a caller, and a second system that asks the first */
	struct sim *sim, *asking;
	struct peer *peer, *to_asking;
	struct pool *pool;
};

static struct sim_options options_of(const char *certificate, const char *key, const char *peer)
{
	return (struct sim_options){.host = "127.0.0.1", .path = "/sync", .certificate = certificate, .key = key,
		.peer_certificate = peer, .threads = 4};
}

static struct peer *open_peer(const char *url, const char *certificate, const char *key, const char *pinned)
{
	const struct peer_options o = {.certificate = certificate,
		.key = key,
		.peer_certificate = pinned,
		.url = url,
		.sender_id = "caller_is"};
	struct peer *p = NULL;
	struct err e = {0};

	must(peer_open(&o, &p, &e), &e);
	return p;
}

static const char *url_of(struct pool *pool, const struct sim *s)
{
	return pool_printf(pool, "http://127.0.0.1:%d/sync", sim_port(s));
}

static int begin(void **state)
{
	struct sim_options first = options_of(PKI "/permits.crt", PKI "/permits.key", PKI "/gateway.crt");
	struct sim_options second = options_of(PKI "/gateway.crt", PKI "/gateway.key", PKI "/permits.crt");
	struct two *t = calloc(1, sizeof *t);
	struct err e = {0};

	t->pool = pool_new(MUCH);
	must(sim_start(&echo_system, &first, &t->sim, &e), &e);
	t->peer = open_peer(url_of(t->pool, t->sim), PKI "/gateway.crt", PKI "/gateway.key", PKI "/permits.crt");
	second.gateway_url = url_of(t->pool, t->sim);
	second.sender_id = "asking_is";
	must(sim_start(&echo_system, &second, &t->asking, &e), &e);
	t->to_asking =
		open_peer(url_of(t->pool, t->asking), PKI "/permits.crt", PKI "/permits.key", PKI "/gateway.crt");
	*state = t;
	return 0;
}

static int end(void **state)
{
	struct two *t = *state;

	peer_free(&t->peer);
	peer_free(&t->to_asking);
	sim_stop(&t->asking);
	sim_stop(&t->sim);
	pool_free(&t->pool);
	free(t);
	return 0;
}

static const char *seen(struct two *t, const struct sim_answer *a, const char *field)
{
	struct bytes text = BYTES_NONE;

	assert_non_null(a->payload);
	for (const xmlNode *c = a->payload->children; c; c = c->next) {
		if (strcmp(node_local(c), field) == 0)
			assert_true(node_text(t->pool, c, &text));
	}
	return pool_copy(t->pool, text);
}

static void every_style_of_data_is_found(void **state)
{
	static const struct {
		const char *name, *attributes, *data, *root, *octets;
	} rows[] = {
		{"a child root", NULL, "<p:R xmlns:p=\"urn:p\"><a>1</a></p:R>", "R", "35"},
		{"a child root among white space", NULL, "\n <R/> \n", "R", "4"},
		{"a string",
			" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"" NS_XSI "\" xsi:type=\"xs:string\"",
			"&lt;R&gt;1&lt;/R&gt;", "R", "8"},
		{"a string without a type", NULL, "&lt;R/&gt;", "R", "4"},
		{"CDATA", NULL, "<![CDATA[<R>1</R>]]>", "R", "8"},
		{"typed", " xmlns:t=\"urn:t\" xmlns:xsi=\"" NS_XSI "\" xsi:type=\"t:Some\"", "<a>1</a>", "data",
			NULL},
		{"typed with two children", " xmlns:t=\"urn:t\" xmlns:xsi=\"" NS_XSI "\" xsi:type=\"t:Some\"",
			"<a/><b/>", "data", NULL},
		{"no data", NULL, NULL, "nothing", "0"},
		{"white space", NULL, " \n", "nothing", "0"},
	};
	struct two *t = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim_answer a;
		struct err e = {0};

		print_message("%s\n", rows[i].name);
		must(peer_send(t->peer, t->pool, "ECHO", rows[i].attributes, rows[i].data, NULL, 10000, &a, &e), &e);
		assert_false(a.fault);
		assert_int_equal(a.http_status, 200);
		assert_true(bytes_is(a.response.status_code, "SCSS001"));
		assert_string_equal(seen(t, &a, "root"), rows[i].root);
		if (rows[i].octets)
			assert_string_equal(seen(t, &a, "octets"), rows[i].octets);
	}
}

static void text_that_is_no_document_is_refused(void **state)
{
	struct two *t = *state;
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(t->peer, t->pool, "ECHO", NULL, "&lt;!DOCTYPE a&gt;&lt;a/&gt;", NULL, 10000, &a, &e), &e);
	assert_true(a.fault && a.verified);
	assert_true(bytes_is(a.fault_info.error_code, "SCE001"));
}

static void refusals_are_signed_faults(void **state)
{
	static const struct {
		const char *service, *code;
		int status;
	} rows[] = {{"NOBODY", "SCE004", 500}, {"echo", "SCE004", 500}, {"FAIL", "QG051", 503}};
	struct two *t = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim_answer a;
		struct err e = {0};

		print_message("%s\n", rows[i].service);
		must(peer_send(t->peer, t->pool, rows[i].service, NULL, "<a/>", NULL, 10000, &a, &e), &e);
		assert_true(a.fault);
		assert_non_null(a.verified);
		assert_true(bytes_is(a.fault_info.error_code, rows[i].code));
		assert_int_equal(a.http_status, rows[i].status);
	}
}

static void a_long_message_is_cut_at_a_character(void **state)
{
	struct two *t = *state;
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(t->peer, t->pool, "LONG", NULL, NULL, NULL, 10000, &a, &e), &e);
	assert_false(a.fault);
	assert_int_equal(a.response.status_message.n, 250 * 2);
}

static void a_foreign_caller_is_refused(void **state)
{
	struct two *t = *state;
	SCOPED(peer_free) struct peer *stranger = open_peer(url_of(t->pool, t->sim), PKI "/other-system.crt",
		PKI "/other-system.key", PKI "/permits.crt");
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(stranger, t->pool, "ECHO", NULL, "<a/>", NULL, 10000, &a, &e), &e);
	assert_true(a.fault);
	assert_true(bytes_is(a.fault_info.error_code, "SCE005"));
}

static void an_answer_of_another_than_the_pinned_is_refused(void **state)
{
	struct two *t = *state;
	SCOPED(peer_free) struct peer *p = open_peer(url_of(t->pool, t->sim), PKI "/gateway.crt",
		PKI "/gateway.key", PKI "/monitoring.crt");
	struct sim_answer a;
	struct err e = {0};

	must_fail(peer_send(p, t->pool, "ECHO", NULL, "<a/>", NULL, 10000, &a, &e), &e, REASON_PROVIDER_UNSIGNED);
	/* A fault is told all the same, as what it is: unverified. */
	must(peer_send(p, t->pool, "NOBODY", NULL, "<a/>", NULL, 10000, &a, &e), &e);
	assert_true(a.fault);
	assert_null(a.verified);
}

static void tampered_messages_are_refused(void **state)
{
	static const struct {
		const char *name, *find, *put, *code;
	} rows[] = {
		{"a changed payload", "<a>1</a>", "<a>2</a>", "SCE006"},
		{"a changed serviceId", "<serviceId>ECHO", "<serviceId>FAIL", "SCE006"},
		{"no signature", "<wsse:Security", "<wsse:Insecurity", "SCE001"},
		{"nothing that was changed", "<a>1</a>", "<a>1</a>", NULL},
	};
	struct two *t = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(buf_free) struct buf message = BUF(65536), bad = BUF(65536), answer = BUF(65536);
		struct sim_answer a = {0};
		struct err e = {0};
		const char *at;
		int status = 0;

		print_message("%s\n", rows[i].name);
		must(peer_compose(t->peer, t->pool, "ECHO", NULL, "<a>1</a>", "message-1", &message, &e), &e);
		at = strstr(buf_cstr(&message), rows[i].find);
		assert_non_null(at);
		buf_add(&bad, bytes_sub(buf_bytes(&message), 0, (size_t)(at - buf_cstr(&message))));
		buf_str(&bad, rows[i].put);
		buf_str(&bad, at + strlen(rows[i].find));
		must(peer_send_raw(t->peer, buf_bytes(&bad), 10000, &answer, &status, &e), &e);
		must(peer_read_answer(t->peer, t->pool, buf_bytes(&answer), &a, &e), &e);
		assert_non_null(a.verified);
		assert_int_equal(status, rows[i].code ? 500 : 200);
		assert_int_equal(a.fault, rows[i].code != NULL);
		if (rows[i].code)
			assert_true(bytes_is(a.fault_info.error_code, rows[i].code));
	}
}

static void an_unsigned_message_is_refused(void **state)
{
	static const char unsigned_message[] =
		"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"><s:Body><t:SendMessage xmlns:t=\"" NS_SYNC_TYPES
		"\"/></s:Body></s:Envelope>";
	struct two *t = *state;
	SCOPED(buf_free) struct buf answer = BUF(65536);
	struct sim_answer a = {0};
	struct err e = {0};
	int status;

	must(peer_send_raw(t->peer, bytes_str(unsigned_message), 10000, &answer, &status, &e), &e);
	must(peer_read_answer(t->peer, t->pool, buf_bytes(&answer), &a, &e), &e);
	assert_true(a.fault);
	assert_true(bytes_is(a.fault_info.error_code, "SCE007"));
}

static void answers_that_are_none_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum reason reason;
	} rows[] = {
		{"", REASON_PROVIDER_EMPTY},
		{" \r\n", REASON_PROVIDER_EMPTY},
		{"<html><body>502</body></html>", REASON_PROVIDER_NOT_SOAP},
		{"not even XML", REASON_PROVIDER_NOT_SOAP},
		{"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"><s:Body><t:SendMessageResponse xmlns:t=\"" NS_SYNC_TYPES
			"\"/></s:Body></s:Envelope>", REASON_PROVIDER_UNSIGNED},
	};
	struct two *t = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim_answer a = {0};
		struct err e = {0};

		print_message("%s\n", rows[i].text);
		must_fail(peer_read_answer(t->peer, t->pool, bytes_str(rows[i].text), &a, &e), &e, rows[i].reason);
	}
}

static void a_signed_request_is_no_answer(void **state)
{
	struct two *t = *state;
	SCOPED(buf_free) struct buf message = BUF(65536);
	struct sim_answer a = {0};
	struct err e = {0};

	must(peer_compose(t->to_asking, t->pool, "ECHO", NULL, NULL, NULL, &message, &e), &e);
	must_fail(peer_read_answer(t->peer, t->pool, buf_bytes(&message), &a, &e), &e, REASON_PROVIDER_FORMAT);
}

static void a_system_asks_through_its_gateway(void **state)
{
	struct two *t = *state;
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(t->to_asking, t->pool, "RELAY", NULL, "<a/>", NULL, 20000, &a, &e), &e);
	assert_false(a.fault);
	assert_true(bytes_is(a.response.status_message, "Seen"));
}

static void without_a_gateway_nothing_is_sent(void **state)
{
	struct two *t = *state;
	struct sim_answer a;
	struct err e = {0};

	must(peer_send(t->peer, t->pool, "RELAY", NULL, "<a/>", NULL, 10000, &a, &e), &e);
	assert_true(a.fault);
	assert_true(bytes_is(a.fault_info.error_code, "SCE909"));
}

static void a_waiting_handler_meets_the_deadline(void **state)
{
	struct two *t = *state;
	struct sim_answer a;
	struct err e = {0};

	pthread_mutex_lock(&gate);
	must_fail(peer_send(t->peer, t->pool, "WAIT", NULL, NULL, NULL, 300, &a, &e), &e,
		REASON_PROVIDER_DEADLINE);
	/* The others are served meanwhile. */
	must(peer_send(t->peer, t->pool, "ECHO", NULL, NULL, NULL, 10000, &a, &e), &e);
	pthread_mutex_unlock(&gate);
	assert_false(a.fault);
}

static void no_connection_is_told(void **state)
{
	struct two *t = *state;
	SCOPED(peer_free) struct peer *p = open_peer("http://127.0.0.1:1/", PKI "/gateway.crt", PKI "/gateway.key",
		PKI "/permits.crt");
	SCOPED(peer_free) struct peer *other_scheme = open_peer("ftp://127.0.0.1/", PKI "/gateway.crt",
		PKI "/gateway.key", PKI "/permits.crt");
	struct sim_answer a;
	struct err e = {0};

	must_fail(peer_send(p, t->pool, "ECHO", NULL, NULL, NULL, 5000, &a, &e), &e, REASON_PROVIDER_CONNECT);
	must_fail(peer_send(other_scheme, t->pool, "ECHO", NULL, NULL, NULL, 5000, &a, &e), &e,
		REASON_PROVIDER_CONNECT);
}

static void other_paths_are_not_served(void **state)
{
	struct two *t = *state;
	SCOPED(peer_free) struct peer *p = open_peer(pool_printf(t->pool, "http://127.0.0.1:%d/other", sim_port(t->sim)),
		PKI "/gateway.crt", PKI "/gateway.key", PKI "/permits.crt");
	SCOPED(buf_free) struct buf answer = BUF(65536);
	struct err e = {0};
	int status = 0;

	must(peer_send_raw(p, BYTES_LIT("<a/>"), 10000, &answer, &status, &e), &e);
	assert_int_equal(status, 404);
}

static void the_password_goes_out_and_only_its_first_line(void **state)
{
	char path[] = "/tmp/qaqpa-password-XXXXXX";
	int fd = mkstemp(path);
	const struct peer_options o = {.certificate = PKI "/gateway.crt", .key = PKI "/gateway.key",
		.peer_certificate = PKI "/permits.crt", .sender_id = "caller_is", .password_file = path};
	SCOPED(peer_free) struct peer *p = NULL;
	SCOPED(buf_free) struct buf message = BUF(65536);
	struct two *t = *state;
	struct err e = {0};

	assert_int_equal(write(fd, "se<ret\r\nsecond\n", 15), 15);
	close(fd);
	must(peer_open(&o, &p, &e), &e);
	unlink(path);
	must(peer_compose(p, t->pool, "ECHO", NULL, NULL, "m-1", &message, &e), &e);
	assert_non_null(strstr(buf_cstr(&message), "<password>se&lt;ret</password>"));
	assert_null(strstr(buf_cstr(&message), "second"));
	assert_non_null(strstr(buf_cstr(&message), "<messageId>m-1</messageId>"));
	assert_non_null(strstr(buf_cstr(&message), "<senderId>caller_is</senderId>"));
}

static void what_cannot_be_opened_is_named(void **state)
{
	struct peer_options o = {.certificate = PKI "/gateway.crt", .key = PKI "/gateway.key",
		.peer_certificate = PKI "/permits.crt", .password_file = PKI "/absent"};
	struct peer *p = NULL;
	struct err e = {0};

	(void)state;
	must_fail(peer_open(&o, &p, &e), &e, REASON_IO);
	o.password_file = NULL;
	o.key = PKI "/permits.key";
	must_fail(peer_open(&o, &p, &e), &e, REASON_KEY_USELESS);
	o.key = NULL;
	must_fail(peer_open(&o, &p, &e), &e, REASON_CONFIG);
	assert_null(p);
}

struct caller {
	struct two *t;
	pthread_t thread;
	int answered;
};

static void *call_often(void *ctx)
{
	struct caller *c = ctx;

	for (int i = 0; i < 20; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
		struct sim_answer a;
		struct err e;

		if (peer_send(c->t->peer, pool, "ECHO", NULL, "<a/>", NULL, 30000, &a, &e).ok && !a.fault)
			c->answered++;
	}
	return NULL;
}

static void one_peer_serves_many_threads(void **state)
{
	struct caller callers[6] = {0};

	for (size_t i = 0; i < 6; i++) {
		callers[i].t = *state;
		assert_int_equal(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
	}
	for (size_t i = 0; i < 6; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].answered, 20);
	}
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(every_style_of_data_is_found),
		ROW(text_that_is_no_document_is_refused),
		ROW(refusals_are_signed_faults),
		ROW(a_long_message_is_cut_at_a_character),
		ROW(a_foreign_caller_is_refused),
		ROW(an_answer_of_another_than_the_pinned_is_refused),
		ROW(tampered_messages_are_refused),
		ROW(an_unsigned_message_is_refused),
		ROW(answers_that_are_none_are_told_apart),
		ROW(a_signed_request_is_no_answer),
		ROW(a_system_asks_through_its_gateway),
		ROW(without_a_gateway_nothing_is_sent),
		ROW(a_waiting_handler_meets_the_deadline),
		ROW(no_connection_is_told),
		ROW(other_paths_are_not_served),
		ROW(the_password_goes_out_and_only_its_first_line),
		ROW(what_cannot_be_opened_is_named),
		ROW(one_peer_serves_many_threads),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
