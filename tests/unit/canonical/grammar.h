/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grammar - texts that canonicalisation has trouble with, made from choices: drawn by a generator of numbers, or read from
 * octets that a fuzzer varies. */
#ifndef QAQPA_TESTS_GRAMMAR_H
#define QAQPA_TESTS_GRAMMAR_H

#include <stdlib.h>

#include "base/bytes.h"

struct choices {
	uint64_t state;      /* of the generator; 0: the octets decide, and then everything is the first choice */
	struct bytes octets;
	unsigned elements;   /* that may still come */
	bool usual;          /* names of ASCII alone, and nothing that begins with xml: */
};

enum { GRAMMAR_DEPTH = 9 };

static inline uint64_t grammar_next(uint64_t *state) /* xorshift64* */
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717u >> 32;
}

/* What the environment says, for runs that are longer or of another seed. */
static inline size_t choices_number(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text ? (size_t)strtoull(text, NULL, 10) : otherwise;
}

static inline unsigned choose(struct choices *c, unsigned n)
{
	unsigned said;

	if (c->state)
		return (unsigned)(grammar_next(&c->state) % n);
	if (c->octets.n == 0)
		return 0;
	said = c->octets.p[0];
	c->octets = bytes_sub(c->octets, 1, c->octets.n);
	return said % n;
}

#define PICK(c, list) ((list)[choose((c), sizeof(list) / sizeof *(list))])

/* The first stands for no prefix. */
static const char *const grammar_prefixes[] = {"", "a", "b", "aa", "p-1", "\xD0\xB0", "ds"};
enum { GRAMMAR_PREFIXES = sizeof grammar_prefixes / sizeof *grammar_prefixes };

struct grammar {
	struct choices *c;
	struct buf *out;
	bool bound[GRAMMAR_PREFIXES];
};

static inline void grammar_blank(struct choices *c, struct buf *out, bool needed)
{
	static const char *const blanks[] = {" ", " ", " ", "  ", "\n", "\t", "\r\n", "\r", " \n\t "};

	if (needed || choose(c, 12) == 11)
		buf_str(out, PICK(c, blanks));
}

static inline void grammar_value(struct choices *c, struct buf *out)
{
	static const char *const words[] = {"", "1", "value", "a b", " ", "&amp;", "&lt;", "&gt;", "&quot;",
		"&apos;", ">", "\t", "\n",
		"\r", "\r\n", "&#9;", "&#xA;", "&#13;", "&#xD;", "&#32;", "\xD2\x9B", "&#x1F600;",
			"\xF0\x9F\x98\x80", "&#38;", "&#34;", "&#60;",
		"xmlns", "&amp;lt;", "&#x00041;", "\xEF\xBB\xBF", "a:b", "&#xFFFD;"};

	for (unsigned n = choose(c, 4); n > 0; n--)
		buf_str(out, PICK(c, words));
}

/* Quotes and what stands between them; the other quote may stand inside. */
static inline void grammar_equals(struct choices *c, struct buf *out, const char *value)
{
	const bool twice = choose(c, 4) != 3;

	grammar_blank(c, out, false);
	buf_str(out, "=");
	grammar_blank(c, out, false);
	buf_char(out, twice ? '"' : '\'');
	if (value)
		buf_str(out, value);
	else
		grammar_value(c, out);
	if (!value && choose(c, 20) == 19)
		buf_char(out, twice ? '\'' : '"');
	buf_char(out, twice ? '"' : '\'');
}

static inline void grammar_declarations(struct grammar *g)
{
	static const char *const names[] = {"urn:a", "urn:b", "urn:a", "urn:aa", "urn:a-", "http://example.org/a",
		"http://example.org/a#",
		"http://www.w3.org/2000/09/xmldsig#", "urn:A"};
	static const char *const odd[] = {"http://example.org/?a=1&amp;b", "urn:it's", "urn:\xD2\x9B"};
	bool here[GRAMMAR_PREFIXES] = {false};

	for (unsigned n = choose(g->c, 3); n > 0; n--) {
		unsigned which = choose(g->c, GRAMMAR_PREFIXES);
		const bool none = which == 0 && choose(g->c, 3) == 2;

		if (here[which] || (g->c->usual && (unsigned char)*grammar_prefixes[which] >= 0x80))
			continue;
		here[which] = g->bound[which] = true;
		grammar_blank(g->c, g->out, true);
		buf_str(g->out, which ? "xmlns:" : "xmlns");
		buf_str(g->out, grammar_prefixes[which]);
		grammar_equals(g->c, g->out, none ? "" : choose(g->c, 100) == 99 ? PICK(g->c, odd) : PICK(g->c, names));
	}
}

/* Nearly always one that is bound. */
static inline unsigned grammar_prefix(struct grammar *g)
{
	unsigned which = choose(g->c, GRAMMAR_PREFIXES);

	return which == 0 || g->bound[which] || choose(g->c, 500) == 499 ? which : 0;
}

static inline const char *grammar_local(const struct choices *c, const char *local)
{
	return c->usual && (unsigned char)*local >= 0x80 ? "w" : local;
}

static inline void grammar_name(struct grammar *g, unsigned prefix, const char *local)
{
	buf_str(g->out, grammar_prefixes[prefix]);
	buf_printf(g->out, prefix ? ":%s" : "%s", local);
}

static inline void grammar_attributes(struct grammar *g)
{
	static const char *const locals[] = {"x", "y", "Id", "xa", "X", "type", "\xC3\xA9", "x-", "x.1", "_", "xmlnsa"};
	static const char *const whole[] = {"xml:lang", "xml:space", "xml:a", "xml:base"};
	const size_t most = sizeof locals / sizeof *locals;
	unsigned at = choose(g->c, most), n = choose(g->c, 5);

	if (!g->c->usual && choose(g->c, 10) == 9) {
		grammar_blank(g->c, g->out, true);
		buf_str(g->out, PICK(g->c, whole));
		grammar_equals(g->c, g->out, NULL);
	}
	for (; n > 0; n--, at = (at + 1 + choose(g->c, 3)) % most) { /* a local name seldom comes twice,
		and then mostly apart */
		grammar_blank(g->c, g->out, true);
		grammar_name(g, grammar_prefix(g), grammar_local(g->c, locals[at]));
		grammar_equals(g->c, g->out, NULL);
	}
}

static inline void grammar_text(struct choices *c, struct buf *out)
{
	static const char *const words[] = {"", "text", " ", "\n", "\r", "\r\n", "\n\r", "&amp;", "&lt;", "&gt;",
		"&quot;", "&apos;", ">", "'",
		"\"", "&#13;", "&#xD;", "&#10;", "&#9;", "\t", "&#38;", "&#x3c;", "&#62;", "\xD2\x9B", "&#1179;",
			"&#x10FFFF;", "]]", "]",
		"<![CDATA[]]>", "<![CDATA[<&>\"'&amp;]]]]>", "<![CDATA[\r\n\r]]>", "<!-- -->", "<!--\r\n<a&>-->", "<!---->",
		"a longer text of more than sixteen octets", "0123456789abcdef\r0123456&amp;", "1234567>",
			"&amp;lt;", "\xEF\xBB\xBF"};

	for (unsigned n = choose(c, 4); n > 0; n--)
		buf_str(out, PICK(c, words));
}

static inline void grammar_element(struct grammar g, unsigned depth)
{
	static const char *const locals[] = {"x", "y", "Body", "e.1", "\xD0\xB0", "x", "_"};
	const char *local = grammar_local(g.c, PICK(g.c, locals));
	/* What is used may be declared behind its use, so the prefix is chosen among those of the outside,
		and declared anew. */
	const unsigned prefix = grammar_prefix(&g);
	bool first = choose(g.c, 2);

	g.c->elements -= g.c->elements > 0;
	buf_str(g.out, "<");
	grammar_name(&g, prefix, local);
	if (first)
		grammar_declarations(&g);
	grammar_attributes(&g);
	if (!first)
		grammar_declarations(&g);
	grammar_blank(g.c, g.out, false);
	if (choose(g.c, 6) == 5) {
		buf_str(g.out, "/>");
		return;
	}
	buf_str(g.out, ">");
	grammar_text(g.c, g.out);
	for (unsigned n = choose(g.c, 4); n > 0 && depth < GRAMMAR_DEPTH && g.c->elements > 0; n--) {
		grammar_element(g, depth + 1);
		grammar_text(g.c, g.out);
	}
	buf_str(g.out, "</");
	grammar_name(&g, prefix, local);
	grammar_blank(g.c, g.out, false);
	buf_str(g.out, ">");
}

static inline void grammar_document(struct choices *c, struct buf *out)
{
	static const char *const heads[] = {"", "", "<?xml version=\"1.0\"?>\r\n", "<!-- -->\n", "\xEF\xBB\xBF"};

	c->elements = choose(c, 50) == 49 ? 60 : 12;
	buf_str(out, PICK(c, heads));
	grammar_element((struct grammar){.c = c, .out = out}, 1);
	buf_str(out, choose(c, 4) ? "" : "\n<!---->\n");
}

/* A list of prefixes; NULL now and then. `room` is for as many as there are names. */
static inline const char *const *grammar_list(struct choices *c, const char *room[8])
{
	static const char *const names[] = {"a", "b", "aa", "p-1", "\xD0\xB0", "ds", "#default", "#default", "xml",
		"nowhere"};
	unsigned n = choose(c, 6);

	if (choose(c, 3) == 0)
		return NULL;
	for (unsigned i = 0; i < n; i++)
		room[i] = PICK(c, names);
	room[n] = NULL;
	return room;
}

#endif
