/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages that the simulated departmental system took on the asynchronous channel, and how far each has
 * come. */
#ifndef QAQPA_DEPARTMENT_INBOX_H
#define QAQPA_DEPARTMENT_INBOX_H

#include "common/store.h"

#define DEPARTMENT_INBOX_SCHEMA \
	"CREATE TABLE IF NOT EXISTS taken (id INTEGER PRIMARY KEY AUTOINCREMENT," \
	" message_id TEXT NOT NULL UNIQUE, correlation_id TEXT NOT NULL, payload TEXT NOT NULL, stage TEXT NOT NULL," \
	" tries INTEGER NOT NULL) STRICT;"
#define DEPARTMENT_PAYLOAD_BYTES (1u << 20)

/* Stages in their order; STUCK: nobody wants to hear the answer. */
#define STAGE_TAKEN "taken"
#define STAGE_ACCEPTED "accepted"
#define STAGE_ANSWERED "answered"
#define STAGE_STUCK "stuck"

struct department_task {
	char message_id[129], correlation_id[129];
	char stage[12];
	char tries[12]; /* that failed */
	char *payload;  /* room for DEPARTMENT_PAYLOAD_BYTES */
};

/* Keeps a message; one that is known stays as it is. */
MUST_USE outcome department_inbox_keep(struct store *s, const char *message_id, const char *correlation_id,
	const char *payload, struct err *e);
/* The next one to work on: with the fewest failures, and of these the oldest. */
MUST_USE outcome department_inbox_next(struct store *s, struct department_task *out, bool *found,
	struct err *e);
MUST_USE outcome department_inbox_reached(struct store *s, const struct department_task *t, const char *stage,
	struct err *e);
MUST_USE outcome department_inbox_failed(struct store *s, const struct department_task *t, struct err *e);

#endif
