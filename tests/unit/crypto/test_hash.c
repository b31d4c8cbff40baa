/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both digests against published answers: RFC 6986 for GOST 34.11-2015, RFC 5831 (test S-box) for GOST 34.311-95. */
#include "../cm.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto/crypto.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int setup(void **state)
{
	struct err e = {.detail = ""};

	(void)state;
	return crypto_init(NULL, &e).ok ? 0 : -1;
}

static const struct answer {
	enum crypto_digest digest;
	const char *text, *hex;
} answers[] = {
	{CRYPTO_DIGEST_512, "012345678901234567890123456789012345678901234567890123456789012",
		"1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
		"00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"},
	{CRYPTO_DIGEST_512, "",
		"8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7"
		"362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a"},
	{CRYPTO_DIGEST_LEGACY, "This is message, length=32 bytes",
		"b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa"},
	{CRYPTO_DIGEST_LEGACY, "Suppose the original message has length = 50 bytes",
		"471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208"},
	{CRYPTO_DIGEST_LEGACY, "",
		"ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"},
	{CRYPTO_DIGEST_LEGACY, "abc", "f3134348c44fb1b2a277729e2285ebb5cb5e0f29c975bc753b70497c06a4d51d"},
};

static void wanted_octets(const struct answer *a, unsigned char out[64])
{
	SCOPED(buf_free) struct buf raw = BUF(64);

	assert_true(hex_decode(bytes_str(a->hex), &raw));
	memcpy(out, raw.data, raw.len);
}

static void published_answers_come_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const EVP_MD *md = crypto_md(answers[i].digest);
		unsigned char out[64], want[64];
		unsigned n = 0;

		wanted_octets(&answers[i], want);
		assert_int_equal(EVP_Digest(answers[i].text, strlen(answers[i].text), out, &n, md, NULL), 1);
		assert_int_equal(n, strlen(answers[i].hex) / 2);
		assert_memory_equal(out, want, n);
	}
}

static void pieces_of_any_length_and_copies_of_a_begun_digest_agree_with_one_call(void **state)
{
	unsigned char text[300], whole[64], pieces[64];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(i * 7);
	for (enum crypto_digest d = 0; d < CRYPTO_DIGEST_COUNT; d++) {
		unsigned n = 0;

		assert_int_equal(EVP_Digest(text, sizeof(text), whole, &n, crypto_md(d), NULL), 1);
		for (size_t cut = 0; cut <= sizeof(text); cut++) {
			EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();

			assert_int_equal(EVP_DigestInit_ex(ctx, crypto_md(d), NULL), 1);
			assert_int_equal(EVP_DigestUpdate(ctx, text, cut), 1);
			assert_int_equal(EVP_MD_CTX_copy_ex(copy, ctx), 1);
			/* What the first one meets afterwards is nothing to the copy. */
			assert_int_equal(EVP_DigestUpdate(ctx, text, 5), 1);
			assert_int_equal(EVP_DigestUpdate(copy, text + cut, sizeof(text) - cut), 1);
			assert_int_equal(EVP_DigestFinal_ex(copy, pieces, NULL), 1);
			assert_memory_equal(whole, pieces, n);
			EVP_MD_CTX_free(ctx);
			EVP_MD_CTX_free(copy);
		}
	}
}

static void openssl_finds_them_by_number(void **state)
{
	(void)state;
	for (enum crypto_digest d = 0; d < CRYPTO_DIGEST_COUNT; d++)
		assert_ptr_equal(EVP_get_digestbynid(crypto_nid_digest(d)), crypto_md(d));
	assert_int_equal(EVP_MD_get_size(crypto_md(CRYPTO_DIGEST_512)), 64);
	assert_int_equal(EVP_MD_get_size(crypto_md(CRYPTO_DIGEST_LEGACY)), 32);
}

static void a_second_start_changes_nothing(void **state)
{
	int nid = crypto_nid_key(CRYPTO_CURVE_512);
	const EVP_MD *md = crypto_md(CRYPTO_DIGEST_512);
	struct err e = {.detail = ""};

	(void)state;
	assert_true(crypto_init(&crypto_nettle, &e).ok);
	assert_int_equal(crypto_nid_key(CRYPTO_CURVE_512), nid);
	assert_ptr_equal(crypto_md(CRYPTO_DIGEST_512), md);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_answers_come_out),
		cmocka_unit_test(pieces_of_any_length_and_copies_of_a_begun_digest_agree_with_one_call),
		cmocka_unit_test(openssl_finds_them_by_number),
		cmocka_unit_test(a_second_start_changes_nothing),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
