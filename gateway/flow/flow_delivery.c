/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_delivery - a message of the queue on its way to its receiver: signed, registered, sent, judged, settled.
 *
 * An attempt is registered before it is sent and its outcome before a delivered message leaves the queue, so that the
 * journal alone can rebuild what waits. A crash in between repeats the message under the same identifiers. */
#include <stdio.h>
#include <stdlib.h>

#include "log/log.h"

#include "flow/flow_int.h"

#define DELIVERY_MOST (256u << 20)
#define NAMES_MOST (1u << 20)

enum then { THEN_NEXT, THEN_WAIT, THEN_SETTLE, THEN_END };

/* Where a message goes and how. */
struct target {
	const struct conf_participant *receiver; /* NULL: not configured now */
	const char *endpoint, *tls_ca, *tls_certificate, *tls_key;
	int deadline_ms;
	size_t answer_bytes;
	bool repeat_safe;
	enum conf_resend resend;
	const struct conf_retry *retry;
};

struct delivery {
	struct work_item work;
	struct flow *flow;
	struct snapshot *snap;
	struct queue_claim *claim; /* NULL once it is settled */
	struct queue_claim kept;   /* what outlives the claim: its identifiers, in `names` */
	const struct delivery_step *step;
	struct pool *names, *pool; /* the second holds a tree while a worker is at it */
	struct delivery_meta meta;
	struct target to;
	struct buf outgoing;
	struct egress_call call;
	struct egress_result result;
	const struct trust_cert *answer_who;
	struct err err;              /* reason of the verdict when it was not delivered */
	char cause[80];              /* kept with the message */
	enum queue_verdict verdict;
	bool dead;
	int64_t due_ms;
	struct journal_entry entry;
	struct journal_fact fact;
	struct journal_waiting word;
	char policy[QUEUE_POLICY_TEXT]; /* of the claim */
	outcome registered;
};

struct delivery_step {
	const char *name;
	enum then (*run)(struct delivery *d);
};

static void delivery_resume(struct delivery *d)
{
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

static enum then verdict(struct delivery *d, enum queue_verdict v, enum reason r, const char *cause, const char *detail)
{
	d->verdict = v;
	d->err.reason = r;
	snprintf(d->err.detail, sizeof d->err.detail, "%s", detail);
	snprintf(d->cause, sizeof d->cause, "%s", cause);
	return THEN_NEXT;
}

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
		.resend = s->resend,
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
		.resend = m->kind == DELIVERY_NOTICE ? CONF_RESEND_FRESH : p->async.resend,
		.retry = p->async.retry,
	};
}

static enum then step_sign(struct delivery *d)
{
	struct err e = {0};

	d->to = d->meta.kind == DELIVERY_SYNC ? target_of_service(d->snap->conf, d->meta.service_id)
		: target_of_participant(d->snap->conf, &d->meta);
	if (!d->to.receiver) {
		verdict(d, QUEUE_LATER, REASON_SERVICE_UNKNOWN, "service.unknown", "the receiver is not configured now");
		return THEN_SETTLE;
	}
	d->outgoing = BUF(d->claim->body.n + (64u << 10));
	if (d->to.resend == CONF_RESEND_IDENTICAL) {
		buf_add(&d->outgoing, d->claim->body);
	} else if (!snapshot_sign(d->snap, d->pool, d->to.receiver, d->claim->body, &d->outgoing, &e).ok) {
		verdict(d, QUEUE_LATER, e.reason, reason_row(e.reason)->name, e.detail);
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
	sha256(octets, d->fact.sha256);
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
	fact_own_key(&d->fact, d->snap, d->to.receiver);
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
		verdict(d, QUEUE_RETURNED, REASON_JOURNAL_DOWN, "journal.unwritable", "");
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
	verdict(d, QUEUE_RETURNED, REASON_GATEWAY_STOPPING, "gateway.stopping", "");
	return THEN_SETTLE;
}

/* The receiver may have acted: again only where that does no harm. */
static enum then uncertain(struct delivery *d, enum reason r, const char *detail)
{
	return verdict(d, d->to.repeat_safe ? QUEUE_TROUBLE : QUEUE_REJECTED, r, reason_row(r)->name, detail);
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

static enum then refused_with(struct delivery *d, enum reason r, struct bytes code, struct bytes words)
{
	char cause[64], detail[200];
	bool again;

	snprintf(cause, sizeof cause, "%.*s", (int)(code.n > 63 ? 63 : code.n), code.p);
	snprintf(detail, sizeof detail, "%s: %.*s", cause, (int)(words.n > 120 ? 120 : words.n), words.p);
	again = worth_repeating(code) && !non_retryable(d, cause);
	return verdict(d, again ? QUEUE_TROUBLE : QUEUE_REJECTED, r, code.n ? cause : reason_row(r)->name, detail);
}

static enum then judge_fault(struct delivery *d, const struct envelope *env, bool verified)
{
	struct channel_fault fault;

	if (!verified || !channel_read_fault(d->pool, env, &fault))
		return uncertain(d, REASON_PROVIDER_FAULT, "the fault is not signed by the receiver");
	return refused_with(d, REASON_PROVIDER_FAULT, fault.error_code, fault.error_message);
}

static enum then judge_response(struct delivery *d, const struct verified *v)
{
	struct sync_response r;
	struct err e = {0};

	if (!channel_read_response(d->pool, v, &r, &e).ok)
		return uncertain(d, REASON_PROVIDER_FORMAT, e.detail);
	if (r.status_code.n >= 4 && memcmp(r.status_code.p, "SCSE", 4) == 0)
		return refused_with(d, REASON_PROVIDER_STATUS, r.status_code, r.status_message);
	return verdict(d, QUEUE_DELIVERED, REASON_NONE, "", "");
}

/* An acknowledgement is technical: that it is the right one is enough. */
static enum then judge_ack(struct delivery *d, const struct verified *v)
{
	bool response;
	enum async_operation op = async_operation_of(verified_operation(v), &response);

	if (!response || op != (d->meta.kind == DELIVERY_NOTICE ? ASYNC_CHANGE_STATUS : ASYNC_SEND_MESSAGE))
		return uncertain(d, REASON_PROVIDER_FORMAT, "not the acknowledgement of this operation");
	return verdict(d, QUEUE_DELIVERED, REASON_NONE, "", "");
}

static enum then judge_answer(struct delivery *d)
{
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	const struct verified *v = NULL;
	struct envelope *env;
	struct err e = {0};
	bool verified;

	limits.bytes = d->to.answer_bytes;
	d->pool = pool_new(DELIVERY_MOST);
	if (!d->pool || !envelope_parse(d->pool, buf_bytes(&d->result.body), &limits, &env, &e).ok) {
		if (d->result.status == 503) /* says itself that it took nothing */
			return verdict(d, QUEUE_TROUBLE, REASON_PROVIDER_CONNECT, "provider.connect", "HTTP 503");
		return uncertain(d, REASON_PROVIDER_NOT_SOAP, e.detail);
	}
	verified = security_verify(d->pool, env, d->snap->trust, stamp_now(), &v, &d->answer_who, &e).ok
		&& verified_participant(v) == d->to.receiver;
	if (channel_kind_of(envelope_operation(env)) == CHANNEL_FAULT)
		return judge_fault(d, env, verified);
	if (!verified)
		return uncertain(d, REASON_PROVIDER_UNSIGNED, e.detail);
	if (d->meta.kind == DELIVERY_SYNC)
		return judge_response(d, v);
	return judge_ack(d, v);
}

static enum then step_judge(struct delivery *d)
{
	enum reason r = call_reason(&d->result);

	if (d->result.kind == EGRESS_ANSWERED) {
		judge_answer(d);
		fact_start(d, JOURNAL_RECEIVED, JOURNAL_ANSWER, buf_bytes(&d->result.body));
		fact_certificate(&d->fact, d->answer_who);
		d->fact.duration_us = d->result.total_us;
	} else if (reason_row(r)->class == CLASS_UNCERTAIN) {
		uncertain(d, r, d->result.detail);
	} else {
		verdict(d, r == REASON_GATEWAY_STOPPING ? QUEUE_RETURNED : QUEUE_TROUBLE, r, reason_row(r)->name,
			d->result.detail);
	}
	if (d->err.reason != REASON_NONE) {
		d->fact.verdict = JOURNAL_REFUSED;
		d->fact.reason = bytes_str(reason_row(d->err.reason)->name);
		d->fact.detail = bytes_str(d->err.detail);
	}
	return d->verdict == QUEUE_DELIVERED ? THEN_NEXT : THEN_SETTLE;
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

	d->dead = dead;
	d->due_ms = due_ms;
	delivery_resume(d);
}

static enum then step_settle(struct delivery *d)
{
	struct queue_claim *claim = d->claim;

	log_event(LOG_WARNING, "delivery.failed", LOG_PART("msg_id", d->meta.message_id),
		LOG_PART("exchange", d->meta.exchange), LOG_PART("service", d->meta.service_id),
		LOG_NUM("attempt", d->kept.attempt), LOG_TEXT("reason", d->cause), LOG_TEXT("detail", d->err.detail));
	d->claim = NULL;
	queue_settle(d->flow->queue, claim, d->verdict, d->cause, settled, d);
	return THEN_WAIT;
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
	{"register-delivered", step_register_delivered}, /* waits for the disk */
	{"settle-delivered", step_settle_delivered},
};
static const struct delivery_step settling[] = {
	{"settle", step_settle},                     /* waits for Redis */
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

/* False when memory is short or the meta is none of ours; *readable tells which. */
static bool delivery_begin(struct flow *f, struct queue_claim *claim, const struct delivery_step *steps, bool *readable)
{
	struct delivery *d = calloc(1, sizeof *d);

	*readable = true;
	if (!d)
		return false;
	__atomic_add_fetch(&f->deliveries, 1, __ATOMIC_RELAXED);
	d->work.run = delivery_run;
	d->step = steps;
	d->flow = f;
	d->snap = flow_snapshot(f);
	d->claim = claim;
	d->names = pool_new(NAMES_MOST);
	d->pool = pool_new(DELIVERY_MOST);
	if (d->names && d->pool && keep_names(d)) {
		*readable = delivery_meta_read(d->kept.meta, &d->meta);
		if (*readable) {
			work_put_begun(f->work, &d->work);
			return true;
		}
	}
	delivery_end(d);
	return false;
}

void delivery_claimed(void *ctx, struct queue_claim *claim)
{
	struct flow *f = ctx;
	bool readable;

	if (delivery_begin(f, claim, delivering, &readable))
		return;
	if (readable)
		queue_settle(f->queue, claim, QUEUE_LATER, "internal.memory", NULL, NULL);
	else
		queue_settle(f->queue, claim, QUEUE_REJECTED, "meta.unreadable", NULL, NULL);
}

void delivery_expired(void *ctx, struct queue_claim *claim)
{
	bool readable;

	if (!delivery_begin(ctx, claim, expiring, &readable))
		queue_claim_free(claim);
}
