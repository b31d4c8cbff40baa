/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_portal - the simulated e-government portal: takes notices for applicants and shows each his own.
 * Promise:  a cabinet is shown to nobody but the person whose it is, or somebody of the organisation; an old request does
 *           not open it again.
 * Not here: the cabinets (sim_portal_cabinet.c), what applicants do (sim_portal_acts.c).
 * Spec:     P7, P10, B3; bus contract 5.7; wsdl/portal/v1/portal.xsd */
#include <libxml/tree.h>
#include <stdlib.h>

#include "appeals/reception_notice.h"
#include "base/ident.h"
#include "common/service.h"
#include "portal/sim_portal_acts.h"
#include "portal/sim_portal_cabinet.h"
#include "portal/sim_portal_gateway.h"

#define NS_PORTAL "urn:qaqpa:portal:v1"
#define ANSWER_BYTES (4u << 20)
#define REQUEST_AGE_MS (10 * 60000) /* either way */

static bool read_notice(struct cabinet_notice *n, const struct service_request *r)
{
	const struct _xmlNode *b = r->business, *act = payload_child(b, "Act");
	struct pool *pool = r->pool;

	*n = (struct cabinet_notice){
		payload_number(pool, payload_child(b, "Applicant")), payload_text(pool, b, "RequestNumber"),
		payload_text(pool, b, "Kind"), payload_text(pool, b, "StatusCode"), payload_text(pool, b, "TextRu"),
		payload_text(pool, b, "TextKz"), payload_text(pool, b, "Moment"), payload_text(pool, act, "DocNumber"),
		payload_text(pool, act, "DocDate"), payload_text(pool, act, "FileName"), payload_text(pool, act, "FileId"),
		payload_text(pool, act, "Sha256"), r->sender, NULL};
	return n->applicant && n->request_number && n->kind && n->text_ru && n->text_kz && n->moment;
}

static outcome take_notice(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_PORTAL, "CabinetNoticeResponse", "The notice is kept.", "Kept", "Not kept"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct cabinet_notice n;
	struct service_request r;
	char now[STAMP_TEXT];

	if (!service_open(&r, sim, in, NS_PORTAL, "CabinetNotice") || !read_notice(&n, &r))
		return reply_unreadable(out, "The payload is not a CabinetNotice of portal.xsd.");
	n.message_id = pool_copy(in->pool, in->request->message_id);
	if (!n.message_id)
		return err_set(e, REASON_MEMORY, "notice");
	if (!iin_bin_is(bytes_str(n.applicant)))
		reasons_add(&r.reasons, "applicant.number", "the IIN or BIN of the applicant has a wrong check digit");
	else
		TRY(cabinet_keep(sim_state(sim), &n, e));
	answer_begin(&data, &form, &r.info);
	stamp_print(sim_now(), now);
	if (r.reasons.n == 0)
		payload_field(&data, "AcceptedDate", now);
	return answer_reply(&data, &form, &r.reasons, out, e);
}

/* A request that somebody has kept does not open the cabinet later. */
static void judge_age(struct service_request *r)
{
	struct stamp date;

	if (!stamp_parse(bytes_str(r->info.request_date), &date) || llabs(sim_now().ms - date.ms) > REQUEST_AGE_MS)
		reasons_add(&r->reasons, "cabinet.stale", "the date of the request is not now");
}

static void judge_signer(struct service_request *r, const char *applicant, struct bytes text)
{
	const struct trust_cert *signer;
	const char *number;
	struct err why;

	if (!sim_document_certificate(r->sim, r->pool, text, &signer, &why).ok) {
		reasons_add(&r->reasons, "cabinet.signature", "%s %s", reason_row(why.reason)->title, why.detail);
		return;
	}
	number = payload_text(r->pool, payload_child(r->business, "Applicant"), "Iin") ? signer->who.iin : signer->who.bin;
	if (!number || strcmp(number, applicant) != 0)
		reasons_add(&r->reasons, "cabinet.foreign", "the cabinet belongs to another than who signed");
}

static outcome show_cabinet(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_PORTAL, "CabinetResponse", "The cabinet is shown.", "Shown", "Not shown"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct cabinet_question q;
	struct service_request r;

	if (!service_open(&r, sim, in, NS_PORTAL, "CabinetRequest") ||
		!(q.applicant = payload_number(r.pool, payload_child(r.business, "Applicant"))))
		return reply_unreadable(out, "The payload is not a CabinetRequest of portal.xsd.");
	q.request_number = payload_text(r.pool, r.business, "RequestNumber");
	q.most = payload_text(r.pool, r.business, "Most");
	q.most = q.most ? q.most : "50";
	judge_age(&r);
	judge_signer(&r, q.applicant, in->payload_text);
	answer_begin(&data, &form, &r.info);
	if (r.reasons.n == 0) {
		buf_str(&data, "<Notices>");
		TRY(cabinet_show(sim_state(sim), &q, &data, e));
		buf_str(&data, "</Notices>");
	}
	return answer_reply(&data, &form, &r.reasons, out, e);
}

static const struct sim_service services[] = {
	{"PORTAL_NOTICE", take_notice},
	{"PORTAL_GATEWAY_NOTICE", portal_gateway_notice},
	{"PORTAL_CABINET", show_cabinet},
	{"APPEALS_OPERATOR_NOTICE", reception_notice_take}, /* the operator of the portal */
	{NULL, NULL},
};

static const struct sim_act acts[] = {
	{"application", portal_file},
	{"fetch", portal_fetch},
	{NULL, NULL},
};

extern const struct sim_system sim_system_portal;
const struct sim_system sim_system_portal = {
	.name = "portal",
	.summary = "e-government portal: files applications, keeps notices in the cabinets of applicants",
	.services = services,
	.open = cabinet_open,
	.close = store_close_state,
	.acts = acts,
};
