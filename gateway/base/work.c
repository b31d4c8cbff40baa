/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work - worker threads over lines of jobs: one of what was begun, which goes first, and those of what is new, in turn. */
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

struct work {
	pthread_mutex_t lock;
	sem_t some; /* one for each item in a line, and one for each thread at the end */
	struct line begun, fresh[WORK_LINES];
	uint64_t filled; /* bit per line of `fresh` that is not empty */
	unsigned turn;   /* line of `fresh` that is served next, unless it is empty */
	size_t waiting;
	unsigned count;
	pthread_t threads[WORK_THREADS_MOST];
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

static struct work_item *work_take(struct work *w)
{
	struct work_item *item;

	while (sem_wait(&w->some) != 0)
		BUG_IF(errno != EINTR);
	pthread_mutex_lock(&w->lock);
	item = line_take(&w->begun);
	if (!item && w->filled)
		item = fresh_take(w);
	if (item)
		w->waiting--;
	pthread_mutex_unlock(&w->lock);
	return item;
}

static void *work_main(void *arg)
{
	struct work_item *item;

	while ((item = work_take(arg)))
		item->run(item);
	return NULL;
}

struct work *work_start(unsigned threads)
{
	struct work *w = calloc(1, sizeof *w);
	pthread_attr_t attr;

	BUG_IF(threads == 0 || threads > WORK_THREADS_MOST);
	if (!w)
		return NULL;
	w->begun.last = &w->begun.first;
	for (unsigned i = 0; i < WORK_LINES; i++)
		w->fresh[i].last = &w->fresh[i].first;
	pthread_mutex_init(&w->lock, NULL);
	sem_init(&w->some, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORK_STACK);
	for (; w->count < threads; w->count++) {
		if (pthread_create(&w->threads[w->count], &attr, work_main, w) != 0)
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

	item->next = NULL;
	pthread_mutex_lock(&w->lock);
	if (line < WORK_LINES)
		w->filled |= UINT64_C(1) << line;
	*l->last = item;
	l->last = &item->next;
	w->waiting++;
	pthread_mutex_unlock(&w->lock);
	sem_post(&w->some); /* the last touch: whoever is woken may be the one who ends all this */
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

void work_stop(struct work **wp)
{
	struct work *w = *wp;

	if (!w)
		return;
	*wp = NULL;
	for (unsigned i = 0; i < w->count; i++)
		sem_post(&w->some);
	for (unsigned i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	pthread_mutex_destroy(&w->lock);
	sem_destroy(&w->some);
	free(w);
}
