/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring_application - see sim_monitoring_application.h.
 * Spec:     M4, M5; wsdl/department/v1/department.xsd */
#include "common/service.h"
#include "monitoring/sim_monitoring_application.h"

#define NS_DEPARTMENT "urn:qaqpa:department:v1"

/* An application that a clerk filed for an invented person. */
static void write(struct buf *out, const struct system_info *info)
{
	char day[11];

	stamp_day(sim_now(), day);
	question_begin(out, NS_DEPARTMENT, "DepartmentRequest", info);
	buf_str(out,
		"<MessageKind>request</MessageKind><ServiceCode>LICENCE-001</ServiceCode>"
		"<Employee><Iin>900101300017</Iin><FullName>Тестова Қызмет</FullName>"
		"<OfficeCode>OFFICE-7</OfficeCode>"
		"</Employee><Consent><Given>true</Given>");
	payload_field(out, "Date", day);
	buf_str(out, "</Consent><Applicant><Iin>900101300017</Iin><Name>ТЕСТОВ ТЕСТ</Name></Applicant><Documents>"
		"<Document><Code>ID-CARD</Code><Name>Identity card</Name><Number>012345678</Number></Document>"
		"</Documents>");
	question_end(out, "DepartmentRequest");
}

outcome monitoring_application(struct sim *sim, struct pool *pool, char request_number[21], struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf application = BUF(APPLICATION_BYTES);
	struct system_info info;

	if (!system_info_fresh(pool, &info))
		return err_set(e, REASON_MEMORY, "application");
	memcpy(request_number, info.request_number, 21);
	write(&application, &info);
	/* The system's own key stands for the employee's (M5). */
	return sim_document_sign(sim, pool, NULL, buf_bytes(&application), out, e);
}
