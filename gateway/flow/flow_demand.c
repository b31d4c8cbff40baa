/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_demand - what the service demands of the content of data: its schema, its demands beyond it; and the payload that
 * these checks and those of inner signatures share.
 * Not here: the judging (channel, demand). */
#include "flow/flow_int.h"

outcome exchange_payload(struct exchange *x, const struct element *data, const struct payload **out)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;

	*out = NULL;
	if (!data)
		return DONE;
	if (x->payload_of != data) {
		limits.bytes = x->listener->limits.body_bytes;
		limits.elements = x->snap->conf->max_elements;
		TRY(payload_open(x->stage, data, &limits, &x->payload, &x->err));
		x->payload_of = data;
	}
	*out = &x->payload;
	return DONE;
}

/* Will a later step look into the document too? Then its text is parsed here for all of them. */
static bool is_looked_into(const struct exchange *x, const struct demand *d)
{
	return (d && demand_looks_inside(d)) || x->service->inner.forms;
}

enum after step_check_payload(struct exchange *x)
{
	const struct service_state *state = snapshot_service(x->snap, x->service);
	const struct schema *schema = exchange_is_answer(x) ? state->answer_schema : state->schema;
	const struct payload *payload = NULL;

	if (state->demand && !exchange_is_answer(x) && !demand_length(state->demand, x->request.data, &x->err).ok)
		return AFTER_REFUSE;
	if (!schema)
		return AFTER_NEXT;
	if (is_looked_into(x, state->demand) && !exchange_payload(x, x->request.data, &payload).ok)
		return AFTER_REFUSE;
	return exchange_after(schema_check_opened(schema, x->request.data, payload, &x->err));
}

enum after step_check_demands(struct exchange *x)
{
	const struct demand *d = snapshot_service(x->snap, x->service)->demand;
	const struct payload *payload;
	struct demand_seen seen;

	if (!d || !demand_looks_inside(d) || exchange_is_answer(x))
		return AFTER_NEXT;
	if (!exchange_payload(x, x->request.data, &payload).ok)
		return AFTER_REFUSE;
	if (!demand_check(d, x->stage, payload, x->at, &seen, &x->err).ok)
		return AFTER_REFUSE;
	x->kind = seen.kind;
	return AFTER_NEXT;
}
