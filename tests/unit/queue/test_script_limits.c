/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be claimed at all: concurrency, breaker, hold; and what still works when Redis is full. */
#include "scripts.h"
#include "rig_group.h"

static void put_many(struct bench *b, int n)
{
	for (int i = 0; i < n; i++) {
		char id[16];

		snprintf(id, sizeof id, "m%03d", i);
		assert_int_equal(bench_put(b, id, NULL), QUEUE_DONE);
	}
}

static void all_gateways_together_stay_below_the_concurrency(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "together");
	b.limits.concurrency = 5;
	put_many(&b, 9);
	assert_int_equal(bench_claim(&b, 3), 3);
	assert_int_equal(b.claims.next_ms, 0); /* more may be had at once */
	b.node = "two";
	assert_int_equal(bench_claim(&b, 9), 2);
	assert_int_equal(b.claims.next_ms, 1000); /* nothing before a lease ends */
	b.node = "three";
	assert_int_equal(bench_claim(&b, 9), 0);
	bench_expect(&b, 4, 5, 0);
	bench_close(&b);
}

static void trouble_halves_the_concurrency_and_successes_bring_it_back(void **state)
{
	static const int after_trouble[] = {4, 2, 1, 1};
	int successes = 0;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "aimd");
	b.limits.concurrency = 8;
	b.policy.initial_ms = 1000000;
	put_many(&b, 60);
	for (size_t i = 0; i < sizeof after_trouble / sizeof *after_trouble; i++) {
		assert_int_equal(bench_claim(&b, 1), 1);
		bench_settle(&b, 0, QUEUE_TROUBLE, "provider.connect");
		assert_int_equal(bench_totals(&b).limit, after_trouble[i]);
	}
	assert_int_equal(bench_claim(&b, 9), 1);
	bench_settle(&b, 0, QUEUE_RETURNED, NULL);
	for (int limit = 1; limit < 8; limit++) {
		assert_int_equal(bench_totals(&b).limit, limit);
		for (int i = 0; i < limit; i++, successes++) { /* as many successes as are allowed at once */
			assert_int_equal(bench_totals(&b).limit, limit);
			assert_int_equal(bench_claim(&b, 1), 1);
			bench_settle(&b, 0, QUEUE_DELIVERED, NULL);
		}
	}
	assert_int_equal(successes, 28);
	assert_int_equal(bench_totals(&b).limit, 8);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(bench_claim(&b, 1), 1);
		bench_settle(&b, 0, QUEUE_DELIVERED, NULL);
	}
	assert_int_equal(bench_totals(&b).limit, 8); /* never above the bound */
	b.limits.concurrency = 3; /* a lower bound counts at once */
	assert_int_equal(bench_claim(&b, 9), 3);
	bench_close(&b);
}

static void what_is_not_the_destinations_fault_leaves_its_limits_alone(void **state)
{
	static const enum queue_verdict verdicts[] = {QUEUE_LATER, QUEUE_REJECTED, QUEUE_RETURNED};
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "innocent");
	b.limits.concurrency = 8;
	b.limits.breaker_failures = 1;
	put_many(&b, 20);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(bench_claim(&b, 1), 1);
		bench_settle(&b, 0, verdicts[i % 3], "x");
		assert_int_equal(bench_totals(&b).limit, 8);
		assert_int_equal(bench_totals(&b).breaker_until_ms, 0);
	}
	bench_close(&b);
}

static void breaker_open_by(struct bench *b, int troubles)
{
	for (int i = 0; i < troubles; i++) {
		assert_int_equal(bench_claim(b, 1), 1);
		bench_settle(b, 0, QUEUE_TROUBLE, "provider.connect");
	}
}

static void so_many_troubles_in_a_row_open_the_breaker(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "row");
	b.limits.breaker_failures = 3;
	put_many(&b, 20);
	breaker_open_by(&b, 2);
	assert_int_equal(bench_claim(&b, 1), 1);
	bench_settle(&b, 0, QUEUE_DELIVERED, NULL); /* in a row means: without a success between */
	breaker_open_by(&b, 2);
	assert_int_equal(bench_totals(&b).breaker_until_ms, 0);
	breaker_open_by(&b, 1);
	assert_int_equal(bench_totals(&b).breaker_until_ms, b.at.now_ms + 10000);
	b.at.now_ms += 9999;
	assert_int_equal(bench_claim(&b, 9), 0);
	assert_int_equal(b.claims.next_ms, 1);
	bench_expect(&b, 19, 0, 0); /* nothing claimed, so no attempt was used up */
	bench_close(&b);
}

static void an_open_breaker_lets_exactly_one_trial_through(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "trial");
	b.limits.breaker_failures = 3;
	b.limits.concurrency = 40;
	put_many(&b, 20);
	breaker_open_by(&b, 3);
	b.at.now_ms += 10000;
	assert_int_equal(bench_claim(&b, 9), 1);
	assert_int_equal(b.claims.next_ms, 1000); /* the trial's lease */
	assert_int_equal(bench_settle(&b, 0, QUEUE_TROUBLE, "provider.connect").settled, SETTLED_WAITING);
	assert_int_equal(bench_totals(&b).breaker_until_ms, b.at.now_ms + 20000);
	for (int64_t span = 40000; span <= 320000; span = span * 2) {
		int64_t now = bench_totals(&b).breaker_until_ms;

		b.at.now_ms = now;
		assert_int_equal(bench_claim(&b, 9), 1);
		bench_settle(&b, 0, QUEUE_TROUBLE, "provider.connect");
		assert_int_equal(bench_totals(&b).breaker_until_ms, now + (span > 160000 ? 160000 : span)); /* 16 spans at most */
	}
	b.at.now_ms = bench_totals(&b).breaker_until_ms;
	assert_int_equal(bench_claim(&b, 9), 1);
	bench_settle(&b, 0, QUEUE_DELIVERED, NULL);
	assert_int_equal(bench_totals(&b).breaker_until_ms, 0);
	assert_int_equal(bench_totals(&b).limit, 2); /* and slowly up from one */
	breaker_open_by(&b, 2);
	assert_int_equal(bench_totals(&b).breaker_until_ms, 0); /* counting began anew */
	bench_close(&b);
}

static void a_trial_that_tells_nothing_makes_way_for_another(void **state)
{
	static const enum queue_verdict verdicts[] = {QUEUE_LATER, QUEUE_REJECTED, QUEUE_RETURNED};
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "way");
	b.limits.breaker_failures = 1;
	put_many(&b, 20);
	breaker_open_by(&b, 1);
	b.at.now_ms += 10000;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(bench_claim(&b, 9), 1);
		bench_settle(&b, 0, verdicts[i], "x");
		assert_true(bench_totals(&b).breaker_until_ms != 0);
	}
	assert_int_equal(bench_claim(&b, 9), 1);
	b.at.now_ms += 999;
	assert_int_equal(bench_claim(&b, 9), 0);
	b.at.now_ms++; /* the gateway with the trial is lost */
	assert_int_equal(bench_claim(&b, 9), 1);
	assert_int_equal(bench_settle(&b, 0, QUEUE_DELIVERED, NULL).settled, SETTLED_GONE);
	assert_int_equal(bench_totals(&b).breaker_until_ms, 0);
	bench_close(&b);
}

static void verdicts_from_before_the_breaker_opened_have_no_say(void **state)
{
	struct queue_found early[3];
	char token[3][80], id[3][16];
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "early");
	b.limits.breaker_failures = 1;
	b.limits.concurrency = 40;
	b.lease_ms = 100000;
	put_many(&b, 20);
	assert_int_equal(bench_claim(&b, 3), 3);
	for (int i = 0; i < 3; i++) {
		early[i] = b.got[i];
		snprintf(token[i], sizeof token[i], "%.*s", (int)early[i].token.n, (const char *)early[i].token.p);
		snprintf(id[i], sizeof id[i], "%.*s", (int)early[i].id.n, (const char *)early[i].id.p);
	}
	breaker_open_by(&b, 1);
	bench_settle_as(&b, bytes_str(id[0]), bytes_str(token[0]), 1, QUEUE_DELIVERED, NULL);
	bench_settle_as(&b, bytes_str(id[1]), bytes_str(token[1]), 1, QUEUE_TROUBLE, "x");
	assert_int_equal(bench_totals(&b).breaker_until_ms, T0 + 10000);
	b.at.now_ms += 10000;
	b.limits.concurrency = 1; /* the early one that is still out takes the only place */
	assert_int_equal(bench_claim(&b, 9), 0);
	bench_settle_as(&b, bytes_str(id[2]), bytes_str(token[2]), 1, QUEUE_DELIVERED, NULL);
	assert_int_equal(bench_totals(&b).breaker_until_ms, T0 + 10000);
	assert_int_equal(bench_claim(&b, 9), 1);
	bench_close(&b);
}

static void a_held_destination_takes_in_but_gives_nothing_out(void **state)
{
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "held");
	b.limits.breaker_failures = 1;
	bench_hold(&b, true);
	assert_int_equal(bench_number(&b, "SISMEMBER test:destinations held"), 1);
	put_many(&b, 3);
	assert_int_equal(bench_claim(&b, 9), 0);
	assert_int_equal(b.claims.next_ms, -1);
	assert_true(bench_totals(&b).held);
	bench_hold(&b, false);
	assert_false(bench_totals(&b).held);
	breaker_open_by(&b, 1);
	assert_int_equal(bench_claim(&b, 9), 0);
	bench_hold(&b, false); /* release also makes the trial of an open breaker at once */
	assert_int_equal(bench_claim(&b, 9), 1);
	bench_close(&b);
}

static void set_memory(struct bench *b, const char *most)
{
	redisReply *r = redisCommand(b->c, "CONFIG SET maxmemory %s", most);

	assert_non_null(r);
	assert_int_equal(r->type, REDIS_REPLY_STATUS);
	freeReplyObject(r);
}

static void a_full_redis_takes_nothing_in_and_goes_on_giving_out(void **state)
{
	static const enum queue_verdict verdicts[] = {
		QUEUE_DELIVERED, QUEUE_TROUBLE, QUEUE_LATER, QUEUE_REJECTED, QUEUE_RETURNED};
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "full");
	b.limits.breaker_failures = 2;
	put_many(&b, 6);
	bench_put(&b, "z1", "k");
	bench_put(&b, "z2", "k");
	set_memory(&b, "1");
	assert_int_equal(bench_put(&b, "new", NULL), QUEUE_FULL);
	assert_int_equal(bench_number(&b, "EXISTS test:{full}:m:new"), 0);
	bench_expect(&b, 8, 0, 0);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(bench_claim(&b, 1), 1);
		assert_int_not_equal(bench_settle(&b, 0, verdicts[i], "x").settled, SETTLED_STALE);
	}
	bench_hold(&b, true);
	bench_hold(&b, false);
	assert_int_equal(bench_handle(&b, true, "z1"), HANDLED_DONE);
	assert_int_equal(bench_claim(&b, 9), 3);
	b.at.now_ms += b.lease_ms;
	assert_int_equal(bench_claim(&b, 1), 1);
	bench_expect(&b, 4, 1, 1);
	set_memory(&b, "0");
	assert_int_equal(bench_put(&b, "new", NULL), QUEUE_DONE);
	bench_close(&b);
}

static void a_million_small_messages_fit_into_a_gigabyte(void **state)
{
	enum { N = 6000 };
	static const char used[] = "return tonumber(string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)'))";
	char id[64], key[64], meta[61];
	long long before, after, record;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "memory");
	b.policy.expire_after_ms = 86400000;
	memset(meta, 'm', 60);
	meta[60] = 0;
	redisReply *r = redisCommand(b.c, "FLUSHALL");

	freeReplyObject(r);
	before = bench_number(&b, "EVAL %s 0", used);
	for (int i = 0; i < N; i++) {
		snprintf(id, sizeof id, "%08x-1111-4222-8333-123456789abc", (unsigned)i * 2654435761u);
		snprintf(key, sizeof key, "%08x-5555-4666-8777-123456789abc", (unsigned)i * 2246822519u);
		struct queue_put put = {.id = bytes_str(id), .order_key = bytes_str(key), .meta = bytes_str(meta),
			.policy = &b.policy, .accepted_ms = T0 + i};

		assert_int_equal(bench_put_full(&b, &put), QUEUE_DONE);
	}
	after = bench_number(&b, "EVAL %s 0", used);
	record = bench_number(&b, "MEMORY USAGE test:{memory}:m:%s", id);
	print_message("record %lld octets; with its places in the indexes and an order key of its own %lld\n", record,
		(after - before) / N);
	assert_true(record <= 400);
	assert_true((after - before) / N < 1000);
	bench_close(&b);
}

static void behind_so_many_only_those_are_put_who_do_not_mind(void **state)
{
	struct queue_put put;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	bench_open(&b, &rig, "crowded");
	put = (struct queue_put){.meta = BYTES_LIT("meta"), .policy = &b.policy, .accepted_ms = b.at.now_ms, .most = 3};
	put_many(&b, 2);
	put.id = BYTES_LIT("third");
	assert_int_equal(bench_put_full(&b, &put), QUEUE_DONE);
	assert_int_equal(bench_put_full(&b, &put), QUEUE_KNOWN); /* it is there, whatever else is */
	put.id = BYTES_LIT("fourth");
	assert_int_equal(bench_put_full(&b, &put), QUEUE_CROWDED);
	bench_expect(&b, 3, 0, 0);
	assert_int_equal(bench_put(&b, "caller", NULL), QUEUE_DONE);
	assert_int_equal(bench_put_full(&b, &put), QUEUE_CROWDED);
	assert_int_equal(bench_claim(&b, 2), 2);
	assert_int_equal(bench_put_full(&b, &put), QUEUE_DONE);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_gateways_together_stay_below_the_concurrency),
		cmocka_unit_test(trouble_halves_the_concurrency_and_successes_bring_it_back),
		cmocka_unit_test(what_is_not_the_destinations_fault_leaves_its_limits_alone),
		cmocka_unit_test(so_many_troubles_in_a_row_open_the_breaker),
		cmocka_unit_test(an_open_breaker_lets_exactly_one_trial_through),
		cmocka_unit_test(a_trial_that_tells_nothing_makes_way_for_another),
		cmocka_unit_test(verdicts_from_before_the_breaker_opened_have_no_say),
		cmocka_unit_test(a_held_destination_takes_in_but_gives_nothing_out),
		cmocka_unit_test(behind_so_many_only_those_are_put_who_do_not_mind),
		cmocka_unit_test(a_full_redis_takes_nothing_in_and_goes_on_giving_out),
		cmocka_unit_test(a_million_small_messages_fit_into_a_gigabyte),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
