/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules M3, M6 on the asynchronous channel: the department answers what it acknowledged, whatever happens between; the
 * monitoring system keeps what it hears, and its act tells it. */
#include "../sim/async_bus.h"

#include "validity.h"
#include "world.h"

#define NUMBER "01234567890123456789"
#define SYSTEM_INFO "<SystemInfo><RequestNumber>" NUMBER "</RequestNumber><ChainId>c</ChainId><RequestDate>" \
	"2030-01-02T03:04:05.000+05:00</RequestDate></SystemInfo>"
#define APPLICATION(consent) "<d:DepartmentRequest xmlns:d=\"urn:qaqpa:department:v1\">" SYSTEM_INFO \
	"<BusinessData><MessageKind>request</MessageKind><ServiceCode>LICENCE-001</ServiceCode><Employee><Iin>" \
	"900101300017</Iin><FullName>Clerk</FullName><OfficeCode>OFFICE-7</OfficeCode></Employee><Consent><Given>" \
	consent "</Given><Date>2030-01-02</Date></Consent><Applicant><Iin>900101300017</Iin><Name>Test</Name>" \
	"</Applicant><Documents><Document><Code>ID</Code><Name>Card</Name></Document></Documents></BusinessData>" \
	"</d:DepartmentRequest>"
#define GOOD APPLICATION("true")
#define BAD APPLICATION("false")
#define ANSWER_INFO "<SystemInfo><RequestNumber>" NUMBER "</RequestNumber><ChainId>c</ChainId><RequestDate>" \
	"2030-01-02T03:04:05.000+05:00</RequestDate><ResponseDate>2030-01-02T03:04:06.000+05:00</ResponseDate>" \
	"</SystemInfo>"
#define ACCEPTED "<d:DepartmentNotice xmlns:d=\"urn:qaqpa:department:v1\">" ANSWER_INFO "<ResponseData>" \
	"<RequestNumber>" NUMBER "</RequestNumber><CurrentStatus>001</CurrentStatus><CurrentStatusText>Accepted" \
	"</CurrentStatusText></ResponseData></d:DepartmentNotice>"
#define RESULT(what, status) "<d:DepartmentResponse xmlns:d=\"urn:qaqpa:department:v1\">" ANSWER_INFO \
	"<ResponseData><MessageKind>response</MessageKind>" what "<CurrentStatus>" status "</CurrentStatus>" \
	"<CurrentStatusText>Words</CurrentStatusText></ResponseData></d:DepartmentResponse>"
#define GRANTED RESULT("<Permit><Nikad>KZ03ABC00000001</Nikad><RegistrationNumber>REG0000000001" \
	"</RegistrationNumber><RegistrationDate>2030-01-02T03:04:06.000+05:00</RegistrationDate></Permit>", "001")
#define REFUSED RESULT("<Reasons><Reason><Code>a.b</Code><Text>not so</Text></Reason><Reason><Code>c.d</Code>" \
	"<Text>nor so</Text></Reason></Reasons>", "002")

static struct {
	const char *name; /* of the system */
	char *folder;
	struct bus *bus;
	struct sim *sim;
	struct pool *pool;
} w;

static void start_sim(void)
{
	struct err e = {0};

	must(sim_start(sim_system_named(w.name), &(struct sim_options){.host = "127.0.0.1", .path = "/",
		.certificate = PKI "/department.crt", .key = PKI "/department.key", .peer_certificate = PKI "/gateway.crt",
		.async_url = w.bus->url, .sender_id = "system_is", .state = w.folder, .threads = 2,
		.signers = world_signers}, &w.sim, &e), &e);
	peer_free(&w.bus->line);
	bus_connect(w.bus, PKI, "department", sim_port(w.sim));
}

static int begin(const char *name)
{
	w.name = name;
	w.folder = fresh_folder();
	w.pool = pool_new(MUCH);
	w.bus = bus_start(PKI, "department");
	start_sim();
	return 0;
}

static int begin_department(void **state)
{
	(void)state;
	return begin("department");
}

static int begin_monitoring(void **state)
{
	(void)state;
	return begin("monitoring");
}

static int end(void **state)
{
	(void)state;
	sim_stop(&w.sim);
	bus_stop(w.bus);
	pool_free(&w.pool);
	remove_folder(w.folder);
	return 0;
}

/* Pushes a message; gives the error code of the fault, or NULL when it was acknowledged. */
static const char *push(enum async_type type, const char *message_id, const char *data)
{
	SCOPED(buf_free) struct buf plain = BUF(1u << 20);
	struct channel_fault fault;
	const struct verified *v;
	struct envelope *env;
	struct async_ack ack;
	struct err e = {0};
	int status;

	must(bus_compose(type, "DEPARTMENT_CASE", message_id, BUS_CHAIN, data, &plain, &e), &e);
	env = bus_push(w.bus, w.pool, &plain, &v, &status);
	if (channel_read_fault(w.pool, env, &fault))
		return pool_copy(w.pool, fault.error_code);
	must(async_read_ack(w.pool, v, &ack, &e), &e);
	return NULL;
}

/* One text of the system's state. */
struct look {
	const char *sql;
	char text[512];
};

static outcome look_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct look *l = ctx;

	return store_run(s, l->sql, NULL, 0, &(struct store_column){l->text, sizeof l->text}, 1, NULL, e);
}

static const char *state_of(const char *sql)
{
	struct look l = {sql, ""};
	struct err e = {0};

	must(store_transact(sim_state(w.sim), look_in_unit, &l, &e), &e);
	return pool_copy(w.pool, bytes_str(l.text));
}

static bool comes_to(const char *sql, const char *wanted)
{
	for (int i = 0; i < 2000; i++) {
		if (strcmp(state_of(sql), wanted) == 0)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return false;
}

#define STAGES "SELECT ifnull(group_concat(stage), '') FROM taken"

/* ---- the department ---- */

static void check_heard(size_t i, enum async_type type, const char *holds)
{
	const struct bus_heard *h = bus_at(w.bus, i);

	assert_int_equal(h->op, ASYNC_SEND_MESSAGE);
	assert_int_equal(h->type, type);
	assert_string_equal(h->service_id, "DEPARTMENT_CASE");
	assert_string_equal(h->correlation_id, BUS_CHAIN);
	assert_true(is_valid(DEPARTMENT_XSD, h->payload));
	assert_non_null(strstr(h->payload, NUMBER));
	assert_non_null(strstr(h->payload, holds));
}

static void an_application_is_accepted_then_answered(void **state)
{
	(void)state;
	assert_null(push(ASYNC_REQUEST, "m-1", BAD));
	assert_true(comes_to(STAGES, "answered"));
	assert_int_equal(bus_count(w.bus), 2);
	check_heard(0, ASYNC_NOTIFICATION, "<CurrentStatus>001</CurrentStatus>");
	check_heard(1, ASYNC_RESPONSE, "<Code>consent.absent</Code>");
}

static void the_same_message_twice_is_answered_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_null(push(ASYNC_REQUEST, i < 2 ? "m-1" : "m-2", BAD));
	assert_true(comes_to(STAGES, "answered,answered"));
	assert_int_equal(bus_count(w.bus), 4);
}

static void what_is_no_application_is_refused_and_not_kept(void **state)
{
	static const struct {
		const char *name, *data, *code;
		enum async_type type;
	} rows[] = {
		{"an UPDATE", GOOD, "SCE001", ASYNC_UPDATE},
		{"another payload", ACCEPTED, "QG025", ASYNC_REQUEST},
		{"no payload", "", "SCE001", ASYNC_REQUEST},
		{"a RESPONSE", GRANTED, "SCE004", ASYNC_RESPONSE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *code = push(rows[i].type, "m-1", rows[i].data);

		print_message("%s\n", rows[i].name);
		assert_non_null(code);
		assert_string_equal(code, rows[i].code);
	}
	assert_string_equal(state_of(STAGES), "");
	assert_int_equal(bus_count(w.bus), 0);
}

static void what_the_gateway_did_not_take_is_told_again(void **state)
{
	(void)state;
	bus_answers(w.bus, BUS_FAULT, ASYNC_ON_DELIVERY);
	assert_null(push(ASYNC_REQUEST, "m-1", BAD));
	assert_true(bus_heard_of(w.bus, 2));
	assert_string_equal(state_of(STAGES), "taken");
	bus_answers(w.bus, BUS_RIGHT, ASYNC_ON_DELIVERY);
	assert_true(comes_to(STAGES, "answered"));
	assert_int_equal(bus_at(w.bus, bus_count(w.bus) - 2)->type, ASYNC_NOTIFICATION);
	assert_int_equal(bus_at(w.bus, bus_count(w.bus) - 1)->type, ASYNC_RESPONSE);
}

/* There is nobody to ask for a number here: the steps fail. */
static void an_application_that_cannot_go_on_waits_and_goes_on_after_a_restart(void **state)
{
	(void)state;
	assert_null(push(ASYNC_REQUEST, "m-1", GOOD));
	assert_true(comes_to("SELECT ifnull(min(tries > 0 AND stage = 'accepted'), 0) FROM taken", "1"));
	assert_int_equal(bus_count(w.bus), 1);
	sim_stop(&w.sim);
	start_sim();
	assert_string_equal(state_of(STAGES), "accepted");
	(void)state_of("UPDATE taken SET tries = 20");
	assert_true(comes_to(STAGES, "answered"));
	assert_int_equal(bus_count(w.bus), 2);
	check_heard(1, ASYNC_RESPONSE, "<Code>step.failed</Code>");
}

static void an_answer_that_nobody_takes_is_given_up(void **state)
{
	(void)state;
	bus_answers(w.bus, BUS_FAULT, ASYNC_ON_DELIVERY);
	assert_null(push(ASYNC_REQUEST, "m-1", BAD));
	assert_true(bus_heard_of(w.bus, 1));
	(void)state_of("UPDATE taken SET tries = 20");
	assert_true(comes_to(STAGES, "stuck"));
}

/* ---- the monitoring system ---- */

#define HEARD "SELECT ifnull(group_concat(kind || ' ' || code || ' ' || words, ';'), '') FROM heard"

static void what_is_heard_is_kept_once(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_null(push(ASYNC_NOTIFICATION, "m-1", ACCEPTED));
		assert_null(push(ASYNC_RESPONSE, "m-2", REFUSED));
	}
	assert_string_equal(state_of(HEARD), "NOTIFICATION 001 Accepted;RESPONSE 002 Words: not so; nor so");
	assert_string_equal(state_of("SELECT payload FROM heard WHERE message_id = 'm-1'"), ACCEPTED);
	assert_string_equal(state_of("SELECT DISTINCT about FROM heard"), BUS_CHAIN);
}

static void what_says_nothing_of_a_case_is_refused(void **state)
{
	static const struct {
		enum async_type type;
		const char *data;
	} rows[] = {{ASYNC_NOTIFICATION, GRANTED}, {ASYNC_RESPONSE, ACCEPTED}, {ASYNC_RESPONSE, GOOD},
		{ASYNC_RESPONSE, "<other/>"}, {ASYNC_RESPONSE, ""}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(push(rows[i].type, "m-1", rows[i].data), "QG025");
	assert_string_equal(state_of(HEARD), "");
}

struct acting {
	pthread_t thread;
	struct buf report;
	const char *argument;
	int result;
};

static void *act(void *ctx)
{
	struct acting *a = ctx;
	struct err e = {0};

	a->result = sim_act_named(sim_system_named("monitoring"), "send-case")->run(w.sim, a->argument, &a->report, &e);
	if (a->result < 0)
		buf_str(&a->report, e.detail);
	return NULL;
}

static void act_begin(struct acting *a)
{
	*a = (struct acting){.report = BUF(65536)};
	assert_int_equal(pthread_create(&a->thread, NULL, act, a), 0);
}

static const char *act_end(struct acting *a, int result)
{
	const char *report;

	pthread_join(a->thread, NULL);
	report = pool_copy(w.pool, buf_bytes(&a->report));
	buf_free(&a->report);
	print_message("%s", report);
	assert_int_equal(a->result, result);
	return report;
}

static void in_order(const char *report, const char *const *parts)
{
	for (const char *at = report; *parts; parts++) {
		at = strstr(at, *parts);
		assert_non_null(at);
	}
}

static void the_act_tells_what_it_hears_until_the_response(void **state)
{
	static const struct {
		const char *response;
		int result;
		const char *says;
	} rows[] = {
		{GRANTED, 0, "RESPONSE 001 Words, NIKAD KZ03ABC00000001, registration REG0000000001\n"},
		{REFUSED, 1, "RESPONSE 002 Words: not so; nor so\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const parts[] = {"case ", "correlationId " BUS_CHAIN "\n", "  status ON_DELIVERY words\n",
			"  NOTIFICATION 001 Accepted\n", rows[i].says, NULL};
		struct acting a;

		act_begin(&a);
		assert_true(bus_heard_of(w.bus, 2)); /* the REQUEST and the first question */
		assert_int_equal(bus_at(w.bus, 0)->type, ASYNC_REQUEST);
		assert_true(is_valid(DEPARTMENT_XSD, bus_at(w.bus, 0)->payload));
		assert_null(push(ASYNC_NOTIFICATION, "m-1", ACCEPTED));
		assert_null(push(ASYNC_RESPONSE, "m-2", rows[i].response));
		assert_true(bus_heard_of(w.bus, bus_count(w.bus) + 1)); /* asks on: the REQUEST is said to be on delivery */
		bus_answers(w.bus, BUS_RIGHT, ASYNC_DELIVERED);
		in_order(act_end(&a, rows[i].result), parts);
		end(state);
		begin_monitoring(state);
	}
}

static void a_notice_tells_that_the_request_arrived_or_never_will(void **state)
{
	static const enum async_state states[] = {ASYNC_DELIVERED, ASYNC_NOT_DELIVERED};

	for (size_t i = 0; i < 2; i++) {
		const char *const parts[] = {"  notice ", async_state_name(states[i]), " words\n", NULL};
		SCOPED(buf_free) struct buf plain = BUF(65536);
		const struct async_status s = {.state = states[i], .code = BYTES_LIT("C"), .message = BYTES_LIT("words"),
			.date = stamp_now(), .notification_id = BYTES_LIT("n-1"), .session_id = BYTES_LIT(BUS_SESSION),
			.message_id = BYTES_LIT("cccccccc-0000-4000-8000-000000000003")};
		const struct verified *v;
		struct err e = {0};
		struct acting a;
		int status;

		act_begin(&a);
		assert_true(bus_heard_of(w.bus, 2));
		must(async_write_status_notification(&s, stamp_now(), &plain, &e), &e);
		bus_push(w.bus, w.pool, &plain, &v, &status);
		assert_int_equal(status, 200);
		if (states[i] == ASYNC_DELIVERED) {
			assert_true(comes_to("SELECT count(*) FROM heard", "1"));
			assert_null(push(ASYNC_RESPONSE, "m-2", GRANTED));
		}
		in_order(act_end(&a, states[i] == ASYNC_DELIVERED ? 0 : 1), parts);
		end(state);
		begin_monitoring(state);
	}
}

static void a_request_that_is_refused_ends_the_act(void **state)
{
	struct acting a;

	(void)state;
	bus_answers(w.bus, BUS_FAULT, ASYNC_ON_DELIVERY);
	act_begin(&a);
	assert_non_null(strstr(act_end(&a, 1), "fault QG050 no\n"));
	bus_answers(w.bus, BUS_UNSIGNED, ASYNC_ON_DELIVERY);
	act_begin(&a);
	act_end(&a, -1);
}

int main(void)
{
#define DEPARTMENT_ROW(f) cmocka_unit_test_setup_teardown(f, begin_department, end)
#define MONITORING_ROW(f) cmocka_unit_test_setup_teardown(f, begin_monitoring, end)
	const struct CMUnitTest tests[] = {
		DEPARTMENT_ROW(an_application_is_accepted_then_answered),
		DEPARTMENT_ROW(the_same_message_twice_is_answered_once),
		DEPARTMENT_ROW(what_is_no_application_is_refused_and_not_kept),
		DEPARTMENT_ROW(what_the_gateway_did_not_take_is_told_again),
		DEPARTMENT_ROW(an_application_that_cannot_go_on_waits_and_goes_on_after_a_restart),
		DEPARTMENT_ROW(an_answer_that_nobody_takes_is_given_up),
		MONITORING_ROW(what_is_heard_is_kept_once),
		MONITORING_ROW(what_says_nothing_of_a_case_is_refused),
		MONITORING_ROW(the_act_tells_what_it_hears_until_the_response),
		MONITORING_ROW(a_notice_tells_that_the_request_arrived_or_never_will),
		MONITORING_ROW(a_request_that_is_refused_ends_the_act),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
