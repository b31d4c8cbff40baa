/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_inner_read - the ds:Signature elements of a document: found, and read by structure alone.
 * Promise:  a signature that stands elsewhere than agreed, covers something else than agreed, or says anything that
 *           is not understood is refused here, before a digest is computed; none is passed over.
 * Not here: whether it holds (security_inner_check.c), who may sign (security_inner.c).
 * Spec:     W3C XML Signature sections 4.4 and 6.6.4; bus contract 4.7 */
#include "security/security_inner_int.h"

enum { CERTIFICATE_BYTES = 65536, VALUE_BYTES = 4096 };

static const struct {
	const char *uri;
	bool inclusive;
} canonical_forms[] = {
	/* By the rules of same-document references comments are never signed, so both editions are one. */
	{C14N_INCLUSIVE, true},
	{C14N_INCLUSIVE "#WithComments", true},
	{NS_EXC_C14N, false},
	{NS_EXC_C14N "WithComments", false},
};

bool security_inner_is_ds(const xmlNode *node, const char *local)
{
	return node->type == XML_ELEMENT_NODE && strcmp(node_local(node), local) == 0 &&
		strcmp(node_ns(node), NS_DSIG) == 0;
}

static bool is_blank(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE && xmlIsBlankNode(node);
}

/* --- small readers --- */

/* The element children, which must be these ds elements in this order with nothing but white space between. `names`
 * and `found` have `n` places. */
static outcome children_are(xmlNode *parent, const char *const *names, xmlNode **found, size_t n, struct err *e)
{
	size_t i = 0;

	for (xmlNode *c = parent->children; c; c = c->next) {
		if (is_blank(c))
			continue;
		if (i == n || !security_inner_is_ds(c, names[i]))
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "unexpected content in ds:%s", node_local(parent));
		found[i++] = c;
	}
	if (i < n)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "no ds:%s in ds:%s", names[i], node_local(parent));
	return DONE;
}

/* The attribute Algorithm, which must be the only one; content other than white space is refused too. */
static outcome algorithm_of(xmlNode *node, const char **uri, struct err *e)
{
	const xmlAttr *a = node->properties;

	for (const xmlNode *c = node->children; c; c = c->next) {
		if (!is_blank(c))
			return err_set(e, REASON_SEC_ALGORITHM, "ds:%s has parameters", node_local(node));
	}
	if (!a || a->next || a->ns || strcmp((const char *)a->name, "Algorithm") != 0 || !a->children ||
		a->children->next || a->children->type != XML_TEXT_NODE)
		return err_set(e, REASON_SEC_ALGORITHM, "ds:%s names no single Algorithm", node_local(node));
	*uri = (const char *)a->children->content;
	return DONE;
}

static outcome canonicalisation_of(xmlNode *node, bool *inclusive, struct err *e)
{
	const char *uri;

	TRY(algorithm_of(node, &uri, e));
	for (size_t i = 0; i < sizeof canonical_forms / sizeof canonical_forms[0]; i++) {
		if (strcmp(uri, canonical_forms[i].uri) == 0) {
			*inclusive = canonical_forms[i].inclusive;
			return DONE;
		}
	}
	return err_set(e, REASON_SEC_ALGORITHM, "canonicalisation %.120s", uri);
}

/* The octets that an element holds as base64, in text that nothing splits. */
static outcome octets_of(struct pool *pool, const xmlNode *node, enum reason broken, size_t most, struct bytes *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf raw = BUF(most);
	struct bytes text;

	for (const xmlNode *c = node->children; c; c = c->next) {
		if (c->type != XML_TEXT_NODE && c->type != XML_CDATA_SECTION_NODE)
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "ds:%s holds more than text", node_local(node));
	}
	if (node->properties)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "ds:%s has attributes", node_local(node));
	if (!node_text(pool, node, &text))
		return err_set(e, REASON_MEMORY, "text of a signature");
	if (text.n > 2 * most || !base64_decode(text, &raw, NULL).ok || raw.len == 0)
		return err_set(e, broken, "ds:%s is not base64", node_local(node));
	out->p = (const unsigned char *)pool_copy(pool, buf_bytes(&raw));
	out->n = raw.len;
	return out->p ? DONE : err_set(e, REASON_MEMORY, "octets of a signature");
}

/* --- the Reference --- */

static const char *value_of(const xmlAttr *a)
{
	const xmlNode *text = a->children; /* libxml2 gives an empty value none, or one empty text */

	return text && text->content ? (const char *)text->content : "";
}

static bool is_id(const xmlAttr *a)
{
	return strcasecmp((const char *)a->name, "id") == 0;
}

/* The only element of the document that carries the identifier, in whatever spelling, and carries no other. Two
 * verifiers that know different attributes as identifiers must not see different elements. */
static outcome carrier_of(const struct document *doc, const char *id, xmlNode **out, struct err *e)
{
	*out = NULL;
	for (xmlNode *n = doc->top; n; n = node_next(doc->top, n)) {
		size_t ids = 0;
		bool is_it = false;

		for (const xmlAttr *a = n->type == XML_ELEMENT_NODE ? n->properties : NULL; a; a = a->next) {
			ids += is_id(a);
			is_it = is_it || (is_id(a) && strcmp(value_of(a), id) == 0);
		}
		if (!is_it)
			continue;
		if (*out || ids > 1)
			return err_set(e, REASON_XML_DUPLICATE_ID, "%.100s is not one identifier of one element", id);
		*out = n;
	}
	return *out ? DONE : err_set(e, REASON_SEC_REFERENCE, "no element has the identifier %.100s", id);
}

static outcome target_of(const struct document *doc, struct xml_signature *s, const xmlAttr *a, struct err *e)
{
	const char *uri;

	if (!a || a->next || a->ns || strcmp((const char *)a->name, "URI") != 0 || (a->children && a->children->next))
		return err_set(e, REASON_SEC_REFERENCE, "the Reference says something else than URI");
	uri = value_of(a);
	if (!*uri && s->node->parent != doc->root)
		return err_set(e, REASON_SEC_REFERENCE, "URI=\"\", and the Signature is not a child of the root");
	if (!*uri) {
		s->target = doc->root;
		return DONE;
	}
	if (*uri != '#' || xmlValidateNCName((const xmlChar *)uri + 1, 0) != 0)
		return err_set(e, REASON_SEC_REFERENCE, "URI %.100s is neither empty nor # and a name", uri);
	s->by_id = true;
	TRY(carrier_of(doc, uri + 1, &s->target, e));
	if (s->target != doc->root && s->target != doc->named)
		return err_set(e, REASON_SEC_WRAPPED, "%.100s is %.80s, not what has to be covered", uri,
			node_local(s->target));
	return DONE;
}

/* enveloped-signature, then a canonicalisation; where the signature names its target the first may be absent. */
static outcome read_transforms(struct xml_signature *s, xmlNode *transforms, struct err *e)
{
	static const char *const names[] = {"Transform", "Transform"};
	xmlNode *found[2];
	const char *uri;

	if (s->by_id && children_are(transforms, names, found, 1, NULL).ok)
		return canonicalisation_of(found[0], &s->inclusive, e);
	TRY(children_are(transforms, names, found, 2, e));
	TRY(algorithm_of(found[0], &uri, e));
	if (strcmp(uri, TRANSFORM_ENVELOPED) != 0)
		return err_set(e, REASON_SEC_ALGORITHM, "the first Transform is not enveloped-signature");
	s->enveloped = true;
	return canonicalisation_of(found[1], &s->inclusive, e);
}

static outcome read_reference(struct pool *pool, const struct document *doc, struct xml_signature *s,
	xmlNode *reference, struct err *e)
{
	static const char *const names[] = {"Transforms", "DigestMethod", "DigestValue"};
	xmlNode *found[3];
	struct bytes value;
	const char *uri;

	TRY(target_of(doc, s, reference->properties, e));
	TRY(children_are(reference, names, found, 3, e));
	TRY(read_transforms(s, found[0], e));
	TRY(algorithm_of(found[1], &uri, e));
	s->digest = digest_by_uri(uri);
	if (s->digest == DIGEST_COUNT || digest_row(s->digest)->legacy || strcmp(uri, digest_row(s->digest)->uri) != 0)
		return err_set(e, REASON_SEC_ALGORITHM, "digest %.120s", uri);
	TRY(octets_of(pool, found[2], REASON_SEC_DIGEST, sizeof s->digest_value, &value, e));
	if (value.n != digest_row(s->digest)->size)
		return err_set(e, REASON_SEC_DIGEST, "DigestValue is not %zu octets", digest_row(s->digest)->size);
	memcpy(s->digest_value, value.p, value.n);
	return DONE;
}

/* --- one Signature --- */

static outcome read_signed_info(struct pool *pool, const struct document *doc, struct xml_signature *s, struct err *e)
{
	static const char *const names[] = {"CanonicalizationMethod", "SignatureMethod", "Reference"};
	xmlNode *found[3];
	const char *uri;

	TRY(children_are(s->info, names, found, 3, e));
	TRY(canonicalisation_of(found[0], &s->info_inclusive, e));
	TRY(algorithm_of(found[1], &uri, e));
	s->algorithm = signature_by_uri(uri);
	if (s->algorithm == SIGNATURE_COUNT || signature_row(s->algorithm)->legacy ||
		strcmp(uri, signature_row(s->algorithm)->uri) != 0)
		return err_set(e, REASON_SEC_ALGORITHM, "signature %.120s", uri);
	return read_reference(pool, doc, s, found[2], e);
}

static outcome read_key_info(struct pool *pool, struct xml_signature *s, xmlNode *key_info, struct err *e)
{
	static const char *const data[] = {"X509Data"}, *const certificate[] = {"X509Certificate"};
	xmlNode *x509, *text;

	if (!children_are(key_info, data, &x509, 1, NULL).ok || !children_are(x509, certificate, &text, 1, NULL).ok)
		return err_set(e, REASON_SEC_TOKEN_KIND, "KeyInfo is not one X509Certificate in X509Data");
	return octets_of(pool, text, REASON_SEC_TOKEN_BROKEN, CERTIFICATE_BYTES, &s->certificate, e);
}

static outcome read_one(struct pool *pool, const struct document *doc, struct xml_signature *s, struct err *e)
{
	static const char *const names[] = {"SignedInfo", "SignatureValue", "KeyInfo"};
	xmlNode *found[3];

	if (s->node->parent != doc->root && s->node->parent != doc->named && s->node->parent != doc->top)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "a Signature stands in %.80s",
			node_local(s->node->parent));
	for (const xmlNode *after = s->node->next; after; after = after->next) {
		if (!is_blank(after) && !security_inner_is_ds(after, "Signature"))
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "a Signature is not the last child of %.80s",
				node_local(s->node->parent));
	}
	TRY(children_are(s->node, names, found, 3, e));
	s->info = found[0];
	TRY(read_signed_info(pool, doc, s, e));
	TRY(octets_of(pool, found[1], REASON_SEC_VALUE, VALUE_BYTES, &s->value, e));
	return read_key_info(pool, s, found[2], e);
}

/* One look at the children of each element: a stranger decides how many comments there are. */
static bool is_split(const xmlNode *element)
{
	bool comment = false, text = false;

	for (const xmlNode *c = element->children; c; c = c->next) {
		comment = comment || c->type == XML_COMMENT_NODE;
		text = text || ((c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) && !xmlIsBlankNode(c));
	}
	return comment && text;
}

outcome security_inner_comments(xmlNode *top, struct err *e)
{
	for (xmlNode *n = top; n; n = node_next(top, n)) {
		if (n->type == XML_ELEMENT_NODE && is_split(n))
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "line %ld: a comment splits the text of %.80s",
				xmlGetLineNo(n), node_local(n));
	}
	return DONE;
}

outcome security_inner_read(struct pool *pool, const struct document *doc, struct xml_signatures *out, struct err *e)
{
	out->n = 0;
	TRY(security_inner_comments(doc->top, e));
	for (xmlNode *n = doc->top; n; n = node_next(doc->top, n)) {
		if (!security_inner_is_ds(n, "Signature"))
			continue;
		if (out->n == SIGNATURES_MAX)
			return err_set(e, REASON_SEC_SEVERAL, "more than %d signatures", SIGNATURES_MAX);
		out->item[out->n] = (struct xml_signature){.node = n};
		TRY(read_one(pool, doc, &out->item[out->n], e));
		out->n++;
	}
	return DONE;
}
