/* SPDX-License-Identifier: GPL-3.0-or-later */
/* B3: the XML signatures that a service demands inside data: what passes, in every way of carrying it, and what does
 * not. */
#include "carried.h"

static void every_way_of_carrying_passes(void **state)
{
	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++) {
		const char *doc = sealed(DOC, &forms[f].t, DIRECTOR, true);

		for (size_t w = 0; w < COUNT(ways); w++) {
			const char *row = pool_printf(persons.pool, "%s, %s", forms[f].name, ways[w].name);
			struct answer a = ask(ways[w].carry(doc), &enveloped);

			must_be(row, &a, REASON_NONE);
			assert_int_equal(a.signers.n, 1);
			assert_string_equal(a.signers.signer[0].rule, "director");
			assert_int_equal(a.signers.signer[0].kind, INNER_XML);
			assert_int_equal(a.signers.signer[0].signature, SIGNATURE_ECDSA_SHA256);
			a = ask(ways[w].carry(replaced(doc, "100", "900")), &enveloped);
			must_be(row, &a, REASON_INNER_WRONG);
		}
	}
}

/* In place: the inclusive form takes in the namespaces of the message. */
static void an_inclusive_form_made_in_the_message_passes(void **state)
{
	const struct template t = {.uri = "#d1", .transforms = TRANSFORM(INC), .c14n = INC};
	const char *whole = pool_printf(persons.pool, AROUND, data_of(BY_ID));
	const char *done = part_of(sealed(whole, &t, DIRECTOR, true), "<data>", "</data>");
	struct answer a = ask(done, &by_id);

	(void)state;
	must_be("inclusive in place", &a, REASON_NONE);
	a = ask(replaced(done, "100", "900"), &by_id);
	must_be("inclusive in place, changed", &a, REASON_INNER_WRONG);
}

/* --- what is signed rightly, yet is not what is demanded --- */

static const struct wrong {
	const char *name, *doc;
	struct template t;
	const struct conf_inner *demand;
	enum reason reason;
	enum person who;
} wrongs[] = {
	/* transforms */
	{"no transform but canonicalisation", "<a>@<b/></a>", {.uri = "#x"}, &enveloped, REASON_INNER_WRONG, 0},
	{"an XPath that drops the content", DOC,
		{.transforms = TRANSFORM(ENVELOPED) "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">"
			"<ds:XPath>not(ancestor-or-self::*[local-name()='sum'])</ds:XPath></ds:Transform>"},
		&enveloped, REASON_INNER_WRONG, 0},
	{"an XPath after which nothing is left", DOC,
		{.transforms = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>false()"
			"</ds:XPath></ds:Transform>" TRANSFORM(NS_EXC_C14N)}, &enveloped, REASON_INNER_WRONG, 0},
	{"an XPath in place of the enveloped transform", DOC,
		{.transforms = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>"
			"not(ancestor-or-self::*[local-name()='Signature'])</ds:XPath></ds:Transform>" TRANSFORM(NS_EXC_C14N)},
		&enveloped, REASON_INNER_WRONG, 0},
	{"an XPath filter 2", DOC,
		{.transforms = TRANSFORM(ENVELOPED) "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\">"
			"<f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">//*[local-name()='sum']"
			"</f:XPath></ds:Transform>"}, &enveloped, REASON_INNER_WRONG, 0},
	{"base64 of the text alone", "<p:Req xmlns:p=\"urn:p\"><p:sum>MTAw</p:sum>@</p:Req>",
		{.transforms = TRANSFORM(ENVELOPED) TRANSFORM(NS_DSIG "base64")}, &enveloped, REASON_INNER_WRONG, 0},
	{"enveloped alone", DOC, {.transforms = TRANSFORM(ENVELOPED)}, &enveloped, REASON_INNER_WRONG, 0},
	{"enveloped twice", DOC, {.transforms = TRANSFORM(ENVELOPED) TRANSFORM(ENVELOPED) TRANSFORM(NS_EXC_C14N)}, &enveloped,
		REASON_INNER_WRONG, 0},
	{"canonicalisation before enveloped", DOC, {.transforms = TRANSFORM(ENVELOPED) TRANSFORM(NS_EXC_C14N) TRANSFORM(INC)},
		&enveloped, REASON_INNER_WRONG, 0},
	{"a prefix list", DOC,
		{.transforms = TRANSFORM(ENVELOPED) "<ds:Transform Algorithm=\"" NS_EXC_C14N "\"><e:InclusiveNamespaces xmlns:e=\""
			NS_EXC_C14N "\" PrefixList=\"p\"/></ds:Transform>"}, &enveloped, REASON_INNER_WRONG, 0},
	{"Canonical XML 1.1", DOC, {.transforms = TRANSFORM(ENVELOPED) TRANSFORM("http://www.w3.org/2006/12/xml-c14n11")},
		&enveloped, REASON_INNER_WRONG, 0},
	{"SignedInfo by Canonical XML 1.1", DOC, {.c14n = "http://www.w3.org/2006/12/xml-c14n11"}, &enveloped,
		REASON_INNER_WRONG, 0},
	{"SignedInfo with a prefix list", DOC, {.c14n = "<ds:CanonicalizationMethod Algorithm=\"" NS_EXC_C14N
		"\"><e:InclusiveNamespaces xmlns:e=\"" NS_EXC_C14N "\" PrefixList=\"p\"/></ds:CanonicalizationMethod>"}, &enveloped,
		REASON_INNER_WRONG, 0},
	/* algorithms */
	{"sha1 over the document", DOC, {.digest = NS_DSIG "sha1"}, &enveloped, REASON_INNER_WRONG, 0},
	{"md5 over the document", DOC, {.digest = MORE "md5"}, &enveloped, REASON_INNER_WRONG, 0},
	{"sha224 over the document", DOC, {.digest = MORE "sha224"}, &enveloped, REASON_INNER_WRONG, 0},
	{"ecdsa-sha1", DOC, {.method = MORE "ecdsa-sha1"}, &enveloped, REASON_INNER_WRONG, 0},
	{"ecdsa-sha224", DOC, {.method = MORE "ecdsa-sha224"}, &enveloped, REASON_INNER_WRONG, 0},
	{"rsa-sha1", DOC, {.method = NS_DSIG "rsa-sha1"}, &enveloped, REASON_INNER_WRONG, PERSON},
	/* references */
	{"a part by Id where the whole is demanded", BY_ID, {.uri = "#d1"}, &both, REASON_INNER_COVERAGE, 0},
	{"a part by Id where Id is not taken", BY_ID, {.uri = "#d1"}, &enveloped, REASON_INNER_COVERAGE, 0},
	{"the root by Id where Id is not taken", "<a Id=\"r\"><b/>@</a>", {.uri = "#r"}, &enveloped, REASON_INNER_WRONG, 0},
	{"the whole where a part by Id is demanded", BY_ID, {.uri = NULL}, &by_id, REASON_INNER_WRONG, 0},
	{"another part by Id", "<a><Doc Id=\"d\">1</Doc><Other Id=\"o\"/>@</a>", {.uri = "#o"}, &by_id,
		REASON_INNER_COVERAGE, 0},
	{"a part of the part", "<a><Doc Id=\"d\"><b Id=\"b\">1</b></Doc>@</a>", {.uri = "#b"}, &by_id, REASON_INNER_COVERAGE, 0},
	{"an XPointer to the root", DOC, {.uri = "#xpointer(/)"}, &both, REASON_INNER_COVERAGE, 0},
	{"an XPointer to the Id", BY_ID, {.uri = "#xpointer(id('d1'))"}, &by_id, REASON_INNER_COVERAGE, 0},
	{"a Type on the Reference", DOC, {.reference = " Type=\"" NS_DSIG "Object\""}, &enveloped, REASON_INNER_COVERAGE, 0},
	{"an Id on the Reference", DOC, {.reference = " Id=\"i\""}, &enveloped, REASON_INNER_COVERAGE, 0},
	{"two References", "<a Id=\"r\"><b Id=\"b\"/>@</a>",
		{.references = "<ds:Reference URI=\"\"><ds:Transforms>" TRANSFORM(ENVELOPED) TRANSFORM(NS_EXC_C14N)
			"</ds:Transforms><ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue/></ds:Reference>"
			"<ds:Reference URI=\"#b\"><ds:Transforms>" TRANSFORM(NS_EXC_C14N) "</ds:Transforms><ds:DigestMethod Algorithm=\""
			ENC "sha256\"/><ds:DigestValue/></ds:Reference>"}, &both, REASON_INNER_WRONG, 0},
	{"an Object that is signed instead", "<a><b/>@</a>",
		{.uri = "#o", .transforms = TRANSFORM(NS_EXC_C14N), .objects = "<ds:Object Id=\"o\">text</ds:Object>"}, &both,
		REASON_INNER_WRONG, 0},
	{"a Manifest", "<a><b/>@</a>",
		{.uri = "#m", .transforms = TRANSFORM(NS_EXC_C14N),
			.objects = "<ds:Object><ds:Manifest Id=\"m\"><ds:Reference URI=\"\">"
		"<ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue>AA</ds:DigestValue></ds:Reference></ds:Manifest>"
			"</ds:Object>"}, &both, REASON_INNER_WRONG, 0},
	{"an Object besides", DOC, {.objects = "<ds:Object Id=\"o\">text</ds:Object>"}, &enveloped, REASON_INNER_WRONG, 0},
	/* KeyInfo */
	{"no certificate", DOC, {.key_info = "<ds:KeyName>director</ds:KeyName>"}, &enveloped, REASON_INNER_WRONG, 0},
	{"a certificate and a key name", DOC, {.key_info = "<ds:KeyName>x</ds:KeyName>" KEY_INFO}, &enveloped,
		REASON_INNER_WRONG, 0},
	{"the certificate twice", DOC, {.key_info = KEY_INFO "<ds:X509Data/>"}, &enveloped, REASON_INNER_WRONG, 0},
	{"a certificate that is none", DOC,
		{.key_info = "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate>"
		"</ds:X509Data>"},
		&enveloped, REASON_INNER_WRONG, 0},
	/* places */
	{"a Signature below the root", "<a><b>1</b><c>@</c></a>", {.uri = NULL}, &enveloped, REASON_INNER_WRONG, 0},
	{"a Signature before the content", "<a>@<b>1</b></a>", {.uri = NULL}, &enveloped, REASON_INNER_WRONG, 0},
	{"text behind the Signature", "<a><b>1</b>@x</a>", {.uri = NULL}, &enveloped, REASON_INNER_WRONG, 0},
	{"a comment behind the Signature", "<a><b>1</b>@<!-- x --></a>", {.uri = NULL}, &enveloped, REASON_INNER_WRONG, 0},
	{"a comment inside a text", "<a><b>10<!-- x -->0</b>@</a>", {.uri = NULL}, &enveloped, REASON_INNER_WRONG, 0},
	{"a comment before a text", "<a><b><!-- x -->100</b>@</a>", {.uri = NULL}, &enveloped, REASON_INNER_WRONG, 0},
	{"a comment beside CDATA", "<a><b><![CDATA[1]]><!-- x --></b>@</a>", {.uri = NULL}, &enveloped, REASON_INNER_WRONG, 0},
	/* persons */
	{"a self-made certificate", DOC, {.uri = NULL}, &enveloped, REASON_CERT_UNKNOWN, STRANGER},
	{"an authority of the same name", DOC, {.uri = NULL}, &enveloped, REASON_CERT_UNKNOWN, FORGED},
	{"an expired certificate", DOC, {.uri = NULL}, &enveloped, REASON_CERT_EXPIRED, EXPIRED},
	{"another role", DOC, {.uri = NULL}, &enveloped, REASON_CERT_ROLE, EMPLOYEE},
	{"a person instead of an employee", DOC, {.uri = NULL}, &enveloped, REASON_CERT_ROLE, PERSON},
	{"the system itself", DOC, {.uri = NULL}, &enveloped, REASON_CERT_ROLE, SYSTEM},
	{"the director of another organisation", DOC, {.uri = NULL}, &enveloped, REASON_CERT_ROLE, FOREIGN},
};

static void a_right_signature_over_the_wrong_thing_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrongs); i++) {
		const struct wrong *w = &wrongs[i];
		bool dangling = w->t.uri && strcmp(w->t.uri, "#x") == 0;
		const char *doc = dangling ? replaced(w->doc, "<a>", "<a Id=\"x\">") : w->doc;

		for (size_t way = 0; way < 3; way++) {
			struct answer a = ask(ways[way].carry(sealed(doc, &w->t, w->who, true)), w->demand);

			must_be(w->name, &a, w->reason);
		}
	}
}

/* --- tampering with a good document --- */

static const struct {
	const char *name, *find, *put;
	enum reason reason;
} tamperings[] = {
	{"text changed", "100", "101", REASON_INNER_WRONG},
	{"white space in a text", ">100<", "> 100<", REASON_INNER_WRONG},
	{"white space between elements", "<p:sum>", " <p:sum>", REASON_INNER_WRONG},
	{"an element more", "<p:sum>", "<p:sum>1</p:sum><p:sum>", REASON_INNER_WRONG},
	{"an element moved out of its namespace", "<p:sum>100</p:sum>", "<sum>100</sum>", REASON_INNER_WRONG},
	{"the namespace swapped", "urn:p", "urn:q", REASON_INNER_WRONG},
	{"the namespace swapped inside", "<p:sum>", "<p:sum xmlns:p=\"urn:q\">", REASON_INNER_WRONG},
	{"a default namespace for nothing that is signed", "<p:sum>", "<p:sum xmlns=\"urn:q\">", REASON_NONE},
	{"an attribute changed", "kind=\"a\"", "kind=\"b\"", REASON_INNER_WRONG},
	{"an attribute more", "kind=\"a\"", "kind=\"a\" more=\"1\"", REASON_INNER_WRONG},
	{"an attribute less", " kind=\"a\"", "", REASON_INNER_WRONG},
	{"quotes of another kind are the same document", "kind=\"a\"", "kind='a'", REASON_NONE},
	{"a reference for a letter is the same document", "100", "&#49;00", REASON_NONE},
	{"a comment that stood there may go", "<!-- note -->", "", REASON_NONE},
	{"a comment in a text", "100", "10<!-- -->0", REASON_INNER_WRONG},
	{"a comment in SignedInfo", "<ds:SignedInfo>", "<ds:SignedInfo><!-- -->", REASON_INNER_WRONG},
	{"a comment in DigestValue", "<ds:DigestValue>", "<ds:DigestValue><!-- -->", REASON_INNER_WRONG},
	{"a comment in SignatureValue", "<ds:SignatureValue>", "<ds:SignatureValue><!-- -->", REASON_INNER_WRONG},
	{"a comment in the certificate", "<ds:X509Certificate>", "<ds:X509Certificate><!-- -->", REASON_INNER_WRONG},
	{"another Reference", "URI=\"\"", "URI=\"#\"", REASON_INNER_COVERAGE},
	{"an Id that nothing carries", "URI=\"\"", "URI=\"#x\"", REASON_INNER_COVERAGE},
	{"an external Reference", "URI=\"\"", "URI=\"http://127.0.0.1/a\"", REASON_INNER_COVERAGE},
	{"a file", "URI=\"\"", "URI=\"file:///etc/passwd\"", REASON_INNER_COVERAGE},
	{"an XPointer injection", "URI=\"\"", "URI=\"#x') | id('y\"", REASON_INNER_COVERAGE},
	{"a Reference without URI", " URI=\"\"", "", REASON_INNER_COVERAGE},
	{"URI in a namespace", " URI=\"\"", " xmlns:u=\"urn:u\" u:URI=\"\"", REASON_INNER_COVERAGE},
	{"no Reference", "<ds:Reference ", "<ds:Ref ", REASON_INNER_WRONG},
	{"Algorithm in a namespace", "<ds:DigestMethod Algorithm", "<ds:DigestMethod xmlns:u=\"urn:u\" u:Algorithm",
		REASON_INNER_WRONG},
	{"the digest algorithm lowered", ENC "sha256", NS_DSIG "sha1", REASON_INNER_WRONG},
	{"the digest algorithm raised", ENC "sha256", ENC "sha512", REASON_INNER_WRONG},
	{"the signature algorithm lowered", MORE "ecdsa-sha256", MORE "ecdsa-sha1", REASON_INNER_WRONG},
	{"another signature algorithm", MORE "ecdsa-sha256", MORE "ecdsa-sha384", REASON_INNER_WRONG},
	{"an HMAC", MORE "ecdsa-sha256", NS_DSIG "hmac-sha1", REASON_INNER_WRONG},
	{"an algorithm of another kind of key", MORE "ecdsa-sha256", MORE "rsa-sha256", REASON_INNER_WRONG},
	{"enveloped-signature dropped", TRANSFORM(ENVELOPED), "", REASON_INNER_WRONG},
	{"an element in the transform", TRANSFORM(ENVELOPED), "<ds:Transform Algorithm=\"" ENVELOPED "\"><x/></ds:Transform>",
		REASON_INNER_WRONG},
	{"an Object", "</ds:Signature>", "<ds:Object/></ds:Signature>", REASON_INNER_WRONG},
	{"no KeyInfo", "<ds:KeyInfo>", "<ds:Key>", REASON_INNER_WRONG},
	{"an empty SignatureValue", "<ds:SignatureValue>", "<ds:SignatureValue/><ds:Old>", REASON_INNER_WRONG},
	{"more octets in SignatureValue", "<ds:SignatureValue>", "<ds:SignatureValue>AAAA", REASON_INNER_WRONG},
	{"more octets in DigestValue", "<ds:DigestValue>", "<ds:DigestValue>AAAA", REASON_INNER_WRONG},
	{"an attribute on SignatureValue", "<ds:SignatureValue>", "<ds:SignatureValue Id=\"v\">", REASON_INNER_WRONG},
	{"white space in SignedInfo", "<ds:SignedInfo>", "<ds:SignedInfo> ", REASON_INNER_WRONG},
	{"text in SignedInfo", "<ds:SignedInfo>", "<ds:SignedInfo>x", REASON_INNER_WRONG},
	{"white space in the Signature outside of SignedInfo", "<ds:KeyInfo>", "\n<ds:KeyInfo>", REASON_NONE},
	{"the Signature in another namespace", NS_DSIG "\"><", "http://www.w3.org/2000/09/xmldsig\"><", REASON_INNER_ABSENT},
	{"an element behind the Signature", "</ds:Signature>", "</ds:Signature><p:sum>9</p:sum>", REASON_INNER_WRONG},
	{"white space behind the Signature", "</ds:Signature>", "</ds:Signature>\n", REASON_INNER_WRONG},
	{"an empty Signature more", "</ds:Signature>", "</ds:Signature><ds:Signature xmlns:ds=\"" NS_DSIG "\"/>",
		REASON_INNER_WRONG},
	{"an empty Signature deep inside", "<p:sum>", "<p:sum><ds:Signature xmlns:ds=\"" NS_DSIG "\"/>", REASON_INNER_WRONG},
};

static const char *fix_tags(const char *doc, const char *put)
{
	if (strstr(put, "<ds:Ref "))
		return replaced(doc, "</ds:Reference>", "</ds:Ref>");
	if (strstr(put, "<ds:Key>"))
		return replaced(doc, "</ds:KeyInfo>", "</ds:Key>");
	if (strstr(put, "<ds:Old>"))
		return replaced(doc, "</ds:SignatureValue>", "</ds:Old>");
	return doc;
}

static void tampering_is_found(void **state)
{
	const char *good = sealed(DOC, NULL, DIRECTOR, true);
	struct answer a = ask(as_element(good), &enveloped);

	(void)state;
	must_be("untouched", &a, REASON_NONE);
	for (size_t i = 0; i < COUNT(tamperings); i++) {
		const char *bad = fix_tags(replaced(good, tamperings[i].find, tamperings[i].put), tamperings[i].put);

		for (size_t way = 0; way < 3; way++) {
			a = ask(ways[way].carry(bad), &enveloped);
			must_be(tamperings[i].name, &a, tamperings[i].reason);
		}
	}
}

/* Every single octet of a small document, as text and with one bit turned over, changes the verdict, or the document is
 * the same as to its canonical form. */
static void every_changed_octet_is_found(void **state)
{
	const char *good = sealed("<a><b k=\"v\">100</b>@</a>", NULL, DIRECTOR, true);
	size_t n = strlen(good), same = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (int bit = 0; bit < 7; bit++) {
			SCOPED(pool_free) struct pool *keep = persons.pool;
			char *bad;
			struct answer a;

			persons.pool = pool_new(MUCH);
			bad = pool_copy(persons.pool, bytes_str(good));
			bad[i] = (char)(bad[i] ^ (1 << bit));
			if (bad[i] == 0 || (unsigned char)bad[i] < ' ') {
				pool_free(&persons.pool);
				persons.pool = keep;
				keep = NULL;
				continue;
			}
			a = ask(as_text(bad), &enveloped);
			if (a.result.ok) {
				same++;
				if (strncmp(good + i, "\"", 1) != 0)
					print_message("accepted with %c for %c at %.20s\n", bad[i], good[i], good + i);
			} else {
				refused++;
			}
			pool_free(&persons.pool);
			persons.pool = keep;
			keep = NULL;
		}
	}
	print_message("%zu changes refused, %zu without meaning\n", refused, same);
	assert_int_equal(same, 0);
	assert_true(refused > 5 * n);
}

/* --- data that holds no document --- */

static const struct {
	const char *name, *data;
	enum reason reason;
} nothings[] = {
	{"no signature", "<data><a><b/></a></data>", REASON_INNER_ABSENT},
	{"no signature in text", "<data>&lt;a/&gt;</data>", REASON_INNER_ABSENT},
	{"an empty element", "<data/>", REASON_INNER_ABSENT},
	{"blanks", "<data> \n </data>", REASON_INNER_ABSENT},
	{"a comment alone", "<data><!-- x --></data>", REASON_INNER_ABSENT},
	{"words", "<data>hello, world</data>", REASON_PAYLOAD_DOCUMENT},
	{"base64 of words", "<data>aGVsbG8=</data>", REASON_INNER_WRONG},
	{"text that is no XML", "<data>&lt;a&gt;</data>", REASON_PAYLOAD_DOCUMENT},
	{"text with a document type", "<data>&lt;!DOCTYPE a&gt;&lt;a/&gt;</data>", REASON_PAYLOAD_DOCUMENT},
	{"text with an entity", "<data>&lt;!DOCTYPE a [&lt;!ENTITY x 'y'&gt;]&gt;&lt;a&gt;&amp;x;&lt;/a&gt;</data>",
		REASON_PAYLOAD_DOCUMENT},
	{"text with an instruction", "<data>&lt;?x y?&gt;&lt;a/&gt;</data>", REASON_PAYLOAD_DOCUMENT},
	{"two documents in text", "<data>&lt;a/&gt;&lt;b/&gt;</data>", REASON_PAYLOAD_DOCUMENT},
	{"text split by a comment", "<data>&lt;a/<!-- -->&gt;</data>", REASON_PAYLOAD_DOCUMENT},
	{"a document escaped twice", "<data>&amp;lt;a/&amp;gt;</data>", REASON_PAYLOAD_DOCUMENT},
};

/* What is large is judged in time that grows with its size: by the limits of the envelope a stranger may send so much. */
static void much_of_everything_is_judged_soon(void **state)
{
	static const struct {
		const char *unit;
		size_t n;
		enum reason reason;
	} much[] = {
		{"<!--c-->", 150000, REASON_NONE},
		{"<b id=\"x\"/>", 40000, REASON_NONE},
		{"<b>1</b><!---->", 40000, REASON_NONE},
		{"<b/>t", 40000, REASON_NONE},
		{"<s:Signature xmlns:s=\"" NS_DSIG "\"/>", 40000, REASON_INNER_WRONG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(much); i++) {
		SCOPED(buf_free) struct buf text = BUF(1u << 24);
		struct answer a;
		int64_t began;

		buf_str(&text, "<a><w>");
		for (size_t k = 0; k < much[i].n; k++)
			buf_str(&text, much[i].unit);
		buf_str(&text, "</w>@</a>");
		began = mono_ms();
		a = ask(as_element(much[i].reason ? buf_cstr(&text) : sealed(buf_cstr(&text), NULL, DIRECTOR, true)), &enveloped);
		must_be(much[i].unit, &a, much[i].reason);
		print_message("%zu times %s: %lld ms, signing included\n", much[i].n, much[i].unit, (long long)(mono_ms() - began));
	}
}

static void data_without_a_signed_document_is_refused(void **state)
{
	struct err e = {0};
	struct inner_result none = {.n = 0};

	(void)state;
	for (size_t i = 0; i < COUNT(nothings); i++) {
		struct answer a = ask(nothings[i].data, &enveloped);

		must_be(nothings[i].name, &a, nothings[i].reason);
	}
	assert_reason("no data", inner_verify(persons.pool, NULL, &enveloped, NULL, persons.trust, pki_now, &none, &e), &e,
		REASON_INNER_ABSENT);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, fresh_pool, drop_pool)
	const struct CMUnitTest tests[] = {
		ROW(every_way_of_carrying_passes),
		ROW(an_inclusive_form_made_in_the_message_passes),
		ROW(a_right_signature_over_the_wrong_thing_is_refused),
		ROW(tampering_is_found),
		ROW(every_changed_octet_is_found),
		ROW(much_of_everything_is_judged_soon),
		ROW(data_without_a_signed_document_is_refused),
	};

	return cmocka_run_group_tests(tests, persons_make, persons_drop);
}
