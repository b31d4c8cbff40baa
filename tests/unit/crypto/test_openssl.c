/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stock calls of OpenSSL with national keys, both curves: what was signed verifies, what was touched does not. */
#include "../cm.h"

#include <openssl/cms.h>
#include <openssl/ocsp.h>
#include <openssl/pkcs12.h>
#include <openssl/ts.h>

#include "../national.h"

#define CURVES(c) for (enum crypto_curve c = 0; c < CRYPTO_CURVE_COUNT; c++)
#define WORDS "a message"

static struct national root[CRYPTO_CURVE_COUNT], leaf[CRYPTO_CURVE_COUNT], stamper[CRYPTO_CURVE_COUNT];

static const EVP_MD *md_of(enum crypto_curve c)
{
	return crypto_md(c == CRYPTO_CURVE_512 ? CRYPTO_DIGEST_512 : CRYPTO_DIGEST_LEGACY);
}

static int setup(void **state)
{
	struct err e = {.detail = ""};

	(void)state;
	if (!crypto_init(NULL, &e).ok)
		return -1;
	CURVES(c) {
		root[c] = national_new(c, NULL, "CN=root|C=KZ", NULL);
		leaf[c] = national_new(c, &root[c], "CN=leaf|OU=BIN200440000015|C=KZ", "emailProtection");
		stamper[c] = national_new(c, &root[c], "CN=stamper|C=KZ", "critical,timeStamping");
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	CURVES(c) {
		national_drop(&root[c]);
		national_drop(&leaf[c]);
		national_drop(&stamper[c]);
	}
	return 0;
}

/* The identifier is that of the pair, with an explicit NULL. */
static void assert_names_pair(const X509_ALGOR *a, enum crypto_curve c)
{
	const ASN1_OBJECT *oid;
	int kind;

	X509_ALGOR_get0(&oid, &kind, NULL, a);
	assert_int_equal(OBJ_obj2nid(oid), crypto_nid_signature(c));
	assert_int_equal(kind, V_ASN1_NULL);
}

static X509_STORE *store_of(X509 *x)
{
	X509_STORE *store = X509_STORE_new();

	assert_non_null(store);
	assert_int_equal(X509_STORE_add_cert(store, x), 1);
	return store;
}

/* The same certificate with one octet of its signature changed. */
static X509 *touched(X509 *x)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	const unsigned char *p = der;
	X509 *other;

	assert_true(n > 40);
	der[n - 3] ^= 1; /* the value is the last part */
	other = d2i_X509(NULL, &p, n);
	assert_non_null(other);
	OPENSSL_free(der);
	return other;
}

static void certificates_and_chains(void **state)
{
	(void)state;
	CURVES(c) {
		X509_STORE *store = store_of(root[c].cert);
		X509 *bad = touched(leaf[c].cert);
		const X509_ALGOR *algorithm;
		int security = 0;

		X509_get0_signature(NULL, &algorithm, leaf[c].cert);
		assert_names_pair(algorithm, c);
		assert_int_equal(X509_get_signature_info(leaf[c].cert, NULL, NULL, &security, NULL), 1);
		assert_true(security >= 112);
		assert_int_equal(X509_verify(leaf[c].cert, root[c].key), 1);
		assert_true(X509_verify(bad, root[c].key) != 1);
		assert_true(X509_verify(leaf[c].cert, leaf[c].key) != 1);
		assert_int_equal(X509_check_private_key(leaf[c].cert, leaf[c].key), 1);
		assert_int_equal(X509_check_private_key(leaf[c].cert, root[c].key), 0);
		for (int i = 0; i < 2; i++) {
			X509_STORE_CTX *ctx = X509_STORE_CTX_new();

			assert_int_equal(X509_STORE_CTX_init(ctx, store, i ? bad : leaf[c].cert, NULL), 1);
			X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx), 2);
			X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
			assert_int_equal(X509_verify_cert(ctx), !i);
			assert_int_equal(
				X509_STORE_CTX_get_error(ctx), i ? X509_V_ERR_CERT_SIGNATURE_FAILURE : X509_V_OK);
			X509_STORE_CTX_free(ctx);
		}
		X509_free(bad);
		X509_STORE_free(store);
	}
	ERR_clear_error();
}

static void a_request(void **state)
{
	(void)state;
	CURVES(c) {
		X509_REQ *request = X509_REQ_new();

		assert_int_equal(X509_REQ_set_pubkey(request, leaf[c].key), 1);
		assert_true(X509_REQ_sign(request, leaf[c].key, md_of(c)) > 0);
		assert_int_equal(X509_REQ_verify(request, leaf[c].key), 1);
		assert_true(X509_REQ_verify(request, root[c].key) != 1);
		X509_REQ_free(request);
	}
	ERR_clear_error();
}

static void a_list_of_revoked_certificates_revokes(void **state)
{
	(void)state;
	CURVES(c) {
		X509_STORE *store = store_of(root[c].cert);
		X509_STORE_CTX *ctx = X509_STORE_CTX_new();
		X509_REVOKED *entry = X509_REVOKED_new();
		ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *later = X509_gmtime_adj(NULL, 86400);
		X509_CRL *crl = X509_CRL_new();

		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(leaf[c].cert));
		X509_REVOKED_set_revocationDate(entry, now);
		X509_CRL_set_version(crl, X509_CRL_VERSION_2);
		X509_CRL_set_issuer_name(crl, X509_get_subject_name(root[c].cert));
		X509_CRL_set1_lastUpdate(crl, now);
		X509_CRL_set1_nextUpdate(crl, later);
		assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
		assert_true(X509_CRL_sign(crl, root[c].key, md_of(c)) > 0);
		assert_int_equal(X509_CRL_verify(crl, root[c].key), 1);
		assert_true(X509_CRL_verify(crl, leaf[c].key) != 1);
		assert_int_equal(X509_STORE_add_crl(store, crl), 1);
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
		assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf[c].cert, NULL), 1);
		assert_int_equal(X509_verify_cert(ctx), 0);
		assert_int_equal(X509_STORE_CTX_get_error(ctx), X509_V_ERR_CERT_REVOKED);
		X509_STORE_CTX_free(ctx);
		X509_STORE_free(store);
		X509_CRL_free(crl);
		ASN1_TIME_free(now);
		ASN1_TIME_free(later);
	}
	ERR_clear_error();
}

static void an_answer_of_ocsp(void **state)
{
	(void)state;
	CURVES(c) {
		X509_STORE *store = store_of(root[c].cert);
		OCSP_BASICRESP *answer = OCSP_BASICRESP_new();
		OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), leaf[c].cert, root[c].cert);
		ASN1_TIME *now = X509_gmtime_adj(NULL, 0);

		assert_non_null(
			OCSP_basic_add1_status(answer, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, NULL));
		assert_int_equal(OCSP_basic_sign(answer, root[c].cert, root[c].key, md_of(c), NULL, 0), 1);
		assert_names_pair(OCSP_resp_get0_tbs_sigalg(answer), c);
		assert_int_equal(OCSP_basic_verify(answer, NULL, store, 0), 1);
		((ASN1_OCTET_STRING *)(uintptr_t)OCSP_resp_get0_signature(answer))->data[9] ^= 1;
		assert_true(OCSP_basic_verify(answer, NULL, store, 0) != 1);
		ASN1_TIME_free(now);
		OCSP_CERTID_free(id);
		OCSP_BASICRESP_free(answer);
		X509_STORE_free(store);
	}
	ERR_clear_error();
}

static int cms_verdict(CMS_ContentInfo *cms, X509_STORE *store, const char *words)
{
	BIO *content = BIO_new_mem_buf(words, -1);
	int result = CMS_verify(cms, NULL, store, content, NULL, CMS_BINARY | CMS_DETACHED);

	BIO_free(content);
	ERR_clear_error();
	return result == 1;
}

static void a_signed_message_of_cms(void **state)
{
	(void)state;
	CURVES(c) {
		for (int attributes = 0; attributes < 2; attributes++) {
			unsigned flags = CMS_BINARY | CMS_DETACHED | (attributes ? 0 : CMS_NOATTR);
			X509_STORE *store = store_of(root[c].cert);
			BIO *content = BIO_new_mem_buf(WORDS, -1);
			CMS_ContentInfo *cms = CMS_sign(leaf[c].cert, leaf[c].key, NULL, content, flags), *back;
			X509_ALGOR *digest, *algorithm;
			unsigned char *der = NULL;
			const unsigned char *p;
			int n;

			assert_non_null(cms);
			CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0), NULL, NULL,
				&digest, &algorithm);
			assert_names_pair(algorithm, c);
			assert_int_equal(OBJ_obj2nid(digest->algorithm), EVP_MD_get_type(md_of(c)));
			n = i2d_CMS_ContentInfo(cms, &der);
			p = der;
			back = d2i_CMS_ContentInfo(NULL, &p, n);
			assert_non_null(back);
			assert_true(cms_verdict(back, store, WORDS));
			CMS_ContentInfo_free(back);
			p = der;
			back = d2i_CMS_ContentInfo(NULL, &p, n);
			assert_false(cms_verdict(back, store, WORDS "."));
			CMS_ContentInfo_free(back);
			der[n - 5] ^= 1; /* inside the value, which is the last part */
			p = der;
			back = d2i_CMS_ContentInfo(NULL, &p, n);
			assert_false(cms_verdict(back, store, WORDS));
			CMS_ContentInfo_free(back);
			OPENSSL_free(der);
			CMS_ContentInfo_free(cms);
			BIO_free(content);
			X509_STORE_free(store);
		}
	}
}

static ASN1_INTEGER *serial(struct TS_resp_ctx *ctx, void *unused)
{
	ASN1_INTEGER *one = ASN1_INTEGER_new();

	(void)ctx, (void)unused;
	ASN1_INTEGER_set(one, 1);
	return one;
}

static BIO *stamp_request(enum crypto_curve c)
{
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	unsigned char digest[64];
	unsigned n = 0;
	BIO *out = BIO_new(BIO_s_mem());

	assert_int_equal(EVP_Digest(WORDS, sizeof(WORDS) - 1, digest, &n, md_of(c), NULL), 1);
	X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md_of(c))), V_ASN1_NULL, NULL);
	TS_REQ_set_version(request, 1);
	TS_MSG_IMPRINT_set_algo(imprint, algorithm);
	TS_MSG_IMPRINT_set_msg(imprint, digest, (int)n);
	TS_REQ_set_msg_imprint(request, imprint);
	TS_REQ_set_cert_req(request, 1);
	assert_int_equal(i2d_TS_REQ_bio(out, request), 1);
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	TS_REQ_free(request);
	return out;
}

static TS_RESP *stamp_answer(enum crypto_curve c)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.398.3.3.2.6.4", 1);
	BIO *request = stamp_request(c);
	TS_RESP *answer;

	assert_int_equal(TS_RESP_CTX_set_signer_cert(ctx, stamper[c].cert), 1);
	assert_int_equal(TS_RESP_CTX_set_signer_key(ctx, stamper[c].key), 1);
	assert_int_equal(TS_RESP_CTX_set_def_policy(ctx, policy), 1);
	assert_int_equal(TS_RESP_CTX_add_md(ctx, md_of(c)), 1);
	assert_int_equal(TS_RESP_CTX_set_signer_digest(ctx, md_of(c)), 1);
	assert_int_equal(TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()), 1);
	TS_RESP_CTX_set_serial_cb(ctx, serial, NULL);
	answer = TS_RESP_create_response(ctx, request);
	assert_non_null(answer);
	assert_non_null(TS_RESP_get_token(answer));
	ASN1_OBJECT_free(policy);
	BIO_free(request);
	TS_RESP_CTX_free(ctx);
	return answer;
}

static int stamp_verdict(TS_RESP *answer, enum crypto_curve c, const char *words)
{
	TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	int result;

	TS_VERIFY_CTX_set_flags(ctx, TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNER);
	TS_VERIFY_CTX_set_store(ctx, store_of(root[c].cert));
	TS_VERIFY_CTX_set_data(ctx, BIO_new_mem_buf(words, -1));
	result = TS_RESP_verify_response(ctx, answer);
	TS_VERIFY_CTX_free(ctx);
	ERR_clear_error();
	return result == 1;
}

static void a_time_stamp(void **state)
{
	(void)state;
	CURVES(c) {
		TS_RESP *answer = stamp_answer(c);
		PKCS7 *token = TS_RESP_get_token(answer);
		PKCS7_SIGNER_INFO *signer = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0);
		X509_ALGOR *algorithm;

		PKCS7_SIGNER_INFO_get0_algs(signer, NULL, NULL, &algorithm);
		assert_names_pair(algorithm, c);
		assert_true(stamp_verdict(answer, c, WORDS));
		assert_false(stamp_verdict(answer, c, WORDS "."));
		signer->enc_digest->data[3] ^= 1;
		assert_false(stamp_verdict(answer, c, WORDS));
		TS_RESP_free(answer);
	}
}

static void a_file_of_pkcs12(void **state)
{
	(void)state;
	CURVES(c) {
		/* The algorithms of the Authority's own files. */
		PKCS12 *file = PKCS12_create("word", "leaf", leaf[c].key, leaf[c].cert, NULL,
			NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And40BitRC2_CBC, 1024, 1024, 0);
		EVP_PKEY *key = NULL;
		X509 *x = NULL;

		assert_non_null(file);
		assert_int_equal(PKCS12_parse(file, "other", &key, &x, NULL), 0);
		assert_int_equal(PKCS12_parse(file, "word", &key, &x, NULL), 1);
		assert_int_equal(EVP_PKEY_eq(key, leaf[c].key), 1);
		assert_int_equal(X509_cmp(x, leaf[c].cert), 0);
		assert_int_equal(X509_check_private_key(x, key), 1);
		EVP_PKEY_free(key);
		X509_free(x);
		PKCS12_free(file);
	}
	ERR_clear_error();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_and_chains),
		cmocka_unit_test(a_request),
		cmocka_unit_test(a_list_of_revoked_certificates_revokes),
		cmocka_unit_test(an_answer_of_ocsp),
		cmocka_unit_test(a_signed_message_of_cms),
		cmocka_unit_test(a_time_stamp),
		cmocka_unit_test(a_file_of_pkcs12),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
