/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thread - a thread inherits what its maker blocks, so that it is blocked from its first instruction on. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "base/thread.h"

bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	bool made;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	made = pthread_create(thread, NULL, run, arg) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return made;
}

void thread_wake(int event)
{
	uint64_t one = 1;

	if (write(event, &one, sizeof one) < 0)
		BUG_IF(errno != EAGAIN);
}
