/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_permits - see sim_department_permits.h.
 * Spec: P2, P13, M1, B3; wsdl/permits/v1/, wsdl/monitoring/v1/monitoring.xsd */
#include "department/sim_department_permits.h"

#define NS_DOCUMENT "urn:qaqpa:permits:document:v1"
#define NS_MONITORING "urn:qaqpa:monitoring:v1"
#define DATA_BYTES (1u << 20)

static bool take_field(struct reasons *r, const struct _xmlNode *answer, const char *name, char *to, size_t room)
{
	const char *text = payload_text(r->pool, payload_child(answer, "ResponseData"), name);

	if (!text || strlen(text) >= room) {
		r->later = true;
		reasons_add(r, "step.answer", "an answer holds no proper %s", name);
		return false;
	}
	memcpy(to, text, strlen(text) + 1);
	return true;
}

bool desk_number(const struct desk *d, const char *type, const char *kind, char nikad[16])
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	const struct _xmlNode *answer;

	question_begin(&data, NS_PERMITS, "NikadRequest", d->info);
	payload_field(&data, "DocumentType", type);
	payload_field(&data, "DocumentKind", kind);
	question_end(&data, "NikadRequest");
	return ask(d->sim, d->reasons, "PERMITS_NIKAD", &data, &answer) && take_field(d->reasons, answer, "Nikad", nikad, 16);
}

static bool sign(const struct desk *d, const char *signer, const struct buf *plain, struct buf *out)
{
	struct err e;
	outcome result = buf_ok(plain)
		? sim_document_sign(d->sim, d->reasons->pool, signer, buf_bytes(plain), out, &e)
		: err_set(&e, REASON_MEMORY, "document");

	if (result.ok)
		return true;
	d->reasons->later = true;
	reasons_add(d->reasons, "step.failed", "%s %s", reason_row(e.reason)->title, e.detail);
	return false;
}

bool desk_send(const struct desk *d, const struct desk_request *r, char answered[16])
{
	SCOPED(buf_free) struct buf plain = BUF(DATA_BYTES), data = BUF(DATA_BYTES);
	const struct _xmlNode *answer;

	question_begin(&plain, NS_PERMITS, r->root, d->info);
	buf_add(&plain, buf_bytes(r->fields));
	question_end(&plain, r->root);
	return sign(d, r->signer, &plain, &data) && ask(d->sim, d->reasons, r->service_id, &data, &answer) &&
		take_field(d->reasons, answer, r->wanted, answered, 16);
}

static void write_document(const struct desk_decision *n, struct buf *out)
{
	char now[STAMP_TEXT];

	stamp_print(sim_now(), now);
	buf_str(out, "<d:AdministrativeDocument xmlns:d=\"" NS_DOCUMENT "\">");
	payload_field(out, "Nikad", n->nikad);
	payload_field(out, "DocumentKind", n->kind);
	payload_field(out, "ServiceCode", n->service_code);
	if (n->application)
		payload_field(out, "Application", n->application);
	buf_str(out, "<Issuer><Bin>" OWN_BIN "</Bin><Name>" OWN_NAME "</Name></Issuer><Subject>");
	payload_field(out, n->subject_kind, n->subject_number);
	payload_field(out, "Name", n->subject_name);
	buf_str(out, "</Subject>");
	payload_field(out, "DocumentDate", now);
	payload_field(out, "Text", n->text);
	buf_str(out, "</d:AdministrativeDocument>");
}

bool desk_register(const struct desk *d, const struct desk_decision *n, char registration[16], char registered[40])
{
	SCOPED(buf_free) struct buf plain = BUF(DATA_BYTES), document = BUF(DATA_BYTES), data = BUF(DATA_BYTES);
	const struct _xmlNode *answer;

	write_document(n, &plain);
	if (!sign(d, SIGNER_HEAD, &plain, &document))
		return false;
	question_begin(&data, NS_PERMITS, "RegisterRequest", d->info);
	payload_field(&data, "Nikad", n->nikad);
	payload_field(&data, "DocumentKind", n->kind);
	payload_field(&data, "Document", buf_cstr(&document));
	question_end(&data, "RegisterRequest");
	return ask(d->sim, d->reasons, "PERMITS_REGISTER", &data, &answer) &&
		take_field(d->reasons, answer, "RegistrationDate", registered, 40) &&
		take_field(d->reasons, answer, "RegistrationNumber", registration, 16);
}

bool desk_status(const struct desk *d, const char *service_code, const char *code, const char *text_ru,
	const char *text_kz)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	char now[STAMP_TEXT];

	stamp_print(sim_now(), now);
	question_begin(&data, NS_MONITORING, "StatusNotification", d->info);
	payload_field(&data, "RequestNumber", d->info->request_number);
	payload_field(&data, "ServiceCode", service_code);
	payload_field(&data, "StatusCode", code);
	payload_field(&data, "StatusTextRu", text_ru);
	payload_field(&data, "StatusTextKz", text_kz);
	payload_field(&data, "StatusDate", now);
	question_end(&data, "StatusNotification");
	return ask(d->sim, d->reasons, "MONITORING_STATUS", &data, NULL);
}
