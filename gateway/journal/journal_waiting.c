/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_waiting - words on messages that wait for delivery, in the file of one day.
 * Promise:  within a file the last word on an id stands; a word costs one small row, a body is written once.
 *           What the newest word calls waiting, and is not expired, keeps its files.
 * Not here: the list over all files and directories (journal_rebuild.c), what becomes of a message. */
#include <string.h>

#include "journal_int.h"

const char journal_body_insert[] = "INSERT INTO body(octets) VALUES(?)";
const char journal_word_insert[] = "INSERT OR REPLACE INTO waiting(" JOURNAL_WORD_COLUMNS ")"
				   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
				   " coalesce(?12, (SELECT body FROM waiting WHERE id = ?1)))";

static outcome body_put(struct journal_day *day, struct bytes octets, struct err *e)
{
	bool ok = sqlite3_bind_blob64(day->body, 1, octets.p, octets.n, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_step(day->body) == SQLITE_DONE;

	if (!ok)
		journal_fail(e, day->db, day->name, "write a body that waits");
	sqlite3_reset(day->body);
	return ok ? DONE : FAILED;
}

static bool word_bind(sqlite3_stmt *stmt, const struct journal_waiting *w, int64_t at_ms)
{
	const struct {
		enum journal_word_column column;
		struct bytes text;
	} texts[] = {{WORD_ID, w->id}, {WORD_DESTINATION, w->destination}, {WORD_ORDER_KEY, w->order_key},
		{WORD_META, w->meta}, {WORD_POLICY, w->policy}};
	const struct {
		enum journal_word_column column;
		int64_t number;
	} numbers[] = {{WORD_STATE, w->state}, {WORD_ATTEMPTS, w->attempts}, {WORD_ACCEPTED, w->accepted_ms},
		{WORD_DUE, w->due_ms}, {WORD_EXPIRE, w->expire_ms}, {WORD_AT, at_ms}};
	bool ok = true;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ok = ok && journal_bind(stmt, (int)texts[i].column + 1, texts[i].text);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		ok = ok && sqlite3_bind_int64(stmt, (int)numbers[i].column + 1, numbers[i].number) == SQLITE_OK;
	return ok;
}

/* As the writer sees it: words of the commit under way count too. */
static outcome word_there(struct journal_day *day, struct bytes id, bool *there, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	outcome r = DONE;
	int rc;

	TRY(journal_prepare(day->db, day->name, "SELECT 1 FROM waiting WHERE id = ?", &stmt, e));
	rc = journal_bind(stmt, 1, id) ? sqlite3_step(stmt) : SQLITE_ERROR;
	*there = rc == SQLITE_ROW;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		r = journal_fail(e, day->db, day->name, "look for a word on a message that waits");
	sqlite3_finalize(stmt);
	return r;
}

outcome journal_waiting_known(struct journal_days *days, struct bytes id, bool *known, struct err *e)
{
	bool body;

	*known = false;
	for (size_t i = 0; i < days->count && !*known; i++)
		TRY(journal_waiting_on(days->item[i], id, known, &body, e));
	return DONE;
}

outcome journal_waiting_put(
	struct journal_day *day, const struct journal_waiting *w, int64_t at_ms, struct err *e)
{
	sqlite3_stmt *word = day->word;
	bool ok, there = false;

	if (w->keep_earlier)
		TRY(word_there(day, w->id, &there, e));
	if (there)
		return DONE;

	if (w->body.n > 0)
		TRY(body_put(day, w->body, e));
	ok = word_bind(word, w, at_ms) &&
		(w->body.n > 0 ? sqlite3_bind_int64(word, WORD_BODY + 1, sqlite3_last_insert_rowid(day->db))
			       : sqlite3_bind_null(word, WORD_BODY + 1)) == SQLITE_OK &&
		sqlite3_step(word) == SQLITE_DONE;
	if (!ok)
		journal_fail(e, day->db, day->name, "write a word on a message that waits");
	sqlite3_reset(word);
	return ok ? DONE : FAILED;
}

static outcome reader_prepare(struct journal_reader *reader, const char *day, struct err *e)
{
	int schema;

	if (reader->word)
		return DONE;
	TRY(journal_file_schema(reader->db, day, &schema, e));
	if (schema == JOURNAL_SCHEMA_OLD)
		return DONE;
	return journal_prepare(
		reader->db, day, "SELECT body IS NOT NULL FROM waiting WHERE id = ?", &reader->word, e);
}

outcome journal_waiting_on(struct journal_day *day, struct bytes id, bool *word, bool *body, struct err *e)
{
	struct journal_reader *reader;
	int rc = SQLITE_DONE;
	outcome r;

	*word = *body = false;
	TRY(journal_day_take(day, &reader, e));
	r = reader_prepare(reader, day->name, e);
	if (r.ok && reader->word) {
		rc = journal_bind(reader->word, 1, id) ? sqlite3_step(reader->word) : SQLITE_ERROR;
		*word = rc == SQLITE_ROW;
		*body = *word && sqlite3_column_int(reader->word, 0) != 0;
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			r = journal_fail(e, reader->db, day->name, "read a word on a message that waits");
		sqlite3_reset(reader->word);
	}
	journal_day_give(day, reader, r.ok);
	return r;
}

/* Does the message that waits by the word in the file `from` need the file `at`, the same or an older one? */
static outcome word_needs(
	struct journal_days *days, size_t at, size_t from, struct bytes id, bool *needs, struct err *e)
{
	bool word, body;

	*needs = false;
	if (from != at) {
		TRY(journal_waiting_on(days->item[at], id, &word, &body, e));
		if (!body)
			return DONE;
	}
	for (size_t i = from; i-- > 0;) {
		TRY(journal_waiting_on(days->item[i], id, &word, &body, e));
		if (word) /* a newer one, which is looked at where it stands */
			return DONE;
	}
	*needs = true;
	return DONE;
}

/* The words that wait in the file `from`; of a newer file only those whose body is elsewhere. */
static outcome words_need(struct journal_days *days, size_t at, size_t from, int64_t now_ms,
	struct journal_reader *reader, bool *needs, struct err *e)
{
	const char *day = days->item[from]->name;
	sqlite3_stmt *stmt = NULL;
	outcome r = DONE;
	int schema, rc;

	TRY(journal_file_schema(reader->db, day, &schema, e));
	if (schema == JOURNAL_SCHEMA_OLD)
		return DONE;
	TRY(journal_prepare(reader->db, day,
		from == at ? "SELECT id FROM waiting WHERE state = 0 AND (expire_ms = 0 OR expire_ms > ?)"
			   : "SELECT id FROM waiting WHERE state = 0 AND (expire_ms = 0 OR expire_ms > ?)"
			     " AND body IS NULL",
		&stmt, e));
	rc = sqlite3_bind_int64(stmt, 1, now_ms);
	while (r.ok && !*needs && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		r = word_needs(days, at, from, journal_column(stmt, 0), needs, e);
	if (r.ok && rc != SQLITE_ROW && rc != SQLITE_DONE)
		r = journal_fail(e, reader->db, day, "read what waits");
	sqlite3_finalize(stmt);
	return r;
}

outcome journal_waiting_needs(
	struct journal_days *days, size_t at, int64_t now_ms, bool *needs, struct err *e)
{
	struct journal_reader *reader;
	outcome r = DONE;

	*needs = false;
	for (size_t from = at + 1; r.ok && !*needs && from-- > 0;) {
		TRY(journal_day_take(days->item[from], &reader, e));
		r = words_need(days, at, from, now_ms, reader, needs, e);
		journal_day_give(days->item[from], reader, r.ok);
	}
	return r;
}
