/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_edms - the simulated document circulation: takes a document, and tells its sender by state cards what becomes
 *           of it.
 * Promise:  a document and the cards about it are kept in one unit, so that whoever was answered hears of every state,
 *           in order, also after a restart; a document that comes twice is kept once.
 * Not here: the sending of cards (common/outbox.c).
 * Spec:     A2, A9; bus contract 5.4; wsdl/edms/v1/ */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/bodies.h"
#include "common/moment.h"
#include "common/outbox.h"
#include "common/payload.h"
#include "edms/edms_card.h"

#define CARD_BYTES 65536
#define SERVICE_BYTES 160
#define EXECUTION_DAYS 15

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS document (id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL,"
	" portal_id TEXT NOT NULL, number TEXT NOT NULL, receiver TEXT NOT NULL, description TEXT NOT NULL,"
	" answers TEXT NOT NULL, registration TEXT NOT NULL, state TEXT NOT NULL, UNIQUE (sender, portal_id)) STRICT;"
	OUTBOX_SCHEMA;

static outcome open_edms(const char *directory, void **state, struct err *e)
{
	struct store *s = NULL;
	outcome result = store_open(directory, "edms.db", schema, &s, e);

	*state = s;
	return result;
}

static void close_edms(void *state)
{
	struct store *s = state;

	store_close(&s);
}

/* One document while it is taken. */
struct incoming {
	struct pool *pool;
	const char *sender, *portal_id, *number, *receiver, *description, *answers, *due;
	char moment[STAMP_TEXT], registration[32];
	struct reasons reasons; /* why it is not valid */
};

/* Cards go to a service that the sender of the document provides: appeals_is has APPEALS_EDMS_STATE. */
static void states_service(const char *sender, char out[SERVICE_BYTES])
{
	size_t n = strlen(sender);

	if (n > 3 && strcmp(sender + n - 3, "_is") == 0)
		n -= 3;
	snprintf(out, SERVICE_BYTES, "%.*s_EDMS_STATE", (int)(n < 128 ? n : 128), sender);
	for (char *c = out; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

struct field {
	const char *name, *text;
};

static outcome put_card(struct store *s, const char *sender, const char *attributes, const struct field *fields, size_t n,
	struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(CARD_BYTES);
	char service[SERVICE_BYTES];

	states_service(sender, service);
	for (size_t i = 0; i < n; i++)
		payload_field(&data, fields[i].name, fields[i].text);
	return outbox_put(s, service, attributes, &data, e);
}

/* The type of a card and its fields in the order of the contract. */
#define CARD(s, sender, type, e, ...)                                                                             \
	put_card(s, sender, EDMS_TYPE(NS_EDMS_NOTIFICATION, type), (const struct field[]){__VA_ARGS__},            \
		sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field), e)

static outcome not_valid(struct store *s, const struct incoming *in, struct err *e)
{
	return CARD(s, in->sender, "stateNotValid", e, {"date", in->moment}, {"idPortalInternal", in->portal_id},
		{"isValidReason", reasons_line(&in->reasons)});
}

/* The document that one answers. */
struct answered {
	char id[24], sender[129], portal_id[257], receiver[1025];
};

/* Nobody answers a document but the body that has it and the system that sent it, and nobody twice. */
static outcome find_answered(struct store *s, struct incoming *in, struct answered *out, struct err *e)
{
	const char *values[] = {in->answers, in->sender};
	const struct store_column columns[] = {{out->id, sizeof out->id}, {out->sender, sizeof out->sender},
		{out->portal_id, sizeof out->portal_id}, {out->receiver, sizeof out->receiver}};
	const struct body *body;
	bool found;

	TRY(store_run(s, "SELECT CAST(id AS TEXT), sender, portal_id, receiver FROM document WHERE state = 'execution'"
		" AND (registration = ?1 OR (number = ?1 AND sender = ?2))", values, 2, columns, 4, &found, e));
	body = found ? body_by_name(out->receiver) : NULL;
	if (!found || (strcmp(out->sender, in->sender) != 0 && (!body || strcmp(body->sender, in->sender) != 0)))
		reasons_add(&in->reasons, "document.answers", "no document %.100s waits for an answer of this sender", in->answers);
	return DONE;
}

static outcome work_begins(struct store *s, const struct incoming *in, struct err *e)
{
	return CARD(s, in->sender, "stateExecution", e, {"date", in->moment}, {"execDate", in->due},
		{"executive", body_by_name(in->receiver)->officer}, {"idPortalInternal", in->portal_id});
}

/* Its own sender hears of it. */
static outcome finish(struct store *s, const struct incoming *in, const struct answered *a, struct err *e)
{
	const char *id = a->id;

	TRY(store_run(s, "UPDATE document SET state = 'finished' WHERE id = ?1", &id, 1, NULL, 0, NULL, e));
	return CARD(s, a->sender, "stateFinished", e, {"author", a->receiver}, {"idPortalInternal", a->portal_id},
		{"realDate", in->moment}, {"resultCode", "1"}, {"resultText", in->description});
}

/* What becomes of a document that is kept, and the cards of that. */
static outcome proceed(struct store *s, struct incoming *in, const char *id, const char **state, struct err *e)
{
	struct answered answered;
	bool is_answer = in->answers[0];

	TRY(CARD(s, in->sender, "stateDelivered", e, {"date", in->moment}, {"idPortalInternal", in->portal_id}));
	if (is_answer)
		TRY(find_answered(s, in, &answered, e));
	*state = in->reasons.n ? "not-valid" : is_answer ? "registered" : "execution";
	if (in->reasons.n)
		return not_valid(s, in, e);
	snprintf(in->registration, sizeof in->registration, "ED-%.4s-%08d", in->moment, (int)strtol(id, NULL, 10));
	TRY(CARD(s, in->sender, "stateRegistered", e, {"date", in->moment}, {"idPortalInternal", in->portal_id},
		{"regNo", in->registration}));
	return is_answer ? finish(s, in, &answered, e) : work_begins(s, in, e);
}

static outcome take_in_unit(struct store *s, void *ctx, struct err *e)
{
	struct incoming *in = ctx;
	const char *values[] = {in->sender, in->portal_id, in->number, in->receiver, in->description, in->answers};
	const char *result[] = {NULL, in->registration, NULL}, *state;
	char id[24];
	bool fresh;

	TRY(store_run(s, "INSERT INTO document (sender, portal_id, number, receiver, description, answers, registration,"
		" state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', 'taken') ON CONFLICT (sender, portal_id) DO NOTHING"
		" RETURNING CAST(id AS TEXT)", values, 6, &(struct store_column){id, sizeof id}, 1, &fresh, e));
	if (!fresh)
		return DONE;
	TRY(proceed(s, in, id, &state, e));
	result[0] = id;
	result[2] = state;
	return store_run(s, "UPDATE document SET registration = ?2, state = ?3 WHERE id = ?1", result, 3, NULL, 0, NULL, e);
}

static const char *text_or(struct pool *pool, const struct _xmlNode *node, const char *name, const char *other)
{
	const char *text = payload_text(pool, node, name);

	return text ? text : other;
}

/* What a card needs to be filled; an answer goes to somebody outside the circulation. */
static void judge(struct incoming *in)
{
	if (!in->number[0])
		reasons_add(&in->reasons, "document.number", "docNo is absent");
	if (!in->description[0])
		reasons_add(&in->reasons, "document.description", "description is absent");
	if (!in->answers[0] && !body_by_name(in->receiver))
		reasons_add(&in->reasons, "document.receiver", "no organisation of the circulation is called %.200s",
			in->receiver[0] ? in->receiver : "so: documentReceiverRu is absent");
}

/* The answer has no data, whatever becomes of the document: that is said by the cards. */
static outcome take_document(struct sim *sim, const struct sim_request *request, struct sim_reply *out, struct err *e)
{
	struct _xmlNode *root = request->payload;
	struct incoming in = {.pool = request->pool, .reasons = {.pool = request->pool},
		.sender = pool_copy(request->pool, request->request->sender_id),
		.portal_id = payload_text(request->pool, root, "idPortalInternal"),
		.number = text_or(request->pool, root, "docNo", ""),
		.receiver = text_or(request->pool, root, "documentReceiverRu", ""),
		.description = text_or(request->pool, root, "description", ""),
		.answers = text_or(request->pool, root, "docToNumber", "")};
	struct stamp now = moment_now(sim);
	char due[STAMP_TEXT];

	if (!payload_has_type(root, NS_EDMS_DOCUMENT, "docOutgoing") || !in.portal_id || strlen(in.portal_id) > 256)
		return reply_unreadable(out, "The payload is not a docOutgoing of document.xsd with idPortalInternal.");
	stamp_print(now, in.moment);
	stamp_print(stamp_at(now.ms + EXECUTION_DAYS * 86400000LL), due);
	in.due = text_or(in.pool, root, "executionDate", due);
	judge(&in);
	TRY(store_transact(sim_state(sim), take_in_unit, &in, e));
	sim_wake(sim);
	out->code = "SCSS001";
	out->message = "Message has been processed successfully";
	return DONE;
}

static outcome send_cards(struct sim *sim, struct err *e)
{
	return outbox_work(sim, sim_state(sim), e);
}

static const struct sim_service services[] = {
	{"ESEDO_UNIVERSAL_SERVICE", take_document},
	{NULL, NULL},
};

extern const struct sim_system sim_system_edms;
const struct sim_system sim_system_edms = {
	.name = "edms",
	.summary = "document circulation of state bodies: takes documents and tells their senders what became of them",
	.services = services,
	.work = send_cards,
	.open = open_edms,
	.close = close_edms,
};
