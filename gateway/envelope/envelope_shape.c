/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_shape - the form of a SOAP 1.1 envelope, found by walking from the root and never by search.
 *
 * Promise: the Body that every later room works on is the only child of that name, the last of the
 * Envelope, and holds one element. Not here: what the element is (a call, an answer, a Fault). Spec:
 * SOAP 1.1 section 4, WS-I Basic Profile 1.1 R1011 and R2201.
 */
#include "envelope_int.h"

/* Between the elements of a frame only white space and comments may stand. */
static bool holds_no_words(const xmlNode *node)
{
	for (const xmlNode *child = node->children; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE || child->type == XML_COMMENT_NODE)
			continue;
		if (child->type != XML_TEXT_NODE)
			return false;
		for (const xmlChar *p = child->content; *p; p++) {
			if (!is_blank(*p))
				return false;
		}
	}
	return true;
}

static bool is_soap(const xmlNode *node, const char *local)
{
	return strcmp(node_local(node), local) == 0 && strcmp(node_ns(node), NS_SOAP11) == 0;
}

static outcome refuse(const xmlNode *node, enum reason reason, const char *what, struct err *e)
{
	return err_set(e, reason, "line %ld, %.60s: %s", xmlGetLineNo(node), node_local(node), what);
}

outcome envelope_shape_check(struct envelope *env, struct err *e)
{
	const struct element *root = env->root, *list;
	size_t n, i = 0;

	if (!is_soap(root->node, "Envelope"))
		return refuse(root->node, REASON_SOAP_NOT_ENVELOPE, "the root is no SOAP 1.1 Envelope", e);
	if (!holds_no_words(root->node))
		return refuse(root->node, REASON_SOAP_SHAPE, "text between Header and Body", e);
	n = envelope_children(env, root, &list);
	if (i < n && is_soap(list[i].node, "Header"))
		env->header = &list[i++];
	if (i < n && is_soap(list[i].node, "Body"))
		env->body = &list[i++];
	if (!env->body || i < n)
		return refuse(i < n ? list[i].node : root->node, REASON_SOAP_SHAPE,
			"not Header, then Body", e);
	if (env->header && !holds_no_words(env->header->node))
		return refuse(env->header->node, REASON_SOAP_SHAPE, "text between header blocks", e);
	n = envelope_children(env, env->body, &list);
	if (n != 1 || !holds_no_words(env->body->node))
		return refuse(env->body->node, REASON_SOAP_OPERATION, "not one element and nothing else", e);
	env->operation = &list[0];
	return DONE;
}

struct bytes envelope_text(const struct envelope *env)
{
	return env->text;
}

struct _xmlDoc *envelope_doc(const struct envelope *env)
{
	return env->doc;
}

const struct element *envelope_root(const struct envelope *env)
{
	return env->root;
}

const struct element *envelope_header(const struct envelope *env)
{
	return env->header;
}

const struct element *envelope_body(const struct envelope *env)
{
	return env->body;
}

const struct element *envelope_operation(const struct envelope *env)
{
	return env->operation;
}
