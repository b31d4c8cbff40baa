/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the permits system brought to the simulated departmental system. */
#ifndef QAQPA_DEPARTMENT_DELIVERY_H
#define QAQPA_DEPARTMENT_DELIVERY_H

#include "common/store.h"
#include "sim/sim.h"

#define DEPARTMENT_DELIVERY_SCHEMA \
	"CREATE TABLE IF NOT EXISTS delivered (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL," \
	" nikad TEXT NOT NULL, application TEXT NOT NULL, service TEXT NOT NULL, subject_kind TEXT NOT NULL," \
	" subject TEXT NOT NULL, subject_name TEXT NOT NULL, origin TEXT NOT NULL, body TEXT NOT NULL," \
	" document TEXT NOT NULL, request_number TEXT NOT NULL, chain_id TEXT NOT NULL, moment TEXT NOT NULL," \
	" UNIQUE (kind, nikad)) STRICT;"

/* As struct sim_service wants it; for all three services. */
outcome department_deliver(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

struct department_matter {
	bool known;
	char nikad[16], application[16], service[129], subject_kind[4], subject[13], subject_name[1001], origin[64];
	char request_number[21], chain_id[257];
};
/* The last document of this kind that was brought, or the one with this number ("": any). A unit of its own. */
MUST_USE outcome department_matter_find(struct store *s, const char *kind, const char *nikad, struct department_matter *out,
	struct err *e);

/* A line for each document that was brought about an application ("": about any), in their order. */
MUST_USE outcome department_matter_list(struct store *s, const char *application, struct buf *out, struct err *e);

#endif
