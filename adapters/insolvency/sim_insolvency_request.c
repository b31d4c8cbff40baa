/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_insolvency_request - see sim_insolvency_request.h.
 * Promise:  nothing is taken without the signature of the administrator whom it names (I4).
 * Spec:     I1, I4, I5 */
#include "insolvency/sim_insolvency_request.h"

bool insolvency_read(struct insolvency_request *q, struct sim *sim, const struct sim_request *in, const char *name)
{
	const struct _xmlNode *administrator;

	*q = (struct insolvency_request){0};
	if (!service_open(&q->r, sim, in, NS_INSOLVENCY, name))
		return false;
	administrator = payload_child(q->r.business, "Administrator");
	q->iin = payload_text(q->r.pool, administrator, "Iin");
	q->full_name = payload_text(q->r.pool, administrator, "FullName");
	return q->iin && q->full_name;
}

static void judge_signature(struct insolvency_request *q, struct bytes payload)
{
	struct err why;

	if (!sim_document_certificate(q->r.sim, q->r.pool, payload, &q->signer, &why).ok) {
		q->signer = NULL;
		reasons_add(&q->r.reasons, "document.signature", "%s %s", reason_row(why.reason)->title, why.detail);
	} else if (!q->signer->who.iin || strcmp(q->signer->who.iin, q->iin) != 0) {
		reasons_add(&q->r.reasons, "document.signer",
			"the document is signed by another person than the administrator whom it names");
	}
}

outcome insolvency_judge(struct insolvency_request *q, struct bytes payload, struct err *e)
{
	judge_signature(q, payload);
	TRY(insolvency_administrator_find(sim_state(q->r.sim), q->iin, &q->administrator, e));
	if (!q->administrator.known)
		reasons_add(&q->r.reasons, "administrator.unknown", "the register of administrators does not know this person");
	return DONE;
}

outcome insolvency_judge_right(struct insolvency_request *q, struct bytes payload, struct err *e)
{
	bool reported = false;

	TRY(insolvency_judge(q, payload, e));
	if (q->administrator.excluded[0])
		reasons_add(&q->r.reasons, "administrator.excluded", "this person is not in the register of administrators since %s",
			q->administrator.excluded);
	if (q->signer)
		TRY(insolvency_key_is_reported(sim_state(q->r.sim), q->signer->print, &reported, e));
	if (reported)
		reasons_add(&q->r.reasons, "key.compromised", "the key of the signature was reported as compromised");
	return DONE;
}

outcome insolvency_judge_procedure(struct insolvency_request *q, const char *number, struct insolvency_procedure *out,
	struct err *e)
{
	TRY(insolvency_procedure_find(sim_state(q->r.sim), number, out, e));
	if (!out->known)
		reasons_add(&q->r.reasons, "procedure.unknown", "no procedure has the number %s", number);
	else if (strcmp(out->administrator, q->iin) != 0)
		reasons_add(&q->r.reasons, "procedure.foreign", "another administrator leads the procedure %s", number);
	return DONE;
}

void insolvency_write_administrator(struct buf *out, const struct insolvency_request *q)
{
	buf_str(out, "<Administrator>");
	payload_field(out, "Iin", q->iin);
	payload_field(out, "FullName", q->full_name);
	buf_str(out, "</Administrator>");
}

outcome insolvency_write_signed(struct buf *out, const struct insolvency_request *q, const char *element,
	const struct buf *document, struct err *e)
{
	SCOPED(buf_free) struct buf done = BUF(INSOLVENCY_BYTES);

	if (!buf_ok(document))
		return err_set(e, REASON_MEMORY, "document of the insolvency system");
	TRY(sim_document_sign(q->r.sim, q->r.pool, NULL, buf_bytes(document), &done, e));
	payload_field(out, element, buf_cstr(&done));
	return DONE;
}
