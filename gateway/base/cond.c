/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cond - waiting by the monotonic clock. */
#include <time.h>

#include "base/cond.h"
#include "base/err.h"

void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	BUG_IF(pthread_cond_init(cond, &attr) != 0);
	pthread_condattr_destroy(&attr);
}

bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us)
{
	const struct timespec until = {.tv_sec = (time_t)(until_us / 1000000), .tv_nsec = (long)(until_us % 1000000) * 1000};

	return pthread_cond_timedwait(cond, lock, &until) == 0;
}
