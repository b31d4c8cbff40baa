/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bodies - see bodies.h. All invented; the check digits fit. */
#include <stddef.h>
#include <string.h>

#include "common/bodies.h"

static const struct body bodies[] = {
	{"200440000015", "Department of licences (test)", "department_is", "ҚЫЗМЕТКЕР ТЕСТ"},
	{"200240000018", "Permits committee (test)", "permits_is", "МАМАН ТЕСТ"},
	{"200840000017", "Insolvency committee (test)", "insolvency_is", "ИНСПЕКТОР ТЕСТ"},
};

const struct body *body_by_bin(const char *bin)
{
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		if (strcmp(bodies[i].bin, bin) == 0)
			return &bodies[i];
	}
	return NULL;
}

const struct body *body_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		if (strcmp(bodies[i].name, name) == 0)
			return &bodies[i];
	}
	return NULL;
}
