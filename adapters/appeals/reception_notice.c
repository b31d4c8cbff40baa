/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reception_notice - see reception_notice.h.
 * Spec: A3, A4; wsdl/appeals/v1/appeals.xsd */
#include <libxml/tree.h>

#include "appeals/reception_notice.h"
#include "appeals/sim_appeals.h"

enum { SENDER, MESSAGE_ID, KIND, BODY, MONTH, BOOKING, APPLICANT, FROM, TO, OFFICE, FIELDS };

struct notice {
	struct service_request r;
	const char *values[FIELDS];
};

static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	static const char *const names[] = {"Booking", "Applicant", "From", "To", "Office"};
	struct notice *n = ctx;

	for (const xmlNode *c = n->r.business->children; c; c = c->next) {
		if (!payload_is(c, "", "Reception"))
			continue;
		if (!payload_texts(n->r.pool, c, names, n->values + BOOKING, FIELDS - BOOKING))
			return err_set(e, REASON_PAYLOAD_SCHEMA, "a reception of the notice is not whole");
		TRY(store_run(s, "INSERT INTO reception (sender, message_id, kind, body, month, booking, applicant,"
			" from_time, to_time, office) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
			n->values, FIELDS, NULL, 0, NULL, e));
	}
	return DONE;
}

outcome reception_notice_take(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "NoticeResponse", "The notice is kept.", "Kept", "Not kept"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	struct notice n = {0};
	const char *month, *now;

	if (!service_open(&n.r, sim, in, NS_APPEALS, "NoticeRequest"))
		return reply_unreadable(out, "The payload is not a NoticeRequest of appeals.xsd.");
	month = payload_text(n.r.pool, n.r.business, "Month");
	n.values[SENDER] = n.r.sender;
	n.values[MESSAGE_ID] = pool_copy(n.r.pool, in->request->message_id);
	n.values[KIND] = payload_text(n.r.pool, n.r.business, "Kind");
	n.values[BODY] = payload_text(n.r.pool, payload_child(n.r.business, "Body"), "Bin");
	n.values[MONTH] = month ? month : "";
	if (!n.values[KIND] || !n.values[BODY])
		return reply_unreadable(out, "The payload is not a NoticeRequest of appeals.xsd.");
	TRY(store_transact(sim_state(sim), keep_in_unit, &n, e));
	TRY(moment_text(&n.r, &now, e));
	answer_begin(&data, &form, &n.r.info);
	payload_field(&data, "AcceptedDate", now);
	return answer_reply(&data, &form, &n.r.reasons, out, e);
}
