/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_redirect - an appeal outside a body's competence goes to the competent body.
 * Promise:  later than three working days after it came to the body it is refused; otherwise the other body gets a card,
 *           and every applicant is told, in the unit that moves the appeal. What is attached to it goes with it.
 * Spec:     A6 (point 30) */
#include "appeals/sim_appeals.h"

#define REDIRECT_DAYS 3

struct redirecting {
	struct service_request r;
	const char *number, *reason, *now;
	const struct body *to;
	char body[13], state[16], arrived[STAMP_TEXT + 8], main_number[NUMBER_ROOM], point[TEXT_ROOM], card[64], recording[1024];
	char movement[24];
	bool found;
};

static outcome read_appeal(struct store *s, struct redirecting *x, struct err *e)
{
	const struct store_column columns[] = {{x->body, sizeof x->body}, {x->state, sizeof x->state},
		{x->arrived, sizeof x->arrived}, {x->main_number, NUMBER_ROOM}, {x->point, sizeof x->point},
		{x->card, sizeof x->card}, {x->recording, sizeof x->recording}};

	return store_run(s, "SELECT body, state, arrived, main, point, card, recording FROM appeal WHERE number = ?1",
		&x->number, 1, columns, 7, &x->found, e);
}

static outcome judge_term(struct redirecting *x, struct err *e)
{
	SCOPED(calendar_free) struct calendar *calendar = NULL;
	struct stamp arrived, until;
	char text[STAMP_TEXT];
	bool provisional;

	if (!stamp_parse(bytes_str(x->arrived), &arrived))
		return err_set(e, REASON_INTERNAL, "moment of an appeal");
	TRY(days_open(x->r.sim, &calendar, e));
	TRY(calendar_deadline(calendar, arrived, REDIRECT_DAYS, CALENDAR_DAY_END, &provisional, &until, e));
	stamp_print(until, text);
	if (moment_now(x->r.sim).ms > until.ms)
		reasons_add(&x->r.reasons, "redirect.late", "the appeal %s had to be redirected until %s", x->number, text);
	return DONE;
}

static outcome judge(struct redirecting *x, struct err *e)
{
	if (!x->found) {
		reasons_add(&x->r.reasons, "appeal.unknown", "there is no appeal %s", x->number);
		return DONE;
	}
	judge_body(&x->r, x->body);
	if (strcmp(x->state, "open") != 0)
		reasons_add(&x->r.reasons, "appeal.answered", "the appeal %s is answered", x->number);
	if (x->main_number[0])
		reasons_add(&x->r.reasons, "appeal.attached", "the appeal %s goes together with %s", x->number, x->main_number);
	if (x->to && strcmp(x->to->bin, x->body) == 0)
		reasons_add(&x->r.reasons, "redirect.same", "the appeal %s is with this body", x->number);
	return judge_term(x, e);
}

struct telling {
	struct store *s;
	const struct redirecting *x;
	const struct news *news; /* its number is set for each */
};

static outcome tell_one(const char *const *texts, void *ctx, struct err *e)
{
	const struct telling *t = ctx;
	const struct applicant a = {.kind = texts[1], .number = texts[2], .name = texts[3], .email = texts[4],
		.request_number = texts[5]};
	struct news n = *t->news;

	n.number = texts[0];
	return tell_applicant(t->s, &t->x->r, &a, &n, e);
}

/* The card of the body that had the appeal is ended, and the other body gets one. */
static outcome move_card(struct store *s, struct redirecting *x, const struct news *n, struct err *e)
{
	const struct paper ended = {.id = pool_printf(x->r.pool, "%s-R", x->card), .about = x->number, .kind = "answer",
		.body = body_by_bin(x->body), .receiver = x->to->name, .text = n->ru, .answers = x->card};
	struct paper card = {.id = pool_printf(x->r.pool, "%s-%.32s", x->number, x->movement), .about = x->number,
		.kind = "appeal", .body = x->to, .receiver = x->to->name, .text = x->point, .file = x->recording};

	TRY(tell_edms(s, &x->r, &ended, e));
	TRY(tell_edms(s, &x->r, &card, e));
	return store_run(s, "UPDATE appeal SET card = ?2 WHERE number = ?1", (const char *[]){x->number, card.id}, 2,
		NULL, 0, NULL, e);
}

static outcome keep(struct store *s, struct redirecting *x, struct err *e)
{
	const char *values[] = {x->number, x->body, x->to->bin, x->reason, x->now};
	const struct news n = {"APPEAL_REDIRECTED", x->number,
		pool_printf(x->r.pool, "Обращение перенаправлено: %s. %s", x->to->name, x->reason),
		pool_printf(x->r.pool, "Өтініш қайта жіберілді: %s. %s", x->to->name, x->reason)};
	struct telling t = {s, x, &n};

	if (!n.ru || !n.kz)
		return err_set(e, REASON_MEMORY, "redirection");
	TRY(store_run(s, "INSERT INTO movement (appeal, from_body, to_body, reason, moment) VALUES (?1, ?2, ?3, ?4, ?5)"
		" RETURNING CAST(id AS TEXT)", values, 5, &(struct store_column){x->movement, sizeof x->movement}, 1, NULL, e));
	TRY(store_run(s, "UPDATE appeal SET body = ?2, arrived = ?3 WHERE number = ?1 OR main = ?1",
		(const char *[]){x->number, x->to->bin, x->now}, 3, NULL, 0, NULL, e));
	TRY(move_card(s, x, &n, e));
	return store_each(s, "SELECT number, kind, applicant, name, email, request_number FROM appeal WHERE number = ?1"
		" OR main = ?1 ORDER BY id", &x->number, 1, tell_one, &t, e);
}

static outcome redirect_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct redirecting *x = ctx;

	TRY(read_appeal(s, x, e));
	TRY(judge(x, e));
	return x->r.reasons.n ? DONE : keep(s, x, e);
}

outcome appeals_redirect(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "RedirectResponse", "The appeal is redirected.",
		"The appeal is redirected", "The appeal is not redirected"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	enum { NUMBER, BODY, REASON, FIELDS };
	static const char *const names[] = {"Appeal", "Body", "Reason"};
	const char *text[FIELDS];
	struct redirecting x = {0};

	if (!service_open(&x.r, sim, in, NS_APPEALS, "RedirectRequest") ||
		!payload_texts(x.r.pool, x.r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not a RedirectRequest of appeals.xsd.");
	x.number = text[NUMBER];
	x.reason = text[REASON];
	x.to = body_wanted(&x.r, text[BODY]);
	TRY(moment_text(&x.r, &x.now, e));
	TRY(store_transact(sim_state(sim), redirect_in_unit, &x, e));
	sim_wake(sim);
	answer_begin(&data, &form, &x.r.info);
	if (x.r.reasons.n == 0) {
		payload_field(&data, "Appeal", x.number);
		payload_field(&data, "RedirectedDate", x.now);
	}
	return answer_reply(&data, &form, &x.r.reasons, out, e);
}
