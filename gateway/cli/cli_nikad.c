/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_nikad - qaqpa nikad check and explain (rule P1). */
#include <stdio.h>

#include "nikad/nikad.h"

#include "cli/cli_int.h"

int cmd_nikad(int argc, char **argv)
{
	const struct cli_option options[] = {{0}};
	SCOPED(buf_free) struct buf words = BUF(65536);
	struct nikad_problem why = {0};
	struct nikad n;
	int first, code = cli_options(cli_command_named("nikad"), options, argc, argv, &first);
	bool valid;

	if (code >= 0)
		return code;
	if (argc - first != 2 || (strcmp(argv[first], "check") != 0 && strcmp(argv[first], "explain") != 0)) {
		fprintf(stderr, "qaqpa nikad: say check NUMBER or explain NUMBER\n");
		return CLI_USAGE;
	}
	if (strcmp(argv[first], "explain") == 0) {
		valid = nikad_explain(bytes_str(argv[first + 1]), &words);
		cli_write(buf_bytes(&words));
		return valid ? CLI_DONE : 1;
	}
	valid = nikad_parse(bytes_str(argv[first + 1]), &n, &why);
	if (valid) {
		puts(n.text);
		return CLI_DONE;
	}
	nikad_problem_print(&why, &words);
	fprintf(stderr, "qaqpa: %s\n", buf_cstr(&words));
	return 1;
}
