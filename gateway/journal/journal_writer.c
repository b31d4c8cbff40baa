/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_writer - the one thread that writes logs: group commit, the turn of the day, a sick log tried again.
 * Promise:  entries are written and called back in the order they were put; nobody hears of success before
 *           his facts are on disk. Consecutive entries of one day share a flush: while one waits for
 *           the disk, the entries of the next gather by themselves. While the processors are at work, flushes are
 *           spread out: a flush costs processors too, and what it lets go on would compete for them.
 * Not here: files (journal_log.c), indexes (journal_indexer.c). */
#include <string.h>
#include <time.h>

#include "journal_int.h"

void journal_put(struct journal *j, struct journal_entry *entry)
{
	bool first;

	entry->next = NULL;
	pthread_mutex_lock(&j->lock);
	first = !j->head;
	*j->tail = entry;
	j->tail = &entry->next;
	pthread_mutex_unlock(&j->lock);
	if (first)
		pthread_cond_signal(&j->wake); /* after the lock, which the woken thread takes at once */
}

void journal_hurry(struct journal *j)
{
	if (!atomic_exchange(&j->gathering, false))
		return;
	pthread_mutex_lock(&j->lock); /* or the thread might have looked and not be waiting yet */
	pthread_mutex_unlock(&j->lock);
	pthread_cond_signal(&j->wake);
}

void journal_ask_nobody(struct journal *j)
{
	pthread_mutex_lock(&j->lock); /* which is held while it is called */
	j->busy = NULL;
	pthread_mutex_unlock(&j->lock);
}

/* Under the lock, which is left while it waits: lets companions gather. There is an entry. Whoever comes to rest after
 * the question sees that they gather. */
static void companions_wait(struct journal *j)
{
	const int64_t until_us = j->flushed_us + j->commit_us;
	bool in_time = mono_us() < until_us;

	if (!in_time || !j->busy)
		return;
	atomic_store(&j->gathering, true);
	if (!j->busy(j->busy_ctx))
		atomic_store(&j->gathering, false);
	while (atomic_load(&j->gathering) && !j->closing && in_time)
		in_time = cond_wait_until(&j->wake, &j->lock, until_us);
	atomic_store(&j->gathering, false);
}

/* Waits until there are entries and takes them all; NULL when it is time to keep house, or the end. */
static struct journal_entry *writer_wait(struct journal *j, bool *closing)
{
	const int64_t until_us = mono_us() + JOURNAL_HOUSE_MS * INT64_C(1000);
	struct journal_entry *batch;
	bool in_time = true;

	pthread_mutex_lock(&j->lock);
	while (!j->head && !j->closing && in_time)
		in_time = cond_wait_until(&j->wake, &j->lock, until_us);
	if (j->head)
		companions_wait(j);
	batch = j->head;
	if (batch)
		j->flushed_us = mono_us();
	j->head = NULL;
	j->tail = &j->head;
	*closing = j->closing;
	pthread_mutex_unlock(&j->lock);
	return batch;
}

static void run_finish(
	struct journal_entry *first, const struct journal_entry *end, outcome r, const struct err *e)
{
	while (first != end) {
		struct journal_entry *next = first->next; /* the entry is gone after the call */

		first->done(first, r, e);
		first = next;
	}
}

/* Does an entry of the run before this one have a word on the same message? */
static bool word_before(const struct journal_entry *first, const struct journal_entry *entry)
{
	while (first != entry && !(first->waiting && bytes_eq(first->waiting->id, entry->waiting->id)))
		first = first->next;
	return first != entry;
}

/* A word that is to leave earlier ones alone is dropped when there is one. */
static outcome words_drop(struct journal *j, struct journal_entry *first, const struct journal_entry *end, struct err *e)
{
	bool known;

	for (struct journal_entry *entry = first; entry != end; entry = entry->next) {
		if (!entry->waiting || !entry->waiting->keep_earlier)
			continue;
		TRY(journal_indexer_settle(&j->days.indexer, e));
		TRY(journal_waiting_known(&j->days, entry->waiting->id, &known, e));
		if (known || word_before(first, entry))
			entry->waiting = NULL;
	}
	return DONE;
}

static bool nobody_waits(struct journal *j)
{
	bool nobody;

	pthread_mutex_lock(&j->lock);
	nobody = !j->head;
	pthread_mutex_unlock(&j->lock);
	return nobody;
}

/* Writes the entries at the head of the batch that belong into one log; returns the rest. */
static struct journal_entry *run_write(struct journal *j, struct journal_entry *first)
{
	char name[JOURNAL_DAY], other[JOURNAL_DAY];
	struct journal_entry *end = first->next;
	struct journal_day *day = NULL;
	struct err e = {.reason = REASON_NONE};
	outcome r = journal_days_home(&j->days, first, name, &e);
	uint64_t entries = 1, begin = 0;

	if (r.ok) {
		for (; end && journal_days_home(&j->days, end, other, &e).ok && strcmp(name, other) == 0; entries++)
			end = end->next;
		r = journal_days_ready(&j->days, name, &day, &e);
	}
	if (r.ok)
		r = words_drop(j, first, end, &e);
	if (r.ok) {
		begin = day->log.end;
		r = journal_day_write(day, first, end, &e);
	}
	journal_health_set(&j->health, JOURNAL_LOG_SICK, r, name, &e);
	run_finish(first, end, r, &e);
	if (r.ok) {
		journal_log_leave(&day->log);
		journal_indexer_tell(&j->days.indexer, entries, day->log.end - begin);
		if (!end && day->log.end - begin <= JOURNAL_FILL / 4 && nobody_waits(j))
			journal_log_fill(&day->log, name);
	}
	return end;
}

static void batch_commit(struct journal *j, struct journal_entry *batch)
{
	struct err e;

	while (batch) {
		outcome r = journal_health_space(&j->health, &e);

		if (r.ok) {
			batch = run_write(j, batch);
		} else {
			run_finish(batch, NULL, r, &e);
			batch = NULL;
		}
	}
}

/* Once a second: opens the log of a new day before its first fact, and tries a sick log again, because
 * nobody sends facts to a journal that calls itself sick. */
static void writer_keep_house(struct journal *j)
{
	char today[JOURNAL_DAY], name[JOURNAL_DAY];
	struct journal_day *day = NULL;
	struct err e;
	bool turned, ill;
	outcome r;

	if (mono_ms() - j->kept_ms < JOURNAL_HOUSE_MS)
		return;
	j->kept_ms = mono_ms();
	stamp_day(stamp_now(), today);
	turned = strcmp(today, j->today) != 0;
	if (turned) {
		memcpy(j->today, today, sizeof today);
		journal_days_turn(&j->days, today);
	}
	ill = journal_health_ill(&j->health, JOURNAL_LOG_SICK, name);
	if (!turned && !ill)
		return;
	if (!ill || strcmp(today, name) > 0)
		memcpy(name, today, sizeof name);
	r = journal_days_ready(&j->days, name, &day, &e);
	if (r.ok)
		r = journal_log_probe(&day->log, name, &e);
	journal_health_set(&j->health, JOURNAL_LOG_SICK, r, name, &e);
}

void *journal_writer_run(void *journal)
{
	struct journal *j = journal;
	struct journal_entry *batch;
	bool closing;

	pthread_setname_np(pthread_self(), "journal");
	do {
		batch = writer_wait(j, &closing);
		batch_commit(j, batch);
		writer_keep_house(j);
	} while (batch || !closing);
	return NULL;
}
