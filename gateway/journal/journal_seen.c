/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_seen - the replay memory: what became of (sender, message id).
 * Promise:  what was committed before the question is seen; a file that cannot be read is a failure, never
 *           a no. The answer's octets are not kept twice: they are the newest fact "sent"
 *           of the exchange (a fault that asked to repeat may stand before it).
 * Not here: what a replay is answered (flow). */
#include <string.h>

#include "journal_int.h"

const char journal_seen_insert[] =
	"INSERT OR REPLACE INTO seen"
	"(sender_id, message_id, content, state, exchange, answer_status, at_ms) VALUES(?,?,?,?,?,?,?)";
const char journal_seen_select[] = "SELECT content, state, exchange, answer_status FROM seen"
				   " WHERE sender_id = ? AND message_id = ? AND at_ms >= ?";
const char journal_seen_answer[] =
	"SELECT octets FROM fact"
	" WHERE exchange = ? AND direction = 1 AND kind IN (1, 2) ORDER BY id DESC LIMIT 1";

_Static_assert(
	JOURNAL_SENT == 1 && JOURNAL_ANSWER == 1 && JOURNAL_FAULT == 2, "the numbers above are stored");

outcome journal_seen_put(sqlite3 *db, sqlite3_stmt *insert, const char *day, const struct journal_seen *seen,
	int64_t at_ms, struct err *e)
{
	bool ok = journal_bind(insert, 1, seen->sender_id) && journal_bind(insert, 2, seen->message_id) &&
		sqlite3_bind_blob(insert, 3, seen->content, sizeof seen->content, SQLITE_STATIC) ==
			SQLITE_OK &&
		sqlite3_bind_int(insert, 4, seen->state) == SQLITE_OK &&
		journal_bind(insert, 5, bytes_str(seen->exchange)) &&
		sqlite3_bind_int(insert, 6, seen->answer_status) == SQLITE_OK &&
		sqlite3_bind_int64(insert, 7, at_ms) == SQLITE_OK && sqlite3_step(insert) == SQLITE_DONE;

	if (!ok)
		journal_fail(e, db, day, "write the replay memory");
	sqlite3_reset(insert);
	return ok ? DONE : FAILED;
}

static void row_read(sqlite3_stmt *row, struct journal_seen *out)
{
	const void *content = sqlite3_column_blob(row, 0), *exchange = sqlite3_column_blob(row, 2);
	size_t content_n = (size_t)sqlite3_column_bytes(row, 0),
	       exchange_n = (size_t)sqlite3_column_bytes(row, 2);

	if (content_n == sizeof out->content)
		memcpy(out->content, content, content_n);
	if (exchange_n > 0 && exchange_n < sizeof out->exchange)
		memcpy(out->exchange, exchange, exchange_n);
	out->state = (enum journal_seen_state)sqlite3_column_int(row, 1);
	out->answer_status = sqlite3_column_int(row, 3);
}

outcome journal_seen_on(struct journal_day *day, struct bytes sender_id, struct bytes message_id,
	int64_t since_ms, struct journal_seen *out, struct err *e)
{
	struct journal_reader *reader;
	outcome r = DONE;
	int rc;

	*out = (struct journal_seen){.state = SEEN_NONE};
	if (day->bloom && !journal_bloom_may_hold(day->bloom, journal_bloom_key(sender_id, message_id)))
		return DONE;
	TRY(journal_day_take(day, &reader, e));
	rc = journal_bind(reader->seen, 1, sender_id) && journal_bind(reader->seen, 2, message_id) &&
			sqlite3_bind_int64(reader->seen, 3, since_ms) == SQLITE_OK
		? sqlite3_step(reader->seen)
		: SQLITE_ERROR;
	if (rc == SQLITE_ROW)
		row_read(reader->seen, out);
	else if (rc != SQLITE_DONE)
		r = journal_fail(e, reader->db, day->name, "read the replay memory");
	sqlite3_reset(reader->seen);
	journal_day_give(day, reader, r.ok);
	return r;
}

static outcome answer_copy(sqlite3_stmt *row, struct pool *pool, struct bytes *out, struct err *e)
{
	struct bytes octets = {sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0)};
	char *copy = pool_copy(pool, octets);

	if (!copy)
		return err_set(e, REASON_MEMORY, "the first answer has %zu octets", octets.n);
	*out = (struct bytes){(const unsigned char *)copy, octets.n};
	return DONE;
}

/* The first answer sent in the exchange, when it is in this file. */
static outcome answer_on(struct journal_day *day, const char *exchange, struct pool *pool, struct bytes *out,
	bool *there, struct err *e)
{
	struct journal_reader *reader;
	outcome r = DONE;
	int rc;

	TRY(journal_day_take(day, &reader, e));
	rc = journal_bind(reader->answer, 1, bytes_str(exchange)) ? sqlite3_step(reader->answer)
								  : SQLITE_ERROR;
	*there = rc == SQLITE_ROW;
	if (*there)
		r = answer_copy(reader->answer, pool, out, e);
	else if (rc != SQLITE_DONE)
		r = journal_fail(e, reader->db, day->name, "read the first answer");
	sqlite3_reset(reader->answer);
	journal_day_give(day, reader, *there || r.ok);
	return r;
}

static outcome seen_find(struct journal_days *days, struct pool *pool, int64_t since_ms,
	struct journal_seen *out, struct err *e)
{
	const struct bytes sender_id = out->sender_id, message_id = out->message_id;
	bool there = false;

	for (size_t i = 0; i < days->count && journal_day_end(days->item[i]->name) > since_ms && !there;
		i++) {
		if (out->state == SEEN_NONE)
			TRY(journal_seen_on(days->item[i], sender_id, message_id, since_ms, out, e));
		/* The answer was filed with the row, or earlier when the row was changed after midnight. */
		if (out->state == SEEN_ANSWERED)
			TRY(answer_on(days->item[i], out->exchange, pool, &out->answer, &there, e));
		else if (out->state != SEEN_NONE)
			break;
	}
	out->sender_id = sender_id;
	out->message_id = message_id;
	return DONE;
}

outcome journal_seen_find(struct journal *j, struct pool *pool, struct bytes sender_id,
	struct bytes message_id, int64_t since_ms, struct journal_seen *out, struct err *e)
{
	char *sender = pool_copy(pool, sender_id), *message = pool_copy(pool, message_id);
	outcome r;

	*out = (struct journal_seen){.state = SEEN_NONE};
	if (!sender || !message)
		return err_set(e, REASON_MEMORY, "no room for the names of a message");
	out->sender_id = (struct bytes){(const unsigned char *)sender, sender_id.n};
	out->message_id = (struct bytes){(const unsigned char *)message, message_id.n};
	pthread_rwlock_rdlock(&j->days.lock);
	r = seen_find(&j->days, pool, since_ms, out, e);
	pthread_rwlock_unlock(&j->days.lock);
	return r;
}
