/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every decision of the policy at its edges, on messages that were really signed and verified. */
#include "../signed.h"

#include "policy/policy.h"

#define PASSWORD "correct horse"
#define AGE_MS 3600000 /* as in the configuration below */
#define SKEW_MS 5000

static const char configuration[] =
	"journal: {directory: journal}\n"
	"listeners: [{name: bus, listen: \"127.0.0.1:0\"}]\n"
	"secrecy: {properties: [secrecy, stateSecret], harmless: [\"false\", \"0\", none]}\n"
	"keys: [{name: gateway, certificate: " PKI "/gateway.crt, key: " PKI "/gateway.key}]\n"
	"profiles: [{name: standard, skew: 5s, max_age: 1h}]\n"
	"participants:\n"
	"  - {name: department, sender_ids: [department_is, reserve_is], certificates: " PKI "/department.crt,\n"
	"     may_call: [ECHO, NOBODY], password_hash: \"%s\"}\n"
	"  - {name: permits, sender_ids: permits_is, certificates: " PKI "/permits.crt, may_call: \"*\"}\n"
	"  - {name: monitoring, sender_ids: monitoring_is, certificates: " PKI "/monitoring.crt}\n"
	"services:\n"
	"  - {id: ECHO, provider: permits, endpoint: \"http://127.0.0.1:1/\"}\n"
	"  - {id: STATUS, provider: monitoring, endpoint: \"http://127.0.0.1:1/\"}\n"
	"  - {id: NOBODY, provider: monitoring, endpoint: \"http://127.0.0.1:1/\"}\n";

static struct signed_bench bench;
static struct conf *conf;
static struct trust *trust;
static const struct verified *department, *permits, *monitoring; /* a message of each */

static const struct verified *message_of(const char *name, const char *sender_id)
{
	struct sync_request r = {.message_id = BYTES_LIT("{00000000-0000-4000-8000-000000000001}"),
		.service_id = BYTES_LIT("ECHO"),
		.date = stamp_now(),
		.sender_id = bytes_str(sender_id)};

	return bench_verified(&bench, trust, bench_request(&bench, name, &r, "<x/>"));
}

static int setup(void **state)
{
	struct conf_problems *problems = conf_problems_new();
	struct err e = {.detail = ""};
	struct buf text = BUF(10000);
	char hash[384];

	(void)state;
	bench_make(&bench);
	assert_true(password_hash(BYTES_LIT(PASSWORD), hash, &e).ok);
	buf_printf(&text, configuration, hash);
	bench_file(&bench, "qaqpa.yaml", buf_cstr(&text));
	buf_free(&text);
	if (!conf_load(bench.path, &conf, problems, &e).ok)
		fail_msg("%s", problems->n ? problems->list[0].what : e.detail);
	trust = trust_load(conf, problems);
	assert_non_null(trust);
	conf_problems_free(&problems);
	department = message_of("department", "department_is");
	permits = message_of("permits", "permits_is");
	monitoring = message_of("monitoring", "monitoring_is");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	trust_free(&trust);
	conf_free(&conf);
	bench_drop(&bench);
	return 0;
}

static void check(const char *row, outcome got, const struct err *e, enum reason want)
{
	enum reason reason = got.ok ? REASON_NONE : e->reason;

	if (reason != want)
		fail_msg("%s: wanted %s, got %s (%s)", row, reason_row(want)->name, reason_row(reason)->name,
			e->detail);
}

static void a_sender_is_who_signed_and_knows_his_password(void **state)
{
	static const struct {
		const char *row;
		const struct verified *const *signer;
		const char *sender_id;
		bool has_password;
		struct bytes password;
		enum reason want;
	} rows[] = {
		{"the right password", &department, "department_is", true, BYTES_LIT(PASSWORD), REASON_NONE},
		{"another senderId of the same owner", &department, "reserve_is", true, BYTES_LIT(PASSWORD),
			REASON_NONE},
		{"the senderId of another participant", &department, "permits_is", true, BYTES_LIT(PASSWORD),
			REASON_SENDER_UNKNOWN},
		{"the senderId of another participant, who needs no password", &permits, "monitoring_is", false, {0},
			REASON_SENDER_UNKNOWN},
		{"a senderId nobody has", &department, "nobody_is", true, BYTES_LIT(PASSWORD), REASON_SENDER_UNKNOWN},
		{"no senderId", &department, "", true, BYTES_LIT(PASSWORD), REASON_SENDER_UNKNOWN},
		{"the name of the participant is no senderId", &department, "department", true, BYTES_LIT(PASSWORD),
			REASON_SENDER_UNKNOWN},
		{"capital letters", &department, "Department_is", true, BYTES_LIT(PASSWORD), REASON_SENDER_UNKNOWN},
		{"the beginning of a senderId", &department, "department_i", true, BYTES_LIT(PASSWORD),
			REASON_SENDER_UNKNOWN},
		{"a senderId and more", &department, "department_is2", true, BYTES_LIT(PASSWORD),
			REASON_SENDER_UNKNOWN},
		{"no password", &department, "department_is", false, {0}, REASON_SENDER_PASSWORD},
		{"octets of a password that was not given", &department, "department_is", false, BYTES_LIT(PASSWORD),
			REASON_SENDER_PASSWORD},
		{"an empty password", &department, "department_is", true, BYTES_LIT(""), REASON_SENDER_PASSWORD},
		{"a wrong password", &department, "department_is", true, BYTES_LIT("wrong horse"),
			REASON_SENDER_PASSWORD},
		{"the password in capitals", &department, "department_is", true, BYTES_LIT("CORRECT HORSE"),
			REASON_SENDER_PASSWORD},
		{"the beginning of the password", &department, "department_is", true, BYTES_LIT("correct hors"),
			REASON_SENDER_PASSWORD},
		{"the password and more", &department, "department_is", true, BYTES_LIT(PASSWORD "!"),
			REASON_SENDER_PASSWORD},
		{"the password and a NUL", &department, "department_is", true, BYTES_LIT(PASSWORD "\0"),
			REASON_SENDER_PASSWORD},
		{"the password and a NUL and more", &department, "department_is", true, BYTES_LIT(PASSWORD "\0x"),
			REASON_SENDER_PASSWORD},
		{"nothing is demanded and nothing given", &permits, "permits_is", false, {0}, REASON_NONE},
		{"nothing is demanded, something given", &permits, "permits_is", true, BYTES_LIT("anything"),
			REASON_NONE},
		{"the right password after the wrong ones", &department, "department_is", true, BYTES_LIT(PASSWORD),
			REASON_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sync_request r = {.sender_id = bytes_str(rows[i].sender_id),
			.has_password = rows[i].has_password,
			.password = rows[i].password};
		struct err e = {.detail = ""};

		check(rows[i].row, policy_sender(*rows[i].signer, &r, &e), &e, rows[i].want);
		if (r.password.n && memmem(e.detail, strlen(e.detail), r.password.p, r.password.n))
			fail_msg("%s: the password is in the detail: %s", rows[i].row, e.detail);
	}
}

static void a_date_is_within_the_window_its_ends_included(void **state)
{
	static const struct {
		const char *row;
		int64_t age_ms;
		enum reason want;
	} rows[] = {
		{"now", 0, REASON_NONE},
		{"as old as allowed", AGE_MS, REASON_NONE},
		{"a millisecond older", AGE_MS + 1, REASON_DATE_WINDOW},
		{"a skew beyond the age: it is allowed to the clock ahead alone", AGE_MS + SKEW_MS,
			REASON_DATE_WINDOW},
		{"as far ahead as allowed", -SKEW_MS, REASON_NONE},
		{"a millisecond further", -SKEW_MS - 1, REASON_DATE_WINDOW},
		{"years old", INT64_C(20) * 365 * 86400000, REASON_DATE_WINDOW},
		{"years ahead", INT64_C(-7000) * 365 * 86400000, REASON_DATE_WINDOW},
	};
	const struct stamp now = {.ms = INT64_C(1893553445678), .offset_min = 300, .has_offset = true};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		/* the offset a moment is written with is no matter */
		struct sync_request r = {.date = {.ms = now.ms - rows[i].age_ms, .offset_min = (int)i * 60 - 240}};
		struct err e = {.detail = ""};

		check(rows[i].row, policy_date(department, &r, now, &e), &e, rows[i].want);
	}
}

static void a_mark_of_secrecy_refuses_the_message(void **state)
{
	static const struct {
		const char *row;
		struct property properties[3];
		size_t count;
		enum reason want;
	} rows[] = {
		{"no properties", {{{0}, {0}}}, 0, REASON_NONE},
		{"another property", {{BYTES_LIT("urgency"), BYTES_LIT("secret")}}, 1, REASON_NONE},
		{"an empty value", {{BYTES_LIT("secrecy"), BYTES_LIT("")}}, 1, REASON_NONE},
		{"a harmless value", {{BYTES_LIT("secrecy"), BYTES_LIT("false")}}, 1, REASON_NONE},
		{"every harmless value",
			{{BYTES_LIT("secrecy"), BYTES_LIT("0")}, {BYTES_LIT("stateSecret"), BYTES_LIT("none")}}, 2,
			REASON_NONE},
		{"a marking value", {{BYTES_LIT("secrecy"), BYTES_LIT("true")}}, 1, REASON_SECRET_MARK},
		{"a marking value of the other property", {{BYTES_LIT("stateSecret"), BYTES_LIT("1")}}, 1,
			REASON_SECRET_MARK},
		{"a harmless value in capitals is not harmless", {{BYTES_LIT("secrecy"), BYTES_LIT("FALSE")}}, 1,
			REASON_SECRET_MARK},
		{"a harmless value with a blank is not harmless", {{BYTES_LIT("secrecy"), BYTES_LIT("false ")}}, 1,
			REASON_SECRET_MARK},
		{"a blank is a value", {{BYTES_LIT("secrecy"), BYTES_LIT(" ")}}, 1, REASON_SECRET_MARK},
		{"a mark behind what is harmless",
			{{BYTES_LIT("secrecy"), BYTES_LIT("false")}, {BYTES_LIT("x"), BYTES_LIT("y")},
				{BYTES_LIT("secrecy"), BYTES_LIT("top")}},
			3, REASON_SECRET_MARK},
		{"a key of which the mark is only a part", {{BYTES_LIT("secrecyLevel"), BYTES_LIT("1")}}, 1,
			REASON_NONE},
		{"no key", {{BYTES_LIT(""), BYTES_LIT("1")}}, 1, REASON_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sync_request r = {.properties = rows[i].properties, .property_count = rows[i].count};
		struct err e = {.detail = ""};

		check(rows[i].row, policy_secrecy(conf, &r, &e), &e, rows[i].want);
	}
}

static void a_service_is_called_by_those_who_may(void **state)
{
	static char longest[4000];
	static const struct {
		const char *row;
		const struct verified *const *signer;
		const char *service_id;
		enum reason want;
	} rows[] = {
		{"named among what it may call", &department, "ECHO", REASON_NONE},
		{"the last named", &department, "NOBODY", REASON_NONE},
		{"not named", &department, "STATUS", REASON_SERVICE_FORBIDDEN},
		{"everything is allowed", &permits, "STATUS", REASON_NONE},
		{"everything is allowed, also its own service", &permits, "ECHO", REASON_NONE},
		{"nothing is allowed", &monitoring, "ECHO", REASON_SERVICE_FORBIDDEN},
		{"its own service is not allowed without a word", &monitoring, "STATUS", REASON_SERVICE_FORBIDDEN},
		{"a service that is not there", &department, "ECHO2", REASON_SERVICE_UNKNOWN},
		{"a service that is not there, for whom everything is allowed", &permits, "*",
			REASON_SERVICE_UNKNOWN},
		{"small letters", &department, "echo", REASON_SERVICE_UNKNOWN},
		{"no serviceId", &permits, "", REASON_SERVICE_UNKNOWN},
		{"a serviceId longer than any detail", &permits, longest, REASON_SERVICE_UNKNOWN},
	};

	(void)state;
	memset(longest, 'E', sizeof longest - 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sync_request r = {.service_id = bytes_str(rows[i].service_id)};
		const struct conf_service *service = NULL;
		struct err e = {.detail = ""};

		check(rows[i].row, policy_service(conf, *rows[i].signer, &r, &service, &e), &e, rows[i].want);
		if (rows[i].want == REASON_NONE)
			assert_string_equal(service->id, rows[i].service_id);
		else
			assert_null(service);
	}
}

static void an_answer_is_signed_by_the_provider(void **state)
{
	const struct conf_service *echo = conf_service_by_id(conf, BYTES_LIT("ECHO"));
	struct err e = {.detail = ""};

	(void)state;
	check("the provider", policy_answer(echo, permits, &e), &e, REASON_NONE);
	check("another provider", policy_answer(echo, monitoring, &e), &e, REASON_PROVIDER_UNSIGNED);
	assert_non_null(strstr(e.detail, "permits"));
	assert_non_null(strstr(e.detail, "monitoring"));
	check("the caller himself", policy_answer(echo, department, &e), &e, REASON_PROVIDER_UNSIGNED);
}

/* Not fields made by hand, but what channel reads from the message. */
static void a_message_passes_as_it_was_signed(void **state)
{
	static const struct property harmless = {BYTES_LIT("secrecy"), BYTES_LIT("0")};
	struct sync_request sent = {.message_id = BYTES_LIT("{00000000-0000-4000-8000-000000000002}"),
		.service_id = BYTES_LIT("ECHO"),
		.date = stamp_now(),
		.sender_id = BYTES_LIT("department_is"),
		.has_password = true,
		.password = BYTES_LIT(PASSWORD),
		.properties = &harmless,
		.property_count = 1};
	const struct verified *v =
		bench_verified(&bench, trust, bench_request(&bench, "department", &sent, "<x/>"));
	const struct conf_service *service;
	struct sync_request r;
	struct err e = {.detail = ""};

	(void)state;
	check("read", channel_read_request(bench.pool, v, &r, &e), &e, REASON_NONE);
	check("sender", policy_sender(v, &r, &e), &e, REASON_NONE);
	check("date", policy_date(v, &r, sent.date, &e), &e, REASON_NONE);
	assert_int_equal(r.property_count, 1);
	check("secrecy", policy_secrecy(conf, &r, &e), &e, REASON_NONE);
	check("service", policy_service(conf, v, &r, &service, &e), &e, REASON_NONE);
	assert_string_equal(service->provider->name, "permits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_is_who_signed_and_knows_his_password),
		cmocka_unit_test(a_date_is_within_the_window_its_ends_included),
		cmocka_unit_test(a_mark_of_secrecy_refuses_the_message),
		cmocka_unit_test(a_service_is_called_by_those_who_may),
		cmocka_unit_test(an_answer_is_signed_by_the_provider),
		cmocka_unit_test(a_message_passes_as_it_was_signed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
