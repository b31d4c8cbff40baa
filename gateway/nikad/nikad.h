/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nikad - the number and code of an administrative document, 15 places (rule P1; order No. 232, annex):
 *
 *   SS CC TTT NNNNNNNN   country, check digits, type of the document, serial within the type
 *
 * SS is an assigned ISO 3166-1 alpha-2 code. CC are ISO/IEC 7064 MOD 97-10 digits over TTT NNNNNNNN SS CC
 * in this order (the arrangement of an IBAN), letters counted A=10 .. Z=35, remainder 1: the only
 * arrangement in which the annex's own example KZ03 ABC 0000 0001 is right. TTT has no I and no O. Spaces
 * are ignored on input. Pure calls, any thread.
 */
#ifndef QAQPA_NIKAD_NIKAD_H
#define QAQPA_NIKAD_NIKAD_H

#include "base/bytes.h"

#define NIKAD_PLACES 15
#define NIKAD_PRINTED 19 /* room for the grouped form and a NUL */
#define NIKAD_SERIAL_MAX 99999999u
enum { NIKAD_CHECK_AT = 2, NIKAD_TYPE_AT = 4, NIKAD_SERIAL_AT = 7 }; /* places of the parts in the text */

struct nikad {
	char text[NIKAD_PLACES + 1]; /* without spaces: KZ03ABC00000001 */
};

enum nikad_fault {
	NIKAD_FINE,
	NIKAD_LENGTH,      /* not 15 places */
	NIKAD_LOOK_ALIKE,  /* a Cyrillic letter that looks like a Latin letter or a digit */
	NIKAD_LOWER_CASE,  /* a lower-case Latin letter */
	NIKAD_TYPE_LETTER, /* I or O in the type */
	NIKAD_CHARACTER,   /* a letter where a digit belongs, a digit where a letter belongs, anything else */
	NIKAD_COUNTRY,     /* two letters that ISO 3166-1 does not assign */
	NIKAD_CHECK,       /* wrong check digits */
	NIKAD_SERIAL,      /* only nikad_make: a serial of more than eight digits */
	NIKAD_FAULT_COUNT
};

/* What is wrong and where. Fields that the fault does not use are empty or 0. */
struct nikad_problem {
	enum nikad_fault fault;
	unsigned place;   /* 1 .. 15, spaces not counted */
	size_t length;    /* places found, for NIKAD_LENGTH */
	char found[5];    /* the character as it was written, UTF-8 */
	char meant;       /* what the character was taken for, or the upper case of it */
	char written[3];  /* for NIKAD_CHECK and NIKAD_COUNTRY: as written */
	char right[3];    /* for NIKAD_CHECK: the right digits */
};

/* Reads a number. True gives it without spaces; false tells the first fault, in the order of the places,
 * the check digits last. `why` may be NULL. */
MUST_USE bool nikad_parse(struct bytes text, struct nikad *out, struct nikad_problem *why);

/* Makes a number with its check digits; false when a part is not allowed, `why` as above. */
MUST_USE bool nikad_make(const char *country, const char *type, unsigned serial, struct nikad *out,
	struct nikad_problem *why);

/* True for three letters of the 24-letter alphabet. */
bool nikad_type_is(struct bytes type);

/* The printed form in groups: KZ03 ABC 0000 0001. */
void nikad_print(const struct nikad *n, char out[NIKAD_PRINTED]);

/* One sentence about the problem, appended to `out`. */
void nikad_problem_print(const struct nikad_problem *why, struct buf *out);

/* Text lines about each part of a number, or about what is wrong with it; appended to `out`. True when it
 * is valid. */
bool nikad_explain(struct bytes text, struct buf *out);

#endif
