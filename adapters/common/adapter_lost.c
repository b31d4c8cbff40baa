/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapter_lost - see adapter_lost.h.
 * Spec: T9, I5 */
#include "common/adapter_lost.h"
#include "common/business.h"
#include "log/log.h"
#include "trust/blocks.h"
#include "trust/trust.h"

#define CERTIFICATE_BYTES 16384

static bool issued(const struct adapter_call *c, struct bytes der)
{
	const struct trust_cert *found;
	struct err why;

	return trust_find_signer(c->trust, der, c->at.ms, &found, &why).ok || why.reason == REASON_CERT_BLOCKED ||
		why.reason == REASON_CERT_EXPIRED;
}

bool lost_certificate(const struct adapter_call *c, const struct _xmlNode *business, struct cert_view *out)
{
	SCOPED(buf_free) struct buf der = BUF(CERTIFICATE_BYTES);
	const char *base64 = payload_text(c->pool, business, "Certificate");
	struct err why;

	return base64 && base64_decode(bytes_str(base64), &der, &why).ok && issued(c, buf_bytes(&der)) &&
		cert_view_read(c->pool, buf_bytes(&der), out, &why).ok;
}

static outcome add(const struct adapter_call *c, const struct cert_view *lost, const char *who, struct err *e)
{
	struct block b = {.who = who, .reason = "reported as compromised"};
	char now[STAMP_TEXT];
	bool changed;

	if (!c->conf->blocks)
		return err_set(e, REASON_CONFIG, "the configuration has no list of blocked certificates");
	stamp_print(c->at, now);
	b.since = now;
	memcpy(b.key, lost->sha256, sizeof b.key);
	return block_list_add(c->conf->blocks, &b, &changed, e);
}

void lost_block(const struct adapter_call *c, const struct cert_view *lost, const char *who)
{
	struct err why;

	if (!add(c, lost, who, &why).ok)
		log_event(LOG_ERROR, "key.not-blocked", LOG_TEXT("certificate", lost->print), LOG_TEXT("detail", why.detail));
}
