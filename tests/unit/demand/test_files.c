/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files inside data (rule T3): each part that a descriptor names, the limits, and what the content really is. */
#include "demands.h"

#define PDF "JVBERi0xLjQKMSAwIG9iago8PD4+CmVuZG9iagp0cmFpbGVyIDw8Pj4Kc3RhcnR4cmVmCjAKJSVFT0YK"
#define FILE_OF(name, media, content) \
	"<F><Name>" name "</Name><Media>" media "</Media><Content>" content "</Content></F>"
#define TEXT(name) FILE_OF(name, "text/plain", "aGVsbG8=") /* 5 octets */

static const char *const kinds[] = {"pdf", "txt"};
static const struct conf_service service = {.id = "S",
	.attachments = {.element = "F", .name = "Name", .media = "Media", .content = "Content", .kinds = {kinds, 2}, .size = 100,
		.total = 200, .most = 3}};

static const struct row {
	const char *name, *content;
	enum reason reason;
	const char *says;
} rows[] = {
	{"no file", "<p/>", REASON_NONE, NULL},
	{"a PDF", FILE_OF("a.pdf", "application/pdf", PDF), REASON_NONE, NULL},
	{"a text, broken into lines", FILE_OF("a.txt", "text/plain", " aGVs\n bG8=\n"), REASON_NONE, NULL},
	{"a text as CDATA", FILE_OF("a.txt", "", "<![CDATA[aGVsbG8=]]>"), REASON_NONE, NULL},
	{"a media type that nobody says", "<F><Name>a.txt</Name><Content>aGVsbG8=</Content></F>", REASON_NONE, NULL},
	{"three files at any depth", "<p>" TEXT("a.txt") "<q>" TEXT("b.txt") TEXT("c.txt") "</q></p>", REASON_NONE, NULL},
	{"four files", TEXT("a.txt") TEXT("b.txt") TEXT("c.txt") TEXT("d.txt"), REASON_ATTACHMENT_COUNT,
		"more than 3 elements F"},
	{"a PDF that is a text", TEXT("a.txt") FILE_OF("a.pdf", "application/pdf", "aGVsbG8="), REASON_ATTACHMENT_CONTENT,
		"element F, occurrence 2: "},
	{"an archive by its name", FILE_OF("a.zip", "application/zip", "UEsDBA=="), REASON_ATTACHMENT_KIND, "occurrence 1"},
	{"an archive as a text", FILE_OF("a.txt", "text/plain", "UEsDBBQAAAAIAAAAIQAAAAAA"), REASON_ATTACHMENT_CONTENT,
		"occurrence 1"},
	{"a media type of something else", FILE_OF("a.txt", "application/pdf", "aGVsbG8="), REASON_ATTACHMENT_KIND,
		"occurrence 1"},
	{"a name with two extensions", TEXT("a.pdf.txt"), REASON_ATTACHMENT_NAME, "occurrence 1"},
	{"no name", "<F><Content>aGVsbG8=</Content></F>", REASON_ATTACHMENT_NAME, "it holds no Name"},
	{"two names", "<F><Name>a.txt</Name><Name>b.txt</Name><Content>aGVsbG8=</Content></F>", REASON_ATTACHMENT_NAME,
		"it holds more than one Name"},
	{"no content", "<F><Name>a.txt</Name></F>", REASON_ATTACHMENT_CONTENT, "it holds no Content"},
	{"two contents", "<F><Name>a.txt</Name><Content>aGVsbG8=</Content><Content>aGVsbG8=</Content></F>",
		REASON_ATTACHMENT_CONTENT, "it holds more than one Content"},
	{"a content deeper", "<F><Name>a.txt</Name><a><Content>aGVsbG8=</Content></a></F>", REASON_ATTACHMENT_CONTENT,
		"it holds no Content"},
	{"an element in the content", FILE_OF("a.txt", "text/plain", "<b/>aGVsbG8="), REASON_ATTACHMENT_CONTENT,
		"more than text stands in Content"},
	{"an empty file", FILE_OF("a.txt", "text/plain", ""), REASON_ATTACHMENT_SIZE, "occurrence 1"},
	{"no base64", FILE_OF("a.txt", "text/plain", "hello!"), REASON_ATTACHMENT_CONTENT, "no base64 stands in Content"},
	{"base64 without padding", FILE_OF("a.txt", "text/plain", "aGVsbG8"), REASON_ATTACHMENT_CONTENT, "no base64"},
	{"base64 with bits behind its end", FILE_OF("a.txt", "text/plain", "aGVsbG9="), REASON_ATTACHMENT_CONTENT, "no base64"},
	{"base64 with something behind its end", FILE_OF("a.txt", "text/plain", "aGVsbG8=aGVs"), REASON_ATTACHMENT_CONTENT,
		"no base64"},
	{"base64 of another alphabet", FILE_OF("a.txt", "text/plain", "aGV_bG8="), REASON_ATTACHMENT_CONTENT, "no base64"},
};

static void every_file_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		must(rows[i].name, &service, rows[i].content, rows[i].reason, rows[i].says);
}

#define STORED(name, media) "<F><Name>" name "</Name><Media>" media "</Media><Id>f-1</Id></F>"

static void a_file_in_the_store_is_judged_by_its_name_where_the_service_takes_it(void **state)
{
	struct conf_service s = service;

	(void)state;
	must("not taken", &s, STORED("a.pdf", "application/pdf"), REASON_ATTACHMENT_CONTENT, "it holds no Content");
	s.attachments.stored = "Id";
	must("taken", &s, STORED("a.pdf", "application/pdf"), REASON_NONE, NULL);
	must("an archive", &s, STORED("a.zip", "application/zip"), REASON_ATTACHMENT_KIND, "occurrence 1");
	must("an archive that says it is a text", &s, STORED("a.txt", "application/zip"), REASON_ATTACHMENT_KIND, "media type");
	must("a name with two extensions", &s, STORED("a.exe.pdf", ""), REASON_ATTACHMENT_NAME, "occurrence 1");
	must("neither", &s, "<F><Name>a.pdf</Name></F>", REASON_ATTACHMENT_CONTENT, "it holds no Content");
	must("both: the content is judged", &s, "<F><Name>a.pdf</Name><Id>f-1</Id><Content>aGVsbG8=</Content></F>",
		REASON_ATTACHMENT_CONTENT, "its name says");
	must("four", &s, STORED("a.pdf", "") STORED("b.pdf", "") STORED("c.pdf", "") STORED("d.pdf", ""),
		REASON_ATTACHMENT_COUNT, "more than 3");
}

/* A text of so many letters. */
static void add_file(struct buf *out, size_t n)
{
	SCOPED(buf_free) struct buf raw = BUF(1u << 24);

	for (size_t i = 0; i < n; i++)
		buf_char(&raw, 'a');
	buf_str(out, "<F><Name>a.txt</Name><Content>");
	buf_base64(out, buf_bytes(&raw));
	buf_str(out, "</Content></F>");
	assert_true(buf_ok(out) && buf_ok(&raw));
}

static void the_limits_are_exact(void **state)
{
	static const struct {
		size_t size[4];
		enum reason reason;
	} cases[] = {{{100, 100}, REASON_NONE}, {{101}, REASON_ATTACHMENT_SIZE}, {{102}, REASON_ATTACHMENT_SIZE},
		{{5000}, REASON_ATTACHMENT_SIZE}, {{100, 99, 1}, REASON_NONE}, {{100, 99, 2}, REASON_ATTACHMENT_COUNT},
		{{1, 101}, REASON_ATTACHMENT_SIZE}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		SCOPED(buf_free) struct buf text = BUF(1u << 24);

		for (size_t k = 0; cases[i].size[k]; k++)
			add_file(&text, cases[i].size[k]);
		must("sizes", &service, buf_cstr(&text), cases[i].reason, cases[i].reason == REASON_NONE ? NULL : "F");
	}
}

static void neither_name_nor_content_is_told(void **state)
{
	SCOPED(judged_end) struct judged j = judge(&service, FILE_OF("Ivanov.exe.txt", "text/plain", "aGVsbG8="));
	SCOPED(judged_end) struct judged k = judge(&service, FILE_OF("Ivanov.pdf", "application/pdf", "aGVsbG8="));

	(void)state;
	assert_false(j.o.ok || k.o.ok);
	assert_null(strstr(j.e.detail, "Ivanov"));
	assert_null(strstr(k.e.detail, "Ivanov"));
	assert_null(strstr(k.e.detail, "hello"));
}

static void a_kind_that_is_none_is_told_when_the_service_is_loaded(void **state)
{
	static const char *const wrong[] = {"pdf", "pfd"};
	struct conf_service s = service;
	SCOPED(demand_free) struct demand *d = NULL;
	struct err e;

	(void)state;
	s.attachments.kinds = (struct conf_names){wrong, 2};
	assert_false(demand_new(&s, &d, &e).ok);
	assert_int_equal(e.reason, REASON_CONFIG);
	assert_non_null(strstr(e.detail, "pfd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_judged),
		cmocka_unit_test(a_file_in_the_store_is_judged_by_its_name_where_the_service_takes_it),
		cmocka_unit_test(the_limits_are_exact),
		cmocka_unit_test(neither_name_nor_content_is_told),
		cmocka_unit_test(a_kind_that_is_none_is_told_when_the_service_is_loaded),
	};

	envelope_init();
	return clock_zone("Asia/Almaty") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
