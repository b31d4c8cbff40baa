/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_check - may this certificate, whoever issued it, be used for a transport signature?
 * Promise:  the same demands on pinned certificates, issued ones and our own: an end entity, meant for
 *           signing, with a strong key of a usual form, signed with a strong digest, its names free of
 *           tricks.
 * Not here: who issued it (trust_chain.c), whose it is (trust_issued.c).
 * Spec:     RFC 5280 4.2.1.3, 4.2.1.9, 4.2.1.12; CVE-2009-2408 (NUL in names), CVE-2020-0601 (explicit
 *           curves). */
#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/crypto.h"
#include "trust/trust_int.h"

#define RSA_LEAST_BITS 2048
#define RSA_MOST_BITS 8192
#define RSA_EXPONENT_MOST_BITS 32
#define SIGNATURE_LEAST_SECURITY_BITS 112
#define ROLE_ARC "1.2.398.3.3.4." /* roles of the National Certification Authority */

static inline void scoped_bn(BIGNUM **p) { BN_free(*p); }
static inline void scoped_eku(EXTENDED_KEY_USAGE **p) { sk_ASN1_OBJECT_pop_free(*p, ASN1_OBJECT_free); }

/* Without the extension every purpose is meant; with it, signing of messages or a role must be named. */
static bool may_sign_messages(X509 *x)
{
	SCOPED(scoped_eku) EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	char dotted[80];

	if (!(X509_get_extension_flags(x) & EXFLAG_XKUSAGE))
		return true;
	for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(purposes, i);

		if (OBJ_obj2nid(purpose) == NID_email_protect)
			return true;
		if (OBJ_obj2txt(dotted, sizeof(dotted), purpose, 1) > 0 &&
			strncmp(dotted, ROLE_ARC, strlen(ROLE_ARC)) == 0)
			return true;
	}
	return false;
}

static outcome check_usage(X509 *x, struct err *e)
{
	uint32_t flags = X509_get_extension_flags(x);

	if (flags & EXFLAG_INVALID)
		return err_set(e, REASON_CERT_WEAK, "an extension of the certificate is malformed");
	if (flags & EXFLAG_CRITICAL)
		return err_set(e, REASON_CERT_USAGE, "the certificate has an unknown critical extension");
	if (X509_check_ca(x) != 0)
		return err_set(e, REASON_CERT_USAGE, "the certificate is one of an authority");
	if (!(X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE))
		return err_set(e, REASON_CERT_USAGE, "keyUsage lacks digitalSignature");
	if (!may_sign_messages(x))
		return err_set(
			e, REASON_CERT_USAGE, "extendedKeyUsage names neither emailProtection nor a role");
	return DONE;
}

static outcome check_rsa(EVP_PKEY *key, struct err *e)
{
	SCOPED(scoped_bn) BIGNUM *exponent = NULL;
	int bits = EVP_PKEY_get_bits(key);

	if (bits < RSA_LEAST_BITS || bits > RSA_MOST_BITS)
		return err_set(e, REASON_CERT_WEAK, "an RSA key of %d bits", bits);
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1 || !BN_is_odd(exponent) ||
		BN_is_one(exponent) || BN_num_bits(exponent) > RSA_EXPONENT_MOST_BITS)
		return err_set(e, REASON_CERT_WEAK, "an unusual RSA exponent");
	return DONE;
}

/* The curve must stand there by its name; parameters written out may describe another curve under the same
 * key. */
static outcome check_curve(const X509_ALGOR *algorithm, struct err *e)
{
	const ASN1_OBJECT *oid;
	const void *value;
	int kind, curve;

	X509_ALGOR_get0(&oid, &kind, &value, algorithm);
	curve = kind == V_ASN1_OBJECT ? OBJ_obj2nid(value) : NID_undef;
	if (curve != NID_X9_62_prime256v1 && curve != NID_secp384r1)
		return err_set(e, REASON_CERT_WEAK, "an EC key on a curve other than named P-256 or P-384");
	return DONE;
}

/* Curve and digest stand in the key by name, or it could not be read. */
static outcome check_national(const EVP_PKEY *key, unsigned allowed, enum key_kind *kind, struct err *e)
{
	switch (crypto_curve_of(key)) {
	case CRYPTO_CURVE_512:
		*kind = KEY_GOST;
		return DONE;
	case CRYPTO_CURVE_256:
		*kind = KEY_GOST_LEGACY;
		if (allowed & LEGACY_GOST)
			return DONE;
		return err_set(e, REASON_CERT_WEAK, "a key of GOST 34.310-2004, which the profile does not allow");
	default:
		return err_set(e, REASON_CERT_WEAK, "the public key is neither RSA, EC nor GOST");
	}
}

static outcome check_key(X509 *x, unsigned allowed, enum key_kind *kind, struct err *e)
{
	ASN1_OBJECT *name = NULL;
	X509_ALGOR *algorithm = NULL;
	EVP_PKEY *key = X509_get0_pubkey(x);

	if (!key || X509_PUBKEY_get0_param(&name, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x)) != 1)
		return err_set(e, REASON_CERT_WEAK, "the public key cannot be read");
	switch (OBJ_obj2nid(name)) {
	case NID_rsaEncryption:
		*kind = KEY_RSA;
		return check_rsa(key, e);
	case NID_X9_62_id_ecPublicKey:
		*kind = KEY_EC;
		return check_curve(algorithm, e);
	default:
		return check_national(key, allowed, kind, e);
	}
}

static outcome check_signature(X509 *x, unsigned allowed, struct err *e)
{
	int digest = NID_undef, security_bits = 0;

	if (X509_get_signature_info(x, &digest, NULL, &security_bits, NULL) != 1)
		return err_set(e, REASON_CERT_WEAK, "the certificate is signed with an unknown algorithm");
	if (digest == crypto_nid_digest(CRYPTO_DIGEST_LEGACY) ? !(allowed & LEGACY_GOST)
		: security_bits < SIGNATURE_LEAST_SECURITY_BITS && !(digest == NID_sha1 && allowed & LEGACY_SHA1))
		return err_set(e, REASON_CERT_WEAK, "the certificate is signed with %s", OBJ_nid2sn(digest));
	return DONE;
}

static outcome check_names(X509 *x, struct err *e)
{
	SCOPED(trust_name_free) struct trust_name subject = TRUST_NAME, issuer = TRUST_NAME;

	if (!trust_name_of(&subject, X509_get_subject_name(x)) ||
		!trust_name_of(&issuer, X509_get_issuer_name(x)))
		return err_set(e, REASON_CERT_OWNER,
			"a name in the certificate holds control characters or no text");
	return DONE;
}

static outcome check_all(X509 *x, unsigned allowed, enum key_kind *kind, struct err *e)
{
	TRY(check_names(x, e));
	TRY(check_usage(x, e));
	TRY(check_key(x, allowed, kind, e));
	return check_signature(x, allowed, e);
}

unsigned trust_allowed(const struct conf_participant *p)
{
	const struct conf_profile *profile = p ? p->profile : NULL;
	unsigned allowed = LEGACY_NONE;

	if (profile && profile->sha1)
		allowed |= LEGACY_SHA1;
	if (profile && profile->legacy_gost)
		allowed |= LEGACY_GOST;
	return allowed;
}

outcome trust_check(X509 *x, unsigned allowed, enum key_kind *kind, struct err *e)
{
	outcome result = check_all(x, allowed, kind, e);

	ERR_clear_error();
	return result;
}

static bool to_ms(const ASN1_TIME *t, int64_t *ms)
{
	struct tm parts;

	if (ASN1_TIME_to_tm(t, &parts) != 1)
		return false;
	*ms = (int64_t)timegm(&parts) * 1000;
	return true;
}

bool trust_period_narrow(struct trust_period *p, const X509 *x)
{
	int64_t from, until;

	if (!to_ms(X509_get0_notBefore(x), &from) || !to_ms(X509_get0_notAfter(x), &until))
		return false;
	if (from > p->from_ms)
		p->from_ms = from;
	if (until < p->until_ms)
		p->until_ms = until;
	return true;
}

outcome trust_period_holds(const struct trust_period *p, int64_t now_ms, struct err *e)
{
	char day[11];

	if (now_ms < p->from_ms) {
		stamp_day(stamp_at(p->from_ms), day);
		return err_set(e, REASON_CERT_EXPIRED, "valid only from %s", day);
	}
	if (now_ms >= p->until_ms + 1000) { /* notAfter is itself a second of validity */
		stamp_day(stamp_at(p->until_ms), day);
		return err_set(e, REASON_CERT_EXPIRED, "valid only until %s", day);
	}
	return DONE;
}
