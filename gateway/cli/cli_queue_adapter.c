/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue_adapter - what adapters keep in Redis: qaqpa queue adapters, and their part of qaqpa queue rebuild. */
#include <stdio.h>

#include "adapter/adapter.h"

#include "cli/cli_queue.h"

#define REPORT_MOST ((size_t)64 << 20)

static outcome each_adapter(struct adapter_desk *d, bool restore, struct err *e)
{
	for (const struct adapter *const *a = adapters(); *a; a++) {
		outcome (*act)(const struct adapter_desk *, struct err *) = restore ? (*a)->restore : (*a)->print;

		if (act)
			TRY(act(d, e));
	}
	return DONE;
}

outcome cli_queue_restore(struct cli_queue *q, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(REPORT_MOST);
	SCOPED(buf_free) struct buf report = BUF(REPORT_MOST);
	struct adapter_desk d = {.redis = q->admin, .pool = pool, .dry_run = q->dry_run, .report = &report};
	outcome done = DONE;

	if (!pool)
		return err_set(e, REASON_MEMORY, "what adapters keep");
	for (size_t i = 0; done.ok && i < q->journals.n; i++) {
		d.journal = q->journals.item[i];
		d.folder = pool_printf(pool, "%s/adapters", d.journal);
		done = d.folder ? each_adapter(&d, true, e) : err_set(e, REASON_MEMORY, "what adapters keep");
	}
	cli_write(buf_bytes(&report));
	return done;
}

int cli_queue_adapters(struct cli_queue *q)
{
	SCOPED(pool_free) struct pool *pool = pool_new(REPORT_MOST);
	SCOPED(buf_free) struct buf report = BUF(REPORT_MOST);
	struct adapter_desk d = {.redis = q->admin, .pool = pool, .report = &report};
	struct err e = {0};

	if (!pool || !each_adapter(&d, false, &e).ok)
		return cli_fail(&e);
	cli_write(buf_bytes(&report));
	return CLI_DONE;
}
