/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp - time-stamp tokens of RFC 3161: asked, judged, and obtained in the background until they come.
 *
 * What shall be stamped is a digest. An order is on disk before timestamp_order returns, so that a token comes even if
 * the process dies first; tokens stay in the folder under the name of their order.
 * Spec: RFC 3161, RFC 5816; bus contract 7.1 (policies of the NCA), 7.4.
 */
#ifndef QAQPA_TIMESTAMP_TIMESTAMP_H
#define QAQPA_TIMESTAMP_TIMESTAMP_H

#include "base/bytes.h"
#include "base/err.h"

/* Digest of the imprint. SHA-1 is read in tokens that others have ordered, and never asked for. */
enum timestamp_digest {
	TIMESTAMP_SHA256,
	TIMESTAMP_SHA512,
	TIMESTAMP_GOST_2015,
	TIMESTAMP_GOST_LEGACY,
	TIMESTAMP_SHA1,
	TIMESTAMP_DIGEST_COUNT
};

struct timestamp_token {        /* what a token says */
	int64_t at_ms;          /* genTime */
	int accuracy_ms;
	enum timestamp_digest digest;
	struct bytes imprint;   /* points into the token's octets */
	char policy[80];        /* dotted */
	char serial[80];        /* decimal */
	char signer[256];       /* subject, RFC 2253 */
};

#define TIMESTAMP_IMPRINT_MOST 64
/* The digest of the octets, of the kind that is asked for; returns its length. Any kind but SHA-1. */
size_t timestamp_imprint(enum timestamp_digest d, struct bytes octets, unsigned char out[TIMESTAMP_IMPRINT_MOST]);
/* Can all the files be read as certificates? Fails with REASON_STAMP_REFUSED. */
MUST_USE outcome timestamp_authorities(const char *const *authorities, size_t authority_count, struct err *e);

/* A request: TimeStampReq with certReq true, appended to `out`. `policy` dotted or NULL; nonce of 8 to 24 octets. */
MUST_USE outcome timestamp_request(enum timestamp_digest d, struct bytes imprint, const char *policy, struct bytes nonce,
	struct buf *out, struct err *e);
/* Judges a TimeStampResp: status, nonce, imprint, policy, signature, and that the signer is meant for time stamping and
 * rests on `authorities` (PEM or DER file paths). Gives the token alone, appended to `token`. Fails with
 * REASON_STAMP_LATER when the authority asks for patience, else REASON_STAMP_REFUSED. */
MUST_USE outcome timestamp_response(struct bytes response, enum timestamp_digest d, struct bytes imprint,
	const char *policy, struct bytes nonce, const char *const *authorities, size_t authority_count, struct buf *token,
	struct err *e);
/* Judges a token by itself (signature and signer as above, judged at its own genTime); `imprint` empty: not compared.
 * Fails with REASON_STAMP_REFUSED. */
MUST_USE outcome timestamp_verify(struct bytes token, struct bytes imprint, const char *const *authorities,
	size_t authority_count, struct timestamp_token *out, struct err *e);
/* As timestamp_verify, and the imprint must be the digest of these octets, of whatever kind the token names. */
MUST_USE outcome timestamp_covers(struct bytes token, struct bytes octets, const char *const *authorities,
	size_t authority_count, struct timestamp_token *out, struct err *e);

struct timestamp_settings {
	const char *directory;  /* orders and tokens, mode 0700 */
	const char *url;
	const char *policy;     /* dotted or NULL */
	enum timestamp_digest digest;
	const char *const *authorities; /* PEM or DER file paths; the caller's until timestamp_stop */
	size_t authority_count;
	int deadline_ms;        /* of one question */
	int initial_ms, max_interval_ms; /* waits between attempts, doubling */
	/* A token came; on the room's thread, must not block. May be NULL. */
	void (*on_token)(void *ctx, struct bytes name, struct bytes token, const struct timestamp_token *says);
	void *ctx;
};
struct timestamp;
/* Takes up the orders that lie in the folder, starts. Fails with REASON_IO. */
MUST_USE outcome timestamp_start(const struct timestamp_settings *s, struct timestamp **out, struct err *e);
void timestamp_stop(struct timestamp **t); /* takes NULL, sets NULL; open orders stay on disk */
/* Orders a token for the digest (of the settings' kind), under a name of letters, digits and '-'. On disk when it
 * returns; ordering the same name again changes nothing. Any thread; one short write. Fails with REASON_IO. */
MUST_USE outcome timestamp_order(struct timestamp *t, struct bytes name, struct bytes imprint, struct err *e);
/* The token under the name, appended to `out`; false while there is none. Any thread. */
bool timestamp_token_read(const char *directory, struct bytes name, struct buf *out);
size_t timestamp_waiting(const struct timestamp *t); /* open orders */

#endif
