/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_demand - what the service demands of the content of data: its schema, its demands beyond it; and the payload that
 * these checks and those of inner signatures share; then what the moment of receipt means.
 * Not here: the judging (channel, demand). */
#include "flow/flow_int.h"

enum { TIMES_MOST = 512 };

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

/* For notices, also of a message that is refused for its content. What cannot be read has no numbers. */
static bool keep_numbers(struct exchange *x)
{
	struct bytes *part[] = {&x->numbers.request_number, &x->numbers.chain_id};
	const struct payload *payload;

	if (!x->service->notices.n || exchange_is_answer(x))
		return true;
	if (exchange_payload(x, x->request.data, &payload).ok && payload)
		x->numbers = demand_numbers(x->stage, payload);
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		part[i]->p = (const unsigned char *)pool_copy(x->pool, *part[i]);
		if (!part[i]->p)
			return false;
	}
	return true;
}

enum after step_check_payload(struct exchange *x)
{
	const struct service_state *state = snapshot_service(x->snap, x->service);
	const struct schema *schema = exchange_is_answer(x) ? state->answer_schema : state->schema;
	const struct payload *payload = NULL;

	if (state->demand && !exchange_is_answer(x) && !demand_length(state->demand, x->request.data, &x->err).ok)
		return AFTER_REFUSE;
	if (!keep_numbers(x))
		return exchange_refuse(x, REASON_MEMORY, "no memory for the numbers of the message");
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

	if (!d || !demand_looks_inside(d) || exchange_is_answer(x))
		return AFTER_NEXT;
	if (!exchange_payload(x, x->request.data, &payload).ok)
		return AFTER_REFUSE;
	return exchange_after(demand_check(d, x->stage, payload, x->at, &x->demanded, &x->err));
}

/* By the moment when it was first accepted, where it was: a repetition is as early as the first copy. */
enum after step_judge_time(struct exchange *x)
{
	const struct demand *d = snapshot_service(x->snap, x->service)->demand;
	struct stamp received = x->kept_ms ? stamp_at(x->kept_ms) : x->at;
	SCOPED(buf_free) struct buf words = BUF(TIMES_MOST);
	outcome judged;

	if (!d || exchange_is_answer(x))
		return AFTER_NEXT;
	judged = demand_time(d, x->snap->calendar, &x->demanded, received, &x->times, &words, &x->err);
	if (!judged.ok && !x->was_kept)
		return AFTER_REFUSE;
	if (!words.len)
		return AFTER_NEXT;
	x->times_words = bytes_str(pool_copy(x->pool, buf_bytes(&words)));
	if (!x->times_words.n)
		return exchange_refuse(x, REASON_MEMORY, "no memory for the words on the term");
	return exchange_after(evidence_add(x->pool, &x->evidence, x->times_words, &x->err));
}
