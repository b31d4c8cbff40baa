/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_worker - the thread of a simulated system: it fetches messages of the asynchronous channel where they do
 *           not come by themselves, and does what messages of either channel left to be done.
 * Promise:  work that failed is begun again; so is, after a start, what was left from before.
 * Not here: the messages (sim_async.c), the work (adapters). */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/cond.h"
#include "log/log.h"
#include "sim_int.h"

#define TURN_MS 200   /* between two fetches */
#define AGAIN_MS 1000 /* before work that failed is begun again */
#define WHEN_TAKEN INT64_MAX

struct sim_worker {
	struct sim *sim;
	pthread_t thread;
	pthread_mutex_t lock; /* of these */
	pthread_cond_t change;
	bool stop, taken;
};

/* Waits for a taken message, or for `ms` (negative: as long as it takes). False at the end. */
static bool rest(struct sim_worker *w, int ms, bool *taken)
{
	const int64_t until_us = ms < 0 ? INT64_MAX : mono_us() + ms * INT64_C(1000);
	bool in_time = true, going;

	pthread_mutex_lock(&w->lock);
	while (!w->stop && !w->taken && in_time)
		in_time = cond_wait_until(&w->change, &w->lock, until_us);
	*taken = w->taken;
	w->taken = false;
	going = !w->stop;
	pthread_mutex_unlock(&w->lock);
	return going;
}

static bool fetches(const struct sim *s)
{
	return s->pull && s->system->async_services;
}

/* Gives the moment when to work again. */
static int64_t work(struct sim *s)
{
	struct err e = {0};

	if (!s->system->work || s->system->work(s, &e).ok)
		return WHEN_TAKEN;
	log_err(LOG_WARNING, "sim.work-left", &e, NULL);
	return mono_ms() + AGAIN_MS;
}

static void *worker_run(void *ctx)
{
	struct sim_worker *w = ctx;
	struct sim *s = w->sim;
	int64_t due = 0;
	bool taken = false;

	do {
		if (fetches(s))
			sim_async_fetch(s);
		if (taken || due <= mono_ms())
			due = work(s);
	} while (rest(w, fetches(s) ? TURN_MS : due == WHEN_TAKEN ? -1 : AGAIN_MS, &taken));
	return NULL;
}

outcome sim_worker_start(struct sim *s, struct sim_worker **out, struct err *e)
{
	struct sim_worker *w;

	if (!s->system->work && !fetches(s))
		return DONE;
	w = calloc(1, sizeof *w);
	if (!w)
		return err_set(e, REASON_MEMORY, "worker of a simulated system");
	w->sim = s;
	pthread_mutex_init(&w->lock, NULL);
	cond_init(&w->change);
	*out = w; /* before the thread, which may take and wake at once */
	if (pthread_create(&w->thread, NULL, worker_run, w) == 0)
		return DONE;
	*out = NULL;
	pthread_cond_destroy(&w->change);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return err_set(e, REASON_MEMORY, "worker of a simulated system");
}

void sim_worker_stop(struct sim_worker **of)
{
	struct sim_worker *w = *of;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->change);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->change);
	pthread_mutex_destroy(&w->lock);
	free(w);
	*of = NULL;
}

void sim_worker_wake(struct sim_worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->taken = true;
	pthread_cond_signal(&w->change);
	pthread_mutex_unlock(&w->lock);
}

void sim_wake(struct sim *s)
{
	sim_worker_wake(s->worker);
}
