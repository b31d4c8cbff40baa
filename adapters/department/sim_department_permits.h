/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the simulated departmental system asks of the permits system and tells the monitoring system, over the bus. Every
 * call is true when it is done; else the reasons say why. */
#ifndef QAQPA_DEPARTMENT_PERMITS_H
#define QAQPA_DEPARTMENT_PERMITS_H

#include "common/service.h"

#define NS_PERMITS "urn:qaqpa:permits:v1"

/* Invented; the check digit fits. */
#define OWN_BIN "200440000015"
#define OWN_NAME "Department of licences (test)"

/* Names of --signer. */
#define SIGNER_HEAD "head"
#define SIGNER_OFFICER "employee"
#define SIGNER_OTHER_HEAD "coordinator-head" /* of the body that coordinates */

struct desk {
	struct sim *sim;
	struct reasons *reasons;        /* the pool is in it */
	const struct system_info *info; /* number and chain of the application */
};

/* A number for a document that is going to be signed (P2). */
MUST_USE bool desk_number(const struct desk *d, const char *type, const char *kind, char nikad[16]);

/* Sends a request of permits.xsd that this person signs. `fields`: what stands in BusinessData. */
struct desk_request {
	const char *service_id, *root, *signer;
	const struct buf *fields;
	const char *wanted; /* a field of the answer, as RegistrationNumber or Nikad */
};
MUST_USE bool desk_send(const struct desk *d, const struct desk_request *r, char answered[16]);

/* A permit or a refusal: signed by the head (P13) and registered. */
struct desk_decision {
	const char *nikad, *kind, *service_code;
	const char *application; /* NULL: it was considered outside the permits system */
	const char *subject_kind, *subject_number, *subject_name, *text;
};
MUST_USE bool desk_register(const struct desk *d, const struct desk_decision *n, char registration[16], char registered[40]);

/* The status of the application for the monitoring system (M1). */
MUST_USE bool desk_status(const struct desk *d, const char *service_code, const char *code, const char *text_ru,
	const char *text_kz);

#endif
