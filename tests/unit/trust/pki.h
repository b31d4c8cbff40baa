/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pki - what the tests of this room share: the test PKI, certificates made on the spot, a folder for their
 * files. */
#ifndef QAQPA_TESTS_TRUST_PKI_H
#define QAQPA_TESTS_TRUST_PKI_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "trust/trust.h"

#define PKI BINARY_DIR "/test-pki/"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNUSED __attribute__((unused))

#define ISSUING_CN "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ, сынақ (RSA)"
#define DEPARTMENT_BIN "200440000015"
#define OTHER_BIN "200540000019"
#define PERSON_IIN "900101300017"
#define DAY_MS INT64_C(86400000)

static char pki_folder[128];  /* of this run */
static struct pool *pki_pool; /* paths and texts of this run */
static int64_t pki_now;       /* a moment at which the PKI's usual certificates are valid */

UNUSED static X509 *pki_certificate(const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	return x;
}

UNUSED static EVP_PKEY *pki_key(const char *path)
{
	FILE *f = fopen(path, "r");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	return key;
}

UNUSED static int pki_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct tm from, until;
	X509 *x;

	(void)state;
	if (system("'" SOURCE_DIR "/certs/make-test-pki' '" BINARY_DIR "/test-pki' >/dev/null") != 0)
		return -1;
	snprintf(pki_folder, sizeof(pki_folder), "%s/qaqpa-trust-XXXXXX", tmp ? tmp : "/tmp");
	pki_pool = pool_new(1 << 24);
	x = pki_certificate(PKI "department.crt");
	if (!mkdtemp(pki_folder) || !pki_pool || !x || !ASN1_TIME_to_tm(X509_get0_notBefore(x), &from) ||
		!ASN1_TIME_to_tm(X509_get0_notAfter(x), &until))
		return -1;
	X509_free(x);
	pki_now = ((int64_t)timegm(&from) + timegm(&until)) / 2 * 1000;
	return 0;
}

UNUSED static int pki_teardown(void **state)
{
	char command[192];

	(void)state;
	pool_free(&pki_pool);
	snprintf(command, sizeof(command), "rm -rf '%s'", pki_folder);
	return system(command) == 0 ? 0 : -1;
}

/* A file of the PKI or, made here, of this run: "department.crt", "mine:odd.crt". */
UNUSED static const char *pki_path(const char *name)
{
	if (strncmp(name, "mine:", 5) == 0)
		return pool_printf(pki_pool, "%s/%s", pki_folder, name + 5);
	return pool_printf(pki_pool, "%s%s", PKI, name);
}

/* The DER of a certificate file; lives as long as this run. */
UNUSED static struct bytes pki_der(const char *name)
{
	X509 *x = pki_certificate(pki_path(name));
	unsigned char *der = NULL;
	struct bytes copy;
	int n;

	assert_non_null(x);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	copy = (struct bytes){
		(unsigned char *)pool_copy(pki_pool, (struct bytes){der, (size_t)n}), (size_t)n};
	OPENSSL_free(der);
	X509_free(x);
	return copy;
}

UNUSED static void pki_write(const char *name, struct bytes content, mode_t mode)
{
	FILE *f = fopen(pki_path(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(pki_path(name), mode), 0);
}

/* A certificate unlike the usual ones. What is NULL or 0 is as in department.crt. */
struct odd {
	const char *file;           /* "mine:..." */
	const char *subject;        /* attributes "CN=a|O=b", OpenSSL's short names or dotted types */
	struct bytes cn;            /* a CN with any octets, added last */
	const char *issuer;         /* names of the issuer, when there is no certificate of it */
	const char *ca;             /* "issuing" and so on: its .crt and .key; "itself" */
	EVP_PKEY *key;
	const EVP_MD *md;
	const char *basic, *usage, *purposes; /* "-": left out */
	const char *policies;                 /* left out when NULL */
	const char *critical;                 /* dotted type of an unknown one */
	int64_t from_ms, until_ms;
	long serial;
};

UNUSED static void odd_name(X509_NAME *to, const char *attributes)
{
	char *text = pool_copy(pki_pool, bytes_str(attributes)), *keep = NULL;

	for (char *one = strtok_r(text, "|", &keep); one; one = strtok_r(NULL, "|", &keep)) {
		char *value = strchr(one, '=');

		*value++ = 0;
		if (!X509_NAME_add_entry_by_txt(to, one, MBSTRING_UTF8, (unsigned char *)value, -1, -1, 0))
			fail_msg("%s is no attribute", one);
	}
}

UNUSED static void odd_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value, const char *usual)
{
	X509_EXTENSION *ext;

	value = value ? value : usual;
	if (strcmp(value, "-") == 0)
		return;
	ext = X509V3_EXT_nconf_nid(NULL, ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

UNUSED static void odd_critical(X509 *x, const char *type)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(type, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05", 2);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

/* Makes it and writes it to its file. */
UNUSED static void odd_make(const struct odd *o)
{
	static long next_serial = 1000;
	bool itself = o->ca && strcmp(o->ca, "itself") == 0;
	const char *ca = itself ? "department" : o->ca ? o->ca : "issuing";
	X509 *issuer = pki_certificate(pki_path(pool_printf(pki_pool, "%s.crt", ca)));
	EVP_PKEY *issuer_key = pki_key(pki_path(pool_printf(pki_pool, "%s.key", ca)));
	EVP_PKEY *usual_key = pki_key(pki_path("department.key"));
	EVP_PKEY *key = o->key ? o->key : usual_key;
	X509_NAME *subject = X509_NAME_new(), *named = X509_NAME_new();
	X509 *x = X509_new();
	X509V3_CTX ctx;
	CONF *no_sections = NCONF_new(NULL); /* policies are not read without */
	BIO *out = BIO_new_file(pki_path(o->file), "w");

	assert_non_null(issuer);
	assert_non_null(issuer_key);
	odd_name(subject, o->subject ? o->subject : "CN=Department system|C=KZ|OU=BIN" DEPARTMENT_BIN);
	if (o->cn.n)
		X509_NAME_add_entry_by_NID(
			subject, NID_commonName, V_ASN1_UTF8STRING, o->cn.p, (int)o->cn.n, -1, 0);
	if (o->issuer)
		odd_name(named, o->issuer);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), o->serial ? o->serial : next_serial++);
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, o->issuer ? named : itself ? subject : X509_get_subject_name(issuer));
	assert_non_null(X509_time_adj_ex(X509_getm_notBefore(x), 0, 0,
		&(time_t){(o->from_ms ? o->from_ms : pki_now - DAY_MS) / 1000}));
	assert_non_null(X509_time_adj_ex(X509_getm_notAfter(x), 0, 0,
		&(time_t){(o->until_ms ? o->until_ms : pki_now + DAY_MS) / 1000}));
	assert_int_equal(X509_set_pubkey(x, key), 1);
	X509V3_set_ctx(&ctx, itself ? x : issuer, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, no_sections);
	odd_extension(x, &ctx, NID_basic_constraints, o->basic, "critical,CA:FALSE");
	odd_extension(x, &ctx, NID_key_usage, o->usage, "critical,digitalSignature,nonRepudiation");
	odd_extension(x, &ctx, NID_ext_key_usage, o->purposes, "emailProtection,1.2.398.3.3.4.1.2.6");
	odd_extension(x, &ctx, NID_certificate_policies, o->policies, "-");
	odd_extension(x, &ctx, NID_subject_key_identifier, NULL, "hash");
	odd_extension(x, &ctx, NID_authority_key_identifier, itself ? "-" : NULL, "keyid");
	if (o->critical)
		odd_critical(x, o->critical);
	assert_true(X509_sign(x, itself ? key : issuer_key, o->md ? o->md : EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(out, x), 1);
	BIO_free(out);
	NCONF_free(no_sections);
	X509_free(x);
	X509_NAME_free(subject);
	X509_NAME_free(named);
	EVP_PKEY_free(usual_key);
	EVP_PKEY_free(issuer_key);
	X509_free(issuer);
}

/* An EC key; `explicit_curve`: with the parameters written out. */
UNUSED static EVP_PKEY *odd_ec(const char *curve, bool explicit_curve)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_group_name(ctx, curve), 1);
	if (explicit_curve)
		assert_int_equal(EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* The name of a reason, for messages that say what came instead. */
UNUSED static void assert_reason(const char *row, outcome got, const struct err *e, enum reason wanted)
{
	const char *came = got.ok ? "success" : reason_row(e->reason)->name;

	if (wanted == REASON_NONE ? !got.ok : got.ok || e->reason != wanted)
		fail_msg("%s: %s (%s), not %s", row, came, got.ok ? "" : e->detail, reason_row(wanted)->name);
}

#endif
