/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue_record - what operators did to the queue, in a journal of their own. A gateway's journal knows nothing of it; a
 * rebuild that reads both neither forgets what was retried nor brings back what was dropped. */
#ifndef QAQPA_CLI_CLI_QUEUE_RECORD_H
#define QAQPA_CLI_CLI_QUEUE_RECORD_H

#include "journal/journal.h"
#include "queue/queue.h"

struct cli_record;
/* Opens or makes the folder. */
MUST_USE outcome cli_record_open(const char *directory, struct cli_record **out, struct err *e);
void cli_record_close(struct cli_record **r); /* takes NULL; fit for SCOPED */
/* On disk when it returns. */
MUST_USE outcome cli_record_word(struct cli_record *r, const struct queue_item *item, struct bytes body,
	enum journal_waiting_state state, struct err *e);

#endif
