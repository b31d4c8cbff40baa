/* SPDX-License-Identifier: GPL-3.0-or-later */
/* victim - a child that confirms over a pipe what it has done, and is killed. */
#ifndef QAQPA_TESTS_VICTIM_H
#define QAQPA_TESTS_VICTIM_H

#include "cm.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct victim {
	pid_t pid;
	int from; /* its confirmations */
};

/* A child in which `run` writes into the pipe, from message `first` on, until it is killed. */
static inline struct victim victim_start(void (*run)(int pipe_fd, uint32_t first), uint32_t first)
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

static inline void victim_kill(const struct victim *v)
{
	assert_int_equal(kill(v->pid, SIGKILL), 0);
}

/* When all that it had written is read. It must have ended by the signal, not by itself. */
static inline void victim_end(struct victim *v)
{
	int status;

	close(v->from);
	assert_int_equal(waitpid(v->pid, &status, 0), v->pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

#endif
