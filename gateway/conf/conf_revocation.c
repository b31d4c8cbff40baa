/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_revocation - what the section revocation, its sources and the profiles demand of each other.
 * Promise: nothing that is written about revocation is without effect, and every source can be asked.
 * Not here: the certificates behind the paths. */
#include "conf/conf_int.h"

void conf_check_revocation(struct conf_reading *r)
{
	const struct conf *c = r->conf;
	struct conf_at at = {c->path, 1};

	if (c->revocation.directory && !c->source_count)
		conf_error(r, at, "Name the authorities' responders or revocation lists in the list sources.",
			"revocation: there are no sources, so nobody could tell");
	if (!c->revocation.directory && c->source_count)
		conf_error(r, c->sources[0].at, "Add the section revocation.",
			"sources have no effect without the section revocation");
}

/* The first source before this one with the same issuer; NULL: none. */
static const struct conf_source *conf_source_before(const struct conf *c, const struct conf_source *s)
{
	for (const struct conf_source *other = c->sources; other < s; other++) {
		if (other->issuer && s->issuer && strcmp(other->issuer, s->issuer) == 0)
			return other;
	}
	return NULL;
}

void conf_check_status_source(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_source *s = item->target, *before = conf_source_before(r->conf, s);
	struct conf_value v;

	if (item->faulty)
		return;
	if (!s->ocsp && !s->crl)
		conf_error(r, s->at, "Add ocsp, crl, or both.", "the source has no address");
	if (s->delta && !s->crl)
		conf_error(r, conf_item_at(item, "delta"), "Add crl, or remove delta.",
			"delta continues a list, yet there is no crl");
	if (!s->ocsp && s->responder)
		conf_error(r, conf_item_at(item, "responder"), "Add ocsp, or remove responder.",
			"responder has no effect without ocsp");
	if (!s->ocsp && (conf_item_value(item, "digest", 0, &v) || conf_item_value(item, "nonce", 0, &v)))
		conf_error(r, v.at, "Add ocsp, or remove the word.", "digest and nonce have no effect without ocsp");
	if (before)
		conf_error(r, conf_item_at(item, "issuer"), "Write all addresses of an authority into one source.",
			"the issuer has a source before, in %s line %d", before->at.file, before->at.line);
}

void conf_check_outage(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_profile *p = item->target;

	if (p->outage == CONF_OUTAGE_LAST_GOOD && !p->outage_age_ms)
		conf_error(r, conf_item_at(item, "outage"), "Add outage_age.", "outage: last-good needs outage_age");
	if (p->outage != CONF_OUTAGE_LAST_GOOD && p->outage_age_ms)
		conf_error(r, conf_item_at(item, "outage_age"), "Write outage: last-good, or remove the word.",
			"outage_age has no effect without outage: last-good");
	if (p->outage != CONF_OUTAGE_REFUSE && !r->conf->revocation.directory)
		conf_error(r, conf_item_at(item, "outage"), "Add the section revocation, or remove the word.",
			"outage has no effect without the section revocation");
}
