/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_judge - where a queued message goes, and what the receiver's answer makes of it: delivered, again later, never.
 * A receiver is believed no more than a caller: what decides is its verified answer. */
#include <stdio.h>

#include "flow/flow_delivery.h"

#define ACK_MOST (1u << 20) /* octets of an acknowledgement */

static struct target target_of_service(const struct conf *c, struct bytes id)
{
	const struct conf_service *s = conf_service_by_id(c, id);

	if (!s)
		return (struct target){.receiver = NULL};
	return (struct target){
		.receiver = s->provider,
		.endpoint = s->endpoint,
		.tls_ca = s->tls_ca,
		.tls_certificate = s->tls_certificate,
		.tls_key = s->tls_key,
		.deadline_ms = s->deadline_ms,
		.answer_bytes = s->answer_bytes,
		.repeat_safe = s->repeat_safe,
		.retry = s->retry,
	};
}

/* On the asynchronous channel a receiver knows a messageId again, so that repeating is safe by contract (2.4). */
static struct target target_of_participant(const struct conf *c, const struct delivery_meta *m)
{
	const struct conf_participant *p = conf_participant_named(c, m->receiver);

	if (!p || !p->async.endpoint)
		return (struct target){.receiver = NULL};
	return (struct target){
		.receiver = p,
		.endpoint = p->async.endpoint,
		.tls_ca = p->async.tls_ca,
		.tls_certificate = p->async.tls_certificate,
		.tls_key = p->async.tls_key,
		.deadline_ms = p->async.deadline_ms,
		.answer_bytes = ACK_MOST,
		.repeat_safe = true,
		.retry = p->async.retry,
	};
}

struct target delivery_target(const struct conf *c, const struct delivery_meta *m)
{
	return m->kind == DELIVERY_SYNC ? target_of_service(c, m->service_id) : target_of_participant(c, m);
}

static bool non_retryable(const struct delivery *d, const char *cause)
{
	struct conf_names names = d->to.retry->non_retryable;

	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.name[i], cause) == 0)
			return true;
	}
	return false;
}

void delivery_verdict(struct delivery *d, enum queue_verdict v, enum reason r, const char *cause, const char *detail)
{
	bool again = v == QUEUE_TROUBLE || v == QUEUE_LATER;

	d->verdict = again && d->to.retry && non_retryable(d, cause) ? QUEUE_REJECTED : v;
	d->err.reason = r;
	snprintf(d->err.detail, sizeof d->err.detail, "%s", detail);
	snprintf(d->cause, sizeof d->cause, "%s", cause);
}

/* The receiver may have acted: again only where that does no harm. */
static void uncertain(struct delivery *d, enum reason r, const char *detail)
{
	delivery_verdict(d, d->to.repeat_safe ? QUEUE_TROUBLE : QUEUE_REJECTED, r, reason_row(r)->name, detail);
}

/* A code of the receiver: SCSE003 and SCE909 say that something broke on its side, SCE004 and QG050 to QG052 that it is
 * not there now; every other refusal will be the same next time. */
static bool worth_repeating(struct bytes code)
{
	static const char *const codes[] = {"SCSE003", "SCE909", "SCE004", "QG023", "QG050", "QG051", "QG052"};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (bytes_is(code, codes[i]))
			return true;
	}
	return false;
}

static void refused_with(struct delivery *d, enum reason r, struct bytes code, struct bytes words)
{
	char cause[64], detail[200];
	bool again = worth_repeating(code);

	snprintf(cause, sizeof cause, "%.*s", (int)(code.n > 63 ? 63 : code.n), code.p);
	snprintf(detail, sizeof detail, "%s: %.*s", cause, (int)(words.n > 120 ? 120 : words.n), words.p);
	delivery_verdict(d, again ? QUEUE_TROUBLE : QUEUE_REJECTED, r, code.n ? cause : reason_row(r)->name, detail);
}

static void judge_fault(struct delivery *d, const struct envelope *env, bool verified)
{
	struct channel_fault fault;

	if (!verified || !channel_read_fault(d->pool, env, &fault))
		uncertain(d, REASON_PROVIDER_UNSIGNED, "the fault is not signed by the receiver");
	else
		refused_with(d, REASON_PROVIDER_FAULT, fault.error_code, fault.error_message);
}

static void judge_response(struct delivery *d, const struct verified *v)
{
	struct sync_response r;
	struct err e = {0};

	if (!channel_read_response(d->pool, v, &r, &e).ok)
		uncertain(d, REASON_PROVIDER_FORMAT, e.detail);
	else if (r.status_code.n >= 4 && memcmp(r.status_code.p, "SCSE", 4) == 0)
		refused_with(d, REASON_PROVIDER_STATUS, r.status_code, r.status_message);
	else
		delivery_verdict(d, QUEUE_DELIVERED, REASON_NONE, "", "");
}

/* An acknowledgement is technical: that it is the right one is enough. */
static void judge_ack(struct delivery *d, const struct verified *v)
{
	bool response;
	enum async_operation op = async_operation_of(verified_operation(v), &response);

	if (!response || op != (d->meta.kind == DELIVERY_NOTICE ? ASYNC_CHANGE_STATUS : ASYNC_SEND_MESSAGE))
		uncertain(d, REASON_PROVIDER_FORMAT, "not the acknowledgement of this operation");
	else
		delivery_verdict(d, QUEUE_DELIVERED, REASON_NONE, "", "");
}

static void judge_answer(struct delivery *d)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	struct verification v;
	struct envelope *env;
	struct err e = {0};
	bool verified;

	limits.bytes = d->to.answer_bytes;
	d->pool = pool_new(DELIVERY_MOST);
	if (!d->pool || !envelope_parse_frame(d->pool, buf_bytes(&d->result.body), &limits, &env, &e).ok) {
		if (d->result.status == 503) /* says itself that it took nothing */
			delivery_verdict(d, QUEUE_TROUBLE, REASON_PROVIDER_CONNECT, "provider.connect", "HTTP 503");
		else
			uncertain(d, REASON_PROVIDER_NOT_SOAP, e.detail);
		return;
	}
	verified = flow_verify(d->flow, d->snap, d->pool, d->names, env, stamp_now(), &v, &e).ok
		&& verified_participant(v.verified) == d->to.receiver;
	d->answer_who = v.who;
	d->evidence = v.evidence;
	if (channel_kind_of(envelope_operation(env)) == CHANNEL_FAULT)
		judge_fault(d, env, verified);
	else if (!verified)
		uncertain(d, REASON_PROVIDER_UNSIGNED, e.detail);
	else if (d->meta.kind == DELIVERY_SYNC)
		judge_response(d, v.verified);
	else
		judge_ack(d, v.verified);
}

bool delivery_is_refused(const struct delivery *d)
{
	enum reason r = d->err.reason;

	if (r == REASON_PROVIDER_STATUS || r == REASON_PROVIDER_FAULT)
		return true;
	if (r == REASON_QUEUE_EXPIRED)
		return d->kept.attempt == 0;
	return d->kept.attempt <= 1 && reason_row(r)->class == CLASS_RETRY;
}

void delivery_judge(struct delivery *d)
{
	enum reason r = call_reason(&d->result);

	if (d->result.kind == EGRESS_ANSWERED)
		judge_answer(d);
	else if (reason_row(r)->class == CLASS_UNCERTAIN)
		uncertain(d, r, d->result.detail);
	else
		delivery_verdict(d, r == REASON_GATEWAY_STOPPING ? QUEUE_RETURNED : QUEUE_TROUBLE, r, reason_row(r)->name,
			d->result.detail);
}
