/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal - opening and closing.
 * Promise:  a journal that opened has today's files, all of the replay memory and its threads; one that did
 *           not leaves nothing behind but what is on disk.
 * Not here: writing (journal_writer.c), reading (journal_find.c, journal_seen.c). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_int.h"

static struct journal *journal_new(const struct journal_settings *s)
{
	struct journal *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	j->directory = strdup(s->directory);
	if (!j->directory) {
		free(j);
		return NULL;
	}
	j->commit_us = s->commit_us;
	j->busy = s->busy;
	j->busy_ctx = s->busy_ctx;
	j->directory_fd = -1;
	j->tail = &j->head;
	j->health = (struct journal_health){.directory = j->directory, .free_bytes = s->free_bytes};
	BUG_IF(pthread_mutex_init(&j->health.lock, NULL) != 0 || pthread_mutex_init(&j->lock, NULL) != 0);
	cond_init(&j->wake);
	return j;
}

static void journal_drop(struct journal *j)
{
	if (j->directory_fd >= 0)
		close(j->directory_fd);
	pthread_mutex_destroy(&j->health.lock);
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->wake);
	free(j->directory);
	free(j);
}

static void index_judged(void *journal, outcome r, const char *day, const struct err *e)
{
	struct journal *j = journal;

	journal_health_set(&j->health, JOURNAL_INDEX_SICK, r, day, e);
}

static outcome days_start(struct journal *j, struct err *e)
{
	struct journal_day *day;

	stamp_day(stamp_now(), j->today);
	j->kept_ms = mono_ms();
	j->days.indexer.judge = index_judged;
	j->days.indexer.ctx = j;
	TRY(journal_days_ready(&j->days, j->today, &day, e));
	TRY(journal_indexer_start(&j->days.indexer, e));
	if (!thread_start(&j->thread, journal_writer_run, j))
		return err_set(e, REASON_JOURNAL_DOWN, "cannot start the journal's thread");
	return DONE;
}

outcome journal_open(const struct journal_settings *s, struct journal **out, struct err *e)
{
	struct journal *j = journal_new(s);
	outcome r;

	*out = NULL;
	if (!j)
		return err_set(e, REASON_JOURNAL_DOWN, "no memory for the journal");
	r = journal_dir_take(j->directory, &j->directory_fd, e);
	if (r.ok)
		r = journal_days_open(&j->days, j->directory, s->retention_days, e);
	if (r.ok) {
		r = days_start(j, e);
		if (!r.ok)
			journal_days_close(&j->days);
	}
	if (!r.ok) {
		journal_drop(j);
		return r;
	}
	*out = j;
	return DONE;
}

void journal_close(struct journal **j)
{
	if (!*j)
		return;
	pthread_mutex_lock(&(*j)->lock);
	(*j)->closing = true;
	pthread_cond_signal(&(*j)->wake);
	pthread_mutex_unlock(&(*j)->lock);
	pthread_join((*j)->thread, NULL);
	journal_days_close(&(*j)->days);
	journal_drop(*j);
	*j = NULL;
}
