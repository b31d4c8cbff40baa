/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_days - all days of the directory, newest first, and which of them an entry belongs into.
 * Promise:  of several replay keys of one message, and of several words on one that waits for delivery, the
 *           valid one is in the newest day. Retention removes the oldest days first and stops at the first
 *           that is still needed, so that no word of a newer day on a message of an older one is forgotten.
 * Not here: what a day holds (journal_day.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"

#include "journal_int.h"

/* Files of days before this one are removed. */
static void retention_edge(int retention_days, char day[JOURNAL_DAY])
{
	stamp_day(stamp_at(stamp_now().ms - (int64_t)retention_days * 86400000), day);
}

/* The list has room for one more. */
static void days_insert(struct journal_days *days, size_t at, struct journal_day *day)
{
	pthread_rwlock_wrlock(&days->lock);
	pthread_mutex_lock(&days->indexer.writing);
	memmove(days->item + at + 1, days->item + at, (days->count - at) * sizeof days->item[0]);
	days->item[at] = day;
	days->count++;
	if (days->count > JOURNAL_FILTERED)
		journal_bloom_free(&days->item[JOURNAL_FILTERED]->bloom);
	pthread_mutex_unlock(&days->indexer.writing);
	pthread_rwlock_unlock(&days->lock);
}

static outcome days_room(struct journal_days *days, struct err *e)
{
	struct journal_day **bigger;

	pthread_rwlock_wrlock(&days->lock);
	pthread_mutex_lock(&days->indexer.writing);
	bigger = realloc(days->item, (days->count + 1) * sizeof days->item[0]);
	if (bigger)
		days->item = bigger;
	pthread_mutex_unlock(&days->indexer.writing);
	pthread_rwlock_unlock(&days->lock);
	return bigger ? DONE : err_set(e, REASON_JOURNAL_DOWN, "no memory for the list of journal files");
}

/* Is the oldest file beyond retention and not needed? What cannot be read may be needed, so it stays. */
static bool oldest_goes(struct journal_days *days, const char *edge)
{
	struct journal_day *oldest;
	struct err e;
	bool needed;

	if (days->count == 0)
		return false;
	oldest = days->item[days->count - 1];
	if (strcmp(oldest->name, edge) >= 0)
		return false;
	if (!journal_waiting_needs(days, days->count - 1, stamp_now().ms, &needed, &e).ok) {
		log_err(LOG_ERROR, "journal.day-kept", &e, NULL);
		return false;
	}
	if (needed)
		log_event(LOG_WARNING, "journal.day-kept", LOG_TEXT("day", oldest->name),
			LOG_TEXT("cause", "a message that waits for delivery needs it; newer days stay with it"));
	return !needed;
}

static void oldest_remove(struct journal_days *days)
{
	struct journal_day *day;
	char name[JOURNAL_DAY];

	pthread_rwlock_wrlock(&days->lock);
	pthread_mutex_lock(&days->indexer.writing);
	day = days->item[--days->count];
	pthread_mutex_unlock(&days->indexer.writing);
	pthread_rwlock_unlock(&days->lock);
	memcpy(name, day->name, sizeof name);
	journal_day_free(&day);
	/* The log goes last: so nothing is left behind when we are stopped half-way. */
	journal_index_remove(days->directory, name);
	journal_log_remove(days->directory, name);
	log_event(LOG_INFO, "journal.day-removed", LOG_TEXT("day", name));
}

/* Removes files beyond retention. */
static void retention(struct journal_days *days)
{
	char edge[JOURNAL_DAY];

	if (days->retention_days <= 0)
		return;
	retention_edge(days->retention_days, edge);
	while (oldest_goes(days, edge))
		oldest_remove(days);
}

/* Has its index, as far as one can see without opening it, taken all of its log? SQLite leaves its own log beside a file
 * that was not closed; the newest days are looked at in any case. */
static bool day_is_at_rest(const struct journal_days *days, size_t at, const char *name)
{
	char path[JOURNAL_PATH], wal[JOURNAL_PATH + 8];

	journal_path(days->directory, name, JOURNAL_INDEX, path);
	snprintf(wal, sizeof wal, "%s-wal", path);
	return at >= JOURNAL_FILTERED && access(path, F_OK) == 0 && access(wal, F_OK) != 0;
}

/* A day of an earlier life: its index takes what it lacks, and nobody writes there. */
static outcome day_recover(struct journal_day *day, struct err *e)
{
	size_t records = 0;

	TRY(journal_day_connect(day, e));
	TRY(journal_day_apply(day, &records, e));
	journal_day_disconnect(day);
	if (records > 0)
		log_event(LOG_INFO, "journal.recovered", LOG_TEXT("day", day->name), LOG_NUM("entries", records));
	return DONE;
}

/* Into the list, after `ready`, when there is something to do before. */
static outcome day_add(struct journal_days *days, size_t at, const char *name,
	outcome (*ready)(struct journal_day *day, struct err *e), struct err *e)
{
	struct journal_day *day;
	outcome r;

	TRY(days_room(days, e));
	TRY(journal_day_new(days->directory, name, &days->indexer, &day, e));
	r = ready ? ready(day, e) : DONE;
	if (r.ok && at < JOURNAL_FILTERED)
		r = journal_day_filter(day, e);
	if (r.ok)
		days_insert(days, at, day);
	else
		journal_day_free(&day);
	return r;
}

outcome journal_days_open(struct journal_days *days, const char *directory, int retention_days, struct err *e)
{
	SCOPED(journal_names_free) struct journal_names names = {NULL, 0};
	pthread_rwlockattr_t attr;
	outcome r;

	*days = (struct journal_days){.directory = directory, .retention_days = retention_days};
	/* A new day must not wait until no reader happens to be there. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	BUG_IF(pthread_rwlock_init(&days->lock, &attr) != 0);
	pthread_rwlockattr_destroy(&attr);
	journal_indexer_init(&days->indexer, days);
	r = journal_names_read(directory, &names, e);
	for (size_t i = 0; r.ok && i < names.count; i++)
		r = day_add(days, i, names.day[i], day_is_at_rest(days, i, names.day[i]) ? NULL : day_recover, e);
	if (r.ok)
		retention(days);
	else
		journal_days_close(days);
	return r;
}

void journal_days_close(struct journal_days *days)
{
	journal_indexer_stop(&days->indexer);
	for (size_t i = 0; i < days->count; i++)
		journal_day_free(&days->item[i]);
	free(days->item);
	days->item = NULL;
	days->count = 0;
	journal_indexer_free(&days->indexer);
	pthread_rwlock_destroy(&days->lock);
}

static outcome entry_known(
	struct journal_day *day, const struct journal_entry *entry, bool *known, struct err *e)
{
	struct journal_piece answer;
	struct journal_seen seen;
	bool body;

	*known = false;
	if (entry->waiting)
		TRY(journal_waiting_on(day, entry->waiting->id, known, &body, e));
	if (*known || !entry->seen)
		return DONE;
	TRY(journal_seen_on(day, entry->seen->sender_id, entry->seen->message_id, INT64_MIN, &seen, &answer, e));
	*known = seen.state != SEEN_NONE;
	return DONE;
}

/* The local day of a moment, which mostly is that of the moment before. */
static void day_of(struct journal_days *days, struct stamp s, char day[JOURNAL_DAY])
{
	static const int64_t length = 86400000;
	const int64_t local = s.ms + s.offset_min * INT64_C(60000);

	if (!days->home[0] || local < days->home_begins || local - days->home_begins >= length) {
		days->home_begins = local - (local % length + length) % length;
		stamp_day(s, days->home);
	}
	memcpy(day, days->home, JOURNAL_DAY);
}

outcome journal_days_home(
	struct journal_days *days, const struct journal_entry *entry, char day[JOURNAL_DAY], struct err *e)
{
	bool known = false;

	day_of(days, journal_entry_stamp(entry), day);
	if (days->count == 0 || strcmp(days->item[0]->name, day) <= 0)
		return DONE;
	/* A newer day knows the message only when the clock was set back over midnight. */
	TRY(journal_indexer_settle(&days->indexer, e));
	for (size_t i = 0; i < days->count && strcmp(days->item[i]->name, day) > 0 && !known; i++) {
		TRY(entry_known(days->item[i], entry, &known, e));
		if (known)
			memcpy(day, days->item[i]->name, JOURNAL_DAY);
	}
	return DONE;
}

static outcome day_connect(struct journal_days *days, struct journal_day *day, struct err *e)
{
	outcome r;

	pthread_mutex_lock(&days->indexer.writing);
	r = journal_day_connect(day, e);
	pthread_mutex_unlock(&days->indexer.writing);
	return r;
}

outcome journal_days_ready(
	struct journal_days *days, const char *name, struct journal_day **out, struct err *e)
{
	struct journal_day *day;
	size_t at = 0;

	while (at < days->count && strcmp(days->item[at]->name, name) > 0)
		at++;
	if (at == days->count || strcmp(days->item[at]->name, name) != 0)
		TRY(day_add(days, at, name, journal_day_connect, e));
	day = days->item[at];
	if (day->log.fd >= 0 && journal_log_moved(&day->log, days->directory, name))
		journal_days_disconnect(days, day); /* or we would write into a file that has no name any more */
	if (day->log.fd < 0)
		TRY(day_connect(days, day, e));
	*out = day;
	return DONE;
}

void journal_days_disconnect(struct journal_days *days, struct journal_day *day)
{
	pthread_rwlock_wrlock(&days->lock);
	pthread_mutex_lock(&days->indexer.writing);
	journal_day_disconnect(day);
	pthread_mutex_unlock(&days->indexer.writing);
	pthread_rwlock_unlock(&days->lock);
}

void journal_days_turn(struct journal_days *days, const char *today)
{
	struct err e;
	outcome settled = journal_indexer_settle(&days->indexer, &e);

	for (size_t i = 0; i < days->count; i++) {
		if (strcmp(days->item[i]->name, today) < 0 && !journal_day_behind(days->item[i]))
			journal_days_disconnect(days, days->item[i]);
	}
	if (settled.ok)
		retention(days);
}
