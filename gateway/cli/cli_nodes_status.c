/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_nodes_status - qaqpa nodes: how every gateway is, and whether all of them run the same configuration. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_nodes.h"

#define SHORT_HASH 16

static const char *word_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

/* The checks that are not well, with their words. */
static void print_troubles(const json_t *answer)
{
	const json_t *check;
	size_t i;

	json_array_foreach(json_object_get(answer, "checks"), i, check) {
		if (!json_is_true(json_object_get(check, "ok")))
			printf("            %s: %s\n", word_of(check, "check"), word_of(check, "detail"));
	}
}

static void print_node(const struct cli_node *n)
{
	const json_t *a = n->answer;

	printf("%-10s  %-9s  %-*.*s  %6lld  %10lld s\n", n->conf->name,
		json_is_true(json_object_get(a, "ready")) ? "ready" : "not ready", SHORT_HASH, SHORT_HASH,
		word_of(a, "config_hash"), (long long)json_integer_value(json_object_get(a, "open")),
		(long long)json_integer_value(json_object_get(a, "uptime_s")));
	print_troubles(a);
}

static void print_table(const struct conf *conf, const struct cli_node *nodes, size_t n)
{
	printf("%-10s  %-9s  %-*s  %6s  %12s\n", "node", "state", SHORT_HASH, "configuration", "open", "up");
	for (size_t i = 0; i < n; i++) {
		if (nodes[i].answer)
			print_node(&nodes[i]);
	}
	printf("%-10s  %-9s  %.*s\n", "this file", "", SHORT_HASH, conf->hash);
}

static void print_json(const struct conf *conf, const struct cli_node *nodes, size_t n)
{
	json_t *list = json_array(), *all = json_pack("{s:s, s:o}", "config_hash", conf->hash, "nodes", list);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:O?, s:s}", "node", nodes[i].conf->name, "url",
			nodes[i].conf->url, "status", nodes[i].answer, "error", nodes[i].answer ? "" : nodes[i].e.detail));
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(all);
}

/* How many of those that answered run another configuration than this file. */
static size_t others(const struct conf *conf, const struct cli_node *nodes, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!nodes[i].answer || strcmp(word_of(nodes[i].answer, "config_hash"), conf->hash) == 0)
			continue;
		fprintf(stderr, "qaqpa: node %s runs another configuration than this file\n", nodes[i].conf->name);
		count++;
	}
	return count;
}

int cmd_nodes(int argc, char **argv)
{
	const char *config = "/etc/qaqpa/qaqpa.yaml";
	bool json = false;
	const struct cli_option options[] = {
		{"config", 'c', CLI_TEXT, &config, false, "the configuration that all nodes are to run (/etc/qaqpa/qaqpa.yaml)"},
		{"output", 'o', CLI_OUTPUT, &json, false, "table or json"},
		{0},
	};
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(conf_free) struct conf *conf = NULL;
	struct cli_node *nodes = NULL;
	struct err e = {0};
	int first, code = cli_options(cli_command_named("nodes"), options, argc, argv, &first);
	size_t absent, differ;

	if (code >= 0)
		return code;
	if (!conf_load(config, &conf, problems, &e).ok || !cli_nodes_ask(conf, "/status", &nodes, &e).ok)
		return cli_fail(&e);
	(json ? print_json : print_table)(conf, nodes, conf->node_count);
	differ = others(conf, nodes, conf->node_count);
	absent = cli_nodes_absent(nodes, conf->node_count);
	cli_nodes_free(&nodes, conf->node_count);
	return absent ? CLI_UNAVAILABLE : differ ? 1 : CLI_DONE;
}
