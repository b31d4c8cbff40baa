/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work - worker threads over one line of jobs. */
#include <pthread.h>
#include <stdlib.h>

#include "base/work.h"

#define WORK_THREADS_MOST 64
#define WORK_STACK (1024u * 1024)

struct work {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct work_item *first, **last;
	size_t waiting;
	bool stopping;
	unsigned count;
	pthread_t threads[WORK_THREADS_MOST];
};

static struct work_item *work_take(struct work *w)
{
	struct work_item *item;

	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->stopping)
		pthread_cond_wait(&w->some, &w->lock);
	item = w->first;
	if (item) {
		w->first = item->next;
		if (!w->first)
			w->last = &w->first;
		w->waiting--;
	}
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
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->some, NULL);
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

void work_put(struct work *w, struct work_item *item)
{
	item->next = NULL;
	pthread_mutex_lock(&w->lock);
	*w->last = item;
	w->last = &item->next;
	w->waiting++;
	pthread_cond_signal(&w->some);
	pthread_mutex_unlock(&w->lock);
}

size_t work_waiting(const struct work *w)
{
	return __atomic_load_n(&w->waiting, __ATOMIC_RELAXED);
}

void work_stop(struct work **wp)
{
	struct work *w = *wp;

	if (!w)
		return;
	*wp = NULL;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->some);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->some);
	free(w);
}
