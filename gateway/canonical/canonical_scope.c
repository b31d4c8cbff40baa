/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_scope - which namespace name each prefix stands for, in the source and in what was written.
 * Promise:  every change is undone when its element ends, so there are never more prefixes than are in scope.
 * Spec:     xml-exc-c14n section 3 */
#include "canonical_int.h"

static size_t find(struct run *r, struct bytes name)
{
	size_t i = 0;

	if (r->last < r->prefix_count && same_name(r->prefixes[r->last].name, name))
		return r->last;
	while (i < r->prefix_count && !same_name(r->prefixes[i].name, name))
		i++;
	r->last = i;
	return i;
}

static bool add(struct run *r, struct bytes name)
{
	if (r->prefix_count == PREFIXES_MOST)
		return false;
	r->prefixes[r->prefix_count++] = (struct prefix){.name = name};
	return true;
}

/* The value that the prefix has now comes back when the element ends. */
static bool note_change(struct run *r, size_t i, bool of_rendered)
{
	const struct prefix *p = &r->prefixes[i];

	if (r->change_count == CHANGES_MOST)
		return false;
	r->scope++;
	r->changes[r->change_count++] = (struct change){i, of_rendered, of_rendered ? p->rendered : p->bound};
	return true;
}

bool canonical_scope_list(struct run *r, const char *const *prefixes)
{
	r->prefix_count = 1; /* the default */
	for (; prefixes && *prefixes; prefixes++) {
		struct bytes name = strcmp(*prefixes, "#default") == 0 ? BYTES_NONE : bytes_str(*prefixes);
		size_t i = find(r, name);

		if (i == r->prefix_count && !add(r, name))
			return false;
		r->prefixes[i].listed = true;
	}
	return true;
}

/* --- namespace names --- */

static size_t skip_class(struct bytes text, size_t at, int class)
{
	while (at < text.n && is_class(text.p[at], class))
		at++;
	return at;
}

/* "//", a host and perhaps a port; gives where the path begins, 0 when it is something else. */
static size_t skip_authority(struct bytes uri, size_t at)
{
	enum { DIGITS_MOST = 5 };
	const size_t host = at + 2, behind = skip_class(uri, host, IN_URI);
	size_t i = behind;

	if (behind == host)
		return 0;
	if (i < uri.n && uri.p[i] == ':') {
		for (i++; i < uri.n && uri.p[i] >= '0' && uri.p[i] <= '9'; i++)
			;
		if (i < behind + 2 || i > behind + 1 + DIGITS_MOST)
			return 0;
	}
	return i == uri.n || uri.p[i] == '/' || uri.p[i] == '#' ? i : 0;
}

/* Names of which libxml2 keeps the meaning to itself begin so. */
static bool is_reserved(struct bytes uri)
{
	static const struct bytes two[] = {BYTES_LIT("http://www.w3.org/XML/1998/"), BYTES_LIT("http://www.w3.org/2000/xmlns")};

	for (size_t i = 0; i < 2; i++) {
		if (uri.n >= two[i].n && memcmp(uri.p, two[i].p, two[i].n) == 0)
			return true;
	}
	return false;
}

/* An absolute one of the usual forms, RFC 3986, or none: that libxml2 takes it for a URI is known. */
static bool is_sure(struct bytes uri)
{
	size_t at = 0;

	if (uri.n == 0)
		return true;
	while (at < uri.n && is_class(uri.p[at], IN_URI) && uri.p[at] != '_' && uri.p[at] != '~')
		at++;
	if (!is_class(uri.p[0], BEGINS_NAME) || at + 1 >= uri.n || uri.p[at] != ':' || is_reserved(uri))
		return false;
	at++;
	if (uri.n - at >= 2 && uri.p[at] == '/' && uri.p[at + 1] == '/')
		at = skip_authority(uri, at);
	else if (uri.p[at] == '/' || uri.p[at] == '#')
		return false;
	if (at == 0)
		return false;
	at = skip_class(uri, at, IN_PATH);
	return at == uri.n || (uri.p[at] == '#' && skip_class(uri, at + 1, IN_PATH) == uri.n);
}

/* libxml2 writes a namespace name without escaping it. One that is sure holds nothing to be escaped. */
static bool is_simple(struct bytes uri)
{
	const unsigned char *end = uri.p + uri.n;

	return canonical_plain_value(uri.p, end) == end && !memchr(uri.p, '\'', uri.n);
}

/* In the start tag that is being read. */
static bool is_bound_twice(const struct run *r, size_t i)
{
	for (size_t k = r->frames[r->depth].changes; k < r->change_count; k++) {
		if (r->changes[k].prefix == i)
			return true;
	}
	return false;
}

bool canonical_scope_bind(struct run *r, struct bytes name, struct bytes uri)
{
	const size_t i = find(r, name);
	const bool sure = r->limits && is_sure(uri); /* whoever writes does not ask */

	r->declared++;
	if (uri.n > URI_MOST || (!sure && !is_simple(uri)) || (name.n > 0 && uri.n == 0) ||
		(name.n >= 3 && memcmp(name.p, "xml", 3) == 0))
		return false;
	if (i == r->prefix_count && !add(r, name))
		return false;
	if (is_bound_twice(r, i) || !note_change(r, i, false))
		return false;
	if (!sure)
		r->doubtful = true;
	r->prefixes[i].bound = uri;
	r->prefixes[i].touched = true;
	return true;
}

static void freshen(struct run *r, size_t i)
{
	size_t at = r->fresh_count++;

	for (; at > 0 && order_of(r->prefixes[r->fresh[at - 1]].name, r->prefixes[i].name) > 0; at--)
		r->fresh[at] = r->fresh[at - 1];
	r->fresh[at] = i;
}

/* Puts the declaration among those to be written, unless what was written says it already. */
static bool render(struct run *r, size_t i)
{
	struct prefix *p = &r->prefixes[i];

	if (r->listener || (p->bound.p == p->rendered.p && p->bound.n == p->rendered.n))
		return true; /* where somebody listens nothing is written */
	if (bytes_eq(p->bound, p->rendered)) {
		p->bound = p->rendered; /* so that a long name is compared once */
		return true;
	}
	if (!note_change(r, i, true))
		return false;
	p->rendered = p->bound;
	freshen(r, i);
	return true;
}

bool canonical_scope_use(struct run *r, struct bytes name, struct bytes *uri)
{
	size_t i = find(r, name);

	if (i == r->prefix_count || (name.n > 0 && r->prefixes[i].bound.n == 0))
		return false;
	if (uri)
		*uri = r->prefixes[i].bound;
	r->prefixes[i].touched = true;
	return render(r, i);
}

bool canonical_scope_agrees(struct run *r, const struct bytes *prefixes, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const size_t i = find(r, prefixes[k]);

		if (i < r->prefix_count && !bytes_eq(r->prefixes[i].bound, r->prefixes[i].rendered))
			return false;
	}
	return true;
}

bool canonical_scope_use_listed(struct run *r)
{
	for (size_t i = 0; i < r->prefix_count; i++) {
		if (r->prefixes[i].listed && !render(r, i))
			return false;
	}
	return true;
}

void canonical_scope_undo(struct run *r, const struct frame *f)
{
	while (r->change_count > f->changes) {
		const struct change *c = &r->changes[--r->change_count];

		*(c->of_rendered ? &r->prefixes[c->prefix].rendered : &r->prefixes[c->prefix].bound) = c->before;
	}
	r->scope++;
	r->prefix_count = f->prefixes;
	r->declared = f->declared;
}
