/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running queue against a Redis in trouble: nothing acknowledged is lost, nothing lost is acknowledged, and the words
 * say what to do. */
#include "gate.h"

#include "queue/queue_int.h"
#include "rig_group.h"

static void assert_words(const struct err *e, const char *part)
{
	if (!strstr(e->detail, part))
		fail_msg("\"%s\" does not say \"%s\"", e->detail, part);
}

/* ---- a server that goes away ---- */

#define LOAD 3000
static struct parcel parcels[LOAD];

struct producer {
	struct gate *g;
	int from, to;
};

/* Puts in bursts, waits for each burst, and goes on while the server is away. */
static void *produce(void *of)
{
	struct producer *p = of;

	for (int n = p->from; n < p->to; n++) {
		char id[16];

		snprintf(id, sizeof id, "%d", n);
		parcel_init(&parcels[n], id, "land", n % 3 ? "" : "key", BYTES_LIT("<body/>"));
		queue_put(p->g->q, &parcels[n].put);
		if (n % 50 == 49)
			rig_nap(2);
	}
	for (int n = p->from; n < p->to; n++)
		parcel_wait(&parcels[n]);
	return NULL;
}

static void a_killed_server_loses_nothing_acknowledged(void **state)
{
	struct gate g;
	struct producer p[2] = {{&g, 0, LOAD / 2}, {&g, LOAD / 2, LOAD}};
	int done = 0, in_doubt = 0, present = 0;
	pthread_t t[2];
	char command[64];

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	queue_pause(g.q);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, produce, &p[i]);
	for (int i = 0; i < 3; i++) {
		rig_nap(20);
		rig_kill(&rig, SIGKILL);
		rig_run(&rig, NULL);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_true(gate_becomes(&g, true, NULL));
	for (int n = 0; n < LOAD; n++) {
		snprintf(command, sizeof command, "EXISTS test:{land}:m:%d", n);
		bool there = rig_ask(&rig, command) == 1;

		assert_int_equal(parcels[n].answers, 1);
		if (parcels[n].result == QUEUE_DONE)
			assert_true(there);
		if (parcels[n].result == QUEUE_DOWN)
			assert_false(there);
		done += parcels[n].result == QUEUE_DONE;
		in_doubt += parcels[n].result == QUEUE_UNCERTAIN;
		present += there;
	}
	assert_true(present >= done);
	assert_true(present <= done + in_doubt);
	assert_int_equal(gate_put(&g, "after", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_stop(&g);
}

static void a_verdict_given_while_the_server_is_away_is_kept(void **state)
{
	struct gate g;
	struct queue_claim *c;
	struct verdict v = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	c = gate_claim(&g);
	rig_kill(&rig, SIGKILL);
	assert_true(gate_becomes(&g, false, NULL));
	queue_settle(g.q, c, QUEUE_DELIVERED, NULL, verdict_done, &v);
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	rig_run(&rig, NULL);
	verdict_wait(&v);
	assert_int_equal(v.due_ms, 0);
	assert_int_equal(rig_ask(&rig, "EXISTS test:{land}:m:m1"), 0);
	gate_stop(&g);
}

static void a_queue_without_server_starts_refuses_and_stops(void **state)
{
	struct rig none = rig;
	struct gate g;
	struct err e;

	(void)state;
	snprintf(none.socket, sizeof none.socket, "%s/none.sock", rig.dir);
	gate_init(&g, &none, "one");
	gate_open(&g);
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	assert_false(queue_healthy(g.q, &e));
	assert_words(&e, "none.sock: No such file");
	gate_stop(&g);
}

static void a_hanging_server_leaves_puts_uncertain_and_they_are_known_later(void **state)
{
	struct gate g;
	struct parcel p;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_init(&g, &rig, "one");
	g.s.server.command_ms = 3000;
	gate_open(&g);
	assert_true(gate_becomes(&g, true, NULL));
	queue_pause(g.q);
	rig_kill(&rig, SIGSTOP);
	parcel_init(&p, "m1", "land", "", BYTES_LIT("x"));
	queue_put(g.q, &p.put);
	assert_int_equal(parcel_wait(&p), QUEUE_UNCERTAIN);
	assert_false(queue_healthy(g.q, NULL));
	rig_kill(&rig, SIGCONT);
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_KNOWN);
	gate_stop(&g);
}

static void a_put_that_a_hanging_server_did_not_take_whole_is_not_in_doubt(void **state)
{
	static unsigned char body[8 << 20]; /* more than a socket holds */
	struct parcel p;
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_init(&g, &rig, "one");
	g.s.server.command_ms = 3000;
	g.s.inline_bytes = sizeof body;
	gate_open(&g);
	assert_true(gate_becomes(&g, true, NULL));
	queue_pause(g.q);
	rig_kill(&rig, SIGSTOP);
	parcel_init(&p, "m1", "land", "", (struct bytes){body, sizeof body});
	queue_put(g.q, &p.put);
	assert_int_equal(parcel_wait(&p), QUEUE_DOWN);
	rig_kill(&rig, SIGCONT);
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(rig_ask(&rig, "EXISTS test:{land}:m:m1"), 0);
	assert_int_equal(gate_put(&g, "m1", "land", "", (struct bytes){body, sizeof body}), QUEUE_DONE);
	gate_stop(&g);
}

static void a_verdict_whose_answer_was_lost_is_sent_again(void **state)
{
	struct verdict v = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_init(&g, &rig, "one");
	g.s.server.command_ms = 3000;
	gate_open(&g);
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	c = gate_claim(&g);
	rig_kill(&rig, SIGSTOP);
	queue_settle(g.q, c, QUEUE_DELIVERED, NULL, verdict_done, &v);
	assert_true(gate_becomes(&g, false, NULL));
	rig_kill(&rig, SIGCONT);
	verdict_wait(&v);
	assert_int_equal(v.due_ms, 0);
	assert_false(v.dead);
	assert_int_equal(rig_ask(&rig, "EXISTS test:{land}:m:m1"), 0);
	gate_stop(&g);
}

static void scripts_that_were_thrown_away_are_loaded_again(void **state)
{
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_start(&g, &rig, "one");
	for (int i = 0; i < 20; i++) {
		char id[16];

		rig_ask(&rig, "SCRIPT FLUSH");
		snprintf(id, sizeof id, "m%d", i);
		assert_int_equal(gate_put(&g, id, "land", "key", BYTES_LIT("x")), QUEUE_DONE);
	}
	for (int i = 0; i < 20; i++) {
		c = gate_claim(&g);
		rig_ask(&rig, "SCRIPT FLUSH");
		assert_int_equal(gate_settle(&g, c, QUEUE_DELIVERED, NULL).due_ms, 0);
	}
	assert_int_equal(rig_ask(&rig, "KEYS test:{*}:m:*"), 0);
	gate_stop(&g);
}

/* ---- a server that does not keep, or cannot ---- */

static void a_server_that_may_lose_is_refused_with_the_remedy(void **state)
{
	static const struct {
		const char *name, *bad, *good, *words;
		bool everysec_allowed;
	} rows[] = {
		{"without append-only file", "CONFIG SET appendonly no", "CONFIG SET appendonly yes", "set appendonly yes",
			false},
		{"that may evict", "CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET maxmemory-policy noeviction",
			"set maxmemory-policy noeviction", false},
		{"that writes every second", "CONFIG SET appendfsync everysec", "CONFIG SET appendfsync always",
			"set appendfsync always", false},
		{"that never syncs, where every second would do", "CONFIG SET appendfsync no",
			"CONFIG SET appendfsync everysec", "set appendfsync always or everysec", true},
		{"that does not sync while it rewrites", "CONFIG SET no-appendfsync-on-rewrite yes",
			"CONFIG SET no-appendfsync-on-rewrite no", "set no-appendfsync-on-rewrite no", true},
	};
	struct gate g;
	struct err e;

	(void)state;
	RIG_NEED(&rig);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		print_message("a server %s\n", rows[i].name);
		rig_wipe(&rig);
		rig_ask(&rig, "CONFIG SET appendfsync always");
		gate_init(&g, &rig, "one");
		g.s.server.everysec_allowed = rows[i].everysec_allowed;
		gate_open(&g);
		assert_true(gate_becomes(&g, true, &e));
		assert_true(rig_ask(&rig, rows[i].bad) >= 0);
		assert_true(gate_becomes(&g, false, &e));
		assert_words(&e, rows[i].words);
		gate_stop(&g);
		gate_open(&g); /* it does not come up on it either, and what waits meanwhile is refused */
		assert_int_equal(gate_put(&g, "m0", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
		while (queue_healthy(g.q, &e) || strstr(e.detail, "not connected"))
			rig_nap(5);
		assert_words(&e, rows[i].words);
		assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
		assert_int_equal(rig_ask(&rig, "EXISTS test:{land}:m:m0 test:{land}:m:m1"), 0);
		rig_ask(&rig, rows[i].good);
		assert_true(gate_becomes(&g, true, &e));
		gate_stop(&g);
	}
}

static void a_full_server_refuses_puts_and_lets_verdicts_through(void **state)
{
	static unsigned char body[900];
	struct gate g;
	struct err e;
	int kept = 0;
	char id[16];

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_init(&g, &rig, "one");
	g.s.hold_most = 4;
	gate_open(&g);
	assert_true(gate_becomes(&g, true, NULL));
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof id, "m%d", i);
		assert_int_equal(gate_put(&g, id, "land", "", (struct bytes){body, sizeof body}), QUEUE_DONE);
		kept++;
	}
	rig_ask(&rig, "CONFIG SET maxmemory 1");
	assert_int_equal(gate_put(&g, "more", "land", "", BYTES_LIT("x")), QUEUE_FULL);
	assert_false(queue_healthy(g.q, &e));
	assert_int_equal(e.reason, REASON_QUEUE_FULL);
	assert_words(&e, "maxmemory");
	gate_settle(&g, gate_claim(&g), QUEUE_LATER, "x");
	rig_ask(&rig, "SCRIPT FLUSH");
	gate_settle(&g, gate_claim(&g), QUEUE_RETURNED, NULL);
	gate_await(&g, 6); /* hands are full: no claim is on its way, which would come back after its lease alone */
	rig_ask(&rig, "CLIENT KILL TYPE normal"); /* the next connection is made while the server is full */
	for (int i = 0; i < kept; i++)
		gate_settle(&g, gate_claim(&g), QUEUE_DELIVERED, NULL);
	assert_int_equal(rig_ask(&rig, "KEYS test:{*}:m:*"), 0);
	rig_ask(&rig, "CONFIG SET maxmemory 0");
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(gate_put(&g, "more", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_stop(&g);
}

static void save_in_vain(void)
{
	redisContext *c = redisConnectUnix(rig.socket);
	bool failed = false;

	freeReplyObject(redisCommand(c, "CONFIG SET save %s", "3600 1"));
	freeReplyObject(redisCommand(c, "BGSAVE"));
	for (int waited = 0; !failed && waited < RIG_WAIT_MS; waited += 20) {
		redisReply *r = redisCommand(c, "INFO persistence");

		failed = strstr(r->str, "rdb_last_bgsave_status:err") != NULL;
		freeReplyObject(r);
		rig_nap(20);
	}
	redisFree(c);
	assert_true(failed);
}

/* A snapshot that cannot be written makes Redis refuse writes, as a full disk does. */
static void while_writes_are_refused_verdicts_wait(void **state)
{
	struct verdict v = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};
	struct gate g;
	struct err e;
	char folder[160], command[200];
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	rig_kill(&rig, SIGKILL);
	rig_run(&rig, (const char *[]){"--enable-protected-configs", "yes", NULL});
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	c = gate_claim(&g);
	snprintf(folder, sizeof folder, "%s/gone", rig.dir);
	snprintf(command, sizeof command, "CONFIG SET dir %s", folder);
	mkdir(folder, 0700);
	assert_true(rig_ask(&rig, command) >= 0);
	rmdir(folder);
	save_in_vain();
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	assert_true(gate_becomes(&g, false, &e));
	assert_words(&e, "MISCONF");
	queue_settle(g.q, c, QUEUE_DELIVERED, NULL, verdict_done, &v);
	assert_int_equal(gate_put(&g, "m3", "land", "", BYTES_LIT("x")), QUEUE_DOWN); /* behind the verdict */
	assert_int_equal(rig_ask(&rig, "EXISTS test:{land}:m:m1"), 1);
	rig_ask(&rig, "CONFIG SET stop-writes-on-bgsave-error no");
	verdict_wait(&v);
	assert_int_equal(v.due_ms, 0);
	assert_int_equal(rig_ask(&rig, "EXISTS test:{land}:m:m1"), 0);
	assert_true(gate_becomes(&g, true, NULL));
	gate_stop(&g);
	rig_kill(&rig, SIGKILL);
	rig_run(&rig, NULL);
}

static void a_server_that_became_a_replica_acknowledges_nothing(void **state)
{
	struct gate g;
	struct err e;
	char id[16];
	enum queue_result result = QUEUE_DONE;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_start(&g, &rig, "one");
	queue_pause(g.q);
	rig_ask(&rig, "REPLICAOF 127.0.0.1 1");
	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof id, "m%d", i);
		result = gate_put(&g, id, "land", "", BYTES_LIT("x"));
		assert_int_equal(result, QUEUE_DOWN);
	}
	assert_true(gate_becomes(&g, false, &e));
	assert_words(&e, "replica");
	assert_int_equal(rig_ask(&rig, "KEYS test:{*}:m:*"), 0);
	rig_ask(&rig, "REPLICAOF NO ONE");
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_stop(&g);
}

/* ---- a server that lost what it held ---- */

static void adopt(void)
{
	struct queue_server server = {.socket = rig.socket, .command_ms = RIG_WAIT_MS, .prefix = "test"};
	struct queue_admin *a = NULL;
	struct err e;

	if (!queue_admin_open(&server, rig.spool, &a, &e).ok || !queue_admin_adopt(a, &e).ok)
		fail_msg("%s", e.detail);
	queue_admin_close(&a);
}

static void a_server_that_came_back_empty_is_not_used_until_it_is_adopted(void **state)
{
	struct gate g;
	struct err e;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_settle(&g, gate_claim(&g), QUEUE_DELIVERED, NULL);
	adopt(); /* it is the one that is known: nothing changes */
	assert_int_equal(rig_ask(&rig, "EXISTS test:seen-lost"), 0);
	rig_ask(&rig, "FLUSHALL"); /* under its feet */
	assert_true(gate_becomes(&g, false, &e));
	assert_words(&e, "qaqpa queue rebuild");
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	assert_int_equal(rig_ask(&rig, "KEYS test:{*}:m:*"), 0);
	adopt();
	assert_int_equal(rig_ask(&rig, "EXISTS test:seen-lost"), 1); /* nor is it taken for one that remembers */
	assert_true(gate_becomes(&g, true, NULL));
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_settle(&g, gate_claim(&g), QUEUE_DELIVERED, NULL);
	gate_stop(&g);
	rig_ask(&rig, "FLUSHALL"); /* while no gateway runs */
	gate_init(&g, &rig, "one");
	gate_open(&g);
	assert_int_equal(gate_put(&g, "m3", "land", "", BYTES_LIT("x")), QUEUE_DOWN);
	adopt();
	assert_true(gate_becomes(&g, true, NULL));
	gate_stop(&g);
}

static void another_server_in_its_place_is_not_used(void **state)
{
	struct gate g;
	struct err e;

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	gate_start(&g, &rig, "one");
	rig_ask(&rig, "SET test:birth 00000000-0000-4000-8000-000000000000");
	assert_true(gate_becomes(&g, false, &e));
	assert_words(&e, "not the Redis that holds");
	gate_stop(&g);
	rig_wipe(&rig);
}

static void gateways_with_spools_of_their_own_know_one_name(void **state)
{
	struct gate one, two;
	struct rig other = rig;
	char name[2][QUEUE_BIRTH];

	(void)state;
	RIG_NEED(&rig);
	rig_wipe(&rig);
	snprintf(other.spool, sizeof other.spool, "%.80s/other", rig.dir);
	gate_start(&one, &rig, "one");
	gate_start(&two, &other, "two");
	assert_true(queue_birth_read(rig.spool, name[0]) && queue_birth_read(other.spool, name[1]));
	assert_string_equal(name[0], name[1]);
	gate_stop(&one);
	gate_stop(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_server_loses_nothing_acknowledged),
		cmocka_unit_test(a_verdict_given_while_the_server_is_away_is_kept),
		cmocka_unit_test(a_queue_without_server_starts_refuses_and_stops),
		cmocka_unit_test(a_hanging_server_leaves_puts_uncertain_and_they_are_known_later),
		cmocka_unit_test(a_put_that_a_hanging_server_did_not_take_whole_is_not_in_doubt),
		cmocka_unit_test(a_verdict_whose_answer_was_lost_is_sent_again),
		cmocka_unit_test(scripts_that_were_thrown_away_are_loaded_again),
		cmocka_unit_test(a_server_that_may_lose_is_refused_with_the_remedy),
		cmocka_unit_test(a_full_server_refuses_puts_and_lets_verdicts_through),
		cmocka_unit_test(while_writes_are_refused_verdicts_wait),
		cmocka_unit_test(a_server_that_came_back_empty_is_not_used_until_it_is_adopted),
		cmocka_unit_test(another_server_in_its_place_is_not_used),
		cmocka_unit_test(gateways_with_spools_of_their_own_know_one_name),
		cmocka_unit_test(a_server_that_became_a_replica_acknowledges_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
