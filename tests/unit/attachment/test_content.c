/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contents: every kind under every name, disguises, what a PDF may carry, what text is. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "samples.h"

static const struct attachment_set every_kind = {UINT64_MAX};

static bool taken(const char *name, const struct buf *b, const struct attachment_limits *limits, struct err *e)
{
	*e = (struct err){0};
	return attachment_check(bytes_str(name), BYTES_NONE, buf_bytes(b), every_kind, limits, e).ok;
}

/* Holds where a file is refused for its content with these words. */
static void refused(const char *what, const char *name, const struct buf *b, const char *says)
{
	struct attachment_limits limits = ATTACHMENT_LIMITS_USUAL;
	struct err e;

	if (taken(name, b, &limits, &e))
		fail_msg("%s is taken", what);
	if (e.reason != REASON_ATTACHMENT_CONTENT || !strstr(e.detail, says))
		fail_msg("%s: %s %s, not %s", what, reason_row(e.reason)->name, e.detail, says);
}

static void only_the_right_name_fits(void **state)
{
	struct attachment_limits limits = ATTACHMENT_LIMITS_USUAL;

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);

		samples[i].make(&b);
		for (size_t k = 0; k < SAMPLES; k++) {
			bool fits = samples[i].kind == samples[k].kind ||
				(samples[i].kind == ATTACHMENT_XML && samples[k].kind == ATTACHMENT_TXT);
			struct err e;

			if (taken(samples[k].name, &b, &limits, &e) != fits)
				fail_msg("%s under the name %s: %s", samples[i].name, samples[k].name, e.detail);
			if (!fits)
				assert_int_equal(e.reason, REASON_ATTACHMENT_CONTENT);
		}
	}
}

/* An archive may not stand behind, or inside, any file that holds none. */
static void archives_do_not_hide(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++)
		for (size_t k = 0; k < SAMPLES; k++) {
			SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
			bool archive = samples[k].kind >= ATTACHMENT_ZIP && samples[k].kind <= ATTACHMENT_AR;

			if (samples[i].kind > ATTACHMENT_TIFF || !archive || samples[k].make == make_old_tar ||
				samples[k].make == make_bzip2_empty)
				continue;
			samples[i].make(&b);
			samples[k].make(&b);
			refused(samples[k].name, samples[i].name, &b, "");
		}
}

/* The words for an archive in a PDF name the archive and its place, wherever it stands. */
static void archives_in_a_pdf(void **state)
{
	(void)state;
	for (size_t k = 0; k < SAMPLES; k++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
		char says[200];
		bool marked = samples[k].kind >= ATTACHMENT_ZIP && samples[k].kind <= ATTACHMENT_AR;

		if (!marked || samples[k].make == make_old_tar || samples[k].make == make_bzip2_empty)
			continue;
		buf_str(&b, "%PDF-1.4\n1 0 obj << >> stream\n");
		snprintf(says, sizeof(says), "%s hides in a PDF document at octet %zu", attachment_row(samples[k].kind)->says,
			b.len + (samples[k].kind == ATTACHMENT_TAR ? 257 : 0));
		samples[k].make(&b);
		buf_str(&b, "\nendstream endobj\nstartxref\n0\n%%EOF\n");
		refused(samples[k].name, "a.pdf", &b, says);
	}
}

static void disk_image_in_a_pdf(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST), disk = BUF(SAMPLE_MOST);

	(void)state;
	make_pdf(&b);
	make_iso(&disk);
	memcpy(disk.data, b.data, b.len);
	refused("a disk image with a PDF in its first sectors", "a.pdf", &disk, "an ISO 9660 image hides");
}

/* The disguise is real: another program unpacks the file. */
static void python_opens_what_we_refuse(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
	char path[] = "/tmp/qaqpa-attachment-XXXXXX", command[200];
	int fd = mkstemp(path), code;

	(void)state;
	make_pdf(&b);
	make_zip(&b);
	assert_int_equal(write(fd, b.data, b.len), b.len);
	close(fd);
	snprintf(command, sizeof(command),
		"/usr/bin/python3 -c 'import zipfile; assert zipfile.ZipFile(\"%s\").read(\"more.txt\") == b\"2000\"'", path);
	code = system(command);
	unlink(path);
	if (WEXITSTATUS(code) == 127) {
		print_message("SKIPPED: no python3 here (package python3)\n");
		skip();
	}
	assert_int_equal(code, 0);
	refused("a ZIP archive behind a PDF", "a.pdf", &b, "a ZIP archive hides");
}

static void ends_of_a_pdf(void **state)
{
	static const struct {
		const char *name, *front, *behind, *says; /* says NULL: taken */
	} rows[] = {
		{"an update", "", "4 0 obj\n<< >>\nendobj\nxref\n0 0\nstartxref\n0\n%%EOF", NULL},
		{"an update of a comment", "", "% changed\n4 0 obj << >> endobj\nstartxref\n0\n%%EOF\n", NULL},
		{"an update that begins with its table", "", "xref\n0 0\ntrailer << >>\nstartxref\n0\n%%EOF\n", NULL},
		{"text between two ends", "", "MZ\n%%EOF\n", "behind the end"},
		{"white space", "", " \r\n\t", NULL},
		{"the end told twice", "", "%%EOF\n", NULL},
		{"text behind the end", "", "MZ", "behind the end (%%EOF)"},
		{"a number and text", "", "12 of them", "behind the end"},
		{"a comment that never ends", "", "% hidden", "behind the end"},
		{"an update that is cut", "", "4 0 obj\n<< >>", "behind the end"},
		{"an octet before", " ", "", "does not begin at the first octet"},
		{"HTML before", "<html><script>", "", "does not begin at the first octet"},
	};
	struct attachment_limits limits = ATTACHMENT_LIMITS_USUAL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
		struct err e;

		buf_str(&b, rows[i].front);
		make_pdf(&b);
		buf_str(&b, rows[i].behind);
		if (rows[i].says)
			refused(rows[i].name, "a.pdf", &b, rows[i].says);
		else if (!taken("a.pdf", &b, &limits, &e))
			fail_msg("%s: %s", rows[i].name, e.detail);
	}
}

static void broken_pdf(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST), c = BUF(SAMPLE_MOST);

	(void)state;
	make_pdf(&b);
	b.len -= 7;
	refused("a PDF that is cut", "a.pdf", &b, "it is cut");
	buf_str(&c, "%PDF-x\n%%EOF");
	refused("no version", "a.pdf", &c, "no version");
}

/* Records of ZIP count where they fit what stands around them: chance octets of a picture do not. */
static void end_records_in_a_pdf(void **state)
{
	static const struct {
		const char *name;
		struct bytes octets;
		bool archive;
	} rows[] = {
		{"no archive in it", BYTES_LIT("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), true},
		{"sizes that lead nowhere", BYTES_LIT("PK\5\6\0\0\0\0\1\0\1\0\x40\0\0\0\1\0\0\0\0\0"), false},
		{"a directory beyond the front", BYTES_LIT("PK\5\6\0\0\0\0\1\0\1\0\x40\0\0\x40\1\0\0\0\0\0"), false},
		{"ZIP64", BYTES_LIT("PK\6\7\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0PK\5\6\0\0\0\0\xFF\xFF\xFF\xFF"
			"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0"), true},
	};
	struct attachment_limits limits = ATTACHMENT_LIMITS_USUAL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
		struct err e;

		buf_str(&b, "%PDF-1.4\n1 0 obj << /Length 80 /Filter /DCTDecode /Width 10 /Height 10 >> stream\n");
		buf_add(&b, rows[i].octets);
		buf_str(&b, "\nendstream endobj\nstartxref\n0\n%%EOF\n");
		if (taken("a.pdf", &b, &limits, &e) == rows[i].archive)
			fail_msg("%s: %s", rows[i].name, e.detail);
	}
}

enum verdict { TAKEN, CARRIES, ACTS };

static void names_in_a_pdf(void **state)
{
	static const struct {
		const char *more;
		enum verdict verdict;
	} rows[] = {
		{"/Names << /EmbeddedFiles 7 0 R >>", CARRIES},
		{"/Type /EmbeddedFile", CARRIES},
		{"/Type/EmbeddedFile>>", CARRIES},
		{"/#45mbedded#46iles 7 0 R", CARRIES},
		{"/#45#6D#62#65#64#64#65#64#46#69#6c#65#73 7 0 R", CARRIES},
		{"/Type /Filespec /EF << /F 8 0 R >>", CARRIES},
		{"/EF<</F 8 0 R>>", CARRIES},
		{"/EF 9 0 R", CARRIES},
		{"/E#46 9 0 R", CARRIES},
		{"/EF\r\n\t << /F 8 0 R >>", CARRIES},
		{"/EF% a comment\n<< /F 8 0 R >>", CARRIES},
		{"/S /GoToE", CARRIES},
		{"/Subtype /RichMedia", CARRIES},
		{"/Type /Filespec /F (other.pdf)", TAKEN},
		{"/EFG << >>", TAKEN},
		{"/EF 9", TAKEN},
		{"/EmbeddedFilesystem", TAKEN},
		{"(EmbeddedFile)", TAKEN},
		{"/embeddedfile", TAKEN},
		{"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>", ACTS},
		{"/S /Java#53cript", ACTS},
		{"/JS (x)", ACTS},
		{"/JS<78>", ACTS},
		{"/JS 12 0 R", ACTS},
		{"/JS << >>", TAKEN},
		{"/JSX (x)", TAKEN},
		{"/S /Launch /F (cmd.exe)", ACTS},
		{"/S /L#61unch", ACTS},
		{"/S /GoTo /D [3 0 R /Fit]", TAKEN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
		struct attachment_limits strict = ATTACHMENT_LIMITS_USUAL, mild = strict;
		struct err e;

		mild.active_refused = false;
		add_pdf(&b, rows[i].more);
		if (taken("a.pdf", &b, &strict, &e) != (rows[i].verdict == TAKEN))
			fail_msg("%s: %s", rows[i].more, e.detail);
		if (rows[i].verdict != TAKEN && !strstr(e.detail, rows[i].verdict == ACTS ? "acts" : "carries a file"))
			fail_msg("%s: %s", rows[i].more, e.detail);
		if (taken("a.pdf", &b, &mild, &e) != (rows[i].verdict != CARRIES))
			fail_msg("%s, when a PDF may act: %s", rows[i].more, e.detail);
	}
}

static void texts(void **state)
{
	static const struct {
		const char *name;
		struct bytes octets;
		bool utf8, single, utf16; /* taken when only UTF-8, windows-1251 too, UTF-16 too */
		const char *says;
	} rows[] = {
		{"ASCII", BYTES_LIT("a\tb\r\n\f"), true, true, true, ""},
		{"Kazakh UTF-8", BYTES_LIT("Қазақ әіңғүұқөһ"), true, true, true, ""},
		{"UTF-8 with a byte order mark", BYTES_LIT("\xEF\xBB\xBF" "abc"), true, true, true, ""},
		{"windows-1251", BYTES_LIT("\xD1\xF3\xEC\xEC\xE0"), false, true, false, "windows-1251 is not allowed"},
		{"UTF-16 little-endian", BYTES_LIT("\xFF\xFE\x21\x04"), false, false, true, "UTF-16, which is not allowed"},
		{"UTF-16 big-endian", BYTES_LIT("\xFE\xFF\x04\x21"), false, false, true, "UTF-16, which is not allowed"},
		{"a pair of surrogates", BYTES_LIT("\xFE\xFF\xD8\x3D\xDE\x00"), false, false, true, "UTF-16"},
		{"surrogates in the wrong order", BYTES_LIT("\xFE\xFF\xDE\x00\xD8\x3D"), false, false, false, "octet 2 is DE"},
		{"a control character in UTF-16", BYTES_LIT("\xFE\xFF\x00\x41\x00\x01"), false, false, false, "octet 4"},
		{"UTF-16 without its mark", BYTES_LIT("a\0b\0"), false, false, false, "octet 1 is 00"},
		{"NUL", BYTES_LIT("ab\0c"), false, false, false, "octet 2 is 00"},
		{"escape", BYTES_LIT("ab\x1B[2J"), false, false, false, "octet 2 is 1B"},
		{"delete", BYTES_LIT("abc\x7F"), false, false, false, "octet 3 is 7F"},
		{"a control character of UTF-8", BYTES_LIT("abc\xC2\x9B"), false, true, false, ""},
		{"overlong UTF-8", BYTES_LIT("abc\xC0\xAF"), false, true, false, ""},
		{"overlong UTF-8 of three octets", BYTES_LIT("abc\xE0\x80\xAF"), false, true, false, ""},
		{"no letter of windows-1251", BYTES_LIT("\xD1\x98\xD1"), false, false, false, "octet 1 is 98"},
		{"a script", BYTES_LIT("#!/bin/sh\n"), false, false, false, "a script, its name says plain text"},
		{"a script behind a space", BYTES_LIT("#! /bin/sh\n"), false, false, false, "a script"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		SCOPED(buf_free) struct buf b = BUF(SAMPLE_MOST);
		struct attachment_limits plain = ATTACHMENT_LIMITS_USUAL, single = plain, utf16 = plain;
		struct err e;

		single.windows_1251 = true;
		utf16.utf16 = true;
		buf_add(&b, rows[i].octets);
		if (taken("a.txt", &b, &single, &e) != rows[i].single || taken("a.txt", &b, &utf16, &e) != rows[i].utf16)
			fail_msg("%s, with other encodings", rows[i].name);
		if (taken("a.txt", &b, &plain, &e) != rows[i].utf8 || !strstr(e.detail, rows[i].says))
			fail_msg("%s: %s", rows[i].name, e.detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_right_name_fits),
		cmocka_unit_test(archives_do_not_hide),
		cmocka_unit_test(archives_in_a_pdf),
		cmocka_unit_test(disk_image_in_a_pdf),
		cmocka_unit_test(python_opens_what_we_refuse),
		cmocka_unit_test(ends_of_a_pdf),
		cmocka_unit_test(broken_pdf),
		cmocka_unit_test(end_records_in_a_pdf),
		cmocka_unit_test(names_in_a_pdf),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
