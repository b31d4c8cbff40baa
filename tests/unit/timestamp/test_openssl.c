/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command openssl as the other side: it reads our questions, answers them, and verifies what we take. */
#include "tsa.h"

#define B(array) ((struct bytes){array, sizeof(array)})

static struct identity root;
static unsigned char imprint[64], nonce[16];

static int start(void **state)
{
	if (folder_make(state))
		return -1;
	/* The command knows no other time than that of the machine; a century is enough for any. */
	root = identity_new("Root", NULL, true, 0, (int64_t)40000 * DAY, NULL);
	save_certificate("root.pem", &root);
	memset(imprint, 0x5c, sizeof imprint);
	memset(nonce, 0x81, sizeof nonce);
	return 0;
}

static int stop(void **state)
{
	identity_free(&root);
	return folder_drop(state);
}

/* Runs "openssl ..." in the folder. */
static int run(const char *command)
{
	char text[1024];

	assert_true(snprintf(text, sizeof text, "cd '%s' && openssl %s >>log 2>&1", folder, command) < (int)sizeof text);
	return system(text);
}

static void config(const char *identifier)
{
	char text[1024];

	snprintf(text, sizeof text,
		"[tsa]\ndir = .\nserial = serial\ndefault_policy = " POLICY "\ndigests = sha256, sha512\n"
		"signer_digest = sha256\ness_cert_id_alg = %s\naccuracy = secs:1\n", identifier);
	save("tsa.cnf", bytes_str(text));
	save("serial", BYTES_LIT("0A\n"));
}

static void question(enum timestamp_digest d, struct bytes of)
{
	SCOPED(buf_free) struct buf request = BUF(4096);
	struct err e;

	assert_true(timestamp_request(d, of, POLICY, B(nonce), &request, &e).ok);
	save("q.tsq", buf_bytes(&request));
}

static void check_answer(enum timestamp_digest d, struct bytes of)
{
	SCOPED(buf_free) struct buf response = load(path_of("a.tsr")), token = BUF(ROOM);
	const char *authority = path_of("root.pem");
	struct timestamp_token says;
	struct err e = {.detail = ""};

	if (!timestamp_response(buf_bytes(&response), d, of, POLICY, B(nonce), &authority, 1, &token, &e).ok)
		fail_msg("%s", e.detail);
	assert_true(timestamp_verify(buf_bytes(&token), of, &authority, 1, &says, &e).ok);
	assert_string_equal(says.policy, POLICY);
	assert_int_equal(says.accuracy_ms, 1000);
	save("t.der", buf_bytes(&token));
}

static void both_ways(bool ecdsa, const char *identifier)
{
	struct identity signer = identity_new("Signer", &root, ecdsa, 0, (int64_t)40000 * DAY, "critical,timeStamping");
	const char *verify = "ts -verify -queryfile q.tsq -in t.der -token_in -CAfile root.pem -untrusted signer.pem";

	save_certificate("signer.pem", &signer);
	save_key("signer.key", &signer);
	config(identifier);
	for (enum timestamp_digest d = TIMESTAMP_SHA256; d <= TIMESTAMP_SHA512; d++) {
		struct bytes of = {imprint, d == TIMESTAMP_SHA256 ? 32 : 64};

		question(d, of);
		assert_int_equal(run("ts -query -in q.tsq -text -out q.txt"), 0);
		assert_int_equal(run("ts -reply -config tsa.cnf -section tsa -queryfile q.tsq -signer signer.pem -inkey "
			"signer.key -out a.tsr"), 0);
		check_answer(d, of);
		assert_int_equal(run(verify), 0);
		question(d, (struct bytes){imprint, of.n}); /* the same again: still good */
		assert_int_equal(run(verify), 0);
		imprint[3] ^= 1;
		question(d, of); /* another: the oracle has teeth */
		imprint[3] ^= 1;
		assert_int_not_equal(run(verify), 0);
	}
	identity_free(&signer);
}

static void rsa_is_understood_both_ways(void **state)
{
	(void)state;
	both_ways(false, "sha256");
}

static void ecdsa_is_understood_both_ways(void **state)
{
	(void)state;
	both_ways(true, "sha1"); /* the first form of the identifier */
}

static void the_question_is_read_by_the_other_side(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(ROOM);

	(void)state;
	question(TIMESTAMP_SHA256, (struct bytes){imprint, 32});
	assert_int_equal(run("ts -query -in q.tsq -text -out q.txt"), 0);
	text = load(path_of("q.txt"));
	assert_non_null(strstr(buf_cstr(&text), "Hash Algorithm: sha256"));
	assert_non_null(strstr(buf_cstr(&text), "Policy OID: " POLICY));
	assert_non_null(strstr(buf_cstr(&text), "Nonce: 0x81818181818181818181818181818181"));
	assert_non_null(strstr(buf_cstr(&text), "Certificate required: yes"));
}

static void imprints_are_the_digests_of_the_other_side(void **state)
{
	static const char *const commands[] = {
		"dgst -sha256 -binary -out digest octets", "dgst -sha512 -binary -out digest octets"};

	(void)state;
	save("octets", BYTES_LIT("octets\0of a message"));
	for (enum timestamp_digest d = TIMESTAMP_SHA256; d <= TIMESTAMP_SHA512; d++) {
		SCOPED(buf_free) struct buf wanted = BUF(ROOM);
		unsigned char out[TIMESTAMP_IMPRINT_MOST];
		size_t n = timestamp_imprint(d, BYTES_LIT("octets\0of a message"), out);

		assert_int_equal(run(commands[d]), 0);
		wanted = load(path_of("digest"));
		assert_true(bytes_eq((struct bytes){out, n}, buf_bytes(&wanted)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imprints_are_the_digests_of_the_other_side),
		cmocka_unit_test(the_question_is_read_by_the_other_side),
		cmocka_unit_test(rsa_is_understood_both_ways),
		cmocka_unit_test(ecdsa_is_understood_both_ways),
	};

	return cmocka_run_group_tests_name("timestamp openssl", tests, start, stop);
}
