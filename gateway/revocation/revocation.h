/* SPDX-License-Identifier: GPL-3.0-or-later */
/* revocation - is this certificate revoked? OCSP answers and CRLs, fetched ahead in the background, kept on disk,
 * answered from memory.
 *
 * A verdict has three values, and "cannot tell" is never taken for one of the others: what it means is the
 * participant's outage policy, which flow applies. Addresses of responders come from the configuration alone, never
 * from a certificate. A question on the message path waits for nobody.
 * Spec: RFC 6960, RFC 5280 sections 5 and 6.3; bus contract 7.3, 7.4.
 */
#ifndef QAQPA_REVOCATION_REVOCATION_H
#define QAQPA_REVOCATION_REVOCATION_H

#include "base/bytes.h"
#include "base/err.h"

enum revocation_verdict { REVOCATION_VALID, REVOCATION_INVALID, REVOCATION_UNKNOWN };

/* Why; each has a stable text for logs and journal (revocation_reason_text). */
enum revocation_reason {
	REVOCATION_GOOD,             /* valid: an OCSP answer, or a CRL that does not list it, is fresh */
	REVOCATION_REVOKED,          /* invalid */
	REVOCATION_HOLD,             /* invalid: certificateHold */
	REVOCATION_NOT_ASKED,        /* cannot tell: no answer has come yet */
	REVOCATION_NO_SOURCE,        /* cannot tell: the issuer has no source in the configuration */
	REVOCATION_UNREACHABLE,      /* cannot tell: connection, deadline, HTTP status */
	REVOCATION_TRY_LATER,        /* cannot tell: the responder says tryLater or internalError */
	REVOCATION_REFUSED,          /* cannot tell: malformedRequest, sigRequired, unauthorized, status unknown */
	REVOCATION_BROKEN,           /* cannot tell: no OCSP response, no CRL, empty, or of another */
	REVOCATION_NONCE,            /* cannot tell: the nonce differs, or is absent where it is demanded */
	REVOCATION_SIGNER,           /* cannot tell: signature wrong, or not of the issuer or its delegate */
	REVOCATION_STALE,            /* cannot tell: nextUpdate has passed, or thisUpdate lies in the future */
	REVOCATION_BASE,             /* cannot tell: a delta CRL without its base */
	REVOCATION_REASON_COUNT
};
const char *revocation_reason_text(enum revocation_reason r); /* "revocation.try-later" */
const char *revocation_reason_says(enum revocation_reason r); /* one sentence for operators */

/* An OCSP answer without nextUpdate counts for so long after its producedAt. */
#define REVOCATION_OPEN_MS INT64_C(3600000)

/* Where the status of one authority's certificates is asked. Strings and octets belong to the caller until
 * revocation_stop. */
struct revocation_source {
	struct bytes issuer;       /* DER of the authority's certificate */
	struct bytes responder;    /* DER of a responder that is trusted as itself; empty: the issuer or its delegate */
	const char *ocsp;          /* URL or NULL */
	bool sha256;               /* of CertID; else SHA-1 */
	bool nonce_needed;         /* an answer without nonce is refused; else its absence is tolerated */
	const char *crl, *delta;   /* URLs or NULL */
};

struct revocation_settings {
	const char *directory;     /* cache and evidence, mode 0700 */
	const struct revocation_source *sources;
	size_t source_count;
	int refresh_ms;            /* OCSP answers are asked anew after so long, earlier when nextUpdate is nearer */
	int crl_refresh_ms;
	int deadline_ms;           /* of one question to a responder */
	int skew_ms;               /* of clocks, on thisUpdate and nextUpdate */
	size_t watched_most;       /* certificates */
	size_t crl_bytes;          /* longest CRL taken */
	int evidence_days;         /* once a day, evidence of that age goes as by revocation_expire; 0: it stays */
	int64_t (*now_ms)(void);   /* NULL: the clock of the machine; tests put theirs here */
};

struct revocation_answer {
	enum revocation_verdict verdict;
	enum revocation_reason reason;
	const char *source;        /* "ocsp", "crl", "delta" or "" */
	int64_t this_ms, next_ms;  /* of the answer; 0: none */
	int64_t revoked_ms;        /* with INVALID: as the answer says, whatever it says, 1970 included */
	unsigned char evidence[32]; /* SHA-256 of the OCSP response or CRL: <directory>/evidence/<hex>; zeros: none */
	/* The last answer that said something for certain, fresh or not, for the policy "last good answer up to an age". A
	 * revocation that is not a hold is the last word, whatever came after it from elsewhere: */
	enum revocation_verdict last;
	int64_t last_ms;           /* its thisUpdate; 0: there never was one */
	unsigned char last_evidence[32];
};

struct revocation;
/* Reads the cache, starts the background; does not wait for anybody. Fails with REASON_IO, or REASON_CONFIG when an
 * issuer or responder is no certificate. */
MUST_USE outcome revocation_start(const struct revocation_settings *s, struct revocation **out, struct err *e);
void revocation_stop(struct revocation **r); /* takes NULL, sets NULL */

/* The status of a certificate (DER), judged at `now_ms`. The first question about a certificate makes it watched: asked
 * in the background from then on. Never blocks, never reads a file, makes no call of cryptography for a certificate it
 * has met. Any thread. */
void revocation_ask(struct revocation *r, struct bytes der, const unsigned char sha256[32], int64_t now_ms,
	struct revocation_answer *out);
/* Asks responder and CRL now and waits for the outcome, for commands; the steps as text lines into `words` (may be
 * NULL). */
void revocation_check(struct revocation *r, struct bytes der, int64_t now_ms, struct revocation_answer *out,
	struct buf *words);

/* Removes evidence that was written before `before_ms` (calendar of the file system) and stands behind no answer in
 * memory, and cached answers of that age about certificates that are not watched. Gives the number of files; reads
 * directories. Any thread. */
size_t revocation_expire(struct revocation *r, int64_t before_ms);

/* Pure parts, for commands and tests. Judge the octets of a response about `der`, issued by `s->issuer`; `nonce` is what
 * was sent, empty: none. */
void revocation_judge_ocsp(const struct revocation_source *s, struct bytes der, struct bytes response, struct bytes nonce,
	int64_t now_ms, int skew_ms, struct revocation_answer *out);
/* `delta` may be empty. */
void revocation_judge_crl(const struct revocation_source *s, struct bytes der, struct bytes crl, struct bytes delta,
	int64_t now_ms, int skew_ms, struct revocation_answer *out);

#endif
