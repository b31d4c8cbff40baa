/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What applicants do on the simulated portal. */
#ifndef QAQPA_PORTAL_ACTS_H
#define QAQPA_PORTAL_ACTS_H

#include "sim/sim.h"

/* Files an application or a notification, signed by the applicant. The argument is words NAME=VALUE, see README. */
int portal_file(struct sim *sim, const char *argument, struct buf *report, struct err *e);
/* Fetches the document of a notice, by its number. */
int portal_fetch(struct sim *sim, const char *argument, struct buf *report, struct err *e);

#endif
