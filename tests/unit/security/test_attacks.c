/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile messages, classes A to D and L: what is signed, where it stands, how it is named and transformed.
 * Each row starts from a message that is correctly signed by a real key and bends one thing; the first check
 * that must notice it is named by the reason. Letters in the titles are the classes of the threat model. */
#include "attacks.h"

static const struct attack attacks[] = {
	/* A: nothing, or not the Body, is signed */
	{"A no Security header", REASON_SEC_ABSENT, {0},
		{{"<wsse:Security ", "<wsse:Spare "}, {" soapenv:mustUnderstand=\"1\"", ""},
			{"</wsse:Security>", "</wsse:Spare>"}},
		0},
	{"A no Header at all", REASON_SEC_ABSENT, {.body = BODY},
		{{"<soapenv:Header>", "<!--"}, {"</soapenv:Header>", "-->"},
			{"<soapenv:Body", "<soapenv:Body"}},
		0},
	{"A Security holds a token but no Signature", REASON_SEC_SIGNATURE_ABSENT,
		{.before = TOKEN("t", "{CERT}")}, {{"<ds:Signature ", "<!--"}, {"</ds:Signature>", "-->"}},
		0},
	{"A the Signature beside an empty Security", REASON_SEC_SIGNATURE_ABSENT,
		{.plain = true,
			.blocks = SECURITY "</wsse:Security>",
			.key_info = IN_KEY_INFO(X509_DATA(CERTIFICATE("{CERT}")))},
		{{0}}, 0},
	{"A the Signature inside the Body", REASON_SEC_ABSENT, {0},
		{{SECURITY, SPARE "<!--"}, {"</wsse:Security>", "-->"},
			{"</data>", "</data><ds:Signature xmlns:ds=\"" NS_DSIG "\"/>"}},
		0},
	{"A only a header block is signed", REASON_SEC_BODY_UNSIGNED,
		{.blocks = "<x:h xmlns:x=\"urn:x\"" XMLNS_WSU " wsu:Id=\"h\"/>",
			.references = REFERENCE("#h")},
		{{0}}, 0},
	{"A only the Timestamp is signed", REASON_SEC_BODY_UNSIGNED,
		{.before = TIMESTAMP("{T-1}", "{T+60}"), .references = REFERENCE("#ts")}, {{0}}, 0},
	{"A data changed after signing", REASON_SEC_DIGEST, {0}, {{"<data>100<", "<data>900<"}}, 0},
	{"A a blank added to the Body after signing", REASON_SEC_DIGEST, {0}, {{"</request>", "</request> "}},
		0},
	{"A an attribute added to the Body after signing", REASON_SEC_DIGEST, {0},
		{{"<data>", "<data a=\"\">"}}, 0},
	{"A a SignatureValue that nobody made", REASON_SEC_VALUE,
		{.value = "<ds:SignatureValue>" TEN("AAAA") "</ds:SignatureValue>"}, {{0}}, 0},
	{"A an empty SignatureValue", REASON_SEC_VALUE, {.value = "<ds:SignatureValue></ds:SignatureValue>"},
		{{0}}, 0},
	{"A two Signatures in Security", REASON_SEC_CONTENT,
		{.after = "<ds:Signature xmlns:ds=\"" NS_DSIG "\"/>"}, {{0}}, 0},
	{"A Security for another actor only", REASON_SEC_ABSENT,
		{.security = "<wsse:Security xmlns:wsse=\"" NS_WSSE "\" soapenv:actor=\"urn:somebody\">"},
		{{0}}, 0},
	{"A two Security headers for us", REASON_SEC_SEVERAL, {.later = SECURITY "</wsse:Security>"}, {{0}},
		0},
	{"A the Signature in a namespace one character short", REASON_SEC_CONTENT, {0},
		{{"<ds:Signature xmlns:ds=\"" NS_DSIG "\"",
			"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig\""}},
		0},
	{"A no Reference", REASON_SEC_REFERENCE, {.references = ""}, {{0}}, 0},
	{"A an element behind the Body", REASON_SOAP_SHAPE, {.tail = SPARE}, {{0}}, 0},
	{"A Security in a wrong namespace that must be understood", REASON_SOAP_MUST_UNDERSTAND,
		{.security = "<wsse:Security xmlns:wsse=\"urn:wsse\" soapenv:mustUnderstand=\"1\">"}, {{0}},
		0},
	{"L an unknown header block that must be understood", REASON_SOAP_MUST_UNDERSTAND,
		{.later = "<x:h xmlns:x=\"urn:x\" soapenv:mustUnderstand=\"1\"/>"}, {{0}}, 0},
	{"L the same demand spelled true", REASON_SOAP_MUST_UNDERSTAND,
		{.blocks = "<x:h xmlns:x=\"urn:x\" soapenv:mustUnderstand=\"true\"/>"}, {{0}}, 0},
	{"L a bare Signature beside Security that must be understood", REASON_SOAP_MUST_UNDERSTAND,
		{.blocks = "<ds:Signature xmlns:ds=\"" NS_DSIG "\" soapenv:mustUnderstand=\"1\"/>"}, {{0}},
		0},
	{"A two bare Signatures", REASON_SEC_CONTENT,
		{.plain = true,
			.later = "<ds:Signature xmlns:ds=\"" NS_DSIG "\"/>",
			.key_info = IN_KEY_INFO(X509_DATA(CERTIFICATE("{CERT}")))},
		{{0}}, 0},
	{"A a UsernameToken", REASON_SEC_CONTENT, {.before = "<wsse:UsernameToken/>"}, {{0}}, 0},
	{"A text in Security", REASON_SEC_CONTENT, {.before = "text"}, {{0}}, 0},
	{"A an unsigned Timestamp", REASON_SEC_TIMESTAMP, {.before = TIMESTAMP("{T-1}", "{T+60}")}, {{0}}, 0},
	{"A two Timestamps, one of them signed", REASON_SEC_TIMESTAMP,
		{.before = TIMESTAMP("{T-1}", "{T+60}"),
			.after = "<wsu:Timestamp/>",
			.references = REFERENCE("#ts") REFERENCE("#body")},
		{{0}}, 0},
	{"A two Timestamps, the second one signed", REASON_SEC_TIMESTAMP,
		{.before = "<wsu:Timestamp/>",
			.after = TIMESTAMP("{T-1}", "{T+60}"),
			.references = REFERENCE("#ts") REFERENCE("#body")},
		{{0}}, 0},
	{"A text behind KeyInfo", REASON_SEC_SIGNATURE_SHAPE, {.signature_tail = "text"}, {{0}}, 0},

	/* B: the signed element stands somewhere else */
	{"B the signed Body in a header block, another Body with a new Id", REASON_SEC_WRAPPED,
		{.later = SPARE}, {{BODY, EVIL_BODY}, {SPARE, SPARE_WITH(BODY)}}, 0},
	{"B the same with the same Id", REASON_XML_DUPLICATE_ID, {.later = SPARE},
		{{BODY, BODY_AS(XMLNS_WSU " wsu:Id=\"body\"", "999")}, {SPARE, SPARE_WITH(BODY)}}, 0},
	{"B the signed Body itself as a header block", REASON_SEC_WRAPPED, {.later = SPARE},
		{{BODY, EVIL_BODY}, {SPARE, BODY}}, 0},
	{"B the signed Body as a child of Security", REASON_SEC_CONTENT, {.after = SPARE},
		{{BODY, EVIL_BODY}, {SPARE, BODY}}, 0},
	{"B the signed Body in an unknown child of Security", REASON_SEC_CONTENT, {.after = SPARE},
		{{BODY, EVIL_BODY}, {SPARE, SPARE_WITH(BODY)}}, 0},
	{"B the signed Body in ds:Object", REASON_SEC_SIGNATURE_SHAPE, {.signature_tail = SPARE},
		{{BODY, EVIL_BODY}, {SPARE, "<ds:Object>" BODY "</ds:Object>"}}, 0},
	{"B the signed Body in KeyInfo", REASON_SEC_WRAPPED, {.key_info = IN_KEY_INFO(SPARE)},
		{{BODY, EVIL_BODY}, {SPARE, BODY}}, 0},
	{"B the signed Body inside the Timestamp", REASON_SEC_WRAPPED,
		{.before = TIMESTAMP("{T-1}", "{T+60}"), .references = REFERENCE("#ts") REFERENCE("#body")},
		{{BODY, EVIL_BODY}, {"</wsu:Timestamp>", BODY "</wsu:Timestamp>"}}, 0},
	{"B the signed Body inside the other Body's data", REASON_SEC_WRAPPED, {0},
		{{BODY, BODY_AS(XMLNS_WSU " wsu:Id=\"evil\"", BODY)}}, 0},
	{"B the same, both with one Id", REASON_XML_DUPLICATE_ID, {0},
		{{BODY, BODY_AS(XMLNS_WSU " wsu:Id=\"body\"", BODY)}}, 0},
	{"B two Bodies", REASON_SOAP_SHAPE, {0}, {{BODY, BODY EVIL_BODY}}, 0},
	{"B the signed Body before the Header", REASON_SOAP_SHAPE, {0},
		{{BODY, EVIL_BODY}, {"<soapenv:Header>", BODY "<soapenv:Header>"}}, 0},
	{"B a SOAP 1.2 Body before the signed one", REASON_SOAP_SHAPE, {0},
		{{BODY, "<e:Body xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"/>" BODY}}, 0},
	{"B the whole message inside the Body of an unsigned one", REASON_SEC_ABSENT, {0},
		{{"<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\">",
			 "<e:Envelope xmlns:e=\"" NS_SOAP11
			 "\"><e:Header/><e:Body><soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\">"},
			{"</soapenv:Envelope>", "</soapenv:Envelope></e:Body></e:Envelope>"}},
		0},
	{"B another Body beside a signed header that looks like one", REASON_SEC_WRAPPED,
		{.blocks = "<soapenv:Body" XMLNS_WSU " wsu:Id=\"h\"><a/></soapenv:Body>",
			.references = REFERENCE("#h") REFERENCE("#body")},
		{{0}}, 0},
	{"B two operations in the signed Body", REASON_SOAP_OPERATION,
		{.body = "<soapenv:Body" XMLNS_WSU " wsu:Id=\"body\">" PAYLOAD("1")
				PAYLOAD("2") "</soapenv:Body>"},
		{{0}}, 0},

	/* C: references and identifiers */
	{"C a Reference to an http address", REASON_SEC_REFERENCE,
		{.references = REFERENCE("#body") OTHER_REFERENCE(" URI=\"http://127.0.0.1:9/x\"")}, {{0}},
		0},
	{"C a Reference to a file", REASON_SEC_REFERENCE,
		{.references = OTHER_REFERENCE(" URI=\"file:///etc/hostname\"") REFERENCE("#body")}, {{0}},
		0},
	{"C a Reference to an attachment", REASON_SEC_REFERENCE,
		{.references = REFERENCE("#body") OTHER_REFERENCE(" URI=\"cid:part\"")}, {{0}}, 0},
	{"C the whole document", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"\"")}, {{0}},
		0},
	{"C #xpointer(/)", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"#xpointer(/)\"")},
		{{0}}, 0},
	{"C #xpointer(id('body'))", REASON_SEC_REFERENCE,
		{.references = OTHER_REFERENCE(" URI=\"#xpointer(id('body'))\"")}, {{0}}, 0},
	{"C a name that ends the XPointer and begins another", REASON_SEC_REFERENCE,
		{.references = OTHER_REFERENCE(" URI=\"#nope') | id('body\"")}, {{0}}, 0},
	{"C a Reference without URI", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" ")}, {{0}}, 0},
	{"C URI in a namespace", REASON_SEC_SIGNATURE_SHAPE,
		{.references = OTHER_REFERENCE(" xmlns:q=\"urn:q\" q:URI=\"#evil\" URI=\"#body\"")}, {{0}},
		0},
	{"C an empty fragment", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"#\"")}, {{0}},
		0},
	{"C a percent-encoded letter", REASON_SEC_REFERENCE,
		{.references = OTHER_REFERENCE(" URI=\"#bo%64y\"")}, {{0}}, 0},
	{"C a blank before the name", REASON_SEC_REFERENCE,
		{.references = OTHER_REFERENCE(" URI=\"# body\"")}, {{0}}, 0},
	{"C a name with a colon", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"#a:body\"")},
		{{0}}, 0},
	{"C a name behind something that is no #", REASON_SEC_REFERENCE,
		{.references = OTHER_REFERENCE(" URI=\"xbody\"")}, {{0}}, 0},
	{"C an identifier that reads as an XPointer", REASON_SEC_REFERENCE,
		{.body = BODY_AS(XMLNS_WSU " wsu:Id=\"xpointer(/)\"", "100"),
			.references = REFERENCE("#xpointer(/)")},
		{{0}}, 0},
	{"C an identifier that is no name", REASON_SEC_REFERENCE,
		{.body = BODY_AS(XMLNS_WSU " wsu:Id=\"a:body\"", "100"), .references = REFERENCE("#a:body")},
		{{0}}, 0},
	{"C a name that nobody has", REASON_SEC_REFERENCE,
		{.references = REFERENCE("#body") OTHER_REFERENCE(" URI=\"#nobody\"")}, {{0}}, 0},
	{"C the same element twice", REASON_SEC_REFERENCE,
		{.references = REFERENCE("#body") REFERENCE("#body")}, {{0}}, 0},
	{"C nine references", REASON_SEC_REFERENCE,
		{.blocks = "<x:a xmlns:x=\"urn:x\"" XMLNS_WSU ">"
			   "<x:a wsu:Id=\"a1\"/></x:a>"
			   "<a1" XMLNS_WSU " wsu:Id=\"b1\"/><a2" XMLNS_WSU " wsu:Id=\"b2\"/><a3" XMLNS_WSU
			   " wsu:Id=\"b3\"/><a4" XMLNS_WSU " wsu:Id=\"b4\"/><a5" XMLNS_WSU
			   " wsu:Id=\"b5\"/><a6" XMLNS_WSU " wsu:Id=\"b6\"/><a7" XMLNS_WSU
			   " wsu:Id=\"b7\"/><a8" XMLNS_WSU " wsu:Id=\"b8\"/>",
			.references = REFERENCE("#body") REFERENCE("#b1") REFERENCE("#b2") REFERENCE("#b3")
				REFERENCE("#b4") REFERENCE("#b5") REFERENCE("#b6") REFERENCE("#b7")
					REFERENCE("#b8")},
		{{0}}, 0},
	{"C an element inside a header block", REASON_SEC_WRAPPED,
		{.blocks = "<x:a xmlns:x=\"urn:x\"" XMLNS_WSU ">"
			   "<x:b wsu:Id=\"deep\"/></x:a>",
			.references = REFERENCE("#body") REFERENCE("#deep")},
		{{0}}, 0},
	{"C an element inside the Body instead of the Body", REASON_SEC_WRAPPED,
		{.body = "<soapenv:Body>"
			 "<m:SendMessage xmlns:m=\"urn:m\"" XMLNS_WSU " wsu:Id=\"body\"/></soapenv:Body>"},
		{{0}}, 0},
	{"C the Envelope", REASON_SEC_WRAPPED, {.references = OTHER_REFERENCE(" URI=\"#env\"")},
		{{"<soapenv:Envelope ", "<soapenv:Envelope" XMLNS_WSU " wsu:Id=\"env\" "}}, 0},
	{"C the Security header, which holds the Signature", REASON_SEC_REFERENCE,
		{.security = "<wsse:Security xmlns:wsse=\"" NS_WSSE "\"" XMLNS_WSU " wsu:Id=\"sec\">",
			.references = REFERENCE("#body")
				REFERENCE_AS(" URI=\"#sec\"", ENVELOPED TRANSFORM(EXC), NO_DIGEST)},
		{{0}}, 0},
	{"C the Signature itself", REASON_SEC_REFERENCE,
		{.references = REFERENCE("#body") OTHER_REFERENCE(" URI=\"#sig\"")},
		{{"<ds:Signature ", "<ds:Signature Id=\"sig\" "}}, 0},
	{"C the Signature's own KeyInfo in form C", REASON_SEC_REFERENCE,
		{.plain = true,
			.references = REFERENCE("#body") REFERENCE("#ki"),
			.key_info = "<ds:KeyInfo Id=\"ki\">" X509_DATA(
				CERTIFICATE("{CERT}")) "</ds:KeyInfo>"},
		{{0}}, 0},
	{"C the Signature's own KeyInfo", REASON_SEC_WRAPPED,
		{.references = REFERENCE("#body") REFERENCE("#ki"),
			.key_info = "<ds:KeyInfo Id=\"ki\"><wsse:SecurityTokenReference>" KEY_IDENTIFIER(
				"{CERT}") "</wsse:SecurityTokenReference></ds:KeyInfo>"},
		{{0}}, 0},
	{"C a Manifest in ds:Object", REASON_SEC_SIGNATURE_SHAPE,
		{.references = OTHER_REFERENCE(" URI=\"#m\""),
			.signature_tail = "<ds:Object><ds:Manifest Id=\"m\"/></ds:Object>"},
		{{0}}, 0},
	{"C a plain Id on another element equal to the signed one", REASON_XML_DUPLICATE_ID,
		{.later = "<x:h xmlns:x=\"urn:x\" Id=\"body\"/>"}, {{0}}, 0},
	{"C an xml:id equal to the signed one", REASON_XML_DUPLICATE_ID,
		{.later = "<x:h xmlns:x=\"urn:x\" xml:id=\"body\"/>"}, {{0}}, 0},
	{"C two identifiers on the Body", REASON_XML_DUPLICATE_ID,
		{.body = BODY_AS(XMLNS_WSU " wsu:Id=\"body\" Id=\"other\"", "100")}, {{0}}, 0},
	{"C a blank in the identifier", REASON_SEC_REFERENCE,
		{.body = BODY_AS(XMLNS_WSU " wsu:Id=\" body\"", "100"),
			.references = OTHER_REFERENCE(" URI=\"#body\"")},
		{{0}}, 0},

	/* D: transforms and canonicalisation */
	{"D an XSLT transform", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM(XSLT))},
		{{0}}, 0},
	{"D an XPath transform that selects nothing", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(XPATH("false()"))}, {{0}}, 0},
	{"D an XPath transform before the canonicalisation", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(XPATH("not(self::data)") TRANSFORM(EXC))}, {{0}}, 0},
	{"D XPath filter 2.0", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM("http://www.w3.org/2002/06/xmldsig-filter2"))},
		{{0}}, 0},
	{"D a base64 transform", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM(NS_DSIG "base64"))}, {{0}}, 0},
	{"D enveloped-signature behind the canonicalisation", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM(EXC) ENVELOPED)}, {{0}}, 0},
	{"D enveloped-signature alone", REASON_SEC_ALGORITHM, {.references = OTHER_TRANSFORMS(ENVELOPED)},
		{{0}}, 0},
	{"D enveloped-signature twice", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(ENVELOPED ENVELOPED TRANSFORM(EXC))}, {{0}}, 0},
	{"D the STR transform", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM(WSS "soap-message-security-1.0#STR-Transform"))},
		{{0}}, 0},
	{"D the decryption transform", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM("http://www.w3.org/2002/07/decrypt#XML"))}, {{0}},
		0},
	{"D a hundred canonicalisations", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TEN(TEN(TRANSFORM(EXC))))}, {{0}}, 0},
	{"D exclusive canonicalisation with comments", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM(EXC "WithComments"))}, {{0}}, 0},
	{"D inclusive canonicalisation of the Body", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(TRANSFORM(INC))}, {{0}}, 0},
	{"D no Transforms", REASON_SEC_ALGORITHM,
		{.references = "<ds:Reference URI=\"#body\">" NO_DIGEST "</ds:Reference>"}, {{0}}, 0},
	{"D empty Transforms", REASON_SEC_ALGORITHM, {.references = OTHER_TRANSFORMS("")}, {{0}}, 0},
	{"D a Transform without Algorithm", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS("<ds:Transform/>")}, {{0}}, 0},
	{"D a Transform in another namespace", REASON_SEC_SIGNATURE_SHAPE,
		{.references = OTHER_TRANSFORMS("<Transform Algorithm=\"" EXC "\"/>")}, {{0}}, 0},
	{"D an unknown child of the transform", REASON_SEC_SIGNATURE_SHAPE,
		{.references = OTHER_TRANSFORMS(
			 "<ds:Transform Algorithm=\"" EXC "\"><ds:XPath>1</ds:XPath></ds:Transform>")},
		{{0}}, 0},
	{"D an unknown child of enveloped-signature", REASON_SEC_SIGNATURE_SHAPE,
		{.references = OTHER_TRANSFORMS("<ds:Transform Algorithm=\"" NS_DSIG
						"enveloped-signature\"><a/></ds:Transform>" TRANSFORM(EXC))},
		{{0}}, 0},
	{"D a prefix list of 33 prefixes", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(
			 "<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
			 "\" PrefixList=\"" TEN("a b c ") "d e f\"/></ds:Transform>")},
		{{0}}, 0},
	{"D a prefix list with something that is no prefix", REASON_SEC_ALGORITHM,
		{.references = OTHER_TRANSFORMS(
			 "<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
			 "\" PrefixList=\"a:b\"/></ds:Transform>")},
		{{0}}, 0},
	{"D InclusiveNamespaces without PrefixList", REASON_SEC_SIGNATURE_SHAPE,
		{.references = OTHER_TRANSFORMS(
			 "<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
			 "\"/></ds:Transform>")},
		{{0}}, 0},
	{"D a prefix list in another namespace", REASON_SEC_SIGNATURE_SHAPE,
		{.references = OTHER_TRANSFORMS("<ds:Transform Algorithm=\"" EXC
			"\"><ds:InclusiveNamespaces PrefixList=\"soapenv\"/></ds:Transform>")},
		{{0}}, 0},
	{"D a Transform in something else than Transforms", REASON_SEC_ALGORITHM,
		{.references = "<ds:Reference URI=\"#body\"><ds:Chain>" TRANSFORM(EXC) "</ds:Chain>" NO_DIGEST
			"</ds:Reference>"},
		{{0}}, 0},
	{"D a relative namespace name in the Body", REASON_XML_NAMESPACE,
		{.references = OTHER_REFERENCE(" URI=\"#body\""),
			.body = BODY_AS(XMLNS_WSU " xmlns:x=\"1\" wsu:Id=\"body\"", "100"),
			.value = "<ds:SignatureValue>AAAA</ds:SignatureValue>"},
		{{0}}, 0},
	{"D XSLT as canonicalisation of SignedInfo", REASON_SEC_ALGORITHM,
		{.c14n = "<ds:CanonicalizationMethod Algorithm=\"" XSLT "\"/>"},
		{{0}}, 0},
	{"D inclusive canonicalisation 1.1 of SignedInfo", REASON_SEC_ALGORITHM,
		{.c14n = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/>"},
		{{0}}, 0},
	{"D a prefix list under inclusive canonicalisation", REASON_SEC_SIGNATURE_SHAPE,
		{.c14n = "<ds:CanonicalizationMethod Algorithm=\"" INC
			 "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
			 "\" PrefixList=\"a\"/></ds:CanonicalizationMethod>"},
		{{0}}, 0},
	{"D a comment in SignedInfo", REASON_SEC_SIGNATURE_SHAPE, {.c14n = C14N "<!-- -->"}, {{0}}, 0},
};

static void every_attack_is_refused_for_its_reason(void **state)
{
	(void)state;
	check_attacks(attacks, sizeof attacks / sizeof attacks[0]);
}

/* The forger has no key: Body and digest fit each other, the value is the one that was made for another
 * digest. */
static void a_recomputed_digest_is_no_signature(void **state)
{
	static const char evil[] = BODY_AS(XMLNS_WSU " wsu:Id=\"body\"", "999");
	struct buf good = BUF(MEMORY), forged = BUF(MEMORY);
	char *from, *value;

	(void)state;
	compose(&good, &(struct message){0});
	complete(&good, SENDER);
	from = strstr(buf_cstr(&good), "<ds:SignatureValue>");
	value = strndup(from, (size_t)(strstr(from, "<ds:KeyInfo>") - from));
	compose(&forged, &(struct message){.body = evil, .value = value});
	complete(&forged, SENDER);
	expect("another Body, its digest, the old value", &forged, REASON_SEC_VALUE);
	free(value);
	buf_free(&good);
	buf_free(&forged);
}

static void canonical_body(struct bytes text, struct buf *out)
{
	char *copy = strndup((const char *)text.p, text.n);

	canonical_set(out, copy, "/*/*[local-name()='Body']", XML_C14N_EXCLUSIVE_1_0, NULL);
	free(copy);
}

/* One octet is changed at a time, over the whole message: what is still accepted has the Body that was
 * signed. */
static void no_single_change_reaches_the_body(void **state)
{
	static const char with[] = "X<\" 0";
	struct buf text = BUF(MEMORY), body = BUF(MEMORY);
	size_t accepted = 0, n;

	(void)state;
	compose(&text, &(struct message){.before = TIMESTAMP("{T-10}", "{T+290}"),
		.references = REFERENCE("#ts") REFERENCE("#body")});
	complete(&text, SENDER);
	canonical_body(buf_bytes(&text), &body);
	n = text.len;
	for (size_t i = 0; i < n; i++) {
		const unsigned char was = text.data[i];
		struct verdict v;

		text.data[i] = (unsigned char)with[i % (sizeof with - 1)];
		v = verify(&text);
		if (v.reason == REASON_NONE) {
			struct buf now = BUF(MEMORY);

			accepted++;
			canonical_body(buf_bytes(&text), &now);
			if (!bytes_eq(buf_bytes(&now), buf_bytes(&body)))
				fail_msg("octet %zu: another Body was accepted: %s", i, buf_cstr(&text));
			buf_free(&now);
		}
		text.data[i] = was;
	}
	/* Few places are free: comments have none here, so only what stays the same by chance. */
	if (accepted > n / 20)
		fail_msg("%zu of %zu changes were accepted", accepted, n);
	buf_free(&text);
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attack_is_refused_for_its_reason),
		cmocka_unit_test(a_recomputed_digest_is_no_signature),
		cmocka_unit_test(no_single_change_reaches_the_body),
	};

	return cmocka_run_group_tests(tests, world_make, world_drop);
}
