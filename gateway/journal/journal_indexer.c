/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_indexer - the thread that lets the indexes follow the logs.
 * Promise:  what was told is in the index soon, at once when somebody asks; a sick index is tried again each second; the
 *           logs do not run away from it.
 * Not here: what is put into an index (journal_apply.c). */
#include <string.h>
#include <time.h>

#include "journal_int.h"

void journal_indexer_init(struct journal_indexer *x, struct journal_days *days)
{
	*x = (struct journal_indexer){.days = days, .last = DONE};
	BUG_IF(pthread_mutex_init(&x->writing, NULL) != 0 || pthread_mutex_init(&x->lock, NULL) != 0);
	cond_init(&x->wake);
	cond_init(&x->caught);
}

void journal_indexer_free(struct journal_indexer *x)
{
	pthread_mutex_destroy(&x->writing);
	pthread_mutex_destroy(&x->lock);
	pthread_cond_destroy(&x->wake);
	pthread_cond_destroy(&x->caught);
}

/* All days; the first that fails ends it. */
static outcome pass(struct journal_indexer *x, struct err *e)
{
	char day[JOURNAL_DAY] = "";
	size_t records = 0;
	outcome r = DONE;

	pthread_mutex_lock(&x->writing);
	for (size_t i = 0; r.ok && i < x->days->count; i++) {
		memcpy(day, x->days->item[i]->name, sizeof day);
		r = journal_day_apply(x->days->item[i], &records, e);
	}
	pthread_mutex_unlock(&x->writing);
	if (x->judge && day[0])
		x->judge(x->ctx, r, day, e);
	return r;
}

/* Too much to wait any longer? Holding the lock. */
static bool much_waits(const struct journal_indexer *x)
{
	return x->behind >= JOURNAL_INDEX_MANY || x->octets >= JOURNAL_INDEX_OCTETS;
}

/* Waits until there is work, holding the lock. */
static void wait_for_work(struct journal_indexer *x)
{
	const int64_t begun_us = mono_us();
	int64_t due_us;

	while (!x->closing && !x->asked && !(x->last.ok && much_waits(x))) {
		due_us = x->last.ok ? x->first_us + JOURNAL_INDEX_MS * INT64_C(1000)
				    : begun_us + JOURNAL_HOUSE_MS * INT64_C(1000);
		if (x->behind == 0 && x->last.ok) {
			pthread_cond_wait(&x->wake, &x->lock);
		} else if (mono_us() >= due_us) {
			return;
		} else {
			cond_wait_until(&x->wake, &x->lock, due_us);
		}
	}
}

static void *indexer_run(void *arg)
{
	struct journal_indexer *x = arg;
	struct err e = {.reason = REASON_NONE};
	bool closing;

	pthread_setname_np(pthread_self(), "index");
	pthread_mutex_lock(&x->lock);
	do {
		uint64_t taken, octets;
		outcome r;

		wait_for_work(x);
		closing = x->closing;
		taken = x->behind;
		octets = x->octets;
		x->asked = false;
		x->passing = true;
		pthread_mutex_unlock(&x->lock);
		r = pass(x, &e);
		pthread_mutex_lock(&x->lock);
		x->passing = false;
		x->passes++;
		x->last = r;
		if (r.ok) {
			x->behind -= taken;
			x->octets -= octets;
		} else {
			x->trouble = e;
		}
		x->first_us = mono_us();
		pthread_cond_broadcast(&x->caught);
	} while (!closing);
	pthread_mutex_unlock(&x->lock);
	return NULL;
}

outcome journal_indexer_start(struct journal_indexer *x, struct err *e)
{
	x->running = thread_start(&x->thread, indexer_run, x);
	return x->running ? DONE : err_set(e, REASON_JOURNAL_DOWN, "cannot start the journal's second thread");
}

void journal_indexer_stop(struct journal_indexer *x)
{
	if (!x->running)
		return;
	pthread_mutex_lock(&x->lock);
	x->closing = true;
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
	pthread_join(x->thread, NULL);
	x->running = false;
}

static void wait_until_nearer(struct journal_indexer *x)
{
	pthread_mutex_lock(&x->lock);
	while (x->running && x->last.ok && x->behind >= JOURNAL_BEHIND)
		pthread_cond_wait(&x->caught, &x->lock);
	pthread_mutex_unlock(&x->lock);
}

void journal_indexer_tell(struct journal_indexer *x, uint64_t entries, uint64_t octets)
{
	bool wakes, far;

	pthread_mutex_lock(&x->lock);
	if (x->behind == 0)
		x->first_us = mono_us();
	wakes = x->behind == 0;
	x->behind += entries;
	x->octets += octets;
	wakes = wakes || much_waits(x);
	far = x->behind >= JOURNAL_BEHIND;
	pthread_mutex_unlock(&x->lock);
	if (wakes)
		pthread_cond_signal(&x->wake);
	if (far)
		wait_until_nearer(x);
}

static outcome settle(struct journal_indexer *x, struct err *e)
{
	uint64_t wanted;
	outcome r;

	pthread_mutex_lock(&x->lock);
	wanted = x->passes + (x->passing ? 2 : 1); /* one that begins after this */
	x->asked = true;
	pthread_cond_signal(&x->wake);
	while (x->passes < wanted) {
		x->asked = true;
		pthread_cond_wait(&x->caught, &x->lock);
	}
	r = x->last;
	if (!r.ok)
		*e = x->trouble;
	pthread_mutex_unlock(&x->lock);
	return r;
}

outcome journal_indexer_settle(struct journal_indexer *x, struct err *e)
{
	return x->running ? settle(x, e) : pass(x, e);
}
