/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_nodes - questions to all gateways of the configuration at once, over their admin listeners. */
#ifndef QAQPA_CLI_CLI_NODES_H
#define QAQPA_CLI_CLI_NODES_H

#include <jansson.h>

#include "conf/conf.h"

#include "cli/cli_int.h"

struct cli_node {
	const struct conf_node *conf;
	json_t *answer; /* NULL: none that could be used; then `e` says why */
	int status;     /* HTTP status; 0: none */
	struct err e;
};

/* Asks every node for the page at once and waits for all answers, at most half a minute. Gives as many as conf->node_count,
 * to be freed by cli_nodes_free. Fails where nobody could be asked: there are no nodes, a token cannot be read, memory. */
MUST_USE outcome cli_nodes_ask(const struct conf *conf, const char *page, struct cli_node **out, struct err *e);
void cli_nodes_free(struct cli_node **nodes, size_t n);

/* Says on standard error which nodes did not answer, and that the result is partial. How many they were. */
size_t cli_nodes_absent(const struct cli_node *nodes, size_t n);

#endif
