/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_catalogue - see sim_permits_catalogue.h. */
#include <stddef.h>
#include <string.h>

#include "permits/sim_permits_catalogue.h"

static const struct catalogue_row rows[] = {
#define V(...) {__VA_ARGS__},
#include "permits/sim_permits_catalogue.def"
#undef V
};

const struct catalogue_row *catalogue_find(const char *code)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(rows[i].code, code) == 0)
			return &rows[i];
	}
	return NULL;
}
