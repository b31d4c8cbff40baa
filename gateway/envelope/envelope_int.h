/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_int - what the files of this room share: the marks of the shallow elements, the trees, the envelope
 * itself. */
#ifndef QAQPA_ENVELOPE_ENVELOPE_INT_H
#define QAQPA_ENVELOPE_ENVELOPE_INT_H

#include "envelope/envelope.h"

#include <libxml/tree.h>

#define ENVELOPE_SHALLOW ENVELOPE_PATH /* elements down to here have ranges; the Envelope is 1 */
#define ENVELOPE_DEPTH_MOST 256 /* no limit in force is above it, whatever is asked for */
/* The wire contract puts requestInfo and requestData at depth 5. Deeper elements of the Body are fields
 * and payload: there an attribute named id is business data, not an identifier of the message. */
#define ENVELOPE_CONTRACT_DEPTH 5

/* White space of XML 1.0 production 3. */
static inline bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Attributes, comments and CDATA sections cost as much memory as elements do; in all there may be this many for each element
 * that the limits permit. */
#define ENVELOPE_OTHERS_PER_ELEMENT 4

static inline int envelope_depth_most(const struct envelope_limits *limits)
{
	return limits->depth < ENVELOPE_DEPTH_MOST ? limits->depth : ENVELOPE_DEPTH_MOST;
}

/* A shallow element as the octets have it, in document order. */
struct mark {
	uint32_t start, inner, inner_end, end; /* as in struct element */
	uint32_t name_n;   /* the qualified name stands at start + 1 */
	uint32_t depth;
	uint32_t parent;   /* index of its mark; of no meaning at depth 1 */
	uint32_t children; /* shallow ones */
	xmlNode *node;     /* once there is a tree */
};

struct scan {
	size_t skip;      /* octets of the byte order mark */
	size_t elements;  /* all, deep ones too */
	struct buf marks; /* an array of struct mark; none for a document without ranges */
	struct canonical_content left; /* of `data`, which has no marks; its octets are none where nothing was left out */
	uint32_t left_mark;            /* of the element that holds it */
	struct buf left_ids;           /* an array of struct bytes: values of what could pass for an identifier in it */
};
#define SCAN(limits) \
	((struct scan){.marks = BUF((limits)->elements * sizeof(struct mark) + 1), .left_ids = BUF(SIZE_MAX / 2)})

static inline struct mark *scan_marks(const struct scan *scan)
{
	return (struct mark *)(void *)scan->marks.data;
}

/* One more mark; NULL when memory is short. */
struct mark *envelope_scan_mark(struct scan *scan, struct mark mark);

/* Byte order mark, characters and XML declaration. `*skip` is where the parser begins, `*content` where
 * the markup does. */
MUST_USE outcome envelope_prolog_read(struct bytes text, size_t *skip, size_t *content, struct err *e);

/* The linear pass: bounds, structure, ranges of the elements down to depth `shallow` (0: none). */
MUST_USE outcome envelope_scan_read(struct bytes text, const struct envelope_limits *limits, int shallow,
	struct scan *out, struct err *e);
void envelope_scan_free(struct scan *scan);

/* Words a failure with line and octet of the position. */
outcome envelope_scan_fail(struct bytes text, size_t at, enum reason reason, const char *what, struct err *e);

/* The parse by libxml2 of scanned octets; the tree belongs to the pool. */
MUST_USE outcome envelope_tree_build(struct pool *pool, struct bytes text, xmlDoc **out, struct err *e);

/* The elements of `top` in document order: itself at depth 1 for a NULL node, then the one after `node`,
 * whose depth is *depth. NULL after the last. */
xmlNode *envelope_tree_next(xmlNode *top, xmlNode *node, int *depth);

/* An element with an identifier outside the payload. */
struct identified {
	struct bytes value;
	xmlAttr *attribute;
	int depth;
	bool in_header;
};

struct envelope {
	struct pool *pool;
	struct bytes text;
	struct envelope_limits limits;
	xmlDoc *doc;
	struct element *root;
	struct element *left; /* NULL when nothing was left out */
	struct canonical_own own;
	const struct element *header, *body, *operation;
	struct identified *ids; /* sorted by value */
	size_t id_count;
};

/* The tree of a message without the content of `data`, made while the octets are judged, and its marks. False where there is
 * nothing to leave out, any doubt, or no memory. The tree is memory of the pool and nothing else: whoever adds to it, or
 * lets libxml2 do so, calls envelope_whole before. */
MUST_USE bool envelope_frame_build(struct envelope *env, struct scan *out);

/* NULL when that tree is the one that libxml2 makes of the same octets, or memory is short; else what is wrong. */
const char *envelope_frame_differs(const struct envelope *env);

/* Gives the marks of the pre-scan their nodes in the tree of libxml2. */
MUST_USE outcome envelope_range_match(const struct envelope *env, struct scan *scan, struct err *e);
/* Makes the elements of marks that have nodes. */
MUST_USE outcome envelope_range_tie(struct envelope *env, const struct scan *scan, struct err *e);
/* Finds header, body and operation. */
MUST_USE outcome envelope_shape_check(struct envelope *env, struct err *e);
/* Checks the identifiers, those of what was left out too, and fills ids. */
MUST_USE outcome envelope_ids_collect(struct envelope *env, const struct scan *scan, struct err *e);

#endif
