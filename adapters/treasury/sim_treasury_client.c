/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_treasury_client - see sim_treasury_client.h. The Treasury-Client has clients form their documents on its own pages
 * (order No. 98, item 4); these go the way of all others, through the gateway.
 * Spec: T1, T2; wsdl/treasury/v1/treasury.xsd */
#include <libxml/tree.h>
#include <stdio.h>

#include "common/service.h"
#include "treasury/control.h"
#include "treasury/sim_treasury_client.h"
#include "treasury/sim_treasury_store.h"

#define ACT_POOL (16u << 20)
#define DOCUMENT_BYTES (1u << 20)
#define OWN "treasury_is"
#define CLIENT_BIN "200440000015"

struct bill {
	char number[33], programme[4], amount[16], total[16], signers[256];
};

static void write_bill(struct buf *out, const struct system_info *info, const struct bill *b)
{
	char day[11];

	stamp_day(sim_now(), day);
	question_begin(out, NS_TREASURY, "TreasuryDocumentRequest", info);
	payload_field(out, "DocumentNumber", b->number);
	payload_field(out, "DocumentKind", "PAYMENT_BILL");
	payload_field(out, "DocumentDate", day);
	buf_str(out, "<Client><Bin>" CLIENT_BIN "</Bin><Code>2130001</Code><Name>Department of licences (test)</Name></Client>"
		"<Currency>KZT</Currency><Lines><Line><Number>1</Number>");
	payload_field(out, "Programme", b->programme);
	payload_field(out, "Specific", "149");
	payload_field(out, "Amount", b->amount);
	buf_str(out, "<Purpose>Paper</Purpose><Payee><Bin>200540000019</Bin><Name>Other organisation (test)</Name>"
		"<Account>KZ75125KZT1001300335</Account></Payee></Line></Lines>");
	payload_field(out, "Total", b->total);
	question_end(out, "TreasuryDocumentRequest");
}

/* By each signer in turn, over what the ones before have signed. */
static outcome sign_bill(struct sim *sim, struct pool *pool, char *signers, struct buf *document, struct err *e)
{
	char *rest = NULL;

	for (char *name = strtok_r(signers, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		SCOPED(buf_free) struct buf made = BUF(DOCUMENT_BYTES);

		TRY(sim_document_sign(sim, pool, name, buf_bytes(document), &made, e));
		buf_clear(document);
		buf_add(document, buf_bytes(&made));
	}
	return buf_ok(document) ? DONE : err_set(e, REASON_MEMORY, "document of a client");
}

static outcome send_bill(struct sim *sim, struct bill *b, struct reasons *r, struct buf *report, struct err *e)
{
	SCOPED(buf_free) struct buf document = BUF(DOCUMENT_BYTES);
	const struct _xmlNode *answer, *data;
	struct system_info info;
	const char *status;

	if (!system_info_fresh(r->pool, &info))
		return err_set(e, REASON_MEMORY, "document of a client");
	write_bill(&document, &info, b);
	TRY(sign_bill(sim, r->pool, b->signers, &document, e));
	if (ask(sim, r, "TREASURY_DOCUMENT", &document, &answer)) {
		data = payload_child(answer, "ResponseData");
		status = payload_text(r->pool, data, "DocumentStatus");
		buf_printf(report, "document %s: %s %s\n", b->number, status ? status : "?",
			payload_text(r->pool, data, "TreasuryNumber"));
		return DONE;
	}
	buf_printf(report, "document %s: not accepted\n", b->number);
	for (size_t i = 0; i < r->n; i++)
		buf_printf(report, "  %s\n", r->list[i].text);
	return DONE;
}

int treasury_send_document(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct reasons r = {.pool = pool};
	outcome result = DONE;
	struct bill b;

	if (!argument || sscanf(argument, "%32s %3s %15s %15s %255s", b.number, b.programme, b.amount, b.total, b.signers) != 5)
		result = err_set(e, REASON_USAGE, "the argument is NUMBER PROGRAMME AMOUNT TOTAL SIGNER,SIGNER");
	else if (!pool)
		result = err_set(e, REASON_MEMORY, "document of a client");
	if (!result.ok || !send_bill(sim, &b, &r, report, e).ok)
		return -1;
	return r.n > 0;
}

/* <Reasons> as they are kept, a line each. */
static outcome print_reasons(struct pool *pool, const char *kept, struct buf *report, struct err *e)
{
	struct reasons r = {.pool = pool};
	xmlDoc *doc;

	TRY(envelope_parse_document(pool, bytes_str(kept), &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	reasons_read(&r, xmlDocGetRootElement(doc));
	for (size_t i = 0; i < r.n; i++)
		buf_printf(report, "  %s\n", r.list[i].text);
	return DONE;
}

int treasury_show_document(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct treasury_state *state = pool ? POOL_NEW(pool, struct treasury_state) : NULL;
	bool found;

	if (!argument || !state) {
		(void)err_set(e, argument ? REASON_MEMORY : REASON_USAGE, "the argument is the number of a document");
		return -1;
	}
	if (!treasury_document_find(sim_state(sim), CLIENT_BIN, argument, OWN, state, &found, e).ok)
		return -1;
	buf_printf(report, "document %s: %s\n", argument, found ? state->status : "unknown");
	if (found && state->reasons[0] && !print_reasons(pool, state->reasons, report, e).ok)
		return -1;
	return !found;
}
