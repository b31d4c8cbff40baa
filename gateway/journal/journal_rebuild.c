/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_rebuild - what waits for delivery, by the words in all days of several directories.
 * Promise:  memory holds one word and one body, whatever the number of messages: the list is a temporary
 *           file of SQLite. No index of the journal is being read while the caller looks at a message.
 * Not here: writing words, and which days they keep (journal_waiting.c).
 *
 * Every day is read twice. First come the words that say "waits": these messages may belong to the list.
 * Then all other words, of which only those on such messages matter: most messages were delivered on the day
 * they came, have one word, and never enter the list. */
#include <stdlib.h>
#include <string.h>

#include "journal_int.h"

static const char list_schema[] =
	"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE; PRAGMA cache_size=-16384;"
	"BEGIN;"
	"CREATE TABLE word(id, destination, order_key, meta, policy, state, attempts, accepted_ms, due_ms,"
	" expire_ms, at_ms, place, directory, day, PRIMARY KEY(id, directory)) WITHOUT ROWID;"
	"CREATE TABLE body(id PRIMARY KEY, directory, day, at, size, sum) WITHOUT ROWID;";

/* In one directory the word that was written last counts. */
static const char list_word[] =
	"INSERT OR REPLACE INTO word SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?16,?17"
	" WHERE (?6 = 0 OR EXISTS(SELECT 1 FROM word WHERE id = ?1))"
	" AND NOT EXISTS(SELECT 1 FROM word WHERE id = ?1 AND directory = ?16 AND (day, place) > (?17, ?12))";
static const char list_body[] = "INSERT OR REPLACE INTO body SELECT ?1,?16,?17,?13,?14,?15"
				" WHERE ?13 IS NOT NULL AND EXISTS(SELECT 1 FROM word WHERE id = ?1)"
				" AND NOT EXISTS(SELECT 1 FROM body WHERE id = ?1 AND (day, at) > (?17, ?13))";

/* Between directories, whose clocks may differ, the number of attempts is a better witness than the time of
 * the word; of equals the one that settles the message counts. What came first is told first, in the order of
 * the commits when one millisecond brought several. */
static const char list_waiting[] =
	"SELECT w.id, w.destination, w.order_key, w.meta, w.policy, w.state, w.attempts, w.accepted_ms, w.due_ms,"
	" w.expire_ms, w.at_ms, w.place, b.at, b.size, b.sum, b.directory, b.day FROM word w LEFT JOIN body b ON b.id = w.id"
	" WHERE w.state = 0 AND NOT EXISTS(SELECT 1 FROM word o WHERE o.id = w.id AND"
	" (o.accepted_ms, o.attempts, o.at_ms, o.state <> 0, o.directory) >"
	" (w.accepted_ms, w.attempts, w.at_ms, 0, w.directory))"
	" ORDER BY w.accepted_ms, b.day, b.at, w.id";

/* Not by the index of what waits: in the order of ids both the file and the list are passed in sequence. */
static const char *const words_of_day[] = {
	"SELECT " JOURNAL_WORD_COLUMNS " FROM waiting NOT INDEXED WHERE state = 0",
	"SELECT " JOURNAL_WORD_COLUMNS " FROM waiting NOT INDEXED WHERE state <> 0"};

/* Columns and parameters of the list beyond those of a word. */
enum { LIST_DIRECTORY = WORD_COLUMNS, LIST_DAY };

struct source { /* one directory */
	const char *directory;
	struct journal_names names;
	/* where the last body was read: they are told in order of acceptance, so the next is mostly there too */
	char day[JOURNAL_DAY];
	struct journal_log log;
};

struct rebuild {
	struct source *sources;
	size_t count;
	sqlite3 *list;
	sqlite3_stmt *word, *body;
	struct buf memory; /* of one body */
	/* the day that is being listed */
	size_t directory;
	const char *day;
	bool waits; /* the words that say so, or the others */
	bool failed;
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

static bool list_put(const struct rebuild *b, sqlite3_stmt *insert, const struct journal_word *word)
{
	bool ok = journal_word_bind(insert, word) &&
		sqlite3_bind_int64(insert, LIST_DIRECTORY + 1, (int64_t)b->directory) == SQLITE_OK &&
		journal_bind(insert, LIST_DAY + 1, bytes_str(b->day)) && sqlite3_step(insert) == SQLITE_DONE;

	sqlite3_reset(insert);
	return ok;
}

static bool list_add(struct rebuild *b, const struct journal_word *word)
{
	b->failed = b->failed || !list_put(b, b->word, word) || !list_put(b, b->body, word);
	return !b->failed;
}

static outcome words_of_index(struct rebuild *b, struct journal_view *view, struct err *e)
{
	sqlite3_stmt *row = NULL;
	outcome r = DONE;
	int rc;

	TRY(journal_prepare(view->db, view->day, words_of_day[b->waits ? 0 : 1], &row, e));
	while ((rc = sqlite3_step(row)) == SQLITE_ROW && !b->failed) {
		struct journal_word word = journal_word_row(row);

		list_add(b, &word);
	}
	if (!b->failed && rc != SQLITE_DONE)
		r = journal_fail(e, view->db, view->day, "read what waits");
	sqlite3_finalize(row);
	return r;
}

/* The words in the log behind the index. */
static bool record_each(void *ctx, const struct journal_record *record)
{
	struct rebuild *b = ctx;
	struct journal_word word;

	if (!record->has_waiting || record->waiting.state == WAITING_TAKEN ||
		(record->waiting.state == WAITING_QUEUED) != b->waits)
		return true;
	word = journal_word_of(record);
	return list_add(b, &word);
}

static outcome day_list(struct rebuild *b, struct err *e)
{
	SCOPED(journal_view_close) struct journal_view view;
	uint64_t end;
	bool gone;

	TRY(journal_view_open(b->sources[b->directory].directory, b->day, &view, &gone, e));
	if (gone)
		return DONE;
	if (view.db)
		TRY(words_of_index(b, &view, e));
	journal_view_rest(&view);
	TRY(journal_log_tail(&view.log, b->day, view.applied, &end, record_each, b, e));
	return b->failed ? list_fail(e, b, "add") : DONE;
}

static outcome list_pass(struct rebuild *b, bool waits, struct err *e)
{
	b->waits = waits;
	for (b->directory = 0; b->directory < b->count; b->directory++) {
		const struct journal_names *names = &b->sources[b->directory].names;

		for (size_t d = 0; d < names->count; d++) {
			b->day = names->day[d];
			TRY(day_list(b, e));
		}
	}
	return DONE;
}

static outcome list_fill(struct rebuild *b, struct err *e)
{
	for (size_t i = 0; i < b->count; i++)
		TRY(journal_names_read(b->sources[i].directory, &b->sources[i].names, e));
	TRY(list_pass(b, true, e));
	return list_pass(b, false, e);
}

static outcome source_open(struct source *s, const char *day, struct err *e)
{
	if (s->log.fd >= 0 && strcmp(s->day, day) == 0)
		return DONE;
	journal_log_close(&s->log);
	memcpy(s->day, day, JOURNAL_DAY);
	return journal_log_open(s->directory, day, false, &s->log, e);
}

/* `gone` when the log was removed since it was listed, which happens only to what does not wait any more. */
static outcome body_read(
	struct rebuild *b, sqlite3_stmt *row, const struct journal_piece *body, bool *gone, struct err *e)
{
	struct source *s = &b->sources[sqlite3_column_int64(row, LIST_DIRECTORY)];
	const char *day = (const char *)sqlite3_column_text(row, LIST_DAY);
	outcome r = day ? source_open(s, day, e) : list_fail(e, b, "read");

	*gone = !r.ok && day && !journal_part_exists(s->directory, day, JOURNAL_LOG);
	if (r.ok)
		return journal_log_octets(&s->log, day, body, &b->memory, e);
	return *gone ? DONE : r;
}

static outcome row_tell(struct rebuild *b, sqlite3_stmt *row,
	bool (*each)(void *ctx, const struct journal_waiting *w), void *ctx, bool *more, struct err *e)
{
	struct journal_word word = journal_word_row(row);
	bool gone = false;

	if (word.body.size > 0) {
		TRY(body_read(b, row, &word.body, &gone, e));
		word.waiting.body = buf_bytes(&b->memory);
	}
	*more = gone || each(ctx, &word.waiting);
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
		journal_log_close(&b->sources[i].log);
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
	for (size_t i = 0; i < n; i++)
		b.sources[i] = (struct source){.directory = directories[i], .log = {.fd = -1}};
	TRY(list_open(&b, e));
	TRY(list_fill(&b, e));
	return list_tell(&b, each, ctx, e);
}
