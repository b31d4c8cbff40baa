/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_inner_payload - of the document inside `data`, the root, the element that has to be covered, and those that hold
 * a CMS.
 * Not here: the styles in which a document stands in `data` (envelope).
 * Promise:  what is found here is what a reader of the message finds: an element that a demand names stands once.
 * Spec:     bus contract 1.5 and 4.7 */
#include "security/security_inner_int.h"

static bool is_named(const xmlNode *node, const char *local)
{
	return local && node->type == XML_ELEMENT_NODE && strcmp(node_local(node), local) == 0;
}

/* The payload's root is the only element that is no signature; where there are several, data itself is it. */
static outcome read_elements(xmlNode *data, const char *cms, struct document *out, struct err *e)
{
	xmlNode *root = NULL;
	size_t n = 0;

	for (xmlNode *c = data->children; c; c = c->next) {
		if (c->type == XML_ELEMENT_NODE && !security_inner_is_ds(c, "Signature") && !is_named(c, cms)) {
			root = c;
			n++;
		} else if (c->type != XML_ELEMENT_NODE && c->type != XML_COMMENT_NODE && !xmlIsBlankNode(c)) {
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "data holds text beside its elements");
		}
	}
	out->in_message = true;
	out->top = data;
	out->root = n == 1 ? root : data;
	return DONE;
}

outcome security_inner_named(struct document *doc, const char *covers, struct err *e)
{
	size_t n = 0;

	doc->named = doc->root;
	if (!covers || !doc->top)
		return DONE;
	for (xmlNode *node = doc->top; node; node = node_next(doc->top, node)) {
		if (is_named(node, covers)) {
			doc->named = node;
			n++;
		}
	}
	if (n != 1)
		return err_set(e, REASON_SEC_WRAPPED, "%zu elements %.80s, and one has to be covered", n, covers);
	return DONE;
}

outcome security_inner_document(
	const struct payload *payload, const struct conf_inner *demand, struct document *out, struct err *e)
{
	*out = (struct document){.top = payload->top, .root = payload->top, .octets = payload->octets};
	if (!payload->top && !payload->octets.n)
		return err_set(e, REASON_SEC_SIGNATURE_ABSENT, "data is empty");
	if (payload->top == payload->data)
		TRY(read_elements(payload->data, demand->cms, out, e));
	return security_inner_named(out, demand->covers, e);
}

outcome security_inner_alone(struct pool *pool, const struct document *doc, const char *covers, struct document *out,
	struct err *e)
{
	xmlDoc *copy;

	TRY(envelope_alone(pool, doc->root, &copy, e));
	*out = (struct document){.top = xmlDocGetRootElement(copy), .root = xmlDocGetRootElement(copy)};
	return security_inner_named(out, covers, e);
}

outcome security_inner_cms_nodes(const struct document *doc, const char *cms, xmlNode **list, size_t *n, struct err *e)
{
	*n = 0;
	for (xmlNode *node = doc->top; cms && node; node = node_next(doc->top, node)) {
		if (!is_named(node, cms))
			continue;
		if (*n == SIGNATURES_MAX)
			return err_set(e, REASON_SEC_SEVERAL, "more than %d elements %.80s", SIGNATURES_MAX, cms);
		list[(*n)++] = node;
	}
	return DONE;
}
