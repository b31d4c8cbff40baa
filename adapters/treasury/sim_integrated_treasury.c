/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_integrated_treasury - the simulated Integrated Treasury IS: executes documents within what is allotted, or
 *           returns them with the reasons.
 * Promise:  a document is decided once, in one unit with the money that it takes, and its result is told until it is taken
 *           over; a document that comes again is told the same.
 * Not here: form and signatures, which the Treasury-Client judged.
 * Spec:     T1; wsdl/treasury/v1/treasury.xsd */
#include <libxml/tree.h>
#include <stdlib.h>

#include "common/service.h"
#include "common/store.h"
#include "treasury/control.h"

#define ANSWER_BYTES (1u << 20)

/* Amounts in hundredths; the same for every start. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS allotment (bin TEXT NOT NULL, programme TEXT NOT NULL, remains INTEGER NOT NULL,"
	" PRIMARY KEY (bin, programme)) STRICT;"
	"INSERT INTO allotment VALUES ('200440000015', '001', 100000000), ('200440000015', '002', 5000000),"
	" ('200540000019', '001', 100000000) ON CONFLICT DO NOTHING;"
	"CREATE TABLE IF NOT EXISTS document (number TEXT PRIMARY KEY, kind TEXT NOT NULL, bin TEXT NOT NULL,"
	" text TEXT NOT NULL, reasons TEXT NOT NULL, moment TEXT NOT NULL, told INTEGER NOT NULL) STRICT;";

static outcome open_integrated(const char *directory, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = store_open(directory, "integrated-treasury.db", schema, &s, e);

	*state = s;
	return result;
}

static void close_integrated(void *state)
{
	struct store *s = state;

	store_close(&s);
}

/* One document while it is decided. */
struct deciding {
	struct pool *pool;
	struct store *store;
	const struct _xmlNode *business; /* of the client's document */
	const char *number, *kind, *bin, *text;
	struct reasons why;
	char reasons[65536], moment[STAMP_TEXT], told[2];
};

static outcome spend(const struct control_line *line, void *ctx, struct err *e)
{
	struct deciding *d = ctx;
	char remains[24] = "", left[24];
	const struct store_column column = {remains, sizeof remains};
	int64_t amount;
	bool found;

	if (!amount_read(line->amount, &amount))
		return err_set(e, REASON_PAYLOAD_SCHEMA, "an amount cannot be read");
	TRY(store_run(d->store, "UPDATE allotment SET remains = remains - CAST(replace(?3, '.', '') AS INTEGER)"
		" WHERE bin = ?1 AND programme = ?2 RETURNING CAST(remains AS TEXT)",
		(const char *[]){d->bin, line->programme, line->amount}, 3, &column, 1, &found, e));
	amount_write(strtoll(remains, NULL, 10) + amount, left);
	if (!found)
		reasons_add(&d->why, "allotment.absent", "line %.20s: nothing is allotted to the client for programme %s",
			line->number, line->programme);
	else if (remains[0] == '-')
		reasons_add(&d->why, "allotment.exceeded", "line %.20s: %s remain for programme %s, and %s are asked for",
			line->number, left, line->programme, line->amount);
	return DONE;
}

/* A document that is returned takes no money. */
static outcome settle(struct deciding *d, struct err *e)
{
	SCOPED(buf_free) struct buf reasons = BUF(ANSWER_BYTES);

	TRY(store_run(d->store, "SAVEPOINT spending", NULL, 0, NULL, 0, NULL, e));
	if (control_pays(d->kind))
		TRY(control_lines(d->pool, d->business, spend, d, e));
	if (d->why.n > 0) {
		TRY(store_run(d->store, "ROLLBACK TO spending", NULL, 0, NULL, 0, NULL, e));
		reasons_write(&reasons, &d->why);
	}
	TRY(store_run(d->store, "RELEASE spending", NULL, 0, NULL, 0, NULL, e));
	return store_run(d->store, "INSERT INTO document VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
		(const char *[]){d->number, d->kind, d->bin, d->text, buf_cstr(&reasons), d->moment}, 6, NULL, 0, NULL, e);
}

static outcome decide_in_unit(struct store *s, void *ctx, struct err *e)
{
	static const char find[] = "SELECT reasons, moment, told FROM document WHERE number = ?1";
	struct deciding *d = ctx;
	const struct store_column columns[] = {{d->reasons, sizeof d->reasons}, {d->moment, sizeof d->moment},
		{d->told, sizeof d->told}};
	bool found;

	d->store = s;
	TRY(store_run(s, find, &d->number, 1, columns, 3, &found, e));
	if (found)
		return DONE;
	TRY(settle(d, e));
	return store_run(s, find, &d->number, 1, columns, 3, NULL, e);
}

/* Tells the Treasury-Client; its queue at the gateway takes it. Fails when it does not: then the document comes again. */
static outcome tell(struct sim *sim, struct deciding *d, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct reasons r = {.pool = d->pool};
	struct system_info info;

	if (!system_info_fresh(d->pool, &info))
		return err_set(e, REASON_MEMORY, "result of a document");
	question_begin(&data, NS_TREASURY, "TreasuryResultRequest", &info);
	payload_field(&data, "TreasuryNumber", d->number);
	if (d->reasons[0])
		buf_printf(&data, "<ReturnReasons>%s</ReturnReasons>", d->reasons);
	else
		payload_field(&data, "Executed", d->moment);
	question_end(&data, "TreasuryResultRequest");
	if (!ask(sim, &r, "TREASURY_RESULT", &data, NULL))
		return err_set(e, REASON_PROVIDER_STATUS, "%.200s", reasons_line(&r));
	return store_do(sim_state(sim), "UPDATE document SET told = 1 WHERE number = ?1", &d->number, 1, NULL, 0, NULL, e);
}

static bool read_document(struct deciding *d, struct err *e)
{
	const struct _xmlNode *root;
	xmlDoc *doc;

	if (!envelope_parse_document(d->pool, bytes_str(d->text), &ENVELOPE_LIMITS_DEFAULT, &doc, e).ok)
		return false;
	root = xmlDocGetRootElement(doc);
	d->business = payload_child(root, "BusinessData");
	d->kind = payload_text(d->pool, d->business, "DocumentKind");
	d->bin = payload_text(d->pool, payload_child(d->business, "Client"), "Bin");
	return payload_is(root, NS_TREASURY, "TreasuryDocumentRequest") && d->kind && d->bin;
}

static outcome take_document(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_TREASURY, "IntegratedDocumentResponse", "The document is taken.", NULL, NULL};
	static const char *const names[] = {"TreasuryNumber", "Document"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct deciding *d = POOL_NEW(in->pool, struct deciding);
	struct service_request r;
	const char *text[2];

	if (!d)
		return err_set(e, REASON_MEMORY, "document");
	if (!service_open(&r, sim, in, NS_TREASURY, "IntegratedDocumentRequest") ||
		!payload_texts(r.pool, r.business, names, text, 2))
		return reply_unreadable(out, "The payload is not an IntegratedDocumentRequest of treasury.xsd.");
	*d = (struct deciding){.pool = in->pool, .number = text[0], .text = text[1], .why = {.pool = in->pool}};
	stamp_print(sim_now(), d->moment);
	if (!read_document(d, e))
		return reply_unreadable(out, "The document is not a TreasuryDocumentRequest of treasury.xsd.");
	TRY(store_transact(sim_state(sim), decide_in_unit, d, e));
	if (d->told[0] != '1')
		TRY(tell(sim, d, e));
	answer_begin(&data, &form, &r.info);
	payload_field(&data, "TreasuryNumber", d->number);
	return answer_reply(&data, &form, &r.reasons, out, e);
}

static const struct sim_service services[] = {
	{"INTEGRATED_TREASURY_DOCUMENT", take_document},
	{NULL, NULL},
};

extern const struct sim_system sim_system_integrated_treasury;
const struct sim_system sim_system_integrated_treasury = {
	.name = "integrated-treasury",
	.summary = "Integrated Treasury IS: executes documents within what is allotted, or returns them",
	.services = services,
	.open = open_integrated,
	.close = close_integrated,
};
