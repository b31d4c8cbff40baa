/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inner - the signatures of authorised persons over the data of a message (rule B3), checked where a service demands
 * them.
 *
 * Taken: enveloped XML signatures (last children of the payload's root, one or several signers), XML signatures by Id, and
 * CMS (attached, or detached over a named part). The document stands in `data` as an element, as escaped text, as CDATA
 * or as base64, the CMS as base64 or PEM. What a signature must cover is fixed by the demand and not by the signature: a
 * signature over anything else is a refusal, so that wrapping is impossible here too; so is a signature that stands in no
 * agreed place, or one too many that is wrong. Certificates are judged by trust and never by what the message brings.
 * Not here: time-stamps; the token is handed out with what it stamps.
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
	bool stamped;          /* by a time-stamp that was checked, as the caller of inner_verify may do */
	struct bytes stamp;    /* an enclosed time-stamp, DER, not checked; empty: none */
	struct bytes value;    /* what it has to stamp */
	const char *rule;      /* name of the rule that it satisfies; NULL: right, but not needed by any */
};
struct inner_result {
	struct inner_signer *signer; /* from the pool */
	size_t n;
};

/* Checks `payload` (what stands in the verified `data` of the message; NULL when it has none) against the demand. DONE when
 * every demanded signature is there, right, and by a certificate that its rule allows, each by another person, and no
 * signature in the document is wrong. `sender_bin`: BIN of the sender, for rules with own_bin; NULL when it is not known.
 * Fails with REASON_INNER_*, REASON_CERT_* or REASON_MEMORY. Any thread. */
MUST_USE outcome inner_verify(struct pool *pool, const struct payload *payload, const struct conf_inner *demand,
	const char *sender_bin, struct trust *trust, int64_t now_ms, struct inner_result *out, struct err *e);

/* One line for each signer: kind, algorithm, rule, time, certificate, subject. For the journal and for people. */
void inner_print(const struct inner_result *result, struct buf *out);

#endif
