/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp_run - the thread that asks for tokens until they come.
 * Promise:  at most ASKED_MOST questions at once, and a single one while the authority is in trouble; an order whose
 *           answers are wrong waits longer and longer and is never given up; only a token that was judged is kept.
 * Not here: calls (egress), orders and tokens as files (timestamp.c, base). */
#include <time.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/file.h"
#include "base/ident.h"
#include "log/log.h"

#include "timestamp/timestamp_int.h"

static int64_t wait_of(const struct timestamp *t, int attempts)
{
	unsigned char chance;

	random_fill(&chance, sizeof chance);
	return line_wait_ms(t->s.initial_ms, t->s.max_interval_ms, attempts, chance / 255.0);
}

static void spare(struct timestamp *t, struct question *q)
{
	buf_free(&q->body);
	q->next = t->spare;
	t->spare = q;
}

/* ---- asking ---- */

static void on_answer(struct egress_call *call, struct egress_result *result)
{
	struct question *q = call->ctx;
	struct timestamp *t = q->of;

	q->result = *result;
	pthread_mutex_lock(&t->lock);
	q->next = t->answered;
	t->answered = q;
	pthread_cond_signal(&t->turned);
	pthread_mutex_unlock(&t->lock);
}

/* "<oid of the digest> <imprint>\n" */
static bool read_order(struct timestamp *t, struct question *q, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(1024), imprint = BUF(TIMESTAMP_IMPRINT_MOST);
	enum timestamp_digest d = 0;
	struct bytes line;
	size_t n;

	if (!file_read(t->orders, q->order.name, 512, &text, e).ok)
		return false;
	line = buf_bytes(&text);
	for (;; d++) {
		if (d == TIMESTAMP_SHA1)
			return err_set(e, REASON_IO, "the order %s is malformed", q->order.name).ok;
		n = strlen(timestamp_digest_row(d)->oid);
		if (line.n > n + 2 && memcmp(line.p, timestamp_digest_row(d)->oid, n) == 0 && line.p[n] == ' ')
			break;
	}
	if (!hex_decode(bytes_sub(line, n + 1, line.n - 1), &imprint) || imprint.len != timestamp_digest_row(d)->octets)
		return err_set(e, REASON_IO, "the order %s is malformed", q->order.name).ok;
	memcpy(q->imprint, imprint.data, imprint.len);
	q->asked.digest = d;
	q->asked.imprint = (struct bytes){q->imprint, imprint.len};
	return true;
}

static bool prepare(struct timestamp *t, struct question *q)
{
	struct err e;

	if (timestamp_has_token(t, q->order.name)) { /* it died between token and order */
		timestamp_settle(t, q->order.name);
		return false;
	}
	random_fill(q->nonce, sizeof q->nonce);
	q->asked.policy = t->s.policy;
	q->asked.nonce = (struct bytes){q->nonce, sizeof q->nonce};
	q->body = BUF(4096);
	if (read_order(t, q, &e) &&
		timestamp_request(q->asked.digest, q->asked.imprint, q->asked.policy, q->asked.nonce, &q->body, &e).ok)
		return true;
	log_err(LOG_ERROR, "timestamp.order", &e, NULL);
	return false;
}

/* Outside the lock. */
static bool ask(struct timestamp *t, struct question *q)
{
	if (!prepare(t, q))
		return false;
	q->call = (struct egress_call){.url = t->s.url,
		.content_type = "application/timestamp-query",
		.accept = "application/timestamp-reply",
		.body = buf_bytes(&q->body),
		.deadline_ms = t->s.deadline_ms,
		.answer_bytes = TOKEN_MOST,
		.done = on_answer,
		.ctx = q};
	egress_submit(t->egress, &q->call);
	return true;
}

/* ---- answers ---- */

static outcome keep(struct timestamp *t, struct question *q, struct err *e)
{
	SCOPED(buf_free) struct buf token = BUF(TOKEN_MOST);
	struct timestamp_token says;
	bool made;

	TRY(timestamp_judge(buf_bytes(&q->result.body), &q->asked, t->s.authorities, t->s.authority_count, &token, &says, e));
	TRY(file_create(t->tokens, q->order.name, buf_bytes(&token), &made, e));
	timestamp_settle(t, q->order.name);
	if (made && t->s.on_token) /* else it had come before */
		t->s.on_token(t->s.ctx, bytes_str(q->order.name), buf_bytes(&token), &says);
	return DONE;
}

static outcome judge(struct timestamp *t, struct question *q, struct err *e)
{
	if (q->result.kind != EGRESS_ANSWERED)
		return err_set(e, REASON_STAMP_LATER, "%s", q->result.detail);
	if (q->result.status != 200)
		return err_set(e, REASON_STAMP_LATER, "HTTP status %d", q->result.status);
	return keep(t, q, e);
}

/* Outside the lock; then, inside it, what follows for the order and for all others. */
static void take_answer(struct timestamp *t, struct question *q)
{
	struct err e;
	bool done = judge(t, q, &e).ok, answers = done || e.reason == REASON_STAMP_REFUSED;

	if (!done)
		log_event(LOG_WARNING, "timestamp.none", LOG_TEXT("order", q->order.name), LOG_TEXT("authority", t->s.url),
			LOG_TEXT("policy", t->s.policy ? t->s.policy : "any"),
			LOG_TEXT("reason", reason_row(e.reason)->name), LOG_TEXT("detail", e.detail),
			LOG_NUM("attempts", q->order.attempts + 1));
	buf_free(&q->result.body);
	pthread_mutex_lock(&t->lock);
	t->troubles = answers ? 0 : t->troubles + 1;
	t->pause_until_ms = answers ? 0 : mono_ms() + wait_of(t, t->troubles);
	if (!done) {
		q->order.due_ms = mono_ms() + wait_of(t, ++q->order.attempts);
		if (!line_put(&t->line, &q->order))
			t->beyond = true;
	}
	spare(t, q);
	pthread_mutex_unlock(&t->lock);
}

/* ---- the loop ---- */

static size_t asked_now(const struct timestamp *t)
{
	size_t n = ASKED_MOST;

	for (const struct question *q = t->spare; q; q = q->next)
		n--;
	return n;
}

/* When the next order may be asked; -1: only after something has happened. */
static int64_t next_ms(struct timestamp *t)
{
	if (!t->spare || (t->troubles && asked_now(t)))
		return -1;
	if (!t->line.n && t->beyond && !asked_now(t) && !timestamp_scan(t, false, NULL).ok)
		t->beyond = true;
	if (!t->line.n)
		return -1;
	return t->line.heap[0].due_ms > t->pause_until_ms ? t->line.heap[0].due_ms : t->pause_until_ms;
}

static void sleep_until(struct timestamp *t, int64_t ms)
{
	if (ms < 0)
		pthread_cond_wait(&t->turned, &t->lock);
	else
		cond_wait_until(&t->turned, &t->lock, ms * 1000);
}

static void ask_next(struct timestamp *t)
{
	struct question *q = t->spare;
	bool asked;

	t->spare = q->next;
	q->order = line_take(&t->line);
	pthread_mutex_unlock(&t->lock);
	asked = ask(t, q);
	pthread_mutex_lock(&t->lock);
	if (!asked)
		spare(t, q);
}

static void answer_next(struct timestamp *t)
{
	struct question *q = t->answered;

	t->answered = q->next;
	pthread_mutex_unlock(&t->lock);
	take_answer(t, q);
	pthread_mutex_lock(&t->lock);
}

void *timestamp_run(void *of)
{
	struct timestamp *t = of;

	pthread_mutex_lock(&t->lock);
	while (!t->stopping) {
		int64_t next;

		if (t->answered) {
			answer_next(t);
			continue;
		}
		next = next_ms(t);
		if (next >= 0 && next <= mono_ms())
			ask_next(t);
		else
			sleep_until(t, next);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}
