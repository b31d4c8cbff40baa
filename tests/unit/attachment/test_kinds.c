/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What files are, by our table and by the command `file` of Debian. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "samples.h"

static void every_kind_is_known(void **state)
{
	uint64_t seen = 0;

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
		enum attachment_kind k;

		samples[i].make(&b);
		k = attachment_kind_of(buf_bytes(&b));
		if (k != samples[i].kind)
			fail_msg("%s is taken for %s", samples[i].name, attachment_row(k)->says);
		seen |= UINT64_C(1) << k;
	}
	for (unsigned k = 1; k < ATTACHMENT_KIND_COUNT; k++)
		if (!(seen >> k & 1))
			fail_msg("no sample of %s", attachment_row(k)->says);
}

static void what_only_looks_like_a_kind(void **state)
{
	static const struct {
		const char *name;
		struct bytes octets;
		enum attachment_kind kind;
	} rows[] = {
		{"nothing", BYTES_NONE, ATTACHMENT_UNKNOWN},
		{"text that begins with MZ", BYTES_LIT("MZ is the mark of programs"), ATTACHMENT_TXT},
		{"a program of DOS", BYTES_LIT("MZ\x01\x02\x03"), ATTACHMENT_PE},
		{"text that begins with BZh", BYTES_LIT("BZh is the mark of bzip2"), ATTACHMENT_TXT},
		{"text with -lh5- at its place", BYTES_LIT("ab-lh5- is the mark of LZH archives"), ATTACHMENT_TXT},
		{"XML without a declaration", BYTES_LIT("\n <payment/>"), ATTACHMENT_XML},
		{"XML behind a byte order mark", BYTES_LIT("\xEF\xBB\xBF<?xml version='1.0'?><a/>"), ATTACHMENT_XML},
		{"XML in UTF-16", BYTES_LIT("\xFF\xFE<\0a\0/\0>\0"), ATTACHMENT_XML},
		{"HTML", BYTES_LIT("<!DOCTYPE HTML><p>"), ATTACHMENT_TXT},
		{"less than", BYTES_LIT("< 5 tenge"), ATTACHMENT_TXT},
		{"text of windows-1251", BYTES_LIT("\xD1\xF3\xEC\xEC\xE0"), ATTACHMENT_TXT},
		{"text of UTF-16", BYTES_LIT("\xFE\xFF\x04\x21\x04\x43"), ATTACHMENT_TXT},
		{"half a character of UTF-16", BYTES_LIT("\xFE\xFF\x04\x21\x04"), ATTACHMENT_UNKNOWN},
		{"half of a surrogate pair", BYTES_LIT("\xFE\xFF\xD8\x01"), ATTACHMENT_UNKNOWN},
		{"a NUL in text", BYTES_LIT("text\0text"), ATTACHMENT_UNKNOWN},
		{"a PDF behind one octet", BYTES_LIT("\0%PDF-1.4\n"), ATTACHMENT_PDF},
		{"a PDF behind text", BYTES_LIT("text\n%PDF-1.4\n1 0 obj\n%%EOF\n"), ATTACHMENT_PDF},
		{"text that tells of PDF", BYTES_LIT("a PDF begins with %PDF-1.4"), ATTACHMENT_TXT},
		{"noise", BYTES_LIT("\x80\x01\x98\x00\xFF"), ATTACHMENT_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum attachment_kind k = attachment_kind_of(rows[i].octets);

		if (k != rows[i].kind)
			fail_msg("%s: %s", rows[i].name, attachment_row(k)->says);
	}
}

static void zip_files_are_looked_into(void **state)
{
	const struct {
		const char *name;
		const char *const *members;
		enum attachment_kind kind;
	} rows[] = {
		{"a member that is no part", MEMBERS("[Content_Types].xml", "", "word/d.xml", "", "x.exe", ""), ATTACHMENT_ZIP},
		{"no list of types", MEMBERS("word/document.xml", ""), ATTACHMENT_ZIP},
		{"text document and workbook", MEMBERS("[Content_Types].xml", "", "word/d", "", "xl/w", ""), ATTACHMENT_ZIP},
		{"another mimetype", MEMBERS("mimetype", "application/x"), ATTACHMENT_ZIP},
		{"mimetype that is not first", MEMBERS("a", "", "mimetype", "application/vnd.oasis.opendocument.text"),
			ATTACHMENT_ZIP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

		add_zip(&b, rows[i].members);
		if (attachment_kind_of(buf_bytes(&b)) != rows[i].kind)
			fail_msg("%s: %s", rows[i].name, attachment_row(attachment_kind_of(buf_bytes(&b)))->says);
	}
}

static void zip_behind_noise_is_zip(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST), docx = BUF(SAMPLE_MOST);

	(void)state;
	add_hex(&b, "0102980003");
	make_zip(&b);
	assert_int_equal(attachment_kind_of(buf_bytes(&b)), ATTACHMENT_ZIP);
	make_docx(&docx);
	buf_str(&docx, "something behind a document makes it an archive");
	assert_int_equal(attachment_kind_of(buf_bytes(&docx)), ATTACHMENT_ZIP);
}

/* The old form has no mark: its check sum alone makes it a tar archive. */
static void old_tar_needs_its_sum(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

	(void)state;
	make_old_tar(&b);
	b.data[0]++;
	assert_int_equal(attachment_kind_of(buf_bytes(&b)), ATTACHMENT_UNKNOWN);
}

static void sets_of_words(void **state)
{
	struct attachment_set set;
	struct err e;

	(void)state;
	assert_true(attachment_set_of((const char *const[]){"pdf", "jpg", "docx"}, 3, &set, &e).ok);
	assert_true(attachment_set_has(set, ATTACHMENT_PDF));
	assert_true(attachment_set_has(set, ATTACHMENT_JPEG));
	assert_true(attachment_set_has(set, ATTACHMENT_DOCX));
	assert_false(attachment_set_has(set, ATTACHMENT_TXT));
	assert_false(attachment_set_has(set, ATTACHMENT_UNKNOWN));
	assert_false(attachment_set_of((const char *const[]){"pdf", "word"}, 2, &set, &e).ok);
	assert_int_equal(e.reason, REASON_CONFIG);
	assert_non_null(strstr(e.detail, "word"));
	assert_false(attachment_set_of(NULL, 0, &set, &e).ok);
	assert_false(attachment_set_of((const char *const[]){"unknown"}, 1, &set, &e).ok);
}

/* What `file` says of these octets, as a media type or in words; false where there is no such command. */
static bool file_says(struct bytes octets, const char *form, char *out, size_t room)
{
	char path[] = "/tmp/qaqpa-attachment-XXXXXX", command[100];
	int fd = mkstemp(path);
	FILE *f;
	bool told;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets.p, octets.n), octets.n);
	close(fd);
	snprintf(command, sizeof(command), "file --brief %s %s 2>/dev/null", form, path);
	f = popen(command, "r");
	assert_non_null(f);
	told = fgets(out, (int)room, f) != NULL;
	told = pclose(f) == 0 && told;
	unlink(path);
	if (told)
		out[strcspn(out, "\n")] = 0;
	return told;
}

static void file_agrees(void **state)
{
	int differ = 0;

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
		bool media = strchr(samples[i].file_says, '/') != NULL; /* of CAB, file 5.44 knows the words only */
		char said[200];

		samples[i].make(&b);
		if (!file_says(buf_bytes(&b), media ? "--mime-type" : "", said, sizeof(said))) {
			print_message("SKIPPED: no command `file` here (package file)\n");
			skip();
		}
		if (media ? attachment_listed(samples[i].file_says, bytes_str(said)) :
			strncmp(said, samples[i].file_says, strlen(samples[i].file_says)) == 0)
			continue;
		print_error("%s: file says %s, not %s\n", samples[i].name, said, samples[i].file_says);
		differ++;
	}
	assert_int_equal(differ, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_known),
		cmocka_unit_test(what_only_looks_like_a_kind),
		cmocka_unit_test(zip_files_are_looked_into),
		cmocka_unit_test(zip_behind_noise_is_zip),
		cmocka_unit_test(old_tar_needs_its_sum),
		cmocka_unit_test(sets_of_words),
		cmocka_unit_test(file_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
