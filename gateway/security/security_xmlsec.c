/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_xmlsec - the cryptographic verdict of xmlsec1 over nodes that were chosen before.
 * Promise:  xmlsec1 sees one pinned key, the identifiers of the chosen nodes, and only the algorithms that
 *           this very message names; it never reads KeyInfo.
 * Not here: which nodes, algorithms and key (earlier stages).
 * Spec:     XML Signature section 3.2. */
#include <libxml/parser.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include "security/security_int.h"

static void context_free(xmlSecDSigCtxPtr *ctx)
{
	if (*ctx)
		xmlSecDSigCtxDestroy(*ctx);
}

/* xmlsec1 finds a target by the document's table of identifiers: put the chosen attribute there, and see that
 * the table answers with it. */
static outcome register_target(const struct envelope *env, const struct reference *r, struct err *e)
{
	xmlDoc *doc = envelope_doc(env);
	const xmlChar *id = r->id->children->content;
	const xmlAttr *known = xmlGetID(doc, id);

	if (!known) {
		xmlAddID(NULL, doc, id, r->id);
		known = xmlGetID(doc, id);
	}
	if (known != r->id || known->parent != r->target)
		return err_set(e, REASON_SEC_WRAPPED, "%.100s names another element", (const char *)id);
	return DONE;
}

static xmlSecTransformId digest_transform(const struct reference *r)
{
	return xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), (const xmlChar *)r->digest_uri,
		xmlSecTransformUsageDigestMethod);
}

static xmlSecTransformId signature_transform(const struct parts *p)
{
	return xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), (const xmlChar *)p->signature_uri,
		xmlSecTransformUsageSignatureMethod);
}

/* Only what this message names, and it was on our list before. */
static bool allow(xmlSecDSigCtxPtr ctx, const struct parts *p)
{
	xmlSecTransformId c14n = p->inclusive ? xmlSecTransformInclC14NId : xmlSecTransformExclC14NId;
	bool ok = xmlSecDSigCtxEnableSignatureTransform(ctx, c14n) == 0 &&
		xmlSecDSigCtxEnableSignatureTransform(ctx, signature_transform(p)) == 0 &&
		xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformExclC14NId) == 0 &&
		xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformEnvelopedId) == 0;

	for (size_t i = 0; ok && i < p->reference_count; i++)
		ok = xmlSecDSigCtxEnableReferenceTransform(ctx, digest_transform(&p->references[i])) == 0;
	return ok;
}

/* The pinned public key, shared by reference and without its certificate, which xmlsec1 would copy. */
static xmlSecKeyPtr known_key(const struct trust_cert *cert)
{
	EVP_PKEY *shared = xmlSecOpenSSLEvpKeyDup(cert->key);
	xmlSecKeyDataPtr data = shared ? xmlSecOpenSSLEvpKeyAdopt(shared) : NULL;
	xmlSecKeyPtr key;

	if (!data) {
		EVP_PKEY_free(shared);
		return NULL;
	}
	key = xmlSecKeyCreate();
	if (key && xmlSecKeySetValue(key, data) == 0)
		return key;
	xmlSecKeyDataDestroy(data);
	if (key)
		xmlSecKeyDestroy(key);
	return NULL;
}

static xmlSecKeyPtr pinned_key(const struct trust_cert *cert)
{
	if (cert->key_kind == KEY_GOST || cert->key_kind == KEY_GOST_LEGACY)
		return security_gost_key(cert);
	return known_key(cert);
}

static xmlSecDSigCtxPtr context_new(const struct parts *p, const struct trust_cert *cert)
{
	xmlSecDSigCtxPtr ctx = xmlSecDSigCtxCreate(NULL);

	if (!ctx)
		return NULL;
	ctx->flags = XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS | XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
	ctx->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
	ctx->signKey = pinned_key(cert);
	if (ctx->signKey && allow(ctx, p))
		return ctx;
	xmlSecDSigCtxDestroy(ctx);
	return NULL;
}

/* How many references xmlsec1 found right, and whether it found one wrong. */
static size_t count_right(xmlSecDSigCtxPtr ctx, const char **wrong)
{
	xmlSecSize n = xmlSecPtrListGetSize(&ctx->signedInfoReferences);
	size_t right = 0;

	for (xmlSecSize i = 0; i < n; i++) {
		const xmlSecDSigReferenceCtx *r = xmlSecPtrListGetItem(&ctx->signedInfoReferences, i);

		if (r->status == xmlSecDSigStatusSucceeded)
			right++;
		else
			*wrong = r->uri ? (const char *)r->uri : "";
	}
	return right;
}

outcome security_xmlsec_verify(const struct envelope *env, const struct parts *p, const struct trust_cert *cert,
	struct err *e)
{
	SCOPED(context_free) xmlSecDSigCtxPtr ctx = NULL;
	const char *wrong = NULL;
	size_t right;
	int processed;

	for (size_t i = 0; i < p->reference_count; i++)
		TRY(register_target(env, &p->references[i], e));
	ctx = context_new(p, cert);
	if (!ctx)
		return err_set(e, REASON_MEMORY, "xmlsec1 gives no context");
	processed = xmlSecDSigCtxVerify(ctx, p->signature);
	/* What OpenSSL says about a wrong signature must not meet the next user of its queue. */
	ERR_clear_error();
	right = count_right(ctx, &wrong);
	if (wrong)
		return err_set(e, REASON_SEC_DIGEST, "the digest of %.100s differs", wrong);
	if (processed < 0 || ctx->status != xmlSecDSigStatusSucceeded || right != p->reference_count)
		return err_set(e, REASON_SEC_VALUE, "%s over SignedInfo, certificate %.16s",
			signature_row(p->algorithm)->name, cert->print);
	return DONE;
}
