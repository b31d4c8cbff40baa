/* SPDX-License-Identifier: GPL-3.0-or-later */
/* framed - messages around content that choices make, well-formed or spoilt, and the two verdicts on them: with the content
 * of `data` judged apart, and by libxml2 over the whole. */
#ifndef QAQPA_TESTS_FRAMED_H
#define QAQPA_TESTS_FRAMED_H

#include "both.h"
#include "grammar.h"

enum { FRAMED_LEAST = 600, FRAMED_SPOILT = 4 };

/* Of the kind that people send: nothing in it is out of the usual, and mostly it is canonical as it stands. */
static inline void framed_usual(struct choices *c, struct buf *out)
{
	static const char *const ids[] = {"", "", " Id=\"9\"", " id=\"body \"", " n=\"1\" z=\"2\"", " ID=\"tokens\"",
		" id=\"bo\""};
	static const char *const texts[] = {"", "1", "words", "\xD2\x9B\xD0\xB0", "&amp;", "&lt;i/&gt;", " \n", "]]"};
	static const char *const prefixes[][2] = {{"", ""}, {"a:", ""}, {"p:", " xmlns:p=\"urn:p\""},
		{"p:", " xmlns:p=\"urn:p\""},
		{"a:", " xmlns:a=\"urn:a\""}, {"m:", ""}, {"m:", " xmlns:m=\"urn:m\""}, {"m:", " xmlns:m=\"urn:b\""},
		{"", " xmlns=\"urn:b\""}, {"", " xmlns=\"\""}};
	const char *const *names = PICK(c, prefixes), *prefix = names[0];
	const char *const odd = choose(c, 12) ? "" : choose(c, 2) ? " ID=\"token\"" : " id=\"\""; /* the frame has it too */

	buf_printf(out, "<%sw%s%s>", prefix, names[1], choose(c, 60) ? "" : names[1]);
	for (unsigned n = 12 + choose(c, 20); n > 0; n--) {
		buf_printf(out, "<%sy%s>%s", prefix, choose(c, 4) ? "" : n == 12 ? odd : PICK(c, ids), PICK(c, texts));
		buf_printf(out, "<z>%s</z></%sy>", PICK(c, texts), prefix);
	}
	buf_printf(out, "</%sw>", prefix);
}

static inline void framed_content(struct choices *c, struct buf *out)
{
	struct grammar g = {.c = c, .out = out, .bound = {true, true}};
	const unsigned usual = choose(c, 3);
	const size_t from = out->len;

	c->usual = choose(c, 4);
	while (out->len - from < FRAMED_LEAST && buf_ok(out)) {
		if (usual == 0 || choose(c, 3) == 0) {
			framed_usual(c, out);
			continue;
		}
		c->elements = 8;
		grammar_element(g, 3);
		grammar_text(c, out);
	}
}

static inline const char *framed_token(struct choices *c)
{
	static const char *const tokens[] = {"]]>", "&", "<", ">", "\"", "'", "/", "=", " ", ":", "<?p?>", "<!--", "--", "-->",
		"<![CDATA[", "<!DOCTYPE a>", "&#0;", "&#x110000;", "&#xD800;", "&nbsp;", "&#;", "&#x;", "&amp", ";", "<a:b:c/>",
		"<1/>", "<a/", "<a />", "<-a/>", "<a.b-c/>", "<p:q/>", " xmlns=\"\"", " xmlns:p=\"\"", " xmlns:p=\"relative\"",
		" xmlns:p='urn:x'", " xmlns:p=\"urn:\"", " xmlns=\"http://[1\"", " xmlns:p=\"http://h:99999999999/\"",
		" xmlns:xml=\"http://www.w3.org/XML/1998/namespace\"", " xmlns:p=\"http://www.w3.org/XML/1998/namespace\"",
		" xmlns:p=\"http://www.w3.org/2000/xmlns/\"", " xmlns:p=\"a%zz:b\"", " xmlns:p=\"http:\"", " xmlns:p=\"http:/a\"",
		" xmlns:p=\"http://h:/\"", " xmlns:p=\"http://h:80/a//b:c\"", " xmlns:p=\"u-r+n.1:a#b#c\"", " xmlns:p=\"urn:a#\"",
		" xmlns:xmlns=\"urn:a\"", " xmlns:a=\"urn:a\"", " Id=\"body\"", " id=\"token\"", " a:Id=\"bo&#100;y\"", " ID=\"x\"",
		" xml:id=\"i\"", " xml:id=\"1\"", " xml:lang=\"\"", " xml:space=\"q\"", " x=\"1\"", " a:x=\"1\"", " y='<'", " z=z",
		" q", "x=\"1\"y=\"2\"", "\x01", "\xC3", "\xEF\xBF\xBF", "\xCC\x80", "\xC3\x97", "\xE2\x80\xA8", "</data>",
		"<data>", "</x>", "</y >",
		"<_x></_x>", "<x></ x>", "\r", "\t", "]", "[", "!", "?", "-", "#", "x"};

	return PICK(c, tokens);
}

/* Anywhere, at the end of a tag, or at the beginning of a name. */
static inline size_t framed_place(struct choices *c, const struct buf *text)
{
	static const char near[] = " ><";
	const char wanted = PICK(c, near);
	size_t at = text->len ? choose(c, (unsigned)text->len) : 0;

	while (wanted > ' ' && at < text->len && text->data[at] != wanted)
		at++;
	return at + (wanted == '<' && at < text->len);
}

/* Cuts, doubles or puts in something. */
static inline void framed_spoil(struct choices *c, struct buf *text)
{
	size_t at = framed_place(c, text), n = choose(c, 4) ? choose(c, 4) : choose(c, 60);
	SCOPED(buf_free) struct buf rest = BUF(BOTH_MOST);
	struct bytes piece;

	if (n > text->len - at)
		n = text->len - at;
	piece = (struct bytes){text->data + at, n};
	switch (choose(c, 4)) {
	case 0: /* cut */
		buf_add(&rest, bytes_sub(buf_bytes(text), at + n, text->len));
		break;
	case 1: /* doubled */
		buf_add(&rest, piece);
		buf_add(&rest, bytes_sub(buf_bytes(text), at, text->len));
		break;
	default:
		buf_str(&rest, framed_token(c));
		buf_add(&rest, bytes_sub(buf_bytes(text), at, text->len));
	}
	text->len = at;
	buf_add(text, buf_bytes(&rest));
}

static inline void framed_spoil_some(struct choices *c, struct buf *text, unsigned one_of)
{
	if (choose(c, one_of))
		return;
	for (unsigned n = 1 + choose(c, FRAMED_SPOILT); n > 0; n--)
		framed_spoil(c, text);
}

/* --- what is around the content --- */

/* Mostly without CDATA sections, for which the frame is left to libxml2. */
static inline void framed_add(struct choices *c, struct buf *out, const struct buf *piece)
{
	if (!strstr(buf_cstr(piece), "<![CDATA[") || choose(c, 6) == 0)
		buf_add(out, buf_bytes(piece));
}

static inline void framed_elements(struct choices *c, struct buf *out)
{
	SCOPED(buf_free) struct buf piece = BUF(BOTH_MOST);

	for (unsigned n = choose(c, 5); n > 2; n--) {
		buf_clear(&piece);
		c->elements = 2;
		grammar_element((struct grammar){.c = c, .out = &piece, .bound = {true, true}}, 3);
		framed_add(c, out, &piece);
	}
}

static inline void framed_text(struct choices *c, struct buf *out)
{
	SCOPED(buf_free) struct buf piece = BUF(BOTH_MOST);

	if (choose(c, 2))
		grammar_text(c, &piece);
	framed_add(c, out, &piece);
}

/* Between the elements of SOAP itself. */
static inline void framed_gap(struct choices *c, struct buf *out)
{
	static const char *const gaps[] = {"", "", "", " ", "\n", "\r\n\t", "\r", "\n\n<!-- \n -->\n", "<!---->",
		"<!--a-b-->\r\n", "&#32;", "\n<!--\xD2\x9B>\n\n&amp;<a-->"};

	buf_str(out, PICK(c, gaps));
}

static inline void framed_start(struct choices *c, struct buf *out, const char *start)
{
	struct grammar g = {.c = c, .out = out, .bound = {true, true}};
	const bool first = choose(c, 2);

	buf_str(out, start);
	if (first && choose(c, 8) == 0)
		grammar_declarations(&g);
	if (choose(c, 12) == 0)
		grammar_attributes(&g);
	if (!first && choose(c, 8) == 0)
		grammar_declarations(&g);
	grammar_blank(c, out, false);
	buf_str(out, ">");
}

static inline void framed_head(struct choices *c, struct buf *out)
{
	static const char *const prologs[] = {"", "", "<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='utf-8'?>\r\n",
		"\xEF\xBB\xBF", "\n", "\xEF\xBB\xBF<?xml version=\"1.0\"\nencoding = \"UTF-8\" standalone='yes' ?>", "<!--\n-->",
		"<?xml version=\"1.0\" standalone=\"no\"?>\n<!-- --> \n<!---->", "<?xml version=\"1.0\" encoding=\"Utf-8\"?>",
		"<?xml\tversion=\"1.0\"\r\n?>"};

	/* They come again inside. */
	static const char *const met[] = {"", "", "", "<a:w/><a:y/>", "<a:y></a:y><a:w>1</a:w>", "<m:w/><w/>"};

	buf_str(out, PICK(c, prologs));
	framed_start(c, out, "<e:Envelope xmlns:e=\"" NS_SOAP11 "\" xmlns:a=\"urn:a\"");
	framed_gap(c, out);
	framed_start(c, out, "<e:Header");
	framed_gap(c, out);
	framed_elements(c, out);
	framed_start(c, out, "<t xmlns:w=\"" NS_WSU "\" w:Id=\"token\"");
	framed_text(c, out);
	framed_elements(c, out);
	buf_str(out, "</t>");
	framed_gap(c, out);
	buf_str(out, "</e:Header>");
	framed_gap(c, out);
	framed_start(c, out, "<e:Body xmlns:w=\"" NS_WSU "\" w:Id=\"body\"");
	framed_gap(c, out);
	framed_start(c, out, "<m:Op xmlns:m=\"urn:m\"");
	framed_text(c, out);
	buf_str(out, "<request><requestInfo>");
	framed_elements(c, out);
	buf_str(out, "</requestInfo><requestData>");
	framed_text(c, out);
	buf_str(out, PICK(c, met));
}

static inline void framed_tail(struct choices *c, struct buf *out)
{
	static const char *const ends[] = {"", "", "\n", " \r\n", "<!-- -->", "\n<!--\r\n-->", "\n<!--b\n-->\n<!---->\n"};

	framed_text(c, out);
	framed_elements(c, out);
	buf_str(out, "</requestData></request></m:Op>");
	framed_gap(c, out);
	buf_str(out, "</e:Body></e:Envelope>");
	buf_str(out, PICK(c, ends));
}

static inline void framed_message(struct choices *c, struct buf *out)
{
	static const char *const starts[] = {"<data>", "<data>", "<data>", "<a:data>", "<a:data xmlns=\"urn:b\">",
		"<data xmlns=\"urn:b\" xmlns:b=\"urn:b\">",
		"<data a:b=\"1\" \n x='2'>", "<data xmlns:a=\"urn:b\" xmlns:ds=\"urn:c\">"};
	const char *start = PICK(c, starts);
	SCOPED(buf_free) struct buf content = BUF(BOTH_MOST), tail = BUF(BOTH_MOST);

	framed_content(c, &content);
	framed_spoil_some(c, &content, 3);
	c->usual = choose(c, 8);
	framed_head(c, out);
	buf_str(out, start);
	framed_spoil_some(c, out, 5);
	buf_add(out, buf_bytes(&content));
	buf_printf(&tail, "</%sdata>", start[1] == 'a' ? "a:" : "");
	framed_tail(c, &tail);
	framed_spoil_some(c, &tail, 20);
	buf_add(out, buf_bytes(&tail));
}

/* --- the two verdicts --- */

struct framed {
	struct pool *pool;
	struct err apart, whole; /* why it was refused */
	struct envelope *frame, *other; /* NULL when refused */
	size_t left;             /* octets that were judged apart */
	bool own;                /* all of them their own canonical form */
};

static inline void framed_close(struct framed *f)
{
	pool_free(&f->pool);
}

static inline void framed_open(struct framed *f, struct bytes text)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope *env;

	*f = (struct framed){.pool = pool_new(8u * BOTH_MOST)};
	if (envelope_parse_frame(f->pool, text, &limits, &env, &f->apart).ok)
		f->frame = env;
	if (envelope_parse(f->pool, text, &limits, &env, &f->whole).ok)
		f->other = env;
	if (f->frame && f->frame->left) {
		f->left = f->frame->left->inner_end - f->frame->left->inner;
		f->own = f->frame->own.octets.n > 0;
	}
}

/* The canonical form of the Body, of which some octets may be known. */
static inline enum canonical framed_own_body(const struct framed *f, struct buf *out)
{
	const struct element *root = envelope_root(f->frame), *body = envelope_body(f->frame);
	const struct bytes text = envelope_text(f->frame), above = bytes_sub(text, root->start, root->inner);
	const struct canonical_place place = {.above = &above, .depth = 1, .element = bytes_sub(text, body->start, body->end),
		.own = envelope_own(f->frame)};

	return canonical_write(&place, NULL, both_keep, out);
}

/* The same of a Body in which those octets do not stand, as when it is signed anew. */
static inline enum canonical framed_short_body(const struct framed *f, struct buf *out)
{
	const struct element *root = envelope_root(f->frame), *body = envelope_body(f->frame), *left = f->frame->left;
	const struct bytes text = envelope_text(f->frame), above = bytes_sub(text, root->start, root->inner);
	SCOPED(buf_free) struct buf rest = BUF(BOTH_MOST);
	struct canonical_place place = {.above = &above, .depth = 1, .own = envelope_own(f->frame)};

	buf_add(&rest, bytes_sub(text, body->start, left->inner));
	buf_add(&rest, bytes_sub(text, left->inner_end, body->end));
	place.element = buf_bytes(&rest);
	place.own_at = rest.data + (left->inner - body->start);
	return canonical_write(&place, NULL, both_keep, out);
}

/* libxml2 gives the same canonical forms of what is around the content by the tree of the frame and by its own. */
static inline bool framed_same_header(const struct framed *f)
{
	const struct element *apart = envelope_header(f->frame), *whole = envelope_header(f->other);
	bool same = true;

	for (int inclusive = 0; apart && inclusive < 2; inclusive++) {
		SCOPED(buf_free) struct buf ours = BUF(BOTH_MOST), theirs = BUF(BOTH_MOST);
		const struct canonical_form form = {.inclusive = inclusive};
		const bool good = envelope_canonical_form(apart->node, &form, both_keep, &ours, NULL).ok;

		same = same && good == envelope_canonical_form(whole->node, &form, both_keep, &theirs, NULL).ok &&
			bytes_eq(buf_bytes(&ours), buf_bytes(&theirs));
	}
	return same;
}

/* NULL, or what is wrong with the two. */
static inline const char *framed_differ(struct framed *f)
{
	SCOPED(buf_free) struct buf ours = BUF(BOTH_MOST), theirs = BUF(BOTH_MOST), later = BUF(BOTH_MOST);
	const char *why = NULL;

	if (!f->frame != !f->other)
		return f->frame ? "accepted, and libxml2 refuses" : "refused, and libxml2 accepts";
	if (!f->frame)
		return f->apart.reason == f->whole.reason && strcmp(f->apart.detail, f->whole.detail) == 0 ? NULL : "other words";
	why = f->left ? envelope_frame_differs(f->frame) : NULL;
	if (why)
		return why;
	if (!framed_same_header(f))
		return "another canonical form of the Header";
	if (framed_own_body(f, &ours) == CANONICAL_FOREIGN)
		buf_clear(&ours);
	if (!envelope_canonical(envelope_body(f->other)->node, NULL, both_keep, &theirs, NULL).ok)
		return "no canonical form";
	if (ours.len && !bytes_eq(buf_bytes(&ours), buf_bytes(&theirs)))
		return "another canonical form";
	buf_clear(&ours);
	if (f->own && framed_short_body(f, &ours) == CANONICAL_WHOLE && !bytes_eq(buf_bytes(&ours), buf_bytes(&theirs)))
		return "another canonical form of what is sent";
	if (!envelope_whole(f->frame, NULL).ok || !envelope_is_whole(f->frame) || f->frame->id_count != f->other->id_count)
		why = "it does not become whole";
	else if (!envelope_canonical(envelope_body(f->frame)->node, NULL, both_keep, &later, NULL).ok ||
		!bytes_eq(buf_bytes(&later), buf_bytes(&theirs)))
		why = "it becomes another whole";
	return why;
}

#endif
