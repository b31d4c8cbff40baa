/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outbox - see outbox.h.
 * Promise: what was decided is told, also after a restart; two processes on one state do not send the same at once. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "common/outbox.h"
#include "common/service.h"

#define SEND_POOL (32u << 20)
#define LEASE_MS (ASK_MS + 5000) /* longer than one call lasts */
#define AGAIN_MS 500         /* doubled at each failure */
#define DOUBLED_MOST 4       /* so many times */
#define TRIES_MOST 5000      /* half a day */

outcome outbox_put(struct store *s, const char *service_id, const char *attributes, const struct buf *data, struct err *e)
{
	const char *values[] = {service_id, attributes ? attributes : "", buf_cstr(data)};

	if (!buf_ok(data) || data->len >= OUTBOX_BYTES)
		return err_set(e, REASON_MEMORY, "message to %s", service_id);
	return store_run(s, "INSERT INTO outbox (service, attributes, data, result, words, tries, due)"
		" VALUES (?1, ?2, ?3, '', '', 0, 0)", values, 3, NULL, 0, NULL, e);
}

struct letter {
	char id[24], service[129], attributes[1024], tries[12];
	char *data; /* room for OUTBOX_BYTES */
};

static void in_ms(char out[24], int ms)
{
	snprintf(out, 24, "%lld", (long long)stamp_now().ms + ms);
}

/* The oldest of those that are the first of their service and not in somebody's hands; it is in ours from then on. */
static outcome claim(struct store *s, struct letter *l, bool *found, struct err *e)
{
	char now[24], until[24];
	const char *values[] = {now, until};
	const struct store_column columns[] = {{l->id, sizeof l->id}, {l->service, sizeof l->service},
		{l->attributes, sizeof l->attributes}, {l->tries, sizeof l->tries}, {l->data, OUTBOX_BYTES}};

	in_ms(now, 0);
	in_ms(until, LEASE_MS);
	return store_do(s,
		"UPDATE outbox SET due = CAST(?2 AS INTEGER) WHERE id = (SELECT id FROM outbox o WHERE result = ''"
		" AND due <= CAST(?1 AS INTEGER) AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.service = o.service"
		" AND p.result = '' AND p.id < o.id) ORDER BY id LIMIT 1)"
		" RETURNING CAST(id AS TEXT), service, attributes, CAST(tries AS TEXT), data", values, 2, columns, 5, found, e);
}

/* The gateway says that the message itself is wrong: it would say so again. */
static bool is_hopeless(const struct sim_call *call)
{
	return call->result.ok && call->answer.fault &&
		(bytes_is(call->answer.fault_info.error_code, "QG025") || bytes_is(call->answer.fault_info.error_code, "SCE001"));
}

static outcome settle(struct store *s, const struct letter *l, const struct sim_call *call, const struct reasons *reasons,
	struct err *e)
{
	int tries = (int)strtol(l->tries, NULL, 10) + 1;
	bool again = reasons->later && !is_hopeless(call) && tries < TRIES_MOST;
	char due[24];
	const char *values[] = {l->id, again ? "" : reasons->n ? "refused" : "done",
		reasons->n ? reasons_line(reasons) : "", due};

	in_ms(due, AGAIN_MS << (tries < DOUBLED_MOST ? tries : DOUBLED_MOST));
	return store_do(s, "UPDATE outbox SET result = ?2, words = ?3, due = CAST(?4 AS INTEGER), tries = tries + 1"
		" WHERE id = ?1", values, 4, NULL, 0, NULL, e);
}

static outcome send_one(struct sim *sim, struct store *s, bool *found, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(SEND_POOL);
	struct letter l = {.data = pool ? pool_alloc(pool, OUTBOX_BYTES) : NULL};
	struct reasons reasons = {.pool = pool};
	struct sim_call call = {.service_id = l.service, .data = l.data};

	if (!l.data)
		return err_set(e, REASON_MEMORY, "message of the outbox");
	TRY(claim(s, &l, found, e));
	if (!*found)
		return DONE;
	call.result = sim_send(sim, pool, l.service, l.attributes[0] ? l.attributes : NULL, l.data, ASK_MS, &call.answer,
		&call.err);
	(void)!ask_judge(&reasons, &call, NULL);
	return settle(s, &l, &call, &reasons, e);
}

outcome outbox_work(struct sim *sim, struct store *s, struct err *e)
{
	char service[129] = "", words[600] = "";
	bool found = true;

	while (found)
		TRY(send_one(sim, s, &found, e));
	TRY(store_do(s, "SELECT service, substr(words, 1, 140) FROM outbox WHERE result = '' ORDER BY id LIMIT 1", NULL, 0,
		(struct store_column[]){{service, sizeof service}, {words, sizeof words}}, 2, &found, e));
	return found ? err_set(e, REASON_PROVIDER_STATUS, "a message waits for %s: %.200s", service, words) : DONE;
}
