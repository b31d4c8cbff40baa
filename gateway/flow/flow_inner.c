/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_inner - the signatures of authorised persons inside data (rule B3), where the service demands them: of requests, and
 * of answers when it says so. Who signed is kept for the journal, beside the fact of receiving. */
#include "security/inner.h"
#include "timestamp/timestamp.h"

#include "flow/flow_int.h"

enum { WORDS_MOST = 32768 };

/* A signature is believed as its certificate is; the outage policy is that of whoever sent it. */
static outcome check_status(struct exchange *x, const struct inner_result *found, const struct conf_profile *profile,
	struct bytes *evidence)
{
	for (size_t i = 0; i < found->n; i++)
		TRY(flow_status(x->flow, found->signer[i].certificate, profile, stamp_now(), x->pool, evidence, &x->err));
	return DONE;
}

/* A time-stamp that came with a signature is judged where the configuration says by whom it may be made. */
static outcome check_stamp(const struct conf_timestamp *c, struct inner_signer *s, struct err *e)
{
	struct timestamp_token says;
	struct err why;

	if (s->stamp.n == 0 || c->authorities.n == 0)
		return DONE;
	if (!timestamp_covers(s->stamp, s->value, c->authorities.name, c->authorities.n, &says, &why).ok)
		return err_set(e, REASON_INNER_WRONG, "its time-stamp: %.200s", why.detail);
	s->stamped = true;
	s->signed_ms = says.at_ms;
	return DONE;
}

static outcome check_stamps(struct exchange *x, const struct inner_result *found)
{
	for (size_t i = 0; i < found->n; i++)
		TRY(check_stamp(&x->snap->conf->timestamp, &found->signer[i], &x->err));
	return DONE;
}

outcome exchange_inner(struct exchange *x, const struct verified *v, const struct element *data, const char *kind,
	struct bytes *evidence, struct inner_result *found)
{
	const struct conf_inner demand = conf_inner_of_kind(x->service, kind);
	SCOPED(buf_free) struct buf words = BUF(WORDS_MOST);
	const struct payload *payload;

	TRY(exchange_payload(x, data, &payload));
	TRY(inner_verify(x->stage, payload, &demand, verified_bin(v), x->snap->trust, stamp_now().ms, found, &x->err));
	TRY(check_status(x, found, verified_participant(v)->profile, evidence));
	TRY(check_stamps(x, found));
	inner_print(found, &words);
	return evidence_add(x->pool, evidence, buf_bytes(&words), &x->err);
}

enum after step_check_inner(struct exchange *x)
{
	const struct conf_inner *demand = &x->service->inner;

	if (!demand->forms || (exchange_is_answer(x) && !demand->answers))
		return AFTER_NEXT;
	x->has_signers = exchange_inner(x, x->verified, x->request.data, x->demanded.kind, &x->evidence, &x->signers).ok;
	return x->has_signers ? AFTER_NEXT : AFTER_REFUSE;
}
