/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_payload - does `data` match the schema of the service, in whichever of the bus's styles it came.
 * Promise:  nothing passes unchecked: a root or type that the schema does not declare is refused. Details
 *           name elements and rules, never values: they may be personal data.
 * Spec:     bus contract 1.5 */
#include <stdio.h>

#include <libxml/tree.h>
#include <libxml/xmlschemas.h>

#include "base/memory.h"
#include "channel/channel_int.h"

#define INNER_POOL (512u << 20) /* the tree of a text of 16 MiB; the limits of elements bound it before */

static outcome refuse(struct err *e, const char *words)
{
	return err_set(e, REASON_PAYLOAD_SCHEMA, "%s", words);
}

/* The first thing the validator found. */
struct finding {
	int code;
	char name[160]; /* element x, or element x, attribute y */
};

/* libxml2 gives the element as a node, but an attribute only in the head of its message, "Element 'x',
 * attribute 'y': "; what follows the head may hold values. */
static struct bytes attribute_of(const char *message)
{
	static const char mark[] = ", attribute '";
	const char *at = message ? strstr(message, mark) : NULL;
	const char *end = message ? strstr(message, "': ") : NULL;

	if (!at || !end || end < at + sizeof(mark) - 1)
		return BYTES_NONE;
	at += sizeof(mark) - 1;
	return (struct bytes){(const unsigned char *)at, (size_t)(end - at)};
}

static void on_finding(void *ctx, xmlError *error)
{
	struct finding *f = ctx;
	const xmlNode *node = error->node;
	struct bytes attribute = attribute_of(error->message);

	if (f->code)
		return;
	f->code = error->code;
	snprintf(f->name, sizeof(f->name), "element %.60s%s%.*s", node ? (const char *)node->name : "data",
		attribute.n ? ", attribute " : "", (int)(attribute.n < 60 ? attribute.n : 60),
		attribute.n ? (const char *)attribute.p : "");
}

static outcome validate(const struct schema *s, xmlNode *element, struct err *e)
{
	xmlSchemaValidCtxt *ctxt = xmlSchemaNewValidCtxt(s->compiled);
	struct finding f = {0};
	int rc;

	if (!ctxt)
		return err_set(e, REASON_INTERNAL, "memory is short");
	xmlSchemaSetValidStructuredErrors(ctxt, on_finding, &f);
	rc = xmlSchemaValidateOneElement(ctxt, element);
	xmlSchemaFreeValidCtxt(ctxt);
	if (rc == 0 && !f.code)
		return DONE;
	return err_set(e, REASON_PAYLOAD_SCHEMA, "%s: %s", f.name[0] ? f.name : "element data",
		channel_schema_words(f.code));
}

/* A root of a message must not reach our own element, which allows anything. */
static outcome validate_root(const struct schema *s, xmlNode *root, struct err *e)
{
	if (strcmp(node_ns(root), NS_PAYLOAD) == 0)
		return refuse(e, "element data: it is not declared in the schema");
	return validate(s, root, e);
}

/* String and CDATA styles: the text is a document; base64 is none. */
static outcome check_text(const struct schema *s, struct _xmlNode *data, const struct payload *opened, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = NULL;
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct bytes text;
	xmlDoc *doc;
	struct err inner;

	if (opened && opened->top && opened->top != data && !opened->octets.n)
		return validate_root(s, opened->top, e);
	pool = pool_new(INNER_POOL);
	if (!pool)
		return err_set(e, REASON_INTERNAL, "memory is short");
	if (!node_text(pool, data, &text))
		return refuse(e, "element data: it is a string by its type, but holds elements");
	text = bytes_trim(text, XML_SPACE);
	if (!text.n)
		return refuse(e, "element data: it is empty");
	if (!envelope_parse_document(pool, text, &limits, &doc, &inner).ok)
		return err_set(e, REASON_PAYLOAD_SCHEMA, "element data: its text is no XML document (%s)",
			reason_row(inner.reason)->name);
	return validate_root(s, xmlDocGetRootElement(doc), e);
}

static outcome check_content(const struct schema *s, struct _xmlNode *data, const struct payload *opened, struct err *e)
{
	xmlNode *root = NULL;
	bool text = false;

	for (xmlNode *n = data->children; n; n = n->next) {
		if (n->type == XML_ELEMENT_NODE && root)
			return refuse(e, "element data: it holds more than one element");
		if (n->type == XML_ELEMENT_NODE)
			root = n;
		else if (n->type != XML_COMMENT_NODE && !xmlIsBlankNode(n))
			text = true;
	}
	if (root && text)
		return refuse(e, "element data: it holds text beside its element");
	return root ? validate_root(s, root, e) : check_text(s, data, opened, e);
}

/* Prefixes used only in values (xsi:type, QNames) have to stay known in the copy. */
static void copy_scope(const struct _xmlNode *from, xmlNode *to)
{
	xmlNs **list = xmlGetNsList(from->doc, from);

	for (size_t i = 0; list && list[i]; i++)
		(void)xmlNewNs(to, list[i]->href, list[i]->prefix); /* does nothing to a known prefix */
	xmlFree(list);
}

/* Typed style: a copy of data becomes our element of any type, which its xsi:type narrows. A copy, because
 * data may stand in any namespace and the verified tree is not changed. */
static outcome check_typed(const struct schema *s, struct _xmlNode *data, const xmlChar *type, struct err *e)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *copy = doc ? xmlDocCopyNode(data, doc, 1) : NULL;
	xmlNs *ours, *xsi;
	outcome o = FAILED;

	if (!copy) {
		xmlFreeDoc(doc);
		return err_set(e, REASON_INTERNAL, "memory is short");
	}
	xmlDocSetRootElement(doc, copy);
	copy_scope(data, copy);
	ours = xmlNewNs(copy, (const xmlChar *)NS_PAYLOAD, (const xmlChar *)"qaqpa-payload");
	xsi = xmlNewNs(copy, (const xmlChar *)NS_XSI, (const xmlChar *)"qaqpa-xsi");
	if (ours && xsi) {
		xmlSetNs(copy, ours);
		xmlUnsetProp(copy, (const xmlChar *)"type");
		xmlSetNsProp(copy, xsi, (const xmlChar *)"type", type);
		o = validate(s, copy, e);
	} else {
		o = refuse(e, "element data: its namespaces cannot be read");
	}
	xmlFreeDoc(doc);
	return o;
}

/* Namespace of the QName in `type`; NULL when its prefix is not declared. */
static const char *qname_namespace(struct _xmlNode *data, const char *type, const char **local)
{
	const char *colon = strchr(type, ':');
	xmlChar *prefix = colon ? xmlStrndup((const xmlChar *)type, (int)(colon - type)) : NULL;
	const xmlNs *ns = xmlSearchNs(data->doc, data, prefix);

	*local = colon ? colon + 1 : type;
	xmlFree(prefix);
	if (!ns)
		return colon ? NULL : "";
	return (const char *)ns->href;
}

/* xsi:type; a bus answer had data in the namespace of xsi itself with a bare `type` (bus contract 1.6). */
static xmlChar *type_of(struct _xmlNode *data)
{
	xmlChar *type = xmlGetNsProp(data, (const xmlChar *)"type", (const xmlChar *)NS_XSI);

	if (!type && strcmp(node_ns(data), NS_XSI) == 0)
		type = xmlGetNoNsProp(data, (const xmlChar *)"type");
	return type;
}

static outcome check_by_type(const struct schema *s, struct _xmlNode *data, const struct payload *opened,
	const xmlChar *type, struct err *e)
{
	const char *local, *ns = qname_namespace(data, (const char *)type, &local);

	if (!ns)
		return refuse(e, "element data: the prefix of its xsi:type is not declared");
	if (strcmp(ns, NS_XSD) != 0)
		return check_typed(s, data, type, e);
	if (strcmp(local, "string") == 0)
		return check_text(s, data, opened, e);
	if (strcmp(local, "anyType") == 0)
		return check_content(s, data, opened, e);
	return refuse(e, "element data: its xsi:type is neither a string nor a type of the schema");
}

static outcome check(const struct schema *s, const struct element *data, const struct payload *opened, struct err *e)
{
	SCOPED(buf_free) struct buf word = BUF(1024);
	struct bytes trimmed;
	xmlChar *type;

	if (!data)
		return refuse(e, "element data: it is absent");
	TRY(element_whole(data, e));
	type = type_of(data->node);
	if (!type)
		return check_content(s, data->node, opened, e);
	trimmed = bytes_trim(bytes_str((const char *)type), XML_SPACE);
	buf_add(&word, trimmed);
	xmlFree(type);
	if (!buf_ok(&word))
		return refuse(e, "element data: its xsi:type is too long");
	return check_by_type(s, data->node, opened, (const xmlChar *)buf_cstr(&word), e);
}

outcome schema_check_opened(const struct schema *s, const struct element *data, const struct payload *opened, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, check(s, data, opened, e), e);
}

outcome schema_check(const struct schema *s, const struct envelope *env, const struct element *data,
	struct err *e)
{
	TRY(envelope_whole(env, e)); /* of what looks inside data some may add to the tree */
	return schema_check_opened(s, data, NULL, e);
}
