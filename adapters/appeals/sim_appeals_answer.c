/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_answer - the body's answer to an application for video reception: a time, or a refusal.
 * Promise:  whoever has to hear of it is written down in the unit that keeps the answer.
 * Spec:     A3 */
#include "appeals/sim_appeals.h"

struct answer {
	struct service_request r;
	const char *number, *from, *to, *refusal; /* refusal NULL: granted */
	const char *now;
	/* of the booking: */
	struct applicant applicant;
	char body[13], state[16], kind[4], applicant_number[13], request_number[21], name[TEXT_ROOM], email[1024], office[64];
	bool found;
};

static outcome read_booking(struct store *s, struct answer *a, struct err *e)
{
	const struct store_column columns[] = {{a->body, sizeof a->body}, {a->state, sizeof a->state}, {a->kind, sizeof a->kind},
		{a->applicant_number, sizeof a->applicant_number}, {a->request_number, sizeof a->request_number},
		{a->name, sizeof a->name}, {a->email, sizeof a->email}, {a->office, sizeof a->office}};

	return store_run(s, "SELECT body, state, kind, applicant, request_number, name, email, office FROM booking"
		" WHERE printf('VR%010d', id) = ?1", &a->number, 1, columns, 8, &a->found, e);
}

static void judge_time(struct answer *a)
{
	struct stamp from = {0}, to = {0};

	if (a->refusal)
		return;
	if (!stamp_parse(bytes_str(a->from), &from) || !stamp_parse(bytes_str(a->to), &to) || to.ms <= from.ms)
		reasons_add(&a->r.reasons, "reception.time", "the reception has to end after it begins");
	else if (from.ms <= moment_now(a->r.sim).ms)
		reasons_add(&a->r.reasons, "reception.past", "the reception would have begun already");
}

static void judge(struct answer *a)
{
	if (!a->found) {
		reasons_add(&a->r.reasons, "booking.unknown", "there is no application %s", a->number);
		return;
	}
	judge_body(&a->r, a->body);
	if (strcmp(a->state, "sent") != 0)
		reasons_add(&a->r.reasons, "booking.answered", "the application %s was answered before: %s", a->number, a->state);
	judge_time(a);
}

static struct news news_of(const struct answer *a)
{
	struct pool *pool = a->r.pool;

	if (a->refusal)
		return (struct news){"RECEPTION_REFUSED", a->number, pool_printf(pool, "В видеоприёме отказано: %s", a->refusal),
			pool_printf(pool, "Бейнеқабылдаудан бас тартылды: %s", a->refusal)};
	return (struct news){"RECEPTION_GRANTED", a->number,
		pool_printf(pool, "Видеоприём назначен с %s до %s, отделение %s; придите за 15 минут", a->from, a->to, a->office),
		pool_printf(pool, "Бейнеқабылдау тағайындалды: %s – %s, бөлімше %s; 15 минут бұрын келіңіз", a->from, a->to,
			a->office)};
}

static outcome tell_all(struct store *s, struct answer *a, const struct news *n, struct err *e)
{
	SCOPED(buf_free) struct buf receptions = BUF(DATA_BYTES);
	const struct body *body = body_by_bin(a->body);
	struct paper paper = {.id = pool_printf(a->r.pool, "%s-A", a->number), .about = a->number, .kind = "answer",
		.body = body, .receiver = a->name, .text = n->ru, .answers = a->number};

	TRY(tell_edms(s, &a->r, &paper, e));
	TRY(tell_applicant(s, &a->r, &a->applicant, n, e));
	if (a->refusal)
		return DONE;
	write_reception(&receptions, &(struct reception){a->number, a->name, a->from, a->to, a->office});
	return tell_receptions(s, &a->r, "GRANTED", body, NULL, &receptions, e);
}

static outcome keep(struct store *s, struct answer *a, struct err *e)
{
	const struct news n = news_of(a);
	const char *values[] = {a->number, a->refusal ? "refused" : "granted", a->refusal ? "" : a->from,
		a->refusal ? "" : a->to, n.ru};

	if (!n.ru || !n.kz)
		return err_set(e, REASON_MEMORY, "answer to an application");
	TRY(store_run(s, "UPDATE booking SET state = ?2, from_time = ?3, to_time = ?4, words = ?5"
		" WHERE printf('VR%010d', id) = ?1", values, 5, NULL, 0, NULL, e));
	return tell_all(s, a, &n, e);
}

static outcome answer_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct answer *a = ctx;

	TRY(read_booking(s, a, e));
	judge(a);
	return a->r.reasons.n ? DONE : keep(s, a, e);
}

/* The choice of the contract; false when neither or both are there. */
static bool read_decision(struct answer *a)
{
	const struct _xmlNode *granted = payload_child(a->r.business, "Granted");
	const struct _xmlNode *refused = payload_child(a->r.business, "Refused");

	a->number = payload_text(a->r.pool, a->r.business, "Booking");
	a->from = payload_text(a->r.pool, granted, "From");
	a->to = payload_text(a->r.pool, granted, "To");
	a->refusal = payload_text(a->r.pool, refused, "Reason");
	return a->number && !granted != !refused && (granted ? a->from && a->to : !!a->refusal);
}

outcome appeals_answer_booking(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "BookingAnswerResponse",
		"The answer is on its way to the applicant.", "The answer is on its way to the applicant",
		"The answer is not taken"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);
	struct answer a = {0};

	if (!service_open(&a.r, sim, in, NS_APPEALS, "BookingAnswerRequest") || !read_decision(&a))
		return reply_unreadable(out, "The payload is not a BookingAnswerRequest of appeals.xsd.");
	TRY(moment_text(&a.r, &a.now, e));
	a.applicant = (struct applicant){.kind = a.kind, .number = a.applicant_number, .name = a.name, .email = a.email,
		.request_number = a.request_number};
	TRY(store_transact(sim_state(sim), answer_in_unit, &a, e));
	sim_wake(sim);
	answer_begin(&data, &form, &a.r.info);
	if (a.r.reasons.n == 0) {
		payload_field(&data, "Booking", a.number);
		payload_field(&data, "AnsweredDate", a.now);
	}
	return answer_reply(&data, &form, &a.r.reasons, out, e);
}
