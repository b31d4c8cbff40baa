/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_rebuild - what waits for delivery, by the words in all files of several directories.
 * Promise:  memory holds one word and one body, whatever the number of messages: the list is a temporary
 *           file of SQLite. No file of the journal is being read while the caller looks at a message.
 * Not here: writing words, and which files they keep (journal_waiting.c).
 *
 * Every file is read twice. First come the words that say "waits": these messages may belong to the list.
 * Then all other words, of which only those on such messages matter: most messages were delivered on the day
 * they came, have one word, and never enter the list. */
#include <stdlib.h>
#include <string.h>

#include "journal_int.h"

static const char list_schema[] =
	"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE; PRAGMA cache_size=-16384;"
	"BEGIN;"
	"CREATE TABLE word(id, destination, order_key, meta, policy, state, attempts, accepted_ms, due_ms,"
	" expire_ms, at_ms, directory, day, PRIMARY KEY(id, directory)) WITHOUT ROWID;"
	"CREATE TABLE body(id PRIMARY KEY, directory, day, number) WITHOUT ROWID;";

/* In one directory the word of the newest day counts. One read later from the same file is the newer. */
static const char list_word[] =
	"INSERT OR REPLACE INTO word SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?13,?14"
	" WHERE (?6 = 0 OR EXISTS(SELECT 1 FROM word WHERE id = ?1))"
	" AND NOT EXISTS(SELECT 1 FROM word WHERE id = ?1 AND directory = ?13 AND day > ?14)";
static const char list_body[] = "INSERT OR REPLACE INTO body SELECT ?1,?13,?14,?12"
				" WHERE EXISTS(SELECT 1 FROM word WHERE id = ?1)"
				" AND NOT EXISTS(SELECT 1 FROM body WHERE id = ?1 AND day > ?14)";

/* Between directories, whose clocks may differ, the number of attempts is a better witness than the time of
 * the word; of equals the one that settles the message counts. What came first is told first, in the order of
 * the commits when one millisecond brought several. */
static const char list_waiting[] =
	"SELECT w.id, w.destination, w.order_key, w.meta, w.policy, w.state, w.attempts, w.accepted_ms, w.due_ms,"
	" w.expire_ms, w.at_ms, b.number, b.directory, b.day FROM word w LEFT JOIN body b ON b.id = w.id"
	" WHERE w.state = 0 AND NOT EXISTS(SELECT 1 FROM word o WHERE o.id = w.id AND"
	" (o.accepted_ms, o.attempts, o.at_ms, o.state <> 0, o.directory) >"
	" (w.accepted_ms, w.attempts, w.at_ms, 0, w.directory))"
	" ORDER BY w.accepted_ms, b.day, b.number, w.id";

/* Not by the index of what waits: in the order of ids both the file and the list are passed in sequence. */
static const char *const words_of_day[] = {
	"SELECT " JOURNAL_WORD_COLUMNS " FROM waiting NOT INDEXED WHERE state = 0",
	"SELECT " JOURNAL_WORD_COLUMNS " FROM waiting NOT INDEXED WHERE state <> 0"};

/* Columns and parameters of the list beyond those of a word; there WORD_BODY is the number of the body. */
enum { LIST_DIRECTORY = WORD_COLUMNS, LIST_DAY };

struct source { /* one directory */
	const char *directory;
	struct journal_names names;
	/* where the last body was read: they are told in order of acceptance, so the next is mostly there too */
	char day[JOURNAL_DAY];
	sqlite3 *db;
	sqlite3_stmt *octets;
};

struct rebuild {
	struct source *sources;
	size_t count;
	sqlite3 *list;
	sqlite3_stmt *word, *body;
	struct buf memory; /* of one body */
};

static outcome list_fail(struct err *e, const struct rebuild *b, const char *doing)
{
	return err_set(e, REASON_JOURNAL_DOWN, "temporary list of what waits: %s: %s", doing,
		b->list ? sqlite3_errmsg(b->list) : "no memory");
}

static outcome list_open(struct rebuild *b, struct err *e)
{
	static const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	/* Without a name it is a file of SQLite's own that vanishes with the connection. */
	if (sqlite3_open_v2("", &b->list, flags, NULL) != SQLITE_OK ||
		sqlite3_exec(b->list, list_schema, NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(b->list, list_word, -1, &b->word, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(b->list, list_body, -1, &b->body, NULL) != SQLITE_OK)
		return list_fail(e, b, "make");
	return DONE;
}

static bool list_add(sqlite3_stmt *insert, sqlite3_stmt *row, size_t directory, const char *day)
{
	bool ok = sqlite3_bind_int64(insert, LIST_DIRECTORY + 1, (int64_t)directory) == SQLITE_OK &&
		journal_bind(insert, LIST_DAY + 1, bytes_str(day));

	for (int i = 0; ok && i < WORD_COLUMNS; i++)
		ok = sqlite3_bind_value(insert, i + 1, sqlite3_column_value(row, i)) == SQLITE_OK;
	ok = ok && sqlite3_step(insert) == SQLITE_DONE;
	sqlite3_reset(insert);
	return ok;
}

static outcome words_list(
	struct rebuild *b, size_t directory, sqlite3 *db, const char *day, const char *sql, struct err *e)
{
	sqlite3_stmt *row = NULL;
	int schema, rc = SQLITE_DONE;
	outcome r = DONE;

	TRY(journal_file_schema(db, day, &schema, e));
	if (schema == JOURNAL_SCHEMA_OLD)
		return DONE;
	TRY(journal_prepare(db, day, sql, &row, e));
	while (r.ok && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		if (!list_add(b->word, row, directory, day) ||
			(sqlite3_column_type(row, WORD_BODY) != SQLITE_NULL &&
				!list_add(b->body, row, directory, day)))
			r = list_fail(e, b, "add");
	}
	if (r.ok && rc != SQLITE_DONE)
		r = journal_fail(e, db, day, "read what waits");
	sqlite3_finalize(row);
	return r;
}

static outcome file_list(
	struct rebuild *b, size_t directory, const char *day, const char *sql, struct err *e)
{
	const char *path = b->sources[directory].directory;
	sqlite3 *db = NULL;
	outcome r = journal_file_open(path, day, JOURNAL_READ, &db, e);

	if (!r.ok) /* retention may have been quicker */
		return journal_file_exists(path, day) ? r : DONE;
	r = words_list(b, directory, db, day, sql, e);
	sqlite3_close(db);
	return r;
}

static outcome list_fill(struct rebuild *b, struct err *e)
{
	for (size_t i = 0; i < b->count; i++)
		TRY(journal_names_read(b->sources[i].directory, &b->sources[i].names, e));
	for (size_t pass = 0; pass < sizeof words_of_day / sizeof words_of_day[0]; pass++) {
		for (size_t i = 0; i < b->count; i++) {
			for (size_t d = 0; d < b->sources[i].names.count; d++)
				TRY(file_list(b, i, b->sources[i].names.day[d], words_of_day[pass], e));
		}
	}
	return DONE;
}

static void source_close(struct source *s)
{
	sqlite3_finalize(s->octets);
	sqlite3_close(s->db);
	s->octets = NULL;
	s->db = NULL;
}

static outcome source_open(struct source *s, const char *day, struct err *e)
{
	if (s->db && strcmp(s->day, day) == 0)
		return DONE;
	source_close(s);
	memcpy(s->day, day, JOURNAL_DAY);
	TRY(journal_file_open(s->directory, day, JOURNAL_READ, &s->db, e));
	return journal_prepare(s->db, day, "SELECT octets FROM body WHERE number = ?", &s->octets, e);
}

/* `gone` when the file was removed since it was listed, which happens only to what does not wait any more. */
static outcome body_read(struct rebuild *b, sqlite3_stmt *row, bool *gone, struct err *e)
{
	struct source *s = &b->sources[sqlite3_column_int64(row, LIST_DIRECTORY)];
	const char *day = (const char *)sqlite3_column_text(row, LIST_DAY);
	outcome r = day ? source_open(s, day, e) : list_fail(e, b, "read");

	*gone = false;
	if (!r.ok) {
		*gone = day && !journal_file_exists(s->directory, day);
		return *gone ? DONE : r;
	}
	buf_clear(&b->memory);
	if (sqlite3_bind_int64(s->octets, 1, sqlite3_column_int64(row, WORD_BODY)) != SQLITE_OK ||
		sqlite3_step(s->octets) != SQLITE_ROW)
		r = journal_fail(e, s->db, day, "read a body that waits");
	else
		buf_add(&b->memory, journal_column(s->octets, 0));
	sqlite3_reset(s->octets);
	if (r.ok && !buf_ok(&b->memory))
		r = err_set(e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: no memory for a body that waits", day);
	return r;
}

static outcome row_tell(struct rebuild *b, sqlite3_stmt *row,
	bool (*each)(void *ctx, const struct journal_waiting *w), void *ctx, bool *more, struct err *e)
{
	struct journal_waiting w = {.id = journal_column(row, WORD_ID),
		.destination = journal_column(row, WORD_DESTINATION),
		.order_key = journal_column(row, WORD_ORDER_KEY),
		.meta = journal_column(row, WORD_META),
		.policy = journal_column(row, WORD_POLICY),
		.state = (enum journal_waiting_state)sqlite3_column_int(row, WORD_STATE),
		.attempts = sqlite3_column_int(row, WORD_ATTEMPTS),
		.accepted_ms = sqlite3_column_int64(row, WORD_ACCEPTED),
		.due_ms = sqlite3_column_int64(row, WORD_DUE),
		.expire_ms = sqlite3_column_int64(row, WORD_EXPIRE)};
	bool gone = false;

	if (sqlite3_column_type(row, WORD_BODY) != SQLITE_NULL) {
		TRY(body_read(b, row, &gone, e));
		w.body = buf_bytes(&b->memory);
	}
	*more = gone || each(ctx, &w);
	return DONE;
}

static outcome list_tell(struct rebuild *b,
	bool (*each)(void *ctx, const struct journal_waiting *w), void *ctx, struct err *e)
{
	sqlite3_stmt *row = NULL;
	outcome r = DONE;
	bool more = true;
	int rc;

	if (sqlite3_prepare_v2(b->list, list_waiting, -1, &row, NULL) != SQLITE_OK)
		return list_fail(e, b, "read");
	while (r.ok && more && (rc = sqlite3_step(row)) != SQLITE_DONE)
		r = rc == SQLITE_ROW ? row_tell(b, row, each, ctx, &more, e) : list_fail(e, b, "read");
	sqlite3_finalize(row);
	return r;
}

static void rebuild_free(struct rebuild *b)
{
	for (size_t i = 0; b->sources && i < b->count; i++) {
		source_close(&b->sources[i]);
		journal_names_free(&b->sources[i].names);
	}
	free(b->sources);
	sqlite3_finalize(b->word);
	sqlite3_finalize(b->body);
	sqlite3_close(b->list);
	buf_wipe(&b->memory);
}

outcome journal_waiting_find(const char *const *directories, size_t n,
	bool (*each)(void *ctx, const struct journal_waiting *w), void *ctx, struct err *e)
{
	SCOPED(rebuild_free) struct rebuild b = {
		.sources = calloc(n + 1, sizeof *b.sources), .count = n, .memory = BUF(SIZE_MAX / 4)};

	if (!b.sources)
		return list_fail(e, &b, "make");
	TRY(list_open(&b, e));
	for (size_t i = 0; i < n; i++)
		b.sources[i].directory = directories[i];
	TRY(list_fill(&b, e));
	return list_tell(&b, each, ctx, e);
}
