/* SPDX-License-Identifier: GPL-3.0-or-later */
/* days - the calendar of working days by which a simulated system counts terms. */
#ifndef QAQPA_ADAPTERS_DAYS_H
#define QAQPA_ADAPTERS_DAYS_H

#include "calendar/calendar.h"
#include "sim/sim.h"

/* Reads the calendar in the folder of --set calendar=FOLDER. Fails as calendar_load, and with REASON_CONFIG when the
 * setting is absent. */
MUST_USE outcome days_open(const struct sim *sim, struct calendar **out, struct err *e);

#endif
