/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases: applications that the simulated monitoring system files on the asynchronous channel, and what is
 * heard of them. */
#ifndef QAQPA_MONITORING_CASE_H
#define QAQPA_MONITORING_CASE_H

#include "sim/sim.h"

#define MONITORING_CASE_SERVICE "DEPARTMENT_CASE"
/* `about` is the correlationId of a message, and the messageId that a status notice speaks of. */
#define MONITORING_CASE_SCHEMA \
	"CREATE TABLE IF NOT EXISTS heard (id INTEGER PRIMARY KEY AUTOINCREMENT," \
	" message_id TEXT NOT NULL UNIQUE, about TEXT NOT NULL, kind TEXT NOT NULL, code TEXT NOT NULL, words TEXT NOT NULL," \
	" payload TEXT NOT NULL, moment TEXT NOT NULL) STRICT;"

/* As struct sim_async_service and struct sim_system want them. */
outcome monitoring_take(struct sim *sim, const struct sim_message *in, struct err *e);
outcome monitoring_notice(struct sim *sim, struct pool *pool, const struct async_status *status,
	struct err *e);

/* Files one case and waits for its RESPONSE; what is heard of it goes to the report. `*done` when a permit was
 * issued. */
MUST_USE outcome monitoring_send_case(struct sim *sim, struct buf *report, bool *done, struct err *e);

#endif
