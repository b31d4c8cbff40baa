/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents that administrators submit to the simulated insolvency system. */
#ifndef QAQPA_INSOLVENCY_SUBMISSION_H
#define QAQPA_INSOLVENCY_SUBMISSION_H

#include "sim/sim.h"

/* As struct sim_service wants it. */
outcome insolvency_take_document(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

#endif
