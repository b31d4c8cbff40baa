/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_view - a certificate told in words.
 * Promise:  tells what stands in the certificate, good or bad; a part that cannot be read is told as absent.
 * Not here: judging (trust_check.c, trust_rule.c), hiding numbers (the command that prints). */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "crypto/crypto.h"

#include "trust/certificate.h"

#include "trust/trust_int.h"

static const struct {
	const char *dotted, *name;
} oids[] = {
#define O(dotted, name) {dotted, name},
#include "trust/oids.def"
#undef O
};

const char *cert_oid_name(const char *dotted)
{
	for (size_t i = 0; i < sizeof(oids) / sizeof(*oids); i++) {
		if (strcmp(oids[i].dotted, dotted) == 0)
			return oids[i].name;
	}
	return NULL;
}

static const char *hex_of(struct pool *pool, const unsigned char *p, size_t n)
{
	SCOPED(buf_free) struct buf hex = BUF(4096);

	buf_hex(&hex, (struct bytes){p, n});
	return pool_copy(pool, buf_bytes(&hex));
}

static const char *key_name(struct pool *pool, X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	char curve[40] = "";

	switch (key ? crypto_curve_of(key) : CRYPTO_CURVE_COUNT) {
	case CRYPTO_CURVE_512:
		return "GOST 34.10-2015 512";
	case CRYPTO_CURVE_256:
		return "GOST 34.310-2004 256";
	default:
		break;
	}
	if (!key)
		return "a key that cannot be read";
	if (EVP_PKEY_is_a(key, "RSA"))
		return pool_printf(pool, "RSA %d", EVP_PKEY_get_bits(key));
	if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1)
		return pool_printf(pool, "EC %s", strcmp(curve, "prime256v1") == 0 ? "P-256"
			: strcmp(curve, "secp384r1") == 0			  ? "P-384"
										  : curve);
	return pool_printf(pool, "%s %d", EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "unknown",
		EVP_PKEY_get_bits(key));
}

static const char *signature_name(struct pool *pool, const X509 *x)
{
	int nid = X509_get_signature_nid(x);
	const ASN1_OBJECT *oid;
	char dotted[80];

	if (nid == crypto_nid_signature(CRYPTO_CURVE_512))
		return "GOST 34.10-2015 with GOST 34.11-2015 512";
	if (nid == crypto_nid_signature(CRYPTO_CURVE_256))
		return "GOST 34.310-2004 with GOST 34.311-95";
	if (nid != NID_undef)
		return OBJ_nid2ln(nid);
	X509_ALGOR_get0(&oid, NULL, NULL, X509_get0_tbs_sigalg(x));
	return OBJ_obj2txt(dotted, sizeof(dotted), oid, 1) > 0 ? pool_copy(pool, bytes_str(dotted)) : "unknown";
}

static bool take_usage(struct cert_view *v, struct pool *pool, X509 *x)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} usages[] = {{KU_DIGITAL_SIGNATURE, "digitalSignature"}, {KU_NON_REPUDIATION, "nonRepudiation"},
		{KU_KEY_ENCIPHERMENT, "keyEncipherment"}, {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
		{KU_KEY_AGREEMENT, "keyAgreement"}, {KU_KEY_CERT_SIGN, "keyCertSign"}, {KU_CRL_SIGN, "cRLSign"},
		{KU_ENCIPHER_ONLY, "encipherOnly"}, {KU_DECIPHER_ONLY, "decipherOnly"}};
	const char **names = pool_alloc(pool, sizeof(usages) / sizeof(*usages) * sizeof(*names));
	size_t n = 0;

	if (!names)
		return false;
	for (size_t i = 0; i < sizeof(usages) / sizeof(*usages); i++) {
		if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) && (X509_get_key_usage(x) & usages[i].bit))
			names[n++] = usages[i].name;
	}
	v->usage = (struct conf_names){names, n};
	return true;
}

static bool take_names(struct cert_view *v, struct pool *pool, X509 *x)
{
	SCOPED(trust_name_free) struct trust_name issuer = TRUST_NAME;
	char *texts[] = {trust_name_text(X509_get_subject_name(x)), trust_name_text(X509_get_issuer_name(x)),
		trust_serial_text(x)};

	v->subject = texts[0] ? pool_copy(pool, bytes_str(texts[0])) : NULL;
	v->issuer = texts[1] ? pool_copy(pool, bytes_str(texts[1])) : NULL;
	v->serial = texts[2] ? pool_copy(pool, bytes_str(texts[2])) : NULL;
	for (int i = 0; i < 3; i++)
		free(texts[i]);
	if (v->serial && trust_name_of(&issuer, X509_get_issuer_name(x)))
		trust_name_key(&issuer, bytes_str(v->serial), v->name);
	return v->subject && v->issuer && v->serial;
}

static void take_dates(struct cert_view *v, const X509 *x)
{
	struct trust_period p = {INT64_MIN, INT64_MAX};

	if (!trust_period_narrow(&p, x))
		return;
	v->not_before_ms = p.from_ms;
	v->not_after_ms = p.until_ms;
}

static bool take_digests(struct cert_view *v, struct pool *pool, X509 *x)
{
	SCOPED(buf_free) struct buf der = BUF(SIZE_MAX / 2), hex = BUF(100);
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
	unsigned char sha1[64];

	if (!trust_der_write(x, &der, v->sha256, NULL).ok)
		return false;
	trust_print(v->sha256, v->print);
	buf_hex(&hex, (struct bytes){sha1, digest_once(DIGEST_SHA1, buf_bytes(&der), sha1)});
	memcpy(v->sha1, buf_cstr(&hex), hex.len < sizeof(v->sha1) ? hex.len + 1 : 0);
	if (ski)
		v->ski = hex_of(pool, ASN1_STRING_get0_data(ski), (size_t)ASN1_STRING_length(ski));
	return buf_ok(&hex) && (!ski || v->ski);
}

static outcome view(struct pool *pool, X509 *x, struct cert_view *v, struct err *e)
{
	bool taken;

	*v = (struct cert_view){.authority = X509_check_ca(x) != 0, .key = key_name(pool, x),
		.signature = signature_name(pool, x)};
	take_dates(v, x);
	taken = v->key && v->signature && trust_subject_of(&v->who, pool, x) && take_names(v, pool, x) &&
		take_usage(v, pool, x) && take_digests(v, pool, x);
	ERR_clear_error();
	return taken ? DONE : err_set(e, REASON_MEMORY, "no memory for a certificate");
}

/* OpenSSL remembers that it could not read a key, so the national ones must be known before. */
outcome cert_view_read(struct pool *pool, struct bytes der, struct cert_view *out, struct err *e)
{
	SCOPED(scoped_x509) X509 *x = NULL;

	TRY(crypto_init(NULL, e));
	TRY(trust_der_read(der, &x, e));
	return view(pool, x, out, e);
}

outcome cert_views_read(struct pool *pool, const char *path, const struct cert_view **out, size_t *n, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;
	struct cert_view *views;

	TRY(crypto_init(NULL, e));
	TRY(trust_file_certificates(path, &list, e));
	*n = (size_t)sk_X509_num(list);
	views = pool_alloc(pool, *n * sizeof(*views));
	if (!views)
		return err_set(e, REASON_MEMORY, "%s: no memory", path);
	for (size_t i = 0; i < *n; i++)
		TRY(view(pool, sk_X509_value(list, (int)i), &views[i], e));
	*out = views;
	return DONE;
}
