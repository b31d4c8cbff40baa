/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring_data - category 2: the provider of a service asks for data on documents or on the application itself,
 *           instead of copies on paper.
 * Promise:  data goes to the provider of the application and to nobody else; it is what the source answered.
 * Spec:     M2, M6; wsdl/monitoring/v1/monitoring.xsd */
#include <libxml/tree.h>

#include "common/service.h"
#include "monitoring/sim_monitoring_data.h"

#define ANSWER_BYTES (16u << 20)

struct keeping {
	const char *application[3];
	const struct monitoring_document *document;
};

static outcome keep_in_unit(struct store *s, void *ctx, struct err *e)
{
	const struct keeping *k = ctx;
	const struct monitoring_document *d = k->document;

	TRY(store_run(s, "INSERT INTO application VALUES (?1, ?2, ?3)", k->application, 3, NULL, 0, NULL, e));
	if (!d)
		return DONE;
	return store_run(s, "INSERT INTO document VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		(const char *[]){k->application[0], d->code, d->number, d->source, d->fetched, d->data}, 6, NULL, 0, NULL, e);
}

outcome monitoring_keep_application(struct store *s, const char *request_number, const char *provider, const char *xml,
	const struct monitoring_document *d, struct err *e)
{
	struct keeping k = {{request_number, provider, xml}, d};

	return store_transact(s, keep_in_unit, &k, e);
}

/* One request for data. */
struct asking {
	struct service_request r;
	const char *number; /* of the application */
	char *text;         /* room for MONITORING_DATA_BYTES */
	struct buf *out;
};

/* Reads the application; it is the caller's to ask about. */
static outcome find_application(struct asking *a, struct err *e)
{
	char provider[129] = "";
	const struct store_column columns[] = {{provider, sizeof provider}, {a->text, MONITORING_DATA_BYTES}};
	bool known;

	TRY(store_do(sim_state(a->r.sim), "SELECT provider, xml FROM application WHERE request_number = ?1", &a->number, 1,
		columns, 2, &known, e));
	if (!known)
		reasons_add(&a->r.reasons, "request.unknown", "no application has the number %.20s", a->number);
	else if (strcmp(provider, a->r.sender) != 0)
		reasons_add(&a->r.reasons, "request.foreign", "the application %.20s went to another provider", a->number);
	return DONE;
}

static outcome give_document(struct asking *a, const char *code, struct err *e)
{
	char number[251] = "", source[129] = "", fetched[STAMP_TEXT + 1] = "";
	const struct store_column columns[] = {{number, sizeof number}, {source, sizeof source}, {fetched, sizeof fetched},
		{a->text, MONITORING_DATA_BYTES}};
	const char *values[] = {a->number, code};
	bool known;

	TRY(store_do(sim_state(a->r.sim), "SELECT number, source, fetched, data FROM document WHERE request_number = ?1"
		" AND code = ?2", values, 2, columns, 4, &known, e));
	if (!known) {
		reasons_add(&a->r.reasons, "document.absent", "no data was fetched of a document %.32s", code);
		return DONE;
	}
	buf_str(a->out, "<Document>");
	payload_field(a->out, "Code", code);
	payload_field(a->out, "Number", number);
	payload_field(a->out, "Source", source);
	payload_field(a->out, "FetchedDate", fetched);
	payload_field(a->out, "Data", a->text);
	buf_str(a->out, "</Document>");
	return DONE;
}

static outcome give_documents(struct asking *a, struct err *e)
{
	struct bytes text;
	const char *code;

	for (const xmlNode *c = a->r.business->children; c; c = c->next) {
		if (!payload_is(c, "", "DocumentCode"))
			continue;
		if (!node_text(a->r.pool, c, &text) || !(code = pool_copy(a->r.pool, text)))
			return err_set(e, REASON_MEMORY, "request for data");
		TRY(give_document(a, code, e));
	}
	return DONE;
}

static outcome give(struct asking *a, struct err *e)
{
	TRY(find_application(a, e));
	if (a->r.reasons.n > 0)
		return DONE;
	if (!payload_child(a->r.business, "Application"))
		return give_documents(a, e);
	payload_field(a->out, "Application", a->text);
	return DONE;
}

outcome monitoring_give_data(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {NS_MONITORING, "DataResponse", "The data is given.", "Given", "Not given"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES), found = BUF(ANSWER_BYTES);
	struct asking a = {.out = &found, .text = pool_alloc(in->pool, MONITORING_DATA_BYTES)};
	const char *kind;

	if (!a.text)
		return err_set(e, REASON_MEMORY, "request for data");
	if (!service_open(&a.r, sim, in, NS_MONITORING, "DataRequest") ||
		!(a.number = payload_text(in->pool, a.r.business, "RequestNumber")) ||
		!(kind = payload_text(in->pool, a.r.business, "MessageKind")) || strcmp(kind, "request") != 0)
		return reply_unreadable(out, "The payload is not a DataRequest of monitoring.xsd.");
	TRY(give(&a, e));
	answer_begin(&data, &form, &a.r.info);
	buf_str(&data, "<MessageKind>response</MessageKind>");
	if (a.r.reasons.n == 0)
		buf_add(&data, buf_bytes(&found));
	return answer_reply(&data, &form, &a.r.reasons, out, e);
}
