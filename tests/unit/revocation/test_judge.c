/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_judge - octets of responses and lists against verdict and reason, for authorities of every kind. */
#include "authority.h"

#include "base/ident.h"

#define SKEW 60000

static struct world world;
static const char *kind_name;

struct ocsp_row {
	const char *name;
	struct response response;
	bool nonce_needed, configured; /* the responder is configured */
	int64_t now_ms;                /* after T0 */
	enum revocation_verdict verdict;
	enum revocation_reason reason;
	enum revocation_verdict last;
};

#define GONE .says = V_OCSP_CERTSTATUS_REVOKED

static const struct ocsp_row ocsp_rows[] = {
	{"a good answer of the authority is valid", {.next_ms = T0 + HOUR}, true, false, 0, REVOCATION_VALID, REVOCATION_GOOD,
		REVOCATION_VALID},
	{"an answer with a raw nonce is the same", {.nonce = NONCE_RAW}, true, false, 0, REVOCATION_VALID, REVOCATION_GOOD,
		REVOCATION_VALID},
	{"CertID may be made with SHA-256", {.sha256 = true}, false, false, 0, REVOCATION_VALID, REVOCATION_GOOD,
		REVOCATION_VALID},
	{"CertID made with MD5 is none", {.md5 = true}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_BROKEN,
		REVOCATION_UNKNOWN},
	{"revoked is invalid", {GONE}, false, false, 0, REVOCATION_INVALID, REVOCATION_REVOKED, REVOCATION_INVALID},
	{"certificateHold is invalid, as a hold", {GONE, .why = CRL_REASON_CERTIFICATE_HOLD}, false, false, 0,
		REVOCATION_INVALID, REVOCATION_HOLD, REVOCATION_INVALID},
	{"a status unknown is no answer", {.says = V_OCSP_CERTSTATUS_UNKNOWN}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_REFUSED, REVOCATION_UNKNOWN},
	{"of good and revoked in one response, revoked counts", {GONE, .twice = true}, false, false, 0, REVOCATION_INVALID,
		REVOCATION_REVOKED, REVOCATION_INVALID},
	{"tryLater", {.status = OCSP_RESPONSE_STATUS_TRYLATER}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_TRY_LATER,
		REVOCATION_UNKNOWN},
	{"internalError", {.status = OCSP_RESPONSE_STATUS_INTERNALERROR}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_TRY_LATER, REVOCATION_UNKNOWN},
	{"malformedRequest", {.status = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_REFUSED, REVOCATION_UNKNOWN},
	{"sigRequired", {.status = OCSP_RESPONSE_STATUS_SIGREQUIRED}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_REFUSED,
		REVOCATION_UNKNOWN},
	{"unauthorized", {.status = OCSP_RESPONSE_STATUS_UNAUTHORIZED}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_REFUSED,
		REVOCATION_UNKNOWN},
	{"a status that does not exist", {.status = 4}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_BROKEN,
		REVOCATION_UNKNOWN},
	{"an enclosed delegate of the authority may sign", {.signer = BY_DELEGATE}, false, false, 0, REVOCATION_VALID,
		REVOCATION_GOOD, REVOCATION_VALID},
	{"a delegate whose certificate is over may not", {.signer = BY_OLD_DELEGATE}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_SIGNER, REVOCATION_UNKNOWN},
	{"a certificate without OCSPSigning may not", {.signer = BY_NO_DELEGATE}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_SIGNER, REVOCATION_UNKNOWN},
	{"the certificate in question may not", {.signer = BY_LEAF}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_SIGNER,
		REVOCATION_UNKNOWN},
	{"a delegate of an authority of the same name may not", {.signer = BY_STRANGER}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_SIGNER, REVOCATION_UNKNOWN},
	{"an authority of the same name may not", {.signer = BY_OTHER_CA}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_SIGNER, REVOCATION_UNKNOWN},
	{"the configured responder may sign", {.signer = BY_RESPONDER}, false, true, 0, REVOCATION_VALID, REVOCATION_GOOD,
		REVOCATION_VALID},
	{"the same responder may not when it is not configured", {.signer = BY_RESPONDER}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_SIGNER, REVOCATION_UNKNOWN},
	{"a changed answer is not signed", {.tampered = true}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_SIGNER,
		REVOCATION_UNKNOWN},
	{"an octet behind the answer makes it none", {.trailing = true}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_BROKEN,
		REVOCATION_UNKNOWN},
	{"an answer about another certificate is none", {.about_other = true}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_BROKEN, REVOCATION_UNKNOWN},
	{"the same number of another authority is another certificate", {.about_elsewhere = true}, false, false, 0,
		REVOCATION_UNKNOWN, REVOCATION_BROKEN, REVOCATION_UNKNOWN},
	{"an unknown critical extension is not understood", {.demands = true}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_BROKEN, REVOCATION_UNKNOWN},
	{"a wrong nonce is refused, needed or not", {.nonce = NONCE_WRONG}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_NONCE, REVOCATION_UNKNOWN},
	{"a cut nonce is wrong", {.nonce = NONCE_SHORT}, false, false, 0, REVOCATION_UNKNOWN, REVOCATION_NONCE,
		REVOCATION_UNKNOWN},
	{"an absent nonce is tolerated", {.nonce = NONCE_NONE}, false, false, 0, REVOCATION_VALID, REVOCATION_GOOD,
		REVOCATION_VALID},
	{"an absent nonce is refused where it is needed", {.nonce = NONCE_NONE}, true, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_NONCE, REVOCATION_UNKNOWN},
	{"behind nextUpdate and the difference of clocks it is stale, and remembered", {.next_ms = T0 + HOUR}, false, false,
		HOUR + SKEW + 1000, REVOCATION_UNKNOWN, REVOCATION_STALE, REVOCATION_VALID},
	{"up to the difference of clocks behind nextUpdate it counts", {.next_ms = T0 + HOUR}, false, false, HOUR + SKEW,
		REVOCATION_VALID, REVOCATION_GOOD, REVOCATION_VALID},
	{"without nextUpdate it counts for an hour", {.nonce = NONCE_RAW}, false, false, REVOCATION_OPEN_MS + SKEW,
		REVOCATION_VALID, REVOCATION_GOOD, REVOCATION_VALID},
	{"without nextUpdate it is stale after that", {.nonce = NONCE_RAW}, false, false, REVOCATION_OPEN_MS + SKEW + 1000,
		REVOCATION_UNKNOWN, REVOCATION_STALE, REVOCATION_VALID},
	{"a revocation that is stale is remembered as one", {GONE, .next_ms = T0 + HOUR}, false, false, DAY, REVOCATION_UNKNOWN,
		REVOCATION_STALE, REVOCATION_INVALID},
	{"thisUpdate in the future is not believed, nor remembered", {.this_ms = T0 + 2 * MINUTE}, false, false, 0,
		REVOCATION_UNKNOWN, REVOCATION_STALE, REVOCATION_UNKNOWN},
	{"producedAt in the future is not believed", {.produced_ms = T0 + 2 * MINUTE}, false, false, 0, REVOCATION_UNKNOWN,
		REVOCATION_STALE, REVOCATION_UNKNOWN},
	{"thisUpdate within the difference of clocks is taken", {.this_ms = T0 + MINUTE}, false, false, 0, REVOCATION_VALID,
		REVOCATION_GOOD, REVOCATION_VALID},
};

static struct revocation_source source(const struct world *w)
{
	return (struct revocation_source){.issuer = der_of(&w->ca)};
}

static bool ocsp_row_holds(const struct ocsp_row *row)
{
	unsigned char nonce[16];
	struct bytes sent = {nonce, sizeof nonce};
	struct revocation_source s = source(&world);
	struct revocation_answer a;
	struct buf octets;
	bool right;

	random_fill(nonce, sizeof nonce);
	s.nonce_needed = row->nonce_needed;
	if (row->configured)
		s.responder = der_of(&world.responder);
	octets = response_make(&world, &row->response, sent);
	revocation_judge_ocsp(&s, der_of(&world.leaf), buf_bytes(&octets), sent, T0 + row->now_ms, SKEW, &a);
	right = a.verdict == row->verdict && a.reason == row->reason && a.last == row->last;
	if (!right)
		print_message("%s: %s: verdict %d, %s, last %d\n", kind_name, row->name, (int)a.verdict,
			revocation_reason_text(a.reason), (int)a.last);
	buf_free(&octets);
	return right;
}

static void each_response_has_its_verdict(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(ocsp_rows); i++)
		wrong += !ocsp_row_holds(&ocsp_rows[i]);
	assert_int_equal(wrong, 0);
}

static void an_answer_carries_what_was_said(void **state)
{
	static const struct response hold = {GONE, .why = CRL_REASON_CERTIFICATE_HOLD, .revoked_ms = 1000, .next_ms = T0 + DAY};
	struct revocation_source s = source(&world);
	struct revocation_answer a;
	struct buf octets = response_make(&world, &hold, BYTES_NONE);
	unsigned char digest[32];

	(void)state;
	revocation_judge_ocsp(&s, der_of(&world.leaf), buf_bytes(&octets), BYTES_NONE, T0 + 5, SKEW, &a);
	assert_int_equal(a.reason, REVOCATION_HOLD);
	assert_int_equal(a.revoked_ms, 1000); /* January 1970, as it stands */
	assert_int_equal(a.this_ms, T0);
	assert_int_equal(a.next_ms, T0 + DAY);
	assert_int_equal(a.last_ms, T0);
	assert_string_equal(a.source, "ocsp");
	EVP_Digest(octets.data, octets.len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(a.evidence, digest, 32);
	assert_memory_equal(a.last_evidence, digest, 32);
	buf_free(&octets);
}

static void a_certificate_of_another_authority_has_no_source(void **state)
{
	struct revocation_source s = source(&world);
	struct revocation_answer a;
	struct buf octets = response_make(&world, &(struct response){.status = 0}, BYTES_NONE);

	(void)state;
	revocation_judge_ocsp(&s, der_of(&world.elsewhere), buf_bytes(&octets), BYTES_NONE, T0, SKEW, &a);
	assert_int_equal(a.reason, REVOCATION_NO_SOURCE);
	revocation_judge_ocsp(&s, BYTES_LIT("no certificate"), buf_bytes(&octets), BYTES_NONE, T0, SKEW, &a);
	assert_int_equal(a.reason, REVOCATION_NO_SOURCE);
	buf_free(&octets);
}

/* Every prefix and every changed octet of a response that says revoked: never valid, never a crash. */
static void a_damaged_response_is_never_valid(void **state)
{
	static const struct response gone = {GONE, .signer = BY_DELEGATE};
	struct revocation_source s = source(&world);
	struct revocation_answer a;
	struct buf octets = response_make(&world, &gone, BYTES_NONE);

	(void)state;
	for (size_t n = 0; n < octets.len; n += 7) {
		revocation_judge_ocsp(
			&s, der_of(&world.leaf), bytes_sub(buf_bytes(&octets), 0, n), BYTES_NONE, T0, SKEW, &a);
		assert_int_equal(a.verdict, REVOCATION_UNKNOWN);
	}
	for (size_t n = 0; n < octets.len; n += 3) {
		octets.data[n] ^= 0x21;
		revocation_judge_ocsp(&s, der_of(&world.leaf), buf_bytes(&octets), BYTES_NONE, T0, SKEW, &a);
		assert_int_not_equal(a.verdict, REVOCATION_VALID);
		octets.data[n] ^= 0x21;
	}
	buf_free(&octets);
}

/* --- lists --- */

struct list_row {
	const char *name;
	struct list crl;
	struct list delta; /* none when its base is 0 */
	bool no_crl;
	int64_t now_ms;    /* after T0 */
	enum revocation_verdict verdict;
	enum revocation_reason reason;
	const char *source;
	enum revocation_verdict last;
};

#define VALID REVOCATION_VALID, REVOCATION_GOOD
#define GONE_NOW REVOCATION_INVALID, REVOCATION_REVOKED
#define HELD REVOCATION_INVALID, REVOCATION_HOLD
#define CANNOT(why) REVOCATION_UNKNOWN, REVOCATION_##why
#define NOTHING "", REVOCATION_UNKNOWN
#define NO_DELTA {.base = 0}

static const struct list_row list_rows[] = {
	{"a certificate that is not listed is valid", {.others = 300}, NO_DELTA, false, 0, VALID, "crl", REVOCATION_VALID},
	{"an empty list is a list", {.others = 0}, NO_DELTA, false, 0, VALID, "crl", REVOCATION_VALID},
	{"a listed certificate is invalid", {.others = 300, .leaf = LISTED_REVOKED}, NO_DELTA, false, 0, GONE_NOW, "crl",
		REVOCATION_INVALID},
	{"a held certificate is held", {.leaf = LISTED_HOLD}, NO_DELTA, false, 0, HELD, "crl", REVOCATION_INVALID},
	{"of two entries the worse counts", {.leaf = LISTED_TWICE}, NO_DELTA, false, 0, GONE_NOW, "crl", REVOCATION_INVALID},
	{"removeFromCRL outside of a delta means nothing good", {.leaf = LISTED_REMOVED}, NO_DELTA, false, 0, GONE_NOW, "crl",
		REVOCATION_INVALID},
	{"behind nextUpdate it is stale, and remembered", {.others = 1}, NO_DELTA, false, 2 * DAY, CANNOT(STALE), "",
		REVOCATION_VALID},
	{"a list without nextUpdate is stale", {.no_next = true}, NO_DELTA, false, 0, CANNOT(STALE), NOTHING},
	{"a list from the future is stale", {.this_ms = T0 + HOUR}, NO_DELTA, false, 0, CANNOT(STALE), NOTHING},
	{"an authority of the same name may not sign it", {.by_other_ca = true}, NO_DELTA, false, 0, CANNOT(SIGNER), NOTHING},
	{"a forged list is refused", {.tampered = true}, NO_DELTA, false, 0, CANNOT(SIGNER), NOTHING},
	{"a list signed with SHA-1 is refused", {.sha1 = true}, NO_DELTA, false, 0, CANNOT(SIGNER), NOTHING},
	{"a list of another issuer is none", {.other_name = true}, NO_DELTA, false, 0, CANNOT(BROKEN), NOTHING},
	{"an octet behind the list makes it none", {.trailing = true}, NO_DELTA, false, 0, CANNOT(BROKEN), NOTHING},
	{"an unknown critical extension is not understood", {.demands = true}, NO_DELTA, false, 0, CANNOT(BROKEN), NOTHING},
	{"an unknown critical extension of an entry, as in indirect lists", {.leaf = LISTED_DEMANDS}, NO_DELTA, false, 0,
		CANNOT(BROKEN), NOTHING},
	{"an indirect list is refused", {.scope = "critical,indirectCRL:TRUE"}, NO_DELTA, false, 0, CANNOT(BROKEN), NOTHING},
	{"a list of authorities alone is refused", {.scope = "critical,onlyCA:TRUE"}, NO_DELTA, false, 0,
		CANNOT(BROKEN), NOTHING},
	{"a list of some reasons alone is refused", {.scope = "critical,onlysomereasons:keyCompromise"}, NO_DELTA, false, 0,
		CANNOT(BROKEN), NOTHING},
	{"a list of users' certificates is about this one", {.scope = "critical,onlyuser:TRUE"}, NO_DELTA, false, 0, VALID,
		"crl", REVOCATION_VALID},
	{"the distribution point of the certificate", {.scope = "critical,fullname:URI:" POINT}, NO_DELTA, false, 0, VALID,
		"crl", REVOCATION_VALID},
	{"another distribution point is about other certificates",
		{.scope = "critical,fullname:URI:http://crl.example.kz/two.crl"},
		NO_DELTA, false, 0, CANNOT(BROKEN), NOTHING},
	{"a delta in place of the list is none", {.number = 12, .base = 10}, NO_DELTA, false, 0, CANNOT(BROKEN), NOTHING},

	{"a delta that lists nothing keeps it valid", {.others = 3}, {.number = 12, .base = 10}, false, 0, VALID, "delta",
		REVOCATION_VALID},
	{"a delta brings a revocation", {.others = 3}, {.number = 12, .base = 10, .leaf = LISTED_REVOKED}, false, 0, GONE_NOW,
		"delta", REVOCATION_INVALID},
	{"a delta takes a hold away", {.leaf = LISTED_HOLD}, {.number = 12, .base = 10, .leaf = LISTED_REMOVED}, false, 0, VALID,
		"delta", REVOCATION_VALID},
	{"a revocation of the base stays when the delta is silent", {.leaf = LISTED_REVOKED}, {.number = 12,
		.base = 10}, false, 0,
		GONE_NOW, "crl", REVOCATION_INVALID},
	{"an older base of the delta is as good", {.number = 11}, {.number = 12, .base = 10}, false, 0, VALID, "delta",
		REVOCATION_VALID},
	{"a delta of a later base says that this base is behind", {.number = 9}, {.number = 12, .base = 10}, false, 0,
		CANNOT(BASE), "", REVOCATION_VALID},
	{"such a delta takes no hold away", {.number = 9, .leaf = LISTED_HOLD},
		{.number = 12, .base = 10, .leaf = LISTED_REMOVED}, false, 0, HELD, "crl", REVOCATION_INVALID},
	{"what such a delta lists is revoked", {.number = 9}, {.number = 12, .base = 10, .leaf = LISTED_REVOKED}, false, 0,
		GONE_NOW, "delta", REVOCATION_INVALID},
	{"a delta that is older than the list brings nothing", {.number = 12, .leaf = LISTED_HOLD},
		{.number = 11, .base = 10, .leaf = LISTED_REMOVED}, false, 0, HELD, "crl", REVOCATION_INVALID},
	{"an old hold of such a delta neither", {.number = 12}, {.number = 11, .base = 10, .leaf = LISTED_HOLD}, false, 0, VALID,
		"crl", REVOCATION_VALID},
	{"a list without number has no delta", {.no_number = true}, {.number = 12, .base = 10}, false, 0, CANNOT(BASE), "",
		REVOCATION_VALID},
	{"a stale delta takes no hold away", {.leaf = LISTED_HOLD},
		{.number = 12, .base = 10, .leaf = LISTED_REMOVED, .next_ms = T0 - MINUTE * 5}, false, 0, HELD, "crl",
		REVOCATION_VALID},
	{"a stale base with a fresh delta is stale", {.next_ms = T0 - MINUTE * 5}, {.number = 12, .base = 10}, false, 0,
		CANNOT(STALE), "", REVOCATION_VALID},
	{"a forged delta is as if it were not there", {.leaf = LISTED_HOLD},
		{.number = 12, .base = 10, .leaf = LISTED_REMOVED, .tampered = true}, false, 0, HELD, "crl", REVOCATION_INVALID},
	{"a delta without its base", {.number = 0}, {.number = 12, .base = 10}, true, 0, CANNOT(BASE), NOTHING},
	{"a revocation in a delta without its base", {.number = 0}, {.number = 12, .base = 10, .leaf = LISTED_REVOKED}, true, 0,
		GONE_NOW, "delta", REVOCATION_INVALID},
	{"no octets at all", {.number = 0}, NO_DELTA, true, 0, CANNOT(BROKEN), NOTHING},
};

static bool list_row_holds(const struct list_row *row)
{
	struct revocation_source s = source(&world);
	struct revocation_answer a;
	struct buf crl = row->no_crl ? BUF(1) : list_make(&world, &row->crl);
	struct buf delta = row->delta.base ? list_make(&world, &row->delta) : BUF(1);
	bool right;

	revocation_judge_crl(&s, der_of(&world.leaf), buf_bytes(&crl), buf_bytes(&delta), T0 + row->now_ms, SKEW, &a);
	right = a.verdict == row->verdict && a.reason == row->reason && strcmp(a.source, row->source) == 0 &&
		a.last == row->last;
	if (!right)
		print_message("%s: %s: verdict %d, %s, by '%s', last %d\n", kind_name, row->name, (int)a.verdict,
			revocation_reason_text(a.reason), a.source, (int)a.last);
	buf_free(&crl);
	buf_free(&delta);
	return right;
}

static void each_list_has_its_verdict(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(list_rows); i++) /* a national key signs with the national digest alone */
		wrong += !(list_rows[i].crl.sha1 && strcmp(kind_name, "GOST") == 0) && !list_row_holds(&list_rows[i]);
	assert_int_equal(wrong, 0);
}

static void a_list_of_a_distribution_point_needs_a_certificate_that_names_it(void **state)
{
	static const struct list one = {.scope = "critical,fullname:URI:" POINT};
	struct revocation_source s = source(&world);
	struct revocation_answer a;
	struct buf crl = list_make(&world, &one);

	(void)state;
	revocation_judge_crl(&s, der_of(&world.other_leaf), buf_bytes(&crl), BYTES_NONE, T0, SKEW, &a);
	assert_int_equal(a.verdict, REVOCATION_UNKNOWN);
	assert_int_equal(a.reason, REVOCATION_BROKEN);
	buf_free(&crl);
}

static void a_damaged_list_is_never_valid(void **state)
{
	static const struct list gone = {.leaf = LISTED_REVOKED, .others = 2};
	struct revocation_source s = source(&world);
	struct revocation_answer a;
	struct buf octets = list_make(&world, &gone);

	(void)state;
	for (size_t n = 0; n < octets.len; n += 2) {
		octets.data[n] ^= 0x21;
		revocation_judge_crl(&s, der_of(&world.leaf), buf_bytes(&octets), BYTES_NONE, T0, SKEW, &a);
		assert_int_not_equal(a.verdict, REVOCATION_VALID);
		octets.data[n] ^= 0x21;
		revocation_judge_crl(
			&s, der_of(&world.leaf), bytes_sub(buf_bytes(&octets), 0, n), BYTES_NONE, T0, SKEW, &a);
		assert_int_equal(a.verdict, REVOCATION_UNKNOWN);
	}
	buf_free(&octets);
}

static void every_reason_has_its_own_words(void **state)
{
	(void)state;
	for (int i = 0; i < REVOCATION_REASON_COUNT; i++) {
		assert_true(strncmp(revocation_reason_text((enum revocation_reason)i), "revocation.", 11) == 0);
		assert_true(strlen(revocation_reason_says((enum revocation_reason)i)) > 10);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(revocation_reason_text((enum revocation_reason)i),
				revocation_reason_text((enum revocation_reason)k));
	}
}

static int run(enum kind kind, const char *name)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_response_has_its_verdict),
		cmocka_unit_test(an_answer_carries_what_was_said),
		cmocka_unit_test(a_certificate_of_another_authority_has_no_source),
		cmocka_unit_test(a_damaged_response_is_never_valid),
		cmocka_unit_test(each_list_has_its_verdict),
		cmocka_unit_test(a_list_of_a_distribution_point_needs_a_certificate_that_names_it),
		cmocka_unit_test(a_damaged_list_is_never_valid),
		cmocka_unit_test(every_reason_has_its_own_words),
	};
	int failed;

	kind_name = name;
	world_make(&world, kind);
	failed = cmocka_run_group_tests_name(name, tests, NULL, NULL);
	world_drop(&world);
	return failed;
}

int main(void)
{
	if (!crypto_init(NULL, NULL).ok)
		return 1;
	return run(KIND_EC, "P-256") + run(KIND_RSA, "RSA") + run(KIND_GOST, "GOST");
}
