/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keeper - private keys in a process of their own: what is said over its socket, and the side that asks.
 *
 * The process that parses foreign octets has no private key of the bus in its memory and no right to read one. It asks
 * qaqpa-keyd, which parses nothing but packets of one fixed size: "sign this digest with key N". The socket is a unix
 * socket of whole packets; who may connect is said by the rights of its file.
 * Not here: keys and algorithms (trust), the process (keyd).
 */
#ifndef QAQPA_KEEPER_KEEPER_H
#define QAQPA_KEEPER_KEEPER_H

#include "base/bytes.h"

#define KEEPER_KEY 65       /* a name of a key, and a NUL */
#define KEEPER_DIGEST 64    /* octets of the longest digest */
#define KEEPER_VALUE 16384  /* octets of the longest certificate or signature value */

enum keeper_verb { KEEPER_CERTIFICATE = 1, KEEPER_SIGN };

struct keeper_ask {
	uint32_t verb;
	uint32_t signature;     /* enum signature of trust, with KEEPER_SIGN */
	uint32_t digest_n;
	char key[KEEPER_KEY];
	unsigned char digest[KEEPER_DIGEST];
	unsigned char certificate[32]; /* SHA-256 of that which the asker shows for the key, with KEEPER_SIGN */
};
struct keeper_say {
	uint32_t reason;        /* enum reason; REASON_NONE: done */
	uint32_t n;             /* octets of the value, or of the words on a failure */
	unsigned char value[KEEPER_VALUE];
};

/* ---- the side that asks ---- */

struct keeper;
/* Does not connect yet: the first question does. Fails with REASON_MEMORY or, for a path that is too long, REASON_CONFIG. */
MUST_USE outcome keeper_open(const char *socket, struct keeper **out, struct err *e);
void keeper_close(struct keeper **k); /* nobody may be asking; takes NULL, sets NULL; fit for SCOPED */

/* The certificate of the key, DER, and a signature value in XML form over a digest, appended to `out`. They wait for the
 * other process, two seconds at most for each of connecting, asking and its answer; once it was silent so long, nobody waits
 * for the next two seconds, and then one first. Fail with REASON_KEY_KEEPER when it does not answer, or has another
 * certificate of the key than `certificate` (its SHA-256) by now, else with the reason that it gives. Any thread; each that
 * waits has a connection of its own. */
MUST_USE outcome keeper_certificate(struct keeper *k, const char *key, struct buf *out, struct err *e);
MUST_USE outcome keeper_sign(struct keeper *k, const char *key, const unsigned char certificate[32], unsigned signature,
	struct bytes digest, struct buf *out, struct err *e);

/* ---- the side that answers ---- */

struct keeper_desk;
/* Answers one question: appends the value, or fails with the reason and the words that the other side gets. Any thread. */
struct keeper_clerk {
	outcome (*certificate)(void *ctx, const char *key, struct buf *out, struct err *e);
	outcome (*sign)(void *ctx, const char *key, const unsigned char certificate[32], unsigned signature, struct bytes digest,
		struct buf *out, struct err *e);
	void *ctx;
};
/* Listens at the path, which a socket of an earlier process may hold, with the mode 0600, or 0660 for the group (-1: none).
 * Each connection has a thread. Fails with REASON_IO. */
MUST_USE outcome keeper_desk_open(const char *socket, long group, const struct keeper_clerk *clerk, struct keeper_desk **out,
	struct err *e);
/* Ends every connection and removes the socket. Takes NULL, sets NULL. */
void keeper_desk_close(struct keeper_desk **d);

#endif
