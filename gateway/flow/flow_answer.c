/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_answer - the steps from the provider's octets to the answer of the caller. A provider is believed no more than a
 * caller: its answer is parsed, verified and read by the same rooms. */
#include <stdio.h>

#include "flow/flow_int.h"

enum reason call_reason(const struct egress_result *r)
{
	switch (r->kind) {
	case EGRESS_TLS:
		return REASON_PROVIDER_TLS;
	case EGRESS_DEADLINE:
		return r->sent ? REASON_PROVIDER_DEADLINE : REASON_PROVIDER_CONNECT;
	case EGRESS_BROKEN:
		return REASON_PROVIDER_BROKEN;
	case EGRESS_TOO_LARGE:
		return REASON_PROVIDER_TOO_LARGE;
	case EGRESS_STOPPED:
		return r->sent ? REASON_PROVIDER_BROKEN : REASON_GATEWAY_STOPPING;
	default:
		return REASON_PROVIDER_CONNECT;
	}
}

static enum after call_failed(struct exchange *x)
{
	return exchange_refuse(x, call_reason(&x->result), "%s after %lld ms", x->result.detail,
		(long long)(x->result.total_us / 1000));
}

/* Refuses with the provider's reason in front of what was found inside. */
static enum after answer_refused(struct exchange *x, enum reason reason)
{
	struct err inner = x->err;
	const char *name = reason_row(inner.reason)->name;

	return exchange_refuse(x, reason, "HTTP %d; %s: %.180s", x->result.status, name, inner.detail);
}

static enum after provider_fault(struct exchange *x)
{
	struct channel_fault fault;

	if (!x->answer_verified || !policy_answer(x->service, x->answer_verified, &x->err).ok)
		return exchange_refuse(x, REASON_PROVIDER_FAULT, "HTTP %d; the fault is not signed by the provider",
			x->result.status);
	if (!channel_read_fault(x->stage, x->answer_env, &fault))
		return exchange_refuse(x, REASON_PROVIDER_FAULT, "HTTP %d; the fault is empty", x->result.status);
	const char *words = pool_printf(x->pool, "%.*s: %.*s", (int)fault.error_code.n, fault.error_code.p,
		(int)fault.error_message.n, fault.error_message.p);
	x->provider_words = bytes_str(words);
	return exchange_refuse(x, REASON_PROVIDER_FAULT, "HTTP %d; %.*s", x->result.status,
		(int)(fault.error_code.n > 64 ? 64 : fault.error_code.n), fault.error_code.p);
}

static outcome parse_answer(struct exchange *x)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct envelope *env;

	limits.bytes = x->service->answer_bytes;
	limits.elements = x->snap->conf->max_elements;
	TRY(exchange_stage(x));
	TRY(envelope_parse_frame(x->stage, buf_bytes(&x->result.body), &limits, &env, &x->err));
	x->answer_env = env;
	return DONE;
}

static enum after read_answer(struct exchange *x)
{
	const struct schema *schema = snapshot_service(x->snap, x->service)->answer_schema;
	struct inner_result found;

	if (!policy_answer(x->service, x->answer_verified, &x->err).ok)
		return AFTER_REFUSE;
	if (!channel_read_response(x->stage, x->answer_verified, &x->response, &x->err).ok)
		return answer_refused(x, REASON_PROVIDER_FORMAT);
	if (schema && x->response.data && !schema_check(schema, x->answer_env, x->response.data, &x->err).ok)
		return answer_refused(x, REASON_PROVIDER_FORMAT);
	if (x->service->inner.answers && x->response.data
		&& !exchange_inner(x, x->answer_verified, x->response.data, NULL, &x->answer_evidence, &found).ok)
		return answer_refused(x, REASON_PROVIDER_INNER);
	return AFTER_NEXT;
}

enum after step_examine(struct exchange *x)
{
	struct verification v;
	outcome verified;

	if (x->result.kind != EGRESS_ANSWERED)
		return call_failed(x);
	x->answered = true;
	if (x->result.body.len == 0)
		return exchange_refuse(x, REASON_PROVIDER_EMPTY, "HTTP %d", x->result.status);
	if (!parse_answer(x).ok)
		return answer_refused(x, REASON_PROVIDER_NOT_SOAP);
	verified = flow_verify(x->flow, x->snap, x->stage, x->pool, x->answer_env, stamp_now(), &v, &x->err);
	x->answer_verified = v.verified;
	x->answer_who = v.who;
	x->answer_evidence = v.evidence;
	if (channel_kind_of(envelope_operation(x->answer_env)) == CHANNEL_FAULT)
		return provider_fault(x);
	if (!verified.ok)
		return answer_refused(x, REASON_PROVIDER_UNSIGNED);
	return read_answer(x);
}

enum after step_compose_answer(struct exchange *x)
{
	struct cuts cuts;
	struct bytes *rest = memory_is_shared(x) ? NULL : &x->answer_rest; /* Redis takes it in one piece */

	if (!channel_forward_response(x->stage, x->answer_verified, &x->response, x->guid, &cuts, &x->err).ok
		|| !exchange_sign_on(x, x->caller, x->answer_verified, &cuts, &x->answer, rest).ok)
		return AFTER_REFUSE;
	exchange_answered(x);
	return AFTER_NEXT;
}
