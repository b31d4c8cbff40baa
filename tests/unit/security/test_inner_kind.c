/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T4: who has to sign depends on the kind of document, and a refusal tells kind, rules and roles. */
#include "persons.h"

#define ORDER "<p:Req xmlns:p=\"urn:p\"><Kind>ORDER</Kind><sum>100</sum>@</p:Req>"

static const struct conf_rule rule_role01 = {.name = "treasury-head", .dc = OID("ROLE01"), .own_bin = true};
static const struct conf_rule *const head_and_finance[] = {&rule_role01, &rule_role07};
static const struct conf_inner of_order = {.forms = CONF_INNER_ENVELOPED, .rules = head_and_finance, .rule_count = 2,
	.kind = "ORDER", .kind_element = "Kind"};

static const struct row {
	const char *name;
	enum person who[3];
	size_t n;
	enum reason reason;
	const char *says[3];
} rows[] = {
	{"head and finance", {DIRECTOR, ACCOUNTANT}, 2, REASON_NONE, {NULL}},
	{"finance and head", {ACCOUNTANT, DIRECTOR}, 2, REASON_NONE, {NULL}},
	{"nobody", {0}, 0, REASON_INNER_ABSENT, {"no signature"}},
	{"the head alone", {DIRECTOR}, 1, REASON_INNER_ROLE,
		{"ORDER demands treasury-head, role07; DC of the signers: ROLE01;", "a signer is missing"}},
	{"the head twice", {DIRECTOR, TWIN}, 2, REASON_INNER_ROLE, {"DC of the signers: ROLE01;", "a signer is missing"}},
	{"the head and one without a role", {DIRECTOR, EMPLOYEE}, 2, REASON_INNER_ROLE,
		{"ORDER demands treasury-head, role07; DC of the signers: ROLE01; none;", "rule role07"}},
	{"roles of another organisation", {FOREIGN, ACCOUNTANT}, 2, REASON_INNER_ROLE,
		{"DC of the signers: ROLE01; ROLE07;", "rule treasury-head: the BIN in the subject"}},
	{"a stranger", {DIRECTOR, STRANGER}, 2, REASON_CERT_UNKNOWN, {"inner signature"}},
};

static void the_kind_decides_who_has_to_sign(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = rows[i].n ? ORDER : replaced(ORDER, "@", "");
		struct answer a;

		for (size_t k = 0; k < rows[i].n; k++)
			text = sealed(text, NULL, rows[i].who[k], k + 1 == rows[i].n);
		a = ask(pool_printf(persons.pool, "<data>%s</data>", text), &of_order);
		must_be(rows[i].name, &a, rows[i].reason);
		for (size_t k = 0; rows[i].says[k]; k++) {
			if (!strstr(a.e.detail, rows[i].says[k]))
				fail_msg("%s: %s, not %s", rows[i].name, a.e.detail, rows[i].says[k]);
		}
	}
}

static const struct template by_id = {.uri = "#d1"};

/* Else whoever sends the message could choose who has to have signed. */
static void what_tells_the_kind_is_signed_itself(void **state)
{
	static const struct conf_rule *const one_head[] = {&rule_role01};
	const struct conf_inner demand = {.forms = CONF_INNER_BY_ID, .rules = one_head, .rule_count = 1, .covers = "Doc",
		.kind = "ORDER", .kind_element = "Kind"};
	struct conf_inner whatever = demand;
	const char *inside = "<p:Req xmlns:p=\"urn:p\"><Doc Id=\"d1\"><a><Kind>ORDER</Kind></a></Doc>@</p:Req>";
	const char *outside = "<p:Req xmlns:p=\"urn:p\"><Kind>ORDER</Kind><Doc Id=\"d1\"><sum/></Doc>@</p:Req>";
	const char *signed_outside = pool_printf(persons.pool, "<data>%s</data>", sealed(outside, &by_id, DIRECTOR, true));
	struct answer a = ask(pool_printf(persons.pool, "<data>%s</data>", sealed(inside, &by_id, DIRECTOR, true)), &demand);

	(void)state;
	must_be("inside", &a, REASON_NONE);
	a = ask(signed_outside, &demand);
	must_be("outside", &a, REASON_INNER_COVERAGE);
	assert_non_null(strstr(a.e.detail, "Kind, which decides who signs, stands outside of Doc"));
	whatever.kind = NULL;
	a = ask(signed_outside, &whatever);
	must_be("outside, and nothing depends on it", &a, REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_kind_decides_who_has_to_sign, fresh_pool, drop_pool),
		cmocka_unit_test_setup_teardown(what_tells_the_kind_is_signed_itself, fresh_pool, drop_pool),
	};

	return cmocka_run_group_tests(tests, persons_make, persons_drop);
}
