/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shortage - memory that runs out where a test wants it.
 *
 * This program's malloc and its kin stand before those of the C library, so that every library it is linked to meets them
 * too: libxml2, xmlsec1, OpenSSL, SQLite, hiredis, libcurl. What is counted can be made to fail.
 */
#ifndef QAQPA_TESTS_SHORTAGE_H
#define QAQPA_TESTS_SHORTAGE_H

#include <stdbool.h>
#include <stddef.h>

enum shortage_form {
	SHORTAGE_ONCE,  /* one request for memory is refused */
	SHORTAGE_LASTS, /* it and all that follow */
	SHORTAGE_FORMS
};

/* From now on requests are counted, from 1, and number `n` is refused; 0: none is. Other threads are counted too. */
void shortage_begin(size_t n, enum shortage_form form);
/* Gives the number of requests that were counted. */
size_t shortage_end(void);

/* There is memory again before the end: nothing more is refused. */
void shortage_lift(void);

/* What this thread asks for from now on is neither counted nor refused (true), or is again (false). */
void shortage_spare(bool spared);

/* Blocks that are not given back; always 0 under AddressSanitizer, which looks for itself. */
long shortage_blocks(void);
/* Those taken since shortage_trace(true) and not given back, with who asked for them, to stderr. Without it nothing. */
void shortage_trace(bool on);
void shortage_print(void);

#endif
