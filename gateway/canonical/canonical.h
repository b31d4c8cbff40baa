/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical - the exclusive canonical form, without comments, of one element of a well-formed text, in one pass over its
 * octets.
 *
 * No tree is made and nothing is kept: most of the result are runs of the octets themselves, handed on as they stand.
 * What this room does not provably treat as libxml2 does, it leaves to it (CANONICAL_FOREIGN); tests/unit/canonical and
 * tests/fuzz/fuzz_canonical.c compare the two.
 * Not here: whether the text is well-formed (envelope), what is signed by which digest (security).
 * Spec: W3C xml-exc-c14n, xml-c14n 1.0; docs/decisions/0022.
 */
#ifndef QAQPA_CANONICAL_CANONICAL_H
#define QAQPA_CANONICAL_CANONICAL_H

#include "base/bytes.h"

enum canonical {
	CANONICAL_WHOLE,   /* the sink has had all of it */
	CANONICAL_FOREIGN, /* not for this room; what the sink has had is of no use */
	CANONICAL_STOPPED, /* the sink said false */
};

struct canonical_place {
	const struct bytes *above; /* start tags of the elements around it, outermost first */
	size_t depth;              /* how many */
	struct bytes element;      /* from '<' of its start tag to behind its end tag */
};

/* Hands the canonical form to `sink` in pieces. The octets must be from a text that envelope has accepted: then memory is
 * bounded and time linear; others are only promised not to do harm. `prefixes` as in InclusiveNamespaces,
 * NULL-terminated or NULL. Any thread. */
MUST_USE enum canonical canonical_write(const struct canonical_place *place, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx);

#endif
