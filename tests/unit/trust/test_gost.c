/* SPDX-License-Identifier: GPL-3.0-or-later */
/* National keys and authorities: whose certificates they are, that the legacy ones are taken only where a profile says so,
 * and the values they sign. */
#include "pki.h"

#include "../national.h"

#define BIN "OU=BIN" DEPARTMENT_BIN "|C=KZ"
#define ROLE "emailProtection,1.2.398.3.3.4.1.2"

enum issuer { BY_CA, BY_OLD_CA, BY_LOOKALIKE, BY_RSA_CA, BY_COUNT };
static struct national issuers[BY_COUNT];
static const char *const issuer_files[BY_COUNT] = {"mine:ca.crt", "mine:old-ca.crt", "mine:lookalike.crt",
	"mine:rsa-ca.crt"};
static struct national root;
static EVP_PKEY *rsa;
static int64_t now_ms;

static int setup(void **state)
{
	struct err e;

	if (pki_setup(state) != 0 || !crypto_init(NULL, &e).ok)
		return -1;
	rsa = EVP_RSA_gen(2048);
	root = national_new(CRYPTO_CURVE_512, NULL, "CN=root|C=KZ", NULL);
	issuers[BY_CA] = national_new(CRYPTO_CURVE_512, &root, "CN=issuing|C=KZ", NULL);
	issuers[BY_OLD_CA] = national_new(CRYPTO_CURVE_256, NULL, "CN=old|C=KZ", NULL);
	issuers[BY_LOOKALIKE] = national_new(CRYPTO_CURVE_512, NULL, "CN=issuing|C=KZ", NULL);
	EVP_PKEY_up_ref(rsa);
	issuers[BY_RSA_CA] = (struct national){rsa, national_certificate(rsa, NULL, "CN=rsa|C=KZ", NULL, EVP_sha256())};
	national_write(&root, pki_path("mine:root.crt"), NULL);
	for (enum issuer by = 0; by < BY_COUNT; by++)
		national_write(&issuers[by], pki_path(issuer_files[by]), NULL);
	now_ms = stamp_now().ms;
	return 0;
}

static int teardown(void **state)
{
	for (enum issuer by = 0; by < BY_COUNT; by++)
		national_drop(&issuers[by]);
	national_drop(&root);
	EVP_PKEY_free(rsa);
	return pki_teardown(state);
}

enum kind { K_NEW, K_OLD, K_RSA };
enum allows { NONE, WEAK_SHA1, OLD_GOST };

static const struct row {
	const char *name;
	enum kind kind;
	enum issuer by, named; /* who signed it, whom the participant names */
	const char *subject, *purpose;
	bool sha1;             /* it is signed with SHA-1 */
	enum allows allows;
	enum reason issued, pinned; /* what must come out */
} rows[] = {
	{"a system of the participant", K_NEW, BY_CA, BY_CA, "CN=a|" BIN, ROLE, false, NONE, REASON_NONE, REASON_NONE},
	{"another BIN", K_NEW, BY_CA, BY_CA, "CN=a|OU=BIN" OTHER_BIN, ROLE, false, NONE, REASON_CERT_OWNER, REASON_NONE},
	{"an authority that took the name", K_NEW, BY_LOOKALIKE, BY_CA, "CN=a|" BIN, ROLE, false, NONE,
		REASON_CERT_UNKNOWN, REASON_NONE},
	{"a certificate for TLS servers", K_NEW, BY_CA, BY_CA, "CN=a|" BIN, "serverAuth", false, NONE,
		REASON_CERT_USAGE, REASON_CERT_USAGE},
	{"an RSA key that a national authority signed", K_RSA, BY_CA, BY_CA, "CN=a|" BIN, ROLE, false, NONE,
		REASON_NONE, REASON_NONE},
	{"a national key that an RSA authority signed", K_NEW, BY_RSA_CA, BY_RSA_CA, "CN=a|" BIN, ROLE, false, NONE,
		REASON_NONE, REASON_NONE},
	{"a legacy key where it is not allowed", K_OLD, BY_CA, BY_CA, "CN=a|" BIN, ROLE, false, NONE, REASON_CERT_WEAK,
		REASON_CERT_WEAK},
	{"a legacy key where SHA-1 is allowed", K_OLD, BY_CA, BY_CA, "CN=a|" BIN, ROLE, false, WEAK_SHA1, REASON_CERT_WEAK,
		REASON_CERT_WEAK},
	{"a legacy key where it is allowed", K_OLD, BY_CA, BY_CA, "CN=a|" BIN, ROLE, false, OLD_GOST, REASON_NONE, REASON_NONE},
	{"a legacy signature where it is not allowed", K_NEW, BY_OLD_CA, BY_OLD_CA, "CN=a|" BIN, ROLE, false, NONE,
		REASON_CERT_WEAK, REASON_CERT_WEAK},
	{"a legacy signature where it is allowed", K_NEW, BY_OLD_CA, BY_OLD_CA, "CN=a|" BIN, ROLE, false, OLD_GOST,
		REASON_NONE, REASON_NONE},
	{"SHA-1 where the legacy national algorithms are allowed", K_RSA, BY_RSA_CA, BY_RSA_CA, "CN=a|" BIN, ROLE, true,
		OLD_GOST, REASON_CERT_WEAK, REASON_CERT_WEAK},
};

static struct national make(const struct row *r)
{
	struct national n = {.key = rsa};
	const EVP_MD *md = r->by != BY_RSA_CA ? NULL : r->sha1 ? EVP_sha1() : EVP_sha256();

	if (r->kind == K_RSA)
		EVP_PKEY_up_ref(rsa);
	else
		n.key = crypto_generate(r->kind == K_NEW ? CRYPTO_CURVE_512 : CRYPTO_CURVE_256);
	assert_non_null(n.key);
	n.cert = national_certificate(n.key, &issuers[r->by], r->subject, r->purpose, md);
	return n;
}

static void certificates_are_judged_issued_and_pinned(void **state)
{
	static const enum key_kind kinds[] = {[K_NEW] = KEY_GOST, [K_OLD] = KEY_GOST_LEGACY, [K_RSA] = KEY_RSA};

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		const struct row *r = &rows[i / 2];
		const char *path = pki_path("mine:leaf.crt");
		struct conf_profile profile = {.name = "p", .sha1 = r->allows == WEAK_SHA1, .legacy_gost = r->allows == OLD_GOST};
		struct conf_participant p = {.name = "department", .bin = DEPARTMENT_BIN, .profile = &profile};
		struct trust *t = trust_new();
		struct national n = make(r);
		const struct trust_cert *c = NULL;
		unsigned char *der = NULL;
		int der_n = i2d_X509(n.cert, &der);
		outcome taken;
		struct err e = {.reason = REASON_NONE};

		national_write(&n, path, NULL);
		if (i % 2) {
			p.certificates = (struct conf_names){&path, 1};
			p.bin = NULL;
		} else {
			p.issuer = pki_path(issuer_files[r->named]);
		}
		assert_true(trust_add_authority(t, pki_path("mine:root.crt"), &e).ok);
		taken = trust_add_participant(t, &p, &e);
		if (taken.ok)
			taken = trust_find_der(t, (struct bytes){der, (size_t)der_n}, now_ms, &c, &e);
		assert_reason(r->name, taken, &e, i % 2 ? r->pinned : r->issued);
		if (taken.ok) {
			assert_ptr_equal(c->participant, &p);
			assert_int_equal(c->key_kind, kinds[r->kind]);
		}
		trust_free(&t);
		OPENSSL_free(der);
		national_drop(&n);
	}
}

static void a_touched_certificate_is_refused(void **state)
{
	struct conf_participant p = {.name = "department", .bin = DEPARTMENT_BIN, .issuer = pki_path("mine:ca.crt")};
	struct trust *t = trust_new();
	struct national n = make(&rows[0]);
	unsigned char *der = NULL;
	int der_n = i2d_X509(n.cert, &der);
	const struct trust_cert *c;
	struct err e;

	(void)state;
	assert_true(trust_add_authority(t, pki_path("mine:root.crt"), &e).ok);
	assert_true(trust_add_participant(t, &p, &e).ok);
	for (int i = 0; i < der_n; i++) {
		der[i] ^= 1;
		if (trust_find_der(t, (struct bytes){der, (size_t)der_n}, now_ms, &c, &e).ok)
			fail_msg("octet %d does not matter", i);
		der[i] ^= 1;
	}
	assert_true(trust_find_der(t, (struct bytes){der, (size_t)der_n}, now_ms, &c, &e).ok);
	trust_free(&t);
	OPENSSL_free(der);
	national_drop(&n);
}

static void own_keys_sign_what_their_certificates_verify(void **state)
{
	static const struct {
		enum kind kind;
		enum signature usual;
		size_t size;
	} own[] = {{K_NEW, SIGNATURE_GOST_2015, 128}, {K_OLD, SIGNATURE_GOST_LEGACY, 64}};
	const struct bytes text = BYTES_LIT("<ds:SignedInfo>what is signed</ds:SignedInfo>");

	(void)state;
	for (size_t i = 0; i < COUNT(own); i++) {
		const char *cert = pki_path("mine:own.crt"), *key = pki_path("mine:own.key");
		struct conf_profile profile = {.name = "p", .legacy_gost = true};
		struct conf_participant p = {.name = "we", .certificates = {&cert, 1}, .profile = &profile};
		struct conf_key conf = {.name = "own", .certificate = cert, .key = key};
		struct row r = rows[0];
		struct trust *t = trust_new();
		struct buf value = BUF(2000);
		const struct trust_key *k;
		const struct trust_cert *c = NULL;
		struct national n;
		struct err e;

		r.kind = own[i].kind;
		n = make(&r);
		national_write(&n, cert, key);
		assert_reason("own key", trust_add_key(t, &conf, &e), &e, REASON_NONE);
		assert_reason("own certificate", trust_add_participant(t, &p, &e), &e, REASON_NONE);
		k = trust_key_named(t, "own");
		assert_int_equal(k->usual, own[i].usual);
		assert_true(trust_find_der(t, k->der, now_ms, &c, &e).ok);
		for (enum signature s = 0; s < SIGNATURE_COUNT; s++) {
			struct buf one = BUF(2000);

			assert_int_equal(trust_sign(k, s, text, &one, &e).ok, s == own[i].usual);
			assert_int_equal(one.len, s == own[i].usual ? own[i].size : 0);
			if (s == own[i].usual)
				buf_add(&value, buf_bytes(&one));
			buf_free(&one);
		}
		for (enum signature s = 0; s < SIGNATURE_COUNT; s++)
			assert_int_equal(trust_verify(c, s, text, buf_bytes(&value), &e).ok, s == own[i].usual);
		for (size_t at = 0; at < value.len; at++) {
			value.data[at] ^= 0x10;
			assert_false(trust_verify(c, own[i].usual, text, buf_bytes(&value), &e).ok);
			assert_int_equal(e.reason, REASON_SEC_VALUE);
			value.data[at] ^= 0x10;
		}
		for (size_t size = 0; size < value.len; size++)
			assert_false(
				trust_verify(c, own[i].usual, text, (struct bytes){value.data, size}, &e).ok);
		assert_false(trust_verify(c, own[i].usual, BYTES_LIT("other"), buf_bytes(&value), &e).ok);
		buf_char(&value, 0);
		assert_false(trust_verify(c, own[i].usual, text, buf_bytes(&value), &e).ok);
		buf_free(&value);
		trust_free(&t);
		national_drop(&n);
	}
}

static void a_key_of_another_certificate_is_useless(void **state)
{
	const char *cert = pki_path("mine:one.crt"), *key = pki_path("mine:other.key");
	struct conf_key conf = {.name = "own", .certificate = cert, .key = key};
	struct trust *t = trust_new();
	struct national one = make(&rows[0]), other = make(&rows[0]);
	struct err e;

	(void)state;
	national_write(&one, cert, NULL);
	national_write(&other, pki_path("mine:other.crt"), key);
	assert_reason("other key", trust_add_key(t, &conf, &e), &e, REASON_KEY_USELESS);
	trust_free(&t);
	national_drop(&one);
	national_drop(&other);
}

/* A digest of the thread that was begun with one kind of algorithm is ended with that. */
static void national_and_other_digests_take_turns(void **state)
{
	static const enum digest order[] = {DIGEST_SHA256, DIGEST_GOST_2015, DIGEST_GOST_LEGACY, DIGEST_SHA512,
		DIGEST_GOST_2015, DIGEST_SHA1};
	unsigned char first[COUNT(order)][64], again[64], other[32];

	(void)state;
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT(order); i++) {
			size_t at = round ? COUNT(order) - 1 - i : i, n;

			digest_begin(order[at]);
			digest_add(NULL, "abc", 3);
			sha256(BYTES_LIT("in between"), other);
			n = digest_end(round ? again : first[at]);
			assert_int_equal(n, digest_row(order[at])->size);
			if (round)
				assert_memory_equal(again, first[at], n);
		}
	}
	assert_memory_equal(first[1], first[4], 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_judged_issued_and_pinned),
		cmocka_unit_test(a_touched_certificate_is_refused),
		cmocka_unit_test(own_keys_sign_what_their_certificates_verify),
		cmocka_unit_test(a_key_of_another_certificate_is_useless),
		cmocka_unit_test(national_and_other_digests_take_turns),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
