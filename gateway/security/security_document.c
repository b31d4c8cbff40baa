/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_document - signs and verifies documents with an enveloped signature.
 * Promise:  the signed octets are the caller's, cut in two by the Signature and otherwise untouched; what
 *           verifies has exactly the structure checked here, and the key comes from `trust` alone.
 * Not here: who may sign which document (the systems).
 * Spec:     B3; bus contract 4.7; W3C XML Signature 6.6.4 (enveloped-signature) */
#include <libxml/tree.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>

#include "envelope/envelope.h"
#include "security/document.h"

#define ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define SIGNATURE_BYTES 65536

static const char *const canonical_forms[] = {
	"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
	"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
	NS_EXC_C14N,
	NS_EXC_C14N "WithComments",
};
#define CANONICAL_FORMS (sizeof canonical_forms / sizeof canonical_forms[0])

/* What document_verify reads from the structure before anything is computed. */
struct parts {
	xmlNode *signature;
	enum digest digest;
	enum signature algorithm;
	struct bytes certificate; /* DER */
};

static bool is_ds(const xmlNode *node, const char *local)
{
	return node->type == XML_ELEMENT_NODE && strcmp(node_local(node), local) == 0 &&
		strcmp(node_ns(node), NS_DSIG) == 0;
}

static bool is_blank(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE && xmlIsBlankNode(node);
}

/* The element children, which must be these ds elements in this order with nothing but white space
 * between. `names` and `found` have `n` places. */
static outcome children_are(xmlNode *parent, const char *const *names, xmlNode **found, size_t n,
	struct err *e)
{
	size_t i = 0;

	for (xmlNode *c = parent->children; c; c = c->next) {
		if (is_blank(c))
			continue;
		if (i == n || !is_ds(c, names[i]))
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "unexpected content in ds:%s", node_local(parent));
		found[i++] = c;
	}
	if (i < n)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "no ds:%s in ds:%s", names[i], node_local(parent));
	return DONE;
}

/* The attribute Algorithm, which must be the only one; content other than white space is refused too. */
static outcome algorithm_of(xmlNode *node, const char **uri, struct err *e)
{
	const xmlAttr *a = node->properties;

	for (const xmlNode *c = node->children; c; c = c->next) {
		if (!is_blank(c))
			return err_set(e, REASON_SEC_ALGORITHM, "ds:%s has parameters", node_local(node));
	}
	if (!a || a->next || a->ns || strcmp((const char *)a->name, "Algorithm") != 0 || !a->children ||
		a->children->next || a->children->type != XML_TEXT_NODE)
		return err_set(e, REASON_SEC_ALGORITHM, "ds:%s names no single Algorithm", node_local(node));
	*uri = (const char *)a->children->content;
	return DONE;
}

static outcome canonicalisation_is(xmlNode *node, struct err *e)
{
	const char *uri;

	TRY(algorithm_of(node, &uri, e));
	for (size_t i = 0; i < CANONICAL_FORMS; i++) {
		if (strcmp(uri, canonical_forms[i]) == 0)
			return DONE;
	}
	return err_set(e, REASON_SEC_ALGORITHM, "canonicalisation %.120s", uri);
}

/* Finds the only ds:Signature of the document by a walk without recursion. */
static outcome only_signature(xmlNode *root, xmlNode **out, struct err *e)
{
	xmlNode *node = root;

	*out = NULL;
	while (node) {
		if (is_ds(node, "Signature")) {
			if (*out)
				return err_set(e, REASON_SEC_SEVERAL, "more than one ds:Signature in the document");
			*out = node;
		}
		if (node->type == XML_ELEMENT_NODE && node->children) {
			node = node->children;
			continue;
		}
		while (node && node != root && !node->next)
			node = node->parent;
		node = !node || node == root ? NULL : node->next;
	}
	if (!*out)
		return err_set(e, REASON_SEC_SIGNATURE_ABSENT, "no ds:Signature in the document");
	return DONE;
}

static bool is_empty(const xmlAttr *a)
{
	const xmlNode *text = a->children; /* libxml2 gives an empty value none, or one empty text */

	return !text || (!text->next && text->type == XML_TEXT_NODE && (!text->content || !text->content[0]));
}

static outcome read_reference(struct parts *p, xmlNode *reference, struct err *e)
{
	static const char *const names[] = {"Transforms", "DigestMethod", "DigestValue"};
	static const char *const transforms[] = {"Transform", "Transform"};
	xmlNode *found[3], *transform[2];
	const xmlAttr *a = reference->properties;
	const char *uri;

	if (!a || a->next || a->ns || strcmp((const char *)a->name, "URI") != 0 || !is_empty(a))
		return err_set(e, REASON_SEC_REFERENCE, "the Reference is not to the whole document, URI=\"\"");
	TRY(children_are(reference, names, found, 3, e));
	TRY(children_are(found[0], transforms, transform, 2, e));
	TRY(algorithm_of(transform[0], &uri, e));
	if (strcmp(uri, ENVELOPED) != 0)
		return err_set(e, REASON_SEC_ALGORITHM, "the first Transform is not enveloped-signature");
	TRY(canonicalisation_is(transform[1], e));
	TRY(algorithm_of(found[1], &uri, e));
	p->digest = digest_by_uri(uri);
	if (p->digest == DIGEST_COUNT || digest_row(p->digest)->legacy ||
		strcmp(uri, digest_row(p->digest)->uri) != 0)
		return err_set(e, REASON_SEC_ALGORITHM, "digest %.120s", uri);
	return DONE;
}

static outcome read_signed_info(struct parts *p, xmlNode *signed_info, struct err *e)
{
	static const char *const names[] = {"CanonicalizationMethod", "SignatureMethod", "Reference"};
	xmlNode *found[3];
	const char *uri;

	TRY(children_are(signed_info, names, found, 3, e));
	TRY(canonicalisation_is(found[0], e));
	TRY(algorithm_of(found[1], &uri, e));
	p->algorithm = signature_by_uri(uri);
	if (p->algorithm == SIGNATURE_COUNT || signature_row(p->algorithm)->legacy ||
		strcmp(uri, signature_row(p->algorithm)->uri) != 0)
		return err_set(e, REASON_SEC_ALGORITHM, "signature %.120s", uri);
	return read_reference(p, found[2], e);
}

static outcome read_key_info(struct pool *pool, struct parts *p, xmlNode *key_info, struct err *e)
{
	static const char *const data[] = {"X509Data"}, *const certificate[] = {"X509Certificate"};
	SCOPED(buf_free) struct buf der = BUF(SIGNATURE_BYTES);
	xmlNode *x509, *text_node;
	struct bytes text;

	if (!children_are(key_info, data, &x509, 1, NULL).ok ||
		!children_are(x509, certificate, &text_node, 1, NULL).ok)
		return err_set(e, REASON_SEC_TOKEN_KIND, "KeyInfo is not one X509Certificate in X509Data");
	if (!node_text(pool, text_node, &text))
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "X509Certificate holds elements");
	TRY(base64_decode(text, &der, e));
	p->certificate.p = (const unsigned char *)pool_copy(pool, buf_bytes(&der));
	p->certificate.n = der.len;
	return p->certificate.p ? DONE : err_set(e, REASON_MEMORY, "certificate of a document");
}

static outcome read_structure(struct pool *pool, xmlDoc *doc, struct parts *p, struct err *e)
{
	static const char *const names[] = {"SignedInfo", "SignatureValue", "KeyInfo"};
	xmlNode *root = xmlDocGetRootElement(doc), *found[3];

	TRY(only_signature(root, &p->signature, e));
	if (p->signature->parent != root)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "the Signature is not a child of the root");
	for (const xmlNode *after = p->signature->next; after; after = after->next) {
		if (!is_blank(after))
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "the Signature is not the last child of the root");
	}
	TRY(children_are(p->signature, names, found, 3, e));
	TRY(read_signed_info(p, found[0], e));
	return read_key_info(pool, p, found[2], e);
}

static void free_context(xmlSecDSigCtx **ctx)
{
	if (*ctx)
		xmlSecDSigCtxDestroy(*ctx);
}

static xmlSecTransformId transform_of(const char *uri)
{
	return xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), (const xmlChar *)uri,
		xmlSecTransformUsageAny);
}

static bool allow(xmlSecDSigCtx *ctx, const char *uri, bool in_reference, bool in_signature)
{
	xmlSecTransformId id = transform_of(uri);

	return id && (!in_reference || xmlSecDSigCtxEnableReferenceTransform(ctx, id) == 0) &&
		(!in_signature || xmlSecDSigCtxEnableSignatureTransform(ctx, id) == 0);
}

/* xmlsec may use the algorithms that were checked and no others; it fetches nothing. */
static bool narrow(xmlSecDSigCtx *ctx, const struct parts *p)
{
	bool ok = allow(ctx, ENVELOPED, true, false) && allow(ctx, digest_row(p->digest)->uri, true, false) &&
		allow(ctx, signature_row(p->algorithm)->uri, false, true);

	ctx->enabledReferenceUris = xmlSecTransformUriTypeEmpty;
	ctx->keyInfoReadCtx.retrievalMethodCtx.enabledUris = xmlSecTransformUriTypeNone;
	ctx->flags |= XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
	for (size_t i = 0; ok && i < CANONICAL_FORMS; i++)
		ok = allow(ctx, canonical_forms[i], true, true);
	return ok;
}

/* With a preset key xmlsec does not look at KeyInfo. */
static bool preset_key(xmlSecDSigCtx *ctx, const struct trust_cert *cert)
{
	EVP_PKEY *key = xmlSecOpenSSLEvpKeyDup(cert->key); /* one more reference to the same key */
	xmlSecKeyData *data = key ? xmlSecOpenSSLEvpKeyAdopt(key) : NULL;

	if (!data) {
		EVP_PKEY_free(key); /* takes NULL */
		return false;
	}
	ctx->signKey = xmlSecKeyCreate();
	if (!ctx->signKey || xmlSecKeySetValue(ctx->signKey, data) != 0) {
		xmlSecKeyDataDestroy(data);
		return false;
	}
	return true;
}

static outcome compute(const struct parts *p, const struct trust_cert *cert, struct err *e)
{
	SCOPED(free_context) xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	xmlSecDSigReferenceCtx *reference;
	bool right;

	if (!ctx || !narrow(ctx, p) || !preset_key(ctx, cert))
		return err_set(e, REASON_MEMORY, "context of a document signature");
	right = xmlSecDSigCtxVerify(ctx, p->signature) == 0 && ctx->status == xmlSecDSigStatusSucceeded;
	/* What OpenSSL says about a wrong signature must not meet the next user of its queue. */
	ERR_clear_error();
	if (right)
		return DONE;
	reference = xmlSecPtrListGetItem(&ctx->signedInfoReferences, 0);
	if (reference && reference->status == xmlSecDSigStatusSucceeded)
		return err_set(e, REASON_SEC_VALUE, "SignatureValue of the document");
	return err_set(e, REASON_SEC_DIGEST, "the document was changed after it was signed");
}

outcome document_verify(struct pool *pool, struct bytes xml, struct trust *trust, int64_t now_ms,
	const struct trust_cert **signer, struct err *e)
{
	struct parts p = {0};
	const struct trust_cert *cert;
	xmlDoc *doc;

	TRY(envelope_parse_document(pool, xml, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	TRY(read_structure(pool, doc, &p, e));
	TRY(trust_find_der(trust, p.certificate, now_ms, &cert, e));
	if ((int)signature_row(p.algorithm)->key != cert->key_kind)
		return err_set(e, REASON_SEC_ALGORITHM, "the algorithm does not fit the key of the certificate");
	TRY(compute(&p, cert, e));
	*signer = cert;
	return DONE;
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
		"<ds:Transform Algorithm=\"" ENVELOPED "\"/><ds:Transform Algorithm=\"" NS_EXC_C14N
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

outcome document_sign(struct pool *pool, struct bytes xml, const struct trust_key *key, struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf draft = BUF(SIGNATURE_BYTES), value = BUF(SIGNATURE_BYTES);
	unsigned char digest[64];
	struct bytes digest_value = {digest, 0};
	xmlNode *root, *present;
	xmlDoc *doc;
	size_t at = 0;

	TRY(envelope_parse_document(pool, xml, &ENVELOPE_LIMITS_DEFAULT, &doc, e));
	root = xmlDocGetRootElement(doc);
	if (only_signature(root, &present, NULL).ok || present)
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "the document is signed already");
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
