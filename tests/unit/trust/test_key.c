/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own keys: taken only when nobody else can touch them and when they make signatures that others
 * accept. */
#include "pki.h"

static struct bytes file_of(const char *name)
{
	FILE *f = fopen(pki_path(name), "r");
	char *text = pool_alloc(pki_pool, 20000);
	size_t n = fread(text, 1, 20000, f);

	fclose(f);
	return (struct bytes){(unsigned char *)text, n};
}

static const struct {
	const char *name, *certificate, *key;
	bool taken;
} rows[] = {
	{"RSA", "gateway.crt", "gateway.key", true},
	{"P-256", "gateway-ec.crt", "gateway-ec.key", true},
	{"P-384", "department-ec384.crt", "department-ec384.key", true},
	{"an expired certificate is for the loader to judge", "expired.crt", "expired.key", true},
	{"a certificate with its chain behind it", "mine:chain.crt", "gateway.key", true},
	{"mode 0400", "gateway.crt", "mine:0400.key", true},
	{"a key that the group may read", "gateway.crt", "mine:0640.key", false},
	{"a key that the group may write", "gateway.crt", "mine:0620.key", false},
	{"a key that everybody may read", "gateway.crt", "mine:0604.key", false},
	{"the key of another certificate", "gateway.crt", "permits.key", false},
	{"a key of another kind", "gateway.crt", "gateway-ec.key", false},
	{"a key of another curve", "department-ec.crt", "department-ec384.key", false},
	{"an encrypted key, without asking for a passphrase", "gateway.crt", "mine:encrypted.key", false},
	{"no key file", "gateway.crt", "mine:absent.key", false},
	{"a certificate in place of the key", "gateway.crt", "mine:certificate.key", false},
	{"no certificate file", "mine:absent.crt", "gateway.key", false},
	{"a key in place of the certificate", "gateway.key", "gateway.key", false},
	{"a certificate that may not sign", "no-signing-usage.crt", "no-signing-usage.key", false},
	{"a weak key", "rsa1024.crt", "rsa1024.key", false},
	{"the key of an authority", "issuing.crt", "issuing.key", false},
	{"a certificate for TLS", "tls-client.crt", "tls-client.key", false},
};

static void make_files(void)
{
	SCOPED(buf_free) struct buf chain = BUF(20000);
	EVP_PKEY *key = pki_key(PKI "gateway.key");
	BIO *out = BIO_new_file(pki_path("mine:encrypted.key"), "w");

	buf_add(&chain, file_of("gateway.crt"));
	buf_add(&chain, file_of("issuing.crt"));
	pki_write("mine:chain.crt", buf_bytes(&chain), 0644);
	pki_write("mine:0400.key", file_of("gateway.key"), 0400);
	pki_write("mine:0640.key", file_of("gateway.key"), 0640);
	pki_write("mine:0620.key", file_of("gateway.key"), 0620);
	pki_write("mine:0604.key", file_of("gateway.key"), 0604);
	pki_write("mine:certificate.key", file_of("gateway.crt"), 0600);
	assert_int_equal(
		PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), "word", 4, NULL, NULL), 1);
	BIO_free(out);
	assert_int_equal(chmod(pki_path("mine:encrypted.key"), 0600), 0);
	EVP_PKEY_free(key);
}

static void keys_are_checked_when_taken(void **state)
{
	(void)state;
	make_files();
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(trust_free) struct trust *t = trust_new();
		struct conf_key k = {.name = "k", .certificate = pki_path(rows[i].certificate),
			.key = pki_path(rows[i].key)};
		struct err e;

		assert_reason(rows[i].name, trust_add_key(t, &k, &e), &e,
			rows[i].taken ? REASON_NONE : REASON_KEY_USELESS);
		if (!rows[i].taken && !strstr(e.detail, k.key) && !strstr(e.detail, k.certificate))
			fail_msg("%s: no file is named: %s", rows[i].name, e.detail);
		assert_int_equal(trust_key_named(t, "k") != NULL, rows[i].taken);
	}
}

static const struct {
	const char *name;
	int kind;
	enum signature usual;
} kinds[] = {
	{"gateway", KEY_RSA, SIGNATURE_RSA_SHA256},
	{"gateway-ec", KEY_EC, SIGNATURE_ECDSA_SHA256},
	{"department-ec384", KEY_EC, SIGNATURE_ECDSA_SHA384},
};

static void a_key_tells_what_a_signature_needs(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_key conf[COUNT(kinds)];
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		conf[i] = (struct conf_key){.name = kinds[i].name,
			.certificate = pki_path(pool_printf(pki_pool, "%s.crt", kinds[i].name)),
			.key = pki_path(pool_printf(pki_pool, "%s.key", kinds[i].name))};
		assert_true(trust_add_key(t, &conf[i], &e).ok);
	}
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct trust_key *k = trust_key_named(t, kinds[i].name);
		struct bytes der = pki_der(pool_printf(pki_pool, "%s.crt", kinds[i].name));
		SCOPED(buf_free) struct buf base64 = BUF(10000);

		assert_non_null(k);
		buf_base64(&base64, der);
		assert_ptr_equal(k->conf, &conf[i]);
		assert_int_equal(k->key_kind, kinds[i].kind);
		assert_int_equal(k->usual, kinds[i].usual);
		assert_true(bytes_eq(k->der, der));
		assert_string_equal(k->base64, buf_cstr(&base64));
		assert_true(k->not_after_ms > pki_now);
		assert_string_equal(k->issuer, "CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ\\, сынақ (RSA),C=KZ");
		assert_int_equal(strspn(k->serial, "0123456789"), strlen(k->serial));
		assert_int_equal(strlen(k->print), 64);
	}
	assert_null(trust_key_named(t, "gatewa"));
	assert_null(trust_key_named(t, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_checked_when_taken),
		cmocka_unit_test(a_key_tells_what_a_signature_needs),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
