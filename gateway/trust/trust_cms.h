/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_cms - whose CMS signatures are these, and what do they cover.
 *
 * SignedData of RFC 5652, one or several signers. What must be covered is said by the caller; a CMS over anything else
 * fails. A certificate that the CMS brings is judged like any other (trust_find_signer); one that it only names is looked
 * up. Not here: which rule the signers satisfy, and whether an enclosed time-stamp is right.
 * Spec: RFC 5652 sections 5.3 to 5.6, 11; RFC 3161 appendix A
 */
#ifndef QAQPA_TRUST_TRUST_CMS_H
#define QAQPA_TRUST_TRUST_CMS_H

#include "trust/trust.h"

enum { TRUST_CMS_SIGNERS = 8 };

struct trust_cms_signer {
	const struct trust_cert *certificate;
	enum signature signature;
	int64_t signed_ms;  /* signingTime, by the signer's own clock; 0: not said */
	struct bytes value; /* of the signature: what an enclosed time-stamp stamps */
	struct bytes stamp; /* that time-stamp, not checked; empty: none is enclosed */
};
struct trust_cms {
	struct trust_cms_signer signer[TRUST_CMS_SIGNERS];
	size_t n;
	struct bytes content; /* the octets that are signed */
};

/* Verifies every signer of `cms` (DER or BER, nothing behind it). `covered` are the spellings of what must be covered,
 * any one of which will do: a detached CMS must be over it, an attached one must hold it. With none of them the CMS must be
 * attached, and its content is the document. Signed attributes are demanded, with contentType and messageDigest. Octets
 * of the result are from the pool. Fails with REASON_SEC_* (SEC_WRAPPED: over something else), REASON_CERT_* or
 * REASON_MEMORY. Any thread. */
MUST_USE outcome trust_cms_verify(struct trust *t, struct pool *pool, struct bytes cms, const struct bytes *covered,
	size_t count, int64_t now_ms, struct trust_cms *out, struct err *e);

#endif
