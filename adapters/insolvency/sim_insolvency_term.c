/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_insolvency_term - see sim_insolvency_term.h.
 * Spec:     I2, I5, B6 */
#include "common/days.h"
#include "common/payload.h"
#include "insolvency/sim_insolvency_term.h"

#define HOUR_USUAL "04:00"

static void judge(struct insolvency_term *t)
{
	t->received = sim_now();
	t->in_time = t->received.ms <= t->end.ms;
}

/* HH:MM as minutes after midnight; -1 when it is none. */
static int minute_of(const char *text)
{
	static const char digits[] = "0123456789";

	if (strspn(text, digits) != 2 || text[2] != ':' || strspn(text + 3, digits) != 2 || text[5])
		return -1;
	return ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
}

outcome insolvency_term_of_day(const struct sim *sim, const char *last_day, struct insolvency_term *out, bool *day,
	struct err *e)
{
	const char *setting = sim_setting(sim, "cutoff");
	int minute = minute_of(setting ? setting : HOUR_USUAL);
	struct calendar_day last;

	if (minute < 0 || minute > CALENDAR_DAY_END)
		return err_set(e, REASON_CONFIG, "--set cutoff=%s is no hour of a day", setting);
	*day = calendar_day_parse(bytes_str(last_day), &last);
	if (!*day)
		return DONE;
	out->end = calendar_moment(last, minute);
	judge(out);
	return DONE;
}

outcome insolvency_term_of_report(const struct sim *sim, struct stamp discovered, struct insolvency_term *out,
	struct err *e)
{
	SCOPED(calendar_free) struct calendar *calendar = NULL;
	bool provisional;

	TRY(days_open(sim, &calendar, e));
	TRY(calendar_deadline(calendar, discovered, 1, CALENDAR_DAY_END, &provisional, &out->end, e));
	judge(out);
	return DONE;
}

void insolvency_term_write(struct buf *out, const struct insolvency_term *t)
{
	char text[STAMP_TEXT];

	stamp_print(t->received, text);
	payload_field(out, "ReceivedDate", text);
	stamp_print(t->end, text);
	payload_field(out, "TermEnd", text);
	payload_field(out, "InTime", t->in_time ? "true" : "false");
}
