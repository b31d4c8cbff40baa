/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_schedule - the schedule of a month's receptions, and other times for some of them.
 * Promise:  a schedule that comes later than three days before its month, and a change that comes later than one working
 *           day before the reception, are refused, and the answer says until when they had to come.
 * Spec:     A4 (points 11 and 13) */
#include <libxml/tree.h>
#include <stdio.h>

#include "appeals/sim_appeals.h"

#define RECEPTIONS_MOST 200

struct entry { /* one reception of the schedule */
	const char *booking, *from, *to;
	struct stamp begins, ends;
	/* of the booking, "" when there is none: */
	char body[13], state[16], was_from[STAMP_TEXT + 8], kind[4], number[13], request_number[21], name[TEXT_ROOM],
		email[1024], phone[128], office[64];
	bool found, planned; /* planned: it stands in a schedule */
};

struct schedule {
	struct service_request r;
	struct calendar *calendar;
	const struct body *body;
	const char *month, *now;
	bool change, known; /* known: the month has a schedule */
	struct entry *list;
	size_t n;
};

static bool read_entries(struct schedule *x)
{
	x->list = pool_alloc(x->r.pool, RECEPTIONS_MOST * sizeof *x->list);
	for (const xmlNode *c = x->r.business->children; c && x->list; c = c->next) {
		struct entry *t = &x->list[x->n];

		if (!payload_is(c, "", "Reception"))
			continue;
		if (x->n == RECEPTIONS_MOST)
			return false;
		t->booking = payload_text(x->r.pool, c, "Booking");
		t->from = payload_text(x->r.pool, c, "From");
		t->to = payload_text(x->r.pool, c, "To");
		if (!t->booking || !t->from || !t->to || !stamp_parse(bytes_str(t->from), &t->begins) ||
			!stamp_parse(bytes_str(t->to), &t->ends))
			return false;
		x->n++;
	}
	return x->n > 0;
}

static outcome read_state(struct store *s, struct schedule *x, struct err *e)
{
	const char *key[] = {x->body->bin, x->month};

	TRY(store_run(s, "SELECT 1 FROM schedule WHERE body = ?1 AND month = ?2", key, 2, NULL, 0, &x->known, e));
	for (size_t i = 0; i < x->n; i++) {
		struct entry *t = &x->list[i];
		const char *values[] = {t->booking, x->month};
		const struct store_column columns[] = {{t->body, sizeof t->body}, {t->state, sizeof t->state},
			{t->was_from, sizeof t->was_from}, {t->kind, sizeof t->kind}, {t->number, sizeof t->number},
			{t->request_number, sizeof t->request_number}, {t->name, sizeof t->name}, {t->email, sizeof t->email},
			{t->phone, sizeof t->phone}, {t->office, sizeof t->office}};

		TRY(store_run(s, "SELECT body, state, from_time, kind, applicant, request_number, name, email, phone, office"
			" FROM booking WHERE printf('VR%010d', id) = ?1", values, 1, columns, 10, &t->found, e));
		TRY(store_run(s, "SELECT 1 FROM reception WHERE booking = ?1 AND month = ?2", values, 2, NULL, 0, &t->planned, e));
	}
	return DONE;
}

static void judge_entry(struct schedule *x, const struct entry *t)
{
	char day[11];

	stamp_day(t->begins, day);
	if (!t->found)
		reasons_add(&x->r.reasons, "booking.unknown", "there is no application %s", t->booking);
	else if (strcmp(t->body, x->body->bin) != 0 || strcmp(t->state, "granted") != 0)
		reasons_add(&x->r.reasons, "schedule.booking", "the application %s was not granted by this body", t->booking);
	if (t->ends.ms <= t->begins.ms || strncmp(day, x->month, 7) != 0)
		reasons_add(&x->r.reasons, "reception.time", "the reception %s has to end after it begins, and to be in %s",
			t->booking, x->month);
	if (x->change && !t->planned)
		reasons_add(&x->r.reasons, "schedule.absent", "the application %s is not in the schedule of %s", t->booking,
			x->month);
}

static void too_late(struct schedule *x, const char *what, struct stamp until)
{
	char text[STAMP_TEXT];

	stamp_print(until, text);
	if (moment_now(x->r.sim).ms > until.ms)
		reasons_add(&x->r.reasons, "schedule.late", "%s had to come until %s", what, text);
}

/* Three days before the month begins. */
static void judge_month_term(struct schedule *x)
{
	char first[11];
	struct calendar_day day;

	snprintf(first, sizeof first, "%.7s-01", x->month);
	if (!calendar_day_parse(bytes_str(first), &day)) {
		reasons_add(&x->r.reasons, "schedule.month", "%.16s is no month", x->month);
		return;
	}
	day.n -= 3;
	too_late(x, "the schedule of the month", calendar_moment(day, CALENDAR_DAY_END));
}

/* One working day before the reception: before the day it had, and before the one it gets. */
static outcome judge_change_term(struct schedule *x, const struct entry *t, struct err *e)
{
	struct calendar_day day = calendar_day_of(t->begins), before;
	struct stamp was;
	bool provisional;

	if (stamp_parse(bytes_str(t->was_from), &was) && calendar_day_of(was).n < day.n)
		day = calendar_day_of(was);
	TRY(calendar_add_working_days(x->calendar, day, -1, &provisional, &before, e));
	too_late(x, pool_printf(x->r.pool, "the change of %s", t->booking), calendar_moment(before, CALENDAR_DAY_END));
	return DONE;
}

static outcome judge(struct schedule *x, struct err *e)
{
	judge_body(&x->r, x->body->bin);
	if (!x->change && x->known)
		reasons_add(&x->r.reasons, "schedule.known", "the month %s has a schedule; this is a change", x->month);
	if (!x->change)
		judge_month_term(x);
	for (size_t i = 0; i < x->n; i++) {
		judge_entry(x, &x->list[i]);
		if (x->change)
			TRY(judge_change_term(x, &x->list[i], e));
	}
	return DONE;
}

/* Who was to come at another time hears of it by every way that the application names (point 13). */
static outcome tell_moved(struct store *s, const struct schedule *x, const struct entry *t, struct err *e)
{
	const struct applicant a = {.kind = t->kind, .number = t->number, .name = t->name, .email = t->email,
		.request_number = t->request_number};
	const struct news n = {"RECEPTION_MOVED", t->booking,
		pool_printf(x->r.pool, "Видеоприём перенесён: с %s до %s", t->from, t->to),
		pool_printf(x->r.pool, "Бейнеқабылдау ауыстырылды: %s – %s", t->from, t->to)};

	if (!n.ru || !n.kz)
		return err_set(e, REASON_MEMORY, "notice of a schedule");
	TRY(tell_applicant(s, &x->r, &a, &n, e));
	return tell_by_mail(s, &x->r, "sms", t->phone, &n, e);
}

static outcome keep(struct store *s, const struct schedule *x, struct err *e)
{
	SCOPED(buf_free) struct buf receptions = BUF(DATA_BYTES);
	const char *key[] = {x->body->bin, x->month, x->now};

	TRY(store_run(s, "INSERT INTO schedule VALUES (?1, ?2, ?3) ON CONFLICT (body, month) DO UPDATE SET changed = ?3", key, 3,
		NULL, 0, NULL, e));
	for (size_t i = 0; i < x->n; i++) {
		const struct entry *t = &x->list[i];
		const char *place[] = {t->booking, x->month}, *times[] = {t->booking, t->from, t->to};

		TRY(store_run(s, "INSERT OR REPLACE INTO reception VALUES (?1, ?2)", place, 2, NULL, 0, NULL, e));
		TRY(store_run(s, "UPDATE booking SET from_time = ?2, to_time = ?3 WHERE printf('VR%010d', id) = ?1", times, 3,
			NULL, 0, NULL, e));
		if (x->change)
			TRY(tell_moved(s, x, t, e));
		write_reception(&receptions, &(struct reception){t->booking, t->name, t->from, t->to, t->office});
	}
	return tell_receptions(s, &x->r, x->change ? "CHANGE" : "MONTH", x->body, x->month, &receptions, e);
}

static outcome schedule_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct schedule *x = ctx;

	TRY(read_state(s, x, e));
	TRY(judge(x, e));
	return x->r.reasons.n ? DONE : keep(s, x, e);
}

static outcome answer_schedule(const struct schedule *x, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "ScheduleResponse",
		"The schedule is on its way to the operator and the State Corporation.",
		"The schedule is on its way to the operator and the State Corporation", "The schedule is not taken"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);

	answer_begin(&data, &form, &x->r.info);
	if (x->r.reasons.n == 0) {
		payload_field(&data, "Month", x->month);
		payload_field(&data, "AcceptedDate", x->now);
	}
	return answer_reply(&data, &form, &x->r.reasons, out, e);
}

outcome appeals_schedule(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	SCOPED(calendar_free) struct calendar *calendar = NULL;
	enum { BODY, KIND, MONTH, FIELDS };
	static const char *const names[] = {"Body", "Kind", "Month"};
	const char *text[FIELDS];
	struct schedule x = {0};

	if (!service_open(&x.r, sim, in, NS_APPEALS, "ScheduleRequest") ||
		!payload_texts(x.r.pool, x.r.business, names, text, FIELDS) || !read_entries(&x))
		return reply_unreadable(out, "The payload is not a ScheduleRequest of appeals.xsd.");
	x.change = strcmp(text[KIND], "CHANGE") == 0;
	x.month = text[MONTH];
	TRY(days_open(sim, &calendar, e));
	x.calendar = calendar;
	TRY(moment_text(&x.r, &x.now, e));
	x.body = body_wanted(&x.r, text[BODY]);
	if (x.body)
		TRY(store_transact(sim_state(sim), schedule_in_unit, &x, e));
	sim_wake(sim);
	return answer_schedule(&x, out, e);
}
