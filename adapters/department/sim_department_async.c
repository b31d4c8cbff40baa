/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_async - an application that comes as REQUEST is kept, then answered in its chain: a
 *           NOTIFICATION that it is accepted, later a RESPONSE with the result.
 * Promise:  an application that was acknowledged is answered, also after a restart. What was not told for
 *           certain is told again, so that both answers may come twice.
 * Not here: the decision (sim_department_application.c), how far each came (sim_department_inbox.c).
 * Spec:     M3, M6; bus contract 2.4, 5.7 */
#include <libxml/tree.h>
#include <stdlib.h>

#include "department/sim_department_async.h"
#include "department/sim_department_inbox.h"

#define TASK_POOL (64u << 20)
#define DATA_BYTES (1u << 20)
#define SEND_MS 15000
#define TRIES_MOST 20 /* for what others have to do */

/* The payload as a document of its own. */
static outcome parse(struct sim *sim, struct pool *pool, struct bytes text, struct application *a,
	struct err *e)
{
	xmlDoc *doc;

	TRY(envelope_parse_document(pool, text, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	if (!application_read(a, sim, pool, xmlDocGetRootElement(doc), text))
		return err_set(e, REASON_PAYLOAD_SCHEMA, "the payload is not a DepartmentRequest of department.xsd");
	return DONE;
}

outcome department_take(struct sim *sim, const struct sim_message *in, struct err *e)
{
	const char *text = pool_copy(in->pool, in->payload_text);
	const char *message_id = pool_copy(in->pool, in->message->message_id);
	const char *correlation_id = pool_copy(in->pool, in->message->correlation_id);
	struct application a;

	if (in->message->type != ASYNC_REQUEST)
		return err_set(e, REASON_CHANNEL_FORMAT, "the department takes no UPDATE");
	if (in->payload_text.n >= DEPARTMENT_PAYLOAD_BYTES)
		return err_set(e, REASON_CHANNEL_LENGTH, "the application is too long");
	TRY(parse(sim, in->pool, in->payload_text, &a, e));
	if (!text || !message_id || !correlation_id)
		return err_set(e, REASON_MEMORY, "application");
	return department_inbox_keep(sim_state(sim), message_id, correlation_id, text, e);
}

/* One message in the chain. A fault counts as a failure until there were too many: then nobody wants it. */
static outcome say(struct sim *sim, struct pool *pool, const struct department_task *t, enum async_type type,
	const struct buf *data, const char *stage, struct err *e)
{
	struct peer_message m = {.type = type, .service_id = "DEPARTMENT_CASE",
		.correlation_id = t->correlation_id, .data = buf_cstr(data)};
	struct peer_answer told;

	if (!buf_ok(data))
		return err_set(e, REASON_MEMORY, "answer to an application");
	TRY(sim_async_send(sim, pool, &m, SEND_MS, &told, e));
	if (!told.fault)
		return department_inbox_reached(sim_state(sim), t, stage, e);
	if (strtol(t->tries, NULL, 10) >= TRIES_MOST)
		TRY(department_inbox_reached(sim_state(sim), t, STAGE_STUCK, e));
	return err_set(e, REASON_PROVIDER_FAULT, "%s: %.*s", async_type_name(type),
		(int)told.fault_info.error_code.n, (const char *)told.fault_info.error_code.p);
}

static outcome tell_accepted(struct application *a, const struct department_task *t, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);

	application_accepted(a, &data);
	return say(a->sim, a->pool, t, ASYNC_NOTIFICATION, &data, STAGE_ACCEPTED, e);
}

/* What did not work may work later; only after many tries it is the answer. */
static outcome tell_result(struct application *a, const struct department_task *t, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);

	TRY(application_decide(a, e));
	if (a->reasons.later && strtol(t->tries, NULL, 10) < TRIES_MOST)
		return err_set(e, REASON_PROVIDER_STATUS, "%.200s", reasons_line(&a->reasons));
	application_result(a, &data);
	return say(a->sim, a->pool, t, ASYNC_RESPONSE, &data, STAGE_ANSWERED, e);
}

static outcome carry_on(struct sim *sim, struct pool *pool, const struct department_task *t, struct err *e)
{
	struct application a;

	TRY(parse(sim, pool, bytes_str(t->payload), &a, e));
	if (strcmp(t->stage, STAGE_TAKEN) == 0)
		TRY(tell_accepted(&a, t, e));
	return tell_result(&a, t, e);
}

/* One application, when there is one. */
static outcome work_once(struct sim *sim, bool *found, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(TASK_POOL);
	struct department_task t = {.payload = pool ? pool_alloc(pool, DEPARTMENT_PAYLOAD_BYTES) : NULL};
	struct err ignored;

	if (!t.payload)
		return err_set(e, REASON_MEMORY, "application");
	TRY(department_inbox_next(sim_state(sim), &t, found, e));
	if (!*found || carry_on(sim, pool, &t, e).ok)
		return DONE;
	if (!department_inbox_failed(sim_state(sim), &t, &ignored).ok)
		*e = ignored;
	return FAILED;
}

outcome department_work(struct sim *sim, struct err *e)
{
	bool found = true;

	while (found)
		TRY(work_once(sim, &found, e));
	return DONE;
}
