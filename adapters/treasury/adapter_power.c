/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_power - see power.h.
 * Promise: days are compared as days, so that a power ends with its last day whatever the hour.
 * Spec:    T8 */
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "treasury/power.h"

#define RIGHT_FIRST_HEAD "1.2.398.3.3.4.1.2.1"
#define RIGHT_TO_SIGN "1.2.398.3.3.4.1.2.2"
#define RIGHT_FINANCIAL "1.2.398.3.3.4.1.2.3"

static bool names_have(const struct conf_names *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcasecmp(list->name[i], name) == 0)
			return true;
	}
	return false;
}

const struct power *power_numbered(const struct powers *known, const char *number)
{
	for (size_t i = 0; i < known->n; i++) {
		if (strcmp(known->power[i].number, number) == 0)
			return &known->power[i];
	}
	return NULL;
}

bool power_runs(const struct power *p, const char *day)
{
	return !p->revoked && strcmp(p->first_day, day) <= 0 && strcmp(day, p->last_day) <= 0;
}

bool power_own_right(const struct trust_subject *who)
{
	return names_have(&who->purposes, RIGHT_FIRST_HEAD) || names_have(&who->purposes, RIGHT_TO_SIGN) ||
		names_have(&who->purposes, RIGHT_FINANCIAL);
}

static bool is(const char *number, const char *other)
{
	return number && strcmp(number, other) == 0;
}

/* The power by which the principal's key rests. */
static const struct power *pausing(const struct powers *known, const char *iin, const char *day)
{
	for (size_t i = 0; i < known->n; i++) {
		if (is(iin, known->power[i].principal) && power_runs(&known->power[i], day))
			return &known->power[i];
	}
	return NULL;
}

/* A power of the delegate that gives a role which is wanted and stands in the certificate: one that runs, or the last one of
 * those that do not. */
static const struct power *giving(const struct powers *known, const struct trust_subject *who,
	const struct conf_names *roles, const char *day)
{
	const struct power *found = NULL;

	for (size_t i = 0; i < known->n; i++) {
		const struct power *p = &known->power[i];

		if (!is(who->iin, p->delegate) || !names_have(&who->dc, p->role) || (roles && !names_have(roles, p->role)))
			continue;
		if (power_runs(p, day))
			return p;
		found = p;
	}
	return found;
}

bool power_allows(const struct powers *known, const struct trust_subject *who, const struct conf_names *roles,
	const char *day, struct buf *why)
{
	const struct power *p = pausing(known, who->iin, day);

	if (p) {
		buf_printf(why, "power of attorney %s of %s runs until %s, and meanwhile the principal's own key is not used",
			p->number, p->role, p->last_day);
		return false;
	}
	if (power_own_right(who))
		return true;
	p = giving(known, who, roles, day);
	if (p && power_runs(p, day))
		return true;
	if (!p)
		buf_str(why, "the certificate is of an employee, whose role counts only by a power of attorney, and there is none");
	else if (p->revoked)
		buf_printf(why, "power of attorney %s of %s was revoked", p->number, p->role);
	else
		buf_printf(why, "power of attorney %s of %s runs from %s to %s, not on %s", p->number, p->role, p->first_day,
			p->last_day, day);
	return false;
}

struct faults {
	struct power_fault *out;
	size_t n;
};

static void PRINTF_LIKE(3, 4) add(struct faults *f, const char *code, const char *format, ...)
{
	va_list args;

	BUG_IF(f->n == POWER_FAULTS_MOST);
	f->out[f->n].code = code;
	va_start(args, format);
	(void)vsnprintf(f->out[f->n].text, sizeof f->out[f->n].text, format, args);
	va_end(args);
	f->n++;
}

static void judge_person(struct faults *f, const struct power *wanted, const char *bin, const struct trust_subject *who,
	const char *iin, const char *called)
{
	if (!who || !is(who->iin, iin)) {
		add(f, "power.signer", "the %s did not sign", called);
		return;
	}
	if (!is(who->bin, bin))
		add(f, "power.organisation", "the certificate of the %s is of another organisation", called);
	if (!names_have(&who->dc, wanted->role))
		add(f, "power.role", "the certificate of the %s does not have %s", called, wanted->role);
}

static bool overlaps(const struct power *a, const struct power *b)
{
	return !a->revoked && strcmp(a->first_day, b->last_day) <= 0 && strcmp(b->first_day, a->last_day) <= 0;
}

static bool is_same(const struct power *a, const struct power *b)
{
	return is(a->number, b->number) && is(a->role, b->role) && is(a->principal, b->principal) &&
		is(a->delegate, b->delegate) && is(a->first_day, b->first_day) && is(a->last_day, b->last_day) &&
		a->revoked == b->revoked;
}

static void judge_others(struct faults *f, const struct powers *known, const struct power *wanted)
{
	for (size_t i = 0; i < known->n && f->n < POWER_FAULTS_MOST - 3; i++) {
		const struct power *p = &known->power[i];

		if (is_same(p, wanted))
			continue; /* the same once more */
		if (strcmp(p->number, wanted->number) == 0)
			add(f, "power.number", "the number %s was used before", wanted->number);
		else if (overlaps(p, wanted) && is(wanted->principal, p->principal))
			add(f, "power.running", "power %s of the same principal runs from %s to %s", p->number, p->first_day,
				p->last_day);
		else if (overlaps(p, wanted) && is(wanted->principal, p->delegate) && strcmp(p->role, wanted->role) == 0)
			add(f, "power.passed-on", "the principal has %s by power %s, which may not be passed on", wanted->role,
				p->number);
	}
}

size_t power_grant_faults(const struct powers *known, const struct power *wanted, const char *bin,
	const struct trust_subject *principal, const struct trust_subject *delegate, const char *day,
	struct power_fault out[POWER_FAULTS_MOST])
{
	struct faults f = {out, 0};

	judge_person(&f, wanted, bin, principal, wanted->principal, "principal");
	judge_person(&f, wanted, bin, delegate, wanted->delegate, "delegate");
	if (strcmp(wanted->principal, wanted->delegate) == 0)
		add(&f, "power.delegate", "principal and delegate are one person");
	if (principal && !power_own_right(principal))
		add(&f, "power.passed-on", "the principal has no right to sign that could be passed on");
	if (strcmp(wanted->first_day, wanted->last_day) > 0)
		add(&f, "power.term", "the term ends before it begins");
	else if (strcmp(wanted->last_day, day) < 0)
		add(&f, "power.term", "the term ended on %s", wanted->last_day);
	judge_others(&f, known, wanted);
	return f.n;
}
