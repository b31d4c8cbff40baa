/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cond - conditions that are waited for until a moment of the monotonic clock, which nobody sets back. */
#ifndef QAQPA_BASE_COND_H
#define QAQPA_BASE_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* For cond_wait_until. The caller's to destroy with pthread_cond_destroy. */
void cond_init(pthread_cond_t *cond);
/* As pthread_cond_wait, but not beyond `until_us` of mono_us (base/clock.h). False when that moment has come. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

#endif
