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

#define MANY_MAX 100

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
	xmlChar *value = xmlGetNsProp(node, (const xmlChar *)"nil", (const xmlChar *)NS_XSI);
	struct bytes word = channel_text_trim(bytes_str((const char *)value));
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

static bool is_unqualified(const struct element *el) { return node_ns(el->node)[0] == '\0'; }

static bool is_named(const struct element *el, const char *name)
{
	return strcmp(node_local(el->node), name) == 0;
}

/* An element of the contract that holds elements only: its children. */
static outcome open_structure(const struct envelope *env, const struct element *el,
	const struct element **list, size_t *n, struct err *e)
{
	*n = envelope_children(env, el, list);
	TRY(check_attributes(el->node, false, e));
	if (has_text(el->node))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s holds text between its elements",
			node_local(el->node));
	if (*n && is_nil(el->node))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s says that it is nil, but holds elements",
			node_local(el->node));
	return DONE;
}

/* The element at place `i` must be the unqualified `name`. */
static outcome expect(const struct element *list, size_t n, size_t i, const char *name, struct err *e)
{
	if (i >= n)
		return err_set(e, REASON_CHANNEL_FORMAT, "%s is missing", name);
	if (!is_named(&list[i], name))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s stands where %s is expected",
			node_local(list[i].node), name);
	if (!is_unqualified(&list[i]))
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
static outcome open_holder(const struct envelope *env, const struct element *holder,
	const struct element **data, struct err *e)
{
	const struct element *list;
	size_t n;

	*data = NULL;
	TRY(open_structure(env, holder, &list, &n, e));
	if (!n)
		return DONE;
	if (!is_named(&list[0], "data"))
		return err_set(e, REASON_CHANNEL_FORMAT, "%.60s stands where data is expected",
			node_local(list[0].node));
	*data = &list[0];
	return expect_end(list, n, 0, e);
}

outcome channel_walk_open(const struct verified *v, const struct direction *d, struct parts *out,
	struct err *e)
{
	const struct envelope *env = verified_envelope(v);
	const struct element *list, *operation = verified_operation(v);
	enum channel_kind wanted = d == &channel_request ? CHANNEL_REQUEST : CHANNEL_RESPONSE;
	size_t n;

	if (channel_kind_of(operation) != wanted)
		return err_set(e, REASON_SOAP_OPERATION, "the Body holds %.60s in %.100s",
			node_local(operation->node),
			node_ns(operation->node)[0] ? node_ns(operation->node) : "no namespace");
	TRY(open_structure(env, operation, &list, &n, e));
	TRY(expect(list, n, 0, d->outer, e));
	TRY(expect_end(list, n, 0, e));
	TRY(open_structure(env, &list[0], &list, &n, e));
	TRY(expect(list, n, 0, d->info, e));
	TRY(expect(list, n, 1, d->holder, e));
	TRY(expect_end(list, n, 1, e));
	out->operation = operation;
	out->info = &list[0];
	return open_holder(env, &list[1], &out->data, e);
}

/* Contract 1.6: empty braces and missing braces. What is no guid at all stays: receivers have echoed a
 * messageId. */
static struct bytes normal_guid(struct pool *pool, struct bytes text)
{
	struct bytes t = channel_text_trim(text);
	const char *braced;

	if (bytes_is(t, "{}"))
		return BYTES_NONE;
	if (t.n != 36)
		return t;
	braced = pool_printf(pool, "{%.*s}", (int)t.n, (const char *)t.p);
	return braced && guid_is(bytes_str(braced)) ? bytes_str(braced) : t;
}

static outcome walk_text(struct walk *w, const struct element *el, const struct field *f, struct err *e)
{
	struct bytes text;

	TRY(check_attributes(el->node, true, e));
	if (!node_text(w->pool, el->node, &text))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s holds an element where text is expected",
			f->name);
	if (text.n && is_nil(el->node))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s says that it is nil, but holds text", f->name);
	if (f->flags & FIELD_GUID)
		text = normal_guid(w->pool, text);
	if (!text.n && !(f->flags & FIELD_REQUIRED))
		return DONE;
	TRY(channel_field_check(f, text, e));
	if (f->flags & FIELD_ASIDE) {
		w->aside = text;
		w->has_aside = true;
		text = BYTES_NONE;
	}
	buf_printf(w->projection, "<%s>", f->name);
	buf_xml(w->projection, text);
	buf_printf(w->projection, "</%s>", f->name);
	return DONE;
}

static void note(struct walk *w, const char *what, const char *name, const char *parent)
{
	if (!w->note[0])
		snprintf(w->note, sizeof(w->note), "%.60s %s %s", name, what, parent);
}

static outcome walk_group(struct walk *w, const struct element *group, const char *name, struct err *e);

static outcome walk_field(struct walk *w, const struct element *el, const struct field *f, struct err *e)
{
	const struct element *list;
	size_t n;

	if (!(f->flags & FIELD_GROUP))
		return walk_text(w, el, f, e);
	TRY(open_structure(w->env, el, &list, &n, e));
	if (!n && !(f->flags & FIELD_REQUIRED))
		return DONE;
	if (f->flags & FIELD_MANY && ++w->repeated > MANY_MAX)
		return err_set(e, REASON_CHANNEL_LENGTH, "there are more than %d %s", MANY_MAX, f->name);
	return walk_group(w, el, f->name, e);
}

/* xsd:sequence: a row may follow only rows before it, or itself when it may be repeated. */
static outcome check_order(const struct field *last, const struct field *f, struct err *e)
{
	if (last == f && !(f->flags & FIELD_MANY))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s stands twice in %s", f->name, f->parent);
	if (last > f)
		return err_set(e, REASON_CHANNEL_FORMAT, "%s must stand before %s", f->name, last->name);
	return DONE;
}

static outcome walk_group(struct walk *w, const struct element *group, const char *name, struct err *e)
{
	const struct field *f, *last = w->direction->fields;
	const struct element *list;
	unsigned seen = 0;
	size_t n;

	TRY(open_structure(w->env, group, &list, &n, e));
	buf_printf(w->projection, "<%s>", name);
	for (size_t i = 0; i < n; i++) {
		const char *local = node_local(list[i].node);

		if (!is_unqualified(&list[i]))
			return err_set(e, REASON_CHANNEL_FORMAT,
				"%.60s in %s is in a namespace; it must be in none",
				local, name);
		f = channel_field_find(w->direction, name, local);
		if (!f) {
			note(w, "is not an element of", local, name);
			buf_str(w->projection, "<unknown/>");
			continue;
		}
		if (seen)
			TRY(check_order(last, f, e));
		last = f;
		seen |= 1u << (f - w->direction->fields);
		TRY(walk_field(w, &list[i], f, e));
	}
	for (f = w->direction->fields; f->name; f++)
		if (f->flags & FIELD_REQUIRED && !(seen & 1u << (f - w->direction->fields)) &&
			strcmp(f->parent, name) == 0)
			note(w, "is missing in", f->name, name);
	buf_printf(w->projection, "</%s>", name);
	return DONE;
}

outcome channel_walk_info(struct walk *w, const struct element *info, struct err *e)
{
	TRY(walk_group(w, info, w->direction->info, e));
	if (!buf_ok(w->projection))
		return err_set(e, REASON_CHANNEL_LENGTH, "%s is too long", w->direction->info);
	return DONE;
}
