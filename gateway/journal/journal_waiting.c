/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_waiting - words on messages that wait for delivery, in the index of one day.
 * Promise:  within a day the last word on an id stands; a word costs one small row, a body lies in the log once.
 *           What the newest word calls waiting, and is not expired, keeps its days.
 * Not here: the list over all days and directories (journal_rebuild.c), what becomes of a message. */
#include <string.h>

#include "journal_int.h"

struct journal_word journal_word_of(const struct journal_record *record)
{
	return (struct journal_word){.waiting = record->waiting,
		.at_ms = record->at_ms,
		.place = record->place,
		.body = record->body};
}

static bool body_bind(sqlite3_stmt *stmt, const struct journal_piece *body)
{
	if (body->size == 0)
		return sqlite3_bind_null(stmt, WORD_BODY + 1) == SQLITE_OK &&
			sqlite3_bind_null(stmt, WORD_BODY_SIZE + 1) == SQLITE_OK &&
			sqlite3_bind_null(stmt, WORD_BODY_SUM + 1) == SQLITE_OK;
	return sqlite3_bind_int64(stmt, WORD_BODY + 1, (int64_t)body->own.at) == SQLITE_OK &&
		sqlite3_bind_int64(stmt, WORD_BODY_SIZE + 1, (int64_t)body->size) == SQLITE_OK &&
		sqlite3_bind_int64(stmt, WORD_BODY_SUM + 1, (int64_t)body->sum) == SQLITE_OK;
}

bool journal_word_bind(sqlite3_stmt *stmt, const struct journal_word *word)
{
	const struct journal_waiting *w = &word->waiting;
	const struct {
		enum journal_word_column column;
		struct bytes text;
	} texts[] = {{WORD_ID, w->id}, {WORD_DESTINATION, w->destination}, {WORD_ORDER_KEY, w->order_key},
		{WORD_META, w->meta}, {WORD_POLICY, w->policy}};
	const struct {
		enum journal_word_column column;
		int64_t number;
	} numbers[] = {{WORD_STATE, w->state}, {WORD_ATTEMPTS, w->attempts}, {WORD_ACCEPTED, w->accepted_ms},
		{WORD_DUE, w->due_ms}, {WORD_EXPIRE, w->expire_ms}, {WORD_AT, word->at_ms},
		{WORD_PLACE, (int64_t)word->place}};
	bool ok = body_bind(stmt, &word->body);

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ok = ok && journal_bind(stmt, (int)texts[i].column + 1, texts[i].text);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		ok = ok && sqlite3_bind_int64(stmt, (int)numbers[i].column + 1, numbers[i].number) == SQLITE_OK;
	return ok;
}

struct journal_word journal_word_row(sqlite3_stmt *row)
{
	const uint64_t body = (uint64_t)sqlite3_column_int64(row, WORD_BODY_SIZE);

	return (struct journal_word){
		.waiting = {.id = journal_column(row, WORD_ID),
			.destination = journal_column(row, WORD_DESTINATION),
			.order_key = journal_column(row, WORD_ORDER_KEY),
			.meta = journal_column(row, WORD_META),
			.policy = journal_column(row, WORD_POLICY),
			.state = (enum journal_waiting_state)sqlite3_column_int(row, WORD_STATE),
			.attempts = sqlite3_column_int(row, WORD_ATTEMPTS),
			.accepted_ms = sqlite3_column_int64(row, WORD_ACCEPTED),
			.due_ms = sqlite3_column_int64(row, WORD_DUE),
			.expire_ms = sqlite3_column_int64(row, WORD_EXPIRE)},
		.at_ms = sqlite3_column_int64(row, WORD_AT),
		.place = (uint64_t)sqlite3_column_int64(row, WORD_PLACE),
		.body = {.size = body,
			.sum = (uint64_t)sqlite3_column_int64(row, WORD_BODY_SUM),
			.own = {(uint64_t)sqlite3_column_int64(row, WORD_BODY), body}}};
}

outcome journal_waiting_known(struct journal_days *days, struct bytes id, bool *known, struct err *e)
{
	bool body;

	*known = false;
	for (size_t i = 0; i < days->count && !*known; i++)
		TRY(journal_waiting_on(days->item[i], id, known, &body, e));
	return DONE;
}

outcome journal_waiting_on(struct journal_day *day, struct bytes id, bool *word, bool *body, struct err *e)
{
	struct journal_reader *reader;
	outcome r = DONE;
	int rc;

	*word = *body = false;
	TRY(journal_day_take(day, &reader, e));
	rc = journal_bind(reader->word, 1, id) ? sqlite3_step(reader->word) : SQLITE_ERROR;
	*word = rc == SQLITE_ROW;
	*body = *word && sqlite3_column_int(reader->word, 0) != 0;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		r = journal_fail(e, reader->db, day->name, "read a word on a message that waits");
	sqlite3_reset(reader->word);
	journal_day_give(day, reader, r.ok);
	return r;
}

/* Does the message that waits by the word in the day `from` need the day `at`, the same or an older one? */
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

/* The words that wait in the day `from`; of a newer day only those whose body is elsewhere. */
static outcome words_need(struct journal_days *days, size_t at, size_t from, int64_t now_ms,
	struct journal_reader *reader, bool *needs, struct err *e)
{
	const char *day = days->item[from]->name;
	sqlite3_stmt *stmt = NULL;
	outcome r = DONE;
	int rc;

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
