/* SPDX-License-Identifier: GPL-3.0-or-later */
/* payload - what simulated systems add to business messages: moments by their own clock, replies. */
#ifndef QAQPA_ADAPTERS_PAYLOAD_H
#define QAQPA_ADAPTERS_PAYLOAD_H

#include "common/business.h"
#include "sim/sim.h"

/* Of a request of one's own: a random number, a chain of its own, now. From the pool; false when memory is short. */
MUST_USE bool system_info_fresh(struct pool *pool, struct system_info *out);
void system_info_echo(struct buf *out, const struct system_info *info); /* of an answer, now */

/* Fills the reply with text of a buffer, copied to the pool. Fails with REASON_MEMORY. */
MUST_USE outcome reply_with(struct sim_reply *reply, struct pool *pool, const char *code, const char *message,
	const struct buf *data, struct err *e);
/* SCSE002 without data, for a payload that cannot be read. */
MUST_USE outcome reply_unreadable(struct sim_reply *reply, const char *wanted);

#endif
