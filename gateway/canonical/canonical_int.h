/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical_int - what the files of this room share: the run over the octets, the prefixes in force, the output. */
#ifndef QAQPA_CANONICAL_CANONICAL_INT_H
#define QAQPA_CANONICAL_CANONICAL_INT_H

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "canonical/canonical.h"

/* Where a text exceeds one of these it is foreign. What envelope accepts by default stays below the first four. */
enum {
	DEPTH_MOST = 256,
	PREFIXES_MOST = 96,    /* different ones in scope and in the list */
	ATTRIBUTES_MOST = 128, /* of one element */
	URI_MOST = 512,        /* octets of a namespace name: they are compared when attributes are sorted */
	CHANGES_MOST = 512,    /* of prefixes, that the open elements have made */
	NAME_MOST = 4096,      /* octets of a name: a longer one is well-formed only perhaps */
	HELD = 1024,
};

/* --- classes of octets --- */

enum {
	IS_BLANK = 1,
	BEGINS_NAME = 2, /* not the colon */
	IN_NAME = 4,     /* not the colon; all octets that are not ASCII */
	ODD_TEXT = 8,    /* < & > CR: not itself in character data */
	ODD_VALUE = 16,  /* < & " TAB LF CR: not itself in an attribute value */
	IN_URI = 32,     /* of a part of a namespace name, for which this room knows that libxml2 takes it */
	IN_PATH = 64,    /* the same, and what stands between the parts of a path: none of them is odd */
};
extern const unsigned char canonical_class[256];

static inline bool is_class(unsigned char c, int class)
{
	return canonical_class[c] & class;
}

/* A bit for the lowest octet that is zero, and perhaps for some above it. */
static inline uint64_t zero_octets(uint64_t w)
{
	return (w - 0x0101010101010101u) & ~w & 0x8080808080808080u;
}

/* For names, most of which are so short that a call costs more than the comparison. */
static inline bool same_name(struct bytes a, struct bytes b)
{
	size_t i = 0;

	if (a.n != b.n)
		return false;
	if (a.n > 16)
		return memcmp(a.p, b.p, a.n) == 0;
	while (i < a.n && a.p[i] == b.p[i])
		i++;
	return i == a.n;
}

enum { WORD = 8 };
/* The bits in which the first WORD octets differ, those of the first octet lowest. */
static inline uint64_t differ(const unsigned char *a, const unsigned char *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return le64toh(x ^ y);
}

/* The first `n` octets of both, where there are WORD at least to be read. */
static inline bool same_octets(const unsigned char *a, const unsigned char *b, size_t n)
{
	if (n <= WORD)
		return n == 0 || differ(a, b) << 8 * (WORD - n) == 0;
	for (size_t i = 0; i + WORD < n; i += WORD) {
		if (differ(a + i, b + i))
			return false;
	}
	return !differ(a + n - WORD, b + n - WORD);
}

/* --- output --- */

/* Octets that follow each other in the source are one piece; small pieces are gathered. */
struct output {
	bool (*sink)(void *ctx, const void *data, size_t n);
	void *ctx;
	bool resolved; /* characters are what they stand for, not escaped */
	bool stopped; /* by the sink */
	const unsigned char *from, *to; /* of the source, not yet handed on; NULL: nothing */
	size_t n;
	unsigned char held[HELD]; /* before the piece */
};

/* Not the whole of it: what is held is written before it is read. */
static inline void canonical_output_start(struct output *out, bool (*sink)(void *ctx, const void *data, size_t n), void *ctx)
{
	out->sink = sink;
	out->ctx = ctx;
	out->resolved = out->stopped = false;
	out->from = out->to = NULL;
	out->n = 0;
}

void canonical_settle(struct output *out); /* what was put */
/* Octets of the source. */
static inline void canonical_put(struct output *out, const unsigned char *from, const unsigned char *to)
{
	if (from != out->to) {
		canonical_settle(out);
		out->from = from;
	}
	out->to = to;
}
void canonical_say(struct output *out, const char *word, size_t n); /* any others */
#define SAY(out, literal) canonical_say((out), (literal), sizeof(literal) - 1)
void canonical_flush(struct output *out);

static inline int order_of(struct bytes a, struct bytes b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int order = a.p == b.p || n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* --- the run --- */

struct prefix {
	struct bytes name;     /* empty: the default namespace */
	struct bytes bound;    /* the namespace name in force; empty: none */
	struct bytes rendered; /* the one in force in what was written */
	bool listed;
	bool touched; /* bound or used in the content that is judged */
};

struct change {
	size_t prefix;
	bool of_rendered;
	struct bytes before;
};

struct frame { /* of an open element */
	struct bytes name;
	size_t changes; /* how many there were before it */
	size_t prefixes, declared; /* likewise; only where it has made changes */
};

/* A name of an element that was read, and which came behind it: where records repeat, it will come again. */
struct seen {
	const unsigned char *tag; /* '<' before it; NULL: none */
	uint32_t whole, prefix;   /* octets of the name and of its prefix */
	uint32_t head;            /* from the name into the quotes of its only attribute; 0: it is not so simple */
	uint32_t next;            /* what came behind it */
	size_t scope;             /* the scope in which nothing was to be done about its prefix; 0: none */
};
enum { SEEN = 64 }; /* and one that stands for a name that is not kept */

struct run {
	const unsigned char *at, *end;
	struct output out;
	const struct canonical_own *own;  /* NULL: nothing is known, or it was used */
	const unsigned char *own_at;      /* where it begins */
	bool own_is_out;                  /* it is not in the source */
	bool listing;  /* there is a list of prefixes */
	bool doubtful; /* well-formed perhaps, but not for certain; the canonical form is right if it is */
	size_t declared, elements, others; /* declarations in scope; elements and what else is counted so far */
	/* only where a text is judged */
	const struct canonical_limits *limits;
	size_t depth_most, elements_most, others_most, tag_most; /* what they come to */
	const struct canonical_listener *listener; /* NULL: of what is read now nobody is told */
	bool (*on_id)(void *ctx, struct bytes value);
	void *ctx;
	bool past; /* the content of the element that has just begun is not for the listener */
	size_t depth;
	struct frame frames[DEPTH_MOST + 1];
	struct prefix prefixes[PREFIXES_MOST]; /* the first is the default */
	size_t prefix_count;
	size_t last; /* the prefix that was found last; mostly it is the next one too */
	struct change changes[CHANGES_MOST];
	size_t change_count;
	size_t scope; /* another number after each change, and after each that was undone */
	struct seen seen[SEEN + 1];
	uint32_t seen_last;
	/* of the start tag being read */
	struct canonical_attribute attributes[ATTRIBUTES_MOST];
	const struct canonical_attribute *sorted[ATTRIBUTES_MOST];
	size_t attribute_count;
	size_t fresh[PREFIXES_MOST]; /* prefixes to be rendered, sorted by name */
	size_t fresh_count;
};

/* All of these give false when the text is foreign. */

/* The first octet that is not itself in character data. '<' and '>' differ in one bit. */
static inline const unsigned char *canonical_plain(const unsigned char *at, const unsigned char *to)
{
#ifdef __SSE2__
	for (; to - at >= (ptrdiff_t)sizeof(__m128i); at += sizeof(__m128i)) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
		const __m128i tag = _mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8(2)), _mm_set1_epi8('>'));
		const __m128i other = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('&')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
		const int odd = _mm_movemask_epi8(_mm_or_si128(tag, other));

		if (odd)
			return at + __builtin_ctz((unsigned)odd);
	}
#endif
	for (; to - at >= WORD; at += WORD) {
		uint64_t w, odd;

		memcpy(&w, at, sizeof w);
		w = le64toh(w);
		odd = zero_octets((w | 0x0202020202020202u) ^ 0x3e3e3e3e3e3e3e3eu) | zero_octets(w ^ 0x2626262626262626u) |
			zero_octets(w ^ 0x0d0d0d0d0d0d0d0du);
		if (odd)
			return at + __builtin_ctzll(odd) / 8;
	}
	while (at < to && !is_class(*at, ODD_TEXT))
		at++;
	return at;
}

/* The first octet that is not itself in an attribute value. In a text of characters of XML the white space among them is all
 * that is below a blank; '"' and '&' differ from each other in one bit. */
static inline const unsigned char *canonical_plain_value(const unsigned char *at, const unsigned char *to)
{
#ifdef __SSE2__
	for (; to - at >= (ptrdiff_t)sizeof(__m128i); at += sizeof(__m128i)) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
		const __m128i blank = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ' - 1)), v);
		const __m128i mark = _mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8(4)), _mm_set1_epi8('&'));
		const int odd = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(blank, mark), _mm_cmpeq_epi8(v, _mm_set1_epi8('<'))));

		if (odd)
			return at + __builtin_ctz((unsigned)odd);
	}
#endif
	while (at < to && !is_class(*at, ODD_VALUE))
		at++;
	return at;
}

/* Character data from `*at` to the next '<'; of a CDATA section, where no reference has a meaning, to `to`. */
MUST_USE bool canonical_text(struct output *out, const unsigned char **at, const unsigned char *to, bool cdata);
/* An attribute value that is not plain. */
MUST_USE bool canonical_value(struct output *out, struct bytes value);

/* Reads a start tag: `at` stands on '<', then behind '>'. The last octet before `end` must be a '>'. The declarations are in
 * force afterwards. */
MUST_USE bool canonical_tag_read(struct run *r, struct canonical_qname *name, bool *empty);
/* The name that came behind the last one, where that was met before; NULL: none. */
static inline const struct seen *canonical_expected(const struct run *r)
{
	const struct seen *s = &r->seen[r->seen[r->seen_last].next];

	return s->tag && (size_t)(r->end - r->at) > s->whole + WORD ? s : NULL;
}
/* Of the start tag that was read, which begins at `from`: with one attribute, it is remembered where that is simple. */
void canonical_note_head(struct run *r, const unsigned char *from);
/* Puts the attributes into `sorted`, by namespace name and local name; their prefixes are used. */
MUST_USE bool canonical_tag_sort(struct run *r);

/* Begins a run. Not the whole of it: the tables are filled as far as they are used. */
void canonical_begin(struct run *r, bool (*sink)(void *ctx, const void *data, size_t n), void *ctx);
/* Declarations around the element are in force and not written. */
MUST_USE bool canonical_read_above(struct run *r, const struct bytes *above, size_t depth);
/* Tells the listener of the start tag that was read, which begins at `from`. */
MUST_USE bool canonical_tell_start(struct run *r, const unsigned char *from, const struct canonical_qname *name, bool empty);
/* The markup at `at`, which stands on '<'. */
MUST_USE bool canonical_take_markup(struct run *r);

MUST_USE bool canonical_scope_list(struct run *r, const char *const *prefixes);
/* What is rendered for these prefixes is what they are bound to. */
MUST_USE bool canonical_scope_agrees(struct run *r, const struct bytes *prefixes, size_t n);
MUST_USE bool canonical_scope_bind(struct run *r, struct bytes name, struct bytes uri);
/* The prefix is visibly used by the element or its attributes; `uri` may be NULL. */
MUST_USE bool canonical_scope_use(struct run *r, struct bytes name, struct bytes *uri);
/* Listed prefixes count as used. */
MUST_USE bool canonical_scope_use_listed(struct run *r);
void canonical_scope_undo(struct run *r, const struct frame *f);

static inline void canonical_scope_enter(struct run *r)
{
	r->frames[r->depth].prefixes = r->prefix_count;
	r->frames[r->depth].changes = r->change_count;
	r->frames[r->depth].declared = r->declared;
}

static inline void canonical_scope_leave(struct run *r)
{
	const struct frame *f = &r->frames[r->depth];

	if (r->change_count > f->changes)
		canonical_scope_undo(r, f);
}

#endif
