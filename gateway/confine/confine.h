/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confine - what a running process can still ask of the system, once it has begun its work.
 *
 * An error in a parser may give somebody control of the process. It has then the calls of the system that its work needs,
 * and no others: it starts no program, opens no port, looks at no other process, gains no right, writes to no other folder.
 * Needs no service manager and no privilege; the units under config/ say the same once more.
 * Not here: limits, umask, core dumps (daemon).
 */
#ifndef QAQPA_CONFINE_CONFINE_H
#define QAQPA_CONFINE_CONFINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The gateway speaks to networks; the keeper of keys over unix sockets alone. */
enum confine_role { CONFINE_GATEWAY = 1, CONFINE_KEEPER = 2 };

/* From here on, and for good, all threads of the process, those to come too, make only the calls that
 * gateway/confine/confine_calls.def gives the role: a call that only an attacker makes ends the process, any other fails
 * with EPERM. Programs built with sanitizers or for coverage stay as they are: *applied says so. Fails with REASON_IO where
 * the system has no filters. */
MUST_USE outcome confine_calls(enum confine_role role, bool *applied, struct err *e);

/* From here on, and for good, this thread and those it makes change files below these folders only, which are made (0700)
 * where they are missing; reading stays as it was. A kernel without Landlock, and an instrumented program, leave it:
 * *applied says so. Call it before there are other threads. Fails with REASON_IO. */
MUST_USE outcome confine_writes(const char *const *folders, size_t n, bool *applied, struct err *e);

#endif
