/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process - what a program that runs for long owes the system: limits, signals, the service manager. */
#ifndef QAQPA_DAEMON_PROCESS_H
#define QAQPA_DAEMON_PROCESS_H

#include "base/bytes.h"
#include "confine/confine.h"

/* Exit codes of the server (documented in qaqpad.8). */
enum { EXIT_DONE = 0, EXIT_CANNOT_START = 1, EXIT_FORCED = 2, EXIT_WITH_ERRORS = 3 };

/* What the words of the command line say. */
struct process_options {
	const char *config;
	const char *group; /* NULL: not named */
};
/* Reads them; `usage` says what a program takes, with --group or not. -1: go on. Else the exit code: it has printed the
 * version, help or, on standard error, the usage. */
MUST_USE int process_read_options(int argc, char **argv, const char *version, const char *usage,
	struct process_options *out);

/* No core dumps, no tracing, files for the service alone, as many descriptors as allowed. */
void process_protect(void);
/* Confinement as the configuration wants it; the log says what came of it. First, before there are threads, the folders that
 * are written to; last, when all doors are open, the calls of the system (the room confine). */
struct conf;
MUST_USE outcome process_confine_writes(enum confine_role role, const struct conf *c, struct err *e);
MUST_USE outcome process_confine_calls(enum confine_role role, const struct conf *c, struct err *e);
/* Blocks the signals that main waits for, in this thread and those it makes; SIGPIPE is ignored. */
void process_block_signals(void);
/* The next of SIGHUP, SIGTERM, SIGINT. `meanwhile` is called about every second until it comes; NULL: nothing is. */
int process_next_signal(void (*meanwhile)(void));
/* Tells the service manager (sd_notify protocol); does nothing when there is none. */
void process_notify(const char *state);

#endif
