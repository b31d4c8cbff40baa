/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_judge - is the content of an element well-formed for certain, by the walk that writes the canonical form.
 * Promise:  the same reading of tags, prefixes, attributes, texts and references as in canonical_write; where that takes it
 *           for granted that the text is well-formed, the judge is in doubt.
 *           Nothing is written: when all that the walk would write are the octets as they stand, in one piece, they are
 *           their own canonical form.
 * Spec:     XML 1.0 production 43; Namespaces in XML 1.0; docs/decisions/0023 */
#include "canonical_int.h"

static bool drop(void *ctx, const void *data, size_t n)
{
	(void)ctx;
	(void)data;
	(void)n;
	return true;
}

static bool walk(struct run *r)
{
	while (r->at < r->end) {
		if (*r->at != '<' && !canonical_text(&r->out, &r->at, r->end, false))
			return false;
		if (r->depth == 0 && r->end - r->at > 2 && r->at[1] == '/')
			return true;
		if (!canonical_take_markup(r))
			return false;
	}
	return false;
}

/* What is around is taken as rendered; whoever uses the answer sees to it for the prefixes that matter. */
static void pretend_rendered(struct run *r)
{
	for (size_t i = 0; i < r->prefix_count; i++) {
		r->prefixes[i].rendered = r->prefixes[i].bound;
		r->prefixes[i].touched = false;
	}
}

/* Those of the first `count` prefixes that the content has touched; others it has declared itself, below. */
static bool keep_touched(const struct run *r, size_t count, struct canonical_own *own)
{
	for (size_t i = 0; i < count; i++) {
		if (!r->prefixes[i].touched)
			continue;
		if (own->n == CANONICAL_OWN_PREFIXES)
			return false;
		own->prefixes[own->n++] = r->prefixes[i].name;
	}
	return true;
}

bool canonical_judge(struct bytes text, size_t from, const struct bytes *above, size_t depth,
	const struct canonical_limits *limits, bool (*on_id)(void *ctx, struct bytes value), void *ctx,
	struct canonical_content *out)
{
	const unsigned char *last = text.n > from ? memrchr(text.p + from, '>', text.n - from) : NULL;
	const unsigned char *content = text.p + from;
	struct run r;
	size_t around;

	canonical_start(&r, drop, NULL);
	if (!last || !canonical_scope_list(&r, NULL) || !canonical_read_above(&r, above, depth) || r.doubtful)
		return false;
	pretend_rendered(&r);
	around = r.prefix_count;
	r.others = 0;
	r.limits = limits;
	r.depth_most = limits->depth < DEPTH_MOST ? limits->depth : DEPTH_MOST;
	r.elements_most = limits->elements;
	r.others_most = limits->others;
	r.tag_most = limits->tag_bytes;
	r.on_id = on_id;
	r.ctx = ctx;
	r.at = content;
	r.end = last + 1;
	if (!walk(&r) || r.doubtful)
		return false;
	out->octets = (struct bytes){content, (size_t)(r.at - content)};
	out->elements = r.elements;
	out->others = r.others;
	out->own.octets = BYTES_NONE;
	out->own.n = 0;
	/* A piece that is still in hand from the first octet on is all that there is. */
	if (r.out.from == content && r.out.to == r.at && keep_touched(&r, around, &out->own))
		out->own.octets = out->octets;
	return true;
}
