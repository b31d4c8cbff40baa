/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring - the simulated monitoring system: takes statuses, and sends requests on behalf of the State
 * Corporation.
 * Promise:  a status is on disk before it is acknowledged.
 * Spec:     M1, M3 - M6; wsdl/monitoring/v1/monitoring.xsd, wsdl/department/v1/department.xsd */
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "common/payload.h"
#include "common/store.h"

#define NS_MONITORING "urn:qaqpa:monitoring:v1"
#define NS_DEPARTMENT "urn:qaqpa:department:v1"
#define DATA_BYTES 65536
#define ACT_POOL (16u << 20)
#define ANSWER_MS 60000 /* the department itself waits for two systems */
#define REQUESTS_MAX 10000

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS status (id INTEGER PRIMARY KEY AUTOINCREMENT, request_number TEXT NOT NULL,"
	" service_code TEXT NOT NULL, code TEXT NOT NULL, text_ru TEXT NOT NULL, text_kz TEXT NOT NULL,"
	" moment TEXT NOT NULL, sender TEXT NOT NULL, message_id TEXT NOT NULL,"
	" UNIQUE (sender, message_id)) STRICT;";

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

static bool read_status(const struct sim_request *in, struct system_info *info,
	const char *values[STATUS_FIELDS])
{
	static const char *const names[] = {
		"RequestNumber", "ServiceCode", "StatusCode", "StatusTextRu", "StatusTextKz", "StatusDate"};
	const struct _xmlNode *business = payload_child(in->payload, "BusinessData");

	if (!payload_is(in->payload, NS_MONITORING, "StatusNotification"))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		values[i] = payload_text(in->pool, business, names[i]);
	values[SENDER] = pool_copy(in->pool, in->request->sender_id);
	values[MESSAGE_ID] = pool_copy(in->pool, in->request->message_id);
	for (size_t i = 0; i < STATUS_FIELDS; i++) {
		if (!values[i])
			return false;
	}
	return system_info_read(in->pool, in->payload, info);
}

static outcome take_status(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	const char *values[STATUS_FIELDS] = {NULL};
	struct system_info info;
	char now[STAMP_TEXT];

	if (!read_status(in, &info, values))
		return reply_unreadable(out, "The payload is not a StatusNotification of monitoring.xsd.");
	TRY(store_transact(sim_state(sim), keep_in_unit, values, e));
	stamp_print(stamp_now(), now);
	buf_str(&data, "<m:StatusResponse xmlns:m=\"" NS_MONITORING "\">");
	system_info_echo(&data, &info);
	buf_str(&data, "<ResponseData>");
	payload_field(&data, "RequestNumber", values[NUMBER]);
	payload_field(&data, "AcceptedDate", now);
	buf_str(&data, "</ResponseData></m:StatusResponse>");
	return reply_with(out, in->pool, "SCSS001", "The status is accepted.", &data, e);
}

static void new_request_number(char out[21])
{
	unsigned char random[20];

	random_fill(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		out[i] = (char)('0' + random[i] % 10);
	out[20] = '\0';
}

/* An application that a clerk filed for an invented person. */
static void write_application(struct buf *out, const char *request_number)
{
	char chain[37], now[STAMP_TEXT], day[11];
	struct stamp at = stamp_now();
	struct system_info info = {request_number, chain, now};

	uuid_new(chain);
	stamp_print(at, now);
	stamp_day(at, day);
	buf_str(out, "<d:DepartmentRequest xmlns:d=\"" NS_DEPARTMENT "\">");
	system_info_write(out, &info);
	buf_str(out,
		"<BusinessData><MessageKind>request</MessageKind><ServiceCode>LICENCE-001</ServiceCode>"
		"<Employee><Iin>900101300017</Iin><FullName>Тестова Қызмет</FullName>"
		"<OfficeCode>OFFICE-7</OfficeCode>"
		"</Employee><Consent><Given>true</Given>");
	payload_field(out, "Date", day);
	buf_str(out, "</Consent><Applicant><Iin>900101300017</Iin><Name>ТЕСТОВ ТЕСТ</Name></Applicant><Documents>"
		"<Document><Code>ID-CARD</Code><Name>Identity card</Name><Number>012345678</Number></Document>"
		"</Documents></BusinessData></d:DepartmentRequest>");
}

static void report_answer(const struct sim_answer *a, const char *request_number, struct pool *pool,
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
	SCOPED(buf_free) struct buf application = BUF(DATA_BYTES), signed_application = BUF(2 * DATA_BYTES);
	struct sim_answer answer;
	char number[21];

	if (!pool)
		return err_set(e, REASON_MEMORY, "request of the monitoring system");
	new_request_number(number);
	write_application(&application, number);
	/* The system's own key stands for the employee's (M5). */
	TRY(sim_document_sign(sim, pool, buf_bytes(&application), &signed_application, e));
	TRY(sim_send(sim, pool, "DEPARTMENT_REQUEST", NULL, buf_cstr(&signed_application), ANSWER_MS, &answer,
		e));
	report_answer(&answer, number, pool, report);
	*done = !answer.fault && bytes_is(answer.response.status_code, "SCSS001");
	return DONE;
}

static int act(struct sim *sim, const char *verb, const char *argument, struct buf *report, struct err *e)
{
	char *end;
	long n = strtol(argument ? argument : "1", &end, 10);
	int result = 0;

	if (strcmp(verb, "send-request") != 0 || *end || n < 1 || n > REQUESTS_MAX) {
		(void)err_set(e, REASON_USAGE,
			"the monitoring system knows the act send-request, with a number of 1 to %d", REQUESTS_MAX);
		return -1;
	}
	for (long i = 0; i < n; i++) {
		bool done = false;

		if (!send_request(sim, report, &done, e).ok)
			return -1;
		if (!done)
			result = 1;
	}
	return result;
}

static const struct sim_service services[] = {
	{"MONITORING_STATUS", take_status},
	{NULL, NULL},
};

extern const struct sim_system sim_system_monitoring;
const struct sim_system sim_system_monitoring = {
	.name = "monitoring",
	.summary = "monitoring system: takes statuses of applications and sends requests to departments",
	.services = services,
	.open = open_monitoring,
	.close = close_monitoring,
	.act = act,
};
