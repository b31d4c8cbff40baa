/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading a configuration: every problem with its place, and a warning before a certificate ends. */
#include "pki.h"

#define PARTICIPANT_LINE 20
#define KEY_LINE 30

/* What ends soon is soon by the clock of the machine, which the loader asks. */
static int64_t clock_ms(void) { return stamp_now().ms; }

static struct conf_participant pins(const char *const *paths, size_t n)
{
	return (struct conf_participant){.at = {"q.yaml", PARTICIPANT_LINE}, .name = "department",
		.certificates = {paths, n}};
}

static struct trust *load(const struct conf_participant *p, const struct conf_key *k, const char *ca,
	struct conf_problems *problems)
{
	const char *root[] = {ca};
	struct conf c = {.path = "q.yaml",
		.ca = {root, ca ? 1 : 0},
		.participants = p,
		.participant_count = p ? 1 : 0,
		.keys = k,
		.key_count = k ? 1 : 0};

	return trust_load(&c, problems);
}

static void make_odd_ones(void)
{
	odd_make(&(struct odd){
		.file = "mine:soon.crt", .from_ms = 1000, .until_ms = clock_ms() + 29 * DAY_MS});
	odd_make(&(struct odd){
		.file = "mine:later.crt", .from_ms = 1000, .until_ms = clock_ms() + 32 * DAY_MS});
	odd_make(&(struct odd){.file = "mine:authority.crt",
		.ca = "root",
		.subject = "C=KZ|CN=Ends soon",
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign",
		.purposes = "-",
		.from_ms = 1000,
		.until_ms = clock_ms() + 5 * DAY_MS});
}

static const struct {
	const char *name;
	const char *pinned[3];
	const char *issuer, *bin, *key, *ca;
	size_t errors, warnings;
	int line;
	const char *says;
} rows[] = {
	{"all is well", {"department.crt"}, "issuing.crt", OTHER_BIN, "gateway", "root.crt", 0, 0, 0, NULL},
	{"more than thirty days left", {"mine:later.crt"}, .says = NULL},
	{"a pinned certificate ends within thirty days", {"mine:soon.crt"}, .warnings = 1,
		.line = PARTICIPANT_LINE, .says = "soon.crt ends on"},
	{"the only pinned certificate has ended", {"expired.crt"}, .errors = 1, .line = PARTICIPANT_LINE,
		.says = "expired.crt ended on 2021-01-01"},
	{"a pinned certificate has ended, its successor is there", {"expired.crt", "department.crt"},
		.warnings = 1, .line = PARTICIPANT_LINE, .says = "expired.crt ended"},
	{"the successor may stand first", {"department.crt", "expired.crt"}, .warnings = 1,
		.line = PARTICIPANT_LINE, .says = "expired.crt ended"},
	{"a pinned certificate has ended, issuer and number remain", {"expired.crt"}, "issuing.crt",
		OTHER_BIN, .warnings = 1, .line = PARTICIPANT_LINE, .says = "expired.crt ended"},
	{"each bad file is a problem of its own", {"absent.crt", "rsa1024.crt", "department.crt"},
		.errors = 2, .line = PARTICIPANT_LINE, .says = "absent.crt"},
	{"an issuer that is no authority", {NULL}, "permits.crt", OTHER_BIN, .errors = 1,
		.line = PARTICIPANT_LINE, .says = "permits.crt"},
	{"an issuer that ends soon", {NULL}, "mine:authority.crt", OTHER_BIN, .warnings = 1,
		.line = PARTICIPANT_LINE, .says = "authority.crt ends on"},
	{"an authority that ends soon", {NULL}, .ca = "mine:authority.crt", .warnings = 1,
		.says = "authority.crt ends on"},
	{"a file of authorities that holds another certificate", {NULL}, .ca = "permits.crt", .errors = 1,
		.says = "permits.crt"},
	{"an own certificate that has ended", {NULL}, .key = "expired", .errors = 1, .line = KEY_LINE,
		.says = "expired.crt ended"},
	{"an own key that is weak", {NULL}, .key = "rsa1024", .errors = 1, .line = KEY_LINE,
		.says = "1024 bits"},
};

static void check_row(size_t i)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(trust_free) struct trust *t = NULL;
	const char *paths[3];
	struct conf_participant p = pins(paths, 0);
	struct conf_key k = {.at = {"q.yaml", KEY_LINE}, .name = "own"};
	const struct conf_problem *first;

	while (p.certificates.n < 3 && rows[i].pinned[p.certificates.n]) {
		paths[p.certificates.n] = pki_path(rows[i].pinned[p.certificates.n]);
		p.certificates.n++;
	}
	p.issuer = rows[i].issuer ? pki_path(rows[i].issuer) : NULL;
	p.bin = rows[i].bin;
	if (rows[i].key) {
		k.certificate = pki_path(pool_printf(pki_pool, "%s.crt", rows[i].key));
		k.key = pki_path(pool_printf(pki_pool, "%s.key", rows[i].key));
	}
	t = load(&p, rows[i].key ? &k : NULL, rows[i].ca ? pki_path(rows[i].ca) : NULL, problems);
	if (problems->errors != rows[i].errors || problems->n - problems->errors != rows[i].warnings)
		fail_msg("%s: %zu errors, %zu in all", rows[i].name, problems->errors, problems->n);
	if ((t == NULL) != (rows[i].errors > 0))
		fail_msg("%s: a trust in spite of errors, or none without", rows[i].name);
	if (!rows[i].says)
		return;
	first = &problems->list[0];
	if (!strstr(first->what, rows[i].says) || first->at.line != rows[i].line ||
		strcmp(first->at.file, "q.yaml") != 0 || !first->remedy || !*first->remedy)
		fail_msg("%s: %s:%d: %s", rows[i].name, first->at.file, first->at.line, first->what);
}

static void problems_of_a_configuration(void **state)
{
	(void)state;
	make_odd_ones();
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(i);
}

static void what_was_loaded_is_found(void **state)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(trust_free) struct trust *t = NULL;
	const char *path = PKI "department.crt";
	struct conf_participant p = pins(&path, 1);
	struct conf_key k = {.name = "own", .certificate = PKI "gateway.crt", .key = PKI "gateway.key"};
	const struct trust_cert *c;
	struct err e;

	(void)state;
	p.issuer = PKI "issuing.crt";
	p.bin = OTHER_BIN;
	t = load(&p, &k, PKI "root.crt", problems);
	assert_non_null(t);
	assert_non_null(trust_key_named(t, "own"));
	assert_reason(
		"pinned", trust_find_der(t, pki_der("department.crt"), pki_now, &c, &e), &e, REASON_NONE);
	assert_ptr_equal(c->participant, &p);
	assert_reason(
		"issued", trust_find_der(t, pki_der("other-system.crt"), pki_now, &c, &e), &e, REASON_NONE);
	assert_ptr_equal(c->participant, &p);
	assert_reason(
		"root", trust_find_der(t, pki_der("issuing.crt"), pki_now, &c, &e), &e, REASON_CERT_USAGE);
}

static const struct {
	const char *name, *first, *next;
	int64_t from_days; /* from now */
	size_t errors, warnings;
	const char *says;
} successions[] = {
	{"both are valid at the moment", "gateway", "department", 100, 0, 0, NULL},
	{"the first has ended and the second signs already", "expired", "department", -1, 0, 1, "expired.crt ended"},
	{"the first has ended and the second does not sign yet", "expired", "department", 1, 2, 0, "expired.crt ended"},
	{"the second is not valid yet at the moment", "gateway", "future", 100, 1, 0, "future is not valid at"},
	{"the second has ended by the moment", "mine:long", "department", 2000, 1, 0, "department is not valid at"},
	{"the first ends before the moment", "gateway", "mine:long", 2000, 1, 0, "ends before its successor"},
};

static void a_succession_is_checked_on_both_sides(void **state)
{
	const char *copy = pool_printf(pki_pool, "cp '" PKI "department.key' '%s'", pki_path("mine:long.key"));

	(void)state;
	odd_make(&(struct odd){.file = "mine:long.crt", .until_ms = clock_ms() + 4000 * DAY_MS});
	assert_int_equal(system(copy), 0);
	for (size_t i = 0; i < COUNT(successions); i++) {
		SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
		SCOPED(trust_free) struct trust *t = NULL;
		const char *first = successions[i].first, *next = successions[i].next;
		struct conf_key k[] = {
			{.at = {"q.yaml", KEY_LINE}, .name = first, .successor = &k[1],
				.successor_ms = clock_ms() + successions[i].from_days * DAY_MS,
				.certificate = pki_path(pool_printf(pki_pool, "%s.crt", first)),
				.key = pki_path(pool_printf(pki_pool, "%s.key", first))},
			{.at = {"q.yaml", KEY_LINE}, .name = next, .certificate = pki_path(pool_printf(pki_pool, "%s.crt", next)),
				.key = pki_path(pool_printf(pki_pool, "%s.key", next))},
		};
		struct conf c = {.path = "q.yaml", .keys = k, .key_count = 2};

		t = trust_load(&c, problems);
		if (problems->errors != successions[i].errors || problems->n - problems->errors != successions[i].warnings)
			fail_msg("%s: %zu errors, %zu in all", successions[i].name, problems->errors, problems->n);
		assert_int_equal(t == NULL, problems->errors > 0);
		if (successions[i].says && !strstr(problems->list[0].what, successions[i].says))
			fail_msg("%s: %s", successions[i].name, problems->list[0].what);
	}
}

static void problems_that_were_there_before_are_not_ours(void **state)
{
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(trust_free) struct trust *t = NULL;

	(void)state;
	conf_problem_add(problems, (struct conf_at){"q.yaml", 1}, false, "Change it.", "Something else.");
	t = load(NULL, NULL, PKI "root.crt", problems);
	assert_non_null(t);
	assert_int_equal(problems->n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_of_a_configuration),
		cmocka_unit_test(what_was_loaded_is_found),
		cmocka_unit_test(a_succession_is_checked_on_both_sides),
		cmocka_unit_test(problems_that_were_there_before_are_not_ours),
	};

	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
