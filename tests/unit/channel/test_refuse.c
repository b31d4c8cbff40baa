/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed messages that are not the contract are refused with the right reason, and the detail names the
 * element. */
#include "channel_bench.h"

#define XSI " xmlns:xsi=\"" NS_XSI "\""
#define ID "<messageId>m-1</messageId>"
#define SERVICE "<serviceId>DemoPermitService</serviceId>"
#define DATE "<messageDate>2030-01-02T03:04:05.000+05:00</messageDate>"
#define SENDER "<sender><senderId>demo_is</senderId></sender>"
#define DATA "<requestData><data>x</data></requestData>"
#define REQUEST(inner) OPERATION("SendMessage", inner)
#define INFO(inner) REQUEST("<request><requestInfo>" inner "</requestInfo>" DATA "</request>")
#define GOOD ID SERVICE DATE SENDER
#define PROPERTY(key, value) "<properties><key>" key "</key><value>" value "</value></properties>"
#define TEN(x) x x x x x x x x x x
#define FORMAT REASON_CHANNEL_FORMAT

struct bad {
	const char *sentence, *body;
	enum reason reason;
	const char *detail; /* part of it */
};

static const struct bad bad_requests[] = {
	{"a response is no request", OPERATION("SendMessageResponse", "<response/>"), REASON_SOAP_OPERATION,
		"SendMessageResponse"},
	{"a fault is no request", "<soapenv:Fault><faultcode>soapenv:Client</faultcode></soapenv:Fault>",
		REASON_SOAP_OPERATION, "Fault"},
	{"another version of the namespace",
		"<t:SendMessage xmlns:t=\"http://bip.bee.kz/SyncChannel/v11/Types\"/>", REASON_SOAP_OPERATION,
		"v11"},
	{"a message of the asynchronous channel",
		"<t:sendMessage xmlns:t=\"http://bip.bee.kz/AsyncChannel/v10/Types\">"
		"<request/></t:sendMessage>", REASON_SOAP_OPERATION, "AsyncChannel"},
	{"SendMessage in no namespace", "<SendMessage/>", REASON_SOAP_OPERATION, "no namespace"},
	{"two operations", REQUEST("<request/>") REQUEST("<request/>"), REASON_SOAP_OPERATION, ""},

	{"nothing in the operation", REQUEST(""), FORMAT, "request is missing"},
	{"two requests", REQUEST("<request><requestInfo>" GOOD "</requestInfo>" DATA "</request><request/>"),
		FORMAT, "request stands after request"},
	{"text beside the request", REQUEST("text<request/>"), FORMAT, "SendMessage holds text"},
	{"a multi-reference instead of content", REQUEST("<request href=\"#r1\"/>"), FORMAT,
		"attribute href"},
	{"a multi-reference target inside", REQUEST("<request id=\"r1\"><requestInfo>" GOOD "</requestInfo>"
		DATA "</request>"), FORMAT, "attribute id"},
	{"a multi-reference on a text", INFO("<messageId href=\"#r1\"/>" SERVICE DATE SENDER), FORMAT,
		"attribute href"},
	{"a nil request", REQUEST("<request" XSI " xsi:nil=\"true\"/>"), FORMAT, "requestInfo is missing"},
	{"a nil request with content", REQUEST("<request" XSI " xsi:nil=\"true\"><requestInfo>" GOOD
		"</requestInfo>" DATA "</request>"), FORMAT, "request says that it is nil"},
	{"xsi:type on request", REQUEST("<request" XSI " xmlns:t=\"" NS_SYNC_TYPES
		"/Request\" xsi:type=\"t:Other\"/>"), FORMAT, "attribute type is not allowed on request"},
	{"xsi:type on requestInfo", REQUEST("<request><requestInfo" XSI " xsi:type=\"t:Other\">" GOOD
		"</requestInfo>" DATA "</request>"), FORMAT, "attribute type is not allowed on requestInfo"},
	{"xsi:type on sender", INFO(ID SERVICE DATE "<sender" XSI
		" xsi:type=\"t:Other\"><senderId>a</senderId></sender>"), FORMAT,
		"attribute type is not allowed on sender"},
	{"no requestData", REQUEST("<request><requestInfo>" GOOD "</requestInfo></request>"), FORMAT,
		"requestData is missing"},
	{"requestData before requestInfo", REQUEST("<request>" DATA "<requestInfo>" GOOD
		"</requestInfo></request>"), FORMAT, "requestData stands where requestInfo is expected"},
	{"a third element in request", REQUEST("<request><requestInfo>" GOOD "</requestInfo>" DATA
		"<extra/></request>"), FORMAT, "extra stands after requestData"},
	{"two data", REQUEST("<request><requestInfo>" GOOD
		"</requestInfo><requestData><data/><data/></requestData>" "</request>"), FORMAT,
		"data stands after data"},
	{"another element in requestData", REQUEST("<request><requestInfo>" GOOD
		"</requestInfo><requestData><other/>" "</requestData></request>"), FORMAT,
		"other stands where data"},
	{"a qualified request", REQUEST("<t:request><requestInfo>" GOOD "</requestInfo>" DATA "</t:request>"),
		FORMAT, "request is in a namespace"},
	{"a qualified requestInfo", REQUEST("<request><t:requestInfo>" GOOD "</t:requestInfo>" DATA
		"</request>"), FORMAT, "requestInfo is in a namespace"},
	{"a default namespace over all", "<SendMessage xmlns=\"" NS_SYNC_TYPES "\"><request><requestInfo>"
		GOOD "</requestInfo>" DATA "</request></SendMessage>", FORMAT, "request is in a namespace"},

	{"no sender", INFO(ID SERVICE DATE), FORMAT, "sender is missing in requestInfo"},
	{"two senders", INFO(ID SERVICE DATE SENDER SENDER), FORMAT, "sender stands twice"},
	{"two senderIds", INFO(ID SERVICE DATE
		"<sender><senderId>a</senderId><senderId>b</senderId></sender>"), FORMAT,
		"senderId stands twice in sender"},
	{"no senderId", INFO(ID SERVICE DATE "<sender><password>p</password></sender>"), FORMAT,
		"senderId is missing in sender"},
	{"password before senderId", INFO(ID SERVICE DATE
		"<sender><password>p</password><senderId>a</senderId></sender>"), FORMAT,
		"senderId must stand before password"},
	{"two passwords, one empty", INFO(ID SERVICE DATE
		"<sender><senderId>a</senderId><password/><password>p</password>" "</sender>"), FORMAT,
		"password stands twice"},
	{"a qualified sender", INFO(ID SERVICE DATE "<t:sender><senderId>a</senderId></t:sender>"), FORMAT,
		"sender in requestInfo is in a namespace"},
	{"a qualified senderId", INFO(ID SERVICE DATE "<sender><t:senderId>a</t:senderId></sender>"), FORMAT,
		"senderId in sender is in a namespace"},
	{"no messageId", INFO(SERVICE DATE SENDER), FORMAT, "messageId is missing"},
	{"no serviceId", INFO(ID DATE SENDER), FORMAT, "serviceId is missing"},
	{"no messageDate", INFO(ID SERVICE SENDER), FORMAT, "messageDate is missing"},
	{"serviceId before messageId", INFO(SERVICE ID DATE SENDER), FORMAT,
		"messageId must stand before serviceId"},
	{"two messageIds", INFO(ID ID SERVICE DATE SENDER), FORMAT, "messageId stands twice"},
	{"two sessionIds, the first empty", INFO(GOOD "<sessionId/><sessionId>" SESSION "</sessionId>"),
		FORMAT, "sessionId stands twice"},
	{"an unknown element", INFO(GOOD "<priority>1</priority>"), FORMAT,
		"priority is not an element of requestInfo"},
	{"an element of another place", INFO(GOOD "<senderId>a</senderId>"), FORMAT,
		"senderId is not an element of requestInfo"},
	{"another case of a name", INFO("<MessageId>m</MessageId>" SERVICE DATE SENDER), FORMAT,
		"MessageId is not"},
	{"markup in a text", INFO("<messageId>m<b/>1</messageId>" SERVICE DATE SENDER), FORMAT,
		"messageId holds an element"},
	{"text between the fields", INFO(ID "text" SERVICE DATE SENDER), FORMAT, "requestInfo holds text"},
	{"a nil text with content", INFO("<messageId" XSI " xsi:nil=\"true\">m</messageId>"
		SERVICE DATE SENDER), FORMAT, "messageId says that it is nil"},
	{"a property without value", INFO(GOOD "<properties><key>a</key></properties>"), FORMAT,
		"value is missing in properties"},
	{"two keys in a property", INFO(GOOD "<properties><key>a</key><key>b</key><value/></properties>"),
		FORMAT, "key stands twice"},
	{"a foreign attribute", INFO("<messageId a=\"1\">m</messageId>" SERVICE DATE SENDER), FORMAT,
		"attribute a"},

	{"an empty messageId", INFO("<messageId/>" SERVICE DATE SENDER), REASON_CHANNEL_LENGTH,
		"messageId is empty"},
	{"an empty serviceId", INFO(ID "<serviceId></serviceId>" DATE SENDER), REASON_CHANNEL_LENGTH,
		"serviceId is empty"},
	{"an empty senderId", INFO(ID SERVICE DATE "<sender><senderId/></sender>"), REASON_CHANNEL_LENGTH,
		"senderId is empty"},
	{"a long messageId", INFO("<messageId>" TEN("0123456789abc") "</messageId>" SERVICE DATE SENDER),
		REASON_CHANNEL_LENGTH, "messageId is longer than 128 octets"},
	{"a long property key", INFO(GOOD PROPERTY("0123456789012345678901234567890", "1")),
		REASON_CHANNEL_LENGTH, "key is longer than 30 characters"},
	{"a long property value", INFO(GOOD PROPERTY("a", TEN(TEN("12345")) "6")), REASON_CHANNEL_LENGTH,
		"value is longer than 500 characters"},
	{"101 properties", INFO(GOOD TEN(TEN(PROPERTY("a", "1"))) PROPERTY("a", "1")), REASON_CHANNEL_LENGTH,
		"more than 100 properties"},
	{"a line break in messageId", INFO("<messageId>m\r\n*1</messageId>" SERVICE DATE SENDER), FORMAT,
		"messageId holds a control character"},
	{"a C1 control in serviceId", INFO(ID "<serviceId>a&#x85;</serviceId>" DATE SENDER), FORMAT,
		"serviceId holds a control character"},
	{"a tab in a property", INFO(GOOD PROPERTY("a", "1&#9;2")), FORMAT,
		"value holds a control character"},
	{"a date that is none", INFO(ID SERVICE "<messageDate>2024-02-30T25:61:61</messageDate>" SENDER),
		REASON_CHANNEL_DATE, "messageDate"},
	{"an empty date", INFO(ID SERVICE "<messageDate/>" SENDER), REASON_CHANNEL_DATE, "messageDate"},
};

static void refuses_what_is_not_the_contract(void **state)
{
	for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
		const struct bad *bad = &bad_requests[i];
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_request r;
		struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
		struct envelope *env;
		const char *text = pool_printf(b->pool, ENVELOPE("%s"), bad->body);
		const struct verified *v = NULL;

		/* What envelope refuses can be neither signed nor verified. */
		if (envelope_parse(b->pool, bytes_str(text), &limits, &env, &e).ok) {
			v = bench_verified(b, text, &e);
			if (!v)
				fail_msg("%s: not verified: %s", bad->sentence, e.detail);
		}
		if (v && channel_read_request(b->pool, v, &r, &e).ok)
			fail_msg("%s: was read", bad->sentence);
		if (e.reason != bad->reason || !strstr(e.detail, bad->detail))
			fail_msg("%s: %s, '%s'", bad->sentence, reason_row(e.reason)->name, e.detail);
	}
}

static void keeps_the_limits_of_the_contract(void **state)
{
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct sync_request r;
	const struct verified *v = bench_verified(b, ENVELOPE(INFO("<messageId>" TEN("0123456789ab")
		"12345678</messageId>" SERVICE DATE SENDER TEN(TEN(PROPERTY("\xd1\x8f"
		"12345678901234567890123456789", TEN(TEN("\xd1\x8f" "1234")))))) ), &e);

	assert_non_null(v);
	if (!channel_read_request(b->pool, v, &r, &e).ok)
		fail_msg("%s", e.detail);
	assert_int_equal(r.message_id.n, 128);
	assert_int_equal(r.property_count, 100);
	assert_int_equal(r.properties[99].key.n, 31);
	assert_int_equal(r.properties[99].value.n, 600);
}

static void details_hold_no_values(void **state)
{
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct sync_request r;
	const struct verified *v = bench_verified(b, ENVELOPE(INFO(ID SERVICE DATE
		"<sender><senderId>demo_is</senderId>" "<password>hunter2&#10;</password></sender>")), &e);

	assert_non_null(v);
	assert_false(channel_read_request(b->pool, v, &r, &e).ok);
	assert_non_null(strstr(e.detail, "password holds a control character"));
	assert_null(strstr(e.detail, "hunter2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_the_contract),
		cmocka_unit_test(keeps_the_limits_of_the_contract),
		cmocka_unit_test(details_hold_no_values),
	};

	return cmocka_run_group_tests_name("channel refuse", tests, bench_open, bench_close);
}
