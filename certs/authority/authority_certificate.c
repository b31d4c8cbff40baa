/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_certificate - issues one certificate.
 * Promise:  the serial number is the subject key identifier without its highest bit, as the National
 *           Certification Authority numbers.
 * Not here: what the extensions are (authority_profile.c). */
#include <time.h>

#include <openssl/conf.h>

#include "authority.h"

static inline void scoped_name(X509_NAME **p) { X509_NAME_free(*p); }
static inline void scoped_conf(CONF **p) { NCONF_free(*p); }
static inline void scoped_bio(BIO **p) { BIO_free(*p); }
static inline void scoped_bn(BIGNUM **p) { BN_free(*p); }

static const struct {
	long from, until; /* days from now */
} lives[] = {
	[LIFE_AUTHORITY] = {-3 * 365, 10 * 365},
	[LIFE_USUAL] = {-30, 365},
	[LIFE_PAST] = {-400, -35},
	[LIFE_FUTURE] = {365, 2 * 365},
};

static bool set_life(X509 *x, enum authority_life life)
{
	time_t now = time(NULL);

	return ASN1_TIME_adj(X509_getm_notBefore(x), now, (int)lives[life].from, 0) &&
		ASN1_TIME_adj(X509_getm_notAfter(x), now, (int)lives[life].until, 0);
}

static bool set_serial(X509 *x)
{
	unsigned char serial[EVP_MAX_MD_SIZE];
	unsigned int n;
	SCOPED(scoped_bn) BIGNUM *number = NULL;

	if (X509_pubkey_digest(x, EVP_sha1(), serial, &n) != 1)
		return false;
	serial[0] &= 0x7f;
	number = BN_bin2bn(serial, (int)n, NULL);
	return number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
}

static outcome add_extensions(X509 *x, X509 *issuer, const struct entity *who, enum authority_algorithm a, const char *url,
	struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(1u << 16);
	SCOPED(scoped_bio) BIO *in = NULL;
	SCOPED(scoped_conf) CONF *conf = NCONF_new(NULL);
	X509V3_CTX ctx;
	long line = 0;

	authority_profile(&text, who, a, url);
	in = BIO_new_mem_buf(text.data, (int)text.len);
	if (!buf_ok(&text) || !in || !conf || NCONF_load_bio(conf, in, &line) != 1)
		return openssl_failed(e, "profiles");
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	return X509V3_EXT_add_nconf(conf, &ctx, who->profile, x) == 1 ? DONE : openssl_failed(e, who->name);
}

outcome authority_issue(const struct entity *who, enum authority_algorithm a, const char *url, EVP_PKEY *key,
	const struct identity *issuer, X509 **out, struct err *e)
{
	static const char *const words[] = {"GOST", "RSA", "EC"};
	SCOPED(scoped_certificate) X509 *x = X509_new();
	SCOPED(scoped_name) X509_NAME *subject = authority_name(who->subject, words[a]);
	EVP_PKEY *signer = issuer ? issuer->key : key;

	if (!x || !subject || X509_set_version(x, X509_VERSION_3) != 1 || X509_set_pubkey(x, key) != 1 ||
		X509_set_subject_name(x, subject) != 1 ||
		X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer->certificate) : subject) != 1 ||
		!set_life(x, who->life) || !set_serial(x))
		return openssl_failed(e, who->name);
	TRY(add_extensions(x, issuer ? issuer->certificate : x, who, a, url, e));
	if (X509_sign(x, signer, authority_md(signer)) <= 0)
		return openssl_failed(e, who->name);
	*out = x;
	x = NULL;
	return DONE;
}

void identity_drop(struct identity *i)
{
	X509_free(i->certificate);
	EVP_PKEY_free(i->key);
	*i = (struct identity){0};
}
