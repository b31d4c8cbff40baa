/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_judge - is a text well-formed for certain, and what is in it, by the walk that writes the canonical form.
 * Promise:  the same reading of tags, prefixes, attributes, texts and references as in canonical_write; where that takes it
 *           for granted that the text is well-formed, the judge is in doubt.
 *           Nothing is written: when all that the walk would write of content that is not told are the octets as they stand,
 *           in one piece, they are their own canonical form.
 * Spec:     XML 1.0 productions 1 and 43; Namespaces in XML 1.0; docs/decisions/0023 and 0030 */
#include "canonical_int.h"

static bool drop(void *ctx, const void *data, size_t n)
{
	(void)ctx;
	(void)data;
	(void)n;
	return true;
}

/* --- what is told --- */

/* Those of the tag at hand, in their order. */
static size_t list_bindings(const struct run *r, struct canonical_binding *list)
{
	size_t n = 0;

	for (size_t i = r->frames[r->depth].changes; i < r->change_count; i++) {
		const struct prefix *p = &r->prefixes[r->changes[i].prefix];

		list[n++] = (struct canonical_binding){p->name, p->bound};
	}
	return n;
}

static bool check_values(struct run *r)
{
	for (size_t i = 0; i < r->attribute_count; i++) {
		const struct canonical_attribute *a = &r->attributes[i];

		if (!a->plain && !canonical_value(&r->out, a->value))
			return false;
	}
	return true;
}

bool canonical_tell_start(struct run *r, const unsigned char *from, const struct canonical_qname *name, bool empty)
{
	struct canonical_binding bindings[PREFIXES_MOST];
	struct canonical_start start = {
		.octets = {from, (size_t)(r->at - from)},
		.name = *name,
		.attributes = r->attributes,
		.attribute_count = r->attribute_count,
		.bindings = bindings,
		.empty = empty,
	};
	enum canonical_next next;

	if (!canonical_scope_use(r, name->prefix, &start.uri) || !canonical_tag_sort(r) || r->doubtful || !check_values(r))
		return false;
	start.binding_count = list_bindings(r, bindings);
	next = r->listener->start(r->ctx, &start);
	r->past = next == CANONICAL_PAST && !empty;
	return next != CANONICAL_NO;
}

static bool tell_text(struct run *r)
{
	const unsigned char *from = r->at, *odd = canonical_plain(from, r->end);
	const bool plain = odd < r->end && *odd == '<';

	if (plain)
		r->at = odd;
	else if (!canonical_text(&r->out, &r->at, r->end, false))
		return false;
	return r->listener->text(r->ctx, (struct bytes){from, (size_t)(r->at - from)}, plain);
}

/* --- content that is not told --- */

/* Up to the end tag of the element in which it stands. */
static bool walk_past(struct run *r)
{
	const size_t around = r->depth;

	while (r->at < r->end) {
		if (*r->at != '<' && !canonical_text(&r->out, &r->at, r->end, false))
			return false;
		if (r->depth == around && r->end - r->at > 2 && r->at[1] == '/')
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
	r->scope++; /* so that it will be touched */
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

static bool take_past(struct run *r)
{
	const struct canonical_listener *listener = r->listener;
	const unsigned char *from = r->at;
	const size_t around = r->prefix_count;
	struct canonical_content content = {0};

	r->past = false;
	pretend_rendered(r);
	r->listener = NULL;
	r->out.from = r->out.to = NULL;
	if (!walk_past(r))
		return false;
	r->listener = listener;
	content.octets = (struct bytes){from, (size_t)(r->at - from)};
	/* A piece that is still in hand from the first octet on is all that there is. */
	if (r->out.from == from && r->out.to == r->at && keep_touched(r, around, &content.own))
		content.own.octets = content.octets;
	return listener->past(r->ctx, &content);
}

/* --- the text --- */

/* White space and comments outside the root. */
static bool take_outside(struct run *r)
{
	for (;;) {
		while (r->at < r->end && is_class(*r->at, IS_BLANK))
			r->at++;
		if (r->end - r->at <= 2 || r->at[0] != '<' || r->at[1] != '!')
			return true;
		if (!canonical_take_markup(r))
			return false;
	}
}

/* A start tag, to begin with. */
static bool take_root(struct run *r)
{
	if (r->end - r->at <= 2 || *r->at != '<' || r->at[1] == '!' || !canonical_take_markup(r))
		return false;
	while (r->depth > 0 && r->at < r->end) {
		if (r->past && !take_past(r))
			return false;
		if ((*r->at != '<' && !tell_text(r)) || !canonical_take_markup(r))
			return false;
	}
	return r->depth == 0;
}

static bool only_blanks(const unsigned char *at, const unsigned char *end)
{
	while (at < end && is_class(*at, IS_BLANK))
		at++;
	return at == end;
}

bool canonical_judge(struct bytes text, size_t from, const struct canonical_limits *limits,
	const struct canonical_listener *listener, void *ctx)
{
	const unsigned char *last = text.n > from ? memrchr(text.p + from, '>', text.n - from) : NULL;
	struct run r;

	if (!last || !only_blanks(last + 1, text.p + text.n))
		return false;
	canonical_begin(&r, drop, NULL);
	if (!canonical_scope_list(&r, NULL))
		return false;
	r.limits = limits;
	r.depth_most = limits->depth < DEPTH_MOST ? limits->depth : DEPTH_MOST;
	r.elements_most = limits->elements;
	r.others_most = limits->others;
	r.tag_most = limits->tag_bytes;
	r.listener = listener;
	r.on_id = listener->id;
	r.ctx = ctx;
	r.at = text.p + from;
	r.end = last + 1;
	return take_outside(&r) && take_root(&r) && take_outside(&r) && r.at == r.end && !r.doubtful;
}
