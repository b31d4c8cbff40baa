/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The register of permits and notifications. */
#ifndef QAQPA_PERMITS_ENTRY_H
#define QAQPA_PERMITS_ENTRY_H

#include "permits/sim_permits_serve.h"
#include "permits/sim_permits_store.h"

/* `original`: number on paper of what was restored (P19). */
#define ENTRY_SCHEMA \
	"CREATE TABLE IF NOT EXISTS entry (nikad TEXT PRIMARY KEY, kind TEXT NOT NULL, service TEXT NOT NULL," \
	" holder_kind TEXT NOT NULL, holder TEXT NOT NULL, holder_name TEXT NOT NULL, body TEXT NOT NULL," \
	" body_name TEXT NOT NULL, issued TEXT NOT NULL, valid_until TEXT NOT NULL, status TEXT NOT NULL," \
	" original TEXT NOT NULL) STRICT;" \
	"CREATE INDEX IF NOT EXISTS entry_holder ON entry (holder, status);" \
	"CREATE UNIQUE INDEX IF NOT EXISTS entry_original ON entry (body, original) WHERE original <> '';"

#define ENTRY_ACTIVE "ACTIVE"
#define ENTRY_SUSPENDED "SUSPENDED"
#define ENTRY_TERMINATED "TERMINATED"
#define ENTRY_ANNULLED "ANNULLED"

struct entry {
	bool known;
	char nikad[16], kind[PERMITS_WORD], service[PERMITS_WORD];
	char holder_kind[4], holder[13], holder_name[PERMITS_NAME];
	char body[13], body_name[PERMITS_NAME];
	char issued[11], valid_until[11]; /* days; "": without end */
	char status[16];
};

struct subject entry_holder(const struct entry *n);

/* What a new entry is made of. */
struct new_entry {
	const char *nikad, *kind, *service;
	const struct subject *holder;
	const char *body, *body_name;
	const char *issued, *valid_until; /* a moment or a day; NULL: without end */
	const char *original;             /* NULL: it came here by itself */
};

/* ---- inside a unit ---- */

MUST_USE outcome entry_put(struct store *s, const struct new_entry *n, struct err *e);
MUST_USE outcome entry_find(struct store *s, const char *nikad, struct entry *out, struct err *e);
/* The first of this person that is in force or suspended. */
MUST_USE outcome entry_of_person(struct store *s, const char *iin, struct entry *out, struct err *e);
MUST_USE outcome entry_status(struct store *s, const struct entry *n, const char *status, struct err *e);

#endif
