/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation_int - the pure part, shared by the files of this room: what authorities said, and what follows from it.
 *
 * An answer goes: octets into what was said (revocation_ocsp, revocation_crl; cryptography, in the background), and at each
 * question into a verdict at a moment (revocation_says; comparisons alone). The running part is revocation_run.h.
 */
#ifndef QAQPA_REVOCATION_INT_H
#define QAQPA_REVOCATION_INT_H

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "revocation/revocation.h"

/* Closers for SCOPED. */
static inline void scoped_x509(X509 **p) { X509_free(*p); }

/* --- authorities and certificates (revocation_authority.c) --- */

/* A source with its certificates decoded. */
struct revocation_authority {
	const struct revocation_source *source;
	X509 *issuer, *responder; /* responder: may be NULL */
	unsigned char id[32];     /* SHA-256 of the issuer's DER */
};
/* Fails with REASON_CONFIG. */
MUST_USE outcome revocation_authority_read(
	const struct revocation_source *source, struct revocation_authority *out, struct err *e);
void revocation_authority_drop(struct revocation_authority *a); /* fit for SCOPED */
/* True when the authority issued the certificate: names, key identifiers and signature. */
bool revocation_issued(const struct revocation_authority *a, X509 *x);
/* The one certificate that the octets are, or NULL. With `rest`, more may follow. */
X509 *revocation_certificate(struct bytes der, struct bytes *rest);
void revocation_sha256(struct bytes octets, unsigned char out[32]);
/* False when the time cannot be read. */
MUST_USE bool revocation_time(const ASN1_TIME *t, int64_t *ms);
/* True when the signature algorithm rests on a digest that can be forged. */
bool revocation_weak(int signature_nid);

#define REVOCATION_NUMBER 20 /* octets: RFC 5280 section 4.1.2.2 */
struct revocation_number {
	unsigned char n, negative, octets[REVOCATION_NUMBER];
};
/* False when it is longer. */
MUST_USE bool revocation_number_of(const ASN1_INTEGER *i, struct revocation_number *out);
/* Below 0, 0 or above 0; the order of not negative numbers is that of their values. */
int revocation_number_order(const struct revocation_number *a, const struct revocation_number *b);

/* URIs of distribution points, each between two line ends: "\nhttp://a\nhttp://b\n". */
void revocation_points_add(struct buf *to, const GENERAL_NAMES *names);
/* Those that a certificate names (cRLDistributionPoints). */
void revocation_points_of(struct buf *to, X509 *x);

/* --- what was said (revocation_ocsp.c) --- */

/* What one answer, whose signature was verified, says about a certificate. */
struct revocation_said {
	enum revocation_reason what; /* GOOD, REVOKED, HOLD; NOT_ASKED: nothing was said */
	int64_t this_ms, next_ms;    /* next_ms 0: none */
	int64_t until_ms;            /* counts until then */
	int64_t revoked_ms;
	unsigned char evidence[32];
};
bool revocation_said_fresh(const struct revocation_said *s, int64_t now_ms, int skew_ms);
/* True when the new one may take the place of the known one: it is not older, and when it is as old it does not take a
 * revocation away. */
bool revocation_said_replaces(const struct revocation_said *known, const struct revocation_said *news);

/* A request about `x` with the nonce, DER appended to `out`. False when memory is short. */
MUST_USE bool revocation_ocsp_ask(const struct revocation_authority *a, X509 *x, struct bytes nonce, struct buf *out);
/* GOOD: *out holds what the response says about `x`, however old it is. Else why it says nothing. `nonce` as in
 * revocation_judge_ocsp. */
enum revocation_reason revocation_ocsp_read(const struct revocation_authority *a, X509 *x, struct bytes response,
	struct bytes nonce, int64_t now_ms, int skew_ms, struct revocation_said *out);

/* --- revocation lists (revocation_crl.c) --- */

struct revocation_entry {
	struct revocation_number serial;
	enum { ENTRY_REVOKED, ENTRY_HOLD, ENTRY_REMOVED } what;
	int64_t revoked_ms;
};
/* A CRL whose signature was verified, as what look-ups need of it. */
struct revocation_crl {
	struct revocation_entry *entries; /* by serial */
	size_t n;
	struct revocation_said whole;     /* its times and evidence */
	struct revocation_number number, base; /* base: of a delta */
	bool delta, numbered;
	struct buf points;                /* empty: it is about all certificates of the issuer */
};
void revocation_crl_free(struct revocation_crl **c); /* fit for SCOPED */
/* GOOD: *out is the CRL, however old it is. */
enum revocation_reason revocation_crl_read(const struct revocation_authority *a, struct bytes octets, bool delta,
	int64_t now_ms, int skew_ms, struct revocation_crl **out);
const struct revocation_entry *revocation_crl_find(
	const struct revocation_crl *c, const struct revocation_number *serial);
/* True when the new one is not older than the known one (NULL: none). */
bool revocation_crl_replaces(const struct revocation_crl *known, const struct revocation_crl *news);

/* --- verdicts (revocation_says.c) --- */

/* All that is known about one certificate. */
struct revocation_view {
	bool by_ocsp, by_crl;                /* what its authority offers */
	const struct revocation_said *ocsp;
	const struct revocation_crl *crl, *delta; /* or NULL */
	enum revocation_reason ocsp_trouble, crl_trouble; /* of the last attempt; GOOD: none */
	const struct revocation_number *serial; /* NULL: too long for a CRL */
	const char *points;
};
void revocation_says(const struct revocation_view *v, int64_t now_ms, int skew_ms, struct revocation_answer *out);

/* Wait before the next attempt after so many failures in a row: doubled from one second, between half and the whole of it by
 * chance, at most `most_ms`. */
int64_t revocation_backoff(unsigned failures, int most_ms, uint32_t chance);
/* Wait before an answer that counts until `until_ms` is asked anew. */
int64_t revocation_refresh(int64_t until_ms, int64_t now_ms, int refresh_ms, uint32_t chance);

#endif
