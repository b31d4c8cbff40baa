/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the National Certification Authority made itself: certificates, keys, lists, answers and a time-stamp, read from
 * outside the tree. Each verifies as it stands, and no copy with one octet changed does. */
#include "../cm.h"

#include <openssl/ocsp.h>
#include <openssl/pkcs12.h>
#include <openssl/ts.h>

#include "../national.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int setup(void **state)
{
	struct err e = {.detail = ""};

	(void)state;
	return crypto_init(NULL, &e).ok ? 0 : -1;
}

static void the_chain_of_the_authority(void **state)
{
	X509 *root = vector_certificate("ca/root_test_gost_2022.cer"), *ca = vector_certificate("ca/nca_gost2022_test.cer");
	unsigned char *der = NULL;
	int n, refused = 0;

	(void)state;
	assert_int_equal(crypto_curve_of(X509_get0_pubkey(root)), CRYPTO_CURVE_512);
	assert_int_equal(X509_verify(root, X509_get0_pubkey(root)), 1);
	assert_int_equal(X509_verify(ca, X509_get0_pubkey(root)), 1);
	assert_true(X509_verify(ca, X509_get0_pubkey(ca)) != 1);
	n = i2d_X509(ca, &der);
	for (int i = 0; i < n; i++) {
		const unsigned char *p = der;
		X509 *x;

		der[i] ^= 1;
		x = d2i_X509(NULL, &p, n);
		if (x && X509_verify(x, X509_get0_pubkey(root)) == 1)
			fail_msg("octet %d does not matter", i);
		refused++;
		X509_free(x);
		der[i] ^= 1;
	}
	assert_int_equal(refused, n);
	OPENSSL_free(der);
	X509_free(root);
	X509_free(ca);
	ERR_clear_error();
}

static void keys_of_every_authority_are_recognised(void **state)
{
	static const struct {
		const char *name;
		enum crypto_curve curve;
	} rows[] = {{"ca/nca_gost2022_test.cer", CRYPTO_CURVE_512}, {"ca/nca_gost2004_test.crt", CRYPTO_CURVE_256},
		{"ca/nca_rsa_test.crt", CRYPTO_CURVE_COUNT}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		X509 *x = vector_certificate(rows[i].name);

		assert_non_null(X509_get0_pubkey(x));
		assert_int_equal(crypto_curve_of(X509_get0_pubkey(x)), rows[i].curve);
		X509_free(x);
	}
}

/* The key file opens, belongs to its certificate, which the authority issued, and signs. */
static void key_files_open_and_sign(void **state)
{
	static const char *const names[] = {
		"keys/individual_valid.p12", "keys/individual_revoked.p12", "keys/legal_infosystem_valid.p12"};
	X509 *ca = vector_certificate("ca/nca_gost2022_test.cer");

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		BIO *file = BIO_new_file(vector_path(names[i]), "rb");
		PKCS12 *p12 = d2i_PKCS12_bio(file, NULL);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		unsigned char value[200];
		size_t n = sizeof(value);
		EVP_PKEY *key = NULL;
		X509 *x = NULL;

		assert_non_null(p12);
		assert_int_equal(PKCS12_parse(p12, "Qwerty13", &key, &x, NULL), 0);
		assert_int_equal(PKCS12_parse(p12, "Qwerty12", &key, &x, NULL), 1);
		assert_int_equal(crypto_curve_of(key), CRYPTO_CURVE_512);
		assert_int_equal(X509_check_private_key(x, key), 1);
		assert_int_equal(X509_verify(x, X509_get0_pubkey(ca)), 1);
		assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
		assert_int_equal(EVP_DigestSign(ctx, value, &n, (const unsigned char *)"text", 4), 1);
		assert_int_equal(n, 128);
		for (int changed = 0; changed < 2; changed++) {
			EVP_MD_CTX_reset(ctx);
			assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, crypto_md(CRYPTO_DIGEST_512), NULL,
				X509_get0_pubkey(x)), 1);
			value[0] ^= (unsigned char)changed;
			assert_int_equal(
				EVP_DigestVerify(ctx, value, n, (const unsigned char *)"text", 4) == 1, !changed);
		}
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(key);
		X509_free(x);
		PKCS12_free(p12);
		BIO_free(file);
	}
	X509_free(ca);
	ERR_clear_error();
}

static void lists_of_revoked_certificates(void **state)
{
	static const struct {
		const char *list, *issuer;
	} rows[] = {{"crl/nca_gost2022_test.crl", "ca/nca_gost2022_test.cer"},
		{"crl/nca_rsa_test.crl", "ca/nca_rsa_test.crt"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		X509 *issuer = vector_certificate(rows[i].issuer);
		size_t n;
		unsigned char *der = vector_read(rows[i].list, &n);
		const size_t at[] = {40, n / 3, n / 2, n - 140, n - 2};

		for (size_t k = 0; k <= COUNT(at); k++) {
			const unsigned char *p = der;
			X509_CRL *crl;

			if (k < COUNT(at))
				der[at[k]] ^= 1;
			crl = d2i_X509_CRL(NULL, &p, (long)n);
			assert_int_equal(
				crl && X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1, k == COUNT(at));
			X509_CRL_free(crl);
			if (k < COUNT(at))
				der[at[k]] ^= 1;
		}
		free(der);
		X509_free(issuer);
	}
	ERR_clear_error();
}

/* Trust in the authority alone, at the time the answer was made. */
static int answer_verdict(OCSP_BASICRESP *basic)
{
	const ASN1_GENERALIZEDTIME *made = OCSP_resp_get0_produced_at(basic);
	X509 *root = vector_certificate("ca/root_test_gost_2022.cer"), *ca = vector_certificate("ca/nca_gost2022_test.cer");
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *helpers = sk_X509_new_null();
	struct tm parts;
	int result;

	assert_int_equal(ASN1_TIME_to_tm(made, &parts), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), timegm(&parts));
	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	assert_true(sk_X509_push(helpers, ca) == 1);
	result = OCSP_basic_verify(basic, helpers, store, 0);
	sk_X509_free(helpers);
	X509_STORE_free(store);
	X509_free(root);
	X509_free(ca);
	return result == 1;
}

static void answers_of_the_responder(void **state)
{
	static const char *const names[] = {"ocsp/certificate-hold-gost2015.der", "ocsp/revoked-gost2015.der"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		size_t n;
		unsigned char *der = vector_read(names[i], &n);
		const unsigned char *p = der;
		OCSP_RESPONSE *answer = d2i_OCSP_RESPONSE(NULL, &p, (long)n);
		OCSP_BASICRESP *basic = answer ? OCSP_response_get1_basic(answer) : NULL;
		ASN1_OCTET_STRING *value;

		assert_non_null(basic);
		assert_true(answer_verdict(basic));
		value = (ASN1_OCTET_STRING *)(uintptr_t)OCSP_resp_get0_signature(basic);
		value->data[value->length / 2] ^= 1;
		assert_false(answer_verdict(basic));
		OCSP_BASICRESP_free(basic);
		OCSP_RESPONSE_free(answer);
		free(der);
	}
	ERR_clear_error();
}

static int token_verdict(const unsigned char *der, size_t n)
{
	const unsigned char *p = der;
	PKCS7 *token = d2i_PKCS7(NULL, &p, (long)n);
	/* Who made the stamping certificate is not the question here: its own signature is. */
	STACK_OF(X509) *signers = token ? PKCS7_get0_signers(token, NULL, 0) : NULL;
	BIO *content = signers ? PKCS7_dataInit(token, NULL) : NULL;
	PKCS7_SIGNER_INFO *signer = token && PKCS7_get_signer_info(token)
		? sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0) : NULL;
	char part[512];
	int result = 0;

	if (content && signer) {
		while (BIO_read(content, part, sizeof(part)) > 0)
			continue;
		result = PKCS7_signatureVerify(content, token, signer, sk_X509_value(signers, 0)) == 1;
	}
	BIO_free_all(content);
	sk_X509_free(signers);
	PKCS7_free(token);
	return result;
}

static void a_time_stamp_of_the_legacy_algorithm(void **state)
{
	size_t n;
	unsigned char *der = vector_read("tsp/token-gost2004.der", &n);
	const unsigned char *p = der;
	PKCS7 *token = d2i_PKCS7(NULL, &p, (long)n);
	TS_TST_INFO *info;

	(void)state;
	assert_non_null(token);
	info = PKCS7_to_TS_TST_INFO(token);
	assert_non_null(info);
	assert_non_null(TS_TST_INFO_get_time(info));
	assert_int_equal(
		OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info))->algorithm), NID_sha1);
	assert_int_equal(ASN1_STRING_length(TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info))), 20);
	assert_true(token_verdict(der, n));
	der[n - 9] ^= 1; /* in the value */
	assert_false(token_verdict(der, n));
	der[n - 9] ^= 1;
	for (size_t i = 60; i < 160; i++) { /* in what was stamped */
		der[i] ^= 1;
		assert_false(token_verdict(der, n));
		der[i] ^= 1;
	}
	TS_TST_INFO_free(info);
	PKCS7_free(token);
	free(der);
	ERR_clear_error();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_of_the_authority),
		cmocka_unit_test(keys_of_every_authority_are_recognised),
		cmocka_unit_test(key_files_open_and_sign),
		cmocka_unit_test(lists_of_revoked_certificates),
		cmocka_unit_test(answers_of_the_responder),
		cmocka_unit_test(a_time_stamp_of_the_legacy_algorithm),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
