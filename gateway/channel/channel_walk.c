/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_walk - from the verified operation to info, data and the codec's projection of info.
 * Promise:  every step goes from a verified element to its children; nothing is found by search, href or
 *           id. Order, namespaces, attributes and text are judged here; the deviations of the bus
 *           (contract 1.6) end here.
 * Not here: presence and unknown elements: the codec refuses them, this file only has the words ready. */
#include <stdio.h>

#include <libxml/tree.h>

#include "base/ident.h"
#include "channel/channel_int.h"

/* SOAP 1.1 multi-references (href, id) and foreign attributes have no meaning here and could mislead a
 * later reader. On text an xsi:type changes nothing; on a structure it would name another one. */
static outcome check_attributes(const struct _xmlNode *node, bool leaf, struct err *e)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		const char *name = (const char *)a->name;
		bool xsi = a->ns && strcmp((const char *)a->ns->href, NS_XSI) == 0;

		if (xsi && (strcmp(name, "nil") == 0 || strcmp(name, "schemaLocation") == 0 ||
			strcmp(name, "noNamespaceSchemaLocation") == 0))
			continue;
		if (xsi && leaf && strcmp(name, "type") == 0)
			continue;
		return err_set(e, REASON_CHANNEL_FORMAT, "attribute %.60s is not allowed on %.60s", name,
			node_local(node));
	}
	return DONE;
}

static bool is_nil(struct _xmlNode *node)
{
	xmlChar *value = node->properties ? xmlGetNsProp(node, (const xmlChar *)"nil", (const xmlChar *)NS_XSI) : NULL;
	struct bytes word = bytes_trim(bytes_str((const char *)value), XML_SPACE);
	bool nil = bytes_is(word, "true") || bytes_is(word, "1");

	xmlFree(value);
	return nil;
}

static bool has_text(const struct _xmlNode *node)
{
	for (const xmlNode *n = node->children; n; n = n->next)
		if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && !xmlIsBlankNode(n))
			return true;
	return false;
}

static bool is_unqualified(const struct _xmlNode *node) { return node_ns(node)[0] == '\0'; }

static bool is_named(const struct element *el, const char *name)
{
	return strcmp(node_local(el->node), name) == 0;
}

/* The node itself or the first behind it that is an element. */
static struct _xmlNode *element_from(struct _xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

/* An element of the contract that holds elements only. */
static outcome check_structure(struct _xmlNode *node, struct err *e)
{
	TRY(check_attributes(node, false, e));
	if (has_text(node))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s holds text between its elements",
			node_local(node));
	if (element_from(node->children) && is_nil(node))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s says that it is nil, but holds elements",
			node_local(node));
	return DONE;
}

/* The same, and its children. */
static outcome open_structure(const struct envelope *env, const struct element *el,
	const struct element **list, size_t *n, struct err *e)
{
	*n = envelope_children(env, el, list);
	return check_structure(el->node, e);
}

/* The element at place `i` must be the unqualified `name`. */
static outcome expect(const struct element *list, size_t n, size_t i, const char *name, struct err *e)
{
	if (i >= n)
		return err_set(e, REASON_CHANNEL_FORMAT, "%s is missing", name);
	if (!is_named(&list[i], name))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s stands where %s is expected",
			node_local(list[i].node), name);
	if (!is_unqualified(list[i].node))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s is in a namespace; it must be in none", name);
	return DONE;
}

static outcome expect_end(const struct element *list, size_t n, size_t last, struct err *e)
{
	if (n > last + 1)
		return err_set(e, REASON_CHANNEL_FORMAT,
			"%.60s stands after %.60s, where nothing is expected",
			node_local(list[last + 1].node), node_local(list[last].node));
	return DONE;
}

/* `data` is matched by its local name: the bus itself has sent it in a namespace. Its attributes are the
 * payload's. */
static outcome open_holder(const struct envelope *env, const struct element *holder, bool required,
	const struct element **data, struct err *e)
{
	const struct element *list;
	size_t n;

	*data = NULL;
	TRY(open_structure(env, holder, &list, &n, e));
	if (!n && !required)
		return DONE;
	if (!n)
		return err_set(e, REASON_CHANNEL_FORMAT, "data is missing");
	if (!is_named(&list[0], "data"))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s stands where data is expected",
			node_local(list[0].node));
	*data = &list[0];
	return expect_end(list, n, 0, e);
}

outcome channel_walk_outer(const struct envelope *env, const struct element *outer,
	const struct direction *d, struct parts *out, struct err *e)
{
	const struct element *list;
	size_t n;

	TRY(open_structure(env, outer, &list, &n, e));
	TRY(expect(list, n, 0, d->info, e));
	TRY(expect(list, n, 1, d->holder, e));
	TRY(expect_end(list, n, 1, e));
	out->info = &list[0];
	return open_holder(env, &list[1], d->data_required, &out->data, e);
}

outcome channel_walk_open(const struct verified *v, const struct direction *d, struct parts *out,
	struct err *e)
{
	const struct envelope *env = verified_envelope(v);
	const struct element *list, *operation = verified_operation(v);
	size_t n;

	*out = (struct parts){.operation = operation};
	TRY(open_structure(env, operation, &list, &n, e));
	TRY(expect(list, n, 0, d->outer ? d->outer : d->info, e));
	TRY(expect_end(list, n, 0, e));
	if (d->outer)
		return channel_walk_outer(env, &list[0], d, out, e);
	out->info = &list[0];
	return DONE;
}

/* Contract 1.6: empty braces and missing braces. What is no guid at all stays: receivers have echoed a
 * messageId. */
static struct bytes normal_guid(struct pool *pool, struct bytes text)
{
	struct bytes t = bytes_trim(text, XML_SPACE);
	const char *braced;

	if (bytes_is(t, "{}"))
		return BYTES_NONE;
	if (t.n != 36)
		return t;
	braced = pool_printf(pool, "{%.*s}", (int)t.n, (const char *)t.p);
	return braced && guid_is(bytes_str(braced)) ? bytes_str(braced) : t;
}

/* The text of a field as the codec gets it: what is empty and not required is absent (contract 1.6). */
static outcome read_text(struct walk *w, struct _xmlNode *node, const struct field *f, struct bytes *text,
	bool *present, struct err *e)
{
	struct stamp when;

	TRY(check_attributes(node, true, e));
	if (!node_text(w->pool, node, text))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s holds an element where text is expected",
			f->name);
	if (text->n && is_nil(node))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s says that it is nil, but holds text", f->name);
	if (f->flags & FIELD_GUID)
		*text = normal_guid(w->pool, *text);
	*present = text->n || f->flags & FIELD_REQUIRED;
	if (!*present)
		return DONE;
	TRY(channel_field_check(f, *text, e));
	if (f->flags & FIELD_DATE && !stamp_parse(bytes_trim(*text, XML_SPACE), &when))
		return err_set(e, REASON_CHANNEL_DATE, "%s is not a date", f->name);
	return DONE;
}

static outcome walk_text(struct walk *w, struct _xmlNode *node, const struct field *f, struct err *e)
{
	struct bytes text;
	bool present = false;

	TRY(read_text(w, node, f, &text, &present, e));
	if (!present)
		return DONE;
	if (f->flags & FIELD_ASIDE) {
		w->aside = text;
		w->has_aside = true;
		text = BYTES_NONE;
	}
	channel_add_leaf(w->projection, f->name, text);
	return DONE;
}

static void note(struct walk *w, const char *what, const char *name, const char *parent)
{
	if (!w->note[0])
		snprintf(w->note, sizeof(w->note), "%.60s %s %s", name, what, parent);
}

static outcome walk_group(struct walk *w, struct _xmlNode *group, const char *name, struct err *e);

static outcome walk_field(struct walk *w, struct _xmlNode *node, const struct field *f, struct err *e)
{
	if (f->flags & FIELD_ELSEWHERE)
		return DONE;
	if (!(f->flags & FIELD_GROUP))
		return walk_text(w, node, f, e);
	TRY(check_structure(node, e));
	if (!element_from(node->children) && !(f->flags & FIELD_REQUIRED))
		return DONE;
	if (f->flags & FIELD_MANY && ++w->repeated > PROPERTIES_MAX)
		return err_set(e, REASON_CHANNEL_LENGTH, "there are more than %d %s", PROPERTIES_MAX,
			f->name);
	return walk_group(w, node, f->name, e);
}

/* xsd:sequence: a row may follow only rows before it, or itself when it may be repeated. The
 * asynchronous channel has members of its info in another order in production (contract 2.4). */
static outcome check_order(const struct field *last, const struct field *f, bool before, bool any_order,
	struct err *e)
{
	if (before && !(f->flags & FIELD_MANY))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s stands twice in %s", f->name, f->parent);
	if (last > f && !any_order)
		return err_set(e, REASON_CHANNEL_FORMAT, "%s must stand before %s", f->name, last->name);
	return DONE;
}

static uint32_t bit_of(const struct walk *w, const struct field *f)
{
	BUG_IF(f - w->direction->fields >= FIELDS_MOST);
	return UINT32_C(1) << (f - w->direction->fields);
}

/* Words for the required rows that were not seen. */
static void note_missing(struct walk *w, const char *name, uint32_t seen)
{
	for (const struct field *f = w->direction->fields; f->name; f++)
		if (f->flags & FIELD_REQUIRED && !(seen & bit_of(w, f)) && strcmp(f->parent, name) == 0)
			note(w, "is missing in", f->name, name);
}

/* Below info by nodes, for fields may stand deeper than there are ranges. */
static outcome walk_group(struct walk *w, struct _xmlNode *group, const char *name, struct err *e)
{
	bool any_order = w->direction->any_order && strcmp(name, w->direction->info) == 0;
	const struct field *f, *last = w->direction->fields;
	uint32_t seen = 0;

	channel_add_tag(w->projection, "<", name);
	for (xmlNode *n = element_from(group->children); n; n = element_from(n->next)) {
		const char *local = node_local(n);

		if (!is_unqualified(n))
			return err_set(e, REASON_CHANNEL_FORMAT,
				"%.60s in %s is in a namespace; it must be in none",
				local, name);
		f = channel_field_find(w->direction, name, local);
		if (!f) {
			note(w, "is not an element of", local, name);
			buf_str(w->projection, "<unknown/>");
			continue;
		}
		TRY(check_order(last, f, seen & bit_of(w, f), any_order, e));
		last = f;
		seen |= bit_of(w, f);
		TRY(walk_field(w, n, f, e));
	}
	note_missing(w, name, seen);
	channel_add_tag(w->projection, "</", name);
	return DONE;
}

outcome channel_walk_info(struct walk *w, const struct element *info, struct err *e)
{
	TRY(check_structure(info->node, e));
	TRY(walk_group(w, info->node, w->direction->info, e));
	if (!buf_ok(w->projection))
		return err_set(e, REASON_CHANNEL_LENGTH, "%s is too long", w->direction->info);
	return DONE;
}
