/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks: under one name the first of all gateways stays, for so long and no longer, and nobody is told of a mark that is
 * not on disk. */
#include "gate.h"

static struct rig rig;

static int start(void **state)
{
	(void)state;
	rig_start(&rig);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

struct token { /* a mark and its answer */
	struct queue_mark mark;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done;
	enum queue_result result;
	struct err e;
};

static void token_done(struct queue_mark *mark, enum queue_result result, const struct err *e)
{
	struct token *t = mark->ctx;

	pthread_mutex_lock(&t->lock);
	t->result = result;
	if (e)
		t->e = *e;
	t->done = true;
	pthread_cond_signal(&t->answered);
	pthread_mutex_unlock(&t->lock);
}

static void token_put(struct token *t, struct gate *g, const char *name, const char *says)
{
	*t = (struct token){
		.mark = {.name = bytes_str(name), .says = bytes_str(says), .for_ms = 60000, .done = token_done, .ctx = t},
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.answered = PTHREAD_COND_INITIALIZER,
	};
	queue_mark(g->q, &t->mark);
}

static enum queue_result token_wait(struct token *t)
{
	pthread_mutex_lock(&t->lock);
	while (!t->done)
		pthread_cond_wait(&t->answered, &t->lock);
	pthread_mutex_unlock(&t->lock);
	return t->result;
}

static enum queue_result mark(struct gate *g, const char *name, const char *says, struct token *t)
{
	token_put(t, g, name, says);
	return token_wait(t);
}

static void the_first_of_two_gateways_stays(void **state)
{
	struct gate one, two;
	struct token t;
	char command[64];
	long long left;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&one, &rig, "one");
	gate_start(&two, &rig, "two");
	assert_int_equal(mark(&one, "n1", "first words", &t), QUEUE_DONE);
	assert_int_equal(mark(&two, "n1", "second words", &t), QUEUE_KNOWN);
	assert_string_equal(t.mark.there, "first words");
	assert_int_equal(mark(&one, "n1", "third words", &t), QUEUE_KNOWN);
	assert_string_equal(t.mark.there, "first words");
	assert_int_equal(mark(&two, "n2", "second words", &t), QUEUE_DONE);
	left = rig_ask(&rig, "PTTL test:mark:n1");
	assert_in_range(left, 1, 60000);
	snprintf(command, sizeof command, "PEXPIRE test:mark:n1 0");
	assert_int_equal(rig_ask(&rig, command), 1);
	assert_int_equal(mark(&two, "n1", "later words", &t), QUEUE_DONE); /* forgotten: it is a first one again */
	gate_stop(&one);
	gate_stop(&two);
}

static void of_many_at_once_each_name_has_one_first(void **state)
{
	enum { NAMES = 200 };
	static struct token tokens[2][NAMES];
	static char name[NAMES][8];
	struct gate g[2];

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g[0], &rig, "one");
	gate_start(&g[1], &rig, "two");
	for (int i = 0; i < NAMES; i++) {
		snprintf(name[i], sizeof name[i], "many%d", i);
		for (int k = 0; k < 2; k++)
			token_put(&tokens[(i + k) % 2][i], &g[(i + k) % 2], name[i], (i + k) % 2 ? "two" : "one");
	}
	for (int i = 0; i < NAMES; i++) {
		bool first = token_wait(&tokens[0][i]) == QUEUE_DONE;
		struct token *other = &tokens[first ? 1 : 0][i];

		assert_int_equal(token_wait(&tokens[1][i]), first ? QUEUE_KNOWN : QUEUE_DONE);
		assert_int_equal(tokens[0][i].result, first ? QUEUE_DONE : QUEUE_KNOWN);
		assert_string_equal(other->mark.there, first ? "one" : "two");
	}
	gate_stop(&g[0]);
	gate_stop(&g[1]);
}

static void a_mark_in_doubt_is_known_later_by_its_own_words(void **state)
{
	struct gate g;
	struct token t;

	(void)state;
	RIG_NEED(&rig);
	gate_init(&g, &rig, "one");
	g.s.server.command_ms = 1000;
	gate_open(&g);
	assert_true(gate_becomes(&g, true, NULL));
	rig_kill(&rig, SIGSTOP);
	assert_int_equal(mark(&g, "doubt", "mine", &t), QUEUE_UNCERTAIN);
	assert_int_equal(mark(&g, "doubt", "mine", &t), QUEUE_DOWN); /* known to be away: not even asked */
	rig_kill(&rig, SIGCONT);
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(mark(&g, "doubt", "mine", &t), QUEUE_KNOWN);
	assert_string_equal(t.mark.there, "mine");
	gate_stop(&g);
}

static void a_full_server_takes_no_mark(void **state)
{
	struct gate g;
	struct token t;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	rig_ask(&rig, "CONFIG SET maxmemory 1");
	assert_int_equal(mark(&g, "full", "mine", &t), QUEUE_FULL);
	assert_non_null(strstr(t.e.detail, "maxmemory"));
	rig_ask(&rig, "CONFIG SET maxmemory 0");
	assert_int_equal(rig_ask(&rig, "EXISTS test:mark:full"), 0);
	gate_stop(&g);
}

static void a_mark_survives_the_death_of_the_server(void **state)
{
	struct gate g;
	struct token t;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(mark(&g, "disk", "mine", &t), QUEUE_DONE);
	rig_kill(&rig, SIGKILL);
	rig_run(&rig, NULL);
	assert_true(gate_becomes(&g, true, NULL));
	while (mark(&g, "disk", "other", &t) != QUEUE_KNOWN) /* the connection of before is found broken once */
		assert_int_not_equal(t.result, QUEUE_DONE);
	assert_string_equal(t.mark.there, "mine");
	gate_stop(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_two_gateways_stays),
		cmocka_unit_test(of_many_at_once_each_name_has_one_first),
		cmocka_unit_test(a_mark_in_doubt_is_known_later_by_its_own_words),
		cmocka_unit_test(a_full_server_takes_no_mark),
		cmocka_unit_test(a_mark_survives_the_death_of_the_server),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
