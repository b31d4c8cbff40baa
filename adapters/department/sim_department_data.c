/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_department_data - see sim_department_data.h.
 * Promise:  data of another document than the one that the application names is not taken.
 * Spec:     M2, M6 */
#include <libxml/tree.h>

#include "department/sim_department_data.h"

#define NS_MONITORING "urn:qaqpa:monitoring:v1"
#define QUESTION_BYTES 65536

static const xmlNode *documents(const struct application *a)
{
	const xmlNode *list = payload_child(payload_child(a->payload, "BusinessData"), "Documents");

	return list ? list->children : NULL;
}

/* Codes of the documents that were fetched; gives how many. */
static size_t write_codes(struct application *a, struct buf *out)
{
	size_t n = 0;

	for (const xmlNode *d = documents(a); d; d = d->next) {
		const char *code = payload_child(d, "Fetched") ? payload_text(a->pool, d, "Code") : NULL;

		if (!code)
			continue;
		payload_field(out, "DocumentCode", code);
		n++;
	}
	return n;
}

static bool keep(struct application *a, const char *code, const char *number, const xmlNode *given)
{
	const char *names[] = {"Source", "Data"}, *texts[2];
	struct err e;

	if (!payload_texts(a->pool, given, names, texts, 2))
		return false;
	return store_do(sim_state(a->sim), "INSERT OR REPLACE INTO document_data VALUES (?1, ?2, ?3, ?4, ?5)",
		(const char *[]){a->info.request_number, code, number, texts[0], texts[1]}, 5, NULL, 0, NULL, &e).ok;
}

static const xmlNode *given_of(struct application *a, const xmlNode *answer, const char *code)
{
	const xmlNode *data = payload_child(answer, "ResponseData");

	for (const xmlNode *d = data ? data->children : NULL; d; d = d->next) {
		const char *its = payload_is(d, "", "Document") ? payload_text(a->pool, d, "Code") : NULL;

		if (its && strcmp(its, code) == 0)
			return d;
	}
	return NULL;
}

/* Each document that was asked for: is it there, and the one that the application means? */
static void take(struct application *a, const xmlNode *answer)
{
	for (const xmlNode *d = documents(a); d; d = d->next) {
		const char *code = payload_child(d, "Fetched") ? payload_text(a->pool, d, "Code") : NULL;
		const xmlNode *given = code ? given_of(a, answer, code) : NULL;
		const char *number = payload_text(a->pool, d, "Number"), *its = payload_text(a->pool, given, "Number");

		if (!code)
			continue;
		if (!number || !its || strcmp(number, its) != 0)
			reasons_add(&a->reasons, "document.number",
				"the data of the document %.32s is not of the one that is named", code);
		else if (!keep(a, code, number, given))
			reasons_add(&a->reasons, "step.answer", "the data of the document %.32s could not be kept", code);
	}
}

bool department_fetch_data(struct application *a)
{
	SCOPED(buf_free) struct buf question = BUF(QUESTION_BYTES);
	const xmlNode *answer;

	question_begin(&question, NS_MONITORING, "DataRequest", &a->info);
	buf_str(&question, "<MessageKind>request</MessageKind>");
	payload_field(&question, "RequestNumber", a->info.request_number);
	if (write_codes(a, &question) > 0) {
		question_end(&question, "DataRequest");
		if (!ask(a->sim, &a->reasons, "MONITORING_DATA", &question, &answer))
			return false;
		take(a, answer);
	}
	if (a->reasons.n > 0)
		return false;
	a->done.data_taken[0] = '1';
	return true;
}
