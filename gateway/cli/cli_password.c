/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_password - qaqpa hash-password: a password from standard input (never from the command line) to a hash. */
#include <stdio.h>

#include "trust/trust.h"

#include "cli/cli_int.h"

int cmd_hash_password(int argc, char **argv)
{
	const struct cli_option options[] = {{0}};
	SCOPED(buf_wipe) struct buf password = BUF(4096);
	char hash[384];
	struct err e = {0};
	int first, code = cli_options(cli_command_named("hash-password"), options, argc, argv, &first);

	if (code >= 0)
		return code;
	if (!cli_read(NULL, &password))
		return CLI_BAD_INPUT;
	while (password.len && (password.data[password.len - 1] == '\n' || password.data[password.len - 1] == '\r'))
		password.len--;
	if (password.len == 0) {
		fprintf(stderr, "qaqpa: give the password on standard input\n");
		return CLI_BAD_INPUT;
	}
	if (!password_hash(buf_bytes(&password), hash, &e).ok)
		return cli_fail(&e);
	puts(hash);
	return CLI_DONE;
}
