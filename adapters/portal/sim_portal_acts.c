/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_portal_acts - what applicants do on the simulated portal: file, and fetch documents.
 * Promise:  the portal signs nothing itself: an application bears the signature of the applicant.
 * Not here: cabinets (sim_portal_cabinet.c).
 * Spec:     P5, P7, P17, B3; wsdl/permits/v1/permits.xsd */
#include <libxml/tree.h>
#include <stdlib.h>

#include "base/file.h"
#include "common/service.h"
#include "files/temp_fetch.h"
#include "portal/sim_portal_acts.h"
#include "portal/sim_portal_cabinet.h"

#define NS_PERMITS "urn:qaqpa:permits:v1"
#define ACT_POOL (128u << 20)
#define DATA_BYTES (1u << 20)
#define FILE_BYTES (10u << 20)

/* ---- filing ---- */

enum { SIGNER, NUMBER, SERVICE, KIND, PAYMENT, BASIS, FILE_PATH, TO, WORDS };
static const char *const word_names[WORDS] = {
	"signer", "number", "service", "kind", "payment", "basis", "file", "to"};

struct filing {
	struct sim *sim;
	struct pool *pool;
	struct reasons reasons;
	struct system_info info;
	const char *words[WORDS];
	char name[CABINET_NAME];
	bool done;
};

/* One NAME=VALUE of the argument. */
static bool take_word(struct filing *f, struct bytes word)
{
	for (size_t i = 0; i < WORDS; i++) {
		size_t n = strlen(word_names[i]);

		if (word.n <= n || memcmp(word.p, word_names[i], n) != 0 || word.p[n] != '=')
			continue;
		f->words[i] = pool_copy(f->pool, bytes_sub(word, n + 1, word.n));
		return f->words[i];
	}
	return false;
}

static outcome read_words(struct filing *f, const char *argument, struct err *e)
{
	f->words[SIGNER] = "person";
	f->words[NUMBER] = "900101300017";
	f->words[SERVICE] = "LICENCE-001";
	f->words[KIND] = "APPLICATION";
	f->words[TO] = "PERMITS_APPLICATION";
	for (const char *at = argument ? argument : ""; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		if (n > 0 && !take_word(f, bytes_sub(bytes_str(at), 0, n)))
			return err_set(e, REASON_USAGE, "the argument is words NAME=VALUE that the portal knows; %.*s is none",
				(int)n, at);
		at += n;
	}
	return DONE;
}

/* The file goes into the temporary store, and its digest into the application. False with reasons. */
static outcome attach(struct filing *f, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf content = BUF(FILE_BYTES);
	const char *path = f->words[FILE_PATH], *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *folder = slash ? pool_copy(f->pool, bytes_sub(bytes_str(path), 0, (size_t)(name - path))) : ".";
	char sha256[SHA256_TEXT];
	const char *id;

	if (!folder)
		return err_set(e, REASON_MEMORY, "attachment");
	TRY(file_read(folder, name, FILE_BYTES, &content, e));
	id = temp_upload(f->sim, &f->reasons, name, buf_bytes(&content));
	if (!id)
		return DONE;
	sha256_print(buf_bytes(&content), sha256);
	buf_str(out, "<Attachments><Attachment>");
	payload_field(out, "Name", name);
	payload_field(out, "FileIdentifier", id);
	payload_field(out, "Sha256", sha256);
	buf_str(out, "</Attachment></Attachments>");
	return DONE;
}

static outcome write_filing(struct filing *f, struct buf *out, struct err *e)
{
	const char *number = f->words[NUMBER];

	question_begin(out, NS_PERMITS, "ApplicationRequest", &f->info);
	payload_field(out, "DocumentKind", f->words[KIND]);
	payload_field(out, "ServiceCode", f->words[SERVICE]);
	buf_str(out, "<Applicant>");
	/* the fifth digit of a BIN is 4 to 6, that of an IIN the first of a day */
	payload_field(out, strlen(number) > 4 && number[4] >= '4' ? "Bin" : "Iin", number);
	payload_field(out, "Name", f->name);
	buf_str(out, "</Applicant>");
	if (f->words[BASIS])
		payload_field(out, "Basis", f->words[BASIS]);
	if (f->words[PAYMENT])
		payload_field(out, "Payment", f->words[PAYMENT]);
	payload_field(out, "Statement", "Filed on the portal.");
	if (f->words[FILE_PATH])
		TRY(attach(f, out, e));
	question_end(out, "ApplicationRequest");
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "application");
}

static void report_filing(const struct filing *f, const struct _xmlNode *answer, struct buf *report)
{
	const struct _xmlNode *data = payload_child(answer, "ResponseData");
	const char *nikad = payload_text(f->pool, data, "Nikad");
	const char *registration = payload_text(f->pool, data, "RegistrationNumber");

	buf_printf(report, "request %s: ", f->info.request_number);
	if (!f->done)
		buf_str(report, reasons_line(&f->reasons));
	else
		buf_printf(report, "NIKAD %s%s%s", nikad ? nikad : "-", registration ? ", registration " : "",
			registration ? registration : "");
	buf_char(report, '\n');
}

static outcome file(struct filing *f, struct buf *report, struct err *e)
{
	SCOPED(buf_free) struct buf plain = BUF(DATA_BYTES), signed_text = BUF(2 * DATA_BYTES);
	const struct _xmlNode *answer = NULL;

	if (!system_info_fresh(f->pool, &f->info))
		return err_set(e, REASON_MEMORY, "application");
	TRY(cabinet_user(sim_state(f->sim), f->words[NUMBER], f->name, e));
	if (!f->name[0])
		return err_set(e, REASON_USAGE, "no user of the portal has this number");
	TRY(write_filing(f, &plain, e));
	if (f->reasons.n == 0) {
		TRY(sim_document_sign(f->sim, f->pool, f->words[SIGNER], buf_bytes(&plain), &signed_text, e));
		TRY(cabinet_filed(sim_state(f->sim), f->info.request_number, f->words[NUMBER], e));
		f->done = ask(f->sim, &f->reasons, f->words[TO], &signed_text, &answer);
	}
	report_filing(f, answer, report);
	return DONE;
}

int portal_file(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct filing f = {.sim = sim, .pool = pool, .reasons = {.pool = pool}};

	if (!pool) {
		(void)err_set(e, REASON_MEMORY, "application");
		return -1;
	}
	if (!read_words(&f, argument, e).ok || !file(&f, report, e).ok)
		return -1;
	return !f.done;
}

/* ---- documents ---- */

static outcome fetch(struct sim *sim, const char *number, struct reasons *r, struct buf *report, struct err *e)
{
	SCOPED(buf_free) struct buf content = BUF(FILE_BYTES);
	struct cabinet_document d;

	TRY(cabinet_document(sim_state(sim), number, &d, e));
	if (!d.known)
		return err_set(e, REASON_USAGE, "no notice has a file of the document %.64s", number);
	if (temp_fetch(sim, r, d.file_id, d.sha256, &content))
		buf_printf(report, "%s: %zu octets, the digest is right\n", d.file_name, content.len);
	else
		buf_printf(report, "%s: %s\n", d.file_name, reasons_line(r));
	return DONE;
}

int portal_fetch(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct reasons r = {.pool = pool};
	outcome result;

	if (!argument)
		result = err_set(e, REASON_USAGE, "the argument is the number of a document");
	else
		result = pool ? fetch(sim, argument, &r, report, e) : err_set(e, REASON_MEMORY, "document");
	if (!result.ok)
		return -1;
	return r.n > 0;
}
