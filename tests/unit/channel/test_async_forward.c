/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forwarding sets the bus's identifiers, removes the password, and changes not one octet besides; what is
 * pulled keeps its octets, and its names their meaning. */
#include <libxml/tree.h>

#include "async_bench.h"
#include "inner_bench.h"

#define NEW_ID "<messageId>b-1</messageId>"
#define NEW_CHAIN "<correlationId>b&amp;2</correlationId>"
#define NEW_SESSION "<sessionId>" OTHER_SESSION "</sessionId>"
#define PASSWORD "<password>secret</password>"
#define HOLDER \
	"<messageData><data a='&#10;'\n b=\"x\"><![CDATA[<a/>]]>&amp;<!-- d -->" \
	"<p:q xmlns:p=\"urn:p\"  p:z='1' >\xd1\x8f</p:q ></data></messageData>"
#define AROUND(info) ENVELOPE_WITH(" xmlns:unused=\"urn:u\"  a='1'", \
	"\r\n <!-- c --> <t:sendMessage xmlns:t=\"" \
	NS_ASYNC_TYPES "\"><request >\t<messageInfo\n>" info "</messageInfo >" HOLDER \
	"</request></t:sendMessage>")
#define REST SERVICE TYPE DATE "<sender><senderId>demo</senderId></sender>"
#define REST_WITH(in_sender) SERVICE TYPE DATE "<sender><senderId>demo</senderId>" in_sender "</sender>"

static const struct {
	const char *sentence, *before, *after;
} rows[] = {
	{"nothing there: identifiers in front and at the end", AROUND(REST_WITH(PASSWORD)),
		AROUND(NEW_ID NEW_CHAIN REST NEW_SESSION)},
	{"white space stays around what is put in", AROUND("\n " REST "\n"),
		AROUND("\n " NEW_ID NEW_CHAIN REST NEW_SESSION "\n")},
	{"empty ones are replaced where they stand", AROUND("\n<messageId/>\n <correlationId></correlationId>\n"
		REST "<sessionId />\n"), AROUND("\n" NEW_ID "\n " NEW_CHAIN "\n" REST NEW_SESSION "\n")},
	{"filled ones are replaced",
		AROUND("<messageId>own</messageId><correlationId><![CDATA[c]]></correlationId>" REST
		"<sessionId>" SESSION "</sessionId>"), AROUND(NEW_ID NEW_CHAIN REST NEW_SESSION)},
	{"nil ones are replaced", AROUND("<messageId xmlns:i='" NS_XSI "' i:nil='1'/>" REST),
		AROUND(NEW_ID NEW_CHAIN REST NEW_SESSION)},
	{"only messageId", AROUND("<messageId>own</messageId><!-- e -->" REST),
		AROUND(NEW_ID NEW_CHAIN "<!-- e -->" REST NEW_SESSION)},
	{"only correlationId", AROUND("<!-- e --><correlationId>c</correlationId>" REST),
		AROUND("<!-- e -->" NEW_ID NEW_CHAIN REST NEW_SESSION)},
	{"the two the other way round", AROUND("<correlationId>c</correlationId> <messageId>m</messageId>" REST),
		AROUND(NEW_ID NEW_CHAIN " " REST NEW_SESSION)},
	{"all at the wrong end", AROUND("<sessionId>{}</sessionId>" SERVICE TYPE DATE
		"<sender><senderId>demo</senderId>" PASSWORD
		"</sender>\n<correlationId>c</correlationId>\t<messageId>m</messageId>"),
		AROUND(NEW_ID NEW_CHAIN SERVICE TYPE DATE "<sender><senderId>demo</senderId></sender>\n\t"
		NEW_SESSION)},
	{"sender first, properties last", AROUND("<sender><senderId>demo</senderId>" PASSWORD "</sender>" SERVICE
		"<messageId>m</messageId>" DATE TYPE "<properties/>"), AROUND(NEW_ID NEW_CHAIN
		"<sender><senderId>demo</senderId></sender>" SERVICE DATE TYPE "<properties/>" NEW_SESSION)},
	{"an empty password goes too", AROUND(REST_WITH(" <password/>")), AROUND(NEW_ID NEW_CHAIN REST_WITH(" ")
		NEW_SESSION)},
	{"the namespace of the client side stays", CLIENT("sendMessage", "<request><messageInfo>" REST
		"</messageInfo>" HOLDER
		"</request>"), CLIENT("sendMessage", "<request><messageInfo>" NEW_ID NEW_CHAIN REST NEW_SESSION
		"</messageInfo>" HOLDER "</request>")},
};

/* The message of `text`, forwarded with the new identifiers. */
static struct bytes forward(struct bench *b, const char *sentence, const char *text)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	const struct verified *v = async_verified(b, sentence, text);
	struct async_message m;
	struct err e = {0};

	if (!async_read_message(b->pool, v, &m, &e).ok ||
		!async_forward_message(v, &m, "b-1", "b&2", OTHER_SESSION, &out, &e).ok)
		fail_msg("%s: %s", sentence, e.detail);
	return bytes_str(pool_copy(b->pool, buf_bytes(&out)));
}

/* The Header is ours to replace, so octets are compared from the Body on, and the start tag of Envelope. */
static void forwards_octet_by_octet(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct bytes got = forward(b, rows[i].sentence, rows[i].before);
		const char *wanted = rows[i].after, *body = strstr(wanted, "<soapenv:Body");
		size_t head = (size_t)(strchr(wanted, '>') + 1 - wanted), tail = strlen(body);

		if (got.n < head + tail || memcmp(got.p, wanted, head) != 0 ||
			memcmp(got.p + got.n - tail, body, tail) != 0)
			fail_msg("%s:\n%.*s\nis not\n%s", rows[i].sentence, (int)got.n, (const char *)got.p, wanted);
		assert_null(memmem(got.p, got.n, "password", 8));
		assert_null(memmem(got.p, got.n, "secret", 6));
	}
}

static void what_is_forwarded_reads_as_before(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = bench_fresh(state);
		const char *text = (const char *)forward(b, rows[i].sentence, rows[i].before).p;
		struct async_message m;
		struct err e = {0};

		if (!async_read_message(b->pool, async_verified(b, rows[i].sentence, text), &m, &e).ok)
			fail_msg("%s: %s", rows[i].sentence, e.detail);
		assert_text(rows[i].sentence, "messageId", m.message_id, "b-1");
		assert_text(rows[i].sentence, "correlationId", m.correlation_id, "b&2");
		assert_text(rows[i].sentence, "sessionId", m.session_id, OTHER_SESSION);
		assert_text(rows[i].sentence, "senderId", m.sender_id, "demo");
		assert_false(m.has_password);
	}
}

static void identifiers_outside_the_contract_are_not_forwarded(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	const struct verified *v = async_verified(b, "a message", AROUND(REST));
	struct async_message m;
	struct err e = {0};

	assert_true(async_read_message(b->pool, v, &m, &e).ok);
	assert_false(async_forward_message(v, &m, "b\n1", "c", OTHER_SESSION, &out, &e).ok);
	assert_false(async_forward_message(v, &m, "b", "c\xff", OTHER_SESSION, &out, &e).ok);
	assert_false(async_forward_message(v, &m, "b", SESSION SESSION SESSION SESSION, OTHER_SESSION, &out,
		&e).ok);
	assert_int_equal(out.len, 0);
}

/* Items. */

struct pulled {
	size_t count;
	struct async_message m[4];
	size_t most;
};

static bool take(void *ctx, const struct async_message *m)
{
	struct pulled *p = ctx;

	assert_true(p->count < 4);
	p->m[p->count++] = *m;
	return p->count < p->most;
}

static void put_item(struct bench *b, struct bytes forwarded, struct buf *out)
{
	struct bytes scope, octets;
	struct err e = {0};

	if (!async_item_of(b->pool, forwarded, &scope, &octets, &e).ok)
		fail_msg("%s", e.detail);
	assert_true(octets.p >= forwarded.p && octets.p + octets.n <= forwarded.p + forwarded.n);
	async_write_messages_item(scope, octets, out);
}

static const struct stamp when = {WHEN_MS, 300, true};

#define TYPED ENVELOPE_WITH(" xmlns:xsi='" NS_XSI "' xmlns:far=\"urn:far\" xmlns:same='urn:outer'", \
	"<t:sendMessage xmlns:t='" NS_ASYNC_TYPES "' xmlns:same='urn:inner'><request xmlns:near='urn:near'>" \
	"<messageInfo>" REST \
	"</messageInfo> <!-- between -->\n<messageData><data xsi:type=\"far:Type\"><near:a same:b='1'/>" \
	"</data></messageData><!-- behind --></request></t:sendMessage>")
#define SECOND BUS("sendMessage", "<request><messageInfo>" REST "</messageInfo>" HOLDER "</request>")

static void items_keep_octets_and_names(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct pulled pulled = {.most = 4};
	const struct verified *v;
	struct err e = {0};

	async_write_messages_begin(when, SESSION, &out);
	put_item(b, forward(b, "typed", TYPED), &out);
	put_item(b, forward(b, "second", SECOND), &out);
	async_write_messages_end(&out);
	assert_non_null(strstr(buf_cstr(&out), "<messageInfo>" NEW_ID NEW_CHAIN REST NEW_SESSION
		"</messageInfo> <!-- between -->\n<messageData><data xsi:type=\"far:Type\">"
		"<near:a same:b='1'/></data>"
		"</messageData></messages>"));
	assert_non_null(strstr(buf_cstr(&out), HOLDER "</messages></response></getMessagesResponse>"));
	v = async_verified(b, "pulled", buf_cstr(&out));
	if (!async_read_messages(b->pool, v, take, &pulled, &e).ok)
		fail_msg("%s", e.detail);
	assert_int_equal(pulled.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_text("item", "messageId", pulled.m[i].message_id, "b-1");
		assert_text("item", "correlationId", pulled.m[i].correlation_id, "b&2");
		assert_text("item", "sessionId", pulled.m[i].session_id, OTHER_SESSION);
		assert_text("item", "senderId", pulled.m[i].sender_id, "demo");
		assert_ptr_equal(pulled.m[i].operation, verified_operation(v));
		assert_string_equal(node_local(pulled.m[i].data->node), "data");
	}
	/* The prefix in the value of xsi:type, and the names of an element and its attribute. */
	assert_string_equal((const char *)xmlSearchNs(pulled.m[0].data->node->doc, pulled.m[0].data->node,
		(const xmlChar *)"far")->href, "urn:far");
	assert_string_equal(node_ns(pulled.m[0].data->node->children), "urn:near");
	assert_string_equal((const char *)pulled.m[0].data->node->children->properties->ns->href, "urn:inner");
	assert_null(xmlSearchNs(pulled.m[1].data->node->doc, pulled.m[1].data->node, (const xmlChar *)"far"));
}

/* Data whose xsi:type is of a schema passes the check of the schema where it arrives. */
static void items_stay_valid_payloads(void **state)
{
	static const char xsd[] = "<xs:schema xmlns:xs='"
		"http://www.w3.org/2001/XMLSchema' targetNamespace='urn:far'>"
		"<xs:complexType name='Type'><xs:sequence><xs:element name='n' type='xs:int'/>"
		"</xs:sequence></xs:complexType>"
		"</xs:schema>";
	SCOPED(schema_free) struct schema *s = NULL;
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct pulled pulled = {.most = 4};
	const struct verified *v;
	char path[] = "/tmp/qaqpa-item-XXXXXX";
	int fd = mkstemp(path);
	struct err e = {0};

	assert_int_equal(write(fd, xsd, sizeof(xsd) - 1), sizeof(xsd) - 1);
	close(fd);
	if (!schema_load(path, &s, &e).ok)
		fail_msg("%s", e.detail);
	unlink(path);
	async_write_messages_begin(when, SESSION, &out);
	put_item(b, forward(b, "typed", ENVELOPE_WITH(" xmlns:xsi='" NS_XSI "' xmlns:far='urn:far'",
		"<t:sendMessage xmlns:t='" NS_ASYNC_TYPES "'><request><messageInfo>" REST
		"</messageInfo><messageData><data xsi:type='far:Type'><n>1</n>"
		"</data></messageData></request></t:sendMessage>")), &out);
	async_write_messages_end(&out);
	v = async_verified(b, "pulled", buf_cstr(&out));
	assert_true(async_read_messages(b->pool, v, take, &pulled, &e).ok);
	assert_int_equal(pulled.count, 1);
	if (!schema_check(s, verified_envelope(v), pulled.m[0].data, &e).ok)
		fail_msg("%s", e.detail);
}

static void answers_are_valid(void **state)
{
	for (size_t items = 0; items < 3; items++) {
		SCOPED(schema_free) struct schema *s = NULL;
		SCOPED(buf_free) struct buf out = BUF(MUCH);
		struct bench *b = bench_fresh(state);
		struct pulled pulled = {.most = 4};
		struct envelope *env;
		struct err e = {0};

		async_write_messages_begin(when, SESSION, &out);
		for (size_t i = 0; i < items; i++)
			put_item(b, forward(b, "second", SECOND), &out);
		async_write_messages_end(&out);
		assert_non_null(strstr(buf_cstr(&out),
			"<getMessagesResponse xmlns=\"http://bip.bee.kz/AsyncChannel/v10/Types\">"
			"<response xmlns=\"\"><responseDate>" WHEN_TEXT "</responseDate><sessionId>" SESSION
			"</sessionId><"));
		env = bench_parse(b, buf_bytes(&out));
		if (!schema_load(SOURCE_DIR "/wsdl/async-channel/v10/elements.xsd", &s, &e).ok ||
			!schema_check(s, env, envelope_body(env), &e).ok)
			fail_msg("%s", e.detail);
		assert_true(async_read_messages(b->pool, async_verified(b, "pulled", buf_cstr(&out)), take, &pulled,
			&e).ok);
		assert_int_equal(pulled.count, items);
	}
}

static void reading_ends_when_asked(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct pulled pulled = {.most = 1};
	struct err e = {0};

	async_write_messages_begin(when, SESSION, &out);
	put_item(b, forward(b, "second", SECOND), &out);
	put_item(b, forward(b, "second", SECOND), &out);
	async_write_messages_end(&out);
	assert_true(async_read_messages(b->pool, async_verified(b, "pulled", buf_cstr(&out)), take, &pulled,
		&e).ok);
	assert_int_equal(pulled.count, 1);
}

#define PULLED(inner) BUS("getMessagesResponse", "<response><responseDate>" WHEN_TEXT \
	"</responseDate><sessionId/>" inner "</response>")
#define ITEM(inner) "<messages>" inner DATA "</messages>"

static const struct {
	const char *sentence, *message;
	size_t given; /* messages before the refused one */
	enum reason reason;
	const char *detail;
} bad_answers[] = {
	{"a message", BUS("sendMessage", "<request/>"), 0, REASON_SOAP_OPERATION, "sendMessage"},
	{"the question", BUS("getMessages", "<request/>"), 0, REASON_SOAP_OPERATION, "getMessages"},
	{"no date", BUS("getMessagesResponse", "<response><sessionId/></response>"), 0, REASON_CHANNEL_FORMAT,
		"responseDate is missing"},
	{"no sessionId", BUS("getMessagesResponse", "<response><responseDate>" WHEN_TEXT
		"</responseDate></response>"), 0, REASON_CHANNEL_FORMAT, "sessionId is missing"},
	{"messages before the date", BUS("getMessagesResponse", "<response>" ITEM("<messageInfo/>")
		"<responseDate/></response>"), 0, REASON_CHANNEL_FORMAT, "responseDate must stand before messages"},
	{"an unknown element", PULLED("<message/>"), 0, REASON_CHANNEL_FORMAT,
		"message is not an element of response"},
	{"qualified messages", PULLED("<t:messages/>"), 0, REASON_CHANNEL_FORMAT,
		"messages in response is in a namespace"},
	{"messages without messageInfo", PULLED("<messages/>"), 0, REASON_CHANNEL_FORMAT,
		"messageInfo is missing"},
	{"messages without messageData", PULLED("<messages><messageInfo>" REST "</messageInfo></messages>"), 0,
		REASON_CHANNEL_FORMAT, "messageData is missing"},
	{"an attribute on messages", PULLED("<messages href='#m'><messageInfo>" REST "</messageInfo>" DATA
		"</messages>"), 0, REASON_CHANNEL_FORMAT, "attribute href is not allowed on messages"},
	{"a wrong type in the second", PULLED(ITEM("<messageInfo>" REST "</messageInfo>") ITEM("<messageInfo>"
		SERVICE
		"<messageType>X</messageType>" DATE "<sender><senderId>demo</senderId></sender></messageInfo>")), 1,
		REASON_CHANNEL_FORMAT, "messageType is not what its type allows"},
	{"an unknown element in a sender far down", PULLED(ITEM("<messageInfo>" SERVICE TYPE DATE
		"<sender><senderId>demo</senderId><x/></sender></messageInfo>")), 0, REASON_CHANNEL_FORMAT,
		"x is not an element of sender"},
};

static void refuses_other_answers(void **state)
{
	for (size_t i = 0; i < sizeof(bad_answers) / sizeof(bad_answers[0]); i++) {
		struct bench *b = bench_fresh(state);
		const struct verified *v = async_verified(b, bad_answers[i].sentence, bad_answers[i].message);
		struct pulled pulled = {.most = 4};
		struct err e = {0};

		if (async_read_messages(b->pool, v, take, &pulled, &e).ok)
			fail_msg("%s: was read", bad_answers[i].sentence);
		if (e.reason != bad_answers[i].reason || !strstr(e.detail, bad_answers[i].detail))
			fail_msg("%s: %s, '%s'", bad_answers[i].sentence, reason_row(e.reason)->name, e.detail);
		assert_int_equal(pulled.count, bad_answers[i].given);
	}
}

static void items_are_made_of_messages_only(void **state)
{
	static const char *const bad[] = {"", "<a/>", PULLED(""), BUS("sendMessage", ""), BUS("sendMessage",
		"<request/>"), BUS("sendMessage", "<request><messageInfo/></request>"),
		BUS("sendMessage", "<request>" DATA "<messageInfo/></request>")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct bytes scope, octets;
		struct err e = {0};

		if (async_item_of(b->pool, bytes_str(bad[i]), &scope, &octets, &e).ok)
			fail_msg("%s gave an item", bad[i]);
		assert_int_not_equal(e.reason, REASON_NONE);
	}
}

/* Business signatures by xmlsec1, where they stand in the sender's envelope. */

#define INNER(c14n) ENVELOPE_WITH(" xmlns:above=\"urn:above\"", "<t:sendMessage xmlns:t='" NS_ASYNC_TYPES \
	"'><request><messageInfo>" REST_WITH(PASSWORD) \
	"</messageInfo><messageData><data><p:Request xmlns:p=\"urn:p\" " \
	"Id=\"payload\"><p:iin>\n</p:iin>" DSIG(c14n) \
	"</p:Request></data></messageData></request></t:sendMessage>")

static void check_inner(void **state, const char *template, const char *folder)
{
	SCOPED(buf_free) struct buf out = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct bytes forwarded;

	forwarded = forward(b, "signed inside", (const char *)inner_sign(b, bytes_str(template), folder).p);
	assert_true(inner_holds(b, bench_sign(b, forwarded), folder));
	async_write_messages_begin(when, SESSION, &out);
	put_item(b, forwarded, &out);
	async_write_messages_end(&out);
	inner_assert_good(b, bench_sign(b, buf_bytes(&out)), folder);
}

static void inner_signatures_stay_good(void **state)
{
	inner_each(state, check_inner, INNER(NS_EXC_C14N), INNER(INCLUSIVE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwards_octet_by_octet), cmocka_unit_test(what_is_forwarded_reads_as_before),
		cmocka_unit_test(identifiers_outside_the_contract_are_not_forwarded),
		cmocka_unit_test(items_keep_octets_and_names), cmocka_unit_test(items_stay_valid_payloads),
		cmocka_unit_test(answers_are_valid), cmocka_unit_test(reading_ends_when_asked),
		cmocka_unit_test(refuses_other_answers), cmocka_unit_test(items_are_made_of_messages_only),
		cmocka_unit_test(inner_signatures_stay_good),
	};

	return cmocka_run_group_tests_name("channel async forward", tests, bench_open, bench_close);
}
