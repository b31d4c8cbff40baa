/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moment - the moment by which a simulated system judges terms. */
#ifndef QAQPA_ADAPTERS_MOMENT_H
#define QAQPA_ADAPTERS_MOMENT_H

#include "sim/sim.h"

/* --set now=2025-11-03T10:00:00+05:00 when it is given and is a moment; else the system's clock. */
struct stamp moment_now(const struct sim *sim);

#endif
