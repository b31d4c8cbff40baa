/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading verified messages: what the bus really sends is read, what is ambiguous or hostile is refused. */
#include <pthread.h>

#include "channel_bench.h"

#define XSI " xmlns:xsi=\"" NS_XSI "\""
#define XS " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
#define ID "<messageId>m-1</messageId>"
#define SERVICE "<serviceId>DemoPermitService</serviceId>"
#define DATE "<messageDate>2030-01-02T03:04:05.000+05:00</messageDate>"
#define SENDER "<sender><senderId>demo_is</senderId><password>secret</password></sender>"
#define DATA "<requestData><data><p:Request xmlns:p=\"urn:demo:permit\"/></data></requestData>"
#define WITH_DATA(inner) "<request><requestInfo>" ID SERVICE DATE SENDER "</requestInfo>" inner "</request>"
#define INFO(inner) "<request><requestInfo>" inner "</requestInfo>" DATA "</request>"

struct good {
	const char *sentence;
	const char *inner; /* of SendMessage */
	const char *correlation_id, *route_id, *session_id;
	size_t properties;
};

static const struct good good_requests[] = {
	{"the least that the contract allows", INFO(ID SERVICE DATE
		"<sender><senderId>demo_is</senderId></sender>"), "", "", "", 0},
	{"every field in its order",
		INFO(ID "<correlationId>c</correlationId>" SERVICE DATE "<routeId>r</routeId>" SENDER
			"<properties><key>a</key><value>1</value></properties>"
			"<properties><key>b</key><value/>"
			"</properties><sessionId>" SESSION "</sessionId>"),
		"c", "r", SESSION, 2},
	{"empty optional elements", INFO(ID "<correlationId/>" SERVICE DATE "<routeId></routeId>" SENDER
		"<properties/><sessionId></sessionId>"), "", "", "", 0},
	{"an empty properties beside full ones", INFO(ID SERVICE DATE SENDER
		"<properties/><properties><key>a</key><value>1</value></properties>"), "", "", "", 1},
	{"an empty password is none", INFO(ID SERVICE DATE
		"<sender><senderId>demo_is</senderId><password/></sender>"), "", "", "", 0},
	{"a sessionId of braces only", INFO(ID SERVICE DATE SENDER "<sessionId>{}</sessionId>"), "", "", "",
		0},
	{"a sessionId without braces", INFO(ID SERVICE DATE SENDER
		"<sessionId>99999999-8888-4777-8666-555555555555</sessionId>"), "", "", SESSION, 0},
	{"a sessionId that echoes another id", INFO(ID SERVICE DATE SENDER "<sessionId>m-1</sessionId>"), "",
		"", "m-1", 0},
	{"nil optional elements", INFO(ID "<correlationId" XSI " xsi:nil=\"true\"/>" SERVICE DATE SENDER
		"<sessionId" XSI " xsi:nil=\"1\"/>"), "", "", "", 0},
	{"xsi:type on texts", INFO(ID "<correlationId" XSI XS " xsi:type=\"xs:string\">c</correlationId>"
		SERVICE DATE SENDER), "c", "", "", 0},
	{"white space and comments between the elements", "\n <request>\n\t<requestInfo><!-- a -->\r\n" ID
		"\n" SERVICE DATE " <sender> <senderId>demo_is</senderId> </sender>\n</requestInfo>\n" DATA
		"\n</request>\n", "", "", "", 0},
	{"a CDATA section and a character reference in a text", INFO(ID
		"<correlationId><![CDATA[a<b]]>&amp;&#x1F600;" "</correlationId>" SERVICE DATE SENDER),
		"a<b&\xf0\x9f\x98\x80", "", "", 0},
	{"white space inside an identifier is kept", INFO(ID "<correlationId> c  d </correlationId>"
		SERVICE DATE SENDER), " c  d ", "", "", 0},
	{"requestData without data", WITH_DATA("<requestData/>"), "", "", "", 0},
	{"an empty data", WITH_DATA("<requestData><data/></requestData>"), "", "", "", 0},
	{"data in the namespace of the interface",
		WITH_DATA("<requestData><data xmlns=\"http://bip.bee.kz/SyncChannel/"
		"v10/Interfaces\">x</data></requestData>"), "", "", "", 0},
	{"data in the namespace of xsi with a bare type", WITH_DATA("<requestData><data xmlns=\"" NS_XSI
		"\" type=\"s\">x</data></requestData>"), "", "", "", 0},
	{"typed data", WITH_DATA("<requestData><data" XSI
		" xmlns:p=\"urn:p\" xsi:type=\"p:Some\"><a/></data></requestData>"), "", "", "", 0},
	{"data as a string", WITH_DATA("<requestData><data" XSI XS " xsi:type=\"xs:string\">&lt;a/&gt;</data>"
		"</requestData>"), "", "", "", 0},
	{"data as CDATA", WITH_DATA("<requestData><data><![CDATA[<a/>]]></data></requestData>"), "", "", "",
		0},
};

static void assert_text(const char *sentence, const char *field, struct bytes got, const char *wanted)
{
	if (!bytes_is(got, wanted))
		fail_msg("%s: %s is '%.*s', not '%s'", sentence, field, (int)got.n, (const char *)got.p,
		wanted);
}

static const char *message(struct bench *b, const char *operation, const char *inner)
{
	return pool_printf(b->pool, ENVELOPE("<t:%s xmlns:t=\"" NS_SYNC_TYPES "\">%s</t:%s>"), operation,
		inner, operation);
}

static void reads_what_the_bus_sends(void **state)
{
	for (size_t i = 0; i < sizeof(good_requests) / sizeof(good_requests[0]); i++) {
		const struct good *g = &good_requests[i];
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_request r;
		const struct verified *v = bench_verified(b, message(b, "SendMessage", g->inner), &e);

		if (!v || !channel_read_request(b->pool, v, &r, &e).ok)
			fail_msg("%s: %s", g->sentence, e.detail);
		assert_text(g->sentence, "messageId", r.message_id, "m-1");
		assert_text(g->sentence, "serviceId", r.service_id, "DemoPermitService");
		assert_text(g->sentence, "senderId", r.sender_id, "demo_is");
		assert_text(g->sentence, "correlationId", r.correlation_id, g->correlation_id);
		assert_text(g->sentence, "routeId", r.route_id, g->route_id);
		assert_text(g->sentence, "sessionId", r.session_id, g->session_id);
		assert_text(g->sentence, "password", r.password, strstr(g->inner, "<password>") ? "secret"
			: "");
		assert_int_equal(r.has_password, strstr(g->inner, "<password>") != NULL);
		assert_int_equal(r.property_count, g->properties);
		assert_int_equal(r.data != NULL, strstr(g->inner, "<data") != NULL);
		assert_ptr_equal(r.operation, verified_operation(v));
		assert_int_equal(r.date.ms, INT64_C(1893535445000));
		assert_int_equal(r.date.offset_min, 300);
	}
}

static void reads_properties_in_order(void **state)
{
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct sync_request r;
	const struct verified *v = bench_verified(b, message(b, "SendMessage", good_requests[1].inner), &e);

	assert_non_null(v);
	assert_true(channel_read_request(b->pool, v, &r, &e).ok);
	assert_text("properties", "key", r.properties[0].key, "a");
	assert_text("properties", "value", r.properties[0].value, "1");
	assert_text("properties", "key", r.properties[1].key, "b");
	assert_text("properties", "value", r.properties[1].value, "");
}

static void a_comment_does_not_split_a_value(void **state)
{
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct sync_request r;
	const struct verified *v = bench_verified(b, message(b, "SendMessage", INFO(ID SERVICE DATE
		"<sender><senderId>demo_is<!--x-->.evil</senderId></sender>")), &e);

	assert_non_null(v);
	assert_true(channel_read_request(b->pool, v, &r, &e).ok);
	assert_text("senderId with a comment", "senderId", r.sender_id, "demo_is.evil");
}

static void *read_many(void *state)
{
	struct bench b = {pool_new(32u << 20), ((struct bench *)state)->trust};
	intptr_t right = 0;

	for (int i = 0; i < 20; i++) {
		char id[32];
		struct err e = {0};
		struct sync_request r;
		const struct verified *v;

		snprintf(id, sizeof(id), "%p-%d", (void *)&b, i);
		v = bench_verified(&b, message(&b, "SendMessage", pool_printf(b.pool,
			INFO("<messageId>%s</messageId>" SERVICE DATE SENDER), id)), &e);
		right += v && channel_read_request(b.pool, v, &r, &e).ok && bytes_is(r.message_id, id);
	}
	pool_free(&b.pool);
	return (void *)right;
}

static void threads_read_side_by_side(void **state)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_many, *state), 0);
	for (int i = 0; i < 4; i++) {
		void *right;

		assert_int_equal(pthread_join(threads[i], &right), 0);
		assert_int_equal((intptr_t)right, 20);
	}
}

static const struct {
	const char *text;
	int64_t ms;
} dates[] = {
	{"2030-01-02T03:04:05.000+05:00", INT64_C(1893535445000)},
	{"2030-01-02T03:04:05.678+05:00", INT64_C(1893535445678)},
	{"2030-01-02T04:04:05.000+06:00", INT64_C(1893535445000)},
	{"2030-01-02T03:04:05+0500", INT64_C(1893535445000)},
	{"2030-01-02T03:04:05", INT64_C(1893535445000)},
	{"2030-01-01T22:04:05Z", INT64_C(1893535445000)},
	{" 2030-01-02T03:04:05.000+05:00\n", INT64_C(1893535445000)},
};

static void reads_the_forms_of_dates(void **state)
{
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct sync_request r;
		const char *inner = pool_printf(b->pool, INFO(ID SERVICE "<messageDate>%s</messageDate>"
			SENDER), dates[i].text);
		const struct verified *v = bench_verified(b, message(b, "SendMessage", inner), &e);

		if (!v || !channel_read_request(b->pool, v, &r, &e).ok)
			fail_msg("%s: %s", dates[i].text, e.detail);
		assert_int_equal(r.date.ms, dates[i].ms);
	}
}

static void tells_operations_apart_by_qualified_name(void **state)
{
	static const struct {
		const char *body;
		enum channel_kind kind;
	} rows[] = {
		{OPERATION("SendMessage", ""), CHANNEL_REQUEST},
		{OPERATION("SendMessageResponse", ""), CHANNEL_RESPONSE},
		{"<soapenv:Fault/>", CHANNEL_FAULT},
		{"<Fault/>", CHANNEL_OTHER},
		{"<SendMessage/>", CHANNEL_OTHER},
		{"<t:SendMessage xmlns:t=\"http://bip.bee.kz/SyncChannel/v11/Types\"/>", CHANNEL_OTHER},
		{"<t:sendMessage xmlns:t=\"http://bip.bee.kz/AsyncChannel/v10/Types\"/>", CHANNEL_OTHER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = bench_fresh(state);
		const char *text = pool_printf(b->pool, ENVELOPE("%s"), rows[i].body);
		struct envelope *env = bench_parse(b, bytes_str(text));

		assert_int_equal(channel_kind_of(envelope_operation(env)), rows[i].kind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_the_bus_sends),
		cmocka_unit_test(reads_properties_in_order),
		cmocka_unit_test(a_comment_does_not_split_a_value),
		cmocka_unit_test(threads_read_side_by_side),
		cmocka_unit_test(reads_the_forms_of_dates),
		cmocka_unit_test(tells_operations_apart_by_qualified_name),
	};

	return cmocka_run_group_tests_name("channel read", tests, bench_open, bench_close);
}
