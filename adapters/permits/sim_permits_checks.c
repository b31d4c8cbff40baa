/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_checks - see sim_permits_checks.h.
 * Promise: all registers are asked in any case, so that one answer names everything that is wrong (P6).
 * Spec:    P5, P17; bus contract 5.2, 5.3; wsdl/tax/v1/tax.xsd, wsdl/payment/v1/payment.xsd */
#include "base/ident.h"
#include "permits/sim_permits_checks.h"

#define NS_GBDFL "http://message.persistence.interactive.nat"
#define NS_GBDUL "http://gbdulinfobybin_v2.egp.gbdul.tamur.kz"
#define NS_TAX "urn:qaqpa:tax:v1"
#define NS_PAYMENT "urn:qaqpa:payment:v1"
#define OWN_BIN "200240000018"
#define QUESTION_BYTES 65536

/* A question to one register, and how its answer is judged. */
struct question {
	struct served *v;
	const struct subject *about;
	void (*judge)(struct question *q, const struct sim_call *call);
	struct buf data;
};

enum { QUESTIONS_MOST = 4 };
struct round {
	struct question question[QUESTIONS_MOST];
	struct sim_call call[QUESTIONS_MOST];
	size_t n;
};

static struct buf *add(struct round *r, struct served *v, const char *service_id, const struct subject *about,
	void (*judge)(struct question *q, const struct sim_call *call))
{
	struct question *q = &r->question[r->n];

	*q = (struct question){v, about, judge, BUF(QUESTION_BYTES)};
	r->call[r->n++] = (struct sim_call){.service_id = service_id, .deadline_ms = ASK_MS};
	return &q->data;
}

static void unknown(struct question *q, const char *code, const char *register_name)
{
	reasons_add(&q->v->r.reasons, code, "%s does not know the %s %s", register_name,
		strcmp(q->about->kind, "Iin") == 0 ? "IIN" : "BIN", q->about->number);
}

/* ---- the databases ---- */

/* Reads the answer of a database, whose refusals are no reasons in our shape. NULL: it has not answered. */
static const struct _xmlNode *answer_of(struct question *q, const struct sim_call *call)
{
	struct reasons said = {.pool = q->v->r.pool};
	const struct _xmlNode *payload;
	struct reasons *r = &q->v->r.reasons;
	bool fine = ask_judge(&said, call, &payload);

	if (fine || (payload && !said.later))
		return payload;
	r->later = true;
	reasons_add(r, "register.silent", "%s", reasons_line(&said));
	return NULL;
}

/* The stated name is how the register begins: surname and name, with or without the patronymic. */
static bool names_match(struct question *q, const struct _xmlNode *person)
{
	struct pool *pool = q->v->r.pool;
	const char *surname = payload_text(pool, person, "surname"), *name = payload_text(pool, person, "name");
	const char *patronymic = payload_text(pool, person, "patronymic");
	const char *brief = pool_printf(pool, "%s %s", surname ? surname : "", name ? name : "");
	const char *full = pool_printf(pool, "%s %s", brief ? brief : "", patronymic ? patronymic : "");

	return brief && full && (strcmp(q->about->name, brief) == 0 || strcmp(q->about->name, full) == 0);
}

static void judge_person(struct question *q, const struct sim_call *call)
{
	const struct _xmlNode *answer = answer_of(q, call);
	const struct _xmlNode *person = payload_child(payload_child(answer, "persons"), "person");

	if (!answer)
		return;
	if (!person)
		unknown(q, "person.unknown", "the database of individuals");
	else if (payload_text(q->v->r.pool, person, "deathDate"))
		reasons_add(&q->v->r.reasons, "person.dead", "the person with the IIN %s has died", q->about->number);
	else if (!names_match(q, person))
		reasons_add(&q->v->r.reasons, "person.name", "the person with the IIN %s bears another name", q->about->number);
}

static void ask_person(struct round *r, struct served *v, const struct subject *who)
{
	struct buf *out = add(r, v, "GBDFL_UniversalServiceSync", who, judge_person);
	char id[37];

	uuid_new(id);
	buf_str(out, "<m:Request xmlns:m=\"" NS_GBDFL "\">");
	payload_field(out, "messageId", id);
	payload_field(out, "messageDate", v->now);
	payload_field(out, "senderCode", "PERMITS");
	payload_field(out, "iin", who->number);
	buf_str(out, "</m:Request>");
}

static void judge_organisation(struct question *q, const struct sim_call *call)
{
	const struct _xmlNode *answer = answer_of(q, call);
	const struct _xmlNode *organisation = payload_child(answer, "Organization");

	if (!answer)
		return;
	if (!organisation)
		unknown(q, "organisation.unknown", "the database of legal entities");
	else if (payload_text(q->v->r.pool, organisation, "LiquidationDate"))
		reasons_add(&q->v->r.reasons, "organisation.liquidated", "the organisation with the BIN %s is liquidated",
			q->about->number);
}

static void ask_organisation(struct round *r, struct served *v, const struct subject *who)
{
	struct buf *out = add(r, v, "GBDUL_INFO_BY_BIN", who, judge_organisation);

	buf_str(out, "<u:Request xmlns:u=\"" NS_GBDUL "\"><RequestorBIN>" OWN_BIN "</RequestorBIN>");
	payload_field(out, "BIN", who->number);
	buf_str(out, "</u:Request>");
}

/* ---- systems that give reasons themselves ---- */

static void judge_own_words(struct question *q, const struct sim_call *call)
{
	(void)!ask_judge(&q->v->r.reasons, call, NULL); /* the reasons say all */
}

static void ask_tax(struct round *r, struct served *v, const struct subject *who)
{
	struct buf *out = add(r, v, "TAX_PAYER", who, judge_own_words);

	question_begin(out, NS_TAX, "PayerRequest", &v->r.info);
	payload_field(out, who->kind, who->number);
	question_end(out, "PayerRequest");
}

static void ask_payment(struct round *r, struct served *v, const struct checks *c)
{
	struct buf *out = add(r, v, "PAYMENT_STATUS", c->applicant, judge_own_words);

	question_begin(out, NS_PAYMENT, "PaymentRequest", &v->r.info);
	payload_field(out, "PaymentCode", c->payment);
	buf_str(out, "<Subject>");
	payload_field(out, c->applicant->kind, c->applicant->number);
	buf_str(out, "</Subject>");
	payload_field(out, "Amount", c->fee);
	question_end(out, "PaymentRequest");
}

static void send_round(struct sim *sim, struct round *r)
{
	for (size_t i = 0; i < r->n; i++)
		r->call[i].data = buf_cstr(&r->question[i].data);
	sim_send_all(sim, r->call, r->n);
	for (size_t i = 0; i < r->n; i++) {
		r->question[i].judge(&r->question[i], &r->call[i]);
		buf_free(&r->question[i].data);
	}
	sim_calls_free(r->call, r->n);
}

void checks_ask(struct served *v, const struct checks *c)
{
	struct round r = {.n = 0};

	if (strcmp(c->applicant->kind, "Iin") == 0)
		ask_person(&r, v, c->applicant);
	else
		ask_organisation(&r, v, c->applicant);
	if (c->representative)
		ask_person(&r, v, c->representative);
	ask_tax(&r, v, c->applicant);
	if (c->payment)
		ask_payment(&r, v, c);
	send_round(v->r.sim, &r);
}
