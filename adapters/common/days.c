/* SPDX-License-Identifier: GPL-3.0-or-later */
/* days - see days.h. */
#include "common/days.h"

outcome days_open(const struct sim *sim, struct calendar **out, struct err *e)
{
	const char *folder = sim_setting(sim, "calendar");

	if (!folder)
		return err_set(e, REASON_CONFIG, "working days are counted here: --set calendar=FOLDER is needed");
	return calendar_load(folder, out, e);
}
