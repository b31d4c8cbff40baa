/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An application on its way from registration to a decision. */
#ifndef QAQPA_PERMITS_CASE_H
#define QAQPA_PERMITS_CASE_H

#include "permits/sim_permits_document.h"

#define CASE_SCHEMA \
	"CREATE TABLE IF NOT EXISTS application (nikad TEXT PRIMARY KEY, service TEXT NOT NULL, body TEXT NOT NULL," \
	" origin TEXT NOT NULL, subject_kind TEXT NOT NULL, subject TEXT NOT NULL, subject_name TEXT NOT NULL," \
	" representative TEXT NOT NULL, request_number TEXT NOT NULL, chain_id TEXT NOT NULL, registered TEXT NOT NULL," \
	" status TEXT NOT NULL, suspended TEXT NOT NULL DEFAULT '', filed TEXT NOT NULL DEFAULT ''," \
	" due TEXT NOT NULL DEFAULT '', reply_until TEXT NOT NULL DEFAULT '') STRICT;" \
	"CREATE TABLE IF NOT EXISTS coordination (nikad TEXT PRIMARY KEY, application TEXT NOT NULL, body TEXT NOT NULL," \
	" reply_until TEXT NOT NULL, reply TEXT NOT NULL DEFAULT '', decision TEXT NOT NULL DEFAULT '') STRICT;"

/* How it came. Only who came by the portal has a cabinet where notices go (P7, P8). */
#define ORIGIN_PORTAL "PORTAL"
#define ORIGIN_STAFF "STAFF"
#define ORIGIN_PAPER "PAPER"
#define ORIGIN_AUTOMATIC "AUTOMATIC"

#define CASE_REGISTERED "REGISTERED" /* waits for the body to accept it */
#define CASE_ACCEPTED "ACCEPTED"     /* filed, under review */
#define CASE_WITHDRAWN "WITHDRAWN"
#define CASE_DECIDED "DECIDED"

struct permits_case {
	bool known;
	char nikad[16], service[PERMITS_WORD], body[13], origin[16];
	char subject_kind[4], subject[13], subject_name[PERMITS_NAME], representative[13];
	char request_number[21], chain_id[4 * 64 + 1];
	char status[16];
	char suspended[2];            /* "1": the term stands still */
	char filed[STAMP_TEXT], due[11];
	char reply_until[STAMP_TEXT]; /* the applicant was asked and may answer until then; "": is not asked */
};

bool case_has_cabinet(const struct permits_case *c);
struct subject case_subject(const struct permits_case *c);

/* ---- inside a unit ---- */

/* Keeps a new one with what is set; `c->known` is for reading only. */
MUST_USE outcome case_put(struct store *s, struct served *v, const struct permits_case *c, struct err *e);
MUST_USE outcome case_find(struct store *s, const char *nikad, struct permits_case *out, struct err *e);
MUST_USE outcome case_status(struct store *s, const struct permits_case *c, const char *status, struct err *e);
MUST_USE outcome case_suspended(struct store *s, const struct permits_case *c, bool suspended, struct err *e);
MUST_USE outcome case_reply_until(struct store *s, const struct permits_case *c, const char *moment, struct err *e);
MUST_USE outcome case_due(struct store *s, const struct permits_case *c, const char *day, struct err *e);
/* Accepted at this moment: filed then or when the working hours begin, due after so many working days (P7). */
MUST_USE outcome case_accepted(struct store *s, struct served *v, const struct permits_case *c, struct err *e);

/* Reads the case that a message is about. `application`: the number as written. It must be under review, or with
 * `registered` may wait for the body. Reasons when not, and when there is none. */
MUST_USE outcome case_of(struct store *s, struct served *v, const char *application, bool registered,
	struct permits_case *out, struct err *e);
/* Reasons why it cannot be decided yet: the term stands still; the applicant or another body may still answer. */
MUST_USE outcome case_ripe(struct store *s, struct served *v, const struct permits_case *c, struct err *e);

#endif
