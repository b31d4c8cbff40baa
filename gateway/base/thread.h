/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thread - threads that hear no signals: those are the main thread's, and a broken pipe is only an error. */
#ifndef QAQPA_BASE_THREAD_H
#define QAQPA_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

/* False when the thread cannot be made; else it is the caller's to join. */
MUST_USE bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

/* Wakes the thread that waits at this eventfd, or will; any thread may. The kernel fails it only when the eventfd is
 * full, and then the thread is woken already. */
void thread_wake(int event);

#endif
