/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The form of an application or a notification, in whatever way it is filed. */
#ifndef QAQPA_PERMITS_FILING_H
#define QAQPA_PERMITS_FILING_H

#include "permits/sim_permits_case.h"
#include "permits/sim_permits_catalogue.h"
#include "permits/sim_permits_checks.h"

struct filing {
	struct served v;
	struct document d;
	const struct catalogue_row *row; /* NULL: no such service */
	const char *service, *statement;
	struct subject applicant;
	struct subject representative; /* number NULL: there is none */
	const char *basis, *payment;   /* NULL: none */
	const char *origin;
};

/* Reads the form. False when a field is absent. */
MUST_USE bool filing_read(struct filing *f, const char *origin);
/* Format and logic of the form; its signature is verified, not who signed (P5). */
void filing_judge(struct filing *f, bool automatic);
/* The same by other systems, all at once (P5, P17). */
void filing_ask(struct filing *f);
/* The applicant, or who represents the applicant, signed (P7). */
void filing_signed_by_applicant(struct filing *f);
/* In a unit: what the applicant states is in the own register (P5). */
MUST_USE outcome filing_judge_basis(struct store *s, struct filing *f, struct err *e);
/* The case that comes of it; `status`: how it begins. */
struct permits_case filing_case(const struct filing *f, const char *status);

#endif
