/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_send - requests that a simulated system sends through the gateway, one by one or several at once.
 * Promise:  several take as long as the slowest; what one cannot do does not hold the others.
 * Not here: the request itself (sim_peer.c, sim_peer_async.c). */
#include <pthread.h>
#include <stdlib.h>

#include "sim_int.h"

#define ANSWER_POOL (64u << 20)

/* One request under its weather. */
struct sending {
	struct sim *sim;
	struct weather_now now;
	const struct weather_now *former;
};

static outcome begin(struct sending *x, struct sim *s, const char *service_id, struct err *e)
{
	*x = (struct sending){.sim = s, .now = sim_sky_next(s->sky, true, bytes_str(service_id))};
	x->former = sim_sky_set(&x->now);
	sim_sky_sleep(s->sky, x->now.delay_before_ms);
	if (x->now.answer == WEATHER_DROP && !x->now.worked)
		return err_set(e, REASON_PROVIDER_BROKEN, "%s: dropped by the weather, not sent", service_id);
	return DONE;
}

static outcome end(struct sending *x, const char *service_id, outcome result, struct err *e)
{
	sim_sky_set(x->former);
	sim_sky_sleep(x->sim->sky, x->now.delay_after_ms);
	if (result.ok && x->now.answer == WEATHER_DROP)
		return err_set(e, REASON_PROVIDER_BROKEN, "%s: sent, the answer was dropped by the weather", service_id);
	return result;
}

outcome sim_send(struct sim *s, struct pool *pool, const char *service_id, const char *data_attributes,
	const char *data, int deadline_ms, struct sim_answer *out, struct err *e)
{
	struct sending x;
	outcome result = begin(&x, s, service_id, e);

	if (result.ok)
		result = peer_send(s->peer, pool, service_id, data_attributes, data, NULL, deadline_ms, out, e);
	return end(&x, service_id, result, e);
}

outcome sim_async_send(struct sim *s, struct pool *pool, const struct peer_message *m, int deadline_ms,
	struct peer_answer *out, struct err *e)
{
	struct sending x;
	outcome result = begin(&x, s, m->service_id, e);

	if (result.ok)
		result = peer_async_send(s->peer, pool, m, deadline_ms, out, e);
	return end(&x, m->service_id, result, e);
}

/* A question has no weather of its own, and not that of the message that it is asked for. */
outcome sim_async_status(struct sim *s, struct pool *pool, const char *message_id, int deadline_ms,
	struct peer_answer *out, struct err *e)
{
	const struct weather_now *former = sim_sky_set(NULL);
	outcome result = peer_async_status(s->peer, pool, message_id, deadline_ms, out, e);

	sim_sky_set(former);
	return result;
}

/* ---- several at once ---- */

struct errand {
	struct sim *sim;
	struct sim_call *call;
	pthread_t thread;
	bool running;
};

static void *run(void *ctx)
{
	struct errand *r = ctx;
	struct sim_call *c = r->call;

	c->pool = pool_new(ANSWER_POOL);
	c->answer = (struct sim_answer){0};
	c->result = c->pool ? sim_send(r->sim, c->pool, c->service_id, c->data_attributes, c->data, c->deadline_ms,
		&c->answer, &c->err) : err_set(&c->err, REASON_MEMORY, "answer");
	return NULL;
}

void sim_send_all(struct sim *s, struct sim_call *calls, size_t n)
{
	struct errand *errands = calloc(n + 1, sizeof *errands);

	for (size_t i = 0; i < n; i++) {
		struct errand alone = {.sim = s, .call = &calls[i]}, *r = errands ? &errands[i] : &alone;

		*r = alone;
		r->running = errands && pthread_create(&r->thread, NULL, run, r) == 0;
		if (!r->running)
			run(r); /* without a thread, later than it could be */
	}
	for (size_t i = 0; errands && i < n; i++) {
		if (errands[i].running)
			pthread_join(errands[i].thread, NULL);
	}
	free(errands);
}

void sim_calls_free(struct sim_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pool_free(&calls[i].pool);
		calls[i].answer = (struct sim_answer){0};
	}
}
