/* SPDX-License-Identifier: GPL-3.0-or-later */
/* register - what the gateways know of powers of attorney and of users who are stopped, in the Redis of the queue.
 *
 * A fact is a few words: power, revoke or user, the client's BIN, the moment, and what treasury_apply.lua says. It is
 * written to a file of the gateway, treasury-<moment>-<message>, before it goes into Redis: `qaqpa queue rebuild` puts the
 * files of all gateways back into a Redis that lost everything.
 * Spec: T8, T9 */
#ifndef QAQPA_TREASURY_REGISTER_H
#define QAQPA_TREASURY_REGISTER_H

#include "adapter/adapter.h"
#include "treasury/power.h"

struct register_user {
	const char *iin, *state; /* BLOCKED ...; OPEN */
};
struct register_known { /* of one organisation, from the pool */
	struct powers powers;
	const struct register_user *user;
	size_t users;
	const char *const *lost; /* prints of certificates whose keys are compromised */
	size_t lost_count;
};
MUST_USE outcome register_read(const struct adapter_call *c, const char *bin, struct register_known *out, struct err *e);
/* NULL while the user is open; else the state. */
const char *register_stopped(const struct register_known *known, const struct trust_cert *cert);

/* Puts the words of the message aside until its fate is known; gives those of the first time when it comes again. */
MUST_USE outcome register_aside(const struct adapter_call *c, const struct bytes *words, size_t n,
	struct queue_answer *kept, struct err *e);
/* The words that the message put aside; none when it was refused, and they are forgotten then. */
MUST_USE outcome register_recall(const struct adapter_call *c, bool accepted, struct queue_answer *out, struct err *e);
/* The fact is true from now on, at all gateways. Done again it changes nothing. */
MUST_USE outcome register_keep(const struct adapter_call *c, const struct queue_answer *words, struct err *e);

/* For operators: see adapter.h. */
MUST_USE outcome register_restore(const struct adapter_desk *d, struct err *e);

#endif
