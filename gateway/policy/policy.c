/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy - may this verified caller do this now? Pure decisions.
 * Spec: bus contract 1.2 (sender), rules B7 (state secrets) and M4 (who asks for what). */
#include "policy/policy.h"

static bool names_hold(struct conf_names names, struct bytes value)
{
	for (size_t i = 0; i < names.n; i++) {
		if (bytes_is(value, names.name[i]))
			return true;
	}
	return false;
}

outcome policy_sender(const struct verified *v, const struct sync_request *r, struct err *e)
{
	const struct conf_participant *p = verified_participant(v);

	if (!names_hold(p->sender_ids, r->sender_id))
		return err_set(e, REASON_SENDER_UNKNOWN, "the certificate belongs to %s, whose senderId is another", p->name);
	if (!p->password_hash)
		return DONE;
	if (!r->has_password)
		return err_set(e, REASON_SENDER_PASSWORD, "no password of %s in the message", p->name);
	if (!password_fits(p->password_hash, r->password))
		return err_set(e, REASON_SENDER_PASSWORD, "the password of %s does not fit", p->name);
	return DONE;
}

static outcome check_date(int64_t age, int oldest_ms, int skew_ms, struct err *e)
{
	if (age > oldest_ms)
		return err_set(e, REASON_DATE_WINDOW, "the message is %lld s old; %d s are allowed", (long long)(age / 1000),
			oldest_ms / 1000);
	if (-age > skew_ms)
		return err_set(e, REASON_DATE_WINDOW, "the message lies %lld s ahead; %d s are allowed",
			(long long)(-age / 1000), skew_ms / 1000);
	return DONE;
}

outcome policy_date(const struct verified *v, const struct sync_request *r, struct stamp now, struct err *e)
{
	const struct conf_profile *profile = verified_participant(v)->profile;

	return check_date(now.ms - r->date.ms, profile->max_age_ms, profile->skew_ms, e);
}

outcome policy_fresh(const struct verified *v, const struct sync_request *r, struct stamp now, struct err *e)
{
	const struct conf_profile *profile = verified_participant(v)->profile;

	return check_date(now.ms - r->date.ms, profile->skew_ms, profile->skew_ms, e);
}

outcome policy_secrecy(const struct conf *c, const struct sync_request *r, struct err *e)
{
	for (size_t i = 0; i < r->property_count; i++) {
		const struct property *p = &r->properties[i];

		if (p->value.n && names_hold(c->secrecy.properties, p->key) && !names_hold(c->secrecy.harmless, p->value))
			return err_set(e, REASON_SECRET_MARK, "property %.*s marks the message", (int)p->key.n, p->key.p);
	}
	return DONE;
}

outcome policy_service(const struct conf *c, const struct verified *v, const struct sync_request *r,
	const struct conf_service **out, struct err *e)
{
	const struct conf_participant *p = verified_participant(v);
	const struct conf_service *s = conf_service_by_id(c, r->service_id);

	if (!s)
		return err_set(e, REASON_SERVICE_UNKNOWN, "serviceId %.*s is not configured",
			(int)(r->service_id.n > 100 ? 100 : r->service_id.n), r->service_id.p);
	if (!conf_may_call(p, s))
		return err_set(e, REASON_SERVICE_FORBIDDEN, "%s may not call %s", p->name, s->id);
	*out = s;
	return DONE;
}

outcome policy_answer(const struct conf_service *s, const struct verified *answer, struct err *e)
{
	const struct conf_participant *signer = verified_participant(answer);

	if (signer != s->provider)
		return err_set(e, REASON_PROVIDER_UNSIGNED, "the answer of %s was signed by %s", s->provider->name,
			signer->name);
	return DONE;
}
