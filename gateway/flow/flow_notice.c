/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_notice - messages that the gateway itself makes, and of these the status notices: the sender of an asynchronous
 * message is told what became of it, through the queue like any message. A notice is on disk in the journal before it is in
 * Redis.
 * Not here: notices of services (flow_tell.c). */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ident.h"
#include "log/log.h"

#include "flow/flow_notice.h"

#define NOTICE_MOST (64u << 10)
#define LINE_MOST 10000       /* notices in memory while the queue cannot take them; the journal has them all */
#define WAITING_MOST 10000    /* for one destination: senders whose messages make notices must not fill the queue of all */
#define LINE_PAUSE_US 200000  /* between looks at the queue */

static void notice_end(struct notice *n)
{
	struct flow *f = n->flow;

	buf_free(&n->body);
	pool_free(&n->pool);
	snapshot_drop(&n->snap);
	free(n);
	__atomic_sub_fetch(&f->deliveries, 1, __ATOMIC_RELEASE);
}

/* Nobody repeats a notice as a caller repeats his message, so it is put again until the queue has it: from this line, and
 * after a crash from the journal (notices_resume). */
struct notice_line {
	struct work_item work;
	struct flow *flow;
	pthread_mutex_t lock;
	struct notice *first;
	size_t n;
	bool watched; /* a puller looks after it */
};

static void line_run(struct work_item *item);

struct notice_line *notice_line_new(struct flow *f)
{
	struct notice_line *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->flow = f;
	l->work.run = line_run;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void notice_line_free(struct notice_line **l)
{
	if (!*l)
		return;
	pthread_mutex_destroy(&(*l)->lock);
	free(*l);
	*l = NULL;
}

/* False when the line is full or the gateway stops. */
static bool line_enter(struct notice_line *l, struct notice *n)
{
	bool enters, begins = false;

	pthread_mutex_lock(&l->lock);
	enters = l->n < LINE_MOST && !__atomic_load_n(&l->flow->draining, __ATOMIC_RELAXED);
	if (enters) {
		n->next = l->first;
		l->first = n;
		l->n++;
		begins = !l->watched;
		l->watched = true;
	}
	pthread_mutex_unlock(&l->lock);
	if (begins)
		work_put(l->flow->pullers, &l->work);
	return enters;
}

static void give_up(struct notice *n, const char *detail)
{
	log_event(LOG_WARNING, "notice.not-queued", LOG_PART("notice", n->put.id), LOG_TEXT("detail", detail),
		LOG_TEXT("remedy", "it is in the journal: the next start puts it into the queue, or qaqpa queue rebuild"));
	notice_end(n);
}

static void line_run(struct work_item *item)
{
	struct notice_line *l = (struct notice_line *)item;
	struct flow *f = l->flow;
	struct notice *n, *next;
	bool stops;

	do {
		usleep(LINE_PAUSE_US);
		stops = __atomic_load_n(&f->draining, __ATOMIC_RELAXED);
	} while (!stops && !queue_healthy(f->queue, NULL));
	pthread_mutex_lock(&l->lock);
	n = l->first;
	l->first = NULL;
	l->n = 0;
	l->watched = false;
	pthread_mutex_unlock(&l->lock);
	for (; n; n = next) {
		next = n->next;
		if (stops)
			give_up(n, "the gateway stops");
		else
			queue_put(f->queue, &n->put);
	}
}

static void taken(struct journal_entry *entry, outcome result, const struct err *e)
{
	(void)result; /* else it is put once more after a start, and the queue knows it */
	(void)e;
	notice_end(entry->ctx);
}

/* From here on the queue answers for it. */
static void say_taken(struct notice *n)
{
	n->word = (struct journal_waiting){.id = n->put.id, .state = WAITING_TAKEN, .due_ms = n->put.accepted_ms};
	n->entry = (struct journal_entry){.waiting = &n->word, .done = taken, .ctx = n};
	journal_put(n->flow->journal, &n->entry);
}

static void put_done(struct queue_put *put, enum queue_result result, const struct err *e)
{
	struct notice *n = put->ctx;

	if (result == QUEUE_DONE || result == QUEUE_KNOWN)
		say_taken(n);
	else if (result == QUEUE_CROWDED || !line_enter(n->flow->untold, n))
		give_up(n, e ? e->detail : "");
}

static void registered(struct journal_entry *entry, outcome result, const struct err *e)
{
	struct notice *n = entry->ctx;

	if (result.ok) {
		queue_put(n->flow->queue, &n->put);
		return;
	}
	log_err(LOG_ERROR, "notice.not-registered", e, NULL);
	notice_end(n);
}

static outcome notice_write(struct notice *n, const struct delivery_meta *m, enum async_state state, const char *code,
	const char *words, struct err *e)
{
	struct async_status s = {
		.state = state,
		.code = bytes_str(code),
		.message = bytes_str(words),
		.date = stamp_now(),
		.message_id = m->message_id,
		.notification_id = n->put.id,
		.session_id = m->exchange,
	};

	return async_write_status_notification(&s, stamp_now(), &n->body, e);
}

struct notice *notice_new(struct flow *f, const struct snapshot *s)
{
	struct notice *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	__atomic_add_fetch(&f->deliveries, 1, __ATOMIC_RELAXED);
	n->flow = f;
	n->snap = snapshot_keep((struct snapshot *)(uintptr_t)s);
	n->pool = pool_new(1u << 20);
	n->body = BUF(NOTICE_MOST);
	return n;
}

bool notice_address(struct notice *n, const struct delivery_meta *about, struct bytes destination,
	const struct queue_policy *policy, const char *guid)
{
	struct delivery_meta meta = *about;

	if (!n->pool)
		return false;
	n->put.id = bytes_str(pool_copy(n->pool, bytes_str(guid)));
	meta.exchange = n->put.id;
	n->put.destination.p = (const unsigned char *)pool_copy(n->pool, destination);
	n->put.destination.n = destination.n;
	n->put.order_key = BYTES_NONE;
	n->put.meta = delivery_meta_write(&meta, n->pool);
	n->put.policy = policy;
	n->put.accepted_ms = stamp_now().ms;
	n->put.most = WAITING_MOST;
	n->put.done = put_done;
	n->put.ctx = n;
	queue_policy_print(n->put.policy, n->policy);
	return n->put.id.n && n->put.destination.p && destination.n && n->put.meta.n;
}

void notice_register(struct notice *n, bool keep_earlier)
{
	n->put.body = buf_bytes(&n->body);
	n->word = (struct journal_waiting){
		.id = n->put.id,
		.destination = n->put.destination,
		.meta = n->put.meta,
		.policy = bytes_str(n->policy),
		.state = WAITING_QUEUED,
		.accepted_ms = n->put.accepted_ms,
		.expire_ms = n->put.policy->expire_after_ms ? n->put.accepted_ms + n->put.policy->expire_after_ms : 0,
		.body = n->put.body,
		.keep_earlier = keep_earlier,
	};
	n->entry = (struct journal_entry){.waiting = &n->word, .done = registered, .ctx = n};
	journal_put(n->flow->journal, &n->entry);
}

/* ---- after a start ---- */

static bool word_copy(struct notice *n, const struct journal_waiting *w)
{
	const struct {
		struct bytes *to;
		struct bytes from;
	} texts[] = {{&n->put.id, w->id}, {&n->put.destination, w->destination}, {&n->put.meta, w->meta}};
	struct queue_policy *policy = n->pool ? pool_alloc(n->pool, sizeof *policy) : NULL;
	bool ok = policy && queue_policy_parse(w->policy, policy, n->policy);

	for (size_t i = 0; ok && i < sizeof texts / sizeof *texts; i++) {
		texts[i].to->p = (const unsigned char *)pool_copy(n->pool, texts[i].from);
		texts[i].to->n = texts[i].from.n;
		ok = texts[i].to->p;
	}
	buf_add(&n->body, w->body);
	n->put.policy = policy;
	n->put.body = buf_bytes(&n->body);
	n->put.accepted_ms = w->accepted_ms;
	n->put.most = WAITING_MOST;
	n->put.done = put_done;
	n->put.ctx = n;
	return ok && buf_ok(&n->body);
}

static bool resume_one(void *ctx, const struct journal_waiting *w)
{
	struct flow *f = ctx;
	struct snapshot *s;
	struct notice *n;

	if (w->due_ms != 0 || w->attempts != 0)
		return !__atomic_load_n(&f->draining, __ATOMIC_RELAXED);
	s = flow_snapshot(f);
	n = notice_new(f, s);
	snapshot_drop(&s);
	if (n && word_copy(n, w))
		queue_put(f->queue, &n->put);
	else if (n)
		give_up(n, "it cannot be read");
	return !__atomic_load_n(&f->draining, __ATOMIC_RELAXED);
}

static void resume_run(struct work_item *item)
{
	struct flow *f = (struct flow *)(void *)((char *)item - offsetof(struct flow, resume));
	const char *directory = f->journal_folder;
	struct err e;

	if (!journal_waiting_find(&directory, 1, resume_one, f, &e).ok)
		log_err(LOG_ERROR, "notice.not-resumed", &e, NULL);
	__atomic_sub_fetch(&f->deliveries, 1, __ATOMIC_RELEASE);
}

void notices_resume(struct flow *f)
{
	f->resume.run = resume_run;
	__atomic_add_fetch(&f->deliveries, 1, __ATOMIC_RELAXED);
	work_put(f->readers, &f->resume);
}

void notice_fail(struct notice *n, const struct err *e)
{
	log_err(LOG_ERROR, "notice.not-made", e, NULL);
	notice_end(n);
}

static bool address_status(struct notice *n, const struct conf_participant *to, const struct delivery_meta *about)
{
	struct delivery_meta meta = *about;
	char guid[39];

	guid_new(guid);
	meta.kind = DELIVERY_NOTICE;
	meta.receiver = bytes_str(to->name);
	return n->pool && notice_address(n, &meta, destination_of(n->pool, to, DELIVERY_NOTICE),
		&n->snap->participants[to - n->snap->conf->participants].retry, guid);
}

void notice_send(struct flow *f, const struct snapshot *s, const struct delivery_meta *m, enum async_state state,
	const char *code, const char *words)
{
	const struct conf_participant *to = conf_participant_named(s->conf, m->participant);
	struct notice *n;
	struct err e = {0};

	if (!to || !to->async.endpoint || !to->async.notices || m->kind == DELIVERY_NOTICE || m->kind == DELIVERY_SYNC)
		return;
	n = notice_new(f, s);
	if (!n)
		return;
	if (address_status(n, to, m) && notice_write(n, m, state, code, words, &e).ok)
		notice_register(n, false);
	else
		notice_fail(n, &e);
}
