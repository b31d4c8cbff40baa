/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is taken for a time-stamp, and what never is. */
#include <sys/stat.h>

#include "tsa.h"

static struct identity root, other_root, rsa, ecdsa, useless, plain, expired, stranger;
static const char *trusted[1], *trusted_other[1], *trusted_signer[1];
static unsigned char imprint[32], other_imprint[32], nonce[16], other_nonce[16];

#define B(array) ((struct bytes){array, sizeof(array)})
#define ASKED TIMESTAMP_SHA256, B(imprint)

static int start(void **state)
{
	static char paths[3][256];

	if (folder_make(state))
		return -1;
	root = identity_new("Root of stamps", NULL, true, NOON - 400 * DAY, NOON + 400 * DAY, NULL);
	other_root = identity_new("Another root", NULL, true, NOON - 400 * DAY, NOON + 400 * DAY, NULL);
	rsa = identity_new("Stamps, RSA", &root, false, NOON - DAY, NOON + DAY, "critical,timeStamping");
	ecdsa = identity_new("Stamps, ECDSA", &root, true, NOON - DAY, NOON + DAY, "critical,timeStamping");
	expired = identity_new("Old stamps", &root, true, NOON - 3 * DAY, NOON - DAY, "critical,timeStamping");
	useless = identity_new("No stamps", &root, true, NOON - DAY, NOON + DAY, "critical,clientAuth");
	plain = identity_new("Half meant", &root, true, NOON - DAY, NOON + DAY, "timeStamping");
	stranger = identity_new("Stamps, elsewhere", &other_root, true, NOON - DAY, NOON + DAY, "critical,timeStamping");
	snprintf(paths[0], 256, "%s", save_certificate("root.pem", &root));
	snprintf(paths[1], 256, "%s", save_certificate("other.pem", &other_root));
	snprintf(paths[2], 256, "%s", save_certificate("signer.pem", &ecdsa));
	trusted[0] = paths[0];
	trusted_other[0] = paths[1];
	trusted_signer[0] = paths[2];
	for (size_t i = 0; i < sizeof imprint; i++) {
		imprint[i] = (unsigned char)(i + 1);
		other_imprint[i] = (unsigned char)(i + 2);
	}
	memset(nonce, 0x9a, sizeof nonce);
	memset(other_nonce, 0x9b, sizeof other_nonce);
	return 0;
}

static int stop(void **state)
{
	struct identity *all[] = {&root, &other_root, &rsa, &ecdsa, &useless, &plain, &expired, &stranger};

	for (size_t i = 0; i < COUNT(all); i++)
		identity_free(all[i]);
	return folder_drop(state);
}

static struct buf ask(struct bytes of, const char *policy, struct bytes with)
{
	struct buf out = BUF(4096);
	struct err e = {.detail = ""};

	if (!timestamp_request(TIMESTAMP_SHA256, of, policy, with, &out, &e).ok)
		fail_msg("%s", e.detail);
	return out;
}

/* The usual question, answered. */
static struct buf answered(const struct identity *signer, const struct answer *a)
{
	SCOPED(buf_free) struct buf request = ask(B(imprint), POLICY, B(nonce));

	return answer_to(buf_bytes(&request), signer, a);
}

static outcome judge(struct bytes response, struct buf *token, struct err *e)
{
	return timestamp_response(response, ASKED, POLICY, B(nonce), trusted, 1, token, e);
}

static void assert_refused(const char *row, outcome result, const struct err *e, enum reason reason, const char *words)
{
	if (result.ok)
		fail_msg("%s: was taken", row);
	if (e->reason != reason || !strstr(e->detail, words))
		fail_msg("%s: %s: '%s' does not say '%s'", row, reason_row(e->reason)->name, e->detail, words);
}

static void granted_tokens_say_what_was_asked(void **state)
{
	const struct {
		const char *row;
		const struct identity *signer;
		struct answer a;
	} rows[] = {
		{"RSA", &rsa, {.at = 0}},
		{"ECDSA", &ecdsa, {.at = 0}},
		{"granted with modifications", &ecdsa, {.status = TS_STATUS_GRANTED_WITH_MODS}},
		{"the first form of the certificate's identifier", &ecdsa, {.ess = EVP_sha1()}},
		{"signed over SHA-512", &rsa, {.digest = EVP_sha512()}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(buf_free) struct buf response = answered(rows[i].signer, &rows[i].a), token = BUF(ROOM);
		struct timestamp_token says;
		struct err e = {.detail = ""};

		if (!judge(buf_bytes(&response), &token, &e).ok)
			fail_msg("%s: %s", rows[i].row, e.detail);
		if (!timestamp_verify(buf_bytes(&token), B(imprint), trusted, 1, &says, &e).ok)
			fail_msg("%s: %s", rows[i].row, e.detail);
		assert_int_equal(says.at_ms, NOON * 1000 + 250);
		assert_int_equal(says.accuracy_ms, 1500);
		assert_int_equal(says.digest, TIMESTAMP_SHA256);
		assert_true(bytes_eq(says.imprint, B(imprint)));
		assert_true(says.imprint.p > token.data && says.imprint.p < token.data + token.len);
		assert_string_equal(says.policy, POLICY);
		assert_string_equal(says.serial, "77");
		assert_string_equal(says.signer, rows[i].signer == &rsa ? "CN=Stamps\\, RSA" : "CN=Stamps\\, ECDSA");
		/* the octets of the token are those that came */
		assert_non_null(memmem(response.data, response.len, token.data, token.len));
	}
}

static void a_signer_may_be_trusted_as_itself(void **state)
{
	SCOPED(buf_free) struct buf response = answered(&ecdsa, &(struct answer){.at = 0}), token = BUF(ROOM);
	SCOPED(buf_free) struct buf foreign = answered(&rsa, &(struct answer){.at = 0});
	struct err e;

	(void)state;
	assert_true(timestamp_response(buf_bytes(&response), ASKED, POLICY, B(nonce), trusted_signer, 1, &token, &e).ok);
	assert_refused("another signer", timestamp_response(buf_bytes(&foreign), ASKED, POLICY, B(nonce), trusted_signer,
		1, &token, &e), &e, REASON_STAMP_REFUSED, "verify");
}

static void an_answer_to_another_question_is_refused(void **state)
{
	SCOPED(buf_free) struct buf response = answered(&ecdsa, &(struct answer){.at = 0}), token = BUF(ROOM);
	struct bytes r = buf_bytes(&response);
	struct err e;

	(void)state;
	assert_refused("nonce", timestamp_response(r, ASKED, POLICY, B(other_nonce), trusted, 1, &token, &e), &e,
		REASON_STAMP_REFUSED, "nonce");
	assert_refused("imprint", timestamp_response(r, TIMESTAMP_SHA256, B(other_imprint), POLICY, B(nonce), trusted, 1,
		&token, &e), &e, REASON_STAMP_REFUSED, "imprint");
	assert_refused("policy", timestamp_response(r, ASKED, "1.2.3.4", B(nonce), trusted, 1, &token, &e), &e,
		REASON_STAMP_REFUSED, "policy");
	assert_refused("digest", timestamp_response(r, TIMESTAMP_GOST_LEGACY, B(imprint), POLICY, B(nonce), trusted, 1,
		&token, &e), &e, REASON_STAMP_REFUSED, "imprint");
	assert_int_equal(token.len, 0);
	assert_true(timestamp_response(r, ASKED, NULL, B(nonce), trusted, 1, &token, &e).ok); /* any policy */
}

static void a_wrong_signer_is_refused(void **state)
{
	const struct {
		const char *row, *words;
		const struct identity *signer;
		struct answer a;
	} rows[] = {
		{"of another authority", "certificate verify error", &stranger, {.at = 0}},
		{"signs itself", "certificate verify error", &ecdsa, {.by = &other_root}},
		{"not meant for stamps", "certificate verify error", &ecdsa, {.by = &useless}},
		{"meant for stamps, but not critically", "certificate verify error", &ecdsa, {.by = &plain}},
		{"expired when it signed", "expired", &expired, {.at = 0}},
		{"not yet valid when it signed", "not yet valid", &ecdsa, {.at = NOON - 2 * DAY}},
		{"signed over SHA-1", "weak", &rsa, {.digest = EVP_sha1()}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		SCOPED(buf_free) struct buf response = answered(rows[i].signer, &rows[i].a), token = BUF(ROOM);
		struct err e;

		assert_refused(rows[i].row, judge(buf_bytes(&response), &token, &e), &e, REASON_STAMP_REFUSED, rows[i].words);
		assert_int_equal(token.len, 0);
	}
}

/* Judged at the moment that it names: years later, it is as good as on its day. */
static void a_stamp_outlives_its_signer(void **state)
{
	const struct answer a = {.at = NOON - 2 * DAY};
	SCOPED(buf_free) struct buf response = answered(&expired, &a), token = BUF(ROOM);
	struct err e = {.detail = ""};

	(void)state;
	if (!judge(buf_bytes(&response), &token, &e).ok)
		fail_msg("%s", e.detail);
}

static void patience_and_refusal_are_told_apart(void **state)
{
	static const struct {
		const char *row;
		int status, failure;
		enum reason reason;
	} rows[] = {
		{"rejection", TS_STATUS_REJECTION, 0, REASON_STAMP_REFUSED},
		{"rejection: the policy", TS_STATUS_REJECTION, TS_INFO_UNACCEPTED_POLICY, REASON_STAMP_REFUSED},
		{"rejection: the digest", TS_STATUS_REJECTION, TS_INFO_BAD_ALG, REASON_STAMP_REFUSED},
		{"rejection: no time now", TS_STATUS_REJECTION, TS_INFO_TIME_NOT_AVAILABLE, REASON_STAMP_LATER},
		{"rejection: trouble inside", TS_STATUS_REJECTION, TS_INFO_SYSTEM_FAILURE, REASON_STAMP_LATER},
		{"waiting", TS_STATUS_WAITING, 0, REASON_STAMP_LATER},
		{"revocation warning", TS_STATUS_REVOCATION_WARNING, 0, REASON_STAMP_REFUSED},
		{"revocation notification", TS_STATUS_REVOCATION_NOTIFICATION, 0, REASON_STAMP_REFUSED},
		{"a status nobody knows", 9, 0, REASON_STAMP_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct answer a = {.status = rows[i].status, .failure = rows[i].failure};
		SCOPED(buf_free) struct buf response = answered(&ecdsa, &a), token = BUF(ROOM);
		struct err e;

		assert_refused(rows[i].row, judge(buf_bytes(&response), &token, &e), &e, rows[i].reason, "status");
		assert_int_equal(token.len, 0);
	}
}

static void what_is_cut_or_no_response_is_refused(void **state)
{
	static const char *const others[] = {"", "0", "<html>", "\x30\x03\x02\x01\x00", "\x30\x05\x30\x03\x02\x01", "{}"};
	SCOPED(buf_free) struct buf response = answered(&ecdsa, &(struct answer){.at = 0}), token = BUF(ROOM);
	struct err e;

	(void)state;
	for (size_t n = 0; n < response.len; n++)
		assert_false(judge((struct bytes){response.data, n}, &token, &e).ok);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_refused(others[i], judge(bytes_str(others[i]), &token, &e), &e, REASON_STAMP_REFUSED, "");
	buf_char(&response, '\0');
	assert_refused("an octet behind it", judge(buf_bytes(&response), &token, &e), &e, REASON_STAMP_REFUSED, "follow");
	assert_int_equal(token.len, 0);
}

/* What the token says cannot be changed: any other octet is refused, or stands outside of what was signed and says the
 * same. */
static void no_changed_octet_says_something_else(void **state)
{
	SCOPED(buf_free) struct buf response = answered(&ecdsa, &(struct answer){.at = 0});
	size_t taken = 0;

	(void)state;
	for (size_t i = 0; i < response.len; i++) {
		for (unsigned char change = 1; change; change = (unsigned char)(change << 3)) {
			SCOPED(buf_free) struct buf token = BUF(ROOM);
			struct timestamp_token says;
			struct err e;

			response.data[i] ^= change;
			if (judge(buf_bytes(&response), &token, &e).ok) {
				taken++;
				assert_true(timestamp_verify(buf_bytes(&token), B(imprint), trusted, 1, &says, &e).ok);
				assert_int_equal(says.at_ms, NOON * 1000 + 250);
				assert_string_equal(says.policy, POLICY);
				assert_string_equal(says.serial, "77");
			}
			response.data[i] ^= change;
		}
	}
	assert_true(taken < 40); /* a few encodings that mean the same, and no more */
}

static void a_token_alone_is_judged_like_the_response(void **state)
{
	SCOPED(buf_free) struct buf response = answered(&ecdsa, &(struct answer){.at = 0}), token = BUF(ROOM);
	struct timestamp_token says;
	struct err e;

	(void)state;
	assert_true(judge(buf_bytes(&response), &token, &e).ok);
	assert_true(timestamp_verify(buf_bytes(&token), BYTES_NONE, trusted, 1, &says, &e).ok);
	assert_refused("over another imprint", timestamp_verify(buf_bytes(&token), B(other_imprint), trusted, 1, &says, &e),
		&e, REASON_STAMP_REFUSED, "imprint");
	assert_refused("another authority", timestamp_verify(buf_bytes(&token), B(imprint), trusted_other, 1, &says, &e), &e,
		REASON_STAMP_REFUSED, "verify");
	assert_refused("nobody is trusted", timestamp_verify(buf_bytes(&token), B(imprint), NULL, 0, &says, &e), &e,
		REASON_STAMP_REFUSED, "verify");
	for (size_t n = 0; n < token.len; n++)
		assert_false(timestamp_verify((struct bytes){token.data, n}, B(imprint), trusted, 1, &says, &e).ok);
	assert_refused("a whole response", timestamp_verify(buf_bytes(&response), B(imprint), trusted, 1, &says, &e), &e,
		REASON_STAMP_REFUSED, "no token");
	token.data[token.len - 1] ^= 1; /* in the signature value */
	assert_refused("another signature", timestamp_verify(buf_bytes(&token), B(imprint), trusted, 1, &says, &e), &e,
		REASON_STAMP_REFUSED, "signature");
}

static void authorities_that_cannot_be_read_are_named(void **state)
{
	SCOPED(buf_free) struct buf response = answered(&ecdsa, &(struct answer){.at = 0}), token = BUF(ROOM);
	const char *absent[] = {trusted[0], "/nowhere/tsa.pem"}, *wrong[] = {save("wrong.pem", BYTES_LIT("no certificate"))};
	struct err e;

	(void)state;
	assert_refused("absent", timestamp_response(buf_bytes(&response), ASKED, POLICY, B(nonce), absent, 2, &token, &e), &e,
		REASON_STAMP_REFUSED, "/nowhere/tsa.pem");
	assert_refused("wrong", timestamp_response(buf_bytes(&response), ASKED, POLICY, B(nonce), wrong, 1, &token, &e), &e,
		REASON_STAMP_REFUSED, "no certificate");
	assert_refused("absent", timestamp_authorities(absent, 2, &e), &e, REASON_STAMP_REFUSED, "/nowhere/tsa.pem");
	assert_true(timestamp_authorities(trusted, 1, &e).ok);
}

static void an_authority_may_be_der(void **state)
{
	SCOPED(buf_free) struct buf response = answered(&ecdsa, &(struct answer){.at = 0}), token = BUF(ROOM);
	unsigned char *der = NULL;
	int n = i2d_X509(root.certificate, &der);
	const char *path = save("root.der", (struct bytes){der, (size_t)n});
	struct err e;

	(void)state;
	assert_true(timestamp_response(buf_bytes(&response), ASKED, POLICY, B(nonce), &path, 1, &token, &e).ok);
	OPENSSL_free(der);
}

static void what_cannot_be_asked_is_said(void **state)
{
	SCOPED(buf_free) struct buf out = BUF(ROOM);
	struct err e;

	(void)state;
	assert_refused("a short imprint", timestamp_request(TIMESTAMP_SHA512, B(imprint), NULL, B(nonce), &out, &e), &e,
		REASON_STAMP_REFUSED, "32 octets");
	assert_refused("SHA-1", timestamp_request(TIMESTAMP_SHA1, (struct bytes){imprint, 20}, NULL, B(nonce), &out, &e), &e,
		REASON_STAMP_REFUSED, "20 octets");
	assert_refused("a short nonce", timestamp_request(ASKED, NULL, (struct bytes){nonce, 7}, &out, &e), &e,
		REASON_STAMP_REFUSED, "nonce");
	assert_refused("no policy", timestamp_request(ASKED, "gost", B(nonce), &out, &e), &e, REASON_STAMP_REFUSED, "gost");
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(granted_tokens_say_what_was_asked),
		cmocka_unit_test(a_signer_may_be_trusted_as_itself),
		cmocka_unit_test(an_answer_to_another_question_is_refused),
		cmocka_unit_test(a_wrong_signer_is_refused),
		cmocka_unit_test(a_stamp_outlives_its_signer),
		cmocka_unit_test(patience_and_refusal_are_told_apart),
		cmocka_unit_test(what_is_cut_or_no_response_is_refused),
		cmocka_unit_test(no_changed_octet_says_something_else),
		cmocka_unit_test(a_token_alone_is_judged_like_the_response),
		cmocka_unit_test(authorities_that_cannot_be_read_are_named),
		cmocka_unit_test(an_authority_may_be_der),
		cmocka_unit_test(what_cannot_be_asked_is_said),
	};

	return cmocka_run_group_tests_name("timestamp judge", tests, start, stop);
}
