/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weather over a running system: what its caller sees, whether the work was done, and what is remembered. */
#include "sim_bench.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define SHORT_MS 400
#define LONG_MS 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int worked;            /* calls of the service */
static char heard[16][40];    /* their messageIds */
static int64_t payload_ms;    /* the moment that the last one wrote */

static outcome handle_work(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	(void)sim, (void)e;
	pthread_mutex_lock(&lock);
	snprintf(heard[worked % 16], sizeof heard[0], "%.*s", (int)in->request->message_id.n,
		(const char *)in->request->message_id.p);
	worked++;
	payload_ms = sim_now().ms;
	pthread_mutex_unlock(&lock);
	out->code = "SCSS001";
	out->message = "done";
	return DONE;
}

/* Sends a request of its own; says whether it worked. */
static outcome handle_relay(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	struct sim_answer answer;
	bool sent = sim_send(sim, in->pool, "WORK", NULL, NULL, LONG_MS, &answer, e).ok;

	out->code = "SCSS001";
	out->message = !sent ? reason_row(e->reason)->name : answer.fault ? pool_copy(in->pool, answer.fault_info.error_code)
		: "sent";
	return DONE;
}

static const struct sim_service services[] = {{"WORK", handle_work}, {"OTHER", handle_work}, {"RELAY", handle_relay},
	{NULL, NULL}};

static outcome open_nothing(const char *directory, void **state, struct err *e)
{
	(void)directory, (void)e;
	*state = NULL;
	return DONE;
}

static const struct sim_system tested = {.name = "tested", .summary = "test", .services = services,
	.open = open_nothing};

static struct pool *pool;
static char folder[64];
static const char *script; /* path of a file in it */

static struct sim_options options(const char *weather)
{
	static const char *const signers[] = {"expired=" PKI "/expired.crt," PKI "/expired.key", NULL};

	return (struct sim_options){.host = "127.0.0.1", .path = "/", .certificate = PKI "/permits.crt",
		.key = PKI "/permits.key", .peer_certificate = PKI "/gateway.crt", .threads = 1, .state = folder,
		.signers = signers, .weather = weather};
}

static struct sim *start(const char *weather)
{
	struct sim_options o = options(weather);
	struct sim *s = NULL;
	struct err e = {0};

	must(sim_start(&tested, &o, &s, &e), &e);
	return s;
}

static struct peer *caller_of(const struct sim *s)
{
	struct peer *p = NULL;
	struct err e = {0};

	must(peer_open(&(struct peer_options){.certificate = PKI "/gateway.crt", .key = PKI "/gateway.key",
		.peer_certificate = PKI "/permits.crt", .sender_id = "caller_is",
		.url = pool_printf(pool, "http://127.0.0.1:%d/", sim_port(s))}, &p, &e), &e);
	return p;
}

/* One call; the reason of its failure, or NONE. */
static enum reason call(const struct sim *s, const char *service, int deadline_ms, struct sim_answer *out)
{
	SCOPED(peer_free) struct peer *p = caller_of(s);
	struct err e = {0};

	return peer_send(p, pool, service, NULL, NULL, NULL, deadline_ms, out, &e).ok ? REASON_NONE : e.reason;
}

/* Waits for work that goes on when its caller has gone. */
static void must_have_worked(int times)
{
	int now = -1;

	for (int i = 0; i < 2000 && now < times; i++) {
		pthread_mutex_lock(&lock);
		now = worked;
		pthread_mutex_unlock(&lock);
		if (now < times)
			nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	assert_int_equal(now, times);
}

static void write_script(const char *text)
{
	const char *fresh = pool_printf(pool, "%s.fresh", script);
	FILE *f = fopen(fresh, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
	assert_int_equal(rename(fresh, script), 0);
}

static int begin(void **state)
{
	(void)state;
	pool = pool_new(MUCH);
	snprintf(folder, sizeof folder, "/tmp/qaqpa-sky-XXXXXX");
	assert_non_null(mkdtemp(folder));
	script = pool_printf(pool, "%s/script", folder);
	worked = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(system(pool_printf(pool, "rm -r '%s'", folder)), 0);
	pool_free(&pool);
	return 0;
}

static void each_weather_is_seen_by_the_caller(void **state)
{
	static const struct {
		const char *weather;
		enum reason reason;
		int worked;
		int deadline_ms;
	} rows[] = {
		{"# fair", REASON_NONE, 1, LONG_MS},
		{"WORK always drop", REASON_PROVIDER_BROKEN, 0, LONG_MS},
		{"WORK always after commit drop", REASON_PROVIDER_BROKEN, 1, LONG_MS},
		{"WORK always html-502", REASON_PROVIDER_NOT_SOAP, 0, LONG_MS},
		{"WORK always after commit html-502", REASON_PROVIDER_NOT_SOAP, 1, LONG_MS},
		{"WORK always empty-200", REASON_PROVIDER_EMPTY, 0, LONG_MS},
		{"WORK always after commit empty-200", REASON_PROVIDER_EMPTY, 1, LONG_MS},
		{"WORK always half-open", REASON_PROVIDER_DEADLINE, 0, SHORT_MS},
		{"WORK always after commit half-open", REASON_PROVIDER_DEADLINE, 1, SHORT_MS},
		{"WORK always silent", REASON_PROVIDER_DEADLINE, 0, SHORT_MS},
		{"WORK always after commit silent", REASON_PROVIDER_DEADLINE, 1, SHORT_MS},
		{"WORK always delay 1h", REASON_PROVIDER_DEADLINE, 0, SHORT_MS},
		{"WORK always after commit delay 1h", REASON_PROVIDER_DEADLINE, 1, SHORT_MS},
		{"WORK always delay 1ms", REASON_NONE, 1, LONG_MS},
		{"WORK always duplicate", REASON_NONE, 2, LONG_MS},
		{"WORK always wrong-signature", REASON_PROVIDER_UNSIGNED, 1, LONG_MS},
		{"WORK always expired-certificate", REASON_PROVIDER_UNSIGNED, 1, LONG_MS},
		{"WORK always shifted-clock -1h", REASON_NONE, 1, LONG_MS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(sim_stop) struct sim *s = start(rows[i].weather);
		struct sim_answer a;
		enum reason got;

		print_message("%s\n", rows[i].weather);
		worked = 0;
		got = call(s, "WORK", rows[i].deadline_ms, &a);
		assert_string_equal(reason_row(got)->name, reason_row(rows[i].reason)->name);
		must_have_worked(rows[i].worked);
	}
}

static void html_has_its_status(void **state)
{
	SCOPED(sim_stop) struct sim *s = start("WORK always html-502");
	SCOPED(peer_free) struct peer *p = caller_of(s);
	SCOPED(buf_free) struct buf message = BUF(65536), answer = BUF(65536);
	struct err e = {0};
	int status;

	(void)state;
	must(peer_compose(p, pool, "WORK", NULL, NULL, NULL, &message, &e), &e);
	must(peer_send_raw(p, buf_bytes(&message), LONG_MS, &answer, &status, &e), &e);
	assert_int_equal(status, 502);
	assert_non_null(strstr(buf_cstr(&answer), "<h1>502 Bad Gateway</h1>"));
}

static void a_fault_is_signed_and_has_the_words_of_its_code(void **state)
{
	static const struct {
		const char *weather, *code, *words;
		int status;
	} rows[] = {
		{"WORK always fault SCE004", "SCE004", "The service is absent or unavailable.", 500},
		{"WORK always after commit fault QG050", "QG050",
			"The gateway or the service is at its limit; come back later.", 503},
		{"WORK always fault SCE777", "SCE777", "A fault of the weather.", 500},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(sim_stop) struct sim *s = start(rows[i].weather);
		struct sim_answer a;

		assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_NONE);
		assert_true(a.fault && a.verified);
		assert_true(bytes_is(a.fault_info.error_code, rows[i].code));
		assert_true(bytes_is(a.fault_info.error_message, rows[i].words));
		assert_int_equal(a.http_status, rows[i].status);
	}
}

static void a_shifted_clock_dates_answer_and_payload(void **state)
{
	SCOPED(sim_stop) struct sim *s = start("WORK 1 shifted-clock -2h\nWORK 2 shifted-clock +1d");
	static const int64_t shifts[] = {-7200000, 86400000, 0};
	struct sim_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
		int64_t before = stamp_now().ms + shifts[i], after;

		assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_NONE);
		after = stamp_now().ms + shifts[i];
		assert_in_range(a.response.date.ms, before, after);
		assert_in_range(payload_ms, before, after);
	}
}

static void weather_on_one_service_leaves_the_others_and_holds_no_worker(void **state)
{
	SCOPED(sim_stop) struct sim *s = start("WORK always silent");
	struct sim_answer a;

	(void)state;
	/* One worker serves all: a call that waits in vain is not in its hands. */
	assert_int_equal(call(s, "WORK", SHORT_MS, &a), REASON_PROVIDER_DEADLINE);
	assert_int_equal(call(s, "OTHER", LONG_MS, &a), REASON_NONE);
}

static void counts_go_on_after_a_restart_with_the_same_script(void **state)
{
	static const char third[] = "WORK 3 drop\nWORK 5 html-502";
	static const enum reason wanted[] = {REASON_NONE, REASON_NONE, REASON_PROVIDER_BROKEN, REASON_NONE,
		REASON_PROVIDER_NOT_SOAP, REASON_NONE};
	struct sim_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		SCOPED(sim_stop) struct sim *s = start(third);

		assert_int_equal(call(s, "WORK", LONG_MS, &a), wanted[i]);
	}
	for (int i = 0; i < 3; i++) { /* another script begins at one */
		SCOPED(sim_stop) struct sim *s = start("WORK 3 drop");

		assert_int_equal(call(s, "WORK", LONG_MS, &a), i < 2 ? REASON_NONE : REASON_PROVIDER_BROKEN);
	}
}

static void two_processes_of_a_system_count_together(void **state)
{
	SCOPED(sim_stop) struct sim *one = start("WORK 4 drop"), *two = start("WORK 4 drop");
	struct sim_answer a;

	(void)state;
	assert_int_equal(call(one, "WORK", LONG_MS, &a), REASON_NONE);
	assert_int_equal(call(two, "WORK", LONG_MS, &a), REASON_NONE);
	assert_int_equal(call(one, "WORK", LONG_MS, &a), REASON_NONE);
	assert_int_equal(call(two, "WORK", LONG_MS, &a), REASON_PROVIDER_BROKEN);
}

static void the_file_is_read_again_when_it_changes(void **state)
{
	SCOPED(sim_stop) struct sim *s = NULL;
	struct sim_answer a;

	(void)state;
	write_script("WORK always drop");
	s = start(script);
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_PROVIDER_BROKEN);
	write_script("WORK 2 empty-200");
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_NONE);
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_PROVIDER_EMPTY);
	/* What is bad, needs a key that is not there, or is away, changes nothing. */
	write_script("WORK always hail");
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_NONE);
	assert_int_equal(unlink(script), 0);
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_NONE);
	write_script("");
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_NONE);
	write_script("WORK 2 empty-200"); /* as if it had never been up */
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_NONE);
	assert_int_equal(call(s, "WORK", LONG_MS, &a), REASON_PROVIDER_EMPTY);
}

static void a_bad_script_does_not_start(void **state)
{
	struct sim_options o = options("WORK always hail");
	struct sim *s = NULL;
	struct err e = {0};

	(void)state;
	must_fail(sim_start(&tested, &o, &s, &e), &e, REASON_CONFIG);
	assert_non_null(strstr(e.detail, "--weather line 1: the weather is"));
	write_script("\nWORK always hail");
	o.weather = script;
	must_fail(sim_start(&tested, &o, &s, &e), &e, REASON_CONFIG);
	assert_non_null(strstr(e.detail, pool_printf(pool, "%s line 2: the weather is", script)));
	o.weather = "/absent";
	must_fail(sim_start(&tested, &o, &s, &e), &e, REASON_IO);
	o.weather = "WORK always expired-certificate";
	o.signers = NULL;
	must_fail(sim_start(&tested, &o, &s, &e), &e, REASON_CONFIG);
	assert_non_null(strstr(e.detail, "--signer expired="));
	assert_null(s);
}

/* A system in the place of the caller whose own requests are under weather. */
static void own_requests_have_weather_too(void **state)
{
	static const struct {
		const char *weather, *told;
		int worked;
	} rows[] = {
		{"send WORK always drop", "provider.broken", 0},
		{"send WORK always after commit drop", "provider.broken", 1},
		{"send WORK always duplicate", "sent", 2},
		{"send WORK always delay 1ms", "sent", 1},
		{"send WORK always wrong-signature", "SCE006", 0},
		{"send WORK always expired-certificate", "SCE005", 0},
		{"send OTHER always drop", "sent", 1},
		{"WORK always drop", "sent", 1},
		{"RELAY always duplicate", "sent", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		SCOPED(sim_stop) struct sim *asked = NULL, *asking = NULL;
		struct sim_options below = options(NULL), o = options(rows[i].weather);
		struct sim_answer a;
		struct err e = {0};

		print_message("%s\n", rows[i].weather);
		worked = 0;
		below.peer_certificate = PKI "/permits.crt"; /* both have the same certificate */
		must(sim_start(&tested, &below, &asked, &e), &e);
		o.gateway_url = pool_printf(pool, "http://127.0.0.1:%d/", sim_port(asked));
		o.peer_certificate = PKI "/permits.crt";
		o.sender_id = "asking_is";
		must(sim_start(&tested, &o, &asking, &e), &e);
		{
			SCOPED(peer_free) struct peer *p = NULL;

			must(peer_open(&(struct peer_options){.certificate = PKI "/permits.crt", .key = PKI "/permits.key",
				.peer_certificate = PKI "/permits.crt", .sender_id = "caller_is",
				.url = pool_printf(pool, "http://127.0.0.1:%d/", sim_port(asking))}, &p, &e), &e);
			must(peer_send(p, pool, "RELAY", NULL, NULL, NULL, LONG_MS, &a, &e), &e);
		}
		assert_string_equal(pool_copy(pool, a.response.status_message), rows[i].told);
		assert_int_equal(worked, rows[i].worked);
		if (strstr(rows[i].weather, "send WORK always duplicate"))
			assert_string_equal(heard[0], heard[1]); /* the very same message */
	}
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(each_weather_is_seen_by_the_caller),
		ROW(html_has_its_status),
		ROW(a_fault_is_signed_and_has_the_words_of_its_code),
		ROW(a_shifted_clock_dates_answer_and_payload),
		ROW(weather_on_one_service_leaves_the_others_and_holds_no_worker),
		ROW(counts_go_on_after_a_restart_with_the_same_script),
		ROW(two_processes_of_a_system_count_together),
		ROW(the_file_is_read_again_when_it_changes),
		ROW(a_bad_script_does_not_start),
		ROW(own_requests_have_weather_too),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
