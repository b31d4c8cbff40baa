/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qaqpa - the command beside the gateway: checks configurations, signs, verifies, sends, reads the journal and plays
 * other systems. */
#include <stdio.h>

#include "base/clock.h"
#include "envelope/envelope.h"
#include "security/security.h"

#include "cli/cli_int.h"

static const struct cli_command commands[] = {
	{"check", "[--config FILE]", 0, "check a configuration as a whole", cmd_check},
	{"send", "--service ID [DATA-FILE]", 1, "send one signed message and verify the answer", cmd_send},
	{"sign", "[FILE]", 1, "sign a SOAP message", cmd_sign},
	{"verify", "[FILE]", 1, "verify the transport signature of a saved message", cmd_verify},
	{"msg", "find|show|trace ...", 1, "read the journal", cmd_msg},
	{"nodes", "[--config FILE]", 0, "ask all gateways how they are, and which configuration they run", cmd_nodes},
	{"queue", "VERB ...", 1, "look after what waits for delivery", cmd_queue},
	{"sim", "SYSTEM ...", 0, "play another information system", cmd_sim},
	{"cert", "show|check|ls|block|unblock|request [FILE]", 1,
		"look at certificates, block them, ask for new ones", cmd_cert},
	{"nikad", "check|explain NUMBER", 2, "check a number of an administrative document", cmd_nikad},
	{"hash-password", "", 0, "make a password hash for the configuration", cmd_hash_password},
	{"attack", "prepare DIR | --target URL --with DIR", 0, "send hostile messages to a gateway of yours", cmd_attack},
	{0},
};

const struct cli_command *cli_command_named(const char *name)
{
	for (const struct cli_command *c = commands; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

static void print_usage(FILE *to)
{
	fputs("Usage: qaqpa COMMAND [OPTIONS]\n\n", to);
	for (const struct cli_command *c = commands; c->name; c++)
		fprintf(to, "  %-14s %s\n", c->name, c->summary);
	fputs("\nqaqpa COMMAND --help explains a command. qaqpa --version prints the version.\n", to);
}

int main(int argc, char **argv)
{
	const struct cli_command *command;
	struct err e = {0};

	if (argc < 2) {
		print_usage(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return CLI_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("qaqpa " QAQPA_VERSION);
		return CLI_DONE;
	}
	command = cli_command_named(argv[1]);
	if (!command) {
		fprintf(stderr, "qaqpa: no command is called %s\n", argv[1]);
		print_usage(stderr);
		return CLI_USAGE;
	}
	if (!clock_zone("Asia/Almaty"))
		fputs("qaqpa: the zone data is not installed; times are told in UTC\n", stderr);
	envelope_init();
	if (!security_init(&e).ok)
		return cli_fail(&e);
	return command->run(argc - 1, argv + 1);
}
