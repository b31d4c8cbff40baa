/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_ocsp - OCSP requests, and what responses say.
 * Promise:  nothing is taken from a response before its signature is that of the authority, of its delegate or of the
 *           configured responder, and its CertID is that of the very certificate.
 * Not here: whether what it says counts now (revocation_says.c).
 * Spec:     RFC 6960 sections 2.3, 3.2, 4.2; RFC 8954 */
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/memory.h"
#include "revocation/revocation_int.h"

#define ENCLOSED_MOST 8 /* certificates in a response: each may cost a verification */
#define SINGLES_MOST 64

static inline void scoped_request(OCSP_REQUEST **p) { OCSP_REQUEST_free(*p); }
static inline void scoped_response(OCSP_RESPONSE **p) { OCSP_RESPONSE_free(*p); }
static inline void scoped_basic(OCSP_BASICRESP **p) { OCSP_BASICRESP_free(*p); }
static inline void scoped_id(OCSP_CERTID **p) { OCSP_CERTID_free(*p); }
static inline void scoped_borrowed(STACK_OF(X509) **p) { sk_X509_free(*p); }

bool revocation_ocsp_ask(const struct revocation_authority *a, X509 *x, struct bytes nonce, struct buf *out)
{
	SCOPED(scoped_request) OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(a->source->sha256 ? EVP_sha256() : EVP_sha1(), x, a->issuer);
	unsigned char value[64], *to;
	int n;

	BUG_IF(nonce.n > sizeof value);
	memcpy(value, nonce.p, nonce.n);
	if (!request || !id || !OCSP_request_add0_id(request, id)) {
		OCSP_CERTID_free(id);
		return false;
	}
	if (!OCSP_request_add1_nonce(request, value, (int)nonce.n))
		return false;
	n = i2d_OCSP_REQUEST(request, NULL);
	to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;
	if (!to)
		return false;
	i2d_OCSP_REQUEST(request, &to);
	buf_grown(out, (size_t)n);
	return true;
}

/* Valid at that moment. */
static bool valid_at(const X509 *x, int64_t now_ms)
{
	int64_t from, until;

	return revocation_time(X509_get0_notBefore(x), &from) && revocation_time(X509_get0_notAfter(x), &until) &&
		from <= now_ms && now_ms <= until;
}

/* RFC 6960 section 4.2.2.2: a delegate's certificate comes from the authority itself and says what it is for. */
static bool is_delegate(const struct revocation_authority *a, X509 *x, int64_t now_ms)
{
	uint32_t flags = X509_get_extension_flags(x), usage = X509_get_key_usage(x);

	return (flags & EXFLAG_XKUSAGE) && !(flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) &&
		(X509_get_extended_key_usage(x) & XKU_OCSP_SIGN) && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) &&
		valid_at(x, now_ms) && !revocation_weak(X509_get_signature_nid(x)) && revocation_issued(a, x);
}

/* The signature fits this certificate, which is the one that the responder names. */
static bool signed_with(OCSP_BASICRESP *basic, X509 *x)
{
	SCOPED(scoped_borrowed) STACK_OF(X509) *one = sk_X509_new_null();
	bool fits;

	if (!one || !sk_X509_push(one, x))
		return false;
	/* With these flags OpenSSL looks at this certificate alone and verifies the signature alone. */
	fits = OCSP_basic_verify(basic, one, NULL, OCSP_TRUSTOTHER | OCSP_NOINTERN) == 1;
	ERR_clear_error();
	return fits;
}

static bool well_signed(const struct revocation_authority *a, OCSP_BASICRESP *basic, int64_t now_ms)
{
	const STACK_OF(X509) *enclosed = OCSP_resp_get0_certs(basic);
	const ASN1_OBJECT *algorithm;

	X509_ALGOR_get0(&algorithm, NULL, NULL, OCSP_resp_get0_tbs_sigalg(basic));
	if (revocation_weak(OBJ_obj2nid(algorithm)))
		return false;
	if (signed_with(basic, a->issuer))
		return true;
	if (a->responder && valid_at(a->responder, now_ms) && signed_with(basic, a->responder))
		return true;
	for (int i = 0; i < sk_X509_num(enclosed) && i < ENCLOSED_MOST; i++) {
		X509 *x = sk_X509_value(enclosed, i);

		if (signed_with(basic, x) && is_delegate(a, x, now_ms))
			return true;
	}
	return false;
}

/* The nonce stands in the extension as it is, or as an OCTET STRING inside of it; responders do both. */
static bool nonce_is(const ASN1_OCTET_STRING *value, struct bytes nonce)
{
	struct bytes raw = {ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};

	if (bytes_eq(raw, nonce))
		return true;
	return raw.n == nonce.n + 2 && raw.p[0] == V_ASN1_OCTET_STRING && raw.p[1] == nonce.n &&
		bytes_eq(bytes_sub(raw, 2, raw.n), nonce);
}

static bool nonce_fits(const struct revocation_source *s, OCSP_BASICRESP *basic, struct bytes nonce)
{
	int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);

	if (nonce.n == 0)
		return true;
	if (at < 0)
		return !s->nonce_needed;
	return nonce_is(X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at)), nonce);
}

/* True when the response demands that something unknown be understood. */
static bool demands(OCSP_BASICRESP *basic)
{
	for (int i = -1; (i = OCSP_BASICRESP_get_ext_by_critical(basic, 1, i)) >= 0;) {
		if (OBJ_obj2nid(X509_EXTENSION_get_object(OCSP_BASICRESP_get_ext(basic, i))) != NID_id_pkix_OCSP_Nonce)
			return true;
	}
	return false;
}

static bool id_is_of(const OCSP_SINGLERESP *single, X509 *x, const X509 *issuer, const EVP_MD *digest)
{
	SCOPED(scoped_id) OCSP_CERTID *wanted = OCSP_cert_to_id(digest, x, issuer);

	return wanted && OCSP_id_cmp(wanted, OCSP_SINGLERESP_get0_id(single)) == 0;
}

/* Responders may answer with another digest than that of the request. */
static bool id_is(const OCSP_SINGLERESP *single, X509 *x, const X509 *issuer)
{
	return id_is_of(single, x, issuer, EVP_sha256()) || id_is_of(single, x, issuer, EVP_sha1());
}

/* What one SingleResponse says; GOOD when it says something. */
static enum revocation_reason single_read(
	OCSP_SINGLERESP *single, const ASN1_GENERALIZEDTIME *produced, struct revocation_said *out)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *next = NULL;
	int why = -1, status = OCSP_single_get0_status(single, &why, &revoked, &from, &next);
	int64_t produced_ms;

	*out = (struct revocation_said){.what = REVOCATION_GOOD};
	if (OCSP_SINGLERESP_get_ext_by_critical(single, 1, -1) >= 0 || !revocation_time(from, &out->this_ms) ||
		!revocation_time(produced, &produced_ms) || (next && !revocation_time(next, &out->next_ms)))
		return REVOCATION_BROKEN;
	out->until_ms = next ? out->next_ms : produced_ms + REVOCATION_OPEN_MS;
	if (status == V_OCSP_CERTSTATUS_GOOD)
		return REVOCATION_GOOD;
	if (status != V_OCSP_CERTSTATUS_REVOKED)
		return REVOCATION_REFUSED;
	out->what = why == CRL_REASON_CERTIFICATE_HOLD ? REVOCATION_HOLD : REVOCATION_REVOKED;
	return revocation_time(revoked, &out->revoked_ms) ? REVOCATION_GOOD : REVOCATION_BROKEN;
}

/* The newest that is said about the certificate; a revocation wins when there are several as new. */
static enum revocation_reason singles_read(
	const struct revocation_authority *a, X509 *x, OCSP_BASICRESP *basic, struct revocation_said *out)
{
	enum revocation_reason reason = REVOCATION_BROKEN;
	struct revocation_said one;
	bool found = false;

	for (int i = 0; i < OCSP_resp_count(basic) && i < SINGLES_MOST; i++) {
		enum revocation_reason r;

		if (!id_is(OCSP_resp_get0(basic, i), x, a->issuer))
			continue;
		r = single_read(OCSP_resp_get0(basic, i), OCSP_resp_get0_produced_at(basic), &one);
		if (r == REVOCATION_GOOD && (!found || revocation_said_replaces(out, &one)))
			*out = one;
		found |= r == REVOCATION_GOOD;
		if (!found)
			reason = r;
	}
	return found ? REVOCATION_GOOD : reason;
}

static bool from_future(const OCSP_BASICRESP *basic, int64_t latest_ms)
{
	int64_t produced_ms;

	return !revocation_time(OCSP_resp_get0_produced_at(basic), &produced_ms) || produced_ms > latest_ms;
}

static enum revocation_reason status_reason(int status)
{
	switch (status) {
	case OCSP_RESPONSE_STATUS_SUCCESSFUL:
		return REVOCATION_GOOD;
	case OCSP_RESPONSE_STATUS_TRYLATER:
	case OCSP_RESPONSE_STATUS_INTERNALERROR:
		return REVOCATION_TRY_LATER;
	case OCSP_RESPONSE_STATUS_MALFORMEDREQUEST:
	case OCSP_RESPONSE_STATUS_SIGREQUIRED:
	case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
		return REVOCATION_REFUSED;
	default:
		return REVOCATION_BROKEN;
	}
}

static enum revocation_reason read_response(const struct revocation_authority *a, X509 *x, struct bytes octets,
	struct bytes nonce, int64_t now_ms, int skew_ms, struct revocation_said *out)
{
	const unsigned char *p = octets.p;
	SCOPED(scoped_response) OCSP_RESPONSE *response = octets.n ? d2i_OCSP_RESPONSE(NULL, &p, (long)octets.n) : NULL;
	SCOPED(scoped_basic) OCSP_BASICRESP *basic = NULL;
	enum revocation_reason reason = REVOCATION_BROKEN;

	out->what = REVOCATION_NOT_ASKED;
	if (response && p == octets.p + octets.n)
		reason = status_reason(OCSP_response_status(response));
	if (reason == REVOCATION_GOOD) {
		basic = OCSP_response_get1_basic(response);
		reason = basic && !demands(basic) ? REVOCATION_GOOD : REVOCATION_BROKEN;
	}
	ERR_clear_error();
	if (reason != REVOCATION_GOOD)
		return reason;
	if (!well_signed(a, basic, now_ms))
		return REVOCATION_SIGNER;
	if (!nonce_fits(a->source, basic, nonce))
		return REVOCATION_NONCE;
	reason = singles_read(a, x, basic, out);
	if (reason == REVOCATION_GOOD && (out->this_ms > now_ms + skew_ms || from_future(basic, now_ms + skew_ms)))
		reason = REVOCATION_STALE;
	if (reason != REVOCATION_GOOD)
		out->what = REVOCATION_NOT_ASKED;
	revocation_sha256(octets, out->evidence);
	return reason;
}

enum revocation_reason revocation_ocsp_read(const struct revocation_authority *a, X509 *x, struct bytes octets,
	struct bytes nonce, int64_t now_ms, int skew_ms, struct revocation_said *out)
{
	size_t before = memory_refusals();
	enum revocation_reason reason = read_response(a, x, octets, nonce, now_ms, skew_ms, out);

	if (memory_refusals() == before)
		return reason;
	out->what = REVOCATION_NOT_ASKED; /* whatever it said */
	return REVOCATION_TRY_LATER;
}
