/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The content of `data` is left out of the tree where it may be, comes into it when it is asked for, and every element stays
 * where it was. */
#include "envelope/envelope_int.h"
#include "envelope_samples.h"

#define SENT(data) \
	WHOLE("<s:Header><h xmlns:u=\"" NS_WSU "\" u:Id=\"token\"/></s:Header>" \
		BODY("<t:SendMessage xmlns:t=\"urn:t\"><request><requestInfo><id>1</id></requestInfo><requestData>" data \
			"</requestData></request></t:SendMessage>"))

static struct envelope *frame(struct pool *pool, struct bytes text)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope *env = NULL;
	struct err e = {0};

	if (!envelope_parse_frame(pool, text, &limits, &env, &e).ok)
		fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
	return env;
}

static const struct element *holder_of(const struct envelope *env)
{
	const struct element *request = envelope_child(env, envelope_operation(env), "", "request", NULL);

	return envelope_child(env, request, "", "requestData", NULL);
}

static const struct element *data_of(const struct envelope *env)
{
	const struct element *list;

	assert_int_equal(envelope_children(env, holder_of(env), &list), 1);
	return list;
}

static void what_is_left_out_comes_when_it_is_asked_for(void **state)
{
	static const char content[] = "<p:R xmlns:p=\"urn:p\" id=\"1\"><p:a>x</p:a></p:R><q/>";
	SCOPED(pool_free) struct pool *pool = new_pool();
	const struct element *data, *list, *body;
	struct envelope *env;
	struct bytes text;

	(void)state;
	env = frame(pool, BYTES_LIT(SENT("<data x='1'><p:R xmlns:p=\"urn:p\" id=\"1\"><p:a>x</p:a></p:R><q/></data>")));
	data = data_of(env);
	body = envelope_body(env);
	assert_false(envelope_is_whole(env));
	assert_ptr_equal(data->left_out_of, env);
	assert_null(data->node->children);
	assert_string_equal((const char *)data->node->properties->name, "x");
	text = bytes_sub(envelope_text(env), data->inner, data->inner_end);
	assert_true(bytes_is(text, content));

	assert_true(element_whole(data, NULL).ok);
	assert_true(envelope_is_whole(env));
	assert_null(data->left_out_of);
	assert_ptr_equal(data_of(env), data);
	assert_ptr_equal(envelope_body(env), body);
	assert_int_equal(envelope_children(env, data, &list), 2);
	assert_string_equal(node_ns(list[0].node), "urn:p");
	assert_ptr_equal(list[0].node->parent, data->node);
	assert_true(bytes_is(bytes_sub(envelope_text(env), list[1].start, list[1].end), "<q/>"));
	assert_ptr_equal(data->node->doc, envelope_doc(env));
	assert_ptr_equal(envelope_by_id(env, BYTES_LIT("token"), false)->doc, envelope_doc(env));
	assert_true(element_whole(data, NULL).ok); /* a second time changes nothing */
	assert_ptr_equal(data->node->doc, envelope_doc(env));
}

static void who_looks_inside_asks_for_it(void **state)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(pool_free) struct pool *pool = new_pool();
	struct payload payload;
	struct envelope *env;

	(void)state;
	env = frame(pool, BYTES_LIT(SENT("<data>&lt;r>1&lt;/r></data>")));
	assert_false(envelope_is_whole(env));
	assert_true(payload_open(pool, data_of(env), &limits, &payload, NULL).ok);
	assert_string_equal(node_local(payload_root(&payload)), "r");
}

#define SIGNED_INFO(p) \
	"<" p "SignedInfo><" p "CanonicalizationMethod Algorithm=\"" NS_EXC_C14N "\"></" p "CanonicalizationMethod>" \
	"<" p "SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>" \
	"<" p "Reference URI=\"#body\"><" p "Transforms><" p "Transform Algorithm=\"" NS_EXC_C14N "\">" \
	"<ec:InclusiveNamespaces xmlns:ec=\"" NS_EXC_C14N "\" PrefixList=\"a soap\"/></" p "Transform></" p "Transforms>" \
	"<" p "DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>" \
	"<" p "DigestValue>wjD8FyLh1Zxe7G8I5uIdTi=\n</" p "DigestValue></" p "Reference></" p "SignedInfo>" \
	"<" p "SignatureValue>o49cy3Db\r\njacwe6L8==</" p "SignatureValue>"
#define CALL(gap) \
	gap "<m:SendMessage xmlns:m=\"urn:m\">" gap "<request>" gap "<requestInfo><id>1</id></requestInfo>" gap \
	"<requestData>" gap "<data><a xmlns='urn:a'>1</a></data>" gap "</requestData></request></m:SendMessage>" gap

static const char by_wss4j[] = "<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\">"
	"<SOAP-ENV:Header xmlns:SOAP-ENV=\"" NS_SOAP11 "\">"
	"<wsse:Security xmlns:wsse=\"" NS_WSSE "\" xmlns:wsu=\"" NS_WSU "\" soap:mustUnderstand=\"1\">"
	"<wsse:BinarySecurityToken EncodingType=\"urn:b64\" wsu:Id=\"X509-1\">MIID4zCCAsugAwIBAgIU</wsse:BinarySecurityToken>"
	"<wsu:Timestamp wsu:Id=\"TS-1\"><wsu:Created>2026-01-01T00:00:00Z</wsu:Created></wsu:Timestamp>"
	"<ds:Signature xmlns:ds=\"" NS_DSIG "\" Id=\"SIG-1\">" SIGNED_INFO("ds:") "<ds:KeyInfo Id=\"KI-1\">"
	"<wsse:SecurityTokenReference wsu:Id=\"STR-1\"><wsse:Reference URI=\"#X509-1\"/></wsse:SecurityTokenReference>"
	"</ds:KeyInfo></ds:Signature></wsse:Security></SOAP-ENV:Header>"
	"<soap:Body xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"body\">" CALL("") "</soap:Body></soap:Envelope>";
static const char by_gsoap[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"" NS_SOAP11 "\" xmlns:SOAP-ENC=\"http://schemas.xmlsoap.org/soap/encoding/\""
	" xmlns:xsi=\"" NS_XSI "\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:wsu=\"" NS_WSU "\""
	" xmlns:ds=\"" NS_DSIG "\" xmlns:wsse=\"" NS_WSSE "\"><SOAP-ENV:Header>"
	"<wsse:Security SOAP-ENV:mustUnderstand=\"1\"><ds:Signature>" SIGNED_INFO("ds:") "</ds:Signature></wsse:Security>"
	"</SOAP-ENV:Header><SOAP-ENV:Body wsu:Id=\"body\">" CALL("") "</SOAP-ENV:Body></SOAP-ENV:Envelope>\n";
static const char by_zeep[] = "<?xml version='1.0' encoding='utf-8'?>\n"
	"<soap-env:Envelope xmlns:soap-env=\"" NS_SOAP11 "\"><soap-env:Header><wsse:Security xmlns:wsse=\"" NS_WSSE "\">"
	"<Signature xmlns=\"" NS_DSIG "\">\n" SIGNED_INFO("") "\n<KeyInfo><wsse:SecurityTokenReference><X509Data>"
	"<X509IssuerSerial><X509IssuerName>O=&quot;A &amp; B&quot;, CN=\xD2\x9A\xD0\x90&#x49A;</X509IssuerName>"
	"</X509IssuerSerial></X509Data></wsse:SecurityTokenReference></KeyInfo></Signature></wsse:Security></soap-env:Header>"
	"<soap-env:Body xmlns:ns0=\"" NS_WSU "\" ns0:Id=\"body\">" CALL("") "</soap-env:Body></soap-env:Envelope>";
static const char by_hand[] = "\xEF\xBB\xBF<!-- try -->\r\n<s:Envelope\r\n  xmlns:s='" NS_SOAP11 "'>\r\n"
	"  <s:Header />\r\n  <s:Body >\r\n<!--Optional:-->" CALL("\r\n\t") "</s:Body>\r\n</s:Envelope >\r\n<!-- -->\r\n";
static const char by_fancy[] = WHOLE("<s:Header a='\"' b=\"'&#x9;&lt;&gt;\n\"/>"
	"<s:Body xmlns='urn:x' c='&#1179;\xD2\x9B' d=''>" CALL("") "</s:Body>");
static const char by_default[] = "<Envelope xmlns='" NS_SOAP11 "'><Body>"
	"<o:op xmlns:o='urn:o' xmlns=''><r><d><data>1</data></d></r></o:op></Body></Envelope>";

/* What the libraries write that partners use. The tree of each is made by our own walk, and it is the one of libxml2. */
static void usual_frames_are_not_parsed(void **state)
{
	static const struct {
		const char *name;
		struct bytes text;
	} rows[] = {
		{"WSS4J, with a token and a time", BYTES_LIT(by_wss4j)},
		{"gSOAP, with all its prefixes", BYTES_LIT(by_gsoap)},
		{"zeep, with a default namespace", BYTES_LIT(by_zeep)},
		{"written by hand, with comments", BYTES_LIT(by_hand)},
		{"values in both quotes, with what stands for characters", BYTES_LIT(by_fancy)},
		{"the default declared away", BYTES_LIT(by_default)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		const struct envelope *env = frame(pool, rows[i].text);
		const char *why = envelope_is_whole(env) ? "it was parsed" : envelope_frame_differs(env);

		if (why)
			fail_msg("%s: %s", rows[i].name, why);
	}
}

/* For what else than usual content the whole is parsed, or for another place than that of the contract. */
static void the_rest_is_parsed_whole(void **state)
{
	static const struct {
		const char *name;
		struct bytes text;
	} whole[] = {
		{"nothing inside", BYTES_LIT(SENT("<data></data>"))},
		{"an empty-element tag", BYTES_LIT(SENT("<data/>"))},
		{"another name", BYTES_LIT(SENT("<date>1</date>"))},
		{"a name beyond ASCII", BYTES_LIT(SENT("<data><\xD0\x9A/></data>"))},
		{"a name beyond ASCII around", BYTES_LIT(SENT("<data \xD0\x9A='1'>1</data>"))},
		{"a CDATA section around", BYTES_LIT(SENT("<![CDATA[]]><data>1</data>"))},
		{"the prefix xml around", BYTES_LIT(SENT("<data xml:lang='kk'>1</data>"))},
		{"a namespace name of an unusual form around", BYTES_LIT(SENT("<data xmlns:a='urn:a?b'>1</data>"))},
		{"a comment with a carriage return around", BYTES_LIT(SENT("<!--\r--><data>1</data>"))},
		{"the prefix xml", BYTES_LIT(SENT("<data><a xml:lang='kk'/></data>"))},
		{"a namespace name of an unusual form", BYTES_LIT(SENT("<data><a xmlns='urn:a?b'/></data>"))},
		{"too high", BYTES_LIT(WHOLE(BODY("<op><data>1</data></op>")))},
		{"in the Header", BYTES_LIT(WHOLE("<s:Header><a><b><c><data>1</data></c></b></a></s:Header>" BODY("<op/>")))},
		{"in a Fault", BYTES_LIT(WHOLE(BODY("<s:Fault><b><c><data>1</data></c></b></s:Fault>")))},
	};

	(void)state;
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();

		if (!envelope_is_whole(frame(pool, whole[i].text)))
			fail_msg("%s", whole[i].name);
	}
}

/* Frames are small, and the tables for them too. */
static void larger_frames_are_parsed(void **state)
{
	static const struct {
		const char *repeated;
		size_t n;
		bool parsed;
	} rows[] = {{"\n", 60000, false}, {"\n", 70000, true}, {"a long text ", 9000, false}, {"a long text ", 12000, true},
		{"<a xmlns:p='urn:a'/>", 60, false}, {"<a xmlns:p='urn:a'/>", 70, true}, {"<a/>", 500, false}, {"<a/>", 2000, true}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		SCOPED(buf_free) struct buf text = BUF(1u << 20);
		const struct envelope *env;

		buf_str(&text, OPEN "<s:Body><op><r>");
		for (size_t k = 0; k < rows[i].n; k++)
			buf_str(&text, rows[i].repeated);
		buf_str(&text, "<b/><d><data>1</data></d></r></op></s:Body>" CLOSE);
		env = frame(pool, buf_bytes(&text));
		if (envelope_is_whole(env) != rows[i].parsed || (!rows[i].parsed && envelope_frame_differs(env)))
			fail_msg("%zu times %s", rows[i].n, rows[i].repeated);
	}
}

/* Only the first of several; the others stay in the tree, where their reader finds that they are too many. */
/* Of whatever size the memory is, its last piece ends somewhere among the attributes. */
static void memory_that_ends_anywhere_refuses(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(1 << 16);
	size_t refused = 0, made = 0;

	(void)state;
	buf_str(&text, "<s:Envelope xmlns:s=\"" NS_SOAP11 "\"><s:Header>");
	for (int i = 0; i < 40; i++)
		buf_str(&text, "<h aaaa=\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\" c=\"dddddddddd\" eeee=\"f\" g=\"hh\"/>");
	buf_str(&text, "</s:Header><s:Body><t:S xmlns:t=\"urn:t\"><request><requestInfo/><requestData><data><a/></data>"
		"</requestData></request></t:S></s:Body></s:Envelope>");
	for (size_t ceiling = 1024; ceiling < 100000; ceiling += 64) {
		SCOPED(pool_free) struct pool *pool = pool_new(ceiling);
		struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
		struct envelope *env = NULL;
		struct err e = {0};

		if (envelope_parse_frame(pool, buf_bytes(&text), &limits, &env, &e).ok)
			made++;
		else
			refused++;
	}
	assert_true(refused > 0 && made > 0);
}

static void one_is_left_out(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	const struct element *list;
	struct envelope *env;

	(void)state;
	env = frame(pool, BYTES_LIT(SENT("<data>1</data><data>2</data>")));
	assert_int_equal(envelope_children(env, holder_of(env), &list), 2);
	assert_ptr_equal(list[0].left_out_of, env);
	assert_null(list[1].left_out_of);
	assert_string_equal((const char *)list[1].node->children->content, "2");
}

static void identifiers_inside_are_not_those_of_the_message(void **state)
{
	static const struct {
		struct bytes text;
		enum reason reason;
	} rows[] = {
		{BYTES_LIT(SENT("<data><a Id='other'/><a Id='other'/></data>")), REASON_NONE},
		{BYTES_LIT(SENT("<data><a Id='token'/></data>")), REASON_XML_DUPLICATE_ID},
		{BYTES_LIT(SENT("<data><a><b ID='token'/></a></data>")), REASON_XML_DUPLICATE_ID},
		{BYTES_LIT(SENT("<data><a id='&#116;oken'/></data>")), REASON_XML_DUPLICATE_ID},
		{BYTES_LIT(SENT("<data id='token'><a/></data>")), REASON_XML_DUPLICATE_ID},
	};
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		struct envelope *env;
		struct err e = {0};

		assert_int_equal(parse_both(pool, rows[i].text, &limits, &env, &e).ok, rows[i].reason == REASON_NONE);
		assert_int_equal(e.reason, rows[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_out_comes_when_it_is_asked_for),
		cmocka_unit_test(who_looks_inside_asks_for_it),
		cmocka_unit_test(usual_frames_are_not_parsed),
		cmocka_unit_test(the_rest_is_parsed_whole),
		cmocka_unit_test(larger_frames_are_parsed),
		cmocka_unit_test(memory_that_ends_anywhere_refuses),
		cmocka_unit_test(one_is_left_out),
		cmocka_unit_test(identifiers_inside_are_not_those_of_the_message),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
