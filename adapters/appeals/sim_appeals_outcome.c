/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_outcome - the body decides on an appeal, and the answer goes out.
 * Promise:  a refusal has its grounds; the main appeal and all that are attached to it get the same answer in one unit: it
 *           can be found by their codes, is mailed, and ends their card in the document circulation.
 * Spec:     A7, A8, A9 (points 31 to 34) */
#include "appeals/sim_appeals.h"

struct deciding {
	struct service_request r;
	const char *number, *outcome, *grounds, *text, *now;
	char body[13], state[16], main_number[NUMBER_ROOM], answer_by[11];
	bool found, in_time;
	struct buf answered; /* <Appeal> of each */
};

static const struct {
	const char *name, *ru, *kz;
} outcomes[] = {
	{"SATISFIED", "Обращение удовлетворено", "Өтініш қанағаттандырылды"},
	{"SATISFIED_IN_PART", "Обращение удовлетворено частично", "Өтініш ішінара қанағаттандырылды"},
	{"REFUSED", "В удовлетворении обращения отказано", "Өтінішті қанағаттандырудан бас тартылды"},
	{"EXPLAINED", "По существу обращения дано разъяснение", "Өтініштің мәні бойынша түсінік берілді"},
	{"DISCONTINUED", "Рассмотрение обращения прекращено", "Өтінішті қарау тоқтатылды"},
};
#define OUTCOMES (sizeof outcomes / sizeof outcomes[0])

/* OUTCOMES when it is none. */
static size_t outcome_named(const char *name)
{
	size_t i = 0;

	while (i < OUTCOMES && strcmp(outcomes[i].name, name) != 0)
		i++;
	return i;
}

static outcome read_appeal(struct store *s, struct deciding *d, struct err *e)
{
	const struct store_column columns[] = {{d->body, sizeof d->body}, {d->state, sizeof d->state},
		{d->main_number, NUMBER_ROOM}, {d->answer_by, sizeof d->answer_by}};

	return store_run(s, "SELECT body, state, main, answer_by FROM appeal WHERE number = ?1", &d->number, 1, columns, 4,
		&d->found, e);
}

static void judge(struct deciding *d)
{
	if (outcome_named(d->outcome) == OUTCOMES)
		reasons_add(&d->r.reasons, "outcome.unknown", "%.64s is no outcome", d->outcome);
	else if (strcmp(d->outcome, "REFUSED") == 0 && !d->grounds)
		reasons_add(&d->r.reasons, "outcome.grounds", "a refusal has to say its grounds");
	if (!d->found) {
		reasons_add(&d->r.reasons, "appeal.unknown", "there is no appeal %s", d->number);
		return;
	}
	judge_body(&d->r, d->body);
	if (strcmp(d->state, "open") != 0)
		reasons_add(&d->r.reasons, "appeal.answered", "the appeal %s is answered", d->number);
	if (d->main_number[0])
		reasons_add(&d->r.reasons, "appeal.attached", "the appeal %s is answered together with %s", d->number,
			d->main_number);
}

struct telling {
	struct store *s;
	struct deciding *d;
	const struct news *news; /* its number is set for each */
};

static outcome tell_one(const char *const *texts, void *ctx, struct err *e)
{
	struct telling *t = ctx;
	struct deciding *d = t->d;
	const struct applicant a = {.kind = texts[1], .number = texts[2], .name = texts[3], .address = texts[4],
		.email = texts[5], .request_number = texts[6]};
	struct news n = *t->news;
	const struct paper paper = {.id = pool_printf(d->r.pool, "%s-A", texts[0]), .about = texts[0], .kind = "answer",
		.body = body_by_bin(d->body), .receiver = a.name, .text = n.ru, .answers = texts[7]};

	n.number = texts[0];
	payload_field(&d->answered, "Appeal", texts[0]);
	TRY(tell_edms(t->s, &d->r, &paper, e));
	TRY(tell_applicant(t->s, &d->r, &a, &n, e));
	return tell_by_mail(t->s, &d->r, "post", a.address, &n, e);
}

static outcome keep(struct store *s, struct deciding *d, struct err *e)
{
	const char *values[] = {d->number, d->outcome, d->grounds ? d->grounds : "", d->text, d->now};
	const char *grounds = d->grounds ? d->grounds : "", *between = d->grounds ? " " : "";
	size_t i = outcome_named(d->outcome);
	const struct news n = {"APPEAL_ANSWERED", NULL,
		pool_printf(d->r.pool, "%s. %s%s%s", outcomes[i].ru, d->text, between, grounds),
		pool_printf(d->r.pool, "%s. %s%s%s", outcomes[i].kz, d->text, between, grounds)};
	struct telling t = {s, d, &n};

	if (!n.ru || !n.kz)
		return err_set(e, REASON_MEMORY, "answer to an appeal");
	TRY(store_run(s, "UPDATE appeal SET state = 'answered', outcome = ?2, grounds = ?3, words = ?4, answered = ?5"
		" WHERE number = ?1 OR main = ?1", values, 5, NULL, 0, NULL, e));
	return store_each(s, "SELECT number, kind, applicant, name, address, email, request_number, card FROM appeal"
		" WHERE number = ?1 OR main = ?1 ORDER BY id", &d->number, 1, tell_one, &t, e);
}

static outcome decide_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct deciding *d = ctx;

	TRY(read_appeal(s, d, e));
	judge(d);
	return d->r.reasons.n ? DONE : keep(s, d, e);
}

static outcome answer_outcome(const struct deciding *d, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "OutcomeResponse", "The answer is placed and on its way.",
		"The answer is placed and on its way", "The answer is not taken"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);

	answer_begin(&data, &form, &d->r.info);
	if (d->r.reasons.n == 0) {
		buf_add(&data, buf_bytes(&d->answered));
		payload_field(&data, "AnsweredDate", d->now);
		payload_field(&data, "InTime", d->in_time ? "true" : "false");
	}
	return answer_reply(&data, &form, &d->r.reasons, out, e);
}

static void free_answered(struct deciding *d)
{
	buf_free(&d->answered);
}

outcome appeals_decide(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	SCOPED(free_answered) struct deciding d = {.answered = BUF(DATA_BYTES)};
	enum { NUMBER, OUTCOME, TEXT, FIELDS };
	static const char *const names[] = {"Appeal", "Outcome", "Text"};
	const char *text[FIELDS];
	char today[11];

	if (!service_open(&d.r, sim, in, NS_APPEALS, "OutcomeRequest") ||
		!payload_texts(d.r.pool, d.r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not an OutcomeRequest of appeals.xsd.");
	d.number = text[NUMBER];
	d.outcome = text[OUTCOME];
	d.text = text[TEXT];
	d.grounds = payload_text(d.r.pool, d.r.business, "Grounds");
	TRY(moment_text(&d.r, &d.now, e));
	TRY(store_transact(sim_state(sim), decide_in_unit, &d, e));
	stamp_day(moment_now(sim), today);
	d.in_time = strcmp(today, d.answer_by) <= 0;
	sim_wake(sim);
	return answer_outcome(&d, out, e);
}
