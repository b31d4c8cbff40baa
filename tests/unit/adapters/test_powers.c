/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rule T8: who may sign while a power of attorney runs, and which powers may be granted. */
#include "../cm.h"

#include "treasury/power.h"

#define BIN "200440000015"
#define HEAD "760808300505"
#define DEPUTY "910404300501"
#define OTHER "771010400508"
#define NAMES(...) {(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)}

static const struct trust_subject head = {.iin = HEAD, .bin = BIN, .dc = NAMES("ROLE10"),
	.purposes = NAMES("1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.1")};
static const struct trust_subject deputy = {.iin = DEPUTY, .bin = BIN, .dc = NAMES("role10", "ROLE20"),
	.purposes = NAMES("1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.5")};
static const struct trust_subject finance = {.iin = OTHER, .bin = BIN, .dc = NAMES("ROLE20"),
	.purposes = NAMES("1.2.398.3.3.4.1.2.3")};
static const struct trust_subject clerk = {.iin = OTHER, .bin = BIN, .dc = NAMES("ROLE10"),
	.purposes = NAMES("1.2.398.3.3.4.1.2.5")};
static const struct trust_subject foreign = {.iin = DEPUTY, .bin = "200540000019", .dc = NAMES("ROLE10"),
	.purposes = NAMES("1.2.398.3.3.4.1.2.5")};
static const struct conf_names first = NAMES("ROLE01", "ROLE10"), second = NAMES("ROLE20");

static const struct power usual = {"P1", "ROLE10", HEAD, DEPUTY, "2030-01-10", "2030-01-20", false};
static const struct power revoked = {"P1", "ROLE10", HEAD, DEPUTY, "2030-01-10", "2030-01-20", true};

static const struct signing {
	const char *name;
	const struct power *power; /* NULL: none */
	const struct trust_subject *who;
	const struct conf_names *roles;
	const char *day, *why; /* NULL: may sign */
} signings[] = {
	{"a head signs", NULL, &head, &first, "2030-01-15", NULL},
	{"a head signs before the power", &usual, &head, &first, "2030-01-09", NULL},
	{"a head does not sign on the first day", &usual, &head, &first, "2030-01-10", "meanwhile the principal's own key"},
	{"nor on the last", &usual, &head, &first, "2030-01-20", "runs until 2030-01-20"},
	{"a head signs after it", &usual, &head, &first, "2030-01-21", NULL},
	{"a head signs when it was revoked", &revoked, &head, &first, "2030-01-15", NULL},
	{"a delegate signs on the first day", &usual, &deputy, &first, "2030-01-10", NULL},
	{"and on the last", &usual, &deputy, &first, "2030-01-20", NULL},
	{"a delegate is early", &usual, &deputy, &first, "2030-01-09", "runs from 2030-01-10 to 2030-01-20, not on 2030-01-09"},
	{"a delegate is late", &usual, &deputy, &first, "2030-01-21", "runs from 2030-01-10 to 2030-01-20, not on 2030-01-21"},
	{"a delegate after the revocation", &revoked, &deputy, &first, "2030-01-15", "was revoked"},
	{"a delegate signs in another role than the power's", &usual, &deputy, &second, "2030-01-15", "there is none"},
	{"whatever the role has to be", &usual, &deputy, NULL, "2030-01-15", NULL},
	{"an employee who is not its delegate", &usual, &clerk, &first, "2030-01-15", "there is none"},
	{"an employee without a power", NULL, &deputy, &first, "2030-01-15", "there is none"},
	{"somebody else is not concerned", &usual, &finance, &second, "2030-01-15", NULL},
};

static void a_power_decides_who_signs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof signings / sizeof *signings; i++) {
		const struct signing *s = &signings[i];
		const struct powers known = {s->power, s->power ? 1 : 0};
		SCOPED(buf_free) struct buf why = BUF(1024);
		bool may = power_allows(&known, s->who, s->roles, s->day, &why);

		if (may != !s->why || (s->why && !strstr(buf_cstr(&why), s->why)))
			fail_msg("%s: %s", s->name, buf_cstr(&why));
	}
}

static void the_power_that_runs_counts_among_several(void **state)
{
	const struct power several[] = {revoked, {"P2", "ROLE10", OTHER, DEPUTY, "2030-01-01", "2030-02-01", false}, usual};
	const struct powers known = {several, 3};
	SCOPED(buf_free) struct buf why = BUF(1024);

	(void)state;
	assert_true(power_allows(&known, &deputy, &first, "2030-01-15", &why));
	assert_true(power_allows(&known, &deputy, &first, "2030-01-25", &why));
	assert_false(power_allows(&known, &deputy, &first, "2030-02-02", &why));
	assert_ptr_equal(power_numbered(&known, "P2"), &several[1]);
	assert_null(power_numbered(&known, "P3"));
}

static const struct granting {
	const char *name;
	struct power wanted;
	const struct trust_subject *principal, *delegate;
	const struct power *known; /* NULL: none */
	const char *codes;         /* each ended by a space */
} grantings[] = {
	{"a sound power", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-15", "2030-01-15", false}, &head, &deputy, NULL, ""},
	{"the same once more", {"P1", "ROLE10", HEAD, DEPUTY, "2030-01-10", "2030-01-20", false}, &head, &deputy, &usual, ""},
	{"after the one before", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-21", "2030-01-30", false}, &head, &deputy, &usual, ""},
	{"the number of another", {"P1", "ROLE10", HEAD, DEPUTY, "2030-01-21", "2030-01-30", false}, &head, &deputy, &usual,
		"power.number "},
	{"a revoked one does not come back", {"P1", "ROLE10", HEAD, DEPUTY, "2030-01-10", "2030-01-20", false}, &head, &deputy,
		&revoked, "power.number "},
	{"while another runs", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-20", "2030-01-30", false}, &head, &deputy, &usual,
		"power.running "},
	{"a late term", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-01", "2030-01-14", false}, &head, &deputy, NULL, "power.term "},
	{"a term the wrong way round", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-20", "2030-01-19", false}, &head, &deputy, NULL,
		"power.term "},
	{"the principal did not sign", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-15", "2030-01-20", false}, NULL, &deputy, NULL,
		"power.signer "},
	{"somebody else signed", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-15", "2030-01-20", false}, &finance, &deputy, NULL,
		"power.signer "},
	{"the delegate did not sign", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-15", "2030-01-20", false}, &head, NULL, NULL,
		"power.signer "},
	{"to another organisation", {"P2", "ROLE10", HEAD, DEPUTY, "2030-01-15", "2030-01-20", false}, &head, &foreign, NULL,
		"power.organisation "},
	{"a role that the principal lacks", {"P2", "ROLE20", HEAD, DEPUTY, "2030-01-15", "2030-01-20", false}, &head, &deputy,
		NULL, "power.role "},
	{"to oneself", {"P2", "ROLE10", HEAD, HEAD, "2030-01-15", "2030-01-20", false}, &head, &head, NULL, "power.delegate "},
	{"what one has by a power", {"P2", "ROLE10", DEPUTY, OTHER, "2030-01-15", "2030-01-20", false}, &deputy, &finance,
		&usual, "power.role power.passed-on power.passed-on "},
	{"everything at once", {"P2", "ROLE10", HEAD, HEAD, "2030-01-15", "2030-01-01", false}, NULL, NULL, NULL,
		"power.signer power.signer power.delegate power.term "},
};

static void only_sound_powers_are_granted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof grantings / sizeof *grantings; i++) {
		const struct granting *g = &grantings[i];
		const struct powers known = {g->known, g->known ? 1 : 0};
		SCOPED(buf_free) struct buf codes = BUF(1024);
		struct power_fault fault[POWER_FAULTS_MOST];
		size_t n = power_grant_faults(&known, &g->wanted, BIN, g->principal, g->delegate, "2030-01-15", fault);

		for (size_t k = 0; k < n; k++)
			buf_printf(&codes, "%s ", fault[k].code);
		if (strcmp(buf_cstr(&codes), g->codes) != 0)
			fail_msg("%s: %s", g->name, buf_cstr(&codes));
	}
}

static void many_powers_in_the_way_are_no_danger(void **state)
{
	const struct power wanted = {"P", "ROLE10", HEAD, HEAD, "2030-01-15", "2030-01-01", false};
	struct power many[40];
	struct power_fault fault[POWER_FAULTS_MOST];

	(void)state;
	for (size_t i = 0; i < 40; i++)
		many[i] = (struct power){"P", "ROLE10", OTHER, OTHER, "2030-01-01", "2030-01-30", false};
	assert_true(power_grant_faults(&(struct powers){many, 40}, &wanted, BIN, NULL, NULL, "2030-01-15", fault) <=
		POWER_FAULTS_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_power_decides_who_signs),
		cmocka_unit_test(the_power_that_runs_counts_among_several),
		cmocka_unit_test(only_sound_powers_are_granted),
		cmocka_unit_test(many_powers_in_the_way_are_no_danger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
