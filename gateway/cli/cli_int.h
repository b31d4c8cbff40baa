/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli, inside: what the commands of `qaqpa` share: options, output forms, exit codes, files. */
#ifndef QAQPA_CLI_CLI_INT_H
#define QAQPA_CLI_CLI_INT_H

#include "base/pool.h"

/* Exit codes; verify has its own three (product documents, qaqpa.1). */
enum {
	CLI_DONE = 0,
	CLI_USAGE = 64,
	CLI_BAD_INPUT = 65,
	CLI_UNAVAILABLE = 69,
	CLI_TRY_LATER = 75,
	CLI_CONFIG = 78,
	VERIFY_VALID = 0,
	VERIFY_INVALID = 1,
	VERIFY_CANNOT_TELL = 2,
	VERIFY_NOT_SIGNED = 3,
};

#define CLI_LIST_MOST 128
struct cli_list {
	const char *item[CLI_LIST_MOST + 1]; /* NULL behind the last, when it began as zero */
	size_t n;
};

enum cli_kind { CLI_TEXT, CLI_NUMBER, CLI_FLAG, CLI_LIST, CLI_OUTPUT }; /* numbers from 1; table or json */
struct cli_option {
	const char *name; /* long name; NULL ends the table */
	char letter;      /* 0: none */
	enum cli_kind kind;
	void *to;         /* const char **, long *, bool *, struct cli_list *; bool * of json */
	bool required;
	const char *help;
};

struct cli_command {
	const char *name;
	const char *arguments; /* for usage: [FILE] */
	int words; /* that may follow the options */
	const char *summary;
	int (*run)(int argc, char **argv);
};

/* Reads options into the table's targets; the words that are left are at argv[*first]. Negative: go on; else the exit
 * code (help was asked for, or the line is wrong and was explained). */
int cli_options(const struct cli_command *command, const struct cli_option *options, int argc, char **argv, int *first);

/* A whole file, or standard input for "-" or NULL. Explains failures on standard error. */
MUST_USE bool cli_read(const char *path, struct buf *out);
void cli_write(struct bytes out); /* standard output */
/* One line on standard error with the stable code, and the exit code that belongs to the reason. */
int cli_fail(const struct err *e);

int cmd_check(int argc, char **argv);
int cmd_send(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_msg(int argc, char **argv);
int cmd_nodes(int argc, char **argv);
int cmd_queue(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_cert(int argc, char **argv);
int cmd_nikad(int argc, char **argv);
int cmd_hash_password(int argc, char **argv);
int cmd_attack(int argc, char **argv);

const struct cli_command *cli_command_named(const char *name);

#endif
