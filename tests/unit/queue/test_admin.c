/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What operators see and do. */
#include "scripts.h"
#include "rig_group.h"

static struct queue_admin *admin_open(const char *prefix)
{
	struct queue_server s = {.socket = rig.socket, .command_ms = RIG_WAIT_MS, .prefix = prefix};
	struct queue_admin *a = NULL;
	struct err e = {0};

	assert_true(queue_spool_open(rig.spool, &e).ok);
	if (!queue_admin_open(&s, rig.spool, &a, &e).ok)
		fail_msg("%s", e.detail);
	return a;
}

static const struct queue_policy usual = {.name = "usual", .initial_ms = 1000, .max_interval_ms = 60000, .factor = 2.0,
	.jitter_percent = 10, .expire_after_ms = 86400000, .max_attempts = 9};

static enum queue_result put(struct queue_admin *a, const char *destination, const char *id, const char *key,
	struct bytes body, int64_t accepted)
{
	struct queue_put p = {.id = bytes_str(id), .destination = bytes_str(destination), .order_key = bytes_str(key),
		.meta = BYTES_LIT("meta"), .body = body, .policy = &usual, .accepted_ms = accepted, .attempts = 2};
	enum queue_result result;
	struct err e = {0};

	if (!queue_admin_put(a, &p, 10, &result, &e).ok)
		fail_msg("%s", e.detail);
	return result;
}

struct seen {
	char ids[4096];
	struct queue_item last;
	size_t count, stop;
};

static bool see(void *ctx, const struct queue_item *item)
{
	struct seen *s = ctx;
	size_t used = strlen(s->ids);

	snprintf(s->ids + used, sizeof s->ids - used, "%.*s ", (int)item->id.n, (const char *)item->id.p);
	s->last = *item;
	s->count++;
	return s->count != s->stop;
}

static struct seen list(struct queue_admin *a, const struct queue_filter *f, size_t stop)
{
	struct seen s = {.stop = stop};
	struct err e = {0};

	if (!queue_admin_list(a, f, see, &s, &e).ok)
		fail_msg("%s", e.detail);
	return s;
}

/* Claims one message as a gateway would, and settles it when `verdict` says so. */
static void work(const char *prefix, const char *destination, int verdict, const char *cause)
{
	struct bench b;

	bench_open(&b, &rig, destination);
	b.at.prefix = prefix;
	b.at.now_ms = 0;
	b.lease_ms = 3600000;
	b.policy = usual;
	assert_int_equal(bench_claim(&b, 1), 1);
	if (verdict >= 0)
		bench_settle(&b, 0, (enum queue_verdict)verdict, cause);
	bench_close(&b);
}

static void everything_is_seen_under_its_destination(void **state)
{
	struct queue_admin *a;
	struct pool *pool = pool_new(1 << 16);
	struct queue_total *t;
	struct queue_cause *causes;
	int64_t now = stamp_now().ms;
	struct err e = {0};
	size_t n;

	(void)state;
	RIG_NEED(&rig);
	a = admin_open("see");
	assert_true(queue_admin_totals(a, pool, &t, &n, &e).ok);
	assert_int_equal(n, 0);
	put(a, "zoo", "z1", NULL, BYTES_LIT("b"), now - 5000);
	put(a, "ant", "a1", "k", BYTES_LIT("b"), now - 9000);
	put(a, "ant", "a2", "k", BYTES_LIT("b"), now - 3000);
	put(a, "ant", "a3", NULL, BYTES_LIT("b"), now - 2000);
	assert_true(queue_admin_hold(a, BYTES_LIT("zoo"), true, &e).ok);
	assert_true(queue_admin_hold(a, BYTES_LIT("empty"), true, &e).ok);
	work("see", "ant", QUEUE_REJECTED, "provider.fault");
	work("see", "ant", -1, NULL);
	assert_true(queue_admin_totals(a, pool, &t, &n, &e).ok);
	assert_int_equal(n, 3);
	assert_true(bytes_is(t[0].destination, "ant"));
	assert_true(bytes_is(t[1].destination, "empty"));
	assert_true(bytes_is(t[2].destination, "zoo"));
	assert_int_equal(t[0].waiting, 1);
	assert_int_equal(t[0].leased, 1);
	assert_int_equal(t[0].dead, 1);
	assert_int_equal(t[0].limit, 50);
	assert_false(t[0].held);
	assert_true(t[1].held && t[2].held);
	assert_int_equal(t[2].oldest_ms, now - 5000);
	assert_int_equal(t[1].oldest_ms, 0);
	assert_true(queue_admin_causes(a, &(struct queue_total){.destination = BYTES_LIT("ant")}, pool, &causes, &n, &e).ok);
	assert_int_equal(n, 1);
	assert_true(bytes_is(causes[0].cause, "provider.fault"));
	assert_int_equal(causes[0].count, 1);
	assert_true(queue_admin_causes(a, &(struct queue_total){.destination = BYTES_LIT("zoo")}, pool, &causes, &n, &e).ok);
	assert_int_equal(n, 0);
	pool_free(&pool);
	queue_admin_close(&a);
	queue_admin_close(&a);
}

static void filters_tell_what_they_say(void **state)
{
	struct queue_admin *a;
	int64_t now = stamp_now().ms;
	struct seen s;

	(void)state;
	RIG_NEED(&rig);
	a = admin_open("filter");
	put(a, "d", "dead", NULL, BYTES_LIT("b"), now - 50000);
	work("filter", "d", QUEUE_REJECTED, "provider.fault");
	put(a, "d", "leased", NULL, BYTES_LIT("b"), now - 40000);
	work("filter", "d", -1, NULL);
	put(a, "d", "first", "k", BYTES_LIT("b"), now - 30000);
	put(a, "d", "second", "k", BYTES_LIT("b"), now);
	put(a, "e", "other", NULL, BYTES_LIT("b"), now);
	s = list(a, &(struct queue_filter){.where = -1}, 0);
	assert_string_equal(s.ids, "first second leased dead other ");
	assert_string_equal(list(a, &(struct queue_filter){.where = QUEUE_WAITING}, 0).ids, "first second other ");
	assert_string_equal(list(a, &(struct queue_filter){.where = -1, .destination = "e"}, 0).ids, "other ");
	assert_string_equal(list(a, &(struct queue_filter){.where = -1, .older_ms = 20000}, 0).ids, "first leased dead ");
	assert_string_equal(list(a, &(struct queue_filter){.where = -1, .limit = 2}, 0).ids, "first second ");
	assert_string_equal(list(a, &(struct queue_filter){.where = -1}, 3).ids, "first second leased ");
	assert_string_equal(list(a, &(struct queue_filter){.where = -1, .id = "leased"}, 0).ids, "leased ");
	assert_string_equal(list(a, &(struct queue_filter){.where = QUEUE_DEAD, .id = "leased"}, 0).ids, "");
	s = list(a, &(struct queue_filter){.where = -1, .cause = "provider.fault"}, 0);
	assert_string_equal(s.ids, "dead ");
	assert_int_equal(s.last.where, QUEUE_DEAD);
	assert_int_equal(s.last.attempts, 3); /* two it came with, and one */
	assert_int_equal(s.last.accepted_ms, now - 50000);
	assert_int_equal(s.last.expire_ms, now - 50000 + usual.expire_after_ms);
	assert_int_equal(s.last.body_bytes, 1);
	assert_int_equal(s.last.policy.max_interval_ms, usual.max_interval_ms);
	s = list(a, &(struct queue_filter){.where = -1, .id = "second"}, 0);
	assert_int_equal(s.last.due_ms, 0); /* behind the first */
	s = list(a, &(struct queue_filter){.where = -1, .id = "first"}, 0);
	assert_true(s.last.due_ms >= now);
	queue_admin_close(&a);
}

static bool drop_it(void *ctx, const struct queue_item *item)
{
	struct err e = {0};

	if (!queue_admin_drop(ctx, item->destination, item->id, &e).ok)
		fail_msg("%s", e.detail);
	return true;
}

struct count {
	size_t n;
	unsigned char told[1000];
};

static bool count_it(void *ctx, const struct queue_item *item)
{
	struct count *c = ctx;
	int i = -1;

	assert_int_equal(sscanf((const char *)item->id.p, "m%d", &i), 1);
	assert_in_range(i, 0, 999);
	c->told[i]++;
	c->n++;
	return true;
}

static void long_lists_come_in_pages_without_gap_or_repeat(void **state)
{
	struct queue_admin *a;
	struct count c = {0};
	int64_t now = stamp_now().ms;
	struct err e = {0};

	(void)state;
	RIG_NEED(&rig);
	a = admin_open("pages");
	for (int i = 0; i < 1000; i++) {
		char id[8];

		snprintf(id, sizeof id, "m%d", i);
		put(a, "d", id, NULL, BYTES_LIT("b"), now + i / 400); /* many expire in the same millisecond */
	}
	assert_true(queue_admin_list(a, &(struct queue_filter){.where = -1}, count_it, &c, &e).ok);
	assert_int_equal(c.n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(c.told[i], 1);
	/* What was told may be taken out meanwhile. */
	assert_true(queue_admin_list(a, &(struct queue_filter){.where = -1}, drop_it, a, &e).ok);
	c.n = 0;
	assert_true(queue_admin_list(a, &(struct queue_filter){.where = -1}, count_it, &c, &e).ok);
	assert_int_equal(c.n, 0);
	queue_admin_close(&a);
}

static void retry_gives_a_dead_letter_a_fresh_life_behind_its_line(void **state)
{
	struct queue_admin *a;
	int64_t now = stamp_now().ms;
	struct err e = {0};
	struct seen s;

	(void)state;
	RIG_NEED(&rig);
	a = admin_open("retry");
	put(a, "d", "one", "k", BYTES_LIT("b"), now - 80000000);
	work("retry", "d", QUEUE_REJECTED, "provider.fault");
	put(a, "d", "two", "k", BYTES_LIT("b"), now);
	assert_true(queue_admin_retry(a, BYTES_LIT("d"), BYTES_LIT("one"), &e).ok);
	s = list(a, &(struct queue_filter){.where = -1, .id = "one"}, 0);
	assert_int_equal(s.last.where, QUEUE_WAITING);
	assert_int_equal(s.last.attempts, 3);
	assert_int_equal(s.last.due_ms, 0);
	assert_int_equal(s.last.accepted_ms, now - 80000000);
	assert_true(s.last.expire_ms >= now + usual.expire_after_ms);
	work("retry", "d", QUEUE_TROUBLE, "provider.connect"); /* two */
	s = list(a, &(struct queue_filter){.where = -1, .id = "two"}, 0);
	assert_true(s.last.due_ms > now + 500);
	assert_true(queue_admin_retry(a, BYTES_LIT("d"), BYTES_LIT("two"), &e).ok);
	assert_true(list(a, &(struct queue_filter){.where = -1, .id = "two"}, 0).last.due_ms < s.last.due_ms);
	work("retry", "d", QUEUE_DELIVERED, NULL);
	work("retry", "d", -1, NULL); /* one, now in somebody's hands */
	assert_false(queue_admin_retry(a, BYTES_LIT("d"), BYTES_LIT("one"), &e).ok);
	assert_int_equal(e.reason, REASON_USAGE);
	assert_false(queue_admin_drop(a, BYTES_LIT("d"), BYTES_LIT("one"), &e).ok);
	assert_false(queue_admin_retry(a, BYTES_LIT("d"), BYTES_LIT("never"), &e).ok);
	assert_false(queue_admin_drop(a, BYTES_LIT("elsewhere"), BYTES_LIT("one"), &e).ok);
	queue_admin_close(&a);
}

static void big_bodies_go_through_the_spool_and_leave_with_the_message(void **state)
{
	SCOPED(buf_free) struct buf body = BUF(1000);
	struct queue_admin *a, *blind = NULL;
	struct queue_server s = {.socket = rig.socket, .command_ms = RIG_WAIT_MS, .prefix = "spool"};
	int64_t now = stamp_now().ms;
	struct err e = {0};

	(void)state;
	RIG_NEED(&rig);
	a = admin_open("spool");
	assert_int_equal(put(a, "d", "small", NULL, BYTES_LIT("0123456789"), now), QUEUE_DONE);
	assert_int_equal(rig_spooled(&rig), 0);
	assert_int_equal(put(a, "d", "big", NULL, BYTES_LIT("0123456789\0"), now), QUEUE_DONE);
	assert_int_equal(rig_spooled(&rig), 1);
	assert_int_equal(put(a, "d", "big", NULL, BYTES_LIT("another body"), now), QUEUE_KNOWN);
	assert_int_equal(rig_spooled(&rig), 1); /* the file of the second was taken back, that of the first is there */
	assert_true(queue_admin_body(a, BYTES_LIT("d"), BYTES_LIT("big"), &body, &e).ok);
	assert_true(bytes_eq(buf_bytes(&body), BYTES_LIT("0123456789\0")));
	buf_clear(&body);
	assert_true(queue_admin_body(a, BYTES_LIT("d"), BYTES_LIT("small"), &body, &e).ok);
	assert_true(bytes_is(buf_bytes(&body), "0123456789"));
	assert_int_equal(list(a, &(struct queue_filter){.where = -1, .id = "big"}, 0).last.body_bytes, 11);
	assert_false(queue_admin_body(a, BYTES_LIT("d"), BYTES_LIT("never"), &body, &e).ok);
	assert_true(queue_admin_open(&s, NULL, &blind, &e).ok);
	assert_false(queue_admin_body(blind, BYTES_LIT("d"), BYTES_LIT("big"), &body, &e).ok);
	queue_admin_close(&blind);
	assert_true(queue_admin_drop(a, BYTES_LIT("d"), BYTES_LIT("big"), &e).ok);
	assert_int_equal(rig_spooled(&rig), 0);
	queue_admin_close(&a);
}

static void scripts_that_the_server_forgot_are_sent_again(void **state)
{
	struct queue_admin *a;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	a = admin_open("forgot");
	bench_open(&b, &rig, "d");
	put(a, "d", "one", NULL, BYTES_LIT("b"), stamp_now().ms);
	assert_int_equal(bench_number(&b, "SCRIPT FLUSH"), -1);
	put(a, "d", "two", NULL, BYTES_LIT("b"), stamp_now().ms);
	assert_string_equal(list(a, &(struct queue_filter){.where = -1}, 0).ids, "one two ");
	bench_close(&b);
	queue_admin_close(&a);
}

static void a_full_or_absent_redis_is_told(void **state)
{
	struct queue_server nowhere = {.socket = "/nonexistent/r.sock", .command_ms = 100, .prefix = "x"};
	struct queue_put p = {.id = BYTES_LIT("i"), .destination = BYTES_LIT("d"), .body = BYTES_LIT("more than ten octets"),
		.policy = &usual};
	enum queue_result result;
	struct queue_admin *a = NULL;
	struct err e = {0};
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	assert_false(queue_admin_open(&nowhere, NULL, &a, &e).ok);
	assert_int_equal(e.reason, REASON_QUEUE_DOWN);
	assert_null(a);
	bench_open(&b, &rig, "d");
	a = admin_open("full");
	freeReplyObject(redisCommand(b.c, "CONFIG SET maxmemory 1"));
	assert_false(queue_admin_put(a, &p, 10, &result, &e).ok);
	freeReplyObject(redisCommand(b.c, "CONFIG SET maxmemory 0"));
	assert_int_equal(result, QUEUE_FULL);
	assert_int_equal(e.reason, REASON_QUEUE_FULL);
	assert_int_equal(rig_spooled(&rig), 0);
	freeReplyObject(redisCommand(b.c, "CLIENT KILL TYPE normal SKIPME yes"));
	assert_false(queue_admin_put(a, &p, 10, &result, &e).ok);
	assert_int_equal(result, QUEUE_UNCERTAIN);
	assert_int_equal(rig_spooled(&rig), 1); /* it may be named by now */
	queue_admin_close(&a);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_seen_under_its_destination),
		cmocka_unit_test(filters_tell_what_they_say),
		cmocka_unit_test(long_lists_come_in_pages_without_gap_or_repeat),
		cmocka_unit_test(retry_gives_a_dead_letter_a_fresh_life_behind_its_line),
		cmocka_unit_test(big_bodies_go_through_the_spool_and_leave_with_the_message),
		cmocka_unit_test(scripts_that_the_server_forgot_are_sent_again),
		cmocka_unit_test(a_full_or_absent_redis_is_told),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
