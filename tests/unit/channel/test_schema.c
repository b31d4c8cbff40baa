/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Payload schemas: every style of data is checked, nothing passes unchecked, details name rules and no
 * values. */
#include "channel_bench.h"

#include <pthread.h>

#include <libxml/parser.h>

#define XS_NS "http://www.w3.org/2001/XMLSchema"
#define XSI " xmlns:xsi=\"" NS_XSI "\""
#define XS " xmlns:xs=\"" XS_NS "\""
#define P " xmlns:p=\"urn:demo:permit\""
#define STRING "<data" XSI XS " xsi:type=\"xs:string\">"
#define HOLDER(data) ENVELOPE("<holder xmlns=\"\">" data "</holder>")

/* The schema in three files: the main one imports another namespace and includes a part of its own. */
static const char main_xsd[] =
	"<xs:schema" XS
	" targetNamespace=\"urn:demo:permit\" xmlns:p=\"urn:demo:permit\" xmlns:c=\"urn:demo:common\""
	" elementFormDefault=\"qualified\">" "<xs:include schemaLocation=\"parts/part.xsd\"/>"
	"<xs:import namespace=\"urn:demo:common\" schemaLocation=\"parts/common.xsd\"/>"
	"<xs:element name=\"Request\" type=\"p:RequestType\"/>"
	"<xs:complexType name=\"RequestType\"><xs:sequence>"
	"<xs:element name=\"number\" type=\"p:Number\"/>"
	"<xs:element name=\"iin\" type=\"c:Iin\" minOccurs=\"0\"/>"
	"<xs:element name=\"kind\" minOccurs=\"0\"><xs:simpleType><xs:restriction base=\"xs:string\">"
	"<xs:enumeration value=\"new\"/><xs:enumeration "
	"value=\"old\"/></xs:restriction></xs:simpleType></xs:element>"
	"</xs:sequence><xs:attribute name=\"mark\" type=\"xs:int\"/><xs:attribute name=\"id\" "
	"type=\"xs:ID\"/>" "</xs:complexType>" "<xs:complexType name=\"Empty\"/>"
	"<xs:complexType name=\"Abstract\" abstract=\"true\"/>"
	"</xs:schema>";
static const char part_xsd[] = "<xs:schema" XS
	" targetNamespace=\"urn:demo:permit\"><xs:simpleType name=\"Number\">"
	"<xs:restriction base=\"xs:int\"><xs:maxInclusive "
	"value=\"9\"/></xs:restriction></xs:simpleType></xs:schema>";
static const char common_xsd[] = "<xs:schema" XS
	" targetNamespace=\"urn:demo:common\"><xs:simpleType name=\"Iin\">"
	"<xs:restriction base=\"xs:string\"><xs:pattern "
	"value=\"[0-9]{12}\"/></xs:restriction></xs:simpleType>"
	"<xs:element name=\"Other\" type=\"xs:string\"/></xs:schema>";
static const char plain_xsd[] = "<xs:schema" XS
	"><xs:element name=\"a\" type=\"xs:int\"/><xs:element name=\"data\" " "type=\"xs:int\"/></xs:schema>";

static char folder[] = "/tmp/qaqpa schema XXXXXX"; /* a blank, as in paths people have */

static void save(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static outcome load(const char *name, struct schema **s, struct err *e)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return schema_load(path, s, e);
}

static struct schema *load_good(const char *name)
{
	struct schema *s = NULL;
	struct err e = {0};

	if (!load(name, &s, &e).ok)
		fail_msg("%s: %s", name, e.detail);
	return s;
}

static const struct {
	const char *sentence, *data;
	const char *detail; /* NULL: valid */
} rows[] = {
	{"a root of the schema", "<data><p:Request" P "><p:number>1</p:number></p:Request></data>", NULL},
	{"with blanks and a comment around", "<data>\n <!-- c --><p:Request" P
		"><p:number>1</p:number></p:Request>\n</data>", NULL},
	{"with every element and attribute", "<data><p:Request" P
		" mark=\"1\" id=\"a\"><p:number>1</p:number>"
		"<p:iin>900101300017</p:iin><p:kind>new</p:kind></p:Request></data>", NULL},
	{"data in a namespace, the root not", "<d:data xmlns:d=\"urn:d\"><p:Request" P
		"><p:number>1</p:number></p:Request>" "</d:data>", NULL},
	{"xsi:type anyType changes nothing", "<data" XSI XS " xsi:type=\"xs:anyType\"><p:Request" P
		"><p:number>1</p:number>" "</p:Request></data>", NULL},
	{"a root of an imported schema", "<data><c:Other xmlns:c=\"urn:demo:common\">x</c:Other></data>",
		NULL},
	{"a root that is not declared", "<data><p:Unknown" P "/></data>",
		"element Unknown: it is not declared"},
	{"a root in another namespace", "<data><Request><number>1</number></Request></data>",
		"element Request: it is not"},
	{"a local element as root", "<data><p:number" P ">1</p:number></data>",
		"element number: it is not declared"},
	{"our own element as root", "<data><q:data xmlns:q=\"urn:qaqpa:payload\"><x/></q:data></data>",
		"it is not declared"},
	{"an element is missing", "<data><p:Request" P "/></data>",
		"element Request: it is not expected here, or an element"},
	{"an element too much", "<data><p:Request" P "><p:number>1</p:number><p:more/></p:Request></data>",
		"element more: it is not expected"},
	{"a value above the bound", "<data><p:Request" P "><p:number>77</p:number></p:Request></data>",
		"element number: its value is too great"},
	{"a text that is no number", "<data><p:Request" P "><p:number>77a</p:number></p:Request></data>",
		"element number: its text is no value of its type"},
	{"a value off the pattern", "<data><p:Request" P
		"><p:number>1</p:number><p:iin>77</p:iin></p:Request></data>",
		"element iin: its text does not match the pattern"},
	{"a value off the list", "<data><p:Request" P
		"><p:number>1</p:number><p:kind>77</p:kind></p:Request></data>",
		"element kind: its value is not one of the list"},
	{"a bad attribute", "<data><p:Request" P " mark=\"77a\"><p:number>1</p:number></p:Request></data>",
		"element Request, attribute mark: its text is no value"},
	{"an attribute too much", "<data><p:Request" P
		" other=\"77\"><p:number>1</p:number></p:Request></data>",
		"element Request, attribute other: it is not allowed"},
	{"a value that looks like libxml2's words", "<data><p:Request" P
		"><p:number>, attribute '77': </p:number></p:Request>" "</data>",
		"element number: its text is no value of its type"},
	{"two roots", "<data><p:Request" P "/><p:Request" P "/></data>", "more than one element"},
	{"text beside the root", "<data>77<p:Request" P "><p:number>1</p:number></p:Request></data>",
		"text beside"},
	{"a schema location in the message changes nothing", "<data><q:x" XSI
		" xmlns:q=\"urn:q\" xsi:schemaLocation=\"urn:q " "extra.xsd\"/></data>",
		"element x: it is not declared"},

	{"a string", STRING
		"&lt;p:Request "
		"xmlns:p=&quot;urn:demo:permit&quot;>&lt;p:number>1&lt;/p:number>&lt;/p:Request>" "</data>",
		NULL},
	{"a string with a declaration", STRING "&lt;?xml version=\"1.0\" encoding=\"UTF-8\"?>&lt;p:Request "
		"xmlns:p=\"urn:demo:permit\">&lt;p:number>1&lt;/p:number>&lt;/p:Request></data>", NULL},
	{"CDATA without a type", "<data> <![CDATA[<p:Request" P
		"><p:number>1</p:number></p:Request>]]> </data>", NULL},
	{"CDATA with a type", STRING "<![CDATA[<p:Request" P "><p:number>1</p:number></p:Request>]]></data>",
		NULL},
	{"a string whose document is not valid", STRING "<![CDATA[<p:Request" P
		"><p:number>77</p:number></p:Request>]]>" "</data>",
		"element number: its value is too great"},
	{"a string that is no document", "<data>77</data>", "its text is no XML document"},
	{"a string with a document type", "<data><![CDATA[<!DOCTYPE a><p:Request" P
		"><p:number>1</p:number></p:Request>]]>" "</data>", "its text is no XML document (xml.dtd)"},
	{"our own element in a string", "<data><![CDATA[<q:data xmlns:q=\"urn:qaqpa:payload\"/>]]></data>",
		"not declared"},
	{"elements under a string type", STRING "<p:Request" P "><p:number>1</p:number></p:Request></data>",
		"a string by its type, but holds elements"},

	{"a type of the schema", "<data" XSI P " xsi:type=\"p:RequestType\"><p:number>1</p:number></data>",
		NULL},
	{"the same, prefixes declared above", "<x" XSI P
		"><data xsi:type=\" p:RequestType \" mark=\"1\"><p:number>1</p:number>" "</data></x>", NULL},
	{"a prefix that only xsi:type uses, declared above", "<x" XSI P "><data xsi:type=\"p:Empty\"/></x>",
		NULL},
	{"the same, the default namespace", "<data" XSI
		" xmlns=\"urn:demo:permit\" xsi:type=\"RequestType\"><number>1</number>" "</data>", NULL},
	{"the same, in the namespace of xsi with a bare type", "<data xmlns=\"" NS_XSI "\"" P
		" type=\"p:RequestType\">" "<p:number>1</p:number></data>", NULL},
	{"a type that allows nothing", "<data" XSI P " xsi:type=\"p:Empty\"/>", NULL},
	{"a type that allows nothing, with content", "<data" XSI P " xsi:type=\"p:Empty\"><a/></data>",
		"data: it "},
	{"a type whose content is not valid", "<data" XSI P
		" xsi:type=\"p:RequestType\"><p:number>77</p:number></data>",
		"element number: its value is too great"},
	{"a type that is not declared", "<data" XSI P " xsi:type=\"p:Unknown\"/>",
		"xsi:type is not a type of the schema"},
	{"an abstract type", "<data" XSI P " xsi:type=\"p:Abstract\"/>", "element data: "},
	{"a type without a declared prefix", "<data" XSI " xsi:type=\"q:RequestType\"/>",
		"the prefix of its xsi:type"},
	{"another built-in type", "<data" XSI XS " xsi:type=\"xs:base64Binary\">Nzc=</data>",
		"neither a string nor a type"},
	{"a nil typed data", "<data" XSI P " xsi:type=\"p:Empty\" xsi:nil=\"true\"/>",
		"element data: it may not be nil"},

	{"an empty data", "<data/>", "element data: it is empty"},
	{"blanks only", "<data>\n </data>", "element data: it is empty"},
	{"an empty string", STRING "</data>", "element data: it is empty"},
};

/* The element whose local name is data: the only child of holder, or of x in it. */
static const struct element *find_data(const struct envelope *env)
{
	bool several = false;
	const struct element *holder = envelope_operation(env), *data = envelope_child(env, holder, NULL,
		"data", &several);

	return data ? data : envelope_child(env, envelope_child(env, holder, NULL, "x", &several), NULL,
		"data", &several);
}

static void every_style_is_checked(void **state)
{
	SCOPED(schema_free) struct schema *s = load_good("main.xsd");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct envelope *env = bench_parse(b, bytes_str(pool_printf(b->pool, HOLDER("%s"),
			rows[i].data)));
		bool ok = schema_check(s, env, find_data(env), &e).ok;

		if (ok != !rows[i].detail)
			fail_msg("%s: %s", rows[i].sentence, ok ? "passed" : e.detail);
		if (ok)
			continue;
		if (e.reason != REASON_PAYLOAD_SCHEMA || !strstr(e.detail, rows[i].detail))
			fail_msg("%s: %s, '%s'", rows[i].sentence, reason_row(e.reason)->name, e.detail);
		if (strstr(e.detail, "77"))
			fail_msg("%s: a value in '%s'", rows[i].sentence, e.detail);
	}
}

static void absent_data_fails(void **state)
{
	SCOPED(schema_free) struct schema *s = load_good("main.xsd");
	struct bench *b = bench_fresh(state);
	struct envelope *env = bench_parse(b, BYTES_LIT(HOLDER("<data/>")));
	struct err e = {0};

	assert_false(schema_check(s, env, NULL, &e).ok);
	assert_int_equal(e.reason, REASON_PAYLOAD_SCHEMA);
}

/* The address of a file may be written as a URL. */
static void file_urls_are_files(void **state)
{
	char text[512];
	struct schema *s;

	(void)state;
	snprintf(text, sizeof(text), "<xs:schema" XS " xmlns:c=\"urn:demo:common\">"
		"<xs:import namespace=\"urn:demo:common\" "
		"schemaLocation=\"file:///tmp/qaqpa%%20schema%%20%s/parts/"
		"common.xsd\"/><xs:element name=\"a\" type=\"c:Iin\"/></xs:schema>", strrchr(folder,
		' ') + 1);
	save("url.xsd", text);
	s = load_good("url.xsd");
	schema_free(&s);
	assert_null(s);
}

static void a_schema_without_namespace_works(void **state)
{
	SCOPED(schema_free) struct schema *s = load_good("plain.xsd");
	static const struct {
		const char *data;
		bool ok;
	} plain[] = {{"<data><a>1</a></data>", true}, {"<data><a>x</a></data>", false},
		{"<data><data>1</data></data>", true},
		{"<data><b>1</b></data>", false}};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct bench *b = bench_fresh(state);
		struct err e = {0};
		struct envelope *env = bench_parse(b, bytes_str(pool_printf(b->pool, HOLDER("%s"),
			plain[i].data)));

		assert_int_equal(schema_check(s, env, find_data(env), &e).ok, plain[i].ok);
	}
}

static bool add(void *out, const void *data, size_t n)
{
	buf_add(out, (struct bytes){data, n});
	return true;
}

static void checking_changes_nothing_in_the_message(void **state)
{
	SCOPED(schema_free) struct schema *s = load_good("main.xsd");
	static const char *const all[] = {"d", "p", "xsi", "soapenv", "wsu", NULL};
	SCOPED(buf_free) struct buf before = BUF(MUCH), after = BUF(MUCH);
	struct bench *b = bench_fresh(state);
	struct err e = {0};
	struct envelope *env = bench_parse(b, BYTES_LIT(HOLDER("<d:data xmlns:d=\"urn:d\"" XSI P
		" xsi:type=\"p:RequestType\" id=\"a\"><p:number>1</p:number></d:data>")));

	assert_true(envelope_canonical(envelope_root(env)->node, all, add, &before, &e).ok);
	assert_true(schema_check(s, env, find_data(env), &e).ok);
	assert_true(envelope_canonical(envelope_root(env)->node, all, add, &after, &e).ok);
	assert_true(before.len > 0 && bytes_eq(buf_bytes(&before), buf_bytes(&after)));
}

static const struct {
	const char *sentence, *text, *detail;
	enum reason reason;
} broken[] = {
	{"no XML", "text", "not an XML schema", REASON_CONFIG},
	{"another document", "<a/>", "not an XML schema", REASON_CONFIG},
	{"an unknown type", "<xs:schema" XS "><xs:element name=\"a\" type=\"xs:none\"/></xs:schema>", "none",
		REASON_CONFIG},
	{"an import that is not there", "<xs:schema" XS
		"><xs:import namespace=\"urn:x\" schemaLocation=\"no.xsd\"/>" "</xs:schema>", "no.xsd",
		REASON_CONFIG},
	{"an include from the network", "<xs:schema" XS
		"><xs:include schemaLocation=\"http://127.0.0.1:9/x.xsd\"/>" "</xs:schema>", "127.0.0.1",
		REASON_CONFIG},
	{"an import from the network", "<xs:schema" XS "><xs:import namespace=\"urn:x\" "
		"schemaLocation=\"http://127.0.0.1:9/x.xsd\"/></xs:schema>", "127.0.0.1", REASON_CONFIG},
};

static void broken_schemas_are_named(void **state)
{
	struct schema *s = NULL;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		save("broken.xsd", broken[i].text);
		if (load("broken.xsd", &s, &e).ok)
			fail_msg("%s: was loaded", broken[i].sentence);
		assert_null(s);
		if (e.reason != broken[i].reason || !strstr(e.detail, broken[i].detail))
			fail_msg("%s: '%s'", broken[i].sentence, e.detail);
	}
	assert_false(load("absent.xsd", &s, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
}

/* While nothing is loaded, external things stay out of reach: the loader of envelope is back. */
static void nothing_external_is_read_afterwards(void **state)
{
	struct schema *s = load_good("main.xsd");
	char path[256];

	(void)state;
	schema_free(&s);
	snprintf(path, sizeof(path), "%s/main.xsd", folder);
	assert_null(xmlReadFile(path, NULL, XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
}

struct worker {
	const struct schema *s;
	int right;
};

static void *check_many(void *arg)
{
	struct worker *w = arg;
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct err e;

	for (int i = 0; i < 50; i++) {
		struct pool *pool = pool_new(4u << 20);
		struct envelope *env;
		struct bytes text = i % 2 ? BYTES_LIT(HOLDER("<data" XSI P
			" xsi:type=\"p:RequestType\"><p:number>1</p:number>"
							     "</data>"))
					  : BYTES_LIT(HOLDER("<data><p:Request" P
					"><p:number>77</p:number></p:Request>"
							     "</data>"));

		if (envelope_parse(pool, text, &limits, &env, &e).ok)
			w->right += schema_check(w->s, env, find_data(env), &e).ok == (i % 2 == 1);
		pool_free(&pool);
	}
	return NULL;
}

static void one_schema_serves_many_threads(void **state)
{
	SCOPED(schema_free) struct schema *s = load_good("main.xsd");
	struct worker workers[4];
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		workers[i] = (struct worker){s, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, check_many, &workers[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(workers[i].right, 50);
	}
}

static int open_files(void **state)
{
	char parts[256];

	if (bench_open(state) != 0 || !mkdtemp(folder))
		return -1;
	snprintf(parts, sizeof(parts), "mkdir '%s/parts'", folder);
	if (system(parts) != 0)
		return -1;
	save("main.xsd", main_xsd);
	save("parts/part.xsd", part_xsd);
	save("parts/common.xsd", common_xsd);
	save("plain.xsd", plain_xsd);
	return 0;
}

static int close_files(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command) == 0 ? bench_close(state) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_style_is_checked),
		cmocka_unit_test(absent_data_fails),
		cmocka_unit_test(file_urls_are_files),
		cmocka_unit_test(a_schema_without_namespace_works),
		cmocka_unit_test(checking_changes_nothing_in_the_message),
		cmocka_unit_test(broken_schemas_are_named),
		cmocka_unit_test(nothing_external_is_read_afterwards),
		cmocka_unit_test(one_schema_serves_many_threads),
	};

	return cmocka_run_group_tests_name("channel schema", tests, open_files, close_files);
}
