/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_demand - what the demands of a service on the content of data must say to mean something.
 * Not here: inner signatures (conf_rule); whether content is as demanded (demand). */
#include "conf/conf_int.h"

/* The calendar judges local time by the zone of the process. */
static bool conf_zone_is_of_kazakhstan(const char *zone)
{
	static const char *const zones[] = {"Asia/Almaty", "Asia/Qyzylorda", "Asia/Qostanay", "Asia/Aqtobe", "Asia/Aqtau",
		"Asia/Atyrau", "Asia/Oral"};

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		if (strcmp(zone, zones[i]) == 0)
			return true;
	}
	return false;
}

void conf_check_calendar(struct conf_reading *r)
{
	if (r->conf->calendar && !conf_zone_is_of_kazakhstan(r->conf->zone))
		conf_error(r, (struct conf_at){r->conf->path, 1}, "Use a zone of Kazakhstan, or remove calendar.",
			"calendar: the working days are those of Kazakhstan, and the zone is %s", r->conf->zone);
}

static void conf_check_hours(struct conf_reading *r, const struct conf_item *item, const struct conf_hours *h)
{
	bool no_break = h->break_from == 0 && h->break_to == 0;

	if (h->from >= h->to || (!no_break && (h->from > h->break_from || h->break_from >= h->break_to || h->break_to > h->to)))
		conf_error(r, conf_item_at(item, "hours"), "Put from before to, and the break between them.",
			"hours: they are not in order");
}

static void conf_check_times(struct conf_reading *r, const struct conf_item *item, const struct conf_service *s)
{
	struct conf_value v;
	bool hours = conf_item_value(item, "hours", 0, &v), rolls = s->term.element && s->term.roll == CONF_ROLL_ROLLS;

	if (hours)
		conf_check_hours(r, item, &s->hours);
	if ((hours || rolls) && !r->conf->calendar)
		conf_error(r, conf_item_at(item, hours ? "hours" : "term"), "Name its folder at the top of the main file.",
			"%s needs calendar", hours ? "hours" : "a term that rolls");
}

static void conf_check_notice(struct conf_reading *r, const struct conf_item *item, struct conf_notice *notice)
{
	struct conf_value v;
	bool said;

	notice->service = conf_refer(r, item, "service", 0, CONF_SECTION_SERVICE, &said);
	if (!notice->service || !conf_item_value(item, "service", 0, &v))
		return;
	if (notice->service->delivery != CONF_DELIVERY_QUEUED || notice->service->channel != CONF_CHANNEL_SYNC)
		conf_error(r, v.at, "Write delivery: queued for that service.", "notices: %s is not delivered later",
			notice->service->id);
	if (!r->conf->sender_id)
		conf_error(r, v.at, "Name it in the section gateway.", "notices: the gateway has no sender_id");
}

/* One event is told once to one service. */
static bool conf_notice_is_double(const struct conf_notices *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (all->item[i].service == all->item[n].service && (all->item[i].on & all->item[n].on))
			return true;
	}
	return false;
}

static void conf_check_notices(struct conf_reading *r, const struct conf_item *item, const struct conf_notices *all)
{
	struct conf_item inside;

	for (size_t i = 0; i < all->n && conf_item_inside(item, "notices", i, &inside); i++) {
		conf_check_notice(r, &inside, (struct conf_notice *)(uintptr_t)&all->item[i]);
		if (all->item[i].service && conf_notice_is_double(all, i))
			conf_error(r, all->item[i].at, "Remove one of the two.", "notices: %s is told of one event twice",
				all->item[i].service->id);
	}
}

void conf_check_demands(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_service *s = item->target;

	if (item->faulty)
		return;
	if (s->kinds.element && !s->kinds.allowed.n)
		conf_error(r, conf_item_at(item, "kinds"), "Name one at least.", "kinds: allowed is empty");
	conf_check_times(r, item, s);
	conf_check_notices(r, item, &s->notices);
	if (s->attachments.element && s->attachments.size > s->attachments.total)
		conf_error(r, conf_item_at(item, "attachments"), "Make total larger or size smaller.",
			"attachments: one file may be longer than all of them together");
}
