/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_held - a message in this gateway's hands: its octets in one piece of memory, its body maybe from the spool.
 * Not here: claiming and settling (queue_batch). */
#include <stddef.h>
#include <stdlib.h>

#include "queue/queue_run.h"

#define BODY_MOST ((size_t)1 << 30)

static struct bytes copy(unsigned char **to, struct bytes from)
{
	struct bytes made = {*to, from.n};

	if (from.n)
		memcpy(*to, from.p, from.n);
	*to += from.n;
	return made;
}

struct queue_held *queue_held_new(struct bytes destination, const struct queue_found *found)
{
	struct queue_held *h = calloc(1, sizeof *h + destination.n + found->id.n + found->order_key.n + found->meta.n +
		found->body.n + found->token.n + found->spool.n);
	unsigned char *to;

	if (!h)
		return NULL;
	to = h->octets;
	h->claim = (struct queue_claim){
		.id = copy(&to, found->id),
		.destination = copy(&to, destination),
		.order_key = copy(&to, found->order_key),
		.meta = copy(&to, found->meta),
		.body = copy(&to, found->body),
		.attempt = found->attempt,
		.accepted_ms = found->accepted_ms,
		.expire_ms = found->expire_ms,
	};
	h->token = copy(&to, found->token);
	h->spool = copy(&to, found->spool);
	h->spooled = BUF(BODY_MOST);
	return h;
}

outcome queue_held_read(struct queue_held *h, const struct queue_found *found, const char *spool, struct err *e)
{
	if (!queue_policy_parse(found->policy, &h->claim.policy, h->policy_name))
		return err_set(e, REASON_INTERNAL, "the policy stored with the message cannot be read");
	if (!h->spool.n)
		return DONE;
	TRY(queue_spool_read(spool, h->spool, &h->spooled, e));
	h->claim.body = buf_bytes(&h->spooled);
	return DONE;
}

void queue_held_take(struct queue *q, struct queue_target *t, struct queue_held *h)
{
	h->queue = q;
	h->target = t;
	h->next = t->held;
	h->link = &t->held;
	if (h->next)
		h->next->link = &h->next;
	t->held = h;
	q->in_hand++;
}

static void release(struct queue_held *h)
{
	buf_free(&h->spooled);
	free(h);
}

void queue_held_free(struct queue *q, struct queue_held *h)
{
	*h->link = h->next;
	if (h->next)
		h->next->link = h->link;
	q->in_hand--;
	release(h);
}

void queue_claim_free(struct queue_claim *claim)
{
	struct queue_held *h = (struct queue_held *)claim;

	if (!h)
		return;
	BUG_IF(h->target); /* in hand: it is to be settled */
	release(h);
}
