/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory - the replay memory that several gateways share: messages that are answered while the caller waits are known
 * again at every gateway of the same Redis, as the journal of one knows its own (decision 0025).
 *
 * recall takes a message for one exchange before it is sent on; remember says what became of it. Each is one script, and
 * goes out in the same batches as everything else of the queue. What a broken connection leaves in doubt is settled by
 * the queue itself, as soon as Redis is there again; of a gateway that died the sign of life ends, and with it what was
 * open there becomes uncertain.
 */
#ifndef QAQPA_QUEUE_MEMORY_H
#define QAQPA_QUEUE_MEMORY_H

#include "queue/queue.h"

enum queue_recalled {
	RECALLED_NEW,       /* nobody had it: it is this exchange's */
	RECALLED_AGAIN,     /* the same, but an earlier copy may have been sent; only with may_repeat */
	RECALLED_OPEN,      /* a gateway that lives is at it */
	RECALLED_ANSWERED,
	RECALLED_UNCERTAIN, /* sent perhaps, and whoever was at it died or cannot tell */
	RECALLED_OTHER,     /* known with other content */
	RECALLED_FORGOTTEN  /* not known, yet so old that it may have been: the memory is younger, or ended */
};

struct queue_message {
	struct bytes holder;         /* whose it is, as in a mark */
	struct bytes name;           /* the same at every gateway; short text */
	struct bytes exchange;       /* a guid */
	unsigned char content[32];
	int64_t for_ms;              /* how long it is remembered */
};

#define QUEUE_NODE_MOST 192
struct queue_recall {
	struct queue_order order;    /* first */
	struct queue_message message;
	int64_t date_ms, skew_ms;    /* that the message bears; allowed difference of clocks */
	bool may_repeat;             /* sending it twice does no harm */
	/* What was found, with DONE. */
	enum queue_recalled what;
	char first[39], node[QUEUE_NODE_MOST]; /* exchange and gateway that had it; empty where there is none */
	int status;                  /* HTTP status of the answer */
	struct buf answer;           /* its octets, in a buffer of the caller's; empty: kept no more, or too long */
	/* On the queue's thread; must not block. Anything but DONE: the message is not this exchange's, and must not be sent. */
	void (*done)(struct queue_recall *recall, enum queue_result result, const struct err *e);
	void *ctx;
};
void queue_recall(struct queue *q, struct queue_recall *recall); /* any thread, never blocks */

enum queue_fate { QUEUE_FATE_ANSWERED, QUEUE_FATE_RELEASED /* certainly not sent */, QUEUE_FATE_UNCERTAIN };
struct queue_remember {
	struct queue_order order;    /* first */
	struct queue_message message; /* as it was recalled */
	enum queue_fate fate;
	int status;
	struct bytes answer;         /* of ANSWERED; empty: not kept */
	int64_t answer_ms;           /* how long it is kept */
	/* As above. Anything but DONE: the queue says it again, without the answer, until Redis has it or the queue stops. */
	void (*done)(struct queue_remember *remember, enum queue_result result, const struct err *e);
	void *ctx;
};
void queue_remember(struct queue *q, struct queue_remember *remember); /* any thread, never blocks */

#endif
