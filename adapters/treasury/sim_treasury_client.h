/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client does on the pages of the simulated Treasury-Client: forms a document, has it signed, looks what became of
 * it. */
#ifndef QAQPA_TREASURY_CLIENT_H
#define QAQPA_TREASURY_CLIENT_H

#include "sim/sim.h"

/* "NUMBER PROGRAMME AMOUNT TOTAL SIGNER,SIGNER": a bill for payment with one line, sent through the gateway. */
int treasury_send_document(struct sim *sim, const char *argument, struct buf *report, struct err *e);
/* "NUMBER": the status of a document that was sent so. */
int treasury_show_document(struct sim *sim, const char *argument, struct buf *report, struct err *e);

#endif
