/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two Redis as one queue: each destination is where it is assigned, operators see both, and what an earlier assignment left
 * behind is neither lost nor doubled. */
#include "asked.h"
#include "queue/queue_int.h"

static struct rig first, second;
static const char *const holds[] = {"water", "Person", NULL};
static struct queue_shard shard = {.name = "other", .holds = holds};
#define ONE_SHARD &shard, 1

static int start(void **state)
{
	(void)state;
	rig_start(&first);
	rig_start(&second);
	shard.server = (struct queue_server){.socket = second.socket, .command_ms = RIG_WAIT_MS, .prefix = "test"};
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&first);
	rig_stop(&second);
	return 0;
}

static void sharded_gate(struct gate *g)
{
	rig_ask(&second, "FLUSHALL");
	rig_wipe(&first);
	rig_remove(first.spool);
	gate_init(g, &first, "one");
	g->s.shards = &shard;
	g->s.shard_count = 1;
	gate_open(g);
	assert_true(gate_becomes(g, true, NULL));
}

static struct queue_admin *admin(bool both)
{
	struct queue_server s = {.socket = first.socket, .command_ms = RIG_WAIT_MS, .prefix = "test"};
	struct queue_admin *a;
	struct err e;

	assert_true(queue_admin_open(&s, first.spool, &a, &e).ok);
	if (both)
		queue_admin_shards(a, ONE_SHARD);
	return a;
}

static void each_destination_is_where_it_is_assigned(void **state)
{
	struct gate g;
	struct asked a = {.done = false};
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&first);
	sharded_gate(&g);
	queue_pause(g.q);
	assert_int_equal(gate_put(&g, "m1", "water", "k", BYTES_LIT("x")), QUEUE_DONE);
	assert_int_equal(gate_put(&g, "m2", "Person/pull", "", BYTES_LIT("x")), QUEUE_DONE);
	assert_int_equal(gate_put(&g, "m3", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	assert_int_equal(gate_put(&g, "m4", "waters", "", BYTES_LIT("x")), QUEUE_DONE);
	assert_int_equal(rig_ask(&second, "SCARD test:destinations"), 2);
	assert_int_equal(rig_ask(&second, "EXISTS test:{water}:m:m1 test:{Person/pull}:m:m2"), 2);
	assert_int_equal(rig_ask(&first, "EXISTS test:{land}:m:m3 test:{waters}:m:m4"), 2);
	recall_put(&a, &g, (struct queue_message){.holder = BYTES_LIT("Person"), .name = BYTES_LIT("n1"),
		.exchange = bytes_str(FIRST), .for_ms = HOUR}, 0, false);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(recall(&g, "n2", FIRST, &a), RECALLED_NEW);
	assert_int_equal(rig_ask(&second, "EXISTS test:seen:n1") + rig_ask(&first, "EXISTS test:seen:n2"), 2);
	gate_stop(&g);
	gate_init(&g, &first, "two");
	g.s.shards = &shard;
	g.s.shard_count = 1;
	gate_open(&g);
	for (int i = 0; i < 4; i++) {
		c = gate_claim(&g);
		gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	}
	assert_int_equal(rig_ask(&second, "EXISTS test:{water}:m:m1 test:{Person/pull}:m:m2"), 0);
	assert_int_equal(rig_ask(&second, "EXISTS test:{water}:dup:m1"), 1); /* settled where it was */
	gate_stop(&g);
}

static void a_shard_that_is_away_stops_only_what_it_holds(void **state)
{
	static unsigned char big[5000];
	struct gate g;
	struct err e;

	(void)state;
	RIG_NEED(&first);
	memset(big, 'b', sizeof big);
	sharded_gate(&g);
	queue_pause(g.q);
	rig_kill(&second, SIGKILL);
	assert_true(gate_becomes(&g, false, &e));
	assert_non_null(strstr(e.detail, "other: "));
	assert_int_equal(gate_put(&g, "m1", "water", "", BYTES_LIT("x")), QUEUE_DOWN);
	assert_false(queue_healthy_for(g.q, BYTES_LIT("water"), &e));
	assert_true(queue_healthy_for(g.q, BYTES_LIT("land"), &e));
	assert_int_equal(gate_put(&g, "m2", "land", "", (struct bytes){big, sizeof big}), QUEUE_DONE);
	rig_run(&second, NULL);
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(gate_put(&g, "m1", "water", "", (struct bytes){big, sizeof big}), QUEUE_DONE);
	assert_int_equal(rig_spooled(&first), 1); /* bodies lie in the folder of their Redis */
	gate_stop(&g);
}

static void a_shard_that_lost_everything_is_not_taken_for_the_one_that_holds(void **state)
{
	struct queue_admin *a;
	struct gate g;
	struct err e;

	(void)state;
	RIG_NEED(&first);
	sharded_gate(&g);
	rig_ask(&second, "FLUSHALL");
	assert_true(gate_becomes(&g, false, &e));
	assert_non_null(strstr(e.detail, "other: "));
	assert_true(queue_healthy_for(g.q, BYTES_LIT("land"), NULL));
	a = admin(true);
	assert_true(queue_admin_adopt(a, &e).ok);
	queue_admin_close(&a);
	assert_true(gate_becomes(&g, true, NULL));
	gate_stop(&g);
}

/* ---- operators ---- */

static bool count(void *ctx, const struct queue_item *item)
{
	char *text = ctx;
	size_t n = strlen(text);

	snprintf(text + n, 200 - n, "%.*s@%s ", (int)item->id.n, (const char *)item->id.p, item->redis ? item->redis : "first");
	return true;
}

static void what_an_earlier_assignment_left_is_seen_delivered_and_not_doubled(void **state)
{
	struct queue_put put = {.id = BYTES_LIT("m1"), .destination = BYTES_LIT("water"), .body = BYTES_LIT("x"),
		.policy = &usual_policy};
	SCOPED(pool_free) struct pool *pool = pool_new(1u << 20);
	SCOPED(buf_free) struct buf body = BUF(100);
	struct queue_filter all = {.where = -1};
	struct queue_total *totals;
	enum queue_result result;
	struct queue_admin *a;
	char text[200] = "";
	struct gate g;
	struct err e;
	size_t n;

	(void)state;
	RIG_NEED(&first);
	sharded_gate(&g);
	queue_pause(g.q);
	a = admin(false);
	assert_true(queue_admin_put(a, &put, 1000, &result, &e).ok); /* as long as nothing was said of shards */
	queue_admin_close(&a);
	assert_int_equal(gate_put(&g, "m2", "water", "", BYTES_LIT("y")), QUEUE_DONE);
	a = admin(true);
	assert_true(queue_admin_list(a, &all, count, text, &e).ok);
	assert_string_equal(text, "m1@first m2@other ");
	assert_true(queue_admin_totals(a, pool, &totals, &n, &e).ok);
	assert_int_equal(n, 2);
	assert_true(totals[0].redis == NULL && strcmp(totals[1].redis, "other") == 0 && totals[1].waiting == 1);
	assert_true(queue_admin_put(a, &put, 1000, &result, &e).ok); /* a rebuild */
	assert_int_equal(result, QUEUE_KNOWN);
	assert_int_equal(rig_ask(&second, "EXISTS test:{water}:m:m1"), 0);
	assert_true(queue_admin_body(a, BYTES_LIT("water"), BYTES_LIT("m1"), &body, &e).ok);
	assert_string_equal(buf_cstr(&body), "x");
	assert_false(queue_admin_drop(a, BYTES_LIT("water"), BYTES_LIT("m3"), &e).ok);
	assert_int_equal(e.reason, REASON_USAGE);
	assert_true(queue_admin_hold(a, BYTES_LIT("water"), true, &e).ok);
	assert_int_equal(rig_ask(&first, "HEXISTS test:{water}:state hold"), 1);
	assert_int_equal(rig_ask(&second, "HEXISTS test:{water}:state hold"), 1);
	assert_true(queue_admin_hold(a, BYTES_LIT("water"), false, &e).ok);
	gate_stop(&g);
	gate_init(&g, &first, "two");
	g.s.shards = &shard;
	g.s.shard_count = 1;
	gate_open(&g);
	for (int i = 0; i < 2; i++)
		gate_settle(&g, gate_claim(&g), i ? QUEUE_DELIVERED : QUEUE_REJECTED, "x");
	text[0] = 0;
	assert_true(queue_admin_list(a, &all, count, text, &e).ok);
	assert_int_equal(strlen(text), strlen("m1@first "));
	assert_true(queue_admin_retry(a, BYTES_LIT("water"), (struct bytes){(unsigned char *)text, 2}, &e).ok);
	gate_settle(&g, gate_claim(&g), QUEUE_DELIVERED, NULL);
	queue_admin_close(&a);
	gate_stop(&g);
}

static void a_closed_destination_takes_nothing_and_is_delivered(void **state)
{
	struct queue_admin *a;
	struct gate g;
	struct err e;

	(void)state;
	RIG_NEED(&first);
	sharded_gate(&g);
	queue_pause(g.q);
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	a = admin(false);
	assert_true(queue_admin_shut(a, BYTES_LIT("land"), true, &e).ok);
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_KNOWN);
	gate_stop(&g);
	gate_start(&g, &first, "two");
	gate_settle(&g, gate_claim(&g), QUEUE_DELIVERED, NULL);
	assert_true(queue_admin_shut(a, BYTES_LIT("land"), false, &e).ok);
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	queue_admin_close(&a);
	gate_stop(&g);
}

static void a_shard_that_cannot_be_reached_is_named(void **state)
{
	struct queue_shard nowhere = {.name = "far", .server = {.socket = "/nonexistent", .command_ms = 100, .prefix = "test"},
		.holds = holds};
	struct queue_filter all = {.where = -1};
	struct queue_admin *a;
	char text[200] = "";
	struct err e;

	(void)state;
	RIG_NEED(&first);
	a = admin(false);
	queue_admin_shards(a, &nowhere, 1);
	assert_false(queue_admin_list(a, &all, count, text, &e).ok);
	assert_int_equal(e.reason, REASON_QUEUE_DOWN);
	assert_int_equal(strncmp(e.detail, "far: ", 5), 0);
	queue_admin_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_destination_is_where_it_is_assigned),
		cmocka_unit_test(a_shard_that_is_away_stops_only_what_it_holds),
		cmocka_unit_test(a_shard_that_lost_everything_is_not_taken_for_the_one_that_holds),
		cmocka_unit_test(what_an_earlier_assignment_left_is_seen_delivered_and_not_doubled),
		cmocka_unit_test(a_closed_destination_takes_nothing_and_is_delivered),
		cmocka_unit_test(a_shard_that_cannot_be_reached_is_named),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
