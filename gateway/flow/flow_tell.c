/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_tell - notices of services: the gateway tells another service that a message was accepted, refused or late (I3, P7).
 * Promise:  only of messages whose sender is known and may call the service, and only what is certain. The word on a notice
 *           is in the journal before the answer is. The same message, come again, gives the notice its first name, so that
 *           nobody is told twice.
 * Not here: what is told of asynchronous deliveries (flow_notice.c).
 * Spec:     I3, P7; wsdl/notice/v1/notice.xsd */
#include <stdio.h>

#include "log/log.h"

#include "flow/flow_notice.h"

#define NOTICE_NAMESPACE "urn:qaqpa:notice:v1"
#define REASON_TEXT_MOST 1000 /* characters of the schema; octets here */

/* A message, and what became of it. */
struct told {
	struct flow *flow;
	const struct snapshot *snap;
	const struct conf_service *service;
	struct bytes sender_id, message_id, correlation_id;
	struct demand_numbers numbers;
	struct stamp received;
	struct demand_time times;
	bool refused;
	struct bytes code, reason, text; /* the last two of a refusal */
	unsigned char name[32];          /* the same for every copy of the message */
};

/* ---- what became of it ---- */

static bool is_scse(struct bytes code)
{
	return code.n >= 4 && memcmp(code.p, "SCSE", 4) == 0;
}

static void refused_with(struct told *t, struct bytes code, enum reason reason, struct bytes text)
{
	t->refused = true;
	t->code = code;
	t->reason = bytes_str(reason_row(reason)->name);
	t->text = text;
}

/* What may be told of a refusal: the words on content are made for whoever sent it. */
static struct bytes words_on(const struct exchange *x)
{
	const struct reason_row *row = reason_row(x->err.reason);
	bool of_content = row->fault == FAULT_PAYLOAD || row->fault == FAULT_INNER;

	if (x->err.reason == REASON_PROVIDER_FAULT && x->provider_words.n)
		return x->provider_words;
	return bytes_str(pool_printf(x->pool, "%s%s%s", row->title, of_content ? " " : "", of_content ? x->err.detail : ""));
}

/* Before a message is looked for in the replay memory its octets are all that is known of it. */
static void name_message(const struct exchange *x, unsigned char name[32])
{
	unsigned char h[64];

	if (!x->remembered) {
		sha256(x->http->body, name);
		return;
	}
	digest_begin(DIGEST_SHA256);
	digest_add(NULL, x->memory_id.p, x->memory_id.n);
	digest_add(NULL, "", 1);
	digest_add(NULL, x->content, sizeof x->content);
	digest_end(h);
	memcpy(name, h, 32);
}

/* False where nothing is certain: the caller may come again, or the message was accepted before. */
static bool told_of(const struct exchange *x, struct told *out)
{
	const struct reason_row *row = reason_row(x->err.reason);

	*out = (struct told){
		.flow = x->flow,
		.snap = x->snap,
		.service = x->service,
		.sender_id = x->request.sender_id,
		.message_id = x->request.message_id,
		.correlation_id = x->request.correlation_id,
		.numbers = x->numbers,
		.received = x->kept_ms ? stamp_at(x->kept_ms) : x->at,
		.times = x->times,
		.code = BYTES_LIT("SCSS001"),
	};
	name_message(x, out->name);
	if (x->err.reason != REASON_NONE)
		refused_with(out, bytes_str(fault_row(row->fault)->code), x->err.reason, words_on(x));
	else if (is_scse(x->response.status_code))
		refused_with(out, x->response.status_code, REASON_PROVIDER_STATUS, x->response.status_message);
	return exchange_is_certain(x) && exchange_final(x) == SEEN_ANSWERED && row->fault != FAULT_DUPLICATE;
}

/* ---- the notice ---- */

/* The event that the row asks for; NULL: none. */
static const char *event_of(const struct conf_notice *row, const struct told *t)
{
	bool late = t->times.has_term && !t->times.in_time;

	if (t->refused && (row->on & CONF_EVENT_REFUSED))
		return "refused";
	if (late && (row->on & CONF_EVENT_LATE))
		return "late";
	return !t->refused && (row->on & CONF_EVENT_ACCEPTED) ? "accepted" : NULL;
}

/* By the message, and by what is told to whom. */
static void name_notice(const struct told *t, const struct conf_notice *row, const char *event, char guid[39])
{
	const struct bytes parts[] = {bytes_str("notice"), bytes_str(event), bytes_str(row->service->id),
		bytes_str(t->service->id), t->sender_id};
	unsigned char h[64];

	digest_begin(DIGEST_SHA256);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		digest_add(NULL, parts[i].p, parts[i].n);
		digest_add(NULL, "", 1);
	}
	digest_add(NULL, t->name, sizeof t->name);
	digest_end(h);
	h[6] = (unsigned char)(0x80 | (h[6] & 0x0f)); /* RFC 9562, version 8 */
	h[8] = (unsigned char)(0x80 | (h[8] & 0x3f));
	snprintf(guid, 39, "{%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x}", h[0], h[1], h[2], h[3],
		h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
}

static void add_text(struct buf *out, const char *name, struct bytes text)
{
	if (text.n == 0)
		return;
	buf_printf(out, "<%s>", name);
	buf_xml(out, text);
	buf_printf(out, "</%s>", name);
}

static void add_moment(struct buf *out, const char *name, struct stamp at)
{
	char text[STAMP_TEXT];

	stamp_print(stamp_at(at.ms), text);
	add_text(out, name, bytes_str(text));
}

/* Cut where no character is. */
static struct bytes cut(struct bytes text)
{
	if (text.n <= REASON_TEXT_MOST)
		return text;
	text.n = REASON_TEXT_MOST;
	while (text.n > 0 && (text.p[text.n] & 0xc0) == 0x80)
		text.n--;
	return text;
}

static void write_payload(const struct told *t, const char *event, struct buf *out)
{
	buf_str(out, "<n:Notice xmlns:n=\"" NOTICE_NAMESPACE "\">");
	if (t->numbers.request_number.n) {
		buf_str(out, "<SystemInfo>");
		add_text(out, "RequestNumber", t->numbers.request_number);
		add_text(out, "ChainId", t->numbers.chain_id);
		buf_str(out, "</SystemInfo>");
	}
	add_text(out, "Event", bytes_str(event));
	add_text(out, "ServiceId", bytes_str(t->service->id));
	add_text(out, "MessageId", t->message_id);
	add_text(out, "SenderId", t->sender_id);
	add_moment(out, "ReceivedAt", t->received);
	if (t->times.has_term) {
		add_text(out, "InTime", bytes_str(t->times.in_time ? "true" : "false"));
		add_moment(out, "TermEnd", t->times.ends);
	}
	if (t->times.has_filed)
		add_moment(out, "FiledAt", t->times.filed);
	add_text(out, "Code", t->code);
	if (t->refused) {
		buf_str(out, "<Reasons><Reason>");
		add_text(out, "Code", t->reason);
		add_text(out, "Text", t->text.n ? cut(t->text) : BYTES_LIT("No words were given."));
		buf_str(out, "</Reason></Reasons>");
	}
	buf_str(out, "</n:Notice>");
}

static outcome write_message(struct notice *n, const struct told *t, const struct conf_service *to, const char *payload,
	struct bytes message_id, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(n->body.ceiling);
	const struct sync_request r = {
		.message_id = message_id,
		.correlation_id = t->correlation_id,
		.service_id = bytes_str(to->id),
		.sender_id = bytes_str(n->snap->conf->sender_id),
		.session_id = n->put.id,
		.date = stamp_now(),
	};

	TRY(channel_write_request(&r, NULL, payload, &text, e));
	if (to->resend == CONF_RESEND_IDENTICAL)
		return snapshot_sign(n->pool, to->provider, snapshot_key(n->snap, to->provider), buf_bytes(&text), &n->body, e);
	buf_add(&n->body, buf_bytes(&text));
	return buf_ok(&n->body) ? DONE : err_set(e, REASON_MEMORY, "no memory for a notice");
}

static outcome make(struct notice *n, const struct told *t, const struct conf_notice *row, const char *event, struct err *e)
{
	SCOPED(buf_free) struct buf payload = BUF(n->body.ceiling);
	const struct conf_service *to = row->service;
	char guid[39];
	struct delivery_meta meta = {
		.kind = DELIVERY_SYNC,
		.is_signed = to->resend == CONF_RESEND_IDENTICAL,
		.receiver = bytes_str(to->provider->name),
		.service_id = bytes_str(to->id),
		.participant = bytes_str("gateway"),
		.sender_id = bytes_str(n->snap->conf->sender_id),
		.correlation_id = t->correlation_id,
	};

	name_notice(t, row, event, guid);
	meta.message_id = (struct bytes){(const unsigned char *)guid + 1, 36};
	if (!notice_address(n, &meta, bytes_str(to->id), &snapshot_service(n->snap, to)->retry, guid))
		return err_set(e, REASON_MEMORY, "no memory for a notice");
	write_payload(t, event, &payload);
	if (!buf_ok(&payload))
		return err_set(e, REASON_MEMORY, "no memory for a notice");
	return write_message(n, t, to, buf_cstr(&payload), meta.message_id, e);
}

static void tell_one(const struct told *t, const struct conf_notice *row, const char *event)
{
	struct notice *n = notice_new(t->flow, t->snap);
	struct err e = {.reason = REASON_MEMORY};

	if (!n)
		log_err(LOG_ERROR, "notice.not-made", &e, NULL);
	else if (make(n, t, row, event, &e).ok)
		notice_register(n, true);
	else
		notice_fail(n, &e);
}

static void tell(const struct told *t)
{
	const struct conf_notices *rows = &t->service->notices;

	for (size_t i = 0; i < rows->n; i++) {
		const char *event = event_of(&rows->item[i], t);

		if (event)
			tell_one(t, &rows->item[i], event);
	}
}

/* ---- who tells ---- */

/* The journal commits in the order in which it is given entries: the notices are on disk when the answer is. */
enum after step_tell(struct exchange *x)
{
	struct told t;

	if (!x->service || !x->service->notices.n || x->from_memory || !x->flow->queue || exchange_is_answer(x))
		return AFTER_NEXT;
	if (told_of(x, &t))
		tell(&t);
	return AFTER_NEXT;
}

/* Of a notice nobody is told, or one that is refused would give the next one without end. */
static bool is_own(const struct conf *c, const struct delivery_meta *m)
{
	return c->sender_id && bytes_is(m->sender_id, c->sender_id);
}

/* Its content went before: numbers and term are not known any more. */
void tell_refused(struct flow *f, const struct snapshot *s, const struct delivery_meta *m, int64_t accepted_ms,
	enum reason reason, struct bytes code, struct bytes words)
{
	struct told t = {
		.flow = f,
		.snap = s,
		.service = m->kind == DELIVERY_SYNC ? conf_service_by_id(s->conf, m->service_id) : NULL,
		.sender_id = m->sender_id,
		.message_id = m->message_id,
		.correlation_id = m->correlation_id,
		.received = stamp_at(accepted_ms),
	};

	if (!t.service || !t.service->notices.n || is_own(s->conf, m))
		return;
	sha256(m->exchange, t.name);
	refused_with(&t, code, reason, words);
	tell(&t);
}
