/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_cms - signed CMS messages: read, bound to what they must cover, verified with certificates of our own look-up.
 * Promise:  OpenSSL verifies one signature with one key that trust gave; it builds no chain, trusts nothing that the
 *           message brings, and sees no algorithm without a row of trust's tables.
 * Not here: chains and owners (trust_issued.c), time-stamps (the room timestamp).
 * Spec:     RFC 5652; RFC 8933 (digest of the attributes is that of the content) */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <time.h>

#include "base/memory.h"
#include "trust/trust_cms.h"
#include "trust/trust_int.h"

static inline void scoped_cms(CMS_ContentInfo **p) { CMS_ContentInfo_free(*p); }

/* What is known while the signers are gone through. */
struct reading {
	struct trust *trust;
	struct pool *pool;
	CMS_ContentInfo *cms;
	STACK_OF(X509) *enclosed;
	const struct bytes *covered; /* what may be covered; once the first signer has chosen, one */
	size_t count;
	int64_t now_ms;
};

static outcome misshapen(const char *what, struct err *e)
{
	return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "CMS: %s", what);
}

static outcome keep(struct pool *pool, const ASN1_STRING *s, struct bytes *out, struct err *e)
{
	out->n = (size_t)ASN1_STRING_length(s);
	out->p = (const unsigned char *)pool_copy(pool, (struct bytes){ASN1_STRING_get0_data(s), out->n});
	return out->p ? DONE : err_set(e, REASON_MEMORY, "octets of a CMS");
}

static outcome parse(struct bytes der, CMS_ContentInfo **out, struct err *e)
{
	const unsigned char *p = der.p;

	*out = der.n > 0 && der.n <= INT32_MAX ? d2i_CMS_ContentInfo(NULL, &p, (long)der.n) : NULL;
	if (!*out || p != der.p + der.n)
		return misshapen("not exactly one ContentInfo", e);
	if (OBJ_obj2nid(CMS_get0_type(*out)) != NID_pkcs7_signed)
		return misshapen("no SignedData", e);
	if (OBJ_obj2nid(CMS_get0_eContentType(*out)) != NID_pkcs7_data)
		return misshapen("its content is not of the type data", e);
	return DONE;
}

/* An attached CMS has to hold one of the spellings; from here on the content alone counts. */
static outcome take_content(struct reading *r, struct bytes *content, struct err *e)
{
	ASN1_OCTET_STRING **held = CMS_get0_content(r->cms);

	if (!held || !*held) {
		ERR_clear_error();
		if (r->count == 0)
			return err_set(e, REASON_SEC_REFERENCE, "the CMS is detached, and nothing is named that it covers");
		return DONE;
	}
	TRY(keep(r->pool, *held, content, e));
	for (size_t i = 0; i < r->count; i++) {
		if (!bytes_eq(*content, r->covered[i]) && i + 1 == r->count)
			return err_set(e, REASON_SEC_WRAPPED, "the content of the CMS is not what has to be covered");
		if (bytes_eq(*content, r->covered[i]))
			break;
	}
	r->covered = content;
	r->count = 1;
	return DONE;
}

/* --- certificates --- */

/* Decimal, whatever the length; NULL when memory is short. */
static char *decimal_of(const ASN1_INTEGER *serial)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	char *text = n ? BN_bn2dec(n) : NULL;

	BN_free(n);
	return text;
}

static outcome find_named(struct reading *r, CMS_SignerInfo *si, const struct trust_cert **out, struct err *e)
{
	ASN1_OCTET_STRING *ski = NULL;
	X509_NAME *issuer = NULL;
	ASN1_INTEGER *serial = NULL;
	SCOPED(scoped_text) char *decimal = NULL;
	struct bytes name;
	char *text;

	if (CMS_SignerInfo_get0_signer_id(si, &ski, &issuer, &serial) != 1)
		return misshapen("a signer is not named", e);
	if (ski)
		return trust_find_ski(r->trust, (struct bytes){ASN1_STRING_get0_data(ski),
			(size_t)ASN1_STRING_length(ski)}, r->now_ms, out, e);
	text = trust_name_text(issuer);
	decimal = decimal_of(serial);
	name = bytes_str(text ? pool_copy(r->pool, bytes_str(text)) : NULL);
	free(text);
	if (!decimal || !name.p)
		return err_set(e, REASON_MEMORY, "name of a signer");
	return trust_find_issuer_serial(r->trust, name, bytes_str(decimal), r->now_ms, out, e);
}

static outcome find_certificate(struct reading *r, CMS_SignerInfo *si, const struct trust_cert **out, struct err *e)
{
	SCOPED(buf_free) struct buf der = BUF(65536);
	const X509 *mine = NULL;
	unsigned char digest[32];

	for (int i = 0; i < sk_X509_num(r->enclosed); i++) {
		if (CMS_SignerInfo_cert_cmp(si, sk_X509_value(r->enclosed, i)) != 0)
			continue;
		if (mine)
			return err_set(e, REASON_SEC_TOKEN_SEVERAL, "two enclosed certificates fit one signer of the CMS");
		mine = sk_X509_value(r->enclosed, i);
	}
	if (!mine)
		return find_named(r, si, out, e);
	TRY(trust_der_write(mine, &der, digest, e));
	return trust_find_signer(r->trust, buf_bytes(&der), r->now_ms, out, e);
}

/* --- algorithms --- */

static int nid_of(const X509_ALGOR *a)
{
	const ASN1_OBJECT *oid;

	X509_ALGOR_get0(&oid, NULL, NULL, a);
	return OBJ_obj2nid(oid);
}

/* The row for digest and key; the identifier of the signature algorithm must say the same. */
static outcome algorithm_of(CMS_SignerInfo *si, const struct trust_cert *cert, enum signature *out, struct err *e)
{
	X509_ALGOR *digest, *signature;
	int said_digest, said_key, nid_digest, nid_signature, key = EVP_PKEY_get_id(cert->key);

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &signature);
	nid_digest = nid_of(digest);
	nid_signature = nid_of(signature);
	if (nid_signature != key && (OBJ_find_sigid_algs(nid_signature, &said_digest, &said_key) != 1 ||
		said_key != key || said_digest != nid_digest))
		return err_set(e, REASON_SEC_ALGORITHM, "CMS: signature %.60s with digest %.60s", OBJ_nid2ln(nid_signature),
			OBJ_nid2ln(nid_digest));
	for (enum signature s = 0; s < SIGNATURE_COUNT; s++) {
		const struct signature_row *row = signature_row(s);

		if (nid_digest != NID_undef && !row->legacy && row->key == cert->key_kind &&
			EVP_MD_get_type(digest_md(row->digest)) == nid_digest) {
			*out = s;
			return DONE;
		}
	}
	return err_set(e, REASON_SEC_ALGORITHM, "CMS: digest %.60s", OBJ_nid2ln(nid_digest));
}

/* --- attributes --- */

/* The single value of an attribute that stands once; NULL otherwise. */
static void *signed_attribute(CMS_SignerInfo *si, int nid, int type)
{
	return CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(nid), -3, type);
}

static outcome read_time(CMS_SignerInfo *si, int64_t *out, struct err *e)
{
	const ASN1_TIME *t = signed_attribute(si, NID_pkcs9_signingTime, V_ASN1_UTCTIME);
	struct tm tm;

	if (CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1) < 0)
		return DONE;
	if (!t)
		t = signed_attribute(si, NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return misshapen("signingTime is no time", e);
	*out = (int64_t)timegm(&tm) * 1000;
	return DONE;
}

static outcome read_stamp(struct reading *r, CMS_SignerInfo *si, struct bytes *out, struct err *e)
{
	ASN1_OBJECT *oid = OBJ_nid2obj(NID_id_smime_aa_timeStampToken);
	const ASN1_STRING *token;

	if (CMS_unsigned_get_attr_by_NID(si, NID_id_smime_aa_timeStampToken, -1) < 0)
		return DONE;
	token = CMS_unsigned_get0_data_by_OBJ(si, oid, -3, V_ASN1_SEQUENCE);
	return token ? keep(r->pool, token, out, e) : misshapen("not one time-stamp of the signature", e);
}

/* The digest that the signer has signed must be that of what has to be covered. All signers cover one spelling. */
static outcome check_coverage(struct reading *r, CMS_SignerInfo *si, enum signature s, struct err *e)
{
	const ASN1_OBJECT *type = signed_attribute(si, NID_pkcs9_contentType, V_ASN1_OBJECT);
	const ASN1_OCTET_STRING *said = signed_attribute(si, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
	enum digest d = signature_row(s)->digest;
	unsigned char digest[64];

	if (!type || OBJ_obj2nid(type) != NID_pkcs7_data)
		return misshapen("a signer has not signed attributes, contentType data among them", e);
	if (!said || (size_t)ASN1_STRING_length(said) != digest_row(d)->size)
		return misshapen("no signed messageDigest of the right length", e);
	for (size_t i = 0; i < r->count; i++) {
		digest_once(d, r->covered[i], digest);
		if (memcmp(digest, ASN1_STRING_get0_data(said), digest_row(d)->size) != 0)
			continue;
		r->covered += i;
		r->count = 1;
		return DONE;
	}
	return err_set(e, REASON_SEC_DIGEST, "the CMS is over other octets than those that have to be covered");
}

static outcome read_signer(struct reading *r, CMS_SignerInfo *si, struct trust_cms_signer *out, struct err *e)
{
	const struct trust_entry *entry;
	bool right;

	TRY(find_certificate(r, si, &out->certificate, e));
	TRY(algorithm_of(si, out->certificate, &out->signature, e));
	TRY(check_coverage(r, si, out->signature, e));
	TRY(read_time(si, &out->signed_ms, e));
	entry = (const struct trust_entry *)out->certificate;
	CMS_SignerInfo_set1_signer_cert(si, entry->x509);
	right = CMS_SignerInfo_verify(si) == 1;
	if (!right)
		return err_set(e, REASON_SEC_VALUE, "a signature of the CMS, certificate %.16s", out->certificate->print);
	TRY(keep(r->pool, CMS_SignerInfo_get0_signature(si), &out->value, e));
	return read_stamp(r, si, &out->stamp, e);
}

static outcome read_signers(struct reading *r, struct trust_cms *out, struct err *e)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(r->cms);
	int n = sk_CMS_SignerInfo_num(signers);

	if (n <= 0)
		return err_set(e, REASON_SEC_SIGNATURE_ABSENT, "the CMS has no signer");
	if (n > TRUST_CMS_SIGNERS)
		return err_set(e, REASON_SEC_SEVERAL, "the CMS has more than %d signers", TRUST_CMS_SIGNERS);
	for (int i = 0; i < n; i++)
		TRY(read_signer(r, sk_CMS_SignerInfo_value(signers, i), &out->signer[out->n++], e));
	out->content = r->covered[0];
	return DONE;
}

static outcome verify(struct reading *r, struct bytes *content, struct trust_cms *out, struct err *e)
{
	TRY(take_content(r, content, e));
	return read_signers(r, out, e);
}

static outcome verify_cms(struct trust *t, struct pool *pool, struct bytes cms, const struct bytes *covered, size_t count,
	int64_t now_ms, struct trust_cms *out, struct err *e)
{
	SCOPED(scoped_cms) CMS_ContentInfo *parsed = NULL;
	SCOPED(trust_certificates_free) STACK_OF(X509) *enclosed = NULL;
	struct bytes content = BYTES_NONE;
	struct reading r = {.trust = t, .pool = pool, .covered = covered, .count = count, .now_ms = now_ms};
	outcome result = parse(cms, &parsed, e);

	*out = (struct trust_cms){.n = 0};
	if (result.ok) {
		r.cms = parsed;
		r.enclosed = enclosed = CMS_get1_certs(parsed);
		result = verify(&r, &content, out, e);
	}
	ERR_clear_error(); /* what OpenSSL says about a wrong CMS must not meet the next user of its queue */
	return result;
}

outcome trust_cms_verify(struct trust *t, struct pool *pool, struct bytes cms, const struct bytes *covered, size_t count,
	int64_t now_ms, struct trust_cms *out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, verify_cms(t, pool, cms, covered, count, now_ms, out, e), e);
}
