/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_delivery - see sim_department_delivery.h.
 * Promise: what is brought is on disk before it is acknowledged; what comes twice is kept once.
 * Spec:    P7, P10, P11, P16, B5; wsdl/department/v1/department.xsd */
#include <libxml/tree.h>

#include "common/service.h"
#include "department/sim_department_application.h"
#include "department/sim_department_delivery.h"

#define ANSWER_BYTES 65536

enum { KIND, NIKAD, APPLICATION, SERVICE, ORIGIN, BODY, READ, SUBJECT_KIND = READ, SUBJECT, NAME, DOCUMENT, NUMBER, CHAIN,
	MOMENT, FIELDS };

static bool read_delivery(const struct service_request *r, const char **value, char now[STAMP_TEXT])
{
	static const char *const names[READ] = {
		"DeliveryKind", "Nikad", "Application", "ServiceCode", "Origin", "Body"};
	const struct _xmlNode *subject = payload_child(r->business, "Subject");
	const char *iin = payload_text(r->pool, subject, "Iin"), *document = payload_text(r->pool, r->business, "Document");

	stamp_print(sim_now(), now);
	value[SUBJECT_KIND] = iin ? "Iin" : "Bin";
	value[SUBJECT] = iin ? iin : payload_text(r->pool, subject, "Bin");
	value[NAME] = payload_text(r->pool, subject, "Name");
	value[DOCUMENT] = document ? document : "";
	value[NUMBER] = r->info.request_number;
	value[CHAIN] = r->info.chain_id;
	value[MOMENT] = now;
	return payload_texts(r->pool, r->business, names, value, READ) && value[SUBJECT] && value[NAME];
}

outcome department_deliver(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_DEPARTMENT, "DeliveryResponse", "It is taken.", "Taken", "Not taken"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	const char *value[FIELDS];
	struct service_request r;
	char now[STAMP_TEXT];

	if (!service_open(&r, sim, in, NS_DEPARTMENT, "Delivery") || !read_delivery(&r, value, now))
		return reply_unreadable(out, "The payload is not a Delivery of department.xsd.");
	TRY(store_do(sim_state(sim),
		"INSERT INTO delivered (kind, nikad, application, service, origin, body, subject_kind, subject, subject_name,"
		" document, request_number, chain_id, moment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
		" ON CONFLICT (kind, nikad) DO NOTHING", value, FIELDS, NULL, 0, NULL, e));
	answer_begin(&data, &form, &r.info);
	return answer_reply(&data, &form, &r.reasons, out, e);
}

#define COLUMN(field) {out->field, sizeof out->field}

outcome department_matter_find(struct store *s, const char *kind, const char *nikad, struct department_matter *out,
	struct err *e)
{
	const char *values[] = {kind, nikad};
	const struct store_column columns[] = {COLUMN(nikad), COLUMN(application), COLUMN(service), COLUMN(subject_kind),
		COLUMN(subject), COLUMN(subject_name), COLUMN(origin), COLUMN(request_number), COLUMN(chain_id)};

	*out = (struct department_matter){0};
	return store_do(s, "SELECT nikad, application, service, subject_kind, subject, subject_name, origin, request_number,"
		" chain_id FROM delivered WHERE kind = ?1 AND (?2 = '' OR nikad = ?2) ORDER BY id DESC LIMIT 1", values, 2,
		columns, sizeof columns / sizeof columns[0], &out->known, e);
}

struct listing {
	const char *application;
	struct buf *out;
};

static outcome write_line(const char *const *texts, void *ctx, struct err *e)
{
	struct listing *l = ctx;

	(void)e;
	buf_printf(l->out, "%s %s about %s, for the body %s\n", texts[0], texts[1], texts[2], texts[3]);
	return DONE;
}

static outcome list_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct listing *l = ctx;

	return store_each(s, "SELECT kind, nikad, application, body FROM delivered WHERE ?1 IN ('', application) ORDER BY id",
		&l->application, 1, write_line, l, e);
}

outcome department_matter_list(struct store *s, const char *application, struct buf *out, struct err *e)
{
	return store_transact(s, list_in_unit, &(struct listing){application, out}, e);
}
