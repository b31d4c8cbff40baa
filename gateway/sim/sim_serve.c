/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_serve - one message: verify, read, hand to the service, sign what it says; those of the asynchronous
 *           channel are handed to sim_async.
 * Promise:  nothing unverified reaches a service; every answer and every fault is signed with the system's
 *           own key.
 * Not here: sockets (sim.c). */
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

static outcome hand_over(struct visit *v, const struct sim_request *in, struct err *e)
{
	const struct sim_system *system = v->sim->system;
	struct bytes id = v->request.service_id;

	for (const struct sim_service *s = system->services; s->service_id; s++) {
		if (bytes_is(id, s->service_id))
			return s->handle(v->sim, in, &v->reply, e);
	}
	if (system->other)
		return system->other(v->sim, in, &v->reply, e);
	return err_set(e, REASON_SERVICE_UNKNOWN, "serviceId %.*s", (int)id.n, (const char *)id.p);
}

/* Reads a request of the synchronous channel and lets the service answer. */
static outcome answer(struct visit *v, const struct verified *verified, struct err *e)
{
	struct sim_request in = {.pool = v->pool, .verified = verified, .request = &v->request};

	TRY(channel_read_request(v->pool, verified, &v->request, e));
	v->seen = (struct sim_visit){v->request.service_id, v->request.sender_id, v->request.message_id};
	TRY(sim_payload(v->pool, verified_envelope(verified), v->request.data, &in.payload, &in.payload_text, e));
	return hand_over(v, &in, e);
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
	struct stamp now = stamp_now();
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
	return write_answer(v, plain, e);
}

void sim_words(char *text)
{
	if (utf8_is_xml(bytes_str(text)))
		return;
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

/* The public words, the nearer title and the detail: a simulated system hides nothing. */
static outcome write_fault(const struct visit *v, const struct err *why, struct buf *plain, struct err *e)
{
	const struct reason_row *row = reason_row(why->reason);
	const struct fault_row *public = fault_row(row->fault);
	char explanation[1024];
	struct channel_fault f = {
		.faultcode = bytes_str(public->qname),
		.faultstring = bytes_str(public->text),
		.error_code = bytes_str(public->code),
		.error_message = bytes_str(public->text),
		.session_id = v->request.session_id,
		.error_date = stamp_now(),
	};

	snprintf(explanation, sizeof explanation, "%s: %s %s", row->name, row->title, why->detail);
	sim_words(explanation);
	f.error_data = bytes_str(explanation);
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

static int refuse(struct visit *v, const struct err *why, struct buf *out)
{
	SCOPED(buf_free) struct buf plain = BUF(65536);
	struct err e;

	buf_clear(out);
	if (!write_fault(v, why, &plain, &e).ok ||
		!peer_sign(v->sim->peer, v->pool, buf_bytes(&plain), out, &e).ok) {
		log_err(LOG_ERROR, "sim.fault-unsigned", &e, NULL);
		buf_clear(out);
	}
	return fault_row(reason_row(why->reason)->fault)->status;
}

int sim_serve(struct sim *s, struct bytes message, struct buf *out)
{
	SCOPED(buf_free) struct buf plain = BUF(SIM_MESSAGE_BYTES);
	SCOPED(pool_free) struct pool *pool = pool_new(REQUEST_POOL);
	struct visit v = {.sim = s, .pool = pool, .op = ASYNC_OTHER};
	int64_t began = mono_us();
	struct err e = {.reason = REASON_NONE};

	if (!pool)
		return fault_row(reason_row(REASON_MEMORY)->fault)->status;
	if (handle(&v, message, &plain, &e).ok && peer_sign(s->peer, pool, buf_bytes(&plain), out, &e).ok) {
		log_visit(&v, v.reply.code ? v.reply.code : "acknowledged", NULL, began);
		return 200;
	}
	log_visit(&v, reason_row(e.reason)->name, e.detail, began);
	return refuse(&v, &e, out);
}
