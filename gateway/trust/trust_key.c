/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_key - our own keys by name.
 * Promise:  a key that would make signatures that others must refuse is not taken: it fits its certificate,
 *           and the certificate passes the same check as everybody's.
 * Not here: where it comes from (trust_source.c, trust_token.c), signing (trust_sign.c). */
#include <stdlib.h>

#include <openssl/err.h>

#include "base/memory.h"
#include "trust/trust_int.h"

static const char *certificate_name(const struct conf_key *k)
{
	return k->certificate ? k->certificate : trust_source_name(k);
}

/* From where the keys are: files and tokens, or the process that keeps them, which shows the certificate alone. */
static outcome read_own(struct trust_own *own, const struct conf_key *k, struct err *e)
{
	SCOPED(buf_free) struct buf der = BUF(KEEPER_VALUE);
	const unsigned char *p;

	own->kept = own->trust->keeper != NULL;
	if (!own->kept)
		return trust_source_read(k, &own->source, e);
	TRY(keeper_certificate(own->trust->keeper, k->name, &der, e));
	p = der.data;
	own->source.x509 = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error();
	return own->source.x509 ? DONE : err_set(e, REASON_KEY_USELESS, "%s: the keeper shows no certificate", k->name);
}

static outcome check_own(struct trust_own *own, const struct conf_key *k, struct err *e)
{
	int fits;

	if (!trust_check(own->source.x509, LEGACY_GOST, &own->key.key_kind, e).ok) {
		if (e)
			e->reason = REASON_KEY_USELESS;
		return trust_file_failed(certificate_name(k), e);
	}
	if (own->kept)
		return DONE; /* the keeper has checked that they fit */
	fits = X509_check_private_key(own->source.x509, own->source.secret);
	ERR_clear_error();
	return fits == 1 ? DONE :
		err_set(e, REASON_KEY_USELESS, "%s: is not the key of %s", trust_source_name(k), certificate_name(k));
}

static enum signature usual_for(EVP_PKEY *key, enum key_kind kind)
{
	if (kind == KEY_RSA)
		return SIGNATURE_RSA_SHA256;
	if (kind == KEY_GOST || kind == KEY_GOST_LEGACY)
		return kind == KEY_GOST ? SIGNATURE_GOST_2015 : SIGNATURE_GOST_LEGACY;
	return EVP_PKEY_get_bits(key) > 256 ? SIGNATURE_ECDSA_SHA384 : SIGNATURE_ECDSA_SHA256;
}

static outcome fill(struct trust_own *own, const struct conf_key *k, struct err *e)
{
	struct trust_key *key = &own->key;
	struct trust_period period = {INT64_MIN, INT64_MAX};
	SCOPED(trust_name_free) struct trust_name issuer = TRUST_NAME;

	EVP_PKEY *pkey = own->kept ? X509_get0_pubkey(own->source.x509) : own->source.secret;

	TRY(trust_der_write(own->source.x509, &own->der, own->sha256, e));
	buf_base64(&own->base64, buf_bytes(&own->der));
	trust_print(own->sha256, key->print);
	if (!trust_period_narrow(&period, own->source.x509))
		return err_set(e, REASON_KEY_USELESS, "%s: a date cannot be read", certificate_name(k));
	key->conf = k;
	key->key = pkey;
	key->der = buf_bytes(&own->der);
	key->base64 = buf_cstr(&own->base64);
	key->subject = own->subject = trust_name_text(X509_get_subject_name(own->source.x509));
	key->issuer = own->issuer = trust_name_text(X509_get_issuer_name(own->source.x509));
	key->serial = own->serial = trust_serial_text(own->source.x509);
	key->not_before_ms = period.from_ms;
	key->not_after_ms = period.until_ms;
	key->usual = usual_for(pkey, key->key_kind);
	if (!own->kept && !prepared_for(&own->sign, own->source.secret, key->key_kind, true))
		return err_set(e, REASON_KEY_USELESS, "%s: OpenSSL cannot sign with this key", trust_source_name(k));
	if (key->serial && trust_name_of(&issuer, X509_get_issuer_name(own->source.x509)))
		trust_name_key(&issuer, bytes_str(key->serial), own->name);
	return key->subject && key->issuer && key->serial && buf_ok(&own->base64) ? DONE :
		err_set(e, REASON_KEY_USELESS, "%s: no memory", k->name);
}

outcome trust_own_take(struct trust *t, const struct conf_key *k, const struct trust_own **out, struct err *e)
{
	SCOPED(trust_own_free) struct trust_own *own = calloc(1, sizeof(*own));

	if (!own)
		return err_set(e, REASON_KEY_USELESS, "%s: no memory", k->name);
	own->trust = t;
	own->der = own->base64 = BUF(SIZE_MAX / 2);
	TRY(read_own(own, k, e));
	TRY(check_own(own, k, e));
	TRY(fill(own, k, e));
	own->next = t->keys;
	*out = t->keys = own;
	own = NULL;
	return DONE;
}

outcome trust_add_keeper(struct trust *t, const char *socket, struct err *e)
{
	BUG_IF(t->keeper || t->keys);
	return keeper_open(socket, &t->keeper, e);
}

static outcome add_key(struct trust *t, const struct conf_key *k, struct err *e)
{
	const struct trust_own *own;

	return trust_own_take(t, k, &own, e);
}

outcome trust_add_key(struct trust *t, const struct conf_key *k, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, add_key(t, k, e), e);
}

void trust_own_free(struct trust_own **own)
{
	struct trust_own *old = *own;

	if (!old)
		return;
	*own = NULL;
	prepared_drop(&old->sign);
	trust_source_drop(&old->source);
	free(old->subject);
	free(old->issuer);
	free(old->serial);
	buf_free(&old->der);
	buf_free(&old->base64);
	free(old);
}

const struct trust_key *trust_key_at(const struct trust *t, const char *name, int64_t now_ms)
{
	const struct trust_key *k = trust_key_named(t, name);

	while (k && k->conf->successor && now_ms >= k->conf->successor_ms)
		k = trust_key_named(t, k->conf->successor->name);
	return k;
}

const struct trust_key *trust_key_named(const struct trust *t, const char *name)
{
	const struct trust_own *own = t->keys;

	while (own && strcmp(own->key.conf->name, name) != 0)
		own = own->next;
	return own ? &own->key : NULL;
}
