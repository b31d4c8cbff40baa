/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_journal - what the forms of qaqpa msg share. */
#ifndef QAQPA_CLI_CLI_JOURNAL_H
#define QAQPA_CLI_CLI_JOURNAL_H

#include "conf/conf.h"
#include "journal/journal.h"

/* Whose facts are read: those of one folder, or of all nodes of the configuration as one journal. */
struct cli_source {
	const char *directory;   /* NULL: the nodes */
	const struct conf *conf;
	const char *node;        /* whose fact it is, while it is told; NULL: of the folder */
	bool partial;            /* somebody did not answer, or could not tell all; it was said */
};

const char *cli_kind_name(enum journal_kind k);
const char *cli_verdict_name(enum journal_verdict v);
/* journal_find for readers: a journal that cannot be read is REASON_IO, for nothing is to be written. Numbers
 * of persons are hidden, unless `numbers`. */
MUST_USE outcome cli_journal_find(struct cli_source *source, const struct journal_filter *filter, bool numbers,
	bool (*each)(void *ctx, const struct journal_fact *f), void *ctx, struct err *e);
/* The same over all nodes, newest first, numbers in full. */
MUST_USE outcome cli_nodes_find(struct cli_source *source, const struct journal_filter *filter,
	bool (*each)(void *ctx, const struct journal_fact *f), void *ctx, struct err *e);
/* The exit code behind what was found, when all went well. */
int cli_found(const struct cli_source *source, bool some);
/* Exchanges as stories, oldest first. */
int cli_trace(struct cli_source *source, struct journal_filter *filter, bool numbers);

#endif
