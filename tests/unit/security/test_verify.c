/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What legitimate senders write is accepted, and each participant's profile decides what of it may be used.
 * */
#include "fixture.h"

#define ISSUER_SERIAL(issuer, serial) \
	"<ds:X509IssuerSerial><ds:X509IssuerName>" issuer "</ds:X509IssuerName><ds:X509SerialNumber>" serial \
	"</ds:X509SerialNumber></ds:X509IssuerSerial>"
#define X509_DATA(inside) "<ds:X509Data>" inside "</ds:X509Data>"
#define CERTIFICATE(text) "<ds:X509Certificate>" text "</ds:X509Certificate>"
#define PREFIX_LIST(list) "<ec:InclusiveNamespaces xmlns:ec=\"" EXC "\" PrefixList=\"" list "\"/>"
#define C14N_LIST(list) \
	"<ds:CanonicalizationMethod Algorithm=\"" EXC "\">" PREFIX_LIST(list) "</ds:CanonicalizationMethod>"
#define TRANSFORM_LIST(list) "<ds:Transform Algorithm=\"" EXC "\">" PREFIX_LIST(list) "</ds:Transform>"
#define PLAIN_BODY BODY_AS(" Id=\"body\"", "100")

static const struct good {
	const char *name;
	struct message m;
	enum who who;
	enum conf_form form;
	enum signature signature;
	enum digest digest;
} good[] = {
	{"a KeyIdentifier with the whole certificate", {0}, SENDER, CONF_FORM_KEY_IDENTIFIER,
		SIGNATURE_RSA_SHA256, 0},
	{"rsa-sha384 over a SHA-256 digest", {.method = METHOD_AS(MORE "rsa-sha384")}, SENDER,
		CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA384, DIGEST_SHA256},
	{"rsa-sha512 with SHA-512",
		{.method = METHOD_AS(MORE "rsa-sha512"),
			.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
				DIGEST_AS(ENC "sha512"))},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA512, DIGEST_SHA512},
	{"SHA-384 by its RFC 9231 name",
		{.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC), DIGEST_AS(MORE "sha384"))},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, DIGEST_SHA384},
	{"ecdsa-sha256 on P-256",
		{.method = METHOD_AS(MORE "ecdsa-sha256"), .key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}"))},
		SENDER_EC, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_ECDSA_SHA256, 0},
	{"ecdsa-sha384 on P-384",
		{.method = METHOD_AS(MORE "ecdsa-sha384"),
			.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC384}"))},
		SENDER_EC384, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_ECDSA_SHA384, 0},
	{"rsa-sha1 and sha1 by their standard names",
		{.method = METHOD_AS(NS_DSIG "rsa-sha1"),
			.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
				DIGEST_AS(NS_DSIG "sha1"))},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA1, DIGEST_SHA1},
	{"rsa-sha1 and sha1 by the names that the bus invented",
		{.method = METHOD_AS(MORE "rsa-sha1"),
			.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC), DIGEST_AS(MORE "sha1"))},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA1, DIGEST_SHA1},
	{"a BinarySecurityToken by Reference",
		{.before = TOKEN("t", "{CERT}"), .key_info = TOKEN_REFERENCE("#t")}, SENDER, CONF_FORM_BST,
		SIGNATURE_RSA_SHA256, 0},
	{"a BinarySecurityToken that is signed too",
		{.before = TOKEN("t", "{CERT}"),
			.key_info = TOKEN_REFERENCE("#t"),
			.references = REFERENCE("#t") REFERENCE("#body")},
		SENDER, CONF_FORM_BST, SIGNATURE_RSA_SHA256, 0},
	{"a BinarySecurityToken behind the Signature",
		{.after = TOKEN("t", "{CERT}"), .key_info = TOKEN_REFERENCE("#t")}, SENDER, CONF_FORM_BST,
		SIGNATURE_RSA_SHA256, 0},
	{"issuer and serial number",
		{.key_info = KEY_INFO_AS(X509_DATA(ISSUER_SERIAL("{ISSUER}", "{SERIAL}")))}, SENDER,
		CONF_FORM_ISSUER_SERIAL, SIGNATURE_RSA_SHA256, 0},
	{"issuer and serial number with line breaks around them",
		{.key_info = KEY_INFO_AS(X509_DATA(ISSUER_SERIAL("\n {ISSUER}\n", "\n {SERIAL}\n")))}, SENDER,
		CONF_FORM_ISSUER_SERIAL, SIGNATURE_RSA_SHA256, 0},
	{"a certificate in X509Data", {.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}")))}, SENDER,
		CONF_FORM_X509_DATA, SIGNATURE_RSA_SHA256, 0},
	{"zeep: an empty X509IssuerSerial beside the certificate",
		{.key_info = KEY_INFO_AS(X509_DATA("<ds:X509IssuerSerial/>" CERTIFICATE("{CERT}")))}, SENDER,
		CONF_FORM_X509_DATA, SIGNATURE_RSA_SHA256, 0},
	{"a certificate with its own issuer and serial number beside it",
		{.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}") ISSUER_SERIAL("{ISSUER}",
			"{SERIAL}")))},
		SENDER, CONF_FORM_X509_DATA, SIGNATURE_RSA_SHA256, 0},
	{"a subject key identifier",
		{.key_info = KEY_INFO_AS("<wsse:KeyIdentifier EncodingType=\"" B64 "\" ValueType=\"" X509SKI
					 "\">{SKI}</wsse:KeyIdentifier>")},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"a KeyIdentifier without EncodingType",
		{.key_info = KEY_INFO_AS(
			 "<wsse:KeyIdentifier ValueType=\"" X509V3 "\">{CERT}</wsse:KeyIdentifier>")},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"a signed Timestamp",
		{.before = TIMESTAMP("{T-10}", "{T+290}"), .references = REFERENCE("#ts") REFERENCE("#body")},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"a signed private header block beside Body and Timestamp",
		{.before = TIMESTAMP("{T-10}", "{T+290}"),
			.blocks = "<x:trace xmlns:x=\"urn:x\"" XMLNS_WSU " wsu:Id=\"trace\">1</x:trace>",
			.references = REFERENCE("#ts") REFERENCE("#body") REFERENCE("#trace")},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"WSS4J: a prefix list for SignedInfo and an empty one for the Body",
		{.c14n = C14N_LIST("soapenv"),
			.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM_LIST(""), DIGEST)},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"a prefix list that changes the canonical form, with #default",
		{.c14n = C14N_LIST("wsse wsu #default"),
			.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM_LIST("soapenv #default wsu"),
				DIGEST)},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"inclusive canonicalisation of SignedInfo",
		{.c14n = "<ds:CanonicalizationMethod Algorithm=\"" INC "\"/>"}, SENDER,
		CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"npm soap: plain Id, enveloped-signature before exclusive canonicalisation",
		{.body = PLAIN_BODY,
			.before = TOKEN("t", "{CERT}"),
			.key_info = TOKEN_REFERENCE("#t"),
			.references = REFERENCE_AS(" URI=\"#body\"", ENVELOPED TRANSFORM(EXC), DIGEST)},
		SENDER, CONF_FORM_BST, SIGNATURE_RSA_SHA256, 0},
	{"form C: a Signature in the Header, plain Id, X509Data",
		{.plain = true,
			.body = PLAIN_BODY,
			.key_info = "<ds:KeyInfo>" X509_DATA(CERTIFICATE("{CERT}")) "</ds:KeyInfo>"},
		SENDER, CONF_FORM_PLAIN, SIGNATURE_RSA_SHA256, 0},
	{"a Security for another actor beside ours",
		{.blocks = "<wsse:Security xmlns:wsse=\"" NS_WSSE
			   "\" soapenv:actor=\"urn:somebody\" soapenv:mustUnderstand=\"1\"><x/>"
			   "</wsse:Security>"},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"a Security for the next actor",
		{.security = "<wsse:Security xmlns:wsse=\"" NS_WSSE "\"" XMLNS_WSU
			     " soapenv:actor=\"http://schemas.xmlsoap.org/soap/actor/next\">"},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"a header block that need not be understood",
		{.later = "<x:trace xmlns:x=\"urn:x\" soapenv:mustUnderstand=\"0\"/>"}, SENDER,
		CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"comments and line breaks around the parts of Security",
		{.before = "\n<!-- made by hand -->\n",
			.after = "\n<!-- end -->\n",
			.signature_tail = "\n<!-- end of signature -->\n"},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"line breaks and &#13; in the certificate",
		{.key_info = KEY_INFO_AS(KEY_IDENTIFIER("&#13;\n {CERT}&#13;\n"))}, SENDER,
		CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
	{"a Body with CDATA, character references and Kazakh letters",
		{.body = BODY_AS(XMLNS_WSU " wsu:Id=\"body\"",
			"<![CDATA[<құжат>]]> &#1179;&amp;&#13;\n ІӨҮ")},
		SENDER, CONF_FORM_KEY_IDENTIFIER, SIGNATURE_RSA_SHA256, 0},
};

static void legitimate_messages_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct buf text = BUF(MEMORY);
		struct verdict v;

		compose(&text, &good[i].m);
		complete(&text, good[i].who);
		expect(good[i].name, &text, REASON_NONE);
		v = verify(&text);
		if (v.form != good[i].form || v.signature != good[i].signature || v.digest != good[i].digest)
			fail_msg("%s: form %d, signature %d, digest %d", good[i].name, v.form, v.signature,
				v.digest);
		buf_free(&text);
	}
}

/* Santuario wraps base64 and writes &#13; before each line break. */
static void wrapped_base64_is_accepted(void **state)
{
	struct buf text = BUF(MEMORY), wrapped = BUF(MEMORY);
	const char *from, *to;

	(void)state;
	compose(&text, &(struct message){0});
	complete(&text, SENDER);
	from = strstr(buf_cstr(&text), "<ds:SignatureValue>") + strlen("<ds:SignatureValue>");
	to = strstr(from, "</ds:SignatureValue>");
	buf_add(&wrapped, (struct bytes){text.data, (size_t)(from - buf_cstr(&text))});
	for (; from < to; from++) {
		buf_char(&wrapped, *from);
		if ((to - from) % 64 == 1)
			buf_str(&wrapped, "&#13;\n");
	}
	buf_str(&wrapped, to);
	expect("wrapped SignatureValue", &wrapped, REASON_NONE);
	buf_free(&text);
	buf_free(&wrapped);
}

/* A message is verified on the tree that is already there; doing it again finds the same. */
static void the_same_envelope_can_be_verified_twice(void **state)
{
	struct pool *pool = pool_new(MEMORY);
	struct buf text = BUF(MEMORY);
	const struct verified *v = NULL;
	struct envelope *env;
	struct err e;

	(void)state;
	compose(&text, &(struct message){0});
	complete(&text, SENDER);
	assert_true(envelope_parse(pool, buf_bytes(&text), &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok);
	assert_true(security_verify(pool, env, world.trust, world.now, &v, NULL, &e).ok);
	v = NULL;
	assert_true(security_verify(pool, env, world.trust, world.now, &v, NULL, &e).ok);
	assert_non_null(v);
	pool_free(&pool);
	buf_free(&text);
}

static const struct profile_case {
	const char *name;
	struct message m;
	unsigned forms;
	bool plain_id, sha1;
	enum reason wanted;
} profile_cases[] = {
	{"the form that the profile names", {0}, CONF_FORM_KEY_IDENTIFIER, false, false, REASON_NONE},
	{"a form that the profile does not name", {0}, CONF_FORM_ISSUER_SERIAL | CONF_FORM_BST, true, true,
		REASON_SEC_FORM},
	{"issuer and serial number where only whole certificates are allowed",
		{.key_info = KEY_INFO_AS(X509_DATA(ISSUER_SERIAL("{ISSUER}", "{SERIAL}")))},
		CONF_FORM_KEY_IDENTIFIER, true, true, REASON_SEC_FORM},
	{"a token where only KeyIdentifier is allowed",
		{.before = TOKEN("t", "{CERT}"), .key_info = TOKEN_REFERENCE("#t")}, CONF_FORM_KEY_IDENTIFIER,
		true, true, REASON_SEC_FORM},
	{"X509Data where only KeyIdentifier is allowed",
		{.key_info = KEY_INFO_AS(X509_DATA(CERTIFICATE("{CERT}")))}, CONF_FORM_KEY_IDENTIFIER, true,
		true, REASON_SEC_FORM},
	{"form C where WS-Security is wanted",
		{.plain = true,
			.body = PLAIN_BODY,
			.key_info = "<ds:KeyInfo>" X509_DATA(CERTIFICATE("{CERT}")) "</ds:KeyInfo>"},
		31 & ~CONF_FORM_PLAIN, true, true, REASON_SEC_FORM},
	{"form C implies the plain Id",
		{.plain = true,
			.body = PLAIN_BODY,
			.key_info = "<ds:KeyInfo>" X509_DATA(CERTIFICATE("{CERT}")) "</ds:KeyInfo>"},
		CONF_FORM_PLAIN, false, false, REASON_NONE},
	{"a plain Id where the profile allows it", {.body = PLAIN_BODY}, CONF_FORM_KEY_IDENTIFIER, true,
		false, REASON_NONE},
	{"a plain Id where the profile does not", {.body = PLAIN_BODY}, CONF_FORM_KEY_IDENTIFIER, false,
		false, REASON_SEC_ID_FORM},
	{"ID in capitals even where plain Id is allowed",
		{.body = BODY_AS(" ID=\"body\"", "100"),
			.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC),
				"<ds:DigestMethod Algorithm=\"" ENC "sha256\"/>"
				"<ds:DigestValue>AAAA</ds:DigestValue>")},
		31, true, true, REASON_SEC_ID_FORM},
	{"rsa-sha1 where the profile does not allow it", {.method = METHOD_AS(NS_DSIG "rsa-sha1")}, 31, true,
		false, REASON_SEC_ALGORITHM},
	{"the other spelling of rsa-sha1 where it is not allowed", {.method = METHOD_AS(MORE "rsa-sha1")}, 31,
		true, false, REASON_SEC_ALGORITHM},
	{"a SHA-1 digest under rsa-sha256 where it is not allowed",
		{.references = REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC), DIGEST_AS(NS_DSIG "sha1"))}, 31,
		true, false, REASON_SEC_ALGORITHM},
	{"a SHA-1 digest of a second element where it is not allowed",
		{.before = TIMESTAMP("{T-10}", "{T+290}"),
			.references = REFERENCE("#body")
				REFERENCE_AS(" URI=\"#ts\"", TRANSFORM(EXC), DIGEST_AS(MORE "sha1"))},
		31, true, false, REASON_SEC_ALGORITHM},
};

static void the_profile_of_the_participant_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof profile_cases / sizeof profile_cases[0]; i++) {
		const struct profile_case *c = &profile_cases[i];
		struct buf text = BUF(MEMORY);
		struct verdict v;

		compose(&text, &c->m);
		complete(&text, SENDER);
		world.profile.forms = c->forms;
		world.profile.plain_id = c->plain_id;
		world.profile.sha1 = c->sha1;
		v = verify(&text);
		expect(c->name, &text, c->wanted);
		if (c->wanted != REASON_SEC_ID_FORM || c->m.references == NULL)
			assert_true(v.named);
		world.profile = open_profile();
		buf_free(&text);
	}
}

static const struct rule_case {
	const char *name;
	struct conf_rule rule;
	const char *bin; /* of the participant */
	enum reason wanted;
} rule_cases[] = {
	{"a rule that the certificate satisfies",
		{.name = "r", .subjects = CONF_SUBJECT_ORGANISATION, .non_repudiation = true}, NULL, REASON_NONE},
	{"a system where a person must sign", {.name = "r", .subjects = CONF_SUBJECT_PERSON}, NULL, REASON_CERT_ROLE},
	{"the BIN that the participant has", {.name = "r", .own_bin = true}, "200440000015", REASON_NONE},
	{"another BIN than the participant's", {.name = "r", .own_bin = true}, "200540000019", REASON_CERT_ROLE},
	{"a pinned certificate of a participant without BIN", {.name = "r", .own_bin = true}, NULL, REASON_NONE},
};

static void the_rule_of_the_profile_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rule_cases / sizeof rule_cases[0]; i++) {
		const struct rule_case *c = &rule_cases[i];
		struct buf text = BUF(MEMORY);

		compose(&text, &(struct message){0});
		complete(&text, SENDER);
		world.profile.rule = &c->rule;
		world.sender.bin = c->bin;
		expect(c->name, &text, c->wanted);
		world.profile = open_profile();
		world.sender.bin = NULL;
		buf_free(&text);
	}
}

#define STAMPED(inside) "<wsu:Timestamp wsu:Id=\"ts\">" inside "</wsu:Timestamp>"
#define CREATED(text) "<wsu:Created>" text "</wsu:Created>"
#define EXPIRES(text) "<wsu:Expires>" text "</wsu:Expires>"

static const struct timestamp_case {
	const char *name, *timestamp;
	enum reason wanted;
} timestamp_cases[] = {
	{"fresh", STAMPED(CREATED("{T-10}") EXPIRES("{T+290}")), REASON_NONE},
	{"without Expires", STAMPED(CREATED("{T-10}")), REASON_NONE},
	{"expired within the clock difference allowed", STAMPED(CREATED("{T-300}") EXPIRES("{T-59}")),
		REASON_NONE},
	{"expired beyond it", STAMPED(CREATED("{T-300}") EXPIRES("{T-61}")), REASON_SEC_EXPIRED},
	{"expired an hour ago", STAMPED(CREATED("{T-7200}") EXPIRES("{T-3600}")), REASON_SEC_EXPIRED},
	{"created ahead within the clock difference allowed", STAMPED(CREATED("{T+59}")), REASON_NONE},
	{"created ahead beyond it", STAMPED(CREATED("{T+61}") EXPIRES("{T+300}")), REASON_SEC_EXPIRED},
	{"created an hour ahead", STAMPED(CREATED("{T+3600}") EXPIRES("{T+7200}")), REASON_SEC_EXPIRED},
	{"created longer ago than messages are remembered", STAMPED(CREATED("{T-604801}")),
		REASON_SEC_EXPIRED},
	{"created just as long ago", STAMPED(CREATED("{T-604800}")), REASON_NONE},
	{"created two days ago, living ten years", STAMPED(CREATED("{T-172800}") EXPIRES("{T+315000000}")),
		REASON_SEC_EXPIRED},
	{"Expires before Created", STAMPED(CREATED("{T-10}") EXPIRES("{T-20}")), REASON_SEC_TIMESTAMP},
	{"Created is no date", STAMPED(CREATED("yesterday") EXPIRES("{T+290}")), REASON_SEC_TIMESTAMP},
	{"Created on a day that does not exist", STAMPED(CREATED("2030-02-30T10:00:00Z")),
		REASON_SEC_TIMESTAMP},
	{"Created without a zone", STAMPED(CREATED("2030-02-10T10:00:00")), REASON_SEC_TIMESTAMP},
	{"Expires without a zone", STAMPED(CREATED("{T-10}") EXPIRES("2030-02-10T10:00:00")),
		REASON_SEC_TIMESTAMP},
	{"two Created, the first fresh", STAMPED(CREATED("{T-10}") CREATED("{T-99999}") EXPIRES("{T+290}")),
		REASON_SEC_TIMESTAMP},
	{"two Expires", STAMPED(CREATED("{T-10}") EXPIRES("{T+290}") EXPIRES("{T+290}")),
		REASON_SEC_TIMESTAMP},
	{"Expires first", STAMPED(EXPIRES("{T+290}") CREATED("{T-10}")), REASON_SEC_TIMESTAMP},
	{"Expires alone", STAMPED(EXPIRES("{T+290}")), REASON_SEC_TIMESTAMP},
	{"empty", STAMPED(""), REASON_SEC_TIMESTAMP},
	{"an element inside Created", STAMPED("<wsu:Created>{T-10}<x/></wsu:Created>"), REASON_SEC_TIMESTAMP},
	{"text between the elements", STAMPED(CREATED("{T-10}") "now" EXPIRES("{T+290}")),
		REASON_SEC_TIMESTAMP},
	{"Created in no namespace", STAMPED("<Created>{T-10}</Created>"), REASON_SEC_TIMESTAMP},
	{"a comment that splits the date", STAMPED("<wsu:Created>{T-10}<!-- --></wsu:Created>"), REASON_NONE},
};

static void timestamps_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof timestamp_cases / sizeof timestamp_cases[0]; i++) {
		const struct timestamp_case *c = &timestamp_cases[i];
		struct buf text = BUF(MEMORY);

		compose(&text, &(struct message){.before = c->timestamp,
			.references = REFERENCE("#ts") REFERENCE("#body")});
		complete(&text, SENDER);
		expect(c->name, &text, c->wanted);
		buf_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legitimate_messages_are_accepted),
		cmocka_unit_test(wrapped_base64_is_accepted),
		cmocka_unit_test(the_same_envelope_can_be_verified_twice),
		cmocka_unit_test(the_profile_of_the_participant_decides),
		cmocka_unit_test(the_rule_of_the_profile_decides),
		cmocka_unit_test(timestamps_are_judged),
	};

	return cmocka_run_group_tests(tests, world_make, world_drop);
}
