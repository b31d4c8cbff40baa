/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_monitoring_filing - see sim_monitoring_filing.h.
 * Promise:  what could be fetched is not asked for on paper: the application names the source, and the data is kept for the
 *           provider. What could not is attached as a copy, and the application says why.
 * Not here: the form and the signature of applications (sim_monitoring_application.c).
 * Spec:     M4, M5, M6 */
#include <libxml/tree.h>

#include "common/service.h"
#include "monitoring/sim_monitoring_application.h"
#include "monitoring/sim_monitoring_data.h"
#include "monitoring/sim_monitoring_filing.h"

#define IDENTITY_SERVICE "GBDFL_UniversalServiceSync"
#define NS_IDENTITY "http://message.persistence.interactive.nat"
#define SENDER "monitoring_is"
#define PROVIDER "department_is"
#define USUAL_PERSON "900101300017"
#define FILING_POOL (16u << 20)
#define ANSWER_MS 60000 /* the department itself waits for other systems */

/* A file of one empty page stands for what a scanner gives. */
#define SCAN "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n" \
	"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n" \
	"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n" \
	"trailer\n<< /Size 4 /Root 1 0 R >>\n%%EOF\n"

struct filing {
	struct sim *sim;
	struct pool *pool;
	struct system_info info;
	const char *iin, *name;
	struct reasons why;                 /* the identity document could not be fetched; none: it was */
	bool dead;
	struct monitoring_document identity;
	struct buf *report;
};

/* "IIN NAME", the name may be left out. */
static outcome begin(struct filing *f, const char *argument, struct err *e)
{
	const char *words = argument ? argument : USUAL_PERSON, *space = strchr(words, ' ');
	struct bytes iin = {(const unsigned char *)words, space ? (size_t)(space - words) : strlen(words)};

	f->iin = pool_copy(f->pool, iin);
	f->name = space ? space + 1 : NULL;
	return f->iin && system_info_fresh(f->pool, &f->info) ? DONE : err_set(e, REASON_MEMORY, "application");
}

/* The first document that is valid. */
static const char *number_of_document(struct filing *f, const xmlNode *person)
{
	const xmlNode *documents = payload_child(person, "documents");

	for (const xmlNode *d = documents ? documents->children : NULL; d; d = d->next) {
		if (payload_is(d, "", "document") && !payload_child(d, "invalidityDate"))
			return payload_text(f->pool, d, "number");
	}
	return NULL;
}

static void take_identity(struct filing *f, const struct sim_answer *answer)
{
	const xmlNode *person = payload_child(payload_child(answer->payload, "persons"), "person");
	const char *surname = payload_text(f->pool, person, "surname"), *name = payload_text(f->pool, person, "name");
	char now[STAMP_TEXT];

	stamp_print(sim_now(), now);
	f->identity = (struct monitoring_document){.code = "ID-CARD", .number = number_of_document(f, person),
		.source = IDENTITY_SERVICE, .fetched = pool_copy(f->pool, bytes_str(now)),
		.data = pool_copy(f->pool, answer->payload_text)};
	f->dead = payload_child(person, "deathDate");
	if (!surname || !name || !f->identity.number || !f->identity.fetched || !f->identity.data)
		reasons_add(&f->why, "identity.absent", "%s: no valid document is known", IDENTITY_SERVICE);
	else
		f->name = pool_printf(f->pool, "%s %s", surname, name);
}

/* A request for the data of identity documents. */
static void fetch_identity(struct filing *f)
{
	SCOPED(buf_free) struct buf question = BUF(APPLICATION_BYTES);
	struct sim_call call = {.service_id = IDENTITY_SERVICE, .deadline_ms = ASK_MS};

	buf_str(&question, "<m:Request xmlns:m=\"" NS_IDENTITY "\">");
	payload_field(&question, "messageId", f->info.chain_id);
	payload_field(&question, "messageDate", f->info.request_date);
	payload_field(&question, "senderCode", SENDER);
	payload_field(&question, "iin", f->iin);
	buf_str(&question, "</m:Request>");
	call.data = buf_cstr(&question);
	sim_send_all(f->sim, &call, 1);
	if (ask_judge(&f->why, &call, NULL))
		take_identity(f, &call.answer);
	sim_calls_free(&call, 1);
}

static void write_copy(struct buf *out, const char *code, const char *name, const char *file, const char *why)
{
	buf_str(out, "<Document>");
	payload_field(out, "Code", code);
	payload_field(out, "Name", name);
	buf_str(out, "<Copy>");
	payload_field(out, "Name", file);
	buf_str(out, "<MediaType>application/pdf</MediaType><Content>");
	buf_base64(out, BYTES_LIT(SCAN));
	buf_str(out, "</Content>");
	payload_field(out, "Why", why);
	buf_str(out, "</Copy></Document>");
}

static void write_documents(const struct filing *f, struct buf *out)
{
	if (f->why.n > 0) {
		write_copy(out, "ID-CARD", "Identity card", "id-card.pdf", reasons_line(&f->why));
	} else {
		buf_str(out, "<Document><Code>ID-CARD</Code><Name>Identity card</Name>");
		payload_field(out, "Number", f->identity.number);
		buf_str(out, "<Fetched>");
		payload_field(out, "Source", f->identity.source);
		payload_field(out, "FetchedDate", f->identity.fetched);
		buf_str(out, "</Fetched></Document>");
	}
	write_copy(out, "EDUCATION", "Diploma", "diploma.pdf", "no information system of the state gives its data");
}

/* Signed, and kept for whoever provides the service. */
static outcome fill_in(struct filing *f, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf documents = BUF(APPLICATION_BYTES);
	const struct monitoring_applicant who = {f->iin, f->name, &documents};

	write_documents(f, &documents);
	TRY(monitoring_application(f->sim, f->pool, &f->info, &who, out, e));
	return monitoring_keep_application(sim_state(f->sim), f->info.request_number, PROVIDER, buf_cstr(out),
		f->why.n > 0 ? NULL : &f->identity, e);
}

static int file(struct filing *f, struct err *e)
{
	SCOPED(buf_free) struct buf application = BUF(2 * APPLICATION_BYTES);
	struct sim_answer answer;

	if (!fill_in(f, &application, e).ok || !sim_send(f->sim, f->pool, "DEPARTMENT_REQUEST", NULL, buf_cstr(&application),
			ANSWER_MS, &answer, e).ok)
		return -1;
	monitoring_report_answer(&answer, f->info.request_number, f->pool, f->report);
	return !answer.fault && bytes_is(answer.response.status_code, "SCSS001") ? 0 : 1;
}

int monitoring_send_application(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(FILING_POOL);
	struct filing f = {.sim = sim, .pool = pool, .why = {.pool = pool}, .report = report};

	if (!pool) {
		(void)err_set(e, REASON_MEMORY, "application");
		return -1;
	}
	if (!begin(&f, argument, e).ok)
		return -1;
	fetch_identity(&f);
	if (f.why.n > 0)
		buf_printf(report, "identity data not fetched: %s\n", reasons_line(&f.why));
	if (f.name && !f.dead)
		return file(&f, e);
	buf_printf(report, "not filed: %s\n",
		f.dead ? "this person is dead" : "the name is not known; say it after the IIN, as it stands on paper");
	return 1;
}
