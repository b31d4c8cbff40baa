/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope - the only XML trees: octets to a tree and to octet ranges, and the shape of SOAP 1.1.
 *
 * Order: a linear pre-scan of the raw octets (bounds, UTF-8, no DTD, no processing instruction, ranges
 * of the shallow elements), one libxml2 parse, then a walk that ties each shallow node to its range.
 * Of a message whose `data` nobody has looked into yet one walk over the octets does all of it, and libxml2 nothing.
 * Later rooms work on these nodes and cut these octets. What comes from here is *not* verified; only security makes a
 * `struct verified` from it.
 */
#ifndef QAQPA_ENVELOPE_ENVELOPE_H
#define QAQPA_ENVELOPE_ENVELOPE_H

#include "base/pool.h"
#include "canonical/canonical.h"

struct _xmlNode;
struct _xmlDoc;

#define NS_SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define NS_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define NS_XSI "http://www.w3.org/2001/XMLSchema-instance"

struct envelope_limits {
	size_t bytes;      /* of the message */
	size_t elements;   /* and four times as many attributes, comments and CDATA sections in all */
	int depth;         /* default 64; never above 256 */
	int attributes;    /* per element, default 64 */
	int namespaces;    /* declarations in scope, default 32 */
	size_t tag_bytes;  /* one start tag, default 64 KiB */
	size_t comment_bytes; /* one comment, default 64 KiB */
};
#define ENVELOPE_LIMITS_DEFAULT \
	((struct envelope_limits){16u << 20, 50000, 64, 64, 32, 65536, 65536})

/* An element and where it stands in the octets. */
struct element {
	struct _xmlNode *node;
	size_t start;   /* '<' of the start tag */
	size_t inner;   /* behind '>' of the start tag (== end for an empty-element tag) */
	size_t inner_end; /* '<' of the end tag (== end for an empty-element tag) */
	size_t end;     /* behind the element */
	struct element *children; /* see envelope_children */
	size_t child_count;
	struct envelope *left_out_of; /* its content is not in the tree until envelope_whole; NULL: it is */
};

struct envelope; /* lives in the pool given to envelope_parse */

/* Once per process before threads; sets libxml2's global safety (no external entities, no catalogues). */
void envelope_init(void);

/* Parses a whole message. `text` must outlive the envelope and is never changed. Fails with REASON_XML_* or
 * REASON_SOAP_*; the detail names the position. Any thread. */
MUST_USE outcome envelope_parse(struct pool *pool, struct bytes text, const struct envelope_limits *limits,
	struct envelope **out, struct err *e);

/* The same verdict, but the content of `data` may be left out of the tree: it is well-formed and within the limits, and
 * whoever wants to look at it calls element_whole before. So does who lets libxml2 change such a tree: its nodes are memory
 * of the pool. A message that fails has cost up to twice as much. */
MUST_USE outcome envelope_parse_frame(struct pool *pool, struct bytes text, const struct envelope_limits *limits,
	struct envelope **out, struct err *e);
/* Puts into the tree what was left out. Every node of the envelope is another one then; every struct element stays where it
 * is. Fails with REASON_MEMORY. */
MUST_USE outcome envelope_whole(const struct envelope *env, struct err *e);
MUST_USE static inline outcome element_whole(const struct element *element, struct err *e)
{
	return element->left_out_of ? envelope_whole(element->left_out_of, e) : DONE;
}
bool envelope_is_whole(const struct envelope *env);
/* Octets of the message that are known to be their own canonical form; none, mostly, where nothing was left out. */
const struct canonical_own *envelope_own(const struct envelope *env);

/* The same pre-scan and parse for a document that is no SOAP envelope (payloads, saved files): root only. */
MUST_USE outcome envelope_parse_document(struct pool *pool, struct bytes text,
	const struct envelope_limits *limits,
	struct _xmlDoc **out, struct err *e);

struct bytes envelope_text(const struct envelope *env);
struct _xmlDoc *envelope_doc(const struct envelope *env);
const struct element *envelope_root(const struct envelope *env);
const struct element *envelope_header(const struct envelope *env); /* NULL when absent */
const struct element *envelope_body(const struct envelope *env);
/* The single element inside Body (never NULL; REASON_SOAP_OPERATION otherwise). */
const struct element *envelope_operation(const struct envelope *env);

/* Element children with their ranges, down to depth 7 counted from the Envelope as 1. In document order.
 * Gives the count; 0 below that depth. `parent` must be one that this envelope gave, not a copy. */
size_t envelope_children(const struct envelope *env, const struct element *parent,
	const struct element **list);
/* The only child of that local name (any namespace unless `ns` is given; "" means no namespace). NULL
 * when absent, and when there is more than one: *several, which may be NULL, tells which. */
const struct element *envelope_child(const struct envelope *env, const struct element *parent, const char *ns,
	const char *local, bool *several);

/* The elements from the root down to that of the node. Gives how many; 0 when the node lies deeper than ranges go. */
enum { ENVELOPE_PATH = 7 };
size_t envelope_path(const struct envelope *env, const struct _xmlNode *node, const struct element *path[ENVELOPE_PATH]);

/* Local name and namespace of a node; "" when in no namespace. Valid as long as the envelope. */
const char *node_local(const struct _xmlNode *node);
const char *node_ns(const struct _xmlNode *node);
/* Whole text of an element that holds only text and CDATA (comments allowed and skipped); false when it
 * holds an element. From the pool. */
MUST_USE bool node_text(struct pool *pool, const struct _xmlNode *node, struct bytes *out);

/* The next node of the subtree `top` in document order, by a walk without recursion; NULL after the last. */
struct _xmlNode *node_next(const struct _xmlNode *top, struct _xmlNode *node);

/* What stands inside `data`, in whichever of the bus's styles: elements, escaped text, CDATA, base64. */
struct payload {
	struct _xmlNode *data;
	struct _xmlNode *top; /* `data` itself where it holds elements, else the root of the document that its text is; NULL
	                       * when it is empty, or base64 of something else */
	struct bytes octets;  /* of what was carried as base64 */
};
/* Parses the text, where it is one; the tree and the octets live in the pool. Fails with REASON_MEMORY or
 * REASON_PAYLOAD_DOCUMENT: text that is neither a document nor base64, or that a comment splits. */
MUST_USE outcome payload_open(struct pool *pool, const struct element *data, const struct envelope_limits *limits,
	struct payload *out, struct err *e);
/* The root of the business message: the only element in `data`, the root of the document in its text, or `data` itself
 * where it holds several elements (the typed style). NULL when there is none. */
const struct _xmlNode *payload_root(const struct payload *p);
/* Octets of base64 or PEM text, from the pool; fails as payload_open. */
MUST_USE outcome payload_base64(struct pool *pool, struct bytes text, struct bytes *out, struct err *e);

/* Every attribute whose local name is Id, ID or id (any namespace, xml:id too) is unique over the
 * document and at most one per element: REASON_XML_DUPLICATE_ID otherwise. Here for documents.
 * envelope_parse does the same, except that payload attributes of these names (below depth 5 of the
 * Body) may repeat among themselves, never one from outside. */
MUST_USE outcome envelope_ids_unique(const struct _xmlDoc *doc, struct err *e);
/* The element that carries the identifier in wsu:Id, or, with plain_id, in an attribute Id without
 * namespace, or, on ds:* elements, in Id. Only ever the Body, or an element of the Header down to depth
 * 4 (a child of Security). NULL when none. */
struct _xmlNode *envelope_by_id(const struct envelope *env, struct bytes id, bool plain_id);

/* Namespace declarations in scope at the operation element as sorted "prefix=uri" lines: part of what
 * makes two messages identical. From the pool; BYTES_NONE when memory is short. */
struct bytes envelope_scope(const struct envelope *env, struct pool *pool);

/* Exclusive canonical form without comments (xml-exc-c14n) of the element and what is below it, handed
 * to `sink` in pieces. `prefixes` as in InclusiveNamespaces, NULL-terminated or NULL. Fails with
 * REASON_XML_NAMESPACE. */
MUST_USE outcome envelope_canonical(struct _xmlNode *element, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx, struct err *e);
/* The same in another form: Canonical XML 1.0 when `inclusive`, and without the listed elements and what is
 * below them. */
struct canonical_form {
	bool inclusive;
	struct _xmlNode *const *without;
	size_t without_count;
};
MUST_USE outcome envelope_canonical_form(struct _xmlNode *element, const struct canonical_form *form,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx, struct err *e);

/* A copy of the element as a document of its own; what it uses of the namespaces around it is declared at its root.
 * Fails with REASON_MEMORY. */
MUST_USE outcome envelope_alone(struct pool *pool, const struct _xmlNode *element, struct _xmlDoc **out, struct err *e);

/* Replaces parts of a text: cut [from,to) and put `with` there. Edits must be sorted and must not
 * overlap. The result is appended to `out`. */
struct edit {
	size_t from, to;
	struct bytes with;
};
void envelope_splice(struct bytes text, const struct edit *edits, size_t n, struct buf *out);
enum { ENVELOPE_REST = 65536 };
/* The same, but what stands behind the last edit is left there, as *rest, where that is at least ENVELOPE_REST octets and
 * what stands before it is no more; else *rest is empty. */
void envelope_splice_front(struct bytes text, const struct edit *edits, size_t n, struct buf *out, struct bytes *rest);

#endif
