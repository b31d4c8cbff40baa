/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_key - our own keys by name.
 * Promise:  a key that would make signatures that others must refuse is not taken: it fits its certificate,
 *           and the certificate passes the same check as everybody's.
 * Not here: signing (trust_sign.c). */
#include <stdlib.h>

#include <openssl/err.h>

#include "trust/trust_int.h"

static outcome check_own(struct trust_own *own, const struct conf_key *k, struct err *e)
{
	int fits;

	if (!trust_check(own->x509, LEGACY_GOST, &own->key.key_kind, e).ok) {
		if (e)
			e->reason = REASON_KEY_USELESS;
		return trust_file_failed(k->certificate, e);
	}
	fits = X509_check_private_key(own->x509, own->secret);
	ERR_clear_error();
	return fits == 1 ? DONE :
		err_set(e, REASON_KEY_USELESS, "%s: is not the key of %s", k->key, k->certificate);
}

static outcome read_own(struct trust_own *own, const struct conf_key *k, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;

	if (!trust_file_certificates(k->certificate, &list, e).ok) {
		if (e)
			e->reason = REASON_KEY_USELESS;
		return FAILED;
	}
	own->x509 = sk_X509_shift(list); /* a chain may follow the certificate; it is not needed */
	TRY(trust_file_key(k->key, &own->secret, e));
	return check_own(own, k, e);
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
	unsigned char digest[32];

	TRY(trust_der_write(own->x509, &own->der, digest, e));
	buf_base64(&own->base64, buf_bytes(&own->der));
	trust_print(digest, key->print);
	if (!trust_period_narrow(&period, own->x509))
		return err_set(e, REASON_KEY_USELESS, "%s: a date cannot be read", k->certificate);
	key->conf = k;
	key->key = own->secret;
	key->der = buf_bytes(&own->der);
	key->base64 = buf_cstr(&own->base64);
	key->subject = own->subject = trust_name_text(X509_get_subject_name(own->x509));
	key->issuer = own->issuer = trust_name_text(X509_get_issuer_name(own->x509));
	key->serial = own->serial = trust_serial_text(own->x509);
	key->not_after_ms = period.until_ms;
	key->usual = usual_for(own->secret, key->key_kind);
	if (!prepared_for(&own->sign, own->secret, key->key_kind, true))
		return err_set(e, REASON_KEY_USELESS, "%s: OpenSSL cannot sign with this key", k->key);
	return key->subject && key->issuer && key->serial && buf_ok(&own->base64) ? DONE :
		err_set(e, REASON_KEY_USELESS, "%s: no memory", k->name);
}

outcome trust_own_take(struct trust *t, const struct conf_key *k, const struct trust_own **out, struct err *e)
{
	SCOPED(trust_own_free) struct trust_own *own = calloc(1, sizeof(*own));

	if (!own)
		return err_set(e, REASON_KEY_USELESS, "%s: no memory", k->name);
	own->der = own->base64 = BUF(SIZE_MAX / 2);
	TRY(read_own(own, k, e));
	TRY(fill(own, k, e));
	own->next = t->keys;
	*out = t->keys = own;
	own = NULL;
	return DONE;
}

outcome trust_add_key(struct trust *t, const struct conf_key *k, struct err *e)
{
	const struct trust_own *own;

	return trust_own_take(t, k, &own, e);
}

void trust_own_free(struct trust_own **own)
{
	struct trust_own *old = *own;

	if (!old)
		return;
	*own = NULL;
	prepared_drop(&old->sign);
	EVP_PKEY_free(old->secret);
	X509_free(old->x509);
	free(old->subject);
	free(old->issuer);
	free(old->serial);
	buf_free(&old->der);
	buf_free(&old->base64);
	free(old);
}

const struct trust_key *trust_key_named(const struct trust *t, const char *name)
{
	const struct trust_own *own = t->keys;

	while (own && strcmp(own->key.conf->name, name) != 0)
		own = own->next;
	return own ? &own->key : NULL;
}
