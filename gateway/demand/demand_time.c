/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demand_time - was a message received in time, and from when on does it count as filed?
 * Promise:  only `late: refuse` refuses; what cannot be told is said to be so, never guessed.
 * Not here: which days are worked (calendar).
 * Spec:     P7, I2 */
#include "demand/demand_int.h"

outcome demand_last_day(struct walk *w, const xmlNode *node, struct err *e)
{
	const char *element = w->demand->service->term.element;
	struct bytes text;

	if (w->terms++)
		return err_set(e, REASON_PAYLOAD_FIELD, "element %.80s, occurrence 2: it tells the last day of the term, once",
			element);
	if (!demand_text(w->pool, node, &text) || !demand_day(text, &w->seen->last_day))
		return err_set(e, REASON_PAYLOAD_FIELD, "element %.80s, occurrence 1: it is no date such as 2030-01-02", element);
	w->seen->has_last_day = true;
	return DONE;
}

static void add_moment(struct buf *words, const char *before, struct stamp at)
{
	char text[STAMP_TEXT];

	stamp_print(stamp_at(at.ms), text);
	buf_printf(words, "%s%s", before, text);
}

/* A calendar that may still change is told of, and taken. */
static void add_provisional(struct buf *words, bool provisional)
{
	if (provisional)
		buf_str(words, " (calendar provisional)");
}

static outcome judge_term(const struct conf_term *term, const struct calendar *calendar, const struct demand_seen *seen,
	struct stamp received, struct demand_time *out, struct buf *words, struct err *e)
{
	enum calendar_roll roll = term->roll == CONF_ROLL_ROLLS ? CALENDAR_ROLLS : CALENDAR_STAYS;
	bool provisional = false;
	struct err why;

	if (!calendar_cutoff(calendar, seen->last_day, term->minute, roll, &provisional, &out->ends, &why).ok) {
		if (term->late == CONF_LATE_REFUSE)
			return err_set(e, why.reason, "%s", why.detail);
		buf_printf(words, ", whether in time cannot be told: %s", why.detail);
		return DONE;
	}
	out->has_term = true;
	out->in_time = received.ms <= out->ends.ms;
	add_moment(words, out->in_time ? ", in time, term ends " : ", late, term ended ", out->ends);
	add_provisional(words, provisional);
	if (out->in_time || term->late == CONF_LATE_MARK)
		return DONE;
	return err_set(e, REASON_TERM_LATE, "%s", buf_cstr(words));
}

static void judge_hours(const struct conf_hours *h, const struct calendar *calendar, struct stamp received,
	struct demand_time *out, struct buf *words)
{
	const struct calendar_hours hours = {h->from, h->to, h->break_from, h->break_to};
	bool provisional = false;
	struct err why;

	if (!calendar_next_working_moment(calendar, received, &hours, &provisional, &out->filed, &why).ok) {
		buf_printf(words, ", from when on it counts as filed cannot be told: %s", why.detail);
		return;
	}
	out->has_filed = true;
	add_moment(words, ", filed ", out->filed);
	add_provisional(words, provisional);
}

outcome demand_time(const struct demand *d, const struct calendar *calendar, const struct demand_seen *seen,
	struct stamp received, struct demand_time *out, struct buf *words, struct err *e)
{
	const struct conf_service *s = d->service;

	*out = (struct demand_time){.has_term = false};
	if (!seen->has_last_day && !s->hours.to)
		return DONE;
	add_moment(words, "received ", received);
	if (seen->has_last_day)
		TRY(judge_term(&s->term, calendar, seen, received, out, words, e));
	if (s->hours.to)
		judge_hours(&s->hours, calendar, received, out, words);
	return DONE;
}
