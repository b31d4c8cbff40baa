/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An application to the simulated departmental system, from its payload to a decision. */
#ifndef QAQPA_DEPARTMENT_APPLICATION_H
#define QAQPA_DEPARTMENT_APPLICATION_H

#include "common/service.h"
#include "department/sim_department_case.h"

#define NS_DEPARTMENT "urn:qaqpa:department:v1"

struct application {
	struct sim *sim;
	struct pool *pool;
	struct _xmlNode *payload;
	struct bytes text; /* of the payload */
	struct reasons reasons;
	struct system_info info;
	const char *service_code, *subject_kind, *subject_number, *subject_name;
	struct department_case done;
};

/* False when the payload is no DepartmentRequest. */
MUST_USE bool application_read(struct application *a, struct sim *sim, struct pool *pool,
	struct _xmlNode *payload, struct bytes text);
/* Judges the application and goes the steps that are not done yet, over the bus. It is granted when there are
 * no reasons afterwards. Fails only when the own state does. */
MUST_USE outcome application_decide(struct application *a, struct err *e);
/* DepartmentResponse after the decision, as text and as a reply; DepartmentNotice before it. */
void application_result(const struct application *a, struct buf *data);
MUST_USE outcome application_reply(const struct application *a, struct sim_reply *out, struct err *e);
void application_accepted(const struct application *a, struct buf *data);

#endif
