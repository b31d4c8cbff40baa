/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own canonical form: rule by rule against literal texts, and what is left to libxml2. */
#include "../cm.h"

#include <sys/mman.h>
#include <unistd.h>

#include "../canonical_rows.h"
#include "both.h"

/* The number of the element whose name is `apex`. */
static size_t find_apex(const struct subject *s)
{
	const struct mark *marks = scan_marks(&s->scan);

	for (size_t i = 0; i < s->elements; i++) {
		struct bytes name = bytes_sub(s->text, marks[i].start + 1, marks[i].start + 1 + marks[i].name_n);

		if (bytes_is(name, "apex") || (name.n == 6 && memcmp(name.p + 1, ":apex", 5) == 0))
			return i;
	}
	fail_msg("no apex");
	return 0;
}

static void each_rule_gives_its_text(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(subject_close) struct subject s;
		SCOPED(buf_free) struct buf out = BUF(4096);

		assert_true(subject_open(&s, rows[i].text));
		if (subject_own(&s, find_apex(&s), rows[i].prefixes[0] ? rows[i].prefixes : NULL, &out) == CANONICAL_WHOLE &&
			strcmp(buf_cstr(&out), rows[i].canonical) == 0)
			continue;
		print_error("%s:\n  %s\n  %s\n", rows[i].name, buf_cstr(&out), rows[i].canonical);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* What the grammar of the differential test does not make often, and what libxml2 writes in a way of its own. */
static void the_rest_is_left_to_libxml2(void **state)
{
	static const struct {
		const char *name;
		struct bytes text;
	} foreign[] = {
		{"a namespace name that would need escaping", BYTES_LIT("<apex xmlns='urn:?a=1&amp;b'/>")},
		{"or other quotes", BYTES_LIT("<apex xmlns=\"urn:it's\"/>")},
		{"a line end in one", BYTES_LIT("<apex xmlns='urn:\n'/>")},
		{"the prefix xml declared", BYTES_LIT("<apex xmlns:xml='http://www.w3.org/XML/1998/namespace'/>")},
		{"an element with it", BYTES_LIT("<xml:apex/>")},
		{"an entity", BYTES_LIT("<apex>&nbsp;</apex>")},
		{"no character", BYTES_LIT("<apex>&#0;</apex>")},
		{"a surrogate", BYTES_LIT("<apex>&#xD800;</apex>")},
		{"a number of too many digits", BYTES_LIT("<apex>&#4294967361;</apex>")},
		{"a number without digits", BYTES_LIT("<apex>&#x;</apex>")},
		{"a processing instruction", BYTES_LIT("<apex><?php ?></apex>")},
		{"a prefix that is not bound", BYTES_LIT("<a:apex/>")},
		{"one of an attribute", BYTES_LIT("<apex a:b=''/>")},
		{"a prefix undeclared", BYTES_LIT("<apex xmlns:a=''/>")},
		{"two colons", BYTES_LIT("<apex xmlns:a='urn:a' a:b:c=''/>")},
		{"no prefix before the colon", BYTES_LIT("<apex :c=''/>")},
		{"no name behind it", BYTES_LIT("<apex xmlns:a='urn:a' a:=''/>")},
		{"no blank between attributes", BYTES_LIT("<apex a='1'b='2'/>")},
		{"no quotes", BYTES_LIT("<apex a=1 />")},
		{"no value", BYTES_LIT("<apex a />")},
		{"quotes that do not close", BYTES_LIT("<apex a='1/>")},
		{"a slash inside a tag", BYTES_LIT("<apex / >")},
		{"a comment that does not end", BYTES_LIT("<apex><!-- ></apex>")},
		{"a section that does not end", BYTES_LIT("<apex><![CDATA[</apex>")},
		{"an end before its time", BYTES_LIT("<apex></apex></apex>")},
		{"no end", BYTES_LIT("<apex><apex></apex>")},
		{"text behind it", BYTES_LIT("<apex></apex>.>")},
		{"an end tag alone", BYTES_LIT("</apex>")},
		{"a comment alone", BYTES_LIT("<!-- -->")},
		{"nothing", BYTES_LIT("")},
		{"a tag of nothing", BYTES_LIT("<>")},
		{"an end tag with more than its name", BYTES_LIT("<apex></apex a>")},
	};
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		SCOPED(buf_free) struct buf out = BUF(4096);
		struct canonical_place place = {.element = foreign[i].text};

		if (canonical_write(&place, NULL, both_keep, &out) == CANONICAL_FOREIGN)
			continue;
		print_error("%s: %s\n", foreign[i].name, buf_cstr(&out));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* `n` times something, in which a # is the number, between a head and `n` times a tail. */
static enum canonical of_many(const char *head, const char *middle, int n, const char *tail, const char *end)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 20), out = BUF(1u << 20);
	struct canonical_place place = {.element = BYTES_NONE};

	buf_str(&text, head);
	for (int i = 0; i < n; i++) {
		for (const char *c = middle; *c; c++)
			buf_printf(&text, *c == '#' ? "%d" : "%c", *c == '#' ? i : *c);
	}
	for (int i = 0; i < n; i++)
		buf_str(&text, tail);
	buf_str(&text, end);
	place.element = buf_bytes(&text);
	return canonical_write(&place, NULL, both_keep, &out);
}

static void tables_end_where_they_are_full(void **state)
{
	static const struct {
		const char *name, *head, *middle, *tail, *end;
		int most;
	} limits[] = {
		{"attributes", "<apex", " a#=''", "", "/>", 128},
		{"prefixes, the default among them", "<apex", " xmlns:a#='urn:a'", "", "/>", 95},
		{"depth", "", "<a>", "</a>", "", 256},
		{"changes, of what is bound and of what was written", "<r>", "<a:a xmlns:a='urn:#' a:a=''>", "</a:a>", "</r>", 255},
		{"and with a second prefix", "<r>", "<a:a xmlns:a='urn:#' xmlns:b='urn:#' b:b=''>", "</a:a>", "</r>", 128},
	};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		for (int more = 0; more < 2; more++) {
			enum canonical said = of_many(limits[i].head, limits[i].middle, limits[i].most + more, limits[i].tail,
				limits[i].end);

			if (said != (more ? CANONICAL_FOREIGN : CANONICAL_WHOLE))
				fail_msg("%s, %d more: %d", limits[i].name, more, (int)said);
		}
	}
}

static void what_an_element_has_taken_comes_back(void **state)
{
	(void)state;
	assert_int_equal(of_many("<r>", "<p#:a xmlns:p#='urn:a' a=''></p#:a><p#:b xmlns:p#='urn:b' p#:b=''/>", 1000, "", "</r>"),
		CANONICAL_WHOLE);
}

static void a_long_namespace_name_is_left_to_libxml2(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		SCOPED(buf_free) struct buf head = BUF(4096);

		buf_str(&head, "<apex xmlns='urn:");
		for (int i = 0; i < 508 + more; i++)
			buf_char(&head, 'a');
		assert_int_equal(of_many(buf_cstr(&head), "", 0, "", "'/>"), more ? CANONICAL_FOREIGN : CANONICAL_WHOLE);
	}
}

static void pieces_of_any_length_come_whole(void **state)
{
	(void)state;
	for (int n = 1; n < 3000; n += 7) {
		SCOPED(buf_free) struct buf text = BUF(1u << 20), out = BUF(1u << 20);
		struct canonical_place place = {.element = BYTES_NONE};

		buf_str(&text, "<a>");
		for (int i = 0; i < n; i++)
			buf_char(&text, (char)('a' + i % 26));
		buf_str(&text, "<b></b></a>");
		place.element = buf_bytes(&text);
		assert_int_equal(canonical_write(&place, NULL, both_keep, &out), CANONICAL_WHOLE);
		assert_true(bytes_eq(buf_bytes(&text), buf_bytes(&out)));
	}
}

/* Names that come again are compared by words: each octet of each length counts. */
static void a_name_is_another_by_any_octet(void **state)
{
	(void)state;
	for (int n = 1; n < 40; n++) {
		for (int other = 0; other < n; other++) {
			SCOPED(buf_free) struct buf text = BUF(4096), out = BUF(4096);
			char name[41] = {0}, near[41];
			struct canonical_place place = {.element = BYTES_NONE};

			memset(name, 'a', (size_t)n);
			memcpy(near, name, sizeof near);
			near[other] = 'b';
			buf_printf(&text, "<r><%s>1</%s><%s></%s><%s>1</%s><%s><c></c></%s></r>", name, name, name, name, near, near,
				name, name);
			place.element = buf_bytes(&text);
			assert_int_equal(canonical_write(&place, NULL, both_keep, &out), CANONICAL_WHOLE);
			assert_true(bytes_eq(buf_bytes(&text), buf_bytes(&out)));
			buf_clear(&text);
			buf_printf(&text, "<r><%s>1</%s><%s>1</%s><c></c><c></c></r>", name, name, name, near);
			place.element = buf_bytes(&text);
			assert_int_equal(canonical_write(&place, NULL, both_keep, &out), CANONICAL_FOREIGN);
		}
	}
}

/* Cut anywhere, nothing is read behind the cut: there the memory ends. */
static void nothing_is_read_behind_the_text(void **state)
{
	static const char text[] = "<r xmlns:p=\"urn:p\"><a b=\"1\">1</a><a b=\"12345678\">2</a><p:cc>3</p:cc>"
		"<p:cc>1234567</p:cc><p:cc></p:cc><d p:e='1'/><!-- --><![CDATA[1]]>&amp;</r>";
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof text - 1;
	unsigned char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SCOPED(buf_free) struct buf out = BUF(4096);

	(void)state;
	assert_ptr_not_equal(two, MAP_FAILED);
	assert_int_equal(mprotect(two + page, page, PROT_NONE), 0);
	for (size_t cut = 0; cut <= n; cut++) {
		const struct canonical_place place = {.element = {two + page - cut, cut}};

		memcpy(two + page - cut, text, cut);
		assert_int_equal(canonical_write(&place, NULL, both_keep, &out), cut == n ? CANONICAL_WHOLE : CANONICAL_FOREIGN);
	}
	munmap(two, 2 * page);
}

/* Where its element has come before, so that it was expected. */
static void octets_left_out_come_at_their_place(void **state)
{
	static const char text[] = "<r><d>1</d><d>1</d><d></d><d>1</d></r>";
	const struct canonical_own own = {.octets = BYTES_LIT("<e>2</e>"), .prefixes = {BYTES_LIT("")}, .n = 1};
	const struct canonical_place place = {.element = bytes_str(text), .own = &own,
		.own_at = (const unsigned char *)strstr(text, "></d>") + 1};
	SCOPED(buf_free) struct buf out = BUF(4096);

	(void)state;
	assert_int_equal(canonical_write(&place, NULL, both_keep, &out), CANONICAL_WHOLE);
	assert_string_equal(buf_cstr(&out), "<r><d>1</d><d>1</d><d><e>2</e></d><d>1</d></r>");
}

static void a_sink_that_refuses_is_not_asked_again(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(8);
	struct canonical_place place = {.element = BYTES_LIT("<apex>more than eight octets</apex>")};

	(void)state;
	assert_int_equal(canonical_write(&place, NULL, both_keep, &out), CANONICAL_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_gives_its_text),
		cmocka_unit_test(the_rest_is_left_to_libxml2),
		cmocka_unit_test(tables_end_where_they_are_full),
		cmocka_unit_test(what_an_element_has_taken_comes_back),
		cmocka_unit_test(a_long_namespace_name_is_left_to_libxml2),
		cmocka_unit_test(pieces_of_any_length_come_whole),
		cmocka_unit_test(a_name_is_another_by_any_octet),
		cmocka_unit_test(octets_left_out_come_at_their_place),
		cmocka_unit_test(nothing_is_read_behind_the_text),
		cmocka_unit_test(a_sink_that_refuses_is_not_asked_again),
	};

	envelope_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
