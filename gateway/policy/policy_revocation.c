/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy_revocation - what an answer about revocation means for a message.
 * Promise: "cannot tell" is never taken for "valid" unless the participant's profile says so in words. */
#include "policy/policy.h"

static outcome cannot_tell(const struct conf_profile *p, const struct revocation_answer *a, int64_t now_ms,
	enum policy_status *out, struct err *e)
{
	const char *why = revocation_reason_text(a->reason);

	switch (p->outage) {
	case CONF_OUTAGE_MARK:
		*out = POLICY_STATUS_MARKED;
		return DONE;
	case CONF_OUTAGE_LAST_GOOD:
		if (a->last != REVOCATION_VALID)
			return err_set(e, REASON_CERT_STATUS, "%s, and there is no earlier answer", why);
		if (now_ms - a->last_ms > p->outage_age_ms)
			return err_set(e, REASON_CERT_STATUS, "%s, and the last answer is %lld s old; %d s are allowed", why,
				(long long)((now_ms - a->last_ms) / 1000), p->outage_age_ms / 1000);
		*out = POLICY_STATUS_LAST_GOOD;
		return DONE;
	case CONF_OUTAGE_REFUSE:
		break;
	}
	return err_set(e, REASON_CERT_STATUS, "%s", why);
}

outcome policy_revocation(const struct conf_profile *p, const struct revocation_answer *a, int64_t now_ms,
	enum policy_status *out, struct err *e)
{
	*out = POLICY_STATUS_GOOD;
	if (a->verdict == REVOCATION_VALID)
		return DONE;
	if (a->verdict == REVOCATION_INVALID)
		return err_set(e, REASON_CERT_REVOKED, "%s", revocation_reason_text(a->reason));
	if (a->last == REVOCATION_INVALID)
		return err_set(e, REASON_CERT_REVOKED, "%s; the last answer said that it is revoked",
			revocation_reason_text(a->reason));
	return cannot_tell(p, a, now_ms, out, e);
}
