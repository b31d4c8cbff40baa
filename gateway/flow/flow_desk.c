/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_desk - the room revocation as the configuration describes it: its sources with their certificates read. */
#include <stdlib.h>

#include "flow/flow.h"
#include "revocation/revocation.h"
#include "trust/certificate.h"

enum { CERTIFICATE_MOST = 1 << 20, AUTHORITIES_MOST = 64 << 20 };

struct desk_octets { /* of one source */
	struct buf issuer, responder;
};

struct revocation_desk {
	struct revocation *room;
	struct revocation_source *sources;
	struct desk_octets *octets;
	size_t n;
	struct pool *pool; /* of the authorities */
	struct desk_authority *authorities; /* those of the sources whose own status is told, by a source of theirs */
	size_t authority_count;
};

struct revocation *revocation_desk_room(const struct revocation_desk *d)
{
	return d->room;
}

static outcome read_source(
	const struct conf_source *c, struct desk_octets *octets, struct revocation_source *out, struct err *e)
{
	octets->issuer = octets->responder = BUF(CERTIFICATE_MOST);
	TRY(trust_certificate_read(c->issuer, &octets->issuer, e));
	if (c->responder)
		TRY(trust_certificate_read(c->responder, &octets->responder, e));
	*out = (struct revocation_source){
		.issuer = buf_bytes(&octets->issuer),
		.responder = buf_bytes(&octets->responder),
		.ocsp = c->ocsp,
		.sha256 = c->digest == CONF_SOURCE_SHA256,
		.nonce_needed = c->nonce == CONF_NONCE_NEEDED,
		.crl = c->crl,
		.delta = c->delta,
	};
	return DONE;
}

static outcome start(struct revocation_desk *d, const struct conf *c, const char *directory, struct err *e)
{
	const struct conf_revocation *r = &c->revocation;
	struct revocation_settings settings = {
		.directory = directory,
		.sources = d->sources,
		.source_count = d->n,
		.refresh_ms = r->refresh_ms,
		.crl_refresh_ms = r->crl_refresh_ms,
		.deadline_ms = r->deadline_ms,
		.skew_ms = r->skew_ms,
		.watched_most = (size_t)r->watched,
		.crl_bytes = r->crl_bytes,
		.evidence_days = r->evidence_days,
	};

	return revocation_start(&settings, &d->room, e);
}

const struct desk_authority *revocation_desk_authority(const struct revocation_desk *d, const char *subject)
{
	for (size_t i = 0; i < d->authority_count; i++) {
		if (strcmp(d->authorities[i].subject, subject) == 0)
			return &d->authorities[i];
	}
	return NULL;
}

/* Asking makes it watched; a root, which would only speak for itself, is not asked about. */
static bool is_told(const struct revocation_desk *d, const struct desk_authority *a)
{
	struct revocation_answer answer;

	if (strcmp(a->subject, a->issuer) == 0)
		return false;
	revocation_ask(d->room, a->der, a->sha256, stamp_now().ms, &answer);
	return answer.reason != REVOCATION_NO_SOURCE;
}

static outcome read_authorities(struct revocation_desk *d, struct err *e)
{
	d->pool = pool_new(AUTHORITIES_MOST);
	d->authorities = d->pool ? pool_alloc(d->pool, (d->n + 1) * sizeof *d->authorities) : NULL;
	if (!d->authorities)
		return err_set(e, REASON_MEMORY, "revocation");
	for (size_t i = 0; i < d->n; i++) {
		struct desk_authority *a = &d->authorities[d->authority_count];
		struct cert_view view;

		TRY(cert_view_read(d->pool, d->sources[i].issuer, &view, e));
		*a = (struct desk_authority){.subject = view.subject, .issuer = view.issuer, .der = d->sources[i].issuer};
		memcpy(a->sha256, view.sha256, sizeof a->sha256);
		memcpy(a->print, view.print, sizeof a->print);
		d->authority_count += is_told(d, a);
	}
	return DONE;
}

outcome revocation_desk_open(const struct conf *c, const char *directory, struct revocation_desk **out, struct err *e)
{
	SCOPED(revocation_desk_close) struct revocation_desk *d = calloc(1, sizeof *d);

	if (!d)
		return err_set(e, REASON_MEMORY, "revocation");
	d->sources = calloc(c->source_count + 1, sizeof *d->sources);
	d->octets = calloc(c->source_count + 1, sizeof *d->octets);
	if (!d->sources || !d->octets)
		return err_set(e, REASON_MEMORY, "revocation");
	for (; d->n < c->source_count; d->n++)
		TRY(read_source(&c->sources[d->n], &d->octets[d->n], &d->sources[d->n], e));
	TRY(start(d, c, directory, e));
	TRY(read_authorities(d, e));
	*out = d;
	d = NULL;
	return DONE;
}

void revocation_desk_close(struct revocation_desk **dp)
{
	struct revocation_desk *d = *dp;

	if (!d)
		return;
	*dp = NULL;
	revocation_stop(&d->room);
	for (size_t i = 0; d->octets && i <= d->n; i++) { /* the last may have been read in part */
		buf_free(&d->octets[i].issuer);
		buf_free(&d->octets[i].responder);
	}
	pool_free(&d->pool);
	free(d->octets);
	free(d->sources);
	free(d);
}
