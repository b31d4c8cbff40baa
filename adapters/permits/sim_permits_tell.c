/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_tell - see sim_permits_tell.h.
 * Spec: P7, P10, P11, P15, P16; wsdl/department/v1/department.xsd, wsdl/portal/v1/portal.xsd */
#include "common/outbox.h"
#include "permits/sim_permits_tell.h"

#define NS_DEPARTMENT "urn:qaqpa:department:v1"
#define NS_PORTAL "urn:qaqpa:portal:v1"

/* ---- bodies ---- */

struct delivery {
	const char *service_id, *kind;
	const char *nikad, *application, *service, *origin, *body, *document; /* document NULL: none */
	struct subject subject;
	struct system_info info;
};

static outcome deliver(struct store *s, const struct delivery *d, struct err *e)
{
	SCOPED(buf_free) struct buf out = BUF(OUTBOX_BYTES);

	question_begin(&out, NS_DEPARTMENT, "Delivery", &d->info);
	payload_field(&out, "DeliveryKind", d->kind);
	payload_field(&out, "Nikad", d->nikad);
	payload_field(&out, "Application", d->application);
	payload_field(&out, "ServiceCode", d->service);
	subject_write(&out, "Subject", &d->subject);
	payload_field(&out, "Origin", d->origin);
	payload_field(&out, "Body", d->body);
	if (d->document)
		payload_field(&out, "Document", d->document);
	question_end(&out, "Delivery");
	return outbox_put(s, d->service_id, NULL, &out, e);
}

static const char *service_of(const char *kind)
{
	if (strcmp(kind, "APPLICATION") == 0 || strcmp(kind, "NOTIFICATION") == 0)
		return "DEPARTMENT_APPLICATION";
	return strcmp(kind, "COORDINATION_REQUEST") == 0 ? "DEPARTMENT_COORDINATION" : "DEPARTMENT_NOTICE";
}

outcome permits_tell_body(struct store *s, struct served *v, const struct permits_case *c, const char *kind,
	const struct document *d, const char *bin, struct err *e)
{
	const struct delivery delivery = {service_of(kind), kind, d->nikad.text, c->nikad, c->service, c->origin, bin, d->text,
		case_subject(c), {c->request_number, c->chain_id, v->now}};

	return deliver(s, &delivery, e);
}

outcome permits_tell_death(struct store *s, struct served *v, const struct entry *n, struct err *e)
{
	const struct delivery delivery = {"DEPARTMENT_NOTICE", "DEATH", n->nikad, n->nikad, n->service, "REGISTER", n->body,
		NULL, entry_holder(n), {v->r.info.request_number, v->r.info.chain_id, v->now}};

	return deliver(s, &delivery, e);
}

/* ---- cabinets ---- */

/* The words, and what the body wrote as far as there is room. */
static void write_text(struct buf *out, const char *element, const char *words, const char *more)
{
	buf_printf(out, "<%s>%s", element, words);
	if (more) {
		buf_char(out, ' ');
		buf_xml(out, text_cut(more));
	}
	buf_printf(out, "</%s>", element);
}

static outcome tell(struct store *s, struct served *v, const struct subject *to, const char *request_number,
	const struct document *d, const struct permits_words *w, struct err *e)
{
	SCOPED(buf_free) struct buf out = BUF(OUTBOX_BYTES);
	const struct system_info info = {request_number, v->r.info.chain_id, v->now};

	question_begin(&out, NS_PORTAL, "CabinetNotice", &info);
	buf_str(&out, "<Applicant>");
	payload_field(&out, to->kind, to->number);
	buf_str(&out, "</Applicant>");
	payload_field(&out, "RequestNumber", request_number);
	payload_field(&out, "Kind", w->kind);
	write_text(&out, "TextRu", w->ru, w->more);
	write_text(&out, "TextKz", w->kz, w->more);
	payload_field(&out, "Moment", v->now);
	buf_str(&out, "<Act>");
	payload_field(&out, "DocNumber", d->nikad.text);
	payload_field(&out, "DocDate", v->now);
	buf_str(&out, "</Act>");
	question_end(&out, "CabinetNotice");
	return outbox_put(s, "PORTAL_NOTICE", NULL, &out, e);
}

outcome permits_tell_applicant(struct store *s, struct served *v, const struct permits_case *c, const struct document *d,
	const struct permits_words *w, struct err *e)
{
	const struct subject to = case_subject(c);

	return case_has_cabinet(c) ? tell(s, v, &to, c->request_number, d, w, e) : DONE;
}

outcome permits_tell_holder(struct store *s, struct served *v, const struct entry *n, const struct document *d,
	const struct permits_words *w, struct err *e)
{
	const struct subject to = entry_holder(n);

	return tell(s, v, &to, v->r.info.request_number, d, w, e);
}
