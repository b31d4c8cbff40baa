/* SPDX-License-Identifier: GPL-3.0-or-later */
/* document - the inner signature over a business document (rule B3): enveloped XML signature, last child
 * of the root.
 *
 * Bus contract section 4.7. Signing writes exclusive canonical forms, which survive a move into another
 * document; reading also takes inclusive ones, with and without comments. Not here: the transport
 * signature (security.h).
 */
#ifndef QAQPA_SECURITY_DOCUMENT_H
#define QAQPA_SECURITY_DOCUMENT_H

#include "trust/trust.h"

/* Signs `xml`, one whole document whose root has an end tag, with the key's usual algorithm; comments may not split a
 * text, because they are not signed. Signatures that it holds already have to be enveloped ones and the last children of
 * the root; the new one covers them. Appends the signed document to `out`; all octets of the input are kept, the Signature
 * is put in before the root's end tag. Fails with REASON_XML_*,
 * REASON_SEC_SIGNATURE_SHAPE or REASON_KEY_USELESS. Any thread. */
MUST_USE outcome document_sign(struct pool *pool, struct bytes xml, const struct trust_key *key,
	struct buf *out, struct err *e);

/* Verifies the inner signature. Strict: one ds:Signature in the whole document and it is the last child of
 * the root; one Reference with URI="" and the transforms enveloped-signature and a canonicalisation; one
 * certificate in KeyInfo, which is only looked up in `trust`. Gives the certificate that signed. Fails
 * with REASON_XML_*, REASON_SEC_* or REASON_CERT_*. Any thread. */
MUST_USE outcome document_verify(struct pool *pool, struct bytes xml, struct trust *trust, int64_t now_ms,
	const struct trust_cert **signer, struct err *e);

#endif
