/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blocks - the list of certificates that the operator has blocked: a file, one line a certificate.
 *
 * A line is: which certificate, since when, who blocked it, why. Which: the SHA-256 of the certificate in hex, or, for one
 * that is not at hand, "name:" and the SHA-256 that stands for issuer and serial number. What is in the list is blocked,
 * whatever the moment in its line. Lines that begin with '#', and empty ones, are remarks.
 * The running gateway reads the list by itself (trust.h); changes are made whole or not at all.
 */
#ifndef QAQPA_TRUST_BLOCKS_H
#define QAQPA_TRUST_BLOCKS_H

#include "base/clock.h"
#include "base/pool.h"

struct block {
	bool by_name;           /* `key` stands for issuer and serial number */
	unsigned char key[32];
	const char *since;      /* local time with offset */
	const char *who;        /* one word */
	const char *reason;     /* the rest of the line, may be empty */
};
struct block_list {
	struct block *block;
	size_t n;
};

#define BLOCK_LIST_OCTETS ((size_t)16 << 20)

/* The list of a file; all of it or none: a line that cannot be read fails the whole. Fails with REASON_CONFIG, the line
 * named, or REASON_IO. Any thread. */
MUST_USE outcome block_list_read(struct pool *pool, const char *path, struct block_list *out, struct err *e);
/* NULL when it is not there. */
const struct block *block_list_find(const struct block_list *l, bool by_name, const unsigned char key[32]);
/* Adds or takes away, and writes the file anew beside the old one, which it then replaces; one command at a time. A file
 * that is not there is made when something is added. `*changed`: false when it was so before. Fails with REASON_IO or, when
 * the old list cannot be read, REASON_CONFIG. */
MUST_USE outcome block_list_add(const char *path, const struct block *b, bool *changed, struct err *e);
MUST_USE outcome block_list_remove(const char *path, const struct block *b, bool *changed, struct err *e);
/* The key of an issuer (RFC 2253 text) and a decimal serial number. Fails with REASON_SEC_TOKEN_UNKNOWN. */
MUST_USE outcome block_key_of(struct bytes issuer, struct bytes serial, unsigned char key[32], struct err *e);

#endif
