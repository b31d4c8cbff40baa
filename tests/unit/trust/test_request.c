/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests for certificates, for keys of every kind, and what certificates say. */
#include "pki.h"

#include "crypto/crypto.h"
#include "trust/certificate.h"

static X509_REQ *request_of(const struct buf *text)
{
	BIO *in = BIO_new_mem_buf(text->data, (int)text->len);
	X509_REQ *r = PEM_read_bio_X509_REQ(in, NULL, NULL, NULL);

	BIO_free(in);
	assert_non_null(r);
	return r;
}

static void every_kind_of_key_gets_a_request(void **state)
{
	static const char *const purposes[] = {"1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.6"};

	(void)state;
	for (enum cert_new_key kind = 0; kind < CERT_NEW_KEYS; kind++) {
		SCOPED(buf_free) struct buf text = BUF(1 << 16);
		struct cert_request r = {.kind = kind, .common_name = "АЖ", .country = "KZ", .organisation = "АҚ",
			.bin = DEPARTMENT_BIN, .purposes = {purposes, 2},
			.key_path = pki_path(pool_printf(pki_pool, "mine:%s.key", cert_new_key_name(kind)))};
		const char *name = cert_new_key_name(kind);
		struct stat st;
		struct err e = {0};
		X509_REQ *request;
		EVP_PKEY *key;

		assert_reason(name, cert_request_make(&r, &text, &e), &e, REASON_NONE);
		request = request_of(&text);
		assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
		key = pki_key(r.key_path);
		assert_non_null(key);
		if (EVP_PKEY_eq(key, X509_REQ_get0_pubkey(request)) != 1)
			fail_msg("%s: the file holds another key", name);
		assert_int_equal(crypto_curve_of(key) == CRYPTO_CURVE_512, kind == CERT_GOST_2015);
		assert_int_equal(stat(r.key_path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_reason(name, cert_request_make(&r, &text, &e), &e, REASON_IO); /* it is there */
		EVP_PKEY_free(key);
		X509_REQ_free(request);
	}
}

static void a_request_that_makes_no_sense_leaves_no_key(void **state)
{
	static const char *const word[] = {"director"};
	const struct {
		const char *name;
		struct cert_request r;
	} rows[] = {
		{"no common name", {.kind = CERT_EC_P256}},
		{"a wrong BIN", {.kind = CERT_EC_P256, .common_name = "a", .bin = "200440000016"}},
		{"a role by its name", {.kind = CERT_EC_P256, .common_name = "a", .purposes = {word, 1}}},
		{"a country of three letters", {.kind = CERT_EC_P256, .common_name = "a", .country = "KAZ"}},
		{"no UTF-8", {.kind = CERT_EC_P256, .common_name = "\xff"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(buf_free) struct buf text = BUF(1 << 16);
		struct cert_request r = rows[i].r;
		struct err e = {0};

		r.key_path = pki_path("mine:none.key");
		assert_reason(rows[i].name, cert_request_make(&r, &text, &e), &e, REASON_USAGE);
		assert_int_equal(text.len, 0);
		if (access(r.key_path, F_OK) == 0)
			fail_msg("%s: a key was left", rows[i].name);
	}
}

static void a_certificate_is_told_as_it_is(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(1 << 20);
	const struct cert_view *v;
	struct err e = {0};
	size_t n;

	(void)state;
	odd_make(&(struct odd){.file = "mine:odd.crt", .usage = "-", .purposes = "-",
		.subject = "CN=two|serialNumber=IIN" PERSON_IIN "|2.5.4.5=IIN900202300018", .from_ms = 1000, .until_ms = 2000});
	assert_true(cert_views_read(pool, pki_path("mine:odd.crt"), &v, &n, &e).ok);
	assert_int_equal(n, 1);
	assert_int_equal(v->who.kind, 0);
	assert_null(v->who.iin);
	assert_int_equal(v->usage.n, 0);
	assert_int_equal(v->who.purposes.n, 0);
	assert_int_equal(v->not_after_ms, 2000);
	assert_false(v->authority);
	assert_string_equal(v->key, "RSA 2048");
	assert_true(cert_views_read(pool, PKI "department-ec.crt", &v, &n, &e).ok);
	assert_string_equal(v->key, "EC P-256");
	assert_reason("a key", cert_views_read(pool, PKI "gateway.key", &v, &n, &e), &e, REASON_SEC_TOKEN_BROKEN);
	assert_reason("nothing", cert_views_read(pool, pki_path("mine:absent"), &v, &n, &e), &e, REASON_IO);
	assert_string_equal(cert_oid_name("1.2.398.3.3.4.1.2.1"), "first head of the organisation");
	assert_null(cert_oid_name("1.2.398.3.3.4.1.2.11"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_gets_a_request),
		cmocka_unit_test(a_request_that_makes_no_sense_leaves_no_key),
		cmocka_unit_test(a_certificate_is_told_as_it_is),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
