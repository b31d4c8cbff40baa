/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_payment - the simulated payment gateway of e-government: takes payments and tells what was paid.
 * Promise: what was paid under a code by one payer adds up; that another paid is told, never who.
 * Spec:    P17; wsdl/payment/v1/payment.xsd */
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "common/service.h"
#include "common/store.h"

#define NS_PAYMENT "urn:qaqpa:payment:v1"
#define ANSWER_BYTES 65536
#define CODE_MOST 32
#define TENGE_DIGITS 12
#define AMOUNT_TEXT 24

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS payment (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL, payer TEXT NOT NULL,"
	" tiyn INTEGER NOT NULL, moment TEXT NOT NULL) STRICT;"
	"CREATE INDEX IF NOT EXISTS payment_code ON payment (code);";

static outcome open_payment(const char *directory, void **state, struct err *e)
{
	return store_open_state(directory, "payment.db", schema, state, e);
}

static bool code_is(const char *text)
{
	size_t n = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return n >= 1 && n <= CODE_MOST && !text[n];
}

/* 39320 or 39320.00; in tiyn. */
static bool amount_read(const char *text, int64_t *tiyn)
{
	size_t whole = strspn(text, "0123456789");
	const char *rest = text + whole;

	if (whole < 1 || whole > TENGE_DIGITS)
		return false;
	if (*rest && !(rest[0] == '.' && strspn(rest + 1, "0123456789") == 2 && !rest[3]))
		return false;
	*tiyn = (int64_t)strtoll(text, NULL, 10) * 100 + (*rest ? strtol(rest + 1, NULL, 10) : 0);
	return true;
}

static void amount_print(int64_t tiyn, char out[AMOUNT_TEXT])
{
	snprintf(out, AMOUNT_TEXT, "%lld.%02d", (long long)(tiyn / 100), (int)(tiyn % 100));
}

/* What is known of a code. */
struct paid {
	int64_t tiyn;            /* by this payer; 0: nothing */
	char moment[STAMP_TEXT]; /* of the last of these payments */
	bool by_others;
};

static outcome find(struct store *s, const char *code, const char *payer, struct paid *p, struct err *e)
{
	char tiyn[24] = "", others[24] = "";
	const struct store_column columns[] = {{tiyn, sizeof tiyn}, {p->moment, sizeof p->moment}, {others, sizeof others}};

	TRY(store_do(s, "SELECT ifnull(sum(tiyn) FILTER (WHERE payer = ?2), 0), max(moment) FILTER (WHERE payer = ?2),"
		" count(*) FILTER (WHERE payer <> ?2) FROM payment WHERE code = ?1", (const char *[]){code, payer}, 2, columns, 3,
		NULL, e));
	p->tiyn = strtoll(tiyn, NULL, 10);
	p->by_others = strcmp(others, "0") != 0;
	return DONE;
}

struct question {
	const char *code, *payer;
	int64_t least; /* 0: any payment will do */
};

static bool read_question(struct question *q, const struct service_request *r)
{
	const char *amount = payload_text(r->pool, r->business, "Amount");

	*q = (struct question){payload_text(r->pool, r->business, "PaymentCode"),
		payload_number(r->pool, payload_child(r->business, "Subject")), 0};
	return q->code && code_is(q->code) && q->payer && (!amount || amount_read(amount, &q->least));
}

static void judge(struct reasons *r, const struct question *q, const struct paid *p)
{
	char has[AMOUNT_TEXT], wanted[AMOUNT_TEXT];

	amount_print(p->tiyn, has);
	amount_print(q->least, wanted);
	if (p->tiyn == 0 && p->by_others)
		reasons_add(r, "payment.payer", "another than this applicant has paid under the code %s", q->code);
	else if (p->tiyn == 0)
		reasons_add(r, "payment.absent", "nothing is paid under the code %s", q->code);
	else if (p->tiyn < q->least)
		reasons_add(r, "payment.short", "%s of %s is paid under the code %s", has, wanted, q->code);
}

static outcome tell(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_PAYMENT, "PaymentResponse", "It is paid.", "Paid", "Not paid"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct paid p = {0};
	char amount[AMOUNT_TEXT];
	struct service_request r;
	struct question q;

	if (!service_open(&r, sim, in, NS_PAYMENT, "PaymentRequest") || !read_question(&q, &r))
		return reply_unreadable(out, "The payload is not a PaymentRequest of payment.xsd.");
	if (!iin_bin_is(bytes_str(q.payer))) {
		reasons_add(&r.reasons, "payment.number", "the IIN or BIN of the payer has a wrong check digit");
	} else {
		TRY(find(sim_state(sim), q.code, q.payer, &p, e));
		judge(&r.reasons, &q, &p);
	}
	answer_begin(&data, &form, &r.info);
	payload_field(&data, "Paid", r.reasons.n == 0 ? "true" : "false");
	if (p.tiyn > 0) {
		amount_print(p.tiyn, amount);
		payload_field(&data, "Amount", amount);
		payload_field(&data, "Moment", p.moment);
	}
	return answer_reply(&data, &form, &r.reasons, out, e);
}

static outcome keep(struct store *s, const char *code, int64_t tiyn, const char *payer, struct err *e)
{
	char amount[24], now[STAMP_TEXT];

	snprintf(amount, sizeof amount, "%lld", (long long)tiyn);
	stamp_print(sim_now(), now);
	return store_do(s, "INSERT INTO payment (code, payer, tiyn, moment) VALUES (?1, ?2, ?3, ?4)",
		(const char *[]){code, payer, amount, now}, 4, NULL, 0, NULL, e);
}

/* "CODE AMOUNT IIN-or-BIN", as the payer does it. */
static int pay(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	char code[CODE_MOST + 2], amount[AMOUNT_TEXT], payer[14], more;
	int64_t tiyn = 0;

	if (!argument || sscanf(argument, "%33s %23s %13s %c", code, amount, payer, &more) != 3 || !code_is(code) ||
		!amount_read(amount, &tiyn) || tiyn == 0 || !iin_bin_is(bytes_str(payer))) {
		(void)err_set(e, REASON_USAGE, "the argument is a code, an amount like 39320.00, and the IIN or BIN of the payer");
		return -1;
	}
	if (!keep(sim_state(sim), code, tiyn, payer, e).ok)
		return -1;
	amount_print(tiyn, amount);
	buf_printf(report, "%s: %s paid\n", code, amount);
	return 0;
}

static const struct sim_service services[] = {
	{"PAYMENT_STATUS", tell},
	{NULL, NULL},
};
static const struct sim_act acts[] = {
	{"pay", pay},
	{NULL, NULL},
};

extern const struct sim_system sim_system_payment;
const struct sim_system sim_system_payment = {
	.name = "payment",
	.summary = "payment gateway: takes fees and tells what was paid",
	.services = services,
	.open = open_payment,
	.close = store_close_state,
	.acts = acts,
};
