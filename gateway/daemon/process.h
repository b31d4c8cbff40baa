/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process - what a program that runs for long owes the system: limits, signals, the service manager. */
#ifndef QAQPA_DAEMON_PROCESS_H
#define QAQPA_DAEMON_PROCESS_H

/* Exit codes of the server (documented in qaqpad.8). */
enum { EXIT_DONE = 0, EXIT_CANNOT_START = 1, EXIT_FORCED = 2, EXIT_WITH_ERRORS = 3 };

/* No core dumps, no tracing, files for the service alone, as many descriptors as allowed. */
void process_protect(void);
/* Blocks the signals that main waits for, in this thread and those it makes; SIGPIPE is ignored. */
void process_block_signals(void);
/* The next of SIGHUP, SIGTERM, SIGINT. */
int process_next_signal(void);
/* Tells the service manager (sd_notify protocol); does nothing when there is none. */
void process_notify(const char *state);

#endif
