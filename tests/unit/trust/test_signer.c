/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates that may be of nobody: persons who sign inside data. */
#include "pki.h"

#include "trust/trust_int.h"

#define STRANGER "CN=X Y|serialNumber=IIN900202300018"

static const struct conf_participant department = {
	.name = "department", .issuer = PKI "issuing.crt", .bin = DEPARTMENT_BIN};
/* An authority that the configuration knows only as the issuer of one participant. */
static const struct conf_participant foreign = {
	.name = "foreign", .issuer = PKI "attacker-ca.crt", .bin = OTHER_BIN};
static const char *const pinned_files[] = {PKI "attacker-own-ca.crt"};
static const struct conf_participant pinned = {.name = "pinned", .certificates = {pinned_files, 1}};

static struct trust *usual_trust(void)
{
	struct trust *t = trust_new();
	struct err e;

	assert_reason("root", trust_add_authority(t, PKI "root.crt", &e), &e, REASON_NONE);
	assert_reason("department", trust_add_participant(t, &department, &e), &e, REASON_NONE);
	assert_reason("foreign", trust_add_participant(t, &foreign, &e), &e, REASON_NONE);
	assert_reason("pinned", trust_add_participant(t, &pinned, &e), &e, REASON_NONE);
	return t;
}

static const struct {
	const char *name, *file;
	enum reason wanted;
	const struct conf_participant *owner;
	enum reason as_participant; /* by trust_find_der */
} rows[] = {
	{"a person of nobody", "person.crt", REASON_NONE, NULL, REASON_CERT_OWNER},
	{"a system of nobody", "other-system.crt", REASON_NONE, NULL, REASON_CERT_OWNER},
	{"a system of a participant", "department.crt", REASON_NONE, &department, REASON_NONE},
	{"a pinned certificate of an unknown issuer", "attacker-own-ca.crt", REASON_NONE, &pinned, REASON_NONE},
	{"expired", "expired.crt", REASON_CERT_EXPIRED, NULL, REASON_CERT_EXPIRED},
	{"not yet valid", "future.crt", REASON_CERT_EXPIRED, NULL, REASON_CERT_EXPIRED},
	{"keyEncipherment only", "no-signing-usage.crt", REASON_CERT_USAGE, NULL, REASON_CERT_USAGE},
	{"RSA of 1024 bits", "rsa1024.crt", REASON_CERT_WEAK, NULL, REASON_CERT_WEAK},
	{"the issuing authority itself", "issuing.crt", REASON_CERT_USAGE, NULL, REASON_CERT_USAGE},
	{"another authority", "tls-client.crt", REASON_CERT_UNKNOWN, NULL, REASON_CERT_UNKNOWN},
	{"an issuer that one participant brings vouches for nobody else", "mine:foreign.crt", REASON_CERT_UNKNOWN, NULL,
		REASON_CERT_OWNER},
	{"two different IIN", "mine:two.crt", REASON_CERT_OWNER, NULL, REASON_CERT_OWNER},
};

static void signers_are_known_by_their_authority(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust();

	(void)state;
	odd_make(&(struct odd){.file = "mine:foreign.crt", .subject = STRANGER, .ca = "attacker-ca"});
	odd_make(&(struct odd){.file = "mine:two.crt", .subject = STRANGER "|2.5.4.5=IIN" PERSON_IIN});
	for (size_t i = 0; i < 2 * COUNT(rows); i++) { /* the second time from memory */
		size_t at = i % COUNT(rows);
		const struct trust_cert *c = NULL, *other = NULL;
		struct bytes der = pki_der(rows[at].file);
		struct err e;

		assert_reason(rows[at].name, trust_find_signer(t, der, pki_now, &c, &e), &e, rows[at].wanted);
		if (rows[at].wanted == REASON_NONE && c->participant != rows[at].owner)
			fail_msg("%s: the owner is wrong", rows[at].name);
		assert_reason(rows[at].name, trust_find_der(t, der, pki_now, &other, &e), &e, rows[at].as_participant);
	}
	/* A person who was met is not found by reference either, where participants are looked for. */
	{
		const struct trust_cert *c = NULL;
		X509 *x = pki_certificate(PKI "person.crt");
		const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
		struct err e;

		assert_reason("by reference",
			trust_find_ski(t, (struct bytes){ASN1_STRING_get0_data(ski), (size_t)ASN1_STRING_length(ski)}, pki_now,
				&c, &e),
			&e, REASON_SEC_TOKEN_UNKNOWN);
		X509_free(x);
	}
}

static void a_signer_is_decided_once_and_judged_in_time_each_time(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust();
	const struct trust_cert *first = NULL, *second = NULL;
	struct bytes der = pki_der("person.crt");
	struct err e;

	(void)state;
	assert_true(trust_find_signer(t, der, pki_now, &first, &e).ok);
	assert_true(trust_find_signer(t, der, pki_now + 1, &second, &e).ok);
	assert_ptr_equal(first, second);
	assert_reason("later", trust_find_signer(t, der, pki_now + 4000 * DAY_MS, &second, &e), &e, REASON_CERT_EXPIRED);
}

static struct trust_entry *entry_of(int i)
{
	struct bytes der;
	struct trust_entry *en = NULL;
	unsigned char digest[32];
	X509 *x = NULL;
	struct err e;
	const char *file = pool_printf(pki_pool, "mine:many-%d.crt", i);

	if (access(pki_path(file), F_OK) != 0)
		odd_make(&(struct odd){.file = file, .subject = STRANGER});
	der = pki_der(file);
	sha256(der, digest);
	assert_true(trust_der_read(der, &x, &e).ok);
	assert_true(trust_entry_new(x, digest, NULL, false, &en, &e).ok);
	return en;
}

static void add(struct trust_signers *s, int i, int64_t mono, bool taken)
{
	struct trust_entry *en = entry_of(i);
	const struct trust_entry *out = NULL;
	struct err e = {0};

	assert_int_equal(trust_signers_add(s, &en, mono, &out, &e).ok, taken);
	assert_null(en);
	if (!taken)
		assert_int_equal(e.reason, REASON_MEMORY);
}

static bool is_known(struct trust_signers *s, int i)
{
	struct trust_entry *en = entry_of(i);
	bool found = trust_signers_find(s, en->cert.sha256) != NULL;

	trust_entry_free(&en);
	return found;
}

static void the_table_of_signers_is_bounded_and_goes_on(void **state)
{
	struct trust_signers *s = calloc(1, sizeof(*s));
	const struct trust_entry *kept;
	char before[65];

	(void)state;
	trust_signers_init(s, 3);
	for (int i = 0; i < 3; i++)
		add(s, i, 1000, true);
	add(s, 1, 1000, true); /* is there: nothing makes room */
	assert_true(is_known(s, 0) && is_known(s, 1) && is_known(s, 2));
	kept = s->known.oldest;
	memcpy(before, kept->cert.print, sizeof(before));
	add(s, 3, 2000, true);
	assert_false(is_known(s, 0));
	assert_true(is_known(s, 1) && is_known(s, 2) && is_known(s, 3));
	assert_string_equal(kept->cert.print, before); /* who holds it may go on */
	add(s, 4, 2000, true);
	add(s, 5, 2000, true);
	assert_false(is_known(s, 2));
	add(s, 6, 2000 + TRUST_RETIRED_FOR_MS - 1, false);
	assert_true(is_known(s, 3));
	add(s, 6, 2000 + TRUST_RETIRED_FOR_MS, true);
	assert_true(is_known(s, 6));
	assert_int_equal(s->known.n, 3);
	assert_int_equal(s->retired.n, 1);
	trust_signers_drop(s);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signers_are_known_by_their_authority),
		cmocka_unit_test(a_signer_is_decided_once_and_judged_in_time_each_time),
		cmocka_unit_test(the_table_of_signers_is_bounded_and_goes_on),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
