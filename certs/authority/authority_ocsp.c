/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_ocsp - the OCSP responder.
 * Promise:  CertID may be made with any digest that OpenSSL knows (SHA-1 and SHA-256 in practice), the nonce
 *           comes back as it was sent; the responder's certificate is enclosed. A serial number that was
 *           never issued is unknown, another authority's certificate unauthorized.
 * Spec:     RFC 6960. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "authority.h"

#define DAY 86400

static inline void scoped_request(OCSP_REQUEST **p) { OCSP_REQUEST_free(*p); }
static inline void scoped_response(OCSP_RESPONSE **p) { OCSP_RESPONSE_free(*p); }
static inline void scoped_basic(OCSP_BASICRESP **p) { OCSP_BASICRESP_free(*p); }
static inline void scoped_id(OCSP_CERTID **p) { OCSP_CERTID_free(*p); }
static inline void scoped_time(ASN1_TIME **p) { ASN1_TIME_free(*p); }
static inline void scoped_bio(BIO **p) { BIO_free(*p); }

struct times {
	ASN1_TIME *this_update, *next_update;
};
static void times_free(struct times *t)
{
	ASN1_TIME_free(t->this_update);
	ASN1_TIME_free(t->next_update);
}

static X509 *load_certificate(const char *folder, const char *name)
{
	SCOPED(scoped_text) char *path = path_of(folder, name, ".crt");
	SCOPED(scoped_bio) BIO *in = BIO_new_file(path, "r");

	return in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
}

/* The authority that a CertID names; NULL: none of ours. */
static const struct issuer_row *issuer_of(const char *folder, const OCSP_CERTID *id)
{
	ASN1_OBJECT *digest = NULL;
	const EVP_MD *md;

	OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)(uintptr_t)id);
	md = EVP_get_digestbyobj(digest);
	for (const struct issuer_row *row = authority_issuers; md && row->name; row++) {
		SCOPED(scoped_certificate) X509 *x = load_certificate(folder, row->name);
		SCOPED(scoped_id) OCSP_CERTID *own = x ?
			OCSP_cert_id_new(md, X509_get_subject_name(x), X509_get0_pubkey_bitstr(x), NULL) : NULL;

		if (own && OCSP_id_issuer_cmp(own, id) == 0)
			return row;
	}
	return NULL;
}

static bool was_issued(const char *folder, const char *issuer, const ASN1_INTEGER *serial)
{
	for (const struct entity *who = authority_entities; who->name; who++) {
		SCOPED(scoped_certificate) X509 *x = NULL;

		if (strcmp(who->issuer, issuer) == 0)
			x = load_certificate(folder, who->name);
		if (x && ASN1_INTEGER_cmp(X509_get0_serialNumber(x), serial) == 0)
			return true;
	}
	return false;
}

static bool add_revoked(OCSP_BASICRESP *basic, OCSP_CERTID *id, const struct revocation_event *state, const struct times *t)
{
	SCOPED(scoped_time) ASN1_TIME *since = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(state->ms / 1000));
	int reason = state->reason == OCSP_REVOKED_STATUS_UNSPECIFIED ? OCSP_REVOKED_STATUS_NOSTATUS : state->reason;

	return since &&
		OCSP_basic_add1_status(
			basic, id, V_OCSP_CERTSTATUS_REVOKED, reason, since, t->this_update, t->next_update);
}

/* Another serial number than the one that was asked about. */
static void shift(OCSP_CERTID *id)
{
	ASN1_INTEGER *serial = NULL;

	OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	serial->data[serial->length - 1] ^= 1;
}

static bool add_status(const struct authority *a, enum trouble trouble, OCSP_BASICRESP *basic, const OCSP_CERTID *asked,
	const struct revocation_register *r, const struct times *t)
{
	SCOPED(scoped_id) OCSP_CERTID *id = OCSP_CERTID_dup(asked);
	const struct issuer_row *issuer = issuer_of(a->folder, asked);
	const struct revocation_event *state;
	SCOPED(scoped_text) char *text = NULL;
	ASN1_INTEGER *serial = NULL;
	bool known;

	if (!id)
		return false;
	OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	text = serial_text(serial);
	known = issuer && was_issued(a->folder, issuer->name, serial);
	state = known ? register_state(r, issuer->name, text, now_ms()) : NULL;
	if (trouble == TROUBLE_OTHER)
		shift(id);
	if (state)
		return add_revoked(basic, id, state, t);
	return OCSP_basic_add1_status(basic, id, known ? V_OCSP_CERTSTATUS_GOOD : V_OCSP_CERTSTATUS_UNKNOWN, 0, NULL,
		t->this_update, t->next_update);
}

static bool set_times(struct times *t, enum trouble trouble, int next_s)
{
	time_t from = (time_t)(now_ms() / 1000) - (trouble == TROUBLE_STALE ? 2 * DAY : 0);

	t->this_update = ASN1_GENERALIZEDTIME_set(NULL, from);
	t->next_update = ASN1_GENERALIZEDTIME_set(NULL, from + (trouble == TROUBLE_STALE ? DAY : next_s));
	return t->this_update && t->next_update;
}

static bool set_nonce(OCSP_BASICRESP *basic, OCSP_REQUEST *request, enum trouble t)
{
	if (t == TROUBLE_NO_NONCE)
		return true;
	if (t == TROUBLE_WRONG_NONCE)
		return OCSP_basic_add1_nonce(basic, NULL, 16) == 1;
	return OCSP_copy_nonce(basic, request) > 0; /* 2: there was none */
}

static const char *signer_of(const struct issuer_row *issuer, enum trouble t)
{
	if (t == TROUBLE_WRONG_SIGNER)
		return "department";
	return t == TROUBLE_FORGED ? "attacker-ocsp" : issuer->responder;
}

static outcome sign(const struct authority *a, enum trouble t, const struct issuer_row *issuer, OCSP_BASICRESP *basic,
	struct err *e)
{
	SCOPED(identity_drop) struct identity signer = {0};

	TRY(identity_load(a->folder, signer_of(issuer, t), &signer, e));
	return OCSP_basic_sign(basic, signer.certificate, signer.key, authority_md(signer.key), NULL, 0) == 1 ? DONE :
		openssl_failed(e, "OCSP");
}

static outcome answer(const struct authority *a, enum trouble t, OCSP_REQUEST *request, const struct issuer_row *issuer,
	OCSP_BASICRESP *basic, struct err *e)
{
	SCOPED(register_free) struct revocation_register r = {0};
	SCOPED(times_free) struct times times = {0};

	TRY(register_read(a->folder, &r, e));
	if (!basic || !set_times(&times, t, a->next_s) || !set_nonce(basic, request, t))
		return openssl_failed(e, "OCSP");
	for (int i = 0; i < OCSP_request_onereq_count(request); i++) {
		const OCSP_CERTID *asked = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i));

		if (!add_status(a, t, basic, asked, &r, &times))
			return openssl_failed(e, "OCSP");
	}
	return sign(a, t, issuer, basic, e);
}

static outcome write_response(int status, OCSP_BASICRESP *basic, struct buf *out, struct err *e)
{
	SCOPED(scoped_response) OCSP_RESPONSE *response = OCSP_response_create(status, basic);
	int n = response ? i2d_OCSP_RESPONSE(response, NULL) : 0;
	unsigned char *to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;

	if (!to || i2d_OCSP_RESPONSE(response, &to) != n)
		return openssl_failed(e, "OCSP");
	buf_grown(out, (size_t)n);
	return DONE;
}

outcome authority_ocsp(const struct authority *a, enum trouble t, struct bytes question, struct buf *out, struct err *e)
{
	const unsigned char *p = question.p;
	SCOPED(scoped_request) OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &p, (long)question.n);
	SCOPED(scoped_basic) OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	const struct issuer_row *issuer;

	ERR_clear_error();
	if (!request || p != question.p + question.n || OCSP_request_onereq_count(request) < 1)
		return write_response(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, NULL, out, e);
	if (t == TROUBLE_LATER)
		return write_response(OCSP_RESPONSE_STATUS_TRYLATER, NULL, out, e);
	issuer = issuer_of(a->folder, OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)));
	if (!issuer || t == TROUBLE_REFUSED)
		return write_response(OCSP_RESPONSE_STATUS_UNAUTHORIZED, NULL, out, e);
	TRY(answer(a, t, request, issuer, basic, e));
	return write_response(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic, out, e);
}
