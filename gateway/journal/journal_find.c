/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_find - facts read by any process, newest first.
 * Promise:  no read transaction is open while the caller looks at a fact: a reader who waits at his pager
 *           does not keep the gateway from cutting its log.
 * Not here: the replay memory (journal_seen.c). */
#include <stdlib.h>
#include <string.h>

#include "journal_int.h"

enum { LIMIT = 1000 };

/* Filters that are one column compared with one text. */
static const struct {
	size_t offset;
	const char *clause;
} columns[] = {{offsetof(struct journal_filter, message_id), " AND message_id = ?"},
	{offsetof(struct journal_filter, correlation_id), " AND correlation_id = ?"},
	{offsetof(struct journal_filter, exchange), " AND exchange = ?"},
	{offsetof(struct journal_filter, participant), " AND participant = ?"},
	{offsetof(struct journal_filter, service_id), " AND service_id = ?"},
	{offsetof(struct journal_filter, error_id), " AND error_id = ?"},
	{offsetof(struct journal_filter, sender_id), " AND sender_id = ?"}};

struct search {
	const char *directory;
	const struct journal_filter *filter;
	bool (*each)(void *ctx, const struct journal_fact *fact);
	void *ctx;
	size_t left; /* facts still wanted */
	struct buf sql, rows, memory;
};

static const char *filter_text(const struct journal_filter *f, size_t i)
{
	const char *text;

	memcpy(&text, (const char *)f + columns[i].offset, sizeof text);
	return text;
}

static void search_word(struct search *s)
{
	buf_str(&s->sql, "SELECT id FROM fact WHERE 1");
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		if (filter_text(s->filter, i))
			buf_str(&s->sql, columns[i].clause);
	}
	if (s->filter->since_ms)
		buf_str(&s->sql, " AND at_ms >= ?");
	if (s->filter->until_ms)
		buf_str(&s->sql, " AND at_ms <= ?");
	if (s->filter->refused_only)
		buf_printf(&s->sql, " AND verdict = %d", JOURNAL_REFUSED);
	buf_str(&s->sql, " ORDER BY at_ms DESC, id DESC LIMIT ?");
}

static bool search_bind(const struct search *s, sqlite3_stmt *stmt)
{
	bool ok = true;
	int at = 1;

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		if (filter_text(s->filter, i))
			ok = journal_bind(stmt, at++, bytes_str(filter_text(s->filter, i))) && ok;
	}
	if (s->filter->since_ms)
		ok = sqlite3_bind_int64(stmt, at++, s->filter->since_ms) == SQLITE_OK && ok;
	if (s->filter->until_ms)
		ok = sqlite3_bind_int64(stmt, at++, s->filter->until_ms) == SQLITE_OK && ok;
	return sqlite3_bind_int64(stmt, at, (int64_t)s->left) == SQLITE_OK && ok;
}

/* Row numbers of the facts wanted from this file, into s->rows. */
static outcome rows_find(struct search *s, sqlite3 *db, const char *day, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_ERROR;
	outcome r = DONE;

	buf_clear(&s->rows);
	TRY(journal_prepare(db, day, buf_cstr(&s->sql), &stmt, e));
	if (search_bind(s, stmt)) {
		while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
			int64_t id = sqlite3_column_int64(stmt, 0);

			buf_add(&s->rows, (struct bytes){(const unsigned char *)&id, sizeof id});
		}
	}
	if (rc != SQLITE_DONE)
		r = journal_fail(e, db, day, "search");
	else if (!buf_ok(&s->rows))
		r = err_set(
			e, REASON_JOURNAL_DOWN, "journal-%s.sqlite: no memory for the list of facts", day);
	sqlite3_finalize(stmt);
	return r;
}

static outcome row_read(struct search *s, sqlite3 *db, sqlite3_stmt *stmt, const char *day, int64_t id,
	struct journal_fact *fact, struct err *e)
{
	outcome r;

	if (sqlite3_bind_int64(stmt, 1, id) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW)
		r = journal_fail(e, db, day, "read a fact");
	else
		r = journal_fact_read(stmt, day, &s->memory, fact, e);
	sqlite3_reset(stmt);
	return r;
}

static outcome rows_tell(struct search *s, sqlite3 *db, const char *day, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	struct journal_fact fact;
	outcome r = DONE;
	int64_t id;

	TRY(journal_prepare(db, day, journal_fact_select(s->filter->with_octets), &stmt, e));
	for (size_t at = 0; r.ok && s->left > 0 && at < s->rows.len; at += sizeof id) {
		memcpy(&id, s->rows.data + at, sizeof id);
		r = row_read(s, db, stmt, day, id, &fact, e);
		if (r.ok)
			s->left = s->each(s->ctx, &fact) ? s->left - 1 : 0;
	}
	sqlite3_finalize(stmt);
	return r;
}

static outcome search_file(struct search *s, const char *day, struct err *e)
{
	sqlite3 *db = NULL;
	outcome r = journal_file_open(s->directory, day, JOURNAL_READ, &db, e);

	if (!r.ok) /* retention may have been quicker */
		return journal_file_exists(s->directory, day) ? r : DONE;
	r = rows_find(s, db, day, e);
	if (r.ok)
		r = rows_tell(s, db, day, e);
	sqlite3_close(db);
	return r;
}

outcome journal_find(const char *directory, const struct journal_filter *f,
	bool (*each)(void *ctx, const struct journal_fact *fact), void *ctx, struct err *e)
{
	SCOPED(journal_names_free) struct journal_names names = {NULL, 0};
	struct search s = {.directory = directory,
		.filter = f,
		.each = each,
		.ctx = ctx,
		.left = f->limit ? f->limit : LIMIT,
		.sql = BUF(4096),
		.rows = BUF(SIZE_MAX / 4),
		.memory = BUF(SIZE_MAX / 4)};
	outcome r = journal_names_read(directory, &names, e);

	search_word(&s);
	for (size_t i = 0; r.ok && i < names.count && s.left > 0; i++) {
		if (f->since_ms && journal_day_end(names.day[i]) <= f->since_ms)
			break;
		r = search_file(&s, names.day[i], e);
	}
	buf_free(&s.sql);
	buf_free(&s.rows);
	buf_free(&s.memory);
	return r;
}
