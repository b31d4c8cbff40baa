/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring - the simulated monitoring system: takes statuses, and sends requests on behalf of the State
 * Corporation.
 * Promise:  a status is on disk before it is acknowledged.
 * Not here: cases on the asynchronous channel (sim_monitoring_case.c), applications with data that is fetched
 *           (sim_monitoring_filing.c), data for providers (sim_monitoring_data.c).
 * Spec:     M1, M3 - M6; wsdl/monitoring/v1/monitoring.xsd, wsdl/department/v1/department.xsd */
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>

#include "appeals/reception_notice.h"
#include "common/service.h"
#include "common/store.h"
#include "monitoring/sim_monitoring_application.h"
#include "monitoring/sim_monitoring_case.h"
#include "monitoring/sim_monitoring_data.h"
#include "monitoring/sim_monitoring_filing.h"
#include "monitoring/sim_monitoring_staff.h"

#define DATA_BYTES 65536
#define ACT_POOL (16u << 20)
#define ANSWER_MS 60000 /* the department itself waits for two systems */
#define REQUESTS_MAX 10000

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS status (id INTEGER PRIMARY KEY AUTOINCREMENT, request_number TEXT NOT NULL,"
	" service_code TEXT NOT NULL, code TEXT NOT NULL, text_ru TEXT NOT NULL, text_kz TEXT NOT NULL,"
	" moment TEXT NOT NULL, sender TEXT NOT NULL, message_id TEXT NOT NULL,"
	" UNIQUE (sender, message_id)) STRICT;" MONITORING_CASE_SCHEMA RECEPTION_NOTICE_SCHEMA MONITORING_DATA_SCHEMA;

enum { NUMBER, SERVICE, CODE, TEXT_RU, TEXT_KZ, MOMENT, SENDER, MESSAGE_ID, STATUS_FIELDS };

static outcome open_monitoring(const char *directory, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = store_open(directory, "monitoring.db", schema, &s, e);

	*state = s;
	return result;
}

static void close_monitoring(void *state)
{
	struct store *s = state;

	store_close(&s);
}

/* A message that comes a second time is acknowledged again and kept once. */
static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	const char *const *values = ctx;

	return store_run(s,
		"INSERT INTO status (request_number, service_code, code, text_ru, text_kz, moment, sender,"
		" message_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (sender, message_id) DO NOTHING",
		values, STATUS_FIELDS, NULL, 0, NULL, e);
}

static outcome take_status(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	static const char *const names[] = {
		"RequestNumber", "ServiceCode", "StatusCode", "StatusTextRu", "StatusTextKz", "StatusDate"};
	static const struct answer_form form = {NS_MONITORING, "StatusResponse", "The status is accepted.", NULL, NULL};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	const char *values[STATUS_FIELDS];
	struct service_request r;
	char now[STAMP_TEXT];

	if (!service_open(&r, sim, in, NS_MONITORING, "StatusNotification") ||
		!payload_texts(r.pool, r.business, names, values, SENDER))
		return reply_unreadable(out, "The payload is not a StatusNotification of monitoring.xsd.");
	values[SENDER] = r.sender;
	values[MESSAGE_ID] = pool_copy(in->pool, in->request->message_id);
	if (!values[MESSAGE_ID])
		return err_set(e, REASON_MEMORY, "status");
	TRY(store_transact(sim_state(sim), keep_in_unit, values, e));
	stamp_print(sim_now(), now);
	answer_begin(&data, &form, &r.info);
	payload_field(&data, "RequestNumber", values[NUMBER]);
	payload_field(&data, "AcceptedDate", now);
	return answer_reply(&data, &form, &r.reasons, out, e);
}

void monitoring_report_answer(const struct sim_answer *a, const char *request_number, struct pool *pool,
	struct buf *report)
{
	const struct _xmlNode *permit = payload_child(payload_child(a->payload, "ResponseData"), "Permit");
	const char *nikad = payload_text(pool, permit, "Nikad");
	const char *registration = payload_text(pool, permit, "RegistrationNumber");

	buf_printf(report, "request %s: ", request_number);
	if (a->fault) {
		buf_printf(report, "fault %.*s %.*s", (int)a->fault_info.error_code.n, a->fault_info.error_code.p,
			(int)a->fault_info.error_message.n, a->fault_info.error_message.p);
	} else {
		buf_printf(report, "%.*s %.*s", (int)a->response.status_code.n, a->response.status_code.p,
			(int)a->response.status_message.n, a->response.status_message.p);
		if (nikad && registration)
			buf_printf(report, " NIKAD %s, registration %s", nikad, registration);
	}
	buf_printf(report, " (%lld ms)\n", (long long)(a->duration_us / 1000));
}

/* One request; `*done` when the department answered with a permit. */
static outcome send_request(struct sim *sim, struct buf *report, bool *done, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	SCOPED(buf_free) struct buf application = BUF(2 * APPLICATION_BYTES);
	struct sim_answer answer;
	char number[21];

	if (!pool)
		return err_set(e, REASON_MEMORY, "request of the monitoring system");
	TRY(monitoring_application_usual(sim, pool, number, &application, e));
	TRY(sim_send(sim, pool, "DEPARTMENT_REQUEST", NULL, buf_cstr(&application), ANSWER_MS, &answer, e));
	monitoring_report_answer(&answer, number, pool, report);
	*done = !answer.fault && bytes_is(answer.response.status_code, "SCSS001");
	return DONE;
}

/* Does it `argument` times. */
static int repeat(outcome (*once)(struct sim *sim, struct buf *report, bool *done, struct err *e), struct sim *sim,
	const char *argument, struct buf *report, struct err *e)
{
	char *end;
	long n = strtol(argument ? argument : "1", &end, 10);
	int result = 0;

	if (*end || n < 1 || n > REQUESTS_MAX) {
		(void)err_set(e, REASON_USAGE, "the argument is how many applications, 1 to %d", REQUESTS_MAX);
		return -1;
	}
	for (long i = 0; i < n; i++) {
		bool done = false;

		if (!once(sim, report, &done, e).ok)
			return -1;
		if (!done)
			result = 1;
	}
	return result;
}

static int send_requests(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	return repeat(send_request, sim, argument, report, e);
}

static int send_cases(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	return repeat(monitoring_send_case, sim, argument, report, e);
}

static const struct sim_service services[] = {
	{"MONITORING_STATUS", take_status},
	{"APPEALS_CORPORATION_NOTICE", reception_notice_take},
	{"MONITORING_DATA", monitoring_give_data},
	{NULL, NULL},
};
static const struct sim_async_service async_services[] = {
	{MONITORING_CASE_SERVICE, false, monitoring_take},
	{NULL, false, NULL},
};
static const struct sim_act acts[] = {
	{"send-request", send_requests},
	{"send-case", send_cases},
	{"send-application", monitoring_send_application},
	{"file", monitoring_file},
	{NULL, NULL},
};

extern const struct sim_system sim_system_monitoring;
const struct sim_system sim_system_monitoring = {
	.name = "monitoring",
	.summary = "monitoring system: takes statuses of applications and sends requests to departments",
	.services = services,
	.async_services = async_services,
	.notice = monitoring_notice,
	.open = open_monitoring,
	.close = close_monitoring,
	.acts = acts,
};
