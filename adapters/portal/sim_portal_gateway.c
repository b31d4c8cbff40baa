/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_portal_gateway - notices of the gateway: a message about an application was accepted, refused, or came late.
 * Promise:  one about an application that was filed here lies in the cabinet of its applicant; any other is kept and shown
 *           to nobody. Only the gateway is believed.
 * Spec:     I3, P7; wsdl/notice/v1/notice.xsd */
#include <libxml/tree.h>

#include "common/payload.h"
#include "portal/sim_portal_cabinet.h"
#include "portal/sim_portal_gateway.h"

#define NS_NOTICE "urn:qaqpa:notice:v1"
#define TEXT_BYTES 1000 /* a text of the contract has so many characters at most */

static const struct words {
	const char *event, *kind, *ru, *kz;
} events[] = {
	{"accepted", "GATEWAY_ACCEPTED", "Принято", "Қабылданды"},
	{"refused", "GATEWAY_REFUSED", "Отказано", "Бас тартылды"},
	{"late", "GATEWAY_LATE", "Поступило после срока", "Мерзімінен кейін түсті"},
};

static const struct words *words_of(const char *event)
{
	for (size_t i = 0; event && i < sizeof events / sizeof events[0]; i++) {
		if (strcmp(event, events[i].event) == 0)
			return &events[i];
	}
	return NULL;
}

/* The words, and what goes with them: when it counts as filed, why it was refused. */
static const char *text_of(struct pool *pool, const char *words, const char *filed, const struct reasons *r)
{
	SCOPED(buf_free) struct buf text = BUF(TEXT_BYTES);

	buf_str(&text, words);
	if (filed)
		buf_printf(&text, ": %s", filed);
	if (r->n > 0)
		buf_printf(&text, ": %s", reasons_line(r));
	return pool_copy(pool, buf_bytes(&text));
}

static bool read_notice(struct cabinet_notice *n, struct pool *pool, const struct _xmlNode *notice)
{
	const struct words *w = words_of(payload_text(pool, notice, "Event"));
	const char *number = payload_text(pool, payload_child(notice, "SystemInfo"), "RequestNumber");
	const char *filed = payload_text(pool, notice, "FiledAt");
	struct reasons r = {.pool = pool};

	if (!payload_is(notice, NS_NOTICE, "Notice") || !w)
		return false;
	reasons_read(&r, payload_child(notice, "Reasons"));
	*n = (struct cabinet_notice){.request_number = number ? number : "", .kind = w->kind,
		.text_ru = text_of(pool, w->ru, filed, &r), .text_kz = text_of(pool, w->kz, filed, &r),
		.moment = payload_text(pool, notice, "ReceivedAt")};
	return n->moment && n->text_ru && n->text_kz;
}

outcome portal_gateway_notice(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	const char *gateway = sim_setting(sim, "gateway");
	struct cabinet_notice n;
	char applicant[13];

	if (!read_notice(&n, in->pool, in->payload))
		return reply_unreadable(out, "The payload is not a Notice of notice.xsd.");
	*out = (struct sim_reply){.code = "SCSE001", .message = "Only the gateway tells what became of messages."};
	if (!bytes_is(in->request->sender_id, gateway ? gateway : "gateway_is"))
		return DONE;
	n.sender = pool_copy(in->pool, in->request->sender_id);
	n.message_id = pool_copy(in->pool, in->request->message_id);
	if (!n.sender || !n.message_id)
		return err_set(e, REASON_MEMORY, "notice of the gateway");
	TRY(cabinet_applicant(sim_state(sim), n.request_number, applicant, e));
	n.applicant = applicant;
	TRY(cabinet_keep(sim_state(sim), &n, e));
	*out = (struct sim_reply){.code = "SCSS001", .message = "The notice is kept."};
	return DONE;
}
