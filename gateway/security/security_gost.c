/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_gost - the national algorithms as transforms of xmlsec1, which Debian builds without any.
 * Promise:  they only verify, and only with the certificate that was pinned before; they reach no key through KeyInfo,
 *           for nothing registers how such a key would be read.
 * Not here: arithmetic and values (trust), which message may use them (the profile).
 * Spec:     XML Signature sections 6.2 and 6.4; the identifiers of the National Certification Authority. */
#include <xmlsec/buffer.h>
#include <xmlsec/keys.h>
#include <xmlsec/keysdata.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmlsec.h>

#include "security/security_int.h"

enum { SIGNED_INFO_MAX = 1 << 20 };

/* --- the key: a certificate that outlives the context --- */

struct gost_key {
	xmlSecKeyData data; /* first, so that xmlsec1's pointer is ours */
	const struct trust_cert *cert;
};

static int key_initialize(xmlSecKeyDataPtr data)
{
	((struct gost_key *)data)->cert = NULL;
	return 0;
}

static int key_duplicate(xmlSecKeyDataPtr to, xmlSecKeyDataPtr from)
{
	((struct gost_key *)to)->cert = ((struct gost_key *)from)->cert;
	return 0;
}

static xmlSecKeyDataType key_type(xmlSecKeyDataPtr data)
{
	(void)data;
	return xmlSecKeyDataTypePublic;
}

static xmlSecSize key_size(xmlSecKeyDataPtr data)
{
	return ((struct gost_key *)data)->cert->key_kind == KEY_GOST ? 512 : 256;
}

static struct _xmlSecKeyDataKlass key_klass = {
	.klassSize = sizeof(struct _xmlSecKeyDataKlass),
	.objSize = sizeof(struct gost_key),
	.name = (const xmlChar *)"gost",
	.usage = xmlSecKeyDataUsageKeyValueNode,
	.initialize = key_initialize,
	.duplicate = key_duplicate,
	.getType = key_type,
	.getSize = key_size,
};

xmlSecKeyPtr security_gost_key(const struct trust_cert *cert)
{
	xmlSecKeyDataPtr data = xmlSecKeyDataCreate(&key_klass);
	xmlSecKeyPtr key = data ? xmlSecKeyCreate() : NULL;

	if (key) {
		((struct gost_key *)data)->cert = cert;
		if (xmlSecKeySetValue(key, data) == 0)
			return key;
		xmlSecKeyDestroy(key);
	}
	if (data)
		xmlSecKeyDataDestroy(data);
	return NULL;
}

/* --- what both kinds of transforms share: octets come in, nothing goes out --- */

/* Hands what has come to `take`; after the last of it the transform is finished. */
static int swallow(xmlSecTransformPtr t, int last, bool (*take)(void *ctx, const void *data, size_t n), void *ctx)
{
	xmlSecSize n = xmlSecBufferGetSize(&t->inBuf);

	if (t->operation != xmlSecTransformOperationVerify)
		return -1;
	if (t->status != xmlSecTransformStatusWorking)
		return t->status == xmlSecTransformStatusFinished && n == 0 ? 0 : -1;
	if (n > 0 && (!take(ctx, xmlSecBufferGetData(&t->inBuf), n) || xmlSecBufferRemoveHead(&t->inBuf, n) < 0))
		return -1;
	if (last)
		t->status = xmlSecTransformStatusFinished;
	return 0;
}

static void conclude(xmlSecTransformPtr t, bool good)
{
	t->status = good ? xmlSecTransformStatusOk : xmlSecTransformStatusFail;
}

/* --- digests: xmlsec1 finishes one Reference before it begins the next, so the thread's own digest will do --- */

struct gost_digest {
	xmlSecTransform transform; /* first */
	enum digest digest;
	size_t n;
	unsigned char value[64];
};

static int digest_initialize(xmlSecTransformPtr t)
{
	struct gost_digest *g = (struct gost_digest *)t;

	g->digest = digest_by_uri((const char *)t->id->href);
	g->n = 0;
	return 0;
}

static void digest_finalize(xmlSecTransformPtr t)
{
	(void)t; /* it owns nothing */
}

static int digest_execute(xmlSecTransformPtr t, int last, xmlSecTransformCtxPtr ctx)
{
	struct gost_digest *g = (struct gost_digest *)t;
	int result;

	(void)ctx;
	if (t->status == xmlSecTransformStatusNone) {
		digest_begin(g->digest);
		t->status = xmlSecTransformStatusWorking;
	}
	result = swallow(t, last, digest_add, NULL);
	if (result == 0 && t->status == xmlSecTransformStatusFinished && g->n == 0)
		g->n = digest_end(g->value);
	return result;
}

static int digest_verify(xmlSecTransformPtr t, const xmlSecByte *data, xmlSecSize n, xmlSecTransformCtxPtr ctx)
{
	const struct gost_digest *g = (const struct gost_digest *)t;

	(void)ctx;
	if (t->status != xmlSecTransformStatusFinished)
		return -1;
	conclude(t, g->n > 0 && n == g->n && memcmp(data, g->value, n) == 0);
	return 0;
}

/* --- signatures: SignedInfo is kept, trust judges it --- */

struct gost_signature {
	xmlSecTransform transform; /* first */
	const struct trust_cert *cert;
	struct buf octets;
};

static int signature_initialize(xmlSecTransformPtr t)
{
	struct gost_signature *g = (struct gost_signature *)t;

	g->cert = NULL;
	g->octets = BUF(SIGNED_INFO_MAX);
	return 0;
}

static void signature_finalize(xmlSecTransformPtr t)
{
	buf_free(&((struct gost_signature *)t)->octets);
}

static int signature_require(xmlSecTransformPtr t, xmlSecKeyReqPtr wanted)
{
	if (t->operation != xmlSecTransformOperationVerify)
		return -1;
	wanted->keyId = &key_klass;
	wanted->keyType = xmlSecKeyDataTypePublic;
	wanted->keyUsage = xmlSecKeyUsageVerify;
	return 0;
}

static int signature_set_key(xmlSecTransformPtr t, xmlSecKeyPtr key)
{
	xmlSecKeyDataPtr data = xmlSecKeyGetValue(key);

	if (!data || data->id != &key_klass)
		return -1;
	((struct gost_signature *)t)->cert = ((struct gost_key *)data)->cert;
	return 0;
}

static bool keep(void *ctx, const void *data, size_t n)
{
	struct buf *b = ctx;

	buf_add(b, (struct bytes){data, n});
	return buf_ok(b);
}

static int signature_execute(xmlSecTransformPtr t, int last, xmlSecTransformCtxPtr ctx)
{
	(void)ctx;
	if (t->status == xmlSecTransformStatusNone)
		t->status = xmlSecTransformStatusWorking;
	return swallow(t, last, keep, &((struct gost_signature *)t)->octets);
}

static int signature_verify(xmlSecTransformPtr t, const xmlSecByte *data, xmlSecSize n, xmlSecTransformCtxPtr ctx)
{
	const struct gost_signature *g = (const struct gost_signature *)t;

	(void)ctx;
	if (t->status != xmlSecTransformStatusFinished || !g->cert)
		return -1;
	conclude(t, trust_verify(g->cert, signature_by_uri((const char *)t->id->href), buf_bytes(&g->octets),
		(struct bytes){data, n}, NULL).ok);
	return 0;
}

/* --- registration --- */

static struct _xmlSecTransformKlass digest_klass(enum digest d)
{
	return (struct _xmlSecTransformKlass){
		.klassSize = sizeof(struct _xmlSecTransformKlass),
		.objSize = sizeof(struct gost_digest),
		.name = (const xmlChar *)digest_row(d)->name,
		.href = (const xmlChar *)digest_row(d)->uri,
		.usage = xmlSecTransformUsageDigestMethod,
		.initialize = digest_initialize,
		.finalize = digest_finalize,
		.verify = digest_verify,
		.getDataType = xmlSecTransformDefaultGetDataType,
		.pushBin = xmlSecTransformDefaultPushBin,
		.popBin = xmlSecTransformDefaultPopBin,
		.execute = digest_execute,
	};
}

static struct _xmlSecTransformKlass signature_klass(enum signature s)
{
	return (struct _xmlSecTransformKlass){
		.klassSize = sizeof(struct _xmlSecTransformKlass),
		.objSize = sizeof(struct gost_signature),
		.name = (const xmlChar *)signature_row(s)->name,
		.href = (const xmlChar *)signature_row(s)->uri,
		.usage = xmlSecTransformUsageSignatureMethod,
		.initialize = signature_initialize,
		.finalize = signature_finalize,
		.setKeyReq = signature_require,
		.setKey = signature_set_key,
		.verify = signature_verify,
		.getDataType = xmlSecTransformDefaultGetDataType,
		.pushBin = xmlSecTransformDefaultPushBin,
		.popBin = xmlSecTransformDefaultPopBin,
		.execute = signature_execute,
	};
}

bool security_gost_register(void)
{
	/* xmlsec1 keeps their addresses. */
	static struct _xmlSecTransformKlass klasses[4];
	size_t n = sizeof klasses / sizeof klasses[0];

	if (xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(),
		    (const xmlChar *)signature_row(SIGNATURE_GOST_2015)->uri, xmlSecTransformUsageSignatureMethod))
		return true;
	klasses[0] = digest_klass(DIGEST_GOST_2015);
	klasses[1] = digest_klass(DIGEST_GOST_LEGACY);
	klasses[2] = signature_klass(SIGNATURE_GOST_2015);
	klasses[3] = signature_klass(SIGNATURE_GOST_LEGACY);
	for (size_t i = 0; i < n; i++) {
		if (xmlSecTransformIdsRegister(&klasses[i]) != 0)
			return false;
	}
	return true;
}
