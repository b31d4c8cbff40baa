/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_delivery - a message of the queue on its way to its receiver: signed, registered, sent, judged, settled.
 *
 * An attempt is registered before it is sent and its outcome before a delivered message leaves the queue, so that the
 * journal alone can rebuild what waits. A crash in between repeats the message under the same identifiers. */
#include <stdio.h>
#include <stdlib.h>

#include "log/log.h"

#include "flow/flow_delivery.h"

static void delivery_run(struct work_item *item);

void delivery_resume(struct delivery *d)
{
	d->work.run = delivery_run;
	work_put_begun(d->flow->work, &d->work);
}

static void delivery_end(struct delivery *d)
{
	struct flow *f = d->flow;

	buf_free(&d->outgoing);
	buf_free(&d->result.body);
	pool_free(&d->pool);
	pool_free(&d->names);
	snapshot_drop(&d->snap);
	free(d);
	__atomic_sub_fetch(&f->deliveries, 1, __ATOMIC_RELEASE);
}

static enum then step_sign(struct delivery *d)
{
	struct err e = {0};

	d->to = delivery_target(d->snap->conf, &d->meta);
	if (!d->to.receiver) {
		delivery_verdict(d, QUEUE_LATER, REASON_SERVICE_UNKNOWN, "service.unknown", "the receiver is not configured now");
		return THEN_SETTLE;
	}
	d->outgoing = BUF(d->claim->body.n + (64u << 10));
	d->own_key = snapshot_key(d->snap, d->to.receiver);
	if (d->meta.is_signed) {
		buf_add(&d->outgoing, d->claim->body);
	} else if (!snapshot_sign(d->pool, d->to.receiver, d->own_key, d->claim->body, &d->outgoing, &e).ok) {
		delivery_verdict(d, QUEUE_LATER, e.reason, reason_row(e.reason)->name, e.detail);
		return THEN_SETTLE;
	}
	pool_free(&d->pool); /* the tree; the answer gets a pool of its own */
	return THEN_NEXT;
}

static void fact_start(struct delivery *d, enum journal_direction direction, enum journal_kind kind, struct bytes octets)
{
	d->fact = (struct journal_fact){
		.at = stamp_now(),
		.direction = direction,
		.kind = kind,
		.participant = bytes_str(d->to.receiver->name),
		.peer = bytes_str(d->to.endpoint),
		.service_id = d->meta.service_id,
		.sender_id = d->meta.sender_id,
		.message_id = d->meta.message_id,
		.correlation_id = d->meta.correlation_id,
		.size = octets.n,
		.octets = octets,
	};
	memcpy(d->fact.exchange, d->meta.exchange.p, d->meta.exchange.n);
}

static void entry_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct delivery *d = entry->ctx;

	(void)e;
	d->registered = result;
	delivery_resume(d);
}

static enum then register_word(struct delivery *d, bool with_fact, enum journal_waiting_state state)
{
	d->word = (struct journal_waiting){
		.id = d->kept.id,
		.destination = d->kept.destination,
		.order_key = d->kept.order_key,
		.meta = d->kept.meta,
		.policy = bytes_str(d->policy),
		.state = state,
		.attempts = d->kept.attempt,
		.accepted_ms = d->kept.accepted_ms,
		.due_ms = d->due_ms,
		.expire_ms = d->kept.expire_ms,
	};
	d->entry = (struct journal_entry){
		.facts = &d->fact,
		.fact_count = with_fact,
		.waiting = &d->word,
		.done = entry_done,
		.ctx = d,
	};
	journal_put(d->flow->journal, &d->entry);
	return THEN_WAIT;
}

static enum then step_register_attempt(struct delivery *d)
{
	fact_start(d, JOURNAL_SENT, JOURNAL_REQUEST, buf_bytes(&d->outgoing));
	fact_own_key(&d->fact, d->own_key);
	return register_word(d, true, WAITING_QUEUED);
}

static void call_done(struct egress_call *call, struct egress_result *result)
{
	struct delivery *d = call->ctx;

	d->result = *result;
	delivery_resume(d);
}

static enum then step_call(struct delivery *d)
{
	const struct target *s = &d->to;

	if (!d->registered.ok) {
		delivery_verdict(d, QUEUE_LATER, REASON_JOURNAL_DOWN, "journal.unwritable", "the attempt cannot be registered");
		return THEN_SETTLE;
	}
	d->call = (struct egress_call){
		.url = s->endpoint,
		.tls_ca = s->tls_ca,
		.tls_certificate = s->tls_certificate,
		.tls_key = s->tls_key,
		.body = buf_bytes(&d->outgoing),
		.deadline_ms = s->deadline_ms,
		.answer_bytes = s->answer_bytes,
		.done = call_done,
		.ctx = d,
	};
	if (flow_call(d->flow, &d->call))
		return THEN_WAIT;
	delivery_verdict(d, QUEUE_RETURNED, REASON_GATEWAY_STOPPING, "gateway.stopping", "");
	return THEN_SETTLE;
}

static enum then step_judge(struct delivery *d)
{
	delivery_judge(d);
	if (d->result.kind == EGRESS_ANSWERED) {
		fact_start(d, JOURNAL_RECEIVED, JOURNAL_ANSWER, buf_bytes(&d->result.body));
		fact_certificate(&d->fact, d->answer_who);
		d->fact.detail = d->evidence;
		d->fact.duration_us = d->result.total_us;
	}
	if (d->err.reason != REASON_NONE) {
		d->fact.verdict = JOURNAL_REFUSED;
		d->fact.reason = bytes_str(reason_row(d->err.reason)->name);
		d->fact.detail = bytes_str(d->err.detail);
	}
	return d->verdict == QUEUE_DELIVERED ? THEN_NEXT : THEN_SETTLE;
}

static enum then step_act(struct delivery *d)
{
	return delivery_act(d) ? THEN_WAIT : THEN_NEXT;
}

static enum then step_act_dead(struct delivery *d)
{
	return d->dead && delivery_act(d) ? THEN_WAIT : THEN_NEXT;
}

static enum then step_register_delivered(struct delivery *d)
{
	return register_word(d, true, WAITING_DELIVERED);
}

static void delivered(struct delivery *d)
{
	__atomic_add_fetch(&d->flow->delivered, 1, __ATOMIC_RELAXED);
	notice_send(d->flow, d->snap, &d->meta, ASYNC_DELIVERED, "DELIVERED", "The receiver has the message.");
}

static enum then step_settle_delivered(struct delivery *d)
{
	if (!d->registered.ok) /* its answer cannot be kept: the receiver meets the same identifiers again */
		d->verdict = d->to.repeat_safe ? QUEUE_LATER : QUEUE_REJECTED;
	else
		delivered(d);
	queue_settle(d->flow->queue, d->claim, d->verdict, "journal.unwritable", NULL, NULL);
	delivery_end(d);
	return THEN_END;
}

static void settled(void *ctx, bool dead, int64_t due_ms)
{
	struct delivery *d = ctx;

	__atomic_sub_fetch(&d->flow->settling, 1, __ATOMIC_RELEASE);
	d->dead = dead;
	d->due_ms = due_ms < 0 ? 0 : due_ms; /* -1: the lease had ended, or the queue stops */
	delivery_resume(d);
}

static enum then step_settle(struct delivery *d)
{
	struct queue_claim *claim = d->claim;
	struct flow *f = d->flow;

	log_event(LOG_WARNING, "delivery.failed", LOG_PART("msg_id", d->meta.message_id),
		LOG_PART("exchange", d->meta.exchange), LOG_PART("service", d->meta.service_id),
		LOG_NUM("attempt", d->kept.attempt), LOG_TEXT("reason", d->cause), LOG_TEXT("detail", d->err.detail));
	d->claim = NULL;
	queue_settle(f->queue, claim, d->verdict, d->cause, settled, d);
	__atomic_add_fetch(&f->settling, 1, __ATOMIC_RELEASE); /* the delivery may be over by now */
	return THEN_WAIT;
}

/* The word on the notice is in the journal before that on the message. */
static enum then step_tell_dead(struct delivery *d)
{
	if (d->dead && (d->err.reason == REASON_PROVIDER_STATUS || d->err.reason == REASON_PROVIDER_FAULT))
		tell_refused(d->flow, d->snap, &d->meta, d->kept.accepted_ms, d->err.reason, bytes_str(d->cause),
			bytes_str(d->err.detail));
	return THEN_NEXT;
}

static enum then step_register_outcome(struct delivery *d)
{
	bool answered = d->result.kind == EGRESS_ANSWERED && d->fact.direction == JOURNAL_RECEIVED && d->fact.exchange[0];

	return register_word(d, answered, d->dead ? WAITING_DEAD : WAITING_QUEUED);
}

static enum then step_end(struct delivery *d)
{
	if (d->dead)
		log_event(LOG_ERROR, "delivery.dead", LOG_PART("msg_id", d->meta.message_id),
			LOG_PART("exchange", d->meta.exchange), LOG_PART("service", d->meta.service_id),
			LOG_NUM("attempt", d->kept.attempt), LOG_TEXT("reason", d->cause));
	if (d->dead)
		notice_send(d->flow, d->snap, &d->meta, ASYNC_NOT_DELIVERED, d->cause,
			"The message could not be delivered.");
	delivery_end(d);
	return THEN_END;
}

static const struct delivery_step delivering[] = {
	{"sign", step_sign},
	{"register-attempt", step_register_attempt}, /* waits for the disk */
	{"call", step_call},                         /* waits for the receiver */
	{"judge", step_judge},
	{"act", step_act},                           /* waits for adapters, where there are actions */
	{"register-delivered", step_register_delivered}, /* waits for the disk */
	{"settle-delivered", step_settle_delivered},
};
static const struct delivery_step settling[] = {
	{"settle", step_settle},                     /* waits for Redis */
	{"act-dead", step_act_dead},                 /* waits for adapters, where there are actions */
	{"tell-dead", step_tell_dead},
	{"register-outcome", step_register_outcome}, /* waits for the disk */
	{"end", step_end},
};

/* An expired message: the queue has it among the dead letters already. */
static enum then step_register_expired(struct delivery *d)
{
	d->err.reason = REASON_QUEUE_EXPIRED;
	snprintf(d->cause, sizeof d->cause, "%s", reason_row(REASON_QUEUE_EXPIRED)->name);
	d->dead = true;
	return register_word(d, false, WAITING_DEAD);
}

static enum then step_end_expired(struct delivery *d)
{
	struct queue_claim *claim = d->claim;

	step_end(d);
	queue_claim_free(claim);
	return THEN_END;
}

static const struct delivery_step expiring[] = {
	{"register-expired", step_register_expired}, /* waits for the disk */
	{"act-dead", step_act_dead},                 /* waits for adapters, where there are actions */
	{"end-expired", step_end_expired},
};

static void delivery_run(struct work_item *item)
{
	struct delivery *d = (struct delivery *)item;

	for (;;) {
		switch ((d->step++)->run(d)) {
		case THEN_NEXT:
			break;
		case THEN_SETTLE:
			d->step = settling;
			break;
		case THEN_WAIT:
		case THEN_END:
			return;
		}
	}
}

/* The identifiers of the claim, which settling frees, into memory of the delivery. False when memory is short. */
static bool keep_names(struct delivery *d)
{
	struct bytes *part[] = {&d->kept.id, &d->kept.destination, &d->kept.order_key, &d->kept.meta};

	d->kept = *d->claim;
	d->kept.body = BYTES_NONE;
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		part[i]->p = (const unsigned char *)pool_copy(d->names, *part[i]);
		if (!part[i]->p)
			return false;
	}
	queue_policy_print(&d->claim->policy, d->policy);
	return true;
}

enum begun { BEGUN, BEGUN_STOPPING, BEGUN_NO_MEMORY, BEGUN_UNREADABLE };

/* Counts the delivery among those that the stop waits for. False once the flow stops: a claim may come from Redis at
 * that very moment. */
static bool delivery_enter(struct flow *f)
{
	bool open;

	pthread_mutex_lock(&f->lock);
	open = !f->closed;
	if (open)
		__atomic_add_fetch(&f->deliveries, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&f->lock);
	return open;
}

static enum begun delivery_begin(struct flow *f, struct queue_claim *claim, const struct delivery_step *steps)
{
	struct delivery *d = calloc(1, sizeof *d);
	enum begun begun = BEGUN_NO_MEMORY;

	if (!d)
		return BEGUN_NO_MEMORY;
	if (!delivery_enter(f)) {
		free(d);
		return BEGUN_STOPPING;
	}
	d->work.run = delivery_run;
	d->step = steps;
	d->flow = f;
	d->snap = flow_snapshot(f);
	d->claim = claim;
	d->names = pool_new(NAMES_MOST);
	d->pool = pool_new(DELIVERY_MOST);
	if (d->names && d->pool && keep_names(d))
		begun = delivery_meta_read(d->kept.meta, &d->meta) ? BEGUN : BEGUN_UNREADABLE;
	if (begun == BEGUN)
		work_put_begun(f->work, &d->work);
	else
		delivery_end(d);
	return begun;
}

void delivery_claimed(void *ctx, struct queue_claim *claim)
{
	struct flow *f = ctx;

	switch (delivery_begin(f, claim, delivering)) {
	case BEGUN:
		break;
	case BEGUN_STOPPING:
		queue_settle(f->queue, claim, QUEUE_RETURNED, "gateway.stopping", NULL, NULL);
		break;
	case BEGUN_NO_MEMORY:
		queue_settle(f->queue, claim, QUEUE_LATER, "internal.memory", NULL, NULL);
		break;
	case BEGUN_UNREADABLE:
		queue_settle(f->queue, claim, QUEUE_REJECTED, "meta.unreadable", NULL, NULL);
		break;
	}
}

void delivery_expired(void *ctx, struct queue_claim *claim)
{
	if (delivery_begin(ctx, claim, expiring) != BEGUN)
		queue_claim_free(claim);
}
