/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_file - one SQLite file of the journal: made, opened, its failures worded.
 * Promise:  a file appears with its tables or not at all; a file that is not ours, is of a schema we do not
 *           know or is broken is reported by name and never touched.
 * Not here: which file is needed (journal_days.c). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_int.h"

/* Every index costs a page of log for each fact, so there are only those the command needs; names that are
 * absent are NULL and stand in no index. Octets come last: what is before them is read without them. */
static const char schema[] =
	"PRAGMA page_size=8192;"
	"PRAGMA journal_mode=WAL;"
	"BEGIN;"
	"CREATE TABLE fact(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, at TEXT NOT NULL, exchange TEXT,"
	" direction INTEGER NOT NULL, kind INTEGER NOT NULL, verdict INTEGER NOT NULL,"
	" participant TEXT, peer TEXT, service_id TEXT, sender_id TEXT, message_id TEXT, correlation_id TEXT,"
	" certificate TEXT, subject TEXT, reason TEXT, detail TEXT, error_id TEXT,"
	" duration_us INTEGER NOT NULL, sha256 BLOB NOT NULL, size INTEGER NOT NULL, octets BLOB);"
	"CREATE INDEX fact_at ON fact(at_ms);"
	"CREATE INDEX fact_exchange ON fact(exchange) WHERE exchange IS NOT NULL;"
	"CREATE INDEX fact_message ON fact(message_id) WHERE message_id IS NOT NULL;"
	"CREATE INDEX fact_correlation ON fact(correlation_id) WHERE correlation_id IS NOT NULL;"
	"CREATE INDEX fact_error ON fact(error_id) WHERE error_id IS NOT NULL;"
	"CREATE TABLE seen(sender_id TEXT NOT NULL, message_id TEXT NOT NULL, content BLOB NOT NULL,"
	" state INTEGER NOT NULL, exchange TEXT NOT NULL, answer_status INTEGER NOT NULL,"
	" at_ms INTEGER NOT NULL,"
	" PRIMARY KEY(sender_id, message_id)) WITHOUT ROWID;"
	"PRAGMA user_version=1;"
	"COMMIT;";

/* Schema 2. A word is a small row that is written anew with each attempt, so its body, which never changes,
 * lies apart. The index holds what waits and nothing of what is settled: retention asks for no more. */
static const char schema_waiting[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE body(number INTEGER PRIMARY KEY, octets BLOB NOT NULL);"
	"CREATE TABLE waiting(id TEXT PRIMARY KEY, destination TEXT NOT NULL, order_key TEXT NOT NULL,"
	" meta TEXT NOT NULL, policy TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL,"
	" accepted_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, expire_ms INTEGER NOT NULL,"
	" at_ms INTEGER NOT NULL, body INTEGER) WITHOUT ROWID;"
	"CREATE INDEX waiting_queued ON waiting(body, expire_ms) WHERE state = 0;"
	"PRAGMA user_version=2;"
	"COMMIT;";

_Static_assert(WAITING_QUEUED == 0 && JOURNAL_SCHEMA == 2 && JOURNAL_PAGE == 8192, "the numbers above are stored");

outcome journal_fail(struct err *e, sqlite3 *db, const char *day, const char *doing)
{
	return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: %s: %s (SQLite %d, errno %d)", day, doing,
		sqlite3_errmsg(db), db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM,
		db ? sqlite3_system_errno(db) : 0);
}

static outcome path_fail(struct err *e, const char *day, const char *doing)
{
	return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: %s: %s", day, doing, strerror(errno));
}

bool journal_file_exists(const char *directory, const char *day)
{
	char path[JOURNAL_PATH];
	struct stat st;

	journal_path(directory, day, path);
	return lstat(path, &st) == 0;
}

outcome journal_prepare(sqlite3 *db, const char *day, const char *sql, sqlite3_stmt **out, struct err *e)
{
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
		return journal_fail(e, db, day, "prepare");
	return DONE;
}

outcome journal_file_schema(sqlite3 *db, const char *day, int *out, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	outcome r = DONE;

	TRY(journal_prepare(db, day, "PRAGMA user_version", &stmt, e));
	if (sqlite3_step(stmt) != SQLITE_ROW)
		r = journal_fail(e, db, day, "open");
	else
		*out = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	if (r.ok && *out != JOURNAL_SCHEMA && *out != JOURNAL_SCHEMA_OLD)
		r = err_set(e, REASON_JOURNAL_DOWN,
			"journal-%s.sqlite: its schema is %d, this program knows %d", day, *out, JOURNAL_SCHEMA);
	return r;
}

static outcome file_connect(const char *name, const char *day, int flags, sqlite3 **db, struct err *e)
{
	outcome r;
	int known;

	*db = NULL;
	if (sqlite3_open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) !=
		SQLITE_OK) {
		r = journal_fail(e, *db, day, "open");
	} else {
		sqlite3_busy_timeout(*db, JOURNAL_BUSY_MS);
		r = journal_file_schema(*db, day, &known, e);
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
 * When there is no log beside the file, the file alone is the whole truth. */
static outcome file_read(const char *path, const char *day, sqlite3 **db, struct err *e)
{
	SCOPED(buf_free) struct buf name = BUF(4 * JOURNAL_PATH);
	char wal[JOURNAL_PATH + 8];
	struct stat st;
	outcome r = file_connect(path, day, SQLITE_OPEN_READONLY, db, e);

	if (r.ok)
		return r;
	snprintf(wal, sizeof wal, "%s-wal", path);
	if (stat(wal, &st) == 0 && st.st_size > 0)
		return r;
	frozen_name(path, &name);
	if (!buf_ok(&name))
		return r;
	return file_connect(buf_cstr(&name), day, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, e);
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
	/* The writer copies the log itself, after it has called back (journal_day_checkpoint). */
	if (sqlite3_exec(db,
		    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
		    "PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY",
		    NULL, NULL, NULL) != SQLITE_OK)
		return journal_fail(e, db, day, "settings");
	return DONE;
}

static outcome schema_complete(sqlite3 *db, const char *day, struct err *e)
{
	int schema_now;

	TRY(journal_file_schema(db, day, &schema_now, e));
	if (schema_now == JOURNAL_SCHEMA_OLD &&
		sqlite3_exec(db, schema_waiting, NULL, NULL, NULL) != SQLITE_OK)
		return journal_fail(e, db, day, "cannot add the new tables");
	return DONE;
}

static outcome file_write(const char *path, const char *day, sqlite3 **db, struct err *e)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char part[JOURNAL_PATH + 8];

	/* By name: closing a descriptor of our own would drop the locks SQLite holds on the file. SQLite
	 * gives the log and the shared memory the mode of the file when it makes them. */
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		snprintf(part, sizeof part, "%s%s", path, parts[i]);
		if (chmod(part, 0600) != 0 && errno != ENOENT)
			return path_fail(e, day, "cannot close the file to others");
	}
	TRY(file_connect(path, day, SQLITE_OPEN_READWRITE, db, e));
	if (writer_settings(*db, day, e).ok && schema_complete(*db, day, e).ok)
		return DONE;
	sqlite3_close(*db);
	*db = NULL;
	return FAILED;
}

outcome journal_file_open(
	const char *directory, const char *day, enum journal_access access, sqlite3 **db, struct err *e)
{
	char path[JOURNAL_PATH];

	journal_path(directory, day, path);
	if (access == JOURNAL_READ)
		return file_read(path, day, db, e);
	if (access == JOURNAL_WRITE)
		return file_write(path, day, db, e);
	/* Writable, so that whichever connection closes last leaves no log behind; used for queries only. */
	TRY(file_connect(path, day, SQLITE_OPEN_READWRITE, db, e));
	sqlite3_exec(*db, "PRAGMA query_only=1; PRAGMA temp_store=MEMORY", NULL, NULL, NULL);
	return DONE;
}

static outcome fresh_fill(const char *fresh, const char *day, struct err *e)
{
	sqlite3 *db = NULL;
	outcome r = DONE;

	if (sqlite3_open_v2(fresh, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
		sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(db, schema_waiting, NULL, NULL, NULL) != SQLITE_OK)
		r = journal_fail(e, db, day, "cannot make the tables");
	if (sqlite3_close(db) != SQLITE_OK && r.ok)
		r = err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: cannot finish the new file", day);
	return r;
}

static outcome directory_sync(const char *directory, const char *day, struct err *e)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	outcome r = DONE;

	if (fd < 0 || fsync(fd) != 0)
		r = path_fail(e, day, "cannot write the directory");
	if (fd >= 0)
		close(fd);
	return r;
}

outcome journal_file_create(const char *directory, const char *day, struct err *e)
{
	static const char *const parts[] = {"-journal", "-wal", "-shm", ""};
	char path[JOURNAL_PATH], fresh[JOURNAL_PATH], part[JOURNAL_PATH + 8];
	outcome r;
	int fd;

	journal_path(directory, day, path);
	journal_path(directory, "new", fresh);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) { /* of an attempt that was cut short */
		snprintf(part, sizeof part, "%s%s", fresh, parts[i]);
		unlink(part);
	}
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return path_fail(e, day, "cannot make the file");
	if (fchmod(fd, 0600) != 0) {
		close(fd);
		return path_fail(e, day, "cannot close the file to others");
	}
	close(fd);
	r = fresh_fill(fresh, day, e);
	if (r.ok && link(fresh, path) != 0) /* unlike rename, never over an existing file */
		r = path_fail(e, day, "cannot name the new file");
	unlink(fresh);
	return r.ok ? directory_sync(directory, day, e) : r;
}
