/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_inner_check - does a signature over a document hold, by a key that was chosen before.
 * Promise:  what is digested are the very nodes that security_inner_read has named, where they stand; nothing is
 *           looked up again, no tree is changed.
 * Not here: structure (security_inner_read.c), whose key it is (trust).
 * Spec:     W3C XML Signature sections 3.2 and 6.6.4 */
#include "security/security_inner_int.h"

enum { SIGNED_INFO_BYTES = 65536 };

static bool into_buf(void *ctx, const void *data, size_t n)
{
	struct buf *b = ctx;

	buf_add(b, (struct bytes){data, n});
	return buf_ok(b);
}

/* The enveloped transform takes out the signature itself. The later ones were not there when it was made; taking
 * them out too is what checking from the last to the first comes to. */
static outcome check_digest(const struct xml_signatures *all, size_t i, struct err *e)
{
	const struct xml_signature *s = &all->item[i];
	xmlNode *without[SIGNATURES_MAX];
	struct canonical_form form = {.inclusive = s->inclusive, .without = without};
	unsigned char digest[64];
	outcome made;

	for (size_t later = s->enveloped ? i : i + 1; later < all->n; later++)
		without[form.without_count++] = all->item[later].node;
	digest_begin(s->digest);
	made = envelope_canonical_form(s->target, &form, digest_add, NULL, e);
	digest_end(digest);
	if (!made.ok)
		return made;
	if (memcmp(digest, s->digest_value, digest_row(s->digest)->size) != 0)
		return err_set(e, REASON_SEC_DIGEST, "signature %zu of %zu: %.80s was changed after it was signed", i + 1,
			all->n, node_local(s->target));
	return DONE;
}

outcome security_inner_check(const struct xml_signatures *all, size_t i, const struct trust_cert *cert, struct err *e)
{
	const struct xml_signature *s = &all->item[i];
	const struct canonical_form form = {.inclusive = s->info_inclusive};
	SCOPED(buf_free) struct buf octets = BUF(SIGNED_INFO_BYTES);

	if (signature_row(s->algorithm)->key != cert->key_kind)
		return err_set(e, REASON_SEC_ALGORITHM, "the algorithm does not fit the key of the certificate");
	TRY(check_digest(all, i, e));
	TRY(envelope_canonical_form(s->info, &form, into_buf, &octets, e));
	return trust_verify(cert, s->algorithm, buf_bytes(&octets), s->value, e);
}
