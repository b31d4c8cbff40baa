/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service - see service.h.
 * Promise: a refusal names all its reasons (P6).
 * Spec:    P6; wsdl/, every <system>.xsd of our own */
#include "common/service.h"

bool service_open(struct service_request *r, struct sim *sim, const struct sim_request *in, const char *ns,
	const char *name)
{
	*r = (struct service_request){.sim = sim, .pool = in->pool, .reasons = {.pool = in->pool},
		.sender = pool_copy(in->pool, in->request->sender_id),
		.business = payload_child(in->payload, "BusinessData")};
	return r->sender && r->business && payload_is(in->payload, ns, name) &&
		system_info_read(in->pool, in->payload, &r->info);
}

static void open_root(struct buf *out, const char *ns, const char *name)
{
	buf_printf(out, "<p:%s xmlns:p=\"%s\">", name, ns);
}

void answer_begin(struct buf *out, const struct answer_form *form, const struct system_info *info)
{
	open_root(out, form->ns, form->name);
	system_info_echo(out, info);
	buf_str(out, "<ResponseData>");
}

void answer_end(struct buf *out, const struct answer_form *form, const struct reasons *reasons)
{
	bool refused = reasons->n > 0;

	if (refused)
		reasons_write(out, reasons);
	if (form->done) {
		payload_field(out, "CurrentStatus", refused ? "002" : "001");
		payload_field(out, "CurrentStatusText", refused ? form->refused : form->done);
	}
	buf_printf(out, "</ResponseData></p:%s>", form->name);
}

outcome answer_reply(struct buf *out, const struct answer_form *form, const struct reasons *reasons,
	struct sim_reply *reply, struct err *e)
{
	answer_end(out, form, reasons);
	if (reasons->n == 0)
		return reply_with(reply, reasons->pool, "SCSS001", form->message, out, e);
	return reply_with(reply, reasons->pool, reasons->later ? "SCSE003" : "SCSE001", reasons_line(reasons), out, e);
}

void question_begin(struct buf *out, const char *ns, const char *name, const struct system_info *info)
{
	open_root(out, ns, name);
	system_info_write(out, info);
	buf_str(out, "<BusinessData>");
}

void question_end(struct buf *out, const char *name)
{
	buf_printf(out, "</BusinessData></p:%s>", name);
}

/* The reasons that the other side gave; its message says them all in one line, so it is taken only where there are none. */
static void refused(struct reasons *r, const char *service_id, const struct sim_answer *a)
{
	const struct _xmlNode *reasons = payload_child(payload_child(a->payload, "ResponseData"), "Reasons");
	const struct bytes code = a->response.status_code, words = reasons ? BYTES_NONE : a->response.status_message;

	reasons_add(r, "step.refused", "%s: %.*s%s%.*s", service_id, (int)code.n, (const char *)code.p, words.n ? " " : "",
		(int)words.n, words.n ? (const char *)words.p : "");
	reasons_read(r, reasons);
}

bool ask_judge(struct reasons *r, const struct sim_call *call, const struct _xmlNode **payload)
{
	const struct sim_answer *a = &call->answer;

	if (payload)
		*payload = call->result.ok && !a->fault ? a->payload : NULL;
	r->later |= !call->result.ok || a->fault || bytes_is(a->response.status_code, "SCSE003");
	if (!call->result.ok) {
		reasons_add(r, "step.failed", "%s: %s %s", call->service_id, reason_row(call->err.reason)->title,
			call->err.detail);
		return false;
	}
	if (a->fault) {
		reasons_add(r, "step.fault", "%s: %.*s %.*s", call->service_id, (int)a->fault_info.error_code.n,
			(const char *)a->fault_info.error_code.p, (int)a->fault_info.error_message.n,
			(const char *)a->fault_info.error_message.p);
		return false;
	}
	if (bytes_is(a->response.status_code, "SCSS001"))
		return true;
	refused(r, call->service_id, a);
	return false;
}

bool ask(struct sim *sim, struct reasons *r, const char *service_id, const struct buf *data,
	const struct _xmlNode **payload)
{
	struct sim_call call = {.service_id = service_id, .data = buf_cstr(data)};

	call.result = buf_ok(data) ? sim_send(sim, r->pool, service_id, NULL, call.data, ASK_MS, &call.answer, &call.err)
		: err_set(&call.err, REASON_MEMORY, "request");
	return ask_judge(r, &call, payload);
}
