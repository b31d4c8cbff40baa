/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_scan - one linear pass over the raw octets before any parser sees them.
 *
 * Promise: whatever passes is bounded in every dimension in which the parser or the canonicaliser costs
 * more than linear time (depth, attributes, namespaces in scope, sizes, elements), holds no document
 * type and no processing instruction, and its tags nest; the ranges are those of the elements.
 * Well-formedness in the small (names, references, attribute uniqueness, namespaces) is the parser's
 * business.
 */
#include "envelope_int.h"

/* Octets of a namespace name: a canonicaliser compares them for every two attributes of an element. */
#define NAMESPACE_MOST 512

struct open {
	uint32_t name, name_n;
	uint32_t mark;       /* index of its mark, when shallow */
	uint32_t namespaces; /* declared here */
};

struct scanner {
	struct bytes text;
	const struct envelope_limits *limits;
	struct scan *out;
	struct err *e;
	size_t at;
	size_t tag_end; /* where a start tag must be over */
	int depth;      /* of the innermost open element */
	int depth_most, shallow;
	int namespaces; /* declarations in scope */
	size_t others;  /* attributes, comments, CDATA sections so far */
	struct open open[ENVELOPE_DEPTH_MOST + 1]; /* by depth */
};

/* What ends a name inside a tag. */
static const bool ends_name[256] = {
	[' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['/'] = true, ['>'] = true,
	['='] = true, ['"'] = true, ['\''] = true, ['<'] = true,
};

outcome envelope_scan_fail(struct bytes text, size_t at, enum reason reason, const char *what, struct err *e)
{
	size_t line = 1;

	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return err_set(e, reason, "line %zu, octet %zu: %s", line, at, what);
}

static outcome fail(const struct scanner *s, enum reason reason, const char *what)
{
	return envelope_scan_fail(s->text, s->at, reason, what, s->e);
}

static bool looking_at(const struct scanner *s, const char *word, size_t n)
{
	return s->text.n - s->at >= n && memcmp(s->text.p + s->at, word, n) == 0;
}

static void skip_blanks(struct scanner *s, size_t end)
{
	while (s->at < end && is_blank(s->text.p[s->at]))
		s->at++;
}

static outcome count_other(struct scanner *s)
{
	if (++s->others > s->limits->elements * ENVELOPE_OTHERS_PER_ELEMENT)
		return fail(s, REASON_XML_ELEMENTS, "too many attributes, comments and CDATA sections");
	return DONE;
}

static outcome scan_text(struct scanner *s)
{
	const unsigned char *from = s->text.p + s->at;
	const unsigned char *tag = memchr(from, '<', s->text.n - s->at);
	size_t end = tag ? (size_t)(tag - s->text.p) : s->text.n;

	if (s->depth == 0) {
		skip_blanks(s, end);
		if (s->at < end)
			return fail(s, REASON_XML_MALFORMED, "text outside the root element");
	}
	s->at = end;
	return DONE;
}

/* XML 1.0 production 15: the first two hyphens are the end. `at` stands on "<!--". */
static outcome scan_comment(struct scanner *s)
{
	size_t from = s->at + 4, most = s->limits->comment_bytes, rest = s->text.n - from;
	bool cut = rest > most + 3;
	const unsigned char *end = memmem(s->text.p + from, cut ? most + 3 : rest, "--", 2);

	if (!end && cut)
		return fail(s, REASON_XML_SIZE, "a comment above the limit");
	if (!end || (size_t)(end - s->text.p) + 2 >= s->text.n || end[2] != '>')
		return fail(s, REASON_XML_MALFORMED, "a comment does not end, or holds two hyphens");
	if ((size_t)(end - s->text.p) - from > most)
		return fail(s, REASON_XML_SIZE, "a comment above the limit");
	s->at = (size_t)(end - s->text.p) + 3;
	return DONE;
}

static outcome scan_cdata(struct scanner *s)
{
	const unsigned char *end;

	if (s->depth == 0)
		return fail(s, REASON_XML_MALFORMED, "a CDATA section outside the root element");
	end = memmem(s->text.p + s->at, s->text.n - s->at, "]]>", 3);
	if (!end)
		return fail(s, REASON_XML_MALFORMED, "a CDATA section does not end");
	s->at = (size_t)(end - s->text.p) + 3;
	return DONE;
}

/* `at` stands on "<!". */
static outcome scan_declaration(struct scanner *s)
{
	unsigned char next;

	TRY(count_other(s));
	if (looking_at(s, "<!--", 4))
		return scan_comment(s);
	if (looking_at(s, "<![CDATA[", 9))
		return scan_cdata(s);
	next = s->at + 2 < s->text.n ? s->text.p[s->at + 2] : 0;
	if ((next >= 'A' && next <= 'Z') || (next >= 'a' && next <= 'z'))
		return fail(s, REASON_XML_DTD, "a document type declaration");
	return fail(s, REASON_XML_MALFORMED, "neither a comment nor a CDATA section");
}

/* Why a start tag ran out: it is too long, or the text is. */
static outcome tag_over(const struct scanner *s)
{
	if (s->tag_end < s->text.n)
		return fail(s, REASON_XML_ATTRIBUTES, "a start tag above the limit");
	return fail(s, REASON_XML_MALFORMED, "the text ends inside a tag");
}

static outcome scan_name(struct scanner *s, struct bytes *name)
{
	size_t from = s->at;

	while (s->at < s->tag_end && !ends_name[s->text.p[s->at]])
		s->at++;
	if (s->at == s->tag_end)
		return tag_over(s);
	if (s->at == from)
		return fail(s, REASON_XML_MALFORMED, "a name is missing in a tag");
	*name = bytes_sub(s->text, from, s->at);
	return DONE;
}

static bool is_namespace(struct bytes name)
{
	return name.n >= 5 && memcmp(name.p, "xmlns", 5) == 0 && (name.n == 5 || name.p[5] == ':');
}

/* `at` stands on the first character of the attribute's name. */
static outcome scan_attribute(struct scanner *s, uint32_t *namespaces)
{
	struct bytes name;
	const unsigned char *end;
	unsigned char quote;

	TRY(count_other(s));
	TRY(scan_name(s, &name));
	skip_blanks(s, s->tag_end);
	if (s->at == s->tag_end)
		return tag_over(s);
	if (s->text.p[s->at] != '=')
		return fail(s, REASON_XML_MALFORMED, "an attribute has no value");
	s->at++;
	skip_blanks(s, s->tag_end);
	if (s->at == s->tag_end)
		return tag_over(s);
	quote = s->text.p[s->at];
	if (quote != '"' && quote != '\'')
		return fail(s, REASON_XML_MALFORMED, "an attribute value has no quotes");
	s->at++;
	end = memchr(s->text.p + s->at, quote, s->tag_end - s->at);
	if (!end)
		return tag_over(s);
	if (memchr(s->text.p + s->at, '<', (size_t)(end - s->text.p) - s->at))
		return fail(s, REASON_XML_MALFORMED, "an attribute value holds a tag");
	if (is_namespace(name)) {
		if ((size_t)(end - s->text.p) - s->at > NAMESPACE_MOST)
			return fail(s, REASON_XML_NAMESPACES, "a namespace name above the limit");
		(*namespaces)++;
		if (++s->namespaces > s->limits->namespaces)
			return fail(s, REASON_XML_NAMESPACES, "too many namespace declarations in scope");
	}
	s->at = (size_t)(end - s->text.p) + 1;
	return DONE;
}

struct mark *envelope_scan_mark(struct scan *scan, struct mark mark)
{
	struct mark *place = (struct mark *)(void *)buf_reserve(&scan->marks, sizeof *place);

	if (!place)
		return NULL;
	*place = mark;
	buf_grown(&scan->marks, sizeof *place);
	if (mark.depth > 1)
		scan_marks(scan)[mark.parent].children++;
	return place;
}

/* Counts the element that begins at `at` and notes it when it is shallow. */
static outcome enter(struct scanner *s)
{
	struct open *open;
	struct mark *mark;

	if (s->depth == 0 && s->out->elements > 0)
		return fail(s, REASON_XML_MALFORMED, "a second root element");
	if (s->depth >= s->depth_most)
		return fail(s, REASON_XML_DEPTH, "elements nested too deeply");
	if (++s->out->elements > s->limits->elements)
		return fail(s, REASON_XML_ELEMENTS, "too many elements");
	open = &s->open[++s->depth];
	*open = (struct open){.name = (uint32_t)s->at + 1};
	if (s->depth > s->shallow)
		return DONE;
	mark = envelope_scan_mark(s->out, (struct mark){.start = (uint32_t)s->at, .depth = (uint32_t)s->depth,
		.parent = s->open[s->depth - 1].mark});
	if (!mark)
		return fail(s, REASON_MEMORY, "no memory for the ranges");
	open->mark = (uint32_t)(mark - scan_marks(s->out));
	return DONE;
}

static void leave(struct scanner *s, size_t inner_end, size_t end)
{
	const struct open *open = &s->open[s->depth];

	if (s->depth <= s->shallow) {
		struct mark *mark = &scan_marks(s->out)[open->mark];

		mark->inner_end = (uint32_t)inner_end;
		mark->end = (uint32_t)end;
	}
	s->namespaces -= (int)open->namespaces;
	s->depth--;
}

static void note_inner(struct scanner *s)
{
	const struct open *open = &s->open[s->depth];

	if (s->depth <= s->shallow) {
		struct mark *mark = &scan_marks(s->out)[open->mark];

		mark->name_n = open->name_n;
		mark->inner = (uint32_t)s->at;
	}
}

/* XML 1.0 productions 40 and 44. `at` stands on '<'. */
static outcome scan_start(struct scanner *s)
{
	size_t left = s->text.n - s->at;
	struct bytes name;
	struct open *open;
	int attributes = 0;

	TRY(enter(s));
	open = &s->open[s->depth];
	s->tag_end = s->at + (left < s->limits->tag_bytes ? left : s->limits->tag_bytes);
	s->at++;
	TRY(scan_name(s, &name));
	open->name_n = (uint32_t)name.n;
	for (;;) {
		skip_blanks(s, s->tag_end);
		if (s->at == s->tag_end)
			return tag_over(s);
		if (s->text.p[s->at] == '>' || s->text.p[s->at] == '/')
			break;
		if (++attributes > s->limits->attributes)
			return fail(s, REASON_XML_ATTRIBUTES, "too many attributes on one element");
		TRY(scan_attribute(s, &open->namespaces));
	}
	if (s->text.p[s->at++] == '>') {
		note_inner(s);
		return DONE;
	}
	if (s->at == s->tag_end)
		return tag_over(s);
	if (s->text.p[s->at] != '>')
		return fail(s, REASON_XML_MALFORMED, "a slash inside a start tag");
	s->at++;
	note_inner(s);
	leave(s, s->at, s->at);
	return DONE;
}

/* XML 1.0 production 42. `at` stands on "</". */
static outcome scan_end(struct scanner *s)
{
	const struct open *open = &s->open[s->depth];
	size_t from = s->at;

	if (s->depth == 0)
		return fail(s, REASON_XML_MALFORMED, "an end tag without its start tag");
	s->at += 2;
	if (!looking_at(s, (const char *)s->text.p + open->name, open->name_n))
		return fail(s, REASON_XML_MALFORMED, "an end tag with another name than its start tag");
	s->at += open->name_n;
	skip_blanks(s, s->text.n);
	if (s->at == s->text.n || s->text.p[s->at] != '>')
		return fail(s, REASON_XML_MALFORMED, "an end tag with another name than its start tag");
	s->at++;
	leave(s, from, s->at);
	return DONE;
}

static outcome scan_all(struct scanner *s)
{
	while (s->at < s->text.n) {
		unsigned char next;

		TRY(scan_text(s));
		if (s->at == s->text.n)
			break;
		next = s->at + 1 < s->text.n ? s->text.p[s->at + 1] : 0;
		if (next == '!')
			TRY(scan_declaration(s));
		else if (next == '?')
			return fail(s, REASON_XML_PI, "a processing instruction");
		else if (next == '/')
			TRY(scan_end(s));
		else
			TRY(scan_start(s));
	}
	if (s->depth > 0 || s->out->elements == 0)
		return fail(s, REASON_XML_MALFORMED, "the text ends before the root element does");
	return DONE;
}

outcome envelope_scan_read(struct bytes text, const struct envelope_limits *limits, int shallow, struct scan *out,
	struct err *e)
{
	struct scanner s = {.text = text, .limits = limits, .out = out, .e = e, .shallow = shallow};

	*out = SCAN(limits);
	/* The marks count in 32 bits, libxml2 in int. */
	if (text.n > limits->bytes || text.n > INT32_MAX)
		return err_set(e, REASON_XML_SIZE, "%zu octets, the limit is %zu", text.n, limits->bytes);
	TRY(envelope_prolog_read(text, &out->skip, &s.at, e));
	s.depth_most = envelope_depth_most(limits);
	return scan_all(&s);
}

void envelope_scan_free(struct scan *scan)
{
	buf_free(&scan->marks);
	buf_free(&scan->left_ids);
}
