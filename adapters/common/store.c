/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store - see store.h.
 * Owns: one connection and the lock that makes units follow each other within the process; BEGIN IMMEDIATE
 *       does it between processes. */
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/store.h"

#define BUSY_MS 20000

struct store {
	sqlite3 *db;
	pthread_mutex_t lock;
};

static void finish(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}

static outcome broken(struct store *s, const char *what, struct err *e)
{
	return err_set(e, REASON_IO, "state: %s: %s", what, sqlite3_errmsg(s->db));
}

static outcome execute(struct store *s, const char *sql, struct err *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? DONE : broken(s, sql, e);
}

void store_close(struct store **s)
{
	if (!*s)
		return;
	sqlite3_close(s[0]->db);
	pthread_mutex_destroy(&s[0]->lock);
	free(*s);
	*s = NULL;
}

outcome store_open(const char *directory, const char *file, const char *schema, struct store **out,
	struct err *e)
{
	SCOPED(store_close) struct store *s = NULL;
	SCOPED(buf_free) struct buf path = BUF(4096);

	buf_printf(&path, "%s/%s", directory, file);
	if (!buf_ok(&path))
		return err_set(e, REASON_IO, "state: the path is too long");
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return err_set(e, REASON_IO, "state: %s cannot be made: %s", directory, strerror(errno));
	s = calloc(1, sizeof *s);
	if (!s)
		return err_set(e, REASON_MEMORY, "state");
	pthread_mutex_init(&s->lock, NULL);
	if (sqlite3_open(buf_cstr(&path), &s->db) != SQLITE_OK)
		return broken(s, buf_cstr(&path), e);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	TRY(execute(s, "PRAGMA journal_mode=WAL", e));
	TRY(execute(s, "PRAGMA synchronous=FULL", e));
	TRY(execute(s, schema, e));
	*out = s;
	s = NULL;
	return DONE;
}

outcome store_open_state(const char *directory, const char *file, const char *schema, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = store_open(directory, file, schema, &s, e);

	*state = s;
	return result;
}

void store_close_state(void *state)
{
	struct store *s = state;

	store_close(&s);
}

outcome store_transact(struct store *s, outcome (*body)(struct store *s, void *ctx, struct err *e), void *ctx,
	struct err *e)
{
	outcome result;

	pthread_mutex_lock(&s->lock);
	result = execute(s, "BEGIN IMMEDIATE", e);
	if (result.ok) {
		result = body(s, ctx, e);
		if (result.ok)
			result = execute(s, "COMMIT", e);
		if (!result.ok)
			(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	}
	pthread_mutex_unlock(&s->lock);
	return result;
}

static outcome copy_row(struct store *s, sqlite3_stmt *stmt, const struct store_column *columns, size_t n,
	struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char *text = sqlite3_column_text(stmt, (int)i);
		size_t length = (size_t)sqlite3_column_bytes(stmt, (int)i);

		if (length >= columns[i].room)
			return broken(s, "a text is longer than its room", e);
		if (length > 0)
			memcpy(columns[i].text, text, length);
		columns[i].text[length] = '\0';
	}
	return DONE;
}

static outcome prepare(struct store *s, const char *sql, const char *const *values, size_t n, sqlite3_stmt **stmt,
	struct err *e)
{
	if (sqlite3_prepare_v2(s->db, sql, -1, stmt, NULL) != SQLITE_OK)
		return broken(s, sql, e);
	for (size_t i = 0; i < n; i++) {
		if (sqlite3_bind_text(*stmt, (int)i + 1, values[i], -1, SQLITE_STATIC) != SQLITE_OK)
			return broken(s, sql, e);
	}
	return DONE;
}

outcome store_run(struct store *s, const char *sql, const char *const *values, size_t n,
	const struct store_column *columns, size_t column_count, bool *found, struct err *e)
{
	SCOPED(finish) sqlite3_stmt *stmt = NULL;
	int rc;

	TRY(prepare(s, sql, values, n, &stmt, e));
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return broken(s, sql, e);
	if (found)
		*found = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		TRY(copy_row(s, stmt, columns, column_count, e));
	while (rc == SQLITE_ROW) /* to the end, so that a writing statement has its whole effect */
		rc = sqlite3_step(stmt);
	return rc == SQLITE_DONE ? DONE : broken(s, sql, e);
}

struct alone {
	const char *sql;
	const char *const *values;
	size_t n;
	const struct store_column *columns;
	size_t column_count;
	bool *found;
};

static outcome run_in_unit(struct store *s, void *ctx, struct err *e)
{
	const struct alone *a = ctx;

	return store_run(s, a->sql, a->values, a->n, a->columns, a->column_count, a->found, e);
}

outcome store_do(struct store *s, const char *sql, const char *const *values, size_t n,
	const struct store_column *columns, size_t column_count, bool *found, struct err *e)
{
	return store_transact(s, run_in_unit, &(struct alone){sql, values, n, columns, column_count, found}, e);
}

outcome store_each(struct store *s, const char *sql, const char *const *values, size_t n,
	outcome (*row)(const char *const *texts, void *ctx, struct err *e), void *ctx, struct err *e)
{
	SCOPED(finish) sqlite3_stmt *stmt = NULL;
	const char *texts[STORE_COLUMNS];
	int rc;

	TRY(prepare(s, sql, values, n, &stmt, e));
	if (sqlite3_column_count(stmt) > STORE_COLUMNS)
		return err_set(e, REASON_IO, "state: %s has too many columns", sql);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			texts[i] = (const char *)sqlite3_column_text(stmt, i);
			texts[i] = texts[i] ? texts[i] : "";
		}
		TRY(row(texts, ctx, e));
	}
	return rc == SQLITE_DONE ? DONE : broken(s, sql, e);
}
