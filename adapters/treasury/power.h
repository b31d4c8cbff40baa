/* SPDX-License-Identifier: GPL-3.0-or-later */
/* power - powers of attorney of the Treasury-Client: who may sign while they run (rule T8; order No. 98, item 25 and the
 * annex of the agreement).
 *
 * A power passes one role of the principal to a delegate of the same organisation for a term of days, both ends included.
 * While it runs the principal's own key is not used. The delegate signs with a key of the own: its certificate has the
 * role in a DC, as the order says of whom a head authorised, and calls its owner an employee of the organisation, who has no
 * right to sign; the role of such a certificate counts only while a power runs. Whoever signs in the own right has one of
 * the purposes "first head", "right to sign", "right to sign financial documents" in the certificate.
 * Pure: the gateway and the simulated Treasury-Client each keep a register of their own and ask the same judge.
 * Not here: which roles a kind of document demands (roles.tsv, services.yaml), users who are blocked. */
#ifndef QAQPA_TREASURY_POWER_H
#define QAQPA_TREASURY_POWER_H

#include "base/bytes.h"
#include "trust/trust.h"

struct power {
	const char *number, *role;
	const char *principal, *delegate; /* IIN */
	const char *first_day, *last_day; /* 2030-01-02 */
	bool revoked;
};
struct powers { /* of one organisation: all in which somebody who is asked about is principal or delegate */
	const struct power *power;
	size_t n;
};

/* NULL when there is none. */
const struct power *power_numbered(const struct powers *known, const char *number);
bool power_runs(const struct power *p, const char *day);
/* True when the certificate's owner signs without a power. */
bool power_own_right(const struct trust_subject *who);

/* May the owner of the certificate sign on this day? `roles`: one of them is what the signature has to give; NULL: any.
 * False: `why` says the reason, without anybody's number. */
MUST_USE bool power_allows(const struct powers *known, const struct trust_subject *who, const struct conf_names *roles,
	const char *day, struct buf *why);

/* Everything that is wrong with a power that is to be granted by these two signatures; `bin` is the client's. NULL for a
 * person who did not sign. The very power that is known may be granted once more. A code is for machines: power.term ...
 * Gives how many of `out` were filled. */
struct power_fault {
	const char *code;
	char text[160];
};
#define POWER_FAULTS_MOST 16
size_t power_grant_faults(const struct powers *known, const struct power *wanted, const char *bin,
	const struct trust_subject *principal, const struct trust_subject *delegate, const char *day,
	struct power_fault out[POWER_FAULTS_MOST]);

#endif
