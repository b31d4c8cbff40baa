/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_application - see sim_department_application.h.
 * Promise:  whatever fails on the way is said, and the same application goes on from there.
 * Not here: which steps were done (sim_department_case.c), how it came and how the result goes.
 * Spec:     M3 - M6, P2, P8, P13, B3; wsdl/department/v1/department.xsd */
#include <libxml/tree.h>

#include "base/ident.h"
#include "department/sim_department_application.h"
#include "department/sim_department_data.h"
#include "department/sim_department_permits.h"

#define DATA_BYTES (1u << 20)

bool application_read(struct application *a, struct sim *sim, struct pool *pool, struct _xmlNode *payload,
	struct bytes text)
{
	const struct _xmlNode *business = payload_child(payload, "BusinessData");
	const struct _xmlNode *applicant = payload_child(business, "Applicant");
	const char *kind = payload_text(pool, business, "MessageKind");
	const char *iin = payload_text(pool, applicant, "Iin"), *bin = payload_text(pool, applicant, "Bin");

	*a = (struct application){.sim = sim, .pool = pool, .payload = payload, .text = text,
		.reasons = {.pool = pool}};
	a->service_code = payload_text(pool, business, "ServiceCode");
	a->subject_kind = iin ? "Iin" : "Bin";
	a->subject_number = iin ? iin : bin;
	a->subject_name = payload_text(pool, applicant, "Name");
	return payload_is(payload, NS_DEPARTMENT, "DepartmentRequest") && kind && strcmp(kind, "request") == 0 &&
		!iin != !bin && a->service_code && a->subject_name && system_info_read(pool, payload, &a->info);
}

static bool is_true(const char *text)
{
	return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

/* Consent (M5), numbers of the persons, the documents, the employee's signature where it can be judged. */
static void judge(struct application *a)
{
	const struct _xmlNode *business = payload_child(a->payload, "BusinessData");
	const struct _xmlNode *employee = payload_child(business, "Employee");
	const char *employee_iin = payload_text(a->pool, employee, "Iin");
	const struct trust_cert *signer;
	struct err why;

	if (!is_true(payload_text(a->pool, payload_child(business, "Consent"), "Given")))
		reasons_add(&a->reasons, "consent.absent", "the applicant did not give consent in writing");
	if (!employee_iin || !iin_bin_is(bytes_str(employee_iin)))
		reasons_add(&a->reasons, "employee.iin",
			"the IIN of the employee is absent or has a wrong check digit");
	if (!iin_bin_is(bytes_str(a->subject_number)))
		reasons_add(&a->reasons, "applicant.number", "the %s of the applicant has a wrong check digit",
			strcmp(a->subject_kind, "Iin") == 0 ? "IIN" : "BIN");
	if (!payload_child(business, "Documents"))
		reasons_add(&a->reasons, "documents.absent", "no documents are attached");
	if (!sim_demands_documents(a->sim))
		return;
	if (!sim_document_certificate(a->sim, a->pool, a->text, &signer, &why).ok)
		reasons_add(&a->reasons, "employee.signature", "%s %s", reason_row(why.reason)->title, why.detail);
	else if (employee_iin && (!signer->who.iin || strcmp(signer->who.iin, employee_iin) != 0))
		reasons_add(&a->reasons, "employee.signer",
			"the application is signed by another person than the employee whom it names");
}

static struct desk desk_of(struct application *a)
{
	return (struct desk){a->sim, &a->reasons, &a->info};
}

static bool get_number(struct application *a)
{
	const struct desk d = desk_of(a);

	return desk_number(&d, "PRM", "PERMIT", a->done.nikad);
}

static bool register_permit(struct application *a)
{
	const struct desk d = desk_of(a);
	const struct desk_decision n = {a->done.nikad, "PERMIT", a->service_code, NULL, a->subject_kind, a->subject_number,
		a->subject_name, "The licence is granted."};

	return desk_register(&d, &n, a->done.registration, a->done.registered);
}

static bool send_status(struct application *a)
{
	const struct desk d = desk_of(a);

	if (!desk_status(&d, a->service_code, "005", "Разрешение выдано", "Рұқсат берілді"))
		return false;
	a->done.status_sent[0] = '1';
	return true;
}

/* The steps in their order; one that was done before is not repeated. */
static outcome go_on(struct application *a, struct err *e)
{
	const struct {
		const char *done;
		bool (*act)(struct application *a);
	} steps[] = {
		{a->done.data_taken, department_fetch_data},
		{a->done.nikad, get_number},
		{a->done.registration, register_permit},
		{a->done.status_sent, send_status},
	};

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		if (steps[i].done[0])
			continue;
		if (!steps[i].act(a))
			return DONE; /* the reasons are in `a` */
		TRY(department_case_keep(sim_state(a->sim), &a->done, e));
	}
	return DONE;
}

outcome application_decide(struct application *a, struct err *e)
{
	bool other;

	judge(a);
	TRY(department_case_load(sim_state(a->sim), a->info.request_number, a->subject_number, &a->done, &other,
		e));
	if (other)
		reasons_add(&a->reasons, "request.number", "the request number belongs to another applicant");
	return a->reasons.n == 0 ? go_on(a, e) : DONE;
}

static const struct answer_form form = {NS_DEPARTMENT, "DepartmentResponse", "The permit is issued.", "Permit issued",
	"No permit was issued and announced"};

static void write_result(const struct application *a, struct buf *data)
{
	answer_begin(data, &form, &a->info);
	buf_str(data, "<MessageKind>response</MessageKind>");
	if (a->reasons.n > 0)
		return;
	buf_str(data, "<Permit>");
	payload_field(data, "Nikad", a->done.nikad);
	payload_field(data, "RegistrationNumber", a->done.registration);
	payload_field(data, "RegistrationDate", a->done.registered);
	buf_str(data, "</Permit>");
}

void application_result(const struct application *a, struct buf *data)
{
	write_result(a, data);
	answer_end(data, &form, &a->reasons);
}

outcome application_reply(const struct application *a, struct sim_reply *out, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);

	write_result(a, &data);
	return answer_reply(&data, &form, &a->reasons, out, e);
}

void application_accepted(const struct application *a, struct buf *data)
{
	buf_str(data, "<d:DepartmentNotice xmlns:d=\"" NS_DEPARTMENT "\">");
	system_info_echo(data, &a->info);
	buf_str(data, "<ResponseData>");
	payload_field(data, "RequestNumber", a->info.request_number);
	buf_str(data, "<CurrentStatus>001</CurrentStatus>"
		"<CurrentStatusText>Application accepted</CurrentStatusText></ResponseData></d:DepartmentNotice>");
}
