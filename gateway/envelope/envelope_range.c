/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_range - ties the nodes of the tree to the ranges of the elements.
 *
 * Promise: where scan and parser are two, they saw the same elements by name, in the same order, at the same depths;
 * otherwise the message is refused, so that no room ever cuts octets of one element while it looks at
 * another.
 */
#include "envelope_int.h"

/* The node itself or the first sibling behind it that is an element. */
static xmlNode *first_element(xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

xmlNode *envelope_tree_next(xmlNode *top, xmlNode *node, int *depth)
{
	xmlNode *next;

	if (!node) {
		*depth = 1;
		return top;
	}
	next = first_element(node->children);
	if (next) {
		(*depth)++;
		return next;
	}
	while (node != top) {
		next = first_element(node->next);
		if (next)
			return next;
		node = node->parent;
		(*depth)--;
	}
	return NULL;
}

/* The qualified name in the octets is the one in the tree. */
static bool same_name(struct bytes name, const xmlNode *node)
{
	const char *prefix = node->ns ? (const char *)node->ns->prefix : NULL;
	struct bytes local = bytes_str((const char *)node->name);
	size_t n = prefix ? strlen(prefix) + 1 : 0;

	if (name.n != n + local.n || !bytes_eq(bytes_sub(name, n, name.n), local))
		return false;
	return n == 0 || (name.p[n - 1] == ':' && memcmp(name.p, prefix, n - 1) == 0);
}

static outcome disagree(const xmlNode *node, struct err *e)
{
	return err_set(e, REASON_XML_MALFORMED, "line %ld: octets and tree disagree",
		node ? xmlGetLineNo(node) : 0L);
}

/* The place of a mark is among those of its parent, which comes before it. */
static struct element *place_of(struct envelope *env, const struct mark *mark, struct element *const *places)
{
	struct element *parent;

	if (mark->depth == 1)
		return env->root;
	parent = places[mark->parent];
	return &parent->children[parent->child_count++];
}

static outcome tie(struct envelope *env, const struct mark *mark, struct element *place, struct err *e)
{
	if (mark->children > 0)
		place->children = pool_alloc(env->pool, mark->children * sizeof *place);
	if (mark->children > 0 && !place->children)
		return err_set(e, REASON_MEMORY, "no memory for the ranges");
	place->node = mark->node;
	place->start = mark->start;
	place->inner = mark->inner;
	place->inner_end = mark->inner_end;
	place->end = mark->end;
	return DONE;
}

outcome envelope_range_match(const struct envelope *env, struct scan *scan, struct err *e)
{
	const size_t count = scan->marks.len / sizeof(struct mark);
	xmlNode *root = xmlDocGetRootElement(env->doc);
	struct mark *marks = scan_marks(scan);
	size_t i = 0, elements = 0;
	int depth;

	for (xmlNode *node = envelope_tree_next(root, NULL, &depth); node;
	     node = envelope_tree_next(root, node, &depth)) {
		struct mark *mark = &marks[i];

		elements++;
		if (depth > ENVELOPE_SHALLOW)
			continue;
		if (i == count || mark->depth != (uint32_t)depth ||
		    !same_name(bytes_sub(env->text, mark->start + 1, mark->start + 1 + mark->name_n), node))
			return disagree(node, e);
		mark->node = node;
		i++;
	}
	return i == count && elements == scan->elements ? DONE : disagree(NULL, e);
}

outcome envelope_range_tie(struct envelope *env, const struct scan *scan, struct err *e)
{
	const size_t count = scan->marks.len / sizeof(struct mark);
	struct element **places = pool_alloc(env->pool, count * sizeof(struct element *));
	const struct mark *marks = scan_marks(scan);

	env->root = POOL_NEW(env->pool, struct element);
	if (!env->root || !places)
		return err_set(e, REASON_MEMORY, "no memory for %zu ranges", count);
	for (size_t i = 0; i < count; i++) {
		places[i] = place_of(env, &marks[i], places);
		TRY(tie(env, &marks[i], places[i], e));
	}
	if (scan->left.octets.n > 0)
		env->left = places[scan->left_mark];
	return DONE;
}

size_t envelope_children(const struct envelope *env, const struct element *parent,
	const struct element **list)
{
	BUG_IF(!env->root || parent->left_out_of);
	*list = parent->children;
	return parent->child_count;
}

const struct element *envelope_child(const struct envelope *env, const struct element *parent, const char *ns,
	const char *local, bool *several)
{
	const struct element *list, *found = NULL;
	size_t n = envelope_children(env, parent, &list);
	unsigned count = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(node_local(list[i].node), local) != 0 ||
		    (ns && strcmp(node_ns(list[i].node), ns) != 0))
			continue;
		count++;
		if (!found)
			found = &list[i];
	}
	if (several)
		*several = count > 1;
	return count == 1 ? found : NULL;
}

static const struct element *child_of(const struct envelope *env, const struct element *parent, const xmlNode *node)
{
	const struct element *list;
	size_t n = envelope_children(env, parent, &list);

	for (size_t i = 0; i < n; i++) {
		if (list[i].node == node)
			return &list[i];
	}
	return NULL;
}

size_t envelope_path(const struct envelope *env, const struct _xmlNode *node, const struct element *path[ENVELOPE_PATH])
{
	const xmlNode *up[ENVELOPE_PATH];
	size_t n = 0;

	for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
		if (n == ENVELOPE_PATH)
			return 0;
		up[n++] = node;
	}
	if (n == 0 || up[n - 1] != env->root->node)
		return 0;
	path[0] = env->root;
	for (size_t depth = 1; depth < n; depth++) {
		path[depth] = child_of(env, path[depth - 1], up[n - 1 - depth]);
		if (!path[depth])
			return 0;
	}
	return n;
}
