/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulated system has to tell others: kept in the unit that decided it, sent in order, again until it is settled. */
#include "world.h"

#include <libxml/tree.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/outbox.h"
#include "common/service.h"

#define SHAPE "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:t=\"urn:test\" xsi:type=\"t:shape\""

/* The system under test has a state with an outbox and nothing else. */
static outcome open_teller(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "teller.db", OUTBOX_SCHEMA, state, e);
}

static outcome tell_all(struct sim *sim, struct err *e)
{
	return outbox_work(sim, sim_state(sim), e);
}

static const struct sim_service none[] = {{NULL, NULL}};
static const struct sim_system teller = {.name = "teller", .summary = "test", .services = none, .work = tell_all,
	.open = open_teller, .close = store_close_state};

/* The bus notes what comes, and answers as it is told. */
static struct {
	pthread_mutex_t lock;
	char heard[4096];
	bool typed;       /* the last one had the type that was sent */
	const char *code; /* NULL: the payload is wrong */
	const char *deaf; /* a service that is not there */
	int deaf_for;     /* so many requests of it; negative: all */
} bus;

static void answers(const char *code, const char *deaf, int deaf_for)
{
	pthread_mutex_lock(&bus.lock);
	bus.deaf_for = deaf_for;
	bus.code = code;
	bus.deaf = deaf;
	pthread_mutex_unlock(&bus.lock);
}

static outcome hear(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	bool deaf;

	(void)sim;
	pthread_mutex_lock(&bus.lock);
	deaf = bus.deaf && bytes_is(in->request->service_id, bus.deaf) && bus.deaf_for != 0;
	bus.deaf_for -= deaf;
	bus.typed = payload_has_type(in->payload, "urn:test", "shape");
	if (!deaf)
		snprintf(bus.heard + strlen(bus.heard), sizeof bus.heard - strlen(bus.heard), "%s ",
			payload_text(in->pool, in->payload, "n"));
	out->code = bus.code;
	pthread_mutex_unlock(&bus.lock);
	out->message = "as the test says";
	if (deaf)
		return err_set(e, REASON_PROVIDER_CONNECT, "not there");
	return out->code ? DONE : err_set(e, REASON_PAYLOAD_SCHEMA, "as the test says");
}

static const struct sim_service bus_services[] = {{"ONE", hear}, {"TWO", hear}, {NULL, NULL}};
static const struct sim_system bus_system = {.name = "bus", .summary = "test", .services = bus_services};

struct bench {
	char *folder;
	struct sim *bus, *teller;
};

static struct sim *start(const struct sim_system *system, const char *folder, const char *key, const char *peer, int gateway)
{
	struct sim *sim = NULL;
	struct err e = {0};
	char *certificate = NULL, *own_key = NULL, *pinned = NULL, *url = NULL, *state = NULL;

	assert_true(asprintf(&certificate, PKI "/%s.crt", key) > 0);
	assert_true(asprintf(&own_key, PKI "/%s.key", key) > 0);
	assert_true(asprintf(&pinned, PKI "/%s.crt", peer) > 0);
	assert_true(asprintf(&url, "http://127.0.0.1:%d/", gateway) > 0);
	assert_true(asprintf(&state, "%s/%s", folder, system->name) > 0);
	must(sim_start(system, &(struct sim_options){.certificate = certificate, .key = own_key, .peer_certificate = pinned,
		.gateway_url = gateway ? url : NULL, .sender_id = "teller_is", .state = state}, &sim, &e), &e);
	free(certificate);
	free(own_key);
	free(pinned);
	free(url);
	free(state);
	return sim;
}

static int begin(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	pthread_mutex_init(&bus.lock, NULL);
	bus.heard[0] = '\0';
	bus.code = "SCSS001";
	bus.deaf = NULL;
	b->folder = fresh_folder();
	b->bus = start(&bus_system, b->folder, "gateway", "department", 0);
	b->teller = start(&teller, b->folder, "department", "gateway", sim_port(b->bus));
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bench *b = *state;

	sim_stop(&b->teller);
	sim_stop(&b->bus);
	remove_folder(b->folder);
	free(b);
	return 0;
}

struct letter {
	const char *service, *name;
	bool fails; /* the unit, after the letter was kept */
};

static outcome put_in_unit(struct store *s, void *ctx, struct err *e)
{
	const struct letter *l = ctx;
	SCOPED(buf_free) struct buf data = BUF(4096);

	payload_field(&data, "n", l->name);
	payload_field(&data, "m", "more");
	TRY(outbox_put(s, l->service, SHAPE, &data, e));
	return l->fails ? err_set(e, REASON_INTERNAL, "the test") : DONE;
}

static void put(struct bench *b, const char *service, const char *name)
{
	struct letter l = {service, name, false};
	struct err e = {0};

	must(store_transact(sim_state(b->teller), put_in_unit, &l, &e), &e);
}

/* So many letters with this result. */
static int count(struct bench *b, const char *result)
{
	char n[24] = "";
	struct err e = {0};

	must(store_do(sim_state(b->teller), "SELECT CAST(count(*) AS TEXT) FROM outbox WHERE result = ?1", &result, 1,
		&(struct store_column){n, sizeof n}, 1, NULL, &e), &e);
	return (int)strtol(n, NULL, 10);
}

static void wait_for(struct bench *b, const char *result, int n)
{
	int64_t until = mono_ms() + 20000;

	while (count(b, result) != n) {
		assert_true(mono_ms() < until);
		usleep(5000);
	}
}

static void letters_go_in_their_order_with_their_type(void **state)
{
	struct bench *b = *state;

	put(b, "ONE", "1");
	put(b, "ONE", "2");
	put(b, "TWO", "3");
	put(b, "ONE", "4");
	sim_wake(b->teller);
	wait_for(b, "done", 4);
	assert_string_equal(bus.heard, "1 2 3 4 ");
	assert_true(bus.typed);
}

static void what_the_unit_did_not_keep_is_not_told(void **state)
{
	struct bench *b = *state;
	struct letter l = {"ONE", "never", true};
	struct err e = {0};

	assert_false(store_transact(sim_state(b->teller), put_in_unit, &l, &e).ok);
	put(b, "ONE", "told");
	sim_wake(b->teller);
	wait_for(b, "done", 1);
	assert_string_equal(bus.heard, "told ");
}

static void a_service_that_is_away_holds_up_nobody_else_and_gets_its_letters_later_in_order(void **state)
{
	struct bench *b = *state;

	answers("SCSS001", "ONE", -1);
	put(b, "ONE", "1");
	put(b, "ONE", "2");
	put(b, "TWO", "3");
	sim_wake(b->teller);
	wait_for(b, "done", 1);
	assert_string_equal(bus.heard, "3 ");
	answers("SCSS001", NULL, 0);
	wait_for(b, "done", 3);
	assert_string_equal(bus.heard, "3 1 2 ");
}

static void a_letter_that_has_to_be_sent_again_goes_before_those_behind_it(void **state)
{
	struct bench *b = *state;

	answers("SCSS001", "ONE", 1);
	put(b, "ONE", "1");
	put(b, "ONE", "2");
	sim_wake(b->teller);
	wait_for(b, "done", 2);
	assert_string_equal(bus.heard, "1 2 ");
}

static void what_waits_is_told_after_a_restart(void **state)
{
	struct bench *b = *state;

	answers("SCSS001", "ONE", -1);
	put(b, "ONE", "1");
	sim_wake(b->teller);
	wait_for(b, "", 1);
	sim_stop(&b->teller);
	assert_string_equal(bus.heard, "");
	answers("SCSS001", NULL, 0);
	b->teller = start(&teller, b->folder, "department", "gateway", sim_port(b->bus));
	wait_for(b, "done", 1);
	assert_string_equal(bus.heard, "1 ");
}

static void refused_once(struct bench *b, const char *code)
{
	char words[600] = "";
	struct err e = {0};

	answers(code, NULL, 0);
	put(b, "ONE", "1");
	sim_wake(b->teller);
	wait_for(b, "refused", 1);
	must(store_do(sim_state(b->teller), "SELECT words FROM outbox", NULL, 0, &(struct store_column){words,
		sizeof words}, 1, NULL, &e), &e);
	assert_non_null(strstr(words, code ? "as the test says" : "QG025"));
	answers("SCSS001", NULL, 0);
	put(b, "ONE", "2");
	sim_wake(b->teller);
	wait_for(b, "done", 1);
	assert_string_equal(bus.heard, "1 2 ");
}

static void what_is_refused_for_good_is_not_sent_again(void **state)
{
	refused_once(*state, "SCSE001");
}

static void what_is_wrong_in_itself_is_not_sent_again(void **state)
{
	refused_once(*state, NULL);
}

static void a_letter_that_is_too_long_is_not_kept(void **state)
{
	struct bench *b = *state;
	SCOPED(buf_free) struct buf failed = BUF(4);
	struct err e = {0};

	buf_str(&failed, "longer than its ceiling");
	assert_false(outbox_put(sim_state(b->teller), "ONE", NULL, &failed, &e).ok);
	assert_int_equal(e.reason, REASON_MEMORY);
}

static void a_type_is_told_by_its_namespace_not_by_its_prefix(void **state)
{
	static const struct {
		const char *attributes;
		bool is;
	} rows[] = {
		{"xmlns:t=\"urn:test\" xsi:type=\"t:shape\"", true},
		{"xmlns:other=\"urn:test\" xsi:type=\"other:shape\"", true},
		{"xmlns=\"urn:test\" xsi:type=\"shape\"", true},
		{"xmlns:t=\"urn:other\" xsi:type=\"t:shape\"", false},
		{"xmlns:t=\"urn:test\" xsi:type=\"t:form\"", false},
		{"xsi:type=\"t:shape\"", false},
		{"xsi:type=\"shape\"", false},
		{"xmlns:t=\"urn:test\" type=\"t:shape\"", false},
		{"", false},
	};
	SCOPED(pool_free) struct pool *pool = pool_new(MUCH);
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *xml = pool_printf(pool, "<x xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" %s/>",
			rows[i].attributes);
		struct _xmlDoc *doc;

		print_message("%s\n", rows[i].attributes);
		must(envelope_parse_document(pool, bytes_str(xml), &ENVELOPE_LIMITS_DEFAULT, &doc, &e), &e);
		assert_int_equal(payload_has_type(xmlDocGetRootElement(doc), "urn:test", "shape"), rows[i].is);
	}
	assert_false(payload_has_type(NULL, "urn:test", "shape"));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		ROW(letters_go_in_their_order_with_their_type),
		ROW(what_the_unit_did_not_keep_is_not_told),
		ROW(a_service_that_is_away_holds_up_nobody_else_and_gets_its_letters_later_in_order),
		ROW(a_letter_that_has_to_be_sent_again_goes_before_those_behind_it),
		ROW(what_waits_is_told_after_a_restart),
		ROW(what_is_refused_for_good_is_not_sent_again),
		ROW(what_is_wrong_in_itself_is_not_sent_again),
		ROW(a_letter_that_is_too_long_is_not_kept),
		cmocka_unit_test(a_type_is_told_by_its_namespace_not_by_its_prefix),
	};

	return cmocka_run_group_tests(tests, bench_start, NULL);
}
