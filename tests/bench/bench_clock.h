/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_clock - CPU time of the calling thread, for what is measured inside one process. */
#ifndef QAQPA_BENCH_CLOCK_H
#define QAQPA_BENCH_CLOCK_H

#include <time.h>

static inline double bench_cpu_now(void) /* seconds */
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
