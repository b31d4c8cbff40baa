/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The register of the simulated permits system: numbers given and documents registered. */
#ifndef QAQPA_PERMITS_STORE_H
#define QAQPA_PERMITS_STORE_H

#include "common/store.h"
#include "nikad/nikad.h"

#define PERMITS_WORD 129 /* a senderId, a kind of document: 128 octets and a NUL */

MUST_USE outcome permits_store_open(const char *directory, struct store **out, struct err *e);

/* Gives the next number of the type. Two calls never get the same number, whatever thread or process they
 * run in and however often the file is opened anew. Fails with REASON_IO; with REASON_USAGE when the type
 * is no type or its serials are used up. */
MUST_USE outcome permits_store_issue(struct store *s, const char *type, const char *kind, const char *sender,
	struct nikad *out, struct err *e);

/* What is known of a number. */
struct permits_given {
	bool known;
	char sender[PERMITS_WORD], kind[PERMITS_WORD];
	char registration[16]; /* "" while no document was registered under it */
};
MUST_USE outcome permits_store_find(struct store *s, const struct nikad *n, struct permits_given *out,
	struct err *e);

/* Registers the document under the number, once: `*taken` tells that another call was faster. */
MUST_USE outcome permits_store_register(struct store *s, const struct nikad *n, const char *document,
	const char *moment, char registration[16], bool *taken, struct err *e);

#endif
