/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates that nobody pinned: a trusted issuer and the right number, and everything that must be
 * refused. */
#include "pki.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/ident.h"
#include "trust/trust_int.h"

static const struct conf_participant department = {
	.name = "department", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
static const struct conf_participant person = {
	.name = "person", .issuer = PKI "issuing.crt", .iin = PERSON_IIN};

static struct trust *usual_trust(bool with_root)
{
	struct trust *t = trust_new();
	struct err e;

	if (with_root)
		assert_reason("root", trust_add_authority(t, PKI "root.crt", &e), &e, REASON_NONE);
	assert_reason("department", trust_add_participant(t, &department, &e), &e, REASON_NONE);
	assert_reason("person", trust_add_participant(t, &person, &e), &e, REASON_NONE);
	return t;
}

/* A public key whose numbers are chosen, not made: nobody has the private part, nobody needs it. */
static EVP_PKEY *rsa_of(int bits, const char *exponent_hex)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_new(), *e = NULL;
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	BN_rand(n, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
	BN_hex2bn(&e, exponent_hex);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void check_der(struct trust *t, const char *row, struct bytes der, enum reason wanted,
	const struct conf_participant *owner)
{
	const struct trust_cert *c = NULL;
	struct err e;

	assert_reason(row, trust_find_der(t, der, pki_now, &c, &e), &e, wanted);
	if (wanted == REASON_NONE && c->participant != owner)
		fail_msg("%s: belongs to %s", row, c->participant->name);
}

static const struct {
	const char *name, *file;
	enum reason wanted;
	const struct conf_participant *owner;
} of_the_pki[] = {
	{"a system's certificate belongs to the participant with its BIN", "department.crt", REASON_NONE,
		&department},
	{"an EC certificate on P-256 is as good", "department-ec.crt", REASON_NONE, &department},
	{"an EC certificate on P-384 is as good", "department-ec384.crt", REASON_NONE, &department},
	{"a person's certificate belongs to the participant with its IIN", "person.crt", REASON_NONE,
		&person},
	{"a trusted issuer with a number that nobody has", "other-system.crt", REASON_CERT_OWNER, NULL},
	{"expired", "expired.crt", REASON_CERT_EXPIRED, NULL},
	{"not yet valid", "future.crt", REASON_CERT_EXPIRED, NULL},
	{"keyEncipherment only", "no-signing-usage.crt", REASON_CERT_USAGE, NULL},
	{"RSA of 1024 bits", "rsa1024.crt", REASON_CERT_WEAK, NULL},
	{"issued by an authority that copied the names of the true one", "attacker-own-ca.crt",
		REASON_CERT_UNKNOWN, NULL},
	{"a self-signed authority with the names of the true one", "attacker-ca.crt", REASON_CERT_UNKNOWN,
		NULL},
	{"the issuing authority itself as signer", "issuing.crt", REASON_CERT_USAGE, NULL},
	{"the root itself as signer", "root.crt", REASON_CERT_USAGE, NULL},
	{"a certificate for TLS from another authority", "tls-client.crt", REASON_CERT_UNKNOWN, NULL},
};

static void numbers_of_the_pki_have_fitting_check_digits(void **state)
{
	static const char *const files[] = {"gateway.crt", "permits.crt", "monitoring.crt", "department.crt",
		"other-system.crt", "person.crt"};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		X509 *x = pki_certificate(pki_path(files[i]));
		struct trust_numbers n;

		assert_true(trust_numbers_of(&n, X509_get_subject_name(x)));
		assert_true(iin_bin_is(bytes_str(n.bin)) != iin_bin_is(bytes_str(n.iin)));
		X509_free(x);
	}
}

static void certificates_of_the_pki(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);

	(void)state;
	/* Twice: the second time answers come from memory where there was a decision. */
	for (size_t i = 0; i < 2 * COUNT(of_the_pki); i++) {
		size_t at = i % COUNT(of_the_pki);

		check_der(t, of_the_pki[at].name, pki_der(of_the_pki[at].file), of_the_pki[at].wanted,
			of_the_pki[at].owner);
	}
}

static const struct {
	const char *name;
	struct odd odd;
	enum reason wanted;
} odd_rows[] = {
	{"the usual certificate, made here, is accepted", {.serial = 7}, REASON_NONE},
	{"the BIN may stand in organizationIdentifier", {.subject = "CN=any|2.5.4.97=NTRKZ-" DEPARTMENT_BIN},
		REASON_NONE},
	{"without extendedKeyUsage every purpose is meant", {.purposes = "-"}, REASON_NONE},
	{"without keyUsage every usage is meant", {.usage = "-"}, REASON_NONE},
	{"a role of the national authority is a purpose", {.purposes = "1.2.398.3.3.4.1.2.6"}, REASON_NONE},
	{"OCSP signing only", {.purposes = "OCSPSigning"}, REASON_CERT_USAGE},
	{"client authentication only", {.purposes = "clientAuth"}, REASON_CERT_USAGE},
	{"nonRepudiation without digitalSignature", {.usage = "critical,nonRepudiation"}, REASON_CERT_USAGE},
	{"an authority's certificate with the right number",
		{.basic = "critical,CA:TRUE", .usage = "critical,digitalSignature,keyCertSign"},
		REASON_CERT_USAGE},
	{"an unknown critical extension", {.critical = "1.2.3.4.5"}, REASON_CERT_USAGE},
	{"self-signed, with names and serial number of the usual one",
		{.ca = "itself", .serial = 7, .issuer = "C=KZ|CN=" ISSUING_CN}, REASON_CERT_UNKNOWN},
	{"self-signed with the subject of the participant", {.ca = "itself"}, REASON_CERT_UNKNOWN},
	{"issued by the leaf of another sender", {.ca = "permits"}, REASON_CERT_UNKNOWN},
	{"issued by the participant's own leaf", {.ca = "department"}, REASON_CERT_UNKNOWN},
	{"issued by the root, which is not the issuer of the participant", {.ca = "root"}, REASON_CERT_OWNER},
	{"the name of the issuer over the signature of another authority",
		{.ca = "attacker-ca", .issuer = "C=KZ|CN=" ISSUING_CN}, REASON_CERT_UNKNOWN},
	{"the CN of the participant with another BIN",
		{.subject = "CN=Department system|C=KZ|OU=BIN" OTHER_BIN}, REASON_CERT_OWNER},
	{"no number at all", {.subject = "CN=Department system|C=KZ"}, REASON_CERT_OWNER},
	{"the number without its prefix", {.subject = "CN=a|OU=" DEPARTMENT_BIN}, REASON_CERT_OWNER},
	{"the number with a digit too many", {.subject = "CN=a|OU=BIN" DEPARTMENT_BIN "1"},
		REASON_CERT_OWNER},
	{"the number in the CN", {.subject = "CN=BIN" DEPARTMENT_BIN}, REASON_CERT_OWNER},
	{"the BIN of the participant as an IIN", {.subject = "CN=a|serialNumber=IIN" DEPARTMENT_BIN},
		REASON_CERT_OWNER},
	{"two different BINs, the participant's first",
		{.subject = "CN=a|OU=BIN" DEPARTMENT_BIN "|OU=BIN" OTHER_BIN}, REASON_CERT_OWNER},
	{"two different BINs, the participant's last",
		{.subject = "CN=a|OU=BIN" OTHER_BIN "|2.5.4.97=BIN" DEPARTMENT_BIN}, REASON_CERT_OWNER},
	{"an employee does not speak for the organisation's system",
		{.subject = "CN=a|serialNumber=IIN" OTHER_BIN "|OU=BIN" DEPARTMENT_BIN}, REASON_CERT_OWNER},
	{"a certificate with the numbers of two participants belongs to neither",
		{.subject = "CN=a|serialNumber=IIN" PERSON_IIN "|OU=BIN" DEPARTMENT_BIN}, REASON_CERT_OWNER},
	{"a NUL in the CN", {.cn = BYTES_LIT("Department system\0.evil")}, REASON_CERT_OWNER},
	{"a line end in the CN", {.cn = BYTES_LIT("a\nb")}, REASON_CERT_OWNER},
};

static void odd_certificates(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);

	(void)state;
	for (size_t i = 0; i < COUNT(odd_rows); i++) {
		struct odd odd = odd_rows[i].odd;

		odd.file = "mine:odd.crt";
		odd_make(&odd);
		check_der(t, odd_rows[i].name, pki_der("mine:odd.crt"), odd_rows[i].wanted, &department);
	}
}

static void check_key(struct trust *t, const char *row, EVP_PKEY *key, enum reason wanted)
{
	odd_make(&(struct odd){.file = "mine:key.crt", .key = key});
	check_der(t, row, pki_der("mine:key.crt"), wanted, &department);
	EVP_PKEY_free(key);
}

static void keys_that_are_weak_or_unusual(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);

	(void)state;
	check_key(t, "RSA of 2048 bits", rsa_of(2048, "10001"), REASON_NONE);
	check_key(t, "RSA of 2047 bits", rsa_of(2047, "10001"), REASON_CERT_WEAK);
	check_key(t, "RSA of 8192 bits", rsa_of(8192, "10001"), REASON_NONE);
	check_key(t, "RSA of 16384 bits, which costs seconds to verify with", rsa_of(16384, "10001"),
		REASON_CERT_WEAK);
	check_key(t, "an exponent of 63 bits", rsa_of(2048, "7FFFFFFFFFFFFFFF"), REASON_CERT_WEAK);
	check_key(t, "an even exponent", rsa_of(2048, "10000"), REASON_CERT_WEAK);
	check_key(t, "the exponent one, with which everything verifies", rsa_of(2048, "1"), REASON_CERT_WEAK);
	check_key(t, "P-256 by name", odd_ec("P-256", false), REASON_NONE);
	check_key(t, "P-256 with its parameters written out", odd_ec("P-256", true), REASON_CERT_WEAK);
	check_key(t, "P-521", odd_ec("P-521", false), REASON_CERT_WEAK);
	check_key(t, "secp256k1", odd_ec("secp256k1", false), REASON_CERT_WEAK);
	check_key(t, "Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), REASON_CERT_WEAK);
}

static void signatures_that_are_weak_or_wrong(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);
	struct bytes der;
	unsigned char *copy;

	(void)state;
	odd_make(&(struct odd){.file = "mine:s.crt", .md = EVP_sha1()});
	check_der(t, "signed with SHA-1 by the trusted authority", pki_der("mine:s.crt"), REASON_CERT_WEAK,
		NULL);
	odd_make(&(struct odd){.file = "mine:s.crt", .md = EVP_md5()});
	check_der(
		t, "signed with MD5 by the trusted authority", pki_der("mine:s.crt"), REASON_CERT_WEAK, NULL);
	odd_make(&(struct odd){.file = "mine:s.crt", .md = EVP_sha512()});
	check_der(t, "signed with SHA-512", pki_der("mine:s.crt"), REASON_NONE, &department);
	der = pki_der("department.crt");
	copy = (unsigned char *)pool_copy(pki_pool, der);
	copy[der.n - 1] ^= 1;
	check_der(t, "one bit of the signature changed", (struct bytes){copy, der.n}, REASON_CERT_UNKNOWN,
		NULL);
}

static void octets_that_are_not_exactly_one_certificate(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);
	struct bytes der = pki_der("department.crt");
	unsigned char *twice = pool_alloc(pki_pool, 2 * der.n);

	(void)state;
	memcpy(twice, der.p, der.n);
	check_der(t, "an octet behind it", (struct bytes){twice, der.n + 1}, REASON_SEC_TOKEN_BROKEN, NULL);
	memcpy(twice + der.n, der.p, der.n);
	check_der(t, "two in a row", (struct bytes){twice, 2 * der.n}, REASON_SEC_TOKEN_BROKEN, NULL);
	check_der(t, "cut short", (struct bytes){der.p, der.n - 1}, REASON_SEC_TOKEN_BROKEN, NULL);
	check_der(t, "nothing", BYTES_NONE, REASON_SEC_TOKEN_BROKEN, NULL);
	check_der(t, "text", BYTES_LIT("MIIB"), REASON_SEC_TOKEN_BROKEN, NULL);
	check_der(t, "the same octets alone", der, REASON_NONE, &department);
}

static void without_a_root_the_configured_issuer_is_trusted_as_itself(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(false);

	(void)state;
	check_der(t, "issued by it", pki_der("department.crt"), REASON_NONE, &department);
	check_der(t, "issued by a copy of it", pki_der("attacker-own-ca.crt"), REASON_CERT_UNKNOWN, NULL);
	check_der(t, "the issuer itself", pki_der("issuing.crt"), REASON_CERT_UNKNOWN, NULL);
	odd_make(&(struct odd){.file = "mine:root-issued.crt", .ca = "root"});
	check_der(t, "issued by the root, which nobody trusts now", pki_der("mine:root-issued.crt"),
		REASON_CERT_UNKNOWN, NULL);
}

/* An authority named Below under another, with a key of the PKI: <file>.crt and <file>.key. */
static void make_sub_authority(const char *file, const char *ca, const char *key_file, int64_t until_ms)
{
	EVP_PKEY *key = pki_key(pki_path(key_file));
	BIO *out = BIO_new_file(pki_path(pool_printf(pki_pool, "%s.key", file)), "w");

	odd_make(&(struct odd){.file = pool_printf(pki_pool, "%s.crt", file), .subject = "C=KZ|CN=Below", .ca = ca, .key = key,
		.basic = "critical,CA:TRUE", .usage = "critical,keyCertSign,cRLSign", .purposes = "-",
		.until_ms = until_ms});
	assert_int_equal(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
	BIO_free(out);
	EVP_PKEY_free(key);
}

static void a_chain_longer_than_the_authority_allows_is_refused(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_participant p = {.name = "deep", .bin = DEPARTMENT_BIN};
	struct err e;

	(void)state;
	make_sub_authority("mine:sub", "issuing", "tls-client.key", 0);
	p.issuer = pki_path("mine:sub.crt");
	odd_make(&(struct odd){.file = "mine:deep.crt", .ca = "mine:sub"});
	assert_true(trust_add_authority(t, PKI "root.crt", &e).ok);
	assert_true(trust_add_authority(t, PKI "issuing.crt", &e).ok);
	assert_reason("sub", trust_add_participant(t, &p, &e), &e, REASON_NONE);
	check_der(t, "below pathlen 0", pki_der("mine:deep.crt"), REASON_CERT_UNKNOWN, NULL);
}

static void a_weak_authority_is_no_authority(void **state)
{
	SCOPED(trust_free) struct trust *rooted = trust_new(), *alone = trust_new();
	struct conf_participant p = {.name = "weak", .bin = DEPARTMENT_BIN};
	struct err e;

	(void)state;
	make_sub_authority("mine:weak", "root", "rsa1024.key", 0);
	p.issuer = pki_path("mine:weak.crt");
	assert_true(trust_add_authority(rooted, PKI "root.crt", &e).ok);
	assert_reason("under a root", trust_add_participant(rooted, &p, &e), &e, REASON_CERT_WEAK);
	assert_reason("alone", trust_add_participant(alone, &p, &e), &e, REASON_CERT_WEAK);
	assert_non_null(strstr(e.detail, "weak.crt"));
}

static void another_trusted_authority_of_the_same_name_is_not_the_issuer(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_participant p = {.name = "p", .bin = DEPARTMENT_BIN};
	struct err e;

	(void)state;
	make_sub_authority("mine:sub", "root", "tls-client.key", 0);
	make_sub_authority("mine:namesake", "root", "tls-server.key", 0);
	p.issuer = pki_path("mine:sub.crt");
	odd_make(&(struct odd){.file = "mine:right.crt", .ca = "mine:sub"});
	odd_make(&(struct odd){.file = "mine:wrong.crt", .ca = "mine:namesake"});
	assert_true(trust_add_authority(t, PKI "root.crt", &e).ok);
	assert_true(trust_add_authority(t, pki_path("mine:namesake.crt"), &e).ok);
	assert_true(trust_add_participant(t, &p, &e).ok);
	check_der(t, "issued by the configured one", pki_der("mine:right.crt"), REASON_NONE, &p);
	check_der(t, "issued by its namesake", pki_der("mine:wrong.crt"), REASON_CERT_OWNER, NULL);
}

static void a_certificate_is_valid_no_longer_than_its_authority(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	struct conf_participant p = {.name = "short", .bin = DEPARTMENT_BIN};
	const struct trust_cert *c;
	struct bytes der;
	struct err e;

	(void)state;
	make_sub_authority("mine:sub", "root", "tls-client.key", pki_now + DAY_MS);
	p.issuer = pki_path("mine:sub.crt");
	odd_make(&(struct odd){.file = "mine:leaf.crt", .ca = "mine:sub", .until_ms = pki_now + 9 * DAY_MS});
	der = pki_der("mine:leaf.crt");
	assert_true(trust_add_authority(t, PKI "root.crt", &e).ok);
	assert_true(trust_add_participant(t, &p, &e).ok);
	assert_reason("today", trust_find_der(t, der, pki_now, &c, &e), &e, REASON_NONE);
	assert_int_equal(c->not_after_ms / 1000, (pki_now + 9 * DAY_MS) / 1000);
	assert_reason("after the authority's end", trust_find_der(t, der, pki_now + 2 * DAY_MS, &c, &e), &e,
		REASON_CERT_EXPIRED);
}

static void time_is_judged_at_every_question_to_the_second(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);
	const struct trust_cert *c;
	struct bytes der = pki_der("department.crt");
	int64_t from, until;
	struct err e;

	(void)state;
	assert_true(trust_find_der(t, der, pki_now, &c, &e).ok);
	from = c->not_before_ms;
	until = c->not_after_ms;
	assert_true(from < pki_now && pki_now < until);
	assert_reason("first", trust_find_der(t, der, from, &c, &e), &e, REASON_NONE);
	assert_reason("before", trust_find_der(t, der, from - 1, &c, &e), &e, REASON_CERT_EXPIRED);
	assert_reason("last", trust_find_der(t, der, until + 999, &c, &e), &e, REASON_NONE);
	assert_reason("after", trust_find_der(t, der, until + 1000, &c, &e), &e, REASON_CERT_EXPIRED);
}

static void decisions_are_remembered_up_to_a_bound_and_complete(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);
	const struct trust_cert *first, *again;
	struct bytes der = pki_der("department.crt");
	struct err e;

	(void)state;
	assert_true(trust_find_der(t, der, pki_now, &first, &e).ok);
	assert_true(trust_find_der(t, der, pki_now, &again, &e).ok);
	assert_ptr_equal(first, again);
	assert_int_equal(first->key_kind, KEY_RSA);
	assert_string_equal(
		first->subject, "OU=BIN" DEPARTMENT_BIN ",O=Ведомство (тест),C=KZ,CN=Department system");
	assert_string_equal(first->issuer, "CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ\\, сынақ (RSA),C=KZ");
	assert_int_equal(strlen(first->print), 64);
	t->table.issued = TRUST_ISSUED_MOST;
	assert_reason("one more", trust_find_der(t, pki_der("department-ec.crt"), pki_now, &again, &e), &e,
		REASON_MEMORY);
	assert_reason("a known one", trust_find_der(t, der, pki_now, &again, &e), &e, REASON_NONE);
}

static const struct {
	const char *name;
	struct conf_participant p;
	enum reason wanted;
} participants[] = {
	{"the same issuer and number as another",
		{.name = "twin", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN}, REASON_CERT_OWNER},
	{"the same BIN from another issuer is somebody else",
		{.name = "abroad", .issuer = PKI "attacker-ca.crt", .bin = DEPARTMENT_BIN}, REASON_NONE},
	{"an issuer without a number", {.name = "vague", .issuer = PKI "issuing.crt"}, REASON_CERT_OWNER},
	{"an issuer that is no authority", {.name = "leaf", .issuer = PKI "permits.crt", .bin = OTHER_BIN},
		REASON_CERT_USAGE},
	{"an issuer file that is absent", {.name = "absent", .issuer = PKI "absent.crt", .bin = OTHER_BIN},
		REASON_IO},
	{"an issuer file that holds a key", {.name = "key", .issuer = PKI "permits.key", .bin = OTHER_BIN},
		REASON_SEC_TOKEN_BROKEN},
};

static void participants_by_issuer_are_checked_when_taken(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust(true);
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(participants); i++)
		assert_reason(participants[i].name, trust_add_participant(t, &participants[i].p, &e), &e,
			participants[i].wanted);
	assert_reason(
		"a leaf as authority", trust_add_authority(t, PKI "permits.crt", &e), &e, REASON_CERT_USAGE);
	assert_non_null(strstr(e.detail, "permits.crt"));
	check_der(
		t, "each issuer keeps its participant", pki_der("department.crt"), REASON_NONE, &department);
	check_der(t, "each issuer keeps its participant", pki_der("attacker-own-ca.crt"), REASON_NONE,
		&participants[1].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_the_pki_have_fitting_check_digits),
		cmocka_unit_test(certificates_of_the_pki),
		cmocka_unit_test(odd_certificates),
		cmocka_unit_test(keys_that_are_weak_or_unusual),
		cmocka_unit_test(signatures_that_are_weak_or_wrong),
		cmocka_unit_test(octets_that_are_not_exactly_one_certificate),
		cmocka_unit_test(without_a_root_the_configured_issuer_is_trusted_as_itself),
		cmocka_unit_test(a_chain_longer_than_the_authority_allows_is_refused),
		cmocka_unit_test(a_weak_authority_is_no_authority),
		cmocka_unit_test(another_trusted_authority_of_the_same_name_is_not_the_issuer),
		cmocka_unit_test(a_certificate_is_valid_no_longer_than_its_authority),
		cmocka_unit_test(time_is_judged_at_every_question_to_the_second),
		cmocka_unit_test(decisions_are_remembered_up_to_a_bound_and_complete),
		cmocka_unit_test(participants_by_issuer_are_checked_when_taken),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
