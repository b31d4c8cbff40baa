/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages signed with national keys: made here and by the independent signer, in the forms of the bus; the legacy
 * algorithms only where a profile says so; touched anywhere, they are refused. */
#include "gost_world.h"

#include "security/document.h"

#define COVER(digest) REFERENCE_AS(" URI=\"#body\"", TRANSFORM(EXC), digest)
#define ISSUER_SERIAL \
	"<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>{ISSUER}</ds:X509IssuerName>" \
	"<ds:X509SerialNumber>{SERIAL}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"

static const char plain_message[] =
	"<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\"><soap:Body>" PAYLOAD("1") "</soap:Body></soap:Envelope>";

static void what_we_sign_is_verified_in_every_form(void **state)
{
	static const enum conf_form forms[] = {
		CONF_FORM_KEY_IDENTIFIER, CONF_FORM_ISSUER_SERIAL, CONF_FORM_BST, CONF_FORM_X509_DATA};

	(void)state;
	for (size_t i = 0; i < 4 * 2; i++) {
		const enum who who = (enum who)(i / 4);
		struct sign_options options = {
			.key = world.key[who], .form = forms[i % 4], .signature = SIGNATURE_COUNT};
		struct pool *pool = pool_new(MEMORY);
		struct buf out = BUF(MEMORY);
		struct err e = {0};
		struct verdict v;

		if (!security_sign(pool, bytes_str(plain_message), &options, &out, &e).ok)
			fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
		expect(gost_people[who].name, &out, REASON_NONE);
		v = verify(&out);
		assert_int_equal(v.form, forms[i % 4]);
		assert_int_equal(v.signature, who == SENDER ? SIGNATURE_GOST_2015 : SIGNATURE_GOST_LEGACY);
		assert_int_equal(v.digest, who == SENDER ? DIGEST_GOST_2015 : DIGEST_GOST_LEGACY);
		buf_free(&out);
		pool_free(&pool);
	}
}

static const struct gost_case {
	const char *name;
	struct message m;
	enum who who;
	bool strict; /* the profile does not allow the legacy algorithms */
	enum reason wanted;
} cases[] = {
	{"form A", {.method = METHOD_2015, .references = COVER(DIGEST_2015)}, SENDER, true, REASON_NONE},
	{"issuer and serial",
		{.method = METHOD_2015, .references = COVER(DIGEST_2015), .key_info = KEY_INFO_AS(ISSUER_SERIAL)}, SENDER,
		true, REASON_NONE},
	{"a binary security token",
		{.method = METHOD_2015, .references = COVER(DIGEST_2015), .before = TOKEN("t", "{CERT}"),
			.key_info = TOKEN_REFERENCE("#t")},
		SENDER, true, REASON_NONE},
	{"SHA-256 for the Body", {.method = METHOD_2015}, SENDER, true, REASON_NONE},
	{"inclusive canonicalisation of SignedInfo",
		{.c14n = "<ds:CanonicalizationMethod Algorithm=\"" INC "\"/>", .method = METHOD_2015,
			.references = COVER(DIGEST_2015)},
		SENDER, true, REASON_NONE},
	{"several references of several digests",
		{.method = METHOD_2015, .before = TIMESTAMP("{T-60}", "{T+60}"),
			.references = COVER(DIGEST_2015) REFERENCE("#ts")},
		SENDER, true, REASON_NONE},
	{"legacy where it is allowed",
		{.method = METHOD_LEGACY, .references = COVER(DIGEST_OLD), .key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}"))},
		SENDER_EC, false, REASON_NONE},
	{"legacy where it is not",
		{.method = METHOD_LEGACY, .references = COVER(DIGEST_OLD), .key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}"))},
		SENDER_EC, true, REASON_SEC_ALGORITHM},
	{"the legacy digest alone, where it is not",
		{.method = METHOD_2015, .references = COVER(DIGEST_OLD)}, SENDER, true, REASON_SEC_ALGORITHM},
	{"the legacy digest alone, where it is",
		{.method = METHOD_2015, .references = COVER(DIGEST_OLD)}, SENDER, false, REASON_NONE},
	{"another key than that of the certificate named",
		{.method = METHOD_2015, .references = COVER(DIGEST_2015)}, SENDER_EC384, true, REASON_SEC_VALUE},
	{"a certificate that nobody pinned",
		{.method = METHOD_2015, .references = COVER(DIGEST_2015), .key_info = KEY_INFO_AS(KEY_IDENTIFIER("{ROGUE}"))},
		ROGUE, true, REASON_CERT_UNKNOWN},
	{"an algorithm of another kind of key",
		{.method = METHOD, .references = COVER(DIGEST_2015),
			.value = "<ds:SignatureValue>AAAA</ds:SignatureValue>"},
		SENDER, false, REASON_SEC_VALUE},
	{"the legacy algorithm with a key of 2015",
		{.method = METHOD_LEGACY, .references = COVER(DIGEST_2015),
			.value = "<ds:SignatureValue>AAAA</ds:SignatureValue>"},
		SENDER, false, REASON_SEC_VALUE},
	{"a value of one octet",
		{.method = METHOD_2015, .references = COVER(DIGEST_2015),
			.value = "<ds:SignatureValue>AA==</ds:SignatureValue>"},
		SENDER, true, REASON_SEC_VALUE},
	{"the 256-bit algorithm of 2015, which no row has",
		{.method = METHOD_AS(NATIONAL "gostr34102015-gostr34112015-256"), .references = COVER(DIGEST_2015),
			.value = "<ds:SignatureValue>AA==</ds:SignatureValue>"},
		SENDER, false, REASON_SEC_ALGORITHM},
	{"another digest than the Body's",
		{.method = METHOD_2015,
			.references = COVER("<ds:DigestMethod Algorithm=\"" NATIONAL
				"gostr34112015-512\"/><ds:DigestValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==</ds:DigestValue>")},
		SENDER, true, REASON_SEC_DIGEST},
};

static void messages_of_an_independent_signer_are_judged(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct gost_case *c = &cases[i];
		struct buf text = BUF(MEMORY);

		world.row = c->name;
		world.profile.legacy_gost = !c->strict;
		compose(&text, &c->m);
		complete(&text, c->who);
		wrong += !as_expected(c->name, &text, c->wanted);
		buf_free(&text);
	}
	world.profile.legacy_gost = true;
	assert_int_equal(wrong, 0);
}

/* Every octet of [from, to), one bit changed. */
static void refuse_changes(struct buf *text, const char *from, const char *to)
{
	size_t begin = (size_t)(strstr(buf_cstr(text), from) - buf_cstr(text));
	size_t end = (size_t)(strstr(buf_cstr(text), to) - buf_cstr(text));

	assert_true(begin < end && end < text->len);
	for (size_t i = begin; i < end; i++) {
		text->data[i] ^= 1;
		if (verify(text).reason == REASON_NONE)
			fail_msg("%s: octet %zu does not matter: %.60s", world.row, i, buf_cstr(text) + i);
		text->data[i] ^= 1;
	}
}

static void a_change_of_any_signed_octet_or_of_the_value_is_refused(void **state)
{
	static const struct message messages[] = {
		{.method = METHOD_2015, .references = COVER(DIGEST_2015)},
		{.method = METHOD_LEGACY, .references = COVER(DIGEST_OLD),
			.key_info = KEY_INFO_AS(KEY_IDENTIFIER("{EC}"))}};

	(void)state;
	for (enum who who = SENDER; who <= SENDER_EC; who++) {
		struct buf text = BUF(MEMORY);

		world.row = gost_people[who].name;
		compose(&text, &messages[who]);
		complete(&text, who);
		expect(world.row, &text, REASON_NONE);
		refuse_changes(&text, "<soapenv:Body", "</soapenv:Body>");
		refuse_changes(&text, "<ds:SignedInfo", "</ds:SignatureValue>");
		expect(world.row, &text, REASON_NONE);
		buf_free(&text);
	}
}

/* As gost-engine and its kin write it: refused, and the explanation knows why. */
static void a_value_written_back_to_front_is_refused_and_explained(void **state)
{
	struct buf text = BUF(MEMORY), raw = BUF(200), back = BUF(200), value = BUF(1000), told = BUF(MEMORY);
	const char *from, *to;

	(void)state;
	world.row = "back to front";
	compose(&text, &(struct message){.method = METHOD_2015, .references = COVER(DIGEST_2015)});
	complete(&text, SENDER);
	from = strstr(buf_cstr(&text), "<ds:SignatureValue>") + strlen("<ds:SignatureValue>");
	to = strchr(from, '<');
	buf_add(&value, (struct bytes){(const unsigned char *)from, (size_t)(to - from)});
	assert_true(base64_decode(buf_bytes(&value), &raw, NULL).ok);
	assert_int_equal(raw.len, 128);
	for (size_t i = raw.len; i > 0; i--)
		buf_char(&back, (char)raw.data[i - 1]);
	buf_clear(&raw);
	buf_base64(&raw, buf_bytes(&back));
	replace(&text, buf_cstr(&value), buf_cstr(&raw));
	expect(world.row, &text, REASON_SEC_VALUE);
	security_explain(buf_bytes(&text), world.trust, world.now, &told);
	assert_non_null(strstr(buf_cstr(&told), "certain: the value stands back to front"));
	buf_free(&text);
	buf_free(&raw);
	buf_free(&back);
	buf_free(&value);
	buf_free(&told);
}

static void a_document_is_signed_and_verified(void **state)
{
	static const char text[] = "<a xmlns=\"urn:a\"><b>1</b></a>";

	(void)state;
	for (enum who who = SENDER; who <= SENDER_EC384; who += 2) {
		struct pool *pool = pool_new(MEMORY);
		struct buf out = BUF(MEMORY);
		const struct trust_cert *signer = NULL;
		struct err e = {0};
		char *b;

		assert_true(document_sign(pool, bytes_str(text), world.key[who], &out, &e).ok);
		if (!document_verify(pool, buf_bytes(&out), world.trust, world.now.ms, &signer, &e).ok)
			fail_msg("%s: %s", reason_row(e.reason)->name, e.detail);
		assert_string_equal(signer->print, world.key[who]->print);
		b = strstr((char *)out.data, "<b>1");
		b[3] = '2';
		assert_false(document_verify(pool, buf_bytes(&out), world.trust, world.now.ms, &signer, &e).ok);
		assert_int_equal(e.reason, REASON_SEC_DIGEST);
		buf_free(&out);
		pool_free(&pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_we_sign_is_verified_in_every_form),
		cmocka_unit_test(messages_of_an_independent_signer_are_judged),
		cmocka_unit_test(a_change_of_any_signed_octet_or_of_the_value_is_refused),
		cmocka_unit_test(a_value_written_back_to_front_is_refused_and_explained),
		cmocka_unit_test(a_document_is_signed_and_verified),
	};

	return cmocka_run_group_tests(tests, gost_make, gost_drop);
}
