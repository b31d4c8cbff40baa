/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_fact - facts as rows of the table fact, both ways.
 * Promise:  what is read is what was written, octet for octet.
 * Not here: the table itself (journal_file.c), searching (journal_find.c). */
#include <string.h>

#include "journal_int.h"

#define COLUMNS \
	"at_ms, at, exchange, direction, kind, verdict, duration_us, sha256, size, participant, peer," \
	" service_id, sender_id, message_id, correlation_id, certificate, subject, reason, detail, error_id"

/* The order of COLUMNS; parameters of a statement count from one. */
enum { AT_MS, AT, EXCHANGE, DIRECTION, KIND, VERDICT, DURATION, SHA256, SIZE, TEXTS };

/* Where the texts of a fact are, in the order of COLUMNS. */
static const size_t texts[] = {offsetof(struct journal_fact, participant),
	offsetof(struct journal_fact, peer), offsetof(struct journal_fact, service_id),
	offsetof(struct journal_fact, sender_id), offsetof(struct journal_fact, message_id),
	offsetof(struct journal_fact, correlation_id), offsetof(struct journal_fact, certificate),
	offsetof(struct journal_fact, subject), offsetof(struct journal_fact, reason),
	offsetof(struct journal_fact, detail), offsetof(struct journal_fact, error_id)};

enum { TEXT_COUNT = sizeof texts / sizeof texts[0], OCTETS = TEXTS + TEXT_COUNT, ROW_ID };

const char journal_fact_insert[] = "INSERT INTO fact(" COLUMNS ", octets) VALUES"
				   "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

const char *journal_fact_select(bool with_octets)
{
	return with_octets ? "SELECT " COLUMNS ", octets, id FROM fact WHERE id = ?"
			   : "SELECT " COLUMNS ", NULL, id FROM fact WHERE id = ?";
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

/* Absent texts are NULL, so that they stay out of the indexes. */
static bool bind_text(sqlite3_stmt *stmt, int column, struct bytes text)
{
	if (text.n == 0)
		return sqlite3_bind_null(stmt, column + 1) == SQLITE_OK;
	return journal_bind(stmt, column + 1, text);
}

static bool bind_number(sqlite3_stmt *stmt, int column, int64_t n)
{
	return sqlite3_bind_int64(stmt, column + 1, n) == SQLITE_OK;
}

static bool bind_octets(sqlite3_stmt *stmt, int column, struct bytes b)
{
	return (b.n == 0 ? sqlite3_bind_null(stmt, column + 1)
			 : sqlite3_bind_blob64(stmt, column + 1, b.p, b.n, SQLITE_STATIC)) == SQLITE_OK;
}

outcome journal_fact_put(
	sqlite3 *db, sqlite3_stmt *insert, const char *day, const struct journal_fact *fact, struct err *e)
{
	char at[STAMP_TEXT];
	bool ok;

	stamp_print(fact->at, at);
	ok = bind_number(insert, AT_MS, fact->at.ms) && bind_text(insert, AT, bytes_str(at)) &&
		bind_text(insert, EXCHANGE, bytes_str(fact->exchange)) &&
		bind_number(insert, DIRECTION, fact->direction) && bind_number(insert, KIND, fact->kind) &&
		bind_number(insert, VERDICT, fact->verdict) &&
		bind_number(insert, DURATION, fact->duration_us) &&
		bind_octets(insert, SHA256, (struct bytes){fact->sha256, sizeof fact->sha256}) &&
		bind_number(insert, SIZE, (int64_t)fact->size) && bind_octets(insert, OCTETS, fact->octets);
	for (int i = 0; ok && i < TEXT_COUNT; i++) {
		struct bytes text;

		memcpy(&text, (const char *)fact + texts[i], sizeof text);
		ok = bind_text(insert, TEXTS + i, text);
	}
	ok = ok && sqlite3_step(insert) == SQLITE_DONE;
	if (!ok)
		journal_fail(e, db, day, "write a fact");
	sqlite3_reset(insert);
	return ok ? DONE : FAILED;
}

static struct bytes column_copy(sqlite3_stmt *row, int column, unsigned char **to)
{
	struct bytes from = journal_column(row, column), b = {*to, from.n};

	if (b.n > 0)
		memcpy(*to, from.p, b.n);
	(*to)[b.n] = '\0';
	*to += b.n + 1;
	return b;
}

static void column_fixed(sqlite3_stmt *row, int column, void *out, size_t room)
{
	struct bytes from = journal_column(row, column);

	if (from.n > 0)
		memcpy(out, from.p, from.n < room ? from.n : room);
}

outcome journal_fact_read(
	sqlite3_stmt *row, const char *day, struct buf *memory, struct journal_fact *out, struct err *e)
{
	size_t need = 0;
	unsigned char *to;
	struct stamp at;

	for (int i = TEXTS; i <= OCTETS; i++)
		need += (size_t)sqlite3_column_bytes(row, i) + 1;
	buf_clear(memory);
	to = buf_reserve(memory, need);
	if (!to)
		return err_set(e, REASON_JOURNAL_DOWN,
			"journal-%s.sqlite: no memory for a fact of %zu octets", day, need);
	memset(out, 0, sizeof *out);
	/* Row numbers begin anew each day. */
	out->id = journal_day_midnight(day) / 86400000 << 32 | sqlite3_column_int64(row, ROW_ID);
	if (stamp_parse(bytes_str((const char *)sqlite3_column_text(row, AT)), &at))
		out->at = at;
	out->at.ms = sqlite3_column_int64(row, AT_MS);
	column_fixed(row, EXCHANGE, out->exchange, sizeof out->exchange - 1);
	out->direction = (enum journal_direction)sqlite3_column_int(row, DIRECTION);
	out->kind = (enum journal_kind)sqlite3_column_int(row, KIND);
	out->verdict = (enum journal_verdict)sqlite3_column_int(row, VERDICT);
	out->duration_us = sqlite3_column_int64(row, DURATION);
	column_fixed(row, SHA256, out->sha256, sizeof out->sha256);
	out->size = (size_t)sqlite3_column_int64(row, SIZE);
	for (int i = 0; i < TEXT_COUNT; i++) {
		struct bytes text = column_copy(row, TEXTS + i, &to);

		memcpy((char *)out + texts[i], &text, sizeof text);
	}
	out->octets = column_copy(row, OCTETS, &to);
	return DONE;
}
