/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_inner_payload - the document inside `data`, in whichever of the bus's styles it came, and in it the element
 * that has to be covered and those that hold a CMS.
 * Promise:  what is found here is what a reader of the message finds: an element that a demand names stands once.
 * Spec:     bus contract 1.5 and 4.7 */
#include "security/security_inner_int.h"

#define DOCUMENT_BYTES (64u << 20)
#define PEM_BEGIN "-----BEGIN "
#define PEM_DASHES "-----"

static bool is_named(const xmlNode *node, const char *local)
{
	return local && node->type == XML_ELEMENT_NODE && strcmp(node_local(node), local) == 0;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct bytes trim(struct bytes text)
{
	while (text.n > 0 && is_space(text.p[0]))
		text = bytes_sub(text, 1, text.n);
	while (text.n > 0 && is_space(text.p[text.n - 1]))
		text = bytes_sub(text, 0, text.n - 1);
	return text;
}

static bool begins(struct bytes text, const char *with)
{
	size_t n = strlen(with);

	return text.n >= n && memcmp(text.p, with, n) == 0;
}

static bool is_xml(struct bytes text)
{
	return begins(text, "<") || begins(text, "\xef\xbb\xbf<");
}

/* What stands between the two lines of PEM; other text stays as it is. */
static struct bytes unarmour(struct bytes text)
{
	const unsigned char *line;
	size_t end;

	if (!begins(text, PEM_BEGIN))
		return text;
	line = memchr(text.p, '\n', text.n);
	text = line ? bytes_sub(text, (size_t)(line - text.p), text.n) : BYTES_NONE;
	for (end = 0; end + sizeof PEM_DASHES - 1 <= text.n; end++) {
		if (memcmp(text.p + end, PEM_DASHES, sizeof PEM_DASHES - 1) == 0)
			return bytes_sub(text, 0, end);
	}
	return text;
}

outcome security_inner_base64(struct pool *pool, struct bytes text, struct bytes *out, struct err *e)
{
	SCOPED(buf_free) struct buf raw = BUF(DOCUMENT_BYTES);

	if (!base64_decode(unarmour(trim(text)), &raw, NULL).ok || raw.len == 0)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "a text that is neither a document nor base64");
	out->p = (const unsigned char *)pool_copy(pool, buf_bytes(&raw));
	out->n = raw.len;
	return out->p ? DONE : err_set(e, REASON_MEMORY, "octets of a document");
}

static outcome parse(struct pool *pool, struct bytes text, struct document *out, struct err *e)
{
	xmlDoc *doc;

	TRY(envelope_parse_document(pool, text, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	out->top = out->root = xmlDocGetRootElement(doc);
	return DONE;
}

static outcome read_text(struct pool *pool, xmlNode *data, struct document *out, struct err *e)
{
	struct bytes text;

	TRY(security_inner_comments(data, e));
	if (!node_text(pool, data, &text))
		return err_set(e, REASON_MEMORY, "text of data");
	text = trim(text);
	if (text.n == 0)
		return err_set(e, REASON_SEC_SIGNATURE_ABSENT, "data is empty");
	if (is_xml(text))
		return parse(pool, text, out, e);
	TRY(security_inner_base64(pool, text, &out->octets, e));
	return is_xml(out->octets) ? parse(pool, out->octets, out, e) : DONE;
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
	for (xmlNode *node = doc->top; node; node = security_inner_next(doc->top, node)) {
		if (is_named(node, covers)) {
			doc->named = node;
			n++;
		}
	}
	if (n != 1)
		return err_set(e, REASON_SEC_WRAPPED, "%zu elements %.80s, and one has to be covered", n, covers);
	return DONE;
}

outcome security_inner_document(struct pool *pool, const struct element *data, const struct conf_inner *demand,
	struct document *out, struct err *e)
{
	bool elements = false;

	*out = (struct document){.top = NULL};
	for (const xmlNode *c = data->node->children; c; c = c->next)
		elements = elements || c->type == XML_ELEMENT_NODE;
	if (elements)
		TRY(read_elements(data->node, demand->cms, out, e));
	else
		TRY(read_text(pool, data->node, out, e));
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
	for (xmlNode *node = doc->top; cms && node; node = security_inner_next(doc->top, node)) {
		if (!is_named(node, cms))
			continue;
		if (*n == SIGNATURES_MAX)
			return err_set(e, REASON_SEC_SEVERAL, "more than %d elements %.80s", SIGNATURES_MAX, cms);
		list[(*n)++] = node;
	}
	return DONE;
}
