/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_day - one day's file as the gateway has it open: the writer's connection, a few readers, a filter.
 * Promise:  a transaction is committed whole or leaves nothing; replay keys are in the filter before they
 *           are committed.
 * Not here: which day (journal_days.c), when (journal_writer.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_int.h"

outcome journal_day_new(const char *directory, const char *name, struct journal_day **out, struct err *e)
{
	struct journal_day *day = calloc(1, sizeof *day);

	if (!day)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: no memory", name);
	memcpy(day->name, name, sizeof day->name);
	day->directory = directory;
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
	pthread_mutex_destroy(&(*day)->lock);
	free(*day);
	*day = NULL;
}

/* Readers */

static void reader_close(struct journal_reader *reader)
{
	sqlite3_finalize(reader->seen);
	sqlite3_finalize(reader->answer);
	sqlite3_finalize(reader->word);
	sqlite3_close(reader->db);
	free(reader);
}

static outcome reader_open(struct journal_day *day, struct journal_reader **out, struct err *e)
{
	struct journal_reader *reader = calloc(1, sizeof *reader);

	if (!reader)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: no memory", day->name);
	if (journal_file_open(day->directory, day->name, JOURNAL_QUERY, &reader->db, e).ok &&
		journal_prepare(reader->db, day->name, journal_seen_select, &reader->seen, e).ok &&
		journal_prepare(reader->db, day->name, journal_seen_answer, &reader->answer, e).ok) {
		*out = reader;
		return DONE;
	}
	reader_close(reader);
	return FAILED;
}

outcome journal_day_take(struct journal_day *day, struct journal_reader **out, struct err *e)
{
	pthread_mutex_lock(&day->lock);
	*out = day->idle;
	if (*out) {
		day->idle = (*out)->next;
		day->idle_count--;
	}
	pthread_mutex_unlock(&day->lock);
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

outcome journal_day_filter(struct journal_day *day, struct err *e)
{
	struct journal_bloom *bloom = journal_bloom_new();
	struct journal_reader *reader;
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_NOMEM;
	outcome r;

	if (!bloom)
		return err_set(
			e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: no memory for the filter", day->name);
	r = journal_day_take(day, &reader, e);
	if (!r.ok) {
		journal_bloom_free(&bloom);
		return r;
	}
	r = journal_prepare(reader->db, day->name, "SELECT sender_id, message_id FROM seen", &stmt, e);
	while (r.ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		journal_bloom_add(
			bloom, journal_bloom_key(journal_column(stmt, 0), journal_column(stmt, 1)));
	if (r.ok && rc != SQLITE_DONE)
		r = journal_fail(e, reader->db, day->name, "read the replay memory");
	sqlite3_finalize(stmt);
	journal_day_give(day, reader, r.ok);
	if (r.ok)
		day->bloom = bloom;
	else
		journal_bloom_free(&bloom);
	return r;
}

/* Writer */

static int wal_grew(void *arg, sqlite3 *db, const char *schema, int pages)
{
	struct journal_day *day = arg;

	(void)db;
	(void)schema;
	day->wal_pages = pages;
	return SQLITE_OK;
}

static void writer_close(struct journal_day *day)
{
	sqlite3_finalize(day->begin);
	sqlite3_finalize(day->commit);
	sqlite3_finalize(day->fact);
	sqlite3_finalize(day->seen);
	sqlite3_finalize(day->word);
	sqlite3_finalize(day->body);
	sqlite3_close(day->db);
	day->begin = day->commit = day->fact = day->seen = day->word = day->body = NULL;
	day->db = NULL;
	day->wal_pages = 0;
}

outcome journal_day_connect(struct journal_day *day, struct err *e)
{
	if (!journal_file_exists(day->directory, day->name))
		TRY(journal_file_create(day->directory, day->name, e));
	TRY(journal_file_open(day->directory, day->name, JOURNAL_WRITE, &day->db, e));
	sqlite3_wal_hook(day->db, wal_grew, day);
	if (journal_prepare(day->db, day->name, "BEGIN IMMEDIATE", &day->begin, e).ok &&
		journal_prepare(day->db, day->name, "COMMIT", &day->commit, e).ok &&
		journal_prepare(day->db, day->name, journal_fact_insert, &day->fact, e).ok &&
		journal_prepare(day->db, day->name, journal_seen_insert, &day->seen, e).ok &&
		journal_prepare(day->db, day->name, journal_word_insert, &day->word, e).ok &&
		journal_prepare(day->db, day->name, journal_body_insert, &day->body, e).ok)
		return DONE;
	writer_close(day);
	return FAILED;
}

void journal_day_disconnect(struct journal_day *day)
{
	struct journal_reader *reader;

	while ((reader = day->idle) != NULL) {
		day->idle = reader->next;
		reader_close(reader);
	}
	day->idle_count = 0;
	writer_close(day); /* last, so that it takes the log away */
}

bool journal_day_moved(struct journal_day *day)
{
	int moved = 0;

	return sqlite3_file_control(day->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

struct stamp journal_entry_stamp(const struct journal_entry *entry)
{
	struct stamp newest;

	if (entry->fact_count == 0)
		return stamp_now();
	newest = entry->facts[0].at;
	for (size_t i = 1; i < entry->fact_count; i++) {
		if (entry->facts[i].at.ms > newest.ms)
			newest = entry->facts[i].at;
	}
	return newest;
}

static outcome entry_write(struct journal_day *day, const struct journal_entry *entry, struct err *e)
{
	const int64_t at_ms = journal_entry_stamp(entry).ms;

	for (size_t i = 0; i < entry->fact_count; i++)
		TRY(journal_fact_put(day->db, day->fact, day->name, &entry->facts[i], e));
	/* Before the commit: a key too many costs one look-up, a key too few lets a replay pass. */
	if (entry->seen && day->bloom)
		journal_bloom_add(
			day->bloom, journal_bloom_key(entry->seen->sender_id, entry->seen->message_id));
	if (entry->seen)
		TRY(journal_seen_put(day->db, day->seen, day->name, entry->seen, at_ms, e));
	return entry->waiting ? journal_waiting_put(day, entry->waiting, at_ms, e) : DONE;
}

static outcome run_once(struct journal_day *day, sqlite3_stmt *stmt, const char *doing, struct err *e)
{
	outcome r = sqlite3_step(stmt) == SQLITE_DONE ? DONE : journal_fail(e, day->db, day->name, doing);

	sqlite3_reset(stmt);
	return r;
}

static outcome transaction(struct journal_day *day, const struct journal_entry *first,
	const struct journal_entry *end, struct err *e)
{
	TRY(run_once(day, day->begin, "begin", e));
	for (const struct journal_entry *entry = first; entry != end; entry = entry->next)
		TRY(entry_write(day, entry, e));
	return run_once(day, day->commit, "commit", e);
}

outcome journal_day_write(struct journal_day *day, const struct journal_entry *first,
	const struct journal_entry *end, struct err *e)
{
	outcome r = transaction(day, first, end, e);

	if (!r.ok && !sqlite3_get_autocommit(day->db))
		sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

outcome journal_day_probe(struct journal_day *day, struct err *e)
{
	char sql[64];

	/* Writes one page, though the number stays the same. */
	snprintf(sql, sizeof sql, "PRAGMA user_version=%d", JOURNAL_SCHEMA);
	if (sqlite3_exec(day->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return journal_fail(e, day->db, day->name, "write");
	return DONE;
}

outcome journal_day_checkpoint(struct journal_day *day, struct err *e)
{
	int rc;

	if (day->wal_pages < JOURNAL_WAL_PAGES)
		return DONE;
	day->wal_pages = 0;
	rc = sqlite3_wal_checkpoint_v2(day->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		return journal_fail(e, day->db, day->name, "copy the log into the file");
	return DONE;
}
