/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ident - fresh identifiers from the kernel's random source, and the national registration numbers. */
#ifndef QAQPA_BASE_IDENT_H
#define QAQPA_BASE_IDENT_H

#include "base/bytes.h"

/* Fills with random octets; a system without randomness is a bug. Any thread. */
void random_fill(void *out, size_t n);

/* UUID version 4 (RFC 4122), lower case, 36 characters and NUL. */
void uuid_new(char out[37]);
/* The `guid` of the bus schema: the same in braces, 38 characters and NUL. */
void guid_new(char out[39]);
/* True when `text` is a guid with braces as the bus schema demands. */
bool guid_is(struct bytes text);
/* Error id of a fault, found again in the log: 12 characters of an alphabet without look-alikes, and NUL. */
void error_id_new(char out[13]);
/* True when `text` may be an error id. */
bool error_id_is(struct bytes text);

/* True for 12 digits whose check digit fits (IIN and BIN share the two-pass weights modulo 11). */
bool iin_bin_is(struct bytes text);
/* Puts six asterisks over the day of birth of every number of a person (IIN) in the text, so that it names nobody: twelve
 * digits alone, with a month, a day and a check digit that fit. Numbers of organisations (BIN) stay. */
void iin_hide(char *text, size_t n);

#endif
