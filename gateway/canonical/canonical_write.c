/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_write - the walk over the octets of an element, tag by tag.
 * Promise:  no recursion; the state is of fixed size; whatever is not understood ends the walk as foreign.
 * Spec:     xml-exc-c14n section 3 */
#include "canonical_int.h"

static bool precedes(const unsigned char *at, struct bytes word)
{
	return memcmp(at - word.n, word.p, word.n) == 0;
}

/* Where the declaration begins that has bound the prefix, with the blank before it, when it is canonical as it stands. In
 * front of its value are at least a blank, its name, the equals sign and a quote. */
static const unsigned char *plain_declaration(const struct prefix *p)
{
	const unsigned char *at = p->bound.p;

	if (!at || !precedes(at, BYTES_LIT("=\"")))
		return NULL;
	at -= 2;
	if (p->name.n == 0)
		return precedes(at, BYTES_LIT(" xmlns")) ? at - 6 : NULL;
	if (!precedes(at, p->name))
		return NULL;
	at -= p->name.n;
	return precedes(at, BYTES_LIT(" xmlns:")) ? at - 7 : NULL;
}

static void write_declaration(struct run *r, const struct prefix *p)
{
	const unsigned char *from = plain_declaration(p);

	if (from) {
		canonical_put(&r->out, from, p->bound.p + p->bound.n + 1);
		return;
	}
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

static void write_declarations(struct run *r)
{
	for (size_t i = 0; i < r->fresh_count; i++)
		write_declaration(r, &r->prefixes[r->fresh[i]]);
}

static bool write_attribute(struct run *r, const struct canonical_attribute *a)
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
static bool use_prefixes(struct run *r, const struct canonical_qname *name)
{
	const bool may_list = r->depth == 1 || r->change_count > r->frames[r->depth].changes;
	struct seen *s = &r->seen[r->seen_last];

	r->fresh_count = 0;
	if ((s->scope != r->scope && !canonical_scope_use(r, name->prefix, NULL)) ||
		(r->attribute_count > 0 && !canonical_tag_sort(r)) || (may_list && !canonical_scope_use_listed(r)))
		return false;
	s->scope = r->scope;
	return true;
}

/* Of a start tag that was read; before it `others` were counted. */
static bool keeps_limits(const struct run *r, const unsigned char *from, size_t others)
{
	const struct canonical_limits *most = r->limits;

	return !most || (r->depth <= most->depth && r->elements <= most->elements && r->others <= most->others &&
		r->others - others <= most->attributes && r->declared <= most->namespaces &&
		(size_t)(r->at - from) < most->tag_bytes);
}

static bool write_start(struct run *r, const unsigned char *from, const struct canonical_qname *name)
{
	canonical_put(&r->out, from, name->whole.p + name->whole.n);
	write_declarations(r);
	for (size_t i = 0; i < r->attribute_count; i++) {
		if (!write_attribute(r, r->sorted[i]))
			return false;
	}
	canonical_put(&r->out, r->at - 1, r->at); /* '>' */
	return true;
}

static void write_end(struct run *r, struct bytes name)
{
	SAY(&r->out, "</");
	canonical_put(&r->out, name.p, name.p + name.n);
	SAY(&r->out, ">");
}

static bool take_start(struct run *r)
{
	const unsigned char *from = r->at;
	const size_t others = r->others;
	struct canonical_qname name;
	bool empty;

	if (r->depth == DEPTH_MOST)
		return false;
	r->depth++;
	r->elements++;
	canonical_scope_enter(r);
	if (!canonical_tag_read(r, &name, &empty) || !keeps_limits(r, from, others))
		return false;
	r->frames[r->depth].name = name.whole;
	if (r->listener ? !canonical_tell_start(r, from, &name, empty) : !use_prefixes(r, &name) || !write_start(r, from, &name))
		return false;
	if (r->attribute_count == 1)
		canonical_note_head(r, from);
	if (!empty)
		return true;
	if (!r->listener)
		write_end(r, name.whole);
	canonical_scope_leave(r);
	r->depth--;
	return true;
}

/* An end tag of that name without white space. */
static inline bool is_end(const struct run *r, const unsigned char *at, struct bytes name)
{
	return (size_t)(r->end - at) > name.n + 2 + WORD && at[0] == '<' && at[1] == '/' &&
		same_octets(at + 2, name.p, name.n) && at[2 + name.n] == '>';
}

/* Behind the start tag at hand, when it is the one that was expected, without attributes or with another value of its only
 * one; NULL when it is another one. */
static const unsigned char *expected_end(const struct run *r, const struct seen *s)
{
	const unsigned char *name = r->at + 1, *at = name + s->whole;

	if (*at == '>')
		return same_octets(name, s->tag + 1, s->whole) ? at + 1 : NULL;
	if (s->head == 0 || (size_t)(r->end - name) < s->head + WORD || !same_octets(name, s->tag + 1, s->head))
		return NULL;
	for (at = name + s->head; at < r->end && !is_class(*at, ODD_VALUE); at++)
		;
	if (at == r->end || at[0] != '"' || at[1] != '>' || (size_t)(at + 2 - r->at) >= r->tag_most)
		return NULL;
	return at + 2;
}

/* A start tag that was expected, about whose prefix nothing is to be done, and the text behind it; with its end tag, if that
 * comes next. So is most of what repeats. False when it is another one. */
static bool take_expected(struct run *r)
{
	const struct seen *s = canonical_expected(r);
	const unsigned char *from = r->at, *inner, *to;
	struct bytes name;

	if (!s || s->scope != r->scope || r->own || r->listener || r->depth >= r->depth_most ||
		r->elements >= r->elements_most || r->others >= r->others_most)
		return false;
	inner = expected_end(r, s);
	if (!inner)
		return false;
	name = (struct bytes){from + 1, s->whole};
	r->seen_last = (uint32_t)(s - r->seen);
	r->elements++;
	r->others += inner > name.p + name.n + 1;
	to = canonical_plain(inner, r->end);
	if (is_end(r, to, name)) {
		r->at = to + name.n + 3;
	} else {
		r->depth++;
		canonical_scope_enter(r);
		r->frames[r->depth].name = name;
		r->at = to < r->end && *to == '<' ? to : inner;
	}
	canonical_put(&r->out, from, r->at);
	return true;
}

/* `at` stands behind the end tag that begins at `from`. */
static bool leave(struct run *r, const unsigned char *from)
{
	canonical_scope_leave(r);
	r->depth--;
	return !r->listener || r->listener->end(r->ctx, (struct bytes){from, (size_t)(r->at - from)});
}

static bool take_end(struct run *r)
{
	const unsigned char *from = r->at;
	const struct bytes name = r->frames[r->depth].name;
	const size_t left = (size_t)(r->end - r->at);

	if (is_end(r, from, name)) {
		r->at += name.n + 3;
		canonical_put(&r->out, from, r->at);
		return leave(r, from);
	}
	/* At least one octet more follows, for the last one is a '>' and none of the name is. */
	if (left <= name.n + 2 || memcmp(r->at + 2, name.p, name.n) != 0)
		return false;
	r->at += name.n + 2;
	canonical_put(&r->out, from, r->at);
	while (is_class(*r->at, IS_BLANK))
		r->at++;
	if (*r->at != '>')
		return false;
	canonical_put(&r->out, r->at, r->at + 1);
	r->at++;
	return leave(r, from);
}

/* The first two hyphens are its end. */
static const unsigned char *comment_end(const struct run *r)
{
	const unsigned char *end = memmem(r->at, (size_t)(r->end - r->at), "--", 2);

	if (!end || end[2] != '>' || (r->limits && (size_t)(end - r->at) > r->limits->comment_bytes))
		return NULL;
	return end;
}

/* A comment is left out, a CDATA section is text. */
static bool take_other(struct run *r)
{
	const size_t left = (size_t)(r->end - r->at);
	const bool comment = left > 4 && memcmp(r->at, "<!--", 4) == 0;
	const bool cdata = left > 9 && memcmp(r->at, "<![CDATA[", 9) == 0;
	const unsigned char *from, *close;

	if (!comment && (!cdata || r->listener))
		return false;
	r->others++;
	r->at += comment ? 4 : 9;
	from = r->at;
	close = comment ? comment_end(r) : memmem(r->at, (size_t)(r->end - r->at), "]]>", 3);
	if (!close || (cdata && !canonical_text(&r->out, &r->at, close, true)))
		return false;
	r->at = close + 3;
	return (!r->limits || r->others <= r->limits->others) &&
		(!r->listener || r->listener->comment(r->ctx, (struct bytes){from, (size_t)(close - from)}));
}

bool canonical_take_markup(struct run *r)
{
	if (r->end - r->at < 2)
		return false;
	switch (r->at[1]) {
	case '/':
		return r->depth > 0 && take_end(r);
	case '!':
		return take_other(r);
	case '?':
		return false;
	default:
		return take_expected(r) || take_start(r);
	}
}

/* Octets that are known to be their own canonical form are handed on unread, unless they are another one here. */
static bool take_own(struct run *r)
{
	const struct canonical_own *own = r->own;

	r->own = NULL;
	if (r->listing || !canonical_scope_agrees(r, own->prefixes, own->n))
		return !r->own_is_out;
	canonical_put(&r->out, own->octets.p, own->octets.p + own->octets.n);
	r->at += r->own_is_out ? 0 : own->octets.n;
	return true;
}

static bool walk(struct run *r)
{
	if (!take_start(r))
		return false;
	while (r->depth > 0 && r->at < r->end) {
		if (r->own && r->at == r->own_at && !take_own(r))
			return false;
		if ((*r->at != '<' && !canonical_text(&r->out, &r->at, r->end, false)) || !canonical_take_markup(r))
			return false;
	}
	/* What is not in the source must not be missing in the result. */
	return r->depth == 0 && r->at == r->end && !(r->own && r->own_is_out);
}

static bool set_source(struct run *r, struct bytes octets)
{
	r->at = octets.p;
	r->end = octets.p + octets.n;
	return octets.n >= 3 && octets.p[0] == '<' && octets.p[octets.n - 1] == '>';
}

bool canonical_read_above(struct run *r, const struct bytes *above, size_t depth)
{
	struct canonical_qname name;
	bool empty;

	for (size_t i = 0; i < depth; i++) {
		canonical_scope_enter(r);
		if (!set_source(r, above[i]) || !canonical_tag_read(r, &name, &empty))
			return false;
	}
	return true;
}

void canonical_begin(struct run *r, bool (*sink)(void *ctx, const void *data, size_t n), void *ctx)
{
	canonical_output_start(&r->out, sink, ctx);
	r->depth = r->prefix_count = r->change_count = r->last = 0;
	r->declared = r->elements = r->others = 0;
	r->own = NULL;
	r->own_at = NULL;
	r->own_is_out = false;
	r->listing = r->doubtful = false;
	r->limits = NULL;
	r->listener = NULL;
	r->on_id = NULL;
	r->past = false;
	r->depth_most = DEPTH_MOST;
	r->elements_most = r->others_most = r->tag_most = SIZE_MAX;
	r->scope = 1;
	r->prefixes[0] = (struct prefix){.name = BYTES_NONE};
	memset(r->seen, 0, sizeof r->seen);
	r->seen_last = 0;
}

enum canonical canonical_write(const struct canonical_place *place, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx)
{
	struct run r;

	canonical_begin(&r, sink, ctx);
	r.own = place->own && place->own->octets.n > 0 ? place->own : NULL;
	r.own_is_out = place->own_at;
	r.own_at = place->own_at ? place->own_at : r.own ? r.own->octets.p : NULL;
	r.listing = prefixes && *prefixes;
	if (!canonical_scope_list(&r, prefixes) || !canonical_read_above(&r, place->above, place->depth) ||
		!set_source(&r, place->element) || !walk(&r))
		return CANONICAL_FOREIGN;
	canonical_flush(&r.out);
	return r.out.stopped ? CANONICAL_STOPPED : CANONICAL_WHOLE;
}
