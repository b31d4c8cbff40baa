/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_many - many calls at once, kept connections, and the end with calls open. */
#include "provider.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define MANY 300

static void serve_ok(struct provider_connection *c)
{
	while (provider_hear(c))
		provider_say(c, OK);
}

static void serve_ok_after_the_gate(struct provider_connection *c)
{
	while (provider_hear(c)) {
		provider_wait(c);
		provider_say(c, OK);
	}
}

/* Keeps the connection after the first answer, reads a second request and closes without a word. */
static void serve_one_then_break(struct provider_connection *c)
{
	if (!provider_hear(c))
		return;
	provider_say(c, OK);
	provider_hear(c);
}

/* The same, and nobody listens any more. */
static void serve_one_then_die(struct provider_connection *c)
{
	if (!provider_hear(c))
		return;
	provider_say(c, OK);
	provider_hear(c);
	shutdown(c->of->fd, SHUT_RDWR);
}

static void many_calls_wait_at_once(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_ok_after_the_gate, NULL);
	struct trip *trips = calloc(MANY, sizeof *trips);

	(void)state;
	for (int i = 0; i < MANY; i++) {
		trip_prepare(&trips[i], "http", p->port);
		egress_submit(e, &trips[i].call);
	}
	while (atomic_load(&p->requests) < MANY) /* all have arrived; none was answered */
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	assert_int_equal(egress_in_flight(e), MANY);
	atomic_store(&p->open_gate, true);
	for (int i = 0; i < MANY; i++) {
		trip_wait(&trips[i]);
		assert_int_equal(trips[i].result.kind, EGRESS_ANSWERED);
		assert_true(bytes_is(buf_bytes(&trips[i].result.body), "ok"));
		trip_drop(&trips[i]);
	}
	assert_int_equal(egress_in_flight(e), 0);
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->requests), MANY);
	free(trips);
	free(p);
}

static void connections_are_kept_unless_a_fresh_one_is_demanded(void **state)
{
	static const char *const fresh[] = {"000111", "110100"}; /* neither taken from those that are kept, nor kept */

	(void)state;
	for (int row = 0; row < 2; row++) {
		struct egress *e = egress_start();
		struct provider *p = provider_start(serve_ok, NULL);
		struct trip t;

		for (int i = 0; i < 6; i++) {
			trip_prepare(&t, "http", p->port);
			t.call.fresh_connection = fresh[row][i] == '1';
			trip_go(e, &t);
			assert_int_equal(t.result.kind, EGRESS_ANSWERED);
			trip_drop(&t);
		}
		egress_stop(&e);
		provider_stop(p);
		assert_int_equal(atomic_load(&p->requests), 6);
		assert_int_equal(atomic_load(&p->connections), 1 + 3);
		free(p);
	}
}

static void a_kept_connection_that_breaks_is_no_reason_to_send_again(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_one_then_break, NULL);
	struct trip t;

	(void)state;
	trip_prepare(&t, "http", p->port);
	trip_go(e, &t);
	assert_int_equal(t.result.kind, EGRESS_ANSWERED);
	trip_drop(&t);
	trip_prepare(&t, "http", p->port);
	trip_go(e, &t);
	assert_int_equal(t.result.kind, EGRESS_BROKEN);
	assert_true(t.result.sent);
	trip_drop(&t);
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->requests), 2);
	free(p);
}

/* curl's wish to repeat must not live on in the handle, where it would end a later call before anything is sent. */
static void after_a_provider_died_the_next_call_is_sent(void **state)
{
	static const enum egress_kind kinds[] = {EGRESS_ANSWERED, EGRESS_BROKEN, EGRESS_ANSWERED};
	struct egress *e = egress_start();
	struct provider *dies = provider_start(serve_one_then_die, NULL), *lives = provider_start(serve_ok, NULL);
	struct trip t;

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		trip_prepare(&t, "http", i < 2 ? dies->port : lives->port);
		trip_go(e, &t);
		assert_int_equal(t.result.kind, kinds[i]);
		trip_drop(&t);
	}
	egress_stop(&e);
	provider_stop(dies);
	provider_stop(lives);
	assert_int_equal(atomic_load(&dies->requests), 2);
	assert_int_equal(atomic_load(&lives->requests), 1);
	free(dies);
	free(lives);
}

static void an_empty_body_is_not_sent_again_either(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_one_then_break, NULL);
	struct trip t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		trip_prepare(&t, "http", p->port);
		t.call.body = BYTES_NONE;
		trip_go(e, &t);
		assert_int_equal(t.result.kind, i ? EGRESS_BROKEN : EGRESS_ANSWERED);
		trip_drop(&t);
	}
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->requests), 2);
	free(p);
}

static void stopping_ends_open_calls(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_ok_after_the_gate, NULL);
	struct trip trips[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		trip_prepare(&trips[i], "http", p->port);
		egress_submit(e, &trips[i].call);
	}
	while (atomic_load(&p->requests) < 8)
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	egress_stop(&e);
	assert_null(e);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(trips[i].ends, 1);
		assert_int_equal(trips[i].result.kind, EGRESS_STOPPED);
		assert_true(trips[i].result.sent);
		trip_drop(&trips[i]);
	}
	provider_stop(p);
	free(p);
	egress_stop(&e); /* NULL is taken */
}

struct chain {
	struct trip trip;
	struct egress *e;
	int left;
};

static void chain_next(struct egress_call *call, struct egress_result *result)
{
	struct chain *c = call->ctx;

	buf_free(&result->body);
	if (result->kind == EGRESS_ANSWERED && --c->left > 0)
		egress_submit(c->e, call);
	else
		sem_post(&c->trip.ended);
}

static void a_call_may_be_submitted_while_another_ends(void **state)
{
	struct chain c = {.e = egress_start(), .left = 50};
	struct provider *p = provider_start(serve_ok, NULL);

	(void)state;
	trip_prepare(&c.trip, "http", p->port);
	c.trip.call.done = chain_next;
	c.trip.call.ctx = &c;
	egress_submit(c.e, &c.trip.call);
	trip_wait(&c.trip);
	assert_int_equal(c.left, 0);
	egress_stop(&c.e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->requests), 50);
	trip_drop(&c.trip);
	free(p);
}

struct submitter {
	struct egress *e;
	struct trip trips[20];
};

static void *submitter_run(void *of)
{
	struct submitter *s = of;

	for (int i = 0; i < 20; i++)
		egress_submit(s->e, &s->trips[i].call);
	for (int i = 0; i < 20; i++)
		trip_wait(&s->trips[i]);
	return NULL;
}

static void several_threads_submit_and_certificates_are_read_anew_meanwhile(void **state)
{
	struct egress *e = egress_start();
	struct provider *p = provider_start(serve_ok, NULL);
	struct submitter *s = calloc(4, sizeof *s);
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		s[i].e = e;
		for (int j = 0; j < 20; j++)
			trip_prepare(&s[i].trips[j], "http", p->port);
		assert_int_equal(pthread_create(&threads[i], NULL, submitter_run, &s[i]), 0);
		egress_reload_tls(e);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		for (int j = 0; j < 20; j++) {
			assert_int_equal(s[i].trips[j].result.kind, EGRESS_ANSWERED);
			trip_drop(&s[i].trips[j]);
		}
	}
	egress_stop(&e);
	provider_stop(p);
	assert_int_equal(atomic_load(&p->requests), 80);
	free(s);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_calls_wait_at_once),
		cmocka_unit_test(connections_are_kept_unless_a_fresh_one_is_demanded),
		cmocka_unit_test(a_kept_connection_that_breaks_is_no_reason_to_send_again),
		cmocka_unit_test(after_a_provider_died_the_next_call_is_sent),
		cmocka_unit_test(an_empty_body_is_not_sent_again_either),
		cmocka_unit_test(stopping_ends_open_calls),
		cmocka_unit_test(a_call_may_be_submitted_while_another_ends),
		cmocka_unit_test(several_threads_submit_and_certificates_are_read_anew_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
