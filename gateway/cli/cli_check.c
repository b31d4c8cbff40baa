/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_check - qaqpa check: the whole configuration, keys, certificates and schemas included, before it is used.
 * Exit: 0 valid, 1 errors, 2 could not be judged. */
#include <jansson.h>
#include <stdio.h>

#include "flow/flow.h"

#include "cli/cli_int.h"

static void print_table(const struct conf_problems *p, bool strict)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct conf_problem *x = &p->list[i];

		fprintf(stderr, "%s:%d: %s: %s\n", x->at.file ? x->at.file : "", x->at.line,
			x->warning && !strict ? "warning" : "error", x->what);
		if (x->remedy)
			fprintf(stderr, "    %s\n", x->remedy);
	}
}

static void print_json(const struct conf_problems *p, bool strict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct conf_problem *x = &p->list[i];

		json_array_append_new(list, json_pack("{s:s?, s:i, s:s, s:s, s:s?}", "file", x->at.file, "line", x->at.line,
			"level", x->warning && !strict ? "warning" : "error", "what", x->what, "remedy", x->remedy));
	}
	json_dumpf(list, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(list);
}

static int print_words(void)
{
	SCOPED(buf_free) struct buf out = BUF(1u << 20);

	conf_words_print(&out);
	cli_write(buf_bytes(&out));
	return CLI_DONE;
}

/* What is allowed, and yet should not be missed. */
static void warn_of_gaps(const char *path, const struct conf *c, struct conf_problems *problems)
{
	if (!c->revocation.directory)
		conf_problem_add(problems, (struct conf_at){path, 1}, true,
			"Add the section revocation and the list sources.", "whether certificates are revoked is not checked");
	for (size_t i = 0; i < c->service_count; i++) {
		if (c->services[i].repealed)
			conf_problem_add(problems, c->services[i].at, true, "Remove the service when nobody needs it any more.",
				"service %s: the order behind it is repealed since %s", c->services[i].id, c->services[i].repealed);
	}
}

int cmd_check(int argc, char **argv)
{
	const char *path = "/etc/qaqpa/qaqpa.yaml";
	bool strict = false, words = false, json = false;
	const struct cli_option options[] = {
		{"config", 'c', CLI_TEXT, &path, false, "the file (/etc/qaqpa/qaqpa.yaml)"},
		{"strict", 0, CLI_FLAG, &strict, false, "warnings are errors"},
		{"words", 0, CLI_FLAG, &words, false, "print every word of the configuration and stop"},
		{"output", 'o', CLI_OUTPUT, &json, false, "table or json"},
		{0},
	};
	SCOPED(conf_problems_free) struct conf_problems *problems = conf_problems_new();
	SCOPED(snapshot_drop) struct snapshot *s = NULL;
	struct err e = {0};
	int first, code = cli_options(cli_command_named("check"), options, argc, argv, &first);
	outcome loaded;

	if (code >= 0)
		return code;
	if (words)
		return print_words();
	loaded = snapshot_load(path, problems, &s, &e);
	if (loaded.ok)
		warn_of_gaps(path, snapshot_conf(s), problems);
	if (json)
		print_json(problems, strict);
	else
		print_table(problems, strict);
	if (!loaded.ok && e.reason != REASON_CONFIG) {
		cli_fail(&e);
		return 2;
	}
	return loaded.ok && !(strict && problems->n) ? 0 : 1;
}
