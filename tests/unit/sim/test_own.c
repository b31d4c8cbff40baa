/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulated system is given and does by itself: settings, keys of persons, several requests at once. */
#include "sim_bench.h"

#include <pthread.h>

#define TOGETHER 3

static pthread_barrier_t barrier;

/* Nobody is answered before all have asked. */
static outcome handle_meet(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	(void)sim, (void)in, (void)e;
	pthread_barrier_wait(&barrier);
	out->code = "SCSS001";
	out->message = "met";
	return DONE;
}

static outcome handle_echo(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	(void)sim, (void)e;
	out->code = "SCSS001";
	out->message = pool_copy(in->pool, in->payload_text);
	return DONE;
}

static const struct sim_service services[] = {{"MEET", handle_meet}, {"ECHO", handle_echo}, {NULL, NULL}};
static const struct sim_system tested = {.name = "tested", .summary = "test", .services = services};

static const struct sim_options usual = {.host = "127.0.0.1", .path = "/", .certificate = PKI "/permits.crt",
	.key = PKI "/permits.key", .peer_certificate = PKI "/gateway.crt", .threads = TOGETHER};

static struct sim *start(const struct sim_options *o)
{
	struct sim *s = NULL;
	struct err e = {0};

	must(sim_start(&tested, o, &s, &e), &e);
	return s;
}

static void the_last_setting_of_a_name_counts(void **state)
{
	char changing[] = "colour=red";
	const char *settings[] = {"a=1", changing, "ab=2=3", "empty=", "a=4", NULL};
	struct sim_options o = usual;
	SCOPED(sim_stop) struct sim *s = NULL;

	(void)state;
	o.settings = settings;
	s = start(&o);
	changing[7] = 'b'; /* it was copied */
	settings[0] = NULL;
	assert_string_equal(sim_setting(s, "a"), "4");
	assert_string_equal(sim_setting(s, "ab"), "2=3");
	assert_string_equal(sim_setting(s, "colour"), "red");
	assert_string_equal(sim_setting(s, "empty"), "");
	assert_null(sim_setting(s, "b"));
	assert_null(sim_setting(s, ""));
}

static void a_person_signs_with_an_own_key(void **state)
{
	const char *const signers[] = {"head=" PKI "/department.crt," PKI "/department.key",
		"person=" PKI "/department-ec.crt," PKI "/department-ec.key", NULL};
	const char *const documents[] = {"system=" PKI "/permits.crt", "head=" PKI "/department.crt",
		"person=" PKI "/department-ec.crt", NULL};
	static const struct {
		const char *signer, *found;
	} rows[] = {{NULL, "system"}, {"head", "head"}, {"person", "person"}};
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	SCOPED(sim_stop) struct sim *s = NULL;
	struct sim_options o = usual;
	struct err e = {0};

	(void)state;
	o.signers = signers;
	o.document_certificates = documents;
	s = start(&o);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(buf_free) struct buf out = BUF(65536);
		const struct trust_cert *certificate;
		const char *found;

		must(sim_document_sign(s, pool, rows[i].signer, BYTES_LIT("<a>x</a>"), &out, &e), &e);
		must(sim_document_verify(s, pool, buf_bytes(&out), &found, &e), &e);
		assert_string_equal(found, rows[i].found);
		must(sim_document_certificate(s, pool, buf_bytes(&out), &certificate, &e), &e);
		assert_string_equal(certificate->participant->name, rows[i].found);
		assert_non_null(certificate->who.bin);
	}
	assert_non_null(strstr(sim_signer(s, "head")->subject, "CN="));
	assert_null(sim_signer(s, "own"));
	must_fail(sim_document_sign(s, pool, "nobody", BYTES_LIT("<a>x</a>"), &(struct buf){.ceiling = 9}, &e), &e,
		REASON_CONFIG);
}

static void what_cannot_be_read_is_refused(void **state)
{
	static const struct {
		const char *setting, *signer;
		enum reason reason;
	} rows[] = {
		{"alone", NULL, REASON_CONFIG},
		{"=1", NULL, REASON_CONFIG},
		{NULL, "head", REASON_CONFIG},
		{NULL, "head=" PKI "/department.crt", REASON_CONFIG},
		{NULL, "=" PKI "/department.crt," PKI "/department.key", REASON_CONFIG},
		{NULL, "head=," PKI "/department.key", REASON_CONFIG},
		{NULL, "head=" PKI "/department.crt,", REASON_CONFIG},
		{NULL, "head=" PKI "/department.crt," PKI "/permits.key", REASON_KEY_USELESS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const settings[] = {rows[i].setting, NULL}, *const signers[] = {rows[i].signer, NULL};
		struct sim_options o = usual;
		struct sim *s = NULL;
		struct err e = {0};

		print_message("%s %s\n", rows[i].setting, rows[i].signer);
		o.settings = settings;
		o.signers = signers;
		must_fail(sim_start(&tested, &o, &s, &e), &e, rows[i].reason);
		assert_null(s);
	}
}

/* A system that asks `port`, which stands in the place of its gateway. */
static struct sim *start_asking(int port)
{
	struct sim_options o = {.host = "127.0.0.1", .certificate = PKI "/gateway.crt", .key = PKI "/gateway.key",
		.peer_certificate = PKI "/permits.crt", .sender_id = "asking_is"};
	char *url = NULL;
	struct sim *s;

	assert_true(asprintf(&url, "http://127.0.0.1:%d/", port) > 0);
	o.gateway_url = url;
	s = start(&o);
	free(url);
	return s;
}

static void several_requests_are_under_way_at_once(void **state)
{
	SCOPED(sim_stop) struct sim *s = start(&usual), *asking = start_asking(sim_port(s));
	struct sim_call calls[TOGETHER] = {0};

	(void)state;
	for (size_t i = 0; i < TOGETHER; i++)
		calls[i] = (struct sim_call){.service_id = "MEET", .deadline_ms = 20000};
	sim_send_all(asking, calls, TOGETHER);
	for (size_t i = 0; i < TOGETHER; i++) {
		must(calls[i].result, &calls[i].err);
		assert_true(bytes_is(calls[i].answer.response.status_message, "met"));
	}
	sim_calls_free(calls, TOGETHER);
	assert_null(calls[0].pool);
}

static void each_call_has_its_own_answer_or_failure(void **state)
{
	SCOPED(sim_stop) struct sim *s = start(&usual), *asking = start_asking(sim_port(s));
	struct sim_call calls[] = {
		{.service_id = "ECHO", .data = "<one/>", .deadline_ms = 20000},
		{.service_id = "NONE", .data = "<two/>", .deadline_ms = 20000},
		{.service_id = "MEET", .deadline_ms = 300},
		{.service_id = "ECHO", .data = "<four/>", .deadline_ms = 20000},
	};

	(void)state;
	sim_send_all(asking, calls, 4);
	assert_true(calls[0].result.ok && bytes_is(calls[0].answer.response.status_message, "<one/>"));
	assert_true(calls[1].result.ok && calls[1].answer.fault);
	assert_false(calls[2].result.ok);
	assert_int_equal(calls[2].err.reason, REASON_PROVIDER_DEADLINE);
	assert_true(calls[3].result.ok && bytes_is(calls[3].answer.response.status_message, "<four/>"));
	sim_calls_free(calls, 4);
	/* The one that waits is let go, or the system could not stop. */
	for (size_t i = 0; i < TOGETHER - 1; i++)
		calls[i] = (struct sim_call){.service_id = "MEET", .deadline_ms = 20000};
	sim_send_all(asking, calls, TOGETHER - 1);
	assert_true(calls[0].result.ok && calls[1].result.ok);
	sim_calls_free(calls, TOGETHER - 1);
}

static int begin(void **state)
{
	(void)state;
	return pthread_barrier_init(&barrier, NULL, TOGETHER);
}

static int end(void **state)
{
	(void)state;
	return pthread_barrier_destroy(&barrier);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(the_last_setting_of_a_name_counts),
		ROW(a_person_signs_with_an_own_key),
		ROW(what_cannot_be_read_is_refused),
		ROW(several_requests_are_under_way_at_once),
		ROW(each_call_has_its_own_answer_or_failure),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
