/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_application - see sim_department_application.h.
 * Promise:  whatever fails on the way is said, and the same application goes on from there.
 * Not here: which steps were done (sim_department_case.c), how it came and how the result goes.
 * Spec:     M3 - M6, P2, P8, B3; wsdl/department/v1/department.xsd */
#include <libxml/tree.h>

#include "base/ident.h"
#include "department/sim_department_application.h"

#define NS_PERMITS "urn:qaqpa:permits:v1"
#define NS_DOCUMENT "urn:qaqpa:permits:document:v1"
#define NS_MONITORING "urn:qaqpa:monitoring:v1"
#define DATA_BYTES (1u << 20)

/* Invented; the check digit fits. */
#define OWN_BIN "200440000015"
#define OWN_NAME "Department of licences (test)"

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

static bool take_field(struct application *a, const struct _xmlNode *answer, const char *name, char *to,
	size_t room)
{
	const char *text = payload_text(a->pool, payload_child(answer, "ResponseData"), name);

	if (!text || strlen(text) >= room) {
		a->reasons.later = true;
		reasons_add(&a->reasons, "step.answer", "an answer holds no proper %s", name);
		return false;
	}
	memcpy(to, text, strlen(text) + 1);
	return true;
}

static bool get_number(struct application *a)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	const struct _xmlNode *answer;

	question_begin(&data, NS_PERMITS, "NikadRequest", &a->info);
	buf_str(&data, "<DocumentType>PRM</DocumentType><DocumentKind>PERMIT</DocumentKind>");
	question_end(&data, "NikadRequest");
	return ask(a->sim, &a->reasons, "PERMITS_NIKAD", &data, &answer) &&
		take_field(a, answer, "Nikad", a->done.nikad, sizeof a->done.nikad);
}

static void write_permit(const struct application *a, struct buf *out)
{
	char now[STAMP_TEXT];

	stamp_print(sim_now(), now);
	buf_str(out, "<d:AdministrativeDocument xmlns:d=\"" NS_DOCUMENT "\">");
	payload_field(out, "Nikad", a->done.nikad);
	buf_str(out, "<DocumentKind>PERMIT</DocumentKind>");
	payload_field(out, "ServiceCode", a->service_code);
	buf_str(out, "<Issuer><Bin>" OWN_BIN "</Bin><Name>" OWN_NAME "</Name></Issuer><Subject>");
	payload_field(out, a->subject_kind, a->subject_number);
	payload_field(out, "Name", a->subject_name);
	buf_str(out, "</Subject>");
	payload_field(out, "DocumentDate", now);
	buf_str(out, "<Text>The licence is granted.</Text></d:AdministrativeDocument>");
}

static bool register_permit(struct application *a)
{
	SCOPED(buf_free) struct buf permit = BUF(DATA_BYTES), signed_permit = BUF(DATA_BYTES);
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	const struct _xmlNode *answer;
	struct err e;

	write_permit(a, &permit);
	if (!sim_document_sign(a->sim, a->pool, NULL, buf_bytes(&permit), &signed_permit, &e).ok) {
		a->reasons.later = true;
		reasons_add(&a->reasons, "step.failed", "%s %s", reason_row(e.reason)->title, e.detail);
		return false;
	}
	question_begin(&data, NS_PERMITS, "RegisterRequest", &a->info);
	payload_field(&data, "Nikad", a->done.nikad);
	buf_str(&data, "<DocumentKind>PERMIT</DocumentKind>");
	payload_field(&data, "Document", buf_cstr(&signed_permit));
	question_end(&data, "RegisterRequest");
	return ask(a->sim, &a->reasons, "PERMITS_REGISTER", &data, &answer) &&
		take_field(a, answer, "RegistrationDate", a->done.registered, sizeof a->done.registered) &&
		take_field(a, answer, "RegistrationNumber", a->done.registration, sizeof a->done.registration);
}

static bool send_status(struct application *a)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	char now[STAMP_TEXT];

	stamp_print(sim_now(), now);
	question_begin(&data, NS_MONITORING, "StatusNotification", &a->info);
	payload_field(&data, "RequestNumber", a->info.request_number);
	payload_field(&data, "ServiceCode", a->service_code);
	buf_str(&data, "<StatusCode>005</StatusCode><StatusTextRu>Разрешение выдано</StatusTextRu>"
		"<StatusTextKz>Рұқсат берілді</StatusTextKz>");
	payload_field(&data, "StatusDate", now);
	question_end(&data, "StatusNotification");
	if (!ask(a->sim, &a->reasons, "MONITORING_STATUS", &data, NULL))
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
