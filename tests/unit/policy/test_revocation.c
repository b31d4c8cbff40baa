/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every answer about revocation under every policy for outages. */
#include "../cm.h"

#include "policy/policy.h"

#define NOW INT64_C(1780000000000)
#define AGE 3600000 /* outage_age of last-good */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What must come: the status, or the reason of the refusal. */
struct want {
	enum reason reason; /* NONE: accepted */
	enum policy_status status;
};
#define GOOD {REASON_NONE, POLICY_STATUS_GOOD}
#define LAST {REASON_NONE, POLICY_STATUS_LAST_GOOD}
#define MARKED {REASON_NONE, POLICY_STATUS_MARKED}
#define REVOKED {REASON_CERT_REVOKED, POLICY_STATUS_GOOD}
#define STATUS {REASON_CERT_STATUS, POLICY_STATUS_GOOD}

static const struct row {
	const char *name;
	enum revocation_verdict verdict, last;
	int64_t last_age_ms;
	struct want refuse, last_good, mark;
} rows[] = {
	{"valid", REVOCATION_VALID, REVOCATION_VALID, 0, GOOD, GOOD, GOOD},
	{"valid, though another source once said otherwise", REVOCATION_VALID, REVOCATION_INVALID, 0, GOOD, GOOD, GOOD},
	{"invalid", REVOCATION_INVALID, REVOCATION_INVALID, 0, REVOKED, REVOKED, REVOKED},
	{"invalid, though valid before", REVOCATION_INVALID, REVOCATION_VALID, 0, REVOKED, REVOKED, REVOKED},
	{"nobody can tell, or ever could", REVOCATION_UNKNOWN, REVOCATION_UNKNOWN, NOW, STATUS, STATUS, MARKED},
	{"nobody can tell; it was valid a moment ago", REVOCATION_UNKNOWN, REVOCATION_VALID, 1000, STATUS, LAST, MARKED},
	{"nobody can tell; it was valid just within the age", REVOCATION_UNKNOWN, REVOCATION_VALID, AGE, STATUS, LAST, MARKED},
	{"nobody can tell; it was valid too long ago", REVOCATION_UNKNOWN, REVOCATION_VALID, AGE + 1, STATUS, STATUS, MARKED},
	{"nobody can tell; it was revoked a moment ago", REVOCATION_UNKNOWN, REVOCATION_INVALID, 1000, REVOKED, REVOKED,
		REVOKED},
	{"nobody can tell; it was revoked long ago", REVOCATION_UNKNOWN, REVOCATION_INVALID, INT64_C(1000) * AGE, REVOKED,
		REVOKED, REVOKED},
};

static bool decision_is(
	const struct row *row, enum conf_outage outage, enum revocation_reason why, const struct want *want)
{
	struct conf_profile p = {.outage = outage, .outage_age_ms = outage == CONF_OUTAGE_LAST_GOOD ? AGE : 0};
	struct revocation_answer a = {.verdict = row->verdict,
		.reason = why,
		.last = row->last,
		.last_ms = row->last == REVOCATION_UNKNOWN ? 0 : NOW - row->last_age_ms};
	enum policy_status status = POLICY_STATUS_MARKED;
	struct err e = {.reason = REASON_NONE};
	outcome o = policy_revocation(&p, &a, NOW, &status, &e);
	bool right = want->reason == REASON_NONE
		? o.ok && status == want->status
		: !o.ok && e.reason == want->reason && strstr(e.detail, revocation_reason_text(why)) != NULL;

	if (!right)
		print_message("%s, outage %d, %s: ok %d, status %d, %s (%s)\n", row->name, (int)outage,
			revocation_reason_text(why), o.ok, (int)status, reason_row(e.reason)->name, e.detail);
	return right;
}

/* All reasons that can stand beside a verdict. */
static bool reason_fits(enum revocation_verdict v, enum revocation_reason r)
{
	if (v == REVOCATION_VALID)
		return r == REVOCATION_GOOD;
	if (v == REVOCATION_INVALID)
		return r == REVOCATION_REVOKED || r == REVOCATION_HOLD;
	return r > REVOCATION_HOLD;
}

static void each_answer_is_decided_by_each_policy(void **state)
{
	size_t wrong = 0, decided = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (int r = 0; r < REVOCATION_REASON_COUNT; r++) {
			enum revocation_reason why = (enum revocation_reason)r;

			if (!reason_fits(rows[i].verdict, why))
				continue;
			wrong += !decision_is(&rows[i], CONF_OUTAGE_REFUSE, why, &rows[i].refuse);
			wrong += !decision_is(&rows[i], CONF_OUTAGE_LAST_GOOD, why, &rows[i].last_good);
			wrong += !decision_is(&rows[i], CONF_OUTAGE_MARK, why, &rows[i].mark);
			decided += 3;
		}
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(decided, 3 * (2 * 1 + 2 * 2 + 6 * 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_is_decided_by_each_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
