/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_trust - the trust of a simulated system, built from a few paths instead of a configuration file.
 * Owns:     the conf objects that trust refers to, in one pool.
 * Promise:  only the certificates named here are ever accepted. */
#include <stdlib.h>

#include "sim_int.h"

#define TRUST_POOL (1u << 20)

struct sim_trust {
	struct pool *pool;
	struct trust *trust;
};

void sim_trust_free(struct sim_trust **t)
{
	if (!*t)
		return;
	trust_free(&(*t)->trust);
	pool_free(&(*t)->pool);
	free(*t);
	*t = NULL;
}

struct trust *sim_trust(const struct sim_trust *t)
{
	return t->trust;
}

static struct sim_trust *make(void)
{
	struct sim_trust *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->pool = pool_new(TRUST_POOL);
	t->trust = trust_new();
	if (!t->pool || !t->trust)
		sim_trust_free(&t);
	return t;
}

/* The forms of the bus that a system can meet; a fresh profile for each trust. */
static const struct conf_profile *profile(struct pool *pool, enum conf_form sign)
{
	struct conf_profile *p = POOL_NEW(pool, struct conf_profile);

	if (!p)
		return NULL;
	p->at.file = "options";
	p->name = "simulated";
	p->forms = CONF_FORM_KEY_IDENTIFIER | CONF_FORM_ISSUER_SERIAL | CONF_FORM_BST | CONF_FORM_X509_DATA;
	p->sign = sign ? sign : CONF_FORM_KEY_IDENTIFIER;
	p->skew_ms = 300000;
	p->max_age_ms = 604800000;
	return p;
}

static struct conf_key *key_of(struct pool *pool, struct bytes name, struct bytes certificate, struct bytes key)
{
	struct conf_key *k = POOL_NEW(pool, struct conf_key);

	if (!k)
		return NULL;
	k->at.file = "options";
	k->name = pool_copy(pool, name);
	k->certificate = pool_copy(pool, certificate);
	k->key = pool_copy(pool, key);
	return k->name && k->certificate && k->key ? k : NULL;
}

/* A participant with one pinned certificate; its name is its senderId. */
static struct conf_participant *participant(struct pool *pool, struct bytes name, const char *certificate,
	const struct conf_profile *p, const struct conf_key *k)
{
	struct conf_participant *who = POOL_NEW(pool, struct conf_participant);
	const char **names = pool_alloc(pool, 2 * sizeof *names);

	if (!who || !names || !p)
		return NULL;
	names[0] = pool_copy(pool, name);
	names[1] = pool_copy(pool, bytes_str(certificate));
	if (!names[0] || !names[1])
		return NULL;
	who->at.file = "options";
	who->name = names[0];
	who->sender_ids = (struct conf_names){&names[0], 1};
	who->certificates = (struct conf_names){&names[1], 1};
	who->profile = p;
	who->key = k;
	return who;
}

outcome sim_trust_open(const char *certificate, const char *key, const char *peer_certificate,
	enum conf_form form, struct sim_trust **out, struct err *e)
{
	SCOPED(sim_trust_free) struct sim_trust *t = make();
	struct conf_participant *other;
	struct conf_key *own;

	if (!certificate || !key || !peer_certificate)
		return err_set(e, REASON_CONFIG,
			"own certificate, own key and the other side's certificate are needed");
	if (!t)
		return err_set(e, REASON_MEMORY, "trust of a simulated system");
	own = key_of(t->pool, BYTES_LIT("own"), bytes_str(certificate), bytes_str(key));
	other = participant(t->pool, BYTES_LIT("peer"), peer_certificate, profile(t->pool, form), own);
	if (!own || !other)
		return err_set(e, REASON_MEMORY, "trust of a simulated system");
	TRY(trust_add_key(t->trust, own, e));
	TRY(trust_add_participant(t->trust, other, e));
	*out = t;
	t = NULL;
	return DONE;
}

outcome sim_trust_open_documents(const char *const *certificates, struct sim_trust **out, struct err *e)
{
	SCOPED(sim_trust_free) struct sim_trust *t = make();
	const struct conf_profile *p = t ? profile(t->pool, CONF_FORM_KEY_IDENTIFIER) : NULL;

	if (!p)
		return err_set(e, REASON_MEMORY, "trust in documents");
	for (; *certificates; certificates++) {
		const char *equals = strchr(*certificates, '=');
		struct conf_participant *who;

		if (!equals || equals == *certificates || !equals[1])
			return err_set(e, REASON_CONFIG, "%s is not senderId=path", *certificates);
		who = participant(t->pool, (struct bytes){(const unsigned char *)*certificates,
			(size_t)(equals - *certificates)}, equals + 1, p, NULL);
		if (!who)
			return err_set(e, REASON_MEMORY, "trust in documents");
		TRY(trust_add_participant(t->trust, who, e));
	}
	*out = t;
	t = NULL;
	return DONE;
}

/* One "name=certificate,key"; what does not look like it is refused. */
static outcome add_signer(struct sim_trust *t, const char *words, struct err *e)
{
	const char *equals = strchr(words, '='), *comma = equals ? strrchr(equals, ',') : NULL;
	struct bytes all = bytes_str(words);
	struct conf_key *k;
	size_t name, path;

	if (!comma || equals == words || comma == equals + 1 || !comma[1])
		return err_set(e, REASON_CONFIG, "%s is not name=certificate,key", words);
	name = (size_t)(equals - words);
	path = (size_t)(comma - words);
	k = key_of(t->pool, bytes_sub(all, 0, name), bytes_sub(all, name + 1, path), bytes_sub(all, path + 1, all.n));
	return k ? trust_add_key(t->trust, k, e) : err_set(e, REASON_MEMORY, "key of a signer");
}

outcome sim_trust_open_signers(const char *const *signers, struct sim_trust **out, struct err *e)
{
	SCOPED(sim_trust_free) struct sim_trust *t = make();

	if (!t)
		return err_set(e, REASON_MEMORY, "keys of signers");
	for (; *signers; signers++)
		TRY(add_signer(t, *signers, e));
	*out = t;
	t = NULL;
	return DONE;
}
