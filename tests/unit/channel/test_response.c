/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading verified answers and unverified faults of providers. */
#include "channel_bench.h"

#define ID "<messageId>p-1</messageId>"
#define DATE "<responseDate>2030-01-02T03:04:05.000+05:00</responseDate>"
#define STATUS "<status><code>SCSS001</code><message>done</message></status>"
#define DATA "<responseData><data>x</data></responseData>"
#define RESPONSE(inner) OPERATION("SendMessageResponse", "<response>" inner "</response>")
#define INFO(inner) RESPONSE("<responseInfo>" inner "</responseInfo>" DATA)

static const struct {
	const char *sentence, *body;
	const char *message_id, *correlation_id, *code, *message, *session_id;
} good[] = {
	{"the least", INFO(ID DATE STATUS), "p-1", "", "SCSS001", "done", ""},
	{"every field", INFO(ID "<correlationId>c</correlationId>" DATE STATUS "<sessionId>" SESSION
		"</sessionId>"), "p-1", "c", "SCSS001", "done", SESSION},
	{"empty optional elements", INFO(ID "<correlationId/>" DATE STATUS "<sessionId>{}</sessionId>"),
		"p-1", "", "SCSS001", "done", ""},
	{"a messageId in sessionId", INFO(ID DATE STATUS "<sessionId>p-1</sessionId>"), "p-1", "", "SCSS001",
		"done", "p-1"},
	{"an empty messageId and message", INFO("<messageId/>" DATE
		"<status><code>1</code><message/></status>"), "", "", "1", "", ""},
	{"lines in the message", INFO(ID DATE "<status><code>1</code><message>a\nb</message></status>"),
		"p-1", "", "1", "a\nb", ""},
	{"no data", RESPONSE("<responseInfo>" ID DATE STATUS "</responseInfo><responseData/>"), "p-1", "",
		"SCSS001", "done", ""},
};

static void assert_text(const char *sentence, struct bytes got, const char *wanted)
{
	if (!bytes_is(got, wanted))
		fail_msg("%s: '%.*s', not '%s'", sentence, (int)got.n, (const char *)got.p, wanted);
}

static void reads_answers(void **state)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_response r;
		const struct verified *v = bench_verified(b, pool_printf(b->pool, ENVELOPE("%s"),
			good[i].body), &e);

		if (!v || !channel_read_response(b->pool, v, &r, &e).ok)
			fail_msg("%s: %s", good[i].sentence, e.detail);
		assert_text(good[i].sentence, r.message_id, good[i].message_id);
		assert_text(good[i].sentence, r.correlation_id, good[i].correlation_id);
		assert_text(good[i].sentence, r.status_code, good[i].code);
		assert_text(good[i].sentence, r.status_message, good[i].message);
		assert_text(good[i].sentence, r.session_id, good[i].session_id);
		assert_int_equal(r.data != NULL, strstr(good[i].body, "<data>") != NULL);
		assert_int_equal(r.date.ms, INT64_C(1893535445000));
	}
}

static const struct {
	const char *sentence, *body;
	enum reason reason;
	const char *detail;
} bad[] = {
	{"a request is no answer", OPERATION("SendMessage", "<request/>"), REASON_SOAP_OPERATION,
		"SendMessage"},
	{"no status", INFO(ID DATE), REASON_CHANNEL_FORMAT, "status is missing"},
	{"no code", INFO(ID DATE "<status><message/></status>"), REASON_CHANNEL_FORMAT,
		"code is missing in status"},
	{"no message", INFO(ID DATE "<status><code>1</code></status>"), REASON_CHANNEL_FORMAT,
		"message is missing in status"},
	{"an empty code", INFO(ID DATE "<status><code/><message/></status>"), REASON_CHANNEL_LENGTH,
		"code is empty"},
	{"status before the date", INFO(ID STATUS DATE), REASON_CHANNEL_FORMAT,
		"responseDate must stand before status"},
	{"a requestInfo", RESPONSE("<requestInfo/>" DATA), REASON_CHANNEL_FORMAT,
		"requestInfo stands where responseInfo"},
	{"no date", INFO(ID "<responseDate>now</responseDate>" STATUS), REASON_CHANNEL_DATE, "responseDate"},
	{"no responseData", RESPONSE("<responseInfo>" ID DATE STATUS "</responseInfo>"),
		REASON_CHANNEL_FORMAT, "responseData is missing"},
};

static void refuses_what_is_no_answer(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_response r;
		const struct verified *v = bench_verified(b, pool_printf(b->pool, ENVELOPE("%s"),
			bad[i].body), &e);

		if (!v || channel_read_response(b->pool, v, &r, &e).ok)
			fail_msg("%s: was read or not verified", bad[i].sentence);
		if (e.reason != bad[i].reason || !strstr(e.detail, bad[i].detail))
			fail_msg("%s: %s, '%s'", bad[i].sentence, reason_row(e.reason)->name, e.detail);
	}
}

/* The schema allows 250 characters; providers write more, and what is above 4 KiB is refused. */
static void reads_long_words_of_providers(void **state)
{
	for (size_t n = 4096; n <= 4097; n++) {
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_response r;
		char *words = pool_alloc(b->pool, n + 1);
		const struct verified *v;

		memset(words, 'w', n);
		v = bench_verified(b, pool_printf(b->pool, ENVELOPE(INFO(ID DATE
			"<status><code>1</code><message>%s</message></status>")), words), &e);
		assert_non_null(v);
		assert_int_equal(channel_read_response(b->pool, v, &r, &e).ok, n == 4096);
		if (n == 4096)
			assert_int_equal(r.status_message.n, 4096);
		else
			assert_int_equal(e.reason, REASON_CHANNEL_LENGTH);
	}
}

#define ERROR_INFO \
	"<errorCode>SCE006</errorCode><errorMessage>bad signature</errorMessage><errorData>d</errorData>" \
	"<errorDate>2030-01-02T03:04:05.000+05:00</errorDate><sessionId>" SESSION "</sessionId>"

static const struct {
	const char *sentence, *body;
	bool is_fault;
	const char *faultcode, *faultstring, *code, *message, *session;
	int64_t ms;
} faults[] = {
	{"a fault of the bus",
		"<soapenv:Fault><faultcode>SCE006</faultcode><faultstring>words</faultstring><detail>"
		OPERATION("SendMessageFault1_SendMessageFault", ERROR_INFO) "</detail></soapenv:Fault>", true,
		"SCE006", "words", "SCE006", "bad signature", SESSION, INT64_C(1893535445000)},
	{"ErrorInfo of another name, qualified children",
		"<soapenv:Fault><faultcode> soapenv:Server </faultcode>"
		"<faultstring/><detail><trace>x</trace><e:Err "
		"xmlns:e=\"urn:e\"><e:errorMessage>m</e:errorMessage>"
		"<e:errorCode>1</e:errorCode></e:Err></detail></soapenv:Fault>", true, "soapenv:Server", "",
		"1", "m", "", 0},
	{"no detail", "<soapenv:Fault><faultcode>a</faultcode><faultstring>b</faultstring></soapenv:Fault>",
		true, "a", "b", "", "", "", 0},
	{"qualified and swapped",
		"<soapenv:Fault><soapenv:faultstring>b</soapenv:faultstring><soapenv:faultcode>a"
		"</soapenv:faultcode><soapenv:detail/></soapenv:Fault>", true, "a", "b", "", "", "", 0},
	{"an empty fault", "<soapenv:Fault/>", true, "", "", "", "", "", 0},
	{"markup where words belong", "<soapenv:Fault><faultstring><b/></faultstring></soapenv:Fault>", true,
		"", "", "", "", "", 0},
	{"an answer", OPERATION("SendMessageResponse", ""), false, "", "", "", "", "", 0},
};

static void reads_faults_of_any_provider(void **state)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct channel_fault f;
		struct envelope *env = bench_parse(b, bytes_str(pool_printf(b->pool, ENVELOPE("%s"),
			faults[i].body)));

		assert_int_equal(channel_read_fault(b->pool, env, &f), faults[i].is_fault);
		assert_text(faults[i].sentence, f.faultcode, faults[i].faultcode);
		assert_text(faults[i].sentence, f.faultstring, faults[i].faultstring);
		assert_text(faults[i].sentence, f.error_code, faults[i].code);
		assert_text(faults[i].sentence, f.error_message, faults[i].message);
		assert_text(faults[i].sentence, f.session_id, faults[i].session);
		assert_int_equal(f.error_date.ms, faults[i].ms);
	}
}

static void cuts_the_words_of_a_fault(void **state)
{
	struct bench *b = bench_fresh(state);
	struct channel_fault f;
	char *words = pool_alloc(b->pool, 4001);
	struct envelope *env;

	for (size_t i = 0; i < 4000; i += 2)
		memcpy(words + i, "\xd1\x8f", 2);
	env = bench_parse(b, bytes_str(pool_printf(b->pool,
		ENVELOPE("<soapenv:Fault><faultstring>%s</faultstring>" "</soapenv:Fault>"), words)));
	assert_true(channel_read_fault(b->pool, env, &f));
	assert_int_equal(f.faultstring.n, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_answers),
		cmocka_unit_test(refuses_what_is_no_answer),
		cmocka_unit_test(reads_long_words_of_providers),
		cmocka_unit_test(reads_faults_of_any_provider),
		cmocka_unit_test(cuts_the_words_of_a_fault),
	};

	return cmocka_run_group_tests_name("channel response", tests, bench_open, bench_close);
}
