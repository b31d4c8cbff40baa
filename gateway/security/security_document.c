/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_document - signs and verifies documents with an enveloped signature.
 * Promise:  the signed octets are the caller's, cut in two by the Signature and otherwise untouched; what
 *           verifies has exactly the structure checked here, and the key comes from `trust` alone.
 * Not here: who may sign which document (the systems).
 * Spec:     B3; bus contract 4.7; W3C XML Signature 6.6.4 (enveloped-signature) */
#include "base/memory.h"
#include "security/document.h"
#include "security/security_inner_int.h"

#define SIGNATURE_BYTES 65536

static outcome verify(struct pool *pool, struct bytes xml, struct trust *trust, int64_t now_ms,
	const struct trust_cert **signer, struct err *e)
{
	const struct trust_cert *cert;
	struct xml_signatures found;
	struct document whole;
	xmlNode *root;
	xmlDoc *doc;

	TRY(envelope_parse_document(pool, xml, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	root = xmlDocGetRootElement(doc);
	whole = (struct document){.top = root, .root = root, .named = root};
	TRY(security_inner_read(pool, &whole, &found, e));
	if (found.n == 0)
		return err_set(e, REASON_SEC_SIGNATURE_ABSENT, "no ds:Signature in the document");
	if (found.n > 1)
		return err_set(e, REASON_SEC_SEVERAL, "more than one ds:Signature in the document");
	if (found.item[0].by_id)
		return err_set(e, REASON_SEC_REFERENCE, "the Reference is not to the whole document, URI=\"\"");
	TRY(trust_find_der(trust, found.item[0].certificate, now_ms, &cert, e));
	TRY(security_inner_check(&found, 0, cert, e));
	*signer = cert;
	return DONE;
}

outcome document_verify(struct pool *pool, struct bytes xml, struct trust *trust, int64_t now_ms,
	const struct trust_cert **signer, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, verify(pool, xml, trust, now_ms, signer, e), e);
}

/* Where the end tag of the root begins. Behind it a well-formed document has white space and comments
 * alone, and a comment holds no "<!--" of its own that is not its start. */
static outcome end_tag_of_root(struct bytes xml, size_t *at, struct err *e)
{
	size_t end = xml.n;

	for (;;) {
		while (end > 0 && strchr(" \t\r\n", xml.p[end - 1]) && xml.p[end - 1] != '\0')
			end--;
		if (end < 3 || memcmp(xml.p + end - 3, "-->", 3) != 0)
			break;
		end -= 3;
		while (end >= 4 && memcmp(xml.p + end - 4, "<!--", 4) != 0)
			end--;
		BUG_IF(end < 4); /* it was parsed before */
		end -= 4;
	}
	while (end > 0 && xml.p[end - 1] != '<')
		end--;
	BUG_IF(end == 0);
	if (xml.p[end] != '/')
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE,
			"the root is an empty-element tag, nothing can stand in it");
	*at = end - 1;
	return DONE;
}

static void write_signature(const struct trust_key *key, struct bytes digest, struct bytes value,
	struct buf *out)
{
	const struct signature_row *row = signature_row(key->usual);

	buf_printf(out,
		"<ds:Signature xmlns:ds=\"" NS_DSIG "\"><ds:SignedInfo>"
		"<ds:CanonicalizationMethod Algorithm=\"" NS_EXC_C14N "\"/>"
		"<ds:SignatureMethod Algorithm=\"%s\"/><ds:Reference URI=\"\"><ds:Transforms>"
		"<ds:Transform Algorithm=\"" TRANSFORM_ENVELOPED "\"/><ds:Transform Algorithm=\"" NS_EXC_C14N
		"\"/></ds:Transforms>"
		"<ds:DigestMethod Algorithm=\"%s\"/><ds:DigestValue>",
		row->uri, digest_row(row->digest)->uri);
	buf_base64(out, digest);
	buf_str(out, "</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>");
	buf_base64(out, value);
	buf_printf(out, "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate>"
		"</ds:X509Data></ds:KeyInfo></ds:Signature>", key->base64);
}

static bool into_buf(void *ctx, const void *data, size_t n)
{
	struct buf *b = ctx;

	buf_add(b, (struct bytes){data, n});
	return buf_ok(b);
}

/* SignedInfo is parsed alone: exclusive canonicalisation makes the same octets of it wherever it stands. */
static outcome sign_signed_info(struct pool *pool, struct bytes signature, const struct trust_key *key,
	struct buf *value, struct err *e)
{
	SCOPED(buf_free) struct buf octets = BUF(SIGNATURE_BYTES);
	xmlDoc *doc;

	TRY(envelope_parse_document(pool, signature, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	TRY(envelope_canonical(xmlDocGetRootElement(doc)->children, NULL, into_buf, &octets, e));
	return trust_sign(key, key->usual, buf_bytes(&octets), value, e);
}

static outcome sign(struct pool *pool, struct bytes xml, const struct trust_key *key, struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf draft = BUF(SIGNATURE_BYTES), value = BUF(SIGNATURE_BYTES);
	unsigned char digest[64];
	struct bytes digest_value = {digest, 0};
	struct xml_signatures before;
	xmlNode *root;
	xmlDoc *doc;
	size_t at = 0;

	TRY(envelope_parse_document(pool, xml, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	root = xmlDocGetRootElement(doc);
	TRY(security_inner_comments(root, e));
	TRY(security_inner_read(pool, &(struct document){.top = root, .root = root, .named = root}, &before, e));
	TRY(end_tag_of_root(xml, &at, e));
	digest_begin(signature_row(key->usual)->digest);
	TRY(envelope_canonical(root, NULL, digest_add, NULL, e));
	digest_value.n = digest_end(digest);
	write_signature(key, digest_value, BYTES_NONE, &draft);
	if (!buf_ok(&draft))
		return err_set(e, REASON_MEMORY, "signature of a document");
	TRY(sign_signed_info(pool, buf_bytes(&draft), key, &value, e));
	buf_add(out, bytes_sub(xml, 0, at));
	write_signature(key, digest_value, buf_bytes(&value), out);
	buf_add(out, bytes_sub(xml, at, xml.n));
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "signed document");
}

outcome document_sign(struct pool *pool, struct bytes xml, const struct trust_key *key, struct buf *out,
	struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, sign(pool, xml, key, out, e), e);
}
