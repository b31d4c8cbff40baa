/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_attack - qaqpa attack: hands over to the program that sends the hostile messages, which is installed beside this one.
 * Not here: its options and what it does (tests/attack). */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli_int.h"

#define PYTHON "/usr/bin/python3"
#define PROGRAM "../libexec/qaqpa/attack/tests/attack/run" /* seen from the folder of this command */
#define NOT_DONE 2

/* The path of this command, and of what it hands over to. */
static bool find(char self[PATH_MAX], char program[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	return slash && snprintf(program, PATH_MAX, "%.*s/" PROGRAM, (int)(slash - self), self) < PATH_MAX &&
		access(program, R_OK) == 0;
}

int cmd_attack(int argc, char **argv)
{
	char self[PATH_MAX], program[PATH_MAX], python[] = PYTHON, alone[] = "-IB";
	char *words[CLI_LIST_MOST + 4] = {python, alone, program};

	if (argc > CLI_LIST_MOST) {
		fprintf(stderr, "qaqpa attack: too many words\n");
		return NOT_DONE;
	}
	if (!find(self, program)) {
		fprintf(stderr, "qaqpa attack: the program is not installed; it belongs to " PROGRAM " beside this command\n");
		return NOT_DONE;
	}
	memcpy(words + 3, argv + 1, (size_t)(argc - 1) * sizeof(*argv));
	if (setenv("QAQPA", self, 1) == 0)
		execv(python, words);
	fprintf(stderr, "qaqpa attack: " PYTHON ": %s; install python3, python3-lxml, python3-cryptography\n", strerror(errno));
	return NOT_DONE;
}
