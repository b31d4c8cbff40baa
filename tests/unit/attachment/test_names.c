/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names, media types and sizes: what is refused before the content is looked at. */
#include "samples.h"

static const char *const treasury_words[] = {"pdf", "txt"};

static struct attachment_set treasury(void)
{
	struct attachment_set set;

	assert_true(attachment_set_of(treasury_words, 2, &set, NULL).ok);
	return set;
}

/* The reason for refusing a good text of this name; REASON_NONE when it is taken. */
static enum reason judged(struct bytes name, const char *media, struct err *e)
{
	struct attachment_limits limits = ATTACHMENT_LIMITS_USUAL;
	SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

	make_txt(&b);
	if (attachment_check(name, bytes_str(media), buf_bytes(&b), treasury(), &limits, e).ok)
		return REASON_NONE;
	return e->reason;
}

static void names(void **state)
{
	static const struct {
		struct bytes name;
		enum reason reason;
		const char *says; /* part of the words */
	} rows[] = {
		{BYTES_LIT("payment.txt"), REASON_NONE, NULL},
		{BYTES_LIT("PAYMENT.TXT"), REASON_NONE, NULL},
		{BYTES_LIT("Төлем тапсырмасы № 17.txt"), REASON_NONE, NULL},
		{BYTES_LIT("payment of 01.02.2030 v1.a.txt"), REASON_NONE, NULL},
		{BYTES_LIT(""), REASON_ATTACHMENT_NAME, "no name"},
		{BYTES_LIT("payment"), REASON_ATTACHMENT_NAME, "no extension"},
		{BYTES_LIT(".txt"), REASON_ATTACHMENT_NAME, "nothing else"},
		{BYTES_LIT("payment."), REASON_ATTACHMENT_NAME, "ends with a dot"},
		{BYTES_LIT("payment.txt."), REASON_ATTACHMENT_NAME, "ends with a dot"},
		{BYTES_LIT("payment.txt "), REASON_ATTACHMENT_NAME, "ends with a space"},
		{BYTES_LIT(" payment.txt"), REASON_ATTACHMENT_NAME, "begins or ends"},
		{BYTES_LIT("payment .txt"), REASON_ATTACHMENT_NAME, "beside the last dot"},
		{BYTES_LIT("payment. txt"), REASON_ATTACHMENT_NAME, "beside the last dot"},
		{BYTES_LIT("payment.pdf.exe"), REASON_ATTACHMENT_NAME, "two extensions, the first is pdf"},
		{BYTES_LIT("payment.exe.txt"), REASON_ATTACHMENT_NAME, "the first is pe"},
		{BYTES_LIT("payment.ZIP.txt"), REASON_ATTACHMENT_NAME, "the first is zip"},
		{BYTES_LIT("payment.pdf   .more.txt"), REASON_ATTACHMENT_NAME, "the first is pdf"},
		{BYTES_LIT("payment\0.txt"), REASON_ATTACHMENT_NAME, "NUL octet at octet 7"},
		{BYTES_LIT("payment.exe\0.txt"), REASON_ATTACHMENT_NAME, "NUL"},
		{BYTES_LIT("pay\nment.txt"), REASON_ATTACHMENT_NAME, "control character at octet 3"},
		{BYTES_LIT("pay\x7Fment.txt"), REASON_ATTACHMENT_NAME, "control character"},
		{BYTES_LIT("pay\xC2\x85ment.txt"), REASON_ATTACHMENT_NAME, "control character"},
		{BYTES_LIT("pay\xE2\x80\xAEtxt.exe"), REASON_ATTACHMENT_NAME, "changes direction at octet 3"},
		{BYTES_LIT("pay\xE2\x81\xA6.txt"), REASON_ATTACHMENT_NAME, "changes direction"},
		{BYTES_LIT("pay\xE2\x80\x8Bment.txt"), REASON_ATTACHMENT_NAME, "invisible"},
		{BYTES_LIT("payment.exe\xEF\xBC\x8Etxt"), REASON_ATTACHMENT_NAME, "looks like a dot"},
		{BYTES_LIT("folder/payment.txt"), REASON_ATTACHMENT_NAME, "separator"},
		{BYTES_LIT("..\\payment.txt"), REASON_ATTACHMENT_NAME, "separator"},
		{BYTES_LIT("payment.exe:a.txt"), REASON_ATTACHMENT_NAME, "separator"},
		{BYTES_LIT("pay?.txt"), REASON_ATTACHMENT_NAME, "file systems"},
		{BYTES_LIT("\xD1\xF3\xEC\xEC\xE0.txt"), REASON_ATTACHMENT_NAME, "no UTF-8 at octet 0"},
		{BYTES_LIT("payment.tx\xD1"), REASON_ATTACHMENT_NAME, "no UTF-8 at octet 10"},
		{BYTES_LIT("payment.exe"), REASON_ATTACHMENT_KIND, "a program for DOS or Windows, which is not allowed"},
		{BYTES_LIT("payment.zip"), REASON_ATTACHMENT_KIND, "a ZIP archive, which is not allowed"},
		{BYTES_LIT("payment.tar.gz"), REASON_ATTACHMENT_KIND, "a gzip file, which is not allowed"},
		{BYTES_LIT("payment.docx"), REASON_ATTACHMENT_KIND, "OOXML"},
		{BYTES_LIT("payment.xyz"), REASON_ATTACHMENT_KIND, "no kind that is known"},
		{BYTES_LIT("payment.tx"), REASON_ATTACHMENT_KIND, "no kind that is known"},
		{BYTES_LIT("payment.pdf"), REASON_ATTACHMENT_CONTENT, "plain text, its name says a PDF document"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = {0};
		enum reason r = judged(rows[i].name, "", &e);

		if (r != rows[i].reason || (r != REASON_NONE && !strstr(e.detail, rows[i].says)))
			fail_msg("%s: %s %s", (const char *)rows[i].name.p, reason_row(r)->name, e.detail);
		if (strstr(e.detail, "payment"))
			fail_msg("the words hold the name: %s", e.detail);
	}
}

static void media_types(void **state)
{
	static const struct {
		const char *media;
		bool ok;
	} rows[] = {
		{"", true}, {"text/plain", true}, {"Text/Plain", true}, {" text/plain ; charset=utf-8", true},
		{"application/octet-stream", true}, {"application/pdf", false}, {"text/plai", false}, {"text/plainer", false},
		{"text/plain text/plain", false}, {";", false}, {" ", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = {0};
		enum reason r = judged(BYTES_LIT("a.txt"), rows[i].media, &e);

		if (r != (rows[i].ok ? REASON_NONE : REASON_ATTACHMENT_KIND))
			fail_msg("'%s': %s", rows[i].media, e.detail);
	}
}

static void sizes(void **state)
{
	struct attachment_limits limits = {.size_most = 4, .name_most = 5};
	struct err e;

	(void)state;
	assert_true(attachment_check(BYTES_LIT("a.txt"), BYTES_NONE, BYTES_LIT("1234"), treasury(), &limits, &e).ok);
	assert_false(attachment_check(BYTES_LIT("a.txt"), BYTES_NONE, BYTES_LIT("12345"), treasury(), &limits, &e).ok);
	assert_int_equal(e.reason, REASON_ATTACHMENT_SIZE);
	assert_string_equal(e.detail, "the attachment has 5 octets, 4 are allowed");
	assert_false(attachment_check(BYTES_LIT("a.txt"), BYTES_NONE, BYTES_NONE, treasury(), &limits, &e).ok);
	assert_int_equal(e.reason, REASON_ATTACHMENT_SIZE);
	assert_string_equal(e.detail, "the attachment is empty");
	assert_false(attachment_check(BYTES_LIT("ab.txt"), BYTES_NONE, BYTES_LIT("1234"), treasury(), &limits, &e).ok);
	assert_int_equal(e.reason, REASON_ATTACHMENT_NAME);
	assert_string_equal(e.detail, "the name has 6 octets, 5 are allowed");
}

/* Whoever sends it is to blame, under the code of wrong data. */
static void reasons_are_those_of_the_caller(void **state)
{
	static const enum reason reasons[] = {
		REASON_ATTACHMENT_NAME, REASON_ATTACHMENT_KIND, REASON_ATTACHMENT_CONTENT, REASON_ATTACHMENT_SIZE};

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		assert_int_equal(reason_row(reasons[i])->side, SIDE_CALLER);
		assert_int_equal(reason_row(reasons[i])->class, CLASS_REJECT);
		assert_string_equal(fault_row(reason_row(reasons[i])->fault)->code, "QG025");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(media_types),
		cmocka_unit_test(sizes),
		cmocka_unit_test(reasons_are_those_of_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
