/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_authority - the certificates of a source, and what is read of certificates in general.
 * Spec: RFC 5280 sections 4.1.2.2, 4.2.1.13 */
#define OPENSSL_API_COMPAT 0x10101000L
#include <time.h>

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "revocation/revocation_int.h"

#define CERTIFICATE_OCTETS ((size_t)1 << 16)
#define POINT_OCTETS 1024

static inline void scoped_points(STACK_OF(DIST_POINT) **p) { sk_DIST_POINT_pop_free(*p, DIST_POINT_free); }

X509 *revocation_certificate(struct bytes der, struct bytes *rest)
{
	const unsigned char *p = der.p;
	size_t n = der.n < CERTIFICATE_OCTETS ? der.n : CERTIFICATE_OCTETS;
	X509 *x = n ? d2i_X509(NULL, &p, (long)n) : NULL;

	ERR_clear_error();
	if (x && rest)
		*rest = bytes_sub(der, (size_t)(p - der.p), der.n);
	if (!x || rest || p == der.p + der.n)
		return x;
	X509_free(x);
	return NULL;
}

void revocation_sha256(struct bytes octets, unsigned char out[32])
{
	SHA256_CTX ctx; /* the calls that OpenSSL prefers ask for memory */

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, octets.p, octets.n);
	SHA256_Final(out, &ctx);
}

outcome revocation_authority_read(
	const struct revocation_source *source, struct revocation_authority *out, struct err *e)
{
	*out = (struct revocation_authority){.source = source};
	out->issuer = revocation_certificate(source->issuer, NULL);
	if (source->responder.n)
		out->responder = revocation_certificate(source->responder, NULL);
	/* X509_get0_pubkey: an algorithm that this process does not know can vouch for nothing. */
	if (!out->issuer || !X509_get0_pubkey(out->issuer) || (source->responder.n && !out->responder)) {
		revocation_authority_drop(out);
		ERR_clear_error();
		return err_set(e, REASON_CONFIG, "an issuer or responder of a source is no certificate with a known key");
	}
	revocation_sha256(source->issuer, out->id);
	return DONE;
}

void revocation_authority_drop(struct revocation_authority *a)
{
	X509_free(a->issuer);
	X509_free(a->responder);
	a->issuer = a->responder = NULL;
}

bool revocation_issued(const struct revocation_authority *a, X509 *x)
{
	bool issued = X509_check_issued(a->issuer, x) == X509_V_OK &&
		X509_verify(x, X509_get0_pubkey(a->issuer)) == 1;

	ERR_clear_error();
	return issued;
}

bool revocation_time(const ASN1_TIME *t, int64_t *ms)
{
	struct tm tm;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

bool revocation_weak(int signature_nid)
{
	int md = NID_undef, key = NID_undef;

	if (!OBJ_find_sigid_algs(signature_nid, &md, &key))
		return false; /* then nothing in this process can verify it either */
	/* PSS may hide any digest in its parameters; no authority of this field uses it. */
	return md == NID_md2 || md == NID_md4 || md == NID_md5 || md == NID_sha1 || key == NID_rsassaPss;
}

bool revocation_number_of(const ASN1_INTEGER *i, struct revocation_number *out)
{
	const unsigned char *octets = ASN1_STRING_get0_data(i);
	int n = ASN1_STRING_length(i);

	*out = (struct revocation_number){.negative = ASN1_STRING_type(i) == V_ASN1_NEG_INTEGER};
	while (n > 0 && *octets == 0) {
		octets++;
		n--;
	}
	if (n > REVOCATION_NUMBER)
		return false;
	out->n = (unsigned char)n;
	if (n)
		memcpy(out->octets, octets, (size_t)n);
	return true;
}

int revocation_number_order(const struct revocation_number *a, const struct revocation_number *b)
{
	if (a->negative != b->negative)
		return b->negative - a->negative;
	if (a->n != b->n)
		return a->n - b->n;
	return memcmp(a->octets, b->octets, a->n);
}

static void revocation_point_add(struct buf *to, const ASN1_IA5STRING *uri)
{
	struct bytes text = {ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)};

	if (text.n == 0 || text.n > POINT_OCTETS || memchr(text.p, '\n', text.n) || memchr(text.p, '\0', text.n))
		return;
	if (to->len == 0)
		buf_char(to, '\n');
	buf_add(to, text);
	buf_char(to, '\n');
}

void revocation_points_add(struct buf *to, const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_URI)
			revocation_point_add(to, name->d.uniformResourceIdentifier);
	}
}

void revocation_points_of(struct buf *to, X509 *x)
{
	SCOPED(scoped_points) STACK_OF(DIST_POINT) *points =
		X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);

	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(points, i);

		if (p->distpoint && p->distpoint->type == 0)
			revocation_points_add(to, p->distpoint->name.fullname);
	}
	ERR_clear_error();
}
