/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every message of an administrator to the simulated insolvency system has: who it is from, and that person's
 * signature. */
#ifndef QAQPA_INSOLVENCY_REQUEST_H
#define QAQPA_INSOLVENCY_REQUEST_H

#include "common/service.h"
#include "insolvency/sim_insolvency_store.h"

#define NS_INSOLVENCY "urn:qaqpa:insolvency:v1"
#define INSOLVENCY_BYTES (1u << 20)

struct insolvency_request {
	struct service_request r;
	const char *iin, *full_name;       /* of the administrator whom it names */
	const struct trust_cert *signer;   /* NULL when the signature is absent or wrong */
	struct insolvency_administrator administrator;
};

/* False when the payload is not that element with its administrator. */
MUST_USE bool insolvency_read(struct insolvency_request *q, struct sim *sim, const struct sim_request *in,
	const char *name);
/* Is he the signer, and does the register know him? Everything that is wrong becomes a reason. Fails only when the own state
 * does. */
MUST_USE outcome insolvency_judge(struct insolvency_request *q, struct bytes payload, struct err *e);
/* The same, and may he act: not excluded from the register, by a key that was not reported as compromised? */
MUST_USE outcome insolvency_judge_right(struct insolvency_request *q, struct bytes payload, struct err *e);
/* Does he lead the procedure? `out` is what is known of it. */
MUST_USE outcome insolvency_judge_procedure(struct insolvency_request *q, const char *number,
	struct insolvency_procedure *out, struct err *e);

/* <Administrator> of a document. */
void insolvency_write_administrator(struct buf *out, const struct insolvency_request *q);
/* A document of the body, signed by its system, as the text of an element of an answer. Fails as sim_document_sign. */
MUST_USE outcome insolvency_write_signed(struct buf *out, const struct insolvency_request *q, const char *element,
	const struct buf *document, struct err *e);

#endif
