/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile messages, classes E and F: algorithms, values, and the ways to name a key. As test_attacks.c
 * otherwise. */
#include "attacks.h"

static const struct attack attacks[] = {
	/* E: algorithms and values */
	{"E hmac-sha256", REASON_SEC_ALGORITHM, {.method = METHOD_AS(MORE "hmac-sha256")}, {{0}}, 0},
	{"E hmac-sha1 of eight bits", REASON_SEC_ALGORITHM,
		{.method = "<ds:SignatureMethod Algorithm=\"" NS_DSIG
			   "hmac-sha1\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>"},
		{{0}}, 0},
	{"E HMACOutputLength under rsa-sha256", REASON_SEC_SIGNATURE_SHAPE,
		{.method = "<ds:SignatureMethod Algorithm=\"" MORE
			   "rsa-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>"},
		{{0}}, 0},
	{"E rsa-md5", REASON_SEC_ALGORITHM, {.method = METHOD_AS(MORE "rsa-md5")}, {{0}}, 0},
	{"E a SignatureMethod nobody knows", REASON_SEC_ALGORITHM, {.method = METHOD_AS("urn:none")}, {{0}},
		0},
	{"E a SignatureMethod without Algorithm", REASON_SEC_ALGORITHM, {0},
		{{METHOD, "<ds:SignatureMethod/>"}}, 0},
	{"E rsa-sha256 with a trailing blank", REASON_SEC_ALGORITHM,
		{.method = METHOD_AS(MORE "rsa-sha256 ")}, {{0}}, 0},
	{"E ecdsa-sha256 with an RSA certificate", REASON_SEC_VALUE,
		{.method = METHOD_AS(MORE "ecdsa-sha256")}, {{0}}, SENDER_EC},
	{"E rsa-sha256 declared, rsa-sha512 made", REASON_SEC_VALUE, {.method = METHOD_AS(MORE "rsa-sha512")},
		{{MORE "rsa-sha512", MORE "rsa-sha256"}}, 0},
	{"E an MD5 digest", REASON_SEC_ALGORITHM,
		{.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
			 "<ds:DigestMethod Algorithm=\"" MORE
			 "md5\"/><ds:DigestValue>AAAA</ds:DigestValue>")},
		{{0}}, 0},
	{"E a digest method in the place of a signature method", REASON_SEC_ALGORITHM,
		{.method = METHOD_AS(ENC "sha256")}, {{0}}, 0},
	{"E a child of DigestMethod", REASON_SEC_SIGNATURE_SHAPE,
		{.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
			 "<ds:DigestMethod Algorithm=\"" ENC "sha256\"><a/></ds:DigestMethod>"
			 "<ds:DigestValue>AAAA</ds:DigestValue>")},
		{{0}}, 0},
	{"E a digest of too few octets", REASON_SEC_DIGEST,
		{.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
			 "<ds:DigestMethod Algorithm=\"" ENC
			 "sha256\"/><ds:DigestValue>AAAA</ds:DigestValue>")},
		{{0}}, 0},
	{"E an empty DigestValue", REASON_SEC_DIGEST,
		{.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
			 "<ds:DigestMethod Algorithm=\"" ENC "sha256\"/><ds:DigestValue/>")},
		{{0}}, 0},
	{"E the digest of nothing", REASON_SEC_DIGEST, {.references = OTHER_REFERENCE(" URI=\"#body\"")},
		{{0}}, 0},
	{"E a comment in DigestValue", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->"}}, 0},
	{"E an element in DigestValue", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:DigestValue>", "<ds:DigestValue><a/>"}}, 0},
	{"E two DigestValues", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"</ds:DigestValue>", "</ds:DigestValue><ds:DigestValue/>"}}, 0},
	{"E a forged SignedInfo before the signed one", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:SignedInfo>", "<ds:SignedInfo/><ds:SignedInfo>"}}, 0},
	{"E a SignedInfo in ds:Object", REASON_SEC_SIGNATURE_SHAPE,
		{.signature_tail = "<ds:Object><ds:SignedInfo/></ds:Object>"}, {{0}}, 0},
	{"E two SignatureValues", REASON_SEC_SIGNATURE_SHAPE,
		{.value = "<ds:SignatureValue>AAAA</ds:SignatureValue>" VALUE}, {{0}}, 0},
	{"E a comment in SignatureValue", REASON_SEC_SIGNATURE_SHAPE, {0},
		{{"<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"}}, 0},
	{"E characters outside base64 in SignatureValue", REASON_SEC_VALUE, {0},
		{{"<ds:SignatureValue>", "<ds:SignatureValue>*-"}}, 0},
	{"E octets behind the padding of SignatureValue", REASON_SEC_VALUE, {0},
		{{"</ds:SignatureValue>", "AAAA</ds:SignatureValue>"}}, 0},
	{"E a SignatureValue of 6000 characters", REASON_SEC_VALUE,
		{.value = "<ds:SignatureValue>" TEN(TEN(TEN("AAAAAA"))) "</ds:SignatureValue>"}, {{0}}, 0},
	{"E an ECDSA value of zeros", REASON_SEC_VALUE,
		{.method = METHOD_AS(MORE "ecdsa-sha256"),
			.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}")),
			.value = "<ds:SignatureValue>" TEN("AAAAAAAA") "AAAAAA==</ds:SignatureValue>"},
		{{0}}, 0},
	{"E an ECDSA value of one octet", REASON_SEC_VALUE,
		{.method = METHOD_AS(MORE "ecdsa-sha256"),
			.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}")),
			.value = "<ds:SignatureValue>AQ==</ds:SignatureValue>"},
		{{0}}, 0},
	{"E CanonicalizationMethod missing", REASON_SEC_SIGNATURE_SHAPE, {0}, {{C14N, ""}}, 0},
	{"E an unknown child of SignedInfo", REASON_SEC_SIGNATURE_SHAPE,
		{.references = REFERENCE("#body") "<ds:a/>"}, {{0}}, 0},
	{"E text in SignedInfo", REASON_SEC_SIGNATURE_SHAPE, {.references = REFERENCE("#body") "text"}, {{0}},
		0},

	/* F: keys */
	{"F no KeyInfo", REASON_SEC_SIGNATURE_SHAPE, {.key_info = ""}, {{0}}, 0},
	{"F an empty KeyInfo", REASON_SEC_TOKEN_KIND, {.key_info = "<ds:KeyInfo/>"}, {{0}}, 0},
	{"F two KeyInfo", REASON_SEC_SIGNATURE_SHAPE, {.key_info = KEY_INFO KEY_INFO}, {{0}}, 0},
	{"F a KeyValue with somebody's key", REASON_SEC_TOKEN_KIND, {.key_info = IN_KEY_INFO(RSA_KEY_VALUE)},
		{{0}}, ROGUE},
	{"F a KeyValue beside the reference", REASON_SEC_TOKEN_SEVERAL,
		{.key_info = IN_KEY_INFO("<wsse:SecurityTokenReference>" KEY_IDENTIFIER(
			 "{CERT}") "</wsse:SecurityTokenReference>" RSA_KEY_VALUE)},
		{{0}}, ROGUE},
	{"F a KeyName", REASON_SEC_TOKEN_KIND, {.key_info = IN_KEY_INFO("<ds:KeyName>sender</ds:KeyName>")},
		{{0}}, 0},
	{"F a certificate that nobody pinned", REASON_CERT_UNKNOWN,
		{.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{ROGUE}"))}, {{0}}, ROGUE},
	{"F the sender's certificate, another key", REASON_SEC_VALUE, {0}, {{0}}, ROGUE},
	{"F the sender's certificate twice", REASON_SEC_TOKEN_BROKEN,
		{.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{CERT}{CERT}"))}, {{0}}, 0},
	{"F two KeyIdentifiers", REASON_SEC_TOKEN_SEVERAL,
		{.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{CERT}") KEY_IDENTIFIER("{ROGUE}"))}, {{0}}, ROGUE},
	{"F X509Data with two certificates, the sender's first", REASON_SEC_TOKEN_SEVERAL,
		{.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}") CERTIFICATE("{ROGUE}")))}, {{0}},
		ROGUE},
	{"F X509Data with a certificate revocation list", REASON_SEC_TOKEN_KIND,
		{.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}") "<ds:X509CRL>AAAA</ds:X509CRL>"))},
		{{0}}, 0},
	{"F X509Data with nothing", REASON_SEC_TOKEN_KIND, {.key_info = KEY_INFO_AS(X509_DATA(""))}, {{0}},
		0},
	{"F an empty issuer and serial number alone", REASON_SEC_TOKEN_UNKNOWN,
		{.key_info = KEY_INFO_AS(X509_DATA(ISSUER_SERIAL("", "")))}, {{0}}, 0},
	{"F a serial number that nobody has", REASON_SEC_TOKEN_UNKNOWN,
		{.key_info = KEY_INFO_AS(X509_DATA(ISSUER_SERIAL("{ISSUER}", "12345")))}, {{0}}, 0},
	{"F a serial number without issuer", REASON_SEC_TOKEN_BROKEN,
		{.key_info = KEY_INFO_AS(X509_DATA(
			 "<ds:X509IssuerSerial><ds:X509SerialNumber>{SERIAL}</ds:X509SerialNumber>"
			 "</ds:X509IssuerSerial>"))},
		{{0}}, 0},
	{"F the sender's serial number beside another certificate", REASON_CERT_UNKNOWN,
		{.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{ROGUE}") ISSUER_SERIAL("{ISSUER}",
			"{SERIAL}")))},
		{{0}}, ROGUE},
	{"F another serial number beside the sender's certificate", REASON_SEC_TOKEN_SEVERAL,
		{.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}") ISSUER_SERIAL("{ISSUER}",
			"12345")))},
		{{0}}, 0},
	{"F another own certificate's serial number beside the certificate", REASON_SEC_TOKEN_SEVERAL,
		{.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{EC}") ISSUER_SERIAL("{ISSUER}",
			"{SERIAL}"))),
			.method = METHOD_AS(MORE "ecdsa-sha256")},
		{{0}}, SENDER_EC},
	{"F a RetrievalMethod", REASON_SEC_TOKEN_KIND,
		{.key_info = IN_KEY_INFO("<ds:RetrievalMethod URI=\"http://127.0.0.1:9/key\"/>")}, {{0}}, 0},
	{"F X509Data directly in KeyInfo under WS-Security", REASON_SEC_TOKEN_KIND,
		{.key_info = IN_KEY_INFO(X509_DATA(CERTIFICATE("{CERT}")))}, {{0}}, 0},
	{"F a SecurityTokenReference in form C", REASON_SEC_TOKEN_KIND,
		{.plain = true,
			.key_info = "<ds:KeyInfo>"
				    "<wsse:SecurityTokenReference xmlns:wsse=\"" NS_WSSE "\"/></ds:KeyInfo>"},
		{{0}}, 0},
	{"F a certificate in something else than X509Data in form C", REASON_SEC_TOKEN_KIND,
		{.plain = true, .key_info = IN_KEY_INFO("<ds:Other>" CERTIFICATE("{CERT}") "</ds:Other>")},
		{{0}}, 0},
	{"F two BinarySecurityTokens of one Id", REASON_XML_DUPLICATE_ID,
		{.before = TOKEN("t", "{CERT}") TOKEN("t", "{ROGUE}"), .key_info = TOKEN_REFERENCE("#t")},
		{{0}}, ROGUE},
	{"F two BinarySecurityTokens", REASON_SEC_TOKEN_SEVERAL,
		{.before = TOKEN("t", "{CERT}") TOKEN("u", "{ROGUE}"), .key_info = TOKEN_REFERENCE("#t")},
		{{0}}, ROGUE},
	{"F a reference to an http address", REASON_SEC_TOKEN_KIND,
		{.key_info = TOKEN_REFERENCE("http://127.0.0.1:9/token")}, {{0}}, 0},
	{"F a reference to a token that is not there", REASON_SEC_REFERENCE,
		{.key_info = TOKEN_REFERENCE("#t")}, {{0}}, 0},
	{"F a reference to the Body", REASON_SEC_REFERENCE,
		{.before = TOKEN("t", "{CERT}"), .key_info = TOKEN_REFERENCE("#body")}, {{0}}, 0},
	{"F a reference to another reference", REASON_SEC_REFERENCE,
		{.key_info = "<ds:KeyInfo>"
			     "<wsse:SecurityTokenReference wsu:Id=\"str\"><wsse:Reference URI=\"#str\"/>"
			     "</wsse:SecurityTokenReference>"
			     "</ds:KeyInfo>"},
		{{0}}, 0},
	{"F a token in a header block instead of Security", REASON_SEC_REFERENCE,
		{.later = "<wsse:BinarySecurityToken xmlns:wsse=\"" NS_WSSE "\"" XMLNS_WSU
			  " wsu:Id=\"t\" ValueType=\"" X509V3 "\">{CERT}</wsse:BinarySecurityToken>",
			.key_info = TOKEN_REFERENCE("#t")},
		{{0}}, 0},
	{"F a token beside a KeyIdentifier", REASON_SEC_TOKEN_SEVERAL, {.before = TOKEN("t", "{ROGUE}")},
		{{0}}, 0},
	{"F a token beside the sender's key identifier, signed by the token's key", REASON_SEC_TOKEN_SEVERAL,
		{.before = TOKEN("t", "{ROGUE}"), .key_info = KEY_IDENTIFIER_AS(X509SKI, "{SKI}")}, {{0}},
		ROGUE},
	{"F a token of type PKIPath", REASON_SEC_TOKEN_KIND,
		{.before = TOKEN_AS("t", WSS "x509-token-profile-1.0#X509PKIPathv1", "{CERT}"),
			.key_info = TOKEN_REFERENCE("#t")},
		{{0}}, 0},
	{"F a token without ValueType", REASON_SEC_TOKEN_KIND,
		{.before = "<wsse:BinarySecurityToken wsu:Id=\"t\">{CERT}</wsse:BinarySecurityToken>",
			.key_info = TOKEN_REFERENCE("#t")},
		{{0}}, 0},
	{"F a token that is no base64", REASON_SEC_TOKEN_BROKEN,
		{.before = TOKEN("t", "MII*"), .key_info = TOKEN_REFERENCE("#t")}, {{0}}, 0},
	{"F a KeyIdentifier of another type", REASON_SEC_TOKEN_KIND,
		{.key_info = KEY_IDENTIFIER_AS(
			 "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1",
			 "AAAA")},
		{{0}}, 0},
	{"F a KeyIdentifier whose type has a trailing blank", REASON_SEC_TOKEN_KIND,
		{.key_info = KEY_IDENTIFIER_AS(X509V3 " ", "{CERT}")}, {{0}}, 0},
	{"F a KeyIdentifier in hexadecimal", REASON_SEC_TOKEN_KIND,
		{.key_info = KEY_INFO_AS("<wsse:KeyIdentifier EncodingType=\"" WSS
					 "soap-message-security-1.0#HexBinary\" ValueType=\"" X509V3
					 "\">{CERT}</wsse:KeyIdentifier>")},
		{{0}}, 0},
	{"F an element inside KeyIdentifier", REASON_SEC_TOKEN_BROKEN,
		{.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{CERT}<a/>"))}, {{0}}, 0},
	{"F a KeyIdentifier in something else than a reference", REASON_SEC_TOKEN_KIND,
		{.key_info = IN_KEY_INFO("<wsse:Other>" KEY_IDENTIFIER("{CERT}") "</wsse:Other>")}, {{0}}, 0},
	{"F an embedded token", REASON_SEC_TOKEN_KIND,
		{.key_info = KEY_INFO_AS("<wsse:Embedded>" KEY_IDENTIFIER("{CERT}") "</wsse:Embedded>")},
		{{0}}, 0},
	{"F an encrypted key", REASON_SEC_TOKEN_KIND,
		{.key_info = IN_KEY_INFO(
			 "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/>")},
		{{0}}, 0},
	{"F a key in DER", REASON_SEC_TOKEN_KIND,
		{.key_info = IN_KEY_INFO(
			 "<d:DEREncodedKeyValue xmlns:d=\"http://www.w3.org/2009/xmldsig11#\"/>")},
		{{0}}, ROGUE},
	{"F text in KeyInfo", REASON_SEC_TOKEN_KIND,
		{.key_info = IN_KEY_INFO("text<wsse:SecurityTokenReference>" KEY_IDENTIFIER(
			 "{CERT}") "</wsse:SecurityTokenReference>")},
		{{0}}, 0},
};

static void every_attack_is_refused_for_its_reason(void **state)
{
	(void)state;
	check_attacks(attacks, sizeof attacks / sizeof attacks[0]);
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

/* 256 octets leave four bits of the last character unused; a lax decoder takes sixteen spellings of one
 * value. */
static void unused_bits_of_base64_are_zero(void **state)
{
	struct buf text = BUF(MEMORY);
	char *last;

	(void)state;
	compose(&text, &(struct message){0});
	complete(&text, SENDER);
	last = strstr(buf_cstr(&text), "==</ds:SignatureValue>") - 1;
	assert_non_null(strchr("AQgw", *last));
	++*last;
	expect("one unused bit set", &text, REASON_SEC_VALUE);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attack_is_refused_for_its_reason),
		cmocka_unit_test(certificates_of_wrong_length_are_refused),
		cmocka_unit_test(an_rsa_value_beyond_the_modulus_is_refused),
		cmocka_unit_test(unused_bits_of_base64_are_zero),
	};

	return cmocka_run_group_tests(tests, world_make, world_drop);
}
