/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits - the simulated permits system: gives numbers and registers signed documents.
 * Promise:  every check is made before anything is said, and all reasons are in the answer (P6).
 * Not here: numbers themselves (nikad.c), what was given (sim_permits_store.c).
 * Spec:     P1, P2, P3, P4, P6, B3; wsdl/permits/v1/permits.xsd and document.xsd */
#include <libxml/tree.h>

#include "base/ident.h"
#include "common/payload.h"
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

/* The senderId as the gateway vouches for it: it is the sender's, or the gateway had refused the message. */
static const char *sender_of(const struct sim_request *in)
{
	return pool_copy(in->pool, in->request->sender_id);
}

static outcome give_number(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	struct reasons r = {.pool = in->pool};
	const struct _xmlNode *business = payload_child(in->payload, "BusinessData");
	const char *type = payload_text(in->pool, business, "DocumentType");
	const char *kind = payload_text(in->pool, business, "DocumentKind");
	const char *sender = sender_of(in);
	struct system_info info;
	struct nikad given;

	if (!payload_is(in->payload, NS_PERMITS, "NikadRequest") || !sender || !type || !kind ||
		!system_info_read(in->pool, in->payload, &info))
		return reply_unreadable(out, "The payload is not a NikadRequest of permits.xsd.");
	if (!nikad_type_is(bytes_str(type)))
		reasons_add(&r, "nikad.type", "the type %.64s is not three Latin capital letters without I and O",
			type);
	judge_kind(&r, kind);
	if (r.n == 0)
		TRY(permits_store_issue(sim_state(sim), type, kind, sender, &given, e));
	buf_str(&data, "<p:NikadResponse xmlns:p=\"" NS_PERMITS "\">");
	system_info_echo(&data, &info);
	buf_str(&data, "<ResponseData>");
	if (r.n == 0)
		payload_field(&data, "Nikad", given.text);
	else
		reasons_write(&data, &r);
	buf_str(&data, "</ResponseData></p:NikadResponse>");
	if (r.n > 0)
		return reply_with(out, in->pool, "SCSE001", reasons_line(&r), &data, e);
	return reply_with(out, in->pool, "SCSS001", "The number is given.", &data, e);
}

/* One registration while it is judged. */
struct registering {
	struct sim *sim;
	struct pool *pool;
	struct reasons reasons;
	struct system_info info;
	const char *sender, *kind, *document;
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
		reasons_add(&g->reasons, "nikad.malformed", "%s", buf_cstr(&words));
		return DONE;
	}
	TRY(permits_store_find(sim_state(g->sim), &g->nikad, &given, e));
	if (!given.known)
		reasons_add(&g->reasons, "nikad.unknown", "the number %s was not given by this system",
			g->nikad.text);
	else if (strcmp(given.sender, g->sender) != 0)
		reasons_add(&g->reasons, "nikad.foreign", "the number %s was given to another system", g->nikad.text);
	else if (given.registration[0])
		reasons_add(&g->reasons, "nikad.used", "the number %s was used for registration %s", g->nikad.text,
			given.registration);
	if (given.known && strcmp(given.kind, g->kind) != 0)
		reasons_add(&g->reasons, "nikad.kind", "the number %s was given for a document of kind %s",
			g->nikad.text, given.kind);
	return DONE;
}

static void judge_subject(struct registering *g, const struct _xmlNode *document)
{
	const struct _xmlNode *subject = payload_child(document, "Subject");
	const char *iin = payload_text(g->pool, subject, "Iin"), *bin = payload_text(g->pool, subject, "Bin");

	if (!iin == !bin)
		reasons_add(&g->reasons, "document.subject",
			"the document names no single IIN or BIN of its subject");
	else if (!iin_bin_is(bytes_str(iin ? iin : bin)))
		reasons_add(&g->reasons, "document.subject", "the %s of the subject has a wrong check digit",
			iin ? "IIN" : "BIN");
}

static void judge_document(struct registering *g)
{
	const struct _xmlNode *root;
	const char *number, *kind;
	struct err why;
	xmlDoc *doc;

	if (!envelope_parse_document(g->pool, bytes_str(g->document), &ENVELOPE_LIMITS_DEFAULT, &doc, &why).ok) {
		reasons_add(&g->reasons, "document.malformed", "%s %s", reason_row(why.reason)->title, why.detail);
		return;
	}
	root = xmlDocGetRootElement(doc);
	if (!payload_is(root, NS_DOCUMENT, "AdministrativeDocument")) {
		reasons_add(&g->reasons, "document.malformed", "the document is not an AdministrativeDocument");
		return;
	}
	number = payload_text(g->pool, root, "Nikad");
	kind = payload_text(g->pool, root, "DocumentKind");
	if (!number || !g->nikad_is_sound || strcmp(number, g->nikad.text) != 0)
		reasons_add(&g->reasons, "document.nikad",
			"the number in the document is not the number of the request");
	if (!kind || strcmp(kind, g->kind) != 0)
		reasons_add(&g->reasons, "document.kind", "the kind in the document is not the kind of the request");
	judge_subject(g, root);
}

static void judge_signature(struct registering *g)
{
	const char *signer;
	struct err why;

	if (!sim_document_verify(g->sim, g->pool, bytes_str(g->document), &signer, &why).ok)
		reasons_add(&g->reasons, "document.signature", "%s %s", reason_row(why.reason)->title, why.detail);
	else if (strcmp(signer, g->sender) != 0)
		reasons_add(&g->reasons, "document.signer",
			"the document is signed by another system than the sender");
}

static outcome answer_registering(struct registering *g, struct sim_reply *out, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(ANSWER_BYTES);
	bool refused = g->reasons.n > 0;

	buf_str(&data, "<p:RegisterResponse xmlns:p=\"" NS_PERMITS "\">");
	system_info_echo(&data, &g->info);
	buf_str(&data, "<ResponseData>");
	if (refused) {
		reasons_write(&data, &g->reasons);
	} else {
		payload_field(&data, "RegistrationNumber", g->registration);
		payload_field(&data, "RegistrationDate", g->moment);
	}
	payload_field(&data, "CurrentStatus", refused ? "002" : "001");
	payload_field(&data, "CurrentStatusText", refused ? "Not registered" : "Registered");
	buf_str(&data, "</ResponseData></p:RegisterResponse>");
	if (refused)
		return reply_with(out, g->pool, "SCSE001", reasons_line(&g->reasons), &data, e);
	return reply_with(out, g->pool, "SCSS001", "The document is registered.", &data, e);
}

static outcome register_document(struct sim *sim, const struct sim_request *in, struct sim_reply *out,
	struct err *e)
{
	const struct _xmlNode *business = payload_child(in->payload, "BusinessData");
	const char *written = payload_text(in->pool, business, "Nikad");
	struct registering g = {
		.sim = sim,
		.pool = in->pool,
		.reasons = {.pool = in->pool},
		.sender = sender_of(in),
		.kind = payload_text(in->pool, business, "DocumentKind"),
		.document = payload_text(in->pool, business, "Document"),
	};
	bool taken = false;

	if (!payload_is(in->payload, NS_PERMITS, "RegisterRequest") || !written || !g.sender || !g.kind ||
		!g.document || !system_info_read(in->pool, in->payload, &g.info))
		return reply_unreadable(out, "The payload is not a RegisterRequest of permits.xsd.");
	judge_kind(&g.reasons, g.kind);
	TRY(judge_number(&g, written, e));
	judge_document(&g);
	judge_signature(&g);
	stamp_print(stamp_now(), g.moment);
	if (g.reasons.n == 0)
		TRY(permits_store_register(sim_state(sim), &g.nikad, g.document, g.moment, g.registration, &taken,
			e));
	if (taken)
		reasons_add(&g.reasons, "nikad.used", "the number %s was used at the same moment", g.nikad.text);
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
