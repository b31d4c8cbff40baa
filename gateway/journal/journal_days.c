/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_days - all files of the directory, newest first, and which of them an entry belongs into.
 * Promise:  of several replay rows of one message, and of several words on one that waits for delivery, the
 *           valid one is in the newest file. Retention removes the oldest files first and stops at the first
 *           that is still needed, so that no word of a newer file on a message of an older one is forgotten.
 * Not here: what a file holds (journal_day.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"

#include "journal_int.h"

/* Files of days before this one are removed. */
static void retention_edge(int retention_days, char day[JOURNAL_DAY])
{
	stamp_day(stamp_at(stamp_now().ms - (int64_t)retention_days * 86400000), day);
}

/* The list has room for one more. */
static outcome days_insert(struct journal_days *days, size_t at, const char *name, struct err *e)
{
	struct journal_day *day;
	outcome r;

	TRY(journal_day_new(days->directory, name, &day, e));
	r = at < JOURNAL_FILTERED ? journal_day_filter(day, e) : DONE;
	if (!r.ok) {
		journal_day_free(&day);
		return r;
	}
	pthread_rwlock_wrlock(&days->lock);
	memmove(days->item + at + 1, days->item + at, (days->count - at) * sizeof days->item[0]);
	days->item[at] = day;
	days->count++;
	if (days->count > JOURNAL_FILTERED)
		journal_bloom_free(&days->item[JOURNAL_FILTERED]->bloom);
	pthread_rwlock_unlock(&days->lock);
	return DONE;
}

static outcome days_room(struct journal_days *days, struct err *e)
{
	struct journal_day **bigger;

	pthread_rwlock_wrlock(&days->lock);
	bigger = realloc(days->item, (days->count + 1) * sizeof days->item[0]);
	if (bigger)
		days->item = bigger;
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
	day = days->item[--days->count];
	pthread_rwlock_unlock(&days->lock);
	memcpy(name, day->name, sizeof name);
	journal_day_free(&day);
	journal_file_remove(days->directory, name);
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
	r = journal_names_read(directory, &names, e);
	for (size_t i = 0; r.ok && i < names.count; i++) {
		r = days_room(days, e);
		if (r.ok)
			r = days_insert(days, days->count, names.day[i], e);
	}
	if (r.ok)
		retention(days);
	else
		journal_days_close(days);
	return r;
}

void journal_days_close(struct journal_days *days)
{
	for (size_t i = 0; i < days->count; i++)
		journal_day_free(&days->item[i]);
	free(days->item);
	days->item = NULL;
	days->count = 0;
	pthread_rwlock_destroy(&days->lock);
}

static outcome entry_known(
	struct journal_day *day, const struct journal_entry *entry, bool *known, struct err *e)
{
	struct journal_seen seen;
	bool body;

	*known = false;
	if (entry->waiting)
		TRY(journal_waiting_on(day, entry->waiting->id, known, &body, e));
	if (*known || !entry->seen)
		return DONE;
	TRY(journal_seen_on(day, entry->seen->sender_id, entry->seen->message_id, INT64_MIN, &seen, e));
	*known = seen.state != SEEN_NONE;
	return DONE;
}

outcome journal_days_home(
	struct journal_days *days, const struct journal_entry *entry, char day[JOURNAL_DAY], struct err *e)
{
	bool known = false;

	stamp_day(journal_entry_stamp(entry), day);
	/* A newer file knows the message only when the clock was set back over midnight. */
	for (size_t i = 0; i < days->count && strcmp(days->item[i]->name, day) > 0 && !known; i++) {
		TRY(entry_known(days->item[i], entry, &known, e));
		if (known)
			memcpy(day, days->item[i]->name, JOURNAL_DAY);
	}
	return DONE;
}

outcome journal_days_ready(
	struct journal_days *days, const char *name, struct journal_day **out, struct err *e)
{
	struct journal_day *day;
	size_t at = 0;

	while (at < days->count && strcmp(days->item[at]->name, name) > 0)
		at++;
	if (at == days->count || strcmp(days->item[at]->name, name) != 0) {
		if (!journal_file_exists(days->directory, name))
			TRY(journal_file_create(days->directory, name, e));
		TRY(days_room(days, e));
		TRY(days_insert(days, at, name, e));
	}
	day = days->item[at];
	if (day->db && journal_day_moved(day)) /* or we would write into a file that has no name any more */
		journal_days_disconnect(days, day);
	if (!day->db)
		TRY(journal_day_connect(day, e));
	*out = day;
	return DONE;
}

void journal_days_disconnect(struct journal_days *days, struct journal_day *day)
{
	pthread_rwlock_wrlock(&days->lock);
	journal_day_disconnect(day);
	pthread_rwlock_unlock(&days->lock);
}

void journal_days_turn(struct journal_days *days, const char *today)
{
	for (size_t i = 0; i < days->count; i++) {
		if (strcmp(days->item[i]->name, today) < 0 && days->item[i]->db)
			journal_days_disconnect(days, days->item[i]);
	}
	retention(days);
}
