/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue_record - words on messages, written one at a time and waited for. */
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>

#include "cli/cli_queue_record.h"

struct cli_record {
	struct journal *journal;
	sem_t done;
	outcome result;
	struct err e;
};

outcome cli_record_open(const char *directory, struct cli_record **out, struct err *e)
{
	struct journal_settings settings = {.directory = directory};
	struct cli_record *r = calloc(1, sizeof *r);

	if (!r)
		return err_set(e, REASON_MEMORY, "a record");
	BUG_IF(sem_init(&r->done, 0, 0));
	*out = r;
	if (journal_open(&settings, &r->journal, e).ok)
		return DONE;
	cli_record_close(out);
	return FAILED;
}

void cli_record_close(struct cli_record **of)
{
	struct cli_record *r = *of;

	if (!r)
		return;
	journal_close(&r->journal);
	sem_destroy(&r->done);
	free(r);
	*of = NULL;
}

static void word_done(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct cli_record *r = entry->ctx;

	r->result = result;
	if (e)
		r->e = *e;
	sem_post(&r->done);
}

outcome cli_record_word(struct cli_record *r, const struct queue_item *item, struct bytes body,
	enum journal_waiting_state state, struct err *e)
{
	char policy[QUEUE_POLICY_TEXT];
	struct journal_waiting word = {.id = item->id, .destination = item->destination, .order_key = item->order_key,
		.meta = item->meta, .policy = BYTES_NONE, .state = state, .attempts = item->attempts,
		.accepted_ms = item->accepted_ms, .due_ms = item->due_ms, .expire_ms = item->expire_ms, .body = body};
	struct journal_entry entry = {.waiting = &word, .done = word_done, .ctx = r};

	queue_policy_print(&item->policy, policy);
	word.policy = bytes_str(policy);
	journal_put(r->journal, &entry);
	while (sem_wait(&r->done))
		BUG_IF(errno != EINTR);
	if (!r->result.ok)
		*e = r->e;
	return r->result;
}
