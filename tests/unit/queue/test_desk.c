/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts of adapters: what returns is kept, by the Redis that holds what was acknowledged, or it is refused. */
#include "desk_script.h"
#include "rig_group.h"

static void answers_are_texts_and_keys_lie_under_the_area(void **state)
{
	struct desk_script s;
	struct queue_desk *d;
	struct gate g;
	struct told t;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	d = desk_over(&g);
	desk_script_count(&s);
	tell(&t, d, &s, "a word\r\n");
	assert_true(t.ok);
	assert_int_equal(t.answer.n, 3);
	assert_true(bytes_is(t.answer.part[0], "1"));
	assert_true(bytes_is(t.answer.part[1], "a word\r\n"));
	assert_int_equal(t.answer.part[2].n, 0);
	assert_int_equal(rig_ask(&rig, "EXISTS test:area:n"), 1);
	pool_free(&t.pool);
	queue_desk_close(&d);
	gate_stop(&g);
}

/* The server forgets scripts, or is another process than before: the caller does not notice. */
static void it_goes_on_with_a_server_that_came_back(void **state)
{
	struct desk_script s;
	struct queue_desk *d;
	struct gate g;
	long before;
	struct err e;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	d = desk_over(&g);
	desk_script_count(&s);
	before = desk_count(d, &s);
	rig_ask(&rig, "SCRIPT FLUSH");
	assert_int_equal(desk_count(d, &s), before + 1);
	rig_kill(&rig, SIGKILL);
	assert_true(gate_becomes(&g, false, &e));
	assert_desk_refuses(d, &s, REASON_QUEUE_DOWN, "");
	rig_run(&rig, NULL);
	assert_true(gate_becomes(&g, true, &e));
	assert_int_equal(desk_count(d, &s), before + 2);
	queue_desk_close(&d);
	gate_stop(&g);
}

/* The queue looks at the server once a second; the script looks at it at the very moment. */
static void a_redis_without_what_it_held_is_refused_inside_the_script(void **state)
{
	struct desk_script s;
	struct queue_desk *d;
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	d = desk_over(&g);
	desk_script_count(&s);
	desk_count(d, &s);
	rig_ask(&rig, "RENAME test:birth test:kept");
	rig_ask(&rig, "SET test:area:n 100");
	assert_desk_refuses(d, &s, REASON_QUEUE_DOWN, "queue rebuild");
	rig_ask(&rig, "SET test:birth 00000000-0000-0000-0000-000000000000");
	assert_desk_refuses(d, &s, REASON_QUEUE_DOWN, "queue rebuild");
	rig_ask(&rig, "RENAME test:kept test:birth");
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(desk_count(d, &s), 101);
	queue_desk_close(&d);
	gate_stop(&g);
}

static void a_redis_that_may_lose_what_it_acknowledged_is_refused(void **state)
{
	struct desk_script s;
	struct queue_desk *d;
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	d = desk_over(&g);
	desk_script_count(&s);
	rig_ask(&rig, "CONFIG SET appendfsync everysec");
	assert_desk_refuses(d, &s, REASON_QUEUE_DOWN, "appendfsync"); /* a new connection looks by itself */
	rig_ask(&rig, "CONFIG SET appendfsync always");
	assert_true(gate_becomes(&g, true, NULL));
	queue_desk_close(&d);
	gate_stop(&g);
}

static void a_full_redis_is_told_apart(void **state)
{
	struct desk_script s, always;
	struct queue_desk *d;
	struct gate g;
	long before;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	d = desk_over(&g);
	desk_script_count(&s);
	before = desk_count(d, &s);
	rig_ask(&rig, "CONFIG SET maxmemory 1");
	assert_desk_refuses(d, &s, REASON_QUEUE_FULL, "");
	assert_true(gate_becomes(&g, false, NULL)); /* the queue has noticed, too */
	assert_desk_refuses(d, &s, REASON_QUEUE_FULL, "");
	desk_script_make(&always, "#!lua flags=allow-oom", "return {redis.call('GET', base .. 'n'), ARGV[2], false}\n");
	assert_int_equal(desk_count(d, &always), before); /* what takes out or must be done still is */
	rig_ask(&rig, "CONFIG SET maxmemory 0");
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(desk_count(d, &s), before + 1);
	queue_desk_close(&d);
	gate_stop(&g);
}

/* An operator puts back before the Redis has its name again. */
static void an_operator_may_ask_any_redis(void **state)
{
	struct queue_server server = {.socket = rig.socket, .command_ms = RIG_WAIT_MS, .prefix = "other"};
	SCOPED(queue_admin_close) struct queue_admin *a = NULL;
	SCOPED(pool_free) struct pool *pool = pool_new(65536);
	struct bytes words[] = {BYTES_LIT("w")};
	struct queue_answer answer;
	struct desk_script s;
	struct err e;

	(void)state;
	RIG_NEED(&rig);
	desk_script_count(&s);
	assert_true(queue_admin_open(&server, NULL, &a, &e).ok);
	assert_true(queue_admin_run(a, &s.lua, "area", words, 1, pool, &answer, &e).ok);
	assert_true(bytes_is(answer.part[0], "1"));
	assert_int_equal(rig_ask(&rig, "EXISTS other:area:n"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_texts_and_keys_lie_under_the_area),
		cmocka_unit_test(it_goes_on_with_a_server_that_came_back),
		cmocka_unit_test(a_redis_without_what_it_held_is_refused_inside_the_script),
		cmocka_unit_test(a_redis_that_may_lose_what_it_acknowledged_is_refused),
		cmocka_unit_test(a_full_redis_is_told_apart),
		cmocka_unit_test(an_operator_may_ask_any_redis),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
