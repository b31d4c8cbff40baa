/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp_judge - responses and tokens.
 * Promise:  a token that comes out was signed by somebody meant for it, over what was asked, under the policy that was
 *           asked; its octets are those that came, to the last one.
 * Spec:     RFC 3161 sections 2.2, 2.4.2; RFC 5816 (both forms of the certificate's identifier). */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>

#include "base/memory.h"
#include "timestamp/timestamp_int.h"

static void free_response(TS_RESP **r)
{
	TS_RESP_free(*r);
}

static void free_request(TS_REQ **r)
{
	TS_REQ_free(*r);
}

static void free_info(TS_TST_INFO **i)
{
	TS_TST_INFO_free(*i);
}

static void free_token(PKCS7 **p)
{
	PKCS7_free(*p);
}

static void free_context(TS_VERIFY_CTX **c)
{
	TS_VERIFY_CTX_free(*c);
}

/* The library's last words: what, and about what. */
static outcome refused(struct err *e, const char *what)
{
	const char *more = NULL;
	int flags = 0;
	unsigned long code = ERR_peek_last_error_data(&more, &flags);
	const char *words = ERR_reason_error_string(code);

	err_set(e, REASON_STAMP_REFUSED, "%s: %s%s%s", what, words ? words : "malformed",
		more && (flags & ERR_TXT_STRING) && more[0] ? ": " : "",
		more && (flags & ERR_TXT_STRING) ? more : "");
	ERR_clear_error();
	return FAILED;
}

static const char *status_text(TS_STATUS_INFO *info)
{
	const STACK_OF(ASN1_UTF8STRING) *texts = TS_STATUS_INFO_get0_text(info);

	if (!texts || sk_ASN1_UTF8STRING_num(texts) == 0)
		return "";
	return (const char *)ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(texts, 0));
}

/* Patience is asked for by the status waiting, and by the failures that pass by themselves. */
static outcome check_status(TS_RESP *r, struct err *e)
{
	TS_STATUS_INFO *info = TS_RESP_get_status_info(r);
	const ASN1_BIT_STRING *failure = TS_STATUS_INFO_get0_failure_info(info);
	long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info));

	if (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS)
		return DONE;
	if (status == TS_STATUS_WAITING ||
		(failure && (ASN1_BIT_STRING_get_bit(failure, TS_INFO_TIME_NOT_AVAILABLE) ||
				    ASN1_BIT_STRING_get_bit(failure, TS_INFO_SYSTEM_FAILURE))))
		return err_set(e, REASON_STAMP_LATER, "the authority answers with status %ld: %.100s", status,
			status_text(info));
	return err_set(e, REASON_STAMP_REFUSED, "the authority answers with status %ld: %.100s", status,
		status_text(info));
}

/* The token's own octets: TimeStampResp is a SEQUENCE of the status and the token, and nothing else. */
static bool split(struct bytes response, struct bytes *token)
{
	const unsigned char *p = response.p, *end;
	long length;
	int tag, class;

	if (ASN1_get_object(&p, &length, &tag, &class, (long)response.n) != V_ASN1_CONSTRUCTED)
		return false;
	end = p + length;
	if (end != response.p + response.n || (ASN1_get_object(&p, &length, &tag, &class, end - p) & 0x81))
		return false;
	p += length;
	*token = (struct bytes){p, (size_t)(end - p)};
	return p < end;
}

/* A signature over these digests can be made by others. */
static outcome check_strength(PKCS7 *p7, struct err *e)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(p7);
	X509_ALGOR *digest = NULL;
	int nid;

	if (!signers || sk_PKCS7_SIGNER_INFO_num(signers) != 1)
		return err_set(e, REASON_STAMP_REFUSED, "the token has not one signer");
	PKCS7_SIGNER_INFO_get0_algs(sk_PKCS7_SIGNER_INFO_value(signers, 0), NULL, &digest, NULL);
	nid = OBJ_obj2nid(digest->algorithm);
	if (nid == NID_sha1 || nid == NID_md5 || nid == NID_md4)
		return err_set(e, REASON_STAMP_REFUSED, "the signature is over the weak digest %s", OBJ_nid2sn(nid));
	return DONE;
}

static outcome read_response(struct bytes response, TS_RESP **out, struct err *e)
{
	const unsigned char *p = response.p;

	if (response.n > TOKEN_MOST)
		return err_set(e, REASON_STAMP_REFUSED, "a response of %zu octets", response.n);
	*out = d2i_TS_RESP(NULL, &p, (long)response.n);
	if (!*out)
		return refused(e, "no response");
	if (p != response.p + response.n)
		return err_set(e, REASON_STAMP_REFUSED, "octets follow the response");
	return DONE;
}

static outcome judge(struct bytes response, const struct question_asked *asked, const char *const *authorities,
	size_t authority_count, struct buf *token, struct timestamp_token *says, struct err *e)
{
	SCOPED(free_response) TS_RESP *r = NULL;
	SCOPED(free_request) TS_REQ *request = NULL;
	SCOPED(free_context) TS_VERIFY_CTX *c = NULL;
	struct bytes octets;
	size_t from = token->len;

	ERR_clear_error();
	TRY(read_response(response, &r, e));
	TRY(check_status(r, e));
	if (!TS_RESP_get_token(r) || !TS_RESP_get_tst_info(r) || !split(response, &octets))
		return err_set(e, REASON_STAMP_REFUSED, "the response is granted and has no token in DER");
	TRY(check_strength(TS_RESP_get_token(r), e));
	TRY(timestamp_request_new(asked->digest, asked->imprint, asked->policy, asked->nonce, &request, e));
	TRY(timestamp_trust(authorities, authority_count, TS_RESP_get_tst_info(r), request, &c, e));
	if (TS_RESP_verify_response(c, r) != 1)
		return refused(e, "response");
	buf_add(token, octets);
	if (!buf_ok(token))
		return err_set(e, REASON_MEMORY, "a time-stamp");
	return timestamp_info(bytes_sub(buf_bytes(token), from, token->len), TS_RESP_get_token(r),
		TS_RESP_get_tst_info(r), says, e);
}

outcome timestamp_judge(struct bytes response, const struct question_asked *asked, const char *const *authorities,
	size_t authority_count, struct buf *token, struct timestamp_token *says, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, judge(response, asked, authorities, authority_count, token, says, e), e);
}

outcome timestamp_response(struct bytes response, enum timestamp_digest d, struct bytes imprint, const char *policy,
	struct bytes nonce, const char *const *authorities, size_t authority_count, struct buf *token, struct err *e)
{
	const struct question_asked asked = {.digest = d, .imprint = imprint, .policy = policy, .nonce = nonce};
	struct timestamp_token says;

	return timestamp_judge(response, &asked, authorities, authority_count, token, &says, e);
}

static outcome read_token(struct bytes token, PKCS7 **out, TS_TST_INFO **info, struct err *e)
{
	const unsigned char *p = token.p;

	if (token.n > TOKEN_MOST)
		return err_set(e, REASON_STAMP_REFUSED, "a token of %zu octets", token.n);
	*out = d2i_PKCS7(NULL, &p, (long)token.n);
	if (!*out)
		return refused(e, "no token");
	if (p != token.p + token.n)
		return err_set(e, REASON_STAMP_REFUSED, "octets follow the token");
	*info = PKCS7_type_is_signed(*out) ? PKCS7_to_TS_TST_INFO(*out) : NULL;
	return *info ? DONE : refused(e, "no token");
}

static outcome verify(struct bytes token, struct bytes imprint, const char *const *authorities,
	size_t authority_count, struct timestamp_token *out, struct err *e)
{
	SCOPED(free_token) PKCS7 *p7 = NULL;
	SCOPED(free_info) TS_TST_INFO *info = NULL;
	SCOPED(free_context) TS_VERIFY_CTX *c = NULL;

	ERR_clear_error();
	TRY(read_token(token, &p7, &info, e));
	TRY(check_strength(p7, e));
	TRY(timestamp_trust(authorities, authority_count, info, NULL, &c, e));
	if (TS_RESP_verify_token(c, p7) != 1)
		return refused(e, "token");
	TRY(timestamp_info(token, p7, info, out, e));
	if (imprint.n && !bytes_eq(imprint, out->imprint))
		return err_set(e, REASON_STAMP_REFUSED, "the token is over another imprint");
	return DONE;
}

outcome timestamp_verify(struct bytes token, struct bytes imprint, const char *const *authorities,
	size_t authority_count, struct timestamp_token *out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, verify(token, imprint, authorities, authority_count, out, e), e);
}

outcome timestamp_covers(struct bytes token, struct bytes octets, const char *const *authorities,
	size_t authority_count, struct timestamp_token *out, struct err *e)
{
	unsigned char imprint[TIMESTAMP_IMPRINT_MOST];
	size_t n;

	TRY(timestamp_verify(token, BYTES_NONE, authorities, authority_count, out, e));
	n = timestamp_imprint(out->digest, octets, imprint);
	if (!bytes_eq(out->imprint, (struct bytes){imprint, n}))
		return err_set(e, REASON_STAMP_REFUSED, "the token is over something else");
	return DONE;
}
