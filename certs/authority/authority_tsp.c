/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_tsp - the time-stamping authority.
 * Promise:  imprints are of SHA-256, SHA-384, SHA-512 or a national digest; policies are the four of the
 *           National Certification Authority, that of GOST 2015 when none is named. Where GOST 2004 has a
 *           signer, its policy is signed by it.
 * Spec:     RFC 3161, 5816. */
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ts.h>

#include "authority.h"
#include "crypto/crypto.h"

#define DAY 86400
#define POLICY "1.2.398.3.3.2.6."
#define POLICY_GOST_2004 POLICY "1"
#define POLICY_USUAL POLICY "4"

static const char *const policies[] = {POLICY_GOST_2004, POLICY "2", POLICY "3", POLICY_USUAL};

static inline void scoped_request(TS_REQ **p) { TS_REQ_free(*p); }
static inline void scoped_response(TS_RESP **p) { TS_RESP_free(*p); }
static inline void scoped_ctx(TS_RESP_CTX **p) { TS_RESP_CTX_free(*p); }
static inline void scoped_status(TS_STATUS_INFO **p) { TS_STATUS_INFO_free(*p); }
static inline void scoped_bio(BIO **p) { BIO_free(*p); }
static inline void scoped_bn(BIGNUM **p) { BN_free(*p); }
static inline void scoped_integer(ASN1_INTEGER **p) { ASN1_INTEGER_free(*p); }
static inline void scoped_object(ASN1_OBJECT **p) { ASN1_OBJECT_free(*p); }

static ASN1_INTEGER *random_number(void)
{
	SCOPED(scoped_bn) BIGNUM *number = BN_new();

	return number && BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 ? BN_to_ASN1_INTEGER(number, NULL) :
		NULL;
}

static ASN1_INTEGER *next_serial(TS_RESP_CTX *ctx, void *unused)
{
	(void)ctx, (void)unused;
	return random_number();
}

static int time_of_two_days_ago(TS_RESP_CTX *ctx, void *unused, long *seconds, long *microseconds)
{
	(void)ctx, (void)unused;
	*seconds = (long)time(NULL) - 2 * DAY;
	*microseconds = 0;
	return 1;
}

/* The digest of the imprint, when we take it. OpenSSL would compare by names that it need not know. */
static const EVP_MD *imprint_md(TS_REQ *request)
{
	const X509_ALGOR *algorithm = TS_MSG_IMPRINT_get_algo(TS_REQ_get_msg_imprint(request));
	const ASN1_OBJECT *oid = NULL;
	int nid;

	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	nid = OBJ_obj2nid(oid);
	if (nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512)
		return EVP_get_digestbynid(nid);
	for (int d = 0; d < CRYPTO_DIGEST_COUNT; d++) {
		if (nid != NID_undef && nid == crypto_nid_digest((enum crypto_digest)d))
			return crypto_md((enum crypto_digest)d);
	}
	return NULL;
}

static bool add_policies(TS_RESP_CTX *ctx)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		SCOPED(scoped_object) ASN1_OBJECT *oid = OBJ_txt2obj(policies[i], 1);

		if (!oid || TS_RESP_CTX_add_policy(ctx, oid) != 1)
			return false;
		if (strcmp(policies[i], POLICY_USUAL) == 0 && TS_RESP_CTX_set_def_policy(ctx, oid) != 1)
			return false;
	}
	return true;
}

/* Who signs: by the policy, and by the trouble. */
static const char *signer_of(const struct authority *a, enum trouble t, TS_REQ *request)
{
	SCOPED(scoped_text) char *old = path_of(a->folder, "tsa-2004", ".crt");
	SCOPED(scoped_bio) BIO *there = BIO_new_file(old, "r");
	char policy[80] = "";

	ERR_clear_error();
	if (t == TROUBLE_WRONG_SIGNER)
		return "attacker-tsa";
	if (TS_REQ_get_policy_id(request))
		OBJ_obj2txt(policy, sizeof(policy), TS_REQ_get_policy_id(request), 1);
	return there && strcmp(policy, POLICY_GOST_2004) == 0 ? "tsa-2004" : "tsa";
}

static TS_RESP_CTX *context(const struct identity *signer, const EVP_MD *md, enum trouble t)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();

	if (!ctx || TS_RESP_CTX_set_signer_cert(ctx, signer->certificate) != 1 ||
		TS_RESP_CTX_set_signer_key(ctx, signer->key) != 1 ||
		TS_RESP_CTX_set_signer_digest(ctx, authority_md(signer->key)) != 1 ||
		TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()) != 1 || !add_policies(ctx) ||
		(md && TS_RESP_CTX_add_md(ctx, md) != 1) || TS_RESP_CTX_set_accuracy(ctx, 1, 0, 0) != 1) {
		TS_RESP_CTX_free(ctx);
		return NULL;
	}
	TS_RESP_CTX_set_serial_cb(ctx, next_serial, NULL);
	if (t == TROUBLE_STALE)
		TS_RESP_CTX_set_time_cb(ctx, time_of_two_days_ago, NULL);
	return ctx;
}

/* Answers another question than the one that was asked. */
static bool twist(TS_REQ *request, enum trouble t)
{
	if (t == TROUBLE_WRONG_NONCE) {
		SCOPED(scoped_integer) ASN1_INTEGER *nonce = random_number();

		return nonce && TS_REQ_set_nonce(request, nonce) == 1;
	}
	if (t == TROUBLE_OTHER)
		TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(request))->data[0] ^= 1;
	return true;
}

static outcome write_response(const TS_RESP *response, bool broken, struct buf *out, struct err *e)
{
	int n = response ? i2d_TS_RESP(response, NULL) : 0;
	unsigned char *to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;

	if (!to || i2d_TS_RESP(response, &to) != n)
		return openssl_failed(e, "time-stamp");
	buf_grown(out, (size_t)n);
	if (broken)
		out->data[out->len - 1] ^= 1; /* the signature is the last thing in a token */
	return DONE;
}

static outcome write_status(int status, struct buf *out, struct err *e)
{
	SCOPED(scoped_response) TS_RESP *response = TS_RESP_new();
	SCOPED(scoped_status) TS_STATUS_INFO *info = TS_STATUS_INFO_new();

	if (!response || !info || TS_STATUS_INFO_set_status(info, status) != 1 || TS_RESP_set_status_info(response, info) != 1)
		return openssl_failed(e, "time-stamp");
	return write_response(response, false, out, e);
}

static outcome stamp(const struct authority *a, enum trouble t, TS_REQ *request, struct buf *out, struct err *e)
{
	SCOPED(identity_drop) struct identity signer = {0};
	SCOPED(scoped_ctx) TS_RESP_CTX *ctx = NULL;
	SCOPED(scoped_response) TS_RESP *response = NULL;
	SCOPED(scoped_bio) BIO *in = BIO_new(BIO_s_mem());

	TRY(identity_load(a->folder, signer_of(a, t, request), &signer, e));
	ctx = context(&signer, imprint_md(request), t);
	if (!ctx || !in || !twist(request, t) || i2d_TS_REQ_bio(in, request) != 1)
		return openssl_failed(e, "time-stamp");
	response = TS_RESP_create_response(ctx, in);
	ERR_clear_error(); /* a refusal leaves its reasons there, and in the response */
	return write_response(response, t == TROUBLE_FORGED, out, e);
}

outcome authority_tsp(const struct authority *a, enum trouble t, struct bytes question, struct buf *out, struct err *e)
{
	const unsigned char *p = question.p;
	SCOPED(scoped_request) TS_REQ *request = d2i_TS_REQ(NULL, &p, (long)question.n);

	ERR_clear_error();
	if (!request || p != question.p + question.n || t == TROUBLE_REFUSED)
		return write_status(TS_STATUS_REJECTION, out, e);
	if (t == TROUBLE_LATER)
		return write_status(TS_STATUS_WAITING, out, e);
	return stamp(a, t, request, out, e);
}
