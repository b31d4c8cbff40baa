/* SPDX-License-Identifier: GPL-3.0-or-later */
/* systems - the list of simulated systems that are built in, made of systems.def. */
#include <string.h>

#include "sim/sim.h"

#define S(name) extern const struct sim_system sim_system_##name;
#include "systems.def"
#undef S

static const struct sim_system *const systems[] = {
#define S(name) &sim_system_##name,
#include "systems.def"
#undef S
	NULL,
};

const struct sim_system *const *sim_systems(void)
{
	return systems;
}

const struct sim_system *sim_system_named(const char *name)
{
	for (size_t i = 0; systems[i]; i++) {
		if (strcmp(systems[i]->name, name) == 0)
			return systems[i];
	}
	return NULL;
}
