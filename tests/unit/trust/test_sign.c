/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signature values: made by one key, accepted by the other side and by the openssl command, refused when
 * touched. */
#include "pki.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>

static const struct bytes message = BYTES_LIT("<ds:SignedInfo>what is signed</ds:SignedInfo>");

static const struct {
	const char *key;
	enum signature signature;
	size_t size; /* of the value; 0: the key cannot */
} rows[] = {
	{"department", SIGNATURE_RSA_SHA256, 256},
	{"department", SIGNATURE_RSA_SHA384, 256},
	{"department", SIGNATURE_RSA_SHA512, 256},
	{"department", SIGNATURE_RSA_SHA1, 256},
	{"department", SIGNATURE_ECDSA_SHA256, 0},
	{"department", SIGNATURE_ECDSA_SHA384, 0},
	{"department-ec", SIGNATURE_ECDSA_SHA256, 64},
	{"department-ec", SIGNATURE_ECDSA_SHA384, 64},
	{"department-ec", SIGNATURE_RSA_SHA256, 0},
	{"department-ec384", SIGNATURE_ECDSA_SHA256, 96},
	{"department-ec384", SIGNATURE_ECDSA_SHA384, 96},
	{"department-ec384", SIGNATURE_RSA_SHA1, 0},
};

static const char *const names[] = {"department", "department-ec", "department-ec384"};
static struct conf_key keys[COUNT(names)];
static const char *paths[COUNT(names)];
static struct conf_participant owner = {.name = "department", .certificates = {paths, COUNT(names)}};
static struct trust *trust;

static int setup(void **state)
{
	struct err e;

	if (pki_setup(state) != 0)
		return -1;
	trust = trust_new();
	for (size_t i = 0; i < COUNT(names); i++) {
		paths[i] = pki_path(pool_printf(pki_pool, "%s.crt", names[i]));
		keys[i] = (struct conf_key){.name = names[i], .certificate = paths[i],
			.key = pki_path(pool_printf(pki_pool, "%s.key", names[i]))};
		if (!trust_add_key(trust, &keys[i], &e).ok)
			return -1;
	}
	return trust_add_participant(trust, &owner, &e).ok ? 0 : -1;
}

static int teardown(void **state)
{
	trust_free(&trust);
	return pki_teardown(state);
}

static const struct trust_cert *certificate_of(const char *name)
{
	const struct trust_cert *c = NULL;
	struct err e;

	assert_true(trust_find_der(trust, trust_key_named(trust, name)->der, pki_now, &c, &e).ok);
	return c;
}

static bool sign(const char *key, enum signature s, struct buf *value)
{
	struct err e;

	return trust_sign(trust_key_named(trust, key), s, message, value, &e).ok;
}

/* What the openssl command reads: r||s as a SEQUENCE of two INTEGERs, RSA as it is. */
static struct bytes for_openssl(struct bytes value, bool ec)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *der = NULL;
	struct bytes copy = value;
	int n;

	if (ec) {
		ECDSA_SIG_set0(pair, BN_bin2bn(value.p, (int)value.n / 2, NULL),
			BN_bin2bn(value.p + value.n / 2, (int)value.n / 2, NULL));
		n = i2d_ECDSA_SIG(pair, &der);
		copy = (struct bytes){
			(unsigned char *)pool_copy(pki_pool, (struct bytes){der, (size_t)n}), (size_t)n};
		OPENSSL_free(der);
	}
	ECDSA_SIG_free(pair);
	return copy;
}

static void the_openssl_command_accepts_what_we_sign(void **state)
{
	(void)state;
	pki_write("mine:message", message, 0600);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct signature_row *row = signature_row(rows[i].signature);
		SCOPED(buf_free) struct buf value = BUF(2000);
		struct err e;

		if (rows[i].size == 0)
			continue;
		assert_reason(row->name,
			trust_sign(
				trust_key_named(trust, rows[i].key), rows[i].signature, message, &value, &e),
			&e, REASON_NONE);
		pki_write("mine:value", for_openssl(buf_bytes(&value), row->key == KEY_EC), 0600);
		if (system(pool_printf(pki_pool,
			"cd '%s' && openssl x509 -in '%s%s.crt' -noout -pubkey >public && "
			"openssl dgst -%s -verify public -signature value message >/dev/null",
			pki_folder, PKI, rows[i].key, digest_row(row->digest)->name)) != 0)
			fail_msg("openssl refuses %s of %s", row->name, rows[i].key);
	}
}

static void every_algorithm_verifies_what_it_signed_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct trust_cert *c = certificate_of(rows[i].key);
		const char *name = signature_row(rows[i].signature)->name;
		SCOPED(buf_free) struct buf value = BUF(2000);
		struct err e;
		outcome signing;

		buf_str(&value, "kept");
		signing = trust_sign(
			trust_key_named(trust, rows[i].key), rows[i].signature, message, &value, &e);
		assert_reason(name, signing, &e, rows[i].size ? REASON_NONE : REASON_KEY_USELESS);
		if (rows[i].size == 0) {
			assert_reason(name, trust_verify(c, rows[i].signature, message, message, &e), &e,
				REASON_SEC_VALUE);
			continue;
		}
		assert_int_equal(value.len, 4 + rows[i].size);
		assert_memory_equal(value.data, "kept", 4);
		for (enum signature s = 0; s < SIGNATURE_COUNT; s++)
			assert_reason(signature_row(s)->name, trust_verify(c, s, message,
				bytes_sub(buf_bytes(&value), 4, value.len), &e), &e,
				s == rows[i].signature ? REASON_NONE : REASON_SEC_VALUE);
	}
}

/* Whatever the verdict, nothing of it stays in the thread's queue of OpenSSL, where it would be taken for another's. */
static void check_value(const struct trust_cert *c, enum signature s, const char *row, struct bytes value)
{
	struct err e;

	assert_reason(row, trust_verify(c, s, message, value, &e), &e, REASON_SEC_VALUE);
	assert_int_equal(ERR_peek_error(), 0);
}

static void values_that_were_touched_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct trust_cert *c = certificate_of(rows[i].key);
		enum signature s = rows[i].signature;
		unsigned char zeros[512] = {0}, ones[512];
		SCOPED(buf_free) struct buf value = BUF(2000);
		struct err e;

		if (rows[i].size == 0)
			continue;
		memset(ones, 0xFF, sizeof(ones));
		assert_true(sign(rows[i].key, s, &value));
		check_value(c, s, "empty", BYTES_NONE);
		check_value(c, s, "zeros", (struct bytes){zeros, rows[i].size});
		check_value(c, s, "ones", (struct bytes){ones, rows[i].size});
		check_value(c, s, "cut", (struct bytes){value.data, value.len - 1});
		check_value(c, s, "cut by two", (struct bytes){value.data, value.len - 2});
		check_value(c, s, "as a SEQUENCE of two INTEGERs", for_openssl(buf_bytes(&value), true));
		buf_char(&value, 0);
		check_value(c, s, "an octet more", buf_bytes(&value));
		value.len--;
		assert_reason("another message",
			trust_verify(c, s, BYTES_LIT("<ds:SignedInfo/>"), buf_bytes(&value), &e), &e,
			REASON_SEC_VALUE);
		value.data[value.len / 2] ^= 1;
		check_value(c, s, "a bit changed", buf_bytes(&value));
		value.data[value.len / 2] ^= 1;
		assert_reason(
			"untouched", trust_verify(c, s, message, buf_bytes(&value), &e), &e, REASON_NONE);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static void another_certificate_does_not_verify_it(void **state)
{
	SCOPED(buf_free) struct buf value = BUF(2000);
	SCOPED(trust_free) struct trust *t = trust_new();
	const char *path = PKI "permits.crt";
	struct conf_participant p = {.name = "permits", .certificates = {&path, 1}};
	const struct trust_cert *c;
	struct err e;

	(void)state;
	assert_true(trust_add_participant(t, &p, &e).ok);
	assert_true(trust_find_der(t, pki_der("permits.crt"), pki_now, &c, &e).ok);
	assert_true(sign("department", SIGNATURE_RSA_SHA256, &value));
	check_value(c, SIGNATURE_RSA_SHA256, "another key", buf_bytes(&value));
}

/* One value in 128 has a number that begins with zeros; it must keep its width. */
static void numbers_with_leading_zeros_keep_their_width(void **state)
{
	const struct trust_cert *c = certificate_of("department-ec");
	SCOPED(buf_free) struct buf value = BUF(2000);
	bool short_r = false, short_s = false;
	struct err e;

	(void)state;
	for (int i = 0; i < 100000 && !(short_r && short_s); i++) {
		buf_clear(&value);
		assert_true(sign("department-ec", SIGNATURE_ECDSA_SHA256, &value));
		assert_int_equal(value.len, 64);
		if (value.data[0] != 0 && value.data[32] != 0)
			continue;
		short_r |= value.data[0] == 0;
		short_s |= value.data[32] == 0;
		assert_reason("leading zeros",
			trust_verify(c, SIGNATURE_ECDSA_SHA256, message, buf_bytes(&value), &e), &e,
			REASON_NONE);
	}
	assert_true(short_r && short_s);
}

static void a_buffer_without_room_is_a_failure(void **state)
{
	SCOPED(buf_free) struct buf value = BUF(10);

	(void)state;
	assert_false(sign("department", SIGNATURE_RSA_SHA256, &value));
	buf_free(&value);
	value.ceiling = 10;
	assert_false(sign("department-ec", SIGNATURE_ECDSA_SHA256, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_openssl_command_accepts_what_we_sign),
		cmocka_unit_test(every_algorithm_verifies_what_it_signed_and_nothing_else),
		cmocka_unit_test(values_that_were_touched_are_refused),
		cmocka_unit_test(another_certificate_does_not_verify_it),
		cmocka_unit_test(numbers_with_leading_zeros_keep_their_width),
		cmocka_unit_test(a_buffer_without_room_is_a_failure),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
