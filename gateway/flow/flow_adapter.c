/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_adapter - rules of systems in code: checks before a message is accepted, handlers in the place of a provider,
 * actions when its fate is known. They may wait for Redis or disk, so they run on threads of their own.
 * Promise:  an action is called only where the fate is certain; one that fails for good holds up no message, it is an alarm.
 * Not here: the adapters (adapters/), their contract (adapter.h). */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "log/log.h"

#include "flow/flow_delivery.h"

#define RUNNERS 8 /* threads that may wait */
#define NOTES_MOST 16384
#define ACT_TRIES 4
#define ACT_PAUSE_US 30000 /* before the second try; three times as long before each further one */

struct adapter_room {
	struct work *runners;
	struct queue_desk *desk;
	char *folder, *shared;
};

/* ---- start and stop ---- */

/* The journal's folder was made before; so was the spool. */
static outcome make_folder(const char *in, char **out, struct err *e)
{
	if (asprintf(out, "%s/adapters", in) < 0) {
		*out = NULL;
		return err_set(e, REASON_MEMORY, "no memory to start");
	}
	return file_folder(*out, e);
}

outcome adapters_start(struct flow *f, struct err *e)
{
	const struct conf *c = f->current->conf;
	struct adapter_room *a = f->adapters = calloc(1, sizeof *a);

	if (!a)
		return err_set(e, REASON_MEMORY, "no memory to start");
	TRY(make_folder(c->journal.directory, &a->folder, e));
	if (f->queue) {
		TRY(make_folder(c->queue.spool, &a->shared, e));
		TRY(queue_desk_open(f->queue, &a->desk, e));
	}
	a->runners = work_start("runner", RUNNERS);
	return a->runners ? DONE : err_set(e, REASON_MEMORY, "no threads to start");
}

void adapters_stop(struct flow *f)
{
	struct adapter_room *a = f->adapters;

	f->adapters = NULL;
	if (!a)
		return;
	work_stop(&a->runners);
	queue_desk_close(&a->desk);
	free(a->folder);
	free(a->shared);
	free(a);
}

/* ---- configuration ---- */

static const struct adapter *find(const struct conf *c, const struct conf_service *s, enum adapter_kind kind,
	const char *name, struct conf_problems *problems)
{
	static const char *const kinds[] = {
		[ADAPTER_CHECK] = "check", [ADAPTER_ACTION] = "action", [ADAPTER_HANDLER] = "handler"};
	struct conf_near near = {.wanted = bytes_str(name)};
	const struct adapter *a = adapter_named(kind, name, &near);
	char hint[120];

	if (!a)
		conf_problem_add(problems, s->at, false, "See adapters/README.md for those that are built in.",
			"service %s: there is no %s '%.64s'%s", s->id, kinds[kind], name, conf_near_text(&near, hint));
	else if (a->redis && !conf_has_queue(c))
		conf_problem_add(problems, s->at, false, "Add the section queue.", "service %s: the %s %s needs Redis, yet "
			"there is no queue", s->id, kinds[kind], name);
	return a;
}

static size_t find_all(const struct conf *c, const struct conf_service *s, enum adapter_kind kind,
	struct conf_names names, const struct adapter *out[ADAPTER_MOST], struct conf_problems *problems)
{
	if (names.n > ADAPTER_MOST) {
		conf_problem_add(problems, s->at, false, "Name fewer.", "service %s: more than %d adapters of one kind", s->id,
			ADAPTER_MOST);
		return 0;
	}
	for (size_t i = 0; i < names.n; i++)
		out[i] = find(c, s, kind, names.name[i], problems);
	return names.n;
}

void adapters_load(const struct conf *c, const struct conf_service *s, struct service_state *out,
	struct conf_problems *problems)
{
	out->check_count = find_all(c, s, ADAPTER_CHECK, s->checks, out->checks, problems);
	out->action_count = find_all(c, s, ADAPTER_ACTION, s->actions, out->actions, problems);
	if (s->handler)
		out->handler = find(c, s, ADAPTER_HANDLER, s->handler, problems);
}

/* ---- calls ---- */

/* What a call of an exchange and one of a delivery have in common. */
static void begin_call(const struct flow *f, const struct snapshot *s, struct bytes sender_id, struct bytes named,
	struct buf *notes, struct adapter_call *c)
{
	*c = (struct adapter_call){
		.conf = s->conf,
		.sender_id = sender_id,
		.evidence = notes,
		.redis = f->adapters->desk,
		.folder = f->adapters->folder,
		.shared = f->adapters->shared,
	};
	adapter_message_name(sender_id, named, c->message);
}

static void begin_exchange_call(const struct exchange *x, struct pool *pool, struct stamp at, struct buf *notes,
	struct adapter_call *c)
{
	begin_call(x->flow, x->snap, x->request.sender_id, x->memory_id, notes, c);
	c->pool = pool;
	c->caller = x->caller;
	c->service = x->service;
	c->message_id = x->request.message_id;
	c->correlation_id = x->request.correlation_id;
	c->exchange = x->guid;
	c->at = at;
}

/* Lines of adapters behind those that are there. */
static outcome keep_notes(struct pool *pool, struct bytes *evidence, const struct buf *notes, struct err *e)
{
	return notes->len ? evidence_add(pool, evidence, buf_bytes(notes), e) : DONE;
}

static outcome call_of(struct exchange *x, struct buf *notes, struct adapter_call *c)
{
	const struct payload *payload;

	begin_exchange_call(x, x->stage, x->at, notes, c);
	c->trust = x->snap->trust;
	c->verified = x->verified;
	c->signers = x->has_signers ? &x->signers : NULL;
	TRY(exchange_payload(x, x->request.data, &payload));
	c->payload = payload ? payload_root(payload) : NULL;
	return DONE;
}

/* Back to the workers. */
static void resume(struct exchange *x)
{
	x->work.run = exchange_run;
	exchange_resume(x);
}

static enum after hand_over(struct exchange *x, void (*run)(struct work_item *item))
{
	x->work.run = run;
	work_put_in_line(x->flow->adapters->runners, exchange_line(x), &x->work);
	return AFTER_WAIT;
}

/* A reload can name adapters that need a queue where the gateway was started without one. */
static outcome equipped(const struct adapter *a, const struct adapter_call *c, struct err *e)
{
	if (a->redis && !c->redis)
		return err_set(e, REASON_QUEUE_DOWN, "the queue was not configured when the gateway started");
	return DONE;
}

static outcome check_all(struct exchange *x)
{
	const struct service_state *s = snapshot_service(x->snap, x->service);
	SCOPED(buf_free) struct buf notes = BUF(NOTES_MOST);
	struct adapter_call c;

	TRY(call_of(x, &notes, &c));
	for (size_t i = 0; i < s->check_count; i++) {
		TRY(equipped(s->checks[i], &c, &x->err));
		TRY(s->checks[i]->check(&c, &x->err));
	}
	return keep_notes(x->pool, &x->evidence, &notes, &x->err);
}

static void checks_run(struct work_item *item)
{
	struct exchange *x = (struct exchange *)item;

	x->ran = check_all(x);
	resume(x);
}

enum after step_run_checks(struct exchange *x)
{
	x->ran = DONE;
	x->checked = !exchange_is_answer(x);
	if (!x->checked || !snapshot_service(x->snap, x->service)->check_count)
		return AFTER_NEXT;
	return hand_over(x, checks_run);
}

enum after step_heed_checks(struct exchange *x)
{
	return exchange_after(x->ran);
}

static outcome check_answer(struct exchange *x, const struct schema *schema, struct err *e)
{
	static const char *const way[] = {"response", "responseData", "data"};
	struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	const struct element *at;
	struct envelope *env;

	limits.bytes = HANDLED_MOST;
	limits.elements = x->snap->conf->max_elements;
	TRY(envelope_parse(x->stage, buf_bytes(&x->text), &limits, &env, e));
	at = envelope_operation(env);
	for (size_t i = 0; at && i < sizeof way / sizeof *way; i++)
		at = envelope_child(env, at, NULL, way[i], NULL);
	return at ? schema_check(schema, env, at, e) : DONE;
}

/* A handler is believed no more than a provider; that its answer is wrong is the gateway's own fault. */
static outcome examine_handled(struct exchange *x)
{
	const struct service_state *s = snapshot_service(x->snap, x->service);
	struct err why;

	if (!s->answer_schema || check_answer(x, s->answer_schema, &why).ok)
		return DONE;
	log_event(LOG_ERROR, "handler.answer-wrong", LOG_TEXT("handler", s->handler->name),
		LOG_TEXT("service", x->service->id), LOG_TEXT("exchange", x->guid),
		LOG_TEXT("reason", reason_row(why.reason)->name), LOG_TEXT("detail", why.detail));
	return err_set(&x->err, REASON_PROVIDER_FORMAT, "handler %s; %s: %.180s", s->handler->name, reason_row(why.reason)->name,
		why.detail);
}

static outcome handle(struct exchange *x)
{
	struct sync_response r = {
		.message_id = bytes_str(x->guid),
		.correlation_id = x->request.correlation_id,
		.session_id = bytes_str(x->guid),
	};
	const struct adapter *handler = snapshot_service(x->snap, x->service)->handler;
	struct adapter_answer answer = {.code = "SCSS001", .message = ""};
	SCOPED(buf_free) struct buf notes = BUF(NOTES_MOST);
	struct adapter_call c;

	TRY(call_of(x, &notes, &c));
	TRY(equipped(handler, &c, &x->err));
	TRY(handler->handle(&c, &answer, &x->err));
	TRY(keep_notes(x->pool, &x->evidence, &notes, &x->err));
	r.status_code = bytes_str(answer.code);
	r.status_message = bytes_str(answer.message);
	r.date = stamp_now();
	x->response = r; /* what became of the message: for actions and notices */
	x->text = BUF(HANDLED_MOST);
	TRY(channel_write_response(&r, answer.data_attributes, answer.data, &x->text, &x->err));
	return examine_handled(x);
}

static void handle_run(struct work_item *item)
{
	struct exchange *x = (struct exchange *)item;

	x->ran = handle(x);
	resume(x);
}

enum after step_handle(struct exchange *x)
{
	return hand_over(x, handle_run);
}

enum after step_compose_handled(struct exchange *x)
{
	x->handled = x->ran.ok;
	return x->ran.ok ? exchange_answer(x, buf_bytes(&x->text)) : AFTER_REFUSE;
}

/* ---- actions ---- */

static outcome act_stubbornly(const struct adapter *a, const struct adapter_call *c, bool accepted, struct err *e)
{
	useconds_t pause = ACT_PAUSE_US;

	TRY(equipped(a, c, e));
	for (int tries = 1; !a->act(c, accepted, e).ok; tries++, pause *= 3) {
		if (tries == ACT_TRIES || reason_row(e->reason)->class != CLASS_RETRY)
			return FAILED;
		usleep(pause);
	}
	return DONE;
}

static void act_all(const struct service_state *s, const struct adapter_call *c, bool accepted)
{
	for (size_t i = 0; i < s->action_count; i++) {
		struct err e = {0};

		if (!act_stubbornly(s->actions[i], c, accepted, &e).ok)
			log_event(LOG_ERROR, "action.failed", LOG_TEXT("action", s->actions[i]->name),
				LOG_TEXT("service", c->service->id), LOG_TEXT("exchange", c->exchange),
				LOG_PART("msg_id", c->message_id), LOG_NUM("accepted", accepted),
				LOG_TEXT("reason", reason_row(e.reason)->name), LOG_TEXT("detail", e.detail));
	}
}

static bool status_is_refusal(struct bytes code)
{
	return code.n >= 4 && memcmp(code.p, "SCSE", 4) == 0;
}

/* What became of a message that is not delivered later. */
static enum fate fate_of(const struct exchange *x)
{
	enum journal_seen_state state = exchange_final(x);

	if (x->err.reason == REASON_NONE && (x->async || x->service->delivery == CONF_DELIVERY_QUEUED))
		return FATE_OPEN; /* its delivery tells */
	if (x->err.reason == REASON_NONE)
		return status_is_refusal(x->response.status_code) ? FATE_REFUSED : FATE_ACCEPTED;
	if (!exchange_is_certain(x))
		return FATE_OPEN;
	return state == SEEN_ANSWERED || state == SEEN_RELEASED ? FATE_REFUSED : FATE_OPEN;
}

static void actions_run(struct work_item *item)
{
	struct exchange *x = (struct exchange *)item;
	SCOPED(buf_free) struct buf notes = BUF(NOTES_MOST);
	struct adapter_call c;
	struct err e;

	begin_exchange_call(x, x->pool, stamp_now(), &notes, &c);
	act_all(snapshot_service(x->snap, x->service), &c, x->fate == FATE_ACCEPTED);
	if (!keep_notes(x->pool, &x->answer_evidence, &notes, &e).ok)
		log_err(LOG_WARNING, "action.not-noted", &e, NULL);
	resume(x);
}

enum after step_run_actions(struct exchange *x)
{
	if (!x->checked || !snapshot_service(x->snap, x->service)->action_count)
		return AFTER_NEXT;
	x->fate = fate_of(x);
	return x->fate == FATE_OPEN ? AFTER_NEXT : hand_over(x, actions_run);
}

/* ---- actions of what is delivered later ---- */

static const struct conf_service *service_of(const struct delivery *d)
{
	return d->meta.kind == DELIVERY_SYNC ? conf_service_by_id(d->snap->conf, d->meta.service_id) : NULL;
}

static void delivery_actions_run(struct work_item *item)
{
	struct delivery *d = (struct delivery *)item;
	SCOPED(buf_free) struct buf notes = BUF(NOTES_MOST);
	struct adapter_call c;
	struct err e;

	begin_call(d->flow, d->snap, d->meta.sender_id, d->meta.message_id, &notes, &c);
	c.pool = d->names;
	c.caller = conf_participant_named(d->snap->conf, d->meta.participant);
	c.service = service_of(d);
	c.message_id = d->meta.message_id;
	c.correlation_id = d->meta.correlation_id;
	c.exchange = pool_copy(d->names, d->meta.exchange);
	c.at = stamp_now();
	if (c.exchange)
		act_all(snapshot_service(d->snap, c.service), &c, !d->dead);
	if (!d->dead && keep_notes(d->names, &d->evidence, &notes, &e).ok)
		d->fact.detail = d->evidence; /* of the answer, which is not registered yet */
	delivery_resume(d);
}

bool delivery_act(struct delivery *d)
{
	const struct conf_service *s = service_of(d);
	bool late = d->dead && __atomic_load_n(&d->flow->closed, __ATOMIC_ACQUIRE);

	if (late || (d->dead && !delivery_is_refused(d)) || !s || !snapshot_service(d->snap, s)->action_count)
		return false; /* late: the stop does not wait for what settles, the queue may be gone */
	d->work.run = delivery_actions_run;
	work_put(d->flow->adapters->runners, &d->work);
	return true;
}
