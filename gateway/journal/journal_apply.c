/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_apply - records of the log into the index.
 * Promise:  a transaction takes whole records in their order and says how far it came, so that none is taken twice.
 * Not here: when (journal_indexer.c), the tables (journal_index.c). */
#include <xxhash.h>

#include "journal_int.h"

int64_t journal_name_hash(uint64_t seed, enum journal_name name, struct bytes text)
{
	return (int64_t)(XXH3_64bits_withSeed(text.p, text.n, seed + name) >> (64 - JOURNAL_HASH_BITS));
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
	sqlite3_finalize(index->entry);
	sqlite3_finalize(index->name);
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
		{"INSERT INTO entry VALUES(?,?,?,?,?)", &index->entry},
		{"INSERT OR IGNORE INTO name VALUES(?,?)", &index->name},
		/* A word repeats all but the body. */
		{"INSERT OR REPLACE INTO waiting SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
		 " coalesce(?13, (SELECT body FROM waiting WHERE id = ?1)),"
		 " coalesce(?14, (SELECT body_size FROM waiting WHERE id = ?1)),"
		 " coalesce(?15, (SELECT body_sum FROM waiting WHERE id = ?1))", &index->word},
		{"UPDATE waiting SET due_ms = ?2 WHERE id = ?1 AND state = 0 AND attempts = 0 AND due_ms = 0", &index->taken},
		{"UPDATE log SET applied = ?1, entries = ?2, older_ms = max(older_ms, ?3)", &index->applied}};
	outcome r = journal_index_open(directory, day, JOURNAL_WRITE, &index->db, e);

	for (size_t i = 0; r.ok && i < sizeof statements / sizeof statements[0]; i++)
		r = journal_prepare(index->db, day, statements[i].sql, statements[i].stmt, e);
	if (r.ok)
		r = journal_index_entries(index->db, day, &index->entries, e);
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

/* --- the row of an entry --- */

enum { WORDS = 3 };

static void words_of(const struct journal_fact *f, struct bytes out[WORDS])
{
	out[0] = f->participant;
	out[1] = f->service_id;
	out[2] = f->sender_id;
}

/* What the fact before says too is not said again; the words stand between line feeds. */
static void words_add(struct buf *words, const struct journal_fact *f, const struct journal_fact *before)
{
	struct bytes word[WORDS], other[WORDS];

	words_of(f, word);
	words_of(before ? before : f, other);
	for (size_t i = 0; i < WORDS; i++) {
		if (word[i].n == 0 || (before && bytes_eq(word[i], other[i])))
			continue;
		if (words->len == 0)
			buf_char(words, '\n');
		buf_add(words, word[i]);
		buf_char(words, '\n');
	}
}

static outcome entry_put(struct journal_index *index, const char *day, const struct journal_record *r, struct buf *words,
	int64_t *older_ms, struct err *e)
{
	int64_t newest = INT64_MIN, oldest = INT64_MAX;
	bool refused = false, ok;

	buf_clear(words);
	for (size_t i = 0; i < r->fact_count; i++) {
		const struct journal_fact *f = &r->facts[i];

		newest = f->at.ms > newest ? f->at.ms : newest;
		oldest = f->at.ms < oldest ? f->at.ms : oldest;
		refused = refused || f->verdict == JOURNAL_REFUSED;
		words_add(words, f, i > 0 ? f - 1 : NULL);
	}
	if (r->fact_count == 0)
		return DONE;
	if (newest - oldest > *older_ms)
		*older_ms = newest - oldest;
	ok = buf_ok(words) && sqlite3_bind_int64(index->entry, 1, newest) == SQLITE_OK &&
		sqlite3_bind_int64(index->entry, 2, (int64_t)r->place) == SQLITE_OK &&
		sqlite3_bind_int64(index->entry, 3, newest - oldest) == SQLITE_OK &&
		sqlite3_bind_int64(index->entry, 4, refused) == SQLITE_OK && journal_bind(index->entry, 5, buf_bytes(words));
	return run(index, index->entry, ok, day, "write an entry", e);
}

/* --- its names --- */

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

static outcome name_put(struct journal_index *index, const char *day, int64_t hash, int64_t place, struct err *e)
{
	const int64_t key = (int64_t)(index->entries / JOURNAL_PART << JOURNAL_HASH_BITS) + hash;
	bool ok;

	if (index->entries / JOURNAL_PART >= JOURNAL_PARTS_MOST)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: it holds no more entries", day);
	ok = sqlite3_bind_int64(index->name, 1, key) == SQLITE_OK && sqlite3_bind_int64(index->name, 2, place) == SQLITE_OK;

	return run(index, index->name, ok, day, "write a name", e);
}

static outcome names_put(struct journal_index *index, const char *day, uint64_t seed,
	const struct journal_record *r, struct err *e)
{
	const int64_t place = (int64_t)r->place;
	struct names names = {.count = 0};

	if (r->has_seen) /* before the others, so that it is the first of its name */
		names.hash[names.count++] = journal_name_hash(seed, NAME_MESSAGE, r->seen.message_id);
	for (size_t i = 0; i < r->fact_count; i++) {
		name_add(&names, seed, NAME_EXCHANGE, bytes_str(r->facts[i].exchange));
		name_add(&names, seed, NAME_MESSAGE, r->facts[i].message_id);
		name_add(&names, seed, NAME_CORRELATION, r->facts[i].correlation_id);
		name_add(&names, seed, NAME_ERROR, r->facts[i].error_id);
	}
	for (size_t i = 0; i < names.count; i++)
		TRY(name_put(index, day, names.hash[i], r->has_seen && i == 0 ? -place : place, e));
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

/* How far a transaction has come. */
struct progress {
	uint64_t at;
	struct bytes heads; /* that begin there, when they are known */
	size_t count;
	int64_t older_ms; /* the most of its entries */
};

static outcome progress_put(struct journal_index *index, const char *day, const struct progress *p, struct err *e)
{
	bool ok = sqlite3_bind_int64(index->applied, 1, (int64_t)p->at) == SQLITE_OK &&
		sqlite3_bind_int64(index->applied, 2, (int64_t)index->entries) == SQLITE_OK &&
		sqlite3_bind_int64(index->applied, 3, p->older_ms) == SQLITE_OK;

	return run(index, index->applied, ok, day, "say how far it follows", e);
}

/* From memory, or from the log where the heads in memory do not begin here: there was no room for some, or a pass failed. */
static outcome record_next(const struct journal_log *log, const char *day, struct progress *p, struct buf *memory,
	struct journal_record *out, struct err *e)
{
	const size_t length = p->heads.n < JOURNAL_HEAD_FIXED ? 0 : journal_head_length(p->heads.p, p->at);

	if (length == 0 || length > p->heads.n || !journal_record_decode(bytes_sub(p->heads, 0, length), out))
		return journal_log_record(log, day, p->at, memory, out, e);
	p->heads = bytes_sub(p->heads, length, p->heads.n);
	return DONE;
}

static outcome records_put(struct journal_index *index, const struct journal_log *log, const char *day,
	uint64_t until, size_t most, struct progress *p, struct err *e)
{
	SCOPED(buf_free) struct buf memory = BUF(SIZE_MAX / 4), words = BUF(SIZE_MAX / 4);
	struct journal_record record;

	TRY(run(index, index->begin, true, day, "begin", e));
	for (; p->at < until && p->count < most; p->count++) {
		TRY(record_next(log, day, p, &memory, &record, e));
		TRY(entry_put(index, day, &record, &words, &p->older_ms, e));
		TRY(names_put(index, day, log->seed, &record, e));
		if (record.has_waiting)
			TRY(word_put(index, day, &record, e));
		index->entries++;
		p->at = record.next;
	}
	TRY(progress_put(index, day, p, e));
	return run(index, index->commit, true, day, "commit", e);
}

outcome journal_index_apply(struct journal_index *index, const struct journal_log *log, const char *day,
	uint64_t from, uint64_t until, size_t most, struct bytes *heads, uint64_t *applied, size_t *records, struct err *e)
{
	struct progress p = {.at = from, .heads = *heads};
	const uint64_t entries = index->entries;
	outcome r = records_put(index, log, day, until, most, &p, e);

	if (!r.ok) {
		index->entries = entries;
		if (!sqlite3_get_autocommit(index->db))
			sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
		return r;
	}
	*heads = p.heads;
	*applied = p.at;
	*records += p.count;
	return DONE;
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
