/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The explanation names what is wrong and, for the usual mistakes, why. */
#include "fixture.h"

#define NEXT_LINE_BODY BODY_AS(XMLNS_WSU " wsu:Id=\"body\"", "one\ntwo")
#define CRLF_BODY BODY_AS(XMLNS_WSU " wsu:Id=\"body\"", "one&#13;\ntwo")

static const struct {
	const char *name;
	struct message m;
	struct {
		const char *find, *with;
	} edits[2]; /* after signing */
	enum who who;
	const char *holds[5];
} cases[] = {
	{"a good message",
		{.before = TIMESTAMP("{T-10}", "{T+290}"), .references = REFERENCE("#ts") REFERENCE("#body")},
		{{0}}, SENDER,
		{"envelope: ok\nsecurity header: ok\nsigned info: ok\n",
			"reference #ts to Timestamp, sha256\n", "reference #body to Body, sha256\n",
			"    named by:   KeyIdentifier\n",
			"profile: ok\n    name:       open\n"
			"signature: ok\ntimestamp: ok\n"}},
	{"the certificate and its owner", {0}, {{0}}, SENDER,
		{"certificate: ok\n", "    subject:    ", "    valid to:   2", "    owner:      sender\n",
			"timestamp: none\n"}},
	{"a changed value", {0}, {{"<data>100<", "<data>900<"}}, SENDER,
		{"    WRONG: the element was changed", "1. a value inside was edited",
			"signature: WRONG: A signed element was changed", "signature.digest-mismatch",
			"certain: the digest is the signer's own"}},
	{"a changed value under the key of another", {.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{CERT}"))},
		{{"<data>100<", "<data>900<"}}, ROGUE,
		{"signature.digest-mismatch", "SignatureValue does not fit SignedInfo either"}},
	{"indentation after signing", {0},
		{{"<requestData><data>", "<requestData>\n\t<data>"}, {"</data></requestData>", "</data>\n</requestData>"}},
		SENDER, {"certain: it was signed without line breaks and indented afterwards"}},
	{"lost CR", {.body = CRLF_BODY}, {{"one&#13;\ntwo", "one\ntwo"}}, SENDER,
		{"certain: it was signed with CR LF"}},
	{"added CR", {.body = NEXT_LINE_BODY}, {{"one\ntwo", "one&#13;\ntwo"}}, SENDER,
		{"certain: it was signed with LF"}},
	{"SignedInfo indented after signing", {0}, {{"<ds:DigestMethod", "\n  <ds:DigestMethod"}}, SENDER,
		{"    equal\n", "signature: WRONG: SignatureValue",
			"certain: it was signed without line breaks"}},
	{"SignedInfo canonicalised otherwise than declared", {0},
		{{C14N, "<ds:CanonicalizationMethod Algorithm=\"" INC "\"/>"}}, SENDER,
		{"    canonicalisation: inclusive\n", "signature: WRONG", "1. the certificate named is not"}},
	{"the certificate of somebody else", {.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{CERT}"))}, {{0}},
		ROGUE, {"signature: WRONG", "1. the certificate named is not that of the signing key"}},
	{"an unknown certificate", {.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{ROGUE}"))}, {{0}}, ROGUE,
		{"    equal\n", "certificate: WRONG: ", "reason: certificate.unknown, fault SCE005",
			"remedy: ", "    named by:   KeyIdentifier"}},
	{"no Security", {0}, {{"<wsse:Security ", "<wsse:Other "}, {"</wsse:Security>", "</wsse:Other>"}},
		SENDER, {"envelope: ok\nsecurity header: WRONG: "}},
	{"a broken message", {0}, {{"</soapenv:Body>", ""}}, SENDER,
		{"envelope: WRONG: ", "reason: xml.malformed"}},
	{"an expired Timestamp",
		{.before = TIMESTAMP("{T-7200}", "{T-3600}"),
			.references = REFERENCE("#ts") REFERENCE("#body")},
		{{0}}, SENDER,
		{"signature: ok\n", "timestamp: WRONG: ", "    created: ", "    expires: ", "    now:     "}},
	{"a malformed Timestamp",
		{.before = TIMESTAMP("today", "tomorrow"), .references = REFERENCE("#ts") REFERENCE("#body")},
		{{0}}, SENDER, {"timestamp: WRONG: "}},
	{"a form that the profile has not",
		{.key_info = KEY_INFO_AS("<ds:X509Data><ds:X509Certificate>{CERT}"
					 "</ds:X509Certificate></ds:X509Data>")},
		{{0}}, SENDER,
		{"named by:   X509Data with certificate", "profile: WRONG: ", "signature: ok\n"}},
};

static void the_explanation_names_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf text = BUF(MEMORY), told = BUF(MEMORY);
		const char *at;

		world.row = cases[i].name;
		compose(&text, &cases[i].m);
		complete(&text, cases[i].who);
		for (size_t j = 0; j < 2 && cases[i].edits[j].find; j++)
			replace(&text, cases[i].edits[j].find, cases[i].edits[j].with);
		world.profile.forms = (unsigned)(31 & ~CONF_FORM_X509_DATA);
		security_explain(buf_bytes(&text), world.trust, world.now, &told);
		at = buf_cstr(&told);
		for (size_t j = 0; j < 5 && cases[i].holds[j]; j++) {
			at = strstr(at, cases[i].holds[j]);
			if (!at)
				fail_msg("%s: not told, or not in this order: %s\n%s", cases[i].name,
					cases[i].holds[j], buf_cstr(&told));
		}
		buf_free(&text);
		buf_free(&told);
	}
	world.profile = open_profile();
}

/* What was signed inclusively under a Reference that says exclusive: the sender's library ignores the
 * transform. */
static void inclusive_digest_is_recognised(void **state)
{
	struct buf text = BUF(MEMORY), octets = BUF(MEMORY), told = BUF(MEMORY), digest = BUF(256);
	unsigned char raw[32];

	(void)state;
	world.row = "inclusive digest";
	compose(&text, &(struct message){0});
	replace(&text, "<soapenv:Envelope ", "<soapenv:Envelope xmlns:x=\"urn:x\" ");
	canonical_set(&octets, buf_cstr(&text), "//*[local-name()='Body']", XML_C14N_1_0, NULL);
	sha256(buf_bytes(&octets), raw);
	buf_str(&digest, "<ds:DigestValue>");
	buf_base64(&digest, (struct bytes){raw, sizeof raw});
	buf_str(&digest, "</ds:DigestValue>");
	replace(&text, "<ds:DigestValue>?</ds:DigestValue>", buf_cstr(&digest));
	complete(&text, SENDER);
	security_explain(buf_bytes(&text), world.trust, world.now, &told);
	if (!strstr(buf_cstr(&told), "certain: inclusive canonicalisation was used"))
		fail_msg("%s", buf_cstr(&told));
	buf_free(&text);
	buf_free(&octets);
	buf_free(&told);
	buf_free(&digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_explanation_names_what_is_wrong),
		cmocka_unit_test(inclusive_digest_is_recognised),
	};

	return cmocka_run_group_tests(tests, world_make, world_drop);
}
