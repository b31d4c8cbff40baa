/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring_application - see sim_monitoring_application.h.
 * Spec:     M4, M5; wsdl/department/v1/department.xsd */
#include "common/service.h"
#include "monitoring/sim_monitoring_application.h"

#define NS_DEPARTMENT "urn:qaqpa:department:v1"

outcome monitoring_employee(struct sim *sim, struct pool *pool, struct cert_view *out, struct err *e)
{
	const struct trust_key *key = sim_signer(sim, MONITORING_EMPLOYEE);

	if (!key)
		return err_set(e, REASON_CONFIG,
			"nobody signs applications: --signer " MONITORING_EMPLOYEE "=CERTIFICATE,KEY is needed");
	TRY(cert_view_read(pool, key->der, out, e));
	if (!out->who.iin || !out->who.common_name)
		return err_set(e, REASON_CONFIG, "the certificate of " MONITORING_EMPLOYEE " names no person");
	return DONE;
}

void monitoring_write_employee(struct buf *out, const struct trust_subject *employee)
{
	char day[11];

	stamp_day(sim_now(), day);
	buf_str(out, "<Employee>");
	payload_field(out, "Iin", employee->iin);
	payload_field(out, "FullName", employee->common_name);
	buf_str(out, "<OfficeCode>OFFICE-7</OfficeCode></Employee><Consent><Given>true</Given>");
	payload_field(out, "Date", day);
	buf_str(out, "</Consent>");
}

static void write(struct buf *out, const struct system_info *info, const struct trust_subject *employee,
	const struct monitoring_applicant *who)
{
	question_begin(out, NS_DEPARTMENT, "DepartmentRequest", info);
	buf_str(out, "<MessageKind>request</MessageKind><ServiceCode>LICENCE-001</ServiceCode>");
	monitoring_write_employee(out, employee);
	buf_str(out, "<Applicant>");
	payload_field(out, "Iin", who->iin);
	payload_field(out, "Name", who->name);
	buf_str(out, "</Applicant><Documents>");
	buf_add(out, buf_bytes(who->documents));
	buf_str(out, "</Documents>");
	question_end(out, "DepartmentRequest");
}

outcome monitoring_application(struct sim *sim, struct pool *pool, const struct system_info *info,
	const struct monitoring_applicant *who, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf application = BUF(APPLICATION_BYTES);
	struct cert_view employee;

	TRY(monitoring_employee(sim, pool, &employee, e));
	write(&application, info, &employee.who, who);
	if (!buf_ok(who->documents) || !buf_ok(&application))
		return err_set(e, REASON_MEMORY, "application");
	return sim_document_sign(sim, pool, MONITORING_EMPLOYEE, buf_bytes(&application), out, e);
}

outcome monitoring_application_usual(struct sim *sim, struct pool *pool, char request_number[21], struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf documents = BUF(APPLICATION_BYTES);
	const struct monitoring_applicant who = {"900101300017", "ТЕСТОВ ТЕСТ", &documents};
	struct system_info info;

	if (!system_info_fresh(pool, &info))
		return err_set(e, REASON_MEMORY, "application");
	memcpy(request_number, info.request_number, 21);
	buf_str(&documents, "<Document><Code>ID-CARD</Code><Name>Identity card</Name><Number>012345678</Number></Document>");
	return monitoring_application(sim, pool, &info, &who, out, e);
}
