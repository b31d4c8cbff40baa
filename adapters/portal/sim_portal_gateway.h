/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the gateway itself tells the simulated portal of messages. */
#ifndef QAQPA_PORTAL_GATEWAY_H
#define QAQPA_PORTAL_GATEWAY_H

#include "sim/sim.h"

outcome portal_gateway_notice(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

#endif
