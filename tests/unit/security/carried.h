/* SPDX-License-Identifier: GPL-3.0-or-later */
/* carried - documents, the demands made of them, and the ways in which data carries them: for the tests of inner
 * signatures. */
#ifndef QAQPA_TESTS_SECURITY_CARRIED_H
#define QAQPA_TESTS_SECURITY_CARRIED_H

#include "persons.h"

#define DOC "<p:Req xmlns:p=\"urn:p\" kind=\"a\"><p:sum>100</p:sum><!-- note --><p:who>Қ &amp; Ң</p:who>@</p:Req>"
#define BY_ID "<p:Req xmlns:p=\"urn:p\"><p:Doc Id=\"d1\"><p:sum>100</p:sum></p:Doc>@</p:Req>"

UNUSED static const struct conf_inner enveloped = {.forms = CONF_INNER_ENVELOPED, .rules = one_director, .rule_count = 1};
UNUSED static const struct conf_inner by_id = {.forms = CONF_INNER_BY_ID, .rules = one_director, .rule_count = 1,
	.covers = "Doc"};
UNUSED static const struct conf_inner both = {.forms = CONF_INNER_ENVELOPED | CONF_INNER_BY_ID, .rules = one_director,
	.rule_count = 1};

UNUSED static const char *data_of(const char *content)
{
	return pool_printf(persons.pool, "<data>%s</data>", content);
}

/* --- ways of carrying --- */

UNUSED static const char *as_element(const char *doc)
{
	return data_of(doc);
}

UNUSED static const char *as_text(const char *doc)
{
	return data_of(escaped(doc));
}

/* A section inside the document is cut in two, because sections do not nest. */
UNUSED static const char *as_cdata(const char *doc)
{
	const char *inside = strstr(doc, "]]>") ? replaced(doc, "]]>", "]]]]><![CDATA[>") : doc;

	return pool_printf(persons.pool, "<data><![CDATA[%s]]></data>", inside);
}

UNUSED static const char *as_mixture(const char *doc)
{
	size_t half = strlen(doc) / 2;

	return pool_printf(persons.pool, "<data>\n <![CDATA[%.*s]]>%s\n</data>", (int)half, doc, escaped(doc + half));
}

UNUSED static const char *as_declared_text(const char *doc)
{
	return data_of(escaped(pool_printf(persons.pool, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n%s\n<!-- end -->\n",
		doc)));
}

UNUSED static const char *as_base64(const char *doc)
{
	return data_of(base64_of(bytes_str(doc)));
}

UNUSED static const char *as_element_with_blanks(const char *doc)
{
	return data_of(pool_printf(persons.pool, "\n  <!-- before -->%s\n", doc));
}

UNUSED static const struct {
	const char *name;
	const char *(*carry)(const char *doc);
} ways[] = {{"element", as_element}, {"escaped text", as_text}, {"CDATA", as_cdata}, {"CDATA beside escaped text",
	as_mixture},
	{"escaped text with declaration", as_declared_text}, {"base64", as_base64},
	{"element with blanks and comments around", as_element_with_blanks}};

UNUSED static const struct {
	const char *name;
	struct template t;
} forms[] = {
	{"exclusive", {.uri = NULL}},
	{"inclusive, as the NCA's library writes it",
		{.transforms = TRANSFORM(ENVELOPED) TRANSFORM(INC "#WithComments"), .c14n = INC}},
	{"inclusive without comments", {.transforms = TRANSFORM(ENVELOPED) TRANSFORM(INC), .c14n = INC}},
	{"exclusive with comments", {.transforms = TRANSFORM(ENVELOPED) TRANSFORM(NS_EXC_C14N "WithComments"),
		.c14n = NS_EXC_C14N "WithComments"}},
	{"inclusive SignedInfo, exclusive document", {.c14n = INC}},
	{"sha512 over the document", {.digest = ENC "sha512"}},
	{"an Id on the Signature", {.attributes = " Id=\"signature\""}},
};

#endif
