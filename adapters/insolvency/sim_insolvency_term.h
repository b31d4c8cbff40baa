/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A term of the simulated insolvency system, and whether a message came within it. */
#ifndef QAQPA_INSOLVENCY_TERM_H
#define QAQPA_INSOLVENCY_TERM_H

#include "sim/sim.h"

struct insolvency_term {
	struct stamp received;
	struct stamp end; /* the last moment in time */
	bool in_time;
};

/* Of a document whose last day is known: it ends that day at the hour of --set cutoff=HH:MM, 04:00 without it (I2). False
 * when `last_day` is no day. Fails with REASON_CONFIG for a wrong setting. */
MUST_USE outcome insolvency_term_of_day(const struct sim *sim, const char *last_day, struct insolvency_term *out, bool *day,
	struct err *e);
/* Of one working day that began with a moment (I5). Fails as days_open and calendar_deadline. */
MUST_USE outcome insolvency_term_of_report(const struct sim *sim, struct stamp discovered, struct insolvency_term *out,
	struct err *e);
/* <ReceivedDate>, <TermEnd>, <InTime>. */
void insolvency_term_write(struct buf *out, const struct insolvency_term *t);

#endif
