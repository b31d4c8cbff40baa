/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_tag - reads a start tag: its name, its declarations, its attributes, and their order.
 * Promise:  nothing is copied; a tag that is not well-formed is foreign. The last octet of the source is a '>', which ends
 *           every name and all white space, so those need no other bound.
 * Spec:     XML 1.0 section 3.1; Namespaces in XML 1.0; xml-c14n section 2.2 */
#include "canonical_int.h"

/* What reads takes the place where it begins and gives the one behind, NULL where it is not well-formed. */

static inline const unsigned char *skip_blanks(const unsigned char *at)
{
	while (is_class(*at, IS_BLANK))
		at++;
	return at;
}

static inline const unsigned char *read_part(struct run *r, const unsigned char *at, struct bytes *part)
{
	const unsigned char *from = at;
	unsigned char all = 0;

	if (is_class(*at, BEGINS_NAME)) {
		do
			all |= *at++;
		while (is_class(*at, IN_NAME));
	}
	/* Which octets beyond ASCII XML has in names is not known here; and libxml2 has a bound for names, far above this. */
	if (all >= 0x80 || at - from > NAME_MOST)
		r->doubtful = true;
	*part = (struct bytes){from, (size_t)(at - from)};
	return at;
}

static inline const unsigned char *read_name(struct run *r, const unsigned char *from, struct canonical_qname *name)
{
	const unsigned char *at = read_part(r, from, &name->local);

	name->prefix = BYTES_NONE;
	if (*at == ':') {
		name->prefix = name->local;
		at = read_part(r, at + 1, &name->local);
		if (name->prefix.n == 0 || *at == ':')
			return NULL;
	}
	name->whole = (struct bytes){from, (size_t)(at - from)};
	return name->local.n > 0 ? at : NULL;
}

/* --- names that come again --- */

/* The name that came behind the last one when that was met before; NULL when it is another. */
static const unsigned char *guess_name(struct run *r, struct canonical_qname *name)
{
	const struct seen *s = canonical_expected(r);
	const unsigned char *from = r->at + 1;

	if (!s || !same_octets(from, s->tag + 1, s->whole) || is_class(from[s->whole], IN_NAME) || from[s->whole] == ':')
		return NULL;
	name->whole = (struct bytes){from, s->whole};
	name->prefix = (struct bytes){from, s->prefix};
	name->local = s->prefix ? bytes_sub(name->whole, s->prefix + 1, s->whole) : name->whole;
	r->seen_last = (uint32_t)(s - r->seen);
	return from + s->whole;
}

/* Where the name is kept follows from its length and its last octets. */
static void note_name(struct run *r, const struct canonical_qname *name)
{
	const size_t n = name->whole.n;
	const unsigned char *end = name->whole.p + n;
	const uint32_t place = (uint32_t)(n * 5 + end[-1] * 3u + (n > 2 ? end[-3] : 0)) % SEEN;
	struct seen *s = &r->seen[place];

	if ((size_t)(r->end - name->whole.p) < n + WORD) {
		r->seen_last = SEEN;
		r->seen[SEEN].scope = 0;
		return;
	}
	if (!s->tag || s->whole != n || memcmp(s->tag + 1, name->whole.p, n) != 0)
		*s = (struct seen){name->whole.p - 1, (uint32_t)n, (uint32_t)name->prefix.n, 0, place, 0};
	r->seen[r->seen_last].next = place;
	r->seen_last = place;
}

/* --- attributes --- */

/* The equals sign and the value. */
static inline const unsigned char *read_value(const unsigned char *at, const unsigned char *end,
	struct canonical_attribute *a)
{
	const unsigned char *name_end = at, *from;
	unsigned char quote, odd = 0;

	at = skip_blanks(at);
	if (*at++ != '=')
		return NULL;
	at = skip_blanks(at);
	quote = *at++;
	if (quote != '"' && quote != '\'')
		return NULL;
	from = at;
	if (quote == '"')
		at = canonical_plain_value(at, end);
	for (; at < end && *at != quote; at++)
		odd |= canonical_class[*at];
	if (at == end)
		return NULL;
	a->value = (struct bytes){from, (size_t)(at - from)};
	a->plain = !(odd & ODD_VALUE) && quote == '"' && from == name_end + 2 && a->name.whole.p[-1] == ' ';
	a->to = at + 1;
	return at + 1;
}

static bool is_xmlns(struct bytes name)
{
	return name.n == 5 && memcmp(name.p, "xmlns", 5) == 0;
}

static bool is_id(struct bytes name)
{
	return bytes_is(name, "Id") || bytes_is(name, "ID") || bytes_is(name, "id");
}

void canonical_note_head(struct run *r, const unsigned char *from)
{
	const struct canonical_attribute *a = &r->attributes[0];
	struct seen *s = &r->seen[r->seen_last];

	/* Its place tells that no declaration stands before it. */
	if (!s->tag || !a->plain || a->name.prefix.n > 0 || (r->on_id && is_id(a->name.local)) ||
		a->name.whole.p != from + s->whole + 2 || (size_t)(r->end - from) < s->whole + 1 + WORD)
		return;
	s->tag = from;
	s->head = (uint32_t)(a->value.p - from - 1);
}

/* The value of an identifier of which nobody hears otherwise must be clear as it stands. */
static bool tell_id(struct run *r, const struct canonical_attribute *a)
{
	unsigned char odd = 0;

	if (!r->on_id || r->listener || !is_id(a->name.local))
		return true;
	for (size_t i = 0; i < a->value.n; i++)
		odd |= canonical_class[a->value.p[i]];
	return !(odd & ODD_VALUE) && r->on_id(r->ctx, a->value);
}

static bool take_attribute(struct run *r, const struct canonical_attribute *a)
{
	if (is_xmlns(a->name.prefix))
		return canonical_scope_bind(r, a->name.local, a->value);
	if (a->name.prefix.n == 0 && is_xmlns(a->name.local))
		return canonical_scope_bind(r, BYTES_NONE, a->value);
	r->attribute_count++;
	return tell_id(r, a);
}

static const unsigned char *read_attribute(struct run *r, const unsigned char *at)
{
	struct canonical_attribute *a = &r->attributes[r->attribute_count];

	r->others++;
	if (r->attribute_count == ATTRIBUTES_MOST)
		return NULL;
	at = read_name(r, at, &a->name);
	if (at)
		at = read_value(at, r->end, a);
	return at && at < r->end && take_attribute(r, a) ? at : NULL;
}

bool canonical_tag_read(struct run *r, struct canonical_qname *name, bool *empty)
{
	const unsigned char *at = guess_name(r, name), *before;

	r->attribute_count = 0;
	if (!at) {
		at = read_name(r, r->at + 1, name);
		if (!at)
			return false;
		note_name(r, name);
	}
	for (;;) {
		before = at;
		at = skip_blanks(at);
		*empty = *at == '/';
		if (*empty)
			at++;
		if (*at == '>') {
			r->at = at + 1;
			return true;
		}
		if (*empty || at == before)
			return false;
		at = read_attribute(r, at);
		if (!at)
			return false;
	}
}

/* --- the order --- */

static int compare(const struct canonical_attribute *a, const struct canonical_attribute *b)
{
	const int order = order_of(a->uri, b->uri);

	return order ? order : order_of(a->name.local, b->name.local);
}

/* In the order of the source most attributes are in order already. False when there is one of that name. */
static bool insert(struct run *r, size_t n, const struct canonical_attribute *a)
{
	size_t low = 0, high = n;

	if (n == 0 || compare(r->sorted[n - 1], a) < 0) {
		r->sorted[n] = a;
		return true;
	}
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare(r->sorted[middle], a) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < n && compare(r->sorted[low], a) == 0)
		return false;
	memmove(&r->sorted[low + 1], &r->sorted[low], (n - low) * sizeof *r->sorted);
	r->sorted[low] = a;
	return true;
}

/* Of attributes with this prefix libxml2 checks more than their form. */
static void use_xml(struct run *r, struct canonical_attribute *a)
{
	a->uri = BYTES_LIT("http://www.w3.org/XML/1998/namespace");
	r->doubtful = true;
}

bool canonical_tag_sort(struct run *r)
{
	for (size_t i = 0; i < r->attribute_count; i++) {
		struct canonical_attribute *a = &r->attributes[i];

		if (a->name.prefix.n == 0)
			a->uri = BYTES_NONE; /* the default is not for attributes */
		else if (bytes_is(a->name.prefix, "xml"))
			use_xml(r, a);
		else if (!canonical_scope_use(r, a->name.prefix, &a->uri))
			return false;
		if (!insert(r, i, a))
			return false;
	}
	return true;
}
