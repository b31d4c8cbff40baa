/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applications that the simulated monitoring system files. */
#ifndef QAQPA_MONITORING_APPLICATION_H
#define QAQPA_MONITORING_APPLICATION_H

#include "common/payload.h"
#include "trust/certificate.h"

#define APPLICATION_BYTES 65536
/* Whose key of --signer certifies applications: the employee of the State Corporation (M5). */
#define MONITORING_EMPLOYEE "corporation-employee"

struct monitoring_applicant {
	const char *iin, *name;
	const struct buf *documents; /* content of <Documents> */
};
/* Appends an application with the applicant's consent, signed by the employee. Fails with REASON_CONFIG when there is no
 * such key. */
MUST_USE outcome monitoring_application(struct sim *sim, struct pool *pool, const struct system_info *info,
	const struct monitoring_applicant *who, struct buf *out, struct err *e);
/* The same for an invented person, with a fresh number. */
MUST_USE outcome monitoring_application_usual(struct sim *sim, struct pool *pool, char request_number[21],
	struct buf *out, struct err *e);

/* Who signs, as the certificate has this person. Fails with REASON_CONFIG when there is no such key. */
MUST_USE outcome monitoring_employee(struct sim *sim, struct pool *pool, struct cert_view *out, struct err *e);
/* The elements Employee and Consent, which the applicant gave today. */
void monitoring_write_employee(struct buf *out, const struct trust_subject *employee);

/* What was answered to an application, in a line. */
void monitoring_report_answer(const struct sim_answer *a, const char *request_number, struct pool *pool,
	struct buf *report);

#endif
