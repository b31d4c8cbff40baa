/* SPDX-License-Identifier: GPL-3.0-or-later */
/* B3: several signers inside data: their order, and the rules that each satisfies. */
#include "carried.h"

static const struct conf_rule *const director_and_accountant[] = {&rule_director, &rule_accountant};
static const struct conf_rule *const employee_and_director[] = {&rule_employee, &rule_director};
static const struct conf_rule *const four[] = {&rule_anybody, &rule_employee, &rule_director, &rule_accountant};
static const struct conf_rule *const person_and_role[] = {&rule_person, &rule_role07};

static const struct several {
	const char *name;
	enum person who[5];
	size_t n;
	const struct conf_rule *const *rules;
	size_t rule_count;
	enum reason reason;
	const char *rule[5]; /* that each signer satisfies */
} severals[] = {
	{"two for two", {DIRECTOR, ACCOUNTANT}, 2, director_and_accountant, 2, REASON_NONE, {"director", "accountant"}},
	{"two for two the other way round", {ACCOUNTANT, DIRECTOR}, 2, director_and_accountant, 2, REASON_NONE,
		{"accountant", "director"}},
	{"one who fits both rules and one who fits one", {DIRECTOR, EMPLOYEE}, 2, employee_and_director, 2, REASON_NONE,
		{"director", "employee"}},
	{"the same the other way round", {EMPLOYEE, DIRECTOR}, 2, employee_and_director, 2, REASON_NONE,
		{"employee", "director"}},
	{"a chain of changes", {DIRECTOR, ACCOUNTANT, EMPLOYEE, PERSON}, 4, four, 4, REASON_NONE,
		{"director", "accountant", "employee", "anybody"}},
	{"a chain of changes, last first", {PERSON, EMPLOYEE, ACCOUNTANT, DIRECTOR}, 4, four, 4, REASON_NONE,
		{"anybody", "employee", "accountant", "director"}},
	{"one too many is welcome when right", {DIRECTOR, EMPLOYEE}, 2, one_director, 1, REASON_NONE, {"director", NULL}},
	{"a person and a role", {PERSON, ACCOUNTANT}, 2, person_and_role, 2, REASON_NONE, {"person", "role07"}},
	{"one for two", {DIRECTOR}, 1, director_and_accountant, 2, REASON_INNER_ABSENT, {NULL}},
	{"one for two that fit the same one", {DIRECTOR}, 1, employee_and_director, 2, REASON_INNER_ABSENT, {NULL}},
	{"the same person twice", {DIRECTOR, DIRECTOR}, 2, employee_and_director, 2, REASON_INNER_ABSENT, {NULL}},
	{"the same person with two certificates", {DIRECTOR, TWIN}, 2, employee_and_director, 2, REASON_INNER_ABSENT, {NULL}},
	{"two of the wrong role", {EMPLOYEE, PERSON}, 2, director_and_accountant, 2, REASON_CERT_ROLE, {NULL}},
	{"one right, one of the wrong role", {DIRECTOR, EMPLOYEE}, 2, director_and_accountant, 2, REASON_CERT_ROLE, {NULL}},
	{"one right, one of another organisation", {ACCOUNTANT, FOREIGN}, 2, director_and_accountant, 2, REASON_CERT_ROLE,
		{NULL}},
	{"one too many is wrong", {DIRECTOR, STRANGER}, 2, one_director, 1, REASON_CERT_UNKNOWN, {NULL}},
	{"one too many is expired", {EXPIRED, DIRECTOR}, 2, one_director, 1, REASON_CERT_EXPIRED, {NULL}},
	{"no rule at all", {PERSON}, 1, NULL, 0, REASON_NONE, {NULL}},
	{"no rule at all and a stranger", {STRANGER}, 1, NULL, 0, REASON_CERT_UNKNOWN, {NULL}},
};

static const char *signed_by(const enum person *who, size_t n, const struct template *t)
{
	const char *text = DOC;

	for (size_t i = 0; i < n; i++)
		text = sealed(text, t, who[i], i + 1 == n);
	return text;
}

static void several_signers_are_matched_to_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(severals); i++) {
		const struct several *s = &severals[i];
		const struct conf_inner demand = {.forms = CONF_INNER_ENVELOPED, .rules = s->rules, .rule_count = s->rule_count};

		for (size_t f = 0; f < 2; f++) {
			struct answer a = ask(as_text(signed_by(s->who, s->n, &forms[f].t)), &demand);

			must_be(s->name, &a, s->reason);
			for (size_t k = 0; k < a.signers.n; k++) {
				const char *rule = a.signers.signer[k].rule;

				if ((rule && s->rule[k]) ? strcmp(rule, s->rule[k]) != 0 : rule != s->rule[k])
					fail_msg("%s: signer %zu has rule %s", s->name, k, rule ? rule : "none");
			}
			if (a.result.ok)
				assert_int_equal(a.signers.n, s->n);
		}
	}
}

/* What happens to a document with two signers. */
static void signatures_of_several_depend_on_their_order(void **state)
{
	static const enum person who[] = {DIRECTOR, ACCOUNTANT};
	const struct conf_inner demand = {.forms = CONF_INNER_ENVELOPED, .rules = director_and_accountant, .rule_count = 2};
	const char *good = signed_by(who, 2, NULL);
	const char *first = part_of(good, "<ds:Signature", "</ds:Signature>");
	const char *second = part_of(strstr(good, "</ds:Signature>"), "<ds:Signature", "</ds:Signature>");
	const char *bare = replaced(replaced(good, second, ""), first, "");
	struct answer a = ask(as_text(good), &demand);

	(void)state;
	must_be("as it was", &a, REASON_NONE);
	a = ask(as_text(replaced(bare, "</p:Req>", pool_printf(persons.pool, "%s%s</p:Req>", second, first))), &demand);
	must_be("in the other order", &a, REASON_INNER_WRONG);
	a = ask(as_text(replaced(good, first, "")), &demand);
	must_be("the first taken out: the second covered it", &a, REASON_INNER_WRONG);
	a = ask(as_text(replaced(good, second, "")), &(struct conf_inner){.forms = CONF_INNER_ENVELOPED, .rules = one_director,
		.rule_count = 1});
	must_be("the second taken out: the first stands alone", &a, REASON_NONE);
	a = ask(as_text(replaced(good, "100", "101")), &demand);
	must_be("changed", &a, REASON_INNER_WRONG);
	a = ask(as_text(replaced(good, "</ds:Signature><", "</ds:Signature> <")), &demand);
	must_be("a blank between them", &a, REASON_INNER_WRONG);
	a = ask(as_text(replaced(good, first, replaced(first, "<ds:SignatureValue>", "<ds:SignatureValue>AAAA"))), &demand);
	must_be("the first one's value", &a, REASON_INNER_WRONG);
	a = ask(as_text(replaced(good, first, replaced(first, persons.base64[DIRECTOR], persons.base64[ACCOUNTANT]))), &demand);
	must_be("the first one's certificate", &a, REASON_INNER_WRONG);
	a = ask(as_text(replaced(bare, "</p:Req>", pool_printf(persons.pool, "%s<p:x/>%s</p:Req>", first, second))), &demand);
	must_be("an element between them", &a, REASON_INNER_WRONG);
}

static void more_signatures_than_anybody_needs_are_refused(void **state)
{
	static const enum person who[] = {DIRECTOR, ACCOUNTANT, EMPLOYEE, PERSON, FOREIGN, SYSTEM, TWIN, DIRECTOR, ACCOUNTANT};
	struct answer a = ask(as_text(signed_by(who, 8, NULL)), &enveloped);

	(void)state;
	must_be("eight", &a, REASON_NONE);
	a = ask(as_text(signed_by(who, 9, NULL)), &enveloped);
	must_be("nine", &a, REASON_INNER_WRONG);
}

static void the_bin_of_the_sender_counts(void **state)
{
	const char *text = pool_printf(persons.pool, "<data>%s</data>", sealed(DOC, NULL, FOREIGN, true));
	struct element element = {.node = NULL};
	static const struct {
		const char *bin;
		enum reason reason;
	} rows[] = {{OTHER_BIN, REASON_NONE}, {DEPARTMENT_BIN, REASON_CERT_ROLE}, {NULL, REASON_CERT_ROLE}};
	xmlDoc *doc;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct inner_result r = {.n = 0};
		struct err e = {0};

		assert_true(envelope_parse_document(persons.pool, bytes_str(text), &ENVELOPE_LIMITS_DEFAULT, &doc, &e).ok);
		element.node = xmlDocGetRootElement(doc);
		assert_reason(rows[i].bin ? rows[i].bin : "unknown", verify_data(&element, &enveloped, rows[i].bin, &r, &e), &e,
			rows[i].reason);
	}
}

static void the_words_name_signer_and_rule(void **state)
{
	static const enum person who[] = {DIRECTOR, PERSON};
	struct answer a = ask(as_text(signed_by(who, 2, NULL)), &enveloped);
	SCOPED(buf_free) struct buf words = BUF(4096);

	(void)state;
	must_be("two", &a, REASON_NONE);
	inner_print(&a.signers, &words);
	assert_non_null(strstr(buf_cstr(&words), "xml ecdsa-sha256, rule director, certificate "));
	assert_non_null(strstr(buf_cstr(&words), a.signers.signer[0].certificate->print));
	assert_non_null(strstr(buf_cstr(&words), "\nxml rsa-sha256, certificate "));
	assert_non_null(strstr(buf_cstr(&words), "CN=P P"));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, fresh_pool, drop_pool)
	const struct CMUnitTest tests[] = {
		ROW(several_signers_are_matched_to_the_rules),
		ROW(signatures_of_several_depend_on_their_order),
		ROW(more_signatures_than_anybody_needs_are_refused),
		ROW(the_bin_of_the_sender_counts),
		ROW(the_words_name_signer_and_rule),
	};

	return cmocka_run_group_tests(tests, persons_make, persons_drop);
}
