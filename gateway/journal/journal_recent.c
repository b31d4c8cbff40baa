/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_recent - replay keys of what is in the log and perhaps not yet in the index: two hash tables, the older one
 * with what the index is taking just now.
 * Promise:  a key that was added is found, or said to be lost, until the index has it.
 * Not here: whether the record at that place is the one looked for (journal_seen.c). */
#include <pthread.h>
#include <stdlib.h>

#include "journal_int.h"

struct slot {
	int64_t key;
	uint64_t place; /* 0: free; no record stands there */
};

struct table {
	struct slot *slots;
	size_t room, used; /* room is a power of two, or 0 */
	bool lost;         /* memory was short: a key is missing */
};

struct journal_recent {
	pthread_mutex_t lock;
	struct table fresh, taken;
};

enum { ROOM_LEAST = 256 };

struct journal_recent *journal_recent_new(void)
{
	struct journal_recent *r = calloc(1, sizeof *r);

	BUG_IF(r && pthread_mutex_init(&r->lock, NULL) != 0);
	return r;
}

void journal_recent_free(struct journal_recent **r)
{
	if (!*r)
		return;
	free((*r)->fresh.slots);
	free((*r)->taken.slots);
	pthread_mutex_destroy(&(*r)->lock);
	free(*r);
	*r = NULL;
}

/* The key's slot, or the free one where it belongs. The table has a free one. */
static struct slot *slot_of(const struct table *t, int64_t key)
{
	size_t at = (uint64_t)key & (t->room - 1);

	while (t->slots[at].place != 0 && t->slots[at].key != key)
		at = (at + 1) & (t->room - 1);
	return &t->slots[at];
}

static void table_set(struct table *t, int64_t key, uint64_t place)
{
	struct slot *slot = slot_of(t, key);

	t->used += slot->place == 0;
	*slot = (struct slot){key, place};
}

static bool table_grow(struct table *t)
{
	struct table bigger = {.room = t->room ? t->room * 2 : ROOM_LEAST, .lost = t->lost};

	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < t->room; i++) {
		if (t->slots[i].place != 0)
			table_set(&bigger, t->slots[i].key, t->slots[i].place);
	}
	free(t->slots);
	*t = bigger;
	return true;
}

void journal_recent_add(struct journal_recent *r, int64_t key, uint64_t place)
{
	pthread_mutex_lock(&r->lock);
	if (r->fresh.used * 2 < r->fresh.room || table_grow(&r->fresh))
		table_set(&r->fresh, key, place);
	else
		r->fresh.lost = true;
	pthread_mutex_unlock(&r->lock);
}

static uint64_t table_find(const struct table *t, int64_t key)
{
	return t->room ? slot_of(t, key)->place : 0;
}

enum journal_recently journal_recent_find(struct journal_recent *r, int64_t key, uint64_t *place)
{
	bool lost;

	pthread_mutex_lock(&r->lock);
	lost = r->fresh.lost || r->taken.lost;
	*place = table_find(&r->fresh, key);
	if (*place == 0)
		*place = table_find(&r->taken, key);
	pthread_mutex_unlock(&r->lock);
	if (lost)
		return RECENT_LOST;
	return *place ? RECENT_FOUND : RECENT_NONE;
}

static void table_empty(struct table *t)
{
	free(t->slots);
	*t = (struct table){NULL, 0, 0, false};
}

void journal_recent_lose(struct journal_recent *r)
{
	pthread_mutex_lock(&r->lock);
	r->fresh.lost = true;
	pthread_mutex_unlock(&r->lock);
}

void journal_recent_forget(struct journal_recent *r)
{
	pthread_mutex_lock(&r->lock);
	table_empty(&r->fresh);
	table_empty(&r->taken);
	pthread_mutex_unlock(&r->lock);
}

void journal_recent_turn(struct journal_recent *r)
{
	pthread_mutex_lock(&r->lock);
	if (r->taken.used == 0 && !r->taken.lost) { /* else a pass failed, and the next takes the same again */
		table_empty(&r->taken);
		r->taken = r->fresh;
		r->fresh = (struct table){NULL, 0, 0, false};
	}
	pthread_mutex_unlock(&r->lock);
}

void journal_recent_drop(struct journal_recent *r)
{
	pthread_mutex_lock(&r->lock);
	table_empty(&r->taken);
	pthread_mutex_unlock(&r->lock);
}
