/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Acts of the simulated departmental system: an application is reviewed step by step, as its officers would. */
#ifndef QAQPA_DEPARTMENT_REVIEW_H
#define QAQPA_DEPARTMENT_REVIEW_H

#include "sim/sim.h"

/* Ends with a NULL verb. The argument is words with spaces between them: the number of the application, without it the
 * last one that was brought; with `decide` grant (as without it) or refuse. */
extern const struct sim_act department_acts[];

#endif
