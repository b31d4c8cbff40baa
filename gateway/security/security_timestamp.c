/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_timestamp - whether a message is fresh by its own, signed Timestamp.
 * Promise:  a moment without zone is refused, not guessed.
 * Not here: that the Timestamp is signed (security_reference.c); messageDate (policy).
 * Spec:     WSS 1.1 section 10; WS-I BSP 1.1 section 6. */
#include "security/security_int.h"

static outcome read_moment(struct pool *pool, const xmlNode *node, struct stamp *out, struct err *e)
{
	struct bytes text;

	if (!node_text(pool, node, &text) || !stamp_parse(security_node_trim(text), out) || !out->has_offset)
		return err_set(e, REASON_SEC_TIMESTAMP, "%.40s is no dateTime with a zone", node_local(node));
	return DONE;
}

outcome security_timestamp_read(struct pool *pool, const xmlNode *node, struct timestamp *t, struct err *e)
{
	const xmlNode *created = security_node_element(node->children);
	const xmlNode *expires = created ? security_node_element(created->next) : NULL;

	*t = (struct timestamp){.has_expires = expires != NULL};
	if (!security_node_tidy(node) || !created || !security_node_is(created, NS_WSU, "Created"))
		return err_set(e, REASON_SEC_TIMESTAMP, "Timestamp does not begin with wsu:Created");
	TRY(read_moment(pool, created, &t->created, e));
	if (!expires)
		return DONE;
	if (!security_node_is(expires, NS_WSU, "Expires") || security_node_element(expires->next))
		return err_set(e, REASON_SEC_TIMESTAMP,
			"Timestamp holds more than wsu:Created and wsu:Expires");
	TRY(read_moment(pool, expires, &t->expires, e));
	if (t->expires.ms < t->created.ms)
		return err_set(e, REASON_SEC_TIMESTAMP, "Expires lies before Created");
	return DONE;
}

outcome security_timestamp_check(struct pool *pool, const xmlNode *node, const struct conf_profile *profile,
	struct stamp now, struct err *e)
{
	const int64_t skew = profile->skew_ms, max_age = profile->max_age_ms;
	struct timestamp t;
	int64_t age;

	TRY(security_timestamp_read(pool, node, &t, e));
	age = now.ms - t.created.ms;
	if (age < -skew)
		return err_set(e, REASON_SEC_EXPIRED, "Created lies %lld ms ahead", (long long)-age);
	if (age > max_age)
		return err_set(e, REASON_SEC_EXPIRED, "Created lies %lld ms back", (long long)age);
	if (t.has_expires && now.ms > t.expires.ms + skew)
		return err_set(e, REASON_SEC_EXPIRED, "expired %lld ms ago",
			(long long)(now.ms - t.expires.ms));
	/* A message that claims to live longer than it is remembered could be repeated after that. */
	if (t.has_expires && t.expires.ms - t.created.ms > max_age)
		return err_set(e, REASON_SEC_EXPIRED, "Expires lies further than %lld ms from Created",
			(long long)max_age);
	return DONE;
}
