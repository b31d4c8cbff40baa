/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The replay memory that gateways share: a message is one exchange's at a time, its outcome meets whoever repeats it at any
 * gateway, and what nobody can tell is never called new. */
#include "asked.h"
#include "queue/queue_int.h"
#include "rig_group.h"

#define NAME "0123456789abcdef"
static struct gate one, two;

static int both(void **state)
{
	(void)state;
	if (rig.pid == 0)
		return 0;
	rig_wipe(&rig);
	gate_start(&one, &rig, "one");
	gate_start(&two, &rig, "two");
	return 0;
}

static int neither(void **state)
{
	(void)state;
	if (rig.pid == 0)
		return 0;
	gate_stop(&one);
	gate_stop(&two);
	return 0;
}

static void what_one_gateway_took_is_open_at_the_other(void **state)
{
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW);
	assert_int_equal(recall(&two, NAME, SECOND, &a), RECALLED_OPEN);
	assert_string_equal(a.recall.first, FIRST);
	assert_string_equal(a.recall.node, "one");
	assert_int_equal(recall(&two, "another", SECOND, &a), RECALLED_NEW);
	assert_in_range(rig_ask(&rig, "PTTL test:seen:" NAME), HOUR - 60000, HOUR);
}

static void an_answer_is_given_again_octet_for_octet(void **state)
{
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW);
	assert_int_equal(inform(&one, NAME, FIRST, QUEUE_FATE_ANSWERED, "<answer>\r\n\xd0\x96</answer>"), QUEUE_DONE);
	assert_int_equal(recall(&two, NAME, SECOND, &a), RECALLED_ANSWERED);
	assert_string_equal(buf_cstr(&a.recall.answer), "<answer>\r\n\xd0\x96</answer>");
	assert_int_equal(a.recall.status, 200);
	assert_string_equal(a.recall.first, FIRST);
	rig_ask(&rig, "DEL test:seen:" NAME ":answer"); /* its time is over */
	assert_int_equal(recall(&two, NAME, SECOND, &a), RECALLED_ANSWERED);
	assert_int_equal(a.recall.answer.len, 0);
	buf_free(&a.recall.answer);
}

static void other_content_is_told_apart_in_every_state(void **state)
{
	static const enum queue_fate fates[] = {QUEUE_FATE_ANSWERED, QUEUE_FATE_RELEASED, QUEUE_FATE_UNCERTAIN};
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW);
	recall_put(&a, &two, message(NAME, SECOND, 'd'), 0, true);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_OTHER);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(inform(&one, NAME, FIRST, fates[i], "x"), QUEUE_DONE);
		recall_put(&a, &two, message(NAME, SECOND, 'd'), 0, true);
		assert_int_equal(asked_wait(&a), QUEUE_DONE);
		assert_int_equal(a.recall.what, RECALLED_OTHER);
	}
}

static void what_was_released_is_taken_by_the_next(void **state)
{
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW);
	assert_int_equal(inform(&one, NAME, FIRST, QUEUE_FATE_RELEASED, ""), QUEUE_DONE);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_OPEN); /* a recall in doubt that comes late takes nothing */
	assert_int_equal(recall(&two, NAME, SECOND, &a), RECALLED_NEW);
	assert_int_equal(inform(&one, NAME, FIRST, QUEUE_FATE_ANSWERED, "late"), QUEUE_DONE); /* not his any more */
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_OPEN);
	assert_string_equal(a.recall.first, SECOND);
}

static void of_a_dead_gateway_what_was_open_is_uncertain(void **state)
{
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW);
	gate_stop(&one);
	assert_int_equal(recall(&two, NAME, SECOND, &a), RECALLED_OPEN);
	rig_ask(&rig, "PEXPIRE test:node:one 0"); /* it has given no sign of life for so long */
	assert_int_equal(recall(&two, NAME, SECOND, &a), RECALLED_UNCERTAIN);
	assert_string_equal(a.recall.first, FIRST);
	recall_put(&a, &two, message(NAME, SECOND, 'c'), 0, true);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_AGAIN);
	assert_int_equal(recall(&two, NAME, FIRST, &a), RECALLED_OPEN); /* it is the second's now */
	gate_start(&one, &rig, "one");
}

static void what_is_too_old_to_be_remembered_is_not_new(void **state)
{
	struct asked a = {.done = false};
	struct queue_message m;

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW); /* the memory begins now */
	recall_put(&a, &one, message("before", FIRST, 'c'), 5 * 60000, false);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_FORGOTTEN);
	recall_put(&a, &one, message("before", FIRST, 'c'), 5 * 60000, true);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_AGAIN);
	rig_ask(&rig, "SET test:seen-since: 1"); /* the memory is old; of that age it has no record any more */
	recall_put(&a, &one, message("past", FIRST, 'c'), HOUR - 30000, false);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_FORGOTTEN);
	recall_put(&a, &one, message("within", FIRST, 'c'), HOUR - 120000, false);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_NEW);
	m = message("moved", FIRST, 'c'); /* his records were in another Redis before */
	m.holder = BYTES_LIT("newcomer");
	recall_put(&a, &one, m, HOUR - 120000, false);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_FORGOTTEN);
}

/* What was sent a moment before the loss may have been done; a clock may be ahead by the difference that is allowed. */
static void what_redis_may_have_lost_is_not_new(void **state)
{
	enum { SKEW = 60000 };
	struct asked a = {.done = false};
	char since[64];

	(void)state;
	RIG_NEED(&rig);
	rig_ask(&rig, "SET test:seen-since: 1");
	assert_int_equal(recall(&one, "before", FIRST, &a), RECALLED_NEW);
	rig_ask(&rig, "SET test:seen-lost 0"); /* as an operator's rebuild does */
	rig_ask(&rig, "DEL test:seen:before");
	assert_int_equal(recall(&two, "before", SECOND, &a), RECALLED_FORGOTTEN);
	recall_put(&a, &two, message("ahead", SECOND, 'c'), -SKEW / 2, false);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_FORGOTTEN);
	recall_put(&a, &two, message("harmless", SECOND, 'c'), 0, true);
	assert_int_equal(asked_wait(&a), QUEUE_DONE);
	assert_int_equal(a.recall.what, RECALLED_AGAIN);
	snprintf(since, sizeof since, "SET test:seen-lost %lld", (long long)stamp_now().ms - 2 * SKEW);
	rig_ask(&rig, since); /* that was long ago */
	assert_int_equal(recall(&two, "before", SECOND, &a), RECALLED_NEW);
}

static void of_many_copies_at_once_one_is_new(void **state)
{
	enum { NAMES = 100, COPIES = 6 };
	static struct asked all[NAMES][COPIES];
	static char name[NAMES][16], exchange[NAMES][COPIES][39];

	(void)state;
	RIG_NEED(&rig);
	for (int i = 0; i < NAMES; i++) {
		snprintf(name[i], sizeof name[i], "many%d", i);
		for (int k = 0; k < COPIES; k++) {
			snprintf(exchange[i][k], sizeof exchange[i][k], "{%036d}", i * COPIES + k);
			recall_put(&all[i][k], k % 2 ? &one : &two, message(name[i], exchange[i][k], 'c'), 0, k % 3 == 0);
		}
	}
	for (int i = 0; i < NAMES; i++) {
		int fresh = 0;

		for (int k = 0; k < COPIES; k++) {
			assert_int_equal(asked_wait(&all[i][k]), QUEUE_DONE);
			fresh += all[i][k].recall.what == RECALLED_NEW;
			assert_true(all[i][k].recall.what == RECALLED_NEW || all[i][k].recall.what == RECALLED_OPEN);
		}
		assert_int_equal(fresh, 1);
	}
}

/* ---- a server in trouble ---- */

static void a_recall_in_doubt_is_refused_and_taken_back(void **state)
{
	struct gate g;
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	gate_init(&g, &rig, "doubtful");
	g.s.server.command_ms = 1000;
	gate_open(&g);
	assert_true(gate_becomes(&g, true, NULL));
	rig_kill(&rig, SIGSTOP);
	recall_put(&a, &g, message(NAME, FIRST, 'c'), 0, false);
	assert_int_equal(asked_wait(&a), QUEUE_UNCERTAIN);
	assert_int_equal(recall(&g, NAME, SECOND, &a), -1); /* known to be away: not even asked */
	assert_int_equal(a.result, QUEUE_DOWN);
	rig_kill(&rig, SIGCONT);
	assert_true(gate_becomes(&g, true, NULL));
	while (recall(&two, NAME, SECOND, &a) == RECALLED_OPEN) /* until it was taken back */
		assert_string_equal(a.recall.first, FIRST);
	assert_int_equal(a.recall.what, RECALLED_NEW);
	gate_stop(&g);
}

static void an_outcome_that_redis_did_not_hear_is_told_when_it_is_back(void **state)
{
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW);
	rig_kill(&rig, SIGKILL);
	assert_true(gate_becomes(&one, false, NULL));
	assert_int_equal(inform(&one, NAME, FIRST, QUEUE_FATE_ANSWERED, "octets"), QUEUE_DOWN);
	rig_run(&rig, NULL);
	assert_true(gate_becomes(&one, true, NULL));
	assert_true(gate_becomes(&two, true, NULL));
	while (recall(&two, NAME, SECOND, &a) == RECALLED_OPEN || a.result != QUEUE_DONE)
		continue;
	assert_int_equal(a.recall.what, RECALLED_ANSWERED); /* elsewhere: the octets did not wait */
	assert_int_equal(a.recall.answer.len, 0);
	assert_string_equal(a.recall.node, "one");
}

static void a_full_server_takes_nothing_new_and_hears_outcomes(void **state)
{
	struct asked a = {.done = false};

	(void)state;
	RIG_NEED(&rig);
	assert_int_equal(recall(&one, NAME, FIRST, &a), RECALLED_NEW);
	rig_ask(&rig, "CONFIG SET maxmemory 1");
	assert_int_equal(recall(&two, "another", SECOND, &a), -1);
	assert_int_equal(a.result, QUEUE_FULL);
	assert_int_equal(inform(&one, NAME, FIRST, QUEUE_FATE_RELEASED, ""), QUEUE_DONE);
	rig_ask(&rig, "CONFIG SET maxmemory 0");
	assert_true(gate_becomes(&two, true, NULL));
	assert_int_equal(recall(&two, NAME, SECOND, &a), RECALLED_NEW);
}

static void a_reply_of_another_shape_takes_nothing(void **state)
{
	redisReply nothing = {.type = REDIS_REPLY_STRING, .str = (char[]){""}};
	redisReply strange = {.type = REDIS_REPLY_INTEGER, .integer = 9};
	redisReply *parts[2][5] = {{&nothing, &nothing, &nothing, &nothing, &nothing},
		{&strange, &nothing, &nothing, &nothing, &nothing}};
	struct queue_recall out = {.answer = BUF(10)};
	struct err e;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		redisReply r = {.type = REDIS_REPLY_ARRAY, .elements = 5, .element = parts[i]};

		assert_int_equal(queue_reply_recall(&r, &out, &e), QUEUE_DOWN);
	}
	assert_int_equal(queue_reply_recall(NULL, &out, &e), QUEUE_DOWN);
}

int main(void)
{
#define OF_TWO(test) cmocka_unit_test_setup_teardown(test, both, neither)
	const struct CMUnitTest tests[] = {
		OF_TWO(what_one_gateway_took_is_open_at_the_other),
		OF_TWO(an_answer_is_given_again_octet_for_octet),
		OF_TWO(other_content_is_told_apart_in_every_state),
		OF_TWO(what_was_released_is_taken_by_the_next),
		OF_TWO(of_a_dead_gateway_what_was_open_is_uncertain),
		OF_TWO(what_is_too_old_to_be_remembered_is_not_new),
		OF_TWO(what_redis_may_have_lost_is_not_new),
		OF_TWO(of_many_copies_at_once_one_is_new),
		OF_TWO(a_recall_in_doubt_is_refused_and_taken_back),
		OF_TWO(an_outcome_that_redis_did_not_hear_is_told_when_it_is_back),
		OF_TWO(a_full_server_takes_nothing_new_and_hears_outcomes),
		cmocka_unit_test(a_reply_of_another_shape_takes_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
