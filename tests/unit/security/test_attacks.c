/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile messages: each row starts from a message that is correctly signed by a real key and bends one thing. The first
 * check that must notice it is named by the reason. Letters in the titles are the classes of the threat model. */
#include "fixture.h"

#define EVIL_BODY BODY_AS(XMLNS_WSU " wsu:Id=\"evil\"", "999")
#define SPARE "<x:spare xmlns:x=\"urn:x\"/>"
#define SPARE_WITH(inside) "<x:spare xmlns:x=\"urn:x\">" inside "</x:spare>"
#define NO_DIGEST "<ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue>" \
	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>" /* of no octets */
#define OTHER_REFERENCE(attributes) REFERENCE_AS(attributes, TRANSFORM(EXC), NO_DIGEST)
#define OTHER_TRANSFORMS(transforms) REFERENCE_AS(" URI=\"#body\"", transforms, NO_DIGEST)
#define XPATH(text) \
	"<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>" text "</ds:XPath></ds:Transform>"
#define KEY_IDENTIFIER_AS(type, text) \
	KEY_INFO_AS("<wsse:KeyIdentifier EncodingType=\"" B64 "\" ValueType=\"" type "\">" text "</wsse:KeyIdentifier>")
#define IN_KEY_INFO(inside) "<ds:KeyInfo>" inside "</ds:KeyInfo>"
#define X509_DATA(inside) "<ds:X509Data>" inside "</ds:X509Data>"
#define CERTIFICATE(text) "<ds:X509Certificate>" text "</ds:X509Certificate>"
#define ISSUER_SERIAL(issuer, serial) \
	"<ds:X509IssuerSerial><ds:X509IssuerName>" issuer "</ds:X509IssuerName><ds:X509SerialNumber>" serial \
	"</ds:X509SerialNumber></ds:X509IssuerSerial>"
#define RSA_KEY_VALUE \
	"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue>" \
	"</ds:KeyValue>"
#define TEN(x) x x x x x x x x x x

struct edit_text {
	const char *find, *with;
};

static const struct attack {
	const char *name;
	enum reason wanted;
	struct message m;
	struct edit_text edits[3]; /* after signing */
	enum who who;
} attacks[] = {
	/* A: nothing, or not the Body, is signed */
	{"A no Security header", REASON_SEC_ABSENT, {0}, {{"<wsse:Security ", "<wsse:Spare "},
		{" soapenv:mustUnderstand=\"1\"", ""}, {"</wsse:Security>", "</wsse:Spare>"}}, 0},
	{"A no Header at all", REASON_SEC_ABSENT, {.body = BODY},
		{{"<soapenv:Header>", "<!--"}, {"</soapenv:Header>", "-->"}, {"<soapenv:Body", "<soapenv:Body"}}, 0},
	{"A Security holds a token but no Signature", REASON_SEC_SIGNATURE_ABSENT, {.before = TOKEN("t", "{CERT}")},
		{{"<ds:Signature ", "<!--"}, {"</ds:Signature>", "-->"}}, 0},
	{"A the Signature beside an empty Security", REASON_SEC_SIGNATURE_ABSENT, {.plain = true,
		.blocks = SECURITY "</wsse:Security>", .key_info = IN_KEY_INFO(X509_DATA(CERTIFICATE("{CERT}")))}, {{0}}, 0},
	{"A the Signature inside the Body", REASON_SEC_ABSENT, {0},
		{{SECURITY, SPARE "<!--"}, {"</wsse:Security>", "-->"}, {"</data>", "</data><ds:Signature xmlns:ds=\""
		NS_DSIG "\"/>"}}, 0},
	{"A only a header block is signed", REASON_SEC_BODY_UNSIGNED, {.blocks = "<x:h xmlns:x=\"urn:x\"" XMLNS_WSU
		" wsu:Id=\"h\"/>", .references = REFERENCE("#h")}, {{0}}, 0},
	{"A only the Timestamp is signed", REASON_SEC_BODY_UNSIGNED, {.before = TIMESTAMP("{T-1}", "{T+60}"),
		.references = REFERENCE("#ts")}, {{0}}, 0},
	{"A data changed after signing", REASON_SEC_DIGEST, {0}, {{"<data>100<", "<data>900<"}}, 0},
	{"A a blank added to the Body after signing", REASON_SEC_DIGEST, {0}, {{"</request>", "</request> "}}, 0},
	{"A an attribute added to the Body after signing", REASON_SEC_DIGEST, {0}, {{"<data>", "<data a=\"\">"}}, 0},
	{"A the digest recomputed for another Body", REASON_SEC_VALUE, {.value =
		"<ds:SignatureValue>" TEN("AAAA") "</ds:SignatureValue>"}, {{0}}, 0},
	{"A an empty SignatureValue", REASON_SEC_VALUE, {.value = "<ds:SignatureValue></ds:SignatureValue>"}, {{0}}, 0},
	{"A two Signatures in Security", REASON_SEC_CONTENT, {.after = "<ds:Signature xmlns:ds=\"" NS_DSIG "\"/>"},
		{{0}}, 0},
	{"A Security for another actor only", REASON_SEC_ABSENT, {.security = "<wsse:Security xmlns:wsse=\"" NS_WSSE
		"\" soapenv:actor=\"urn:somebody\">"}, {{0}}, 0},
	{"A two Security headers for us", REASON_SEC_SEVERAL, {.later = SECURITY "</wsse:Security>"}, {{0}}, 0},
	{"A the Signature in a namespace one character short", REASON_SEC_CONTENT, {0},
		{{"<ds:Signature xmlns:ds=\"" NS_DSIG "\"", "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig\""}},
		0},
	{"A no Reference", REASON_SEC_REFERENCE, {.references = ""}, {{0}}, 0},
	{"A an element behind the Body", REASON_SOAP_SHAPE, {.tail = SPARE}, {{0}}, 0},
	{"A Security in a wrong namespace that must be understood", REASON_SOAP_MUST_UNDERSTAND, {.security =
		"<wsse:Security xmlns:wsse=\"urn:wsse\" soapenv:mustUnderstand=\"1\">"}, {{0}}, 0},
	{"L an unknown header block that must be understood", REASON_SOAP_MUST_UNDERSTAND, {.later =
		"<x:h xmlns:x=\"urn:x\" soapenv:mustUnderstand=\"1\"/>"}, {{0}}, 0},
	{"L the same demand spelled true", REASON_SOAP_MUST_UNDERSTAND, {.blocks =
		"<x:h xmlns:x=\"urn:x\" soapenv:mustUnderstand=\"true\"/>"}, {{0}}, 0},
	{"L a bare Signature beside Security that must be understood", REASON_SOAP_MUST_UNDERSTAND, {.blocks =
		"<ds:Signature xmlns:ds=\"" NS_DSIG "\" soapenv:mustUnderstand=\"1\"/>"}, {{0}}, 0},
	{"A two bare Signatures", REASON_SEC_CONTENT, {.plain = true, .later = "<ds:Signature xmlns:ds=\"" NS_DSIG
		"\"/>", .key_info = IN_KEY_INFO(X509_DATA(CERTIFICATE("{CERT}")))}, {{0}}, 0},
	{"A a UsernameToken", REASON_SEC_CONTENT, {.before = "<wsse:UsernameToken/>"}, {{0}}, 0},
	{"A text in Security", REASON_SEC_CONTENT, {.before = "text"}, {{0}}, 0},
	{"A an unsigned Timestamp", REASON_SEC_TIMESTAMP, {.before = TIMESTAMP("{T-1}", "{T+60}")}, {{0}}, 0},
	{"A two Timestamps, one of them signed", REASON_SEC_TIMESTAMP, {.before = TIMESTAMP("{T-1}", "{T+60}"),
		.after = "<wsu:Timestamp/>", .references = REFERENCE("#ts") REFERENCE("#body")}, {{0}}, 0},

	/* B: the signed element stands somewhere else */
	{"B the signed Body in a header block, another Body with a new Id", REASON_SEC_WRAPPED, {.later = SPARE},
		{{BODY, EVIL_BODY}, {SPARE, SPARE_WITH(BODY)}}, 0},
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
	{"B the signed Body inside the Timestamp", REASON_SEC_WRAPPED, {.before = TIMESTAMP("{T-1}", "{T+60}"),
		.references = REFERENCE("#ts") REFERENCE("#body")},
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
		{{"<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\">", "<e:Envelope xmlns:e=\"" NS_SOAP11
		"\"><e:Header/><e:Body><soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\">"},
		{"</soapenv:Envelope>", "</soapenv:Envelope></e:Body></e:Envelope>"}}, 0},
	{"B another Body beside a signed header that looks like one", REASON_SEC_WRAPPED, {.blocks =
		"<soapenv:Body" XMLNS_WSU " wsu:Id=\"h\"><a/></soapenv:Body>",
		.references = REFERENCE("#h") REFERENCE("#body")}, {{0}}, 0},
	{"B two operations in the signed Body", REASON_SOAP_OPERATION, {.body = "<soapenv:Body" XMLNS_WSU
		" wsu:Id=\"body\">" PAYLOAD("1") PAYLOAD("2") "</soapenv:Body>"}, {{0}}, 0},

	/* C: references and identifiers */
	{"C a Reference to an http address", REASON_SEC_REFERENCE, {.references = REFERENCE("#body")
		OTHER_REFERENCE(" URI=\"http://127.0.0.1:9/x\"")}, {{0}}, 0},
	{"C a Reference to a file", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"file:///etc/hostname\"")
		REFERENCE("#body")}, {{0}}, 0},
	{"C a Reference to an attachment", REASON_SEC_REFERENCE, {.references = REFERENCE("#body")
		OTHER_REFERENCE(" URI=\"cid:part\"")}, {{0}}, 0},
	{"C the whole document", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"\"")}, {{0}}, 0},
	{"C #xpointer(/)", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"#xpointer(/)\"")}, {{0}}, 0},
	{"C #xpointer(id('body'))", REASON_SEC_REFERENCE, {.references =
		OTHER_REFERENCE(" URI=\"#xpointer(id('body'))\"")}, {{0}}, 0},
	{"C a name that ends the XPointer and begins another", REASON_SEC_REFERENCE, {.references =
		OTHER_REFERENCE(" URI=\"#nope') | id('body\"")}, {{0}}, 0},
	{"C a Reference without URI", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" ")}, {{0}}, 0},
	{"C URI in a namespace", REASON_SEC_SIGNATURE_SHAPE, {.references =
		OTHER_REFERENCE(" xmlns:q=\"urn:q\" q:URI=\"#evil\" URI=\"#body\"")}, {{0}}, 0},
	{"C an empty fragment", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"#\"")}, {{0}}, 0},
	{"C a percent-encoded letter", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"#bo%64y\"")}, {{0}}, 0},
	{"C a blank before the name", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"# body\"")}, {{0}}, 0},
	{"C a name with a colon", REASON_SEC_REFERENCE, {.references = OTHER_REFERENCE(" URI=\"#a:body\"")}, {{0}}, 0},
	{"C a name that nobody has", REASON_SEC_REFERENCE, {.references = REFERENCE("#body")
		OTHER_REFERENCE(" URI=\"#nobody\"")}, {{0}}, 0},
	{"C the same element twice", REASON_SEC_REFERENCE, {.references = REFERENCE("#body") REFERENCE("#body")}, {{0}},
		0},
	{"C nine references", REASON_SEC_REFERENCE, {.blocks = "<x:a xmlns:x=\"urn:x\"" XMLNS_WSU ">"
		"<x:a wsu:Id=\"a1\"/></x:a>" "<a1" XMLNS_WSU " wsu:Id=\"b1\"/><a2" XMLNS_WSU " wsu:Id=\"b2\"/><a3" XMLNS_WSU
		" wsu:Id=\"b3\"/><a4" XMLNS_WSU " wsu:Id=\"b4\"/><a5" XMLNS_WSU " wsu:Id=\"b5\"/><a6" XMLNS_WSU
		" wsu:Id=\"b6\"/><a7" XMLNS_WSU " wsu:Id=\"b7\"/><a8" XMLNS_WSU " wsu:Id=\"b8\"/>", .references =
		REFERENCE("#body") REFERENCE("#b1") REFERENCE("#b2") REFERENCE("#b3") REFERENCE("#b4") REFERENCE("#b5")
		REFERENCE("#b6") REFERENCE("#b7") REFERENCE("#b8")}, {{0}}, 0},
	{"C an element inside a header block", REASON_SEC_WRAPPED, {.blocks = "<x:a xmlns:x=\"urn:x\"" XMLNS_WSU ">"
		"<x:b wsu:Id=\"deep\"/></x:a>", .references = REFERENCE("#body") REFERENCE("#deep")}, {{0}}, 0},
	{"C an element inside the Body instead of the Body", REASON_SEC_WRAPPED, {.body = "<soapenv:Body>"
		"<m:SendMessage xmlns:m=\"urn:m\"" XMLNS_WSU " wsu:Id=\"body\"/></soapenv:Body>"}, {{0}}, 0},
	{"C the Envelope", REASON_SEC_WRAPPED, {.references = OTHER_REFERENCE(" URI=\"#env\"")},
		{{"<soapenv:Envelope ", "<soapenv:Envelope" XMLNS_WSU " wsu:Id=\"env\" "}}, 0},
	{"C the Security header, which holds the Signature", REASON_SEC_REFERENCE, {.security = "<wsse:Security xmlns:wsse=\""
		NS_WSSE "\"" XMLNS_WSU " wsu:Id=\"sec\">", .references = REFERENCE("#body")
		REFERENCE_AS(" URI=\"#sec\"", ENVELOPED TRANSFORM(EXC), NO_DIGEST)}, {{0}}, 0},
	{"C the Signature itself", REASON_SEC_REFERENCE, {.references = REFERENCE("#body") OTHER_REFERENCE(" URI=\"#sig\"")},
		{{"<ds:Signature ", "<ds:Signature Id=\"sig\" "}}, 0},
	{"C the Signature's own KeyInfo in form C", REASON_SEC_REFERENCE, {.plain = true, .references = REFERENCE("#body")
		REFERENCE("#ki"), .key_info = "<ds:KeyInfo Id=\"ki\">" X509_DATA(CERTIFICATE("{CERT}")) "</ds:KeyInfo>"}, {{0}},
		0},
	{"C the Signature's own KeyInfo", REASON_SEC_WRAPPED, {.references = REFERENCE("#body") REFERENCE("#ki"),
		.key_info = "<ds:KeyInfo Id=\"ki\"><wsse:SecurityTokenReference>" KEY_IDENTIFIER("{CERT}")
		"</wsse:SecurityTokenReference></ds:KeyInfo>"}, {{0}}, 0},
	{"C a Manifest in ds:Object", REASON_SEC_SIGNATURE_SHAPE, {.references = OTHER_REFERENCE(" URI=\"#m\""),
		.signature_tail = "<ds:Object><ds:Manifest Id=\"m\"/></ds:Object>"}, {{0}}, 0},
	{"C a plain Id on another element equal to the signed one", REASON_XML_DUPLICATE_ID, {.later =
		"<x:h xmlns:x=\"urn:x\" Id=\"body\"/>"}, {{0}}, 0},
	{"C an xml:id equal to the signed one", REASON_XML_DUPLICATE_ID, {.later =
		"<x:h xmlns:x=\"urn:x\" xml:id=\"body\"/>"}, {{0}}, 0},
	{"C two identifiers on the Body", REASON_XML_DUPLICATE_ID, {.body = BODY_AS(XMLNS_WSU
		" wsu:Id=\"body\" Id=\"other\"", "100")}, {{0}}, 0},
	{"C a blank in the identifier", REASON_SEC_REFERENCE, {.body = BODY_AS(XMLNS_WSU " wsu:Id=\" body\"", "100"),
		.references = OTHER_REFERENCE(" URI=\"#body\"")}, {{0}}, 0},

	/* D: transforms and canonicalisation */
	{"D an XSLT transform", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(TRANSFORM("http://www.w3.org/TR/1999/REC-xslt-19991116"))}, {{0}}, 0},
	{"D an XPath transform that selects nothing", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(XPATH("false()"))}, {{0}}, 0},
	{"D an XPath transform before the canonicalisation", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(XPATH("not(self::data)") TRANSFORM(EXC))}, {{0}}, 0},
	{"D XPath filter 2.0", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(TRANSFORM("http://www.w3.org/2002/06/xmldsig-filter2"))}, {{0}}, 0},
	{"D a base64 transform", REASON_SEC_ALGORITHM, {.references = OTHER_TRANSFORMS(TRANSFORM(NS_DSIG "base64"))},
		{{0}}, 0},
	{"D enveloped-signature behind the canonicalisation", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(TRANSFORM(EXC) ENVELOPED)}, {{0}}, 0},
	{"D enveloped-signature alone", REASON_SEC_ALGORITHM, {.references = OTHER_TRANSFORMS(ENVELOPED)}, {{0}}, 0},
	{"D enveloped-signature twice", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(ENVELOPED ENVELOPED TRANSFORM(EXC))}, {{0}}, 0},
	{"D the STR transform", REASON_SEC_ALGORITHM, {.references = OTHER_TRANSFORMS(TRANSFORM(WSS
		"soap-message-security-1.0#STR-Transform"))}, {{0}}, 0},
	{"D the decryption transform", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(TRANSFORM("http://www.w3.org/2002/07/decrypt#XML"))}, {{0}}, 0},
	{"D a hundred canonicalisations", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(TEN(TEN(TRANSFORM(EXC))))}, {{0}}, 0},
	{"D exclusive canonicalisation with comments", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(TRANSFORM(EXC "WithComments"))}, {{0}}, 0},
	{"D inclusive canonicalisation of the Body", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS(TRANSFORM(INC))}, {{0}}, 0},
	{"D no Transforms", REASON_SEC_ALGORITHM, {.references = "<ds:Reference URI=\"#body\">" NO_DIGEST
		"</ds:Reference>"}, {{0}}, 0},
	{"D empty Transforms", REASON_SEC_ALGORITHM, {.references = OTHER_TRANSFORMS("")}, {{0}}, 0},
	{"D a Transform without Algorithm", REASON_SEC_ALGORITHM, {.references = OTHER_TRANSFORMS("<ds:Transform/>")},
		{{0}}, 0},
	{"D a Transform in another namespace", REASON_SEC_SIGNATURE_SHAPE, {.references =
		OTHER_TRANSFORMS("<Transform Algorithm=\"" EXC "\"/>")}, {{0}}, 0},
	{"D an unknown child of the transform", REASON_SEC_SIGNATURE_SHAPE, {.references =
		OTHER_TRANSFORMS("<ds:Transform Algorithm=\"" EXC "\"><ds:XPath>1</ds:XPath></ds:Transform>")}, {{0}}, 0},
	{"D an unknown child of enveloped-signature", REASON_SEC_SIGNATURE_SHAPE, {.references =
		OTHER_TRANSFORMS("<ds:Transform Algorithm=\"" NS_DSIG "enveloped-signature\"><a/></ds:Transform>"
		TRANSFORM(EXC))}, {{0}}, 0},
	{"D a prefix list of 33 prefixes", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS("<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
		"\" PrefixList=\"" TEN("a b c ") "d e f\"/></ds:Transform>")}, {{0}}, 0},
	{"D a prefix list with something that is no prefix", REASON_SEC_ALGORITHM, {.references =
		OTHER_TRANSFORMS("<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
		"\" PrefixList=\"a:b\"/></ds:Transform>")}, {{0}}, 0},
	{"D InclusiveNamespaces without PrefixList", REASON_SEC_SIGNATURE_SHAPE, {.references =
		OTHER_TRANSFORMS("<ds:Transform Algorithm=\"" EXC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
		"\"/></ds:Transform>")}, {{0}}, 0},
	{"D a relative namespace name in the Body", REASON_XML_NAMESPACE, {.references =
		OTHER_REFERENCE(" URI=\"#body\""), .body = BODY_AS(XMLNS_WSU " xmlns:x=\"1\" wsu:Id=\"body\"", "100"),
		.value = "<ds:SignatureValue>AAAA</ds:SignatureValue>"}, {{0}},
		0},
	{"D XSLT as canonicalisation of SignedInfo", REASON_SEC_ALGORITHM, {.c14n =
		"<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>"}, {{0}}, 0},
	{"D inclusive canonicalisation 1.1 of SignedInfo", REASON_SEC_ALGORITHM, {.c14n =
		"<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/>"}, {{0}}, 0},
	{"D a prefix list under inclusive canonicalisation", REASON_SEC_SIGNATURE_SHAPE, {.c14n =
		"<ds:CanonicalizationMethod Algorithm=\"" INC "\"><ec:InclusiveNamespaces xmlns:ec=\"" EXC
		"\" PrefixList=\"a\"/></ds:CanonicalizationMethod>"}, {{0}}, 0},
	{"D a comment in SignedInfo", REASON_SEC_SIGNATURE_SHAPE, {.c14n = C14N "<!-- -->"}, {{0}}, 0},

	/* E: algorithms and values */
	{"E hmac-sha256", REASON_SEC_ALGORITHM, {.method = METHOD_AS(MORE "hmac-sha256")}, {{0}}, 0},
	{"E hmac-sha1 of eight bits", REASON_SEC_ALGORITHM, {.method = "<ds:SignatureMethod Algorithm=\"" NS_DSIG
		"hmac-sha1\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>"}, {{0}}, 0},
	{"E HMACOutputLength under rsa-sha256", REASON_SEC_SIGNATURE_SHAPE, {.method = "<ds:SignatureMethod Algorithm=\"" MORE
		"rsa-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>"}, {{0}}, 0},
	{"E rsa-md5", REASON_SEC_ALGORITHM, {.method = METHOD_AS(MORE "rsa-md5")}, {{0}}, 0},
	{"E a SignatureMethod nobody knows", REASON_SEC_ALGORITHM, {.method = METHOD_AS("urn:none")}, {{0}}, 0},
	{"E a SignatureMethod without Algorithm", REASON_SEC_ALGORITHM, {0},
		{{METHOD, "<ds:SignatureMethod/>"}}, 0},
	{"E rsa-sha256 with a trailing blank", REASON_SEC_ALGORITHM, {.method = METHOD_AS(MORE "rsa-sha256 ")}, {{0}}, 0},
	{"E ecdsa-sha256 with an RSA certificate", REASON_SEC_VALUE, {.method = METHOD_AS(MORE "ecdsa-sha256")}, {{0}},
		SENDER_EC},
	{"E rsa-sha256 declared, rsa-sha512 made", REASON_SEC_VALUE, {.method = METHOD_AS(MORE "rsa-sha512")},
		{{MORE "rsa-sha512", MORE "rsa-sha256"}}, 0},
	{"E an MD5 digest", REASON_SEC_ALGORITHM, {.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
		"<ds:DigestMethod Algorithm=\"" MORE "md5\"/><ds:DigestValue>AAAA</ds:DigestValue>")}, {{0}}, 0},
	{"E a digest method in the place of a signature method", REASON_SEC_ALGORITHM, {.method =
		METHOD_AS(ENC "sha256")}, {{0}}, 0},
	{"E a child of DigestMethod", REASON_SEC_SIGNATURE_SHAPE, {.references = REFERENCE_AS(" URI=\"#body\"",
		TRANSFORM(EXC), "<ds:DigestMethod Algorithm=\"" ENC "sha256\"><a/></ds:DigestMethod>"
		"<ds:DigestValue>AAAA</ds:DigestValue>")}, {{0}}, 0},
	{"E a digest of too few octets", REASON_SEC_DIGEST, {.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
		"<ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue>AAAA</ds:DigestValue>")}, {{0}}, 0},
	{"E an empty DigestValue", REASON_SEC_DIGEST, {.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
		"<ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue/>")}, {{0}}, 0},
	{"E the digest of nothing", REASON_SEC_DIGEST, {.references = OTHER_REFERENCE(" URI=\"#body\"")}, {{0}}, 0},
	{"E a comment in DigestValue", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->"}}, 0},
	{"E an element in DigestValue", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:DigestValue>", "<ds:DigestValue><a/>"}}, 0},
	{"E two DigestValues", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"</ds:DigestValue>", "</ds:DigestValue><ds:DigestValue/>"}}, 0},
	{"E a forged SignedInfo before the signed one", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:SignedInfo>", "<ds:SignedInfo/><ds:SignedInfo>"}}, 0},
	{"E a SignedInfo in ds:Object", REASON_SEC_SIGNATURE_SHAPE, {.signature_tail =
		"<ds:Object><ds:SignedInfo/></ds:Object>"}, {{0}}, 0},
	{"E two SignatureValues", REASON_SEC_SIGNATURE_SHAPE, {.value = "<ds:SignatureValue>AAAA</ds:SignatureValue>" VALUE},
		{{0}}, 0},
	{"E a comment in SignatureValue", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"}}, 0},
	{"E characters outside base64 in SignatureValue", REASON_SEC_VALUE, {0},
		{{"<ds:SignatureValue>", "<ds:SignatureValue>*-"}}, 0},
	{"E octets behind the padding of SignatureValue", REASON_SEC_VALUE, {0},
		{{"</ds:SignatureValue>", "AAAA</ds:SignatureValue>"}}, 0},
	{"E a SignatureValue of 6000 characters", REASON_SEC_VALUE, {.value = "<ds:SignatureValue>" TEN(TEN(TEN("AAAAAA")))
		"</ds:SignatureValue>"}, {{0}}, 0},
	{"E an ECDSA value of zeros", REASON_SEC_VALUE, {.method = METHOD_AS(MORE "ecdsa-sha256"),
		.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}")), .value = "<ds:SignatureValue>" TEN("AAAAAAAA")
		"AAAAAA==</ds:SignatureValue>"}, {{0}}, 0},
	{"E an ECDSA value of one octet", REASON_SEC_VALUE, {.method = METHOD_AS(MORE "ecdsa-sha256"),
		.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}")), .value = "<ds:SignatureValue>AQ==</ds:SignatureValue>"},
		{{0}}, 0},
	{"E CanonicalizationMethod missing", REASON_SEC_SIGNATURE_SHAPE, {0}, {{C14N, ""}}, 0},
	{"E an unknown child of SignedInfo", REASON_SEC_SIGNATURE_SHAPE, {.references = REFERENCE("#body") "<ds:a/>"},
		{{0}}, 0},
	{"E text in SignedInfo", REASON_SEC_SIGNATURE_SHAPE, {.references = REFERENCE("#body") "text"}, {{0}}, 0},

	/* F: keys */
	{"F no KeyInfo", REASON_SEC_SIGNATURE_SHAPE, {.key_info = ""}, {{0}}, 0},
	{"F an empty KeyInfo", REASON_SEC_TOKEN_KIND, {.key_info = "<ds:KeyInfo/>"}, {{0}}, 0},
	{"F two KeyInfo", REASON_SEC_SIGNATURE_SHAPE, {.key_info = KEY_INFO KEY_INFO}, {{0}}, 0},
	{"F a KeyValue with somebody's key", REASON_SEC_TOKEN_KIND, {.key_info = IN_KEY_INFO(RSA_KEY_VALUE)}, {{0}}, ROGUE},
	{"F a KeyValue beside the reference", REASON_SEC_TOKEN_SEVERAL, {.key_info = IN_KEY_INFO(
		"<wsse:SecurityTokenReference>" KEY_IDENTIFIER("{CERT}") "</wsse:SecurityTokenReference>" RSA_KEY_VALUE)},
		{{0}}, ROGUE},
	{"F a KeyName", REASON_SEC_TOKEN_KIND, {.key_info = IN_KEY_INFO("<ds:KeyName>sender</ds:KeyName>")}, {{0}}, 0},
	{"F a certificate that nobody pinned", REASON_CERT_UNKNOWN, {.key_info =
		KEY_INFO_AS(KEY_IDENTIFIER("{ROGUE}"))}, {{0}}, ROGUE},
	{"F the sender's certificate, another key", REASON_SEC_VALUE, {0}, {{0}}, ROGUE},
	{"F the sender's certificate twice", REASON_SEC_TOKEN_BROKEN, {.key_info =
		KEY_INFO_AS(KEY_IDENTIFIER("{CERT}{CERT}"))}, {{0}}, 0},
	{"F two KeyIdentifiers", REASON_SEC_TOKEN_SEVERAL, {.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{CERT}")
		KEY_IDENTIFIER("{ROGUE}"))}, {{0}}, ROGUE},
	{"F X509Data with two certificates, the sender's first", REASON_SEC_TOKEN_SEVERAL, {.key_info =
		KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}") CERTIFICATE("{ROGUE}")))}, {{0}}, ROGUE},
	{"F X509Data with a certificate revocation list", REASON_SEC_TOKEN_KIND, {.key_info =
		KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}") "<ds:X509CRL>AAAA</ds:X509CRL>"))}, {{0}}, 0},
	{"F X509Data with nothing", REASON_SEC_TOKEN_KIND, {.key_info = KEY_INFO_AS(X509_DATA(""))}, {{0}}, 0},
	{"F an empty issuer and serial number alone", REASON_SEC_TOKEN_UNKNOWN, {.key_info =
		KEY_INFO_AS(X509_DATA(ISSUER_SERIAL("", "")))}, {{0}}, 0},
	{"F a serial number that nobody has", REASON_SEC_TOKEN_UNKNOWN, {.key_info =
		KEY_INFO_AS(X509_DATA(ISSUER_SERIAL("{ISSUER}", "12345")))}, {{0}}, 0},
	{"F a serial number without issuer", REASON_SEC_TOKEN_BROKEN, {.key_info = KEY_INFO_AS(X509_DATA(
		"<ds:X509IssuerSerial><ds:X509SerialNumber>{SERIAL}</ds:X509SerialNumber></ds:X509IssuerSerial>"))}, {{0}}, 0},
	{"F the sender's serial number beside another certificate", REASON_CERT_UNKNOWN, {.key_info =
		KEY_INFO_AS(X509_DATA(CERTIFICATE("{ROGUE}") ISSUER_SERIAL("{ISSUER}", "{SERIAL}")))}, {{0}}, ROGUE},
	{"F another serial number beside the sender's certificate", REASON_SEC_TOKEN_SEVERAL, {.key_info =
		KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}") ISSUER_SERIAL("{ISSUER}", "12345")))}, {{0}}, 0},
	{"F another own certificate's serial number beside the certificate", REASON_SEC_TOKEN_SEVERAL, {.key_info =
		KEY_INFO_AS(X509_DATA(CERTIFICATE("{EC}") ISSUER_SERIAL("{ISSUER}", "{SERIAL}"))),
		.method = METHOD_AS(MORE "ecdsa-sha256")}, {{0}}, SENDER_EC},
	{"F a RetrievalMethod", REASON_SEC_TOKEN_KIND, {.key_info =
		IN_KEY_INFO("<ds:RetrievalMethod URI=\"http://127.0.0.1:9/key\"/>")}, {{0}}, 0},
	{"F X509Data directly in KeyInfo under WS-Security", REASON_SEC_TOKEN_KIND, {.key_info =
		IN_KEY_INFO(X509_DATA(CERTIFICATE("{CERT}")))}, {{0}}, 0},
	{"F a SecurityTokenReference in form C", REASON_SEC_TOKEN_KIND, {.plain = true, .key_info = "<ds:KeyInfo>"
		"<wsse:SecurityTokenReference xmlns:wsse=\"" NS_WSSE "\"/></ds:KeyInfo>"}, {{0}}, 0},
	{"F two BinarySecurityTokens of one Id", REASON_XML_DUPLICATE_ID, {.before = TOKEN("t", "{CERT}")
		TOKEN("t", "{ROGUE}"), .key_info = TOKEN_REFERENCE("#t")}, {{0}}, ROGUE},
	{"F two BinarySecurityTokens", REASON_SEC_TOKEN_SEVERAL, {.before = TOKEN("t", "{CERT}") TOKEN("u", "{ROGUE}"),
		.key_info = TOKEN_REFERENCE("#t")}, {{0}}, ROGUE},
	{"F a reference to an http address", REASON_SEC_TOKEN_KIND, {.key_info =
		TOKEN_REFERENCE("http://127.0.0.1:9/token")}, {{0}}, 0},
	{"F a reference to a token that is not there", REASON_SEC_REFERENCE, {.key_info = TOKEN_REFERENCE("#t")}, {{0}}, 0},
	{"F a reference to the Body", REASON_SEC_REFERENCE, {.before = TOKEN("t", "{CERT}"),
		.key_info = TOKEN_REFERENCE("#body")}, {{0}}, 0},
	{"F a reference to another reference", REASON_SEC_REFERENCE, {.key_info = "<ds:KeyInfo>"
		"<wsse:SecurityTokenReference wsu:Id=\"str\"><wsse:Reference URI=\"#str\"/></wsse:SecurityTokenReference>"
		"</ds:KeyInfo>"}, {{0}}, 0},
	{"F a token in a header block instead of Security", REASON_SEC_REFERENCE, {.later =
		"<wsse:BinarySecurityToken xmlns:wsse=\"" NS_WSSE "\"" XMLNS_WSU " wsu:Id=\"t\" ValueType=\"" X509V3
		"\">{CERT}</wsse:BinarySecurityToken>", .key_info = TOKEN_REFERENCE("#t")}, {{0}}, 0},
	{"F a token beside a KeyIdentifier", REASON_SEC_TOKEN_SEVERAL, {.before = TOKEN("t", "{ROGUE}")}, {{0}}, 0},
	{"F a token beside the sender's key identifier, signed by the token's key", REASON_SEC_TOKEN_SEVERAL, {.before =
		TOKEN("t", "{ROGUE}"), .key_info = KEY_IDENTIFIER_AS(X509SKI, "{SKI}")}, {{0}}, ROGUE},
	{"F a token of type PKIPath", REASON_SEC_TOKEN_KIND, {.before = TOKEN_AS("t", WSS
		"x509-token-profile-1.0#X509PKIPathv1", "{CERT}"), .key_info = TOKEN_REFERENCE("#t")}, {{0}}, 0},
	{"F a token without ValueType", REASON_SEC_TOKEN_KIND, {.before =
		"<wsse:BinarySecurityToken wsu:Id=\"t\">{CERT}</wsse:BinarySecurityToken>", .key_info = TOKEN_REFERENCE("#t")},
		{{0}}, 0},
	{"F a token that is no base64", REASON_SEC_TOKEN_BROKEN, {.before = TOKEN("t", "MII*"),
		.key_info = TOKEN_REFERENCE("#t")}, {{0}}, 0},
	{"F a KeyIdentifier of another type", REASON_SEC_TOKEN_KIND, {.key_info = KEY_IDENTIFIER_AS(
		"http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1", "AAAA")}, {{0}}, 0},
	{"F a KeyIdentifier whose type has a trailing blank", REASON_SEC_TOKEN_KIND, {.key_info =
		KEY_IDENTIFIER_AS(X509V3 " ", "{CERT}")}, {{0}}, 0},
	{"F a KeyIdentifier in hexadecimal", REASON_SEC_TOKEN_KIND, {.key_info = KEY_INFO_AS(
		"<wsse:KeyIdentifier EncodingType=\"" WSS "soap-message-security-1.0#HexBinary\" ValueType=\"" X509V3
		"\">{CERT}</wsse:KeyIdentifier>")}, {{0}}, 0},
	{"F an element inside KeyIdentifier", REASON_SEC_TOKEN_BROKEN, {.key_info =
		KEY_INFO_AS(KEY_IDENTIFIER("{CERT}<a/>"))}, {{0}}, 0},
	{"F an embedded token", REASON_SEC_TOKEN_KIND, {.key_info = KEY_INFO_AS("<wsse:Embedded>" KEY_IDENTIFIER("{CERT}")
		"</wsse:Embedded>")}, {{0}}, 0},
	{"F an encrypted key", REASON_SEC_TOKEN_KIND, {.key_info = IN_KEY_INFO(
		"<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/>")}, {{0}}, 0},
	{"F a key in DER", REASON_SEC_TOKEN_KIND, {.key_info = IN_KEY_INFO(
		"<d:DEREncodedKeyValue xmlns:d=\"http://www.w3.org/2009/xmldsig11#\">AAAA</d:DEREncodedKeyValue>")}, {{0}},
		ROGUE},
	{"F text in KeyInfo", REASON_SEC_TOKEN_KIND, {.key_info = IN_KEY_INFO("text<wsse:SecurityTokenReference>"
		KEY_IDENTIFIER("{CERT}") "</wsse:SecurityTokenReference>")}, {{0}}, 0},
};

static void every_attack_is_refused_for_its_reason(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
		const struct attack *a = &attacks[i];
		struct buf text = BUF(MEMORY);

		world.row = a->name;
		compose(&text, &a->m);
		complete(&text, a->who);
		for (const struct edit_text *edit = a->edits; edit < a->edits + 3 && edit->find; edit++)
			replace(&text, edit->find, edit->with);
		wrong += !as_expected(a->name, &text, a->wanted);
		buf_free(&text);
	}
	assert_int_equal(wrong, 0);
}

/* Trailing octets behind the DER, and a token far too long. */
static void certificates_of_wrong_length_are_refused(void **state)
{
	struct buf der = BUF(MEMORY), long_one = BUF(MEMORY), text = BUF(MEMORY);
	static const unsigned char zeros[64];

	(void)state;
	buf_add(&der, world.key[SENDER]->der);
	buf_add(&der, (struct bytes){zeros, sizeof zeros});
	buf_base64(&long_one, buf_bytes(&der));
	compose(&text, &(struct message){0});
	complete(&text, SENDER);
	replace(&text, world.key[SENDER]->base64, buf_cstr(&long_one));
	expect("64 octets behind the certificate", &text, REASON_SEC_TOKEN_BROKEN);
	buf_free(&text);
	buf_clear(&long_one);
	for (int i = 0; i < 1 << 20; i++)
		buf_char(&long_one, 'A');
	compose(&text, &(struct message){.before = TOKEN("t", "{CERT}"), .key_info = TOKEN_REFERENCE("#t")});
	complete(&text, SENDER);
	replace(&text, world.key[SENDER]->base64, buf_cstr(&long_one));
	expect("a token of one megabyte", &text, REASON_SEC_TOKEN_BROKEN);
	buf_free(&der);
	buf_free(&long_one);
	buf_free(&text);
}

/* The number that is congruent to the value modulo n, one octet longer. */
static void an_rsa_value_beyond_the_modulus_is_refused(void **state)
{
	struct buf text = BUF(MEMORY), raw = BUF(4096), value = BUF(8192);
	char *given, *from;

	(void)state;
	compose(&text, &(struct message){0});
	complete(&text, SENDER);
	from = strstr(buf_cstr(&text), "<ds:SignatureValue>") + strlen("<ds:SignatureValue>");
	given = strndup(from, strcspn(from, "<"));
	buf_char(&raw, 0);
	assert_true(base64_decode(bytes_str(given), &raw, NULL).ok);
	buf_base64(&value, buf_bytes(&raw));
	replace(&text, given, buf_cstr(&value));
	expect("a leading zero octet", &text, REASON_SEC_VALUE);
	buf_free(&text);
	buf_free(&raw);
	buf_free(&value);
	free(given);
}

static void canonical_body(struct bytes text, struct buf *out)
{
	char *copy = strndup((const char *)text.p, text.n);

	canonical_set(out, copy, "/*/*[local-name()='Body']", XML_C14N_EXCLUSIVE_1_0, NULL);
	free(copy);
}

/* One octet is changed at a time, over the whole message: what is still accepted has the Body that was signed. */
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
		cmocka_unit_test(certificates_of_wrong_length_are_refused),
		cmocka_unit_test(an_rsa_value_beyond_the_modulus_is_refused),
		cmocka_unit_test(no_single_change_reaches_the_body),
	};

	return cmocka_run_group_tests(tests, world_make, world_drop);
}
