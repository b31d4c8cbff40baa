/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory - what libraries were refused is not forgotten.
 *
 * Libraries of XML and of cryptography do not always say that memory ran out: they have been seen to give a tree without
 * one of its attributes, a canonical form without a namespace, and to call a right signature wrong. So they get their memory
 * from here, where each thread remembers refusals, and a room that has worked with one on a message asks before it believes
 * it:
 *
 *	size_t before = memory_refusals();
 *	outcome result = work(..., e);
 *	return memory_judge(before, result, e);
 */
#ifndef QAQPA_BASE_MEMORY_H
#define QAQPA_BASE_MEMORY_H

#include "base/err.h"

/* As malloc, realloc and strdup, and to be given back with free. Pools and buffers take theirs here too. Any thread. */
void *memory_take(size_t n);
void *memory_resize(void *p, size_t n);
char *memory_text(const char *s);

/* As memory_resize, for what messages are in: long blocks are kept for the next ones (memory_long.c). To be given back with
 * memory_return, which takes NULL too. Any thread. */
void *memory_widen(void *p, size_t n);
void memory_return(void *p);
/* Octets that are kept. */
size_t memory_kept(void);
/* Gives back to the system what nobody needed since the last call; to be called every second. */
void memory_tidy(void);

/* To be called where a library that takes its memory elsewhere says that it was refused. */
void memory_miss(void);

/* How often this thread was refused memory by these calls, ever. */
size_t memory_refusals(void);
/* Was any thread? */
bool memory_was_refused(void);

/* `result`, or a failure with REASON_MEMORY when this thread was refused memory since it counted `before`: then neither a
 * yes nor a no of the library counts. */
MUST_USE outcome memory_judge(size_t before, outcome result, struct err *e);

#endif
