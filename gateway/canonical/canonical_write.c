/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_write - the walk over the octets of an element, tag by tag.
 * Promise:  no recursion; the state is of fixed size; whatever is not understood ends the walk as foreign.
 * Spec:     xml-exc-c14n section 3 */
#include "canonical_int.h"

static void write_declarations(struct run *r)
{
	for (size_t i = 0; i < r->fresh_count; i++) {
		const struct prefix *p = &r->prefixes[r->fresh[i]];

		SAY(&r->out, " xmlns");
		if (p->name.n > 0) {
			SAY(&r->out, ":");
			canonical_put(&r->out, p->name.p, p->name.p + p->name.n);
		}
		SAY(&r->out, "=\"");
		if (p->bound.n > 0)
			canonical_put(&r->out, p->bound.p, p->bound.p + p->bound.n);
		SAY(&r->out, "\"");
	}
}

static bool write_attribute(struct run *r, const struct attribute *a)
{
	const struct bytes name = a->name.whole;

	if (a->plain) {
		canonical_put(&r->out, name.p - 1, a->to);
		return true;
	}
	SAY(&r->out, " ");
	canonical_put(&r->out, name.p, name.p + name.n);
	SAY(&r->out, "=\"");
	if (!canonical_value(&r->out, a->value))
		return false;
	SAY(&r->out, "\"");
	return true;
}

/* What the element itself, its attributes and the list make visible. */
static bool use_prefixes(struct run *r, const struct qname *name)
{
	const bool may_list = r->depth == 1 || r->change_count > r->frames[r->depth].changes;

	r->fresh_count = 0;
	return canonical_scope_use(r, name->prefix, NULL) && canonical_tag_sort(r) &&
		(!may_list || canonical_scope_use_listed(r));
}

static bool take_start(struct run *r)
{
	const unsigned char *from = r->at;
	struct qname name;
	bool empty;

	if (r->depth == DEPTH_MOST)
		return false;
	r->depth++;
	canonical_scope_enter(r);
	if (!canonical_tag_read(r, &name, &empty) || !use_prefixes(r, &name))
		return false;
	r->frames[r->depth].name = name.whole;
	canonical_put(&r->out, from, name.whole.p + name.whole.n);
	write_declarations(r);
	for (size_t i = 0; i < r->attribute_count; i++) {
		if (!write_attribute(r, r->sorted[i]))
			return false;
	}
	canonical_put(&r->out, r->at - 1, r->at); /* '>' */
	if (!empty)
		return true;
	SAY(&r->out, "</");
	canonical_put(&r->out, name.whole.p, name.whole.p + name.whole.n);
	SAY(&r->out, ">");
	canonical_scope_leave(r);
	r->depth--;
	return true;
}

static bool take_end(struct run *r)
{
	const unsigned char *from = r->at;
	const struct bytes name = r->frames[r->depth].name;

	/* At least one octet more follows, for the last one is a '>' and none of the name is. */
	if ((size_t)(r->end - r->at) <= name.n + 2 || memcmp(r->at + 2, name.p, name.n) != 0)
		return false;
	r->at += name.n + 2;
	canonical_put(&r->out, from, r->at);
	while (is_class(*r->at, IS_BLANK))
		r->at++;
	if (*r->at != '>')
		return false;
	canonical_put(&r->out, r->at, r->at + 1);
	r->at++;
	canonical_scope_leave(r);
	r->depth--;
	return true;
}

/* A comment is left out, a CDATA section is text. */
static bool take_other(struct run *r)
{
	const size_t left = (size_t)(r->end - r->at);
	const bool comment = left > 4 && memcmp(r->at, "<!--", 4) == 0;
	const bool cdata = left > 9 && memcmp(r->at, "<![CDATA[", 9) == 0;
	const unsigned char *close;

	if (!comment && !cdata)
		return false;
	r->at += comment ? 4 : 9;
	close = memmem(r->at, (size_t)(r->end - r->at), comment ? "-->" : "]]>", 3);
	if (!close || (cdata && !canonical_text(&r->out, &r->at, close, true)))
		return false;
	r->at = close + 3;
	return true;
}

static bool take_markup(struct run *r)
{
	if (r->end - r->at < 2)
		return false;
	switch (r->at[1]) {
	case '/':
		return take_end(r);
	case '!':
		return take_other(r);
	case '?':
		return false;
	default:
		return take_start(r);
	}
}

static bool walk(struct run *r)
{
	if (!take_start(r))
		return false;
	while (r->depth > 0 && r->at < r->end) {
		if ((*r->at != '<' && !canonical_text(&r->out, &r->at, r->end, false)) || !take_markup(r))
			return false;
	}
	return r->depth == 0 && r->at == r->end;
}

static bool set_source(struct run *r, struct bytes octets)
{
	r->at = octets.p;
	r->end = octets.p + octets.n;
	return octets.n >= 3 && octets.p[0] == '<' && octets.p[octets.n - 1] == '>';
}

/* Declarations around the element are in force and not written. */
static bool read_above(struct run *r, const struct canonical_place *place)
{
	struct qname name;
	bool empty;

	for (size_t i = 0; i < place->depth; i++) {
		if (!set_source(r, place->above[i]) || !canonical_tag_read(r, &name, &empty))
			return false;
	}
	return true;
}

enum canonical canonical_write(const struct canonical_place *place, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx)
{
	struct run r;

	/* Not the whole of it: the tables are filled as far as they are used. */
	r.out.sink = sink;
	r.out.ctx = ctx;
	r.out.stopped = false;
	r.out.from = r.out.to = NULL;
	r.out.n = r.depth = r.change_count = r.last = 0;
	r.prefixes[0] = (struct prefix){.name = BYTES_NONE};
	if (!canonical_scope_list(&r, prefixes) || !read_above(&r, place) || !set_source(&r, place->element) || !walk(&r))
		return CANONICAL_FOREIGN;
	canonical_flush(&r.out);
	return r.out.stopped ? CANONICAL_STOPPED : CANONICAL_WHOLE;
}
