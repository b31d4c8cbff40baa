/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_tell - what the video appeals service has to tell others, written into the outbox or among the letters.
 * Not here: what is told (the services), when it goes (common/outbox.c).
 * Spec:     A2, A3, A4, A6, A9; wsdl/portal/v1/portal.xsd, wsdl/edms/v1/document.xsd */
#include "appeals/sim_appeals.h"
#include "edms/edms_card.h"

#define NS_PORTAL "urn:qaqpa:portal:v1"
#define CABINET_CHARACTERS 1000
#define OWN_NAME "Video appeals service (test)"

outcome tell_by_mail(struct store *s, const struct service_request *r, const char *channel, const char *address,
	const struct news *n, struct err *e)
{
	const char *now, *text = pool_printf(r->pool, "%s\n%s", n->kz, n->ru);
	const char *values[] = {channel, address, n->number, text, NULL};

	if (!address || !address[0])
		return DONE;
	if (!text)
		return err_set(e, REASON_MEMORY, "letter");
	TRY(moment_text(r, &now, e));
	values[4] = now;
	return store_run(s, "INSERT INTO letter (channel, address, about, text, moment) VALUES (?1, ?2, ?3, ?4, ?5)",
		values, 5, NULL, 0, NULL, e);
}

/* At most as many characters as a text of the cabinet may have; the letter has the rest. */
static void text_field(struct buf *out, const char *name, struct pool *pool, const char *text)
{
	size_t characters = 0, n = 0;

	for (; text[n]; n++) {
		bool starts = ((unsigned char)text[n] & 0xc0) != 0x80;

		if (starts && characters++ == CABINET_CHARACTERS)
			break;
	}
	text = pool_copy(pool, (struct bytes){(const unsigned char *)text, n});
	payload_field(out, name, text ? text : "");
}

outcome tell_applicant(struct store *s, const struct service_request *r, const struct applicant *a, const struct news *n,
	struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	struct system_info info;
	const char *now;

	if (!system_info_fresh(r->pool, &info))
		return err_set(e, REASON_MEMORY, "notice");
	TRY(moment_text(r, &now, e));
	question_begin(&data, NS_PORTAL, "CabinetNotice", &info);
	buf_str(&data, "<Applicant>");
	payload_field(&data, a->kind, a->number);
	buf_str(&data, "</Applicant>");
	payload_field(&data, "RequestNumber", a->request_number);
	payload_field(&data, "Kind", n->kind);
	text_field(&data, "TextRu", r->pool, n->ru);
	text_field(&data, "TextKz", r->pool, n->kz);
	payload_field(&data, "Moment", now);
	buf_str(&data, "<Act>");
	payload_field(&data, "DocNumber", n->number);
	buf_str(&data, "</Act>");
	question_end(&data, "CabinetNotice");
	TRY(outbox_put(s, "PORTAL_NOTICE", NULL, &data, e));
	return tell_by_mail(s, r, "e-mail", a->email, n, e);
}

static void optional(struct buf *out, const char *name, const char *text)
{
	if (text)
		payload_field(out, name, text);
}

outcome tell_edms(struct store *s, const struct service_request *r, const struct paper *p, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	const char *now;

	if (!p->id)
		return err_set(e, REASON_MEMORY, "card");
	TRY(moment_text(r, &now, e));
	if (p->file) {
		buf_str(&data, "<attachments>");
		payload_field(&data, "fileIdentifier", p->file);
		buf_str(&data, "</attachments>");
	}
	payload_field(&data, "authorNameRu", p->answers ? p->body->name : OWN_NAME);
	payload_field(&data, "description", p->text);
	payload_field(&data, "docDate", now);
	payload_field(&data, "docKind", p->kind);
	payload_field(&data, "docNo", p->id);
	optional(&data, "docToNumber", p->answers);
	payload_field(&data, "documentReceiverRu", p->receiver);
	optional(&data, "executionDate", p->due);
	optional(&data, "executor", p->answers ? NULL : p->body->officer);
	payload_field(&data, "idPortalInternal", p->id);
	TRY(store_run(s, "INSERT INTO card (id, about, state, registration, words, moment) VALUES (?1, ?2, 'sent', '', '', ?3)",
		(const char *[]){p->id, p->about, now}, 3, NULL, 0, NULL, e));
	return outbox_put(s, "ESEDO_UNIVERSAL_SERVICE", EDMS_TYPE(NS_EDMS_DOCUMENT, "docOutgoing"), &data, e);
}

void write_reception(struct buf *out, const struct reception *x)
{
	buf_str(out, "<Reception>");
	payload_field(out, "Booking", x->booking);
	payload_field(out, "Applicant", x->applicant);
	payload_field(out, "From", x->from);
	payload_field(out, "To", x->to);
	payload_field(out, "Office", x->office);
	buf_str(out, "</Reception>");
}

outcome tell_receptions(struct store *s, const struct service_request *r, const char *kind, const struct body *body,
	const char *month, const struct buf *receptions, struct err *e)
{
	static const char *const services[] = {"APPEALS_OPERATOR_NOTICE", "APPEALS_CORPORATION_NOTICE"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	struct system_info info;

	if (!buf_ok(receptions) || !system_info_fresh(r->pool, &info))
		return err_set(e, REASON_MEMORY, "notice");
	question_begin(&data, NS_APPEALS, "NoticeRequest", &info);
	payload_field(&data, "Kind", kind);
	buf_str(&data, "<Body>");
	payload_field(&data, "Bin", body->bin);
	payload_field(&data, "Name", body->name);
	buf_str(&data, "</Body>");
	optional(&data, "Month", month);
	buf_add(&data, buf_bytes(receptions));
	question_end(&data, "NoticeRequest");
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
		TRY(outbox_put(s, services[i], NULL, &data, e));
	return DONE;
}
