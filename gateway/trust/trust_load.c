/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_load - everything a configuration says about trust, and every problem with it at once.
 * Promise:  each problem carries the place in the configuration; what will end soon is told before it ends.
 * Not here: the rules themselves; each is where its certificate or key is taken. */
#include <stdlib.h>

#include "trust/trust_int.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define MORE_MEMORY "Give the process more memory."
#define SOON_MS (30 * DAY_MS)

struct loading {
	struct trust *t;
	struct conf_problems *problems;
	int64_t now_ms;
};

static void add_failure(const struct loading *l, struct conf_at at, const char *who, const char *remedy,
	const struct err *e)
{
	conf_problem_add(
		l->problems, at, false, remedy, "%s: %s %s", who, reason_row(e->reason)->title, e->detail);
}

/* Tells when the period is over or nearly so; `fatal`: being over is an error. */
static void add_ending(const struct loading *l, struct conf_at at, const char *who, const char *path,
	int64_t until_ms, bool fatal)
{
	bool over = l->now_ms > until_ms;
	char day[11];

	if (until_ms - l->now_ms > SOON_MS)
		return;
	stamp_day(stamp_at(until_ms), day);
	conf_problem_add(l->problems, at, !(over && fatal),
		"Renew the certificate and configure the new one.", "%s: the certificate %s %s on %s.", who,
		path, over ? "ended" : "ends", day);
}

static void add_ending_of(
	const struct loading *l, struct conf_at at, const char *who, const char *path, const X509 *x)
{
	struct trust_period period = {INT64_MIN, INT64_MAX};

	if (trust_period_narrow(&period, x))
		add_ending(l, at, who, path, period.until_ms, false);
}

static void load_authority(const struct loading *l, const struct conf *c, const char *path)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;
	struct conf_at at = {c->path, 0};
	struct err e;

	if (!trust_authorities_take(l->t, path, &list, &e).ok)
		add_failure(l, at, "ca", "Name a PEM file with certificates of authorities.", &e);
	for (int i = 0; i < sk_X509_num(list); i++)
		add_ending_of(l, at, "ca", path, sk_X509_value(list, i));
}

/* An ended certificate is only an error when the participant has no other way to be recognised. */
static void load_pinned(const struct loading *l, const struct conf_participant *p)
{
	const struct trust_entry **pinned = calloc(p->certificates.n + 1, sizeof(struct trust_entry *));
	bool fatal = !p->issuer;
	struct err e;

	if (!pinned) {
		conf_problem_add(l->problems, p->at, false, MORE_MEMORY, "%s: no memory for its certificates", p->name);
		return;
	}
	for (size_t i = 0; i < p->certificates.n; i++) {
		if (!trust_pin(l->t, p, p->certificates.name[i], &pinned[i], &e).ok) {
			pinned[i] = NULL;
			add_failure(l, p->at, p->name,
				"Pin a signing certificate that is this participant's alone.", &e);
		} else if (pinned[i]->period.until_ms >= l->now_ms) {
			fatal = false;
		}
	}
	for (size_t i = 0; i < p->certificates.n; i++) {
		if (pinned[i])
			add_ending(l, p->at, p->name, p->certificates.name[i], pinned[i]->period.until_ms,
				fatal);
	}
	free(pinned);
}

static void load_participant(const struct loading *l, const struct conf_participant *p)
{
	X509 *issuer;
	struct err e;

	load_pinned(l, p);
	if (!p->issuer)
		return;
	if (trust_member_take(l->t, p, &issuer, &e).ok)
		add_ending_of(l, p->at, p->name, p->issuer, issuer);
	else
		add_failure(l, p->at, p->name,
			"Name the certificate of the authority that issues to this participant.", &e);
}

static void load_keeper(const struct loading *l, const struct conf *c)
{
	struct err e;

	if (c->keeper && !trust_add_keeper(l->t, c->keeper, &e).ok)
		add_failure(l, (struct conf_at){c->path, 0}, "keeper", "Name the socket of qaqpa-keyd.", &e);
}

static void load_key(const struct loading *l, const struct conf_key *k)
{
	const struct trust_own *own;
	struct err e;

	if (trust_own_take(l->t, k, &own, &e).ok) /* a key whose successor signs already may have ended */
		add_ending(l, k->at, k->name, k->certificate ? k->certificate : trust_source_name(k),
			own->key.not_after_ms, !(k->successor && l->now_ms >= k->successor_ms));
	else
		add_failure(l, k->at, k->name, reason_row(e.reason)->remedy, &e);
}

/* Whoever signs at the moment of succession must be allowed to, on both sides of it. */
static void check_succession(const struct loading *l, const struct conf_key *k)
{
	const struct trust_key *own = trust_key_named(l->t, k->name);
	const struct trust_key *next = k->successor ? trust_key_named(l->t, k->successor->name) : NULL;

	if (!own || !next)
		return; /* not there, or already told */
	if (k->successor_ms < next->not_before_ms || k->successor_ms > next->not_after_ms)
		conf_problem_add(l->problems, k->at, false, "Choose a moment within its validity.",
			"%s: the certificate of its successor %s is not valid at successor_from", k->name,
			k->successor->name);
	if (l->now_ms < k->successor_ms && k->successor_ms > own->not_after_ms + 1000)
		conf_problem_add(l->problems, k->at, false, "Let the successor sign earlier.",
			"%s: the certificate ends before its successor %s signs", k->name, k->successor->name);
}

static void load_blocks(const struct loading *l, const struct conf *c)
{
	struct err e;

	if (c->blocks && !trust_add_blocks(l->t, c->blocks, &e).ok)
		add_failure(l, (struct conf_at){c->path, 0}, "blocks",
			"Repair the list; where nothing is blocked yet, make an empty file.", &e);
}

struct trust *trust_load(const struct conf *c, struct conf_problems *problems)
{
	struct loading l = {trust_new(), problems, stamp_now().ms};
	size_t before = problems->errors;

	if (!l.t) {
		conf_problem_add(problems, (struct conf_at){c->path, 0}, false, MORE_MEMORY, "no memory for certificates and keys");
		return NULL;
	}
	for (size_t i = 0; i < c->ca.n; i++)
		load_authority(&l, c, c->ca.name[i]);
	for (size_t i = 0; i < c->participant_count; i++)
		load_participant(&l, &c->participants[i]);
	load_keeper(&l, c);
	for (size_t i = 0; i < c->key_count; i++)
		load_key(&l, &c->keys[i]);
	load_blocks(&l, c);
	for (size_t i = 0; i < c->key_count; i++)
		check_succession(&l, &c->keys[i]);
	if (problems->errors > before)
		trust_free(&l.t);
	return l.t;
}
