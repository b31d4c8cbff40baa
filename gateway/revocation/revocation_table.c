/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_table - the watched certificates: by digest, by time of the next question, by time of the last one.
 * Promise: finding and touching are constant, what concerns time logarithmic; nothing here waits. */
#include <stdlib.h>

#include "revocation/revocation_run.h"

bool revocation_table_init(struct revocation_table *t, size_t most)
{
	*t = (struct revocation_table){.most = most, .buckets = 64};
	TAILQ_INIT(&t->recent);
	while (t->buckets < most)
		t->buckets *= 2;
	t->bucket = calloc(t->buckets, sizeof(*t->bucket));
	t->by_time = calloc(most + 1, sizeof(*t->by_time));
	return t->bucket && t->by_time;
}

void revocation_watch_free(struct revocation_watch *w)
{
	buf_free(&w->der);
	buf_free(&w->points);
	free(w);
}

void revocation_table_drop(struct revocation_table *t)
{
	struct revocation_watch *w;

	while ((w = TAILQ_FIRST(&t->recent))) {
		revocation_table_take(t, w);
		revocation_watch_free(w);
	}
	free(t->bucket);
	free(t->by_time);
	t->bucket = t->by_time = NULL;
}

/* The digest is as good as random. */
static struct revocation_watch **bucket_of(const struct revocation_table *t, const unsigned char sha256[32])
{
	uint64_t key;

	memcpy(&key, sha256, sizeof key);
	return &t->bucket[key & (t->buckets - 1)];
}

struct revocation_watch *revocation_table_find(const struct revocation_table *t, const unsigned char sha256[32])
{
	struct revocation_watch *w = *bucket_of(t, sha256);

	while (w && memcmp(w->sha256, sha256, sizeof w->sha256) != 0)
		w = w->same;
	return w;
}

void revocation_table_add(struct revocation_table *t, struct revocation_watch *w)
{
	struct revocation_watch **bucket = bucket_of(t, w->sha256);

	BUG_IF(t->n >= t->most);
	w->id = ++t->ids;
	w->place = REVOCATION_NOWHERE;
	w->same = *bucket;
	*bucket = w;
	TAILQ_INSERT_HEAD(&t->recent, w, recent);
	t->n++;
}

void revocation_table_take(struct revocation_table *t, struct revocation_watch *w)
{
	struct revocation_watch **link = bucket_of(t, w->sha256);

	while (*link != w)
		link = &(*link)->same;
	*link = w->same;
	TAILQ_REMOVE(&t->recent, w, recent);
	revocation_table_undue(t, w);
	t->n--;
}

void revocation_table_touch(struct revocation_table *t, struct revocation_watch *w)
{
	if (TAILQ_FIRST(&t->recent) == w)
		return;
	TAILQ_REMOVE(&t->recent, w, recent);
	TAILQ_INSERT_HEAD(&t->recent, w, recent);
}

/* --- by time: a heap, the earliest at 0 --- */

static void place(struct revocation_table *t, size_t i, struct revocation_watch *w)
{
	t->by_time[i] = w;
	w->place = i;
}

static bool earlier(const struct revocation_watch *a, const struct revocation_watch *b)
{
	return a->task.due_ms < b->task.due_ms;
}

/* Moves the one at `i` to where it belongs. */
static void settle(struct revocation_table *t, size_t i)
{
	struct revocation_watch *w = t->by_time[i];

	for (; i > 0 && earlier(w, t->by_time[(i - 1) / 2]); i = (i - 1) / 2)
		place(t, i, t->by_time[(i - 1) / 2]);
	for (size_t child; (child = 2 * i + 1) < t->timed; i = child) {
		if (child + 1 < t->timed && earlier(t->by_time[child + 1], t->by_time[child]))
			child++;
		if (!earlier(t->by_time[child], w))
			break;
		place(t, i, t->by_time[child]);
	}
	place(t, i, w);
}

void revocation_table_due(struct revocation_table *t, struct revocation_watch *w, int64_t due_ms)
{
	w->task.due_ms = due_ms;
	if (w->place == REVOCATION_NOWHERE)
		place(t, t->timed++, w);
	settle(t, w->place);
}

void revocation_table_undue(struct revocation_table *t, struct revocation_watch *w)
{
	size_t i = w->place;

	if (i == REVOCATION_NOWHERE)
		return;
	w->place = REVOCATION_NOWHERE;
	t->timed--;
	if (i == t->timed)
		return;
	place(t, i, t->by_time[t->timed]);
	settle(t, i);
}

struct revocation_watch *revocation_table_first(const struct revocation_table *t)
{
	return t->timed ? t->by_time[0] : NULL;
}
