/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_inner_cms - CMS signatures in `data`: their octets, and the octets that they must cover.
 * Promise:  a CMS is judged against octets made of the element that the demand names, and no others.
 * Not here: CMS itself (trust_cms.h).
 * Spec:     bus contract 4.7 */
#include "security/security_inner_int.h"

enum { SPELLINGS_MAX = 2 };
#define CANONICAL_BYTES (64u << 20)

/* What signers take as the octets of one element. */
struct spellings {
	struct bytes item[SPELLINGS_MAX];
	size_t n;
};

static bool has_elements(const xmlNode *node)
{
	for (const xmlNode *c = node->children; c; c = c->next) {
		if (c->type == XML_ELEMENT_NODE)
			return true;
	}
	return false;
}

static bool into_buf(void *ctx, const void *data, size_t n)
{
	struct buf *b = ctx;

	buf_add(b, (struct bytes){data, n});
	return buf_ok(b);
}

/* An element that holds elements is covered in its canonical form, the usual one or the inclusive one. */
static outcome spell_tree(struct pool *pool, xmlNode *node, struct spellings *out, struct err *e)
{
	for (int inclusive = 0; inclusive < SPELLINGS_MAX; inclusive++) {
		const struct canonical_form form = {.inclusive = inclusive};
		SCOPED(buf_free) struct buf octets = BUF(CANONICAL_BYTES);
		struct bytes *to = &out->item[out->n++];

		TRY(envelope_canonical_form(node, &form, into_buf, &octets, e));
		*to = (struct bytes){(const unsigned char *)pool_copy(pool, buf_bytes(&octets)), octets.len};
		if (!to->p)
			return err_set(e, REASON_MEMORY, "canonical form of a document");
	}
	return DONE;
}

/* One that holds text is covered by the text, or by what the text is the base64 of: a file. */
static outcome spell_text(struct pool *pool, xmlNode *node, struct spellings *out, struct err *e)
{
	if (!node_text(pool, node, &out->item[out->n++]))
		return err_set(e, REASON_MEMORY, "text of a document");
	if (payload_base64(pool, out->item[0], &out->item[out->n], NULL).ok)
		out->n++;
	return DONE;
}

static outcome spell(struct pool *pool, xmlNode *node, struct spellings *out, struct err *e)
{
	return has_elements(node) ? spell_tree(pool, node, out, e) : spell_text(pool, node, out, e);
}

/* True when nothing but the CMS stands in the document: then its content is the document. */
static bool is_all(const struct document *doc, const xmlNode *cms)
{
	for (const xmlNode *at = cms; at != doc->top; at = at->parent) {
		for (const xmlNode *s = at->parent->children; s; s = s->next) {
			if (s != at && s->type != XML_COMMENT_NODE && !xmlIsBlankNode(s))
				return false;
		}
	}
	return true;
}

static bool is_inside(const xmlNode *node, const xmlNode *above)
{
	while (node && node != above)
		node = node->parent;
	return node != NULL;
}

outcome security_inner_cms(struct pool *pool, const struct document *doc, const char *covers, xmlNode *cms,
	struct trust *trust, int64_t now_ms, struct trust_cms *out, struct err *e)
{
	struct spellings must = {.n = 0};
	struct bytes text, der;

	if (!cms)
		return trust_cms_verify(trust, pool, doc->octets, NULL, 0, now_ms, out, e);
	if (has_elements(cms) || !node_text(pool, cms, &text))
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "%.80s holds more than text", node_local(cms));
	TRY(payload_base64(pool, text, &der, e));
	if (!covers && is_all(doc, cms))
		return trust_cms_verify(trust, pool, der, NULL, 0, now_ms, out, e);
	if (is_inside(cms, doc->named))
		return err_set(e, REASON_SEC_WRAPPED, "%.80s stands in what it has to cover: the service must name the part",
			node_local(cms));
	TRY(spell(pool, doc->named, &must, e));
	return trust_cms_verify(trust, pool, der, must.item, must.n, now_ms, out, e);
}
