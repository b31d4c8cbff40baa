/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated system on the asynchronous channel: what it acknowledges it has kept, what it does not keep it says, and its
 * worker does not forget. */
#include "sim_bench.h"

#include "async_bus.h"

#define PAYLOAD "<p:R xmlns:p=\"urn:p\"><n>1</n></p:R>"

/* What the system under test kept and did; a row names what it is to refuse. */
static struct {
	pthread_mutex_t lock;
	int taken, notices, worked;
	int work_fails; /* so many times */
	char last[128]; /* messageId, root and payload */
	char notice[128];
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int count_of(const int *number)
{
	int n;

	pthread_mutex_lock(&kept.lock);
	n = *number;
	pthread_mutex_unlock(&kept.lock);
	return n;
}

static bool reaches(const int *number, int n)
{
	for (int i = 0; i < 2000 && count_of(number) < n; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	return count_of(number) >= n;
}

static outcome take(struct sim *sim, const struct sim_message *in, struct err *e)
{
	(void)sim;
	if (bytes_is(in->message->message_id, "unwanted"))
		return err_set(e, REASON_PAYLOAD_SCHEMA, "not for me");
	if (bytes_is(in->message->message_id, "untimely"))
		return err_set(e, REASON_IO, "no disk");
	pthread_mutex_lock(&kept.lock);
	kept.taken++;
	snprintf(kept.last, sizeof kept.last, "%.*s %s %.*s", (int)in->message->message_id.n,
		in->message->message_id.p, in->payload ? node_local(in->payload) : "nothing", (int)in->payload_text.n,
		in->payload_text.p);
	pthread_mutex_unlock(&kept.lock);
	return DONE;
}

static outcome take_notice(struct sim *sim, struct pool *pool, const struct async_status *status, struct err *e)
{
	(void)sim, (void)pool;
	if (status->state == ASYNC_DELIVERY_STOPPED)
		return err_set(e, REASON_IO, "no disk");
	pthread_mutex_lock(&kept.lock);
	kept.notices++;
	snprintf(kept.notice, sizeof kept.notice, "%.*s %s", (int)status->message_id.n, status->message_id.p,
		async_state_name(status->state));
	pthread_mutex_unlock(&kept.lock);
	return DONE;
}

static outcome work(struct sim *sim, struct err *e)
{
	bool fails;

	(void)sim;
	pthread_mutex_lock(&kept.lock);
	kept.worked++;
	fails = kept.work_fails-- > 0;
	pthread_mutex_unlock(&kept.lock);
	return fails ? err_set(e, REASON_PROVIDER_CONNECT, "by the test") : DONE;
}

static const struct sim_service none[] = {{NULL, NULL}};
static const struct sim_async_service services[] = {
	{"PROVIDED", true, take}, {"CONSUMED", false, take}, {NULL, false, NULL}};
static const struct sim_system full = {.name = "full", .summary = "test", .services = none,
	.async_services = services, .notice = take_notice, .work = work};
static const struct sim_system bare = {.name = "bare", .summary = "test", .services = none,
	.async_services = services};

struct pair {
	struct bus *bus;
	struct sim *sim;
};

static struct sim *start_in(const char *weather, const struct sim_system *system, const struct bus *bus, bool pull)
{
	struct sim *sim = NULL;
	struct err e = {0};

	must(sim_start(system, &(struct sim_options){.host = "127.0.0.1", .path = "/", .certificate = PKI "/permits.crt",
		.key = PKI "/permits.key", .peer_certificate = PKI "/gateway.crt", .async_url = bus->url, .pull = pull,
		.sender_id = "permits_is", .threads = 2, .weather = weather}, &sim, &e), &e);
	return sim;
}

static struct sim *start(const struct sim_system *system, const struct bus *bus, bool pull)
{
	return start_in(NULL, system, bus, pull);
}

static int begin_with(void **state, const struct sim_system *system)
{
	struct pair *p = calloc(1, sizeof *p);

	kept.taken = kept.notices = kept.worked = kept.work_fails = 0;
	kept.last[0] = kept.notice[0] = '\0';
	p->bus = bus_start(PKI, "permits");
	p->sim = start(system, p->bus, false);
	bus_connect(p->bus, PKI, "permits", sim_port(p->sim));
	*state = p;
	return 0;
}

static int begin(void **state)
{
	return begin_with(state, &full);
}

static int begin_bare(void **state)
{
	return begin_with(state, &bare);
}

static int end(void **state)
{
	struct pair *p = *state;

	sim_stop(&p->sim);
	bus_stop(p->bus);
	free(p);
	return 0;
}

/* ---- what comes to the endpoint ---- */

static void a_message_is_kept_and_acknowledged_as_what_it_is(void **state)
{
	static const struct {
		const char *service_id;
		enum async_type type;
	} rows[] = {{"PROVIDED", ASYNC_REQUEST}, {"PROVIDED", ASYNC_UPDATE}, {"CONSUMED", ASYNC_NOTIFICATION},
		{"CONSUMED", ASYNC_RESPONSE}};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
		SCOPED(buf_free) struct buf plain = BUF(65536);
		const struct verified *v;
		struct async_ack ack;
		struct err e = {0};
		int status;

		print_message("%s\n", async_type_name(rows[i].type));
		must(bus_compose(rows[i].type, rows[i].service_id, "m-1", BUS_CHAIN, PAYLOAD, &plain, &e), &e);
		bus_push(p->bus, pool, &plain, &v, &status);
		must(async_read_ack(pool, v, &ack, &e), &e);
		assert_int_equal(status, 200);
		assert_true(bytes_is(ack.message_id, "m-1"));
		assert_true(bytes_is(ack.correlation_id, BUS_CHAIN));
		assert_true(bytes_is(ack.session_id, BUS_SESSION));
		assert_int_equal(count_of(&kept.taken), (int)i + 1);
		assert_string_equal(kept.last, "m-1 R " PAYLOAD);
	}
}

static void what_is_not_kept_is_refused_by_the_fault_of_the_operation(void **state)
{
	static const struct {
		const char *name, *service_id;
		enum async_type type;
		const char *message_id, *chain, *code;
	} rows[] = {
		{"no messageId", "PROVIDED", ASYNC_REQUEST, "", BUS_CHAIN, "SCE001"},
		{"no correlationId", "PROVIDED", ASYNC_REQUEST, "m-1", "", "SCE001"},
		{"an unknown service", "NOBODY", ASYNC_REQUEST, "m-1", BUS_CHAIN, "SCE004"},
		{"a RESPONSE for the provider", "PROVIDED", ASYNC_RESPONSE, "m-1", BUS_CHAIN, "SCE004"},
		{"a REQUEST for the consumer", "CONSUMED", ASYNC_REQUEST, "m-1", BUS_CHAIN, "SCE004"},
		{"a message that the system does not want", "PROVIDED", ASYNC_REQUEST, "unwanted", BUS_CHAIN, "QG025"},
		{"a message that it cannot keep now", "PROVIDED", ASYNC_REQUEST, "untimely", BUS_CHAIN, "SCE909"},
	};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
		SCOPED(buf_free) struct buf plain = BUF(65536);
		struct channel_fault fault;
		const struct verified *v;
		struct envelope *env;
		struct err e = {0};
		int status;

		print_message("%s\n", rows[i].name);
		must(bus_compose(rows[i].type, rows[i].service_id, rows[i].message_id, rows[i].chain, PAYLOAD, &plain, &e),
			&e);
		env = bus_push(p->bus, pool, &plain, &v, &status);
		assert_int_equal(status, 500);
		assert_true(channel_read_fault(pool, env, &fault));
		assert_true(bytes_is(fault.error_code, rows[i].code));
		assert_non_null(strstr((const char *)envelope_text(env).p, "sendMessageFault1_sendMessageFault"));
	}
	assert_int_equal(count_of(&kept.taken), 0);
}

static void operations_of_the_bus_side_are_refused(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	SCOPED(buf_free) struct buf plain = BUF(65536);
	const struct async_question q = {.message_id = BYTES_LIT("m-1"), .sender_id = BYTES_LIT("x"),
		.has_sender = true, .date = stamp_now()};
	struct channel_fault fault;
	const struct verified *v;
	struct pair *p = *state;
	struct err e = {0};
	int status;

	must(async_write_question(ASYNC_GET_MESSAGE_STATUS, &q, &plain, &e), &e);
	assert_true(channel_read_fault(pool, bus_push(p->bus, pool, &plain, &v, &status), &fault));
	assert_true(bytes_is(fault.error_code, "SCE001"));
	assert_int_equal(status, 500);
}

static void a_message_of_another_than_the_pinned_is_not_kept(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	SCOPED(buf_free) struct buf plain = BUF(65536), message = BUF(65536), answer = BUF(65536);
	struct pair *p = *state;
	SCOPED(peer_free) struct peer *stranger = NULL;
	struct channel_fault fault;
	struct envelope *env;
	struct err e = {0};
	int status;

	must(peer_open(&(struct peer_options){.certificate = PKI "/other-system.crt", .key = PKI "/other-system.key",
		.peer_certificate = PKI "/permits.crt"}, &stranger, &e), &e);
	must(bus_compose(ASYNC_REQUEST, "PROVIDED", "m-1", BUS_CHAIN, PAYLOAD, &plain, &e), &e);
	must(security_sign(pool, buf_bytes(&plain), &(struct sign_options){peer_key(stranger), peer_form(stranger),
		SIGNATURE_COUNT}, &message, &e), &e);
	must(peer_send_raw(p->bus->line, buf_bytes(&message), 20000, &answer, &status, &e), &e);
	must(envelope_parse(pool, buf_bytes(&answer), &ENVELOPE_LIMITS_DEFAULT, &env, &e), &e);
	assert_true(channel_read_fault(pool, env, &fault));
	assert_true(bytes_is(fault.error_code, "SCE005"));
	assert_int_equal(count_of(&kept.taken), 0);
}

/* A notice about m-1; gives the HTTP status of the answer, whose session is checked when it is none of a fault. */
static int notify(struct bus *bus, enum async_state state, const char *session, const char *wanted_session)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	SCOPED(buf_free) struct buf plain = BUF(65536);
	const struct async_status s = {.state = state, .code = BYTES_LIT("C"), .message = BYTES_LIT("words"),
		.date = stamp_now(), .message_id = BYTES_LIT("m-1"), .notification_id = BYTES_LIT("n-1"),
		.session_id = bytes_str(session)};
	const struct verified *v;
	const struct envelope *env;
	struct err e = {0};
	bool response;
	int status;

	must(async_write_status_notification(&s, stamp_now(), &plain, &e), &e);
	env = bus_push(bus, pool, &plain, &v, &status);
	if (status != 200)
		return status;
	assert_int_equal(async_operation_of(verified_operation(v), &response), ASYNC_CHANGE_STATUS);
	assert_true(response);
	assert_true(!wanted_session || strstr((const char *)envelope_text(env).p, wanted_session));
	return status;
}

static void a_notice_is_kept_and_acknowledged(void **state)
{
	struct pair *p = *state;

	assert_int_equal(notify(p->bus, ASYNC_NOT_DELIVERED, BUS_SESSION, BUS_SESSION), 200);
	assert_string_equal(kept.notice, "m-1 NOT_DELIVERED");
	assert_int_equal(notify(p->bus, ASYNC_DELIVERED, NULL, NULL), 200);
	assert_string_equal(kept.notice, "m-1 DELIVERED");
	assert_int_equal(notify(p->bus, ASYNC_DELIVERY_STOPPED, BUS_SESSION, NULL), 500);
	assert_int_equal(count_of(&kept.notices), 2);
}

static void a_system_that_keeps_no_notices_acknowledges_them(void **state)
{
	struct pair *p = *state;

	assert_int_equal(notify(p->bus, ASYNC_DELIVERED, BUS_SESSION, BUS_SESSION), 200);
	assert_int_equal(count_of(&kept.notices), 0);
}

/* ---- the worker ---- */

static void work_follows_a_message_and_the_start(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	SCOPED(buf_free) struct buf plain = BUF(65536);
	const struct verified *v;
	struct pair *p = *state;
	struct err e = {0};
	int status, before;

	assert_true(reaches(&kept.worked, 1));
	before = count_of(&kept.worked);
	must(bus_compose(ASYNC_REQUEST, "PROVIDED", "m-1", BUS_CHAIN, PAYLOAD, &plain, &e), &e);
	bus_push(p->bus, pool, &plain, &v, &status);
	assert_true(reaches(&kept.worked, before + 1));
}

static void work_that_failed_is_begun_again(void **state)
{
	struct pair *p = *state;

	sim_stop(&p->sim);
	kept.worked = 0; /* its threads are gone */
	kept.work_fails = 2;
	p->sim = start(&full, p->bus, false);
	assert_true(reaches(&kept.worked, 3));
}

/* ---- what is fetched ---- */

static void fetched_messages_are_kept_and_answered_for(void **state)
{
	static const struct {
		const char *message_id;
		bool accepted, resend;
	} rows[] = {{"m-1", true, false}, {"unwanted", false, false}, {"untimely", false, true}};
	struct pair *p = *state;

	sim_stop(&p->sim);
	for (size_t i = 0; i < 3; i++)
		bus_wait_with(p->bus, i ? ASYNC_REQUEST : ASYNC_RESPONSE, i ? "PROVIDED" : "CONSUMED", rows[i].message_id,
			PAYLOAD);
	p->sim = start(&full, p->bus, true);
	assert_true(bus_heard_of(p->bus, 5)); /* the untimely one comes again and again */
	sim_stop(&p->sim);
	for (size_t i = 0; i < 3; i++) {
		size_t said = 0;

		print_message("%s\n", rows[i].message_id);
		for (size_t j = 0; j < bus_count(p->bus); j++) {
			const struct bus_heard *h = bus_at(p->bus, j);

			assert_int_equal(h->op, ASYNC_SEND_DELIVERY_NOTIFICATION);
			if (strcmp(h->about, rows[i].message_id) != 0)
				continue;
			said++;
			assert_int_equal(h->accepted, rows[i].accepted);
			assert_int_equal(h->resend, rows[i].resend);
		}
		assert_true(rows[i].resend ? said > 1 : said == 1);
	}
	assert_int_equal(kept.taken, 1);
	assert_string_equal(kept.last, "m-1 R " PAYLOAD);
}

static void in_bad_weather_the_bus_hears_nothing_of_a_fetched_message(void **state)
{
	struct pair *p = *state;

	sim_stop(&p->sim);
	bus_wait_with(p->bus, ASYNC_REQUEST, "PROVIDED", "m-1", PAYLOAD);
	p->sim = start_in("PROVIDED 1 drop; PROVIDED 2 after commit silent; PROVIDED 3 duplicate", &full, p->bus, true);
	assert_true(bus_heard_of(p->bus, 1));
	sim_stop(&p->sim);
	assert_int_equal(kept.taken, 3); /* not, once, twice */
	assert_int_equal(bus_count(p->bus), 1);
	assert_int_equal(bus_at(p->bus, 0)->op, ASYNC_SEND_DELIVERY_NOTIFICATION);
	assert_true(bus_at(p->bus, 0)->accepted);
}

static void a_bus_that_does_not_answer_rightly_is_asked_again(void **state)
{
	static const enum bus_way ways[] = {BUS_FAULT, BUS_UNSIGNED, BUS_OTHER_OPERATION};
	struct pair *p = *state;

	sim_stop(&p->sim);
	bus_wait_with(p->bus, ASYNC_REQUEST, "PROVIDED", "m-1", PAYLOAD);
	bus_answers(p->bus, ways[0], ASYNC_ON_DELIVERY);
	p->sim = start(&full, p->bus, true);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		bus_answers(p->bus, ways[i], ASYNC_ON_DELIVERY);
		assert_true(bus_heard_of(p->bus, bus_count(p->bus) + 2));
		assert_int_equal(count_of(&kept.taken), 0);
	}
	bus_answers(p->bus, BUS_RIGHT, ASYNC_ON_DELIVERY);
	assert_true(reaches(&kept.taken, 1));
}

static void to_fetch_an_address_is_needed(void **state)
{
	struct sim *sim = NULL;
	struct err e = {0};

	(void)state;
	must_fail(sim_start(&full, &(struct sim_options){.certificate = PKI "/permits.crt", .key = PKI "/permits.key",
		.peer_certificate = PKI "/gateway.crt", .pull = true, .path = "/"}, &sim, &e), &e, REASON_CONFIG);
}

/* ---- the calls ---- */

static const struct peer_message request = {ASYNC_REQUEST, "PROVIDED", NULL, NULL, PAYLOAD};

static void what_is_sent_arrives_and_its_answer_is_read(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	struct peer_message response = {ASYNC_RESPONSE, "CONSUMED", BUS_CHAIN, NULL, "text"};
	struct pair *p = *state;
	struct peer_answer a;
	struct err e = {0};

	must(sim_async_send(p->sim, pool, &request, 20000, &a, &e), &e);
	assert_false(a.fault);
	assert_true(bytes_is(a.ack.correlation_id, BUS_CHAIN));
	assert_int_equal(a.ack.message_id.n, 36);
	must(sim_async_send(p->sim, pool, &response, 20000, &a, &e), &e);
	bus_answers(p->bus, BUS_RIGHT, ASYNC_DELIVERED);
	must(sim_async_status(p->sim, pool, "m-1", 20000, &a, &e), &e);
	assert_int_equal(a.status.state, ASYNC_DELIVERED);
	assert_int_equal(bus_count(p->bus), 3);
	assert_int_equal(bus_at(p->bus, 0)->type, ASYNC_REQUEST);
	assert_string_equal(bus_at(p->bus, 0)->service_id, "PROVIDED");
	assert_string_equal(bus_at(p->bus, 0)->correlation_id, "");
	assert_string_equal(bus_at(p->bus, 0)->payload, PAYLOAD);
	assert_int_equal(bus_at(p->bus, 1)->type, ASYNC_RESPONSE);
	assert_string_equal(bus_at(p->bus, 1)->correlation_id, BUS_CHAIN);
	assert_string_equal(bus_at(p->bus, 2)->about, "m-1");
}

static void a_fault_is_told_and_a_wrong_answer_is_none(void **state)
{
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	struct pair *p = *state;
	struct peer_answer a;
	struct err e = {0};

	bus_answers(p->bus, BUS_FAULT, ASYNC_ON_DELIVERY);
	must(sim_async_send(p->sim, pool, &request, 20000, &a, &e), &e);
	assert_true(a.fault && a.verified);
	assert_true(bytes_is(a.fault_info.error_code, "QG050"));
	bus_answers(p->bus, BUS_UNSIGNED, ASYNC_ON_DELIVERY);
	must_fail(sim_async_send(p->sim, pool, &request, 20000, &a, &e), &e, REASON_PROVIDER_UNSIGNED);
	must_fail(sim_async_status(p->sim, pool, "m-1", 20000, &a, &e), &e, REASON_PROVIDER_UNSIGNED);
	bus_answers(p->bus, BUS_OTHER_OPERATION, ASYNC_ON_DELIVERY);
	must_fail(sim_async_send(p->sim, pool, &request, 20000, &a, &e), &e, REASON_PROVIDER_FORMAT);
	must_fail(sim_async_status(p->sim, pool, "m-1", 20000, &a, &e), &e, REASON_PROVIDER_FORMAT);
}

static void without_address_or_name_nothing_is_sent(void **state)
{
	struct peer_options o = {.certificate = PKI "/permits.crt", .key = PKI "/permits.key",
		.peer_certificate = PKI "/gateway.crt", .sender_id = "permits_is", .url = "http://127.0.0.1:1/"};
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	SCOPED(peer_free) struct peer *addressless = NULL, *nameless = NULL;
	struct peer_answer a;
	struct err e = {0};

	(void)state;
	must(peer_open(&o, &addressless, &e), &e);
	must_fail(peer_async_send(addressless, pool, &request, 1000, &a, &e), &e, REASON_CONFIG);
	o.async_url = o.url;
	o.sender_id = NULL;
	must(peer_open(&o, &nameless, &e), &e);
	must_fail(peer_async_send(nameless, pool, &request, 1000, &a, &e), &e, REASON_CONFIG);
	must_fail(peer_async_status(nameless, pool, "m-1", 1000, &a, &e), &e, REASON_CONFIG);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(a_message_is_kept_and_acknowledged_as_what_it_is),
		ROW(what_is_not_kept_is_refused_by_the_fault_of_the_operation),
		ROW(operations_of_the_bus_side_are_refused),
		ROW(a_message_of_another_than_the_pinned_is_not_kept),
		ROW(a_notice_is_kept_and_acknowledged),
		cmocka_unit_test_setup_teardown(a_system_that_keeps_no_notices_acknowledges_them, begin_bare, end),
		ROW(work_follows_a_message_and_the_start),
		ROW(work_that_failed_is_begun_again),
		ROW(fetched_messages_are_kept_and_answered_for),
		ROW(in_bad_weather_the_bus_hears_nothing_of_a_fetched_message),
		ROW(a_bus_that_does_not_answer_rightly_is_asked_again),
		cmocka_unit_test(to_fetch_an_address_is_needed),
		ROW(what_is_sent_arrives_and_its_answer_is_read),
		ROW(a_fault_is_told_and_a_wrong_answer_is_none),
		cmocka_unit_test(without_address_or_name_nothing_is_sent),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
