/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_text - the reasons in words. */
#include "revocation/revocation.h"

static const struct {
	const char *text, *says;
} rows[REVOCATION_REASON_COUNT] = {
	[REVOCATION_GOOD] = {"revocation.good", "The certificate is not revoked."},
	[REVOCATION_REVOKED] = {"revocation.revoked", "The certificate is revoked."},
	[REVOCATION_HOLD] = {"revocation.hold", "The certificate is suspended (certificateHold)."},
	[REVOCATION_NOT_ASKED] = {"revocation.not-asked", "No answer has come yet."},
	[REVOCATION_NO_SOURCE] = {"revocation.no-source",
		"The configuration names no source for certificates of this authority."},
	[REVOCATION_UNREACHABLE] = {"revocation.unreachable",
		"The source cannot be reached, is too slow, or does not answer with HTTP status 200."},
	[REVOCATION_TRY_LATER] = {"revocation.try-later", "The responder asks to try later, or has an error of its own."},
	[REVOCATION_REFUSED] = {"revocation.refused", "The responder does not answer about this certificate."},
	[REVOCATION_BROKEN] = {"revocation.broken",
		"What came is no answer about this certificate, or in a form that is not accepted."},
	[REVOCATION_NONCE] = {"revocation.nonce", "The nonce of the answer is wrong, or absent where it is demanded."},
	[REVOCATION_SIGNER] = {"revocation.signer",
		"The signature of the answer is wrong, or not made by the authority or its delegate."},
	[REVOCATION_STALE] = {"revocation.stale", "The newest answer is out of date, or dated in the future."},
	[REVOCATION_BASE] = {"revocation.base", "The delta CRL that came does not continue the CRL that is known."},
};

const char *revocation_reason_text(enum revocation_reason r)
{
	BUG_IF((unsigned)r >= REVOCATION_REASON_COUNT);
	return rows[r].text;
}

const char *revocation_reason_says(enum revocation_reason r)
{
	BUG_IF((unsigned)r >= REVOCATION_REASON_COUNT);
	return rows[r].says;
}
