/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recipient of a public service comes to the State Corporation: the employee asks for identity data, fills in the
 * application and files it. */
#ifndef QAQPA_MONITORING_FILING_H
#define QAQPA_MONITORING_FILING_H

#include "sim/sim.h"

/* As struct sim_act wants it. The argument: an IIN, and the name as it stands on paper, for when the database of
 * individuals does not tell it. NULL: an invented person whom it knows. */
int monitoring_send_application(struct sim *sim, const char *argument, struct buf *report, struct err *e);

#endif
