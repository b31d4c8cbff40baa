/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_queue_sweep - qaqpa queue sweep: bodies that a crash left in the spool. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli_queue.h"

#define USUAL_MS INT64_C(3600000)
#define LEAST_MS INT64_C(600000) /* younger ones may belong to a message that is being put just now */

struct swept {
	bool remove;
	size_t files;
	uint64_t octets;
};

static bool each_file(void *ctx, const char *name, size_t octets)
{
	struct swept *s = ctx;

	printf("%s %zu octets %s\n", name, octets, s->remove ? "removed" : "would be removed");
	s->files++;
	s->octets += octets;
	return s->remove;
}

int cli_queue_sweep(struct cli_queue *q)
{
	struct swept s = {.remove = q->remove && !q->dry_run};
	int64_t older = q->filter.older_ms ? q->filter.older_ms : USUAL_MS;
	struct err e = {0};

	if (older < LEAST_MS) {
		fprintf(stderr, "qaqpa: --older is 10m at least for sweep: a gateway may be about to put what is younger\n");
		return CLI_USAGE;
	}
	if (!queue_admin_sweep(q->admin, older, each_file, &s, &e).ok)
		return cli_fail(&e);
	fprintf(stderr, "qaqpa: %zu files, %" PRIu64 " octets%s\n", s.files, s.octets,
		s.remove || s.files == 0 ? "" : "; --remove removes them");
	return s.files ? CLI_DONE : 1;
}
