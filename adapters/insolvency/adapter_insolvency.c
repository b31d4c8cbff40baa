/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_insolvency - a key that its administrator reports as compromised stops working at this gateway.
 * Promise:  nobody stops the key of another: signer, administrator and certificate have one IIN. The key is stopped before
 *           the report goes on, and stays so whatever becomes of the report.
 * Not here: whether the report came in time (the insolvency system), the list of blocked certificates (trust).
 * Spec:     I5; wsdl/insolvency/v1/insolvency.xsd */
#include "adapter/adapter.h"
#include "common/business.h"
#include "log/log.h"
#include "trust/blocks.h"
#include "trust/certificate.h"

#define CERTIFICATE_BYTES 16384

static outcome read_certificate(const struct adapter_call *c, const struct _xmlNode *business, struct cert_view *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf der = BUF(CERTIFICATE_BYTES);
	const char *base64 = payload_text(c->pool, business, "Certificate");
	struct err why;

	if (base64 && base64_decode(bytes_str(base64), &der, &why).ok && cert_view_read(c->pool, buf_bytes(&der), out, &why).ok)
		return DONE;
	return err_set(e, REASON_INSOLVENCY_KEY, "the certificate in the report cannot be read");
}

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

/* Into the list of the operator, which the gateway reads again within a second. */
static outcome block(const struct adapter_call *c, const struct cert_view *lost, struct err *e)
{
	struct block b = {.who = "insolvency", .reason = "reported as compromised"};
	char now[STAMP_TEXT];
	bool changed;

	if (!c->conf->blocks) {
		log_event(LOG_WARNING, "insolvency.not-blocked", LOG_TEXT("certificate", lost->print),
			LOG_TEXT("detail", "the configuration has no list of blocked certificates"));
		return DONE;
	}
	stamp_print(c->at, now);
	b.since = now;
	memcpy(b.key, lost->sha256, sizeof b.key);
	return block_list_add(c->conf->blocks, &b, &changed, e);
}

static outcome check_report(const struct adapter_call *c, struct err *e)
{
	const struct _xmlNode *business = payload_child(c->payload, "BusinessData");
	const char *iin = payload_text(c->pool, payload_child(business, "Administrator"), "Iin");
	struct cert_view lost;
	struct err why;

	TRY(read_certificate(c, business, &lost, e));
	TRY(judge_owner(c, iin, &lost, e));
	if (!block(c, &lost, &why).ok) /* the report goes on all the same: the body has to know */
		log_event(LOG_ERROR, "insolvency.not-blocked", LOG_TEXT("certificate", lost.print), LOG_TEXT("detail", why.detail));
	return DONE;
}

extern const struct adapter adapter_insolvency_key;
const struct adapter adapter_insolvency_key = {
	.name = "insolvency-key",
	.summary = "a key that its administrator reports as compromised stops working",
	.check = check_report,
};
