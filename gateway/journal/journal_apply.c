/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_apply - records of the log into the index.
 * Promise:  a transaction takes whole records in their order and says how far it came; a record that is taken twice
 *           changes nothing the second time.
 * Not here: when (journal_indexer.c), the tables (journal_index.c). */
#include <xxhash.h>

#include "journal_int.h"

int64_t journal_name_hash(uint64_t seed, enum journal_name name, struct bytes text)
{
	return (int64_t)XXH3_64bits_withSeed(text.p, text.n, seed + name);
}

int64_t journal_seen_hash(uint64_t seed, struct bytes sender_id, struct bytes message_id)
{
	return (int64_t)XXH3_64bits_withSeed(
		message_id.p, message_id.n, XXH3_64bits_withSeed(sender_id.p, sender_id.n, seed));
}

static int wal_grew(void *arg, sqlite3 *db, const char *schema, int pages)
{
	struct journal_index *index = arg;

	(void)db;
	(void)schema;
	index->wal_pages = pages;
	return SQLITE_OK;
}

void journal_index_disconnect(struct journal_index *index)
{
	sqlite3_finalize(index->begin);
	sqlite3_finalize(index->commit);
	sqlite3_finalize(index->fact);
	sqlite3_finalize(index->name);
	sqlite3_finalize(index->seen);
	sqlite3_finalize(index->word);
	sqlite3_finalize(index->taken);
	sqlite3_finalize(index->applied);
	sqlite3_close(index->db);
	*index = (struct journal_index){.db = NULL};
}

outcome journal_index_connect(
	struct journal_index *index, const char *directory, const char *day, struct err *e)
{
	const struct {
		const char *sql;
		sqlite3_stmt **stmt;
	} statements[] = {{"BEGIN IMMEDIATE", &index->begin}, {"COMMIT", &index->commit},
		{"INSERT OR IGNORE INTO fact VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &index->fact},
		{"INSERT OR IGNORE INTO name VALUES(?,?)", &index->name},
		{"INSERT OR IGNORE INTO seen VALUES(?,?)", &index->seen},
		/* A word repeats all but the body. */
		{"INSERT OR REPLACE INTO waiting SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
		 " coalesce(?13, (SELECT body FROM waiting WHERE id = ?1)),"
		 " coalesce(?14, (SELECT body_size FROM waiting WHERE id = ?1)),"
		 " coalesce(?15, (SELECT body_sum FROM waiting WHERE id = ?1))", &index->word},
		{"UPDATE waiting SET due_ms = ?2 WHERE id = ?1 AND state = 0 AND attempts = 0 AND due_ms = 0", &index->taken},
		{"UPDATE log SET applied = ?", &index->applied}};
	outcome r = journal_index_open(directory, day, JOURNAL_WRITE, &index->db, e);

	for (size_t i = 0; r.ok && i < sizeof statements / sizeof statements[0]; i++)
		r = journal_prepare(index->db, day, statements[i].sql, statements[i].stmt, e);
	if (!r.ok) {
		journal_index_disconnect(index);
		return r;
	}
	sqlite3_wal_hook(index->db, wal_grew, index);
	return DONE;
}

bool journal_index_moved(const struct journal_index *index)
{
	int moved = 0;

	return sqlite3_file_control(index->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

static outcome run(struct journal_index *index, sqlite3_stmt *stmt, bool bound, const char *day, const char *doing,
	struct err *e)
{
	outcome r = bound && sqlite3_step(stmt) == SQLITE_DONE ? DONE : journal_fail(e, index->db, day, doing);

	sqlite3_reset(stmt);
	return r;
}

/* Absent texts are NULL. */
static bool bind_text(sqlite3_stmt *stmt, int at, struct bytes text)
{
	return text.n == 0 ? sqlite3_bind_null(stmt, at) == SQLITE_OK : journal_bind(stmt, at, text);
}

/* In the order of the columns of the table fact. */
static outcome fact_put(struct journal_index *index, const char *day, const struct journal_record *r, size_t i,
	struct err *e)
{
	const struct journal_fact *f = &r->facts[i];
	const struct {
		int at;
		int64_t number;
	} numbers[] = {{1, journal_fact_number(r->place, i)}, {2, f->at.ms}, {4, f->direction}, {5, f->kind},
		{6, f->verdict}, {14, (int64_t)f->size}, {15, (int64_t)r->octets[i].size}};
	const struct {
		int at;
		struct bytes text;
	} texts[] = {{3, bytes_str(f->exchange)}, {7, f->participant}, {8, f->service_id}, {9, f->sender_id},
		{10, f->message_id}, {11, f->correlation_id}, {12, f->reason}, {13, f->error_id}};
	bool ok = true;

	for (size_t k = 0; ok && k < sizeof numbers / sizeof numbers[0]; k++)
		ok = sqlite3_bind_int64(index->fact, numbers[k].at, numbers[k].number) == SQLITE_OK;
	for (size_t k = 0; ok && k < sizeof texts / sizeof texts[0]; k++)
		ok = bind_text(index->fact, texts[k].at, texts[k].text);
	return run(index, index->fact, ok, day, "write a fact", e);
}

static outcome pair_put(struct journal_index *index, sqlite3_stmt *insert, const char *day, int64_t hash,
	uint64_t place, struct err *e)
{
	bool ok = sqlite3_bind_int64(insert, 1, hash) == SQLITE_OK &&
		sqlite3_bind_int64(insert, 2, (int64_t)place) == SQLITE_OK;

	return run(index, insert, ok, day, "write a name", e);
}

struct names {
	int64_t hash[JOURNAL_NAMES];
	size_t count;
};

/* Each name once: the facts of an entry share most of theirs. */
static void name_add(struct names *names, uint64_t seed, enum journal_name name, struct bytes text)
{
	int64_t hash = text.n == 0 ? 0 : journal_name_hash(seed, name, text);
	bool known = text.n == 0;

	for (size_t i = 0; !known && i < names->count; i++)
		known = names->hash[i] == hash;
	if (!known)
		names->hash[names->count++] = hash;
}

static outcome names_put(struct journal_index *index, const char *day, uint64_t seed,
	const struct journal_record *r, struct err *e)
{
	struct names names = {.count = 0};

	for (size_t i = 0; i < r->fact_count; i++) {
		name_add(&names, seed, NAME_EXCHANGE, bytes_str(r->facts[i].exchange));
		name_add(&names, seed, NAME_MESSAGE, r->facts[i].message_id);
		name_add(&names, seed, NAME_CORRELATION, r->facts[i].correlation_id);
		name_add(&names, seed, NAME_ERROR, r->facts[i].error_id);
	}
	for (size_t i = 0; i < names.count; i++)
		TRY(pair_put(index, index->name, day, names.hash[i], r->place, e));
	return DONE;
}

static outcome word_put(
	struct journal_index *index, const char *day, const struct journal_record *r, struct err *e)
{
	const struct journal_word word = journal_word_of(r);

	if (r->waiting.state == WAITING_TAKEN)
		return run(index, index->taken,
			journal_bind(index->taken, 1, r->waiting.id) &&
				sqlite3_bind_int64(index->taken, 2, r->waiting.due_ms) == SQLITE_OK,
			day, "write that a message was taken", e);
	return run(index, index->word, journal_word_bind(index->word, &word), day,
		"write a word on a message that waits", e);
}

static outcome record_put(struct journal_index *index, const char *day, uint64_t seed,
	const struct journal_record *r, struct err *e)
{
	for (size_t i = 0; i < r->fact_count; i++)
		TRY(fact_put(index, day, r, i, e));
	TRY(names_put(index, day, seed, r, e));
	if (r->has_seen)
		TRY(pair_put(index, index->seen, day,
			journal_seen_hash(seed, r->seen.sender_id, r->seen.message_id), r->place, e));
	return r->has_waiting ? word_put(index, day, r, e) : DONE;
}

static outcome records_put(struct journal_index *index, const struct journal_log *log, const char *day,
	uint64_t from, uint64_t until, size_t most, uint64_t *applied, size_t *count, struct err *e)
{
	SCOPED(buf_free) struct buf memory = BUF(SIZE_MAX / 4);
	struct journal_record record;

	TRY(run(index, index->begin, true, day, "begin", e));
	for (*count = 0, *applied = from; *applied < until && *count < most; ++*count) {
		TRY(journal_log_record(log, day, *applied, &memory, &record, e));
		TRY(record_put(index, day, log->seed, &record, e));
		*applied = record.next;
	}
	TRY(run(index, index->applied, sqlite3_bind_int64(index->applied, 1, (int64_t)*applied) == SQLITE_OK, day,
		"say how far it follows", e));
	return run(index, index->commit, true, day, "commit", e);
}

outcome journal_index_apply(struct journal_index *index, const struct journal_log *log, const char *day,
	uint64_t from, uint64_t until, size_t most, uint64_t *applied, size_t *records, struct err *e)
{
	size_t count = 0;
	outcome r = records_put(index, log, day, from, until, most, applied, &count, e);

	if (r.ok)
		*records += count;
	else if (!sqlite3_get_autocommit(index->db))
		sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

outcome journal_index_checkpoint(struct journal_index *index, const char *day, struct err *e)
{
	int rc;

	if (index->wal_pages < JOURNAL_WAL_PAGES)
		return DONE;
	index->wal_pages = 0;
	rc = sqlite3_wal_checkpoint_v2(index->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		return journal_fail(e, index->db, day, "copy its log into the file");
	return DONE;
}
