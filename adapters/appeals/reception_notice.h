/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reception_notice - what the operator and the State Corporation take from the video appeals service: receptions that
 * were granted, planned or moved. Their simulators keep it in their own state. */
#ifndef QAQPA_RECEPTION_NOTICE_H
#define QAQPA_RECEPTION_NOTICE_H

#include "common/store.h"
#include "sim/sim.h"

/* Part of the schema of their state, which is a struct store. */
#define RECEPTION_NOTICE_SCHEMA \
	"CREATE TABLE IF NOT EXISTS reception (id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL," \
	" message_id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, month TEXT NOT NULL, booking TEXT NOT NULL," \
	" applicant TEXT NOT NULL, from_time TEXT NOT NULL, to_time TEXT NOT NULL, office TEXT NOT NULL," \
	" UNIQUE (sender, message_id, booking)) STRICT;"

/* A service of theirs. A notice that comes twice under one messageId of a sender is kept once. */
outcome reception_notice_take(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

#endif
