/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_coordination - a body asks another one about an application, and gets its decision.
 * Promise: the term of review stands still for it only after the applicant was told so; the decision goes to the executor by
 *          itself.
 * Spec:    P11, P13 */
#include "permits/sim_permits_tell.h"
#include "permits/sim_permits_services.h"

struct coordination {
	struct served v;
	struct document d;
	const char *application, *body, *reply_until;
	bool suspends;
	struct permits_case c;
};

static void judge_question(struct coordination *k)
{
	struct reasons *r = &k->v.r.reasons;
	struct stamp until;

	(void)document_signed_by_head(&k->v, &k->d, k->c.body);
	if (strcmp(k->body, k->c.body) == 0)
		reasons_add(r, "coordination.body", "the body asks itself");
	if (!stamp_parse(bytes_str(k->reply_until), &until) || until.ms <= k->v.at.ms)
		reasons_add(r, "coordination.term", "the term of the answer has passed");
	if (k->suspends && !k->c.suspended[0])
		reasons_add(r, "coordination.untold",
			"the term of the application %s shall stand still, and the applicant was not told so", k->c.nikad);
}

static outcome keep(struct store *s, struct coordination *k, struct err *e)
{
	const char *values[] = {k->d.nikad.text, k->c.nikad, k->body, k->reply_until};

	TRY(document_keep(s, &k->v, &k->d, e));
	TRY(store_run(s, "INSERT INTO coordination (nikad, application, body, reply_until) VALUES (?1, ?2, ?3, ?4)", values, 4,
		NULL, 0, NULL, e));
	document_answer(&k->v, &k->d);
	return permits_tell_body(s, &k->v, &k->c, "COORDINATION_REQUEST", &k->d, k->body, e);
}

static outcome question_unit(struct store *s, struct served *v, struct err *e)
{
	struct coordination *k = (struct coordination *)v;

	TRY(document_judge(s, v, &k->d, e));
	TRY(case_of(s, v, k->application, false, &k->c, e));
	if (k->c.known)
		judge_question(k);
	return v->r.reasons.n == 0 ? keep(s, k, e) : DONE;
}

outcome permits_coordination(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "CoordinationResponse", "The request is registered.", "Registered", "Not registered"};
	enum { NUMBER, APPLICATION, TERM, SUSPENDS, FIELDS };
	static const char *const names[] = {"Nikad", "Application", "ReplyUntil", "Suspends"};
	const char *text[FIELDS];
	struct coordination k = {0};
	bool done;

	TRY(served_open(&k.v, sim, in, &form, "CoordinationRequest", &done, out, e));
	if (done)
		return DONE;
	k.body = payload_text(in->pool, payload_child(k.v.r.business, "Body"), "Bin");
	if (!payload_texts(in->pool, k.v.r.business, names, text, FIELDS) || !k.body)
		return reply_unreadable(out, "The payload is not a CoordinationRequest of permits.xsd.");
	k.d = (struct document){.kind = "COORDINATION_REQUEST", .text = k.v.text};
	k.application = text[APPLICATION];
	k.reply_until = text[TERM];
	k.suspends = strcmp(text[SUSPENDS], "true") == 0 || strcmp(text[SUSPENDS], "1") == 0;
	document_number(&k.v, &k.d, text[NUMBER]);
	document_signature(&k.v, &k.d);
	return served_finish(&k.v, question_unit, out, e);
}

/* ---- the other body decides ---- */

struct opinion {
	struct served v;
	struct document d;
	const char *request, *decision;
	char application[16], body[13], reply[16]; /* of the request */
	struct permits_case c;
};

static outcome find_request(struct store *s, struct opinion *o, struct err *e)
{
	const struct store_column columns[] = {
		{o->application, sizeof o->application}, {o->body, sizeof o->body}, {o->reply, sizeof o->reply}};
	struct nikad n;
	const char *number = n.text;
	bool known;

	if (!document_read_number(&o->v, o->request, "coordination.malformed", &n))
		return DONE;
	TRY(store_run(s, "SELECT application, body, reply FROM coordination WHERE nikad = ?1", &number, 1, columns, 3, &known,
		e));
	if (!known)
		reasons_add(&o->v.r.reasons, "coordination.unknown", "no request has the number %s", n.text);
	else if (o->reply[0])
		reasons_add(&o->v.r.reasons, "coordination.answered", "the request %s was answered by %s", n.text, o->reply);
	return DONE;
}

static outcome judge_opinion(struct store *s, struct opinion *o, struct err *e)
{
	TRY(document_judge(s, &o->v, &o->d, e));
	TRY(find_request(s, o, e));
	if (!o->application[0])
		return DONE;
	(void)document_signed_by_head(&o->v, &o->d, o->body);
	return case_of(s, &o->v, o->application, false, &o->c, e);
}

static outcome opinion_unit(struct store *s, struct served *v, struct err *e)
{
	struct opinion *o = (struct opinion *)v;
	const char *values[] = {o->d.nikad.text, o->decision, NULL};
	struct nikad request;

	TRY(judge_opinion(s, o, e));
	if (v->r.reasons.n > 0)
		return DONE;
	BUG_IF(!nikad_parse(bytes_str(o->request), &request, NULL));
	values[2] = request.text;
	TRY(document_keep(s, v, &o->d, e));
	TRY(store_run(s, "UPDATE coordination SET reply = ?1, decision = ?2 WHERE nikad = ?3", values, 3, NULL, 0, NULL, e));
	document_answer(v, &o->d);
	return permits_tell_body(s, v, &o->c, "COORDINATION_REPLY", &o->d, o->c.body, e);
}

outcome permits_coordination_reply(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "CoordinationReplyResponse", "The decision is registered.", "Registered", "Not registered"};
	enum { NUMBER, REQUEST, DECISION, FIELDS };
	static const char *const names[] = {"Nikad", "Request", "Decision"};
	const char *text[FIELDS];
	struct opinion o = {0};
	bool done;

	TRY(served_open(&o.v, sim, in, &form, "CoordinationReplyRequest", &done, out, e));
	if (done)
		return DONE;
	if (!payload_texts(in->pool, o.v.r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not a CoordinationReplyRequest of permits.xsd.");
	o.d = (struct document){.kind = "COORDINATION_REPLY", .text = o.v.text};
	o.request = text[REQUEST];
	o.decision = text[DECISION];
	document_number(&o.v, &o.d, text[NUMBER]);
	document_signature(&o.v, &o.d);
	return served_finish(&o.v, opinion_unit, out, e);
}
