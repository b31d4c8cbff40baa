/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of the simulated permits system, and its numbers: which were given, what is registered under them. */
#ifndef QAQPA_PERMITS_STORE_H
#define QAQPA_PERMITS_STORE_H

#include "common/store.h"
#include "nikad/nikad.h"

#define PERMITS_WORD 129   /* a senderId, a kind of document, a service code: 128 octets and a NUL */
#define PERMITS_NAME 1001  /* of a subject: 250 characters and a NUL */

MUST_USE outcome permits_store_open(const char *directory, struct store **out, struct err *e);

/* Gives the next number of the type. Two calls never get the same number, whatever thread or process they
 * run in and however often the file is opened anew. Fails with REASON_IO; with REASON_USAGE when the type
 * is no type or its serials are used up. */
MUST_USE outcome permits_store_issue(struct store *s, const char *type, const char *kind, const char *sender,
	struct nikad *out, struct err *e);

/* ---- inside a unit ---- */

/* The same. */
MUST_USE outcome permits_store_give(struct store *s, const char *type, const char *kind, const char *sender,
	struct nikad *out, struct err *e);

/* A number that somebody else gave: kept as given to this sender, unless it is known. */
MUST_USE outcome permits_store_adopt(struct store *s, const struct nikad *n, const char *kind, const char *sender,
	struct err *e);

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
