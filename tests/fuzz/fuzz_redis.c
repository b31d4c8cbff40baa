/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever a Redis answers: every judge of every reply refuses it as trouble with the queue, or gives what may be reckoned
 * with: numbers in their bounds, a state that exists, octets of the reply. */
#include <hiredis/hiredis.h>
#include <string.h>

#include "fuzz.h"
#include "queue/desk.h"
#include "queue/queue_wire.h"

static void refused(const struct err *e)
{
	FUZZ_ASSERT(e->reason == REASON_QUEUE_DOWN || e->reason == REASON_QUEUE_FULL);
	FUZZ_ASSERT(e->detail[0]);
}

static bool is_moment(int64_t ms)
{
	return ms >= 0 && ms <= QUEUE_NEVER;
}

static void touch(struct bytes b)
{
	static volatile unsigned char seen __attribute__((unused));

	for (size_t i = 0; i < b.n; i++)
		seen ^= b.p[i];
}

/* A policy that is taken says the same again, and its delays are bounded. */
static void check_policy(struct bytes text, struct bytes id, int attempt)
{
	char name[QUEUE_POLICY_TEXT], again[QUEUE_POLICY_TEXT], printed[QUEUE_POLICY_TEXT], twice[QUEUE_POLICY_TEXT];
	struct queue_policy p, q;
	int64_t delay;

	if (!queue_policy_parse(text, &p, name))
		return;
	queue_policy_print(&p, printed);
	FUZZ_ASSERT(queue_policy_parse(bytes_str(printed), &q, again));
	queue_policy_print(&q, twice);
	FUZZ_ASSERT(strcmp(printed, twice) == 0);
	delay = queue_delay(&p, id, attempt);
	FUZZ_ASSERT(delay >= 1 && (delay == 1 || delay <= p.max_interval_ms + p.max_interval_ms / 2 + 1));
}

static void check_found(const struct queue_found *f)
{
	FUZZ_ASSERT(f->attempt >= 0 && is_moment(f->accepted_ms) && is_moment(f->expire_ms));
	touch(f->id), touch(f->token), touch(f->order_key), touch(f->meta), touch(f->body), touch(f->spool);
	check_policy(f->policy, f->id, f->attempt);
}

static void judge_claims(const redisReply *r)
{
	struct queue_claims claims;
	struct queue_found found;
	struct err e = {0};

	if (!queue_reply_claims(r, &claims, &e)) {
		refused(&e);
		return;
	}
	FUZZ_ASSERT(claims.next_ms >= -1 && claims.next_ms <= QUEUE_NEVER);
	for (size_t i = 0; i < claims.count; i++) {
		queue_reply_claimed(r, i, &found);
		check_found(&found);
	}
	for (size_t i = 0; i < claims.expired; i++) {
		queue_reply_expired(r, i, &found);
		check_found(&found);
	}
}

static void judge_ends(const redisReply *r)
{
	char there[QUEUE_MARK_MOST + 1] = "";
	struct queue_settlement settled;
	enum queue_handled handled;
	struct bytes spool = BYTES_NONE;
	struct err e = {0};

	if (queue_reply_put(r, &e) > QUEUE_KNOWN)
		refused(&e);
	if (queue_reply_mark(r, there, &e) > QUEUE_KNOWN)
		refused(&e);
	FUZZ_ASSERT(strlen(there) <= QUEUE_MARK_MOST);
	if (queue_reply_settle(r, &settled, &e))
		FUZZ_ASSERT(settled.settled <= SETTLED_WAITING && is_moment(settled.due_ms));
	else
		refused(&e);
	if (queue_reply_handled(r, &handled, &spool, &e))
		FUZZ_ASSERT(handled <= HANDLED_BEHIND);
	else
		refused(&e);
	touch(spool);
	for (size_t n = 0; queue_reply_renew(r, n, &e) && n < 8; n++) {
		for (size_t i = 0; i < n; i++)
			(void)queue_reply_renewed(r, i);
	}
}

/* What is known of a message is one of seven things, or nobody knows. */
static void judge_memory(const redisReply *r)
{
	struct queue_recall recall = {.answer = BUF(1u << 20)};
	struct err e = {0};

	if (queue_reply_recall(r, &recall, &e) == QUEUE_DONE) {
		FUZZ_ASSERT(recall.what <= RECALLED_FORGOTTEN && recall.status >= 0);
		FUZZ_ASSERT(strlen(recall.first) < sizeof recall.first && strlen(recall.node) < sizeof recall.node);
		touch(buf_bytes(&recall.answer));
	} else {
		refused(&e);
	}
	buf_free(&recall.answer);
	if (queue_reply_remember(r, &e) != QUEUE_DONE)
		refused(&e);
}

static void judge_item(const redisReply *r)
{
	char name[QUEUE_POLICY_TEXT];
	struct queue_item item;
	struct queue_page page;
	struct err e = {0};

	if (!queue_reply_item(r, &item, &page, name, &e)) {
		refused(&e);
		return;
	}
	FUZZ_ASSERT(item.attempts >= 0 && is_moment(item.accepted_ms) && is_moment(item.expire_ms) && is_moment(item.due_ms));
	FUZZ_ASSERT(item.body_bytes <= (size_t)INT64_MAX && item.policy.name == name);
	touch(item.cause), touch(item.meta), touch(page.id);
}

static void judge_looks(const redisReply *r)
{
	struct queue_total total;
	struct queue_shown shown;
	struct err e = {0};

	judge_item(r);
	if (queue_reply_totals(r, &total, &e)) {
		FUZZ_ASSERT(total.limit >= 0 && is_moment(total.oldest_ms) && is_moment(total.breaker_until_ms));
		for (size_t i = 0; i < queue_reply_causes(r); i++)
			touch(queue_reply_cause(r, i).cause);
	} else {
		refused(&e);
	}
	if (!queue_reply_show(r, &shown, &e)) {
		refused(&e);
	} else if (shown.there) {
		FUZZ_ASSERT(shown.where <= QUEUE_DEAD);
		judge_item(shown.item);
		touch(shown.body), touch(shown.spool);
	}
}

/* Fitness and birth. A Redis that is taken for fit has said so. */
static void judge_server(const redisReply *r, const redisReply *next)
{
	static const struct queue_server strict, lax = {.everysec_allowed = true};
	const redisReply *const replies[QUEUE_FIT_COMMANDS] = {r, next};
	char birth[QUEUE_BIRTH] = "00000000-0000-4000-8000-000000000000";
	bool known = true;
	struct err e = {0};

	if (queue_fit_judge(&strict, replies, &e).ok)
		FUZZ_ASSERT(strstr(r->str, "aof_enabled:1") && strstr(r->str, "role:master") &&
			queue_fit_judge(&lax, replies, &e).ok);
	else
		refused(&e);
	if (queue_birth_judge(r, "", birth, &known, &e).ok)
		FUZZ_ASSERT(r->type == REDIS_REPLY_STRING && strcmp(r->str, birth) == 0);
	else
		refused(&e);
}

/* Every part of an answer is a text of its own. */
static void judge_desk(const redisReply *r)
{
	SCOPED(pool_free) struct pool *pool = pool_new(8u << 20);
	struct queue_answer answer;
	struct err e = {0};

	if (!queue_reply_answer(r, pool, &answer, &e).ok) {
		FUZZ_ASSERT(e.reason == REASON_QUEUE_FULL || e.reason == REASON_QUEUE_DOWN || e.reason == REASON_MEMORY);
		return;
	}
	FUZZ_ASSERT(answer.n == r->elements);
	for (size_t i = 0; i < answer.n; i++)
		FUZZ_ASSERT(answer.part[i].p && answer.part[i].p[answer.part[i].n] == 0);
}

static void judge(const redisReply *r, const redisReply *before)
{
	judge_desk(r);
	judge_claims(r);
	judge_ends(r);
	judge_memory(r);
	judge_looks(r);
	if (before)
		judge_server(before, r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	redisReader *reader = queue_reader_new();
	redisReply *before = NULL;
	void *reply = NULL;

	FUZZ_ASSERT(reader && redisReaderFeed(reader, (const char *)data, size) == REDIS_OK);
	while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {
		judge(reply, before);
		queue_reply_free(&before);
		before = reply;
	}
	queue_reply_free(&before);
	redisReaderFree(reader);
	return 0;
}
