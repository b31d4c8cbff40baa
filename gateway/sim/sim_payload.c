/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_payload - finds the business message inside `data`.
 * Spec: bus contract 1.5: typed, child root, string, CDATA, empty. */
#include <libxml/tree.h>

#include "sim_int.h"

static bool is_string_type(const char *qname)
{
	const char *colon = strchr(qname, ':');

	return strcmp(colon ? colon + 1 : qname, "string") == 0;
}

/* xsi:type names another type than string: then `data` itself is the payload. */
static bool is_typed(const xmlNode *data)
{
	for (const xmlAttr *a = data->properties; a; a = a->next) {
		if (strcmp((const char *)a->name, "type") == 0 && a->ns && a->children &&
			strcmp((const char *)a->ns->href, NS_XSI) == 0)
			return !is_string_type((const char *)a->children->content);
	}
	return false;
}

bool sim_is_white(struct bytes text)
{
	return bytes_trim(text, XML_SPACE).n == 0;
}

/* The child's place is not asked of the envelope: in an answer of getMessages it lies below those that have one. */
outcome sim_payload(struct pool *pool, const struct envelope *env, const struct element *data,
	struct _xmlNode **root, struct bytes *text, struct err *e)
{
	xmlNode *child = data ? xmlFirstElementChild(data->node) : NULL;
	struct bytes content;
	xmlDoc *doc;

	*root = NULL;
	*text = BYTES_NONE;
	if (!data)
		return DONE;
	if (child && !xmlNextElementSibling(child) && !is_typed(data->node)) {
		*root = child;
		*text = bytes_trim(bytes_sub(envelope_text(env), data->inner, data->inner_end), XML_SPACE);
		return DONE;
	}
	if (child) {
		*root = data->node;
		*text = bytes_sub(envelope_text(env), data->start, data->end);
		return DONE;
	}
	if (!node_text(pool, data->node, &content))
		return err_set(e, REASON_CHANNEL_FORMAT, "content of data");
	if (sim_is_white(content))
		return DONE;
	TRY(envelope_parse_document(pool, content, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	*root = xmlDocGetRootElement(doc);
	*text = content;
	return DONE;
}
