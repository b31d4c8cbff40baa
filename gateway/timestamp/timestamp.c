/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp - orders and tokens on disk; start and stop.
 * Promise:  an order is a file before anybody is told that it was taken, and goes only when its token is a file; so
 *           whatever the process dies of, a restart finds every order that has no token.
 * Not here: when an order is asked (timestamp_run). */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cond.h"
#include "base/file.h"
#include "base/thread.h"

#include "timestamp/timestamp_int.h"

static bool name_is_fit(struct bytes name)
{
	if (name.n == 0 || name.n > NAME_MOST)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = name.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'))
			return false;
	}
	return true;
}

static char *path_of(const char *directory, const char *what)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", directory, what) < 0 ? NULL : path;
}

static void free_text(char **text)
{
	free(*text);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* What was being made when the process died is nothing. */
static bool swept(DIR *dir, const char *name)
{
	if (name[0] == '.')
		unlinkat(dirfd(dir), name, 0);
	return name[0] == '.';
}

static outcome sweep(const char *folder, struct err *e)
{
	SCOPED(close_dir) DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return err_set(e, REASON_IO, "%s: %m", folder);
	while ((entry = readdir(dir)) != NULL)
		(void)swept(dir, entry->d_name);
	return DONE;
}

outcome timestamp_scan(struct timestamp *t, bool count, struct err *e)
{
	SCOPED(close_dir) DIR *dir = opendir(t->orders);
	struct dirent *entry;

	t->beyond = false;
	if (!dir)
		return err_set(e, REASON_IO, "%s: %m", t->orders);
	while ((entry = readdir(dir)) != NULL) {
		struct order o = {.due_ms = 0};

		if (!name_is_fit(bytes_str(entry->d_name)))
			continue;
		if (count)
			atomic_fetch_add(&t->waiting, 1);
		snprintf(o.name, sizeof o.name, "%.*s", NAME_MOST, entry->d_name);
		if (!line_put(&t->line, &o))
			t->beyond = true;
	}
	return DONE;
}

static void init(struct timestamp *t, const struct timestamp_settings *s)
{
	t->s = *s;
	t->orders = path_of(s->directory, "orders");
	t->tokens = path_of(s->directory, "tokens");
	pthread_mutex_init(&t->lock, NULL);
	cond_init(&t->turned);
	for (size_t i = 0; i < ASKED_MOST; i++) {
		t->questions[i] = (struct question){.of = t, .next = t->spare, .body = BUF(4096)};
		t->spare = &t->questions[i];
	}
}

static void drop(struct timestamp *t)
{
	for (size_t i = 0; i < ASKED_MOST; i++)
		buf_free(&t->questions[i].body);
	while (t->answered) {
		buf_free(&t->answered->result.body);
		t->answered = t->answered->next;
	}
	line_free(&t->line);
	pthread_cond_destroy(&t->turned);
	pthread_mutex_destroy(&t->lock);
	free(t->orders);
	free(t->tokens);
	free(t);
}

static outcome open_all(struct timestamp *t, struct err *e)
{
	if (!t->orders || !t->tokens)
		return err_set(e, REASON_MEMORY, "time-stamps");
	TRY(file_folder(t->s.directory, e));
	TRY(file_folder(t->orders, e));
	TRY(file_folder(t->tokens, e));
	TRY(sweep(t->orders, e));
	TRY(sweep(t->tokens, e));
	TRY(timestamp_scan(t, true, e));
	t->egress = egress_start();
	if (!t->egress)
		return err_set(e, REASON_IO, "time-stamps: no thread for their calls");
	return thread_start(&t->thread, timestamp_run, t) ? DONE : err_set(e, REASON_IO, "time-stamps: no thread");
}

outcome timestamp_start(const struct timestamp_settings *s, struct timestamp **out, struct err *e)
{
	struct timestamp *t = calloc(1, sizeof *t);

	BUG_IF(s->digest == TIMESTAMP_SHA1 || s->digest >= TIMESTAMP_DIGEST_COUNT);
	if (!t)
		return err_set(e, REASON_MEMORY, "time-stamps");
	init(t, s);
	if (!open_all(t, e).ok) {
		egress_stop(&t->egress);
		drop(t);
		return FAILED;
	}
	*out = t;
	return DONE;
}

void timestamp_stop(struct timestamp **of)
{
	struct timestamp *t = *of;

	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopping = true;
	pthread_cond_signal(&t->turned);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL); /* from here on nobody submits a call */
	egress_stop(&t->egress);
	drop(t);
	*of = NULL;
}

bool timestamp_has_token(const struct timestamp *t, const char *name)
{
	SCOPED(free_text) char *path = path_of(t->tokens, name);

	return path && access(path, F_OK) == 0;
}

void timestamp_settle(struct timestamp *t, const char *name)
{
	SCOPED(free_text) char *path = path_of(t->orders, name);

	if (path && unlink(path) == 0)
		atomic_fetch_sub(&t->waiting, 1);
}

static void put(struct timestamp *t, const char *name)
{
	struct order o = {.due_ms = 0};

	snprintf(o.name, sizeof o.name, "%s", name);
	pthread_mutex_lock(&t->lock);
	if (!line_put(&t->line, &o))
		t->beyond = true;
	pthread_cond_signal(&t->turned);
	pthread_mutex_unlock(&t->lock);
}

outcome timestamp_order(struct timestamp *t, struct bytes name, struct bytes imprint, struct err *e)
{
	const struct digest_row *row = timestamp_digest_row(t->s.digest);
	SCOPED(buf_free) struct buf text = BUF(512);
	char file[NAME_MOST + 1];
	bool made;

	if (!name_is_fit(name) || imprint.n != row->octets)
		return err_set(e, REASON_IO, "an order of a time-stamp has no fit name or imprint");
	snprintf(file, sizeof file, "%.*s", (int)name.n, (const char *)name.p);
	if (timestamp_has_token(t, file))
		return DONE;
	buf_printf(&text, "%s ", row->oid); /* the configuration may change before the token comes */
	buf_hex(&text, imprint);
	buf_char(&text, '\n');
	if (!buf_ok(&text))
		return err_set(e, REASON_MEMORY, "order of a time-stamp");
	TRY(file_create(t->orders, file, buf_bytes(&text), &made, e));
	if (!made)
		return DONE;
	atomic_fetch_add(&t->waiting, 1);
	put(t, file);
	return DONE;
}

bool timestamp_token_read(const char *directory, struct bytes name, struct buf *out)
{
	SCOPED(free_text) char *folder = path_of(directory, "tokens");
	char file[NAME_MOST + 1];

	if (!folder || !name_is_fit(name))
		return false;
	snprintf(file, sizeof file, "%.*s", (int)name.n, (const char *)name.p);
	return file_read(folder, file, TOKEN_MOST, out, NULL).ok;
}

size_t timestamp_waiting(const struct timestamp *t)
{
	long n = atomic_load(&t->waiting);

	return n > 0 ? (size_t)n : 0;
}
