/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_node - small questions to nodes of the tree.
 * Promise:  names are compared with their namespace, attributes too; a prefix never matters.
 * Not here: what an element means. */
#include <libxml/xmlstring.h>

#include "security/security_int.h"

bool security_node_is(const xmlNode *node, const char *ns, const char *local)
{
	return strcmp(node_local(node), local) == 0 && strcmp(node_ns(node), ns) == 0;
}

xmlNode *security_node_element(xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

static bool is_blank(const xmlNode *text)
{
	return security_node_trim(bytes_str((const char *)text->content)).n == 0;
}

bool security_node_tidy(const xmlNode *parent)
{
	for (const xmlNode *n = parent->children; n; n = n->next) {
		bool fits = n->type == XML_ELEMENT_NODE || n->type == XML_COMMENT_NODE ||
			(n->type == XML_TEXT_NODE && is_blank(n));

		if (!fits)
			return false;
	}
	return true;
}

xmlAttr *security_node_attribute(const xmlNode *node, const char *ns, const char *local)
{
	for (xmlAttr *a = node->properties; a; a = a->next) {
		const char *its = a->ns ? (const char *)a->ns->href : "";

		if (strcmp((const char *)a->name, local) == 0 && strcmp(its, ns) == 0)
			return a;
	}
	return NULL;
}

const char *security_node_value(const xmlNode *node, const char *ns, const char *local)
{
	const xmlAttr *a = security_node_attribute(node, ns, local);

	if (!a)
		return NULL;
	/* Without a DTD the value is one text node at most: character references and the five entities are
	 * already resolved. */
	return a->children && a->children->content ? (const char *)a->children->content : "";
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct bytes security_node_trim(struct bytes text)
{
	size_t from = 0, to = text.n;

	while (from < to && is_space(text.p[from]))
		from++;
	while (to > from && is_space(text.p[to - 1]))
		to--;
	return bytes_sub(text, from, to);
}

bool security_ncname(const char *text)
{
	return xmlValidateNCName((const xmlChar *)text, 0) == 0;
}
