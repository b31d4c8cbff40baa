/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crash - children that confirm over a pipe what was committed, and are killed, for the tests of the journal. */
#ifndef QAQPA_TESTS_JOURNAL_CRASH_H
#define QAQPA_TESTS_JOURNAL_CRASH_H

#include <signal.h>
#include <sys/wait.h>

#include "help.h"

#define CRASH_OCTETS 10000

/* Octets of message `id`: their length and content follow from it. */
static UNUSED struct bytes octets_of(uint32_t id, unsigned char room[CRASH_OCTETS])
{
	size_t n = 10 + id * 37 % 9000;

	for (size_t i = 0; i < n; i++)
		room[i] = (unsigned char)(id + i * 31);
	return (struct bytes){room, n};
}

struct victim {
	pid_t pid;
	int from; /* its confirmations */
};

/* A child in which `run` writes into the pipe, from message `first` on, until it is killed. */
static UNUSED struct victim victim_start(void (*run)(int pipe_fd, uint32_t first), uint32_t first)
{
	struct victim v;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	v.pid = fork();
	assert_true(v.pid >= 0);
	if (v.pid == 0) {
		close(ends[0]);
		run(ends[1], first);
	}
	close(ends[1]);
	v.from = ends[0];
	return v;
}

static UNUSED void victim_kill(const struct victim *v)
{
	assert_int_equal(kill(v->pid, SIGKILL), 0);
}

/* When all that it had written is read. It must have ended by the signal, not by itself. */
static UNUSED void victim_end(struct victim *v)
{
	int status;

	close(v->from);
	assert_int_equal(waitpid(v->pid, &status, 0), v->pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#endif
