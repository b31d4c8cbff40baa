/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services of the simulated permits system, as struct sim_service wants them. */
#ifndef QAQPA_PERMITS_SERVICES_H
#define QAQPA_PERMITS_SERVICES_H

#include "sim/sim.h"

#define PERMITS_SERVICE(name) \
	outcome name(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)

/* sim_permits_number.c */
PERMITS_SERVICE(permits_nikad);
/* sim_permits_register.c */
PERMITS_SERVICE(permits_register);
/* sim_permits_application.c */
PERMITS_SERVICE(permits_application);
PERMITS_SERVICE(permits_staff_application);
PERMITS_SERVICE(permits_paper_application);
/* sim_permits_automatic.c */
PERMITS_SERVICE(permits_automatic);
/* sim_permits_review.c */
PERMITS_SERVICE(permits_notice);
PERMITS_SERVICE(permits_reply);
/* sim_permits_coordination.c */
PERMITS_SERVICE(permits_coordination);
PERMITS_SERVICE(permits_coordination_reply);
/* sim_permits_event.c */
PERMITS_SERVICE(permits_event);
PERMITS_SERVICE(permits_death);
/* sim_permits_search.c */
PERMITS_SERVICE(permits_search);
/* sim_permits_history.c */
PERMITS_SERVICE(permits_history);

#endif
