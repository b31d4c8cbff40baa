/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_desk - the room revocation as the configuration describes it: its sources with their certificates read. */
#include <stdlib.h>

#include "flow/flow.h"
#include "revocation/revocation.h"

enum { CERTIFICATE_MOST = 1 << 20 };

struct desk_octets { /* of one source */
	struct buf issuer, responder;
};

struct revocation_desk {
	struct revocation *room;
	struct revocation_source *sources;
	struct desk_octets *octets;
	size_t n;
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
	free(d->octets);
	free(d->sources);
	free(d);
}
