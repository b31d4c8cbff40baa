/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who a certificate is for, and whether a rule lets it sign. */
#include "pki.h"

#define NAMES(...) {(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)}
#define HEAD "1.2.398.3.3.4.1.2.1"
#define SIGNATORY "1.2.398.3.3.4.1.2.2"
#define EMPLOYEE_ROLES "emailProtection,1.2.398.3.3.4.1.2," HEAD
#define EMPLOYEE "CN=A B|SN=A|serialNumber=IIN" PERSON_IIN "|C=KZ|O=Org|OU=BIN" DEPARTMENT_BIN "|GN=C|DC=ROLE07|DC=ROLE12"
#define PERSON "CN=A B|SN=A|serialNumber=IIN" PERSON_IIN "|C=KZ|GN=C"
#define SYSTEM "CN=System|C=KZ|O=Org|OU=BIN" DEPARTMENT_BIN

/* Everybody's certificates are found as those of signers: an authority issued them, whoever they are of. */
static struct trust *usual_trust(void)
{
	struct trust *t = trust_new();
	struct err e;

	assert_reason("root", trust_add_authority(t, PKI "root.crt", &e), &e, REASON_NONE);
	assert_reason("issuing", trust_add_authority(t, PKI "issuing.crt", &e), &e, REASON_NONE);
	return t;
}

static const struct trust_cert *cert_of(struct trust *t, const struct odd *odd)
{
	const struct trust_cert *c = NULL;
	struct err e;

	odd_make(odd);
	assert_reason("signer", trust_find_signer(t, pki_der(odd->file), pki_now, &c, &e), &e, REASON_NONE);
	return c;
}

struct row {
	const char *name;
	struct odd odd;
	struct conf_rule rule;
	const char *sender_bin;
	const char *missing; /* of the words; NULL: the rule holds */
};

#define PERSONS {.subject = PERSON, .purposes = "emailProtection,1.2.398.3.3.4.1.1"}
#define EMPLOYEES {.subject = EMPLOYEE, .purposes = EMPLOYEE_ROLES, .policies = "1.2.398.3.3.2"}
#define SYSTEMS {.subject = SYSTEM, .purposes = "1.2.398.3.3.4.1.2,1.2.398.3.3.4.1.2.6"}

static const struct row rows[] = {
	{"a person where a person is demanded", PERSONS, {.subjects = CONF_SUBJECT_PERSON}, NULL, NULL},
	{"an employee where a person is demanded", EMPLOYEES, {.subjects = CONF_SUBJECT_PERSON}, NULL,
		"is of an employee, not of a person"},
	{"a system where a person is demanded", SYSTEMS, {.subjects = CONF_SUBJECT_PERSON}, NULL,
		"is of an organisation, not of a person"},
	{"an employee where an employee is demanded", EMPLOYEES, {.subjects = CONF_SUBJECT_EMPLOYEE}, NULL, NULL},
	{"a person where an employee or organisation is demanded", PERSONS,
		{.subjects = CONF_SUBJECT_EMPLOYEE | CONF_SUBJECT_ORGANISATION}, NULL,
		"is of a person, not of an employee or an organisation"},
	{"a system where an employee or organisation is demanded", SYSTEMS,
		{.subjects = CONF_SUBJECT_EMPLOYEE | CONF_SUBJECT_ORGANISATION}, NULL, NULL},
	{"no number at all", {.subject = "CN=a|C=KZ"}, {.subjects = 7}, NULL, "nobody with one IIN or BIN"},
	{"no number at all, and no demand on it", {.subject = "CN=a|C=KZ"}, {.non_repudiation = true}, NULL, NULL},
	{"the BIN in organizationIdentifier makes an organisation too",
		{.subject = "CN=a|2.5.4.97=NTRKZ-" DEPARTMENT_BIN}, {.subjects = CONF_SUBJECT_ORGANISATION}, NULL, NULL},
	{"one of several roles", EMPLOYEES, {.any_of = NAMES(SIGNATORY, HEAD)}, NULL, NULL},
	{"none of several roles", EMPLOYEES, {.any_of = NAMES(SIGNATORY, "1.2.398.3.3.4.1.2.3")}, NULL,
		"extendedKeyUsage holds none of: " SIGNATORY ", 1.2.398.3.3.4.1.2.3"},
	{"the beginning of a role is no role", EMPLOYEES, {.any_of = NAMES("1.2.398.3.3.4.1")}, NULL, "none of"},
	{"a role that only begins with the one of the certificate", EMPLOYEES, {.any_of = NAMES(HEAD ".1")}, NULL,
		"none of"},
	{"no roles at all", {.subject = PERSON, .purposes = "-"}, {.any_of = NAMES(HEAD)}, NULL, "none of: " HEAD},
	{"all of two roles", EMPLOYEES, {.all_of = NAMES(HEAD, "1.2.398.3.3.4.1.2")}, NULL, NULL},
	{"one of two roles that are both demanded", EMPLOYEES, {.all_of = NAMES(HEAD, SIGNATORY)}, NULL,
		"extendedKeyUsage lacks " SIGNATORY},
	{"the policy", EMPLOYEES, {.policies = NAMES("1.2.398.3.3.2.1", "1.2.398.3.3.2")}, NULL, NULL},
	{"another policy", EMPLOYEES, {.policies = NAMES("1.2.398.3.3.2.1")}, NULL,
		"certificatePolicies holds none of: 1.2.398.3.3.2.1"},
	{"no policy", PERSONS, {.policies = NAMES("1.2.398.3.3.2")}, NULL, "certificatePolicies"},
	{"a policy is no role", EMPLOYEES, {.any_of = NAMES("1.2.398.3.3.2")}, NULL, "extendedKeyUsage"},
	{"the second DC", EMPLOYEES, {.dc = NAMES("ROLE01", "role12")}, NULL, NULL},
	{"another DC", EMPLOYEES, {.dc = NAMES("ROLE1", "ROLE120")}, NULL, "DC of the subject holds none of: ROLE1"},
	{"a DC in the CN", {.subject = "CN=ROLE07|serialNumber=IIN" PERSON_IIN}, {.dc = NAMES("ROLE07")}, NULL, "DC"},
	{"non-repudiation", PERSONS, {.non_repudiation = true}, NULL, NULL},
	{"no non-repudiation", {.subject = PERSON, .usage = "critical,digitalSignature"}, {.non_repudiation = true}, NULL,
		"keyUsage lacks nonRepudiation"},
	{"no keyUsage", {.subject = PERSON, .usage = "-"}, {.non_repudiation = true}, NULL, "lacks nonRepudiation"},
	{"the sender's BIN", EMPLOYEES, {.own_bin = true}, DEPARTMENT_BIN, NULL},
	{"another sender's BIN", EMPLOYEES, {.own_bin = true}, OTHER_BIN, "is not that of the sender"},
	{"a sender whose BIN nobody knows", EMPLOYEES, {.own_bin = true}, NULL, "sender is not known"},
	{"a person has no BIN", PERSONS, {.own_bin = true}, DEPARTMENT_BIN, "holds no BIN"},
	{"one of the named BINs", EMPLOYEES, {.bins = NAMES(OTHER_BIN, DEPARTMENT_BIN)}, NULL, NULL},
	{"none of the named BINs", EMPLOYEES, {.bins = NAMES(OTHER_BIN)}, NULL, "is not one of those that are named"},
	{"a person has none of the named BINs", PERSONS, {.bins = NAMES(DEPARTMENT_BIN)}, NULL, "holds no BIN"},
	{"a named BIN that is not the sender's too", EMPLOYEES, {.own_bin = true, .bins = NAMES(DEPARTMENT_BIN)}, OTHER_BIN,
		"is not that of the sender"},
	{"all demands at once", EMPLOYEES,
		{.subjects = CONF_SUBJECT_EMPLOYEE, .any_of = NAMES(HEAD), .all_of = NAMES("1.2.398.3.3.4.1.2"),
			.policies = NAMES("1.2.398.3.3.2"), .dc = NAMES("ROLE07"), .non_repudiation = true,
			.own_bin = true},
		DEPARTMENT_BIN, NULL},
	{"all demands and the last does not hold", EMPLOYEES,
		{.subjects = CONF_SUBJECT_EMPLOYEE, .any_of = NAMES(HEAD), .dc = NAMES("ROLE07"), .non_repudiation = true,
			.own_bin = true},
		OTHER_BIN, "is not that of the sender"},
};

static void check_row(struct trust *t, const struct row *row, size_t i)
{
	struct odd odd = row->odd;
	struct conf_rule rule = row->rule;
	const struct trust_cert *c;
	struct err e = {0};

	odd.file = pool_printf(pki_pool, "mine:rule-%zu.crt", i);
	rule.name = "chief";
	c = cert_of(t, &odd);
	assert_reason(row->name, trust_rule_holds(c, &rule, row->sender_bin, &e), &e,
		row->missing ? REASON_CERT_ROLE : REASON_NONE);
	if (!row->missing)
		return;
	if (!strstr(e.detail, row->missing) || strncmp(e.detail, "rule chief: ", 12) != 0)
		fail_msg("%s: %s", row->name, e.detail);
	if (strstr(e.detail, PERSON_IIN) || strstr(e.detail, DEPARTMENT_BIN) || strstr(e.detail, OTHER_BIN))
		fail_msg("%s: a number of somebody is told: %s", row->name, e.detail);
}

static void a_rule_holds_or_says_what_is_missing(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(t, &rows[i], i);
}

static void a_subject_is_decoded(void **state)
{
	SCOPED(trust_free) struct trust *t = usual_trust();
	const struct trust_subject *s = &cert_of(t, &(struct odd){.file = "mine:subject.crt", .subject = EMPLOYEE,
		.purposes = EMPLOYEE_ROLES, .policies = "1.2.398.3.3.2"})->who;

	(void)state;
	assert_int_equal(s->kind, CONF_SUBJECT_EMPLOYEE);
	assert_string_equal(s->iin, PERSON_IIN);
	assert_string_equal(s->bin, DEPARTMENT_BIN);
	assert_string_equal(s->common_name, "A B");
	assert_string_equal(s->surname, "A");
	assert_string_equal(s->patronymic, "C");
	assert_string_equal(s->organisation, "Org");
	assert_int_equal(s->dc.n, 2);
	assert_string_equal(s->dc.name[0], "ROLE07");
	assert_int_equal(s->purposes.n, 3);
	assert_string_equal(s->purposes.name[0], "1.3.6.1.5.5.7.3.4");
	assert_string_equal(s->purposes.name[2], HEAD);
	assert_int_equal(s->policies.n, 1);
	assert_string_equal(s->policies.name[0], "1.2.398.3.3.2");
	assert_true(s->signature);
	assert_true(s->non_repudiation);
	s = &cert_of(t, &(struct odd){.file = "mine:system.crt", .subject = SYSTEM})->who;
	assert_int_equal(s->kind, CONF_SUBJECT_ORGANISATION);
	assert_null(s->iin);
	assert_null(s->patronymic);
	assert_int_equal(s->dc.n, 0);
	assert_int_equal(s->policies.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_holds_or_says_what_is_missing),
		cmocka_unit_test(a_subject_is_decoded),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
