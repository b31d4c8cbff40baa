/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_loop - the thread: what is due is asked, what came is judged.
 * Promise:  a responder that does not answer holds at most its own line; the lock is never held during cryptography,
 *           files or network.
 * Not here: one question (revocation_fetch.c). */
#include <time.h>

#include "base/clock.h"
#include "base/cond.h"

#include "revocation/revocation_run.h"

#define LOOK_MS 1000                     /* the calendar may be set: it is looked at so often */
#define DAY_MS INT64_C(86400000)
#define FORGET_MS (7 * DAY_MS) /* nobody asked about it for so long */

int64_t revocation_now(const struct revocation *r)
{
	return r->s.now_ms ? r->s.now_ms() : stamp_now().ms;
}

/* Everything that is due goes into the line of its authority. */
static void line_up(struct revocation *r, int64_t now_ms)
{
	struct revocation_watch *w;

	while ((w = revocation_table_first(&r->table)) && w->task.due_ms <= now_ms) {
		if (now_ms - w->asked_ms > FORGET_MS) {
			revocation_forget(r, w);
			continue;
		}
		revocation_table_undue(&r->table, w);
		w->lined = true;
		TAILQ_INSERT_TAIL(&r->lanes[w->authority].line, w, line);
	}
}

static void question_add(struct revocation_question **list, struct revocation_question *q)
{
	q->next = *list;
	*list = q;
}

static void lane_ocsp(struct revocation *r, struct revocation_lane *lane, struct revocation_question **out)
{
	struct revocation_watch *w;

	while (lane->at_once < REVOCATION_AT_ONCE && (w = TAILQ_FIRST(&lane->line))) {
		struct revocation_question *q = revocation_question_new(r, lane, ABOUT_OCSP, w);

		if (!q)
			return;
		TAILQ_REMOVE(&lane->line, w, line);
		w->lined = false;
		w->task.asked = true;
		lane->at_once++;
		question_add(out, q);
	}
}

static void lane_list(struct revocation *r, struct revocation_lane *lane, enum revocation_about about, const char *url,
	struct revocation_task *task, int64_t now_ms, struct revocation_question **out)
{
	struct revocation_question *q;

	if (!url || task->asked || task->due_ms > now_ms)
		return;
	q = revocation_question_new(r, lane, about, NULL);
	if (!q)
		return;
	task->asked = true;
	question_add(out, q);
}

/* The questions that are to be sent now. Under the lock. */
static struct revocation_question *due(struct revocation *r, int64_t now_ms)
{
	struct revocation_question *list = NULL;

	line_up(r, now_ms);
	for (size_t i = 0; i < r->s.source_count; i++) {
		struct revocation_lane *lane = &r->lanes[i];
		const struct revocation_source *s = lane->authority.source;

		lane_ocsp(r, lane, &list);
		lane_list(r, lane, ABOUT_CRL, s->crl, &lane->crl_task, now_ms, &list);
		lane_list(r, lane, ABOUT_DELTA, s->delta, &lane->delta_task, now_ms, &list);
	}
	return list;
}

static int64_t next_due(const struct revocation *r, int64_t now_ms)
{
	const struct revocation_watch *w = revocation_table_first(&r->table);
	int64_t at = now_ms + LOOK_MS;

	if (w && w->task.due_ms < at)
		at = w->task.due_ms;
	for (size_t i = 0; i < r->s.source_count; i++) {
		const struct revocation_lane *lane = &r->lanes[i];

		if (lane->authority.source->crl && !lane->crl_task.asked && lane->crl_task.due_ms < at)
			at = lane->crl_task.due_ms;
		if (lane->authority.source->delta && !lane->delta_task.asked && lane->delta_task.due_ms < at)
			at = lane->delta_task.due_ms;
	}
	return at;
}

/* Under the lock; sleeps at least a moment, so that a lack of memory does not become a race. */
static void sleep_until(struct revocation *r, int64_t wait_ms)
{
	cond_wait_until(&r->wake, &r->lock, mono_us() + (wait_ms > 0 ? wait_ms : 1) * 1000);
}

static void questions_end(struct revocation_question *list)
{
	while (list) {
		struct revocation_question *q = list;

		list = q->next;
		revocation_question_end(q);
	}
}

static void questions_send(struct revocation_question *list)
{
	while (list) {
		struct revocation_question *q = list;

		list = q->next;
		revocation_question_send(q);
	}
}

static void gone_end(struct revocation *r, struct revocation_watch *gone)
{
	while (gone) {
		struct revocation_watch *w = gone;

		gone = w->same;
		revocation_store_remove(r->store.cache, w->sha256);
		revocation_watch_free(w);
	}
}

/* Ages of files are by the calendar of the machine, whatever the clock of the settings says. Under the lock; lets it go
 * meanwhile. */
static void tidy(struct revocation *r)
{
	if (r->s.evidence_days == 0 || mono_ms() < r->tidy_ms)
		return;
	r->tidy_ms = mono_ms() + DAY_MS;
	pthread_mutex_unlock(&r->lock);
	revocation_expire(r, stamp_now().ms - r->s.evidence_days * DAY_MS);
	pthread_mutex_lock(&r->lock);
}

void *revocation_loop(void *of)
{
	struct revocation *r = of;

	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		struct revocation_question *came, *list;
		struct revocation_watch *gone;

		tidy(r);
		came = r->inbox;
		gone = r->gone;
		list = due(r, revocation_now(r));
		r->inbox = NULL;
		r->gone = NULL;
		if (!came && !list && !gone) {
			int64_t now_ms = revocation_now(r);

			sleep_until(r, next_due(r, now_ms) - now_ms);
			continue;
		}
		pthread_mutex_unlock(&r->lock);
		questions_send(list); /* first, so that nobody's question waits for the judging of another's answer */
		questions_end(came);
		gone_end(r, gone);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}
