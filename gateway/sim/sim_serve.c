/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_serve - one message: verify, read, hand to the service, sign what it says; those of the asynchronous
 *           channel are handed to sim_async.
 * Promise:  nothing unverified reaches a service; every answer and every fault is signed with the system's
 *           own key.
 * Not here: sockets (sim.c), what the weather is (sim_sky.c). */
#include <stdio.h>

#include "base/clock.h"
#include "base/ident.h"
#include "log/log.h"
#include "sim_int.h"

#define REQUEST_POOL (64u << 20)
#define STATUS_MESSAGE_CHARACTERS 250 /* StatusInfo/message of the contract */

/* One message on its way through the system. */
struct visit {
	struct sim *sim;
	struct pool *pool;
	enum async_operation op; /* OTHER: of the synchronous channel */
	struct sync_request request;
	struct sim_reply reply;
	struct sim_visit seen;
};

static outcome hand_over(struct visit *v, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	const struct sim_system *system = v->sim->system;
	struct bytes id = v->request.service_id;

	for (const struct sim_service *s = system->services; s->service_id; s++) {
		if (bytes_is(id, s->service_id))
			return s->handle(v->sim, in, out, e);
	}
	if (system->other)
		return system->other(v->sim, in, out, e);
	return err_set(e, REASON_SERVICE_UNKNOWN, "serviceId %.*s", (int)id.n, (const char *)id.p);
}

bool sim_visit_works(struct sim *s, struct sim_visit *visit)
{
	visit->weather = sim_sky_next(s->sky, false, visit->service_id);
	sim_sky_sleep(s->sky, visit->weather.delay_before_ms);
	return visit->weather.answer == WEATHER_FAIR || visit->weather.worked;
}

/* Reads a request of the synchronous channel and lets the service answer. */
static outcome answer(struct visit *v, const struct verified *verified, struct err *e)
{
	struct sim_request in = {.pool = v->pool, .verified = verified, .request = &v->request};
	struct sim_reply unsaid = {0};

	TRY(channel_read_request(v->pool, verified, &v->request, e));
	v->seen = (struct sim_visit){.service_id = v->request.service_id, .sender_id = v->request.sender_id,
		.message_id = v->request.message_id};
	TRY(sim_payload(v->pool, verified_envelope(verified), v->request.data, &in.payload, &in.payload_text, e));
	if (!sim_visit_works(v->sim, &v->seen))
		return DONE;
	TRY(hand_over(v, &in, &v->reply, e));
	return v->seen.weather.twice ? hand_over(v, &in, &unsaid, e) : DONE;
}

/* At most the characters that the contract allows, never half a character. */
static struct bytes short_message(const char *text)
{
	size_t characters = 0, i = 0;

	for (; text[i]; i++) {
		bool starts = ((unsigned char)text[i] & 0xc0) != 0x80;

		if (starts && characters++ == STATUS_MESSAGE_CHARACTERS)
			break;
	}
	return (struct bytes){(const unsigned char *)text, i};
}

static outcome write_answer(const struct visit *v, struct buf *plain, struct err *e)
{
	char id[37], date[STAMP_TEXT];
	struct stamp now = sim_now();
	struct sync_response r = {.date = now};

	BUG_IF(!v->reply.code || !v->reply.message);
	uuid_new(id);
	stamp_print(now, date);
	r.message_id = bytes_str(id);
	r.correlation_id = v->request.correlation_id;
	r.response_date = bytes_str(date);
	r.status_code = bytes_str(v->reply.code);
	r.status_message = short_message(v->reply.message);
	return channel_write_response(&r, v->reply.data_attributes, v->reply.data, plain, e);
}

/* From the octets of a message to those of its answer, unsigned. */
static outcome handle(struct visit *v, struct bytes message, struct buf *plain, struct err *e)
{
	const struct verified *verified;
	struct envelope *env;
	bool response;

	TRY(envelope_parse(v->pool, message, &ENVELOPE_LIMITS_DEFAULT, &env, e));
	TRY(security_verify(v->pool, env, peer_trust(v->sim->peer), stamp_now(), &verified, NULL, e));
	v->op = async_operation_of(verified_operation(verified), &response);
	if (v->op != ASYNC_OTHER)
		return sim_async_receive(v->sim, v->pool, verified, v->op, &v->seen, plain, e);
	TRY(answer(v, verified, e));
	return v->seen.weather.answer == WEATHER_FAIR ? write_answer(v, plain, e) : DONE;
}

static outcome write_fault(const struct visit *v, const struct fault_row *public, const char *explanation,
	struct buf *plain, struct err *e)
{
	struct channel_fault f = {
		.faultcode = bytes_str(public->qname),
		.faultstring = bytes_str(public->text),
		.error_code = bytes_str(public->code),
		.error_message = bytes_str(public->text),
		.error_data = bytes_str(explanation),
		.session_id = v->request.session_id,
		.error_date = sim_now(),
	};

	if (v->op != ASYNC_OTHER)
		return async_write_fault(v->op, &f, plain, e);
	return channel_write_fault(&f, plain, e);
}

static void log_visit(const struct visit *v, const char *result, const char *detail, int64_t began)
{
	log_event(detail ? LOG_WARNING : LOG_INFO, "sim.message", LOG_TEXT("system", v->sim->system->name),
		LOG_PART("service", v->seen.service_id), LOG_PART("sender", v->seen.sender_id),
		LOG_PART("message_id", v->seen.message_id), LOG_TEXT("result", result),
		LOG_TEXT("detail", detail ? detail : ""), LOG_NUM("duration_us", mono_us() - began));
}

#define XML "text/xml; charset=utf-8"

static struct sim_result answer_fault(struct visit *v, const struct fault_row *public, const char *explanation,
	struct buf *out)
{
	SCOPED(buf_free) struct buf plain = BUF(65536);
	struct err e;

	buf_clear(out);
	if (!write_fault(v, public, explanation, &plain, &e).ok ||
		!peer_sign(v->sim->peer, v->pool, buf_bytes(&plain), out, &e).ok) {
		log_err(LOG_ERROR, "sim.fault-unsigned", &e, NULL);
		buf_clear(out);
		return (struct sim_result){.status = public->status};
	}
	return (struct sim_result){.status = public->status, .content_type = XML};
}

/* The public words, the nearer title and the detail: a simulated system hides nothing. */
static struct sim_result refuse(struct visit *v, const struct err *why, struct buf *out)
{
	const struct reason_row *row = reason_row(why->reason);
	char explanation[1024];

	snprintf(explanation, sizeof explanation, "%s: %s %s", row->name, row->title, why->detail);
	utf8_repair(explanation);
	return answer_fault(v, fault_row(row->fault), explanation, out);
}

/* The words of the catalogue for a code that it knows. */
static struct sim_result weather_fault(struct visit *v, struct buf *out)
{
	const char *code = v->seen.weather.fault;
	struct fault_row row = {code, "soapenv:Server", 500, "A fault of the weather."};

	for (enum fault f = FAULT_NONE; f < FAULT_COUNT; f++) {
		if (strcmp(fault_row(f)->code, code) == 0)
			row = *fault_row(f);
	}
	return answer_fault(v, &row, "The script of the weather says so.", out);
}

/* What comes in the place of the answer. */
static struct sim_result instead(struct visit *v, struct buf *out)
{
	buf_clear(out);
	switch (v->seen.weather.answer) {
	case WEATHER_FAULT:
		return weather_fault(v, out);
	case WEATHER_HTML_502:
		buf_str(out, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n");
		return (struct sim_result){.status = 502, .content_type = "text/html"};
	case WEATHER_EMPTY_200:
		return (struct sim_result){.status = 200, .content_type = XML};
	case WEATHER_HALF_OPEN:
		return (struct sim_result){.abandoned = true, .silence = FRONT_HOLD_HEAD};
	case WEATHER_SILENT:
		return (struct sim_result){.abandoned = true, .silence = FRONT_HOLD};
	default:
		return (struct sim_result){.abandoned = true, .silence = FRONT_CLOSE};
	}
}

static struct sim_result serve(struct visit *v, struct bytes message, struct buf *out)
{
	SCOPED(buf_free) struct buf plain = BUF(SIM_MESSAGE_BYTES);
	int64_t began = mono_us();
	struct err e = {.reason = REASON_NONE};
	bool done = handle(v, message, &plain, &e).ok;

	sim_sky_sleep(v->sim->sky, v->seen.weather.delay_after_ms);
	if (v->seen.weather.answer != WEATHER_FAIR) {
		log_visit(v, weather_answer_name(v->seen.weather.answer), done ? NULL : e.detail, began);
		return instead(v, out);
	}
	if (done && peer_sign(v->sim->peer, v->pool, buf_bytes(&plain), out, &e).ok) {
		log_visit(v, v->reply.code ? v->reply.code : "acknowledged", NULL, began);
		return (struct sim_result){.status = 200, .content_type = XML};
	}
	log_visit(v, reason_row(e.reason)->name, e.detail, began);
	return refuse(v, &e, out);
}

struct sim_result sim_serve(struct sim *s, struct bytes message, struct buf *out)
{
	SCOPED(pool_free) struct pool *pool = pool_new(REQUEST_POOL);
	struct visit v = {.sim = s, .pool = pool, .op = ASYNC_OTHER};
	struct sim_result result;

	if (!pool)
		return (struct sim_result){.status = fault_row(reason_row(REASON_MEMORY)->fault)->status};
	sim_sky_set(&v.seen.weather); /* fair until the message is understood */
	result = serve(&v, message, out);
	sim_sky_set(NULL);
	return result;
}
