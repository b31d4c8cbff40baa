/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation - the calls of the room: begin, ask, check, end.
 * Promise:  a question about a certificate that was met is a look into memory; about a new one it also costs the reading of
 *           the certificate, outside of the lock.
 * Not here: what happens in the background (revocation_loop.c). */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/thread.h"

#include "revocation/revocation_run.h"

#define DER_OCTETS ((size_t)64 << 10)
#define POINTS_OCTETS 16384

static const struct revocation_answer no_source = {
	.verdict = REVOCATION_UNKNOWN, .reason = REVOCATION_NO_SOURCE, .source = "", .last = REVOCATION_UNKNOWN};

struct revocation_watch *revocation_meet(
	struct revocation *r, struct bytes der, const unsigned char sha256[32], int64_t now_ms)
{
	SCOPED(scoped_x509) X509 *x = revocation_certificate(der, NULL);
	struct revocation_watch *w = x ? calloc(1, sizeof *w) : NULL;

	if (!w)
		return NULL;
	memcpy(w->sha256, sha256, sizeof w->sha256);
	w->der = BUF(DER_OCTETS);
	w->points = BUF(POINTS_OCTETS);
	w->authority = REVOCATION_NOWHERE;
	for (size_t i = 0; i < r->s.source_count && w->authority == REVOCATION_NOWHERE; i++) {
		if (revocation_issued(&r->lanes[i].authority, x))
			w->authority = i;
	}
	buf_add(&w->der, der);
	revocation_points_of(&w->points, x);
	w->listable = revocation_number_of(X509_get0_serialNumber(x), &w->serial);
	w->said.what = w->task.trouble = REVOCATION_NOT_ASKED;
	w->asked_ms = now_ms;
	w->place = REVOCATION_NOWHERE;
	if (buf_ok(&w->der))
		return w;
	revocation_watch_free(w);
	return NULL;
}

void revocation_forget(struct revocation *r, struct revocation_watch *w)
{
	if (w->lined)
		TAILQ_REMOVE(&r->lanes[w->authority].line, w, line);
	w->lined = false;
	revocation_table_take(&r->table, w);
	w->same = r->gone;
	r->gone = w;
}

void revocation_watch_begin(struct revocation *r, struct revocation_watch *w, int64_t now_ms)
{
	if (r->table.n == r->table.most)
		revocation_forget(r, TAILQ_LAST(&r->table.recent, revocation_list));
	revocation_table_add(&r->table, w);
	if (w->authority != REVOCATION_NOWHERE && r->lanes[w->authority].authority.source->ocsp)
		revocation_table_due(&r->table, w, now_ms);
	pthread_cond_signal(&r->wake);
}

void revocation_view_answer(struct revocation *r, const struct revocation_watch *w, int64_t now_ms,
	struct revocation_answer *out)
{
	const struct revocation_lane *lane = w->authority == REVOCATION_NOWHERE ? NULL : &r->lanes[w->authority];
	struct revocation_view v;

	if (!lane) {
		*out = no_source;
		return;
	}
	v = (struct revocation_view){
		.by_ocsp = lane->authority.source->ocsp != NULL,
		.by_crl = lane->authority.source->crl != NULL,
		.ocsp = &w->said,
		.crl = lane->crl,
		.delta = lane->delta,
		.ocsp_trouble = w->task.trouble,
		.crl_trouble = lane->crl_task.trouble,
		.serial = w->listable ? &w->serial : NULL,
		.points = buf_cstr(&w->points),
	};
	revocation_says(&v, now_ms, r->s.skew_ms, out);
}

/* The watch of this certificate, met now if need be. Takes the lock; NULL when the octets are no certificate. */
static struct revocation_watch *find_or_meet(
	struct revocation *r, struct bytes der, const unsigned char sha256[32], int64_t now_ms)
{
	struct revocation_watch *w, *met;

	pthread_mutex_lock(&r->lock);
	w = revocation_table_find(&r->table, sha256);
	if (w)
		return w;
	pthread_mutex_unlock(&r->lock);
	met = revocation_meet(r, der, sha256, now_ms);
	pthread_mutex_lock(&r->lock);
	w = revocation_table_find(&r->table, sha256); /* somebody may have been faster */
	if (!met)
		return w;
	if (w) {
		revocation_watch_free(met);
		return w;
	}
	revocation_watch_begin(r, met, revocation_now(r));
	return met;
}

void revocation_ask(struct revocation *r, struct bytes der, const unsigned char sha256[32], int64_t now_ms,
	struct revocation_answer *out)
{
	struct revocation_watch *w = find_or_meet(r, der, sha256, now_ms);

	if (w) {
		revocation_table_touch(&r->table, w);
		w->used = true;
		w->asked_ms = now_ms;
		revocation_view_answer(r, w, now_ms, out);
	} else {
		*out = no_source;
	}
	pthread_mutex_unlock(&r->lock);
}

void revocation_wake(struct revocation *r)
{
	pthread_mutex_lock(&r->lock);
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

/* --- check, for commands --- */

/* How many attempts had ended when the check began. */
struct mark {
	uint64_t ocsp, crl, delta;
};

static void ask_now(struct revocation *r, struct revocation_watch *w, struct revocation_lane *lane, struct mark *m)
{
	int64_t now_ms = revocation_now(r);

	*m = (struct mark){w->task.ended, lane->crl_task.ended, lane->delta_task.ended};
	if (w->place != REVOCATION_NOWHERE)
		revocation_table_due(&r->table, w, 0); /* before all others */
	lane->crl_task.due_ms = lane->delta_task.due_ms = now_ms;
	pthread_cond_signal(&r->wake);
}

static bool still_asking(const struct revocation_watch *w, const struct revocation_lane *lane, const struct mark *m)
{
	const struct revocation_source *s = lane->authority.source;

	return (s->ocsp && w->task.ended == m->ocsp) || (s->crl && lane->crl_task.ended == m->crl) ||
		(s->delta && lane->delta_task.ended == m->delta);
}

static void word_moment(struct buf *words, const char *what, int64_t ms)
{
	char text[STAMP_TEXT];

	stamp_print(stamp_at(ms), text);
	buf_printf(words, "%s%s", what, text);
}

static void word_task(struct buf *words, const char *name, const char *url, const struct revocation_task *t)
{
	if (url)
		buf_printf(words, "%s %s: %s\n", name, url,
			t->trouble == REVOCATION_GOOD ? "answered" : revocation_reason_says(t->trouble));
}

static void word_answer(struct buf *words, const struct revocation_answer *a)
{
	static const char *const verdicts[] = {"valid", "invalid", "cannot tell"};

	buf_printf(words, "verdict: %s (%s)", verdicts[a->verdict], revocation_reason_text(a->reason));
	if (a->source[0])
		buf_printf(words, " by %s", a->source);
	if (a->verdict == REVOCATION_INVALID)
		word_moment(words, ", since ", a->revoked_ms);
	if (a->this_ms)
		word_moment(words, ", as of ", a->this_ms);
	if (a->next_ms)
		word_moment(words, ", next update ", a->next_ms);
	buf_str(words, "\n");
	if (a->verdict == REVOCATION_UNKNOWN && a->last != REVOCATION_UNKNOWN) {
		buf_printf(words, "last certain answer: %s", verdicts[a->last]);
		word_moment(words, ", as of ", a->last_ms);
		buf_str(words, "\n");
	}
}

/* Until every source has come to an end, or the certificate is not watched any more. Under the lock. */
static struct revocation_watch *wait_for(struct revocation *r, const unsigned char sha256[32], const struct mark *m)
{
	struct revocation_watch *w;

	while ((w = revocation_table_find(&r->table, sha256)) && still_asking(w, &r->lanes[w->authority], m))
		pthread_cond_wait(&r->ended, &r->lock);
	return w;
}

void revocation_check(
	struct revocation *r, struct bytes der, int64_t now_ms, struct revocation_answer *out, struct buf *words)
{
	unsigned char sha256[32];
	struct revocation_watch *w;
	struct mark m;

	*out = no_source;
	revocation_sha256(der, sha256);
	w = find_or_meet(r, der, sha256, now_ms);
	if (w && w->authority != REVOCATION_NOWHERE) {
		ask_now(r, w, &r->lanes[w->authority], &m);
		w = wait_for(r, sha256, &m);
	}
	if (w) {
		w->used = true;
		revocation_view_answer(r, w, now_ms, out);
	}
	if (w && words && w->authority != REVOCATION_NOWHERE) {
		const struct revocation_lane *lane = &r->lanes[w->authority];
		const struct revocation_source *s = lane->authority.source;

		word_task(words, "ocsp", s->ocsp, &w->task);
		word_task(words, "crl", s->crl, &lane->crl_task);
		word_task(words, "delta", s->delta, &lane->delta_task);
	}
	pthread_mutex_unlock(&r->lock);
	if (words)
		word_answer(words, out);
}

/* --- begin and end --- */

static outcome lanes_read(struct revocation *r, struct err *e)
{
	for (size_t i = 0; i < r->s.source_count; i++) {
		struct revocation_lane *lane = &r->lanes[i];

		TAILQ_INIT(&lane->line);
		lane->crl_task.trouble = lane->delta_task.trouble = REVOCATION_NOT_ASKED;
		for (size_t k = 0; k < 3; k++)
			lane->shown[k] = REVOCATION_NOT_ASKED;
		TRY(revocation_authority_read(&r->s.sources[i], &lane->authority, e));
		lane->crl_task.due_ms = lane->delta_task.due_ms = 0;
	}
	return DONE;
}

static outcome thread_begin(struct revocation *r, struct err *e)
{
	r->running = thread_start(&r->thread, revocation_loop, r);
	return r->running ? DONE : err_set(e, REASON_IO, "the thread of the room cannot be made");
}

static outcome begin(struct revocation *r, struct err *e)
{
	r->lanes = calloc(r->s.source_count + 1, sizeof *r->lanes);
	if (!r->lanes || !revocation_table_init(&r->table, r->s.watched_most))
		return err_set(e, REASON_IO, "no memory for %zu watched certificates", r->s.watched_most);
	TRY(lanes_read(r, e));
	TRY(revocation_store_open(&r->store, r->s.directory, e));
	revocation_load(r);
	r->egress = egress_start();
	if (!r->egress)
		return err_set(e, REASON_IO, "the calls of the room cannot be started");
	return thread_begin(r, e);
}

outcome revocation_start(const struct revocation_settings *s, struct revocation **out, struct err *e)
{
	struct revocation *r = calloc(1, sizeof *r);

	*out = r;
	if (!r)
		return err_set(e, REASON_IO, "no memory");
	BUG_IF(s->watched_most == 0 || s->refresh_ms <= 0 || s->crl_refresh_ms <= 0);
	r->s = *s;
	r->store = (struct revocation_store){-1, -1};
	TAILQ_INIT(&r->table.recent);
	pthread_mutex_init(&r->lock, NULL);
	cond_init(&r->wake);
	pthread_cond_init(&r->ended, NULL);
	if (begin(r, e).ok)
		return DONE;
	revocation_stop(out);
	return FAILED;
}

static void thread_end(struct revocation *r)
{
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	if (r->running)
		pthread_join(r->thread, NULL);
	egress_stop(&r->egress); /* lays what is open into the inbox */
}

void revocation_stop(struct revocation **of)
{
	struct revocation *r = *of;

	if (!r)
		return;
	thread_end(r);
	while (r->inbox) {
		struct revocation_question *q = r->inbox;

		r->inbox = q->next;
		revocation_question_free(q);
	}
	while (r->gone) {
		struct revocation_watch *w = r->gone;

		r->gone = w->same;
		revocation_watch_free(w);
	}
	revocation_table_drop(&r->table);
	for (size_t i = 0; r->lanes && i < r->s.source_count; i++) {
		revocation_crl_free(&r->lanes[i].crl);
		revocation_crl_free(&r->lanes[i].delta);
		revocation_authority_drop(&r->lanes[i].authority);
	}
	free(r->lanes);
	revocation_store_close(&r->store);
	pthread_cond_destroy(&r->ended);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
	*of = NULL;
}
