/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forwarding changes the password and sessionId and not one octet besides; signatures inside data stay
 * good. */
#include "inner_bench.h"

#define ID "<messageId>m-1</messageId>"
#define REST "<serviceId>s</serviceId><messageDate>2030-01-02T03:04:05.000+05:00</messageDate>"
#define PASSWORD "<password>secret</password>"
#define NEW "<sessionId>" OTHER_SESSION "</sessionId>"

/* The message before and after: `|` stands where they differ. */
#define AROUND(in_sender, after_sender) \
	ENVELOPE_WITH(" xmlns:unused=\"urn:u\"  a='1'", "\r\n <!-- c --> " OPERATION("SendMessage", \
		"<request >\t<requestInfo\n>" ID REST "<sender><senderId>demo</senderId>" in_sender \
		"</sender>" after_sender \
		"</requestInfo ><requestData><data a='&#10;'\n b=\"x\"><![CDATA[<a/>]]>&amp;" \
		"<!-- d --><p:q xmlns:p=\"urn:p\"  p:z='1' >\xd1\x8f</p:q ></data></requestData></request>"))

static const struct {
	const char *sentence, *before, *after;
} requests[] = {
	{"password out, sessionId in", AROUND(PASSWORD, ""), AROUND("", NEW)},
	{"no password", AROUND("", ""), AROUND("", NEW)},
	{"an empty password with an attribute-free tag", AROUND("<password/>", ""), AROUND("", NEW)},
	{"a password in CDATA, with blanks around", AROUND(" <password><![CDATA[x]]></password>\n", ""),
		AROUND(" \n", NEW)},
	{"a sessionId is replaced", AROUND(PASSWORD, "<sessionId>" SESSION "</sessionId>"), AROUND("", NEW)},
	{"an empty sessionId is replaced", AROUND("", "\n<sessionId />\n"), AROUND("", "\n" NEW "\n")},
	{"a sessionId of braces is replaced", AROUND("", "<sessionId>{}</sessionId><!-- e -->"),
		AROUND("", NEW "<!-- e -->")},
	{"sessionId goes behind properties, the empty one stays", AROUND("", "<properties/> "), AROUND("",
		"<properties/>" NEW " ")},
	{"sessionId goes behind the last element, before a comment", AROUND(PASSWORD, "<!-- e -->"),
		AROUND("", NEW "<!-- e -->")},
};

/* The Header is ours to replace, so octets are compared from the Body on, and the start tag of Envelope. */
static void assert_same_octets(const char *sentence, struct bytes got, const char *wanted)
{
	const char *body = strstr(wanted, "<soapenv:Body");
	size_t head = (size_t)(strchr(wanted, '>') + 1 - wanted), tail = strlen(body);

	if (got.n < head + tail || memcmp(got.p, wanted, head) != 0 || memcmp(got.p + got.n - tail, body,
		tail) != 0) fail_msg("%s:\n%.*s\nis not\n%s", sentence, (int)got.n, (const char *)got.p,
		wanted);
}

static void forward_request(struct bench *b, const struct verified *v, const struct sync_request *r, struct buf *out)
{
	struct cuts cuts;
	struct err e = {0};

	assert_true(channel_forward_request(b->pool, v, r, OTHER_SESSION, &cuts, &e).ok);
	assert_true(channel_cut(&cuts, verified_envelope(v), out, &e).ok);
}

static void forward_response(struct bench *b, const struct verified *v, const struct sync_response *r, struct buf *out)
{
	struct cuts cuts;
	struct err e = {0};

	assert_true(channel_forward_response(b->pool, v, r, OTHER_SESSION, &cuts, &e).ok);
	assert_true(channel_cut(&cuts, verified_envelope(v), out, &e).ok);
}

static void forwards_requests_octet_by_octet(void **state)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_request r;
		const struct verified *v = bench_verified(b, requests[i].before, &e);

		if (!v || !channel_read_request(b->pool, v, &r, &e).ok)
			fail_msg("%s: %s", requests[i].sentence, e.detail);
		forward_request(b, v, &r, &out);
		assert_same_octets(requests[i].sentence, buf_bytes(&out), requests[i].after);
		assert_null(memmem(out.data, out.len, "password", 8));
	}
}

static void what_is_forwarded_reads_as_before(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct sync_request r, again;
	const struct verified *v = bench_verified(b, requests[0].before, &e);

	assert_non_null(v);
	assert_true(channel_read_request(b->pool, v, &r, &e).ok);
	forward_request(b, v, &r, &out);
	v = bench_verified(b, buf_cstr(&out), &e);
	assert_non_null(v);
	assert_true(channel_read_request(b->pool, v, &again, &e).ok);
	assert_true(bytes_eq(again.message_id, r.message_id));
	assert_true(bytes_eq(again.sender_id, r.sender_id));
	assert_false(again.has_password);
	assert_true(bytes_is(again.session_id, OTHER_SESSION));
}

#define ANSWER(session) \
	ENVELOPE("<S:SendMessageResponse xmlns:S=\"" NS_SYNC_TYPES "\"> <response><responseInfo>" ID \
		"<responseDate>2030-01-02T03:04:05.000+05:00</responseDate><status><code>1</code><message/>" \
		"</status>" session " </responseInfo><responseData><data/></responseData></response>" \
		"</S:SendMessageResponse>")

static const struct {
	const char *sentence, *before, *after;
} answers[] = {
	{"sessionId in", ANSWER(""), ANSWER(NEW)},
	{"an echo in sessionId is replaced", ANSWER("<sessionId>m-1</sessionId>"), ANSWER(NEW)},
	{"one that is right stays", ANSWER(NEW), ANSWER(NEW)},
	{"but not one of another form", ANSWER("<sessionId >" OTHER_SESSION "</sessionId>"), ANSWER(NEW)},
};

static void forwards_answers_octet_by_octet(void **state)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_response r;
		const struct verified *v = bench_verified(b, answers[i].before, &e);

		if (!v || !channel_read_response(b->pool, v, &r, &e).ok)
			fail_msg("%s: %s", answers[i].sentence, e.detail);
		forward_response(b, v, &r, &out);
		assert_same_octets(answers[i].sentence, buf_bytes(&out), answers[i].after);
	}
}

/* Then the Body is the one that was verified, and its digest is known. */
static void an_answer_that_names_our_exchange_is_not_edited(void **state)
{
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct cuts cuts;
	struct sync_response r;
	const struct verified *v = bench_verified(b, ANSWER(NEW), &e);

	assert_non_null(v);
	assert_true(channel_read_response(b->pool, v, &r, &e).ok);
	assert_true(channel_forward_response(b->pool, v, &r, OTHER_SESSION, &cuts, &e).ok);
	assert_int_equal(cuts.n, 0);
}

#define INNER(c14n) \
	ENVELOPE_WITH(" xmlns:above=\"urn:above\"", OPERATION("SendMessage", "<request><requestInfo>" ID \
		REST "<sender><senderId>demo</senderId>" PASSWORD "</sender></requestInfo><requestData><data>" \
		"<p:Request xmlns:p=\"urn:p\" Id=\"payload\"><p:iin>\n</p:iin>" DSIG(c14n) \
		"</p:Request></data></requestData></request>"))

/* The payload is signed as it stands in the sender's envelope, forwarded, and verified in ours. */
static void check_inner(void **state, const char *template, const char *folder)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct sync_request r;
	const struct verified *v;

	v = bench_verified(b, (const char *)inner_sign(b, bytes_str(template), folder).p, &e);
	if (!v || !channel_read_request(b->pool, v, &r, &e).ok)
		fail_msg("%s", e.detail);
	forward_request(b, v, &r, &out);
	inner_assert_good(b, bench_sign(b, buf_bytes(&out)), folder);
}

static void inner_signatures_stay_good(void **state)
{
	inner_each(state, check_inner, INNER(NS_EXC_C14N), INNER(INCLUSIVE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwards_requests_octet_by_octet),
		cmocka_unit_test(what_is_forwarded_reads_as_before),
		cmocka_unit_test(forwards_answers_octet_by_octet),
		cmocka_unit_test(an_answer_that_names_our_exchange_is_not_edited),
		cmocka_unit_test(inner_signatures_stay_good),
	};

	return cmocka_run_group_tests_name("channel forward", tests, bench_open, bench_close);
}
