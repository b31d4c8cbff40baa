/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration is taken with everything it names, or not at all; what is wrong is told with its line. */
#include "../signed.h"

#include "flow_int.h"

static struct signed_bench bench;

static int setup(void **state)
{
	(void)state;
	bench_make(&bench);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_drop(&bench);
	return 0;
}

static const char schema[] = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
			     " targetNamespace=\"urn:x\"><xs:element name=\"x\" type=\"xs:int\"/></xs:schema>";

/* Line 1 journal, 2 listeners, 3 keys, 4 and 5 profiles, 6 retries, 7 and 8 participants, 9, 10 services. */
static const char head[] = "journal: {directory: journal, retention: %s}\n"
			   "listeners: [{name: bus, listen: \"127.0.0.1:0\"}]\n"
			   "keys: [{name: gateway, certificate: " PKI "/gateway.crt, key: %s}]\n"
			   "profiles: [{name: first, %s},\n"
			   "  {name: second, %s}]\n"
			   "retries: [{name: often, initial: 20ms, max_interval: 2s, factor: 3, jitter: 7,"
			   " max_attempts: 9, expire_after: %s}]\n"
			   "participants: [{name: department, sender_ids: department_is, profile: second,"
			   " certificates: " PKI "/department.crt, may_call: \"*\"},\n"
			   "  {name: permits, sender_ids: permits_is, profile: first,"
			   " certificates: " PKI "/permits.crt}]\n"
			   "services: [{id: ONE, provider: permits, endpoint: \"http://127.0.0.1:1/\"%s},\n"
			   "  {id: TWO, provider: department, endpoint: \"http://127.0.0.1:1/\"%s}]\n"
			   "%s";

#define QUEUE "queue: {socket: r.sock, spool: spool}\n"

struct text {
	const char *retention, *key, *first, *second, *life, *one, *two, *more;
};

static const char *either(const char *a, const char *b)
{
	return a ? a : b;
}

static struct snapshot *load(struct text t, struct conf_problems *problems, struct err *e)
{
	struct snapshot *s = NULL;
	struct buf text = BUF(10000);
	bool ok;

	buf_printf(&text, head, either(t.retention, "8d"), either(t.key, PKI "/gateway.key"),
		either(t.first, "max_age: 1h"), either(t.second, "max_age: 1h"), either(t.life, "4m"), either(t.one, ""),
		either(t.two, ""), either(t.more, ""));
	bench_file(&bench, "qaqpa.yaml", buf_cstr(&text));
	buf_free(&text);
	bench_file(&bench, "good.xsd", schema);
	bench_file(&bench, "bad.xsd", "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:elephant/>");
	*e = (struct err){.detail = ""};
	ok = snapshot_load(bench.path, problems, &s, e).ok;
	assert_int_equal(ok, s != NULL);
	return s;
}

static const struct {
	const char *row;
	struct text text;
	int lines[3];            /* of the errors; 0: no more */
	const char *what[3];     /* words of each */
} rows[] = {
	{"everything is well", {0}, {0}, {0}},
	{"a window as long as the journal is kept", {.retention = "7d", .first = "max_age: 167h, skew: 1h"},
		{0}, {0}},
	{"a window a millisecond longer", {.retention = "7d", .first = "max_age: 601200001ms, skew: 1h"}, {4},
		{"profile first"}},
	{"the clocks' difference belongs to the window", {.retention = "7d",
		.second = "max_age: 7d, skew: 1ms"}, {5},
		{"profile second"}},
	{"the longest window and one day", {.retention = "1d", .first = "max_age: 24d"}, {4}, {"(1 days)"}},
	{"every profile that is too long", {.retention = "1d", .first = "max_age: 2d", .second = "max_age: 3d"},
		{4, 5},
		{"profile first", "profile second"}},
	{"messages wait as long as the journal is kept", {.retention = "8d",
		.life = "8d", .more = QUEUE},
		{0}, {0}},
	{"messages wait longer than the journal is kept", {.retention = "8d",
		.life = "193h", .more = QUEUE},
		{6}, {"policy often"}},
	{"messages wait for ever", {.retention = "8d",
		.life = "0s", .more = QUEUE},
		{6}, {"policy often"}},
	{"schemas that are good", {.one = ", schema: good.xsd, answer_schema: good.xsd"}, {0}, {0}},
	{"a schema that is not there", {.two = ", schema: none.xsd"}, {10}, {"none.xsd"}},
	{"a schema that is none", {.one = ", schema: bad.xsd"}, {9}, {"schema of service ONE"}},
	{"a schema of answers that is none", {.two = ", answer_schema: bad.xsd"}, {10},
		{"schema of service TWO"}},
	{"both schemas of a service", {.one = ", schema: bad.xsd, answer_schema: none.xsd"}, {9, 9},
		{"bad.xsd", "none.xsd"}},
	{"adapters that are there", {.one = ", checks: nikad-given, actions: nikad-used", .more = QUEUE}, {0}, {0}},
	{"a check that is misspelt", {.one = ", checks: nikad-givn", .more = QUEUE}, {9},
		{"there is no check 'nikad-givn'; did you mean 'nikad-given'?"}},
	{"a check in the place of an action", {.one = ", actions: nikad-given", .more = QUEUE}, {9},
		{"there is no action 'nikad-given'"}},
	{"an adapter that needs Redis, without a queue", {.two = ", checks: nikad-given"}, {10},
		{"the check nikad-given needs Redis"}},
	{"more adapters than a service may have", {.one = ", checks: [a, b, c, d, e, f, g, h, i]", .more = QUEUE}, {9},
		{"more than 8 adapters"}},
	{"a key that is not there", {.key = "/nonexistent/gateway.key"}, {3}, {"/nonexistent/gateway.key"}},
	{"a key of another certificate", {.key = PKI "/permits.key"}, {3}, {"permits.key"}},
	{"an algorithm that the key makes", {.second = "max_age: 1h, algorithm: rsa-sha512"}, {0}, {0}},
	{"an algorithm of another kind of key", {.second = "max_age: 1h, algorithm: gost-2015"}, {7},
		{"the key gateway cannot make gost-2015, which profile second names"}},
	{"problems of several rooms at once",
		{.retention = "1d", .second = "max_age: 2d", .key = "/nonexistent/gateway.key",
			.two = ", schema: bad.xsd"},
		{5, 3, 10}, {"profile second", "gateway.key", "service TWO"}},
	{"a word that does not exist", {.more = "qeue: {}\n"}, {11}, {"qeue"}},
};

static void check_problems(size_t i, const struct conf_problems *p)
{
	size_t k = 0;

	for (size_t n = 0; n < p->n; n++) {
		const struct conf_problem *x = &p->list[n];

		if (x->warning)
			continue;
		if (k == 3 || x->at.line != rows[i].lines[k] || !strstr(x->what, rows[i].what[k]))
			fail_msg("%s: line %d: %s", rows[i].row, x->at.line, x->what);
		assert_string_equal(x->at.file, bench.path);
		assert_true(x->remedy && x->remedy[0]);
		k++;
	}
	if (k < 3 && rows[i].lines[k])
		fail_msg("%s: nothing was said of line %d", rows[i].row, rows[i].lines[k]);
	assert_int_equal(p->errors, k);
}

static void a_configuration_is_taken_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct conf_problems *problems = conf_problems_new();
		struct err e;
		struct snapshot *s = load(rows[i].text, problems, &e);

		check_problems(i, problems);
		assert_int_equal(s == NULL, rows[i].lines[0] != 0);
		if (!s)
			assert_int_equal(e.reason, REASON_CONFIG);
		snapshot_drop(&s);
		conf_problems_free(&problems);
	}
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct conf_problems *problems = conf_problems_new();
	struct snapshot *s = NULL;
	struct err e = {.detail = ""};

	(void)state;
	assert_false(snapshot_load("/nonexistent/qaqpa.yaml", problems, &s, &e).ok);
	assert_int_equal(e.reason, REASON_IO);
	assert_non_null(strstr(e.detail, "/nonexistent/qaqpa.yaml"));
	assert_null(s);
	conf_problems_free(&problems);
}

static struct snapshot *load_good(struct text t)
{
	struct conf_problems *problems = conf_problems_new();
	struct err e;
	struct snapshot *s = load(t, problems, &e);

	if (!s)
		fail_msg("%s: %s", e.detail, problems->n ? problems->list[0].what : "");
	conf_problems_free(&problems);
	return s;
}

static void what_a_service_needs_stands_beside_it(void **state)
{
	struct snapshot *s = load_good((struct text){.two = ", schema: good.xsd, delivery: queued, retry: often",
		.more = "queue: {socket: redis.sock, spool: spool}\n"});
	const struct conf_service *one = conf_service_by_id(s->conf, BYTES_LIT("ONE"));
	const struct conf_service *two = conf_service_by_id(s->conf, BYTES_LIT("TWO"));
	const struct service_state *with = snapshot_service(s, two);

	(void)state;
	assert_ptr_equal(snapshot_conf(s), s->conf);
	assert_ptr_equal(snapshot_trust(s), s->trust);
	assert_ptr_not_equal(snapshot_service(s, one), with);
	assert_null(snapshot_service(s, one)->schema);
	assert_non_null(with->schema);
	assert_null(with->answer_schema);
	assert_string_equal(with->retry.name, "often");
	assert_int_equal(with->retry.initial_ms, 20);
	assert_int_equal(with->retry.max_interval_ms, 2000);
	assert_int_equal(with->retry.expire_after_ms, 240000);
	assert_true(with->retry.factor == 3);
	assert_int_equal(with->retry.jitter_percent, 7);
	assert_int_equal(with->retry.max_attempts, 9);
	snapshot_drop(&s);
}

static void a_snapshot_lives_as_long_as_somebody_holds_it(void **state)
{
	struct snapshot *s = load_good((struct text){0}), *held = snapshot_keep(s);

	(void)state;
	snapshot_drop(&s);
	assert_null(s);
	assert_string_equal(snapshot_conf(held)->services[0].id, "ONE"); /* a sanitizer sees it when it is gone */
	snapshot_drop(&held);
	snapshot_drop(&held); /* takes NULL */
}

static void what_a_snapshot_signs_is_the_gateways(void **state)
{
	struct conf_participant gateway = {.name = "gateway"};
	static const char *const pinned[] = {PKI "/gateway.crt"};
	struct snapshot *s = load_good((struct text){.first = "sign: issuer-serial"});
	const struct conf_participant *permits = conf_participant_by_sender(s->conf, BYTES_LIT("permits_is"));
	struct sync_request r = {.message_id = BYTES_LIT("{00000000-0000-4000-8000-000000000001}"),
		.service_id = BYTES_LIT("ONE"),
		.date = stamp_now(),
		.sender_id = BYTES_LIT("department_is")};
	struct buf plain = BUF(MUCH), text = BUF(MUCH);
	struct trust *other_side = trust_new();
	const struct verified *v;
	struct err e = {.detail = ""};

	(void)state;
	gateway.certificates = (struct conf_names){pinned, 1};
	gateway.profile = &s->conf->profiles[0];
	assert_true(trust_add_participant(other_side, &gateway, &e).ok);
	assert_true(channel_write_request(&r, "", "<x/>", &plain, &e).ok);
	assert_ptr_equal(snapshot_key(s, permits), trust_key_named(s->trust, "gateway"));
	if (!snapshot_sign(bench.pool, permits, snapshot_key(s, permits), buf_bytes(&plain), &text, &e).ok)
		fail_msg("%s", e.detail);
	v = bench_verified(&bench, other_side, buf_bytes(&text));
	assert_string_equal(verified_participant(v)->name, "gateway");
	assert_int_equal(verified_form(v), CONF_FORM_ISSUER_SERIAL);
	trust_free(&other_side);
	buf_free(&plain);
	buf_free(&text);
	snapshot_drop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configuration_is_taken_whole_or_not_at_all),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
		cmocka_unit_test(what_a_service_needs_stands_beside_it),
		cmocka_unit_test(a_snapshot_lives_as_long_as_somebody_holds_it),
		cmocka_unit_test(what_a_snapshot_signs_is_the_gateways),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
