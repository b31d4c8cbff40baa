/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the services of the simulated systems share: the common shape of requests and answers, and reasons that come
 * from others. */
#include "world.h"

#include <libxml/tree.h>

#include "common/service.h"

#define NS "urn:test:v1"
#define INFO "<SystemInfo><RequestNumber>01234567890123456789</RequestNumber><ChainId>c</ChainId><RequestDate>" \
	"2030-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>"

static struct pool *pool;

static int begin(void **state)
{
	(void)state;
	pool = pool_new(MUCH);
	return 0;
}

static int end(void **state)
{
	(void)state;
	pool_free(&pool);
	return 0;
}

static struct _xmlNode *parse(const char *xml)
{
	struct _xmlDoc *doc;
	struct err e = {0};

	must(envelope_parse_document(pool, bytes_str(xml), &ENVELOPE_LIMITS_DEFAULT, &doc, &e), &e);
	return xmlDocGetRootElement(doc);
}

static void a_request_is_opened_only_when_it_has_the_common_shape(void **state)
{
	static const struct {
		const char *name, *xml;
		bool opens;
	} rows[] = {
		{"whole", "<t:Ask xmlns:t=\"" NS "\">" INFO "<BusinessData><A>1</A></BusinessData></t:Ask>", true},
		{"another name", "<t:Tell xmlns:t=\"" NS "\">" INFO "<BusinessData/></t:Tell>", false},
		{"another namespace", "<t:Ask xmlns:t=\"urn:other\">" INFO "<BusinessData/></t:Ask>", false},
		{"no SystemInfo", "<t:Ask xmlns:t=\"" NS "\"><BusinessData/></t:Ask>", false},
		{"no BusinessData", "<t:Ask xmlns:t=\"" NS "\">" INFO "</t:Ask>", false},
		{"nothing", NULL, false},
	};
	struct sync_request request = {.sender_id = BYTES_LIT("caller_is")};
	struct sim_request in = {.pool = pool, .request = &request};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct service_request r;

		print_message("%s\n", rows[i].name);
		in.payload = rows[i].xml ? parse(rows[i].xml) : NULL;
		assert_int_equal(service_open(&r, NULL, &in, NS, "Ask"), rows[i].opens);
		if (!rows[i].opens)
			continue;
		assert_string_equal(r.sender, "caller_is");
		assert_string_equal(r.info.chain_id, "c");
		assert_string_equal(payload_text(pool, r.business, "A"), "1");
		assert_ptr_equal(r.reasons.pool, pool);
	}
}

static void texts_are_read_by_name_and_all_are_wanted(void **state)
{
	static const char *const names[] = {"A", "B"};
	const char *texts[2];

	(void)state;
	assert_true(payload_texts(pool, parse("<x><B>2</B><A>1</A></x>"), names, texts, 2));
	assert_string_equal(texts[0], "1");
	assert_string_equal(texts[1], "2");
	assert_false(payload_texts(pool, parse("<x><B>2</B></x>"), names, texts, 2));
	assert_null(texts[0]);
	assert_string_equal(texts[1], "2");
	assert_false(payload_texts(pool, NULL, names, texts, 2));
}

static void an_answer_says_done_refused_or_later(void **state)
{
	static const struct answer_form form = {NS, "Told", "It is done.", "Done", "Not done"};
	static const struct {
		size_t reasons;
		bool later;
		const char *code, *message, *status;
	} rows[] = {
		{0, false, "SCSS001", "It is done.", "<CurrentStatus>001</CurrentStatus><CurrentStatusText>Done<"},
		{2, false, "SCSE001", "no 0; no 1",
			"</Reasons><CurrentStatus>002</CurrentStatus><CurrentStatusText>Not done<"},
		{1, true, "SCSE003", "no 0",
			"</Reasons><CurrentStatus>002</CurrentStatus><CurrentStatusText>Not done<"},
	};
	struct system_info info = {"01234567890123456789", "c", "2030-01-02T03:04:05.000+05:00"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct reasons r = {.pool = pool, .later = rows[i].later};
		SCOPED(buf_free) struct buf out = BUF(65536);
		struct sim_reply reply = {0};
		struct err e = {0};

		for (size_t n = 0; n < rows[i].reasons; n++)
			reasons_add(&r, "test.no", "no %zu", n);
		answer_begin(&out, &form, &info);
		buf_str(&out, "<Field/>");
		must(answer_reply(&out, &form, &r, &reply, &e), &e);
		assert_string_equal(reply.code, rows[i].code);
		assert_string_equal(reply.message, rows[i].message);
		assert_non_null(strstr(reply.data, rows[i].status));
		assert_non_null(strstr(reply.data, "<ResponseData><Field/>"));
		assert_true(payload_is(parse(reply.data), NS, "Told"));
	}
}

static void a_question_has_fresh_numbers(void **state)
{
	struct system_info one, two;
	SCOPED(buf_free) struct buf out = BUF(65536);
	struct system_info read;

	(void)state;
	assert_true(system_info_fresh(pool, &one) && system_info_fresh(pool, &two));
	assert_string_not_equal(one.request_number, two.request_number);
	assert_string_not_equal(one.chain_id, two.chain_id);
	question_begin(&out, NS, "Ask", &one);
	question_end(&out, "Ask");
	assert_true(system_info_read(pool, parse(buf_cstr(&out)), &read));
	assert_string_equal(read.request_number, one.request_number);
	assert_non_null(strstr(buf_cstr(&out), "<BusinessData></BusinessData></p:Ask>"));
}

#define ANSWERED(status) {.response = {.status_code = BYTES_LIT(status), .status_message = BYTES_LIT("words")}}

static void what_others_say_becomes_reasons(void **state)
{
	static const struct {
		const char *name;
		bool failed;
		struct sim_answer answer;
		const char *payload;
		bool done, later;
		const char *reasons; /* their codes */
	} rows[] = {
		{"done", false, ANSWERED("SCSS001"), "<a/>", true, false, ""},
		{"a refusal with reasons", false, ANSWERED("SCSE001"),
			"<a><ResponseData><Reasons><Reason><Code>x.y</Code><Text>not so</Text></Reason></Reasons></ResponseData></a>",
			false, false, "step.refused x.y "},
		{"not now", false, ANSWERED("SCSE003"), NULL, false, true, "step.refused "},
		{"a fault", false, {.fault = true, .fault_info = {.error_code = BYTES_LIT("SCE014")}}, NULL, false, true,
			"step.fault "},
		{"no answer", true, {0}, NULL, false, true, "step.failed "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(buf_free) struct buf codes = BUF(4096);
		struct reasons r = {.pool = pool};
		struct sim_call call = {.service_id = "S", .answer = rows[i].answer, .result = DONE};
		const struct _xmlNode *payload;

		print_message("%s\n", rows[i].name);
		if (rows[i].failed)
			call.result = err_set(&call.err, REASON_PROVIDER_CONNECT, "nobody there");
		if (rows[i].payload)
			call.answer.payload = parse(rows[i].payload);
		assert_int_equal(ask_judge(&r, &call, &payload), rows[i].done);
		assert_ptr_equal(payload, call.answer.payload);
		assert_int_equal(r.later, rows[i].later);
		for (size_t n = 0; n < r.n; n++)
			buf_printf(&codes, "%s ", r.list[n].code);
		assert_string_equal(buf_cstr(&codes), rows[i].reasons);
		/* What could not be asked stays so, whatever the next one says. */
		call = (struct sim_call){.service_id = "S", .answer = ANSWERED("SCSE001"), .result = DONE};
		assert_false(ask_judge(&r, &call, NULL));
		assert_int_equal(r.later, rows[i].later);
	}
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(a_request_is_opened_only_when_it_has_the_common_shape),
		ROW(texts_are_read_by_name_and_all_are_wanted),
		ROW(an_answer_says_done_refused_or_later),
		ROW(a_question_has_fresh_numbers),
		ROW(what_others_say_becomes_reasons),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
