/* SPDX-License-Identifier: GPL-3.0-or-later */
/* both - one text, and the canonical form of each of its elements by both: our own from the octets, libxml2's from the
 * tree. */
#ifndef QAQPA_TESTS_BOTH_H
#define QAQPA_TESTS_BOTH_H

#include "canonical/canonical.h"
#include "envelope/envelope_int.h"

enum { BOTH_MOST = 64u << 20 };

struct subject {
	struct pool *pool;
	struct bytes text;
	struct scan scan;
	xmlDoc *doc;
	size_t elements;
};

static inline void subject_close(struct subject *s)
{
	buf_free(&s->scan.marks);
	pool_free(&s->pool);
}

/* False when envelope refuses the text; close it in either case. */
static inline bool subject_open(struct subject *s, struct bytes text)
{
	*s = (struct subject){.text = text, .pool = pool_new(BOTH_MOST)};
	if (!s->pool || !envelope_scan_read(text, &ENVELOPE_LIMITS_DEFAULT, ENVELOPE_DEPTH_MOST, &s->scan, NULL).ok ||
		!envelope_parse_document(s->pool, text, &ENVELOPE_LIMITS_DEFAULT, &s->doc, NULL).ok)
		return false;
	s->elements = s->scan.elements;
	return true;
}

static inline bool both_keep(void *ctx, const void *data, size_t n)
{
	struct buf *out = ctx;

	buf_add(out, (struct bytes){data, n});
	return buf_ok(out);
}

/* Of the element number i in document order. */
static inline enum canonical subject_own(const struct subject *s, size_t i, const char *const *prefixes, struct buf *out)
{
	const struct mark *marks = scan_marks(&s->scan), *m = &marks[i];
	struct bytes above[ENVELOPE_DEPTH_MOST];
	struct canonical_place place = {.above = above, .depth = m->depth - 1, .element = bytes_sub(s->text, m->start, m->end)};

	for (size_t at = place.depth; at > 0; at--) {
		m = &marks[m->parent];
		above[at - 1] = bytes_sub(s->text, m->start, m->inner);
	}
	return canonical_write(&place, prefixes, both_keep, out);
}

static inline bool subject_other(const struct subject *s, size_t i, const char *const *prefixes, struct buf *out)
{
	xmlNode *root = xmlDocGetRootElement(s->doc), *node;
	int depth;

	for (node = envelope_tree_next(root, NULL, &depth); i > 0; i--)
		node = envelope_tree_next(root, node, &depth);
	return envelope_canonical(node, prefixes, both_keep, out, NULL).ok;
}

#endif
