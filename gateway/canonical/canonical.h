/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical - the exclusive canonical form, without comments, of one element of a well-formed text, in one pass over its
 * octets; and by the same walk, whether a text is well-formed for certain, and what is in it.
 *
 * No tree is made and nothing is kept: most of the result are runs of the octets themselves, handed on as they stand.
 * What this room does not provably treat as libxml2 does, it leaves to it (CANONICAL_FOREIGN); tests/unit/canonical and
 * tests/fuzz/fuzz_canonical.c compare the two.
 * Not here: why a text is refused, and its tree (envelope); what is signed by which digest (security).
 * Spec: W3C xml-exc-c14n, xml-c14n 1.0; XML 1.0, Namespaces in XML 1.0; docs/decisions/0022, 0023 and 0030.
 */
#ifndef QAQPA_CANONICAL_CANONICAL_H
#define QAQPA_CANONICAL_CANONICAL_H

#include "base/bytes.h"

enum canonical {
	CANONICAL_WHOLE,   /* the sink has had all of it */
	CANONICAL_FOREIGN, /* not for this room; what the sink has had is of no use */
	CANONICAL_STOPPED, /* the sink said false */
};

/* Octets between two tags that are their own canonical form wherever what was rendered for these prefixes (empty: the
 * default) is what they are bound to. */
enum { CANONICAL_OWN_PREFIXES = 8 };
struct canonical_own {
	struct bytes octets; /* none: nothing is known */
	struct bytes prefixes[CANONICAL_OWN_PREFIXES];
	size_t n;
};

struct canonical_place {
	const struct bytes *above; /* start tags of the elements around it, outermost first */
	size_t depth;              /* how many */
	struct bytes element;      /* from '<' of its start tag to behind its end tag */
	const struct canonical_own *own; /* within the element; NULL: nothing is known */
	const unsigned char *own_at; /* where in the element its octets were left out; NULL: they stand there */
};

/* Hands the canonical form to `sink` in pieces. The octets must be from a text that envelope has accepted: then memory is
 * bounded and time linear; others are only promised not to do harm. `prefixes` as in InclusiveNamespaces,
 * NULL-terminated or NULL. Any thread. */
MUST_USE enum canonical canonical_write(const struct canonical_place *place, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx);

/* --- a whole text, judged and told --- */

/* What a text may hold; as in struct envelope_limits. */
struct canonical_limits {
	size_t elements, others; /* others: attributes, comments and CDATA sections */
	size_t depth;
	size_t attributes;       /* of one element, declarations counted */
	size_t namespaces;       /* declarations in scope */
	size_t tag_bytes, comment_bytes;
};

struct canonical_qname {
	struct bytes whole, prefix, local;
};

struct canonical_attribute {
	struct canonical_qname name;
	struct bytes value, uri; /* the value as it stands; the namespace name as in struct canonical_start */
	const unsigned char *to; /* behind the closing quote */
	bool plain; /* canonical as it stands, with the octet before it; so the value stands for itself */
};

struct canonical_binding {
	struct bytes prefix, uri; /* an empty prefix: the default */
};

struct canonical_start {
	struct bytes octets; /* from '<' to behind '>' */
	struct canonical_qname name;
	struct bytes uri;    /* where the declaration in force has it: no two declarations share that place */
	const struct canonical_attribute *attributes; /* in the order of the source, as the declarations are */
	const struct canonical_binding *bindings;
	size_t attribute_count, binding_count;
	bool empty; /* there will be no end */
};

/* Content of which the listener was not told. */
struct canonical_content {
	struct bytes octets;
	struct canonical_own own; /* all of it, or nothing */
};

enum canonical_next {
	CANONICAL_TELL, /* the content */
	CANONICAL_PAST, /* it is judged, but not told */
	CANONICAL_NO,
};

/* Hears of a text in its order. Whoever says false or CANONICAL_NO ends it: the judge is in doubt then. */
struct canonical_listener {
	enum canonical_next (*start)(void *ctx, const struct canonical_start *start);
	bool (*text)(void *ctx, struct bytes raw, bool plain); /* plain: it stands for itself */
	bool (*comment)(void *ctx, struct bytes content);
	bool (*end)(void *ctx, struct bytes octets);
	bool (*past)(void *ctx, const struct canonical_content *content);
	bool (*id)(void *ctx, struct bytes value); /* of each attribute named Id, ID or id in content that is not told */
};

/* Judges the whole text, of characters of XML, from `from` on, which is behind the XML declaration. True: libxml2 accepts
 * it, and it keeps the limits. False says nothing: what is well-formed only perhaps, and what a listener would hear of CDATA
 * sections, is doubt. Any thread. */
MUST_USE bool canonical_judge(struct bytes text, size_t from, const struct canonical_limits *limits,
	const struct canonical_listener *listener, void *ctx);
/* What a text or, `value`, the value of an attribute stands for of which a listener was told: at most raw.n octets. Gives
 * how many. */
size_t canonical_resolve(struct bytes raw, bool value, unsigned char *to);

#endif
