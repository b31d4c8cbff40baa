/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the gateway signs is accepted by its own verification in every form and algorithm, keeps the octets it
 * must keep, and has the prefixes that partners look for. */
#include "fixture.h"

#define ODD_CONTENT \
	"\r\n<m:a xmlns:m='urn:m'  b = 'c'><![CDATA[<x>]]>&#13;&#1179;&gt;<e/><e></e ></m:a>\r\n"

static const char plain_message[] =
	"<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\" xmlns:xs=\"urn:unused\"><soap:Body>" PAYLOAD("1")
	"</soap:Body></soap:Envelope>";

static bool sign_with(const char *message, enum who who, enum conf_form form, enum signature s,
	struct buf *out, struct err *e)
{
	struct sign_options options = {.key = world.key[who], .form = form, .signature = s};
	struct pool *pool = pool_new(MEMORY);
	outcome o = security_sign(pool, bytes_str(message), &options, out, e);

	pool_free(&pool);
	return o.ok;
}

static void sign(const char *message, struct buf *out)
{
	struct err e = {0};

	if (!sign_with(message, SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT, out, &e))
		fail_msg("%s: %s\n%s", reason_row(e.reason)->name, e.detail, message);
}

static void every_form_and_algorithm_is_verified(void **state)
{
	static const enum conf_form forms[] = {
		CONF_FORM_KEY_IDENTIFIER, CONF_FORM_ISSUER_SERIAL, CONF_FORM_BST, CONF_FORM_X509_DATA};
	size_t done = 0;

	(void)state;
	for (size_t i = 0; i < 4 * 3 * (SIGNATURE_COUNT + 1); i++) {
		const enum conf_form form = forms[i % 4];
		const enum who who = (enum who)(i / 4 % 3);
		const enum signature s = (enum signature)(i / 12);
		const enum signature used = s == SIGNATURE_COUNT ? world.key[who]->usual : s;
		struct buf out = BUF(MEMORY);
		struct err e = {0};
		struct verdict v;

		if (signature_row(used)->key != world.key[who]->key_kind) {
			assert_false(sign_with(plain_message, who, form, s, &out, &e));
			assert_int_equal(e.reason, REASON_KEY_USELESS);
			assert_int_equal(out.len, 0);
			continue;
		}
		if (!sign_with(plain_message, who, form, s, &out, &e))
			fail_msg("form %d, %s: %s", form, signature_row(used)->name, e.detail);
		expect(signature_row(used)->name, &out, REASON_NONE);
		v = verify(&out);
		assert_int_equal(v.form, form);
		assert_int_equal(v.signature, used);
		assert_int_equal(v.digest, signature_row(used)->digest);
		buf_free(&out);
		done++;
	}
	assert_int_equal(done, 4 * (4 + 2 * 2 + 3));
}

static const struct sign_case {
	const char *name, *message;
	const char *holds[3];  /* what stands in the result */
	const char *gone;      /* and what does not */
	const char *begin, *end;
} sign_cases[] = {
	{"prologue and what follows the Envelope are dropped",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a -->\n"
		"<s:Envelope xmlns:s=\"" NS_SOAP11
		"\"\n  ><s:Body >" PAYLOAD("1") "</s:Body ></s:Envelope>\n<!-- b -->\n",
		{"<s:Header><wsse:Security xmlns:wsse=\"" NS_WSSE
		 "\" s:mustUnderstand=\"1\"><ds:Signature xmlns:ds=\"" NS_DSIG "\"><ds:SignedInfo>",
			">" PAYLOAD("1") "</s:Body ></s:Envelope>",
			"<s:Body  xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"id-"},
		"<!--", "<s:Envelope xmlns:s=\"" NS_SOAP11 "\"\n  ><s:Header>", "</s:Envelope>"},
	{"an old Header goes with all that is in it",
		"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"> <s:Header a=\"1\"><x:old "
		"xmlns:x=\"urn:x\"/></s:Header>\n<s:Body>" PAYLOAD("1") "</s:Body></s:Envelope>",
		{"> <s:Header><wsse:Security", "</wsse:Security></s:Header>\n<s:Body"}, "old", NULL, NULL},
	{"an empty Header element is replaced",
		"<s:Envelope xmlns:s=\"" NS_SOAP11
		"\"><s:Header/><s:Body>" PAYLOAD("1") "</s:Body></s:Envelope>",
		{"<s:Header><wsse:Security"}, "<s:Header/>", NULL, NULL},
	{"SOAP as default namespace",
		"<Envelope xmlns=\"" NS_SOAP11 "\"><Body><m xmlns=\"\">1</m></Body></Envelope>",
		{"<Envelope xmlns=\"" NS_SOAP11 "\"><soapenv:Header xmlns:soapenv=\"" NS_SOAP11
		 "\"><wsse:Security xmlns:wsse=\"" NS_WSSE "\" soapenv:mustUnderstand=\"1\">",
			"</soapenv:Header><Body ", "<m xmlns=\"\">1</m></Body>"},
		NULL, NULL, NULL},
	{"a SOAP prefix that is one of ours",
		"<ds:Envelope xmlns:ds=\"" NS_SOAP11 "\"><ds:Body>" PAYLOAD("1") "</ds:Body></ds:Envelope>",
		{"<soapenv:Header xmlns:soapenv=\"" NS_SOAP11 "\"><wsse:Security",
			"soapenv:mustUnderstand=\"1\"><ds:Signature xmlns:ds=\"" NS_DSIG "\">"},
		NULL, NULL, NULL},
	{"wsse bound to something else by the sender",
		"<wsse:Envelope xmlns:wsse=\"" NS_SOAP11
		"\"><wsse:Body>" PAYLOAD("1") "</wsse:Body></wsse:Envelope>",
		{"<soapenv:Header xmlns:soapenv=\"" NS_SOAP11 "\"><wsse:Security xmlns:wsse=\"" NS_WSSE
		 "\" soapenv:mustUnderstand"},
		NULL, NULL, NULL},
	{"the sender's wsu:Id is kept, octet for octet",
		"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"><s:Body  u:Id = 'bodyId'\n"
		" xmlns:u=\"" NS_WSU "\" >" PAYLOAD("1") "</s:Body></s:Envelope>",
		{"<s:Body  u:Id = 'bodyId'\n xmlns:u=\"" NS_WSU "\" >" PAYLOAD("1"),
			"<ds:Reference URI=\"#bodyId\">"},
		"wsu:Id", NULL, NULL},
	{"a Body without identifier where wsu is declared already",
		"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"" XMLNS_WSU
		"><s:Body>" PAYLOAD("1") "</s:Body></s:Envelope>",
		{"<s:Body wsu:Id=\"id-"}, "<s:Body xmlns:wsu", NULL, NULL},
	{"a plain Id becomes wsu:Id and keeps its value",
		"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"><s:Body a=\"Id='x'\" xmlns:id=\"urn:id\" "
		"Id='plain'>" PAYLOAD("1") "</s:Body></s:Envelope>",
		{"<s:Body a=\"Id='x'\" xmlns:id=\"urn:id\" xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"plain\">",
			"URI=\"#plain\""},
		" Id='plain'", NULL, NULL},
	{"xml:id makes room for a wsu:Id",
		"<s:Envelope xmlns:s=\"" NS_SOAP11
		"\"><s:Body xml:id=\"x\">" PAYLOAD("1") "</s:Body></s:Envelope>",
		{"<s:Body xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"id-"}, "xml:id", NULL, NULL},
	{"a wsu:Id that no reference can name is replaced",
		"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"" XMLNS_WSU
		"><s:Body wsu:Id=\"a b&quot;\">" PAYLOAD("1") "</s:Body></s:Envelope>",
		{"<s:Body wsu:Id=\"id-"}, "a b&quot;", NULL, NULL},
	{"the content of the Body keeps CR, CDATA, quotes and empty elements",
		"<s:Envelope xmlns:s=\"" NS_SOAP11
		"\"><s:Body>" ODD_CONTENT "</s:Body></s:Envelope>",
		{">" ODD_CONTENT "</s:Body></s:Envelope>"},
		NULL, NULL, NULL},
	{"payload with its own identifiers",
		"<s:Envelope xmlns:s=\"" NS_SOAP11 "\"><s:Body><m xmlns=\"\" id=\"1\"><n id=\"2\"/>"
		"</m></s:Body></s:Envelope>",
		{"<m xmlns=\"\" id=\"1\"><n id=\"2\"/></m></s:Body>"}, NULL, NULL, NULL},
};

static void check_case(const struct sign_case *c, const struct buf *out)
{
	const char *text = buf_cstr(out);

	for (size_t i = 0; i < 3 && c->holds[i]; i++) {
		if (!strstr(text, c->holds[i]))
			fail_msg("%s: not found: %s\n%s", c->name, c->holds[i], text);
	}
	if (c->gone && strstr(text, c->gone))
		fail_msg("%s: still there: %s\n%s", c->name, c->gone, text);
	if (c->begin && strncmp(text, c->begin, strlen(c->begin)) != 0)
		fail_msg("%s: begins otherwise\n%s", c->name, text);
	if (c->end && strcmp(text + out->len - strlen(c->end), c->end) != 0)
		fail_msg("%s: ends otherwise\n%s", c->name, text);
}

static void octets_that_must_stay_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sign_cases / sizeof sign_cases[0]; i++) {
		struct buf out = BUF(MEMORY), again = BUF(MEMORY);

		sign(sign_cases[i].message, &out);
		check_case(&sign_cases[i], &out);
		expect(sign_cases[i].name, &out, REASON_NONE);
		/* Signed once more, only the Header differs; here not even that, with an RSA key. */
		sign(buf_cstr(&out), &again);
		assert_string_equal(buf_cstr(&out), buf_cstr(&again));
		buf_free(&out);
		buf_free(&again);
	}
}

/* Puts another operation into the Body while it is signed, with a comment before and a line break behind it. */
static void sign_edited(const char *message, struct buf *out)
{
	struct sign_options options = {world.key[SENDER], CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct pool *pool = pool_new(MEMORY);
	struct envelope *env;
	struct err e = {0};
	const struct element *body, *operation;

	if (!envelope_parse(pool, bytes_str(message), &limits, &env, &e).ok)
		fail_msg("%s\n%s", e.detail, message);
	body = envelope_body(env);
	operation = envelope_operation(env);
	const struct edit edits[] = {{body->inner, body->inner, BYTES_LIT("<!-- c -->")},
		{operation->start, operation->end, BYTES_LIT("<in b='2' xmlns='' a=\"1\"/>")},
		{body->inner_end, body->inner_end, BYTES_LIT("\r\n")}};
	if (!security_sign_edited(pool, env, edits, 3, &options, out, &e).ok)
		fail_msg("%s\n%s", e.detail, message);
	pool_free(&pool);
}

/* Signing the result once more parses it: that the signature stays the same shows that the edits were signed where they
 * stand, also where our own canonical form does not cover the Body. */
static void edits_are_signed(void **state)
{
	static const char foreign[] = "<s:Envelope xmlns:s=\"" NS_SOAP11
		"\"><s:Body xmlns:u=\"urn:a&amp;b\"><m/></s:Body></s:Envelope>";
	const size_t n = sizeof sign_cases / sizeof sign_cases[0];

	(void)state;
	for (size_t i = 0; i <= n; i++) {
		struct buf out = BUF(MEMORY), again = BUF(MEMORY);

		sign_edited(i < n ? sign_cases[i].message : foreign, &out);
		assert_non_null(strstr(buf_cstr(&out), "><!-- c -->"));
		assert_non_null(strstr(buf_cstr(&out), "<in b='2' xmlns='' a=\"1\"/>"));
		assert_non_null(strstr(buf_cstr(&out), "\r\n</"));
		assert_null(strstr(buf_cstr(&out), PAYLOAD("1")));
		sign(buf_cstr(&out), &again);
		assert_string_equal(buf_cstr(&out), buf_cstr(&again));
		buf_free(&out);
		buf_free(&again);
	}
}

static void sign_parsed(struct pool *pool, const struct envelope *env, const struct edit *edits, size_t n, struct buf *out)
{
	struct sign_options options = {world.key[SENDER], CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT};
	struct err e = {0};

	if (!security_sign_edited(pool, env, edits, n, &options, out, &e).ok)
		fail_msg("%s", e.detail);
}

/* What is known of the content of `data` from its judge serves the signature too; the whole, read anew, gives the same. */
static void what_was_left_out_is_signed_with_edits_around_it(void **state)
{
	static const char *const contents[] = {"<p:a xmlns:p=\"urn:p\"><p:b>1</p:b></p:a>", "<a>1</a>", "<m:a>1</m:a>",
		"<u:a>1</u:a>", "<u:a xmlns:u=\"urn:u\">1</u:a>", "<wsu:a xmlns:wsu=\"" NS_WSU "\">1</wsu:a>", "a&amp;b",
		"<a b='1'/>", "<![CDATA[<]]>"};
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	size_t known = 0;

	(void)state;
	for (size_t i = 0; i < 7 * sizeof contents / sizeof *contents; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(MEMORY);
		SCOPED(buf_free) struct buf text = BUF(MEMORY), out = BUF(MEMORY), again = BUF(MEMORY);
		const char *body = i % 2 ? " xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"x\"" : "";
		struct envelope *env;
		size_t from, to;

		buf_printf(&text, "<s:Envelope xmlns:s=\"" NS_SOAP11 "\" xmlns:u=\"urn:u\"><s:Body%s>"
			"<m:SendMessage xmlns:m=\"urn:m\"><request><requestInfo/><requestData><data>%s</data></requestData></request>"
			"</m:SendMessage></s:Body></s:Envelope>", body, contents[i / 7]);
		from = (size_t)(strstr(buf_cstr(&text), "<data>") + 6 - buf_cstr(&text));
		to = (size_t)(strstr(buf_cstr(&text), "</data>") - buf_cstr(&text));
		const struct edit edits[] = {{from, from, BYTES_LIT("<x/>")}, {to, to, BYTES_LIT("<y/>")},
			{from, to, BYTES_LIT("<z/>")}, {from - 6, from - 6, BYTES_LIT("<w a=\"1\"></w>")},
			{from - 6, to + 7, BYTES_LIT("<data/>")}, {to + 7, to + 7, BYTES_LIT("<v/>")}};

		if (!envelope_parse_frame(pool, buf_bytes(&text), &limits, &env, NULL).ok)
			fail_msg("%s", buf_cstr(&text));
		known += envelope_own(env)->octets.n > 0;
		sign_parsed(pool, env, &edits[i % 7 < 6 ? i % 7 : 0], i % 7 < 6, &out);
		expect(buf_cstr(&text), &out, REASON_NONE);
		if (!envelope_parse(pool, buf_bytes(&out), &limits, &env, NULL).ok)
			fail_msg("%s", buf_cstr(&out));
		sign_parsed(pool, env, NULL, 0, &again);
		assert_string_equal(buf_cstr(&out), buf_cstr(&again));
	}
	assert_int_equal(known, 38); /* the others are not their own canonical form, or declare once more what is declared */
}

static void the_result_is_appended(void **state)
{
	struct buf out = BUF(MEMORY);

	(void)state;
	buf_str(&out, "before");
	sign(plain_message, &out);
	assert_int_equal(strncmp(buf_cstr(&out), "before<soap:Envelope", 20), 0);
	buf_free(&out);
}

static void identifiers_are_fresh(void **state)
{
	struct buf one = BUF(MEMORY), two = BUF(MEMORY);

	(void)state;
	sign(plain_message, &one);
	sign(plain_message, &two);
	assert_string_not_equal(buf_cstr(&one), buf_cstr(&two));
	buf_free(&one);
	buf_free(&two);
}

/* What we write is read without libxml2. */
static bool has_to_be_parsed(const struct buf *text)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MEMORY);
	struct envelope *env;

	assert_true(envelope_parse_frame(pool, buf_bytes(text), &ENVELOPE_LIMITS_DEFAULT, &env, NULL).ok);
	return envelope_is_whole(env);
}

/* Form B names its elements as WSS4J does; no form writes InclusiveNamespaces. */
static void forms_are_written_as_the_bus_knows_them(void **state)
{
	static const struct {
		enum conf_form form;
		const char *holds[3];
	} wanted[] = {
		{CONF_FORM_KEY_IDENTIFIER,
			{"<ds:KeyInfo><wsse:SecurityTokenReference><wsse:KeyIdentifier EncodingType=\"" B64
			 "\" ValueType=\"" X509V3 "\">MII"}},
		{CONF_FORM_ISSUER_SERIAL,
			{"<ds:Signature xmlns:ds=\"" NS_DSIG "\" Id=\"SIG-", "<ds:KeyInfo Id=\"KI-",
				"<wsse:SecurityTokenReference wsu:Id=\"STR-"}},
		{CONF_FORM_BST,
			{"<wsse:BinarySecurityToken EncodingType=\"" B64 "\" ValueType=\"" X509V3
			 "\" wsu:Id=\"X509-",
				"<wsse:Reference URI=\"#X509-"}},
		{CONF_FORM_X509_DATA, {"<wsse:SecurityTokenReference><ds:X509Data><ds:X509Certificate>MII"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		struct buf out = BUF(MEMORY);
		struct err e;

		assert_true(sign_with(plain_message, SENDER, wanted[i].form, SIGNATURE_COUNT, &out, &e));
		for (size_t j = 0; j < 3 && wanted[i].holds[j]; j++) {
			if (!strstr(buf_cstr(&out), wanted[i].holds[j]))
				fail_msg("not found: %s\n%s", wanted[i].holds[j], buf_cstr(&out));
		}
		assert_null(strstr(buf_cstr(&out), "InclusiveNamespaces"));
		assert_false(has_to_be_parsed(&out));
		buf_free(&out);
	}
}

static const struct {
	const char *name, *message;
	enum reason wanted;
} refusals[] = {
	{"no XML", "SOAP", REASON_XML_MALFORMED},
	{"no Envelope", "<a/>", REASON_SOAP_NOT_ENVELOPE},
	{"no Body", "<s:Envelope xmlns:s=\"" NS_SOAP11 "\"/>", REASON_SOAP_SHAPE},
	{"wsu bound to something else in the Body",
		"<s:Envelope xmlns:s=\"" NS_SOAP11
		"\" xmlns:wsu=\"urn:other\"><s:Body>" PAYLOAD("1") "</s:Body></s:Envelope>",
		REASON_XML_NAMESPACE},
};

static void what_cannot_be_signed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct buf out = BUF(MEMORY);
		struct err e = {0};

		if (sign_with(refusals[i].message, SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT, &out,
			    &e) ||
			e.reason != refusals[i].wanted || out.len)
			fail_msg("%s: %s: %s", refusals[i].name, reason_row(e.reason)->name, e.detail);
		buf_free(&out);
	}
}

static void an_output_without_room_is_an_error(void **state)
{
	struct buf out = BUF(100);
	struct err e = {0};

	(void)state;
	assert_false(sign_with(plain_message, SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_COUNT, &out, &e));
	assert_int_equal(e.reason, REASON_MEMORY);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_and_algorithm_is_verified),
		cmocka_unit_test(octets_that_must_stay_stay),
		cmocka_unit_test(edits_are_signed),
		cmocka_unit_test(what_was_left_out_is_signed_with_edits_around_it),
		cmocka_unit_test(the_result_is_appended),
		cmocka_unit_test(identifiers_are_fresh),
		cmocka_unit_test(forms_are_written_as_the_bus_knows_them),
		cmocka_unit_test(what_cannot_be_signed_is_refused),
		cmocka_unit_test(an_output_without_room_is_an_error),
	};

	return cmocka_run_group_tests(tests, world_make, world_drop);
}
