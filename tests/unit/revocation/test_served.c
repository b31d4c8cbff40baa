/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_served - the room asks the authority for tests, in each kind of keys, with each of its troubles. */
#include "../cm.h"

#include "../served.h"
#include "crypto/crypto.h"
#include "revocation/revocation.h"

enum way { BY_OCSP, BY_CRL, BY_DELTA };

static const struct row {
	const char *name, *service, *trouble, *certificate;
	enum way way;
	enum revocation_reason reason;
	const char *source;
} rows[] = {
	{"good by OCSP", "ocsp", "none", "gateway", BY_OCSP, REVOCATION_GOOD, "ocsp"},
	{"revoked by OCSP", "ocsp", "none", "revoked", BY_OCSP, REVOCATION_REVOKED, "ocsp"},
	{"held by OCSP", "ocsp", "none", "on-hold", BY_OCSP, REVOCATION_HOLD, "ocsp"},
	{"of another authority", "ocsp", "none", "attacker-own-ca", BY_OCSP, REVOCATION_NO_SOURCE, ""},
	{"OCSP down", "ocsp", "down", "gateway", BY_OCSP, REVOCATION_UNREACHABLE, NULL},
	{"OCSP empty", "ocsp", "empty", "gateway", BY_OCSP, REVOCATION_BROKEN, NULL},
	{"OCSP slow", "ocsp", "slow", "gateway", BY_OCSP, REVOCATION_UNREACHABLE, NULL},
	{"CRL slow", "crl", "slow", "gateway", BY_CRL, REVOCATION_UNREACHABLE, NULL},
	{"OCSP says later", "ocsp", "try-later", "gateway", BY_OCSP, REVOCATION_TRY_LATER, NULL},
	{"OCSP refuses", "ocsp", "refused", "gateway", BY_OCSP, REVOCATION_REFUSED, NULL},
	{"OCSP without nonce", "ocsp", "no-nonce", "gateway", BY_OCSP, REVOCATION_NONCE, NULL},
	{"OCSP with a wrong nonce", "ocsp", "wrong-nonce", "gateway", BY_OCSP, REVOCATION_NONCE, NULL},
	{"OCSP by one not meant for it", "ocsp", "wrong-signer", "gateway", BY_OCSP, REVOCATION_SIGNER, NULL},
	{"OCSP by the attacker", "ocsp", "forged", "revoked", BY_OCSP, REVOCATION_SIGNER, NULL},
	{"OCSP stale", "ocsp", "stale", "gateway", BY_OCSP, REVOCATION_STALE, NULL},
	{"OCSP about another", "ocsp", "other", "gateway", BY_OCSP, REVOCATION_BROKEN, NULL},
	{"good by CRL", "crl", "none", "gateway", BY_CRL, REVOCATION_GOOD, "crl"},
	{"revoked by CRL", "crl", "none", "revoked", BY_CRL, REVOCATION_REVOKED, "crl"},
	{"held by CRL", "crl", "none", "on-hold", BY_CRL, REVOCATION_HOLD, "crl"},
	{"CRL down", "crl", "down", "gateway", BY_CRL, REVOCATION_UNREACHABLE, NULL},
	{"CRL empty", "crl", "empty", "gateway", BY_CRL, REVOCATION_BROKEN, NULL},
	{"CRL forged", "crl", "forged", "revoked", BY_CRL, REVOCATION_SIGNER, NULL},
	{"CRL stale", "crl", "stale", "gateway", BY_CRL, REVOCATION_STALE, NULL},
	{"the list of yesterday", "crl", "lagging", "permits", BY_CRL, REVOCATION_GOOD, "crl"},
	{"the list of yesterday and its delta", "crl", "lagging", "permits", BY_DELTA, REVOCATION_REVOKED, "delta"},
};

/* A room of its own, so that nothing is remembered. */
static void check(struct served *s, const char *issuer, const struct row *row, struct revocation_answer *out)
{
	char ocsp[128], crl[128], delta[128], directory[128];
	struct bytes authority = served_der(s, issuer), der = served_der(s, row->certificate);
	bool slow = row->trouble && strcmp(row->trouble, "slow") == 0;
	const struct revocation_source source = {
		.issuer = authority,
		.sha256 = true,
		.nonce_needed = true,
		.ocsp = row->way == BY_OCSP ? ocsp : NULL,
		.crl = row->way == BY_OCSP ? NULL : crl,
		.delta = row->way == BY_DELTA ? delta : NULL,
	};
	const struct revocation_settings settings = {
		.directory = directory,
		.sources = &source,
		.source_count = 1,
		.refresh_ms = 60000,
		.crl_refresh_ms = 60000,
		.deadline_ms = slow ? 200 : 30000,
		.skew_ms = 2000,
		.watched_most = 16,
		.crl_bytes = 1 << 20,
	};
	struct revocation *room = NULL;
	struct err e = {.detail = ""};

	snprintf(ocsp, sizeof(ocsp), "%s/ocsp", s->url);
	snprintf(crl, sizeof(crl), "%s/crl/%s.crl", s->url, issuer);
	snprintf(delta, sizeof(delta), "%s/crl/%s_d.crl", s->url, issuer);
	snprintf(directory, sizeof(directory), "%s/room.XXXXXX", s->home);
	assert_non_null(mkdtemp(directory));
	if (!revocation_start(&settings, &room, &e).ok)
		fail_msg("%s", e.detail);
	revocation_check(room, der, stamp_now().ms, out, NULL);
	revocation_stop(&room);
	OPENSSL_free((void *)(uintptr_t)authority.p);
	OPENSSL_free((void *)(uintptr_t)der.p);
}

static void expect(struct served *s, const char *issuer, const struct row *row)
{
	struct revocation_answer a;

	check(s, issuer, row, &a);
	if (a.reason != row->reason || (row->source && strcmp(a.source, row->source) != 0))
		fail_msg("%s: %s from '%s'", row->name, revocation_reason_text(a.reason), a.source);
}

static void each_trouble(void **state)
{
	struct served s;

	served_start(&s, *state);
	served_command(&s, "revoke", "permits", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		served_command(&s, "trouble", rows[i].service, rows[i].trouble, "60000", NULL);
		expect(&s, "issuing", &rows[i]);
		served_command(&s, "trouble", rows[i].service, "none", NULL);
	}
	served_stop(&s);
}

static void revoked_and_lifted(void **state)
{
	static const struct row held = {"held", NULL, NULL, "department", BY_OCSP, REVOCATION_HOLD, "ocsp"};
	static const struct row lifted = {"lifted", NULL, NULL, "department", BY_OCSP, REVOCATION_GOOD, "ocsp"};
	static const struct row old = {"GOST 2004", NULL, NULL, "department-2004", BY_OCSP, REVOCATION_GOOD, "ocsp"};
	static const struct row gone = {"GOST 2004, revoked", NULL, NULL, "department-2004", BY_CRL, REVOCATION_REVOKED, "crl"};
	struct served s;

	(void)state;
	served_start(&s, "gost");
	served_command(&s, "revoke", "department", "--reason", "hold", NULL);
	expect(&s, "issuing", &held);
	served_command(&s, "unrevoke", "department", NULL);
	expect(&s, "issuing", &lifted);
	expect(&s, "issuing-2004", &old);
	served_command(&s, "revoke", "department-2004", NULL);
	expect(&s, "issuing-2004", &gone);
	served_stop(&s);
}

int main(void)
{
	static char gost[] = "gost", ec[] = "ec";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(each_trouble, gost),
		cmocka_unit_test_prestate(each_trouble, ec),
		cmocka_unit_test(revoked_and_lifted),
	};
	struct err e;

	if (!crypto_init(NULL, &e).ok)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
