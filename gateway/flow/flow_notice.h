/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow, inside: a message that the gateway itself makes and keeps for a receiver: on disk in the journal before it is in
 * Redis. What it says is written by flow_notice.c (status notices) and flow_tell.c (notices of services). */
#ifndef QAQPA_FLOW_FLOW_NOTICE_H
#define QAQPA_FLOW_FLOW_NOTICE_H

#include "flow/flow_int.h"

struct notice {
	struct notice *next; /* in the line of those that the queue did not take yet */
	struct flow *flow;
	struct snapshot *snap;
	struct pool *pool;
	struct buf body;
	struct journal_entry entry;
	struct journal_waiting word;
	struct queue_put put;
	char policy[QUEUE_POLICY_TEXT];
};

/* NULL when memory is short. The stop waits for it. */
struct notice *notice_new(struct flow *f, const struct snapshot *s);
/* Where it goes, under which name (a guid), with which policy; meta->exchange becomes the name, for its acknowledgement is
 * not that of the message. False when memory is short. */
MUST_USE bool notice_address(struct notice *n, const struct delivery_meta *meta, struct bytes destination,
	const struct queue_policy *policy, const char *guid);
/* Hands it, its body written, to the journal, then to the queue; it ends by itself. With `keep_earlier` a word that the
 * journal has under the same name stays. */
void notice_register(struct notice *n, bool keep_earlier);
/* Puts into the queue what an earlier life registered and the queue did not say that it has; on a thread that may wait,
 * because it reads the journal. The stop waits for it. */
void notices_resume(struct flow *f);
/* Instead, when it could not be made: logs why. */
void notice_fail(struct notice *n, const struct err *e);

#endif
