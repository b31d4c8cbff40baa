/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority - an authority in the test: its key and certificate, certificates it issues, OCSP responses and CRLs as the rows
 * of a test want them. Built with the issuing side of OpenSSL, which the room does not use. */
#ifndef QAQPA_TEST_AUTHORITY_H
#define QAQPA_TEST_AUTHORITY_H

#include "../cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "crypto/crypto.h"
#include "revocation/revocation.h"

#define UNUSED __attribute__((unused))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T0 INT64_C(1780000000000) /* the moment of all tests: 2026-05-28 */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define POINT "http://crl.example.kz/one.crl"

enum kind { KIND_EC, KIND_RSA, KIND_GOST };

struct identity {
	EVP_PKEY *key;
	X509 *x509;
	struct buf der;
	const EVP_MD *md;
};

UNUSED static EVP_PKEY *key_new(enum kind kind)
{
	if (kind == KIND_GOST)
		return crypto_generate(CRYPTO_CURVE_512);
	return kind == KIND_RSA ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

UNUSED static const EVP_MD *md_of(enum kind kind)
{
	return kind == KIND_GOST ? crypto_md(CRYPTO_DIGEST_512) : EVP_sha256();
}

UNUSED static void extension_add(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* What may differ from one certificate to the next. */
struct form {
	const char *cn;
	long serial;
	const char *usage, *purposes, *points;
	int64_t from_ms, until_ms;
};

UNUSED static void identity_sign(struct identity *i, const struct form *f, const struct identity *ca)
{
	X509 *x = i->x509 = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	unsigned char *to;
	int n;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), f->serial);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)f->cn, -1, -1, 0);
	X509_set_issuer_name(x, ca ? X509_get_subject_name(ca->x509) : name);
	ASN1_TIME_set(X509_getm_notBefore(x), (f->from_ms ? f->from_ms : T0 - 100 * DAY) / 1000);
	ASN1_TIME_set(X509_getm_notAfter(x), (f->until_ms ? f->until_ms : T0 + 100 * DAY) / 1000);
	X509_set_pubkey(x, i->key);
	if (!ca)
		extension_add(x, x, NID_basic_constraints, "critical,CA:TRUE");
	extension_add(x, ca ? ca->x509 : x, NID_key_usage, f->usage);
	if (f->purposes)
		extension_add(x, x, NID_ext_key_usage, f->purposes);
	if (f->points)
		extension_add(x, x, NID_crl_distribution_points, f->points);
	assert_true(X509_sign(x, ca ? ca->key : i->key, ca ? ca->md : i->md) > 0);
	n = i2d_X509(x, NULL);
	i->der = BUF(65536);
	to = buf_reserve(&i->der, (size_t)n);
	i2d_X509(x, &to);
	buf_grown(&i->der, (size_t)n);
}

UNUSED static struct identity identity_new(enum kind kind, const struct form *f, const struct identity *ca)
{
	struct identity i = {.key = key_new(kind), .md = md_of(kind)};

	assert_non_null(i.key);
	identity_sign(&i, f, ca);
	return i;
}

UNUSED static void identity_free(struct identity *i)
{
	EVP_PKEY_free(i->key);
	X509_free(i->x509);
	buf_free(&i->der);
}

/* Everybody of a small world. */
struct world {
	struct identity ca, other_ca, leaf, other_leaf, elsewhere, delegate, old_delegate, no_delegate, stranger, responder;
};

#define CA_USAGE "critical,keyCertSign,cRLSign"
#define USER_USAGE "critical,digitalSignature,nonRepudiation"

UNUSED static void world_make(struct world *w, enum kind kind)
{
	static const struct form ca = {"Test authority", 1, CA_USAGE, NULL, NULL, 0, 0};
	static const struct form leaf = {"System", 1001, USER_USAGE, NULL, "URI:" POINT, 0, 0};
	static const struct form other = {"Other system", 1002, USER_USAGE, NULL, NULL, 0, 0};
	static const struct form delegate = {"Responder", 2, USER_USAGE, "OCSPSigning", NULL, 0, 0};
	static const struct form old = {"Responder", 3, USER_USAGE, "OCSPSigning", NULL, T0 - 50 * DAY, T0 - DAY};
	static const struct form no = {"No responder", 4, USER_USAGE, "emailProtection", NULL, 0, 0};

	w->ca = identity_new(kind, &ca, NULL);
	w->other_ca = identity_new(kind, &ca, NULL); /* the same name, another key */
	w->leaf = identity_new(kind, &leaf, &w->ca);
	w->other_leaf = identity_new(kind, &other, &w->ca);
	w->elsewhere = identity_new(kind, &leaf, &w->other_ca);
	w->delegate = identity_new(kind, &delegate, &w->ca);
	w->old_delegate = identity_new(kind, &old, &w->ca);
	w->no_delegate = identity_new(kind, &no, &w->ca);
	w->stranger = identity_new(kind, &delegate, &w->other_ca);
	w->responder = identity_new(kind, &no, NULL);
}

UNUSED static void world_drop(struct world *w)
{
	struct identity *all = &w->ca;

	for (size_t i = 0; i < sizeof *w / sizeof *all; i++)
		identity_free(&all[i]);
}

UNUSED static struct bytes der_of(const struct identity *i)
{
	return buf_bytes(&i->der);
}

/* --- OCSP --- */

enum signer { BY_CA, BY_DELEGATE, BY_OLD_DELEGATE, BY_NO_DELEGATE, BY_STRANGER, BY_OTHER_CA, BY_RESPONDER, BY_LEAF };
enum nonce { NONCE_WRAPPED, NONCE_RAW, NONCE_NONE, NONCE_WRONG, NONCE_SHORT };

/* A response; zeros are a good and fresh one, signed by the authority. */
struct response {
	int status;            /* of the response: OCSP_RESPONSE_STATUS_* */
	int says;              /* V_OCSP_CERTSTATUS_* */
	int why;               /* CRL_REASON_*; 0: none */
	int64_t this_ms, next_ms, produced_ms, revoked_ms; /* 0: T0, none, this_ms, T0 - DAY */
	enum signer signer;
	enum nonce nonce;
	bool sha256, about_other, about_elsewhere, twice, demands, tampered, md5, trailing;
};

UNUSED static struct identity *signer_of(struct world *w, enum signer s)
{
	struct identity *const all[] = {&w->ca, &w->delegate, &w->old_delegate, &w->no_delegate, &w->stranger, &w->other_ca,
		&w->responder, &w->leaf};

	return all[s];
}

UNUSED static ASN1_TIME *moment(int64_t ms)
{
	return ASN1_GENERALIZEDTIME_set(NULL, ms / 1000);
}

UNUSED static void single_add(OCSP_BASICRESP *basic, struct world *w, const struct response *r, int says)
{
	X509 *about = r->about_other ? w->other_leaf.x509 : w->leaf.x509;
	X509 *issuer = r->about_elsewhere ? w->other_ca.x509 : w->ca.x509;
	OCSP_CERTID *id = OCSP_cert_to_id(r->sha256 ? EVP_sha256() : r->md5 ? EVP_md5() : EVP_sha1(), about, issuer);
	bool gone = says == V_OCSP_CERTSTATUS_REVOKED;
	ASN1_TIME *this_update = moment(r->this_ms ? r->this_ms : T0), *next = r->next_ms ? moment(r->next_ms) : NULL;
	ASN1_TIME *revoked = gone ? moment(r->revoked_ms ? r->revoked_ms : T0 - DAY) : NULL;

	assert_non_null(OCSP_basic_add1_status(
		basic, id, says, gone && r->why ? r->why : OCSP_REVOKED_STATUS_NOSTATUS, revoked, this_update, next));
	OCSP_CERTID_free(id);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next);
	ASN1_TIME_free(revoked);
}

UNUSED static void nonce_add(OCSP_BASICRESP *basic, enum nonce how, struct bytes nonce)
{
	unsigned char value[64], wrong[16] = {1, 2, 3};
	ASN1_OCTET_STRING *raw;
	X509_EXTENSION *ext;

	if (how == NONCE_NONE || nonce.n == 0)
		return;
	memcpy(value, nonce.p, nonce.n);
	if (how == NONCE_WRAPPED || how == NONCE_WRONG || how == NONCE_SHORT) {
		int n = how == NONCE_SHORT ? (int)nonce.n - 1 : (int)nonce.n;

		assert_int_equal(OCSP_basic_add1_nonce(basic, how == NONCE_WRONG ? wrong : value, n), 1);
		return;
	}
	raw = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(raw, value, (int)nonce.n);
	ext = X509_EXTENSION_create_by_NID(NULL, NID_id_pkix_OCSP_Nonce, 0, raw);
	assert_int_equal(OCSP_BASICRESP_add_ext(basic, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(raw);
}

UNUSED static void demand_add(OCSP_BASICRESP *basic)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
	X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);

	assert_int_equal(OCSP_BASICRESP_add_ext(basic, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(value);
}

UNUSED static OCSP_BASICRESP *basic_make(struct world *w, const struct response *r, struct bytes nonce)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	struct identity *signer = signer_of(w, r->signer);
	union {
		const ASN1_GENERALIZEDTIME *given;
		ASN1_GENERALIZEDTIME *mine;
	} produced = {OCSP_resp_get0_produced_at(basic)};

	if (r->twice)
		single_add(basic, w, r, V_OCSP_CERTSTATUS_GOOD);
	single_add(basic, w, r, r->says);
	nonce_add(basic, r->nonce, nonce);
	if (r->demands)
		demand_add(basic);
	ASN1_GENERALIZEDTIME_set(produced.mine, (r->produced_ms ? r->produced_ms : r->this_ms ? r->this_ms : T0) / 1000);
	assert_int_equal(OCSP_basic_sign(basic, signer->x509, signer->key, signer->md, NULL, OCSP_NOTIME), 1);
	return basic;
}

/* The octets of the response, to be freed. */
UNUSED static struct buf response_make(struct world *w, const struct response *r, struct bytes nonce)
{
	OCSP_BASICRESP *basic = r->status ? NULL : basic_make(w, r, nonce);
	OCSP_RESPONSE *response = OCSP_response_create(r->status, basic);
	int n = i2d_OCSP_RESPONSE(response, NULL);
	struct buf out = BUF(1 << 20);
	unsigned char *to = buf_reserve(&out, (size_t)n);

	i2d_OCSP_RESPONSE(response, &to);
	buf_grown(&out, (size_t)n);
	if (r->tampered) { /* the very octet that says good becomes another time of the same answer */
		struct bytes all = buf_bytes(&out);
		const unsigned char *z = memmem(all.p, all.n, "20260528", 8);

		assert_non_null(z);
		out.data[z - all.p + 7] = '9';
	}
	if (r->trailing)
		buf_char(&out, 0);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	return out;
}

/* --- CRL --- */

enum listed { LISTED_NOT, LISTED_REVOKED, LISTED_HOLD, LISTED_REMOVED, LISTED_TWICE, LISTED_DEMANDS };

/* A CRL; zeros are a fresh full one, number 0 means 10, that lists other certificates alone. */
struct list {
	long number, base;     /* base: it is a delta */
	enum listed leaf;
	int64_t this_ms, next_ms, revoked_ms; /* 0: T0 - HOUR, T0 + DAY, T0 - 2 * DAY */
	int others;            /* further entries */
	const char *scope;     /* issuingDistributionPoint */
	bool no_number, no_next, by_other_ca, other_name, demands, tampered, trailing, sha1;
};

UNUSED static X509_REVOKED *entry_make(long serial, int64_t revoked_ms, int why)
{
	X509_REVOKED *x = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, revoked_ms / 1000);

	ASN1_INTEGER_set(number, serial);
	X509_REVOKED_set_serialNumber(x, number);
	X509_REVOKED_set_revocationDate(x, at);
	if (why >= 0) {
		ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();

		ASN1_ENUMERATED_set(code, why);
		assert_int_equal(X509_REVOKED_add1_ext_i2d(x, NID_crl_reason, code, 0, 0), 1);
		ASN1_ENUMERATED_free(code);
	}
	ASN1_TIME_free(at);
	ASN1_INTEGER_free(number);
	return x;
}

UNUSED static void entries_add(X509_CRL *x, const struct list *l)
{
	int64_t at = l->revoked_ms ? l->revoked_ms : T0 - 2 * DAY;
	int why = l->leaf == LISTED_HOLD || l->leaf == LISTED_TWICE ? CRL_REASON_CERTIFICATE_HOLD
		: l->leaf == LISTED_REMOVED ? CRL_REASON_REMOVE_FROM_CRL : -1;

	for (int i = 0; i < l->others; i++)
		X509_CRL_add0_revoked(x, entry_make(5000 + (i * 7919L) % 1000003, at, i % 5 ? -1 : CRL_REASON_SUPERSEDED));
	if (l->leaf == LISTED_DEMANDS) {
		X509_REVOKED *en = entry_make(7, at, -1);
		GENERAL_NAMES *names = GENERAL_NAMES_new();

		sk_GENERAL_NAME_push(names, a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_URI, "http://issuer.example/", 0));
		assert_int_equal(X509_REVOKED_add1_ext_i2d(en, NID_certificate_issuer, names, 1, 0), 1);
		GENERAL_NAMES_free(names);
		X509_CRL_add0_revoked(x, en);
	} else if (l->leaf != LISTED_NOT) {
		X509_CRL_add0_revoked(x, entry_make(1001, at, why));
	}
	if (l->leaf == LISTED_TWICE)
		X509_CRL_add0_revoked(x, entry_make(1001, at, CRL_REASON_KEY_COMPROMISE));
}

UNUSED static void list_number(X509_CRL *x, int nid, long value)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASN1_INTEGER_set(number, value);
	assert_int_equal(X509_CRL_add1_ext_i2d(x, nid, number, nid == NID_delta_crl, 0), 1);
	ASN1_INTEGER_free(number);
}

UNUSED static void list_extensions(X509_CRL *x, const struct list *l)
{
	if (!l->no_number)
		list_number(x, NID_crl_number, l->number ? l->number : 10);
	if (l->base)
		list_number(x, NID_delta_crl, l->base);
	if (l->scope) {
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_issuing_distribution_point, l->scope);

		assert_non_null(ext);
		X509_CRL_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
	}
	if (l->demands) {
		ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
		ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
		X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);

		X509_CRL_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
		ASN1_OBJECT_free(oid);
		ASN1_OCTET_STRING_free(value);
	}
}

UNUSED static struct buf list_make(struct world *w, const struct list *l)
{
	X509_CRL *x = X509_CRL_new();
	const struct identity *ca = l->by_other_ca ? &w->other_ca : &w->ca;
	ASN1_TIME *from = ASN1_TIME_set(NULL, (l->this_ms ? l->this_ms : T0 - HOUR) / 1000);
	ASN1_TIME *until = ASN1_TIME_set(NULL, (l->next_ms ? l->next_ms : T0 + DAY) / 1000);
	struct buf out = BUF((size_t)64 << 20);
	unsigned char *to;
	int n;

	X509_CRL_set_version(x, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(x, X509_get_subject_name(l->other_name ? w->leaf.x509 : ca->x509));
	X509_CRL_set1_lastUpdate(x, from);
	if (!l->no_next)
		X509_CRL_set1_nextUpdate(x, until);
	entries_add(x, l);
	list_extensions(x, l);
	assert_true(X509_CRL_sign(x, ca->key, l->sha1 ? EVP_sha1() : ca->md) > 0);
	n = i2d_X509_CRL(x, NULL);
	to = buf_reserve(&out, (size_t)n);
	i2d_X509_CRL(x, &to);
	buf_grown(&out, (size_t)n);
	if (l->tampered)
		out.data[n - 3] ^= 1;
	if (l->trailing)
		buf_char(&out, 0);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	X509_CRL_free(x);
	return out;
}

/* --- folders --- */

UNUSED static const char *folder_make(char out[64])
{
	const char *tmp = getenv("TMPDIR");

	snprintf(out, 64, "%s/qaqpa-revocation-XXXXXX", tmp && strlen(tmp) < 30 ? tmp : "/tmp");
	assert_non_null(mkdtemp(out));
	return out;
}

UNUSED static void folder_drop(const char *folder)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

#endif
