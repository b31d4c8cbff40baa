/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_batch - what goes to Redis in one go, and what its replies mean.
 * Promise:  no verdict is lost while this process lives: a settlement without answer is sent again.
 * Not here: puts and marks (queue_order), when (queue_loop), how (queue_wire), the words of the scripts (queue_script). */
#include <stdio.h>

#include <hiredis/hiredis.h>

#include "log/log.h"

#include "queue/queue_run.h"

#define SETTLES_MOST 128
#define CLAIMS_MOST 32   /* messages by one script: it keeps everybody waiting */
#define FIT_MS 1000      /* between two looks at the server */
#define IDLE_MS 250      /* between two claims where nothing is due: others put, too */
#define SPIN_MS 5        /* the same where something is due but nothing came */
#define REFUSED_MS 500   /* before a refused settlement is tried again */
#define NODE_MS "10000"  /* the mark of this gateway lives so long after its last look */

struct queue_asked *queue_ask(struct queue *q, const struct queue_kind *kind, const struct bytes *words, size_t n)
{
	struct queue_asked *a = &q->asked[q->asked_count];

	BUG_IF(q->asked_count == QUEUE_BATCH);
	*a = (struct queue_asked){.kind = kind};
	queue_wire_add(q->wire, words, n);
	q->asked_count++;
	return a;
}

static bool has_room(const struct queue *q)
{
	return q->asked_count < QUEUE_BATCH;
}

static struct queue_at at_target(const struct queue *q, const struct queue_target *t)
{
	return (struct queue_at){.prefix = q->s.server.prefix, .destination = bytes_str(t->limits.name)};
}

/* ---- errors of the server ---- */

bool queue_is_error(const redisReply *r, const char *code)
{
	return r->type == REDIS_REPLY_ERROR && strncmp(r->str, code, strlen(code)) == 0;
}

/* Errors by which this server, or this connection, is the wrong one. */
static bool is_fatal(const redisReply *r)
{
	static const char *const codes[] = {"READONLY ", "LOADING ", "NOAUTH ", "NOPERM ", "WRONGPASS ", "MASTERDOWN ",
		"CLUSTERDOWN ", "MOVED "};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (queue_is_error(r, codes[i]))
			return true;
	}
	return false;
}

static void word_error(const redisReply *r, struct err *e)
{
	if (queue_is_error(r, "OOM "))
		err_set(e, REASON_QUEUE_FULL, "Redis is full: bring receivers back, drop what nobody wants, or raise maxmemory");
	else if (queue_is_error(r, "READONLY "))
		err_set(e, REASON_QUEUE_DOWN, "Redis became a read-only replica; the new master is looked for");
	else
		err_set(e, REASON_QUEUE_DOWN, "Redis refuses: %s", r->str);
}

/* This server is not used any more; the first reason counts. */
static void give_up(struct queue *q, const struct err *why)
{
	if (q->leave)
		return;
	q->leave = true;
	q->why = *why;
	queue_state(q, why);
}

bool queue_note_error(struct queue *q, const redisReply *r)
{
	struct err e;

	if (r->type != REDIS_REPLY_ERROR)
		return false;
	if (queue_is_error(r, "NOSCRIPT ")) {
		q->load = true;
		return true;
	}
	word_error(r, &e);
	if (is_fatal(r))
		give_up(q, &e);
	else if (!q->leave)
		queue_state(q, &e);
	return true;
}

/* ---- the server: scripts, fitness, destinations ---- */

static void load_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	struct err e;

	(void)a;
	if (r->type != REDIS_REPLY_ERROR)
		return;
	word_error(r, &e);
	give_up(q, &e);
}

static const struct queue_kind load = {.answered = load_answered};

static void ask_load(struct queue *q)
{
	struct queue_args a;

	for (unsigned i = 0; i < SCRIPT_COUNT; i++) {
		queue_script_load(&a, (enum queue_script)i);
		queue_ask(q, &load, a.word, a.count);
	}
	q->load = false;
}

static void info_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	(void)a;
	q->replicated = queue_fit_replicated(r); /* the rest is judged together with the next */
}

static void fit_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	const redisReply *const both[QUEUE_FIT_COMMANDS] = {a[-1].reply, r};
	struct err e;

	if (!queue_fit_judge(&q->s.server, both, &e).ok)
		give_up(q, &e);
}

static void birth_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	struct err e;

	(void)a;
	if (!q->leave && !queue_birth_judge(r, q->s.spool, q->birth, &q->born, &e).ok)
		give_up(q, &e);
}

/* A write that was carried out tells more than any setting: neither full, nor read-only, nor without disk. */
static void node_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	(void)a;
	if (!queue_note_error(q, r) && !q->leave)
		queue_state(q, NULL);
}

static void destinations_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	(void)a;
	if (queue_note_error(q, r) || r->type != REDIS_REPLY_ARRAY)
		return;
	for (size_t i = 0; i < r->elements; i++) {
		const redisReply *name = r->element[i];

		if (name->type == REDIS_REPLY_STRING)
			queue_target_find(q, (struct bytes){(const unsigned char *)name->str, (size_t)name->len});
	}
}

static const struct queue_kind info = {.answered = info_answered}, fit = {.answered = fit_answered},
			       birth = {.answered = birth_answered}, node = {.answered = node_answered},
			       destinations = {.answered = destinations_answered};

static void ask_fit(struct queue *q)
{
	SCOPED(buf_free) struct buf key = BUF(4096);
	struct queue_args a;

	queue_ask(q, &info, queue_fit_words[0].word, queue_fit_words[0].count);
	queue_ask(q, &fit, queue_fit_words[1].word, queue_fit_words[1].count);
	queue_command_birth(&a, q->s.server.prefix, q->birth, q->born ? BIRTH_LOOK : BIRTH_GIVE);
	queue_ask(q, &birth, a.word, a.count);
	buf_printf(&key, "%s:node:%s", q->s.server.prefix, q->s.node);
	queue_ask(q, &node, (const struct bytes[]){BYTES_LIT("SET"), buf_bytes(&key), BYTES_LIT("1"), BYTES_LIT("PX"),
		BYTES_LIT(NODE_MS)}, 5);
	queue_script_destinations(&a, q->s.server.prefix);
	queue_ask(q, &destinations, a.word, a.count);
	q->fit_ms = mono_ms() + FIT_MS;
}

/* ---- settlements ---- */

void queue_settle_pause(struct queue *q)
{
	q->settle_ms = mono_ms() + REFUSED_MS;
}

static void tell_settled(struct queue *q, struct queue_held *h, const struct queue_settlement *s)
{
	if (s->settled == SETTLED_GONE && h->spool.n)
		queue_spool_remove(q->s.spool, h->spool);
	if (s->settled == SETTLED_STALE)
		log_event(LOG_WARNING, "queue.lease-lost", LOG_PART("message_id", h->claim.id),
			LOG_PART("destination", h->claim.destination));
	if (h->done)
		h->done(h->ctx, s->settled == SETTLED_DEAD, s->settled == SETTLED_STALE ? -1 : s->due_ms);
}

static void settle_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	struct queue_settlement s;
	struct err e;

	if (queue_note_error(q, r) || !queue_reply_settle(r, &s, &e)) {
		queue_settle_again(q, a->held);
		if (!queue_is_error(r, "NOSCRIPT "))
			queue_settle_pause(q);
		return;
	}
	a->target->ask_ms = 0; /* the next of its order key, or one more at once */
	tell_settled(q, a->held, &s);
	queue_held_free(q, a->held);
}

static void settle_lost(struct queue *q, struct queue_asked *a, bool sent, const struct err *e)
{
	(void)sent, (void)e; /* sent twice it changes nothing */
	queue_settle_again(q, a->held);
}

static const struct queue_kind settle = {.answered = settle_answered, .lost = settle_lost};

static void ask_settles(struct queue *q)
{
	for (int i = 0; i < SETTLES_MOST && q->settles; i++) {
		struct queue_held *h = q->settles;
		struct queue_at at = at_target(q, h->target);
		struct queue_args words;
		struct queue_asked *a;

		q->settles = h->behind;
		queue_script_settle(&words, &at, h->claim.id, h->token, h->verdict, h->cause, &h->claim.policy,
			h->claim.attempt, &h->target->limits, q->s.known_ms);
		a = queue_ask(q, &settle, words.word, words.count);
		a->held = h;
		a->target = h->target;
	}
	if (!q->settles)
		q->settles_end = &q->settles;
}

/* ---- leases ---- */

static void renew_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	(void)a;
	queue_note_error(q, r); /* one that was lost shows when it is settled */
}

static const struct queue_kind renew = {.answered = renew_answered};

static void renew_send(struct queue *q, struct queue_args *words)
{
	if (has_room(q))
		queue_ask(q, &renew, words->word, words->count);
}

static void renew_target(struct queue *q, const struct queue_target *t)
{
	struct queue_at at = at_target(q, t);
	struct queue_args words;
	int n = 0;

	for (const struct queue_held *h = t->held; h; h = h->next) {
		if (h->settled)
			continue;
		if (n == 0)
			queue_script_renew(&words, &at, q->s.lease_ms);
		queue_script_renew_add(&words, h->claim.id, h->token);
		if (++n == QUEUE_RENEW_MOST) {
			renew_send(q, &words);
			n = 0;
		}
	}
	if (n)
		renew_send(q, &words);
}

static void ask_renewals(struct queue *q)
{
	for (const struct queue_target *t = q->targets; t; t = t->next)
		renew_target(q, t);
	q->renew_ms = mono_ms() + q->s.lease_ms / 3;
}

/* ---- claims ---- */

static void give_expired(struct queue *q, struct queue_target *t, const struct queue_found *found)
{
	struct queue_held *h = queue_held_new(bytes_str(t->limits.name), found);
	struct err e;

	if (!h)
		return; /* it is in the dead letters, where operators see it */
	if (!queue_held_read(h, found, q->s.spool, &e).ok)
		log_err(LOG_ERROR, "queue.unreadable", &e, NULL);
	q->s.on_expired(q->s.ctx, &h->claim);
}

static void give_claimed(struct queue *q, struct queue_target *t, const struct queue_found *found)
{
	struct queue_held *h = queue_held_new(bytes_str(t->limits.name), found);
	struct err e;

	if (!h)
		return; /* it comes back after its lease */
	queue_held_take(q, t, h);
	if (queue_held_read(h, found, q->s.spool, &e).ok) {
		q->s.on_claim(q->s.ctx, &h->claim);
		return;
	}
	log_err(LOG_ERROR, "queue.unreadable", &e, NULL);
	queue_settle(q, &h->claim, e.reason == REASON_INTERNAL ? QUEUE_REJECTED : QUEUE_LATER,
		reason_row(e.reason)->name, NULL, NULL);
}

static void claim_answered(struct queue *q, struct queue_asked *a, const redisReply *r)
{
	struct queue_claims claims;
	struct queue_found found;
	int64_t wait;
	struct err e;

	a->target->ask_ms = mono_ms() + IDLE_MS;
	if (queue_note_error(q, r)) {
		if (queue_is_error(r, "NOSCRIPT "))
			a->target->ask_ms = 0;
		return;
	}
	if (!queue_reply_claims(r, &claims, &e)) {
		log_err(LOG_ERROR, "queue.claim", &e, NULL);
		return;
	}
	for (size_t i = 0; i < claims.expired; i++) {
		queue_reply_expired(r, i, &found);
		give_expired(q, a->target, &found);
	}
	for (size_t i = 0; i < claims.count; i++) {
		queue_reply_claimed(r, i, &found);
		give_claimed(q, a->target, &found);
	}
	wait = claims.next_ms < 0 || claims.next_ms > IDLE_MS ? IDLE_MS : claims.next_ms;
	if (wait < SPIN_MS && claims.count + claims.expired == 0)
		wait = SPIN_MS;
	a->target->ask_ms = mono_ms() + wait;
}

static const struct queue_kind claim = {.answered = claim_answered};

static void ask_claim(struct queue *q, struct queue_target *t, int most)
{
	struct queue_at at = at_target(q, t);
	struct queue_args words;

	queue_script_claim(&words, &at, q->s.node, most, q->s.lease_ms, &t->limits);
	queue_ask(q, &claim, words.word, words.count)->target = t;
}

/* Free hands are shared out among the targets whose time has come, beginning behind the last that was served. */
static void ask_claims(struct queue *q)
{
	int64_t now = mono_ms();
	int hands = q->s.hold_most - q->in_hand, due = 0, share;
	struct queue_target *t, *start = q->turn ? q->turn : q->targets;

	for (t = q->targets; t; t = t->next)
		due += t->ask_ms <= now;
	if (due == 0 || hands <= 0)
		return;
	share = hands / due < 1 ? 1 : hands / due;
	if (share > CLAIMS_MOST)
		share = CLAIMS_MOST;
	t = start;
	do {
		if (t->ask_ms <= now && hands > 0 && has_room(q)) {
			ask_claim(q, t, share < hands ? share : hands);
			hands -= share;
			q->turn = t->next;
		}
		t = t->next ? t->next : q->targets;
	} while (t != start);
}

/* ---- the batch ---- */

static void gather(struct queue *q)
{
	int64_t now = mono_ms();

	q->asked_count = q->copied_at = 0;
	if (q->load)
		ask_load(q);
	if (now >= q->fit_ms)
		ask_fit(q);
	if (!q->proved)
		return;
	if (now >= q->settle_ms) {
		ask_settles(q);
		queue_ask_owed(q);
	}
	queue_ask_orders(q);
	queue_ask_copied(q);
	if (now >= q->renew_ms)
		ask_renewals(q);
	if (!q->resting)
		ask_claims(q);
}

outcome queue_batch_run(struct queue *q, struct err *e)
{
	outcome done;
	size_t sent;

	gather(q);
	if (q->asked_count == 0)
		return DONE;
	done = queue_wire_exchange(q->wire, mono_ms() + q->s.server.command_ms, q->replies, &sent, e);
	if (!done.ok)
		queue_state(q, e); /* before anybody hears of it from the fate of a put */
	for (size_t i = 0; i < q->asked_count; i++)
		q->asked[i].reply = q->replies[i];
	q->copied = queue_copied(q);
	q->again = &q->orders;
	for (size_t i = 0; i < q->asked_count; i++) {
		struct queue_asked *a = &q->asked[i];

		if (a->reply)
			a->kind->answered(q, a, a->reply);
		else if (a->kind->lost)
			a->kind->lost(q, a, i < sent, e);
	}
	for (size_t i = 0; i < q->asked_count; i++)
		freeReplyObject(q->replies[i]);
	if (done.ok && q->leave) {
		*e = q->why;
		return FAILED;
	}
	q->proved = q->proved || done.ok;
	return done;
}

int64_t queue_batch_at(const struct queue *q)
{
	int64_t at = q->fit_ms;

	if (q->load || q->orders)
		return 0;
	if ((q->settles || q->owed) && q->settle_ms < at)
		at = q->settle_ms;
	if (q->in_hand && q->renew_ms < at)
		at = q->renew_ms;
	if (q->resting || q->in_hand >= q->s.hold_most)
		return at;
	for (const struct queue_target *t = q->targets; t; t = t->next) {
		if (t->ask_ms < at)
			at = t->ask_ms;
	}
	return at;
}
