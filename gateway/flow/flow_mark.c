/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_mark - one exchange for a message, whichever gateway it comes to: what is kept for later is marked in Redis before
 * the journal hears of it.
 * Promise:  a message that its sender repeats at another gateway, after this one was lost or did not answer, goes on under
 *           the exchange that accepted it first: with the same identifiers, so the queue knows it and the receiver gets it
 *           once. The same name with other content is a conflict at every gateway.
 * Not here: repetitions at this gateway, which its journal knows (flow_request.c). */
#include <inttypes.h>
#include <stdio.h>

#include "flow/flow_int.h"

/* A mark: exchange, moment of acceptance in milliseconds, content in hex. */
static bool mark_write(struct exchange *x)
{
	SCOPED(buf_free) struct buf says = BUF(QUEUE_MARK_MOST);
	char name[ADAPTER_MESSAGE];

	adapter_message_name(x->request.sender_id, x->memory_id, name);
	buf_printf(&says, "%s %" PRId64 " ", x->guid, x->kept_ms);
	buf_hex(&says, (struct bytes){x->content, sizeof x->content});
	x->mark.name = bytes_str(pool_copy(x->pool, bytes_str(name)));
	x->mark.says = bytes_str(pool_copy(x->pool, buf_bytes(&says)));
	return x->mark.name.n && x->mark.says.n;
}

struct first {
	struct bytes exchange, content;
	int64_t accepted_ms;
};

static bool mark_read(const char *there, struct first *out)
{
	char exchange[39], content[65];
	int64_t ms;
	int end = 0;

	if (sscanf(there, "%38s %" SCNd64 " %64s%n", exchange, &ms, content, &end) != 3 || there[end] ||
		strlen(exchange) != 38 || strlen(content) != 64)
		return false;
	out->exchange = (struct bytes){(const unsigned char *)there, 38};
	out->content = (struct bytes){(const unsigned char *)there + end - 64, 64};
	out->accepted_ms = ms;
	return true;
}

static void mark_done(struct queue_mark *mark, enum queue_result result, const struct err *e)
{
	struct exchange *x = mark->ctx;

	x->mark_result = result;
	if (e)
		x->mark_err = *e;
	exchange_resume(x);
}

enum after step_mark(struct exchange *x)
{
	if (!mark_write(x))
		return exchange_refuse(x, REASON_MEMORY, "no memory for the mark of the message");
	x->mark.holder = bytes_str(x->caller->name);
	x->mark.for_ms = x->snap->conf->queue.remember_ms;
	x->mark.done = mark_done;
	x->mark.ctx = x;
	exchange_stage_drop(x);
	queue_mark(x->flow->queue, &x->mark);
	return AFTER_WAIT;
}

/* Reads and composes anew: what is kept names its exchange. */
static enum after go_on_as_first(struct exchange *x, const struct first *first)
{
	enum after read;

	x->adopted = true;
	x->was_kept = false; /* of that exchange this journal has no word */
	x->kept_ms = first->accepted_ms;
	buf_free(&x->outgoing);
	exchange_go_on_as(x, first->exchange);
	read = exchange_read_again(x);
	if (read != AFTER_NEXT)
		return read;
	exchange_go_on_as(x, first->exchange);
	return x->async ? step_keep_async(x) : step_keep(x);
}

static enum after known(struct exchange *x)
{
	SCOPED(buf_free) struct buf content = BUF(80);
	struct first first;

	buf_hex(&content, (struct bytes){x->content, sizeof x->content});
	if (!mark_read(x->mark.there, &first))
		return exchange_refuse(x, REASON_QUEUE_DOWN, "the mark of the message in Redis is not one of a gateway");
	if (!bytes_eq(first.content, buf_bytes(&content)))
		return exchange_refuse(x, REASON_REPLAY_CONFLICT, "first used in exchange %.38s", first.exchange.p);
	if (bytes_is(first.exchange, x->guid)) {
		x->kept_ms = first.accepted_ms;
		return AFTER_NEXT;
	}
	return go_on_as_first(x, &first);
}

enum after step_adopt(struct exchange *x)
{
	switch (x->mark_result) {
	case QUEUE_DONE:
		return AFTER_NEXT;
	case QUEUE_KNOWN:
		return known(x);
	case QUEUE_FULL:
		return exchange_refuse(x, REASON_QUEUE_FULL, "%s", x->mark_err.detail);
	default: /* also when it may be there: nothing was accepted, and it names this very message */
		return exchange_refuse(x, REASON_QUEUE_DOWN, "%s", x->mark_err.detail);
	}
}
