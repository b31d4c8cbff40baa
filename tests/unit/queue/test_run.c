/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running queue against a private Redis: what goes in comes out, in order, once, in one pair of hands. */
#include "gate.h"
#include "rig_group.h"

static int empty(void **state)
{
	(void)state;
	if (rig.pid)
		rig_wipe(&rig);
	return 0;
}

#define HAS(id, destination) rig_ask(&rig, "EXISTS test:{" destination "}:m:" id)

static void a_message_comes_out_as_it_went_in(void **state)
{
	static const char body[] = "<a>\0octets \r\n $3</a>";
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "case-1", BYTES_LIT(body)), QUEUE_DONE);
	c = gate_claim(&g);
	assert_true(bytes_is(c->id, "m1"));
	assert_true(bytes_is(c->destination, "land"));
	assert_true(bytes_is(c->order_key, "case-1"));
	assert_true(bytes_is(c->meta, "meta"));
	assert_true(bytes_eq(c->body, BYTES_LIT(body)));
	assert_int_equal(c->attempt, 1);
	assert_string_equal(c->policy.name, "usual");
	assert_int_equal(c->policy.max_interval_ms, 1000);
	struct verdict v = gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	assert_false(v.dead);
	assert_int_equal(v.due_ms, 0);
	assert_int_equal(HAS("m1", "land"), 0);
	gate_stop(&g);
}

static void the_same_id_is_kept_once(void **state)
{
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_KNOWN);
	gate_settle(&g, gate_claim(&g), QUEUE_DELIVERED, NULL);
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_KNOWN);
	assert_null(gate_next(&g, 300));
	gate_stop(&g);
}

static void a_big_body_waits_in_the_spool_and_leaves_with_its_message(void **state)
{
	static unsigned char big[300000];
	struct bytes body = {big, sizeof big};
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	memset(big, 'b', sizeof big);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "big", "land", "", body), QUEUE_DONE);
	assert_int_equal(rig_spooled(&rig), 1);
	assert_int_equal(gate_put(&g, "big", "land", "", body), QUEUE_KNOWN);
	assert_int_equal(rig_spooled(&rig), 1);
	c = gate_claim(&g);
	assert_true(bytes_eq(c->body, body));
	gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	assert_int_equal(rig_spooled(&rig), 0);
	gate_stop(&g);
}

static void a_message_whose_spooled_body_is_gone_is_tried_again_not_delivered_empty(void **state)
{
	static unsigned char big[3000];
	struct gate g;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	queue_pause(g.q);
	assert_int_equal(gate_put(&g, "big", "land", "", (struct bytes){big, sizeof big}), QUEUE_DONE);
	gate_stop(&g);
	rig_remove(rig.spool);
	gate_start(&g, &rig, "one");
	assert_null(gate_next(&g, 500));
	assert_int_equal(HAS("big", "land"), 1);
	gate_stop(&g);
}

static void a_failed_attempt_comes_again_by_its_policy_and_is_counted(void **state)
{
	struct gate g;
	struct queue_claim *c;
	struct verdict v;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	v = gate_settle(&g, gate_claim(&g), QUEUE_TROUBLE, "provider.connect");
	assert_false(v.dead);
	assert_true(v.due_ms > 0);
	c = gate_claim(&g);
	assert_int_equal(c->attempt, 2);
	v = gate_settle(&g, c, QUEUE_RETURNED, NULL);
	c = gate_claim(&g);
	assert_int_equal(c->attempt, 2);
	v = gate_settle(&g, c, QUEUE_REJECTED, "provider.fault");
	assert_true(v.dead);
	assert_int_equal(v.due_ms, 0);
	assert_null(gate_next(&g, 300));
	gate_stop(&g);
}

static void a_message_past_its_life_is_told_and_never_claimed(void **state)
{
	static const struct queue_policy brief = {
		.name = "brief", .initial_ms = 20, .max_interval_ms = 20, .expire_after_ms = 1, .factor = 1};
	struct gate g;
	struct parcel p;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	parcel_init(&p, "m1", "land", "", BYTES_LIT("late"));
	p.put.policy = &brief;
	p.put.accepted_ms -= 1000;
	queue_put(g.q, &p.put);
	assert_int_equal(parcel_wait(&p), QUEUE_DONE);
	c = gate_expired(&g);
	assert_true(bytes_is(c->id, "m1"));
	assert_true(bytes_is(c->body, "late"));
	assert_string_equal(c->policy.name, "brief");
	assert_null(gate_next(&g, 300));
	gate_stop(&g);
}

/* Messages of one key: the next only when the one before left, whatever happens to others meanwhile. */
static void of_one_key_only_the_oldest_is_in_hand(void **state)
{
	struct gate g;
	struct queue_claim *in_hand[3];
	int seen[3] = {0};

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	for (int n = 0; n < 4; n++) {
		for (int key = 0; key < 3; key++) {
			char id[16], name[16];

			snprintf(id, sizeof id, "%d.%d", key, n);
			snprintf(name, sizeof name, "key-%d", key);
			assert_int_equal(gate_put(&g, id, "land", name, BYTES_LIT("x")), QUEUE_DONE);
		}
	}
	for (int round = 0; round < 8; round++) { /* every second round each message is sent back once */
		for (int i = 0; i < 3; i++)
			in_hand[i] = gate_claim(&g);
		assert_null(gate_next(&g, 20));
		for (int i = 0; i < 3; i++) {
			int key = in_hand[i]->id.p[0] - '0', n = in_hand[i]->id.p[2] - '0';

			assert_int_equal(n, seen[key]);
			seen[key] += round % 2;
			gate_settle(&g, in_hand[i], round % 2 ? QUEUE_DELIVERED : QUEUE_LATER, "later");
		}
	}
	assert_null(gate_next(&g, 300));
	gate_stop(&g);
}

static void no_more_are_held_than_hands_allow(void **state)
{
	struct gate g;
	struct queue_claim *c[3];

	(void)state;
	RIG_NEED(&rig);
	gate_init(&g, &rig, "one");
	g.s.hold_most = 3;
	gate_open(&g);
	for (int n = 0; n < 10; n++) {
		char id[16];

		snprintf(id, sizeof id, "m%d", n);
		while (gate_put(&g, id, n % 2 ? "land" : "water", "", BYTES_LIT("x")) == QUEUE_DOWN)
			rig_nap(5); /* not connected yet */
	}
	for (int i = 0; i < 3; i++)
		c[i] = gate_claim(&g);
	assert_null(gate_next(&g, 600));
	for (int i = 0; i < 3; i++)
		queue_settle(g.q, c[i], QUEUE_DELIVERED, NULL, NULL, NULL);
	for (int i = 0; i < 7; i++)
		queue_settle(g.q, gate_claim(&g), QUEUE_DELIVERED, NULL, NULL, NULL);
	gate_stop(&g);
	assert_int_equal(rig_ask(&rig, "KEYS test:{*}:m:*"), 0);
}

/* Two gateways, one Redis: each message in exactly one pair of hands, order per key kept across both. */
#define SHARED 400
#define KEYS 7
struct pair {
	struct gate g[2];
	pthread_mutex_t lock; /* of what follows */
	int seen[SHARED], order[KEYS], left, swapped;
	bool had[2];
};

static int number_of(const struct queue_claim *c)
{
	int n = 0;

	for (size_t i = 0; i < c->id.n; i++)
		n = n * 10 + (c->id.p[i] - '0');
	return n;
}

/* Notes a claim; false when nothing is left to come. */
static bool note(struct pair *p, int which, const struct queue_claim *c)
{
	bool more;

	pthread_mutex_lock(&p->lock);
	if (c) {
		int n = number_of(c);

		p->seen[n]++;
		p->swapped += p->order[n % KEYS] > n;
		p->order[n % KEYS] = n;
		p->had[which] = true;
		p->left--;
	}
	more = p->left > 0;
	pthread_mutex_unlock(&p->lock);
	return more;
}

static bool both_had(struct pair *p)
{
	bool both;

	pthread_mutex_lock(&p->lock);
	both = p->had[0] && p->had[1];
	pthread_mutex_unlock(&p->lock);
	return both;
}

static struct pair pair;

/* Nothing is settled before both gateways hold something, so that both must take part. */
static void *work(void *of)
{
	int which = *(int *)of;
	bool more = true;

	while (more) {
		struct queue_claim *c = gate_next(&pair.g[which], 50);

		more = note(&pair, which, c);
		for (int waited = 0; c && !both_had(&pair) && waited < RIG_WAIT_MS; waited += 5)
			rig_nap(5);
		if (c)
			queue_settle(pair.g[which].q, c, QUEUE_DELIVERED, NULL, NULL, NULL);
	}
	return NULL;
}

static void two_gateways_share_the_work_and_double_nothing(void **state)
{
	static const char *const keys[KEYS] = {"0", "1", "2", "3", "4", "5", "6"};
	static struct parcel parcels[SHARED];
	int which[2] = {0, 1};
	pthread_t t[2];

	(void)state;
	RIG_NEED(&rig);
	pair = (struct pair){.left = SHARED, .lock = PTHREAD_MUTEX_INITIALIZER};
	memset(pair.order, -1, sizeof pair.order);
	for (int i = 0; i < 2; i++) {
		gate_init(&pair.g[i], &rig, i ? "two" : "one");
		pair.g[i].s.hold_most = 2;
		gate_open(&pair.g[i]);
		assert_true(gate_becomes(&pair.g[i], true, NULL));
		pthread_create(&t[i], NULL, work, &which[i]);
	}
	for (int n = 0; n < SHARED; n++) {
		char id[16];

		snprintf(id, sizeof id, "%d", n);
		parcel_init(&parcels[n], id, "land", keys[n % KEYS], BYTES_LIT("x"));
		queue_put(pair.g[0].q, &parcels[n].put);
	}
	for (int n = 0; n < SHARED; n++)
		assert_int_equal(parcel_wait(&parcels[n]), QUEUE_DONE);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_null(gate_next(&pair.g[0], 500));
	assert_null(gate_next(&pair.g[1], 500));
	for (int n = 0; n < SHARED; n++)
		assert_int_equal(pair.seen[n], 1);
	assert_int_equal(pair.swapped, 0);
	assert_true(both_had(&pair));
	gate_stop(&pair.g[0]);
	gate_stop(&pair.g[1]);
	assert_int_equal(rig_ask(&rig, "KEYS test:{*}:m:*"), 0);
}

static void a_gateway_that_stops_gives_back_what_it_holds(void **state)
{
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_claim(&g);
	gate_stop(&g);
	gate_start(&g, &rig, "two");
	c = gate_claim(&g);
	assert_true(bytes_is(c->id, "m1"));
	assert_int_equal(c->attempt, 1);
	gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	gate_stop(&g);
}

static void a_paused_queue_claims_nothing_and_takes_verdicts(void **state)
{
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	c = gate_claim(&g);
	queue_pause(g.q);
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	assert_null(gate_next(&g, 600));
	gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	assert_int_equal(HAS("m1", "land"), 0);
	assert_null(gate_next(&g, 300));
	assert_int_equal(HAS("m2", "land"), 1);
	gate_stop(&g);
}

/* A gateway that is killed; runs before this program has threads. */
static pid_t victim;

static int start_and_kill_a_gateway(void **state)
{
	int told[2];
	char octet;

	if (start(state) || !rig.pid)
		return 0;
	assert_int_equal(pipe(told), 0);
	victim = fork();
	assert_true(victim >= 0);
	if (victim == 0) {
		static struct gate g;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		gate_init(&g, &rig, "victim");
		g.s.lease_ms = 2000;
		gate_open(&g);
		while (gate_put(&g, "m1", "land", "k", BYTES_LIT("x")) == QUEUE_DOWN)
			rig_nap(5);
		gate_put(&g, "m2", "land", "k", BYTES_LIT("x"));
		gate_claim(&g);
		if (write(told[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(told[0], &octet, 1), 1);
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	close(told[0]);
	close(told[1]);
	return 0;
}

static void claims_of_a_killed_gateway_come_back_after_their_lease(void **state)
{
	struct gate g;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "heir");
	c = gate_claim(&g);
	assert_true(bytes_is(c->id, "m1"));
	assert_int_equal(c->attempt, 2);
	gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	c = gate_claim(&g);
	assert_true(bytes_is(c->id, "m2"));
	gate_settle(&g, c, QUEUE_DELIVERED, NULL);
	gate_stop(&g);
}

static void a_lease_in_hand_is_renewed(void **state)
{
	struct gate g, other;
	struct queue_claim *c;

	(void)state;
	RIG_NEED(&rig);
	gate_init(&g, &rig, "one");
	g.s.lease_ms = 5000;
	gate_open(&g);
	while (gate_put(&g, "m1", "land", "", BYTES_LIT("x")) == QUEUE_DOWN)
		rig_nap(5);
	c = gate_claim(&g);
	gate_start(&other, &rig, "two");
	assert_null(gate_next(&other, 7000));
	assert_int_equal(gate_settle(&g, c, QUEUE_DELIVERED, NULL).due_ms, 0);
	gate_stop(&other);
	gate_stop(&g);
}

/* The lease is taken from outside, as if it had ended and another gateway had claimed. */
static void a_verdict_without_the_lease_changes_nothing(void **state)
{
	struct gate g, other;
	struct queue_claim *stale, *fresh;

	(void)state;
	RIG_NEED(&rig);
	gate_start(&g, &rig, "one");
	assert_int_equal(gate_put(&g, "m1", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	stale = gate_claim(&g);
	queue_pause(g.q);
	rig_ask(&rig, "ZADD test:{land}:lease 1 m1");
	gate_start(&other, &rig, "two");
	fresh = gate_claim(&other);
	assert_true(bytes_is(fresh->id, "m1"));
	assert_int_equal(gate_settle(&g, stale, QUEUE_DELIVERED, NULL).due_ms, -1);
	assert_int_equal(HAS("m1", "land"), 1);
	assert_int_equal(gate_settle(&other, fresh, QUEUE_DELIVERED, NULL).due_ms, 0);
	assert_int_equal(HAS("m1", "land"), 0);
	gate_stop(&other);
	gate_stop(&g);
}

static void what_cannot_be_said_to_redis_is_refused(void **state)
{
	static char name[5000];
	struct gate g;
	struct parcel p;

	(void)state;
	RIG_NEED(&rig);
	memset(name, 'n', sizeof name - 1);
	gate_start(&g, &rig, "one");
	parcel_init(&p, "m1", name, "", BYTES_LIT("x"));
	queue_put(g.q, &p.put);
	assert_int_equal(parcel_wait(&p), QUEUE_DOWN);
	assert_int_equal(gate_put(&g, "m2", "land", "", BYTES_LIT("x")), QUEUE_DONE);
	gate_stop(&g);
}

int main(void)
{
	const struct CMUnitTest after_a_kill[] = {
		cmocka_unit_test(claims_of_a_killed_gateway_come_back_after_their_lease),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_message_comes_out_as_it_went_in, empty),
		cmocka_unit_test_setup(the_same_id_is_kept_once, empty),
		cmocka_unit_test_setup(a_big_body_waits_in_the_spool_and_leaves_with_its_message, empty),
		cmocka_unit_test_setup(
			a_message_whose_spooled_body_is_gone_is_tried_again_not_delivered_empty, empty),
		cmocka_unit_test_setup(a_failed_attempt_comes_again_by_its_policy_and_is_counted, empty),
		cmocka_unit_test_setup(a_message_past_its_life_is_told_and_never_claimed, empty),
		cmocka_unit_test_setup(of_one_key_only_the_oldest_is_in_hand, empty),
		cmocka_unit_test_setup(no_more_are_held_than_hands_allow, empty),
		cmocka_unit_test_setup(two_gateways_share_the_work_and_double_nothing, empty),
		cmocka_unit_test_setup(a_gateway_that_stops_gives_back_what_it_holds, empty),
		cmocka_unit_test_setup(a_paused_queue_claims_nothing_and_takes_verdicts, empty),
		cmocka_unit_test_setup(a_lease_in_hand_is_renewed, empty),
		cmocka_unit_test_setup(a_verdict_without_the_lease_changes_nothing, empty),
		cmocka_unit_test_setup(what_cannot_be_said_to_redis_is_refused, empty),
	};
	int failed = cmocka_run_group_tests(after_a_kill, start_and_kill_a_gateway, stop);

	return failed + cmocka_run_group_tests(tests, start, stop);
}
