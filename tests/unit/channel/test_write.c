/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we write is valid against our own XSD and reads back as it was. */
#include "channel_bench.h"

#define CONTRACT SOURCE_DIR "/wsdl/sync-channel/v10/"
#define CYRILLIC "\xd0\xaf\xd2\x9b"
#define B(text) BYTES_LIT(text)
#define WHEN {INT64_C(1893535445678), 300, true}
#define TEN(x) x x x x x x x x x x

static const struct property two[] = {{B("key <&>"), B("value \"'" CYRILLIC)}, {B("k"), B("")}};

static const struct {
	const char *sentence;
	struct sync_request r;
	const char *attributes, *data;
} requests[] = {
	{"the least", {.message_id = B("m"), .service_id = B("s"), .sender_id = B("i"), .date = WHEN}, NULL,
		NULL},
	{"all", {.message_id = B("m<&>\""), .correlation_id = B("c"), .service_id = B("s"),
		.route_id = B("r"), .sender_id = B(CYRILLIC), .password = B("p<&]]>'"), .has_password = true,
		.session_id = B(SESSION), .date = WHEN, .properties = two, .property_count = 2}, NULL,
		"<p:Request xmlns:p=\"urn:p\">x</p:Request>"},
	{"an empty password", {.message_id = B("m"), .service_id = B("s"), .sender_id = B("i"), .date = WHEN,
		.has_password = true}, "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"" NS_XSI
		"\" xsi:type=\"xs:string\"", "&lt;a/&gt;"},
	{"a sender that looks like markup", {.message_id = B("</sender>"), .service_id = B("s"),
		.sender_id = B("</sender>"), .password = B("</sender>"), .has_password = true, .date = WHEN},
		"", ""},
};

/* The Body taken for `data`: its only child must be an element that types.xsd declares, and valid. */
static void assert_valid(const char *sentence, const struct schema *s, struct bench *b,
	const struct buf *text)
{
	struct envelope *env = bench_parse(b, buf_bytes(text));
	struct err e = {0};

	if (!schema_check(s, env, envelope_body(env), &e).ok)
		fail_msg("%s: %s in %s", sentence, e.detail, buf_cstr(text));
}

static struct schema *load_types(void)
{
	struct schema *s = NULL;
	struct err e = {0};

	if (!schema_load(CONTRACT "types.xsd", &s, &e).ok)
		fail_msg("%s", e.detail);
	return s;
}

static void assert_same(const char *sentence, const char *field, struct bytes got, struct bytes wanted)
{
	if (!bytes_eq(got, wanted))
		fail_msg("%s: %s is '%.*s'", sentence, field, (int)got.n, (const char *)got.p);
}

static void requests_are_valid_and_read_back(void **state)
{
	SCOPED(schema_free) struct schema *s = load_types();

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		const struct sync_request *w = &requests[i].r;
		struct sync_request r;
		struct err e = {0};
		const struct verified *v;

		assert_true(channel_write_request(w, requests[i].attributes, requests[i].data, &out, &e).ok);
		assert_valid(requests[i].sentence, s, b, &out);
		v = bench_verified(b, buf_cstr(&out), &e);
		if (!v || !channel_read_request(b->pool, v, &r, &e).ok)
			fail_msg("%s: %s", requests[i].sentence, e.detail);
		assert_same(requests[i].sentence, "messageId", r.message_id, w->message_id);
		assert_same(requests[i].sentence, "correlationId", r.correlation_id, w->correlation_id);
		assert_same(requests[i].sentence, "serviceId", r.service_id, w->service_id);
		assert_same(requests[i].sentence, "routeId", r.route_id, w->route_id);
		assert_same(requests[i].sentence, "senderId", r.sender_id, w->sender_id);
		assert_same(requests[i].sentence, "password", r.password, w->password);
		assert_same(requests[i].sentence, "sessionId", r.session_id, w->session_id);
		assert_int_equal(r.date.ms, w->date.ms);
		assert_int_equal(r.date.offset_min, 300);
		assert_int_equal(r.property_count, w->property_count);
		for (size_t k = 0; k < r.property_count; k++) {
			assert_same(requests[i].sentence, "key", r.properties[k].key, w->properties[k].key);
			assert_same(requests[i].sentence, "value", r.properties[k].value,
				w->properties[k].value);
		}
		assert_int_equal(r.data != NULL, requests[i].data != NULL);
	}
}

static void data_is_put_in_as_it_is(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct err e = {0};

	(void)state;
	assert_true(channel_write_request(&requests[1].r, "a='1'", "<b  c=\"&#10;\"/>\n<!-- d -->", &out,
		&e).ok);
	assert_non_null(strstr(buf_cstr(&out),
		"<requestData><data a='1'><b  c=\"&#10;\"/>\n<!-- d --></data></requestData>"));
	assert_non_null(strstr(buf_cstr(&out), "<messageDate>2030-01-02T03:04:05.678+05:00</messageDate>"));
}

/* The header promises stable prefixes, an id on the Body, and nothing for what is absent. */
static void envelopes_are_plain(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct err e = {0};
	const char *id;

	(void)state;
	assert_true(channel_write_request(&requests[0].r, NULL, NULL, &out, &e).ok);
	id = strstr(buf_cstr(&out), " wsu:Id=\"id-");
	assert_non_null(id);
	assert_int_equal(id[strlen(" wsu:Id=\"id-") + 36], '"');
	assert_null(strstr(buf_cstr(&out), "SOAP-ENV"));
	assert_non_null(strstr(buf_cstr(&out),
		"<request><requestInfo><messageId>m</messageId><serviceId>s</serviceId>"
		"<messageDate>2030-01-02T03:04:05.678+05:00</messageDate><sender><senderId>i</senderId></sender>"
		"</requestInfo><requestData></requestData></request>"));
}

static const struct property long_key[] = {{B("0123456789012345678901234567890"), B("v")}};

static void requests_outside_the_contract_are_not_written(void **state)
{
	static const struct {
		struct sync_request r;
		enum reason reason;
		const char *detail;
	} rows[] = {
		{{.service_id = B("s"), .sender_id = B("i")}, REASON_CHANNEL_LENGTH, "messageId"},
		{{.message_id = B("m"), .sender_id = B("i")}, REASON_CHANNEL_LENGTH, "serviceId"},
		{{.message_id = B("m"), .service_id = B("s")}, REASON_CHANNEL_LENGTH, "senderId"},
		{{.message_id = B("m\n"), .service_id = B("s"), .sender_id = B("i")}, REASON_CHANNEL_FORMAT,
			"messageId"},
		{{.message_id = B("m\xff"), .service_id = B("s"), .sender_id = B("i")}, REASON_CHANNEL_FORMAT,
			"not text"},
		{{.message_id = B("m"), .service_id = B("s"), .sender_id = B("i"), .session_id = B("x")},
			REASON_CHANNEL_FORMAT, "sessionId"},
		{{.message_id = B("m"), .service_id = B("s"), .sender_id = B("i"), .properties = long_key,
			.property_count = 1}, REASON_CHANNEL_LENGTH, "key"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct err e = {0};

		assert_false(channel_write_request(&rows[i].r, NULL, NULL, &out, &e).ok);
		assert_int_equal(e.reason, rows[i].reason);
		assert_non_null(strstr(e.detail, rows[i].detail));
		assert_int_equal(out.len, 0);
	}
}

static void answers_are_valid_and_read_back(void **state)
{
	SCOPED(schema_free) struct schema *s = load_types();
	static const struct {
		const char *sentence;
		struct sync_response r;
		size_t message; /* octets that are left of status_message */
	} rows[] = {
		{"the least", {.message_id = B("p"), .status_code = B("SCSS001"), .date = WHEN}, 0},
		{"all", {.message_id = B("p"), .correlation_id = B("c"), .status_code = B("SCSE001"),
			.status_message = B("<" CYRILLIC ">"), .session_id = B(SESSION), .date = WHEN}, 6},
		{"250 characters", {.message_id = B("p"), .status_code = B("1"), .status_message =
			B(TEN(TEN(CYRILLIC)) TEN(CYRILLIC CYRILLIC) TEN("x")), .date = WHEN}, 490},
		{"a longer message is cut between characters", {.message_id = B("p"), .status_code = B("1"),
			.status_message = B("x" TEN(TEN(CYRILLIC CYRILLIC))), .date = WHEN}, 499},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		struct sync_response r;
		struct err e = {0};
		const struct verified *v;

		assert_true(channel_write_response(&rows[i].r, NULL, "<a/>", &out, &e).ok);
		assert_valid(rows[i].sentence, s, b, &out);
		v = bench_verified(b, buf_cstr(&out), &e);
		if (!v || !channel_read_response(b->pool, v, &r, &e).ok)
			fail_msg("%s: %s", rows[i].sentence, e.detail);
		assert_same(rows[i].sentence, "messageId", r.message_id, rows[i].r.message_id);
		assert_same(rows[i].sentence, "correlationId", r.correlation_id, rows[i].r.correlation_id);
		assert_same(rows[i].sentence, "code", r.status_code, rows[i].r.status_code);
		assert_same(rows[i].sentence, "message", r.status_message, bytes_sub(rows[i].r.status_message,
			0, rows[i].message));
		assert_same(rows[i].sentence, "sessionId", r.session_id, rows[i].r.session_id);
		assert_int_equal(r.date.ms, rows[i].r.date.ms);
	}
}

static const struct channel_fault full_fault = {.faultcode = B("wsse:FailedCheck"),
	.faultstring = B("<words>"), .error_code = B("SCE006"), .error_message = B(CYRILLIC " & more"),
	.error_data = B("id 1"), .session_id = B(SESSION), .error_date = WHEN};

static void faults_are_valid_and_read_back(void **state)
{
	SCOPED(schema_free) struct schema *s = load_types();
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct channel_fault f;
	struct envelope *env;
	const struct element *detail;
	bool several = false;

	assert_true(channel_write_fault(&full_fault, &out, &e).ok);
	env = bench_parse(b, buf_bytes(&out));
	detail = envelope_child(env, envelope_operation(env), "", "detail", &several);
	assert_non_null(detail);
	if (!schema_check(s, env, detail, &e).ok)
		fail_msg("%s", e.detail);
	assert_non_null(strstr(buf_cstr(&out), "xmlns:wsse=\"" NS_WSSE "\""));
	assert_true(channel_read_fault(b->pool, env, &f));
	assert_same("fault", "faultcode", f.faultcode, full_fault.faultcode);
	assert_same("fault", "faultstring", f.faultstring, full_fault.faultstring);
	assert_same("fault", "errorCode", f.error_code, full_fault.error_code);
	assert_same("fault", "errorMessage", f.error_message, full_fault.error_message);
	assert_same("fault", "errorData", f.error_data, full_fault.error_data);
	assert_same("fault", "sessionId", f.session_id, full_fault.session_id);
	assert_int_equal(f.error_date.ms, full_fault.error_date.ms);
}

static void faults_leave_out_what_is_absent(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct err e = {0};
	const struct channel_fault f = {.faultcode = B("soapenv:Server"), .error_code = B("SCE909"),
		.error_date = WHEN};

	(void)state;
	assert_true(channel_write_fault(&f, &out, &e).ok);
	assert_non_null(strstr(buf_cstr(&out),
		"<t:SendMessageFault1_SendMessageFault><errorCode>SCE909</errorCode>"
		"<errorMessage/><errorDate>2030-01-02T03:04:05.678+05:00</errorDate>"
		"</t:SendMessageFault1_SendMessageFault>"));
}

/* Details are cut at a number of octets, and quote what strangers sent. */
static void words_of_a_fault_are_repaired(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct channel_fault f = full_fault, r;

	f.faultstring = (struct bytes)B("a\xd1");
	f.error_code = (struct bytes)B("\x01" "b");
	f.error_message = (struct bytes)B("\xd1\x8f\xff\xd1\x8f");
	f.error_data = (struct bytes)B("\xed\xa0\x80\x80z");
	f.session_id = (struct bytes)B("m-1");
	assert_true(channel_write_fault(&f, &out, &e).ok);
	assert_true(channel_read_fault(b->pool, bench_parse(b, buf_bytes(&out)), &r));
	assert_true(bytes_is(r.faultstring, "a?"));
	assert_true(bytes_is(r.error_code, "?b"));
	assert_true(bytes_is(r.error_message, "\xd1\x8f?\xd1\x8f"));
	assert_true(bytes_is(r.error_data, "?z"));
	assert_int_equal(r.session_id.n, 0);
}

/* Every faultcode of the catalogue can be written; a prefix that nobody declares cannot. */
static void faultcodes_have_declared_prefixes(void **state)
{
	static const struct bytes bad[] = {B(""), B("SCE006"), B("SOAP-ENV:Server"), B("wsse:"),
		B("wsse:a:b")};
	struct channel_fault f = full_fault;
	struct err e = {0};

	(void)state;
	for (int i = 0; i < FAULT_COUNT; i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);

		f.faultcode = bytes_str(fault_row((enum fault)i)->qname);
		assert_true(channel_write_fault(&f, &out, &e).ok);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);

		f.faultcode = bad[i];
		assert_false(channel_write_fault(&f, &out, &e).ok);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_valid_and_read_back),
		cmocka_unit_test(data_is_put_in_as_it_is),
		cmocka_unit_test(envelopes_are_plain),
		cmocka_unit_test(requests_outside_the_contract_are_not_written),
		cmocka_unit_test(answers_are_valid_and_read_back),
		cmocka_unit_test(faults_are_valid_and_read_back),
		cmocka_unit_test(faults_leave_out_what_is_absent),
		cmocka_unit_test(words_of_a_fault_are_repaired),
		cmocka_unit_test(faultcodes_have_declared_prefixes),
	};

	return cmocka_run_group_tests_name("channel write", tests, bench_open, bench_close);
}
