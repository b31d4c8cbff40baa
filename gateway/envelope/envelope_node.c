/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_node - what a single node says: its names, its whole text, the prefixes that are in force at
 * it. */
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

/* A comment is invisible to the signature yet splits the text around it: reading a part would read
 * another message than the signed one. */
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

struct _xmlNode *node_next(const struct _xmlNode *top, struct _xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && node->children)
		return node->children;
	while (node != top && !node->next)
		node = node->parent;
	return node == top ? NULL : node->next;
}

static const char *prefix_of(const xmlNs *ns)
{
	return ns->prefix ? (const char *)ns->prefix : "";
}

static bool is_hidden(const xmlNs *const *seen, size_t n, const xmlNs *ns)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(prefix_of(seen[i]), prefix_of(ns)) == 0)
			return true;
	}
	return false;
}

static int by_prefix(const void *a, const void *b)
{
	const xmlNs *const *left = a, *const *right = b;

	return strcmp(prefix_of(*left), prefix_of(*right));
}

/* Innermost declarations first; those they hide are left out. Gives the count. */
static size_t scope_collect(const xmlNode *node, const xmlNs **seen)
{
	size_t n = 0;

	for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
		for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
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

/* xmlns="" hides an outer default; by itself it says nothing. */
static bool says_nothing(const xmlNs *ns)
{
	return !ns->href || !*ns->href;
}

struct bytes envelope_scope(const struct envelope *env, struct pool *pool)
{
	const xmlNode *node = env->operation->node;
	const xmlNs **seen = pool_alloc(pool, scope_count(node) * sizeof *seen);
	size_t n, size = 1;
	char *text, *to;

	if (!seen)
		return BYTES_NONE;
	n = scope_collect(node, seen);
	qsort(seen, n, sizeof *seen, by_prefix);
	for (size_t i = 0; i < n; i++)
		size += (size_t)xmlStrlen(seen[i]->prefix) + (size_t)xmlStrlen(seen[i]->href) + 2;
	text = to = pool_alloc(pool, size);
	if (!text)
		return BYTES_NONE;
	for (size_t i = 0; i < n; i++) {
		if (says_nothing(seen[i]))
			continue;
		to = stpcpy(to, prefix_of(seen[i]));
		to = stpcpy(to, "=");
		to = stpcpy(to, (const char *)seen[i]->href);
		to = stpcpy(to, "\n");
	}
	return (struct bytes){(const unsigned char *)text, (size_t)(to - text)};
}
