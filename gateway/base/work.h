/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work - a fixed number of worker threads and their lines of small jobs.
 *
 * A job must not block: what waits (journal, provider) continues later as a new job.
 */
#ifndef QAQPA_BASE_WORK_H
#define QAQPA_BASE_WORK_H

#include "base/err.h"

struct work;

/* Embed it in the thing that is worked on; it must stay valid until `run` is entered, not longer. */
struct work_item {
	struct work_item *next;
	void (*run)(struct work_item *item);
};

/* Starts `threads` workers (1..64) of that name (up to 15 characters). NULL when threads cannot be made. */
struct work *work_start(const char *name, unsigned threads);
/* Puts the item at the end of its line. The lines are served in turn, an item of each, so that whoever fills one makes
 * only those in it wait. Never blocks, never fails. Any thread. */
#define WORK_LINES 64u
void work_put_in_line(struct work *w, unsigned line, struct work_item *item); /* line: taken modulo WORK_LINES */
void work_put(struct work *w, struct work_item *item);                        /* for work that knows no lines: the first */
/* The same into a line that is served first: for what was begun already, so that it ends before more is begun. */
void work_put_begun(struct work *w, struct work_item *item);
/* Jobs that wait now; for admission and metrics. Any thread. */
size_t work_waiting(struct work *w);
/* More than half of the workers have nothing to do. Any thread. */
bool work_quiet(struct work *w);
/* From now on a worker that has run out of work calls `quiet` when that is so, after work_quiet says it: it must not block.
 * Once, before there is work. */
void work_on_quiet(struct work *w, void (*quiet)(void *ctx), void *ctx);
/* Ends the workers after the line is empty. Takes NULL, sets NULL. */
void work_stop(struct work **w);

#endif
