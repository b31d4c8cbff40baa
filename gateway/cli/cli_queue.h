/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue - what the forms of qaqpa queue share. */
#ifndef QAQPA_CLI_CLI_QUEUE_H
#define QAQPA_CLI_CLI_QUEUE_H

#include "queue/queue.h"

#include "cli/cli_int.h"

struct cli_queue {
	struct queue_admin *admin;
	struct queue_filter filter;  /* the word is not in it */
	const char *word;            /* behind the options; NULL */
	const char *record;          /* folder of the operators' journal; NULL */
	struct cli_list journals;
	size_t inline_bytes;
	long rate;                   /* messages a second; 0: as fast as it goes */
	bool several, only;          /* more than one Redis is meant; one of several is meant */
	bool json, dry_run, all, remove;
};

/* One for each verb; gives the exit code. */
int cli_queue_ls(struct cli_queue *q);
int cli_queue_show(struct cli_queue *q);
int cli_queue_shape(struct cli_queue *q);
int cli_queue_plan(struct cli_queue *q);
int cli_queue_hold(struct cli_queue *q);
int cli_queue_release(struct cli_queue *q);
int cli_queue_close(struct cli_queue *q);
int cli_queue_open(struct cli_queue *q);
int cli_queue_retry(struct cli_queue *q);
int cli_queue_drop(struct cli_queue *q);
int cli_queue_export(struct cli_queue *q);
int cli_queue_rebuild(struct cli_queue *q);
int cli_queue_adapters(struct cli_queue *q);
int cli_queue_sweep(struct cli_queue *q);

/* What adapters keep on the disks of the gateways goes back into Redis. */
MUST_USE outcome cli_queue_restore(struct cli_queue *q, struct err *e);

#define CLI_SHOWN 64
/* A name for the screen: cut, and without control characters. */
const char *cli_queue_shown(struct bytes name, char out[CLI_SHOWN]);
/* 45 s, 12 min, 3 h, 2 d */
const char *cli_queue_age(int64_t ms, char out[16]);
/* Sleeps until number `count` has its turn, when so many a second are allowed; 0: at once. */
void cli_queue_pace(long rate, int64_t started_us, size_t count);

#endif
