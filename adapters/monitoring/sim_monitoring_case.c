/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring_case - cases on the asynchronous channel: filed as REQUEST; NOTIFICATION, RESPONSE and status
 *           notices are kept as they come.
 * Promise:  what is heard is on disk before it is acknowledged, and once. Who waits for an answer looks there,
 *           so the answer may also be taken by another process with the same state.
 * Spec:     M3, M6; bus contract 2.4, 5.7 */
#include <libxml/tree.h>
#include <stdio.h>
#include <time.h>

#include "common/payload.h"
#include "common/store.h"
#include "monitoring/sim_monitoring_application.h"
#include "monitoring/sim_monitoring_case.h"

#define NS_DEPARTMENT "urn:qaqpa:department:v1"
#define CASE_POOL (64u << 20)
#define CALL_MS 15000
#define WAIT_MS 60000 /* for the RESPONSE */
#define LOOK_MS 50    /* between two looks at what was heard */
#define ASK_MS 200    /* between two questions for the status of the REQUEST */

enum { MESSAGE_ID, ABOUT, KIND, CODE, WORDS, PAYLOAD, MOMENT, HEARD_FIELDS };

static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	const char *const *values = ctx;

	return store_run(s, "INSERT INTO heard (message_id, about, kind, code, words, payload, moment)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (message_id) DO NOTHING",
		values, HEARD_FIELDS, NULL, 0, NULL, e);
}

static outcome keep(struct sim *sim, const char *values[HEARD_FIELDS], struct err *e)
{
	char now[STAMP_TEXT];

	stamp_print(sim_now(), now);
	values[MOMENT] = now;
	for (int i = 0; i < HEARD_FIELDS; i++) {
		if (!values[i])
			return err_set(e, REASON_MEMORY, "news of a case");
	}
	return store_transact(sim_state(sim), keep_in_unit, values, e);
}

/* The words of the department, and in a RESPONSE what was given or why not. */
static const char *words_of(struct pool *pool, const struct _xmlNode *data)
{
	const struct _xmlNode *permit = payload_child(data, "Permit");
	const char *words = payload_text(pool, data, "CurrentStatusText");
	const char *nikad = payload_text(pool, permit, "Nikad");
	const char *registration = payload_text(pool, permit, "RegistrationNumber");
	struct reasons reasons = {.pool = pool};

	reasons_read(&reasons, payload_child(data, "Reasons"));
	if (permit && nikad && registration)
		return pool_printf(pool, "%s, NIKAD %s, registration %s", words, nikad, registration);
	return reasons.n ? pool_printf(pool, "%s: %s", words, reasons_line(&reasons)) : words;
}

outcome monitoring_take(struct sim *sim, const struct sim_message *in, struct err *e)
{
	const struct async_message *m = in->message;
	const struct _xmlNode *data = payload_child(in->payload, "ResponseData");
	const char *values[HEARD_FIELDS] = {
		[MESSAGE_ID] = pool_copy(in->pool, m->message_id),
		[ABOUT] = pool_copy(in->pool, m->correlation_id),
		[KIND] = async_type_name(m->type),
		[CODE] = payload_text(in->pool, data, "CurrentStatus"),
		[PAYLOAD] = pool_copy(in->pool, in->payload_text),
	};

	if (!payload_is(in->payload, NS_DEPARTMENT,
			m->type == ASYNC_RESPONSE ? "DepartmentResponse" : "DepartmentNotice") ||
		!values[CODE] || !payload_text(in->pool, data, "CurrentStatusText"))
		return err_set(e, REASON_PAYLOAD_SCHEMA, "the payload of a %s is not that of department.xsd",
			values[KIND]);
	values[WORDS] = words_of(in->pool, data);
	return keep(sim, values, e);
}

outcome monitoring_notice(struct sim *sim, struct pool *pool, const struct async_status *status,
	struct err *e)
{
	const char *values[HEARD_FIELDS] = {
		[MESSAGE_ID] = pool_copy(pool, status->notification_id),
		[ABOUT] = pool_copy(pool, status->message_id),
		[KIND] = "notice",
		[CODE] = async_state_name(status->state),
		[WORDS] = pool_copy(pool, status->message),
		[PAYLOAD] = "",
	};

	return keep(sim, values, e);
}

/* ---- one case from its REQUEST to its RESPONSE ---- */

struct chain {
	struct sim *sim;
	struct buf *report;
	char message_id[129], correlation_id[129];
	char last[24]; /* row of what was heard that was reported last */
	char kind[16], code[32], words[8192]; /* of the row after it */
	bool found;
	bool asked;
	enum async_state state; /* of the REQUEST, as it was told last */
	char result[32];        /* code of the RESPONSE; "" while there is none */
};

static outcome look_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct chain *c = ctx;
	const char *const values[] = {c->message_id, c->correlation_id, c->last};
	const struct store_column columns[] = {{c->last, sizeof c->last}, {c->kind, sizeof c->kind},
		{c->code, sizeof c->code}, {c->words, sizeof c->words}};

	return store_run(s, "SELECT CAST(id AS TEXT), kind, code, words FROM heard WHERE about IN (?1, ?2)"
		" AND id > CAST(?3 AS INTEGER) ORDER BY id LIMIT 1", values, 3, columns, 4, &c->found, e);
}

static enum async_state state_named(const char *name)
{
	enum async_state s = ASYNC_ON_DELIVERY;

	while (s < ASYNC_DELIVERY_STOPPED && strcmp(name, async_state_name(s)) != 0)
		s++;
	return s;
}

/* Reports what is new. */
static outcome look(struct chain *c, struct err *e)
{
	for (;;) {
		TRY(store_transact(sim_state(c->sim), look_in_unit, c, e));
		if (!c->found)
			return DONE;
		buf_printf(c->report, "  %s %s %s\n", c->kind, c->code, c->words);
		if (strcmp(c->kind, "RESPONSE") == 0)
			memcpy(c->result, c->code, sizeof c->result);
		else if (strcmp(c->kind, "notice") == 0)
			c->state = state_named(c->code);
	}
}

/* getMessageStatus; a change is reported. */
static outcome ask(struct chain *c, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(CASE_POOL);
	struct peer_answer a;

	if (!pool)
		return err_set(e, REASON_MEMORY, "question for a status");
	TRY(sim_async_status(c->sim, pool, c->message_id, CALL_MS, &a, e));
	if (a.fault)
		return err_set(e, REASON_PROVIDER_FAULT, "getMessageStatus: %.*s", (int)a.fault_info.error_code.n,
			(const char *)a.fault_info.error_code.p);
	if (!c->asked || a.status.state != c->state)
		buf_printf(c->report, "  status %s %.*s\n", async_state_name(a.status.state), (int)a.status.message.n,
			(const char *)a.status.message.p);
	c->asked = true;
	c->state = a.status.state;
	return DONE;
}

static void pause_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
}

/* Until the RESPONSE is there and the REQUEST is known to have arrived, or to be undeliverable. */
static outcome wait_for_response(struct chain *c, struct err *e)
{
	int64_t until = mono_ms() + WAIT_MS, ask_at = 0;

	for (;;) {
		TRY(look(c, e));
		if (mono_ms() >= ask_at && (!c->asked || c->state == ASYNC_ON_DELIVERY)) {
			TRY(ask(c, e));
			ask_at = mono_ms() + ASK_MS;
		}
		if (c->state == ASYNC_NOT_DELIVERED || (c->result[0] && c->asked && c->state != ASYNC_ON_DELIVERY))
			return DONE;
		if (mono_ms() >= until)
			return err_set(e, REASON_PROVIDER_DEADLINE, "no RESPONSE within %d s", WAIT_MS / 1000);
		pause_ms(LOOK_MS);
	}
}

/* What the acknowledgement says of the chain; false for identifiers that are longer than any. */
static bool begin(struct chain *c, const struct async_ack *ack)
{
	const struct bytes message = ack->message_id, correlation = ack->correlation_id;

	if (message.n >= sizeof c->message_id || correlation.n >= sizeof c->correlation_id)
		return false;
	memcpy(c->message_id, message.p, message.n);
	memcpy(c->correlation_id, correlation.p, correlation.n);
	return true;
}

outcome monitoring_send_case(struct sim *sim, struct buf *report, bool *done, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(CASE_POOL);
	SCOPED(buf_free) struct buf application = BUF(2 * APPLICATION_BYTES);
	struct peer_message m = {.type = ASYNC_REQUEST, .service_id = MONITORING_CASE_SERVICE};
	struct chain c = {.sim = sim, .report = report, .last = "0"};
	struct peer_answer a;
	char number[21];

	if (!pool)
		return err_set(e, REASON_MEMORY, "case of the monitoring system");
	TRY(monitoring_application_usual(sim, pool, number, &application, e));
	m.data = buf_cstr(&application);
	TRY(sim_async_send(sim, pool, &m, CALL_MS, &a, e));
	if (a.fault) {
		buf_printf(report, "case %s: fault %.*s %.*s\n", number, (int)a.fault_info.error_code.n,
			a.fault_info.error_code.p, (int)a.fault_info.error_message.n, a.fault_info.error_message.p);
		return DONE;
	}
	if (!begin(&c, &a.ack))
		return err_set(e, REASON_PROVIDER_FORMAT, "identifiers of the acknowledgement");
	buf_printf(report, "case %s: acknowledged, messageId %s, correlationId %s\n", number, c.message_id,
		c.correlation_id);
	TRY(wait_for_response(&c, e));
	*done = strcmp(c.result, "001") == 0;
	return DONE;
}
