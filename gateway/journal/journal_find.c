/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_find - facts read by any process, newest first.
 * Promise:  no read transaction is open while the caller looks at a fact: a reader who waits at his pager
 *           does not keep the gateway from cutting SQLite's log. A fact is read from the log and checked.
 * Not here: the replay memory (journal_seen.c). */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "journal_int.h"

enum { LIMIT = 1000 };

/* Filters that are one text of a fact; of those with a name the index knows the places, of others the entries that have
 * such a word. */
static const struct column {
	size_t filter, fact;
	bool named;
	enum journal_name as;
} columns[] = {
#define COLUMN(name, ...) {offsetof(struct journal_filter, name), offsetof(struct journal_fact, name), __VA_ARGS__}
	COLUMN(message_id, true, NAME_MESSAGE),
	COLUMN(exchange, true, NAME_EXCHANGE),
	COLUMN(error_id, true, NAME_ERROR),
	COLUMN(correlation_id, true, NAME_CORRELATION),
	COLUMN(participant, false, 0),
	COLUMN(service_id, false, 0),
	COLUMN(sender_id, false, 0)};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

struct row {
	int64_t at_ms, number;
};

struct search {
	const char *directory;
	const struct journal_filter *filter;
	bool (*each)(void *ctx, const struct journal_fact *fact);
	void *ctx;
	size_t left; /* facts still wanted */
	struct buf sql, words, rows, head, octets;
	int64_t oldest_ms; /* of this day no older one is wanted */
};

static const char *filter_text(const struct journal_filter *f, const struct column *c)
{
	const char *text;

	memcpy(&text, (const char *)f + c->filter, sizeof text);
	return text;
}

static struct bytes fact_text(const struct journal_fact *f, const struct column *c)
{
	struct bytes text;

	if (c->fact == offsetof(struct journal_fact, exchange))
		return bytes_str(f->exchange);
	memcpy(&text, (const char *)f + c->fact, sizeof text);
	return text;
}

/* The first filter whose places the index knows, or NULL. */
static const struct column *named_filter(const struct journal_filter *f)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (columns[i].named && filter_text(f, &columns[i]))
			return &columns[i];
	}
	return NULL;
}

/* --- what is wanted --- */

static bool fact_fits(const struct journal_filter *f, const struct journal_fact *fact)
{
	bool fits = (!f->since_ms || fact->at.ms >= f->since_ms) && (!f->until_ms || fact->at.ms <= f->until_ms) &&
		(!f->refused_only || fact->verdict == JOURNAL_REFUSED);

	for (size_t i = 0; fits && i < COLUMNS; i++) {
		const char *wanted = filter_text(f, &columns[i]);
		struct bytes has = fact_text(fact, &columns[i]);

		fits = !wanted || (has.n > 0 && bytes_is(has, wanted)); /* an absent text is not an empty one */
	}
	return fits;
}

static int newest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? 1 : -1;
	return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

/* Of more than are wanted the newest stay. */
static void rows_sort(struct search *s)
{
	const struct row *rows = (const struct row *)(const void *)s->rows.data;
	const size_t count = s->rows.len / sizeof *rows;

	if (count > 0)
		qsort(s->rows.data, count, sizeof *rows, newest_first);
	if (count < s->left)
		return;
	s->rows.len = s->left * sizeof *rows;
	s->oldest_ms = rows[s->left - 1].at_ms;
}

static void row_add(struct search *s, int64_t at_ms, int64_t number)
{
	const struct row row = {at_ms, number};

	buf_add(&s->rows, (struct bytes){(const unsigned char *)&row, sizeof row});
	if (s->rows.len / sizeof row / 2 >= s->left)
		rows_sort(s);
}

static bool record_each(void *ctx, const struct journal_record *record)
{
	struct search *s = ctx;

	for (size_t i = 0; i < record->fact_count; i++) {
		if (fact_fits(s->filter, &record->facts[i]))
			row_add(s, record->facts[i].at.ms, journal_fact_number(record->place, i));
	}
	return true;
}

/* --- in the index --- */

/* Tells places and when their newest facts were; the newest come first, but named ones, of which the index says no time. */
static void search_word(struct search *s)
{
	if (named_filter(s->filter)) {
		buf_str(&s->sql, JOURNAL_PLACES("abs(n.place), 9223372036854775807") " ORDER BY 1 DESC");
		return;
	}
	buf_str(&s->sql, "SELECT place, at_ms FROM entry WHERE at_ms >= ?1 AND at_ms <= ?2 + (SELECT older_ms FROM log)"
			 " AND at_ms - older_ms <= ?2");
	for (size_t i = 0; i < COLUMNS; i++) {
		if (filter_text(s->filter, &columns[i]))
			buf_str(&s->sql, " AND instr(words, ?)");
	}
	if (s->filter->refused_only)
		buf_str(&s->sql, " AND refused");
	buf_str(&s->sql, " ORDER BY at_ms DESC, place DESC");
}

/* A word as it stands in the index; memory is the search's. */
static bool bind_word(struct search *s, sqlite3_stmt *stmt, int at, const char *word)
{
	buf_clear(&s->words);
	buf_printf(&s->words, "\n%s\n", word);
	return buf_ok(&s->words) &&
		sqlite3_bind_text64(stmt, at, buf_cstr(&s->words), s->words.len, SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
}

static bool search_bind(struct search *s, uint64_t seed, sqlite3_stmt *stmt)
{
	const struct journal_filter *f = s->filter;
	const struct column *named = named_filter(f);
	bool ok;
	int at = 3;

	if (named) {
		const int64_t hash = journal_name_hash(seed, named->as, bytes_str(filter_text(f, named)));

		return sqlite3_bind_int64(stmt, 1, hash) == SQLITE_OK;
	}
	ok = sqlite3_bind_int64(stmt, 1, f->since_ms ? f->since_ms : INT64_MIN) == SQLITE_OK &&
		sqlite3_bind_int64(stmt, 2, f->until_ms ? f->until_ms : INT64_MAX / 2) == SQLITE_OK;
	for (size_t i = 0; i < COLUMNS; i++) {
		if (filter_text(f, &columns[i]))
			ok = ok && bind_word(s, stmt, at++, filter_text(f, &columns[i]));
	}
	return ok;
}

/* The facts of the record that are wanted. One that cannot be read is told of in its turn, which fails. */
static void place_look(struct search *s, struct journal_view *view, uint64_t place, int64_t at_ms)
{
	struct journal_record record;
	struct err e;

	if (journal_log_record(&view->log, view->day, place, &s->head, &record, &e).ok)
		record_each(s, &record);
	else
		row_add(s, at_ms, journal_fact_number(place, 0));
}

static outcome rows_of_index(struct search *s, struct journal_view *view, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_ERROR;
	outcome r = DONE;

	TRY(journal_prepare(view->db, view->day, buf_cstr(&s->sql), &stmt, e));
	if (search_bind(s, view->log.seed, stmt)) {
		while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && sqlite3_column_int64(stmt, 1) >= s->oldest_ms)
			place_look(s, view, (uint64_t)sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1));
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		r = journal_fail(e, view->db, view->day, "search");
	sqlite3_finalize(stmt);
	return r;
}

/* Numbers of the facts wanted from this day, into s->rows. */
static outcome rows_find(struct search *s, struct journal_view *view, struct err *e)
{
	uint64_t end;

	buf_clear(&s->rows);
	s->oldest_ms = INT64_MIN;
	if (view->db)
		TRY(rows_of_index(s, view, e));
	journal_view_rest(view);
	TRY(journal_log_tail(&view->log, view->day, view->applied, &end, record_each, s, e));
	if (!buf_ok(&s->rows))
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: no memory for the list of facts", view->day);
	rows_sort(s);
	return DONE;
}

static outcome row_tell(struct search *s, struct journal_view *view, int64_t number, struct err *e)
{
	struct journal_record record;
	size_t at = (size_t)(number % 16);
	struct journal_fact *fact = &record.facts[at];

	TRY(journal_log_record(&view->log, view->day, (uint64_t)number / 16, &s->head, &record, e));
	if (at >= record.fact_count)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: a fact that its index names is not there", view->day);
	if (s->filter->with_octets || s->filter->with_sha256)
		TRY(journal_log_octets(&view->log, view->day, &record.octets[at], &s->octets, e));
	if (s->filter->with_octets)
		fact->octets = buf_bytes(&s->octets);
	if (s->filter->with_sha256 && fact->kept == fact->size &&
		EVP_Digest(s->octets.data, s->octets.len, fact->sha256, NULL, EVP_sha256(), NULL) != 1)
		return err_set(e, REASON_JOURNAL_DOWN, "journal-%s.log: a digest cannot be made", view->day);
	/* Numbers begin anew each day. */
	fact->id = journal_day_midnight(view->day) / 86400000 << 48 | number;
	s->left = s->each(s->ctx, fact) ? s->left - 1 : 0;
	return DONE;
}

static outcome search_day(struct search *s, const char *day, struct err *e)
{
	SCOPED(journal_view_close) struct journal_view view;
	const struct row *rows;
	bool gone;

	TRY(journal_view_open(s->directory, day, &view, &gone, e));
	if (gone)
		return DONE;
	TRY(rows_find(s, &view, e));
	rows = (const struct row *)(const void *)s->rows.data;
	for (size_t i = 0; i < s->rows.len / sizeof *rows && s->left > 0; i++)
		TRY(row_tell(s, &view, rows[i].number, e));
	return DONE;
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
		.words = BUF(SIZE_MAX / 4),
		.rows = BUF(SIZE_MAX / 4),
		.head = BUF(SIZE_MAX / 4),
		.octets = BUF(SIZE_MAX / 4)};
	outcome r = journal_names_read(directory, &names, e);

	search_word(&s);
	for (size_t i = 0; r.ok && i < names.count && s.left > 0; i++) {
		if (f->since_ms && journal_day_end(names.day[i]) <= f->since_ms)
			break;
		r = search_day(&s, names.day[i], e);
	}
	buf_free(&s.sql);
	buf_free(&s.words);
	buf_free(&s.rows);
	buf_free(&s.head);
	buf_free(&s.octets);
	return r;
}
