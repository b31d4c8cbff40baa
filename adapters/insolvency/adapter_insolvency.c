/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_insolvency - a key that its administrator reports as compromised stops working at this gateway.
 * Promise:  nobody stops the key of another: signer, administrator and certificate have one IIN. The key is stopped before
 *           the report goes on, and stays so whatever becomes of the report.
 * Not here: whether the report came in time (the insolvency system), the list of blocked certificates (trust).
 * Spec:     I5; wsdl/insolvency/v1/insolvency.xsd */
#include "common/adapter_lost.h"
#include "common/business.h"

static bool same(const char *iin, const char *other)
{
	return iin && other && strcmp(iin, other) == 0;
}

static outcome judge_owner(const struct adapter_call *c, const char *iin, const struct cert_view *lost, struct err *e)
{
	for (size_t i = 0; c->signers && i < c->signers->n; i++) {
		if (!same(c->signers->signer[i].certificate->who.iin, iin))
			return err_set(e, REASON_INSOLVENCY_KEY, "the report is signed by another person than the administrator");
	}
	if (!c->signers || c->signers->n == 0)
		return err_set(e, REASON_INSOLVENCY_KEY, "nobody signed the report");
	return same(lost->who.iin, iin) ? DONE :
		err_set(e, REASON_INSOLVENCY_KEY, "the certificate in the report is not this administrator's");
}

static outcome check_report(const struct adapter_call *c, struct err *e)
{
	const struct _xmlNode *business = payload_child(c->payload, "BusinessData");
	const char *iin = payload_text(c->pool, payload_child(business, "Administrator"), "Iin");
	struct cert_view lost;

	if (!lost_certificate(c, business, &lost))
		return err_set(e, REASON_INSOLVENCY_KEY, "the certificate in the report cannot be read or trusted");
	TRY(judge_owner(c, iin, &lost, e));
	lost_block(c, &lost, "insolvency");
	return DONE;
}

extern const struct adapter adapter_insolvency_key;
const struct adapter adapter_insolvency_key = {
	.name = "insolvency-key",
	.summary = "a key that its administrator reports as compromised stops working",
	.check = check_report,
};
