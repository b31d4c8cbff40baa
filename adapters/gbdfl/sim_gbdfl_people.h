/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The people of the simulated database of individuals. */
#ifndef QAQPA_GBDFL_PEOPLE_H
#define QAQPA_GBDFL_PEOPLE_H

#include "common/store.h"

MUST_USE outcome people_open(const char *directory, void **state, struct err *e);

/* Whom a request asks for: iin, or documentNumber, or all the others (patronymic may be NULL). NULL otherwise. */
struct people_question {
	const char *iin, *document, *surname, *name, *patronymic, *birth;
};
/* Appends a <person> for each that fits and counts them in `*n`. */
MUST_USE outcome people_find(struct store *s, const struct people_question *q, struct buf *out, size_t *n,
	struct err *e);

/* The record of somebody's death. */
struct people_death {
	bool known;  /* somebody has this IIN */
	char name[512], date[11], record[13];
	char told[2]; /* "1" when the permits system took the notice */
};
/* Records the death, on `day` unless it is recorded already: the number of the record never changes. */
MUST_USE outcome people_die(struct store *s, const char *iin, const char *day, struct people_death *out, struct err *e);
MUST_USE outcome people_told(struct store *s, const char *iin, struct err *e);

#endif
