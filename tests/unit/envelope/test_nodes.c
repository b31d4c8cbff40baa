/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identifiers, whole texts, prefixes in scope, documents, splicing. */
#include "envelope_samples.h"

#define WSU "xmlns:u=\"" NS_WSU "\""

static const char with_ids[] =
	OPEN "<s:Header><sec><tok " WSU " u:Id=\"tok\"><deep Id=\"deep\" /></tok>"
	"<d:Signature xmlns:d=\"" NS_DSIG "\" Id=\"sig\"/><x ID=\"up\"/><x id=\"low\"/><x xml:id=\"xid\"/>"
	"<x xmlns:o='urn:o' o:Id='other'/><x Id=\"plain\"/></sec><block " WSU " u:Id=\"a&amp;b\"/></s:Header>"
	"<s:Body " WSU " u:Id=\"body\">"
	"<op Id=\"op\"><r><i><d><p Id=\"pay\"/></d></i></r></op></s:Body>" CLOSE;

static const struct row {
	const char *id, *local, *local_plain; /* whom it gives, also with plain identifiers; "" for nobody */
} id_rows[] = {
	{"tok", "tok", "tok"},
	{"sig", "Signature", "Signature"},
	{"plain", "", "x"},
	{"a&b", "block", "block"},
	{"body", "Body", "Body"},
	{"up", "", ""},
	{"low", "", ""},
	{"xid", "", ""},
	{"other", "", ""},
	{"deep", "", ""},
	{"op", "", ""},
	{"pay", "", ""},
	{"bod", "", ""},
	{"body ", "", ""},
	{"", "", ""},
};

static bool gives(const struct envelope *env, const char *id, bool plain, const char *local)
{
	const xmlNode *node = envelope_by_id(env, bytes_str(id), plain);

	return strcmp(node ? node_local(node) : "", local) == 0;
}

static void an_identifier_gives_its_element(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	const struct envelope *env = parse_ok(pool, bytes_str(with_ids));

	(void)state;
	for (size_t i = 0; i < sizeof id_rows / sizeof *id_rows; i++) {
		if (!gives(env, id_rows[i].id, false, id_rows[i].local) ||
		    !gives(env, id_rows[i].id, true, id_rows[i].local_plain))
			fail_msg("identifier %s", id_rows[i].id);
	}
	assert_ptr_equal(envelope_by_id(env, BYTES_LIT("body"), false), envelope_body(env)->node);
	env = parse_ok(pool, BYTES_LIT(WHOLE(BODY("<op/>"))));
	assert_null(envelope_by_id(env, BYTES_LIT("body"), true));
	assert_null(envelope_by_id(env, BYTES_LIT(""), true));
}

static void documents_are_strict_about_identifiers(void **state)
{
	static const struct {
		struct bytes text;
		bool good;
	} docs[] = {
		{BYTES_LIT("<a Id='1'><b Id='2'/></a>"), true},
		{BYTES_LIT("<a Id='1'><b ID='1'/></a>"), false},
		{BYTES_LIT("<a Id='1' id='2'/>"), false},
		{BYTES_LIT("<a><b><c><d><e><f><g id='1'/><g id='1'/></f></e></d></c></b></a>"), false},
	};
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		struct err e = {0};
		xmlDoc *doc;

		assert_true(envelope_parse_document(pool, docs[i].text, &limits, &doc, &e).ok);
		assert_int_equal(envelope_ids_unique(doc, &e).ok, docs[i].good);
		assert_int_equal(e.reason, docs[i].good ? REASON_NONE : REASON_XML_DUPLICATE_ID);
	}
}

static void a_document_needs_no_soap_but_the_same_care(void **state)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(pool_free) struct pool *pool = new_pool();
	struct err e = {0};
	xmlDoc *doc = NULL;

	(void)state;
	assert_true(envelope_parse_document(pool, BYTES_LIT("\xEF\xBB\xBF<p:a xmlns:p='urn:p'>x</p:a>"),
		&limits, &doc, &e).ok);
	assert_string_equal(node_local(xmlDocGetRootElement(doc)), "a");
	assert_string_equal(node_ns(xmlDocGetRootElement(doc)), "urn:p");
	assert_false(envelope_parse_document(pool, BYTES_LIT("<!DOCTYPE a><a/>"), &limits, &doc, &e).ok);
	assert_int_equal(e.reason, REASON_XML_DTD);
	assert_false(envelope_parse_document(pool, BYTES_LIT("<a xmlns:x='rel'/>"), &limits, &doc, &e).ok);
	assert_int_equal(e.reason, REASON_XML_NAMESPACE);
	assert_false(envelope_parse_document(pool, BYTES_LIT("<a>&b;</a>"), &limits, &doc, &e).ok);
	assert_int_equal(e.reason, REASON_XML_MALFORMED);
}

static const struct {
	const char *name;
	struct bytes content;
	const char *text; /* NULL: not only text */
} text_rows[] = {
	{"nothing", BYTES_LIT(""), ""},
	{"text", BYTES_LIT(" abc\n"), " abc\n"},
	{"references", BYTES_LIT("a&lt;&#x41;&amp;"), "a<A&"},
	{"CDATA", BYTES_LIT("<![CDATA[<b>]]>"), "<b>"},
	{"text and CDATA", BYTES_LIT("a<![CDATA[b]]>c<![CDATA[d]]>"), "abcd"},
	{"a comment does not cut it", BYTES_LIT("NAME<!-- x -->.evil"), "NAME.evil"},
	{"comments alone", BYTES_LIT("<!-- x -->"), ""},
	{"an element inside spoils it", BYTES_LIT("NAME<b/>.evil"), NULL},
	{"an element with text spoils it", BYTES_LIT("<b>x</b>"), NULL},
	{"line ends are one character", BYTES_LIT("a\r\nb\rc"), "a\nb\nc"},
};

static void the_text_of_an_element_is_whole_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof text_rows / sizeof *text_rows; i++) {
		struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
		SCOPED(pool_free) struct pool *pool = new_pool();
		SCOPED(buf_free) struct buf text = BUF(1024);
		struct bytes got = BYTES_NONE;
		xmlDoc *doc;
		bool is;

		buf_str(&text, "<a>");
		buf_add(&text, text_rows[i].content);
		buf_str(&text, "</a>");
		assert_true(envelope_parse_document(pool, buf_bytes(&text), &limits, &doc, NULL).ok);
		is = node_text(pool, xmlDocGetRootElement(doc), &got);
		if (is != (text_rows[i].text != NULL) || (is && !bytes_is(got, text_rows[i].text)))
			fail_msg("%s", text_rows[i].name);
	}
}

static void the_scope_names_what_is_in_force_at_the_operation(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	const struct envelope *env = parse_ok(pool, BYTES_LIT(
		"<s:Envelope xmlns:z='urn:z' xmlns='urn:default' xmlns:s='" NS_SOAP11 "' xmlns:b='urn:outer'>"
		"<s:Body xmlns:b='urn:inner'>"
		"<op xmlns='' xmlns:a='urn:a'><x xmlns:c='urn:c'/></op></s:Body></s:Envelope>"));

	(void)state;
	assert_true(bytes_is(envelope_scope(env, pool), "a=urn:a\nb=urn:inner\ns=" NS_SOAP11 "\nz=urn:z\n"));
	env = parse_ok(pool, BYTES_LIT(
		"<Envelope xmlns='" NS_SOAP11 "'><Body><op/></Body></Envelope>"));
	assert_true(bytes_is(envelope_scope(env, pool), "=" NS_SOAP11 "\n"));
}

static const struct {
	const char *name, *text;
	struct edit edits[3];
	size_t n;
	const char *result;
} splice_rows[] = {
	{"no edit copies", "abcdef", {{0, 0, BYTES_NONE}}, 0, "abcdef"},
	{"a part is replaced", "abcdef", {{2, 4, BYTES_LIT("XYZ")}}, 1, "abXYZef"},
	{"a part is removed", "abcdef", {{2, 4, BYTES_NONE}}, 1, "abef"},
	{"something is put in", "abcdef", {{3, 3, BYTES_LIT("-")}}, 1, "abc-def"},
	{"at the beginning", "abcdef", {{0, 0, BYTES_LIT("-")}}, 1, "-abcdef"},
	{"at the end", "abcdef", {{6, 6, BYTES_LIT("-")}}, 1, "abcdef-"},
	{"everything", "abcdef", {{0, 6, BYTES_LIT("-")}}, 1, "-"},
	{"neighbours",
		"abcdef", {{1, 2, BYTES_LIT("1")}, {2, 3, BYTES_LIT("2")}, {3, 3, BYTES_LIT("3")}}, 3,
		"a123def"},
	{"two at one place keep their order",
		"ab", {{1, 1, BYTES_LIT("1")}, {1, 1, BYTES_LIT("2")}}, 2, "a12b"},
	{"an empty text", "", {{0, 0, BYTES_LIT("x")}}, 1, "x"},
};

static void splicing_changes_only_what_it_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof splice_rows / sizeof *splice_rows; i++) {
		SCOPED(buf_free) struct buf out = BUF(64);

		buf_str(&out, ">");
		envelope_splice(bytes_str(splice_rows[i].text), splice_rows[i].edits, splice_rows[i].n, &out);
		if (!buf_ok(&out) || buf_cstr(&out)[0] != '>' ||
		    strcmp(buf_cstr(&out) + 1, splice_rows[i].result) != 0)
			fail_msg("%s: %s", splice_rows[i].name, buf_cstr(&out));
	}
}

/* What is behind the last edit stays in the text where it is long and what is before it is not; together they are whole. */
static void a_long_end_stays_where_it_stands(void **state)
{
	static unsigned char octets[3 * ENVELOPE_REST];
	static const struct {
		size_t from, to, size;
		bool stays;
	} rows[] = {{10, 12, 100 + ENVELOPE_REST, true}, {10, 12, 12 + ENVELOPE_REST, true},
		{10, 12, 11 + ENVELOPE_REST, false}, {10, ENVELOPE_REST, sizeof octets, true},
		{10, ENVELOPE_REST + 1, sizeof octets, false}, {0, 0, ENVELOPE_REST, true}, {0, 20, 20, false}};

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (unsigned char)(i * 7 + i / 251);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(buf_free) struct buf whole = BUF(sizeof octets + 9), front = BUF(sizeof octets + 9);
		const struct edit edits[] = {{0, 0, BYTES_LIT("first")}, {rows[i].from, rows[i].to, BYTES_LIT("new")}};
		const struct bytes text = {octets, rows[i].size};
		struct bytes rest;

		envelope_splice(text, edits, 2, &whole);
		envelope_splice_front(text, edits, 2, &front, &rest);
		assert_true(rows[i].stays ? rest.p == octets + rows[i].to && rest.n == text.n - rows[i].to : rest.n == 0);
		buf_add(&front, rest);
		assert_true(buf_ok(&whole) && bytes_eq(buf_bytes(&front), buf_bytes(&whole)));
	}
}

static void splicing_beyond_the_ceiling_marks_the_buffer(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(4);

	(void)state;
	envelope_splice(BYTES_LIT("abcdef"), NULL, 0, &out);
	assert_false(buf_ok(&out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_identifier_gives_its_element),
		cmocka_unit_test(documents_are_strict_about_identifiers),
		cmocka_unit_test(a_document_needs_no_soap_but_the_same_care),
		cmocka_unit_test(the_text_of_an_element_is_whole_or_nothing),
		cmocka_unit_test(the_scope_names_what_is_in_force_at_the_operation),
		cmocka_unit_test(splicing_changes_only_what_it_names),
		cmocka_unit_test(a_long_end_stays_where_it_stands),
		cmocka_unit_test(splicing_beyond_the_ceiling_marks_the_buffer),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
