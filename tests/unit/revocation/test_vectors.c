/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_vectors - real answers of the National Certification Authority's test contour, read from outside of the tree: folder
 * nca-test in QAQPA_VECTORS, or in shared/vectors beside the source tree. Skipped, and said so, where it is absent. */
#include "authority.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "revocation/revocation_int.h"

static char folder[512];

static bool have_vectors(void)
{
	const char *named = getenv("QAQPA_VECTORS");

	snprintf(folder, sizeof folder, "%s/nca-test", named ? named : SOURCE_DIR "/../shared/vectors");
	return access(folder, R_OK) == 0;
}

static struct buf file_read(const char *name)
{
	struct buf out = BUF(1 << 20);
	char path[1024];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s cannot be read", path);
	for (unsigned char *to; (to = buf_reserve(&out, 4096));) {
		size_t n = fread(to, 1, 4096, f);

		if (n == 0)
			break;
		buf_grown(&out, n);
	}
	fclose(f);
	return out;
}

/* PEM or DER, as it comes. */
static struct buf certificate_read(const char *name)
{
	struct buf octets = file_read(name), der = BUF(1 << 16);
	BIO *in = BIO_new_mem_buf(octets.data, (int)octets.len);
	X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
	const unsigned char *p = octets.data;
	unsigned char *to;

	ERR_clear_error();
	if (!x)
		x = d2i_X509(NULL, &p, (long)octets.len);
	assert_non_null(x);
	to = buf_reserve(&der, (size_t)i2d_X509(x, NULL));
	buf_grown(&der, (size_t)i2d_X509(x, &to));
	X509_free(x);
	BIO_free(in);
	buf_free(&octets);
	return der;
}

static int64_t at(const char *text)
{
	ASN1_TIME *t = ASN1_TIME_new();
	int64_t ms;

	assert_int_equal(ASN1_TIME_set_string_X509(t, text), 1);
	assert_true(revocation_time(t, &ms));
	ASN1_TIME_free(t);
	return ms;
}

/* The certificates are not public: what stands for one has its issuer and serial number. */
static X509 *stand_in(const X509 *issuer, const char *serial)
{
	X509 *x = X509_new();
	BIGNUM *number = NULL;

	assert_true(BN_hex2bn(&number, serial) > 0);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
	X509_set_issuer_name(x, X509_get_subject_name(issuer));
	BN_free(number);
	return x;
}

static void real_responses_are_read_as_they_stand(void **state)
{
	static const struct {
		const char *file, *serial, *produced, *revoked;
	} rows[] = {
		{"ocsp/certificate-hold-gost2015.der", "0FF06211DC82BEB00253FFA000F1DE84ABEF454F", "20220902165834Z",
			"19700101000000Z"},
		{"ocsp/revoked-gost2015.der", "3A90343E720594C55204B19CB9A402422EF0E622", "20220902165928Z", "20220727102530Z"},
	};
	SCOPED(buf_free) struct buf issuer = certificate_read("ca/nca_gost2022_test.cer");
	struct revocation_source s = {.issuer = buf_bytes(&issuer)};
	SCOPED(revocation_authority_drop) struct revocation_authority a = {.source = &s};

	(void)state;
	assert_true(revocation_authority_read(&s, &a, NULL).ok);
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(buf_free) struct buf octets = file_read(rows[i].file);
		SCOPED(scoped_x509) X509 *x = stand_in(a.issuer, rows[i].serial);
		SCOPED(scoped_x509) X509 *other = stand_in(a.issuer, rows[1 - i].serial);
		int64_t now_ms = at(rows[i].produced);
		struct revocation_said said;

		assert_int_equal(
			revocation_ocsp_read(&a, x, buf_bytes(&octets), BYTES_NONE, now_ms, 0, &said), REVOCATION_GOOD);
		assert_int_equal(said.what, REVOCATION_HOLD); /* the reason that stands in both */
		assert_int_equal(said.revoked_ms, at(rows[i].revoked));
		assert_int_equal(said.this_ms, now_ms);
		assert_int_equal(said.next_ms, 0);
		assert_int_equal(revocation_ocsp_read(&a, other, buf_bytes(&octets), BYTES_NONE, now_ms, 0, &said),
			REVOCATION_BROKEN);
		/* Two years later the delegate's certificate is over. */
		assert_int_equal(revocation_ocsp_read(&a, x, buf_bytes(&octets), BYTES_NONE, now_ms + 730 * DAY, 0, &said),
			REVOCATION_SIGNER);
		octets.data[octets.len / 3] ^= 1;
		assert_int_not_equal(
			revocation_ocsp_read(&a, x, buf_bytes(&octets), BYTES_NONE, now_ms, 0, &said), REVOCATION_GOOD);
	}
}

static void real_lists_verify_and_are_stale_now(void **state)
{
	static const struct {
		const char *ca, *crl, *fresh, *stale;
		size_t entries;
		const char *held;
	} rows[] = {
		{"ca/nca_gost2022_test.cer", "crl/nca_gost2022_test.crl", "20250501000000Z", "20261101000000Z", 54,
			"1C10401F8457B15DA39797B9693A63AC2CF8C506"},
		{"ca/nca_rsa_test.crt", "crl/nca_rsa_test.crl", "20220501000000Z", "20261101000000Z", 126,
			"474C38696D8677A2C8B6E40345A8B04168C0905C"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(buf_free) struct buf issuer = certificate_read(rows[i].ca);
		SCOPED(buf_free) struct buf octets = file_read(rows[i].crl);
		struct revocation_source s = {.issuer = buf_bytes(&issuer)};
		SCOPED(revocation_authority_drop) struct revocation_authority a = {.source = &s};
		SCOPED(revocation_crl_free) struct revocation_crl *crl = NULL, *broken = NULL;
		SCOPED(scoped_x509) X509 *held = NULL;
		struct revocation_number serial;

		assert_true(revocation_authority_read(&s, &a, NULL).ok);
		assert_int_equal(revocation_crl_read(&a, buf_bytes(&octets), false, at(rows[i].fresh), 0, &crl), REVOCATION_GOOD);
		assert_int_equal(crl->n, rows[i].entries);
		assert_true(revocation_said_fresh(&crl->whole, at(rows[i].fresh), 0));
		assert_false(revocation_said_fresh(&crl->whole, at(rows[i].stale), 0));
		held = stand_in(a.issuer, rows[i].held);
		assert_true(revocation_number_of(X509_get0_serialNumber(held), &serial));
		assert_non_null(revocation_crl_find(crl, &serial));
		assert_int_equal(revocation_crl_find(crl, &serial)->what, ENTRY_HOLD);
		octets.data[octets.len / 2] ^= 1;
		assert_int_not_equal(
			revocation_crl_read(&a, buf_bytes(&octets), false, at(rows[i].fresh), 0, &broken), REVOCATION_GOOD);
	}
}

static struct buf leaf_read(const char *name)
{
	SCOPED(buf_free) struct buf octets = file_read(name);
	const unsigned char *p = octets.data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)octets.len);
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	struct buf der = BUF(1 << 16);
	unsigned char *to;

	assert_non_null(p12);
	assert_int_equal(PKCS12_parse(p12, "Qwerty12", &key, &x, NULL), 1);
	to = buf_reserve(&der, (size_t)i2d_X509(x, NULL));
	buf_grown(&der, (size_t)i2d_X509(x, &to));
	X509_free(x);
	EVP_PKEY_free(key);
	PKCS12_free(p12);
	return der;
}

/* The keys of the kit were made after the list, so it names none of them; what it says of its own entries stands above. */
static void keys_of_the_kit_are_judged_by_the_real_list(void **state)
{
	static const char *const files[] = {
		"keys/individual_valid.p12", "keys/individual_revoked.p12", "keys/legal_infosystem_valid.p12"};
	SCOPED(buf_free) struct buf issuer = certificate_read("ca/nca_gost2022_test.cer");
	SCOPED(buf_free) struct buf other = certificate_read("ca/nca_rsa_test.crt");
	SCOPED(buf_free) struct buf crl = file_read("crl/nca_gost2022_test.crl");
	struct revocation_source s = {.issuer = buf_bytes(&issuer)}, wrong = {.issuer = buf_bytes(&other)};
	struct revocation_answer a;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		SCOPED(buf_free) struct buf leaf = leaf_read(files[i]);

		revocation_judge_crl(&s, buf_bytes(&leaf), buf_bytes(&crl), BYTES_NONE, at("20250501000000Z"), 0, &a);
		assert_int_equal(a.reason, REVOCATION_GOOD);
		revocation_judge_crl(&s, buf_bytes(&leaf), buf_bytes(&crl), BYTES_NONE, at("20261101000000Z"), 0, &a);
		assert_int_equal(a.reason, REVOCATION_STALE);
		revocation_judge_crl(&wrong, buf_bytes(&leaf), buf_bytes(&crl), BYTES_NONE, at("20250501000000Z"), 0, &a);
		assert_int_equal(a.reason, REVOCATION_NO_SOURCE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_responses_are_read_as_they_stand),
		cmocka_unit_test(real_lists_verify_and_are_stale_now),
		cmocka_unit_test(keys_of_the_kit_are_judged_by_the_real_list),
	};

	if (!have_vectors()) {
		printf("SKIPPED: no real vectors at %s\n", folder);
		return 0;
	}
	if (!crypto_init(NULL, NULL).ok)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
