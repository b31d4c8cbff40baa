/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_trust - what the targets behind a signature share: a trust in the authority of the seeds, and what the seeds say.
 * There is no private key here, so what is accepted must say what a seed said. */
#ifndef QAQPA_TESTS_FUZZ_TRUST_H
#define QAQPA_TESTS_FUZZ_TRUST_H

#include <string.h>

#include "fuzz.h"
#include "security/security.h"

#define FUZZ_SEEDS_MOST 256

static inline void fuzz_security(void)
{
	struct err e;

	envelope_init();
	FUZZ_ASSERT(security_init(&e).ok && clock_zone("Asia/Almaty"));
}

static inline struct trust *fuzz_trust(void)
{
	struct trust *t;
	struct err e;

	fuzz_security();
	t = trust_new();
	FUZZ_ASSERT(t && trust_add_authority(t, fuzz_seed_path("pki/root.crt"), &e).ok);
	FUZZ_ASSERT(trust_add_authority(t, fuzz_seed_path("pki/issuing.crt"), &e).ok);
	return t;
}

struct fuzz_said {
	unsigned char digest[FUZZ_SEEDS_MOST][32];
	size_t n;
};

/* Digest of the canonical form of what was signed. */
static inline void fuzz_say(struct _xmlNode *node, unsigned char out[32])
{
	unsigned char whole[64];
	struct err e;

	digest_begin(DIGEST_SHA256);
	FUZZ_ASSERT(envelope_canonical(node, NULL, digest_add, NULL, &e).ok);
	FUZZ_ASSERT(digest_end(whole) == 32);
	memcpy(out, whole, 32);
}

static inline bool fuzz_was_said(const struct fuzz_said *s, const unsigned char digest[32])
{
	for (size_t i = 0; i < s->n; i++) {
		if (memcmp(s->digest[i], digest, 32) == 0)
			return true;
	}
	return false;
}

static inline void fuzz_learn(struct fuzz_said *s, const unsigned char digest[32])
{
	FUZZ_ASSERT(s->n < FUZZ_SEEDS_MOST);
	memcpy(s->digest[s->n++], digest, 32);
}

#endif
