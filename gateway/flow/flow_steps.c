/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_steps - the table of steps, and the exchange that is carried along it.
 *
 * A step runs on a worker and never blocks. Where it waits it hands the exchange to the journal or to egress and
 * touches it no more: it may be resumed on another worker at once. What only hands over runs on the thread of the journal
 * itself: a whole group goes on with one wake-up of egress or front, and no worker is woken for it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "log/log.h"

#include "flow/flow_int.h"

#define STAGE_MOST (256u << 20)
#define STAGE_USUAL (32u << 10) /* the frame of a usual message takes half of it */

static const struct step steps[] = {
	/* the request */
	{"parse", step_parse},
	{"verify", step_verify},
	{"admit", step_admit},
	{"read", step_read},
	{"identify", step_identify},
	{"permit", step_permit},
	{"check-payload", step_check_payload},
	{"check-demands", step_check_demands},
	{"check-inner", step_check_inner},
	{"recall", step_recall},
	{"recall-shared", step_recall_shared},       /* waits for Redis, where gateways share their memory */
	{"heed-shared", step_heed_shared},
	{"run-checks", step_run_checks},             /* waits for adapters, where there are checks */
	{"heed-checks", step_heed_checks},
	{"choose", step_choose},
	{"judge-time", step_judge_time},
	{"compose", step_compose},
	{"register-request", step_register_request}, /* waits for the disk */
	{"stamp", step_stamp},                       /* waits for the disk, where messages are stamped */
	{"forward", step_forward},                   /* waits for the provider */
	/* the answer */
	{"examine", step_examine},
	{"compose-answer", step_compose_answer},
	{"run-actions", step_run_actions},         /* waits for adapters, where there are actions */
	{"tell", step_tell},
	{"register-answer", step_register_answer}, /* waits for the disk, and for Redis beside it */
	{"remember", step_remember},               /* waits for Redis, where the journal failed */
	{"reply", step_reply},
};
/* Instead of compose to compose-answer, for a service whose delivery is queued. */
static const struct step keeping[] = {
	{"keep", step_keep},
	{"mark", step_mark},                   /* waits for Redis */
	{"adopt", step_adopt},
	{"judge-time", step_judge_time},
	{"register-keep", step_register_keep}, /* waits for the disk */
	{"stamp", step_stamp},                 /* waits for the disk, where messages are stamped */
	{"enqueue", step_enqueue},             /* waits for Redis */
	{"accept", step_accept},
	{"tell", step_tell},
	{"register-answer", step_register_answer}, /* waits for the disk, and for Redis beside it */
	{"reply", step_reply},
};
/* Instead of compose to compose-answer, for a service that the gateway itself provides. What came and what went are
 * registered together, before the answer goes. */
static const struct step handling[] = {
	{"judge-time", step_judge_time},
	{"handle", step_handle},                   /* waits for the adapter */
	{"compose-handled", step_compose_handled},
	{"tell", step_tell},
	{"register-answer", step_register_answer}, /* waits for the disk, and for Redis beside it */
	{"stamp", step_stamp},                     /* waits for the disk, where messages are stamped */
	{"remember", step_remember},               /* waits for Redis, where the journal failed */
	{"reply", step_reply},
};
/* sendMessage of the asynchronous channel, whose first steps are those of the synchronous one. */
static const struct step async_steps[] = {
	{"parse", step_parse},
	{"verify", step_verify},
	{"admit", step_admit},
	{"read-async", step_read_async},
	{"identify", step_identify},
	{"permit-async", step_permit_async},
	{"check-payload", step_check_payload},
	{"check-demands", step_check_demands},
	{"check-inner", step_check_inner},
	{"recall", step_recall},
	{"run-checks", step_run_checks},       /* waits for adapters, where there are checks */
	{"heed-checks", step_heed_checks},
	{"keep-async", step_keep_async},
	{"mark", step_mark},                   /* waits for Redis */
	{"adopt", step_adopt},
	{"judge-time", step_judge_time},
	{"register-keep", step_register_keep}, /* waits for the disk */
	{"stamp", step_stamp},                 /* waits for the disk, where messages are stamped */
	{"enqueue", step_enqueue},             /* waits for Redis */
	{"accept-async", step_accept_async},
	{"tell", step_tell},
	{"register-answer", step_register_answer}, /* waits for the disk, and for Redis beside it */
	{"reply", step_reply},
};
/* Its other operations. */
static const struct step asking[] = {
	{"identify-asker", step_identify_asker},
	{"ask", step_ask}, /* waits for Redis, on a thread of its own */
	{"compose-asked", step_compose_asked},
	{"register-answer", step_register_answer}, /* waits for the disk, and for Redis beside it */
	{"finish-asked", step_finish_asked},       /* waits for Redis */
	{"reply", step_reply},
};
static const struct step refusal[] = {
	{"refuse", step_refuse},
	{"run-actions", step_run_actions},         /* waits for adapters, where there are actions */
	{"tell", step_tell},
	{"register-answer", step_register_answer}, /* waits for the disk, and for Redis beside it */
	{"remember", step_remember},               /* waits for Redis, where the journal failed */
	{"reply", step_reply},
};

/* A step that was refused memory knows nothing of the message, whatever it says; but that something may have been done
 * already stays true. Behind a step that succeeded no reason is left, whatever failed on its way; a refusal keeps its
 * own. */
static enum after step_run(const struct step *step, struct exchange *x)
{
	size_t before = memory_refusals();
	enum after after = step->run(x);

	if (after == AFTER_WAIT || after == AFTER_END)
		return after; /* it is another thread's by now, or gone */
	if (after == AFTER_REFUSE && memory_refusals() != before && reason_row(x->err.reason)->class != CLASS_UNCERTAIN)
		return exchange_refuse(x, REASON_MEMORY, "step %s was refused memory", step->name);
	if (after == AFTER_REFUSE && x->err.reason == REASON_NONE)
		return exchange_refuse(x, REASON_INTERNAL, "step %s refused without a reason", step->name);
	if (after != AFTER_REFUSE && !x->error_id[0])
		x->err.reason = REASON_NONE;
	return after;
}

/* Those that only hand over. */
static bool step_is_light(const struct step *s)
{
	return s->run == step_stamp || s->run == step_forward || s->run == step_enqueue || s->run == step_finish_asked ||
		s->run == step_remember || s->run == step_reply;
}

/* As far as the exchange gets; where only what is light may be done, as far as that goes. */
static void exchange_carry(struct exchange *x, bool light)
{
	for (;;) {
		const struct step *step = x->step;

		if (light && !step_is_light(step)) {
			exchange_resume(x);
			return;
		}
		x->step++;
		switch (step_run(step, x)) {
		case AFTER_NEXT:
			break;
		case AFTER_REFUSE:
			x->step = refusal;
			break;
		case AFTER_ASK:
			x->step = asking;
			break;
		case AFTER_KEEP:
			x->step = keeping;
			break;
		case AFTER_HANDLE:
			x->step = handling;
			break;
		case AFTER_REPLY:
			x->step = refusal + 1;
			break;
		case AFTER_WAIT:
		case AFTER_END:
			return;
		}
	}
}

void exchange_run(struct work_item *item)
{
	struct exchange *x = (struct exchange *)item;

	if (!x->step)
		x->step = x->async ? async_steps : steps;
	exchange_carry(x, false);
}

void exchange_registered(struct exchange *x)
{
	if (x->registered && x->answer.len + x->answer_rest.n <= LIGHT_OCTETS)
		exchange_carry(x, true);
	else
		exchange_resume(x);
}

void exchange_resume(struct exchange *x)
{
	work_put_begun(x->flow->work, &x->work);
}

enum after exchange_refuse(struct exchange *x, enum reason r, const char *format, ...)
{
	va_list args;

	x->err.reason = r;
	va_start(args, format);
	vsnprintf(x->err.detail, sizeof x->err.detail, format, args);
	va_end(args);
	return AFTER_REFUSE;
}

outcome exchange_stage(struct exchange *x)
{
	exchange_stage_drop(x);
	x->stage = pool_new_of(STAGE_MOST, STAGE_USUAL);
	return x->stage ? DONE : err_set(&x->err, REASON_MEMORY, "no memory for the message");
}

void exchange_stage_drop(struct exchange *x)
{
	x->env = x->answer_env = NULL;
	x->verified = x->answer_verified = NULL;
	x->payload_of = NULL;
	pool_free(&x->stage);
}

void exchange_answered(struct exchange *x)
{
	x->status = 200;
	x->answer_kind = JOURNAL_ANSWER;
	x->answer_signed = true;
}

enum after exchange_answer(struct exchange *x, struct bytes text)
{
	if (!exchange_sign(x, x->caller, text, &x->answer).ok)
		return AFTER_REFUSE;
	exchange_answered(x);
	return AFTER_NEXT;
}

/* The key that signs, kept for the journal. */
static const struct trust_key *choose_key(struct exchange *x, const struct conf_participant *towards, const struct buf *out)
{
	const struct trust_key *key = snapshot_key(x->snap, towards);

	*(out == &x->answer ? &x->answer_key : &x->outgoing_key) = key;
	return key;
}

outcome exchange_sign(struct exchange *x, const struct conf_participant *towards, struct bytes message,
	struct buf *out)
{
	return snapshot_sign(x->stage, towards, choose_key(x, towards, out), message, out, &x->err);
}

outcome exchange_sign_on(struct exchange *x, const struct conf_participant *towards, const struct verified *v,
	const struct cuts *cuts, struct buf *out, struct bytes *rest)
{
	struct sign_options options = snapshot_sign_options(towards, choose_key(x, towards, out));

	return security_sign_verified(x->stage, v, cuts->list, cuts->n, &options, out, rest, &x->err);
}
