/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the simulated monitoring system holds of applications that it filed, for their providers: the applications, and the
 * data of documents that it fetched. */
#ifndef QAQPA_MONITORING_DATA_H
#define QAQPA_MONITORING_DATA_H

#include "common/store.h"
#include "sim/sim.h"

#define NS_MONITORING "urn:qaqpa:monitoring:v1"
#define MONITORING_DATA_BYTES 131072 /* of one document, or of one application */
#define MONITORING_DATA_SCHEMA \
	"CREATE TABLE IF NOT EXISTS application (request_number TEXT PRIMARY KEY, provider TEXT NOT NULL, xml TEXT NOT NULL)" \
	" STRICT;" \
	"CREATE TABLE IF NOT EXISTS document (request_number TEXT NOT NULL, code TEXT NOT NULL, number TEXT NOT NULL," \
	" source TEXT NOT NULL, fetched TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (request_number, code)) STRICT;"

/* A document whose data a state information system gave. */
struct monitoring_document {
	const char *code, *number;
	const char *source;  /* serviceId */
	const char *fetched; /* moment */
	const char *data;    /* its answer */
};

/* Keeps an application for the provider with that senderId; `d` NULL: no document was fetched. */
MUST_USE outcome monitoring_keep_application(struct store *s, const char *request_number, const char *provider,
	const char *xml, const struct monitoring_document *d, struct err *e);

/* MONITORING_DATA, as struct sim_service wants it. */
outcome monitoring_give_data(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e);

#endif
