/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_judge - one response or list, one certificate, one moment: the pure calls for commands and tests. */
#include "revocation/revocation_int.h"

/* The authority and the certificate it issued. Else the answer says why not. */
static bool judge_begin(const struct revocation_source *s, struct bytes der, struct revocation_authority *a, X509 **x,
	struct revocation_answer *out)
{
	*out = (struct revocation_answer){.verdict = REVOCATION_UNKNOWN,
		.reason = REVOCATION_NO_SOURCE,
		.source = "",
		.last = REVOCATION_UNKNOWN};
	*x = revocation_certificate(der, NULL);
	return *x && revocation_authority_read(s, a, NULL).ok && revocation_issued(a, *x);
}

void revocation_judge_ocsp(const struct revocation_source *s, struct bytes der, struct bytes response, struct bytes nonce,
	int64_t now_ms, int skew_ms, struct revocation_answer *out)
{
	SCOPED(revocation_authority_drop) struct revocation_authority a = {.source = s};
	SCOPED(scoped_x509) X509 *x = NULL;
	struct revocation_said said;
	struct revocation_view v = {.by_ocsp = true, .ocsp = &said};

	if (!judge_begin(s, der, &a, &x, out))
		return;
	v.ocsp_trouble = revocation_ocsp_read(&a, x, response, nonce, now_ms, skew_ms, &said);
	revocation_says(&v, now_ms, skew_ms, out);
}

void revocation_judge_crl(const struct revocation_source *s, struct bytes der, struct bytes crl, struct bytes delta,
	int64_t now_ms, int skew_ms, struct revocation_answer *out)
{
	SCOPED(revocation_authority_drop) struct revocation_authority a = {.source = s};
	SCOPED(revocation_crl_free) struct revocation_crl *base = NULL, *more = NULL;
	SCOPED(scoped_x509) X509 *x = NULL;
	SCOPED(buf_free) struct buf points = BUF(16384);
	struct revocation_number serial;
	struct revocation_view v = {.by_crl = true};

	if (!judge_begin(s, der, &a, &x, out))
		return;
	v.crl_trouble = revocation_crl_read(&a, crl, false, now_ms, skew_ms, &base);
	if (delta.n && revocation_crl_read(&a, delta, true, now_ms, skew_ms, &more) != REVOCATION_GOOD)
		revocation_crl_free(&more); /* the base alone answers */
	v.crl = base;
	v.delta = more;
	v.serial = revocation_number_of(X509_get0_serialNumber(x), &serial) ? &serial : NULL;
	revocation_points_of(&points, x);
	v.points = buf_cstr(&points);
	revocation_says(&v, now_ms, skew_ms, out);
}
