/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef QAQPA_CLI_STATUS_H
#define QAQPA_CLI_STATUS_H

#include "conf/conf.h"

#include "cli/cli_int.h"

/* Exit codes of a verdict. */
enum cli_verdict { CLI_VALID = 0, CLI_INVALID = 1, CLI_CANNOT_TELL = 2 };

/* Asks the authority now whether the certificate is revoked, as the configuration says; prints the steps when told to, and
 * the verdict. CLI_VALID, with a line that says so, where the configuration does not check revocation. */
enum cli_verdict cli_status(const struct conf *c, struct bytes der, bool steps);

#endif
