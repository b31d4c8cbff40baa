/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring_staff - see sim_monitoring_staff.h.
 * Spec: P8, M3, M5; wsdl/permits/v1/permits.xsd */
#include <stdio.h>

#include "common/service.h"
#include "monitoring/sim_monitoring_application.h"
#include "monitoring/sim_monitoring_staff.h"

#define NS_PERMITS "urn:qaqpa:permits:v1"
#define ACT_POOL (16u << 20)

struct filing_words {
	char service[33], payment[33]; /* payment "": none */
};

static bool understand(const char *argument, struct filing_words *out)
{
	*out = (struct filing_words){"", ""};
	return argument && sscanf(argument, "%32s %32s", out->service, out->payment) >= 1;
}

static void write(struct buf *out, const struct system_info *info, const struct trust_subject *employee,
	const struct filing_words *w)
{
	question_begin(out, NS_PERMITS, "StaffApplicationRequest", info);
	buf_str(out, "<DocumentKind>APPLICATION</DocumentKind>");
	payload_field(out, "ServiceCode", w->service);
	buf_str(out, "<Applicant><Iin>900101300017</Iin><Name>ТЕСТОВ ТЕСТ</Name></Applicant>");
	if (w->payment[0])
		payload_field(out, "Payment", w->payment);
	buf_str(out, "<Statement>I ask for it.</Statement>");
	monitoring_write_employee(out, employee);
	question_end(out, "StaffApplicationRequest");
}

static outcome file(struct sim *sim, const struct filing_words *w, struct reasons *r, struct buf *report, struct err *e)
{
	SCOPED(buf_free) struct buf plain = BUF(APPLICATION_BYTES), application = BUF(2 * APPLICATION_BYTES);
	const struct _xmlNode *answer;
	struct cert_view employee;
	struct system_info info;
	const char *nikad;

	TRY(monitoring_employee(sim, r->pool, &employee, e));
	if (!system_info_fresh(r->pool, &info))
		return err_set(e, REASON_MEMORY, "application");
	write(&plain, &info, &employee.who, w);
	TRY(sim_document_sign(sim, r->pool, MONITORING_EMPLOYEE, buf_bytes(&plain), &application, e));
	if (!ask(sim, r, "PERMITS_STAFF_APPLICATION", &application, &answer)) {
		buf_printf(report, "application %s: refused: %s\n", info.request_number, reasons_line(r));
		return DONE;
	}
	nikad = payload_text(r->pool, payload_child(answer, "ResponseData"), "Nikad");
	buf_printf(report, "application %s: registered, NIKAD %s\n", info.request_number, nikad ? nikad : "?");
	return DONE;
}

int monitoring_file(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct reasons r = {.pool = pool};
	struct filing_words w;
	outcome result = DONE;

	if (!understand(argument, &w))
		result = err_set(e, REASON_USAGE, "the argument is the code of a service and the number of a payment");
	else if (!pool)
		result = err_set(e, REASON_MEMORY, "application");
	if (!result.ok || !file(sim, &w, &r, report, e).ok)
		return -1;
	return r.n > 0;
}
