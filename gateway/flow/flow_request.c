/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_request - the steps from the received octets to the message that goes to the provider.
 * Order after hostile inputs known for this stack: nothing is decided on what is not yet verified. */
#include <stdio.h>

#include "flow/flow_int.h"

static struct envelope_limits limits_of(const struct exchange *x)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;

	limits.bytes = x->listener->limits.body_bytes;
	limits.elements = x->snap->conf->max_elements;
	return limits;
}

/* A message is held up to four times: as received, for the provider, as the provider's answer, for the caller. The end of a
 * long one is not, as a rule; but that is known only when it is composed. */
#define COPIES 4u

/* Its tree is not counted: it lives only while a worker is at it. */
static bool take_memory(struct exchange *x)
{
	size_t cost = x->http->body.n * COPIES;

	if (__atomic_add_fetch(&x->flow->memory, cost, __ATOMIC_RELAXED) <= x->snap->conf->memory_bytes) {
		x->cost = cost;
		return true;
	}
	__atomic_sub_fetch(&x->flow->memory, cost, __ATOMIC_RELAXED);
	return false;
}

static enum after parse_octets(struct exchange *x)
{
	struct envelope_limits limits = limits_of(x);
	struct envelope *env;
	outcome parsed;

	if (!exchange_stage(x).ok)
		return AFTER_REFUSE;
	parsed = envelope_parse_frame(x->stage, x->http->body, &limits, &env, &x->err);
	if (parsed.ok)
		x->env = env;
	return exchange_after(parsed);
}

/* What began to come before the gateway began to stop is served, however long its sender takes. */
static bool came_too_late(const struct exchange *x)
{
	return __atomic_load_n(&x->flow->draining, __ATOMIC_ACQUIRE) && x->http->arrived_us >= x->flow->draining_us;
}

enum after step_parse(struct exchange *x)
{
	x->cpu_us = thread_cpu_us();
	if (came_too_late(x))
		return exchange_refuse(x, REASON_GATEWAY_STOPPING, "draining");
	if (!take_memory(x))
		return exchange_refuse(x, REASON_GATEWAY_BUSY, "the memory for messages is in use");
	return parse_octets(x);
}

enum after step_verify(struct exchange *x)
{
	struct verification v;
	outcome right = flow_verify(x->flow, x->snap, x->stage, x->pool, x->env, x->at, &v, &x->err);

	x->who = v.who;
	if (!right.ok)
		return AFTER_REFUSE;
	x->verified = v.verified;
	x->evidence = v.evidence;
	x->caller = verified_participant(x->verified);
	return AFTER_NEXT;
}

/* The identifiers outlive the tree they were read from; the password does not. Without memory there are none: what is left
 * of them stands in a tree that will be dropped. */
bool exchange_keep_identifiers(struct exchange *x)
{
	struct bytes *kept[] = {&x->request.message_id, &x->request.correlation_id, &x->request.service_id,
		&x->request.sender_id};

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		kept[i]->p = (const unsigned char *)pool_copy(x->pool, *kept[i]);
		if (!kept[i]->p) {
			x->request = (struct sync_request){0};
			return false;
		}
	}
	return true;
}

enum after step_read(struct exchange *x)
{
	outcome read = channel_read_request(x->stage, x->verified, &x->request, &x->err);

	if (!read.ok)
		x->request = (struct sync_request){0};
	else if (!exchange_keep_identifiers(x))
		return exchange_refuse(x, REASON_MEMORY, "no memory for the identifiers");
	return exchange_after(read);
}

enum after step_identify(struct exchange *x)
{
	outcome known = policy_sender(x->verified, &x->request, &x->err);

	if (x->request.password.n)
		x->request.password = BYTES_NONE;
	x->known = known.ok;
	if (!known.ok)
		return AFTER_REFUSE;
	return exchange_after(policy_date(x->verified, &x->request, x->at, &x->err));
}

enum after step_permit(struct exchange *x)
{
	const struct conf *conf = x->snap->conf;
	const struct conf_service *service;

	if (!policy_secrecy(conf, &x->request, &x->err).ok
		|| !policy_service(conf, x->verified, &x->request, &service, &x->err).ok)
		return AFTER_REFUSE;
	if (service->channel != CONF_CHANNEL_SYNC)
		return exchange_refuse(x, REASON_SERVICE_CHANNEL, "%s is asynchronous", service->id);
	return exchange_take_place(x, service);
}

bool exchange_is_answer(const struct exchange *x)
{
	return x->async && (x->message.type == ASYNC_NOTIFICATION || x->message.type == ASYNC_RESPONSE);
}

bool exchange_content(const struct envelope *env, struct pool *pool, unsigned char out[32])
{
	const struct element *operation = envelope_operation(env);
	const struct bytes scope = envelope_scope(env, pool);
	unsigned char digest[64];

	if (!scope.p)
		return false;
	digest_begin(DIGEST_SHA256);
	digest_add(NULL, scope.p, scope.n);
	digest_add(NULL, "", 1);
	digest_add(NULL, envelope_text(env).p + operation->start, operation->end - operation->start);
	memcpy(out, digest, digest_end(digest));
	return true;
}

/* The name under which the message is remembered: the sender's messageId, or, where the gateway makes that, the content. */
static bool name_memory(struct exchange *x)
{
	SCOPED(buf_free) struct buf hex = BUF(80);

	x->memory_id = x->request.message_id;
	if (!x->async)
		return true;
	buf_hex(&hex, (struct bytes){x->content, sizeof x->content});
	x->memory_id = bytes_str(pool_printf(x->pool, "sha256:%s", buf_cstr(&hex)));
	return x->memory_id.n > 0;
}

enum after exchange_answer_again(struct exchange *x, struct bytes octets, int status)
{
	buf_add(&x->answer, octets);
	if (!buf_ok(&x->answer) || octets.n == 0)
		return exchange_refuse(x, REASON_INTERNAL, "the first answer is not in the journal");
	x->status = status;
	x->answer_kind = status == 200 ? JOURNAL_ANSWER : JOURNAL_FAULT;
	x->answer_signed = true;
	x->answer_key = snapshot_key(x->snap, x->caller);
	x->from_memory = true;
	return AFTER_REPLY;
}

enum after step_recall(struct exchange *x)
{
	struct journal_seen seen;
	bool same;
	int64_t since = x->at.ms - x->caller->profile->max_age_ms - x->caller->profile->skew_ms;

	if (!exchange_content(x->env, x->stage, x->content) || !name_memory(x))
		return exchange_refuse(x, REASON_MEMORY, "no memory for the identifiers");
	if (!open_set_enter(x->flow->open, x->request.sender_id, x->memory_id, x->content, &same)) {
		if (same)
			return exchange_refuse(x, REASON_REPLAY_OPEN, "the first copy is not answered yet");
		return exchange_refuse(x, REASON_REPLAY_CONFLICT, "another message with this messageId is being processed");
	}
	x->remembered = true;
	if (!journal_seen_find(x->flow->journal, x->stage, x->request.sender_id, x->memory_id, since, &seen,
			&x->err).ok)
		return AFTER_REFUSE;
	if (seen.state == SEEN_NONE)
		return AFTER_NEXT;
	if (memcmp(seen.content, x->content, sizeof x->content) != 0)
		return exchange_refuse(x, REASON_REPLAY_CONFLICT, "first used in exchange %s", seen.exchange);
	if (seen.state == SEEN_ANSWERED)
		return exchange_answer_again(x, seen.answer, seen.answer_status);
	if (seen.state == SEEN_RELEASED)
		return AFTER_NEXT;
	x->has_earlier = true;
	if (x->async || x->service->delivery == CONF_DELIVERY_QUEUED) { /* under its first id the queue knows it */
		exchange_go_on_as(x, bytes_str(seen.exchange));
		x->was_kept = true;
		return AFTER_NEXT;
	}
	if (x->service->repeat_safe || memory_is_shared(x)) /* another gateway may know what became of it */
		return AFTER_NEXT;
	return exchange_refuse(x, REASON_REPLAY_UNCERTAIN, "exchange %s", seen.exchange);
}

enum after exchange_read_again(struct exchange *x)
{
	struct bytes evidence = x->evidence; /* was gathered before */
	enum after read = parse_octets(x);

	if (read == AFTER_NEXT)
		read = step_verify(x);
	x->evidence = evidence;
	if (read != AFTER_NEXT)
		return read;
	return x->async ? step_read_async(x) : step_read(x);
}

enum after step_compose(struct exchange *x)
{
	struct cuts cuts;

	if (!channel_forward_request(x->stage, x->verified, &x->request, x->guid, &cuts, &x->err).ok)
		return AFTER_REFUSE;
	return exchange_after(
		exchange_sign_on(x, x->service->provider, x->verified, &cuts, &x->outgoing, &x->outgoing_rest));
}

static void call_done(struct egress_call *call, struct egress_result *result)
{
	struct exchange *x = call->ctx;

	x->result = *result;
	buf_free(&x->outgoing);
	exchange_resume(x);
}

enum after step_forward(struct exchange *x)
{
	const struct conf_service *s = x->service;

	if (!x->registered) {
		x->err = x->journal_err;
		return AFTER_REFUSE;
	}
	x->accepted = true;
	x->leg_us = mono_us();
	x->call = (struct egress_call){
		.url = s->endpoint,
		.tls_ca = s->tls_ca,
		.tls_certificate = s->tls_certificate,
		.tls_key = s->tls_key,
		.front = x->outgoing_rest.n > 0 ? buf_bytes(&x->outgoing) : BYTES_NONE,
		.body = x->outgoing_rest.n > 0 ? x->outgoing_rest : buf_bytes(&x->outgoing),
		.deadline_ms = s->deadline_ms,
		.answer_bytes = s->answer_bytes,
		.done = call_done,
		.ctx = x,
	};
	if (!flow_call(x->flow, &x->call))
		return exchange_refuse(x, REASON_GATEWAY_STOPPING, "nothing was sent");
	return AFTER_WAIT;
}
