/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help - folders, facts and waiting, for the tests of the journal. */
#ifndef QAQPA_TESTS_JOURNAL_HELP_H
#define QAQPA_TESTS_JOURNAL_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/journal.h"

#define UNUSED __attribute__((unused))

struct folder {
	char top[200], journal[220]; /* the journal's directory inside a folder of the test */
};

static UNUSED void folder_make(struct folder *f)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(f->top, sizeof f->top, "%s/qaqpa-journal-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->top));
	snprintf(f->journal, sizeof f->journal, "%s/journal", f->top);
}

static UNUSED void folder_path(const struct folder *f, const char *name, char out[512])
{
	snprintf(out, 512, "%s/%s", f->journal, name);
}

static UNUSED void folder_drop(struct folder *f)
{
	char path[512];
	struct dirent *entry;
	DIR *dir = opendir(f->journal);

	while (dir && (entry = readdir(dir)) != NULL) {
		folder_path(f, entry->d_name, path);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(f->journal);
	rmdir(f->top);
}

static UNUSED bool file_there(const struct folder *f, const char *name)
{
	char path[512];

	folder_path(f, name, path);
	return access(path, F_OK) == 0;
}

static UNUSED void file_fill(const struct folder *f, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	folder_path(f, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 200; i++)
		assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static UNUSED struct journal *journal_start_with(const struct folder *f, struct journal_settings s)
{
	struct journal *j = NULL;
	struct err e = {.detail = ""};

	s.directory = f->journal;
	if (!journal_open(&s, &j, &e).ok)
		fail_msg("journal_open: %s", e.detail);
	return j;
}

static UNUSED struct journal *journal_start(const struct folder *f)
{
	return journal_start_with(f, (struct journal_settings){.retention_days = 0});
}

static UNUSED struct stamp at(const char *text)
{
	struct stamp s;

	assert_true(stamp_parse(bytes_str(text), &s));
	return s;
}

static UNUSED struct journal_fact fact_of(const char *when, const char *exchange, const char *message_id)
{
	struct journal_fact fact = {.at = at(when), .message_id = bytes_str(message_id), .size = 3};

	snprintf(fact.exchange, sizeof fact.exchange, "%s", exchange);
	return fact;
}

/* An entry whose putter waits for it. */
struct ticket {
	struct journal_entry entry;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	int calls;
	bool ok;
	struct err e;
};

static UNUSED void ticket_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct ticket *t = entry->ctx;

	pthread_mutex_lock(&t->lock);
	t->calls++;
	t->ok = result.ok;
	if (!result.ok)
		t->e = *e;
	pthread_cond_signal(&t->turned);
	pthread_mutex_unlock(&t->lock);
}

static UNUSED void ticket_put_with(struct journal *j, struct ticket *t, const struct journal_fact *facts,
	size_t count, const struct journal_seen *seen, const struct journal_waiting *waiting)
{
	*t = (struct ticket){.entry = {.facts = facts,
				     .fact_count = count,
				     .seen = seen,
				     .waiting = waiting,
				     .done = ticket_done,
				     .ctx = t}};
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->turned, NULL);
	journal_put(j, &t->entry);
}

static UNUSED void ticket_put(struct journal *j, struct ticket *t, const struct journal_fact *facts,
	size_t count, const struct journal_seen *seen)
{
	ticket_put_with(j, t, facts, count, seen, NULL);
}

/* True when it was committed; else *e says why not. */
static UNUSED bool ticket_wait(struct ticket *t, struct err *e)
{
	pthread_mutex_lock(&t->lock);
	while (t->calls == 0)
		pthread_cond_wait(&t->turned, &t->lock);
	pthread_mutex_unlock(&t->lock);
	pthread_cond_destroy(&t->turned);
	pthread_mutex_destroy(&t->lock);
	if (e)
		*e = t->e;
	return t->ok;
}

static UNUSED bool put_wait(struct journal *j, const struct journal_fact *facts, size_t count,
	const struct journal_seen *seen, struct err *e)
{
	struct ticket t;

	ticket_put(j, &t, facts, count, seen);
	return ticket_wait(&t, e);
}

static UNUSED bool put_fact(struct journal *j, const char *when, const char *exchange, const char *message_id)
{
	struct journal_fact fact = fact_of(when, exchange, message_id);

	return put_wait(j, &fact, 1, NULL, NULL);
}

/* Keeps the journal's thread in a callback until it is let go, so that entries gather behind it. */
struct hold {
	struct journal_entry entry;
	struct journal_fact fact;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	bool held, let_go;
};

static UNUSED void hold_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct hold *h = entry->ctx;

	(void)result;
	(void)e;
	pthread_mutex_lock(&h->lock);
	h->held = true;
	pthread_cond_broadcast(&h->turned);
	while (!h->let_go)
		pthread_cond_wait(&h->turned, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

static UNUSED void hold_begin(struct journal *j, struct hold *h, const char *when)
{
	*h = (struct hold){.fact = fact_of(when, "{hold}", "hold")};
	h->entry = (struct journal_entry){.facts = &h->fact, .fact_count = 1, .done = hold_done, .ctx = h};
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->turned, NULL);
	journal_put(j, &h->entry);
	pthread_mutex_lock(&h->lock);
	while (!h->held)
		pthread_cond_wait(&h->turned, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

static UNUSED void hold_end(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	h->let_go = true;
	pthread_cond_broadcast(&h->turned);
	pthread_mutex_unlock(&h->lock);
}

/* The message ids that a search tells, in order, each followed by a space. */
struct told {
	struct buf ids;
	int count, stop_after; /* 0: never */
};

static UNUSED bool told_each(void *ctx, const struct journal_fact *fact)
{
	struct told *t = ctx;

	buf_add(&t->ids, fact->message_id);
	buf_char(&t->ids, ' ');
	return ++t->count != t->stop_after;
}

static UNUSED int facts_count(const char *directory, const struct journal_filter *f)
{
	struct told told = {.ids = BUF(1 << 20)};
	struct err e = {.detail = ""};

	if (!journal_find(directory, f, told_each, &told, &e).ok)
		fail_msg("journal_find: %s", e.detail);
	buf_free(&told.ids);
	return told.count;
}

/* Of a journal that nobody has open. */
static UNUSED void file_is_whole(const struct folder *f, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	char path[512];

	folder_path(f, name, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

#endif
