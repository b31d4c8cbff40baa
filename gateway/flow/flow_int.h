/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow, inside: the exchange and what its steps share. */
#ifndef QAQPA_FLOW_FLOW_INT_H
#define QAQPA_FLOW_FLOW_INT_H

#include <pthread.h>

#include "adapter/adapter.h"
#include "base/work.h"
#include "channel/async.h"
#include "demand/demand.h"
#include "egress/egress.h"
#include "flow/flow.h"
#include "policy/policy.h"
#include "queue/memory.h"
#include "queue/queue.h"
#include "revocation/revocation.h"

/* What a service needs while running, beside its descriptor. */
struct service_state {
	struct schema *schema, *answer_schema;
	struct demand *demand;     /* NULL: none beyond the schema */
	struct queue_policy retry; /* with delivery: queued */
	struct places *places;
	const struct adapter *checks[ADAPTER_MOST], *actions[ADAPTER_MOST];
	const struct adapter *handler; /* NULL: a participant provides it */
	size_t check_count, action_count;
};

/* What a participant needs on the asynchronous channel. */
struct participant_state {
	struct queue_policy retry;
	unsigned char tag[2]; /* see flow_chain.c */
	size_t messages, memory; /* of its messages in flight; memory as in struct exchange */
};

struct snapshot {
	int references;
	struct conf *conf;
	struct trust *trust;
	struct calendar *calendar; /* NULL: not configured */
	struct service_state *services; /* same index as conf->services */
	struct participant_state *participants; /* same index as conf->participants */
	struct buf token; /* that questions on the admin listener bring; empty: none is asked for */
};
struct snapshot *snapshot_keep(struct snapshot *s);
struct service_state *snapshot_service(const struct snapshot *s, const struct conf_service *service);

struct open_set;
struct adapter_room; /* threads of adapters and what they share */
struct flow {
	pthread_mutex_t lock; /* guards `current` and `closed` */
	struct snapshot *current;
	struct journal *journal;
	struct egress *egress;
	struct revocation_desk *revocation; /* NULL: not checked */
	struct queue *queue; /* NULL: not configured */
	struct timestamp *stamps; /* NULL: not configured */
	struct snapshot *stamps_of; /* whose configuration they follow until a restart */
	struct work *stampers; /* threads that may wait for the disk, for orders of time-stamps */
	struct notice_line *untold; /* notices that the queue did not take yet */
	struct work *pullers; /* threads that may wait for Redis, for what participants fetch */
	struct work *readers; /* a thread that may wait for the disk, for questions about the journal */
	struct work_item resume; /* theirs, once after the start */
	char *journal_folder; /* until a restart */
	struct adapter_room *adapters;
	unsigned char secret[32]; /* of correlation identifiers */
	struct work *work;
	struct front *front;
	struct open_set *open;
	size_t exchanges;
	size_t memory; /* octets that the exchanges under way may come to hold */
	bool leaving, draining;
	int64_t draining_us; /* since when; set before `draining` */
	bool closed; /* no call may begin any more */
	int64_t started_us;
	size_t deliveries; /* in hand */
	long settling;     /* of them, those that wait for the queue alone */
	uint64_t delivered;
	uint64_t answered, refused, faulted, replayed; /* counters for health */
	uint64_t refused_for[REASON_COUNT];
};
struct snapshot *flow_snapshot(struct flow *f); /* a reference */
/* False once the flow stops: then the call was not taken. */
MUST_USE bool flow_call(struct flow *f, struct egress_call *call);

enum after {
	AFTER_NEXT,   /* go on with the next step */
	AFTER_WAIT,   /* something will resume the exchange at the next step */
	AFTER_REFUSE, /* x->err says why: go to the refusal */
	AFTER_ASK,    /* a question of the asynchronous channel: go on with answering it */
	AFTER_KEEP,   /* the message is not forwarded now: go on with keeping it for later */
	AFTER_HANDLE, /* the gateway itself provides the service: go on with answering it */
	AFTER_REPLY,  /* the answer is ready: go to registering it */
	AFTER_END     /* the exchange is gone */
};
/* What became of a message that passed its checks, as far as that is certain. */
enum fate { FATE_OPEN, FATE_ACCEPTED, FATE_REFUSED };
#define LIGHT_OCTETS 65536u /* of an answer: to copy a longer one, or to give it back, would hold up the journal */
#define HANDLED_MOST (256u << 20) /* octets of an answer of the gateway's own */
struct exchange;
struct step {
	const char *name;
	enum after (*run)(struct exchange *x);
};

#define REFUSED_OCTETS_MOST 65536u /* longest message whose content is kept although it was refused */
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
	int64_t cpu_us;     /* of the worker, when it began */
	bool known;         /* the caller is who he says */
	int64_t charge_us;  /* what it took to refuse somebody who is not known, see flow_refuse.c */
	char guid[39];      /* sessionId, and the journal's name of the exchange */
	char error_id[13]; /* of the refusal; empty while there is none */
	struct err err;    /* why the exchange is refused, or what a step says that is not done yet */

	/* The request; pointers into `stage` are dead once it was sent. */
	const struct envelope *env;
	const struct verified *verified;
	const struct trust_cert *who; /* certificate of the caller, when one was found */
	struct sync_request request;
	const struct conf_participant *caller; /* set once the signature was verified */
	const struct conf_service *service;    /* set once permitted; a place in flight is held */
	struct demand_seen demanded; /* kind and last day, where the service asks for them */
	struct demand_numbers numbers; /* that notices repeat; from `pool` */
	struct demand_time times;    /* what the moment of receipt means */
	struct bytes times_words;    /* the same for people; from `pool` */
	struct payload payload; /* of `payload_of`, opened once; dead with the stage */
	const struct element *payload_of;
	struct buf outgoing;
	struct bytes outgoing_rest; /* follows it, and stands in the octets of the request */
	const struct trust_key *outgoing_key; /* that signed it */
	unsigned char content[32];
	size_t cost;     /* its part of flow->memory */
	bool admitted;   /* the caller holds that, and a place */
	bool remembered; /* the open set and the replay memory know the message */
	struct bytes evidence; /* of certificates, and who signed its data, in lines; from `pool` */
	struct inner_result signers; /* of inner signatures; in `stage` */
	bool has_signers;

	/* Adapters. */
	outcome ran;     /* of the checks, the handler, or the question; failed with words in `err` */
	bool checked;    /* the checks were begun */
	bool has_earlier; /* an earlier copy came so far that nobody can tell its outcome */
	bool handled;    /* answered by a handler */
	enum fate fate;

	/* The answer. */
	struct egress_call call;
	struct egress_result result;
	bool answered; /* the provider's answer is in `result` */
	const struct envelope *answer_env;
	const struct verified *answer_verified;
	const struct trust_cert *answer_who;
	struct sync_response response;
	struct bytes provider_words; /* verified words of a provider's fault */
	struct bytes answer_evidence;

	/* What goes back. */
	struct buf answer;
	struct bytes answer_rest; /* follows it, and is the end of result.body */
	int status;
	enum journal_kind answer_kind;
	bool answer_signed, from_memory;
	const struct trust_key *answer_key; /* with answer_signed */

	/* The asynchronous channel. */
	bool async;
	enum async_operation op;
	struct async_message message;
	struct async_delivery delivery;
	struct async_question question;
	char message_id[37], correlation_id[37]; /* made by the gateway */
	struct buf text; /* an answer before signing */

	/* Delivery later. */
	struct bytes memory_id; /* name of the message in the replay memory */
	const struct conf_participant *receiver;
	struct bytes destination;
	struct queue_put put;
	enum queue_result put_result;
	struct err put_err;
	struct journal_waiting waiting;
	struct bytes meta, policy;
	bool has_word; /* x->waiting is registered with the answer */
	bool was_kept; /* the journal has the newest word on it already */
	bool adopted;  /* it goes on under the exchange of another gateway, which accepted it first */
	int64_t kept_ms; /* when it was first accepted */
	struct queue_mark mark;
	enum queue_result mark_result;
	struct err mark_err;

	/* The replay memory of all gateways. */
	struct queue_recall recall;
	struct queue_remember remember;
	enum queue_result recalled;
	struct err recall_err;
	bool taken; /* it knows the message as this exchange's */
	int waits;  /* for the journal, and for that memory beside it */

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
/* The same on the thread of the journal, after x->registered was set: what is light is done at once. */
void exchange_registered(struct exchange *x);
enum after exchange_refuse(struct exchange *x, enum reason r, const char *format, ...) PRINTF_LIKE(3, 4);
/* AFTER_NEXT, or AFTER_REFUSE when the outcome failed with words in x->err. */
static inline enum after exchange_after(outcome o) { return o.ok ? AFTER_NEXT : AFTER_REFUSE; }
/* The identifiers of x->request outlive the tree they were read from. False when memory is short. */
MUST_USE bool exchange_keep_identifiers(struct exchange *x);
/* True for a message of the asynchronous channel that goes from the provider to whoever asked. */
bool exchange_is_answer(const struct exchange *x);
/* What stands in `data`; parsed once in a leg, when it is text. NULL for no data. */
MUST_USE outcome exchange_payload(struct exchange *x, const struct element *data, const struct payload **out);
/* Checks the inner signatures that the service demands of a document of that kind (NULL: of any); the words on them come
 * from x->pool. */
MUST_USE outcome exchange_inner(struct exchange *x, const struct verified *v, const struct element *data, const char *kind,
	struct bytes *evidence, struct inner_result *found);
/* Does what became of this copy tell what became of the message? Not when an earlier one may have been sent or kept, here
 * or at another gateway, and this one was refused without a word of the provider. */
bool exchange_is_certain(const struct exchange *x);
/* What a repetition of the message will meet. */
enum journal_seen_state exchange_final(const struct exchange *x);
/* Takes a place in flight of the service, or refuses. */
enum after exchange_take_place(struct exchange *x, const struct conf_service *service);
/* Places and memory, all that the exchange has. */
void exchange_give_back(struct exchange *x);
/* The line of its caller where threads are shared that may wait; see work_put_in_line. */
unsigned exchange_line(const struct exchange *x);
/* The places in flight of a service. No participant has more than its share of them, but one. */
struct places;
struct places *places_new(size_t most, size_t participants); /* NULL: no memory */
enum reason places_take(struct places *p, const struct conf_participant *who); /* REASON_NONE, or who is busy */
void places_leave(struct places *p, const struct conf_participant *who);
void places_free(struct places **p); /* takes NULL, sets NULL */
/* The message once more from its octets, verified once more: its trees went before a wait. */
enum after exchange_read_again(struct exchange *x);
/* Goes on under the identifiers of another exchange, which accepted the message first. */
void exchange_go_on_as(struct exchange *x, struct bytes guid);
MUST_USE outcome exchange_stage(struct exchange *x);
void exchange_stage_drop(struct exchange *x);
/* Signs `message` towards the participant as its profile says. */
MUST_USE outcome exchange_sign(struct exchange *x, const struct conf_participant *towards, struct bytes message,
	struct buf *out);
/* The same for a message that came, with what changes in it; `rest` as for security_sign_verified. */
MUST_USE outcome exchange_sign_on(struct exchange *x, const struct conf_participant *towards, const struct verified *v,
	const struct cuts *cuts, struct buf *out, struct bytes *rest);

/* Signs the text for the caller and makes it the answer; needs a stage. */
enum after exchange_answer(struct exchange *x, struct bytes text);
/* The first answer to a message that came again, to which it is given once more. */
enum after exchange_answer_again(struct exchange *x, struct bytes octets, int status);
void exchange_answered(struct exchange *x); /* x->answer is the answer, and signed */

/* The steps, in files by theme: flow_request.c, flow_share.c, flow_demand.c, flow_inner.c, flow_adapter.c, flow_answer.c,
 * flow_refuse.c, flow_register.c, flow_memory.c, flow_reply.c. */
enum after step_parse(struct exchange *x);
enum after step_verify(struct exchange *x);
/* The digest of what makes two messages identical: the octets of the operation, and before them the namespaces they stand
 * in, which a NUL ends. Journals and Redis keep it, so it stays what it is. False when memory is short. */
MUST_USE bool exchange_content(const struct envelope *env, struct pool *pool, unsigned char out[32]);
enum after step_admit(struct exchange *x);
enum after step_read(struct exchange *x);
enum after step_identify(struct exchange *x);
enum after step_permit(struct exchange *x);
enum after step_check_payload(struct exchange *x);
enum after step_check_demands(struct exchange *x);
enum after step_judge_time(struct exchange *x);
enum after step_tell(struct exchange *x);
enum after step_check_inner(struct exchange *x);
enum after step_recall(struct exchange *x);
/* Is the message one that all gateways remember? */
bool memory_is_shared(const struct exchange *x);
/* Tells that memory what became of a message that was taken there, while the journal is told: `registered` is what is hoped
 * of that, and put right by the step remember where it fails. */
void memory_tell(struct exchange *x, bool registered);
/* One of the waits has ended: behind the last the exchange goes on. Any thread. */
void exchange_waited(struct exchange *x);
enum after step_recall_shared(struct exchange *x);
enum after step_heed_shared(struct exchange *x);
enum after step_remember(struct exchange *x);
enum after step_run_checks(struct exchange *x);
enum after step_heed_checks(struct exchange *x);
enum after step_choose(struct exchange *x);
enum after step_handle(struct exchange *x);
enum after step_compose_handled(struct exchange *x);
enum after step_run_actions(struct exchange *x);
enum after step_compose(struct exchange *x);
enum after step_register_request(struct exchange *x);
enum after step_stamp(struct exchange *x);
enum after step_forward(struct exchange *x);
enum after step_keep(struct exchange *x);
enum after step_register_keep(struct exchange *x);
enum after step_mark(struct exchange *x);
enum after step_adopt(struct exchange *x);
enum after step_enqueue(struct exchange *x);
enum after step_accept(struct exchange *x);
enum after step_read_async(struct exchange *x);
enum after step_permit_async(struct exchange *x);
enum after step_keep_async(struct exchange *x);
enum after step_accept_async(struct exchange *x);
enum after step_identify_asker(struct exchange *x);
enum after step_ask(struct exchange *x);
enum after step_compose_asked(struct exchange *x);
enum after step_finish_asked(struct exchange *x);
enum after step_examine(struct exchange *x);
enum after step_compose_answer(struct exchange *x);
enum after step_refuse(struct exchange *x);
enum after step_register_answer(struct exchange *x);
enum after step_reply(struct exchange *x);

/* A new exchange for a POST to the channel, put in line. */
void exchange_begin(struct flow *f, struct snapshot *snap, const struct conf_listener *listener, bool async,
	struct front_request *http);
/* Lets go of everything the exchange holds, the exchange too. */
void exchange_end(struct exchange *x);

/* What a queued message needs to be delivered, beside its body; travels with it through the queue. */
enum delivery_kind { DELIVERY_SYNC = 's', DELIVERY_PUSH = 'p', DELIVERY_PULL = 'f', DELIVERY_NOTICE = 'n' };
struct delivery_meta {
	enum delivery_kind kind;
	bool is_signed; /* the body is sent as it is; else each attempt signs it */
	struct bytes receiver, service_id, participant, sender_id, message_id, correlation_id, exchange;
};
struct bytes delivery_meta_write(const struct delivery_meta *m, struct pool *pool);
MUST_USE bool delivery_meta_read(struct bytes text, struct delivery_meta *out); /* points into `text` */
/* The queue's callbacks; ctx is the flow. */
void delivery_claimed(void *ctx, struct queue_claim *claim);
void delivery_expired(void *ctx, struct queue_claim *claim);
/* Tells those whom the service names that the receiver of a message, which was accepted before, refused it. */
void tell_refused(struct flow *f, const struct snapshot *s, const struct delivery_meta *m, int64_t accepted_ms,
	enum reason reason, struct bytes code, struct bytes words);
/* The line of notices that wait for the queue; freed when none is left. */
struct notice_line *notice_line_new(struct flow *f);
void notice_line_free(struct notice_line **l);
/* Tells the sender of an asynchronous message, where it wants to be told, what became of it. */
void notice_send(struct flow *f, const struct snapshot *s, const struct delivery_meta *m, enum async_state state,
	const char *code, const char *words);
/* Where a participant's messages wait: its name, or its name and what for; from the pool. */
struct bytes destination_of(struct pool *pool, const struct conf_participant *p, enum delivery_kind kind);
/* Shared by the two channels: the queue can keep; meta and policy of the message are set; it was kept (else x->err). */
MUST_USE bool keep_ready(struct exchange *x);
MUST_USE bool keep_text(struct exchange *x, enum delivery_kind kind, bool is_signed, const struct queue_policy *policy);
MUST_USE bool keep_succeeded(struct exchange *x);

/* Correlation identifiers say themselves whose chain they are, so that no store can forget it. */
MUST_USE outcome chain_open(struct flow *f, const char *folder, struct err *e);
void chain_tag(const struct flow *f, const struct conf_participant *p, unsigned char tag[2]);
void chain_new(const struct flow *f, const struct conf_participant *initiator, const struct conf_service *s,
	const char *exchange, char out[37]);
/* The participant that began the chain, or NULL when the identifier is none of ours for this service. */
const struct conf_participant *chain_initiator(const struct flow *f, const struct snapshot *snap,
	const struct conf_service *s, struct bytes correlation_id);

/* Marks the participants of a snapshot for chain_initiator. */
void flow_tag(const struct flow *f, struct snapshot *s);
/* Starts the queue of the configuration, when there is one. */
MUST_USE outcome delivery_start(struct flow *f, struct err *e);

/* Everybody whose signature is believed: the transport signature, and what its certificate is worth now. */
struct verification {
	const struct verified *verified; /* NULL unless all of it is well */
	const struct trust_cert *who;    /* also when it is refused, for the journal */
	struct bytes evidence;           /* lines for the journal; from `words` */
};
/* Fails as security_verify and policy_revocation. */
MUST_USE outcome flow_verify(struct flow *f, const struct snapshot *s, struct pool *trees, struct pool *words,
	const struct envelope *env, struct stamp now, struct verification *out, struct err *e);
/* Is the certificate revoked, and what follows from that under the profile? Adds a line. */
MUST_USE outcome flow_status(struct flow *f, const struct trust_cert *c, const struct conf_profile *profile,
	struct stamp now, struct pool *words, struct bytes *evidence, struct err *e);
/* Asks about every certificate of a participant, so that each is watched from the start; true when all have a status. */
bool flow_statuses(struct flow *f, const struct snapshot *s, struct err *e);
MUST_USE outcome evidence_add(struct pool *pool, struct bytes *evidence, struct bytes line, struct err *e);

/* The adapters that a service names, all problems told. */
void adapters_load(const struct conf *c, const struct conf_service *s, struct service_state *out,
	struct conf_problems *problems);
/* Threads and folders of adapters; after the queue. Stop also after a start that failed. */
MUST_USE outcome adapters_start(struct flow *f, struct err *e);
void adapters_stop(struct flow *f);

/* Time-stamps, when the configuration has an authority; stop also after a start that failed. */
MUST_USE outcome stamps_start(struct flow *f, struct err *e);
void stamps_stop(struct flow *f);

/* Facts and signatures that exchanges and deliveries share. */
void fact_certificate(struct journal_fact *f, const struct trust_cert *c);
void fact_own_key(struct journal_fact *f, const struct trust_key *key);
/* The key that signs towards the participant now; what it signs and what the journal says of that ask once. */
const struct trust_key *snapshot_key(const struct snapshot *s, const struct conf_participant *towards);
struct sign_options snapshot_sign_options(const struct conf_participant *towards, const struct trust_key *key);
MUST_USE outcome snapshot_sign(struct pool *pool, const struct conf_participant *towards, const struct trust_key *key,
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
/* Facts of the journal, for whoever may ask. */
void flow_facts_answer(struct flow *f, struct front_request *request);

#endif
