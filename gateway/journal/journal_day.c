/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_day - one day as the gateway has it open: the log, the index that follows it, a few readers, a filter.
 * Promise:  entries are in the log whole or not at all; a replay key is known to readers before anybody is told that its
 *           entry was written.
 * Not here: which day (journal_days.c), when (journal_writer.c, journal_indexer.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log/log.h"

#include "journal_int.h"

outcome journal_day_new(const char *directory, const char *name, struct journal_indexer *indexer,
	struct journal_day **out, struct err *e)
{
	struct journal_day *day = calloc(1, sizeof *day);

	if (day)
		day->recent = journal_recent_new();
	if (!day || !day->recent) {
		free(day);
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: no memory", name);
	}
	memcpy(day->name, name, sizeof day->name);
	day->directory = directory;
	day->indexer = indexer;
	day->log.fd = -1;
	day->heads = day->taken = BUF(JOURNAL_HEADS);
	BUG_IF(pthread_mutex_init(&day->lock, NULL) != 0);
	*out = day;
	return DONE;
}

void journal_day_free(struct journal_day **day)
{
	if (!*day)
		return;
	journal_day_disconnect(*day);
	journal_bloom_free(&(*day)->bloom);
	journal_recent_free(&(*day)->recent);
	pthread_mutex_destroy(&(*day)->lock);
	free(*day);
	*day = NULL;
}

/* Readers */

static void reader_close(struct journal_reader *reader)
{
	sqlite3_finalize(reader->seen);
	sqlite3_finalize(reader->name);
	sqlite3_finalize(reader->word);
	sqlite3_close(reader->db);
	journal_log_close(&reader->log);
	buf_free(&reader->memory);
	free(reader);
}

static outcome reader_connect(struct journal_day *day, struct journal_reader *reader, struct err *e)
{
	TRY(journal_log_open(day->directory, day->name, false, &reader->log, e));
	TRY(journal_index_open(day->directory, day->name, JOURNAL_QUERY, &reader->db, e));
	TRY(journal_prepare(reader->db, day->name, JOURNAL_PLACES("-n.place") " WHERE n.place < 0 ORDER BY n.place",
		&reader->seen, e));
	TRY(journal_prepare(reader->db, day->name, JOURNAL_PLACES("abs(n.place)") " ORDER BY abs(n.place) DESC",
		&reader->name, e));
	return journal_prepare(reader->db, day->name, "SELECT body IS NOT NULL FROM waiting WHERE id = ?",
		&reader->word, e);
}

static outcome reader_open(struct journal_day *day, struct journal_reader **out, struct err *e)
{
	struct journal_reader *reader = calloc(1, sizeof *reader);

	if (!reader)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: no memory", day->name);
	reader->log.fd = -1;
	reader->made = atomic_load(&day->made);
	reader->memory = BUF(SIZE_MAX / 4);
	if (reader_connect(day, reader, e).ok) {
		*out = reader;
		return DONE;
	}
	reader_close(reader);
	return FAILED;
}

static struct journal_reader *idle_take(struct journal_day *day)
{
	struct journal_reader *reader;

	pthread_mutex_lock(&day->lock);
	reader = day->idle;
	if (reader) {
		day->idle = reader->next;
		day->idle_count--;
	}
	pthread_mutex_unlock(&day->lock);
	return reader;
}

bool journal_day_outlived(const struct journal_day *day, const struct journal_reader *reader)
{
	return atomic_load(&day->made) != reader->made;
}

outcome journal_day_take(struct journal_day *day, struct journal_reader **out, struct err *e)
{
	while ((*out = idle_take(day)) != NULL && journal_day_outlived(day, *out))
		reader_close(*out);
	return *out ? DONE : reader_open(day, out, e);
}

void journal_day_give(struct journal_day *day, struct journal_reader *reader, bool fit)
{
	bool kept;

	pthread_mutex_lock(&day->lock);
	kept = fit && day->idle_count < JOURNAL_READERS;
	if (kept) {
		reader->next = day->idle;
		day->idle = reader;
		day->idle_count++;
	}
	pthread_mutex_unlock(&day->lock);
	if (!kept)
		reader_close(reader);
}

static outcome filter_fill(
	struct journal_day *day, struct journal_reader *reader, struct journal_bloom *bloom, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	outcome r = DONE;
	int rc;

	TRY(journal_prepare(reader->db, day->name, "SELECT key FROM name WHERE place < 0", &stmt, e));
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		journal_bloom_add(bloom, (uint64_t)sqlite3_column_int64(stmt, 0) & ((UINT64_C(1) << JOURNAL_HASH_BITS) - 1));
	if (rc != SQLITE_DONE)
		r = journal_fail(e, reader->db, day->name, "read the replay memory");
	sqlite3_finalize(stmt);
	return r;
}

outcome journal_day_filter(struct journal_day *day, struct err *e)
{
	struct journal_bloom *bloom = journal_bloom_new();
	struct journal_reader *reader;
	outcome r;

	if (!bloom)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: no memory for the filter", day->name);
	r = journal_day_take(day, &reader, e);
	if (r.ok) {
		atomic_store(&day->seed, reader->log.seed);
		r = filter_fill(day, reader, bloom, e);
		journal_day_give(day, reader, r.ok);
	}
	if (r.ok)
		day->bloom = bloom;
	else
		journal_bloom_free(&bloom);
	return r;
}

/* Writer */

/* Until it has caught up, whoever asks for a key waits for it; and who reads in an earlier one reads again. What SQLite has
 * left beside that must not be taken for a part of this one. */
static outcome index_anew(struct journal_day *day, struct err *e)
{
	journal_recent_lose(day->recent);
	journal_index_remove(day->directory, day->name);
	atomic_fetch_add(&day->made, 1); /* now: who opens the old one meanwhile shall not take it for this one */
	return journal_index_create(day->directory, day->name, day->log.seed, e);
}

/* The index of this log. One that follows another log is of one that is gone, and made anew. */
static outcome index_ready(struct journal_day *day, struct err *e)
{
	const char *directory = day->directory, *name = day->name;
	uint64_t applied = 0;

	if (!journal_part_exists(directory, name, JOURNAL_INDEX))
		TRY(index_anew(day, e));
	TRY(journal_index_connect(&day->index, directory, name, e));
	TRY(journal_index_applied(day->index.db, name, day->log.seed, &applied, e));
	if (applied == 0) {
		log_event(LOG_WARNING, "journal.index-anew", LOG_TEXT("day", name),
			LOG_TEXT("cause", "it follows a log that is not there any more"));
		journal_index_disconnect(&day->index);
		TRY(index_anew(day, e));
		TRY(journal_index_connect(&day->index, directory, name, e));
		applied = JOURNAL_FIRST;
	}
	atomic_store(&day->applied, applied);
	return DONE;
}

static bool count_each(void *ctx, const struct journal_record *record)
{
	(void)ctx;
	(void)record;
	return true;
}

/* What was confirmed ends behind the last whole record: of a write that was cut short nobody was told. An octet that the
 * disk has spoilt looks the same, so what is cut off is kept, unless it is nothing but zeros written ahead. */
static outcome end_find(struct journal_day *day, struct err *e)
{
	struct journal_log *log = &day->log;
	struct stat st;
	bool blank;

	TRY(journal_log_tail(log, day->name, atomic_load(&day->applied), &log->end, count_each, NULL, e));
	if (fstat(log->fd, &st) != 0)
		return journal_path_fail(e, day->name, JOURNAL_LOG, "cannot read it");
	if ((uint64_t)st.st_size < log->end)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: it is shorter than its index says", day->name);
	log->dirty = (uint64_t)st.st_size > log->end;
	TRY(journal_log_blank(log, day->name, (uint64_t)st.st_size, &blank, e));
	if (blank)
		return DONE;
	log_event(LOG_WARNING, "journal.cut", LOG_TEXT("day", day->name), LOG_NUM("octets", (uint64_t)st.st_size - log->end),
		LOG_TEXT("cause", "the last write was cut short before anybody was told of it; it is kept beside the log"));
	return journal_log_keep(log, day->directory, day->name, (uint64_t)st.st_size, e);
}

static outcome log_ready(struct journal_day *day, struct err *e)
{
	if (!journal_part_exists(day->directory, day->name, JOURNAL_LOG))
		TRY(journal_log_create(day->directory, day->name, e));
	TRY(journal_log_open(day->directory, day->name, true, &day->log, e));
	journal_recent_forget(day->recent); /* of another log, when there was one */
	TRY(index_ready(day, e));
	TRY(end_find(day, e));
	TRY(journal_log_cut(&day->log, day->name, e));
	if (atomic_load(&day->applied) < day->log.end) /* of what the index lacks nobody remembers the keys */
		journal_recent_lose(day->recent);
	atomic_store(&day->confirmed, day->log.end);
	atomic_store(&day->seed, day->log.seed);
	return DONE;
}

outcome journal_day_connect(struct journal_day *day, struct err *e)
{
	outcome r = log_ready(day, e);

	if (!r.ok) {
		journal_index_disconnect(&day->index);
		journal_log_close(&day->log);
	}
	return r;
}

void journal_day_disconnect(struct journal_day *day)
{
	struct journal_reader *reader;

	while ((reader = day->idle) != NULL) {
		day->idle = reader->next;
		reader_close(reader);
	}
	day->idle_count = 0;
	journal_index_disconnect(&day->index); /* last, so that it takes SQLite's log away */
	journal_log_trim(&day->log);
	journal_log_close(&day->log);
	buf_free(&day->heads);
	buf_free(&day->taken);
}

bool journal_day_behind(struct journal_day *day)
{
	return day->log.fd >= 0 && atomic_load(&day->applied) < atomic_load(&day->confirmed);
}

outcome journal_day_write(struct journal_day *day, struct journal_entry *first, const struct journal_entry *end,
	struct err *e)
{
	TRY(journal_log_append(&day->log, day->name, first, end, e));
	pthread_mutex_lock(&day->lock);
	buf_add(&day->heads, buf_bytes(&day->log.heads));
	atomic_store(&day->confirmed, day->log.end); /* before the keys: what the index takes next includes them */
	pthread_mutex_unlock(&day->lock);
	for (const struct journal_entry *entry = first; entry != end; entry = entry->next) {
		int64_t key;

		if (!entry->seen)
			continue;
		key = journal_seen_hash(day->log.seed, entry->seen->sender_id, entry->seen->message_id);
		journal_recent_add(day->recent, key, entry->place);
		key = journal_name_hash(day->log.seed, NAME_MESSAGE, entry->seen->message_id);
		if (day->bloom)
			journal_bloom_add(day->bloom, (uint64_t)key);
	}
	return DONE;
}

/* All that the log counts, and the heads of it that are in memory. */
static uint64_t heads_take(struct journal_day *day)
{
	struct buf taken;
	uint64_t until;

	pthread_mutex_lock(&day->lock);
	taken = day->heads;
	day->heads = day->taken;
	buf_clear(&day->heads);
	until = atomic_load(&day->confirmed);
	pthread_mutex_unlock(&day->lock);
	day->taken = taken;
	return until;
}

static outcome index_follow(struct journal_day *day, size_t *records, struct err *e)
{
	const uint64_t until = heads_take(day);
	struct bytes heads = buf_bytes(&day->taken);
	uint64_t applied = atomic_load(&day->applied);

	while (applied < until) {
		TRY(journal_index_apply(&day->index, &day->log, day->name, applied, until, JOURNAL_INDEX_MANY,
			&heads, &applied, records, e));
		atomic_store(&day->applied, applied);
		TRY(journal_index_checkpoint(&day->index, day->name, e));
	}
	return DONE;
}

outcome journal_day_apply(struct journal_day *day, size_t *records, struct err *e)
{
	outcome r = DONE;

	if (day->log.fd < 0) /* nobody writes here, and all was taken */
		return DONE;
	if (day->index.db && journal_index_moved(&day->index)) { /* or we would write into a file that has no name any more */
		journal_index_disconnect(&day->index);
		journal_recent_lose(day->recent);
		atomic_fetch_add(&day->made, 1);
	}
	if (!day->index.db)
		r = index_ready(day, e);
	if (r.ok) {
		journal_recent_turn(day->recent);
		r = index_follow(day, records, e);
	}
	if (r.ok)
		journal_recent_drop(day->recent);
	else
		journal_index_disconnect(&day->index);
	return r;
}
