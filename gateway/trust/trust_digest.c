/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_digest - digests that cannot fail: they need no memory, and nothing is set up for each.
 * Promise:  the incremental digest of a thread and the one-call digests do not disturb each other.
 * The calls of OpenSSL for one algorithm alone are used though it would like them forgotten: those that are to replace them
 * ask for memory each time, and who digests has no way to say that there was none.
 * Not here: signatures (trust_sign.c). */
#define OPENSSL_API_COMPAT 0x10101000L
#include <stdalign.h>

#include <openssl/sha.h>

#include "crypto/crypto.h"
#include "trust/trust_int.h"

struct running {
	enum digest d;
	union {
		SHA_CTX sha1;
		SHA256_CTX sha256;
		SHA512_CTX sha512; /* SHA-384 too */
		alignas(max_align_t) unsigned char national[CRYPTO_STATE_MOST];
	};
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const EVP_MD *algorithms[DIGEST_COUNT];
static _Thread_local struct running slow; /* digest_begin .. digest_end */

static enum crypto_digest national(enum digest d)
{
	return d == DIGEST_GOST_2015 ? CRYPTO_DIGEST_512 : CRYPTO_DIGEST_LEGACY;
}

static const EVP_MD *fetch(enum digest d)
{
	if (d == DIGEST_GOST_2015 || d == DIGEST_GOST_LEGACY)
		return crypto_md(national(d));
	return EVP_MD_fetch(NULL, digest_row(d)->name, NULL);
}

static void fetch_all(void)
{
	struct err e;

	BUG_IF(!crypto_init(NULL, &e).ok); /* a second start changes nothing */
	for (enum digest d = 0; d < DIGEST_COUNT; d++) {
		algorithms[d] = fetch(d);
		BUG_IF(!algorithms[d]);
	}
}

const EVP_MD *digest_md(enum digest d)
{
	BUG_IF(d >= DIGEST_COUNT);
	pthread_once(&once, fetch_all);
	return algorithms[d];
}

static void begin(struct running *r, enum digest d)
{
	BUG_IF(d >= DIGEST_COUNT);
	r->d = d;
	switch (d) {
	case DIGEST_SHA1: SHA1_Init(&r->sha1); break;
	case DIGEST_SHA256: SHA256_Init(&r->sha256); break;
	case DIGEST_SHA384: SHA384_Init(&r->sha512); break;
	case DIGEST_SHA512: SHA512_Init(&r->sha512); break;
	default:
		pthread_once(&once, fetch_all); /* which starts the room crypto */
		crypto_digest_begin(national(d), r->national);
		break;
	}
}

static void add(struct running *r, const void *data, size_t n)
{
	if (n == 0)
		return;
	switch (r->d) {
	case DIGEST_SHA1: SHA1_Update(&r->sha1, data, n); break;
	case DIGEST_SHA256: SHA256_Update(&r->sha256, data, n); break;
	case DIGEST_SHA384: SHA384_Update(&r->sha512, data, n); break;
	case DIGEST_SHA512: SHA512_Update(&r->sha512, data, n); break;
	default: crypto_digest_add(national(r->d), r->national, data, n); break;
	}
}

static size_t end(struct running *r, unsigned char out[64])
{
	switch (r->d) {
	case DIGEST_SHA1: SHA1_Final(out, &r->sha1); break;
	case DIGEST_SHA256: SHA256_Final(out, &r->sha256); break;
	case DIGEST_SHA384: SHA384_Final(out, &r->sha512); break;
	case DIGEST_SHA512: SHA512_Final(out, &r->sha512); break;
	default: crypto_digest_end(national(r->d), r->national, out); break;
	}
	return digest_row(r->d)->size;
}

void digest_begin(enum digest d)
{
	begin(&slow, d);
}

bool digest_add(void *unused, const void *data, size_t n)
{
	(void)unused;
	add(&slow, data, n);
	return true;
}

size_t digest_end(unsigned char out[64])
{
	return end(&slow, out);
}

size_t digest_parts(enum digest d, const struct bytes *part, size_t n, unsigned char out[64])
{
	struct running r;

	begin(&r, d);
	for (size_t i = 0; i < n; i++)
		add(&r, part[i].p, part[i].n);
	return end(&r, out);
}

size_t digest_once(enum digest d, struct bytes octets, unsigned char out[64])
{
	return digest_parts(d, &octets, 1, out);
}

void sha256(struct bytes octets, unsigned char out[32])
{
	unsigned char whole[64];

	digest_once(DIGEST_SHA256, octets, whole);
	memcpy(out, whole, 32);
}
