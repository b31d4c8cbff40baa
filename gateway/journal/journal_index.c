/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_index - the SQLite file of a day: made, opened, its failures worded.
 * Promise:  a file appears with its tables or not at all; a file that is not ours, is of a schema we do not
 *           know or is broken is reported by name and never touched.
 * Not here: what is put into it (journal_apply.c), which file is needed (journal_days.c). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "journal_int.h"

/* What is looked for is in the log; the index says where it may be. Every row costs, so an entry has one: when its facts
 * were (the newest, and how much older the oldest is), whether one was refused, and of its participants, services and
 * senders each once, between line feeds. Names are as good as random, and every page that is touched costs: so there is one
 * small table of their hashes, in parts that are as long as a few hundred pages. Where the record has a replay word on the
 * message id, the place is negative, and stands before the others. */
static const char schema[] =
	"PRAGMA page_size=8192;"
	"PRAGMA journal_mode=WAL;"
	"BEGIN;"
	/* older_ms: the most of all entries */
	"CREATE TABLE log(seed INTEGER PRIMARY KEY, applied INTEGER NOT NULL, entries INTEGER NOT NULL,"
	" older_ms INTEGER NOT NULL);"
	"CREATE TABLE entry(at_ms INTEGER, place INTEGER, older_ms INTEGER NOT NULL, refused INTEGER NOT NULL,"
	" words TEXT NOT NULL, PRIMARY KEY(at_ms, place)) WITHOUT ROWID;"
	"CREATE TABLE name(key INTEGER, place INTEGER, PRIMARY KEY(key, place)) WITHOUT ROWID;"
	/* The index holds what waits and nothing of what is settled: retention asks for no more. */
	"CREATE TABLE waiting(id TEXT PRIMARY KEY, destination TEXT NOT NULL, order_key TEXT NOT NULL,"
	" meta TEXT NOT NULL, policy TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL,"
	" accepted_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, expire_ms INTEGER NOT NULL,"
	" at_ms INTEGER NOT NULL, place INTEGER NOT NULL, body INTEGER, body_size INTEGER, body_sum INTEGER) WITHOUT ROWID;"
	"CREATE INDEX waiting_queued ON waiting(body, expire_ms) WHERE state = 0;"
	"PRAGMA user_version=4;";

_Static_assert(WAITING_QUEUED == 0 && JOURNAL_SCHEMA == 4 && JOURNAL_PAGE == 8192, "the numbers above are stored");
_Static_assert(JOURNAL_PART == 32768 && INT64_C(1) << JOURNAL_HASH_BITS == 281474976710656, "so has JOURNAL_PLACES");

outcome journal_fail(struct err *e, sqlite3 *db, const char *day, const char *doing)
{
	return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: %s: %s (SQLite %d, errno %d)", day, doing,
		sqlite3_errmsg(db), db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM,
		db ? sqlite3_system_errno(db) : 0);
}

outcome journal_prepare(sqlite3 *db, const char *day, const char *sql, sqlite3_stmt **out, struct err *e)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
		return journal_fail(e, db, day, "prepare");
	return DONE;
}

bool journal_bind(sqlite3_stmt *stmt, int at, struct bytes text)
{
	return sqlite3_bind_text64(stmt, at, text.p ? (const char *)text.p : "", text.n, SQLITE_STATIC,
		       SQLITE_UTF8) == SQLITE_OK;
}

struct bytes journal_column(sqlite3_stmt *row, int column)
{
	const void *p = sqlite3_column_blob(row, column); /* first: it may change the length */

	return (struct bytes){p, (size_t)sqlite3_column_bytes(row, column)};
}

static outcome number_read(
	sqlite3 *db, const char *day, const char *sql, int64_t parameter, int64_t *out, bool *there, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	outcome r = DONE;
	int rc = SQLITE_DONE;

	TRY(journal_prepare(db, day, sql, &stmt, e));
	if (sqlite3_bind_parameter_count(stmt) > 0)
		rc = sqlite3_bind_int64(stmt, 1, parameter);
	rc = sqlite3_step(stmt);
	*there = rc == SQLITE_ROW;
	if (*there)
		*out = sqlite3_column_int64(stmt, 0);
	else if (rc != SQLITE_DONE)
		r = journal_fail(e, db, day, "open");
	sqlite3_finalize(stmt);
	return r;
}

static outcome schema_check(sqlite3 *db, const char *day, struct err *e)
{
	int64_t found = 0;
	bool there;

	TRY(number_read(db, day, "PRAGMA user_version", 0, &found, &there, e));
	if (found != JOURNAL_SCHEMA)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: its schema is %lld, this program knows %d", day,
			(long long)found, JOURNAL_SCHEMA);
	return DONE;
}

outcome journal_index_applied(sqlite3 *db, const char *day, uint64_t seed, uint64_t *out, struct err *e)
{
	int64_t found = 0;
	bool there;

	TRY(number_read(db, day, "SELECT applied FROM log WHERE seed = ?", (int64_t)seed, &found, &there, e));
	*out = there ? (uint64_t)found : 0;
	return DONE;
}

outcome journal_index_entries(sqlite3 *db, const char *day, uint64_t *out, struct err *e)
{
	int64_t found = 0;
	bool there;

	TRY(number_read(db, day, "SELECT entries FROM log", 0, &found, &there, e));
	*out = (uint64_t)found;
	return DONE;
}

static outcome index_connect(const char *name, const char *day, int flags, sqlite3 **db, struct err *e)
{
	outcome r;

	*db = NULL;
	if (sqlite3_open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) !=
		SQLITE_OK) {
		r = journal_fail(e, *db, day, "open");
	} else {
		sqlite3_busy_timeout(*db, JOURNAL_BUSY_MS);
		r = schema_check(*db, day, e);
	}
	if (!r.ok) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return r;
}

/* A file:-name that tells SQLite that nobody writes the file: then it needs no shared memory beside it. */
static void frozen_name(const char *path, struct buf *out)
{
	buf_str(out, "file:");
	for (const char *p = path; *p; p++) {
		if (strchr("%?#", *p))
			buf_printf(out, "%%%02x", (unsigned char)*p);
		else
			buf_char(out, *p);
	}
	buf_str(out, "?immutable=1");
}

/* Whoever may not write the directory cannot open a file at rest, because its shared memory cannot be made.
 * When there is no log of SQLite's beside the file, the file alone is the whole truth. */
static outcome index_read(const char *path, const char *day, sqlite3 **db, struct err *e)
{
	SCOPED(buf_free) struct buf name = BUF(4 * JOURNAL_PATH);
	char wal[JOURNAL_PATH + 8];
	struct stat st;
	outcome r = index_connect(path, day, SQLITE_OPEN_READONLY, db, e);

	if (r.ok)
		return r;
	snprintf(wal, sizeof wal, "%s-wal", path);
	if (stat(wal, &st) == 0 && st.st_size > 0)
		return r;
	frozen_name(path, &name);
	if (!buf_ok(&name))
		return r;
	return index_connect(buf_cstr(&name), day, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, e);
}

static outcome writer_settings(sqlite3 *db, const char *day, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	bool wal;

	TRY(journal_prepare(db, day, "PRAGMA journal_mode=WAL", &stmt, e));
	wal = sqlite3_step(stmt) == SQLITE_ROW &&
		strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	sqlite3_finalize(stmt);
	if (!wal)
		return journal_fail(e, db, day, "no write-ahead log is possible here");
	/* It may lose its newest transactions to a loss of power, never its order: what it lost is applied again. */
	if (sqlite3_exec(db,
		    "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;"
		    "PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY",
		    NULL, NULL, NULL) != SQLITE_OK)
		return journal_fail(e, db, day, "settings");
	return DONE;
}

static outcome index_write(const char *path, const char *day, sqlite3 **db, struct err *e)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char part[JOURNAL_PATH + 8];

	/* By name: closing a descriptor of our own would drop the locks SQLite holds on the file. SQLite
	 * gives its log and the shared memory the mode of the file when it makes them. */
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(part, sizeof part, "%s%s", path, parts[i]);
		if (chmod(part, 0600) != 0 && errno != ENOENT)
			return journal_path_fail(e, day, JOURNAL_INDEX, "cannot close the file to others");
	}
	TRY(index_connect(path, day, SQLITE_OPEN_READWRITE, db, e));
	if (writer_settings(*db, day, e).ok)
		return DONE;
	sqlite3_close(*db);
	*db = NULL;
	return FAILED;
}

outcome journal_index_open(
	const char *directory, const char *day, enum journal_access access, sqlite3 **db, struct err *e)
{
	char path[JOURNAL_PATH];

	journal_path(directory, day, JOURNAL_INDEX, path);
	if (access == JOURNAL_READ)
		return index_read(path, day, db, e);
	if (access == JOURNAL_WRITE)
		return index_write(path, day, db, e);
	/* Writable, so that whichever connection closes last leaves no log of SQLite's behind; used for queries only. */
	TRY(index_connect(path, day, SQLITE_OPEN_READWRITE, db, e));
	sqlite3_exec(*db, "PRAGMA query_only=1; PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
	return DONE;
}

static outcome index_begin(const char *path, const char *day, uint64_t seed, struct err *e)
{
	SCOPED(buf_free) struct buf row = BUF(200);
	sqlite3 *db = NULL;
	outcome r = DONE;

	buf_printf(&row, "INSERT INTO log VALUES(%lld, %d, 0, 0); COMMIT;", (long long)(int64_t)seed, JOURNAL_FIRST);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
		sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK || !buf_ok(&row) ||
		sqlite3_exec(db, buf_cstr(&row), NULL, NULL, NULL) != SQLITE_OK)
		r = journal_fail(e, db, day, "cannot make the tables");
	if (sqlite3_close(db) != SQLITE_OK && r.ok)
		r = err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: cannot finish the new file", day);
	return r;
}

outcome journal_index_create(const char *directory, const char *day, uint64_t seed, struct err *e)
{
	return journal_part_create(directory, day, JOURNAL_INDEX, index_begin, seed, e);
}
