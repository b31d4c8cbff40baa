/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outbox - what a simulated system has to tell others: kept in the unit that decided it, sent afterwards.
 *
 * A message is sent again until it is accepted, refused for good, or has failed for half a day; so a receiver may meet it
 * twice. Messages to one service go in their order; one that cannot be sent does not hold up those to others.
 */
#ifndef QAQPA_ADAPTERS_OUTBOX_H
#define QAQPA_ADAPTERS_OUTBOX_H

#include "common/store.h"
#include "sim/sim.h"

/* Part of the schema of a state. `result`: "" while it waits, "done", "refused". */
#define OUTBOX_SCHEMA \
	"CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL," \
	" attributes TEXT NOT NULL, data TEXT NOT NULL, result TEXT NOT NULL, words TEXT NOT NULL," \
	" tries INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;"
#define OUTBOX_BYTES (1u << 20) /* of a message */

/* Keeps a payload for a service; `attributes`, of the start tag of data, may be NULL. Inside a unit; sim_wake has it
 * sent once the unit is done. Fails with REASON_IO, or REASON_MEMORY when the buffer has failed or is too long. */
MUST_USE outcome outbox_put(struct store *s, const char *service_id, const char *attributes, const struct buf *data,
	struct err *e);
/* Sends all that may be sent. Fails while something waits, so that it is called again: for `work` of a system. */
MUST_USE outcome outbox_work(struct sim *sim, struct store *s, struct err *e);

#endif
