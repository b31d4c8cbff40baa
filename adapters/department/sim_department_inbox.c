/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_inbox - see sim_department_inbox.h. */
#include "department/sim_department_inbox.h"

struct change { /* one statement with its values */
	const char *sql;
	const char *const *values;
	size_t n;
};

static outcome change_in_unit(struct store *s, void *ctx, struct err *e)
{
	const struct change *c = ctx;

	return store_run(s, c->sql, c->values, c->n, NULL, 0, NULL, e);
}

outcome department_inbox_keep(struct store *s, const char *message_id, const char *correlation_id,
	const char *payload, struct err *e)
{
	const char *values[] = {message_id, correlation_id, payload};
	struct change c = {"INSERT INTO taken (message_id, correlation_id, payload, stage, tries)"
		" VALUES (?1, ?2, ?3, '" STAGE_TAKEN "', 0) ON CONFLICT (message_id) DO NOTHING", values, 3};

	return store_transact(s, change_in_unit, &c, e);
}

struct question {
	struct department_task *task;
	bool found;
};

static outcome next_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct question *q = ctx;
	struct department_task *t = q->task;
	const struct store_column columns[] = {
		{t->message_id, sizeof t->message_id},
		{t->correlation_id, sizeof t->correlation_id},
		{t->stage, sizeof t->stage},
		{t->tries, sizeof t->tries},
		{t->payload, DEPARTMENT_PAYLOAD_BYTES},
	};

	return store_run(s, "SELECT message_id, correlation_id, stage, tries, payload FROM taken"
		" WHERE stage IN ('" STAGE_TAKEN "', '" STAGE_ACCEPTED "') ORDER BY tries, id LIMIT 1",
		NULL, 0, columns, 5, &q->found, e);
}

outcome department_inbox_next(struct store *s, struct department_task *out, bool *found, struct err *e)
{
	struct question q = {out, false};

	TRY(store_transact(s, next_in_unit, &q, e));
	*found = q.found;
	return DONE;
}

outcome department_inbox_reached(struct store *s, const struct department_task *t, const char *stage,
	struct err *e)
{
	const char *values[] = {t->message_id, stage};
	struct change c = {"UPDATE taken SET stage = ?2 WHERE message_id = ?1", values, 2};

	return store_transact(s, change_in_unit, &c, e);
}

outcome department_inbox_failed(struct store *s, const struct department_task *t, struct err *e)
{
	const char *values[] = {t->message_id};
	struct change c = {"UPDATE taken SET tries = tries + 1 WHERE message_id = ?1", values, 1};

	return store_transact(s, change_in_unit, &c, e);
}
