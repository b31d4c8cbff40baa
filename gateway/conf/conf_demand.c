/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_demand - what the demands of a service on the content of data must say to mean something.
 * Not here: inner signatures (conf_rule); whether content is as demanded (demand). */
#include "conf/conf_int.h"

void conf_check_demands(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_service *s = item->target;

	if (item->faulty)
		return;
	if (s->kinds.element && !s->kinds.allowed.n)
		conf_error(r, conf_item_at(item, "kinds"), "Name one at least.", "kinds: allowed is empty");
	if (s->attachments.element && s->attachments.size > s->attachments.total)
		conf_error(r, conf_item_at(item, "attachments"), "Make total larger or size smaller.",
			"attachments: one file may be longer than all of them together");
}
