/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moment - see moment.h. */
#include "common/moment.h"

struct stamp moment_now(const struct sim *sim)
{
	const char *set = sim_setting(sim, "now");
	struct stamp now;

	return set && stamp_parse(bytes_str(set), &now) ? now : sim_now();
}
