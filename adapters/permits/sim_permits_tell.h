/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the simulated permits system tells others: kept in the unit that made it necessary, sent afterwards (outbox.h). */
#ifndef QAQPA_PERMITS_TELL_H
#define QAQPA_PERMITS_TELL_H

#include "permits/sim_permits_case.h"
#include "permits/sim_permits_entry.h"

/* ---- inside a unit ---- */

/* A notice for a cabinet: a word for programs, and words for people. */
struct permits_words {
	const char *kind, *ru, *kz;
	const char *more; /* what stands behind both, as the body wrote it; NULL: nothing */
};
/* To the cabinet of the applicant, when there is one, with the number of the document. */
MUST_USE outcome permits_tell_applicant(struct store *s, struct served *v, const struct permits_case *c,
	const struct document *d, const struct permits_words *w, struct err *e);
/* To the cabinet of the holder of an entry (P15). */
MUST_USE outcome permits_tell_holder(struct store *s, struct served *v, const struct entry *n, const struct document *d,
	const struct permits_words *w, struct err *e);

/* Brings a document about an application to the body `bin`. Kinds: DeliveryKind of department.xsd. */
MUST_USE outcome permits_tell_body(struct store *s, struct served *v, const struct permits_case *c, const char *kind,
	const struct document *d, const char *bin, struct err *e);
/* To the body that had issued the entry, which is annulled (P16). */
MUST_USE outcome permits_tell_death(struct store *s, struct served *v, const struct entry *n, struct err *e);

#endif
