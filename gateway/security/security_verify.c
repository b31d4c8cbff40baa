/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_verify - the order of verification, and the only maker of struct verified.
 * Promise:  what a struct verified names is what was digested: the envelope's own Body node.
 * Spec:     B1; bus contract section 4.8; WS-I BSP 1.1. */
#include "base/memory.h"
#include "security/security_int.h"

struct verified {
	const struct envelope *env;
	const struct trust_cert *cert;
	enum conf_form form;
	enum signature signature;
	enum digest digest; /* of the Body */
	unsigned char body[64]; /* it */
	bool usual; /* made of the exclusive form without a list of prefixes, and nothing else */
};

/* Bits of enum legacy: what the message uses that a profile must allow. */
static unsigned legacy_of(const struct parts *p)
{
	unsigned used = signature_row(p->algorithm)->legacy;

	for (size_t i = 0; i < p->reference_count; i++)
		used |= digest_row(p->references[i].digest)->legacy;
	return used;
}

static const char *bin_of(const struct trust_cert *cert)
{
	return cert->participant->bin ? cert->participant->bin : cert->who.bin;
}

outcome security_profile_check(const struct parts *p, const struct trust_cert *cert, struct err *e)
{
	const struct conf_profile *profile = cert->participant->profile;
	unsigned used = legacy_of(p);

	if (!(profile->forms & (unsigned)p->form))
		return err_set(e, REASON_SEC_FORM, "form %u is not among those of profile %.60s",
			(unsigned)p->form, profile->name);
	if (used & LEGACY_SHA1 && !profile->sha1)
		return err_set(e, REASON_SEC_ALGORITHM, "SHA-1 is not allowed by profile %.60s",
			profile->name);
	if (used & LEGACY_GOST && !profile->legacy_gost)
		return err_set(e, REASON_SEC_ALGORITHM,
			"GOST 34.310-2004 and GOST 34.311-95 are not allowed by profile %.60s", profile->name);
	if (p->plain_id && !profile->plain_id && p->form != CONF_FORM_PLAIN)
		return err_set(e, REASON_SEC_ID_FORM, "Id without namespace is not allowed by profile %.60s",
			profile->name);
	if (signature_row(p->algorithm)->key != cert->key_kind)
		return err_set(e, REASON_SEC_VALUE, "%s does not fit the key of the certificate",
			signature_row(p->algorithm)->name);
	if (!profile->rule)
		return DONE;
	return trust_rule_holds(cert, profile->rule, bin_of(cert), e);
}

outcome security_parts_find(struct pool *pool, const struct envelope *env, struct parts *p, struct err *e)
{
	*p = (struct parts){.plain = false};
	TRY(security_header_read(env, p, e));
	return security_reference_read(pool, env, p, e);
}

/* What a Reference means that names nothing of the message can depend on what was left out of the tree. */
static outcome find_parts(struct pool *pool, const struct envelope *env, struct parts *p, struct err *e)
{
	outcome found = security_parts_find(pool, env, p, e);

	if (found.ok || envelope_is_whole(env))
		return found;
	TRY(envelope_whole(env, e));
	return security_parts_find(pool, env, p, e);
}

static outcome verify(struct pool *pool, const struct envelope *env, struct trust *trust, struct stamp now,
	const struct verified **out, const struct trust_cert **who, struct err *e)
{
	const struct trust_cert *cert = NULL;
	struct verified *v;
	struct parts p;

	TRY(find_parts(pool, env, &p, e));
	TRY(security_token_find(pool, env, &p, trust, now.ms, &cert, e));
	if (who)
		*who = cert;
	TRY(security_profile_check(&p, cert, e));
	TRY(security_dsig_verify(pool, env, &p, cert, e));
	if (p.timestamp)
		TRY(security_timestamp_check(pool, p.timestamp, cert->participant->profile, now, e));
	v = POOL_NEW(pool, struct verified);
	if (!v)
		return err_set(e, REASON_MEMORY, "struct verified");
	*v = (struct verified){.env = env, .cert = cert, .form = p.form, .signature = p.algorithm,
		.digest = p.body->digest, .usual = !p.body->prefixes && !p.body->enveloped};
	memcpy(v->body, p.body->value, sizeof v->body);
	*out = v;
	return DONE;
}

outcome security_verify(struct pool *pool, const struct envelope *env, struct trust *trust, struct stamp now,
	const struct verified **out, const struct trust_cert **who, struct err *e)
{
	size_t before = memory_refusals();
	const struct verified *v = NULL;

	TRY(memory_judge(before, verify(pool, env, trust, now, &v, who, e), e));
	*out = v;
	return DONE;
}

const struct envelope *verified_envelope(const struct verified *v)
{
	return v->env;
}

const struct trust_cert *verified_certificate(const struct verified *v)
{
	return v->cert;
}

const struct conf_participant *verified_participant(const struct verified *v)
{
	return v->cert->participant;
}

const char *verified_bin(const struct verified *v)
{
	return bin_of(v->cert);
}

const struct element *verified_operation(const struct verified *v)
{
	return envelope_operation(v->env);
}

enum conf_form verified_form(const struct verified *v)
{
	return v->form;
}

enum signature verified_signature(const struct verified *v)
{
	return v->signature;
}

struct bytes security_verified_body(const struct verified *v, enum digest d)
{
	return v->usual && v->digest == d ? (struct bytes){v->body, digest_row(d)->size} : BYTES_NONE;
}

enum digest verified_digest(const struct verified *v)
{
	return v->digest;
}
