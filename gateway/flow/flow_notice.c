/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_notice - messages that the gateway itself makes, and of these the status notices: the sender of an asynchronous
 * message is told what became of it, through the queue like any message. A notice is on disk in the journal before it is in
 * Redis.
 * Not here: notices of services (flow_tell.c). */
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "log/log.h"

#include "flow/flow_notice.h"

#define NOTICE_MOST (64u << 10)

static void notice_end(struct notice *n)
{
	struct flow *f = n->flow;

	buf_free(&n->body);
	pool_free(&n->pool);
	snapshot_drop(&n->snap);
	free(n);
	__atomic_sub_fetch(&f->deliveries, 1, __ATOMIC_RELEASE);
}

static void put_done(struct queue_put *put, enum queue_result result, const struct err *e)
{
	if (result != QUEUE_DONE && result != QUEUE_KNOWN)
		log_event(LOG_WARNING, "notice.not-queued", LOG_PART("notice", put->id), LOG_TEXT("detail", e ? e->detail : ""),
			LOG_TEXT("remedy", "qaqpa queue rebuild restores it from the journal"));
	notice_end(put->ctx);
}

static void registered(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct notice *n = entry->ctx;

	if (result.ok) {
		queue_put(n->flow->queue, &n->put);
		return;
	}
	log_err(LOG_ERROR, "notice.not-registered", e, NULL);
	notice_end(n);
}

static outcome notice_write(struct notice *n, const struct delivery_meta *m, enum async_state state, const char *code,
	const char *words, struct err *e)
{
	struct async_status s = {
		.state = state,
		.code = bytes_str(code),
		.message = bytes_str(words),
		.date = stamp_now(),
		.message_id = m->message_id,
		.notification_id = n->put.id,
		.session_id = m->exchange,
	};

	return async_write_status_notification(&s, stamp_now(), &n->body, e);
}

struct notice *notice_new(struct flow *f, const struct snapshot *s)
{
	struct notice *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	__atomic_add_fetch(&f->deliveries, 1, __ATOMIC_RELAXED);
	n->flow = f;
	n->snap = snapshot_keep((struct snapshot *)(uintptr_t)s);
	n->pool = pool_new(1u << 20);
	n->body = BUF(NOTICE_MOST);
	return n;
}

bool notice_address(struct notice *n, const struct delivery_meta *about, struct bytes destination,
	const struct queue_policy *policy, const char *guid)
{
	struct delivery_meta meta = *about;

	if (!n->pool)
		return false;
	n->put.id = bytes_str(pool_copy(n->pool, bytes_str(guid)));
	meta.exchange = n->put.id;
	n->put.destination.p = (const unsigned char *)pool_copy(n->pool, destination);
	n->put.destination.n = destination.n;
	n->put.order_key = BYTES_NONE;
	n->put.meta = delivery_meta_write(&meta, n->pool);
	n->put.policy = policy;
	n->put.accepted_ms = stamp_now().ms;
	n->put.done = put_done;
	n->put.ctx = n;
	queue_policy_print(n->put.policy, n->policy);
	return n->put.id.n && n->put.destination.p && destination.n && n->put.meta.n;
}

void notice_register(struct notice *n, bool keep_earlier)
{
	n->put.body = buf_bytes(&n->body);
	n->word = (struct journal_waiting){
		.id = n->put.id,
		.destination = n->put.destination,
		.meta = n->put.meta,
		.policy = bytes_str(n->policy),
		.state = WAITING_QUEUED,
		.accepted_ms = n->put.accepted_ms,
		.due_ms = n->put.accepted_ms,
		.expire_ms = n->put.policy->expire_after_ms ? n->put.accepted_ms + n->put.policy->expire_after_ms : 0,
		.body = n->put.body,
		.keep_earlier = keep_earlier,
	};
	n->entry = (struct journal_entry){.waiting = &n->word, .done = registered, .ctx = n};
	journal_put(n->flow->journal, &n->entry);
}

void notice_fail(struct notice *n, const struct err *e)
{
	log_err(LOG_ERROR, "notice.not-made", e, NULL);
	notice_end(n);
}

static bool address_status(struct notice *n, const struct conf_participant *to, const struct delivery_meta *about)
{
	struct delivery_meta meta = *about;
	char guid[39];

	guid_new(guid);
	meta.kind = DELIVERY_NOTICE;
	meta.receiver = bytes_str(to->name);
	return n->pool && notice_address(n, &meta, destination_of(n->pool, to, DELIVERY_NOTICE),
		&n->snap->participants[to - n->snap->conf->participants].retry, guid);
}

void notice_send(struct flow *f, const struct snapshot *s, const struct delivery_meta *m, enum async_state state,
	const char *code, const char *words)
{
	const struct conf_participant *to = conf_participant_named(s->conf, m->participant);
	struct notice *n;
	struct err e = {0};

	if (!to || !to->async.endpoint || !to->async.notices || m->kind == DELIVERY_NOTICE || m->kind == DELIVERY_SYNC)
		return;
	n = notice_new(f, s);
	if (!n)
		return;
	if (address_status(n, to, m) && notice_write(n, m, state, code, words, &e).ok)
		notice_register(n, false);
	else
		notice_fail(n, &e);
}
