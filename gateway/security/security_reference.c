/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_reference - SignedInfo: which algorithms, and which very nodes the signature covers.
 * Promise:  afterwards the Body of the envelope, by pointer, is among the targets, every target stands in an
 *           agreed place, and nothing in SignedInfo is unknown or can be read in two ways.
 * Not here: whether the participant may use it (security_verify.c), any cryptography (security_dsig.c).
 * Spec:     XML Signature section 4.4; WS-I BSP 1.1 sections 8.2 to 8.6; Exclusive XML Canonicalization
 *           section 3. */
#include "security/security_int.h"

/* Comments vanish in canonical form and could hide text from one reader; an attribute in a namespace could
 * stand in for its namesake without one. Neither has a place in SignedInfo. */
static bool is_unambiguous(const xmlNode *node)
{
	if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
		return true;
	if (node->type != XML_ELEMENT_NODE)
		return false;
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns)
			return false;
	}
	for (const xmlNode *c = node->children; c; c = c->next) {
		if (!is_unambiguous(c))
			return false;
	}
	return true;
}

static const char *algorithm_of(const xmlNode *node)
{
	const char *uri = security_node_value(node, "", "Algorithm");

	return uri ? uri : "";
}

static outcome unknown_algorithm(const char *what, const char *uri, struct err *e)
{
	return err_set(e, REASON_SEC_ALGORITHM, "%s %.150s", what, *uri ? uri : "is absent");
}

static outcome misshapen(const char *where, struct err *e)
{
	return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "unexpected content in ds:%s", where);
}

/* True when an element has no content but white space. */
static bool is_empty(const xmlNode *node)
{
	return security_node_tidy(node) && !security_node_element(node->children);
}

/* Splits a PrefixList at blanks; only names and #default may stand in it. `*odd` when two blanks stand together, or one
 * before or behind: xmlsec1 1.2 takes the nothing between them for the default namespace. */
static outcome split_prefixes(struct pool *pool, const char *text, const char *const **out, bool *odd, struct err *e)
{
	const char **list = pool_alloc(pool, (PREFIXES_MAX + 1) * sizeof *list);
	char *at = pool_copy(pool, bytes_str(text)), *word;
	size_t n = 0;

	if (!list || !at)
		return err_set(e, REASON_MEMORY, "prefix list");
	while ((word = strsep(&at, " "))) {
		if (!*word) {
			*odd = *odd || *text;
			continue;
		}
		if (n == PREFIXES_MAX || (strcmp(word, "#default") != 0 && !security_ncname(word)))
			return err_set(e, REASON_SEC_ALGORITHM,
				"PrefixList is too long or holds no prefix: %.60s", word);
		list[n++] = word;
	}
	*out = list;
	return DONE;
}

/* The InclusiveNamespaces inside a method or transform of exclusive canonicalisation, if any. */
static outcome read_prefixes(struct pool *pool, const xmlNode *method, const char *const **out, bool *odd, struct err *e)
{
	const xmlNode *list = security_node_element(method->children);
	const char *text;

	if (!security_node_tidy(method))
		return misshapen(node_local(method), e);
	if (!list)
		return DONE;
	text = security_node_value(list, "", "PrefixList");
	if (!security_node_is(list, NS_EXC_C14N, "InclusiveNamespaces") || !text || !is_empty(list) ||
	    security_node_element(list->next))
		return misshapen(node_local(method), e);
	return split_prefixes(pool, text, out, odd, e);
}

static outcome read_canonicalization(struct pool *pool, const xmlNode *method, struct parts *p, struct err *e)
{
	const char *uri = algorithm_of(method);

	if (strcmp(uri, NS_EXC_C14N) == 0)
		return read_prefixes(pool, method, &p->prefixes, &p->odd_list, e);
	if (strcmp(uri, C14N_INCLUSIVE) != 0)
		return unknown_algorithm("CanonicalizationMethod", uri, e);
	p->inclusive = true;
	return is_empty(method) ? DONE : misshapen("CanonicalizationMethod", e);
}

static outcome read_transforms(struct pool *pool, const xmlNode *transforms, struct parts *p, struct reference *r,
	struct err *e)
{
	const xmlNode *t = security_node_element(transforms->children);
	const char *uri;

	if (t && strcmp(algorithm_of(t), TRANSFORM_ENVELOPED) == 0) {
		r->enveloped = true;
		if (!is_empty(t) || !security_node_is(t, NS_DSIG, "Transform"))
			return misshapen("Transforms", e);
		t = security_node_element(t->next);
	}
	uri = t ? algorithm_of(t) : "";
	if (strcmp(uri, NS_EXC_C14N) != 0)
		return unknown_algorithm("Transform", uri, e);
	if (security_node_element(t->next))
		return err_set(e, REASON_SEC_ALGORITHM, "too many transforms");
	if (!security_node_is(t, NS_DSIG, "Transform") || !security_node_tidy(transforms))
		return misshapen("Transforms", e);
	return read_prefixes(pool, t, &r->prefixes, &p->odd_list, e);
}

static outcome read_digest(struct pool *pool, const xmlNode *method, const xmlNode *value,
	struct reference *r, struct err *e)
{
	SCOPED(buf_free) struct buf raw = BUF(sizeof r->value);
	struct bytes text;

	r->digest_uri = algorithm_of(method);
	r->digest = digest_by_uri(r->digest_uri);
	if (r->digest == DIGEST_COUNT)
		return unknown_algorithm("DigestMethod", r->digest_uri, e);
	if (!is_empty(method))
		return misshapen("DigestMethod", e);
	if (!node_text(pool, value, &text))
		return misshapen("DigestValue", e);
	if (!base64_decode(text, &raw, NULL).ok || raw.len != digest_row(r->digest)->size)
		return err_set(e, REASON_SEC_DIGEST, "DigestValue is not %zu octets in base64",
			digest_row(r->digest)->size);
	memcpy(r->value, raw.data, raw.len);
	return DONE;
}

static bool is_ancestor(const xmlNode *above, const xmlNode *node)
{
	while (node && node != above)
		node = node->parent;
	return node != NULL;
}

/* The first element that carries the identifier in any spelling. Only for the words of a refusal. */
static const xmlNode *carrier_of(const xmlNode *node, const char *id)
{
	const xmlNode *found = NULL;

	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (strcasecmp((const char *)a->name, "Id") == 0 && a->children &&
		    strcmp((const char *)a->children->content, id) == 0)
			return node;
	}
	for (xmlNode *c = security_node_element(node->children); c && !found;
		c = security_node_element(c->next))
		found = carrier_of(c, id);
	return found;
}

static outcome unresolved(const struct envelope *env, const char *id, struct err *e)
{
	const xmlNode *carrier = carrier_of(envelope_root(env)->node, id);

	if (!carrier)
		return err_set(e, REASON_SEC_REFERENCE, "no element has the identifier %.100s", id);
	if (carrier == envelope_body(env)->node)
		return err_set(e, REASON_SEC_ID_FORM, "%.100s is neither in wsu:Id nor in Id", id);
	return err_set(e, REASON_SEC_WRAPPED, "%.100s is neither the Body nor a header", id);
}

/* The target and the attribute that names it. */
static outcome resolve(const struct envelope *env, struct parts *p, struct reference *r, struct err *e)
{
	const char *uri = security_node_value(r->node, "", "URI");
	struct bytes id;

	if (!uri || uri[0] != '#' || !security_ncname(uri + 1))
		return err_set(e, REASON_SEC_REFERENCE, "URI %.100s is not # and a name",
			uri ? uri : "is absent");
	id = bytes_str(uri + 1);
	r->target = envelope_by_id(env, id, false);
	if (!r->target) {
		r->target = envelope_by_id(env, id, true);
		p->plain_id = p->plain_id || r->target;
	}
	if (!r->target)
		return unresolved(env, uri + 1, e);
	r->id = security_node_attribute(r->target, NS_WSU, "Id");
	if (!r->id)
		r->id = security_node_attribute(r->target, "", "Id");
	if (!r->id || !r->id->children || !bytes_is(id, (const char *)r->id->children->content))
		return err_set(e, REASON_SEC_REFERENCE, "%.100s is not named by wsu:Id or Id", uri + 1);
	if (is_ancestor(r->target, p->signature) || is_ancestor(p->signature, r->target))
		return err_set(e, REASON_SEC_REFERENCE, "%.100s holds the signature, or stands in it",
			uri + 1);
	for (const struct reference *other = p->references; other < r; other++) {
		if (other->target == r->target)
			return err_set(e, REASON_SEC_REFERENCE, "%.100s is referenced twice", uri + 1);
	}
	return DONE;
}

static outcome read_reference(struct pool *pool, const struct envelope *env, struct parts *p, xmlNode *node,
	struct err *e)
{
	struct reference *r = &p->references[p->reference_count];
	const xmlNode *transforms = security_node_element(node->children), *method, *value;

	*r = (struct reference){.node = node};
	TRY(resolve(env, p, r, e));
	if (!transforms || !security_node_is(transforms, NS_DSIG, "Transforms"))
		return err_set(e, REASON_SEC_ALGORITHM, "Reference without Transforms");
	TRY(read_transforms(pool, transforms, p, r, e));
	method = security_node_element(transforms->next);
	value = method ? security_node_element(method->next) : NULL;
	if (!value || !security_node_is(method, NS_DSIG, "DigestMethod") ||
	    !security_node_is(value, NS_DSIG, "DigestValue") || security_node_element(value->next) ||
	    !security_node_tidy(node))
		return misshapen("Reference", e);
	TRY(read_digest(pool, method, value, r, e));
	p->reference_count++;
	return DONE;
}

/* Every target is the Body, a header block or a child of Security, and the Body is one of them. */
static outcome check_targets(const struct envelope *env, struct parts *p, struct err *e)
{
	const xmlNode *body = envelope_body(env)->node, *header = envelope_header(env)->node;
	bool stamped = !p->timestamp;

	for (size_t i = 0; i < p->reference_count; i++) {
		const struct reference *r = &p->references[i];

		stamped = stamped || r->target == p->timestamp;
		if (r->target == body) {
			p->body = r;
			continue;
		}
		if ((r->target->parent != header && r->target->parent != p->home) ||
		    security_node_is(r->target, NS_SOAP11, "Body"))
			return err_set(e, REASON_SEC_WRAPPED,
				"the signed %.80s is neither the Body nor a header", node_local(r->target));
	}
	if (!p->body)
		return err_set(e, REASON_SEC_BODY_UNSIGNED, "%zu references, none to the Body",
			p->reference_count);
	if (!stamped)
		return err_set(e, REASON_SEC_TIMESTAMP, "the Timestamp is not signed");
	return DONE;
}

outcome security_reference_read(struct pool *pool, const struct envelope *env, struct parts *p, struct err *e)
{
	const xmlNode *method = security_node_element(p->signed_info->children);
	const xmlNode *algorithm = method ? security_node_element(method->next) : NULL;
	xmlNode *node;

	if (!algorithm || !security_node_is(method, NS_DSIG, "CanonicalizationMethod") ||
	    !security_node_is(algorithm, NS_DSIG, "SignatureMethod") || !security_node_tidy(p->signed_info))
		return misshapen("SignedInfo", e);
	if (!is_unambiguous(p->signed_info))
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE,
			"comment or qualified attribute in ds:SignedInfo");
	TRY(read_canonicalization(pool, method, p, e));
	p->signature_uri = algorithm_of(algorithm);
	p->algorithm = signature_by_uri(p->signature_uri);
	if (p->algorithm == SIGNATURE_COUNT)
		return unknown_algorithm("SignatureMethod", p->signature_uri, e);
	if (!is_empty(algorithm))
		return misshapen("SignatureMethod", e);
	for (node = security_node_element(algorithm->next); node; node = security_node_element(node->next)) {
		if (!security_node_is(node, NS_DSIG, "Reference"))
			return misshapen("SignedInfo", e);
		if (p->reference_count == REFERENCES_MAX)
			return err_set(e, REASON_SEC_REFERENCE, "more than %d references", REFERENCES_MAX);
		TRY(read_reference(pool, env, p, node, e));
	}
	if (!p->reference_count)
		return err_set(e, REASON_SEC_REFERENCE, "no ds:Reference");
	return check_targets(env, p, e);
}
