/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_review - what the body tells the applicant while it reviews an application, and what the applicant answers.
 * Promise: a notice changes the application only where it fits its state; with anything wrong nothing changes.
 * Spec:    P7, P10, P11, P12, P13 */
#include "permits/sim_permits_tell.h"
#include "permits/sim_permits_services.h"

struct notice {
	struct served v;
	struct document d;
	const struct notice_kind *kind;
	const char *application, *text, *reply_until, *end_date;
	struct permits_case c;
};

/* ---- kinds of notices ---- */

/* Fits the notice to the case; adds reasons when it does not. */
static void fits_acceptance(struct notice *n)
{
	if (strcmp(n->c.status, CASE_REGISTERED) != 0)
		reasons_add(&n->v.r.reasons, "application.accepted",
			"the application %s was accepted, or brought in person; no acceptance notice is formed for it", n->c.nikad);
}

static void fits_request(struct notice *n)
{
	struct stamp until;

	if (!n->reply_until)
		reasons_add(&n->v.r.reasons, "notice.term", "the notice asks for an answer and does not say until when");
	else if (!stamp_parse(bytes_str(n->reply_until), &until) || until.ms <= n->v.at.ms)
		reasons_add(&n->v.r.reasons, "notice.term", "the term of the answer has passed");
}

static void fits_suspension(struct notice *n)
{
	if (n->c.suspended[0])
		reasons_add(&n->v.r.reasons, "application.suspended", "the term of the application %s stands still already",
			n->c.nikad);
}

static void fits_resumption(struct notice *n)
{
	if (!n->c.suspended[0])
		reasons_add(&n->v.r.reasons, "application.running", "the term of the application %s does not stand still",
			n->c.nikad);
}

static void fits_extension(struct notice *n)
{
	if (!n->end_date || strcmp(n->end_date, n->c.due) <= 0)
		reasons_add(&n->v.r.reasons, "notice.term", "the new end of review is absent or not later than %s", n->c.due);
}

static void fits_withdrawal(struct notice *n)
{
	if (case_has_cabinet(&n->c))
		reasons_add(&n->v.r.reasons, "application.cabinet",
			"the application %s came by the portal; its applicant withdraws it there", n->c.nikad);
}

static outcome accept(struct store *s, struct notice *n, struct err *e)
{
	return case_accepted(s, &n->v, &n->c, e);
}

static outcome request(struct store *s, struct notice *n, struct err *e)
{
	return case_reply_until(s, &n->c, n->reply_until, e);
}

static outcome suspend(struct store *s, struct notice *n, struct err *e)
{
	return case_suspended(s, &n->c, true, e);
}

static outcome resume(struct store *s, struct notice *n, struct err *e)
{
	return case_suspended(s, &n->c, false, e);
}

static outcome extend(struct store *s, struct notice *n, struct err *e)
{
	return case_due(s, &n->c, n->end_date, e);
}

static outcome withdraw(struct store *s, struct notice *n, struct err *e)
{
	return case_status(s, &n->c, CASE_WITHDRAWN, e);
}

static const struct notice_kind {
	const char *name;
	struct permits_words words;
	bool by_officer;                    /* else the head certifies it (P10, P13) */
	void (*fits)(struct notice *n);     /* NULL: always does */
	outcome (*change)(struct store *s, struct notice *n, struct err *e); /* NULL: nothing */
} kinds[] = {
	{"ACCEPTANCE", {"ACCEPTED", "Заявление принято.", "Өтініш қабылданды.", NULL}, true, fits_acceptance, accept},
	{"APPEARANCE", {"APPEARANCE", "Необходимо явиться.", "Келу қажет.", NULL}, false, NULL, NULL},
	{"REQUEST", {"REQUEST", "Нужен ответ.", "Жауап қажет.", NULL}, false, fits_request, request},
	{"SUSPENSION", {"SUSPENDED", "Срок приостановлен.", "Мерзім тоқтатыла тұрды.", NULL}, false, fits_suspension, suspend},
	{"RESUMPTION", {"RESUMED", "Срок возобновлён.", "Мерзім қайта басталды.", NULL}, false, fits_resumption, resume},
	{"EXTENSION", {"EXTENDED", "Срок продлён.", "Мерзім ұзартылды.", NULL}, false, fits_extension, extend},
	{"WITHDRAWAL", {"WITHDRAWN", "Заявление отозвано.", "Өтініш қайтарып алынды.", NULL}, true, fits_withdrawal, withdraw},
};

static const struct notice_kind *kind_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

static outcome judge_notice(struct store *s, struct notice *n, struct err *e)
{
	TRY(document_judge(s, &n->v, &n->d, e));
	TRY(case_of(s, &n->v, n->application, n->kind->change == accept, &n->c, e));
	if (!n->c.known)
		return DONE;
	(void)(n->kind->by_officer ? document_signed_in : document_signed_by_head)(&n->v, &n->d, n->c.body);
	if (n->kind->fits)
		n->kind->fits(n);
	return DONE;
}

static outcome notice_unit(struct store *s, struct served *v, struct err *e)
{
	struct notice *n = (struct notice *)v;
	struct permits_words words = n->kind->words;

	words.more = n->text;
	TRY(judge_notice(s, n, e));
	if (v->r.reasons.n > 0)
		return DONE;
	TRY(document_keep(s, v, &n->d, e));
	if (n->kind->change)
		TRY(n->kind->change(s, n, e));
	TRY(permits_tell_applicant(s, v, &n->c, &n->d, &words, e));
	document_answer(v, &n->d);
	return DONE;
}

outcome permits_notice(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "NoticeResponse", "The notice is registered.", "Registered", "Not registered"};
	enum { NUMBER, APPLICATION, KIND, TEXT, FIELDS };
	static const char *const names[] = {"Nikad", "Application", "NoticeKind", "Text"};
	const char *text[FIELDS];
	struct notice n = {0};
	bool done;

	TRY(served_open(&n.v, sim, in, &form, "NoticeRequest", &done, out, e));
	if (done)
		return DONE;
	if (!payload_texts(in->pool, n.v.r.business, names, text, FIELDS) || !kind_named(text[KIND]))
		return reply_unreadable(out, "The payload is not a NoticeRequest of permits.xsd.");
	n.d = (struct document){.kind = "NOTICE_TO_APPLICANT", .text = n.v.text};
	n.kind = kind_named(text[KIND]);
	n.application = text[APPLICATION];
	n.text = text[TEXT];
	n.reply_until = payload_text(in->pool, n.v.r.business, "ReplyUntil");
	n.end_date = payload_text(in->pool, n.v.r.business, "EndDate");
	document_number(&n.v, &n.d, text[NUMBER]);
	document_signature(&n.v, &n.d);
	return served_finish(&n.v, notice_unit, out, e);
}

/* ---- the applicant answers ---- */

struct answer_to_body {
	struct served v;
	struct document d;
	const char *application, *kind;
	struct permits_case c;
};

static void judge_applicant(struct answer_to_body *a)
{
	const struct permits_case *c = &a->c;
	bool person = strcmp(c->subject_kind, "Iin") == 0;

	(void)document_signed_by(&a->v, &a->d, person ? c->subject : NULL, c->representative[0] ? c->representative : NULL,
		person ? NULL : c->subject);
	if (!case_has_cabinet(c))
		reasons_add(&a->v.r.reasons, "application.paper",
			"the application %s was not filed by the portal; the executor takes the answer", c->nikad);
}

/* The reply goes to the executor at once; after a withdrawal there is nothing more to review (P12). */
static outcome take_answer(struct store *s, struct answer_to_body *a, struct err *e)
{
	bool withdrawal = strcmp(a->kind, "WITHDRAWAL") == 0;

	TRY(document_give(s, &a->v, &a->d, "RPL", e));
	TRY(withdrawal ? case_status(s, &a->c, CASE_WITHDRAWN, e) : case_reply_until(s, &a->c, "", e));
	document_answer(&a->v, &a->d);
	return permits_tell_body(s, &a->v, &a->c, a->kind, &a->d, a->c.body, e);
}

static outcome reply_unit(struct store *s, struct served *v, struct err *e)
{
	struct answer_to_body *a = (struct answer_to_body *)v;

	TRY(case_of(s, v, a->application, true, &a->c, e));
	if (a->c.known)
		judge_applicant(a);
	return v->r.reasons.n == 0 ? take_answer(s, a, e) : DONE;
}

outcome permits_reply(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "ReplyResponse", "The answer is registered.", "Registered", "Not registered"};
	struct answer_to_body a = {0};
	bool done;

	TRY(served_open(&a.v, sim, in, &form, "ReplyRequest", &done, out, e));
	if (done)
		return DONE;
	a.application = payload_text(in->pool, a.v.r.business, "Application");
	a.kind = payload_text(in->pool, a.v.r.business, "ReplyKind");
	if (!a.application || !a.kind)
		return reply_unreadable(out, "The payload is not a ReplyRequest of permits.xsd.");
	/* The order lists no kind of its own for what the applicant adds to an application. */
	a.d = (struct document){.kind = "APPLICATION", .text = a.v.text};
	document_signature(&a.v, &a.d);
	return served_finish(&a.v, reply_unit, out, e);
}
