/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue_act - qaqpa queue hold, release, close, open, retry and drop.
 * Promise:  retry and drop may be broken off at any moment: every message is in exactly one place, and the same command
 *           goes on with the rest. */
#include <stdio.h>

#include "cli/cli_queue.h"
#include "cli/cli_queue_record.h"

#define BODY_MOST ((size_t)1 << 30)

static int set_hold(struct cli_queue *q, bool hold)
{
	struct err e = {0};

	if (!queue_admin_hold(q->admin, bytes_str(q->word), hold, &e).ok)
		return cli_fail(&e);
	return CLI_DONE;
}

int cli_queue_hold(struct cli_queue *q)
{
	return set_hold(q, true);
}

int cli_queue_release(struct cli_queue *q)
{
	return set_hold(q, false);
}

static int set_shut(struct cli_queue *q, bool shut)
{
	struct err e = {0};

	if (q->several) {
		fprintf(stderr, "qaqpa queue: there are several Redis; say which one with --only\n");
		return CLI_USAGE;
	}
	return queue_admin_shut(q->admin, bytes_str(q->word), shut, &e).ok ? CLI_DONE : cli_fail(&e);
}

int cli_queue_close(struct cli_queue *q)
{
	return set_shut(q, true);
}

int cli_queue_open(struct cli_queue *q)
{
	return set_shut(q, false);
}

struct act {
	struct cli_queue *q;
	bool drop;
	struct cli_record *record;
	size_t done, skipped;
	int64_t started_us;
	bool failed;
	struct err e;
};

/* The word comes before a retry and behind a drop: broken off between the two, a rebuild keeps rather than loses. */
static outcome act_on(struct act *a, const struct queue_item *item, struct err *e)
{
	SCOPED(buf_free) struct buf body = BUF(BODY_MOST);
	struct queue_admin *admin = a->q->admin;

	if (a->drop) {
		TRY(queue_admin_drop(admin, item->destination, item->id, e));
		return a->record ? cli_record_word(a->record, item, BYTES_NONE, WAITING_DROPPED, e) : DONE;
	}
	if (a->record) {
		TRY(queue_admin_body(admin, item->destination, item->id, &body, e));
		TRY(cli_record_word(a->record, item, buf_bytes(&body), WAITING_QUEUED, e));
	}
	return queue_admin_retry(admin, item->destination, item->id, e);
}

static bool each_act(void *ctx, const struct queue_item *item)
{
	struct act *a = ctx;
	char id[CLI_SHOWN], destination[CLI_SHOWN];
	struct err e = {0};
	const char *did = a->q->dry_run ? "would be" : "was";

	if (!a->q->dry_run)
		cli_queue_pace(a->q->rate, a->started_us, a->done + a->skipped);
	if (!a->q->dry_run && !act_on(a, item, &e).ok) {
		if (e.reason != REASON_USAGE) { /* that one only left, or is being delivered */
			a->failed = true;
			a->e = e;
			return false;
		}
		a->skipped++;
		fprintf(stderr, "qaqpa: %s\n", e.detail);
		return true;
	}
	a->done++;
	printf("%s for %s %s %s\n", cli_queue_shown(item->id, id), cli_queue_shown(item->destination, destination), did,
		a->drop ? "dropped" : "made due");
	return true;
}

static int act(struct cli_queue *q, bool drop)
{
	SCOPED(cli_record_close) struct cli_record *record = NULL;
	struct act a = {.q = q, .drop = drop, .started_us = mono_us()};
	struct queue_filter *f = &q->filter;
	struct err e = {0};

	if (!q->word && !q->all && !f->destination && !f->cause && f->where < 0 && !f->older_ms) {
		fprintf(stderr, "qaqpa: say which: an id, a filter, or --all\n");
		return CLI_USAGE;
	}
	f->id = q->word;
	if (!q->word && f->where < 0)
		f->where = QUEUE_DEAD; /* what still waits is only meant when it is said */
	if (q->record && !q->dry_run) {
		if (!cli_record_open(q->record, &record, &e).ok)
			return cli_fail(&e);
		a.record = record;
	}
	if (!queue_admin_list(q->admin, f, each_act, &a, &e).ok)
		return cli_fail(&e);
	fprintf(stderr, "qaqpa: %zu %s%s, %zu left alone\n", a.done, drop ? "dropped" : "made due",
		q->dry_run ? " if it were no dry run" : "", a.skipped);
	if (a.failed)
		return cli_fail(&a.e);
	return a.done ? CLI_DONE : 1;
}

int cli_queue_retry(struct cli_queue *q)
{
	return act(q, false);
}

int cli_queue_drop(struct cli_queue *q)
{
	return act(q, true);
}
