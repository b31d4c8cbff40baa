/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which texts become an envelope, and why the others do not. */
#include "envelope_samples.h"

struct row {
	const char *name;
	struct bytes text;
	enum reason reason;
};

#define ROW(name, text, reason) {name, {(const unsigned char *)(text), sizeof(text) - 1}, REASON_##reason}
#define ID(attribute) "<a:h xmlns:a=\"urn:a\" xmlns:wsu=\"" NS_WSU "\" " attribute "/>"
#define HEADER(content) "<s:Header>" content "</s:Header>"
#define OP BODY("<op/>")

static const struct row rows[] = {
	/* What must pass. */
	ROW("the least envelope passes", WHOLE(OP), NONE),
	ROW("a Header before the Body passes", WHOLE(HEADER("<a/>") OP), NONE),
	ROW("an XML declaration passes", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" WHOLE(OP), NONE),
	ROW("a declaration in lower case, single quotes and standalone passes",
		"<?xml version = '1.0' encoding='utf-8' standalone='yes' ?>\n" WHOLE(OP), NONE),
	ROW("a declaration without encoding passes", "<?xml version=\"1.0\"?>" WHOLE(OP), NONE),
	ROW("a byte order mark passes", "\xEF\xBB\xBF<?xml version=\"1.0\"?>" WHOLE(OP), NONE),
	ROW("a byte order mark without declaration passes", "\xEF\xBB\xBF" WHOLE(OP), NONE),
	ROW("white space and comments around the root pass",
		"\r\n <!-- a -->\n" WHOLE(OP) "<!-- b -->\n\n", NONE),
	ROW("white space and comments between the frame's elements pass",
		WHOLE("\n\t<!--x-->" HEADER(" <!--y--> ") "\r\n" BODY("\n<!--z--><op/>\n") " "), NONE),
	ROW("a default namespace for SOAP passes",
		"<Envelope xmlns=\"" NS_SOAP11 "\"><Body><op xmlns=\"\"/></Body></Envelope>", NONE),
	ROW("Cyrillic text, references and CDATA pass",
		REQUEST("\xD0\x9A\xD1\x96\xD0\xBC &#x41F;&amp;&lt;<![CDATA[<no tag> & ]]] ]]>"), NONE),
	ROW("CDATA that looks like a document type passes", REQUEST("<![CDATA[<!DOCTYPE x><?pi?>]]>"), NONE),
	ROW("a comment that looks like a document type passes",
		REQUEST("<!-- <!DOCTYPE x> <?pi?> -->"), NONE),
	ROW("an attribute value with a greater-than sign passes", REQUEST("<x a='>' b=\"/>\"/>"), NONE),
	ROW("an attribute value that looks like an attribute passes",
		REQUEST("<x a=' xmlns:q=\"\" '/>"), NONE),
	ROW("white space inside tags passes", REQUEST("<x\n a = '1'\t\r\n></x\n >"), NONE),
	ROW("the empty default namespace passes", REQUEST("<x xmlns=\"\"/>"), NONE),
	ROW("a urn as namespace passes", REQUEST("<x xmlns=\"urn:oasis:names\" xmlns:y='a+b.c-1:z'/>"), NONE),
	ROW("astral characters pass", REQUEST("\xF0\x9F\x98\x80 &#x1F600;"), NONE),
	ROW("payload attributes named id may repeat",
		REQUEST("<i id=\"1\"/><i id=\"1\"/><i Id=\"1\" ID=\"1\"/>"), NONE),
	ROW("a payload that is an envelope passes", REQUEST(WHOLE(HEADER("<a/>") OP)), NONE),
	ROW("carriage returns as references pass", REQUEST("MIIB&#13;\nMIIC&#13;\n"), NONE),

	/* Nothing, and octets. */
	ROW("no octets are refused", "", XML_EMPTY),
	ROW("white space alone is refused", " \r\n\t", XML_EMPTY),
	ROW("a byte order mark alone is refused", "\xEF\xBB\xBF", XML_EMPTY),
	ROW("a comment alone is refused", "<!-- x -->", XML_MALFORMED),
	ROW("plain text is refused", "hello", XML_MALFORMED),
	ROW("a NUL inside data is refused", REQUEST("a\0b"), XML_NUL),
	ROW("a NUL behind the root is refused", WHOLE(OP) "\0", XML_NUL),
	ROW("a NUL and a second document are refused", WHOLE(OP) "\0" WHOLE(OP), XML_NUL),
	ROW("a control character is refused", REQUEST("a\x01z"), XML_MALFORMED),
	ROW("a reference to a control character is refused", REQUEST("&#1;"), XML_MALFORMED),
	ROW("a reference to NUL is refused", REQUEST("&#0;"), XML_MALFORMED),
	ROW("a reference to a surrogate is refused", REQUEST("&#xD800;"), XML_MALFORMED),
	ROW("a reference beyond Unicode is refused", REQUEST("&#x110000;"), XML_MALFORMED),

	/* Encodings. */
	ROW("an overlong less-than sign is refused", REQUEST("\xC0\xBC"), XML_ENCODING),
	ROW("a lone continuation octet is refused", REQUEST("\x80"), XML_ENCODING),
	ROW("a cut character at the end is refused", WHOLE(OP) "\xD0", XML_ENCODING),
	ROW("an encoded surrogate is refused", REQUEST("\xED\xA0\x80"), XML_ENCODING),
	ROW("Windows-1251 text is refused", REQUEST("\xCF\xF0\xE8"), XML_ENCODING),
	ROW("a UTF-16 text with its mark is refused", "\xFF\xFE<\0s\0/\0>\0", XML_ENCODING),
	ROW("a UTF-16 text without mark is refused", "\0<\0s\0/\0>", XML_NUL),
	ROW("a UTF-32 text is refused", "\0\0\0<\0\0\0a\0\0\0/\0\0\0>", XML_NUL),
	ROW("EBCDIC is refused", "\x4C\x6F\xA7\x94\x93\x40\xA5\x85\x99", XML_ENCODING),
	ROW("declared UTF-7 is refused",
		"<?xml version=\"1.0\" encoding=\"UTF-7\"?>" WHOLE(OP), XML_ENCODING),
	ROW("declared UTF-16 is refused",
		"<?xml version=\"1.0\" encoding=\"UTF-16\"?>" WHOLE(OP), XML_ENCODING),
	ROW("an unknown encoding is refused",
		"<?xml version=\"1.0\" encoding='x-none'?>" WHOLE(OP), XML_ENCODING),
	ROW("a longer name that begins with UTF-8 is refused",
		"<?xml version=\"1.0\" encoding=\"UTF-8X\"?>" WHOLE(OP), XML_ENCODING),

	/* The declaration. */
	ROW("XML 1.1 is refused", "<?xml version=\"1.1\"?>" WHOLE(OP), XML_DECLARATION),
	ROW("version 1.00 is refused", "<?xml version=\"1.00\"?>" WHOLE(OP), XML_DECLARATION),
	ROW("a declaration without version is refused",
		"<?xml encoding=\"UTF-8\"?>" WHOLE(OP), XML_DECLARATION),
	ROW("a declaration with a strange standalone is refused",
		"<?xml version=\"1.0\" standalone=\"maybe\"?>" WHOLE(OP), XML_DECLARATION),
	ROW("a declaration with something more is refused",
		"<?xml version=\"1.0\" a=\"b\"?>" WHOLE(OP), XML_DECLARATION),
	ROW("a declaration in the wrong order is refused",
		"<?xml version=\"1.0\" standalone=\"no\" encoding=\"UTF-8\"?>" WHOLE(OP), XML_DECLARATION),
	ROW("a declaration that never ends is refused", "<?xml version=\"1.0", XML_DECLARATION),
	ROW("a declaration behind white space is refused", " <?xml version=\"1.0\"?>" WHOLE(OP), XML_PI),
	ROW("a second declaration is refused",
		"<?xml version=\"1.0\"?><?xml version=\"1.0\"?>" WHOLE(OP), XML_PI),

	/* Document types and processing instructions. */
	ROW("an empty document type is refused", "<!DOCTYPE s:Envelope>" WHOLE(OP), XML_DTD),
	ROW("a document type in lower case is refused", "<!doctype s:Envelope>" WHOLE(OP), XML_DTD),
	ROW("an external entity is refused",
		"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" REQUEST("&e;"), XML_DTD),
	ROW("a parameter entity is refused",
		"<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1/\"> %p;]>" WHOLE(OP), XML_DTD),
	ROW("an external subset is refused",
		"<!DOCTYPE x SYSTEM \"http://127.0.0.1/x.dtd\">" WHOLE(OP), XML_DTD),
	ROW("entities of entities are refused",
		"<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" REQUEST("<x y=\"&b;\"/>"),
			XML_DTD),
	ROW("an ATTLIST that makes an ID is refused",
		"<!DOCTYPE x [<!ATTLIST a:h n ID #IMPLIED>]>" WHOLE(OP), XML_DTD),
	ROW("a document type with a quoted comment start is refused",
		"<!DOCTYPE x [<!ENTITY a '<!--'>]>" WHOLE(OP) "<![CDATA[-->" WHOLE(OP) "<!--]]>-->", XML_DTD),
	ROW("a document type inside the root is refused", REQUEST("<!DOCTYPE x>"), XML_DTD),
	ROW("an entity declaration inside the root is refused", REQUEST("<!ENTITY a \"b\">"), XML_DTD),
	ROW("a document type behind the root is refused", WHOLE(OP) "<!DOCTYPE x>", XML_DTD),
	ROW("a conditional section is refused", REQUEST("<![INCLUDE[x]]>"), XML_MALFORMED),
	ROW("an undeclared entity is refused", REQUEST("&bogus;"), XML_MALFORMED),
	ROW("a stylesheet instruction before the root is refused",
		"<?xml-stylesheet href=\"x\"?>" WHOLE(OP), XML_PI),
	ROW("an instruction that splits a text is refused", REQUEST("NAME<?x?>.evil"), XML_PI),
	ROW("an instruction behind the root is refused", WHOLE(OP) "<?x?>", XML_PI),
	ROW("an instruction inside a tag is refused", REQUEST("<x <?y?>/>"), XML_MALFORMED),

	/* Structure. */
	ROW("two roots are refused", WHOLE(OP) WHOLE(OP), XML_MALFORMED),
	ROW("text behind the root is refused", WHOLE(OP) "x", XML_MALFORMED),
	ROW("a byte order mark behind the root is refused", WHOLE(OP) "\xEF\xBB\xBF", XML_MALFORMED),
	ROW("a second byte order mark is refused", "\xEF\xBB\xBF\xEF\xBB\xBF" WHOLE(OP), XML_MALFORMED),
	ROW("text before the root is refused", "x" WHOLE(OP), XML_MALFORMED),
	ROW("CDATA behind the root is refused", WHOLE(OP) "<![CDATA[ ]]>", XML_MALFORMED),
	ROW("a text cut in the Body is refused", OPEN "<s:Body><op>abc", XML_MALFORMED),
	ROW("a text cut in a start tag is refused", OPEN "<s:Body><op a=\"", XML_MALFORMED),
	ROW("a text cut in an end tag is refused", OPEN "<s:Body><op></op", XML_MALFORMED),
	ROW("a text that ends in a less-than sign is refused", WHOLE(OP) "<", XML_MALFORMED),
	ROW("a CDATA section without end is refused", REQUEST("<![CDATA[x"), XML_MALFORMED),
	ROW("a comment without end is refused", REQUEST("<!-- x"), XML_MALFORMED),
	ROW("a comment with two hyphens is refused", REQUEST("<!-- a -- b -->"), XML_MALFORMED),
	ROW("a comment of three characters is refused", REQUEST("<!-->"), XML_MALFORMED),
	ROW("a comment that ends with three hyphens is refused", REQUEST("<!-- a --->"), XML_MALFORMED),
	ROW("a comment with hyphens at the very end is refused", WHOLE(OP) "<!-- --", XML_MALFORMED),
	ROW("the end of CDATA in text is refused", REQUEST("a]]>b"), XML_MALFORMED),
	ROW("crossed tags are refused", REQUEST("<a><b></a></b>"), XML_MALFORMED),
	ROW("an end tag that only begins like its start tag is refused", REQUEST("<a></ab>"), XML_MALFORMED),
	ROW("an end tag shorter than its start tag is refused", REQUEST("<ab></a>"), XML_MALFORMED),
	ROW("an end tag with an attribute is refused", REQUEST("<a></a b='1'>"), XML_MALFORMED),
	ROW("an end tag first is refused", "</a>" WHOLE(OP), XML_MALFORMED),
	ROW("a tag without name is refused", REQUEST("< a/>"), XML_MALFORMED),
	ROW("a name that begins with a digit is refused", REQUEST("<1a/>"), XML_MALFORMED),
	ROW("a slash inside a tag is refused", REQUEST("<a / >"), XML_MALFORMED),
	ROW("an attribute without value is refused", REQUEST("<a b>"), XML_MALFORMED),
	ROW("an attribute without quotes is refused", REQUEST("<a b=c/>"), XML_MALFORMED),
	ROW("attributes without space between are refused", REQUEST("<a b='1'c='2'/>"), XML_MALFORMED),
	ROW("an attribute value with a less-than sign is refused", REQUEST("<a b='<'/>"), XML_MALFORMED),
	ROW("the same attribute twice is refused", REQUEST("<a b='1' b='2'/>"), XML_MALFORMED),
	ROW("a bare ampersand is refused", REQUEST("a & b"), XML_MALFORMED),

	/* Namespaces. */
	ROW("an undeclared prefix is refused", REQUEST("<p:a/>"), XML_NAMESPACE),
	ROW("an undeclared prefix of an attribute is refused", REQUEST("<a p:b='1'/>"), XML_NAMESPACE),
	ROW("an undeclaring of a prefix is refused", REQUEST("<a xmlns:p=''/>"), XML_NAMESPACE),
	ROW("two attributes of one expanded name are refused",
		REQUEST("<a xmlns:p='urn:n' xmlns:q='urn:n' p:b='1' q:b='2'/>"), XML_NAMESPACE),
	ROW("a relative namespace is refused", REQUEST("<a xmlns:x='1'/>"), XML_NAMESPACE),
	ROW("a relative default namespace is refused", REQUEST("<a xmlns='tmp/x'/>"), XML_NAMESPACE),
	ROW("a network path as namespace is refused", REQUEST("<a xmlns:x='//host/x'/>"), XML_NAMESPACE),
	ROW("a namespace that is only a fragment is refused", REQUEST("<a xmlns:x='#x'/>"), XML_NAMESPACE),
	ROW("a relative namespace in the Header is refused",
		WHOLE(HEADER("<a xmlns:x='1'/>") OP), XML_NAMESPACE),
	ROW("another namespace for xml is refused", REQUEST("<a xmlns:xml='urn:x'/>"), XML_NAMESPACE),
	ROW("a prefix xmlns is refused", REQUEST("<a xmlns:xmlns='urn:x'/>"), XML_NAMESPACE),
	ROW("a name with two colons is refused", REQUEST("<a:b:c xmlns:a='urn:x'/>"), XML_NAMESPACE),

	/* SOAP. */
	ROW("a root that is no Envelope is refused", "<a/>", SOAP_NOT_ENVELOPE),
	ROW("an Envelope in no namespace is refused",
		"<Envelope><Body><op/></Body></Envelope>", SOAP_NOT_ENVELOPE),
	ROW("a SOAP 1.2 Envelope is refused",
		"<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\">"
		"<e:Body><op/></e:Body></e:Envelope>",
		SOAP_NOT_ENVELOPE),
	ROW("an Envelope without Body is refused", WHOLE(""), SOAP_SHAPE),
	ROW("an Envelope with only a Header is refused", WHOLE(HEADER("")), SOAP_SHAPE),
	ROW("two Bodies are refused", WHOLE(OP OP), SOAP_SHAPE),
	ROW("two Headers are refused", WHOLE(HEADER("") HEADER("") OP), SOAP_SHAPE),
	ROW("a Header behind the Body is refused", WHOLE(OP HEADER("")), SOAP_SHAPE),
	ROW("an element behind the Body is refused", WHOLE(OP "<x/>"), SOAP_SHAPE),
	ROW("an element before the Body is refused", WHOLE("<x/>" OP), SOAP_SHAPE),
	ROW("a Body of SOAP 1.2 before the Body is refused",
		WHOLE("<e:Body xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"/>" OP), SOAP_SHAPE),
	ROW("a Body in no namespace is refused", WHOLE("<Body><op/></Body>"), SOAP_SHAPE),
	ROW("text between Header and Body is refused", WHOLE(HEADER("") "x" OP), SOAP_SHAPE),
	ROW("a no-break space between Header and Body is refused",
		WHOLE(HEADER("") "\xC2\xA0" OP), SOAP_SHAPE),
	ROW("CDATA between Header and Body is refused", WHOLE(HEADER("") "<![CDATA[ ]]>" OP), SOAP_SHAPE),
	ROW("text between header blocks is refused", WHOLE(HEADER("<a/>x") OP), SOAP_SHAPE),
	ROW("an empty Body is refused", WHOLE(BODY("")), SOAP_OPERATION),
	ROW("an empty-element Body is refused", WHOLE("<s:Body/>"), SOAP_OPERATION),
	ROW("a Body with text only is refused", WHOLE(BODY("x")), SOAP_OPERATION),
	ROW("a Body with two elements is refused", WHOLE(BODY("<op/><op/>")), SOAP_OPERATION),
	ROW("text beside the operation is refused", WHOLE(BODY("<op/>x")), SOAP_OPERATION),
	ROW("a reference beside the operation is refused", WHOLE(BODY("<op/>&#65;")), SOAP_OPERATION),

	/* Identifiers. */
	ROW("different identifiers pass", WHOLE(HEADER(ID("wsu:Id='a'") ID("wsu:Id='b'")) OP), NONE),
	ROW("identifiers that differ in case pass",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("wsu:Id='A'")) OP), NONE),
	ROW("the same wsu:Id twice is refused",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("wsu:Id='a'")) OP), XML_DUPLICATE_ID),
	ROW("the same value as wsu:Id and Id is refused",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("Id='a'")) OP), XML_DUPLICATE_ID),
	ROW("the same value as wsu:Id and ID is refused",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("ID='a'")) OP), XML_DUPLICATE_ID),
	ROW("the same value as wsu:Id and id is refused",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("id='a'")) OP), XML_DUPLICATE_ID),
	ROW("the same value as wsu:Id and xml:id is refused",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("xml:id='a'")) OP), XML_DUPLICATE_ID),
	ROW("the same value in another namespace is refused",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("a:Id='a'")) OP), XML_DUPLICATE_ID),
	ROW("the same value written with a reference is refused",
		WHOLE(HEADER(ID("wsu:Id='a'") ID("wsu:Id='&#97;'")) OP), XML_DUPLICATE_ID),
	ROW("two identifiers on one element are refused",
		WHOLE(HEADER(ID("wsu:Id='a' Id='b'")) OP), XML_DUPLICATE_ID),
	ROW("ID and id on one element are refused", WHOLE(HEADER(ID("ID='a' id='b'")) OP), XML_DUPLICATE_ID),
	ROW("two identifiers on the Body are refused",
		WHOLE("<s:Body xmlns:wsu=\"" NS_WSU "\" wsu:Id='a' Id='b'><op/></s:Body>"), XML_DUPLICATE_ID),
	ROW("a header block with the Body's identifier is refused",
		WHOLE(HEADER(ID("wsu:Id='a'")) "<s:Body Id='a'><op/></s:Body>"), XML_DUPLICATE_ID),
	ROW("a deep element of the Header with the Body's identifier is refused",
		WHOLE(HEADER("<a><b><c><d><e><f><g Id='a'/></f></e></d></c></b></a>")
			"<s:Body Id='a'><op/></s:Body>"),
		XML_DUPLICATE_ID),
	ROW("deep elements of the Header with one identifier are refused",
		WHOLE(HEADER("<a><b><c><d><e><f><g Id='a'/><g Id='a'/></f></e></d></c></b></a>") OP),
			XML_DUPLICATE_ID),
	ROW("a payload element with the Body's identifier is refused",
		WHOLE("<s:Body Id='a'><op><b><c><d><e><f id='a'/></e></d></c></b></op></s:Body>"),
			XML_DUPLICATE_ID),
	ROW("a payload element with the identifier of a later element is refused",
		WHOLE(BODY("<op><b><c><d id='a'/></c></b><b Id='a'/></op>")), XML_DUPLICATE_ID),
	ROW("elements of the contract with one identifier are refused",
		WHOLE(BODY("<op><b><c id='a'/><c id='a'/></b></op>")), XML_DUPLICATE_ID),
	ROW("xml:id twice in the payload is refused",
		REQUEST("<a xml:id='a'/><a xml:id='a'/>"), XML_DUPLICATE_ID),
	ROW("empty identifiers twice are refused",
		WHOLE(HEADER("<a Id=''/><b Id=''/>") OP), XML_DUPLICATE_ID),
};

static void each_text_gets_its_reason(void **state)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		struct envelope *env = NULL;
		struct err e = {0};
		bool ok = parse_both(pool, rows[i].text, &limits, &env, &e).ok;

		if (ok == (rows[i].reason == REASON_NONE) && e.reason == rows[i].reason &&
		    ok == (env != NULL))
			continue;
		print_error("%s: got %s (%s)\n", rows[i].name, reason_row(e.reason)->name, e.detail);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void a_refusal_names_line_and_octet(void **state)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(pool_free) struct pool *pool = new_pool();
	struct envelope *env;
	struct err e = {0};

	(void)state;
	assert_false(envelope_parse(pool, BYTES_LIT("<a>\n\n<?x?></a>"), &limits, &env, &e).ok);
	assert_string_equal(e.detail, "line 3, octet 5: a processing instruction");
	assert_false(envelope_parse(pool, BYTES_LIT("<a>\n&b;</a>"), &limits, &env, &e).ok);
	assert_non_null(strstr(e.detail, "line 2: "));
	assert_false(envelope_parse(pool, BYTES_LIT("\xEF\xBB\xBF<a>\n\xC3</a>"), &limits, &env, &e).ok);
	assert_string_equal(e.detail, "line 2, octet 7: octets that are not UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_gets_its_reason),
		cmocka_unit_test(a_refusal_names_line_and_octet),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
