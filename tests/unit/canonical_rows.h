/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_rows - texts and their exclusive canonical forms, rule by rule: for libxml2 (unit/envelope) and for our own
 * (unit/canonical). */
#ifndef QAQPA_TESTS_CANONICAL_ROWS_H
#define QAQPA_TESTS_CANONICAL_ROWS_H

#include "envelope/envelope.h"

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
	{"what repeats with one attribute stays as it is, or not",
		BYTES_LIT("<apex><a x=\"1\">1</a><a x=\"2>\"></a><a  x=\"3\"/><a x='4'/><a x=\"5&#9;\">5</a>"
			"<a x=\"6\" ></a></apex>"),
		{0}, "<apex><a x=\"1\">1</a><a x=\"2>\"></a><a x=\"3\"></a><a x=\"4\"></a><a x=\"5&#x9;\">5</a>"
		"<a x=\"6\"></a></apex>"},
	{"a declaration before the attribute goes where it is not used",
		BYTES_LIT("<apex><a xmlns:b=\"urn:b\" x=\"1\"><a xmlns:b=\"urn:b\" x=\"2\"></a></a></apex>"), {0},
		"<apex><a x=\"1\"><a x=\"2\"></a></a></apex>"},
	{"attributes are sorted though others began alike",
		BYTES_LIT("<apex><a yy=\"1\" x=\"2\"></a><a zzzzzzzz=\"1\"></a><a yy=\"1\" x=\"3\"></a></apex>"), {0},
		"<apex><a x=\"2\" yy=\"1\"></a><a zzzzzzzz=\"1\"></a><a x=\"3\" yy=\"1\"></a></apex>"},
	{"the prefix of an attribute is declared each time",
		BYTES_LIT("<apex xmlns:p=\"urn:p\"><a p:x=\"1\"></a><a></a><a p:x=\"2\"></a></apex>"), {0},
		"<apex><a xmlns:p=\"urn:p\" p:x=\"1\"></a><a></a><a xmlns:p=\"urn:p\" p:x=\"2\"></a></apex>"},
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
	/* The case of xml-exc-c14n section 2.2 in other words: the same element in two envelopes gives one text. */
	{"an element in one envelope", BYTES_LIT("<o:out xmlns:o='urn:o' xmlns:f='urn:f'><i:apex xmlns:i='urn:i' xml:lang='kk'>"
		"<f:leaf/></i:apex></o:out>"), {0},
		"<i:apex xmlns:i=\"urn:i\" xml:lang=\"kk\"><f:leaf xmlns:f=\"urn:f\"></f:leaf></i:apex>"},
	{"and in another", BYTES_LIT("<p:other xmlns:p='urn:p' xml:space='preserve' xmlns:f='urn:f'><i:apex xmlns:i='urn:i' "
		"xml:lang='kk'><f:leaf xmlns:o='urn:o'/></i:apex></p:other>"), {0},
		"<i:apex xmlns:i=\"urn:i\" xml:lang=\"kk\"><f:leaf xmlns:f=\"urn:f\"></f:leaf></i:apex>"},
	{"CR LF is a line end, so is CR alone",
		BYTES_LIT("<apex a='1\r\n2\r3\n\r4'>1\r\n2\r3\r\r\n4\r<x/>\r</apex>"), {0},
		"<apex a=\"1 2 3  4\">1\n2\n3\n\n4\n<x></x>\n</apex>"},
	{"and in a CDATA section, where references mean nothing",
		BYTES_LIT("<apex><![CDATA[\r\n\r&lt;]]]]><![CDATA[>]]><![CDATA[]]></apex>"), {0},
		"<apex>\n\n&amp;lt;]]&gt;</apex>"},
	{"a line end may be cut by markup", BYTES_LIT("<apex>1\r<!--\r\n-->\n2\r<![CDATA[\n]]></apex>"), {0},
		"<apex>1\n\n2\n\n</apex>"},
	{"characters by number, in both bases and of every length",
		BYTES_LIT("<apex a='&#9;&#xA;&#00013;&#x00e9;'>&#x9;&#10;&#xd;&#65;&#x7ff;&#x800;&#xFFFD;&#x10FFFF;&#38;&#60;&#62;"
			"</apex>"), {0},
		"<apex a=\"&#x9;&#xA;&#xD;\xC3\xA9\">\t\n&#xD;A\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBD\xF4\x8F\xBF\xBF&amp;&lt;&gt;"
		"</apex>"},
	{"a lone > in text is escaped, in a value it is not", BYTES_LIT("<apex a='>'>a>b</apex >"), {0},
		"<apex a=\">\">a&gt;b</apex>"},
	{"white space around names and values goes", BYTES_LIT("<apex\n\tb\t=\r\n'2'\r a =\"1\"\t/>"), {0},
		"<apex a=\"1\" b=\"2\"></apex>"},
	{"two prefixes of one namespace are sorted by the local names", BYTES_LIT("<apex xmlns:z='urn:u' xmlns:a='urn:u' "
		"a:y='1' z:x='2' a:z='3'/>"), {0},
		"<apex xmlns:a=\"urn:u\" xmlns:z=\"urn:u\" z:x=\"2\" a:y=\"1\" a:z=\"3\"></apex>"},
	{"a namespace is sorted by its name, shorter first", BYTES_LIT("<apex xmlns:a='urn:bb' xmlns:b='urn:b' xmlns:c='urn:ba' "
		"a:x='1' b:x='2' c:x='3'/>"), {0},
		"<apex xmlns:a=\"urn:bb\" xmlns:b=\"urn:b\" xmlns:c=\"urn:ba\" b:x=\"2\" c:x=\"3\" a:x=\"1\"></apex>"},
	{"names are compared by octets, longer later",
		BYTES_LIT("<apex aa='1' a='2' \xC3\xA9='3' B='4' a-='5' a.='6'/>"), {0},
		"<apex B=\"4\" a=\"2\" a-=\"5\" a.=\"6\" aa=\"1\" \xC3\xA9=\"3\"></apex>"},
	{"a prefix bound anew by the same name is no news", BYTES_LIT("<a:apex xmlns:a='urn:a'><b xmlns:a='urn:b'>"
		"<a:c xmlns:a='urn:a'><a:d/></a:c><a:e/></b><a:f/></a:apex>"), {0},
		"<a:apex xmlns:a=\"urn:a\"><b><a:c><a:d></a:d></a:c><a:e xmlns:a=\"urn:b\"></a:e></b><a:f></a:f></a:apex>"},
	{"the default comes and goes",
		BYTES_LIT("<apex><b xmlns='urn:1'><c xmlns=''/><d xmlns='urn:2'><e xmlns='urn:1'/></d></b>"
		"<f/></apex>"), {0},
		"<apex><b xmlns=\"urn:1\"><c xmlns=\"\"></c><d xmlns=\"urn:2\"><e xmlns=\"urn:1\"></e></d></b><f></f></apex>"},
	{"an attribute never has the default namespace",
		BYTES_LIT("<r xmlns='urn:d' xmlns:p='urn:d'><p:apex a='1' p:a='2'/></r>"), {0},
		"<p:apex xmlns:p=\"urn:d\" a=\"1\" p:a=\"2\"></p:apex>"},
	{"a listed prefix is declared again only where it changes", BYTES_LIT("<r xmlns:p='urn:1'><apex><x xmlns:p='urn:1'><y "
		"xmlns:p='urn:2'><z xmlns:p='urn:1'/></y></x></apex></r>"), {"p", "xml"},
		"<apex xmlns:p=\"urn:1\"><x><y xmlns:p=\"urn:2\"><z xmlns:p=\"urn:1\"></z></y></x></apex>"},
	{"a listed prefix that comes inside is declared there", BYTES_LIT("<apex><x xmlns:p='urn:1'><y/></x></apex>"), {"p"},
		"<apex><x xmlns:p=\"urn:1\"><y></y></x></apex>"},
	{"listed and used is written once", BYTES_LIT("<r xmlns:p='urn:1' xmlns='urn:d'><p:apex p:a='1'/></r>"),
		{"p", "p", "#default"}, "<p:apex xmlns=\"urn:d\" xmlns:p=\"urn:1\" p:a=\"1\"></p:apex>"},
};

#endif
