/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_node - what a single node says: its names, its whole text, the prefixes that are in force at it. */
#include "envelope_int.h"

#include <stdlib.h>

const char *node_local(const struct _xmlNode *node)
{
	return (const char *)node->name;
}

const char *node_ns(const struct _xmlNode *node)
{
	return node->ns && node->ns->href ? (const char *)node->ns->href : "";
}

static bool is_text(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

/* A comment is invisible to the signature yet splits the text around it: reading a part would read another message than
 * the signed one. */
bool node_text(struct pool *pool, const struct _xmlNode *node, struct bytes *out)
{
	size_t n = 0;
	unsigned char *text, *to;

	for (const xmlNode *child = node->children; child; child = child->next) {
		if (is_text(child))
			n += strlen((const char *)child->content);
		else if (child->type != XML_COMMENT_NODE)
			return false;
	}
	text = to = pool_alloc(pool, n + 1);
	if (!text)
		return false;
	for (const xmlNode *child = node->children; child; child = child->next) {
		if (is_text(child))
			to = (unsigned char *)stpcpy((char *)to, (const char *)child->content);
	}
	*out = (struct bytes){text, n};
	return true;
}

static bool is_hidden(const xmlNs *const *seen, size_t n, const xmlNs *ns)
{
	for (size_t i = 0; i < n; i++) {
		if (xmlStrEqual(seen[i]->prefix, ns->prefix))
			return true;
	}
	return false;
}

static int by_prefix(const void *a, const void *b)
{
	const xmlNs *const *left = a, *const *right = b;

	return xmlStrcmp((*left)->prefix ? (*left)->prefix : BAD_CAST "", (*right)->prefix ? (*right)->prefix : BAD_CAST "");
}

/* Innermost declarations first; those they hide are left out. Gives the count. */
static size_t scope_collect(const xmlNode *node, const xmlNs **seen, size_t room)
{
	size_t n = 0;

	for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
		for (const xmlNs *ns = node->nsDef; ns && n < room; ns = ns->next) {
			if (!is_hidden(seen, n, ns))
				seen[n++] = ns;
		}
	}
	return n;
}

static size_t scope_count(const xmlNode *node)
{
	size_t n = 0;

	for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
		for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
			n++;
	}
	return n;
}

struct bytes envelope_scope(const struct envelope *env, struct pool *pool)
{
	const xmlNode *node = env->operation->node;
	size_t room = scope_count(node), n, size = 0;
	const xmlNs **seen = pool_alloc(pool, room * sizeof *seen);
	char *text, *to;

	if (!seen)
		return BYTES_NONE;
	n = scope_collect(node, seen, room);
	qsort(seen, n, sizeof *seen, by_prefix);
	for (size_t i = 0; i < n; i++)
		size += (size_t)xmlStrlen(seen[i]->prefix) + (size_t)xmlStrlen(seen[i]->href) + 2;
	text = to = pool_alloc(pool, size + 1);
	if (!text)
		return BYTES_NONE;
	for (size_t i = 0; i < n; i++) {
		to = stpcpy(to, seen[i]->prefix ? (const char *)seen[i]->prefix : "");
		to = stpcpy(to, "=");
		to = stpcpy(to, seen[i]->href ? (const char *)seen[i]->href : "");
		to = stpcpy(to, "\n");
	}
	return (struct bytes){(const unsigned char *)text, (size_t)(to - text)};
}
