/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inner - the signatures of authorised persons over the data of a message (rule B3), checked where a service demands
 * them.
 *
 * Taken: enveloped XML signatures (last child of the payload's root, one or several signers), XML signatures by Id, and
 * CMS (attached, or detached over a named part), each as an element, escaped text, CDATA or base64 inside `data`, as
 * bus contract 4.7 lists them. What a signature must cover is fixed by the demand and not by the signature: a signature
 * over anything else does not count, so that wrapping is impossible here too. Certificates are only looked up or
 * checked against configured authorities.
 */
#ifndef QAQPA_SECURITY_INNER_H
#define QAQPA_SECURITY_INNER_H

#include "envelope/envelope.h"
#include "trust/trust.h"

/* One signature that was checked. */
struct inner_signer {
	const struct trust_cert *certificate; /* as decided by trust; its participant may be NULL: a person */
	enum { INNER_XML, INNER_CMS } kind;
	enum signature signature;
	int64_t signed_ms;     /* signingTime of CMS, or genTime of an enclosed time-stamp; 0: the message does not say */
	bool stamped;          /* by a time-stamp that was checked */
	const char *rule;      /* name of the rule that it satisfies */
};
struct inner_result {
	const struct inner_signer *signer; /* from the pool */
	size_t n;
};

/* Checks `data` (the verified element of the message) against the demand. DONE when every demanded
 * signature is there, right, and by a certificate that its rule allows. Fails with REASON_INNER_*,
 * REASON_CERT_*. Any thread. */
MUST_USE outcome inner_verify(struct pool *pool, const struct envelope *env, const struct element *data,
	const struct conf_inner *demand, struct trust *trust, int64_t now_ms, struct inner_result *out, struct err *e);

#endif
