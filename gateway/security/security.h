/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security - the transport signature: verify it, and make ours.
 *
 * security_verify is the only maker of `struct verified`, and what it names are the very nodes and octets
 * whose digest was checked: routing takes a `const struct verified *` and nothing else, so the unverified
 * cannot be routed.
 * Spec: OASIS WS-Security 1.1 SOAP Message Security and X.509 Token Profile; W3C XML Signature; bus contract
 *       section 4.
 */
#ifndef QAQPA_SECURITY_SECURITY_H
#define QAQPA_SECURITY_SECURITY_H

#include "envelope/envelope.h"
#include "trust/trust.h"

struct verified; /* lives in the pool given to security_verify */

/* Before threads, after envelope_init; a second call changes nothing. */
MUST_USE outcome security_init(struct err *e);

/* Verifies the transport signature of `env` against `trust` at the moment `now`. Order: structure of the
 * Security header, references (the Body among them), key reference to certificate to participant, the
 * participant's profile (forms, algorithms), digests and signature with the pinned key, Timestamp. Fails with REASON_SEC_*,
 * REASON_CERT_* or REASON_SOAP_MUST_UNDERSTAND. On failure `*who`, when not NULL, names the certificate if
 * one was found and trusted (for the journal; it is no proof of authorship). Any thread. */
MUST_USE outcome security_verify(struct pool *pool, const struct envelope *env, struct trust *trust,
	struct stamp now, const struct verified **out, const struct trust_cert **who, struct err *e);

const struct envelope *verified_envelope(const struct verified *v);
const struct trust_cert *verified_certificate(const struct verified *v);
const struct conf_participant *verified_participant(const struct verified *v);
/* BIN of the sender, as configured or else as the certificate says it; NULL when neither does. */
const char *verified_bin(const struct verified *v);
/* The element inside the verified Body. */
const struct element *verified_operation(const struct verified *v);
enum conf_form verified_form(const struct verified *v);
enum signature verified_signature(const struct verified *v);
enum digest verified_digest(const struct verified *v);

/* How to sign. */
struct sign_options {
	const struct trust_key *key;
	enum conf_form form;       /* KEY_IDENTIFIER, ISSUER_SERIAL, BST or X509_DATA */
	enum signature signature;  /* SIGNATURE_COUNT: the key's usual one */
};

/* Signs the Body of `message` (a whole SOAP 1.1 envelope, any prefixes) and appends the signed message to
 * `out`. Any Header of the input is replaced by one with our Security; the start tags of Envelope and Body
 * and the Body's content keep their octets, except that a Body without wsu:Id gets one; what stands before
 * the Envelope is dropped. Nothing is serialised from a tree. Fails with REASON_XML_*, REASON_SOAP_* or
 * REASON_KEY_USELESS. Any thread. */
MUST_USE outcome security_sign(struct pool *pool, struct bytes message, const struct sign_options *options,
	struct buf *out, struct err *e);
/* The same for a message that is parsed already, with edits to be made inside its Body: what is sent and signed is the text
 * with them. Each must leave the Body well-formed, in the namespaces it had. At most 16. */
MUST_USE outcome security_sign_edited(struct pool *pool, const struct envelope *env, const struct edit *edits, size_t n,
	const struct sign_options *options, struct buf *out, struct err *e);
/* The same for one that was verified: the digest of a Body that goes on as it came is known. `rest` may be NULL; else the
 * end of what is sent may stay in the verified text, when it is long: *rest is that, and follows `out`. */
MUST_USE outcome security_sign_verified(struct pool *pool, const struct verified *v, const struct edit *edits, size_t n,
	const struct sign_options *options, struct buf *out, struct bytes *rest, struct err *e);

/* Step by step, what verification finds, for qaqpa verify --explain and for diagnostics: text lines appended
 * to `out`. Never fails; never used for a decision. */
void security_explain(struct bytes message, struct trust *trust, struct stamp now, struct buf *out);

#endif
