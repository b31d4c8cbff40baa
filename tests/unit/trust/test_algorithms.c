/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of algorithms are found by every spelling that the bus writes, and digests are the published
 * ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trust/trust.h"

#define NATIONAL "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"

static const struct {
	const char *uri;
	enum signature wanted;
} signatures[] = {
	{MORE "rsa-sha256", SIGNATURE_RSA_SHA256},
	{MORE "rsa-sha384", SIGNATURE_RSA_SHA384},
	{MORE "rsa-sha512", SIGNATURE_RSA_SHA512},
	{MORE "ecdsa-sha256", SIGNATURE_ECDSA_SHA256},
	{MORE "ecdsa-sha384", SIGNATURE_ECDSA_SHA384},
	{MORE "rsa-sha1", SIGNATURE_RSA_SHA1},
	{"http://www.w3.org/2000/09/xmldsig#rsa-sha1", SIGNATURE_RSA_SHA1},
	{"http://www.w3.org/2000/09/xmldsig#rsa-sha256", SIGNATURE_COUNT},
	{"http://www.w3.org/2000/09/xmldsig#hmac-sha1", SIGNATURE_COUNT},
	{MORE "rsa-sha256 ", SIGNATURE_COUNT},
	{MORE "RSA-SHA256", SIGNATURE_COUNT},
	{NATIONAL "gostr34102015-gostr34112015-512", SIGNATURE_GOST_2015},
	{NATIONAL "gostr34102015-gostr34112015-256", SIGNATURE_COUNT},
	{MORE "gost34310-gost34311", SIGNATURE_GOST_LEGACY},
	{"", SIGNATURE_COUNT},
};

static void signatures_are_found_by_their_uri(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		if (signature_by_uri(signatures[i].uri) != signatures[i].wanted)
			fail_msg("%s is not the row it should be", signatures[i].uri);
	}
}

static const struct {
	const char *uri;
	enum digest wanted;
} digests[] = {
	{"http://www.w3.org/2001/04/xmlenc#sha256", DIGEST_SHA256},
	{MORE "sha384", DIGEST_SHA384},
	{"http://www.w3.org/2001/04/xmlenc#sha512", DIGEST_SHA512},
	{"http://www.w3.org/2000/09/xmldsig#sha1", DIGEST_SHA1},
	{MORE "sha1", DIGEST_SHA1},
	{NATIONAL "gostr34112015-512", DIGEST_GOST_2015},
	{MORE "gost34311", DIGEST_GOST_LEGACY},
	{MORE "md5", DIGEST_COUNT},
	{"http://www.w3.org/2001/04/xmlenc#sha2567", DIGEST_COUNT},
};

static void digests_are_found_by_their_uri(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		if (digest_by_uri(digests[i].uri) != digests[i].wanted)
			fail_msg("%s is not the row it should be", digests[i].uri);
	}
}

static void every_row_is_found_by_its_own_name_and_is_as_old_as_its_digest(void **state)
{
	(void)state;
	for (enum signature s = 0; s < SIGNATURE_COUNT; s++) {
		assert_int_equal(signature_by_name(signature_row(s)->name), s);
		assert_int_equal(signature_by_uri(signature_row(s)->uri), s);
		assert_int_equal(signature_row(s)->legacy, digest_row(signature_row(s)->digest)->legacy);
	}
	for (enum digest d = 0; d < DIGEST_COUNT; d++) {
		enum legacy wanted = d == DIGEST_SHA1 ? LEGACY_SHA1 : d == DIGEST_GOST_LEGACY ? LEGACY_GOST : LEGACY_NONE;

		assert_int_equal(digest_row(d)->legacy, wanted);
	}
	assert_int_equal(signature_by_name("rsa-md5"), SIGNATURE_COUNT);
}

/* FIPS 180-4 and RFC 5831 with the test S-box, the message "abc"; and what gost12sum of the gost-engine says. */
static const struct {
	enum digest digest;
	const char *hex;
} published[] = {
	{DIGEST_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{DIGEST_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		"8086072ba1e7cc2358baeca134c825a7"},
	{DIGEST_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	{DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{DIGEST_GOST_LEGACY, "f3134348c44fb1b2a277729e2285ebb5cb5e0f29c975bc753b70497c06a4d51d"},
	{DIGEST_GOST_2015, "28156e28317da7c98f4fe2bed6b542d0dab85bb224445fcedaf75d46e26d7eb8"
		"d5997f3e0915dd6b7f0aab08d9c8beb0d8c64bae2ab8b3c8c6bc53b3bf0db728"},
};

static void digests_are_the_published_ones_even_when_another_is_made_in_between(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		SCOPED(buf_free) struct buf hex = BUF(1000);
		unsigned char out[64], other[32];
		size_t n;

		digest_begin(published[i].digest);
		assert_true(digest_add(NULL, "a", 1));
		sha256(BYTES_LIT("abc"), other);
		assert_true(digest_add(NULL, "bc", 2));
		n = digest_end(out);
		assert_int_equal(n, digest_row(published[i].digest)->size);
		buf_hex(&hex, (struct bytes){out, n});
		assert_string_equal(buf_cstr(&hex), published[i].hex);
		buf_clear(&hex);
		buf_hex(&hex, (struct bytes){other, 32});
		assert_string_equal(buf_cstr(&hex), published[0].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_found_by_their_uri),
		cmocka_unit_test(digests_are_found_by_their_uri),
		cmocka_unit_test(every_row_is_found_by_its_own_name_and_is_as_old_as_its_digest),
		cmocka_unit_test(digests_are_the_published_ones_even_when_another_is_made_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
