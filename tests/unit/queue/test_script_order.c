/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order and loss, over many steps whose mixture comes from a fixed seed: a crowd of consumers, and every operation
 * against a small model of what must be. */
#include "scripts.h"
#include "rig_group.h"

static uint64_t seed;

static unsigned dice(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* ---- consumers that vanish, are slow, and fail ---- */

enum { KEYS = 5, MESSAGES = 1000, CONSUMERS = 6 };

struct slow { /* a claim whose consumer comes back too late */
	char id[16], token[80];
	bool used;
};

static void consume(struct bench *b, struct slow *slow, int *next, int *stale)
{
	int key, number;

	for (size_t i = 0; i < b->claims.count; i++) {
		struct queue_settlement s;
		unsigned luck = dice(100);

		assert_int_equal(sscanf((const char *)b->got[i].id.p, "k%d-%d", &key, &number), 2);
		if (luck < 5)
			continue; /* vanished with it */
		if (luck < 10 && !slow->used) {
			snprintf(slow->id, sizeof slow->id, "%.*s", (int)b->got[i].id.n, (const char *)b->got[i].id.p);
			snprintf(slow->token, sizeof slow->token, "%.*s", (int)b->got[i].token.n,
				(const char *)b->got[i].token.p);
			slow->used = true;
			continue;
		}
		s = bench_settle(b, i, luck < 20 ? QUEUE_TROUBLE : QUEUE_DELIVERED, "x");
		*stale += s.settled == SETTLED_STALE;
		if (s.settled == SETTLED_GONE) {
			assert_int_equal(number, next[key]); /* in order, without a gap */
			next[key]++;
		}
	}
}

static void order_holds_with_consumers_that_fail(void **state)
{
	struct slow slow[CONSUMERS] = {0};
	int next[KEYS] = {0}, made[KEYS] = {0}, stale = 0, left = MESSAGES, steps = 0;
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	seed = 20260101;
	bench_open(&b, &rig, "crowd");
	b.policy.max_interval_ms = 3000;
	for (; left > 0 || bench_totals(&b).waiting + bench_totals(&b).leased > 0; steps++) {
		static const char *const nodes[CONSUMERS] = {"a", "b", "c", "d", "e", "f"};
		unsigned who = dice(CONSUMERS);

		assert_true(steps < 100000);
		for (unsigned n = dice(4); n > 0 && left > 0; n--, left--) {
			int key = (int)dice(KEYS);
			char id[16], name[4];

			snprintf(id, sizeof id, "k%d-%d", key, made[key]++);
			snprintf(name, sizeof name, "k%d", key);
			assert_int_equal(bench_put(&b, id, name), QUEUE_DONE);
		}
		b.node = nodes[who];
		bench_claim(&b, 3);
		consume(&b, &slow[who], next, &stale);
		b.at.now_ms += 50 + dice(400);
		if (slow[who].used && dice(3) == 0) {
			bool there = bench_number(&b, "EXISTS test:{crowd}:m:%s", slow[who].id);
			struct queue_settlement s = bench_settle_as(&b, bytes_str(slow[who].id),
				bytes_str(slow[who].token), 1, QUEUE_DELIVERED, NULL);

			slow[who].used = false;
			stale += s.settled == SETTLED_STALE;
			if (s.settled == SETTLED_GONE && there) /* it was in time after all */
				next[slow[who].id[1] - '0']++;
		}
	}
	assert_true(stale > 0);
	for (int k = 0; k < KEYS; k++)
		assert_int_equal(next[k], made[k]);
	bench_expect_clean(&b);
	bench_close(&b);
}

/* ---- every operation against a model ---- */

enum { IDS = 24, LINES = 4, STEPS = 6000 };
enum place { NOWHERE, WAITS, HELD, DEAD, DELIVERED };

struct modelled {
	enum place place;
	int line;            /* order key; 0: none */
	int turn;            /* when it stood at the end of its line */
	int attempts;
	int64_t lease_end, expire;
	char token[80];
};

struct model {
	struct modelled m[IDS];
	int turns;
	bool held;
};

static const char *line_name(int line)
{
	static const char *const names[LINES] = {"", "red", "green", "blue"};

	return names[line];
}

static const char *id_name(int i)
{
	static char names[IDS][8];

	snprintf(names[i], sizeof names[i], "id%d", i);
	return names[i];
}

static int index_of(struct bytes id)
{
	int i = -1;

	assert_int_equal(sscanf((const char *)id.p, "id%d", &i), 1);
	assert_in_range(i, 0, IDS - 1);
	return i;
}

static bool is_head(const struct model *model, int i)
{
	const struct modelled *m = &model->m[i];

	for (int j = 0; m->line && j < IDS; j++) {
		const struct modelled *o = &model->m[j];

		if (o->line == m->line && o->turn < m->turn && (o->place == WAITS || o->place == HELD))
			return false;
	}
	return true;
}

/* Redis and the model agree: every message in exactly one place, only heads are due. */
static void compare(struct bench *b, const struct model *model)
{
	int lines[LINES] = {0};

	for (int i = 0; i < IDS; i++) {
		const struct modelled *m = &model->m[i];
		const char *id = id_name(i);
		bool kept = m->place == WAITS || m->place == HELD || m->place == DEAD;
		char zset[32];
		static const char *const zsets[] = {"live", "lease", "dead", "due"};
		bool wanted[] = {m->place == WAITS, m->place == HELD, m->place == DEAD, m->place == WAITS && is_head(model, i)};

		assert_int_equal(bench_number(b, "EXISTS test:{model}:m:%s", id), kept);
		assert_int_equal(bench_number(b, "EXISTS test:{model}:b:%s", id), kept);
		for (int z = 0; z < 4; z++) {
			snprintf(zset, sizeof zset, "test:{model}:%s", zsets[z]);
			if ((bench_number(b, "ZSCORE %s %s", zset, id) >= 0) != wanted[z])
				fail_msg("%s: %s in %s, the model says %d", id, wanted[z] ? "is not" : "is", zsets[z], m->place);
		}
		lines[m->line] += m->place == WAITS || m->place == HELD;
	}
	for (int l = 1; l < LINES; l++)
		assert_int_equal(bench_number(b, "LLEN test:{model}:f:%s", line_name(l)), lines[l]);
}

static void do_put(struct bench *b, struct model *model)
{
	int i = (int)dice(IDS), line = (int)dice(LINES);
	struct modelled *m = &model->m[i];
	enum queue_result result;

	b->policy.expire_after_ms = dice(3) ? 0 : 2000 + dice(6000);
	result = bench_put(b, id_name(i), line_name(line));
	assert_int_equal(result, m->place == NOWHERE ? QUEUE_DONE : QUEUE_KNOWN);
	if (result == QUEUE_DONE)
		*m = (struct modelled){.place = WAITS, .line = line, .turn = model->turns++,
			.expire = b->policy.expire_after_ms ? b->at.now_ms + b->policy.expire_after_ms : 0};
}

/* What a claim puts in order first. */
static void model_time(const struct bench *b, struct model *model)
{
	for (int i = 0; i < IDS; i++) {
		struct modelled *m = &model->m[i];

		if (m->place == HELD && m->lease_end <= b->at.now_ms)
			m->place = m->attempts >= b->policy.max_attempts ? DEAD : WAITS;
		if (m->place == WAITS && m->expire && m->expire <= b->at.now_ms)
			m->place = DEAD;
	}
}

static void do_claim(struct bench *b, struct model *model)
{
	bench_claim(b, 1 + (int)dice(4));
	model_time(b, model);
	assert_true(!model->held || b->claims.count == 0);
	for (size_t n = 0; n < b->claims.count; n++) {
		struct modelled *m = &model->m[index_of(b->got[n].id)];

		assert_int_equal(m->place, WAITS);
		assert_true(is_head(model, index_of(b->got[n].id)));
		assert_int_equal(b->got[n].attempt, ++m->attempts);
		assert_true(bytes_is(b->got[n].order_key, line_name(m->line)));
		m->place = HELD;
		m->lease_end = b->at.now_ms + b->lease_ms;
		snprintf(m->token, sizeof m->token, "%.*s", (int)b->got[n].token.n, (const char *)b->got[n].token.p);
	}
	for (size_t n = 0; n < b->claims.expired; n++)
		assert_int_equal(model->m[index_of(b->expired[n].id)].place, DEAD);
}

static void do_settle(struct bench *b, struct model *model)
{
	int i = (int)dice(IDS), verdict = (int)dice(5);
	struct modelled *m = &model->m[i];
	bool stale = dice(10) == 0;
	struct queue_settlement s;

	if (m->place != HELD)
		return;
	s = bench_settle_as(b, bytes_str(id_name(i)), bytes_str(stale ? "stale" : m->token), m->attempts,
		(enum queue_verdict)verdict, "x");
	assert_int_equal(s.settled == SETTLED_STALE, stale);
	if (stale)
		return;
	m->place = verdict == QUEUE_DELIVERED ? DELIVERED : verdict == QUEUE_REJECTED ? DEAD : WAITS;
	m->attempts -= verdict == QUEUE_RETURNED;
	if (verdict == QUEUE_TROUBLE || verdict == QUEUE_LATER) {
		int64_t due = b->at.now_ms + queue_delay(&b->policy, bytes_str(id_name(i)), m->attempts);

		if (m->attempts >= b->policy.max_attempts || (m->expire && due >= m->expire))
			m->place = DEAD;
		else
			assert_int_equal(s.due_ms, due);
	}
	assert_int_equal(s.settled, m->place == DELIVERED ? SETTLED_GONE : m->place == DEAD ? SETTLED_DEAD :
		SETTLED_WAITING);
}

static void do_operator(struct bench *b, struct model *model)
{
	int i = (int)dice(IDS);
	struct modelled *m = &model->m[i];
	enum queue_handled handled;

	switch (dice(4)) {
	case 0:
		model->held = !model->held;
		bench_hold(b, model->held);
		return;
	case 1:
		handled = bench_handle(b, true, id_name(i));
		assert_int_equal(handled, m->place == NOWHERE || m->place == DELIVERED ? HANDLED_NONE :
			m->place == HELD ? HANDLED_LEASED : HANDLED_DONE);
		if (handled == HANDLED_DONE)
			m->place = NOWHERE;
		return;
	case 2: /* the window of known ids ends */
		if (m->place == DELIVERED) {
			bench_number(b, "DEL test:{model}:dup:%s", id_name(i));
			m->place = NOWHERE;
		}
		return;
	default:
		handled = bench_handle(b, false, id_name(i));
		if (m->place == DEAD) {
			m->place = WAITS;
			m->turn = model->turns++;
			/* a fresh life of the same length, told by Redis: the length stands in its record only */
			m->expire = bench_number(b, "ZSCORE test:{model}:live %s", id_name(i));
			m->expire = m->expire > T0 * 2 ? 0 : m->expire;
			assert_true(m->expire == 0 || m->expire > b->at.now_ms);
		}
		assert_int_equal(handled, m->place == NOWHERE || m->place == DELIVERED ? HANDLED_NONE :
			m->place == HELD ? HANDLED_LEASED : is_head(model, i) ? HANDLED_DONE : HANDLED_BEHIND);
	}
}

static void nothing_is_lost_doubled_or_overtaken_in_any_mixture(void **state)
{
	struct model model = {0};
	struct bench b;

	(void)state;
	RIG_NEED(&rig);
	seed = 42;
	bench_open(&b, &rig, "model");
	b.policy = (struct queue_policy){.name = "p", .initial_ms = 300, .max_interval_ms = 2000, .factor = 1.5,
		.jitter_percent = 20, .max_attempts = 6};
	b.limits.concurrency = 6;
	b.limits.breaker_failures = 5;
	b.limits.breaker_ms = 700;
	for (int step = 0; step < STEPS; step++) {
		unsigned what = dice(100);

		if (what < 30)
			do_put(&b, &model);
		else if (what < 60)
			do_claim(&b, &model);
		else if (what < 90)
			do_settle(&b, &model);
		else if (what < 95)
			do_operator(&b, &model);
		else
			b.at.now_ms += dice(800);
		if (step % 7 == 0)
			compare(&b, &model);
	}
	compare(&b, &model);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_holds_with_consumers_that_fail),
		cmocka_unit_test(nothing_is_lost_doubled_or_overtaken_in_any_mixture),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
