/* SPDX-License-Identifier: GPL-3.0-or-later */
/* National signatures: an authority with a key of GOST 34.10-2015, and a token of the Authority's own test service. */
#include "crypto/crypto.h"

#include "tsa.h"

static int start(void **state)
{
	struct err e;

	return folder_make(state) == 0 && crypto_init(NULL, &e).ok ? 0 : -1;
}

static struct identity national_new(const char *cn, const struct identity *issuer, const char *usage)
{
	struct identity me = {X509_new(), crypto_generate(CRYPTO_CURVE_512)};
	const EVP_MD *md = crypto_md(CRYPTO_DIGEST_512);

	assert_non_null(me.key);
	identity_fill(&me, cn, issuer, NOON - DAY, NOON + DAY, usage, md);
	return me;
}

static void a_national_stamp_is_asked_and_judged(void **state)
{
	struct identity root = national_new("Root", NULL, NULL);
	struct identity signer = national_new("Stamps", &root, "critical,timeStamping");
	const char *authority = save_certificate("root.pem", &root);
	const struct answer a = {.digest = crypto_md(CRYPTO_DIGEST_512)};
	SCOPED(buf_free) struct buf request = BUF(4096), response = BUF(ROOM), token = BUF(ROOM);
	unsigned char imprint[64], nonce[16];
	struct timestamp_token says;
	struct err e = {.detail = ""};
	const struct bytes of = {imprint, sizeof imprint}, with = {nonce, sizeof nonce};

	(void)state;
	assert_int_equal(timestamp_imprint(TIMESTAMP_GOST_LEGACY, BYTES_LIT("message"), imprint), 32);
	assert_int_equal(timestamp_imprint(TIMESTAMP_GOST_2015, BYTES_LIT("message"), imprint), 64);
	memset(nonce, 0x44, sizeof nonce);
	assert_true(timestamp_request(TIMESTAMP_GOST_2015, of, POLICY, with, &request, &e).ok);
	response = answer_to(buf_bytes(&request), &signer, &a);
	if (!timestamp_response(buf_bytes(&response), TIMESTAMP_GOST_2015, of, POLICY, with, &authority, 1, &token, &e).ok)
		fail_msg("%s", e.detail);
	if (!timestamp_verify(buf_bytes(&token), of, &authority, 1, &says, &e).ok)
		fail_msg("%s", e.detail);
	assert_int_equal(says.digest, TIMESTAMP_GOST_2015);
	token.data[token.len - 1] ^= 1;
	assert_false(timestamp_verify(buf_bytes(&token), of, &authority, 1, &says, &e).ok);
	identity_free(&root);
	identity_free(&signer);
}

/* Reads a file of the vectors; false, visibly, where there are none. */
static bool vector(const char *name, struct buf *out)
{
	const char *folder_named = getenv("QAQPA_VECTORS");
	char path[512];

	snprintf(path, sizeof path, "%s/nca-test/%s", folder_named ? folder_named : SOURCE_DIR "/../shared/vectors", name);
	if (access(path, R_OK) != 0)
		return false;
	*out = load(path);
	return true;
}

static void a_token_of_the_authority_is_good(void **state)
{
	static const unsigned char imprint[] = {0x14, 0x65, 0xda, 0xd1, 0x26, 0xd3, 0x2b, 0xf7, 0xaa, 0x5d, 0x3b, 0x95, 0xa5,
		0xc7, 0xc3, 0x31, 0xcd, 0xff, 0x34, 0xdf};
	SCOPED(buf_free) struct buf token = BUF(ROOM), issuer = BUF(ROOM);
	struct timestamp_token says;
	struct err e = {.detail = ""};
	const char *authority;

	(void)state;
	if (!vector("tsp/token-gost2004.der", &token) || !vector("ca/nca_gost2004_test.crt", &issuer)) {
		print_message("no vectors of the Authority on this machine: skipped\n");
		skip();
	}
	authority = save("issuer.crt", buf_bytes(&issuer));
	if (!timestamp_verify(buf_bytes(&token), (struct bytes){imprint, sizeof imprint}, &authority, 1, &says, &e).ok)
		fail_msg("%s", e.detail);
	assert_int_equal(says.at_ms, INT64_C(1663507214000)); /* 2022-09-18T13:20:14Z */
	assert_int_equal(says.digest, TIMESTAMP_SHA1);
	assert_string_equal(says.policy, "1.2.398.3.3.2.6.1");
	assert_string_equal(says.serial, "539598399347836730312219821481695054174168705756");
	assert_non_null(strstr(says.signer, "СЕРВИС МЕТКИ ВРЕМЕНИ"));
	for (size_t i = 60; i < 158; i++) { /* TSTInfo, octet by octet */
		token.data[i] ^= 4;
		assert_false(timestamp_verify(buf_bytes(&token), BYTES_NONE, &authority, 1, &says, &e).ok);
		token.data[i] ^= 4;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_national_stamp_is_asked_and_judged),
		cmocka_unit_test(a_token_of_the_authority_is_good),
	};

	return cmocka_run_group_tests_name("timestamp national", tests, start, folder_drop);
}
