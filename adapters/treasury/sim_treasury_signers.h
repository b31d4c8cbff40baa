/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who signed a payload that came to the simulated Treasury-Client, and whether each may sign now. */
#ifndef QAQPA_TREASURY_SIGNERS_H
#define QAQPA_TREASURY_SIGNERS_H

#include "common/service.h"
#include "security/inner.h"
#include "treasury/sim_treasury_store.h"

/* The signatures of the payload, checked. When one is absent or wrong a reason is added and there are none. */
void treasury_signers_read(struct service_request *r, const struct sim_request *in, struct inner_result *out);
/* Adds a reason for each who is of another organisation, or whose user is blocked, closed or compromised. */
MUST_USE outcome treasury_signers_users(struct service_request *r, const struct inner_result *signers, const char *bin,
	struct err *e);
/* Adds a reason for each whom the powers of attorney do not let sign on this day. */
MUST_USE outcome treasury_signers_powers(struct service_request *r, const struct inner_result *signers, const char *bin,
	struct err *e);

#endif
