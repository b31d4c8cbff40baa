/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_ids - identifiers are unique, so that a Reference can mean one element only.
 *
 * Id spellings differ (wsu:Id, Id, ID, id, xml:id), and libraries differ in which they follow; so all of
 * them count, in any namespace, as one space of names. That is strict for the message: Envelope, Header
 * with all that is in it, and the Body down to ENVELOPE_CONTRACT_DEPTH. Deeper in the Body lie the
 * payload and plain fields: there `id` is mostly a business attribute that repeats (<item id="1"/>), no
 * Reference may point there, and its values may repeat among themselves; but one that equals an
 * identifier of the message is refused, since that is how a wrapped Body would pose as the signed one.
 * xml:id alone is unique everywhere: the parser itself sees to it.
 */
#include "envelope_int.h"

#include <stdlib.h>

#define HEADER_DEPTH_MOST 4 /* of an element that envelope_by_id gives: a child of Security */

struct collector {
	struct buf found; /* array of struct identified */
	struct err *e;
};

static bool is_id(const xmlAttr *attribute)
{
	const char *name = (const char *)attribute->name;

	return strcmp(name, "Id") == 0 || strcmp(name, "ID") == 0 || strcmp(name, "id") == 0;
}

/* Without a document type an attribute's value is one text, or nothing when it is empty; anything else
 * is not looked through but refused. */
static bool value_of(const xmlAttr *attribute, struct bytes *value)
{
	const xmlNode *text = attribute->children;

	*value = BYTES_LIT("");
	if (!text)
		return true;
	*value = bytes_str((const char *)text->content);
	return text->type == XML_TEXT_NODE && !text->next;
}

static outcome refuse(const xmlNode *node, struct bytes value, const char *what, struct err *e)
{
	return err_set(e, REASON_XML_DUPLICATE_ID, "line %ld: %s: %.*s", xmlGetLineNo(node), what,
		value.n < 64 ? (int)value.n : 64, (const char *)value.p);
}

/* Length first: the order is only for finding. */
static int by_value(const void *a, const void *b)
{
	const struct identified *left = a, *right = b;

	if (left->value.n != right->value.n)
		return left->value.n < right->value.n ? -1 : 1;
	return left->value.n ? memcmp(left->value.p, right->value.p, left->value.n) : 0;
}

static outcome collect(struct collector *c, const xmlNode *node, int depth, bool in_header)
{
	unsigned count = 0;

	for (xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
		struct identified found = {.attribute = attribute, .depth = depth, .in_header = in_header};

		if (!is_id(attribute))
			continue;
		if (!value_of(attribute, &found.value))
			return err_set(c->e, REASON_XML_MALFORMED, "an identifier is not plain text");
		if (++count > 1)
			return refuse(node, found.value, "one element carries two identifiers", c->e);
		buf_add(&c->found, (struct bytes){(const unsigned char *)&found, sizeof found});
	}
	return buf_ok(&c->found) ? DONE : err_set(c->e, REASON_MEMORY, "no memory for the identifiers");
}

/* Payload begins below `contract_depth`, except under the element `header`. */
static bool is_payload(const xmlNode *node, int depth, const xmlNode *header, int contract_depth,
	bool *in_header)
{
	if (depth == 2)
		*in_header = node == header;
	return depth > contract_depth && !*in_header;
}

static outcome sort_unique(struct collector *c)
{
	struct identified *list = (struct identified *)(void *)c->found.data;
	size_t n = c->found.len / sizeof *list;

	if (n > 0)
		qsort(list, n, sizeof *list, by_value);
	for (size_t i = 1; i < n; i++) {
		if (by_value(&list[i - 1], &list[i]) == 0)
			return refuse(list[i].attribute->parent, list[i].value,
				"two elements carry one identifier", c->e);
	}
	return DONE;
}

/* No identifier-like attribute of a payload element repeats an identifier of the message. */
static outcome check_payload(const struct collector *c, const xmlNode *node)
{
	const struct identified *list = (const struct identified *)(const void *)c->found.data;
	size_t n = c->found.len / sizeof *list;

	for (const xmlAttr *attribute = node->properties; attribute && n > 0; attribute = attribute->next) {
		struct identified found = {0};

		if (!is_id(attribute))
			continue;
		if (!value_of(attribute, &found.value))
			return err_set(c->e, REASON_XML_MALFORMED, "an identifier is not plain text");
		if (bsearch(&found, list, n, sizeof *list, by_value))
			return refuse(node, found.value, "the payload repeats it from the message", c->e);
	}
	return DONE;
}

static outcome check_all(struct collector *c, const xmlDoc *doc, const xmlNode *header, int contract_depth)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	bool in_header = false, again = false;
	int depth;

	for (xmlNode *node = envelope_tree_next(root, NULL, &depth); node;
	     node = envelope_tree_next(root, node, &depth)) {
		if (is_payload(node, depth, header, contract_depth, &in_header))
			again = again || node->properties;
		else
			TRY(collect(c, node, depth, in_header));
	}
	TRY(sort_unique(c));
	for (xmlNode *node = again ? envelope_tree_next(root, NULL, &depth) : NULL; node;
	     node = envelope_tree_next(root, node, &depth)) {
		if (is_payload(node, depth, header, contract_depth, &in_header))
			TRY(check_payload(c, node));
	}
	return DONE;
}

static void free_collector(struct collector *c)
{
	buf_free(&c->found);
}

outcome envelope_ids_unique(const struct _xmlDoc *doc, struct err *e)
{
	SCOPED(free_collector) struct collector c = {BUF(SIZE_MAX / 2), e};

	return check_all(&c, doc, NULL, ENVELOPE_DEPTH_MOST);
}

/* The same as check_payload, for what is not in the tree. */
static outcome check_left(const struct collector *c, const struct scan *scan)
{
	const struct identified *list = (const struct identified *)(const void *)c->found.data;
	const struct bytes *left = (const struct bytes *)(const void *)scan->left_ids.data;
	size_t n = c->found.len / sizeof *list;

	for (size_t i = 0; n > 0 && i < scan->left_ids.len / sizeof *left; i++) {
		const struct identified found = {.value = left[i]};

		if (bsearch(&found, list, n, sizeof *list, by_value))
			return err_set(c->e, REASON_XML_DUPLICATE_ID, "the payload repeats an identifier from the message");
	}
	return DONE;
}

outcome envelope_ids_collect(struct envelope *env, const struct scan *scan, struct err *e)
{
	SCOPED(free_collector) struct collector c = {BUF(SIZE_MAX / 2), e};

	TRY(check_all(&c, env->doc, env->header ? env->header->node : NULL, ENVELOPE_CONTRACT_DEPTH));
	TRY(check_left(&c, scan));
	env->id_count = c.found.len / sizeof *env->ids;
	env->ids = (struct identified *)(void *)pool_copy(env->pool, buf_bytes(&c.found));
	if (!env->ids)
		return err_set(e, REASON_MEMORY, "no memory for the identifiers");
	return DONE;
}

struct _xmlNode *envelope_by_id(const struct envelope *env, struct bytes id, bool plain_id)
{
	const struct identified wanted = {.value = id};
	const struct identified *found;
	const xmlAttr *attribute;
	const char *ns;
	xmlNode *node;

	if (env->id_count == 0)
		return NULL;
	found = bsearch(&wanted, env->ids, env->id_count, sizeof *env->ids, by_value);
	if (!found)
		return NULL;
	attribute = found->attribute;
	node = attribute->parent;
	/* Of the Body only the Body itself, of the Header what Security and its neighbours are made of. */
	if (node != env->body->node && (!found->in_header || found->depth > HEADER_DEPTH_MOST))
		return NULL;
	if (strcmp((const char *)attribute->name, "Id") != 0)
		return NULL;
	ns = attribute->ns ? (const char *)attribute->ns->href : "";
	if (strcmp(ns, NS_WSU) == 0)
		return node;
	return *ns == 0 && (plain_id || strcmp(node_ns(node), NS_DSIG) == 0) ? node : NULL;
}
