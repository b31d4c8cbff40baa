/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pinned certificates: trusted as themselves, yet only when they are fit for signing and valid. */
#include "pki.h"

static const struct conf_profile old = {.name = "old", .sha1 = true};

static struct conf_participant pinning(const char *name, const char *const *paths, size_t n)
{
	return (struct conf_participant){.name = name, .certificates = {paths, n}};
}

static const struct {
	const char *name;
	struct odd odd;
	const EVP_MD *(*md)(void);
	const struct conf_profile *profile;
	enum reason wanted;
} rows[] = {
	{"self-signed, as long as it is no authority", {.ca = "itself"}, NULL, NULL, REASON_NONE},
	{"an expired one is taken; the look-up judges time", {.from_ms = 1000, .until_ms = DAY_MS}, NULL,
		NULL, REASON_NONE},
	{"an authority's certificate", {.basic = "critical,CA:TRUE", .usage = "digitalSignature,keyCertSign"},
		NULL, NULL, REASON_CERT_USAGE},
	{"keyEncipherment only", {.usage = "critical,keyEncipherment"}, NULL, NULL, REASON_CERT_USAGE},
	{"OCSP signing only", {.purposes = "OCSPSigning"}, NULL, NULL, REASON_CERT_USAGE},
	{"an unknown critical extension", {.critical = "1.2.3.4.5"}, NULL, NULL, REASON_CERT_USAGE},
	{"a NUL in the CN", {.cn = BYTES_LIT("a\0b")}, NULL, NULL, REASON_CERT_OWNER},
	{"signed with SHA-1", {.serial = 1}, EVP_sha1, NULL, REASON_CERT_WEAK},
	{"signed with SHA-1, and the profile allows SHA-1", {.serial = 1}, EVP_sha1, &old, REASON_NONE},
	{"signed with MD5 under a profile that allows SHA-1", {.serial = 1}, EVP_md5, &old, REASON_CERT_WEAK},
};

static void pinned_certificates_are_checked_when_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(trust_free) struct trust *t = trust_new();
		const char *path = pki_path("mine:pinned.crt");
		struct conf_participant p = pinning("p", &path, 1);
		struct odd odd = rows[i].odd;
		struct err e;

		p.profile = rows[i].profile;
		odd.file = "mine:pinned.crt";
		odd.md = rows[i].md ? rows[i].md() : NULL;
		odd_make(&odd);
		assert_reason(rows[i].name, trust_add_participant(t, &p, &e), &e, rows[i].wanted);
		if (rows[i].wanted != REASON_NONE && !strstr(e.detail, path))
			fail_msg("%s: the file is not named: %s", rows[i].name, e.detail);
	}
}

static const struct {
	const char *name, *file;
	enum reason wanted;
} files[] = {
	{"PEM", "department.crt", REASON_NONE},
	{"DER", "mine:der.crt", REASON_NONE},
	{"RSA of 1024 bits", "rsa1024.crt", REASON_CERT_WEAK},
	{"absent", "mine:absent.crt", REASON_IO},
	{"a folder", "mine:", REASON_IO},
	{"a key", "department.key", REASON_SEC_TOKEN_BROKEN},
	{"empty", "mine:empty.crt", REASON_SEC_TOKEN_BROKEN},
	{"DER with an octet behind it", "mine:long.crt", REASON_SEC_TOKEN_BROKEN},
	{"two certificates", "mine:two.crt", REASON_SEC_TOKEN_BROKEN},
	{"a certificate and then a damaged one", "mine:damaged.crt", REASON_SEC_TOKEN_BROKEN},
};

static struct bytes whole_file(const char *name)
{
	FILE *f = fopen(pki_path(name), "r");
	char *text = pool_alloc(pki_pool, 20000);
	size_t n = fread(text, 1, 20000, f);

	fclose(f);
	return (struct bytes){(unsigned char *)text, n};
}

static void files_of_pinned_certificates(void **state)
{
	SCOPED(buf_free) struct buf b = BUF(50000);
	struct bytes pem = whole_file("department.crt");

	(void)state;
	pki_write("mine:der.crt", pki_der("department.crt"), 0644);
	pki_write("mine:empty.crt", BYTES_LIT(""), 0644);
	buf_add(&b, pki_der("department.crt"));
	buf_char(&b, 0);
	pki_write("mine:long.crt", buf_bytes(&b), 0644);
	buf_clear(&b);
	buf_add(&b, pem);
	buf_add(&b, whole_file("permits.crt"));
	pki_write("mine:two.crt", buf_bytes(&b), 0644);
	b.data[pem.n + 200] = '!';
	pki_write("mine:damaged.crt", buf_bytes(&b), 0644);
	for (size_t i = 0; i < COUNT(files); i++) {
		SCOPED(trust_free) struct trust *t = trust_new();
		const char *path = pki_path(files[i].file);
		struct conf_participant p = pinning("p", &path, 1);
		struct err e;

		assert_reason(files[i].name, trust_add_participant(t, &p, &e), &e, files[i].wanted);
		if (files[i].wanted != REASON_NONE && !strstr(e.detail, path))
			fail_msg("%s: the file is not named: %s", files[i].name, e.detail);
	}
}

static void a_pinned_certificate_is_found_and_its_clone_is_not(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *path = PKI "department.crt";
	struct conf_participant p = pinning("department", &path, 1);
	const struct trust_cert *c = NULL;
	struct err e;

	(void)state;
	assert_true(trust_add_participant(t, &p, &e).ok);
	assert_reason(
		"pinned", trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e), &e, REASON_NONE);
	assert_ptr_equal(c->participant, &p);
	assert_reason("same subject, same issuer",
		trust_find_der(t, pki_der("department-ec.crt"), pki_now, &c, &e), &e, REASON_CERT_UNKNOWN);
	odd_make(&(struct odd){.file = "mine:clone.crt", .ca = "itself", .issuer = "C=KZ|CN=" ISSUING_CN,
		.subject = "CN=Department system|C=KZ|O=Ведомство (тест)|OU=BIN" DEPARTMENT_BIN});
	assert_reason("clone", trust_find_der(t, pki_der("mine:clone.crt"), pki_now, &c, &e), &e,
		REASON_CERT_UNKNOWN);
}

static void time_is_judged_for_pinned_certificates_too(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *paths[] = {PKI "expired.crt", PKI "future.crt"};
	struct conf_participant p = pinning("department", paths, 2);
	const struct trust_cert *c;
	struct err e;

	(void)state;
	assert_reason("taken", trust_add_participant(t, &p, &e), &e, REASON_NONE);
	assert_reason("expired", trust_find_der(t, pki_der("expired.crt"), pki_now, &c, &e), &e,
		REASON_CERT_EXPIRED);
	assert_non_null(strstr(e.detail, "2021-01-01"));
	assert_reason(
		"future", trust_find_der(t, pki_der("future.crt"), pki_now, &c, &e), &e, REASON_CERT_EXPIRED);
	assert_non_null(strstr(e.detail, "2090-01-01"));
	assert_reason("expired, asked in its time",
		trust_find_der(t, pki_der("expired.crt"), INT64_C(1590000000000), &c, &e), &e, REASON_NONE);
}

static void a_certificate_has_one_owner(void **state)
{
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *paths[] = {PKI "permits.crt", PKI "department.crt", PKI "permits.crt"};
	struct conf_participant one = pinning("one", paths, 3), two = pinning("two", paths + 1, 1);
	struct conf_participant three = {.name = "three", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
	const struct trust_cert *c;
	struct err e;

	(void)state;
	assert_reason("the same file twice is one pin", trust_add_participant(t, &one, &e), &e, REASON_NONE);
	assert_reason("pinned by another", trust_add_participant(t, &two, &e), &e, REASON_CERT_OWNER);
	assert_non_null(strstr(e.detail, "one"));
	assert_reason("issuer and number beside pins", trust_add_participant(t, &three, &e), &e, REASON_NONE);
	assert_true(trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e).ok);
	assert_string_equal(c->participant->name, "one");
	assert_true(trust_find_der(t, pki_der("department-ec.crt"), pki_now, &c, &e).ok);
	assert_string_equal(c->participant->name, "three");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pinned_certificates_are_checked_when_taken),
		cmocka_unit_test(files_of_pinned_certificates),
		cmocka_unit_test(a_pinned_certificate_is_found_and_its_clone_is_not),
		cmocka_unit_test(time_is_judged_for_pinned_certificates_too),
		cmocka_unit_test(a_certificate_has_one_owner),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
