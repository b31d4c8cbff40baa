/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document that comes to the simulated permits system: its number, its signer, its registration. */
#ifndef QAQPA_PERMITS_DOCUMENT_H
#define QAQPA_PERMITS_DOCUMENT_H

#include "permits/sim_permits_serve.h"
#include "permits/sim_permits_store.h"
#include "trust/trust.h"

struct document {
	const char *kind;  /* P3 */
	const char *text;  /* as it was signed */
	struct nikad nikad;
	bool sound;        /* the number can be read */
	const struct trust_subject *signer; /* NULL: there is no right signature */
	char registration[16];
};

/* Reads a number. False with a reason when it is none: `code`. */
bool document_read_number(struct served *v, const char *written, const char *code, struct nikad *out);
/* Reads the number that the sender asked for before it signed the document (P2). */
void document_number(struct served *v, struct document *d, const char *written);
/* Verifies the signature, and finds its signer; reasons when it is absent or wrong. */
void document_signature(struct served *v, struct document *d);

/* Who signed? False with a reason when it is somebody else; without a reason when there is no right signature, because
 * that reason is given. */
bool document_signed_by_head(struct served *v, const struct document *d, const char *bin); /* or authorised person (P13) */
bool document_signed_in(struct served *v, const struct document *d, const char *bin);      /* anybody of that body */
/* One of two persons, or an employee of the organisation with that BIN; NULL: nobody. */
bool document_signed_by(struct served *v, const struct document *d, const char *iin, const char *other_iin, const char *bin);

/* The gateway gives the numbers, and has judged those that come (--set numbers=gateway). */
bool document_numbers_elsewhere(const struct served *v);

/* ---- inside a unit ---- */

/* The next number of this type; where the gateway gives them it is asked. Fails with REASON_SERVICE_BUSY. */
MUST_USE outcome document_new_number(struct store *s, struct served *v, const char *type, const char *kind,
	struct nikad *out, struct err *e);

/* Was the number given to this sender, for this kind, and not used? Reasons when not. */
MUST_USE outcome document_judge(struct store *s, struct served *v, const struct document *d, struct err *e);
/* Registers it. */
MUST_USE outcome document_keep(struct store *s, struct served *v, struct document *d, struct err *e);
/* Gives it a number of this type and registers it: documents that have none when they come (P4). */
MUST_USE outcome document_give(struct store *s, struct served *v, struct document *d, const char *type, struct err *e);

/* Fields of the answer: number, registration, moment. */
void document_answer(struct served *v, const struct document *d);

#endif
