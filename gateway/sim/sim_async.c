/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_async - the asynchronous channel of a simulated system: messages come to its endpoint or are fetched,
 *           are kept, and only then acknowledged.
 * Promise:  nothing unverified is taken; what was acknowledged was kept.
 * Not here: what is kept (adapters), when to fetch (sim_worker.c), the calls (sim_peer_async.c).
 * Spec:     bus contract 2.2 to 2.4 */
#include "base/ident.h"
#include "log/log.h"
#include "sim_int.h"

#define CALL_MS 15000
#define FETCH_POOL (64u << 20)

static const struct sim_async_service *service_for(const struct sim *s, const struct async_message *m)
{
	bool to_provider = m->type == ASYNC_REQUEST || m->type == ASYNC_UPDATE;

	for (const struct sim_async_service *a = s->system->async_services; a && a->service_id; a++) {
		if (bytes_is(m->service_id, a->service_id) && a->provides == to_provider)
			return a;
	}
	return NULL;
}

/* What the bus sets on delivery must be there, or the chain is lost (2.3). */
static outcome take(struct sim *s, struct pool *pool, const struct envelope *env,
	const struct async_message *m, struct sim_visit *visit, struct err *e)
{
	struct sim_message in = {.pool = pool, .message = m};
	const struct sim_async_service *service = service_for(s, m);

	*visit = (struct sim_visit){.service_id = m->service_id, .sender_id = m->sender_id, .message_id = m->message_id};
	if (m->message_id.n == 0 || m->correlation_id.n == 0)
		return err_set(e, REASON_CHANNEL_FORMAT, "messageId or correlationId is missing");
	if (!service)
		return err_set(e, REASON_SERVICE_UNKNOWN, "serviceId %.*s, %s", (int)m->service_id.n,
			(const char *)m->service_id.p, async_type_name(m->type));
	TRY(sim_payload(pool, env, m->data, &in.payload, &in.payload_text, e));
	if (!sim_visit_works(s, visit))
		return DONE;
	TRY(service->take(s, &in, e));
	if (visit->weather.twice)
		TRY(service->take(s, &in, e));
	sim_worker_wake(s->worker);
	return DONE;
}

/* ---- what comes to the endpoint ---- */

static outcome receive_message(struct sim *s, struct pool *pool, const struct verified *v,
	struct sim_visit *visit, struct buf *out, struct err *e)
{
	struct async_message m;
	struct async_ack ack;

	TRY(async_read_message(pool, v, &m, e));
	TRY(take(s, pool, verified_envelope(v), &m, visit, e));
	ack = (struct async_ack){m.message_id, m.correlation_id, m.session_id, sim_now()};
	return async_write_ack(&ack, out, e);
}

static outcome receive_notice(struct sim *s, struct pool *pool, const struct verified *v,
	struct sim_visit *visit, struct buf *out, struct err *e)
{
	struct async_status status;
	char fresh[39];

	TRY(async_read_status(pool, v, &status, e));
	visit->message_id = status.message_id;
	if (!sim_visit_works(s, visit))
		return DONE;
	for (int times = visit->weather.twice ? 2 : 1; s->system->notice && times > 0; times--)
		TRY(s->system->notice(s, pool, &status, e));
	guid_new(fresh); /* the answer needs one even where the notice had none */
	return async_write_status_ack(sim_now(),
		status.session_id.n ? pool_copy(pool, status.session_id) : fresh, out, e);
}

outcome sim_async_receive(struct sim *s, struct pool *pool, const struct verified *v, enum async_operation op,
	struct sim_visit *visit, struct buf *out, struct err *e)
{
	switch (op) {
	case ASYNC_SEND_MESSAGE:
		return receive_message(s, pool, v, visit, out, e);
	case ASYNC_CHANGE_STATUS:
		return receive_notice(s, pool, v, visit, out, e);
	default:
		return err_set(e, REASON_SOAP_OPERATION, "an operation of the bus side");
	}
}

/* ---- what is fetched ---- */

struct fetching {
	struct sim *sim;
	struct pool *pool;
	struct peer_answer answer;
	struct err err; /* of the first word to the gateway that failed */
};

static void log_fetched(const struct sim *s, const struct async_message *m, const struct err *refusal)
{
	log_event(refusal ? LOG_WARNING : LOG_INFO, "sim.fetched", LOG_TEXT("system", s->system->name),
		LOG_PART("service", m->service_id), LOG_PART("sender", m->sender_id),
		LOG_PART("message_id", m->message_id),
		LOG_TEXT("result", refusal ? reason_row(refusal->reason)->name : "accepted"),
		LOG_TEXT("detail", refusal ? refusal->detail : ""));
}

static bool take_fetched(void *ctx, const struct async_message *m)
{
	struct fetching *f = ctx;
	struct sim_visit visit = {0};
	struct err refusal = {0};
	struct peer_answer told;
	bool taken = take(f->sim, f->pool, verified_envelope(f->answer.verified), m, &visit, &refusal).ok;
	bool again = reason_row(refusal.reason)->class != CLASS_REJECT;

	sim_sky_sleep(f->sim->sky, visit.weather.delay_after_ms);
	if (visit.weather.answer != WEATHER_FAIR)
		return true; /* the gateway hears nothing */
	log_fetched(f->sim, m, taken ? NULL : &refusal);
	if (!peer_async_notify(f->sim->peer, f->pool, m, taken ? NULL : &refusal, again, CALL_MS, &told,
			&f->err).ok)
		return false;
	if (told.fault)
		log_event(LOG_WARNING, "sim.not-notified", LOG_PART("message_id", m->message_id),
			LOG_PART("code", told.fault_info.error_code));
	return true;
}

static outcome fetch(struct sim *s, const char *service_id, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(FETCH_POOL);
	struct fetching f = {.sim = s, .pool = pool};

	if (!pool)
		return err_set(e, REASON_MEMORY, "messages");
	TRY(peer_async_fetch(s->peer, pool, service_id, CALL_MS, take_fetched, &f, &f.answer, e));
	if (f.answer.fault)
		return err_set(e, REASON_PROVIDER_FAULT, "%.*s", (int)f.answer.fault_info.error_code.n,
			(const char *)f.answer.fault_info.error_code.p);
	*e = f.err;
	return f.err.reason == REASON_NONE ? DONE : FAILED;
}

void sim_async_fetch(struct sim *s)
{
	struct err e = {0};

	for (const struct sim_async_service *a = s->system->async_services; a->service_id; a++) {
		if (!fetch(s, a->service_id, &e).ok)
			log_err(LOG_WARNING, "sim.not-fetched", &e, NULL);
	}
}
