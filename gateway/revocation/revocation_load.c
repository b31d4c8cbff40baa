/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_load - what was known before a restart, and the removal of what nobody needs any more.
 * Promise: a cached file is judged like an answer that comes from the network, and belongs to the very certificate that
 *          stands in front of it; what does not hold is as if it were not there. */
#include <stdlib.h>

#include "log/log.h"

#include "revocation/revocation_run.h"

#define CACHED_OCTETS ((size_t)256 << 10)

static void list_load(struct revocation *r, struct revocation_lane *lane, bool delta)
{
	SCOPED(buf_free) struct buf octets = BUF(r->s.crl_bytes);
	struct revocation_crl **slot = delta ? &lane->delta : &lane->crl;
	enum revocation_reason reason;
	char name[REVOCATION_NAME];

	revocation_store_name(lane->authority.id, delta ? ".delta" : ".crl", name);
	if (!revocation_store_get(r->store.cache, name, &octets))
		return;
	reason = revocation_crl_read(&lane->authority, buf_bytes(&octets), delta, revocation_now(r), r->s.skew_ms, slot);
	if (reason != REVOCATION_GOOD)
		log_event(LOG_WARNING, "revocation.cache-ignored", LOG_TEXT("file", name),
			LOG_TEXT("reason", revocation_reason_text(reason)));
	else if (!revocation_store_evidence(&r->store, (*slot)->whole.evidence, buf_bytes(&octets)))
		memset((*slot)->whole.evidence, 0, 32);
}

/* A watch with what the file says, or NULL. */
static struct revocation_watch *watch_load(struct revocation *r, const unsigned char sha256[32], struct bytes octets)
{
	struct bytes response;
	SCOPED(scoped_x509) X509 *x = revocation_certificate(octets, &response);
	unsigned char digest[32];
	int64_t now_ms = revocation_now(r);
	struct bytes der = {octets.p, x ? octets.n - response.n : 0};
	struct revocation_watch *w;

	if (!x)
		return NULL;
	revocation_sha256(der, digest);
	w = memcmp(digest, sha256, sizeof digest) == 0 ? revocation_meet(r, der, sha256, now_ms) : NULL;
	if (!w)
		return NULL;
	w->used = true; /* who knows */
	if (w->authority != REVOCATION_NOWHERE && r->lanes[w->authority].authority.source->ocsp &&
		revocation_ocsp_read(&r->lanes[w->authority].authority, x, response, BYTES_NONE, now_ms, r->s.skew_ms,
			&w->said) == REVOCATION_GOOD) {
		if (!revocation_store_evidence(&r->store, w->said.evidence, response))
			memset(w->said.evidence, 0, sizeof w->said.evidence);
		return w;
	}
	revocation_watch_free(w);
	return NULL;
}

static bool answer_load(void *ctx, const unsigned char sha256[32], int64_t written_ms)
{
	SCOPED(buf_free) struct buf octets = BUF(CACHED_OCTETS);
	struct revocation *r = ctx;
	struct revocation_watch *w = NULL;
	char name[REVOCATION_NAME];

	(void)written_ms;
	if (r->table.n == r->table.most)
		return false;
	revocation_store_name(sha256, "", name);
	if (revocation_store_get(r->store.cache, name, &octets))
		w = watch_load(r, sha256, buf_bytes(&octets));
	if (w)
		revocation_watch_begin(r, w, revocation_now(r));
	else
		log_event(LOG_WARNING, "revocation.cache-ignored", LOG_TEXT("file", name));
	return false;
}

void revocation_load(struct revocation *r)
{
	for (size_t i = 0; i < r->s.source_count; i++) {
		struct revocation_lane *lane = &r->lanes[i];

		if (lane->authority.source->crl)
			list_load(r, lane, false);
		if (lane->authority.source->delta)
			list_load(r, lane, true);
	}
	revocation_store_each(r->store.cache, answer_load, r);
}

/* --- removal --- */

/* Digests that stay. */
struct stay {
	unsigned char (*digest)[32];
	size_t n;
	int64_t before_ms;
};

static void scoped_stay(struct stay *s) { free(s->digest); }

static int by_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static void stay_add(struct stay *s, const unsigned char digest[32])
{
	memcpy(s->digest[s->n++], digest, 32);
}

static bool stay_init(struct stay *s, size_t most, int64_t before_ms)
{
	*s = (struct stay){.digest = calloc(most + 1, 32), .before_ms = before_ms};
	return s->digest != NULL;
}

/* Evidence behind answers in memory, and certificates that are watched. */
static void stay_both(struct revocation *r, struct stay *evidence, struct stay *watched)
{
	const struct revocation_watch *w;

	TAILQ_FOREACH(w, &r->table.recent, recent) {
		stay_add(watched, w->sha256);
		stay_add(evidence, w->said.evidence);
	}
	for (size_t i = 0; i < r->s.source_count; i++) {
		if (r->lanes[i].crl)
			stay_add(evidence, r->lanes[i].crl->whole.evidence);
		if (r->lanes[i].delta)
			stay_add(evidence, r->lanes[i].delta->whole.evidence);
	}
}

static bool may_go(void *ctx, const unsigned char sha256[32], int64_t written_ms)
{
	const struct stay *s = ctx;

	return written_ms < s->before_ms && !bsearch(sha256, s->digest, s->n, 32, by_digest);
}

size_t revocation_expire(struct revocation *r, int64_t before_ms)
{
	size_t most = r->s.watched_most + 2 * r->s.source_count;
	SCOPED(scoped_stay) struct stay evidence = {.n = 0}, watched = {.n = 0};

	if (!stay_init(&evidence, most, before_ms) || !stay_init(&watched, most, before_ms))
		return 0;
	pthread_mutex_lock(&r->lock);
	stay_both(r, &evidence, &watched);
	pthread_mutex_unlock(&r->lock);
	qsort(evidence.digest, evidence.n, 32, by_digest);
	qsort(watched.digest, watched.n, 32, by_digest);
	return revocation_store_each(r->store.evidence, may_go, &evidence) +
		revocation_store_each(r->store.cache, may_go, &watched) +
		revocation_store_sweep(r->store.evidence, before_ms) + revocation_store_sweep(r->store.cache, before_ms);
}
