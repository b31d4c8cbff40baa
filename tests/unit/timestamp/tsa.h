/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tsa - a time-stamp authority made on the spot: certificates of every kind, responses of every kind, at any moment. */
#ifndef QAQPA_TESTS_TIMESTAMP_TSA_H
#define QAQPA_TESTS_TIMESTAMP_TSA_H

#include "../cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "timestamp/timestamp.h"

#define UNUSED __attribute__((unused))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define POLICY "1.2.398.3.3.2.6.4"
#define NOON INT64_C(1893585600) /* 2030-01-02T12:00:00Z: the usual moment of stamps */
#define DAY 86400
#define ROOM (1u << 20)

struct identity {
	X509 *certificate;
	EVP_PKEY *key;
};

static char folder[128]; /* of this run */

static UNUSED EVP_PKEY *key_new(bool ecdsa)
{
	return ecdsa ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
}

static UNUSED void extend(X509 *x, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf(NULL, &ctx, name, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(x, extension, -1));
	X509_EXTENSION_free(extension);
}

/* The certificate of a key. `usage` is an extendedKeyUsage or NULL; `issuer` NULL: an authority that signs itself. */
static UNUSED void identity_fill(struct identity *me, const char *cn, const struct identity *issuer, int64_t from,
	int64_t until, const char *usage, const EVP_MD *md)
{
	static long serial = 1000;
	X509_NAME *name = X509_NAME_new();
	X509 *x = me->certificate;

	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0));
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer->certificate) : name);
	ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from);
	ASN1_TIME_set(X509_getm_notAfter(x), (time_t)until);
	X509_set_pubkey(x, me->key);
	if (!issuer)
		extend(x, x, "basicConstraints", "critical,CA:TRUE");
	extend(x, x, "subjectKeyIdentifier", "hash");
	if (usage)
		extend(x, x, "extendedKeyUsage", usage);
	assert_true(X509_sign(x, issuer ? issuer->key : me->key, md) > 0);
	X509_NAME_free(name);
}

static UNUSED struct identity identity_new(const char *cn, const struct identity *issuer, bool ecdsa, int64_t from,
	int64_t until, const char *usage)
{
	struct identity me = {X509_new(), key_new(ecdsa)};

	identity_fill(&me, cn, issuer, from, until, usage, EVP_sha256());
	return me;
}

static UNUSED void identity_free(struct identity *me)
{
	X509_free(me->certificate);
	EVP_PKEY_free(me->key);
}

/* The path of a new file; the same eight rooms are used in turn. */
static UNUSED const char *path_of(const char *name)
{
	static char rooms[8][256];
	static int next;
	char *room = rooms[next++ % 8];

	snprintf(room, 256, "%s/%s", folder, name);
	return room;
}

static UNUSED const char *save(const char *name, struct bytes octets)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(octets.p, 1, octets.n, f), octets.n);
	fclose(f);
	return path;
}

static UNUSED const char *save_certificate(const char *name, const struct identity *me)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_true(f && PEM_write_X509(f, me->certificate));
	fclose(f);
	return path;
}

static UNUSED const char *save_key(const char *name, const struct identity *me)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_true(f && PEM_write_PrivateKey(f, me->key, NULL, NULL, 0, NULL, NULL));
	fclose(f);
	return path;
}

static UNUSED struct buf load(const char *path)
{
	struct buf out = BUF(ROOM);
	FILE *f = fopen(path, "r");
	char part[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(&out, (struct bytes){(unsigned char *)part, n});
	fclose(f);
	return out;
}

static UNUSED int folder_make(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%.80s/qaqpa-stamp-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static UNUSED int folder_drop(void **state)
{
	char command[192];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

/* How a response is made; zeros are the usual. */
struct answer {
	int64_t at;            /* seconds; 0: noon */
	int status, failure;   /* with status: no token unless granted with modifications; failure: a bit, or 0 */
	const EVP_MD *digest, *ess; /* of the signature; of ESSCertID (SHA-1: the first form) */
	const struct identity *by;  /* signs instead, whatever it is meant for */
};

static UNUSED int tell_time(struct TS_resp_ctx *ctx, void *at, long *sec, long *usec)
{
	(void)ctx;
	*sec = (long)*(int64_t *)at;
	*usec = 250000;
	return 1;
}

static UNUSED ASN1_INTEGER *tell_serial(struct TS_resp_ctx *ctx, void *unused)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	(void)ctx, (void)unused;
	ASN1_INTEGER_set(serial, 77);
	return serial;
}

static UNUSED TS_RESP_CTX *answer_context(const struct identity *signer, const struct answer *a, int64_t *at)
{
	static const char *const policies[] = {POLICY, "1.2.3.4"};
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();

	*at = a->at ? a->at : NOON;
	assert_true(TS_RESP_CTX_set_signer_key(ctx, signer->key));
	assert_true(TS_RESP_CTX_set_signer_digest(ctx, a->digest ? a->digest : EVP_sha256()));
	assert_true(TS_RESP_CTX_set_ess_cert_id_digest(ctx, a->ess ? a->ess : EVP_sha256()));
	for (size_t i = 0; i < COUNT(policies); i++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(policies[i], 1);

		assert_true(i ? TS_RESP_CTX_add_policy(ctx, oid) : TS_RESP_CTX_set_def_policy(ctx, oid));
		ASN1_OBJECT_free(oid);
	}
	assert_true(TS_RESP_CTX_add_md(ctx, EVP_sha256()) && TS_RESP_CTX_add_md(ctx, EVP_sha512()));
	if (a->digest)
		assert_true(TS_RESP_CTX_add_md(ctx, a->digest));
	assert_true(TS_RESP_CTX_set_accuracy(ctx, 1, 500, 0));
	assert_true(TS_RESP_CTX_set_clock_precision_digits(ctx, 3));
	TS_RESP_CTX_set_time_cb(ctx, tell_time, at);
	TS_RESP_CTX_set_serial_cb(ctx, tell_serial, NULL);
	return ctx;
}

/* The library makes no response for a signer that is not meant for it; a wrong authority would. */
static UNUSED void sign_again(TS_RESP *r, const struct identity *by)
{
	const unsigned int flags = CMS_BINARY | CMS_NOSMIMECAP | CMS_CADES;
	TS_TST_INFO *info = TS_TST_INFO_dup(TS_RESP_get_tst_info(r));
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL);
	ASN1_OBJECT *type = OBJ_nid2obj(NID_id_smime_ct_TSTInfo);
	unsigned char *der = NULL;
	int n = i2d_TS_TST_INFO(info, &der);
	BIO *content = BIO_new_mem_buf(der, n);
	const unsigned char *p;
	PKCS7 *p7;

	assert_true(cms && CMS_set1_eContentType(cms, type) && CMS_set_detached(cms, 0));
	assert_non_null(CMS_add1_signer(cms, by->certificate, by->key, EVP_sha256(), flags));
	assert_true(CMS_final(cms, content, NULL, flags));
	BIO_free(content);
	OPENSSL_free(der);
	der = NULL;
	n = i2d_CMS_ContentInfo(cms, &der);
	p = der;
	p7 = d2i_PKCS7(NULL, &p, n);
	assert_non_null(p7);
	TS_RESP_set_tst_info(r, p7, info);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
}

static UNUSED struct buf encode(TS_RESP *r)
{
	struct buf out = BUF(ROOM);
	int n = i2d_TS_RESP(r, NULL);
	unsigned char *to = buf_reserve(&out, (size_t)n);

	assert_non_null(to);
	buf_grown(&out, (size_t)i2d_TS_RESP(r, &to));
	TS_RESP_free(r);
	return out;
}

/* There is no call to set it. */
static UNUSED TS_STATUS_INFO *failure_new(int bit)
{
	unsigned char der[] = {0x30, 10, V_ASN1_INTEGER, 1, 2, V_ASN1_BIT_STRING, 5, 0, 0, 0, 0, 0};
	const unsigned char *p = der;
	TS_STATUS_INFO *info;

	der[8 + bit / 8] = (unsigned char)(0x80 >> bit % 8);
	info = d2i_TS_STATUS_INFO(NULL, &p, sizeof der);
	assert_non_null(info);
	return info;
}

static UNUSED struct buf answer_to(struct bytes request, const struct identity *signer, const struct answer *a)
{
	int64_t at;
	TS_RESP_CTX *ctx = answer_context(signer, a, &at);
	BIO *in = BIO_new_mem_buf(request.p, (int)request.n);
	TS_RESP *r;

	assert_true(TS_RESP_CTX_set_signer_cert(ctx, signer->certificate));
	r = TS_RESP_create_response(ctx, in);
	assert_non_null(r);
	if (a->by)
		sign_again(r, a->by);
	if (a->status) { /* the token stays only when there may be one */
		TS_STATUS_INFO *info = a->failure ? failure_new(a->failure) : TS_STATUS_INFO_new();

		TS_STATUS_INFO_set_status(info, a->status);
		TS_RESP_set_status_info(r, info);
		TS_STATUS_INFO_free(info);
		if (a->status != TS_STATUS_GRANTED_WITH_MODS)
			TS_RESP_set_tst_info(r, NULL, NULL);
	}
	BIO_free(in);
	TS_RESP_CTX_free(ctx);
	return encode(r);
}

#endif
