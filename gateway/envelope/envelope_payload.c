/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_payload - the document inside `data`, in whichever of the bus's styles it came.
 * Promise:  what is found here is what a reader of the message finds; a text is parsed with the limits of messages.
 * Spec:     bus contract 1.5 */
#include "envelope_int.h"

#define DOCUMENT_BYTES (64u << 20)
#define PEM_BEGIN "-----BEGIN "
#define PEM_DASHES "-----"

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

outcome payload_base64(struct pool *pool, struct bytes text, struct bytes *out, struct err *e)
{
	SCOPED(buf_free) struct buf raw = BUF(DOCUMENT_BYTES);

	if (!base64_decode(unarmour(bytes_trim(text, XML_SPACE)), &raw, NULL).ok || raw.len == 0)
		return err_set(e, REASON_PAYLOAD_DOCUMENT, "a text that is neither a document nor base64");
	out->p = (const unsigned char *)pool_copy(pool, buf_bytes(&raw));
	out->n = raw.len;
	return out->p ? DONE : err_set(e, REASON_MEMORY, "octets of a document");
}

static outcome parse(struct pool *pool, struct bytes text, const struct envelope_limits *limits, struct payload *out,
	struct err *e)
{
	struct err why;
	xmlDoc *doc;

	if (!envelope_parse_document(pool, text, limits, &doc, &why).ok)
		return err_set(e, why.reason == REASON_MEMORY ? REASON_MEMORY : REASON_PAYLOAD_DOCUMENT, "%s: %.180s",
			reason_row(why.reason)->name, why.detail);
	out->top = xmlDocGetRootElement(doc);
	return DONE;
}

/* A comment is not signed, and a reader could take a part of the text for the whole. */
static bool is_split(const xmlNode *data)
{
	bool comment = false, text = false;

	for (const xmlNode *c = data->children; c; c = c->next) {
		comment = comment || c->type == XML_COMMENT_NODE;
		text = text || (c->type != XML_COMMENT_NODE && !xmlIsBlankNode(c));
	}
	return comment && text;
}

static outcome open_text(struct pool *pool, const xmlNode *data, const struct envelope_limits *limits,
	struct payload *out, struct err *e)
{
	struct bytes text;

	if (is_split(data))
		return err_set(e, REASON_PAYLOAD_DOCUMENT, "line %ld: a comment splits the text of data", xmlGetLineNo(data));
	if (!node_text(pool, data, &text))
		return err_set(e, REASON_MEMORY, "text of data");
	text = bytes_trim(text, XML_SPACE);
	if (text.n == 0)
		return DONE;
	if (is_xml(text))
		return parse(pool, text, limits, out, e);
	TRY(payload_base64(pool, text, &out->octets, e));
	return is_xml(out->octets) ? parse(pool, out->octets, limits, out, e) : DONE;
}

outcome payload_open(struct pool *pool, const struct element *data, const struct envelope_limits *limits,
	struct payload *out, struct err *e)
{
	TRY(element_whole(data, e));
	*out = (struct payload){.data = data->node};
	for (const xmlNode *c = data->node->children; c; c = c->next) {
		if (c->type != XML_ELEMENT_NODE)
			continue;
		out->top = data->node;
		return DONE;
	}
	return open_text(pool, data->node, limits, out, e);
}

const struct _xmlNode *payload_root(const struct payload *p)
{
	const xmlNode *root = NULL;

	if (!p->top || p->top != p->data)
		return p->top;
	for (const xmlNode *c = p->data->children; c; c = c->next) {
		if (c->type == XML_ELEMENT_NODE && root)
			return p->data;
		if (c->type == XML_ELEMENT_NODE)
			root = c;
	}
	return root;
}
