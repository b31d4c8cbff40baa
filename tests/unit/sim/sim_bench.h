/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_bench - what the tests of this room share: the test PKI (made once in the build folder) and short
 * words. */
#ifndef QAQPA_TESTS_SIM_BENCH_H
#define QAQPA_TESTS_SIM_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "log/log.h"
#include "security/document.h"
#include "sim/sim.h"

#define PKI BINARY_DIR "/test-pki"
#define MUCH (32u << 20)

static inline int bench_start(void **state)
{
	struct err e = {0};

	(void)state;
	if (system("sh " SOURCE_DIR "/certs/make-test-pki " PKI " >/dev/null") != 0)
		return -1;
	envelope_init();
	log_set_level(LOG_ERROR);
	return clock_zone("Asia/Almaty") && security_init(&e).ok ? 0 : -1;
}

static inline void must(outcome result, const struct err *e)
{
	if (!result.ok)
		fail_msg("%s: %s", reason_row(e->reason)->name, e->detail);
}

static inline void must_fail(outcome result, const struct err *e, enum reason wanted)
{
	if (result.ok || e->reason != wanted)
		fail_msg("wanted %s, got %s %s", reason_row(wanted)->name,
			result.ok ? "success" : reason_row(e->reason)->name, result.ok ? "" : e->detail);
}

#endif
