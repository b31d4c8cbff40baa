/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_room - the running room against responders that answer, fail, lie and hang. */
#include "responder.h"

static struct world world;

#define GONE .says = V_OCSP_CERTSTATUS_REVOKED

static const struct row {
	const char *name;
	struct desk ocsp;
	bool nonce_needed, short_deadline;
	enum revocation_verdict verdict;
	enum revocation_reason reason;
} rows[] = {
	{"a good answer", {.act = ACT_ANSWER}, true, false, REVOCATION_VALID, REVOCATION_GOOD},
	{"a raw nonce", {.response = {.nonce = NONCE_RAW}}, true, false, REVOCATION_VALID, REVOCATION_GOOD},
	{"a delegate", {.response = {.signer = BY_DELEGATE}}, true, false, REVOCATION_VALID, REVOCATION_GOOD},
	{"revoked", {.response = {GONE}}, true, false, REVOCATION_INVALID, REVOCATION_REVOKED},
	{"held", {.response = {GONE, .why = CRL_REASON_CERTIFICATE_HOLD}}, true, false, REVOCATION_INVALID, REVOCATION_HOLD},
	{"tryLater", {.response = {.status = OCSP_RESPONSE_STATUS_TRYLATER}}, true, false, REVOCATION_UNKNOWN,
		REVOCATION_TRY_LATER},
	{"unauthorized", {.response = {.status = OCSP_RESPONSE_STATUS_UNAUTHORIZED}}, true, false, REVOCATION_UNKNOWN,
		REVOCATION_REFUSED},
	{"unknown", {.response = {.says = V_OCSP_CERTSTATUS_UNKNOWN}}, true, false, REVOCATION_UNKNOWN, REVOCATION_REFUSED},
	{"a wrong nonce", {.response = {.nonce = NONCE_WRONG}}, false, false, REVOCATION_UNKNOWN, REVOCATION_NONCE},
	{"no nonce, and it is needed", {.response = {.nonce = NONCE_NONE}}, true, false, REVOCATION_UNKNOWN, REVOCATION_NONCE},
	{"no nonce, and it is tolerated", {.response = {.nonce = NONCE_NONE}}, false, false, REVOCATION_VALID, REVOCATION_GOOD},
	{"a wrong signer", {.response = {.signer = BY_OTHER_CA}}, true, false, REVOCATION_UNKNOWN, REVOCATION_SIGNER},
	{"another certificate", {.response = {.about_other = true}}, true, false, REVOCATION_UNKNOWN, REVOCATION_BROKEN},
	{"stale", {.response = {.this_ms = T0 - DAY, .next_ms = T0 - HOUR}}, true, false, REVOCATION_UNKNOWN, REVOCATION_STALE},
	{"from the future", {.response = {.this_ms = T0 + DAY}}, true, false, REVOCATION_UNKNOWN, REVOCATION_STALE},
	{"HTTP status 500", {.act = ACT_STATUS}, true, false, REVOCATION_UNKNOWN, REVOCATION_UNREACHABLE},
	{"an empty answer", {.act = ACT_EMPTY}, true, false, REVOCATION_UNKNOWN, REVOCATION_BROKEN},
	{"no HTTP", {.act = ACT_NOT_HTTP}, true, false, REVOCATION_UNKNOWN, REVOCATION_UNREACHABLE},
	{"a closed connection", {.act = ACT_CLOSE}, true, false, REVOCATION_UNKNOWN, REVOCATION_UNREACHABLE},
	{"a page instead", {.act = ACT_OCTETS, .octets = {(const unsigned char *)"<html>", 6}}, true, false, REVOCATION_UNKNOWN,
		REVOCATION_BROKEN},
	{"an answer without end", {.act = ACT_ENDLESS}, true, false, REVOCATION_UNKNOWN, REVOCATION_BROKEN},
	{"an answer that stops", {.act = ACT_DRIP}, true, true, REVOCATION_UNKNOWN, REVOCATION_UNREACHABLE},
	{"no answer", {.act = ACT_HANG}, true, true, REVOCATION_UNKNOWN, REVOCATION_UNREACHABLE},
};

static bool row_holds(const struct row *row)
{
	struct responder *r = responder_start(&world);
	struct revocation_answer first, a, asked;
	struct stage s;
	bool right;

	stage_set(&s, &world, r->port);
	s.source.nonce_needed = row->nonce_needed;
	if (row->short_deadline)
		s.settings.deadline_ms = 1000; /* the question has to arrive */
	desk_set(r, DESK_OCSP, (struct desk){.act = ACT_HANG});
	desk_set(r, DESK_OCSP, row->ocsp);
	stage_start(&s);
	a = stage_check(&s, &world.leaf);
	asked = stage_ask(&s, &world.leaf);
	first = stage_ask(&s, &world.elsewhere); /* of an authority without source */
	right = a.verdict == row->verdict && a.reason == row->reason && asked.verdict == a.verdict && asked.reason == a.reason &&
		first.reason == REVOCATION_NO_SOURCE && desk_asked(r, DESK_OCSP) >= 1;
	if (!right)
		print_message("%s: verdict %d, %s; %d requests\n", row->name, (int)a.verdict, revocation_reason_text(a.reason),
			desk_asked(r, DESK_OCSP));
	responder_open_gate(r);
	stage_end(&s);
	responder_stop(&r);
	return right;
}

static void each_behaviour_has_its_verdict(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		wrong += !row_holds(&rows[i]);
	assert_int_equal(wrong, 0);
}

static void a_responder_that_is_down_is_unreachable(void **state)
{
	struct responder *r = responder_start(&world);
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	responder_stop(&r); /* nobody listens there any more */
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).reason, REVOCATION_UNREACHABLE);
	stage_end(&s);
}

static void the_request_is_what_responders_expect(void **state)
{
	struct responder *r = responder_start(&world);
	struct stage s;

	(void)state;
	for (int sha256 = 0; sha256 < 2; sha256++) {
		const unsigned char *p;
		OCSP_REQUEST *request;
		OCSP_CERTID *id;
		const ASN1_OCTET_STRING *nonce;

		stage_set(&s, &world, r->port);
		s.source.sha256 = sha256 == 1;
		stage_start(&s);
		stage_check(&s, &world.leaf);
		stage_end(&s);
		assert_non_null(memmem(r->last, r->last_n, "\r\nContent-Type: application/ocsp-request\r\n", 42));
		assert_non_null(memmem(r->last, r->last_n, "\r\nAccept: application/ocsp-response\r\n", 37));
		p = (unsigned char *)memmem(r->last, r->last_n, "\r\n\r\n", 4) + 4;
		request = d2i_OCSP_REQUEST(NULL, &p, (long)(r->last + r->last_n - p));
		assert_non_null(request);
		assert_int_equal(OCSP_request_onereq_count(request), 1);
		id = OCSP_cert_to_id(sha256 ? EVP_sha256() : EVP_sha1(), world.leaf.x509, world.ca.x509);
		assert_int_equal(OCSP_id_cmp(id, OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0))), 0);
		nonce = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(
			request, OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1)));
		assert_int_equal(ASN1_STRING_length(nonce), 18);
		assert_int_equal(ASN1_STRING_get0_data(nonce)[0], V_ASN1_OCTET_STRING);
		assert_int_equal(ASN1_STRING_get0_data(nonce)[1], 16);
		OCSP_CERTID_free(id);
		OCSP_REQUEST_free(request);
	}
	responder_stop(&r);
}

/* Every responder hangs until all questions have been answered: the gate opens after the last of them, so an answer that
 * waited for a responder would never come. */
static void a_question_waits_for_no_responder(void **state)
{
	struct responder *r = responder_start(&world);
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	s.source.crl = s.crl;
	s.source.delta = s.delta;
	for (int i = 0; i < 3; i++)
		desk_set(r, i, (struct desk){.act = ACT_HANG});
	stage_start(&s);
	assert_int_equal(stage_ask(&s, &world.leaf).reason, REVOCATION_NOT_ASKED);
	desk_wait(r, DESK_OCSP, 1); /* all three hang now */
	desk_wait(r, DESK_CRL, 1);
	desk_wait(r, DESK_DELTA, 1);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(stage_ask(&s, &world.leaf).verdict, REVOCATION_UNKNOWN);
		assert_int_equal(stage_ask(&s, &world.other_leaf).verdict, REVOCATION_UNKNOWN);
	}
	desk_wait(r, DESK_OCSP, 2);
	assert_false(r->open_gate);
	responder_open_gate(r);
	stage_end(&s);
	responder_stop(&r);
}

/* A responder that hangs, with more certificates than it gets questions at once, keeps nobody from another one. */
static void a_responder_that_hangs_holds_its_own_line_alone(void **state)
{
	enum { LEAVES = 20 };
	struct responder *slow = responder_start(&world), *quick;
	static struct world second;
	struct identity leaves[LEAVES];
	struct revocation_source both[2];
	char url[64];
	struct stage s;

	(void)state;
	world_make(&second, KIND_EC);
	quick = responder_start(&second);
	stage_set(&s, &world, slow->port);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/ocsp", quick->port);
	both[0] = s.source;
	both[1] = (struct revocation_source){.issuer = der_of(&second.ca), .ocsp = url};
	s.settings.sources = both;
	s.settings.source_count = 2;
	desk_set(slow, DESK_OCSP, (struct desk){.act = ACT_HANG});
	stage_start(&s);
	for (long i = 0; i < LEAVES; i++) {
		struct form f = {"Many", 3000 + i, USER_USAGE, NULL, NULL, 0, 0};

		leaves[i] = identity_new(KIND_EC, &f, &world.ca);
		assert_int_equal(stage_ask(&s, &leaves[i]).verdict, REVOCATION_UNKNOWN);
	}
	desk_wait(slow, DESK_OCSP, 8);
	assert_int_equal(stage_check(&s, &second.leaf).verdict, REVOCATION_VALID);
	assert_int_equal(desk_asked(slow, DESK_OCSP), 8); /* and no more at once */
	responder_open_gate(slow);
	stage_end(&s);
	responder_stop(&slow);
	responder_stop(&quick);
	for (int i = 0; i < LEAVES; i++)
		identity_free(&leaves[i]);
	world_drop(&second);
}

static struct buf crl_of(enum listed leaf, long number, int64_t this_ms)
{
	return list_make(&world, &(struct list){.number = number, .leaf = leaf, .this_ms = this_ms, .next_ms = this_ms + DAY});
}

static struct buf delta_of(enum listed leaf, long number, long base, int64_t this_ms)
{
	return list_make(&world,
		&(struct list){.number = number, .base = base, .leaf = leaf, .this_ms = this_ms, .next_ms = this_ms + DAY});
}

static struct desk octets(const struct buf *b)
{
	return (struct desk){.act = ACT_OCTETS, .octets = buf_bytes(b)};
}

/* What OCSP does, what the lists say, and what follows. */
static const struct both {
	const char *name;
	struct desk ocsp;
	enum listed crl, delta;
	enum revocation_verdict verdict;
	enum revocation_reason reason;
	const char *source;
} boths[] = {
	{"both good: OCSP answers", {.act = ACT_ANSWER}, LISTED_NOT, LISTED_NOT, REVOCATION_VALID, REVOCATION_GOOD, "ocsp"},
	{"OCSP revoked", {.response = {GONE}}, LISTED_NOT, LISTED_NOT, REVOCATION_INVALID, REVOCATION_REVOKED, "ocsp"},
	{"OCSP good, the list knows a revocation", {.act = ACT_ANSWER}, LISTED_REVOKED, LISTED_NOT, REVOCATION_INVALID,
		REVOCATION_REVOKED, "crl"},
	{"OCSP good, the delta knows a revocation", {.act = ACT_ANSWER}, LISTED_NOT, LISTED_REVOKED, REVOCATION_INVALID,
		REVOCATION_REVOKED, "delta"},
	{"OCSP asks to try later: the delta answers", {.response = {.status = 3}}, LISTED_NOT, LISTED_NOT, REVOCATION_VALID,
		REVOCATION_GOOD, "delta"},
	{"OCSP is silent: a hold of the list", {.act = ACT_CLOSE}, LISTED_HOLD, LISTED_NOT, REVOCATION_INVALID, REVOCATION_HOLD,
		"crl"},
	{"OCSP is silent: a hold that the delta took away", {.act = ACT_CLOSE}, LISTED_HOLD, LISTED_REMOVED, REVOCATION_VALID,
		REVOCATION_GOOD, "delta"},
	{"OCSP is forged: the list answers", {.response = {.signer = BY_OTHER_CA}}, LISTED_REVOKED, LISTED_NOT,
		REVOCATION_INVALID, REVOCATION_REVOKED, "crl"},
};

static void ocsp_and_lists_go_together(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(boths); i++) {
		const struct both *b = &boths[i];
		struct responder *r = responder_start(&world);
		struct buf crl = crl_of(b->crl, 10, T0 - HOUR), delta = delta_of(b->delta, 12, 10, T0 - MINUTE);
		struct revocation_answer a;
		struct stage s;

		stage_set(&s, &world, r->port);
		s.source.crl = s.crl;
		s.source.delta = s.delta;
		desk_set(r, DESK_OCSP, b->ocsp);
		desk_set(r, DESK_CRL, octets(&crl));
		desk_set(r, DESK_DELTA, octets(&delta));
		stage_start(&s);
		a = stage_check(&s, &world.leaf);
		if (a.verdict != b->verdict || a.reason != b->reason || strcmp(a.source, b->source) != 0) {
			print_message("%s: verdict %d, %s, by '%s'\n", b->name, (int)a.verdict, revocation_reason_text(a.reason),
				a.source);
			wrong++;
		}
		stage_end(&s);
		responder_stop(&r);
		buf_free(&crl);
		buf_free(&delta);
	}
	assert_int_equal(wrong, 0);
}

static void a_list_that_fails_leaves_the_known_one(void **state)
{
	static const enum act acts[] = {ACT_EMPTY, ACT_STATUS, ACT_CLOSE, ACT_NOT_HTTP, ACT_ENDLESS};
	struct responder *r = responder_start(&world);
	struct buf crl = crl_of(LISTED_REVOKED, 10, T0 - HOUR), forged;
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	s.source.ocsp = NULL;
	s.source.crl = s.crl;
	s.settings.crl_bytes = 100000;
	desk_set(r, DESK_CRL, octets(&crl));
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).reason, REVOCATION_REVOKED);
	for (size_t i = 0; i < COUNT(acts); i++) {
		desk_set(r, DESK_CRL, (struct desk){.act = acts[i]});
		assert_int_equal(stage_check(&s, &world.leaf).reason, REVOCATION_REVOKED);
	}
	forged = list_make(&world, &(struct list){.number = 11, .by_other_ca = true});
	desk_set(r, DESK_CRL, octets(&forged));
	assert_int_equal(stage_check(&s, &world.leaf).reason, REVOCATION_REVOKED);
	assert_int_equal(desk_asked(r, DESK_CRL), 7);
	atomic_store(&clock_ms, T0 + 2 * DAY); /* and at last it counts no more */
	assert_int_equal(stage_ask(&s, &world.leaf).reason, REVOCATION_SIGNER);
	assert_int_equal(stage_ask(&s, &world.leaf).last, REVOCATION_INVALID);
	stage_end(&s);
	responder_stop(&r);
	buf_free(&crl);
	buf_free(&forged);
}

/* Property: what is older than what is known never takes its place, and nothing that is not signed does. */
static void what_is_older_never_replaces_what_is_known(void **state)
{
	struct responder *r = responder_start(&world);
	struct buf old = crl_of(LISTED_NOT, 9, T0 - 2 * HOUR), lower = crl_of(LISTED_NOT, 9, T0);
	struct buf crl = crl_of(LISTED_REVOKED, 10, T0 - HOUR);
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	desk_set(r, DESK_OCSP, (struct desk){.response = {GONE, .this_ms = T0 - HOUR, .next_ms = T0 + DAY}});
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
	for (int64_t back = 1; back <= 64; back *= 2) { /* good, signed, with the right nonce - and older */
		desk_set(r, DESK_OCSP, (struct desk){.response = {.this_ms = T0 - HOUR - back * 1000, .next_ms = T0 + DAY}});
		assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
	}
	desk_set(r, DESK_OCSP, (struct desk){.response = {.this_ms = T0 - HOUR, .next_ms = T0 + DAY}});
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID); /* as old is not newer */
	desk_set(r, DESK_OCSP, (struct desk){.response = {.signer = BY_STRANGER}});
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
	desk_set(r, DESK_OCSP, (struct desk){.response = {.next_ms = T0 + DAY}});
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_VALID); /* newer, and signed */
	stage_end(&s);

	stage_set(&s, &world, r->port);
	s.source.ocsp = NULL;
	s.source.crl = s.crl;
	desk_set(r, DESK_CRL, octets(&crl));
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
	desk_set(r, DESK_CRL, octets(&old));
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
	desk_set(r, DESK_CRL, octets(&lower));
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
	stage_end(&s);
	responder_stop(&r);
	buf_free(&old);
	buf_free(&lower);
	buf_free(&crl);
}

/* When nobody can tell any more, the last word is a revocation for good, else the newer of the two answers. */
static void a_revocation_is_the_last_word(void **state)
{
	static const struct {
		int why;
		enum revocation_verdict last;
	} lasts[] = {{0, REVOCATION_INVALID}, {CRL_REASON_CERTIFICATE_HOLD, REVOCATION_VALID}};

	(void)state;
	for (size_t i = 0; i < COUNT(lasts); i++) {
		struct responder *r = responder_start(&world);
		struct buf crl = crl_of(LISTED_NOT, 10, T0 - MINUTE);
		struct revocation_answer a;
		struct stage s;

		stage_set(&s, &world, r->port);
		s.source.crl = s.crl;
		desk_set(r, DESK_OCSP, (struct desk){.response = {GONE, .why = lasts[i].why, .this_ms = T0 - 5 * MINUTE}});
		desk_set(r, DESK_CRL, octets(&crl));
		stage_start(&s);
		assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_INVALID);
		desk_set(r, DESK_OCSP, (struct desk){.act = ACT_CLOSE});
		desk_set(r, DESK_CRL, (struct desk){.act = ACT_CLOSE});
		atomic_store(&clock_ms, T0 + 5 * DAY);
		a = stage_ask(&s, &world.leaf);
		assert_int_equal(a.verdict, REVOCATION_UNKNOWN);
		assert_int_equal(a.last, lasts[i].last);
		stage_end(&s);
		responder_stop(&r);
		buf_free(&crl);
	}
}

static void the_room_asks_again_by_itself(void **state)
{
	struct responder *r = responder_start(&world);
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	desk_set(r, DESK_OCSP, (struct desk){.response = {.status = OCSP_RESPONSE_STATUS_TRYLATER}});
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).reason, REVOCATION_TRY_LATER);
	desk_set(r, DESK_OCSP, (struct desk){.response = {.next_ms = T0 + HOUR}});
	atomic_fetch_add(&clock_ms, 2000); /* the first wait is a second at most */
	desk_wait(r, DESK_OCSP, 2);
	while (stage_ask(&s, &world.leaf).verdict != REVOCATION_VALID) /* it is on its way; ctest bounds the time */
		usleep(1000);
	desk_set(r, DESK_OCSP, (struct desk){.response = {GONE, .this_ms = T0 + 11 * MINUTE}});
	atomic_fetch_add(&clock_ms, 11 * MINUTE);
	desk_wait(r, DESK_OCSP, 3); /* refreshed before nextUpdate */
	while (stage_ask(&s, &world.leaf).verdict != REVOCATION_INVALID)
		usleep(1000);
	stage_end(&s);
	responder_stop(&r);
}

static void a_full_room_forgets_who_was_asked_about_longest_ago(void **state)
{
	struct responder *r = responder_start(&world);
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	s.settings.watched_most = 1;
	stage_start(&s);
	assert_int_equal(stage_check(&s, &world.leaf).verdict, REVOCATION_VALID);
	desk_set(r, DESK_OCSP, (struct desk){.response = {.about_other = true}});
	assert_int_equal(stage_check(&s, &world.other_leaf).verdict, REVOCATION_VALID);
	assert_int_equal(stage_ask(&s, &world.leaf).reason, REVOCATION_NOT_ASKED);
	stage_end(&s);
	responder_stop(&r);
}

static void what_is_no_certificate_has_no_source(void **state)
{
	static const unsigned char digest[32] = {1};
	struct responder *r = responder_start(&world);
	struct revocation_answer a;
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	stage_start(&s);
	revocation_ask(s.room, BYTES_LIT("nothing"), digest, T0, &a);
	assert_int_equal(a.reason, REVOCATION_NO_SOURCE);
	revocation_check(s.room, BYTES_LIT("nothing"), T0, &a, NULL);
	assert_int_equal(a.reason, REVOCATION_NO_SOURCE);
	stage_end(&s);
	responder_stop(&r);
}

static void a_check_says_its_steps(void **state)
{
	struct responder *r = responder_start(&world);
	SCOPED(buf_free) struct buf words = BUF(4096), crl = crl_of(LISTED_NOT, 10, T0 - HOUR);
	struct revocation_answer a;
	struct stage s;

	(void)state;
	stage_set(&s, &world, r->port);
	s.source.crl = s.crl;
	desk_set(r, DESK_OCSP, (struct desk){.response = {.status = OCSP_RESPONSE_STATUS_TRYLATER}});
	desk_set(r, DESK_CRL, octets(&crl));
	stage_start(&s);
	revocation_check(s.room, der_of(&world.leaf), T0, &a, &words);
	assert_non_null(strstr(buf_cstr(&words), "/ocsp: The responder asks to try later"));
	assert_non_null(strstr(buf_cstr(&words), "/crl: answered\n"));
	assert_non_null(strstr(buf_cstr(&words), "verdict: valid (revocation.good) by crl, as of 2026-05-"));
	stage_end(&s);
	responder_stop(&r);
}

static void a_source_without_certificate_is_refused(void **state)
{
	struct err e = {.reason = REASON_NONE};
	struct stage s;

	(void)state;
	stage_set(&s, &world, 1);
	s.source.issuer = BYTES_LIT("nothing");
	assert_false(revocation_start(&s.settings, &s.room, &e).ok);
	assert_int_equal(e.reason, REASON_CONFIG);
	assert_null(s.room);
	s.source.issuer = der_of(&world.ca);
	s.settings.directory = "/proc/no/such/folder";
	assert_false(revocation_start(&s.settings, &s.room, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
	folder_drop(s.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_behaviour_has_its_verdict),
		cmocka_unit_test(a_responder_that_is_down_is_unreachable),
		cmocka_unit_test(the_request_is_what_responders_expect),
		cmocka_unit_test(a_question_waits_for_no_responder),
		cmocka_unit_test(a_responder_that_hangs_holds_its_own_line_alone),
		cmocka_unit_test(ocsp_and_lists_go_together),
		cmocka_unit_test(a_list_that_fails_leaves_the_known_one),
		cmocka_unit_test(what_is_older_never_replaces_what_is_known),
		cmocka_unit_test(a_revocation_is_the_last_word),
		cmocka_unit_test(the_room_asks_again_by_itself),
		cmocka_unit_test(a_full_room_forgets_who_was_asked_about_longest_ago),
		cmocka_unit_test(what_is_no_certificate_has_no_source),
		cmocka_unit_test(a_check_says_its_steps),
		cmocka_unit_test(a_source_without_certificate_is_refused),
	};
	int failed;

	world_make(&world, KIND_EC);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	world_drop(&world);
	return failed;
}
