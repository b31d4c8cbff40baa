/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_refuse - the refusal: a fault with a stable code, an error id that stands in the log, and, where diagnostics are
 * on, what to change. A caller whose signature was verified gets a signed fault; others are not worth a signature. */
#include "base/ident.h"
#include "log/log.h"

#include "flow/flow_int.h"

#define EXPLANATION_MOST 8192u
#define FACT_OCTETS 1000u /* about what a refusal takes in the journal beside the octets of message and fault */

static bool diagnostics_on(const struct exchange *x)
{
	return x->listener->diagnostics || (x->caller && x->caller->diagnostics);
}

/* A sender who is known and may call the service hears what is wrong with the content; that helps no forgery. */
static bool tells_content(const struct exchange *x)
{
	enum fault f = reason_row(x->err.reason)->fault;

	return x->service && (f == FAULT_PAYLOAD || f == FAULT_RULE);
}

/* errorData: the error id always; the finer reason and the remedy of what is not content only with diagnostics, because they
 * would help an attacker to refine a forgery. */
static void fault_data(struct exchange *x, struct buf *data)
{
	const struct reason_row *row = reason_row(x->err.reason);

	buf_printf(data, "errorId=%s", x->error_id);
	if (x->provider_words.n) {
		buf_str(data, "; provider=");
		buf_add(data, x->provider_words);
	}
	if (!diagnostics_on(x) && !tells_content(x))
		return;
	buf_printf(data, "; reason=%s; %s (%s) %s", row->name, row->title, x->err.detail, row->remedy);
	if (!x->caller && x->env) {
		buf_str(data, "\n");
		security_explain(x->http->body, x->snap->trust, x->at, data);
	}
}

static outcome fault_text(struct exchange *x, const struct fault_row *row, struct buf *out)
{
	SCOPED(buf_free) struct buf data = BUF(EXPLANATION_MOST);
	SCOPED(buf_free) struct buf message = BUF(1024);
	struct channel_fault fault = {
		.faultcode = bytes_str(row->qname),
		.faultstring = bytes_str(row->text),
		.error_code = bytes_str(row->code),
		.session_id = bytes_str(x->guid),
		.error_date = stamp_now(),
	};

	buf_printf(&message, "%s Error id %s.", row->text, x->error_id);
	fault.error_message = buf_bytes(&message);
	fault_data(x, &data);
	fault.error_data = buf_bytes(&data);
	return x->async ? async_write_fault(x->op, &fault, out, NULL) : channel_write_fault(&fault, out, NULL);
}

/* The last resort when not even a fault can be written: octets that need no memory. */
static void fault_fixed(struct exchange *x)
{
	static const char text[] = "<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\"><soapenv:Body><soapenv:Fault>"
		"<faultcode>soapenv:Server</faultcode><faultstring>SCE909</faultstring>"
		"</soapenv:Fault></soapenv:Body></soapenv:Envelope>";

	buf_clear(&x->answer);
	buf_str(&x->answer, text);
	x->status = 500;
}

static void log_refusal(const struct exchange *x)
{
	const struct reason_row *row = reason_row(x->err.reason);
	static const char *const sides[] = {
		[SIDE_CALLER] = "caller", [SIDE_GATEWAY] = "gateway", [SIDE_PROVIDER] = "provider"};

	log_event(row->class == CLASS_INTERNAL ? LOG_ERROR : LOG_WARNING, "message.refused",
		LOG_TEXT("err_id", x->error_id), LOG_TEXT("code", fault_row(row->fault)->code), LOG_TEXT("reason", row->name),
		LOG_TEXT("side", sides[row->side]), LOG_TEXT("detail", x->err.detail),
		LOG_TEXT("exchange", x->guid), LOG_PART("msg_id", x->request.message_id),
		LOG_TEXT("participant", x->caller ? x->caller->name : ""), LOG_PART("service", x->request.service_id),
		LOG_TEXT("peer", x->http->peer), LOG_TEXT("cert", x->who ? x->who->print : ""));
}

/* Work for somebody who is not known: the time of the processor, all of it this worker's, since nothing was waited for; and
 * the journal, lest strangers fill the disk: each octet on it counts as a microsecond. */
static int64_t price(const struct exchange *x)
{
	size_t content = x->http->body.n <= REFUSED_OCTETS_MOST ? x->http->body.n : 0;

	return thread_cpu_us() - x->cpu_us + (int64_t)(FACT_OCTETS + content + x->answer.len);
}

enum after step_refuse(struct exchange *x)
{
	const struct fault_row *row = fault_row(reason_row(x->err.reason)->fault);
	SCOPED(buf_free) struct buf text = BUF(64u << 10);
	struct err why = x->err;

	error_id_new(x->error_id);
	log_refusal(x);
	buf_clear(&x->answer);
	x->answer_rest = BYTES_NONE;
	x->answer_signed = false;
	x->answer_kind = JOURNAL_FAULT;
	x->status = row->status;
	if (!fault_text(x, row, &text).ok) {
		fault_fixed(x);
	} else if (x->caller && exchange_stage(x).ok
		&& exchange_sign(x, x->caller, buf_bytes(&text), &x->answer).ok) {
		x->answer_signed = true;
	} else {
		buf_clear(&x->answer);
		buf_add(&x->answer, buf_bytes(&text));
	}
	x->err = why; /* signing may have spoken; the reason of the refusal stands */
	if (!x->known && reason_row(why.reason)->side == SIDE_CALLER)
		x->charge_us = price(x);
	__atomic_add_fetch(&x->flow->refused_for[why.reason], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&x->flow->refused, 1, __ATOMIC_RELAXED);
	return AFTER_NEXT;
}
