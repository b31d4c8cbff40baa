/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_permits_register - PERMITS_REGISTER: a signed document of a body is registered; a permit goes into the register, a
 *          decision ends its application.
 * Promise: every check is made before anything is said, and all reasons are in the answer (P6).
 * Spec:    P2, P3, P6, P12, P13, B3; wsdl/permits/v1/document.xsd */
#include <libxml/tree.h>

#include "permits/numbers.h"
#include "permits/sim_permits_case.h"
#include "permits/sim_permits_entry.h"
#include "permits/sim_permits_tell.h"
#include "permits/sim_permits_services.h"

#define NS_DOCUMENT "urn:qaqpa:permits:document:v1"

struct registering {
	struct served v;
	struct document d;
	bool readable;           /* the document is an AdministrativeDocument; then: */
	const char *service, *application, *issuer, *issuer_name, *date, *valid_until;
	struct subject subject;
	struct permits_case c;
};

static const struct _xmlNode *root_of(struct registering *g)
{
	struct reasons *r = &g->v.r.reasons;
	struct err why;
	xmlDoc *doc;

	if (!envelope_parse_document(g->v.r.pool, bytes_str(g->d.text), &ENVELOPE_LIMITS_DEFAULT, &doc, &why).ok) {
		reasons_add(r, "document.malformed", "%s %s", reason_row(why.reason)->title, why.detail);
		return NULL;
	}
	if (!payload_is(xmlDocGetRootElement(doc), NS_DOCUMENT, "AdministrativeDocument")) {
		reasons_add(r, "document.malformed", "the document is not an AdministrativeDocument");
		return NULL;
	}
	return xmlDocGetRootElement(doc);
}

static void read_fields(struct registering *g, const struct _xmlNode *root)
{
	const struct _xmlNode *issuer = payload_child(root, "Issuer");
	struct pool *pool = g->v.r.pool;

	g->service = payload_text(pool, root, "ServiceCode");
	g->application = payload_text(pool, root, "Application");
	g->issuer = payload_text(pool, issuer, "Bin");
	g->issuer_name = payload_text(pool, issuer, "Name");
	g->date = payload_text(pool, root, "DocumentDate");
	g->valid_until = payload_text(pool, root, "ValidUntil");
	if (!subject_read(pool, payload_child(root, "Subject"), &g->subject))
		reasons_add(&g->v.r.reasons, "document.subject", "the document names no single IIN or BIN of its subject");
	else
		subject_judge(&g->v.r.reasons, &g->subject, "document.subject");
	g->readable = g->service && g->issuer && g->issuer_name && g->date && g->subject.name;
	if (!g->readable)
		reasons_add(&g->v.r.reasons, "document.malformed", "a field of the document is absent");
}

static void judge_document(struct registering *g)
{
	const struct _xmlNode *root = root_of(g);
	const char *number = payload_text(g->v.r.pool, root, "Nikad"), *kind = payload_text(g->v.r.pool, root, "DocumentKind");

	if (!root)
		return;
	if (!number || !g->d.sound || strcmp(number, g->d.nikad.text) != 0)
		reasons_add(&g->v.r.reasons, "document.nikad", "the number in the document is not the number of the request");
	if (!kind || strcmp(kind, g->d.kind) != 0)
		reasons_add(&g->v.r.reasons, "document.kind", "the kind in the document is not the kind of the request");
	read_fields(g, root);
}

static bool is_decision(const struct registering *g)
{
	return strcmp(g->d.kind, "PERMIT") == 0 || strcmp(g->d.kind, "REFUSAL") == 0;
}

/* The application that is decided is this body's, about the same service and the same subject. */
static outcome judge_application(struct store *s, struct registering *g, struct err *e)
{
	struct reasons *r = &g->v.r.reasons;

	TRY(case_of(s, &g->v, g->application, false, &g->c, e));
	if (!g->c.known)
		return DONE;
	if (strcmp(g->c.body, g->issuer) != 0)
		reasons_add(r, "application.foreign", "the application %s is for another body", g->c.nikad);
	if (strcmp(g->c.service, g->service) != 0 || strcmp(g->c.subject, g->subject.number) != 0)
		reasons_add(r, "application.other", "the application %s is about another service or subject", g->c.nikad);
	return case_ripe(s, &g->v, &g->c, e);
}

static const struct permits_words granted = {"PERMIT", "Разрешение выдано.", "Рұқсат берілді.", NULL};
static const struct permits_words refused = {
	"REFUSAL", "В выдаче разрешения отказано.", "Рұқсат беруден бас тартылды.", NULL};

static outcome decide(struct store *s, struct registering *g, struct err *e)
{
	const struct new_entry n = {g->d.nikad.text, g->d.kind, g->service, &g->subject, g->issuer, g->issuer_name, g->date,
		g->valid_until, NULL};

	if (strcmp(g->d.kind, "PERMIT") == 0)
		TRY(entry_put(s, &n, e));
	if (!g->c.known)
		return DONE;
	TRY(case_status(s, &g->c, CASE_DECIDED, e));
	return permits_tell_applicant(s, &g->v, &g->c, &g->d, strcmp(g->d.kind, "PERMIT") == 0 ? &granted : &refused, e);
}

static outcome unit(struct store *s, struct served *v, struct err *e)
{
	struct registering *g = (struct registering *)v;

	TRY(document_judge(s, v, &g->d, e));
	if (g->readable && g->application && is_decision(g))
		TRY(judge_application(s, g, e));
	if (v->r.reasons.n > 0)
		return DONE;
	TRY(document_keep(s, v, &g->d, e));
	if (is_decision(g))
		TRY(decide(s, g, e));
	payload_field(v->answer, "RegistrationNumber", g->d.registration);
	payload_field(v->answer, "RegistrationDate", v->now);
	return DONE;
}

/* P13; what the applicant formed is sent on by an officer (P2). */
static void judge_signer(struct registering *g)
{
	bool by_officer = strcmp(g->d.kind, "APPLICATION") == 0 || strcmp(g->d.kind, "NOTIFICATION") == 0;

	document_signature(&g->v, &g->d);
	if (g->readable)
		(void)(by_officer ? document_signed_in : document_signed_by_head)(&g->v, &g->d, g->issuer);
}

outcome permits_register(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	static const struct answer_form form = {
		NS_PERMITS, "RegisterResponse", "The document is registered.", "Registered", "Not registered"};
	enum { NUMBER, KIND, DOCUMENT, FIELDS };
	static const char *const names[] = {"Nikad", "DocumentKind", "Document"};
	const char *text[FIELDS];
	struct registering g = {0};
	bool done;

	TRY(served_open(&g.v, sim, in, &form, "RegisterRequest", &done, out, e));
	if (done)
		return DONE;
	if (!payload_texts(in->pool, g.v.r.business, names, text, FIELDS))
		return reply_unreadable(out, "The payload is not a RegisterRequest of permits.xsd.");
	g.d.kind = text[KIND];
	g.d.text = text[DOCUMENT];
	if (!numbers_kind_is(g.d.kind))
		reasons_add(&g.v.r.reasons, "document.kind", "%.64s is no kind of document", g.d.kind);
	document_number(&g.v, &g.d, text[NUMBER]);
	judge_document(&g);
	judge_signer(&g);
	return served_finish(&g.v, unit, out, e);
}
