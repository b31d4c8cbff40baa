/* SPDX-License-Identifier: GPL-3.0-or-later */
/* national - throw-away keys and certificates of the national algorithms for tests, made in memory (the openssl command
 * knows none of them), and where the vectors of the National Certification Authority lie. Include after cm.h. */
#ifndef QAQPA_TESTS_NATIONAL_H
#define QAQPA_TESTS_NATIONAL_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/crypto.h"

struct national {
	EVP_PKEY *key;
	X509 *cert;
};

static inline void national_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* "CN=...|OU=BIN...|C=KZ" */
static inline X509_NAME *national_name(const char *text)
{
	X509_NAME *name = X509_NAME_new();
	char *copy = strdup(text), *rest = copy;

	assert_non_null(name);
	for (char *part; (part = strsep(&rest, "|"));) {
		char *value = strchr(part, '=');

		assert_non_null(value);
		*value++ = 0;
		assert_int_equal(X509_NAME_add_entry_by_txt(
			name, part, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0), 1);
	}
	free(copy);
	return name;
}

/* A certificate for `key`, valid since yesterday; signed by `issuer` with its key, or by itself when that is NULL.
 * `purpose` is the extendedKeyUsage of an end entity, NULL for an authority. `md` NULL: the national digest. */
static inline X509 *national_certificate(
	EVP_PKEY *key, const struct national *issuer, const char *subject, const char *purpose, const EVP_MD *md)
{
	EVP_PKEY *signer = issuer ? issuer->key : key;
	X509_NAME *name = national_name(subject);
	X509 *x = X509_new();
	static long serial = 1000;

	assert_non_null(x);
	if (!md)
		md = crypto_md(crypto_curve_of(signer) == CRYPTO_CURVE_256 ? CRYPTO_DIGEST_LEGACY : CRYPTO_DIGEST_512);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), 30 * 86400);
	assert_int_equal(X509_set_subject_name(x, name), 1);
	assert_int_equal(X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer->cert) : name), 1);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	national_extension(x, issuer ? issuer->cert : x, NID_basic_constraints,
		purpose ? "critical,CA:FALSE" : "critical,CA:TRUE");
	national_extension(x, issuer ? issuer->cert : x, NID_key_usage,
		purpose ? "critical,digitalSignature,nonRepudiation" : "critical,keyCertSign,cRLSign");
	national_extension(x, issuer ? issuer->cert : x, NID_subject_key_identifier, "hash");
	if (issuer)
		national_extension(x, issuer->cert, NID_authority_key_identifier, "keyid:always");
	if (purpose && purpose[0])
		national_extension(x, issuer ? issuer->cert : x, NID_ext_key_usage, purpose);
	assert_true(X509_sign(x, signer, md) > 0);
	X509_NAME_free(name);
	return x;
}

static inline struct national national_new(
	enum crypto_curve c, const struct national *issuer, const char *subject, const char *purpose)
{
	struct national n = {.key = crypto_generate(c)};

	assert_non_null(n.key);
	n.cert = national_certificate(n.key, issuer, subject, purpose, NULL);
	return n;
}

static inline void national_drop(struct national *n)
{
	X509_free(n->cert);
	EVP_PKEY_free(n->key);
	*n = (struct national){0};
}

/* As files of PEM; the key for its owner alone. */
static inline void national_write(const struct national *n, const char *cert_path, const char *key_path)
{
	FILE *f = fopen(cert_path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, n->cert), 1);
	assert_int_equal(fclose(f), 0);
	if (!key_path)
		return;
	f = fopen(key_path, "w");
	assert_non_null(f);
	assert_int_equal(chmod(key_path, 0600), 0);
	assert_int_equal(PEM_write_PrivateKey(f, n->key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
}

/* Path of a vector in a static buffer; skips the test, visibly, where the vectors are not. */
static inline const char *vector_path(const char *name)
{
	const char *folder = getenv("QAQPA_VECTORS");
	static char path[512];

	snprintf(path, sizeof(path), "%s/nca-test/%s", folder ? folder : SOURCE_DIR "/../shared/vectors", name);
	if (access(path, R_OK) != 0) {
		print_message("SKIPPED: no vector %s (QAQPA_VECTORS names their folder)\n", path);
		skip();
	}
	return path;
}

/* Its octets; the caller frees. */
static inline unsigned char *vector_read(const char *name, size_t *n)
{
	FILE *f = fopen(vector_path(name), "rb");
	unsigned char *octets = malloc(1 << 22);

	assert_non_null(f);
	assert_non_null(octets);
	*n = fread(octets, 1, 1 << 22, f);
	assert_true(*n > 0 && *n < 1 << 22);
	fclose(f);
	return octets;
}

/* A certificate of the vectors, DER or PEM. */
static inline X509 *vector_certificate(const char *name)
{
	size_t n;
	unsigned char *octets = vector_read(name, &n);
	const unsigned char *p = octets;
	X509 *x = d2i_X509(NULL, &p, (long)n);

	if (!x) {
		BIO *bio = BIO_new_mem_buf(octets, (int)n);

		x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	assert_non_null(x);
	free(octets);
	ERR_clear_error();
	return x;
}

#endif
