/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_says - from what was said to a verdict at a moment; and when to ask again. Comparisons alone.
 * Promise: a revocation that is still fresh wins, whoever knows it; "cannot tell" is never taken for another verdict.
 * Spec:    RFC 6960 section 4.2.2.1, RFC 5280 sections 5.2.4 and 6.3.3 */
#include "revocation/revocation_int.h"

#define FIRST_WAIT_MS 1000

bool revocation_said_fresh(const struct revocation_said *s, int64_t now_ms, int skew_ms)
{
	return s->what != REVOCATION_NOT_ASKED && s->this_ms <= now_ms + skew_ms && now_ms <= s->until_ms + skew_ms;
}

bool revocation_said_replaces(const struct revocation_said *known, const struct revocation_said *news)
{
	if (known->what == REVOCATION_NOT_ASKED)
		return true;
	if (news->this_ms != known->this_ms)
		return news->this_ms > known->this_ms;
	return news->what != REVOCATION_GOOD || known->what == REVOCATION_GOOD;
}

static enum revocation_verdict verdict_of(enum revocation_reason what)
{
	switch (what) {
	case REVOCATION_GOOD:
		return REVOCATION_VALID;
	case REVOCATION_REVOKED:
	case REVOCATION_HOLD:
		return REVOCATION_INVALID;
	default:
		return REVOCATION_UNKNOWN;
	}
}

/* What a source can contribute to the answer: what counts now, else why nothing does; and what it said last. */
struct part {
	struct revocation_said now, last;
	enum revocation_reason why;
	const char *source, *last_source;
};

static struct part part_ocsp(const struct revocation_view *v, int64_t now_ms, int skew_ms)
{
	struct part p = {.why = v->ocsp_trouble, .now.what = REVOCATION_NOT_ASKED, .last = *v->ocsp, .source = "ocsp"};

	if (revocation_said_fresh(v->ocsp, now_ms, skew_ms))
		p.now = *v->ocsp;
	else if (p.why == REVOCATION_GOOD)
		p.why = REVOCATION_STALE;
	return p;
}

static void entry_says(const struct revocation_crl *c, const struct revocation_entry *en, struct revocation_said *out)
{
	*out = c->whole;
	if (!en || en->what == ENTRY_REMOVED)
		return;
	out->what = en->what == ENTRY_HOLD ? REVOCATION_HOLD : REVOCATION_REVOKED;
	out->revoked_ms = en->revoked_ms;
}

/* What base and delta together say, whatever their age; either may be NULL. Gives GOOD, or why they say nothing.
 * The answer is the delta's when the delta decides, so its times and evidence are the delta's too; the delta names its
 * base. */
static enum revocation_reason lists_say(const struct revocation_crl *base, const struct revocation_crl *delta,
	const struct revocation_number *serial, struct revocation_said *out, const char **source)
{
	const struct revocation_entry *in_base = base ? revocation_crl_find(base, serial) : NULL;
	const struct revocation_entry *in_delta;
	bool continues;

	*source = "crl";
	/* A delta that is not newer than the base brings nothing: the base holds all of it. */
	if (delta && base && base->numbered && revocation_number_order(&delta->number, &base->number) <= 0)
		delta = NULL;
	in_delta = delta ? revocation_crl_find(delta, serial) : NULL;
	continues = delta && base && base->numbered && revocation_number_order(&delta->base, &base->number) <= 0;
	if (delta && ((in_delta && in_delta->what != ENTRY_REMOVED) || (continues && (in_delta || !in_base)))) {
		*source = "delta";
		entry_says(delta, in_delta, out);
		return REVOCATION_GOOD;
	}
	if (!base || (delta && !continues && !in_base))
		return delta ? REVOCATION_BASE : REVOCATION_NOT_ASKED;
	entry_says(base, in_base, out);
	return REVOCATION_GOOD;
}

/* True when the list is about a certificate with these distribution points. */
static bool list_is_about(const struct revocation_crl *c, const char *points)
{
	const char *at = buf_cstr(&c->points);
	size_t whole = strlen(points);

	if (!*at)
		return true;
	for (const char *end; (end = strchr(at + 1, '\n')); at = end) {
		if (whole && memmem(points, whole, at, (size_t)(end - at) + 1))
			return true;
	}
	return false;
}

static const struct revocation_crl *list_fresh(const struct revocation_crl *c, int64_t now_ms, int skew_ms)
{
	return c && revocation_said_fresh(&c->whole, now_ms, skew_ms) ? c : NULL;
}

static struct part part_lists(const struct revocation_view *v, int64_t now_ms, int skew_ms)
{
	const struct revocation_crl *base = v->crl && list_is_about(v->crl, v->points) ? v->crl : NULL;
	const struct revocation_crl *delta = v->delta && list_is_about(v->delta, v->points) ? v->delta : NULL;
	struct part p = {.why = v->crl_trouble};
	enum revocation_reason reason;

	p.now.what = p.last.what = REVOCATION_NOT_ASKED;
	if (!v->serial || (v->crl && !base)) {
		p.why = REVOCATION_BROKEN;
		return p;
	}
	reason = lists_say(list_fresh(base, now_ms, skew_ms), list_fresh(delta, now_ms, skew_ms), v->serial, &p.now, &p.source);
	if (lists_say(base, delta, v->serial, &p.last, &p.last_source) != REVOCATION_GOOD && base)
		lists_say(base, NULL, v->serial, &p.last, &p.last_source);
	if (reason == REVOCATION_BASE && (!base || list_fresh(base, now_ms, skew_ms)))
		p.why = REVOCATION_BASE;
	else if (base && p.why == REVOCATION_GOOD)
		p.why = REVOCATION_STALE;
	return p;
}

static void answer_set(struct revocation_answer *out, const struct revocation_said *s, const char *source)
{
	out->verdict = verdict_of(s->what);
	out->reason = s->what;
	out->source = source;
	out->this_ms = s->this_ms;
	out->next_ms = s->next_ms;
	out->revoked_ms = s->revoked_ms;
	memcpy(out->evidence, s->evidence, sizeof out->evidence);
}

static void answer_last(struct revocation_answer *out, const struct revocation_said *s)
{
	out->last = verdict_of(s->what);
	out->last_ms = s->this_ms;
	memcpy(out->last_evidence, s->evidence, sizeof out->last_evidence);
}

/* The last word: a revocation for good, else the newer one; of two as new, the worse. */
static const struct revocation_said *last_word(const struct revocation_said *a, const struct revocation_said *b)
{
	if (a->what == REVOCATION_REVOKED || b->what == REVOCATION_NOT_ASKED)
		return a;
	if (b->what == REVOCATION_REVOKED || a->what == REVOCATION_NOT_ASKED)
		return b;
	return revocation_said_replaces(a, b) ? b : a;
}

/* Why nobody can tell: what the responder did, unless only the list was tried yet. */
static enum revocation_reason why_unknown(const struct revocation_view *v, enum revocation_reason ocsp,
	enum revocation_reason crl)
{
	if (!v->by_ocsp)
		return v->by_crl ? crl : REVOCATION_NO_SOURCE;
	return v->by_crl && ocsp == REVOCATION_NOT_ASKED ? crl : ocsp;
}

void revocation_says(const struct revocation_view *v, int64_t now_ms, int skew_ms, struct revocation_answer *out)
{
	struct part none = {.now.what = REVOCATION_NOT_ASKED, .last.what = REVOCATION_NOT_ASKED, .why = REVOCATION_NOT_ASKED};
	struct part o = v->by_ocsp ? part_ocsp(v, now_ms, skew_ms) : none;
	struct part c = v->by_crl ? part_lists(v, now_ms, skew_ms) : none;

	*out = (struct revocation_answer){.verdict = REVOCATION_UNKNOWN, .source = "", .last = REVOCATION_UNKNOWN};
	if (verdict_of(o.now.what) == REVOCATION_INVALID ||
		(o.now.what == REVOCATION_GOOD && verdict_of(c.now.what) != REVOCATION_INVALID))
		answer_set(out, &o.now, o.source);
	else if (c.now.what != REVOCATION_NOT_ASKED)
		answer_set(out, &c.now, c.source);
	else
		out->reason = why_unknown(v, o.why, c.why);
	if (o.last.what != REVOCATION_NOT_ASKED || c.last.what != REVOCATION_NOT_ASKED)
		answer_last(out, last_word(&o.last, &c.last));
}

int64_t revocation_backoff(unsigned failures, int most_ms, uint32_t chance)
{
	int64_t whole = FIRST_WAIT_MS;

	while (failures-- > 1 && whole < most_ms)
		whole *= 2;
	if (whole > most_ms)
		whole = most_ms;
	return whole / 2 + chance % (uint32_t)(whole / 2 + 1);
}

int64_t revocation_refresh(int64_t until_ms, int64_t now_ms, int refresh_ms, uint32_t chance)
{
	int64_t left = (until_ms - now_ms) / 2, wait = refresh_ms < left ? refresh_ms : left;

	if (wait < FIRST_WAIT_MS)
		wait = FIRST_WAIT_MS;
	return wait - (int64_t)(chance % (uint32_t)(wait / 8 + 1)); /* apart from each other */
}
