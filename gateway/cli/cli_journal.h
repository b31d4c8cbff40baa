/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_journal - what the forms of qaqpa msg share. */
#ifndef QAQPA_CLI_CLI_JOURNAL_H
#define QAQPA_CLI_CLI_JOURNAL_H

#include "journal/journal.h"

const char *cli_kind_name(enum journal_kind k);
const char *cli_verdict_name(enum journal_verdict v);
/* journal_find for readers: a journal that cannot be read is REASON_IO, for nothing is to be written. Numbers
 * of persons are hidden, unless `numbers`. */
MUST_USE outcome cli_journal_find(const char *directory, const struct journal_filter *filter, bool numbers,
	bool (*each)(void *ctx, const struct journal_fact *f), void *ctx, struct err *e);
/* Exchanges as stories, oldest first. */
int cli_trace(const char *directory, struct journal_filter *filter, bool numbers);

#endif
