/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp_int - what the files of this room share. */
#ifndef QAQPA_TIMESTAMP_INT_H
#define QAQPA_TIMESTAMP_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include <openssl/ts.h>

#include "egress/egress.h"

#include "timestamp/timestamp.h"

#define NONCE_OCTETS 16
#define NAME_MOST 64
#define TOKEN_MOST (64u << 10) /* octets of a response or token */
#define LINE_MOST 100000u      /* orders in memory; further ones wait on disk alone */
#define ASKED_MOST 8u          /* questions at once */

/* --- timestamp_request.c --- */

struct digest_row {
	const char *oid;
	size_t octets;
};
const struct digest_row *timestamp_digest_row(enum timestamp_digest d);
/* TIMESTAMP_DIGEST_COUNT when it is none of ours. */
enum timestamp_digest timestamp_digest_of(const ASN1_OBJECT *oid);
/* Fails with REASON_STAMP_REFUSED: a length, a policy or a nonce that cannot be asked with. */
MUST_USE outcome timestamp_request_new(enum timestamp_digest d, struct bytes imprint, const char *policy,
	struct bytes nonce, TS_REQ **out, struct err *e);

/* --- timestamp_judge.c --- */

struct question_asked {
	enum timestamp_digest digest;
	struct bytes imprint;
	const char *policy;
	struct bytes nonce;
};
/* As timestamp_response; `says->imprint` points into `token`. */
MUST_USE outcome timestamp_judge(struct bytes response, const struct question_asked *asked,
	const char *const *authorities, size_t authority_count, struct buf *token, struct timestamp_token *says,
	struct err *e);

/* --- timestamp_trust.c: whom a token may rest on --- */

/* A context that verifies signatures at the moment of `info`, resting on the files; TS_VERIFY_CTX_free. Takes over what
 * `asked` demands when it is not NULL. Fails with REASON_STAMP_REFUSED. */
MUST_USE outcome timestamp_trust(const char *const *authorities, size_t count, const TS_TST_INFO *info, TS_REQ *asked,
	TS_VERIFY_CTX **out, struct err *e);

/* --- timestamp_info.c: what a token says --- */

MUST_USE outcome timestamp_info_time(const TS_TST_INFO *info, int64_t *ms, struct err *e);
/* `token` is the octets of `p7`. */
MUST_USE outcome timestamp_info(struct bytes token, PKCS7 *p7, TS_TST_INFO *info, struct timestamp_token *out,
	struct err *e);

/* --- timestamp_line.c: the orders by the moment at which they may be asked --- */

struct order {
	int64_t due_ms; /* monotonic */
	int attempts;
	char name[NAME_MOST + 1];
};
struct line {
	struct order *heap; /* the earliest first */
	size_t n, room;
};
bool line_put(struct line *l, const struct order *o); /* false: full, or no memory */
struct order line_take(struct line *l);               /* the earliest; there must be one */
void line_free(struct line *l);
/* The wait after so many attempts: doubled each time up to `most`, and made longer or shorter by a fifth; `part` of 0 to
 * 1 says by how much. */
int64_t line_wait_ms(int initial_ms, int most_ms, int attempts, double part);

/* --- timestamp_run.c: the thread --- */

struct question {
	struct egress_call call;
	struct egress_result result;
	struct timestamp *of;
	struct question *next; /* among the spare ones or the answered ones */
	struct order order;
	struct question_asked asked;
	unsigned char imprint[TIMESTAMP_IMPRINT_MOST], nonce[NONCE_OCTETS];
	struct buf body;
};
struct timestamp {
	struct timestamp_settings s;
	char *orders, *tokens; /* folders */
	struct egress *egress;
	pthread_t thread;
	atomic_long waiting; /* orders on disk */
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t turned;
	struct line line;
	struct question questions[ASKED_MOST], *spare, *answered;
	bool stopping, beyond; /* beyond: orders lie on disk that did not fit into the line */
	int troubles;          /* of the authority, in a row */
	int64_t pause_until_ms;
};
void *timestamp_run(void *of);

/* --- timestamp.c: the files --- */

/* Puts every order of the folder into the line; the lock is held or not needed yet. */
MUST_USE outcome timestamp_scan(struct timestamp *t, bool count, struct err *e);
bool timestamp_has_token(const struct timestamp *t, const char *name);
/* The order has its token: it goes. */
void timestamp_settle(struct timestamp *t, const char *name);

#endif
