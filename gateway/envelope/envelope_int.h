/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_int - what the files of this room share: the marks of the pre-scan, the parse, the envelope
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

/* A shallow element as the pre-scan met it, in document order. */
struct mark {
	uint32_t start, inner, inner_end, end; /* as in struct element */
	uint32_t name_n;   /* the qualified name stands at start + 1 */
	uint32_t depth;
	uint32_t parent;   /* index of its mark; of no meaning at depth 1 */
	uint32_t children; /* shallow ones */
};

struct scan {
	size_t skip;      /* octets of the byte order mark */
	size_t elements;  /* all, deep ones too */
	struct buf marks; /* an array of struct mark; none for a document without ranges */
	bool may_leave;   /* content of `data` that is judged apart; it has no marks */
	struct canonical_content left; /* it; its octets are none where nothing was left */
	uint32_t left_mark;            /* of the element that holds it */
	struct buf left_ids;           /* an array of struct bytes: values of what could pass for an identifier in it */
};

static inline struct mark *scan_marks(const struct scan *scan)
{
	return (struct mark *)(void *)scan->marks.data;
}

/* Byte order mark, characters and XML declaration. `*skip` is where the parser begins, `*content` where
 * the markup does. */
MUST_USE outcome envelope_prolog_read(struct bytes text, size_t *skip, size_t *content, struct err *e);

/* The linear pass: bounds, structure, ranges of the elements down to depth `shallow` (0: none). */
MUST_USE outcome envelope_scan_read(struct bytes text, const struct envelope_limits *limits, int shallow,
	struct scan *out, struct err *e);
/* The same for a message, of which content of `data` may be left out. */
MUST_USE outcome envelope_scan_frame(struct bytes text, const struct envelope_limits *limits, struct scan *out,
	struct err *e);
void envelope_scan_free(struct scan *scan);

/* Words a failure with line and octet of the position. */
outcome envelope_scan_fail(struct bytes text, size_t at, enum reason reason, const char *what, struct err *e);

/* The one parse by libxml2 of scanned octets; the tree belongs to the pool. */
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

/* Makes the elements of marks and tree. */
MUST_USE outcome envelope_range_tie(struct envelope *env, const struct scan *scan, struct err *e);
/* Finds header, body and operation. */
MUST_USE outcome envelope_shape_check(struct envelope *env, struct err *e);
/* Checks the identifiers, those of what was left out too, and fills ids. */
MUST_USE outcome envelope_ids_collect(struct envelope *env, const struct scan *scan, struct err *e);

#endif
