/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_build - the tree of a message without the content of `data`, made while its octets are judged.
 * Promise:  the nodes are those that libxml2 makes of the same octets without that content: every link, name, namespace,
 *           declaration, attribute, text and line of an element. They and their strings lie in the pool; nothing of them is
 *           ever freed by itself. Of the document, whatever its XML declaration says is not kept.
 *           It gives up where libxml2 might do anything else, and where a frame is larger than those of real messages.
 * Not here: what is well-formed (canonical_judge); why a message is refused (envelope_scan.c, envelope_parse.c).
 * Spec:     docs/decisions/0023 and 0030 */
#include "envelope_int.h"

#include <libxml/parserInternals.h>

enum {
	CHUNK = 8192,
	OCTETS_MOST = 128 * 1024,
	BOUND_MOST = 64,   /* declarations */
	LINE_MOST = 65534, /* above it libxml2 counts in another way */
};

struct bound {
	const unsigned char *at; /* the place of its value */
	xmlNs *ns;
};

struct builder {
	struct envelope *env;
	struct scan *scan;
	unsigned char *at; /* of the memory at hand */
	size_t left, spent;
	xmlNode *open; /* innermost, of the document outside the root */
	uint32_t depth;
	uint32_t marks[ENVELOPE_SHALLOW + 1]; /* of the open elements */
	struct bound bound[BOUND_MOST];
	size_t bound_count;
	const unsigned char *counted; /* up to here */
	uint32_t line;
};

/* --- memory --- */

static bool grow(struct builder *b, size_t n)
{
	const size_t size = n < CHUNK ? CHUNK : n;

	if (size > OCTETS_MOST - b->spent)
		return false;
	b->at = pool_alloc(b->env->pool, size);
	b->left = b->at ? size : 0; /* or what is taken next would begin nowhere */
	b->spent += size;
	return b->at;
}

/* Zeroed, for any struct of libxml2. */
static void *take(struct builder *b, size_t n)
{
	const size_t align = sizeof(void *);
	void *p;

	n = (n + align - 1) / align * align;
	if (n > b->left && !grow(b, n))
		return NULL;
	p = b->at;
	b->at += n;
	b->left -= n;
	return p;
}

static xmlChar *copy(struct builder *b, struct bytes s)
{
	xmlChar *p = take(b, s.n + 1);

	if (p && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

/* --- nodes --- */

static xmlNode *make_node(struct builder *b, xmlElementType type, const xmlChar *name)
{
	xmlNode *node = take(b, sizeof *node);

	if (!node || !name)
		return NULL;
	node->type = type;
	node->name = name;
	node->doc = b->env->doc;
	return node;
}

static void hang(struct builder *b, xmlNode *node)
{
	node->parent = b->open;
	node->prev = b->open->last;
	if (node->prev)
		node->prev->next = node;
	else
		b->open->children = node;
	b->open->last = node;
}

static xmlNode *make_text(struct builder *b, struct bytes raw, bool value, bool plain)
{
	xmlNode *node = make_node(b, XML_TEXT_NODE, xmlStringText);
	xmlChar *content = plain ? copy(b, raw) : take(b, raw.n + 1);

	if (!node || !content)
		return NULL;
	if (!plain)
		canonical_resolve(raw, value, content);
	node->content = content;
	return node;
}

static bool declare(struct builder *b, xmlNs **list, const struct canonical_binding *binding)
{
	xmlNs *ns = take(b, sizeof *ns);

	if (!ns || b->bound_count == BOUND_MOST)
		return false;
	ns->type = XML_LOCAL_NAMESPACE;
	ns->href = copy(b, binding->uri);
	ns->prefix = binding->prefix.n ? copy(b, binding->prefix) : NULL;
	*list = ns;
	b->bound[b->bound_count++] = (struct bound){binding->uri.p, ns};
	return ns->href && (ns->prefix || binding->prefix.n == 0);
}

static xmlNs *namespace_at(const struct builder *b, struct bytes uri)
{
	size_t i = b->bound_count;

	if (uri.n == 0)
		return NULL;
	while (i > 0 && b->bound[i - 1].at != uri.p)
		i--;
	BUG_IF(i == 0);
	return b->bound[i - 1].ns;
}

static xmlAttr *make_attribute(struct builder *b, xmlNode *node, const struct canonical_attribute *a)
{
	xmlAttr *attribute = take(b, sizeof *attribute);
	xmlNode *text = make_text(b, a->value, true, a->plain);

	if (!attribute || !text)
		return NULL;
	attribute->type = XML_ATTRIBUTE_NODE;
	attribute->name = copy(b, a->name.local);
	attribute->doc = node->doc;
	attribute->parent = node;
	attribute->ns = namespace_at(b, a->uri);
	attribute->children = attribute->last = text;
	text->parent = (xmlNode *)(void *)attribute;
	return attribute->name ? attribute : NULL;
}

static bool add_attributes(struct builder *b, xmlNode *node, const struct canonical_start *start)
{
	xmlNs **ns = &node->nsDef;
	xmlAttr *last = NULL;

	for (size_t i = 0; i < start->binding_count; i++) {
		if (!declare(b, ns, &start->bindings[i]))
			return false;
		ns = &(*ns)->next;
	}
	for (size_t i = 0; i < start->attribute_count; i++) {
		xmlAttr *attribute = make_attribute(b, node, &start->attributes[i]);

		if (!attribute)
			return false;
		attribute->prev = last;
		*(last ? &last->next : &node->properties) = attribute;
		last = attribute;
	}
	node->ns = namespace_at(b, start->uri);
	return true;
}

/* libxml2 notes the line at which a tag or a comment ends. */
static bool note_line(struct builder *b, xmlNode *node, const unsigned char *end)
{
	const unsigned char *feed;

	while ((feed = memchr(b->counted, '\n', (size_t)(end - b->counted)))) {
		b->counted = feed + 1;
		b->line++;
	}
	b->counted = end;
	node->line = (unsigned short)b->line;
	return b->line <= LINE_MOST;
}

/* --- marks --- */

static uint32_t offset_of(const struct builder *b, const unsigned char *at)
{
	return (uint32_t)(at - b->env->text.p);
}

static void end_mark(struct builder *b, uint32_t i, const unsigned char *inner_end, const unsigned char *end)
{
	struct mark *mark = &scan_marks(b->scan)[i];

	mark->inner_end = offset_of(b, inner_end);
	mark->end = offset_of(b, end);
}

static bool add_mark(struct builder *b, xmlNode *node, const struct canonical_start *start)
{
	const unsigned char *inner = start->octets.p + start->octets.n;
	const struct mark new = {
		.start = offset_of(b, start->octets.p),
		.inner = offset_of(b, inner),
		.name_n = (uint32_t)start->name.whole.n,
		.depth = b->depth,
		.parent = b->marks[b->depth - 1],
		.node = node,
	};
	const struct mark *mark = envelope_scan_mark(b->scan, new);

	if (!mark)
		return false;
	b->marks[b->depth] = (uint32_t)(mark - scan_marks(b->scan));
	if (start->empty)
		end_mark(b, b->marks[b->depth], inner, inner);
	return true;
}

/* --- what the judge tells --- */

static bool is_named(const xmlNode *node, const char *local)
{
	return strcmp((const char *)node->name, local) == 0;
}

/* Below the depth to which identifiers count, in a Body that holds no Fault. */
static bool may_leave(const struct builder *b)
{
	const xmlNode *at = b->open;

	if (b->depth != ENVELOPE_CONTRACT_DEPTH + 1 || b->scan->left.octets.n > 0 || !is_named(at, "data"))
		return false;
	for (uint32_t depth = b->depth; depth > 3; depth--)
		at = at->parent;
	return !is_named(at, "Fault") && is_named(at->parent, "Body");
}

static enum canonical_next on_start(void *ctx, const struct canonical_start *start)
{
	struct builder *b = ctx;
	xmlNode *node = make_node(b, XML_ELEMENT_NODE, copy(b, start->name.local));

	if (!node || !add_attributes(b, node, start) || !note_line(b, node, start->octets.p + start->octets.n))
		return CANONICAL_NO;
	hang(b, node);
	b->depth++;
	if (b->depth <= ENVELOPE_SHALLOW && !add_mark(b, node, start))
		return CANONICAL_NO;
	if (start->empty) {
		b->depth--;
		return CANONICAL_TELL;
	}
	b->open = node;
	return may_leave(b) ? CANONICAL_PAST : CANONICAL_TELL;
}

static bool on_text(void *ctx, struct bytes raw, bool plain)
{
	struct builder *b = ctx;
	xmlNode *node = make_text(b, raw, false, plain);

	if (node)
		hang(b, node);
	return node;
}

static bool on_comment(void *ctx, struct bytes content)
{
	struct builder *b = ctx;
	xmlNode *node = make_node(b, XML_COMMENT_NODE, xmlStringComment);

	if (!node || memchr(content.p, '\r', content.n))
		return false;
	node->content = copy(b, content);
	hang(b, node);
	return node->content && note_line(b, node, content.p + content.n);
}

static bool on_end(void *ctx, struct bytes octets)
{
	struct builder *b = ctx;

	if (b->depth <= ENVELOPE_SHALLOW)
		end_mark(b, b->marks[b->depth], octets.p, octets.p + octets.n);
	b->open = b->open->parent;
	b->depth--;
	return true;
}

static bool on_past(void *ctx, const struct canonical_content *content)
{
	struct builder *b = ctx;

	b->scan->left = *content;
	b->scan->left_mark = b->marks[b->depth];
	b->counted = content->octets.p + content->octets.n;
	return true;
}

static bool on_id(void *ctx, struct bytes value)
{
	struct builder *b = ctx;

	buf_add(&b->scan->left_ids, (struct bytes){(const unsigned char *)&value, sizeof value});
	return buf_ok(&b->scan->left_ids);
}

static xmlDoc *make_doc(struct builder *b)
{
	xmlDoc *doc = take(b, sizeof *doc);

	if (!doc)
		return NULL;
	doc->type = XML_DOCUMENT_NODE;
	doc->doc = doc;
	doc->version = copy(b, BYTES_LIT("1.0"));
	doc->charset = XML_CHAR_ENCODING_UTF8;
	doc->compression = doc->standalone = -1;
	doc->properties = XML_DOC_WELLFORMED | XML_DOC_NSVALID | XML_DOC_DTDVALID;
	return doc->version ? doc : NULL;
}

bool envelope_frame_build(struct envelope *env, struct scan *out)
{
	static const struct canonical_listener listener = {on_start, on_text, on_comment, on_end, on_past, on_id};
	const struct envelope_limits *most = &env->limits;
	const struct canonical_limits limits = {
		.elements = most->elements,
		.others = most->elements * ENVELOPE_OTHERS_PER_ELEMENT,
		.depth = (size_t)envelope_depth_most(most),
		.attributes = (size_t)most->attributes,
		.namespaces = (size_t)most->namespaces,
		.tag_bytes = most->tag_bytes,
		.comment_bytes = most->comment_bytes,
	};
	struct builder b;
	size_t content;

	/* The marks count in 32 bits, libxml2 in int. */
	if (env->text.n > most->bytes || env->text.n > INT32_MAX ||
		!envelope_prolog_read(env->text, &out->skip, &content, NULL).ok)
		return false;
	b.env = env;
	b.scan = out;
	b.left = b.spent = b.bound_count = 0;
	b.depth = b.marks[0] = 0;
	b.counted = env->text.p;
	b.line = 1;
	env->doc = make_doc(&b);
	b.open = (xmlNode *)(void *)env->doc;
	return env->doc && canonical_judge(env->text, content, &limits, &listener, &b) && out->left.octets.n > 0;
}
