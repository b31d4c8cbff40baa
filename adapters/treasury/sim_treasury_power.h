/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services of the simulated Treasury-Client about powers of attorney and users. */
#ifndef QAQPA_TREASURY_SIM_POWER_H
#define QAQPA_TREASURY_SIM_POWER_H

#include "sim/sim.h"

outcome treasury_take_power(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
outcome treasury_take_user(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

#endif
