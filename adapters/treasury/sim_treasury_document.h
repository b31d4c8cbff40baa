/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services of the simulated Treasury-Client about documents. */
#ifndef QAQPA_TREASURY_DOCUMENT_H
#define QAQPA_TREASURY_DOCUMENT_H

#include "sim/sim.h"

outcome treasury_take_document(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
outcome treasury_tell_status(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);
/* From the Integrated Treasury IS. */
outcome treasury_take_result(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

#endif
