/* SPDX-License-Identifier: GPL-3.0-or-later */
/* path - a way through the rooms on which every request for memory is refused once.
 *
 * `run` walks it from beginning to end and tells: DONE when the outcome is the right one, which it judges by more than the
 * rooms' own word (the text that was accepted says what was sent); FAILED with a reason when it was refused. It leaves
 * nothing behind, and the next walk is as good as the first.
 */
#ifndef QAQPA_TESTS_PATH_H
#define QAQPA_TESTS_PATH_H

#include "base/err.h"

struct path {
	const char *name, *what; /* in one word; in words */
	void (*prepare)(void);   /* in a process of its own, with all the memory it wants */
	outcome (*run)(struct err *e);
	void (*drop)(void);      /* what was prepared; may be NULL */
	bool is_lasting;         /* it may keep blocks between walks, as caches and threads do: their number is not compared */
	long lost;               /* blocks that a library is known to lose when it is refused one */
	size_t usual;            /* places of the usual run; 0: as many as of most */
};

extern const struct path path_envelope, path_message, path_forged, path_async, path_sign, path_forward, path_fault;
extern const struct path path_snapshot, path_wrong, path_certificate, path_trust;
extern const struct path path_ocsp, path_ocsp_revoked, path_crl, path_crl_revoked;
extern const struct path path_redis, path_journal, path_flow;

/* Something that must not be: ends the process, and the walk is a finding. */
_Noreturn void path_broken(const char *format, ...) PRINTF_LIKE(1, 2);
#define PATH_MUST(what) \
	do { \
		if (!(what)) \
			path_broken("%s does not hold (%s:%d)", #what, __FILE__, __LINE__); \
	} while (0)

#endif
