/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_fetch - one question: made, sent, judged, its outcome kept.
 * Promise:  an outcome changes what is known only when it is not older; evidence and cache are on disk before the answer is
 *           given to anybody.
 * Not here: when to ask (revocation_loop.c). */
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "log/log.h"

#include "revocation/revocation_run.h"

#define RESPONSE_OCTETS ((size_t)64 << 10)
#define REQUEST_OCTETS 4096
#define DER_OCTETS ((size_t)64 << 10)
#define LIST_PATIENCE 10 /* a list may take so many deadlines: it can be long */

static const char *const names[] = {"ocsp", "crl", "delta"};

void revocation_question_free(struct revocation_question *q)
{
	buf_free(&q->der);
	buf_free(&q->request);
	buf_free(&q->body);
	free(q);
}

struct revocation_question *revocation_question_new(
	struct revocation *r, struct revocation_lane *lane, enum revocation_about about, const struct revocation_watch *w)
{
	struct revocation_question *q = calloc(1, sizeof *q);

	if (!q)
		return NULL;
	q->of = r;
	q->lane = lane;
	q->about = about;
	q->der = BUF(DER_OCTETS);
	q->request = BUF(REQUEST_OCTETS);
	if (!w)
		return q;
	memcpy(q->sha256, w->sha256, sizeof q->sha256);
	q->watch = w->id;
	buf_add(&q->der, buf_bytes(&w->der));
	if (buf_ok(&q->der))
		return q;
	revocation_question_free(q);
	return NULL;
}

static void into_inbox(struct revocation_question *q)
{
	struct revocation *r = q->of;

	pthread_mutex_lock(&r->lock);
	q->next = r->inbox;
	r->inbox = q;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

/* On the thread of egress. */
static void call_done(struct egress_call *call, struct egress_result *result)
{
	struct revocation_question *q = call->ctx;

	q->kind = result->kind;
	q->status = result->status;
	q->body = result->body;
	snprintf(q->detail, sizeof q->detail, "%s", result->detail);
	into_inbox(q);
}

static bool ocsp_prepare(struct revocation_question *q)
{
	SCOPED(scoped_x509) X509 *x = revocation_certificate(buf_bytes(&q->der), NULL);

	random_fill(q->nonce, sizeof q->nonce);
	return x && revocation_ocsp_ask(&q->lane->authority, x, (struct bytes){q->nonce, sizeof q->nonce}, &q->request);
}

void revocation_question_send(struct revocation_question *q)
{
	const struct revocation_source *s = q->lane->authority.source;
	const struct revocation_settings *settings = &q->of->s;
	bool ocsp = q->about == ABOUT_OCSP;

	q->kind = EGRESS_NOT_SENT;
	if (ocsp && !ocsp_prepare(q)) {
		into_inbox(q);
		return;
	}
	q->call = (struct egress_call){
		.url = ocsp ? s->ocsp : q->about == ABOUT_CRL ? s->crl : s->delta,
		.get = !ocsp,
		.content_type = ocsp ? "application/ocsp-request" : NULL,
		.accept = ocsp ? "application/ocsp-response" : "application/pkix-crl, */*;q=0.5",
		.body = buf_bytes(&q->request),
		.deadline_ms = ocsp ? settings->deadline_ms : settings->deadline_ms * LIST_PATIENCE,
		.answer_bytes = ocsp ? RESPONSE_OCTETS : settings->crl_bytes,
		.fresh_connection = true, /* minutes lie between two questions */
		.done = call_done,
		.ctx = q,
	};
	egress_submit(q->of->egress, &q->call);
}

/* GOOD: a whole answer with status 200. */
static enum revocation_reason carried(const struct revocation_question *q)
{
	if (q->kind == EGRESS_TOO_LARGE)
		return REVOCATION_BROKEN;
	return q->kind == EGRESS_ANSWERED && q->status == 200 ? REVOCATION_GOOD : REVOCATION_UNREACHABLE;
}

/* Says it once when a source begins or ceases to make trouble. */
static void show(struct revocation_question *q, enum revocation_reason trouble)
{
	enum revocation_reason *shown = &q->lane->shown[q->about];
	bool bad = trouble != REVOCATION_GOOD;

	if (*shown == trouble || (!bad && *shown == REVOCATION_NOT_ASKED)) {
		*shown = trouble;
		return;
	}
	*shown = trouble;
	log_event(bad ? LOG_WARNING : LOG_INFO, bad ? "revocation.trouble" : "revocation.recovered",
		LOG_TEXT("source", names[q->about]), LOG_TEXT("url", q->call.url ? q->call.url : ""),
		LOG_TEXT("reason", revocation_reason_text(trouble)),
		LOG_TEXT("text", bad ? revocation_reason_says(trouble) : "The source answers."),
		LOG_NUM("status", q->status), LOG_TEXT("detail", q->detail));
}

static void task_end(
	struct revocation_task *t, enum revocation_reason trouble, int64_t until_ms, int64_t now_ms, int refresh_ms)
{
	uint32_t chance;

	random_fill(&chance, sizeof chance);
	t->asked = false;
	t->ended++;
	t->trouble = trouble;
	t->failures = trouble == REVOCATION_GOOD ? 0 : t->failures + 1;
	t->due_ms = now_ms + (t->failures ? revocation_backoff(t->failures, refresh_ms, chance)
					  : revocation_refresh(until_ms, now_ms, refresh_ms, chance));
}

/* Octets onto the disk; without evidence the answer still counts, and says that there is none. */
static void keep(
	struct revocation *r, struct revocation_said *said, const char *name, struct bytes head, struct bytes octets)
{
	bool kept = revocation_store_evidence(&r->store, said->evidence, octets);

	if (!kept)
		memset(said->evidence, 0, sizeof said->evidence);
	if (!revocation_store_put(r->store.cache, name, head, octets) || !kept)
		log_event(LOG_ERROR, "revocation.not-kept", LOG_TEXT("file", name),
			LOG_TEXT("detail", "an answer could not be written; is the disk full?"));
}

static enum revocation_reason ocsp_read(const struct revocation_question *q, int64_t now_ms, struct revocation_said *out)
{
	SCOPED(scoped_x509) X509 *x = revocation_certificate(buf_bytes(&q->der), NULL);
	enum revocation_reason reason = carried(q);

	out->what = REVOCATION_NOT_ASKED;
	if (reason != REVOCATION_GOOD || !x)
		return reason == REVOCATION_GOOD ? REVOCATION_BROKEN : reason;
	return revocation_ocsp_read(&q->lane->authority, x, buf_bytes(&q->body), (struct bytes){q->nonce, sizeof q->nonce},
		now_ms, q->of->s.skew_ms, out);
}

/* The watch that asked, or NULL when it was forgotten meanwhile. Under the lock. */
static struct revocation_watch *asker(const struct revocation_question *q)
{
	struct revocation_watch *w = revocation_table_find(&q->of->table, q->sha256);

	return w && w->id == q->watch ? w : NULL;
}

/* What the watch knew before, into `old`; false when nobody asks any more. */
static bool known_before(struct revocation_question *q, struct revocation_said *old)
{
	const struct revocation_watch *w;

	pthread_mutex_lock(&q->of->lock);
	w = asker(q);
	if (w)
		*old = w->said;
	pthread_mutex_unlock(&q->of->lock);
	return w != NULL;
}

static bool same_octets(const unsigned char a[32], const unsigned char b[32])
{
	return memcmp(a, b, 32) == 0;
}

static void ocsp_end(struct revocation_question *q)
{
	struct revocation *r = q->of;
	int64_t now_ms = revocation_now(r);
	struct revocation_said said, old = {.what = REVOCATION_NOT_ASKED};
	enum revocation_reason reason = ocsp_read(q, now_ms, &said);
	bool news = known_before(q, &old) && reason == REVOCATION_GOOD && revocation_said_replaces(&old, &said);
	bool unused = false;
	struct revocation_watch *w;
	char name[REVOCATION_NAME];

	revocation_store_name(q->sha256, "", name);
	if (news)
		keep(r, &said, name, buf_bytes(&q->der), buf_bytes(&q->body));
	pthread_mutex_lock(&r->lock);
	q->lane->at_once--;
	w = asker(q);
	if (w) {
		unused = news && old.what != REVOCATION_NOT_ASKED && !w->used;
		w->used = news ? same_octets(old.evidence, said.evidence) && w->used : w->used;
		w->said = news ? said : w->said;
		if (reason == REVOCATION_GOOD && !revocation_said_fresh(&w->said, now_ms, r->s.skew_ms))
			reason = REVOCATION_STALE;
		task_end(&w->task, reason, w->said.until_ms, now_ms, r->s.refresh_ms);
		revocation_table_due(&r->table, w, w->task.due_ms);
	}
	pthread_cond_broadcast(&r->ended);
	pthread_mutex_unlock(&r->lock);
	if (unused && !same_octets(old.evidence, said.evidence))
		revocation_store_remove(r->store.evidence, old.evidence);
	show(q, reason);
}

/* A delta that does not continue the known base says that there is a newer one. */
static bool base_is_behind(const struct revocation_lane *lane)
{
	return lane->delta && lane->crl && lane->crl->numbered &&
		revocation_number_order(&lane->delta->base, &lane->crl->number) > 0;
}

static void list_end(struct revocation_question *q)
{
	struct revocation *r = q->of;
	bool delta = q->about == ABOUT_DELTA;
	struct revocation_crl **slot = delta ? &q->lane->delta : &q->lane->crl;
	struct revocation_task *task = delta ? &q->lane->delta_task : &q->lane->crl_task;
	SCOPED(revocation_crl_free) struct revocation_crl *crl = NULL;
	int64_t now_ms = revocation_now(r);
	enum revocation_reason reason = carried(q);
	struct revocation_crl *old = *slot;
	char name[REVOCATION_NAME];

	if (reason == REVOCATION_GOOD)
		reason = revocation_crl_read(&q->lane->authority, buf_bytes(&q->body), delta, now_ms, r->s.skew_ms, &crl);
	if (crl && (!revocation_crl_replaces(old, crl) || (old && same_octets(old->whole.evidence, crl->whole.evidence))))
		revocation_crl_free(&crl);
	revocation_store_name(q->lane->authority.id, delta ? ".delta" : ".crl", name);
	if (crl)
		keep(r, &crl->whole, name, BYTES_NONE, buf_bytes(&q->body));
	pthread_mutex_lock(&r->lock);
	if (crl) {
		*slot = crl;
		crl = old; /* freed on the way out, when nobody looks at it any more */
	}
	if (reason == REVOCATION_GOOD && !revocation_said_fresh(&(*slot)->whole, now_ms, r->s.skew_ms))
		reason = REVOCATION_STALE;
	task_end(task, reason, *slot ? (*slot)->whole.until_ms : 0, now_ms, r->s.crl_refresh_ms);
	if (delta && base_is_behind(q->lane))
		q->lane->crl_task.due_ms = now_ms;
	pthread_cond_broadcast(&r->ended);
	pthread_mutex_unlock(&r->lock);
	show(q, reason);
}

void revocation_question_end(struct revocation_question *q)
{
	if (q->about == ABOUT_OCSP)
		ocsp_end(q);
	else
		list_end(q);
	revocation_question_free(q);
}
