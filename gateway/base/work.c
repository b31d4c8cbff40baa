/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work - worker threads over lines of jobs: one of what was begun, which goes first, and those of what is new, in turn.
 * Of the workers that sleep the one that worked last is woken: what it needs is still near its processor. In turn they cost
 * a tenth more where one message comes at a time. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/work.h"

#define WORK_THREADS_MOST 64
#define WORK_STACK (1024u * 1024)

struct line {
	struct work_item *first, **last;
};

struct worker {
	struct work *of;
	struct worker *below; /* of those that sleep */
	sem_t wake;
	pthread_t thread;
};

struct work {
	pthread_mutex_t lock;
	struct line begun, fresh[WORK_LINES];
	uint64_t filled; /* bit per line of `fresh` that is not empty */
	unsigned turn;   /* line of `fresh` that is served next, unless it is empty */
	size_t waiting;
	struct worker *asleep; /* the one that worked last first */
	unsigned sleeping;     /* how many they are */
	unsigned half;         /* of those that were asked for: `count` still grows while the first begin to sleep */
	void (*quiet)(void *ctx);
	void *quiet_ctx;
	bool stopping;
	const char *name;
	unsigned count;
	struct worker workers[WORK_THREADS_MOST];
};

static struct work_item *line_take(struct line *l)
{
	struct work_item *item = l->first;

	if (item) {
		l->first = item->next;
		if (!l->first)
			l->last = &l->first;
	}
	return item;
}

static struct work_item *fresh_take(struct work *w)
{
	uint64_t later = w->filled & (UINT64_MAX << w->turn);
	unsigned line = (unsigned)__builtin_ctzll(later ? later : w->filled);
	struct work_item *item = line_take(&w->fresh[line]);

	w->turn = (line + 1) % WORK_LINES;
	if (!w->fresh[line].first)
		w->filled &= ~(UINT64_C(1) << line);
	return item;
}

static struct work_item *next_take(struct work *w)
{
	struct work_item *item = line_take(&w->begun);

	if (!item && w->filled)
		item = fresh_take(w);
	if (item)
		w->waiting--;
	return item;
}

static bool is_quiet(const struct work *w)
{
	return w->sleeping > w->half;
}

/* Under the lock, but not while it sleeps. */
static void worker_sleep(struct worker *me)
{
	struct work *w = me->of;
	void (*quiet)(void *ctx);
	void *ctx = w->quiet_ctx;

	me->below = w->asleep;
	w->asleep = me;
	w->sleeping++;
	quiet = is_quiet(w) ? w->quiet : NULL;
	pthread_mutex_unlock(&w->lock);
	if (quiet)
		quiet(ctx);
	while (sem_wait(&me->wake) != 0)
		BUG_IF(errno != EINTR);
	pthread_mutex_lock(&w->lock);
}

static struct work_item *work_take(struct worker *me)
{
	struct work *w = me->of;
	struct work_item *item;

	pthread_mutex_lock(&w->lock);
	while (!(item = next_take(w)) && !w->stopping)
		worker_sleep(me);
	pthread_mutex_unlock(&w->lock);
	return item;
}

static void *work_main(void *arg)
{
	struct worker *me = arg;
	struct work_item *item;

	pthread_setname_np(pthread_self(), me->of->name);
	while ((item = work_take(me)))
		item->run(item);
	return NULL;
}

/* Under the lock: one that sleeps, to be woken after it. */
static struct worker *asleep_take(struct work *w)
{
	struct worker *one = w->asleep;

	if (one) {
		w->asleep = one->below;
		w->sleeping--;
	}
	return one;
}

struct work *work_start(const char *name, unsigned threads)
{
	struct work *w = calloc(1, sizeof *w);
	pthread_attr_t attr;

	BUG_IF(threads == 0 || threads > WORK_THREADS_MOST);
	if (!w)
		return NULL;
	w->name = name;
	w->half = threads / 2;
	w->begun.last = &w->begun.first;
	for (unsigned i = 0; i < WORK_LINES; i++)
		w->fresh[i].last = &w->fresh[i].first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORK_STACK);
	for (; w->count < threads; w->count++) {
		struct worker *one = &w->workers[w->count];

		one->of = w;
		sem_init(&one->wake, 0, 0);
		if (pthread_create(&one->thread, &attr, work_main, one) != 0)
			break;
	}
	pthread_attr_destroy(&attr);
	if (w->count < threads)
		work_stop(&w);
	return w;
}

/* `line`: of what is new, or WORK_LINES for what was begun. */
static void work_add(struct work *w, unsigned line, struct work_item *item)
{
	struct line *l = line < WORK_LINES ? &w->fresh[line] : &w->begun;
	struct worker *one;

	item->next = NULL;
	pthread_mutex_lock(&w->lock);
	if (line < WORK_LINES)
		w->filled |= UINT64_C(1) << line;
	*l->last = item;
	l->last = &item->next;
	w->waiting++;
	one = asleep_take(w);
	pthread_mutex_unlock(&w->lock);
	if (one)
		sem_post(&one->wake); /* which may be the last touch: nobody ends all this before the worker has woken */
}

void work_put_in_line(struct work *w, unsigned line, struct work_item *item)
{
	work_add(w, line % WORK_LINES, item);
}

void work_put(struct work *w, struct work_item *item)
{
	work_put_in_line(w, 0, item);
}

void work_put_begun(struct work *w, struct work_item *item)
{
	work_add(w, WORK_LINES, item);
}

size_t work_waiting(struct work *w)
{
	size_t waiting;

	pthread_mutex_lock(&w->lock);
	waiting = w->waiting;
	pthread_mutex_unlock(&w->lock);
	return waiting;
}

bool work_quiet(struct work *w)
{
	bool quiet;

	pthread_mutex_lock(&w->lock);
	quiet = is_quiet(w);
	pthread_mutex_unlock(&w->lock);
	return quiet;
}

void work_on_quiet(struct work *w, void (*quiet)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&w->lock);
	w->quiet_ctx = ctx;
	w->quiet = quiet;
	pthread_mutex_unlock(&w->lock);
}

void work_stop(struct work **wp)
{
	struct work *w = *wp;

	if (!w)
		return;
	*wp = NULL;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	for (struct worker *one; (one = asleep_take(w));)
		sem_post(&one->wake);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->count; i++) {
		pthread_join(w->workers[i].thread, NULL);
		sem_destroy(&w->workers[i].wake);
	}
	pthread_mutex_destroy(&w->lock);
	free(w);
}
