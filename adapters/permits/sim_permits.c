/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits - the simulated permits system: gives numbers and registers signed documents.
 * Promise:  every check is made before anything is said, and all reasons are in the answer (P6).
 * Not here: numbers themselves (nikad.c), what was given (sim_permits_store.c).
 * Spec:     P1, P2, P3, P4, P6, B3; wsdl/permits/v1/permits.xsd and document.xsd */
#include <libxml/tree.h>

#include "base/ident.h"
#include "common/service.h"
#include "nikad/nikad.h"
#include "permits/sim_permits_store.h"

#define NS_PERMITS "urn:qaqpa:permits:v1"
#define NS_DOCUMENT "urn:qaqpa:permits:document:v1"
#define ANSWER_BYTES 65536

static bool kind_is_known(const char *kind)
{
	static const char *const kinds[] = {"APPLICATION", "NOTIFICATION", "NOTICE_TO_APPLICANT", "PERMIT",
		"REFUSAL", "COORDINATION_REQUEST", "COORDINATION_REPLY", "NOTICE_TO_HOLDER"};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

static void judge_kind(struct reasons *r, const char *kind)
{
	if (!kind_is_known(kind))
		reasons_add(r, "document.kind", "%.64s is no kind of document", kind);
}

static outcome open_permits(const char *directory, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = permits_store_open(directory, &s, e);

	*state = s;
	return result;
}

static void close_permits(void *state)
{
	struct store *s = state;

	store_close(&s);
}

static outcome give_number(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	static const struct answer_form form = {NS_PERMITS, "NikadResponse", "The number is given.", NULL, NULL};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	enum { TYPE, KIND, FIELDS };
	static const char *const names[] = {"DocumentType", "DocumentKind"};
	const char *text[FIELDS];
	struct service_request r;
	struct nikad given;

	if (!service_open(&r, sim, in, NS_PERMITS, "NikadRequest") ||
		!payload_texts(r.pool, r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not a NikadRequest of permits.xsd.");
	if (!nikad_type_is(bytes_str(text[TYPE])))
		reasons_add(&r.reasons, "nikad.type",
			"the type %.64s is not three Latin capital letters without I and O", text[TYPE]);
	judge_kind(&r.reasons, text[KIND]);
	if (r.reasons.n == 0)
		TRY(permits_store_issue(sim_state(sim), text[TYPE], text[KIND], r.sender, &given, e));
	answer_begin(&data, &form, &r.info);
	if (r.reasons.n == 0)
		payload_field(&data, "Nikad", given.text);
	return answer_reply(&data, &form, &r.reasons, out, e);
}

/* One registration while it is judged. */
struct registering {
	struct service_request r;
	const char *kind, *document;
	struct nikad nikad;
	bool nikad_is_sound;
	char registration[16], moment[STAMP_TEXT];
};

static outcome judge_number(struct registering *g, const char *written, struct err *e)
{
	SCOPED(buf_free) struct buf words = BUF(512);
	struct nikad_problem why;
	struct permits_given given;

	g->nikad_is_sound = nikad_parse(bytes_str(written), &g->nikad, &why);
	if (!g->nikad_is_sound) {
		nikad_problem_print(&why, &words);
		reasons_add(&g->r.reasons, "nikad.malformed", "%s", buf_cstr(&words));
		return DONE;
	}
	TRY(permits_store_find(sim_state(g->r.sim), &g->nikad, &given, e));
	if (!given.known)
		reasons_add(&g->r.reasons, "nikad.unknown", "the number %s was not given by this system",
			g->nikad.text);
	else if (strcmp(given.sender, g->r.sender) != 0)
		reasons_add(&g->r.reasons, "nikad.foreign", "the number %s was given to another system", g->nikad.text);
	else if (given.registration[0])
		reasons_add(&g->r.reasons, "nikad.used", "the number %s was used for registration %s", g->nikad.text,
			given.registration);
	if (given.known && strcmp(given.kind, g->kind) != 0)
		reasons_add(&g->r.reasons, "nikad.kind", "the number %s was given for a document of kind %s",
			g->nikad.text, given.kind);
	return DONE;
}

static void judge_subject(struct registering *g, const struct _xmlNode *document)
{
	const struct _xmlNode *subject = payload_child(document, "Subject");
	const char *iin = payload_text(g->r.pool, subject, "Iin"), *bin = payload_text(g->r.pool, subject, "Bin");

	if (!iin == !bin)
		reasons_add(&g->r.reasons, "document.subject",
			"the document names no single IIN or BIN of its subject");
	else if (!iin_bin_is(bytes_str(iin ? iin : bin)))
		reasons_add(&g->r.reasons, "document.subject", "the %s of the subject has a wrong check digit",
			iin ? "IIN" : "BIN");
}

static void judge_document(struct registering *g)
{
	const struct _xmlNode *root;
	const char *number, *kind;
	struct err why;
	xmlDoc *doc;

	if (!envelope_parse_document(g->r.pool, bytes_str(g->document), &ENVELOPE_LIMITS_DEFAULT, &doc, &why).ok) {
		reasons_add(&g->r.reasons, "document.malformed", "%s %s", reason_row(why.reason)->title, why.detail);
		return;
	}
	root = xmlDocGetRootElement(doc);
	if (!payload_is(root, NS_DOCUMENT, "AdministrativeDocument")) {
		reasons_add(&g->r.reasons, "document.malformed", "the document is not an AdministrativeDocument");
		return;
	}
	number = payload_text(g->r.pool, root, "Nikad");
	kind = payload_text(g->r.pool, root, "DocumentKind");
	if (!number || !g->nikad_is_sound || strcmp(number, g->nikad.text) != 0)
		reasons_add(&g->r.reasons, "document.nikad",
			"the number in the document is not the number of the request");
	if (!kind || strcmp(kind, g->kind) != 0)
		reasons_add(&g->r.reasons, "document.kind", "the kind in the document is not the kind of the request");
	judge_subject(g, root);
}

static void judge_signature(struct registering *g)
{
	const char *signer;
	struct err why;

	if (!sim_document_verify(g->r.sim, g->r.pool, bytes_str(g->document), &signer, &why).ok)
		reasons_add(&g->r.reasons, "document.signature", "%s %s", reason_row(why.reason)->title, why.detail);
	else if (strcmp(signer, g->r.sender) != 0)
		reasons_add(&g->r.reasons, "document.signer",
			"the document is signed by another system than the sender");
}

static outcome answer_registering(struct registering *g, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "RegisterResponse", "The document is registered.", "Registered", "Not registered"};
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);

	answer_begin(&data, &form, &g->r.info);
	if (g->r.reasons.n == 0) {
		payload_field(&data, "RegistrationNumber", g->registration);
		payload_field(&data, "RegistrationDate", g->moment);
	}
	return answer_reply(&data, &form, &g->r.reasons, out, e);
}

static outcome register_document(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	enum { NUMBER, KIND, DOCUMENT, FIELDS };
	static const char *const names[] = {"Nikad", "DocumentKind", "Document"};
	const char *text[FIELDS];
	struct registering g = {0};
	bool taken = false;

	if (!service_open(&g.r, sim, in, NS_PERMITS, "RegisterRequest") ||
		!payload_texts(g.r.pool, g.r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not a RegisterRequest of permits.xsd.");
	g.kind = text[KIND];
	g.document = text[DOCUMENT];
	judge_kind(&g.r.reasons, g.kind);
	TRY(judge_number(&g, text[NUMBER], e));
	judge_document(&g);
	judge_signature(&g);
	stamp_print(sim_now(), g.moment);
	if (g.r.reasons.n == 0)
		TRY(permits_store_register(sim_state(sim), &g.nikad, g.document, g.moment, g.registration, &taken,
			e));
	if (taken)
		reasons_add(&g.r.reasons, "nikad.used", "the number %s was used at the same moment", g.nikad.text);
	return answer_registering(&g, out, e);
}

static const struct sim_service services[] = {
	{"PERMITS_NIKAD", give_number},
	{"PERMITS_REGISTER", register_document},
	{NULL, NULL},
};

extern const struct sim_system sim_system_permits;
const struct sim_system sim_system_permits = {
	.name = "permits",
	.summary = "permits system: gives document numbers (NIKAD) and registers signed documents",
	.services = services,
	.open = open_permits,
	.close = close_permits,
};
