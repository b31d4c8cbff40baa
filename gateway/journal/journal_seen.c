/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_seen - the replay memory: what became of (sender, message id).
 * Promise:  what was committed before the question is seen; a day that cannot be read is a failure, never
 *           a no. Nothing is kept twice: the index and the table of recent keys name places in the log, and the record
 *           there says whose it is. The answer's octets are the newest fact "sent" of the exchange (a fault that
 *           asked to repeat may stand before it).
 * Not here: what a replay is answered (flow). */
#include <string.h>

#include "journal_int.h"

/* Goes through the places of a statement, newest first, until `judge` knows the record. */
static outcome places_search(struct journal_day *day, struct journal_reader *reader, sqlite3_stmt *stmt, int64_t hash,
	bool (*judge)(void *ctx, const struct journal_record *record), void *ctx, struct err *e)
{
	struct journal_record record;
	bool found = false;
	outcome r = DONE;
	int rc = sqlite3_bind_int64(stmt, 1, hash);

	while (r.ok && !found && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = journal_log_record(&reader->log, day->name, (uint64_t)sqlite3_column_int64(stmt, 0),
			&reader->memory, &record, e);
		found = r.ok && judge(ctx, &record);
	}
	if (r.ok && !found && rc != SQLITE_DONE)
		r = journal_fail(e, reader->db, day->name, "read the replay memory");
	sqlite3_reset(stmt);
	return r;
}

/* --- the answer --- */

struct answer {
	const char *exchange;
	struct journal_piece octets; /* at no place until it is found */
};

/* The newest of the record that we sent as an answer in the exchange. */
static bool answer_judge(void *ctx, const struct journal_record *record)
{
	struct answer *a = ctx;

	for (size_t i = record->fact_count; i-- > 0 && a->octets.own.at == 0;) {
		const struct journal_fact *f = &record->facts[i];

		if (f->direction == JOURNAL_SENT && f->kind != JOURNAL_REQUEST && strcmp(f->exchange, a->exchange) == 0)
			a->octets = record->octets[i];
	}
	return a->octets.own.at != 0;
}

/* --- what is known of a message --- */

struct question {
	struct bytes sender_id, message_id;
	int64_t since_ms;
	bool known; /* there is a word on the message, perhaps too old */
	struct journal_seen *out;
	struct journal_piece *answer;
};

static bool seen_judge(void *ctx, const struct journal_record *record)
{
	struct question *q = ctx;
	const struct journal_seen *s = &record->seen;
	struct answer a = {.exchange = s->exchange};

	q->known = record->has_seen && bytes_eq(s->sender_id, q->sender_id) && bytes_eq(s->message_id, q->message_id);
	if (q->known && record->at_ms >= q->since_ms) {
		*q->out = *s;
		q->out->sender_id = q->out->message_id = BYTES_NONE;
		answer_judge(&a, record);
		*q->answer = a.octets;
	}
	return q->known;
}

/* What the index has not taken yet; when that cannot be told from here, the index is made to take it. */
static outcome recent_search(
	struct journal_day *day, struct journal_reader *reader, int64_t key, struct question *q, struct err *e)
{
	struct journal_record record;
	uint64_t place;
	enum journal_recently found = journal_recent_find(day->recent, key, &place);

	if (found == RECENT_NONE)
		return DONE;
	if (found == RECENT_FOUND) {
		TRY(journal_log_record(&reader->log, day->name, place, &reader->memory, &record, e));
		if (seen_judge(q, &record))
			return DONE;
	}
	return journal_indexer_settle(day->indexer, e);
}

static outcome seen_search(struct journal_day *day, struct journal_reader *reader, struct question *q, struct err *e)
{
	int64_t key = journal_seen_hash(reader->log.seed, q->sender_id, q->message_id);

	TRY(recent_search(day, reader, key, q, e));
	if (q->known)
		return DONE;
	key = journal_name_hash(reader->log.seed, NAME_MESSAGE, q->message_id);
	return places_search(day, reader, reader->seen, key, seen_judge, q, e);
}

/* The filter says so. */
static bool certainly_unknown(struct journal_day *day, struct bytes message_id)
{
	int64_t key;

	if (!day->bloom)
		return false;
	key = journal_name_hash(atomic_load(&day->seed), NAME_MESSAGE, message_id);
	return !journal_bloom_may_hold(day->bloom, (uint64_t)key);
}

outcome journal_seen_on(struct journal_day *day, struct bytes sender_id, struct bytes message_id,
	int64_t since_ms, struct journal_seen *out, struct journal_piece *answer, struct err *e)
{
	struct question q = {sender_id, message_id, since_ms, false, out, answer};
	struct journal_reader *reader;
	bool again = !certainly_unknown(day, message_id);
	outcome r = DONE;

	*out = (struct journal_seen){.state = SEEN_NONE};
	*answer = (struct journal_piece){.size = 0};
	while (r.ok && again) {
		TRY(journal_day_take(day, &reader, e));
		r = seen_search(day, reader, &q, e);
		again = !q.known && journal_day_outlived(day, reader);
		journal_day_give(day, reader, r.ok);
	}
	return r;
}

/* Straight into the pool: a reader is kept, and what it holds with it. */
static outcome answer_copy(struct journal_day *day, struct journal_reader *reader, const struct journal_piece *octets,
	struct pool *pool, struct bytes *out, struct err *e)
{
	unsigned char *copy = pool_alloc(pool, octets->size + 1);

	if (!copy)
		return err_set(e, REASON_MEMORY, "the first answer has %llu octets", (unsigned long long)octets->size);
	copy[octets->size] = '\0';
	*out = (struct bytes){copy, octets->size};
	return journal_log_piece(&reader->log, day->name, octets, copy, e);
}

/* The first answer sent in the exchange, when it is of this day: where it stands is known, or found out. */
static outcome answer_on(struct journal_day *day, const char *exchange, const struct journal_piece *known,
	struct pool *pool, struct bytes *out, bool *there, struct err *e)
{
	struct answer a = {exchange, *known};
	struct journal_reader *reader;
	outcome r = DONE;

	TRY(journal_day_take(day, &reader, e));
	if (a.octets.own.at == 0)
		r = places_search(day, reader, reader->name,
			journal_name_hash(reader->log.seed, NAME_EXCHANGE, bytes_str(exchange)), answer_judge, &a, e);
	*there = r.ok && a.octets.own.at != 0;
	if (*there)
		r = answer_copy(day, reader, &a.octets, pool, out, e);
	journal_day_give(day, reader, r.ok || e->reason == REASON_MEMORY);
	return r;
}

/* An answer that was filed before the word on its message: only the index knows its name. */
static outcome answer_find(struct journal_days *days, size_t from, struct pool *pool, int64_t since_ms,
	struct journal_seen *out, struct err *e)
{
	static const struct journal_piece unknown = {.size = 0};
	bool there = false;

	TRY(journal_indexer_settle(&days->indexer, e));
	for (size_t i = from; i < days->count && journal_day_end(days->item[i]->name) > since_ms && !there; i++)
		TRY(answer_on(days->item[i], out->exchange, &unknown, pool, &out->answer, &there, e));
	return DONE;
}

static outcome seen_find(struct journal_days *days, struct pool *pool, int64_t since_ms,
	struct journal_seen *out, struct err *e)
{
	const struct bytes sender_id = out->sender_id, message_id = out->message_id;
	struct journal_piece answer = {.size = 0};
	size_t at = 0;
	bool there;

	for (; at < days->count && journal_day_end(days->item[at]->name) > since_ms && out->state == SEEN_NONE; at++)
		TRY(journal_seen_on(days->item[at], sender_id, message_id, since_ms, out, &answer, e));
	out->sender_id = sender_id;
	out->message_id = message_id;
	if (out->state != SEEN_ANSWERED)
		return DONE;
	if (answer.own.at == 0)
		return answer_find(days, at - 1, pool, since_ms, out, e);
	return answer_on(days->item[at - 1], out->exchange, &answer, pool, &out->answer, &there, e);
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
