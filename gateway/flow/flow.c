/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow - wiring: journal, egress and workers are started and stopped here, snapshots are swapped here, and a request of
 * the front is sent the right way. */
#include <stdlib.h>
#include <unistd.h>

#include "log/log.h"

#include "flow/flow_int.h"
#include "flow/flow_notice.h"

static unsigned worker_count(const struct conf *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (c->workers > 0)
		return (unsigned)c->workers;
	return cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
}

/* Half of them at work: those are about to have facts too, and what a flush lets go on would compete with them. */
static bool workers_busy(void *work)
{
	return !work_quiet(work);
}

static void workers_quiet(void *journal)
{
	journal_hurry(journal);
}

static outcome flow_parts(struct flow *f, struct err *e)
{
	const struct conf *c = f->current->conf;
	struct journal_settings settings = {
		.directory = c->journal.directory,
		.retention_days = c->journal.retention_days,
		.free_bytes = c->journal.free_bytes,
		.commit_us = c->journal.commit_us,
	};
	outcome started;

	f->open = open_set_new();
	f->work = work_start("worker", worker_count(c));
	f->egress = egress_start();
	f->readers = work_start("reader", 1);
	f->journal_folder = strdup(c->journal.directory);
	if (!f->open || !f->work || !f->egress || !f->readers || !f->journal_folder)
		return err_set(e, REASON_MEMORY, "no threads or memory to start");
	settings.busy = workers_busy;
	settings.busy_ctx = f->work;
	TRY(journal_open(&settings, &f->journal, e));
	work_on_quiet(f->work, workers_quiet, f->journal);
	if (c->revocation.directory)
		TRY(revocation_desk_open(c, c->revocation.directory, &f->revocation, e));
	flow_statuses(f, f->current, NULL);
	TRY(stamps_start(f, e));
	pthread_mutex_lock(&f->lock); /* a delivery that is claimed at once begins when all is there */
	started = delivery_start(f, e);
	if (started.ok)
		started = adapters_start(f, e);
	pthread_mutex_unlock(&f->lock);
	if (started.ok && f->queue)
		notices_resume(f);
	return started;
}

outcome flow_start(struct snapshot *first, struct flow **out, struct err *e)
{
	struct flow *f = calloc(1, sizeof *f);

	if (!f) {
		snapshot_drop(&first);
		return err_set(e, REASON_MEMORY, "no memory to start");
	}
	pthread_mutex_init(&f->lock, NULL);
	f->current = first;
	f->started_us = mono_us();
	if (!flow_parts(f, e).ok) {
		flow_stop(&f);
		return FAILED;
	}
	*out = f;
	return DONE;
}

/* Nothing is under way any more, or nothing but deliveries that wait for the queue. */
static bool rests(const struct flow *f, bool but_settling)
{
	long deliveries = (long)__atomic_load_n(&f->deliveries, __ATOMIC_ACQUIRE);
	long settling = but_settling ? __atomic_load_n(&f->settling, __ATOMIC_ACQUIRE) : 0;

	return __atomic_load_n(&f->exchanges, __ATOMIC_ACQUIRE) == 0 && deliveries <= settling;
}

static void begin_drain(struct flow *f)
{
	if (__atomic_load_n(&f->draining, __ATOMIC_ACQUIRE))
		return;
	flow_leave(f);
	f->draining_us = mono_us();
	__atomic_store_n(&f->draining, true, __ATOMIC_RELEASE);
}

void flow_stop(struct flow **fp)
{
	struct flow *f = *fp;

	if (!f)
		return;
	*fp = NULL;
	pthread_mutex_lock(&f->lock);
	f->closed = true;
	pthread_mutex_unlock(&f->lock);
	begin_drain(f);
	egress_stop(&f->egress); /* open calls end as stopped and go on to their refusal */
	if (f->queue)
		queue_pause(f->queue);
	while (!rests(f, true))
		usleep(1000);
	queue_stop(&f->queue); /* ends what waits for Redis alone */
	while (!rests(f, false))
		usleep(1000);
	adapters_stop(f);
	work_stop(&f->pullers);
	work_stop(&f->readers);
	notice_line_free(&f->untold);
	if (f->journal)
		journal_ask_nobody(f->journal); /* words that nobody waits for may still be on their way to its log */
	work_stop(&f->work);
	revocation_desk_close(&f->revocation);
	stamps_stop(f);
	journal_close(&f->journal);
	free(f->journal_folder);
	open_set_free(&f->open);
	snapshot_drop(&f->current);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

struct snapshot *flow_snapshot(struct flow *f)
{
	struct snapshot *s;

	pthread_mutex_lock(&f->lock);
	s = snapshot_keep(f->current);
	pthread_mutex_unlock(&f->lock);
	return s;
}

bool flow_call(struct flow *f, struct egress_call *call)
{
	bool open;

	pthread_mutex_lock(&f->lock);
	open = !f->closed;
	if (open)
		egress_submit(f->egress, call); /* never blocks */
	pthread_mutex_unlock(&f->lock);
	return open;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The index of a listener is what the front knows it by, so number, order and addresses stay until a restart. */
static bool same_listeners(const struct conf *a, const struct conf *b)
{
	if (a->listener_count != b->listener_count)
		return false;
	for (size_t i = 0; i < a->listener_count; i++) {
		const struct conf_listener *l = &a->listeners[i], *m = &b->listeners[i];

		if (!same_text(l->host, m->host) || l->port != m->port || l->tls != m->tls)
			return false;
	}
	return true;
}

/* What the front was told at its start, beside addresses. */
static bool same_bounds(const struct conf *a, const struct conf *b)
{
	for (size_t i = 0; i < a->listener_count; i++) {
		const struct conf_listener *l = &a->listeners[i], *m = &b->listeners[i];

		if (memcmp(&l->limits, &m->limits, sizeof l->limits) != 0 || l->proxies.n != m->proxies.n)
			return false;
		for (size_t n = 0; n < l->proxies.n; n++) {
			if (!same_text(l->proxies.name[n], m->proxies.name[n]))
				return false;
		}
	}
	return true;
}

static bool same_stamps(const struct conf_timestamp *a, const struct conf_timestamp *b)
{
	return same_text(a->directory, b->directory) && same_text(a->url, b->url) && same_text(a->policy, b->policy) &&
		a->digest == b->digest;
}

static bool same_sources(const struct conf *a, const struct conf *b)
{
	if (a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++) {
		const struct conf_source *s = &a->sources[i], *t = &b->sources[i];

		if (!same_text(s->issuer, t->issuer) || !same_text(s->responder, t->responder) || !same_text(s->ocsp, t->ocsp) ||
			!same_text(s->crl, t->crl) || !same_text(s->delta, t->delta) || s->digest != t->digest || s->nonce != t->nonce)
			return false;
	}
	return true;
}

static bool same_revocation(const struct conf *a, const struct conf *b)
{
	const struct conf_revocation *r = &a->revocation, *q = &b->revocation;

	return same_text(r->directory, q->directory) && r->refresh_ms == q->refresh_ms &&
		r->crl_refresh_ms == q->crl_refresh_ms && r->deadline_ms == q->deadline_ms && r->skew_ms == q->skew_ms &&
		same_sources(a, b);
}

void flow_swap(struct flow *f, struct snapshot *next, struct conf_problems *problems)
{
	struct snapshot *old;
	const struct conf *now = f->current->conf, *then = next->conf;
	struct conf_at at = {then->path, 1};

	if (!same_listeners(now, then)) {
		conf_problem_add(problems, at, false, "Restart the gateway.", "listeners cannot change while running");
		snapshot_drop(&next);
		return;
	}
	if (!same_text(now->journal.directory, then->journal.directory))
		conf_problem_add(problems, at, true, "Restart the gateway.", "the journal stays in %s until a restart",
			now->journal.directory);
	if (!same_bounds(now, then))
		conf_problem_add(problems, at, true, "Restart the gateway.", "limits and proxies of listeners stay until a restart");
	if (!same_stamps(&now->timestamp, &then->timestamp))
		conf_problem_add(problems, at, true, "Restart the gateway.", "time-stamps are asked as before until a restart");
	if (!same_revocation(now, then))
		conf_problem_add(problems, at, true, "Restart the gateway.", "revocation is asked about as before until a restart");
	if (then->confine && !same_text(now->blocks, then->blocks))
		conf_problem_add(problems, at, true, "Restart the gateway.",
			"the list of blocked certificates is read in its new place, and not written there by rules until a restart");
	flow_tag(f, next);
	flow_statuses(f, next, NULL);
	pthread_mutex_lock(&f->lock);
	old = f->current;
	f->current = next;
	pthread_mutex_unlock(&f->lock);
	snapshot_drop(&old);
	egress_reload_tls(f->egress);
}

void flow_leave(struct flow *f)
{
	__atomic_store_n(&f->leaving, true, __ATOMIC_RELAXED);
}

void flow_drain(struct flow *f)
{
	begin_drain(f);
	if (f->queue)
		queue_pause(f->queue);
}

void flow_rest(struct flow *f, int64_t until_us)
{
	while (!rests(f, true) && mono_us() < until_us)
		usleep(1000);
}

size_t flow_open_exchanges(const struct flow *f)
{
	return __atomic_load_n(&f->exchanges, __ATOMIC_ACQUIRE);
}

void flow_set_front(struct flow *f, struct front *front)
{
	f->front = front;
}
