/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_register - the facts of sending and receiving (B4), with the exact octets, before anything is answered. */
#include "flow/flow_int.h"

static struct journal_fact fact_new(const struct exchange *x, enum journal_direction direction, enum journal_kind kind,
	struct bytes octets)
{
	struct journal_fact f = {
		.at = stamp_now(),
		.direction = direction,
		.kind = kind,
		.service_id = x->request.service_id,
		.sender_id = x->request.sender_id,
		.message_id = x->request.message_id,
		.correlation_id = x->request.correlation_id,
		.size = octets.n,
		.octets = octets,
	};

	memcpy(f.exchange, x->guid, sizeof f.exchange);
	return f;
}

/* What was sent on, in two parts. */
static void fact_rest(struct journal_fact *f, struct bytes rest)
{
	f->rest = rest;
	f->size += rest.n;
}

static void octets_forget(struct journal_fact *f)
{
	sha256(f->octets, f->sha256);
	f->octets = BYTES_NONE;
}

void fact_certificate(struct journal_fact *f, const struct trust_cert *c)
{
	if (!c)
		return;
	f->certificate = bytes_str(c->print);
	f->subject = bytes_str(c->subject);
}

void fact_own_key(struct journal_fact *f, const struct trust_key *key)
{
	f->verdict = JOURNAL_SIGNED;
	f->certificate = bytes_str(key->print);
	f->subject = bytes_str(key->subject);
}

static void fact_refused(const struct exchange *x, struct journal_fact *f)
{
	f->verdict = JOURNAL_REFUSED;
	f->reason = bytes_str(reason_row(x->err.reason)->name);
	f->detail = bytes_str(x->err.detail);
	f->error_id = bytes_str(x->error_id);
	if (f->size > REFUSED_OCTETS_MOST || x->err.reason == REASON_SECRET_MARK) /* B7: content is not kept */
		octets_forget(f);
}

static void add_received_request(struct exchange *x)
{
	struct journal_fact *f = &x->facts[x->fact_count++];

	*f = fact_new(x, JOURNAL_RECEIVED, JOURNAL_REQUEST, x->http->body);
	f->at = x->at;
	f->peer = bytes_str(x->http->peer);
	f->participant = bytes_str(x->caller ? x->caller->name : "");
	f->duration_us = mono_us() - x->http->arrived_us;
	f->detail = x->evidence;
	fact_certificate(f, x->who);
	if (x->err.reason != REASON_NONE)
		fact_refused(x, f);
}

static void add_sent_request(struct exchange *x)
{
	struct journal_fact *f = &x->facts[x->fact_count++];

	*f = fact_new(x, JOURNAL_SENT, JOURNAL_REQUEST, buf_bytes(&x->outgoing));
	fact_rest(f, x->outgoing_rest);
	f->participant = bytes_str(x->service->provider->name);
	f->peer = bytes_str(x->service->endpoint);
	fact_own_key(f, x->outgoing_key);
}

static void add_received_answer(struct exchange *x)
{
	struct journal_fact *f = &x->facts[x->fact_count++];

	*f = fact_new(x, JOURNAL_RECEIVED, JOURNAL_ANSWER, buf_bytes(&x->result.body));
	f->participant = bytes_str(x->service->provider->name);
	f->peer = bytes_str(x->service->endpoint);
	f->duration_us = x->result.total_us;
	f->detail = x->answer_evidence;
	fact_certificate(f, x->answer_who);
	if (x->err.reason != REASON_NONE)
		fact_refused(x, f);
}

static void add_sent_answer(struct exchange *x)
{
	struct journal_fact *f = &x->facts[x->fact_count++];

	*f = fact_new(x, JOURNAL_SENT, x->answer_kind, buf_bytes(&x->answer));
	fact_rest(f, x->answer_rest);
	f->participant = bytes_str(x->caller ? x->caller->name : "");
	f->peer = bytes_str(x->http->peer);
	f->duration_us = mono_us() - x->http->arrived_us;
	f->verdict = JOURNAL_PLAIN;
	if (x->answer_signed)
		fact_own_key(f, x->answer_key);
	if (x->err.reason != REASON_NONE) {
		f->reason = bytes_str(reason_row(x->err.reason)->name);
		f->detail = bytes_str(x->err.detail);
		f->error_id = bytes_str(x->error_id);
	}
}

static void entry_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct exchange *x = entry->ctx;

	x->registered = result.ok;
	if (!result.ok)
		x->journal_err = *e;
	exchange_waited(x);
}

void exchange_waited(struct exchange *x)
{
	if (__atomic_sub_fetch(&x->waits, 1, __ATOMIC_ACQ_REL) == 0)
		exchange_registered(x);
}

/* The trees go before the wait: what waits holds octets and identifiers only. x->waits is set. */
static enum after register_facts(struct exchange *x, bool seen)
{
	exchange_stage_drop(x);
	x->entry = (struct journal_entry){
		.waiting = x->entry.waiting,
		.facts = x->facts,
		.fact_count = x->fact_count,
		.seen = seen ? &x->seen : NULL,
		.done = entry_done,
		.ctx = x,
	};
	journal_put(x->flow->journal, &x->entry);
	return AFTER_WAIT;
}

/* The newest word on the message in the record of what waits for delivery. */
static void wait_word(struct exchange *x, enum journal_waiting_state state)
{
	x->waiting = (struct journal_waiting){
		.id = bytes_str(x->guid),
		.destination = x->destination,
		.order_key = x->put.due_ms == QUEUE_NEVER ? BYTES_NONE : x->request.correlation_id,
		.meta = x->meta,
		.policy = x->policy,
		.state = state,
		.accepted_ms = x->kept_ms,
		.due_ms = x->put.due_ms ? x->put.due_ms : x->kept_ms,
		.expire_ms = x->put.policy->expire_after_ms ? x->kept_ms + x->put.policy->expire_after_ms : 0,
	};
	x->entry.waiting = &x->waiting;
}

static void see(struct exchange *x, enum journal_seen_state state)
{
	x->seen = (struct journal_seen){
		.sender_id = x->request.sender_id,
		.message_id = x->memory_id,
		.state = state,
		.answer_status = x->status,
	};
	memcpy(x->seen.content, x->content, sizeof x->content);
	memcpy(x->seen.exchange, x->guid, sizeof x->guid);
}

enum after step_register_request(struct exchange *x)
{
	x->fact_count = 0;
	add_received_request(x);
	add_sent_request(x);
	see(x, SEEN_OPEN);
	x->waits = 1;
	return register_facts(x, true);
}

enum after step_register_keep(struct exchange *x)
{
	x->fact_count = 0;
	add_received_request(x);
	see(x, SEEN_OPEN);
	if (!x->was_kept) {
		wait_word(x, WAITING_QUEUED);
		x->waiting.body = buf_bytes(&x->outgoing);
		x->waiting.keep_earlier = x->adopted; /* this gateway may have delivered it for the other one */
	}
	x->waits = 1;
	return register_facts(x, true);
}

/* What the receiver of a fetched message says of it stands in the exchange of that message, as its answer. */
static void add_notification(struct exchange *x)
{
	struct journal_fact *f = &x->facts[x->fact_count++];

	*f = fact_new(x, JOURNAL_RECEIVED, JOURNAL_ANSWER, BYTES_NONE);
	f->participant = bytes_str(x->caller->name);
	f->peer = bytes_str(x->http->peer);
	fact_certificate(f, x->who);
	memcpy(f->exchange, x->waiting.id.p, sizeof f->exchange);
	if (x->waiting.state != WAITING_DELIVERED) {
		f->verdict = JOURNAL_REFUSED;
		f->reason = bytes_str(reason_row(REASON_PROVIDER_STATUS)->name);
	}
}

/* The queue was asked, and for certain does not have the message. */
static bool not_kept(const struct exchange *x)
{
	return x->put.done && (x->put_result == QUEUE_FULL || x->put_result == QUEUE_DOWN);
}

bool exchange_is_certain(const struct exchange *x)
{
	if (x->err.reason == REASON_NONE)
		return true;
	if (x->err.reason == REASON_PROVIDER_FAULT)
		return x->provider_words.n > 0; /* else it is not signed, and nobody's word */
	return !x->has_earlier && (!x->mark.done || x->mark_result == QUEUE_DONE);
}

enum journal_seen_state exchange_final(const struct exchange *x)
{
	if (x->err.reason == REASON_NONE)
		return SEEN_ANSWERED;
	if (x->put.done && !not_kept(x))
		return SEEN_OPEN; /* put again under the same id it is known */
	switch (reason_row(x->err.reason)->class) {
	case CLASS_REJECT:
		return SEEN_ANSWERED;
	case CLASS_RETRY: /* nothing was sent, unless the provider answered and we then failed, or an earlier copy was */
		return x->answered || x->has_earlier ? SEEN_UNCERTAIN : SEEN_RELEASED;
	default:
		return SEEN_UNCERTAIN;
	}
}

enum after step_register_answer(struct exchange *x)
{
	x->fact_count = 0;
	x->entry.waiting = NULL;
	if (x->has_word)
		x->entry.waiting = &x->waiting;
	if (not_kept(x) && !x->was_kept && !x->adopted) /* an earlier word may be of a message that is in the queue */
		wait_word(x, WAITING_DROPPED);
	if (!x->accepted)
		add_received_request(x);
	else if (x->answered)
		add_received_answer(x);
	add_sent_answer(x);
	if (x->has_word)
		add_notification(x);
	if (x->from_memory)
		x->facts[0].reason = x->facts[1].reason = BYTES_LIT("replay.answered");
	if (x->from_memory && !x->recall.answer.len) /* the octets stand in the first exchange, or in another journal */
		octets_forget(&x->facts[1]);
	if (x->accepted || x->handled)
		see(x, exchange_final(x));
	x->waits = 1;
	if (x->taken) {
		x->waits = 2;
		memory_tell(x, true);
	}
	return register_facts(x, x->accepted || x->handled);
}
