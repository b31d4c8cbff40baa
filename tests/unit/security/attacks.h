/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attacks - rows of hostile messages, and the loop over them. */
#ifndef QAQPA_TEST_SECURITY_ATTACKS_H
#define QAQPA_TEST_SECURITY_ATTACKS_H

#include "fixture.h"

#define EVIL_BODY BODY_AS(XMLNS_WSU " wsu:Id=\"evil\"", "999")
#define SPARE "<x:spare xmlns:x=\"urn:x\"/>"
#define SPARE_WITH(inside) "<x:spare xmlns:x=\"urn:x\">" inside "</x:spare>"
#define NO_DIGEST "<ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue>" \
	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>" /* of no octets */
#define OTHER_REFERENCE(attributes) REFERENCE_AS(attributes, TRANSFORM(EXC), NO_DIGEST)
#define OTHER_TRANSFORMS(transforms) REFERENCE_AS(" URI=\"#body\"", transforms, NO_DIGEST)
#define XPATH(text) \
	"<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>" text \
	"</ds:XPath></ds:Transform>"
#define KEY_IDENTIFIER_AS(type, text) \
	KEY_INFO_AS("<wsse:KeyIdentifier EncodingType=\"" B64 "\" ValueType=\"" type "\">" text \
		    "</wsse:KeyIdentifier>")
#define IN_KEY_INFO(inside) "<ds:KeyInfo>" inside "</ds:KeyInfo>"
#define X509_DATA(inside) "<ds:X509Data>" inside "</ds:X509Data>"
#define CERTIFICATE(text) "<ds:X509Certificate>" text "</ds:X509Certificate>"
#define ISSUER_SERIAL(issuer, serial) \
	"<ds:X509IssuerSerial><ds:X509IssuerName>" issuer "</ds:X509IssuerName><ds:X509SerialNumber>" serial \
	"</ds:X509SerialNumber></ds:X509IssuerSerial>"
#define RSA_KEY_VALUE \
	"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>" \
	"</ds:RSAKeyValue>" \
	"</ds:KeyValue>"
#define XSLT "http://www.w3.org/TR/1999/REC-xslt-19991116"
#define TEN(x) x x x x x x x x x x

struct edit_text {
	const char *find, *with;
};

struct attack {
	const char *name;
	enum reason wanted;
	struct message m;
	struct edit_text edits[3]; /* after signing */
	enum who who;
};

/* Every attack is refused, and for its reason. */
static inline void check_attacks(const struct attack *attacks, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
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

#endif
