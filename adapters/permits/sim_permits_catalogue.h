/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Services of the state that the simulated permits system knows. */
#ifndef QAQPA_PERMITS_CATALOGUE_H
#define QAQPA_PERMITS_CATALOGUE_H

#include <stdbool.h>

struct catalogue_row {
	const char *code, *kind;
	const char *fee;  /* tenge; NULL: free of charge */
	int days;         /* working days of review */
	bool automatic;   /* decided with no official (P14) */
	const char *body, *body_name;
};

const struct catalogue_row *catalogue_find(const char *code); /* NULL: no such service */

#endif
