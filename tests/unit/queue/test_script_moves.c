/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of one message: put, claimed, settled, given up, and the order of its key. */
#include "scripts.h"
#include "rig_group.h"

static void a_message_comes_back_whole_and_leaves_no_trace(void **state)
{
	static const unsigned char odd[] = "id\r\n*1\r\n$8\r\nFLUSHALL\r\n\0\xff";
	struct bytes id = {odd, sizeof odd - 1};
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "whole");
	b.policy.expire_after_ms = 90000;
	struct queue_put put = {.id = id, .order_key = id, .meta = BYTES_LIT("m\0\xfe"), .body = BYTES_LIT("b\r\n\0{}"),
		.policy = &b.policy, .accepted_ms = T0 - 5};

	assert_int_equal(bench_put_full(&b, &put), QUEUE_DONE);
	bench_expect(&b, 1, 0, 0);
	assert_int_equal(bench_totals(&b).oldest_ms, T0 - 5);
	assert_int_equal(bench_claim(&b, 10), 1);
	assert_true(bytes_eq(b.got[0].id, id) && bytes_eq(b.got[0].order_key, id));
	assert_true(bytes_eq(b.got[0].meta, put.meta) && bytes_eq(b.got[0].body, put.body));
	assert_int_equal(b.got[0].attempt, 1);
	assert_int_equal(b.got[0].accepted_ms, T0 - 5);
	assert_int_equal(b.got[0].expire_ms, T0 - 5 + 90000);
	assert_int_equal(b.got[0].spool.n, 0);
	bench_expect(&b, 0, 1, 0);
	assert_int_equal(bench_claim(&b, 10), 0);
	freeReplyObject(b.reply);
	b.reply = NULL;
	b.at.now_ms += 1000; /* the lease is over: the last claim's words are gone, so is its token */
	assert_int_equal(bench_claim(&b, 10), 1);
	assert_int_equal(b.got[0].attempt, 2);
	assert_int_equal(bench_settle(&b, 0, QUEUE_DELIVERED, NULL).settled, SETTLED_GONE);
	bench_expect_clean(&b);
	assert_int_equal(bench_number(&b, "SISMEMBER test:destinations whole"), 1);
	bench_close(&b);
}

static void a_known_id_is_not_put_twice_wherever_it_is(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "known");
	assert_int_equal(bench_put(&b, "a", NULL), QUEUE_DONE);
	assert_int_equal(bench_put(&b, "a", NULL), QUEUE_KNOWN);
	assert_int_equal(bench_claim(&b, 1), 1);
	assert_int_equal(bench_put(&b, "a", NULL), QUEUE_KNOWN);
	bench_settle(&b, 0, QUEUE_REJECTED, "no");
	assert_int_equal(bench_put(&b, "a", NULL), QUEUE_KNOWN);
	assert_int_equal(bench_handle(&b, false, "a"), HANDLED_DONE);
	assert_int_equal(bench_claim(&b, 1), 1);
	bench_settle(&b, 0, QUEUE_DELIVERED, NULL);
	assert_int_equal(bench_put(&b, "a", NULL), QUEUE_KNOWN);
	bench_expect_clean(&b);
	assert_true(bench_number(&b, "PTTL test:{known}:dup:a") > 0);
	bench_number(&b, "DEL test:{known}:dup:a");
	assert_int_equal(bench_put(&b, "a", NULL), QUEUE_DONE);
	bench_close(&b);
}

static void every_try_is_made_when_the_plan_says(void **state)
{
	static const enum queue_verdict verdicts[] = {QUEUE_TROUBLE, QUEUE_LATER};
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	for (size_t v = 0; v < 2; v++) {
		const char *id = v ? "plan-later" : "plan-trouble";

		bench_open(&b, &rig, id);
		b.policy.max_attempts = 9;
		b.policy.max_interval_ms = 20000;
		assert_int_equal(bench_put(&b, id, "key"), QUEUE_DONE);
		for (int attempt = 1; attempt < 9; attempt++) {
			int64_t delay = queue_delay(&b.policy, bytes_str(id), attempt);
			struct queue_settlement s;

			assert_int_equal(bench_claim(&b, 1), 1);
			assert_int_equal(b.got[0].attempt, attempt);
			s = bench_settle(&b, 0, verdicts[v], "provider.connect");
			assert_int_equal(s.settled, SETTLED_WAITING);
			assert_int_equal(s.due_ms, b.at.now_ms + delay);
			b.at.now_ms += delay - 1;
			assert_int_equal(bench_claim(&b, 1), 0);
			assert_int_equal(b.claims.next_ms, 1);
			b.at.now_ms++;
		}
		assert_int_equal(bench_claim(&b, 1), 1);
		assert_int_equal(bench_settle(&b, 0, verdicts[v], "provider.connect").settled, SETTLED_DEAD);
		bench_expect(&b, 0, 0, 1);
		assert_int_equal(bench_number(&b, "HGET test:{%s}:cause provider.connect", id), 1);
		bench_close(&b);
	}
}

static void no_try_is_planned_beyond_the_life_of_a_message(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "life");
	b.policy.expire_after_ms = 500;
	bench_put(&b, "a", "k");
	bench_put(&b, "b", "k");
	assert_int_equal(bench_claim(&b, 1), 1);
	assert_int_equal(bench_settle(&b, 0, QUEUE_TROUBLE, "provider.connect").settled, SETTLED_DEAD);
	assert_int_equal(bench_claim(&b, 1), 1); /* the next of its key */
	assert_true(bench_got(&b, 0, "b"));
	bench_close(&b);
}

static void returned_is_as_if_nothing_happened(void **state)
{
	struct queue_settlement s;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "returned");
	b.policy.max_attempts = 1;
	bench_put(&b, "a", "k");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bench_claim(&b, 1), 1);
		assert_int_equal(b.got[0].attempt, 1);
		s = bench_settle(&b, 0, QUEUE_RETURNED, NULL);
		assert_int_equal(s.settled, SETTLED_WAITING);
		assert_int_equal(s.due_ms, b.at.now_ms);
	}
	bench_close(&b);
}

static void a_rejected_message_lets_the_next_of_its_key_follow(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "poison");
	bench_put(&b, "1", "k");
	bench_put(&b, "2", "k");
	bench_put(&b, "other", "l");
	assert_int_equal(bench_claim(&b, 10), 2); /* one of each key */
	assert_true(bench_got(&b, 0, "1") && bench_got(&b, 1, "other"));
	assert_int_equal(bench_settle(&b, 0, QUEUE_REJECTED, "provider.fault").settled, SETTLED_DEAD);
	bench_settle(&b, 1, QUEUE_REJECTED, "provider.fault");
	assert_int_equal(bench_number(&b, "HGET test:{poison}:cause provider.fault"), 2);
	assert_int_equal(bench_claim(&b, 10), 1);
	assert_true(bench_got(&b, 0, "2"));
	bench_close(&b);
}

static void a_stale_token_changes_nothing(void **state)
{
	static const enum queue_verdict verdicts[] = {
		QUEUE_DELIVERED, QUEUE_TROUBLE, QUEUE_LATER, QUEUE_REJECTED, QUEUE_RETURNED};
	struct bytes id = BYTES_LIT("a");
	char old[200];
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "stale");
	bench_put(&b, "a", "k");
	assert_int_equal(bench_claim(&b, 1), 1);
	snprintf(old, sizeof old, "%.*s", (int)b.got[0].token.n, (const char *)b.got[0].token.p);
	b.at.now_ms += b.lease_ms;
	b.limits.concurrency = 1;
	b.node = "two";
	assert_int_equal(bench_claim(&b, 1), 1);
	assert_false(bytes_is(b.got[0].token, old));
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		assert_int_equal(bench_settle_as(&b, id, bytes_str(old), 1, verdicts[i], "x").settled, SETTLED_STALE);
		assert_int_equal(bench_settle_as(&b, id, BYTES_NONE, 1, verdicts[i], "x").settled, SETTLED_STALE);
		bench_expect(&b, 0, 1, 0);
	}
	assert_int_equal(bench_settle(&b, 0, QUEUE_DELIVERED, NULL).settled, SETTLED_GONE);
	assert_int_equal(bench_settle_as(&b, BYTES_LIT("never"), BYTES_LIT("x"), 1, QUEUE_TROUBLE, "x").settled, SETTLED_STALE);
	bench_expect_clean(&b);
	/* A lease that ran out and was not claimed again belongs to nobody either. */
	bench_put(&b, "b", NULL);
	assert_int_equal(bench_claim(&b, 1), 1);
	snprintf(old, sizeof old, "%.*s", (int)b.got[0].token.n, (const char *)b.got[0].token.p);
	b.at.now_ms += b.lease_ms;
	bench_hold(&b, true);
	assert_int_equal(bench_claim(&b, 1), 0);
	assert_int_equal(bench_settle_as(&b, BYTES_LIT("b"), bytes_str(old), 1, QUEUE_DELIVERED, NULL).settled, SETTLED_STALE);
	bench_expect(&b, 1, 0, 0);
	bench_close(&b);
}

static void a_verdict_sent_twice_is_answered_the_same(void **state)
{
	static const struct {
		enum queue_verdict verdict;
		enum queue_settled settled;
	} rows[] = {{QUEUE_DELIVERED, SETTLED_GONE}, {QUEUE_TROUBLE, SETTLED_WAITING}, {QUEUE_LATER, SETTLED_WAITING},
		{QUEUE_REJECTED, SETTLED_DEAD}, {QUEUE_RETURNED, SETTLED_WAITING}};
	struct queue_settlement first, again;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "twice");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char id[2] = {(char)('a' + i), 0};

		bench_put(&b, id, id);
		assert_int_equal(bench_claim(&b, 1), 1);
		first = bench_settle(&b, 0, rows[i].verdict, "x");
		assert_int_equal(first.settled, rows[i].settled);
		b.at.now_ms += 3;
		again = bench_settle(&b, 0, rows[i].verdict, "x");
		assert_int_equal(again.settled, first.settled);
		assert_int_equal(again.due_ms, first.due_ms);
		b.at.now_ms += 3;
		if (rows[i].settled != SETTLED_GONE)
			assert_int_equal(bench_handle(&b, true, id), HANDLED_DONE);
	}
	bench_expect_clean(&b);
	bench_close(&b);
}

static void a_lost_lease_returns_until_the_attempts_are_used_up(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "lost");
	b.policy.max_attempts = 3;
	bench_put(&b, "killer", "k");
	bench_put(&b, "next", "k");
	for (int attempt = 1; attempt <= 3; attempt++) {
		assert_int_equal(bench_claim(&b, 1), 1);
		assert_true(bench_got(&b, 0, "killer"));
		assert_int_equal(b.got[0].attempt, attempt);
		b.at.now_ms += b.lease_ms - 1;
		assert_int_equal(bench_claim(&b, 1), 0);
		assert_int_equal(b.claims.next_ms, 1);
		b.at.now_ms++;
	}
	assert_int_equal(bench_claim(&b, 1), 1);
	assert_true(bench_got(&b, 0, "next"));
	assert_true(bench_expired(&b, 0, "killer"));
	assert_true(bytes_is(b.expired[0].body, "<body/>"));
	assert_int_equal(bench_number(&b, "HGET test:{lost}:cause lease.lost"), 1);
	bench_expect(&b, 0, 1, 1);
	bench_close(&b);
}

static void waiting_messages_expire_wherever_they_stand(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "expire");
	bench_put(&b, "head", "k");   /* never expires */
	b.policy.expire_after_ms = 5000;
	bench_put(&b, "middle", "k");
	bench_put(&b, "loose", NULL);
	b.policy.expire_after_ms = 9000;
	bench_put(&b, "last", "k");
	bench_hold(&b, true);
	assert_int_equal(bench_claim(&b, 10), 0);
	assert_int_equal(b.claims.next_ms, 5000);
	b.at.now_ms += 4999;
	assert_int_equal(bench_claim(&b, 10), 0);
	assert_int_equal(b.claims.expired, 0);
	b.at.now_ms++;
	assert_int_equal(bench_claim(&b, 10), 0); /* held, and still it expires */
	assert_int_equal(b.claims.expired, 2);
	assert_true(bench_expired(&b, 0, "loose") && bench_expired(&b, 1, "middle"));
	assert_true(bytes_is(b.expired[1].meta, "meta"));
	assert_int_equal(bench_number(&b, "HGET test:{expire}:cause expired"), 2);
	assert_int_equal(bench_claim(&b, 10), 0);
	assert_int_equal(b.claims.expired, 0); /* told once */
	bench_hold(&b, false);
	assert_int_equal(bench_claim(&b, 10), 1);
	assert_true(bench_got(&b, 0, "head"));
	bench_settle(&b, 0, QUEUE_DELIVERED, NULL);
	assert_int_equal(bench_claim(&b, 10), 1);
	assert_true(bench_got(&b, 0, "last"));
	b.at.now_ms += 10000; /* in hand: the verdict decides, not the clock */
	b.lease_ms = 60000;
	assert_int_equal(bench_settle(&b, 0, QUEUE_DELIVERED, NULL).settled, SETTLED_GONE);
	bench_expect(&b, 0, 0, 2);
	bench_close(&b);
}

static void expired_messages_by_the_hundred_are_never_claimed(void **state)
{
	size_t expired = 0, rounds = 0;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "hundred");
	b.policy.expire_after_ms = 10;
	for (int i = 0; i < 100; i++) {
		char id[8];

		snprintf(id, sizeof id, "%d", i);
		bench_put(&b, id, i % 2 ? "k" : NULL);
	}
	b.at.now_ms += 10;
	do {
		assert_int_equal(bench_claim(&b, 50), 0);
		expired += b.claims.expired;
	} while (b.claims.next_ms == 0 && ++rounds < 20);
	assert_int_equal(expired, 100);
	assert_int_equal(b.claims.next_ms, -1);
	bench_expect(&b, 0, 0, 100);
	bench_close(&b);
}

static void renewing_keeps_what_is_held_and_only_that(void **state)
{
	struct queue_args a;
	struct err e = {0};
	struct bench b;
	redisReply *r;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "renew");
	bench_put(&b, "a", NULL);
	bench_put(&b, "b", NULL);
	assert_int_equal(bench_claim(&b, 2), 2);
	b.at.now_ms += 900;
	bench_settle(&b, 1, QUEUE_LATER, "x");
	queue_script_renew(&a, &b.at, b.lease_ms);
	queue_script_renew_add(&a, b.got[0].id, b.got[0].token);
	queue_script_renew_add(&a, b.got[1].id, b.got[1].token); /* settled */
	queue_script_renew_add(&a, b.got[0].id, BYTES_LIT("foreign"));
	queue_script_renew_add(&a, BYTES_LIT("never"), BYTES_LIT("x"));
	r = bench_ask(&b, &a);
	assert_true(queue_reply_renew(r, 4, &e));
	assert_true(queue_reply_renewed(r, 0));
	assert_false(queue_reply_renewed(r, 1) || queue_reply_renewed(r, 2) || queue_reply_renewed(r, 3));
	freeReplyObject(r);
	b.at.now_ms += 999;
	assert_int_equal(bench_number(&b, "ZSCORE test:{renew}:lease a"), b.at.now_ms + 1);
	assert_int_equal(bench_number(&b, "ZCARD test:{renew}:lease"), 1);
	bench_close(&b);
}

static void a_message_put_for_later_waits_also_behind_others(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "future");
	struct queue_put put = {.id = BYTES_LIT("b"), .order_key = BYTES_LIT("k"), .policy = &b.policy, .accepted_ms = T0,
		.due_ms = T0 + 500, .attempts = 4};

	bench_put(&b, "a", "k");
	assert_int_equal(bench_put_full(&b, &put), QUEUE_DONE);
	assert_int_equal(bench_claim(&b, 10), 1);
	assert_true(bench_got(&b, 0, "a"));
	bench_settle(&b, 0, QUEUE_DELIVERED, NULL);
	assert_int_equal(bench_claim(&b, 10), 0);
	assert_int_equal(b.claims.next_ms, 500);
	b.at.now_ms += 500;
	assert_int_equal(bench_claim(&b, 10), 1);
	assert_int_equal(b.got[0].attempt, 5);
	assert_int_equal(b.got[0].body.n, 0);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_comes_back_whole_and_leaves_no_trace),
		cmocka_unit_test(a_known_id_is_not_put_twice_wherever_it_is),
		cmocka_unit_test(every_try_is_made_when_the_plan_says),
		cmocka_unit_test(no_try_is_planned_beyond_the_life_of_a_message),
		cmocka_unit_test(returned_is_as_if_nothing_happened),
		cmocka_unit_test(a_rejected_message_lets_the_next_of_its_key_follow),
		cmocka_unit_test(a_stale_token_changes_nothing),
		cmocka_unit_test(a_verdict_sent_twice_is_answered_the_same),
		cmocka_unit_test(a_lost_lease_returns_until_the_attempts_are_used_up),
		cmocka_unit_test(waiting_messages_expire_wherever_they_stand),
		cmocka_unit_test(expired_messages_by_the_hundred_are_never_claimed),
		cmocka_unit_test(renewing_keeps_what_is_held_and_only_that),
		cmocka_unit_test(a_message_put_for_later_waits_also_behind_others),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
