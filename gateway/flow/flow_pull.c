/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_pull - what participants ask of the asynchronous channel: getMessages, getMessageStatus and
 * sendDeliveryNotification. They wait for Redis, so they run on threads of their own. */
#include <stdio.h>

#include "log/log.h"

#include "flow/flow_int.h"

#define PULL_MOST 100            /* messages of one answer */
#define PULL_OCTETS (8u << 20)   /* of one answer, unless the first message is longer */

enum after step_identify_asker(struct exchange *x)
{
	bool named = x->request.sender_id.n > 0 || x->caller->password_hash; /* sender may be left out: the certificate says */
	bool dated = x->op == ASYNC_SEND_DELIVERY_NOTIFICATION || x->question.has_date;

	if (named && !policy_sender(x->verified, &x->request, &x->err).ok)
		return AFTER_REFUSE;
	x->known = true;
	x->request.date = x->op == ASYNC_SEND_DELIVERY_NOTIFICATION ? x->delivery.date : x->question.date;
	return dated ? exchange_after(policy_fresh(x->verified, &x->request, x->at, &x->err)) : AFTER_NEXT;
}

struct found {
	struct pool *pool;
	const struct exchange *x;
	struct bytes id[PULL_MOST], meta;
	size_t n, most;
	enum queue_where where;
	bool any;
};

static bool matches(const struct found *f, const struct delivery_meta *m)
{
	const struct sync_request *r = &f->x->request;

	return bytes_eq(m->service_id, r->service_id)
		&& (r->correlation_id.n == 0 || bytes_eq(m->correlation_id, r->correlation_id));
}

static bool collect(void *ctx, const struct queue_item *item)
{
	struct found *f = ctx;
	struct delivery_meta m;

	if (!delivery_meta_read(item->meta, &m) || !matches(f, &m))
		return true;
	f->id[f->n++] = (struct bytes){(const unsigned char *)pool_copy(f->pool, item->id), item->id.n};
	return f->n < f->most;
}

static bool see_one(void *ctx, const struct queue_item *item)
{
	struct found *f = ctx;

	f->any = true;
	f->where = item->where;
	f->meta = (struct bytes){(const unsigned char *)pool_copy(f->pool, item->meta), item->meta.n};
	return false;
}

/* The queue's name of the message that was asked about: its messageId in braces. NULL when none was named. */
static const char *queue_id(const struct exchange *x)
{
	struct bytes id = x->request.message_id;

	return id.n == 36 ? pool_printf(x->pool, "{%.*s}", (int)id.n, id.p) : id.n ? "{unknown}" : NULL;
}

static outcome add_message(struct exchange *x, struct queue_admin *admin, struct bytes destination, struct bytes id)
{
	SCOPED(buf_free) struct buf body = BUF(256u << 20);
	struct bytes scope, item;

	TRY(queue_admin_body(admin, destination, id, &body, &x->err));
	TRY(async_item_of(x->stage, buf_bytes(&body), &scope, &item, &x->err));
	async_write_messages_item(scope, item, &x->text);
	return buf_ok(&x->text) ? DONE : err_set(&x->err, REASON_MEMORY, "no memory for the messages");
}

static outcome get_messages(struct exchange *x, struct queue_admin *admin)
{
	struct bytes destination = destination_of(x->pool, x->caller, DELIVERY_PULL);
	struct queue_filter filter = {.destination = (const char *)destination.p, .where = QUEUE_WAITING, .id = queue_id(x)};
	struct found f = {.pool = x->pool, .x = x, .most = PULL_MOST};

	if (x->question.amount > 0 && x->question.amount < PULL_MOST)
		f.most = (size_t)x->question.amount;
	TRY(queue_admin_list(admin, &filter, collect, &f, &x->err));
	async_write_messages_begin(stamp_now(), x->guid, &x->text);
	for (size_t i = 0; i < f.n && (i == 0 || x->text.len < PULL_OCTETS); i++)
		TRY(add_message(x, admin, destination, f.id[i]));
	async_write_messages_end(&x->text);
	return buf_ok(&x->text) ? DONE : err_set(&x->err, REASON_MEMORY, "no memory for the messages");
}

/* What the journal knows of a message of the caller. */
struct history {
	const struct exchange *x;
	bool sent, answered, delivered;
};

static bool each_fact(void *ctx, const struct journal_fact *f)
{
	struct history *h = ctx;

	if (f->direction == JOURNAL_RECEIVED && f->kind == JOURNAL_REQUEST && f->verdict == JOURNAL_ACCEPTED)
		h->sent = h->sent || bytes_is(f->participant, h->x->caller->name);
	if (f->direction == JOURNAL_RECEIVED && f->kind == JOURNAL_ANSWER && !h->answered) { /* the newest comes first */
		h->answered = true;
		h->delivered = f->verdict == JOURNAL_ACCEPTED;
	}
	return true;
}

/* While Redis has the message it says; afterwards the receiver's last answer does, and without one an operator took it. */
static enum async_state state_of(const struct found *f, const struct history *h)
{
	if (f->any)
		return f->where == QUEUE_DEAD ? ASYNC_NOT_DELIVERED : ASYNC_ON_DELIVERY;
	if (!h->answered)
		return ASYNC_DELIVERY_STOPPED;
	return h->delivered ? ASYNC_DELIVERED : ASYNC_NOT_DELIVERED;
}

static outcome get_status(struct exchange *x, struct queue_admin *admin)
{
	static const char *const words[] = {[ASYNC_ON_DELIVERY] = "The message waits for its receiver.",
		[ASYNC_DELIVERED] = "The receiver has the message.", [ASYNC_NOT_DELIVERED] = "The message could not be delivered.",
		[ASYNC_DELIVERY_STOPPED] = "The delivery was stopped."};
	struct journal_filter facts = {.exchange = queue_id(x)};
	struct queue_filter filter = {.where = -1, .id = facts.exchange};
	struct found f = {.pool = x->pool, .x = x};
	struct history h = {.x = x};
	struct async_status s = {.date = stamp_now()};

	/* Redis first: the answer of what has left it stands in the journal by then, or somebody took it out. */
	TRY(queue_admin_list(admin, &filter, see_one, &f, &x->err));
	TRY(journal_find(x->snap->conf->journal.directory, &facts, each_fact, &h, &x->err));
	if (!h.sent)
		return err_set(&x->err, REASON_ASYNC_MESSAGE, "getMessageStatus");
	s.state = state_of(&f, &h);
	s.code = bytes_str(async_state_name(s.state));
	s.message = bytes_str(words[s.state]);
	return async_write_status_answer(&s, stamp_now(), x->guid, &x->text, &x->err);
}

/* The newest word on a fetched message, registered together with the answer. */
static void fetched_word(struct exchange *x, struct bytes meta, enum journal_waiting_state state)
{
	x->waiting = (struct journal_waiting){
		.id = bytes_str(queue_id(x)),
		.destination = x->destination,
		.meta = meta,
		.state = state,
		.accepted_ms = x->at.ms,
	};
	x->has_word = true;
}

static outcome take_delivery(struct exchange *x, struct queue_admin *admin)
{
	struct queue_filter filter = {.where = QUEUE_WAITING, .id = queue_id(x)};
	struct found f = {.pool = x->pool, .x = x};
	struct delivery_meta meta;
	bool again = !x->delivery.accepted && x->delivery.resend;

	x->destination = destination_of(x->pool, x->caller, DELIVERY_PULL);
	filter.destination = (const char *)x->destination.p;
	TRY(queue_admin_list(admin, &filter, see_one, &f, &x->err));
	if (!f.any || !delivery_meta_read(f.meta, &meta))
		return err_set(&x->err, REASON_ASYNC_MESSAGE, "sendDeliveryNotification");
	if (!again)
		fetched_word(x, f.meta, x->delivery.accepted ? WAITING_DELIVERED : WAITING_DEAD);
	return async_write_delivery_ack(x->guid, stamp_now(), x->guid, &x->text, &x->err);
}

static outcome admin_open(struct exchange *x, struct queue_admin **admin)
{
	const struct conf *c = x->snap->conf;
	struct queue_server server;
	struct queue_shard *shards;

	TRY(flow_queue_servers(c, x->pool, &server, &shards, &x->err));
	TRY(queue_admin_open(&server, c->queue.spool, admin, &x->err));
	queue_admin_shards(*admin, shards, c->shard_count);
	return DONE;
}

static outcome ask(struct exchange *x)
{
	SCOPED(queue_admin_close) struct queue_admin *admin = NULL;

	TRY(admin_open(x, &admin));
	switch (x->op) {
	case ASYNC_GET_MESSAGES:
		return get_messages(x, admin);
	case ASYNC_GET_MESSAGE_STATUS:
		return get_status(x, admin);
	default:
		return take_delivery(x, admin);
	}
}

static void ask_run(struct work_item *item)
{
	struct exchange *x = (struct exchange *)item;

	x->text = BUF(256u << 20);
	x->ran = ask(x);
	if (!x->ran.ok && reason_row(x->err.reason)->class != CLASS_REJECT)
		x->err.reason = REASON_QUEUE_DOWN; /* whatever is wrong with it, the participant comes back later */
	x->work.run = exchange_run;
	exchange_resume(x);
}

enum after step_ask(struct exchange *x)
{
	if (!x->flow->pullers)
		return exchange_refuse(x, REASON_QUEUE_DOWN, "there is no queue");
	if (!exchange_stage(x).ok)
		return AFTER_REFUSE;
	x->work.run = ask_run;
	work_put_in_line(x->flow->pullers, exchange_line(x), &x->work);
	return AFTER_WAIT;
}

static void tell_sender(struct exchange *x)
{
	bool done = x->delivery.accepted;
	struct delivery_meta meta;

	if (delivery_meta_read(x->waiting.meta, &meta))
		notice_send(x->flow, x->snap, &meta, done ? ASYNC_DELIVERED : ASYNC_NOT_DELIVERED, done ? "DELIVERED" : "NOT_RESEND",
			done ? "The receiver accepted the message."
				: "The receiver did not accept the message and does not want it again.");
}

/* The word on the message is on disk, so it may leave Redis. When that fails it is fetched once more under the same
 * identifiers. */
static void finish_run(struct work_item *item)
{
	struct exchange *x = (struct exchange *)item;
	SCOPED(queue_admin_close) struct queue_admin *admin = NULL;
	struct err kept = x->err;

	if (!admin_open(x, &admin).ok || !queue_admin_drop(admin, x->destination, x->waiting.id, &x->err).ok)
		log_err(LOG_WARNING, "fetched.not-dropped", &x->err, NULL);
	x->err = kept;
	tell_sender(x);
	x->work.run = exchange_run;
	exchange_resume(x);
}

enum after step_finish_asked(struct exchange *x)
{
	if (!x->has_word || !x->registered)
		return AFTER_NEXT;
	x->work.run = finish_run;
	work_put_in_line(x->flow->pullers, exchange_line(x), &x->work);
	return AFTER_WAIT;
}
