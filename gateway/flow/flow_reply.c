/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_reply - the beginning and the end of an exchange. */
#include <stdlib.h>

#include "base/ident.h"
#include "log/log.h"

#include "flow/flow_int.h"

#define EXCHANGE_MOST (1u << 20)
#define RETRY_AFTER_S 5
#define MESSAGE_MOST (256u << 20)

void exchange_begin(struct flow *f, struct snapshot *snap, const struct conf_listener *listener, bool async,
	struct front_request *http)
{
	struct exchange *x = calloc(1, sizeof *x);
	struct pool *pool = x ? pool_new(EXCHANGE_MOST) : NULL;

	if (!pool) {
		struct front_answer busy = {.status = 503, .retry_after_s = RETRY_AFTER_S};

		free(x);
		snapshot_drop(&snap);
		front_respond(http, &busy);
		return;
	}
	x->work.run = exchange_run;
	x->flow = f;
	x->snap = snap;
	x->listener = listener;
	x->http = http;
	x->async = async;
	x->op = ASYNC_OTHER;
	x->pool = pool;
	x->at = stamp_now();
	x->outgoing = BUF(MESSAGE_MOST);
	x->answer = BUF(MESSAGE_MOST);
	guid_new(x->guid);
	__atomic_add_fetch(&f->exchanges, 1, __ATOMIC_RELAXED);
	work_put_in_line(f->work, http->line, &x->work);
}

void exchange_end(struct exchange *x)
{
	struct flow *f = x->flow;

	if (x->remembered)
		open_set_leave(f->open, x->request.sender_id, x->memory_id);
	exchange_give_back(x);
	buf_free(&x->outgoing);
	buf_free(&x->answer);
	buf_free(&x->recall.answer);
	buf_free(&x->text);
	buf_free(&x->result.body);
	pool_free(&x->stage);
	pool_free(&x->pool);
	snapshot_drop(&x->snap);
	free(x);
	__atomic_sub_fetch(&f->exchanges, 1, __ATOMIC_RELEASE);
}

static void count(struct exchange *x)
{
	uint64_t *counter = x->from_memory ? &x->flow->replayed
		: x->err.reason == REASON_NONE ? &x->flow->answered : &x->flow->faulted;

	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* The answer could not be registered: what is told must not claim more than is known. */
static void unregistered(struct exchange *x)
{
	log_err(LOG_ERROR, "journal.failed", &x->journal_err, x->error_id);
	if (x->err.reason != REASON_NONE)
		return; /* a refusal says no more than it knows */
	/* A message that is kept meets its acceptance when it comes again; a provider may have acted; a question was not
	 * answered. */
	exchange_refuse(x, !x->accepted ? REASON_JOURNAL_DOWN : x->put.done ? REASON_QUEUE_UNCERTAIN : REASON_JOURNAL_LATE, "%s",
		x->journal_err.detail);
	x->from_memory = false;
	step_refuse(x);
}

enum after step_reply(struct exchange *x)
{
	struct front_answer answer = {.content_type = "text/xml; charset=utf-8"};

	if (!x->registered)
		unregistered(x);
	answer.status = x->status;
	if (x->answer_rest.n > 0) {
		answer.body = buf_bytes(&x->answer);
		answer.more = &x->result.body;
		answer.more_from = x->result.body.len - x->answer_rest.n;
	} else if (x->answer.len > LIGHT_OCTETS) {
		answer.more = &x->answer;
	} else {
		answer.body = buf_bytes(&x->answer);
	}
	answer.retry_after_s = x->status == 503 ? RETRY_AFTER_S : 0;
	answer.charge_us = x->charge_us;
	answer.welcome = x->known;
	count(x);
	log_event(LOG_DEBUG, "message.answered", LOG_TEXT("exchange", x->guid), LOG_NUM("status", x->status),
		LOG_NUM("dur_us", mono_us() - x->http->arrived_us));
	/* Leave the open set and the places first: the client may repeat the message, or send his next one, the moment he has
	 * the answer. */
	struct front_request *http = x->http;
	if (x->remembered)
		open_set_leave(x->flow->open, x->request.sender_id, x->memory_id);
	x->remembered = false;
	exchange_give_back(x);
	front_respond(http, &answer);
	exchange_end(x);
	return AFTER_END;
}
