/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exclusive canonical form, rule by rule, against literal texts (xml-exc-c14n section 3, xml-c14n
 * section 2.3). */
#include "envelope_samples.h"

#define XSI "xmlns:xsi=\"" NS_XSI "\""
#define XSD "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""

/* The apex is the element named `apex`, wherever it stands. */
static const struct row {
	const char *name;
	struct bytes text;
	const char *prefixes[4];
	const char *canonical;
} rows[] = {
	{"an empty-element tag becomes a pair", BYTES_LIT("<apex/>"), {0}, "<apex></apex>"},
	{"white space in tags goes, in content it stays", BYTES_LIT("<apex  a = '1'\n> \n\t</apex >"), {0},
		"<apex a=\"1\"> \n\t</apex>"},
	{"attributes are sorted, those without namespace first",
		BYTES_LIT("<apex xmlns:b='urn:a' xmlns:a='urn:b' a:x='1' b:y='2' b:x='3' z='4' B='5'/>"), {0},
		"<apex xmlns:a=\"urn:b\" xmlns:b=\"urn:a\" B=\"5\" z=\"4\" "
		"b:x=\"3\" b:y=\"2\" a:x=\"1\"></apex>"},
	{"declarations are sorted by prefix, the default first",
		BYTES_LIT("<apex xmlns:c='urn:c' xmlns:a='urn:a' xmlns='urn:d' c:x='1' a:x='1'/>"), {0},
		"<apex xmlns=\"urn:d\" xmlns:a=\"urn:a\" xmlns:c=\"urn:c\" a:x=\"1\" c:x=\"1\"></apex>"},
	{"comments go, the text around them joins",
		BYTES_LIT("<!--1--><apex>a<!-- b -->c</apex><!--2-->"), {0},
		"<apex>ac</apex>"},
	{"CDATA becomes escaped text",
		BYTES_LIT("<apex><![CDATA[<&>\"]]></apex>"), {0}, "<apex>&lt;&amp;&gt;\"</apex>"},
	{"text is escaped", BYTES_LIT("<apex>&lt;&#62;&amp;&quot;&apos;&#13;\r\n&#9;</apex>"), {0},
		"<apex>&lt;&gt;&amp;\"'&#xD;\n\t</apex>"},
	{"attribute values are escaped and normalised",
		BYTES_LIT("<apex a='&lt;>&amp;&quot;&apos;&#13;&#10;&#9;\n\t'/>"), {0},
		"<apex a=\"&lt;>&amp;&quot;'&#xD;&#xA;&#x9;  \"></apex>"},
	{"characters beyond ASCII stay", BYTES_LIT("<apex a='\xD0\x9A'>\xF0\x9F\x98\x80&#x41A;</apex>"), {0},
		"<apex a=\"\xD0\x9A\">\xF0\x9F\x98\x80\xD0\x9A</apex>"},
	{"used prefixes of ancestors are declared at the apex, unused ones are not",
		BYTES_LIT("<r xmlns:a='urn:a' xmlns:b='urn:b' xmlns:c='urn:c' xmlns='urn:d'>"
			"<a:apex b:z='2'><a:y/></a:apex></r>"),
		{0}, "<a:apex xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" b:z=\"2\"><a:y></a:y></a:apex>"},
	{"an inherited default namespace is declared where it is used",
		BYTES_LIT("<r xmlns='urn:d' xmlns:a='urn:a'><a:apex><x/><x/></a:apex></r>"), {0},
		"<a:apex xmlns:a=\"urn:a\"><x xmlns=\"urn:d\"></x><x xmlns=\"urn:d\"></x></a:apex>"},
	{"declarations move down to their use",
		BYTES_LIT("<apex xmlns:a='urn:a'><x><a:y/></x><a:z/></apex>"), {0},
		"<apex><x><a:y xmlns:a=\"urn:a\"></a:y></x><a:z xmlns:a=\"urn:a\"></a:z></apex>"},
	{"a repeated declaration is written once",
		BYTES_LIT("<a:apex xmlns:a='urn:a'><a:x xmlns:a='urn:a'/></a:apex>"), {0},
		"<a:apex xmlns:a=\"urn:a\"><a:x></a:x></a:apex>"},
	{"a prefix bound anew is declared anew",
		BYTES_LIT("<a:apex xmlns:a='urn:1'><a:x xmlns:a='urn:2'><a:y/></a:x><a:z/></a:apex>"), {0},
		"<a:apex xmlns:a=\"urn:1\"><a:x xmlns:a=\"urn:2\"><a:y></a:y></a:x><a:z></a:z></a:apex>"},
	{"the undeclared default is written only where a default was",
		BYTES_LIT("<r xmlns='urn:o'><apex xmlns='urn:d'><x xmlns=''><y/></x></apex></r>"), {0},
		"<apex xmlns=\"urn:d\"><x xmlns=\"\"><y></y></x></apex>"},
	{"an apex without namespace needs no undeclaring",
		BYTES_LIT("<r xmlns='urn:o'><apex xmlns=''><x/></apex></r>"), {0}, "<apex><x></x></apex>"},
	{"xml:lang of an ancestor stays outside, one inside stays",
		BYTES_LIT("<r xml:lang='kk'><apex><x xml:lang='ru'/></apex></r>"), {0},
		"<apex><x xml:lang=\"ru\"></x></apex>"},
	{"a prefix in a value is not seen",
		BYTES_LIT("<r " XSD "><apex " XSI " xsi:type='xs:string'>1</apex></r>"), {0},
		"<apex " XSI " xsi:type=\"xs:string\">1</apex>"},
	{"a listed prefix is declared at the apex though nothing shows it",
		BYTES_LIT("<r " XSD "><apex " XSI " xsi:type='xs:string'>1</apex></r>"), {"xs"},
		"<apex " XSD " " XSI " xsi:type=\"xs:string\">1</apex>"},
	{"a listed prefix that is declared nowhere is left out",
		BYTES_LIT("<apex><x/></apex>"), {"nix"}, "<apex><x></x></apex>"},
	{"the listed default is treated inclusively",
		BYTES_LIT("<r xmlns='urn:d' xmlns:a='urn:a'><a:apex><x/><y xmlns=''/></a:apex></r>"),
			{"#default"},
		"<a:apex xmlns=\"urn:d\" xmlns:a=\"urn:a\"><x></x><y xmlns=\"\"></y></a:apex>"},
	{"two listed prefixes, one bound anew inside",
		BYTES_LIT("<r xmlns:p='urn:p' xmlns:q='urn:q'><apex><x xmlns:p='urn:2'/></apex></r>"),
			{"p", "q"},
		"<apex xmlns:p=\"urn:p\" xmlns:q=\"urn:q\"><x xmlns:p=\"urn:2\"></x></apex>"},
	{"what stands beside the apex stays out",
		BYTES_LIT("<r>1<apex>2</apex>3<apexb>4</apexb><!--5--></r>"), {0}, "<apex>2</apex>"},
	{"the root can be the apex",
		BYTES_LIT("<?xml version='1.0'?>\n<apex>1</apex>\n"), {0}, "<apex>1</apex>"},
	{"identifiers are ordinary attributes", BYTES_LIT("<apex xml:id='i' Id='j'/>"), {0},
		"<apex Id=\"j\" xml:id=\"i\"></apex>"},
};

static bool keep(void *ctx, const void *data, size_t n)
{
	struct buf *out = ctx;

	buf_add(out, (struct bytes){data, n});
	return buf_ok(out);
}

static xmlNode *find_apex(xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && strcmp(node_local(node), "apex") == 0)
		return node;
	for (xmlNode *child = node->children; child; child = child->next) {
		xmlNode *found = find_apex(child);

		if (found)
			return found;
	}
	return NULL;
}

static xmlDoc *document(struct pool *pool, struct bytes text)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	xmlDoc *doc = NULL;

	assert_true(envelope_parse_document(pool, text, &limits, &doc, NULL).ok);
	return doc;
}

static void each_rule_gives_its_text(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		SCOPED(buf_free) struct buf out = BUF(4096);
		xmlNode *apex = find_apex(xmlDocGetRootElement(document(pool, rows[i].text)));
		bool ok = envelope_canonical(apex, rows[i].prefixes[0] ? rows[i].prefixes : NULL, keep,
			&out, NULL).ok;

		if (ok && strcmp(buf_cstr(&out), rows[i].canonical) == 0)
			continue;
		print_error("%s:\n  %s\n  %s\n", rows[i].name, buf_cstr(&out), rows[i].canonical);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void the_canonical_form_is_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		SCOPED(buf_free) struct buf out = BUF(4096);
		xmlDoc *doc = document(pool, bytes_str(rows[i].canonical));
		const char *const *prefixes = rows[i].prefixes[0] ? rows[i].prefixes : NULL;

		/* Without its scope a QName in content is only text. */
		assert_true(envelope_canonical(xmlDocGetRootElement(doc), prefixes, keep, &out, NULL).ok);
		assert_string_equal(buf_cstr(&out), rows[i].canonical);
	}
}

static void a_long_text_comes_whole_through_the_sink(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf text = BUF(1u << 20), out = BUF(1u << 20);

	(void)state;
	buf_str(&text, "<apex>");
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "<x>%d</x>", i);
	buf_str(&text, "</apex>");
	assert_true(envelope_canonical(xmlDocGetRootElement(document(pool, buf_bytes(&text))), NULL, keep,
		&out, NULL).ok);
	assert_true(bytes_eq(buf_bytes(&text), buf_bytes(&out)));
}

static void a_sink_that_refuses_ends_it(void **state)
{
	SCOPED(pool_free) struct pool *pool = new_pool();
	SCOPED(buf_free) struct buf out = BUF(8);
	xmlDoc *doc = document(pool, BYTES_LIT("<apex>more than eight octets</apex>"));
	struct err e = {0};

	(void)state;
	assert_false(envelope_canonical(xmlDocGetRootElement(doc), NULL, keep, &out, &e).ok);
	assert_int_equal(e.reason, REASON_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_gives_its_text),
		cmocka_unit_test(the_canonical_form_is_its_own),
		cmocka_unit_test(a_long_text_comes_whole_through_the_sink),
		cmocka_unit_test(a_sink_that_refuses_ends_it),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
