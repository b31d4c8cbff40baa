/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the simulated permits system asks other systems before it registers an application. */
#ifndef QAQPA_PERMITS_CHECKS_H
#define QAQPA_PERMITS_CHECKS_H

#include "permits/sim_permits_serve.h"

/* What is to be asked. */
struct checks {
	const struct subject *applicant, *representative; /* NULL: there is none */
	const char *fee, *payment;                        /* NULL: nothing has to be paid */
};

/* Asks all at the same moment: the applicant and the representative exist, live and bear these names (GBD FL, GBD UL), the
 * applicant is known to the tax system, and the fee is paid. Reasons when not; a register that does not answer makes it
 * SCSE003: try later. */
void checks_ask(struct served *v, const struct checks *c);

#endif
