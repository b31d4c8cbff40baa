/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp_info - what a token says, read out of its TSTInfo.
 * Spec: RFC 3161 section 2.4.2. */
#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "timestamp/timestamp_int.h"

/* The library drops the fraction of a second; what is beyond milliseconds is dropped here. */
static int fraction_ms(const ASN1_GENERALIZEDTIME *at)
{
	const unsigned char *p = ASN1_STRING_get0_data(at);
	int n = ASN1_STRING_length(at), ms = 0, weight = 100;

	for (int i = 15; i < n && isdigit(p[i]); i++, weight /= 10)
		ms += (p[i] - '0') * weight;
	return ms;
}

outcome timestamp_info_time(const TS_TST_INFO *info, int64_t *ms, struct err *e)
{
	const ASN1_GENERALIZEDTIME *at = TS_TST_INFO_get_time(info);
	struct tm tm = {0};

	if (!at || !ASN1_TIME_to_tm(at, &tm))
		return err_set(e, REASON_STAMP_REFUSED, "genTime is no time");
	*ms = (int64_t)timegm(&tm) * 1000 + fraction_ms(at);
	return DONE;
}

static long number_of(const ASN1_INTEGER *i)
{
	long n = i ? ASN1_INTEGER_get(i) : 0;

	return n < 0 || n > 1000000 ? 1000000 : n;
}

static int accuracy_of(TS_TST_INFO *info)
{
	TS_ACCURACY *a = TS_TST_INFO_get_accuracy(info);

	if (!a)
		return 0;
	return (int)(number_of(TS_ACCURACY_get_seconds(a)) * 1000 + number_of(TS_ACCURACY_get_millis(a)) +
		(number_of(TS_ACCURACY_get_micros(a)) > 0));
}

static bool read_serial(TS_TST_INFO *info, char *out, size_t room)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(TS_TST_INFO_get_serial(info), NULL);
	char *text = number ? BN_bn2dec(number) : NULL;
	bool fits = text && (size_t)snprintf(out, room, "%s", text) < room;

	OPENSSL_free(text);
	BN_free(number);
	return fits;
}

/* Where in the token's octets the imprint stands: a caller may drop the tree and keep the octets. */
static outcome read_imprint(struct bytes token, TS_TST_INFO *info, struct timestamp_token *out, struct err *e)
{
	TS_MSG_IMPRINT *m = TS_TST_INFO_get_msg_imprint(info);
	const ASN1_OCTET_STRING *octets = TS_MSG_IMPRINT_get_msg(m);
	size_t n = (size_t)ASN1_STRING_length(octets);

	out->digest = timestamp_digest_of(TS_MSG_IMPRINT_get_algo(m)->algorithm);
	if (out->digest == TIMESTAMP_DIGEST_COUNT || n != timestamp_digest_row(out->digest)->octets)
		return err_set(e, REASON_STAMP_REFUSED, "the imprint is of a digest that is not known here");
	out->imprint = (struct bytes){memmem(token.p, token.n, ASN1_STRING_get0_data(octets), n), n};
	return out->imprint.p ? DONE : err_set(e, REASON_STAMP_REFUSED, "the token is not DER");
}

static bool read_signer(PKCS7 *p7, char *out, size_t room)
{
	STACK_OF(X509) *signers = PKCS7_get0_signers(p7, NULL, 0);
	BIO *text = BIO_new(BIO_s_mem());
	int n = 0;

	out[0] = '\0';
	if (text && signers && sk_X509_num(signers) == 1 &&
		X509_NAME_print_ex(text, X509_get_subject_name(sk_X509_value(signers, 0)), 0,
			XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(text, out, (int)room - 1);
	out[n > 0 ? n : 0] = '\0';
	BIO_free(text);
	sk_X509_free(signers);
	return n > 0;
}

outcome timestamp_info(struct bytes token, PKCS7 *p7, TS_TST_INFO *info, struct timestamp_token *out, struct err *e)
{
	*out = (struct timestamp_token){.accuracy_ms = accuracy_of(info)};
	TRY(timestamp_info_time(info, &out->at_ms, e));
	TRY(read_imprint(token, info, out, e));
	if (OBJ_obj2txt(out->policy, sizeof out->policy, TS_TST_INFO_get_policy_id(info), 1) >= (int)sizeof out->policy)
		return err_set(e, REASON_STAMP_REFUSED, "the policy is too long");
	if (!read_serial(info, out->serial, sizeof out->serial))
		return err_set(e, REASON_STAMP_REFUSED, "the serial number is too long");
	read_signer(p7, out->signer, sizeof out->signer);
	return DONE;
}
