/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_appeals_appeal - a video appeal is recorded and registered.
 * Promise:  what the receipt says (date, secret code, bar code, day of the answer) and that the appeal was sent are kept in
 *           one unit; an appeal that comes twice gets the same receipt. One on the same question in the same interest as an
 *           open one is attached to it, and its term is that of the first.
 * Spec:     A5, A8 (points 22 to 27 and 32); law on appeals of 2007, article 8: fifteen calendar days */
#include <stdio.h>
#include <stdlib.h>

#include "appeals/sim_appeals.h"
#include "base/ident.h"

#define ANSWER_DAYS 15
#define SECONDS_MOST 180

struct appeal {
	struct service_request r;
	struct applicant applicant;
	const struct body *body;
	const char *document, *interest, *topic, *point, *recording, *now;
	char number[NUMBER_ROOM], registered[STAMP_TEXT], answer_by[11], secret[13], bar_code[14];
	char main_number[NUMBER_ROOM], main_body[13]; /* "": it is attached to none */
};

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static bool read_appeal(struct appeal *a, const char **body)
{
	const struct _xmlNode *document = payload_child(a->r.business, "IdentityDocument");
	const struct _xmlNode *interest = payload_child(a->r.business, "Interest");
	const struct _xmlNode *recording = payload_child(a->r.business, "Recording");
	const char *kind = payload_text(a->r.pool, document, "Kind"), *number = payload_text(a->r.pool, document, "Number");
	const char *seconds = payload_text(a->r.pool, recording, "Seconds");

	if (!applicant_read(&a->r, &a->applicant) || !kind || !number || !seconds)
		return false;
	a->document = pool_printf(a->r.pool, "%s %s", kind, number);
	a->interest = interest ? payload_number(a->r.pool, interest) : a->applicant.number;
	a->topic = payload_text(a->r.pool, a->r.business, "Topic");
	a->point = payload_text(a->r.pool, a->r.business, "Point");
	a->recording = payload_text(a->r.pool, recording, "FileIdentifier");
	*body = payload_text(a->r.pool, a->r.business, "Body");
	if (strtol(seconds, NULL, 10) > SECONDS_MOST)
		reasons_add(&a->r.reasons, "recording.long", "a recording lasts three minutes at most; the rest is another appeal");
	if (!a->point || is_blank(a->point))
		reasons_add(&a->r.reasons, "appeal.point",
			"the point of the question is not stated; such an appeal is not considered");
	return a->document && a->interest && a->topic && a->recording && *body;
}

/* The last day of the term; when it is a day off, the next working day. */
static outcome count_term(struct appeal *a, struct err *e)
{
	SCOPED(calendar_free) struct calendar *calendar = NULL;
	struct stamp now = moment_now(a->r.sim), last;
	struct calendar_day day = calendar_day_of(now);
	bool provisional;

	TRY(days_open(a->r.sim, &calendar, e));
	day.n += ANSWER_DAYS;
	TRY(calendar_cutoff(calendar, day, CALENDAR_DAY_END, CALENDAR_ROLLS, &provisional, &last, e));
	stamp_day(last, a->answer_by);
	return DONE;
}

/* An open appeal on the same question in the same interest to the same body, or nothing. */
static outcome find_main(struct store *s, struct appeal *a, struct err *e)
{
	const char *values[] = {a->body->bin, a->topic, a->interest};
	const struct store_column columns[] = {{a->main_number, NUMBER_ROOM}, {a->main_body, sizeof a->main_body},
		{a->answer_by, sizeof a->answer_by}};

	return store_run(s, "SELECT number, body, answer_by FROM appeal WHERE addressed = ?1 AND topic = ?2 AND interest = ?3"
		" AND main = '' AND state = 'open' ORDER BY id LIMIT 1", values, 3, columns, 3, NULL, e);
}

static outcome insert(struct store *s, struct appeal *a, struct err *e)
{
	const struct applicant *p = &a->applicant;
	const char *body = a->main_number[0] ? a->main_body : a->body->bin;
	const char *values[] = {a->r.sender, a->r.info.request_number, p->kind, p->number, p->name, p->address, p->email,
		a->document, a->body->bin, body, a->now, a->topic, a->interest, a->point, a->recording, a->answer_by,
		a->secret, a->bar_code, a->main_number};

	return store_run(s,
		"INSERT INTO appeal (number, card, sender, request_number, kind, applicant, name, address, email, document,"
		" addressed, body, arrived, registered, topic, interest, point, recording, answer_by, secret, bar_code, main,"
		" state, outcome, grounds, words, answered) SELECT new, new, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		" ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, 'open', '', '', '', '' FROM (SELECT printf('VA%010d',"
		" ifnull(max(id), 0) + 1) AS new FROM appeal) RETURNING number", values, 19, &(struct store_column){a->number,
		NUMBER_ROOM}, 1, NULL, e);
}

static outcome find_same(struct store *s, struct appeal *a, bool *found, struct err *e)
{
	const char *values[] = {a->r.sender, a->r.info.request_number};
	const struct store_column columns[] = {{a->number, NUMBER_ROOM}, {a->main_number, NUMBER_ROOM},
		{a->registered, sizeof a->registered}, {a->answer_by, sizeof a->answer_by}, {a->secret, sizeof a->secret},
		{a->bar_code, sizeof a->bar_code}};

	return store_run(s, "SELECT number, main, registered, answer_by, secret, bar_code FROM appeal"
		" WHERE sender = ?1 AND request_number = ?2", values, 2, columns, 6, found, e);
}

static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct appeal *a = ctx;
	char due[STAMP_TEXT];
	struct calendar_day day;
	struct paper card = {.kind = "appeal", .text = a->point, .file = a->recording};
	bool same;

	TRY(find_same(s, a, &same, e));
	if (same)
		return DONE;
	snprintf(a->registered, sizeof a->registered, "%s", a->now);
	error_id_new(a->secret);
	bar_code_new(a->bar_code);
	TRY(find_main(s, a, e));
	TRY(insert(s, a, e));
	if (!calendar_day_parse(bytes_str(a->answer_by), &day))
		return err_set(e, REASON_INTERNAL, "day of an answer");
	stamp_print(calendar_moment(day, CALENDAR_DAY_END), due);
	card.id = card.about = a->number;
	card.due = due;
	card.body = body_by_bin(a->main_number[0] ? a->main_body : a->body->bin);
	card.receiver = card.body->name;
	return tell_edms(s, &a->r, &card, e);
}

static outcome answer_appeal(const struct appeal *a, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_APPEALS, "AppealResponse", "The appeal is registered and sent.",
		"The appeal is registered and sent", "The appeal is not considered"};
	SCOPED(buf_free) struct buf data = BUF(DATA_BYTES);

	answer_begin(&data, &form, &a->r.info);
	if (a->r.reasons.n == 0) {
		payload_field(&data, "Appeal", a->number);
		if (a->main_number[0])
			payload_field(&data, "MainAppeal", a->main_number);
		payload_field(&data, "RegisteredDate", a->registered);
		payload_field(&data, "SecretCode", a->secret);
		payload_field(&data, "BarCode", a->bar_code);
		payload_field(&data, "AnswerBy", a->answer_by);
	}
	return answer_reply(&data, &form, &a->r.reasons, out, e);
}

outcome appeals_register(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	const char *body;
	struct appeal a = {0};

	if (!service_open(&a.r, sim, in, NS_APPEALS, "AppealRequest") || !read_appeal(&a, &body))
		return reply_unreadable(out, "The payload is not an AppealRequest of appeals.xsd.");
	a.body = body_wanted(&a.r, body);
	if (!iin_bin_is(bytes_str(a.interest)))
		reasons_add(&a.r.reasons, "interest.number", "the number of the person in whose interest it is has a wrong"
			" check digit");
	TRY(moment_text(&a.r, &a.now, e));
	TRY(count_term(&a, e));
	if (a.r.reasons.n == 0)
		TRY(store_transact(sim_state(sim), keep_in_unit, &a, e));
	sim_wake(sim);
	return answer_appeal(&a, out, e);
}
