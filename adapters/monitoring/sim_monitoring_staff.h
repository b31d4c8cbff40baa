/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applications to the permits system that a person filed on paper at the State Corporation. */
#ifndef QAQPA_MONITORING_STAFF_H
#define QAQPA_MONITORING_STAFF_H

#include "sim/sim.h"

/* As struct sim_act wants it. The argument: code of the service, and the number of the payment where it has a fee. */
int monitoring_file(struct sim *sim, const char *argument, struct buf *report, struct err *e);

#endif
