/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_inner - the signatures of authorised persons inside data (rule B3), where the service demands them: of requests, and
 * of answers when it says so. Who signed is kept for the journal, beside the fact of receiving. */
#include "security/inner.h"

#include "flow/flow_int.h"

enum { EVIDENCE_MOST = 32768 };

/* The words outlive the trees. */
static outcome keep_words(struct exchange *x, const struct inner_result *found, struct bytes *evidence)
{
	SCOPED(buf_free) struct buf words = BUF(EVIDENCE_MOST);

	inner_print(found, &words);
	evidence->p = (const unsigned char *)pool_copy(x->pool, buf_bytes(&words));
	evidence->n = words.len;
	return evidence->p && buf_ok(&words) ? DONE : err_set(&x->err, REASON_MEMORY, "words on inner signatures");
}

outcome exchange_inner(struct exchange *x, const struct verified *v, const struct element *data, struct bytes *evidence)
{
	struct inner_result found;

	TRY(inner_verify(x->stage, data, &x->service->inner, verified_bin(v), x->snap->trust, stamp_now().ms, &found, &x->err));
	return keep_words(x, &found, evidence);
}

enum after step_check_inner(struct exchange *x)
{
	const struct conf_inner *demand = &x->service->inner;

	if (!demand->forms || (exchange_is_answer(x) && !demand->answers))
		return AFTER_NEXT;
	return exchange_after(exchange_inner(x, x->verified, x->request.data, &x->evidence));
}
