/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow, inside: a message of the queue on its way, as its steps (flow_delivery.c) and its judges (flow_judge.c) see it. */
#ifndef QAQPA_FLOW_FLOW_DELIVERY_H
#define QAQPA_FLOW_FLOW_DELIVERY_H

#include "flow/flow_int.h"

#define DELIVERY_MOST (256u << 20)
#define NAMES_MOST (1u << 20)

enum then { THEN_NEXT, THEN_WAIT, THEN_SETTLE, THEN_END };

/* Where a message goes and how. */
struct target {
	const struct conf_participant *receiver; /* NULL: not configured now */
	const char *endpoint, *tls_ca, *tls_certificate, *tls_key;
	int deadline_ms;
	size_t answer_bytes;
	bool repeat_safe;
	const struct conf_retry *retry;
};

struct delivery {
	struct work_item work;
	struct flow *flow;
	struct snapshot *snap;
	struct queue_claim *claim; /* NULL once it is settled */
	struct queue_claim kept;   /* what outlives the claim: its identifiers, in `names` */
	const struct delivery_step *step;
	struct pool *names, *pool; /* the second holds a tree while a worker is at it */
	struct delivery_meta meta;
	struct target to;
	struct buf outgoing;
	const struct trust_key *own_key; /* that signs it */
	struct egress_call call;
	struct egress_result result;
	const struct trust_cert *answer_who;
	struct bytes evidence;       /* of its certificate; from `names` */
	struct err err;              /* reason of the verdict when it was not delivered */
	char cause[80];              /* kept with the message */
	enum queue_verdict verdict;
	bool dead;
	int64_t due_ms;
	struct journal_entry entry;
	struct journal_fact fact;
	struct journal_waiting word;
	char policy[QUEUE_POLICY_TEXT]; /* of the claim */
	outcome registered;
};

struct delivery_step {
	const char *name;
	enum then (*run)(struct delivery *d);
};

/* Where the message goes, by its meta and the snapshot; receiver NULL when that is not configured now. */
struct target delivery_target(const struct conf *c, const struct delivery_meta *m);
/* Sets verdict, reason and cause. */
void delivery_verdict(struct delivery *d, enum queue_verdict v, enum reason r, const char *cause, const char *detail);
/* Goes on with the next step of the delivery, on a worker. */
void delivery_resume(struct delivery *d);
/* Of a dead letter: the receiver refused it, or nothing of it was ever sent. Else it may have been accepted. */
bool delivery_is_refused(const struct delivery *d);
/* Hands the delivery over to the actions of its service, told `dead` or delivered; false when there are none, or when
 * nobody can tell what became of the message. */
MUST_USE bool delivery_act(struct delivery *d);
/* What the result of the call means for the message. */
void delivery_judge(struct delivery *d);

#endif
