/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon, inside: the gateway as main sees it. */
#ifndef QAQPA_DAEMON_DAEMON_INT_H
#define QAQPA_DAEMON_DAEMON_INT_H

#include "daemon/process.h"
#include "flow/flow.h"

struct gateway;
MUST_USE outcome gateway_start(const char *conf_path, struct gateway **out, struct err *e);
/* A whole checked configuration or nothing. */
void gateway_reload(struct gateway *g);
void gateway_config_hash(const struct gateway *g, char out[CONF_HASH]); /* of the one in force */
/* Drains and stops; the number of requests that had to be cut off. */
size_t gateway_stop(struct gateway **g);

#endif
