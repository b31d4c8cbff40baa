/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_compare - the tree of a frame beside the one that libxml2 makes of the same octets, node by node. For tests, and
 * for builds that give both verdicts.
 * Spec:     docs/decisions/0030 */
#include "envelope_int.h"

#include <libxml/parserInternals.h>

static bool same_words(const xmlChar *a, const xmlChar *b)
{
	return a && b ? strcmp((const char *)a, (const char *)b) == 0 : a == b;
}

static bool same_ns(const xmlNs *a, const xmlNs *b)
{
	if (!a || !b)
		return a == b;
	return a->type == b->type && same_words(a->prefix, b->prefix) && same_words(a->href, b->href);
}

/* The one in force for its prefix at the node, and no other of the same words. */
static bool is_in_force(const xmlNode *node, const xmlNs *wanted)
{
	for (; wanted && node->type == XML_ELEMENT_NODE; node = node->parent) {
		for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
			if (same_words(ns->prefix, wanted->prefix))
				return ns == wanted;
		}
	}
	return !wanted;
}

static bool same_declarations(const xmlNode *a, const xmlNode *b)
{
	const xmlNs *x = a->nsDef, *y = b->nsDef;

	for (; x && y; x = x->next, y = y->next) {
		if (!same_ns(x, y))
			return false;
	}
	return x == y;
}

/* A value is one text, which may be missing where libxml2 left an empty one out. */
static const xmlChar *value_of(const xmlAttr *a)
{
	const xmlNode *text = a->children;

	if (!text)
		return (const xmlChar *)"";
	return text == a->last && !text->next && text->type == XML_TEXT_NODE && text->doc == a->doc &&
		text->parent == (const xmlNode *)(const void *)a ? text->content : NULL;
}

static bool same_attribute(const xmlNode *node, const xmlAttr *a, const xmlAttr *b)
{
	const xmlChar *value = value_of(a);

	return value && same_words(value, value_of(b)) && same_words(a->name, b->name) && same_ns(a->ns, b->ns) &&
		is_in_force(node, a->ns) && a->type == b->type && a->atype == b->atype && a->parent == node &&
		a->doc == node->doc && (a->prev ? a->prev->next == a : node->properties == a);
}

static bool same_attributes(const xmlNode *a, const xmlNode *b)
{
	const xmlAttr *x = a->properties, *y = b->properties;

	for (; x && y; x = x->next, y = y->next) {
		if (!same_attribute(a, x, y))
			return false;
	}
	return x == NULL && y == NULL;
}

static bool is_linked(const xmlNode *node, const xmlDoc *doc)
{
	const xmlNode *parent = node->parent;

	return node->doc == doc && (node->prev ? node->prev->next == node : parent->children == node) &&
		(node->next ? node->next->prev == node : parent->last == node);
}

static const char *differ(const xmlNode *a, const xmlNode *b)
{
	if (a->type != b->type || !same_words(a->name, b->name))
		return "another kind or name";
	if (a->type != XML_ELEMENT_NODE)
		return a->name == b->name && a->content && same_words(a->content, b->content) ? NULL : "another text";
	if (a->line != b->line)
		return "another line";
	if (!same_declarations(a, b))
		return "other declarations";
	if (!same_ns(a->ns, b->ns) || !is_in_force(a, a->ns))
		return "another namespace";
	return same_attributes(a, b) ? NULL : "other attributes";
}

/* `a` and what is below it. */
static const char *differ_below(xmlNode *a, xmlNode *b)
{
	xmlNode *x = a, *y = b;

	for (; x && y; x = node_next(a, x), y = node_next(b, y)) {
		const char *why = differ(x, y);

		if (why)
			return why;
		if (!is_linked(x, a->doc))
			return "another link";
	}
	return x == y ? NULL : "another number of nodes";
}

static const char *differ_all(const xmlDoc *a, const xmlDoc *b)
{
	xmlNode *x = a->children, *y = b->children;

	if (a->type != b->type || a->doc != a || a->intSubset || a->dict || a->charset != b->charset ||
		a->properties != b->properties || !same_words(a->version, b->version))
		return "another document";
	for (; x && y; x = x->next, y = y->next) {
		const char *why = differ_below(x, y);

		if (why)
			return why;
		if (x->parent != (const xmlNode *)(const void *)a)
			return "another parent";
	}
	return x == y ? NULL : "another number of nodes beside the root";
}

static bool read_frame(struct pool *pool, const struct envelope *env, xmlDoc **out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(SIZE_MAX / 2);
	size_t skip, content;

	if (!envelope_prolog_read(env->text, &skip, &content, e).ok)
		return false;
	buf_add(&text, bytes_sub(env->text, skip, env->left->inner));
	buf_add(&text, bytes_sub(env->text, env->left->inner_end, env->text.n));
	if (!buf_ok(&text))
		return err_set(e, REASON_MEMORY, "no memory for the frame").ok;
	return envelope_tree_build(pool, buf_bytes(&text), out, e).ok;
}

const char *envelope_frame_differs(const struct envelope *env)
{
	SCOPED(pool_free) struct pool *pool = pool_new(SIZE_MAX / 2);
	struct err e = {0};
	xmlDoc *other;

	if (!pool)
		return NULL;
	if (!read_frame(pool, env, &other, &e))
		return e.reason == REASON_MEMORY ? NULL : "libxml2 refuses the frame";
	return differ_all(env->doc, other);
}
