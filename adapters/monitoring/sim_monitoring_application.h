/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applications that the simulated monitoring system files. */
#ifndef QAQPA_MONITORING_APPLICATION_H
#define QAQPA_MONITORING_APPLICATION_H

#include "sim/sim.h"

#define APPLICATION_BYTES 65536
/* Whose key of --signer certifies applications: the employee of the State Corporation (M5). */
#define MONITORING_EMPLOYEE "corporation-employee"

/* Appends an application that the employee filed for an invented person, with a fresh number, signed by the employee. Fails
 * with REASON_CONFIG when there is no such key. */
MUST_USE outcome monitoring_application(struct sim *sim, struct pool *pool, char request_number[21],
	struct buf *out, struct err *e);

#endif
