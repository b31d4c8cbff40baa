/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow, inside: the exchange and what its steps share. */
#ifndef QAQPA_FLOW_FLOW_INT_H
#define QAQPA_FLOW_FLOW_INT_H

#include <pthread.h>

#include "base/work.h"
#include "egress/egress.h"
#include "flow/flow.h"
#include "policy/policy.h"
#include "queue/queue.h"

/* What a service needs while running, beside its descriptor. */
struct service_state {
	struct schema *schema, *answer_schema;
	struct queue_policy retry; /* with delivery: queued */
	int in_flight;
};

struct snapshot {
	int references;
	struct conf *conf;
	struct trust *trust;
	struct service_state *services; /* same index as conf->services */
};
struct snapshot *snapshot_keep(struct snapshot *s);
struct service_state *snapshot_service(const struct snapshot *s, const struct conf_service *service);

struct open_set;
struct flow {
	pthread_mutex_t lock; /* guards `current` and `closed` */
	struct snapshot *current;
	struct journal *journal;
	struct egress *egress;
	struct queue *queue; /* NULL: not configured */
	struct work *work;
	struct front *front;
	struct open_set *open;
	size_t exchanges;
	bool draining;
	bool closed; /* no call may begin any more */
	int64_t started_us;
	size_t deliveries; /* in hand */
	uint64_t delivered;
	uint64_t answered, refused, faulted, replayed; /* counters for health */
};
struct snapshot *flow_snapshot(struct flow *f); /* a reference */
/* False once the flow stops: then the call was not taken. */
MUST_USE bool flow_call(struct flow *f, struct egress_call *call);

enum after {
	AFTER_NEXT,   /* go on with the next step */
	AFTER_WAIT,   /* something will resume the exchange at the next step */
	AFTER_REFUSE, /* x->err says why: go to the refusal */
	AFTER_KEEP,   /* the message is not forwarded now: go on with keeping it for later */
	AFTER_REPLY,  /* the answer is ready: go to registering it */
	AFTER_END     /* the exchange is gone */
};
struct exchange;
struct step {
	const char *name;
	enum after (*run)(struct exchange *x);
};

/* One request with all its legs. */
struct exchange {
	struct work_item work;
	struct flow *flow;
	struct snapshot *snap;
	const struct conf_listener *listener;
	struct front_request *http;
	const struct step *step;
	struct pool *pool;  /* lives as long as the exchange */
	struct pool *stage; /* trees and texts of the leg being worked on; dropped before waiting for a provider */
	struct stamp at;
	int64_t leg_us;     /* when the present leg began */
	char guid[39];      /* sessionId, and the journal's name of the exchange */
	char error_id[13];
	struct err err;

	/* The request; pointers into `stage` are dead once it was sent. */
	const struct envelope *env;
	const struct verified *verified;
	const struct trust_cert *who; /* certificate of the caller, when one was found */
	struct sync_request request;
	const struct conf_participant *caller; /* set once the signature was verified */
	const struct conf_service *service;    /* set once permitted; a place in flight is held */
	struct buf outgoing;
	unsigned char content[32];
	bool remembered; /* the open set and the replay memory know the message */

	/* The answer. */
	struct egress_call call;
	struct egress_result result;
	bool answered; /* the provider's answer is in `result` */
	const struct envelope *answer_env;
	const struct verified *answer_verified;
	const struct trust_cert *answer_who;
	struct sync_response response;
	struct bytes provider_words; /* verified words of a provider's fault */

	/* What goes back. */
	struct buf answer;
	int status;
	enum journal_kind answer_kind;
	bool answer_signed, from_memory;

	/* Delivery later. */
	struct queue_put put;
	enum queue_result put_result;
	struct err put_err;
	struct journal_waiting waiting;
	struct bytes meta, policy;
	bool was_kept; /* the journal has the newest word on it already */

	struct journal_entry entry;
	struct journal_fact facts[3];
	size_t fact_count;
	struct journal_seen seen;
	bool registered; /* outcome of the last registration */
	bool accepted;   /* the request is registered as accepted */
	struct err journal_err;
};

/* Runs steps until the exchange waits or ends. */
void exchange_run(struct work_item *item);
/* Puts the exchange back in line: after the step it waited in. Any thread. */
void exchange_resume(struct exchange *x);
enum after exchange_refuse(struct exchange *x, enum reason r, const char *format, ...) PRINTF_LIKE(3, 4);
/* AFTER_NEXT, or AFTER_REFUSE when the outcome failed with words in x->err. */
static inline enum after exchange_after(outcome o) { return o.ok ? AFTER_NEXT : AFTER_REFUSE; }
MUST_USE outcome exchange_stage(struct exchange *x);
void exchange_stage_drop(struct exchange *x);
/* Signs `message` towards the participant as its profile says. */
MUST_USE outcome exchange_sign(struct exchange *x, const struct conf_participant *towards, struct bytes message,
	struct buf *out);

/* The steps, in files by theme: flow_request.c, flow_answer.c, flow_refuse.c, flow_register.c, flow_reply.c. */
enum after step_parse(struct exchange *x);
enum after step_verify(struct exchange *x);
enum after step_read(struct exchange *x);
enum after step_identify(struct exchange *x);
enum after step_permit(struct exchange *x);
enum after step_check_payload(struct exchange *x);
enum after step_recall(struct exchange *x);
enum after step_choose(struct exchange *x);
enum after step_compose(struct exchange *x);
enum after step_register_request(struct exchange *x);
enum after step_forward(struct exchange *x);
enum after step_keep(struct exchange *x);
enum after step_register_keep(struct exchange *x);
enum after step_enqueue(struct exchange *x);
enum after step_accept(struct exchange *x);
enum after step_examine(struct exchange *x);
enum after step_compose_answer(struct exchange *x);
enum after step_refuse(struct exchange *x);
enum after step_register_answer(struct exchange *x);
enum after step_reply(struct exchange *x);

/* A new exchange for a POST to the channel, put in line. */
void exchange_begin(struct flow *f, struct snapshot *snap, const struct conf_listener *listener,
	struct front_request *http);
/* Lets go of everything the exchange holds, the exchange too. */
void exchange_end(struct exchange *x);

/* What a queued message needs to be delivered, beside its body; travels with it through the queue. */
struct delivery_meta {
	struct bytes service_id, participant, sender_id, message_id, correlation_id, exchange;
};
struct bytes delivery_meta_write(const struct delivery_meta *m, struct pool *pool);
MUST_USE bool delivery_meta_read(struct bytes text, struct delivery_meta *out); /* points into `text` */
/* The queue's callbacks; ctx is the flow. */
void delivery_claimed(void *ctx, struct queue_claim *claim);
void delivery_expired(void *ctx, struct queue_claim *claim);
/* Starts the queue of the configuration, when there is one. */
MUST_USE outcome delivery_start(struct flow *f, struct err *e);

/* Facts and signatures that exchanges and deliveries share. */
void fact_certificate(struct journal_fact *f, const struct trust_cert *c);
void fact_own_key(struct journal_fact *f, const struct snapshot *s, const struct conf_participant *towards);
const struct trust_key *snapshot_key(const struct snapshot *s, const struct conf_participant *towards);
MUST_USE outcome snapshot_sign(const struct snapshot *s, struct pool *pool, const struct conf_participant *towards,
	struct bytes message, struct buf *out, struct err *e);
/* What a failed call means; the detail holds kind and time. */
enum reason call_reason(const struct egress_result *r);

/* Messages being worked on in this process: (sender, messageId) is in at most one exchange. */
struct open_set *open_set_new(void);
void open_set_free(struct open_set **s);
/* False when the key is there already; *same tells whether with the same content. */
MUST_USE bool open_set_enter(struct open_set *s, struct bytes sender, struct bytes id, const unsigned char content[32],
	bool *same);
void open_set_leave(struct open_set *s, struct bytes sender, struct bytes id);

/* Health answers of the admin listener. */
void flow_admin_answer(struct flow *f, struct front_request *request);

#endif
