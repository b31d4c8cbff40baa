/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef QAQPA_CLI_INNER_H
#define QAQPA_CLI_INNER_H

#include "security/security.h"

#include "cli/cli_int.h"

/* Prints what the service of the message demands of the signatures in its data, and what was found. */
void cli_inner_explain(struct pool *pool, const struct verified *v, const struct conf *conf, struct trust *trust);

#endif
