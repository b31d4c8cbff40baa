/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical - the exclusive canonical form, without comments, of one element of a well-formed text, in one pass over its
 * octets; and by the same walk, whether the content of an element is well-formed for certain.
 *
 * No tree is made and nothing is kept: most of the result are runs of the octets themselves, handed on as they stand.
 * What this room does not provably treat as libxml2 does, it leaves to it (CANONICAL_FOREIGN); tests/unit/canonical and
 * tests/fuzz/fuzz_canonical.c compare the two.
 * Not here: whether a whole text is well-formed (envelope), what is signed by which digest (security).
 * Spec: W3C xml-exc-c14n, xml-c14n 1.0; XML 1.0, Namespaces in XML 1.0; docs/decisions/0022 and 0023.
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

/* What the content of an element may hold; as in struct envelope_limits. */
struct canonical_limits {
	size_t elements, others; /* others: attributes, comments and CDATA sections */
	size_t depth;            /* of elements below the element */
	size_t attributes;       /* of one element, declarations counted */
	size_t namespaces;       /* declarations in scope, those around counted */
	size_t tag_bytes, comment_bytes;
};

struct canonical_content {
	struct bytes octets;     /* to the '<' of the end tag of the element */
	size_t elements, others; /* in it */
	struct canonical_own own; /* all of it, or nothing */
};

/* Judges the content of the element whose start tag is the last of `above`. It begins at `from`, which is behind that tag;
 * `text` is the whole of the message, of characters of XML, and `from` lies in it. True: libxml2 accepts the content where
 * it stands, it keeps the limits, and its end is an end tag. False says nothing. `on_id` hears the value of each attribute
 * named Id, ID or id, and may say false. Any thread. */
MUST_USE bool canonical_judge(struct bytes text, size_t from, const struct bytes *above, size_t depth,
	const struct canonical_limits *limits, bool (*on_id)(void *ctx, struct bytes value), void *ctx,
	struct canonical_content *out);

#endif
