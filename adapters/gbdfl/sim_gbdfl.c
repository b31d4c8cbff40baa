/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_gbdfl - the simulated state database of individuals: who a person is and whether alive; it announces deaths.
 * Promise:  a death reaches the permits system under one record number, however often it is announced.
 * Not here: the people (sim_gbdfl_people.c).
 * Spec:     P5, P16; bus contract 5.2; wsdl/gbdfl/v1/gbdfl.xsd */
#include <libxml/tree.h>

#include "base/ident.h"
#include "common/service.h"
#include "gbdfl/sim_gbdfl_people.h"

#define NS_MESSAGE "http://message.persistence.interactive.nat"
#define NS_PERMITS "urn:qaqpa:permits:v1"
#define ANSWER_BYTES (1u << 20)
#define ACT_POOL (16u << 20)

/* messageResult, and the bus's own status for it. */
struct verdict {
	const char *code, *ru, *kz, *status, *message;
};
static const struct verdict found = {"00000", "Найдено", "Табылды", "SCSS001", "The person is found."};
static const struct verdict nobody = {"00001", "Лицо не найдено", "Тұлға табылмады", "SCSE001", "Nobody is found."};
static const struct verdict wrong = {"00002", "Неверный ИИН", "ЖСН қате", "SCSE002", "The IIN has a wrong check digit."};

struct question {
	const char *message_id, *sender;
	struct people_question who;
	bool typed; /* data itself is the request; so is the answer's */
};

static bool read_question(struct question *q, struct pool *pool, struct _xmlNode *payload)
{
	struct people_question *w = &q->who;

	*q = (struct question){
		.message_id = payload_text(pool, payload, "messageId"),
		.sender = payload_text(pool, payload, "senderCode"),
		.who = {payload_text(pool, payload, "iin"), payload_text(pool, payload, "documentNumber"),
			payload_text(pool, payload, "surname"), payload_text(pool, payload, "name"),
			payload_text(pool, payload, "patronymic"), payload_text(pool, payload, "birthDate")},
		.typed = payload_has_type(payload, NS_MESSAGE, "Request"),
	};
	return (q->typed || payload_is(payload, NS_MESSAGE, "Request")) && q->message_id && q->sender &&
		(w->iin || w->document || (w->surname && w->name && w->birth));
}

static void begin_answer(struct buf *out, const struct question *q, const struct verdict *v)
{
	char id[37], now[STAMP_TEXT];

	uuid_new(id);
	stamp_print(sim_now(), now);
	payload_field(out, "messageId", id);
	payload_field(out, "messageDate", now);
	payload_field(out, "requestId", q->message_id);
	payload_field(out, "sender", "GBDFL");
	payload_field(out, "receiver", q->sender);
	buf_str(out, "<messageResult>");
	payload_field(out, "code", v->code);
	payload_field(out, "nameRu", v->ru);
	payload_field(out, "nameKz", v->kz);
	buf_str(out, "</messageResult>");
}

static outcome answer(struct sim_reply *out, struct pool *pool, const struct question *q, const struct verdict *v,
	const struct buf *persons, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(2 * ANSWER_BYTES);

	if (!buf_ok(persons))
		return err_set(e, REASON_MEMORY, "persons");
	if (!q->typed)
		buf_str(&data, "<m:Response xmlns:m=\"" NS_MESSAGE "\">");
	begin_answer(&data, q, v);
	if (persons->len > 0) {
		buf_str(&data, "<persons>");
		buf_add(&data, buf_bytes(persons));
		buf_str(&data, "</persons>");
	}
	if (!q->typed)
		buf_str(&data, "</m:Response>");
	else
		out->data_attributes = "xmlns:m=\"" NS_MESSAGE "\" xmlns:xsi=\"" NS_XSI "\" xsi:type=\"m:Response\"";
	return reply_with(out, pool, v->status, v->message, &data, e);
}

static outcome tell(struct sim *sim, const struct sim_request *in, struct sim_reply *out, struct err *e)
{
	SCOPED(buf_free) struct buf persons = BUF(ANSWER_BYTES);
	struct question q;
	size_t n;

	if (!read_question(&q, in->pool, in->payload))
		return reply_unreadable(out, "The payload is not a Request of gbdfl.xsd.");
	if (q.who.iin && !iin_bin_is(bytes_str(q.who.iin)))
		return answer(out, in->pool, &q, &wrong, &persons, e);
	TRY(people_find(sim_state(sim), &q.who, &persons, &n, e));
	return answer(out, in->pool, &q, n > 0 ? &found : &nobody, &persons, e);
}

static void write_notice(struct buf *out, const struct system_info *info, const char *iin, const struct people_death *d)
{
	question_begin(out, NS_PERMITS, "DeathNotice", info);
	payload_field(out, "Iin", iin);
	payload_field(out, "Name", d->name);
	payload_field(out, "DeathDate", d->date);
	payload_field(out, "RecordNumber", d->record);
	question_end(out, "DeathNotice");
}

/* Tells the permits system; whether it took the notice is in the reasons. */
static outcome send_notice(struct sim *sim, const char *iin, const struct people_death *d, struct reasons *r,
	struct err *e)
{
	SCOPED(buf_free) struct buf notice = BUF(65536);
	struct system_info info;

	if (!system_info_fresh(r->pool, &info))
		return err_set(e, REASON_MEMORY, "notice of a death");
	write_notice(&notice, &info, iin, d);
	return ask(sim, r, "PERMITS_DEATH", &notice, NULL) ? people_told(sim_state(sim), iin, e) : DONE;
}

static outcome die(struct sim *sim, const char *iin, struct buf *report, struct reasons *r, struct err *e)
{
	struct people_death d;
	char today[11];

	stamp_day(sim_now(), today);
	TRY(people_die(sim_state(sim), iin, today, &d, e));
	if (!d.known)
		return err_set(e, REASON_USAGE, "nobody has this IIN");
	if (strcmp(d.told, "1") == 0) {
		buf_printf(report, "record %s: announced before\n", d.record);
		return DONE;
	}
	TRY(send_notice(sim, iin, &d, r, e));
	buf_printf(report, "record %s: %s\n", d.record, r->n == 0 ? "announced" : reasons_line(r));
	return DONE;
}

static int announce_death(struct sim *sim, const char *argument, struct buf *report, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(ACT_POOL);
	struct reasons r = {.pool = pool};
	outcome result;

	if (!argument || !iin_bin_is(bytes_str(argument)))
		result = err_set(e, REASON_USAGE, "the argument is the IIN of a person");
	else
		result = pool ? die(sim, argument, report, &r, e) : err_set(e, REASON_MEMORY, "announcement");
	if (!result.ok)
		return -1;
	return r.n > 0;
}

static const struct sim_service services[] = {
	{"GBDFL_UniversalServiceSync", tell},
	{NULL, NULL},
};
static const struct sim_act acts[] = {
	{"announce-death", announce_death},
	{NULL, NULL},
};

extern const struct sim_system sim_system_gbdfl;
const struct sim_system sim_system_gbdfl = {
	.name = "gbdfl",
	.summary = "database of individuals: tells who a person is, announces deaths",
	.services = services,
	.open = people_open,
	.close = store_close_state,
	.acts = acts,
};
