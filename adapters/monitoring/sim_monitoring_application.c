/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring_application - see sim_monitoring_application.h.
 * Spec:     M4, M5; wsdl/department/v1/department.xsd */
#include "base/ident.h"
#include "common/payload.h"
#include "monitoring/sim_monitoring_application.h"

#define NS_DEPARTMENT "urn:qaqpa:department:v1"

static void new_request_number(char out[21])
{
	unsigned char random[20];

	random_fill(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		out[i] = (char)('0' + random[i] % 10);
	out[20] = '\0';
}

/* An application that a clerk filed for an invented person. */
static void write(struct buf *out, const char *request_number)
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

outcome monitoring_application(struct sim *sim, struct pool *pool, char request_number[21], struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf application = BUF(APPLICATION_BYTES);

	new_request_number(request_number);
	write(&application, request_number);
	/* The system's own key stands for the employee's (M5). */
	return sim_document_sign(sim, pool, buf_bytes(&application), out, e);
}
