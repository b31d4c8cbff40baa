/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pre-scan, parser and tie refuse each by itself what it is there for, also when the layer beside it
 * would have. */
#include "envelope_samples.h"

#include "envelope_int.h"

struct row {
	const char *name;
	struct bytes text;
	enum reason reason;
};

#define ROW(name, text, reason) {name, {(const unsigned char *)(text), sizeof(text) - 1}, REASON_##reason}

static const struct row scan_rows[] = {
	ROW("one element", "<a/>", NONE),
	ROW("what is wrong in the small is left to the parser",
		"<a><p:1 b='&c;' b='2'>&d;]]></p:1></a>", NONE),
	ROW("a second root", "<a/><b/>", XML_MALFORMED),
	ROW("text behind the root", "<a/>b", XML_MALFORMED),
	ROW("CDATA behind the root", "<a/><![CDATA[]]>", XML_MALFORMED),
	ROW("an end tag behind the root", "<a/></a>", XML_MALFORMED),
	ROW("a tag in an attribute value", "<a b='<'/>", XML_MALFORMED),
	ROW("an end tag that begins like its start tag", "<a></ab>", XML_MALFORMED),
	ROW("an end tag that ends like its start tag", "<ab></b>", XML_MALFORMED),
	ROW("an end tag that differs in its last character", "<ab></ac>", XML_MALFORMED),
	ROW("an end tag that is cut", "<ab></ab", XML_MALFORMED),
	ROW("crossed tags", "<a><b></a></b>", XML_MALFORMED),
	ROW("an attribute without value", "<a b/>", XML_MALFORMED),
	ROW("an attribute without quotes", "<a b=c />", XML_MALFORMED),
	ROW("a slash inside a tag", "<a/ >", XML_MALFORMED),
	ROW("a document type", "<!DOCTYPE a><a/>", XML_DTD),
	ROW("a processing instruction", "<a><?b?></a>", XML_PI),
	ROW("an open root", "<a>", XML_MALFORMED),
	ROW("a cut comment", "<a><!-- --", XML_MALFORMED),
	ROW("a cut CDATA section", "<a><![CDATA[]]", XML_MALFORMED),
	ROW("a lone less-than sign", "<", XML_MALFORMED),
	ROW("a lone end", "</", XML_MALFORMED),
	ROW("a lone declaration", "<!", XML_MALFORMED),
};

static void the_scan_alone_refuses_broken_structure(void **state)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < sizeof scan_rows / sizeof *scan_rows; i++) {
		struct scan scan;
		struct err e = {0};
		bool ok = envelope_scan_read(scan_rows[i].text, &limits, ENVELOPE_SHALLOW, &scan, &e).ok;

		buf_free(&scan.marks);
		if (ok != (e.reason == REASON_NONE) || e.reason != scan_rows[i].reason)
			fail_msg("%s: %s", scan_rows[i].name, reason_row(e.reason)->name);
	}
}

/* For many of these libxml2 2.9.14 gives a tree when it is asked plainly. */
static const struct row parser_rows[] = {
	ROW("a plain element", "<a/>", NONE),
	ROW("a declaration", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a/>\n<!-- -->\n", NONE),
	ROW("an empty document type", "<!DOCTYPE a><a/>", XML_DTD),
	ROW("an internal entity", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", XML_DTD),
	ROW("an external subset", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", XML_DTD),
	ROW("an instruction before the root", "<?b c?><a/>", XML_PI),
	ROW("an instruction inside the root", "<a><?b?></a>", XML_PI),
	ROW("an instruction behind the root", "<a/><?b?>", XML_PI),
	ROW("an unbound prefix", "<p:a/>", XML_NAMESPACE),
	ROW("an unbound prefix of an attribute", "<a p:b=''/>", XML_NAMESPACE),
	ROW("two attributes of one expanded name", "<a xmlns:p='urn:n' xmlns:q='urn:n' p:b='' q:b=''/>",
		XML_NAMESPACE),
	ROW("an undeclared prefix", "<a xmlns:p=''/>", XML_NAMESPACE),
	ROW("another namespace for xml", "<a xmlns:xml='urn:x'/>", XML_NAMESPACE),
	ROW("a relative namespace", "<a xmlns:p='x'/>", XML_NAMESPACE),
	ROW("a relative default namespace deep inside",
		"<a><b><c xmlns='x:'/><c xmlns='x'/></b></a>", XML_NAMESPACE),
	ROW("version 1.1", "<?xml version='1.1'?><a/>", XML_DECLARATION),
	ROW("a NUL and more behind the root", "<a/>\0<b/>", XML_MALFORMED),
	ROW("a NUL behind the root", "<a/>\0", XML_MALFORMED),
	ROW("xml:id twice", "<a><b xml:id='i'/><b xml:id='i'/></a>", XML_DUPLICATE_ID),
	ROW("a second root", "<a/><b/>", XML_MALFORMED),
	ROW("an unknown entity", "<a>&b;</a>", XML_MALFORMED),
	ROW("the end of CDATA in text", "<a>]]></a>", XML_MALFORMED),
};

static void the_parser_alone_refuses_what_libxml2_tolerates(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof parser_rows / sizeof *parser_rows; i++) {
		SCOPED(pool_free) struct pool *pool = new_pool();
		struct err e = {0};
		xmlDoc *doc = NULL;
		bool ok = envelope_tree_build(pool, parser_rows[i].text, &doc, &e).ok;

		if (ok == (e.reason == REASON_NONE) && ok == (doc != NULL) &&
			e.reason == parser_rows[i].reason)
			continue;
		print_error("%s: %s (%s)\n", parser_rows[i].name, reason_row(e.reason)->name, e.detail);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* The text that was scanned and the one that was parsed; a parser that saw other elements would be such
 * a pair. */
static const struct {
	const char *name, *scanned, *parsed;
	bool good;
} ties[] = {
	{"the same", "<a><p:b xmlns:p='urn:p'/></a>", "<a><p:b xmlns:p='urn:p'/></a>", true},
	{"another text", "<a>x</a>", "<a>y</a>", true},
	{"another name", "<a><b/></a>", "<a><c/></a>", false},
	{"a longer name", "<a><b/></a>", "<a><bb/></a>", false},
	{"another prefix", "<a><p:b xmlns:p='urn:p'/></a>", "<a><q:b xmlns:q='urn:p'/></a>", false},
	{"no prefix", "<a><p:b xmlns:p='urn:p'/></a>", "<a><b xmlns='urn:p'/></a>", false},
	{"one more", "<a><b/></a>", "<a><b/><b/></a>", false},
	{"one less", "<a><b/><b/></a>", "<a><b/></a>", false},
	{"another depth", "<a><b/><c/></a>", "<a><b><c/></b></a>", false},
	{"another order", "<a><b/><c/></a>", "<a><c/><b/></a>", false},
	{"one more below the ranges", "<a><a><a><a><a><a><a/></a></a></a></a></a></a>",
		"<a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a>", false},
};

static bool ties_up(const char *scanned, const char *parsed)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	SCOPED(pool_free) struct pool *pool = new_pool();
	struct envelope env = {.pool = pool, .text = bytes_str(scanned)};
	struct err e = {0};
	struct scan scan;
	bool ok;

	assert_true(envelope_scan_read(bytes_str(scanned), &limits, ENVELOPE_SHALLOW, &scan, NULL).ok);
	assert_true(envelope_tree_build(pool, bytes_str(parsed), &env.doc, NULL).ok);
	ok = envelope_range_match(&env, &scan, &e).ok && envelope_range_tie(&env, &scan, &e).ok;
	assert_int_equal(e.reason, ok ? REASON_NONE : REASON_XML_MALFORMED);
	buf_free(&scan.marks);
	return ok;
}

static void octets_and_tree_that_disagree_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
		if (ties_up(ties[i].scanned, ties[i].parsed) != ties[i].good)
			fail_msg("%s", ties[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_scan_alone_refuses_broken_structure),
		cmocka_unit_test(the_parser_alone_refuses_what_libxml2_tolerates),
		cmocka_unit_test(octets_and_tree_that_disagree_are_refused),
	};

	return cmocka_run_group_tests(tests, start_room, NULL);
}
