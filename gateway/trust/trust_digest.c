/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_digest - digests without a price for setting up: algorithms are fetched once, contexts are kept per
 * thread.
 * Promise:  the incremental digest of a thread and the one-call digests do not disturb each other.
 * Not here: signatures (trust_sign.c). */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "trust/trust_int.h"

struct contexts {
	EVP_MD_CTX *slow;    /* digest_begin .. digest_end */
	EVP_MD_CTX *at_once; /* digest_once */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const EVP_MD *algorithms[DIGEST_COUNT];
static pthread_key_t at_thread_end;
static _Thread_local struct contexts *mine;

static void drop_contexts(void *arg)
{
	struct contexts *c = arg;

	EVP_MD_CTX_free(c->slow);
	EVP_MD_CTX_free(c->at_once);
	free(c);
}

static const EVP_MD *fetch(enum digest d)
{
	switch (d) {
	case DIGEST_GOST_2015:
		return crypto_md(CRYPTO_DIGEST_512);
	case DIGEST_GOST_LEGACY:
		return crypto_md(CRYPTO_DIGEST_LEGACY);
	default:
		return EVP_MD_fetch(NULL, digest_row(d)->name, NULL);
	}
}

static void fetch_all(void)
{
	struct err e;

	BUG_IF(!crypto_init(NULL, &e).ok); /* a second start changes nothing */
	for (enum digest d = 0; d < DIGEST_COUNT; d++) {
		algorithms[d] = fetch(d);
		BUG_IF(!algorithms[d]);
	}
	BUG_IF(pthread_key_create(&at_thread_end, drop_contexts) != 0);
}

const EVP_MD *digest_md(enum digest d)
{
	BUG_IF(d >= DIGEST_COUNT);
	pthread_once(&once, fetch_all);
	return algorithms[d];
}

static struct contexts *contexts(void)
{
	if (!mine) {
		pthread_once(&once, fetch_all);
		mine = calloc(1, sizeof(*mine));
		BUG_IF(!mine);
		mine->slow = EVP_MD_CTX_new();
		mine->at_once = EVP_MD_CTX_new();
		BUG_IF(!mine->slow || !mine->at_once || pthread_setspecific(at_thread_end, mine) != 0);
	}
	return mine;
}

void digest_begin(enum digest d)
{
	BUG_IF(EVP_DigestInit_ex2(contexts()->slow, digest_md(d), NULL) != 1);
}

bool digest_add(void *unused, const void *data, size_t n)
{
	(void)unused;
	BUG_IF(EVP_DigestUpdate(contexts()->slow, data, n) != 1);
	return true;
}

size_t digest_end(unsigned char out[64])
{
	unsigned n = 0;

	BUG_IF(EVP_DigestFinal_ex(contexts()->slow, out, &n) != 1);
	return n;
}

size_t digest_once(enum digest d, struct bytes octets, unsigned char out[64])
{
	EVP_MD_CTX *ctx = contexts()->at_once;
	unsigned n = 0;

	BUG_IF(EVP_DigestInit_ex2(ctx, digest_md(d), NULL) != 1 ||
		EVP_DigestUpdate(ctx, octets.p, octets.n) != 1 || EVP_DigestFinal_ex(ctx, out, &n) != 1);
	return n;
}

void sha256(struct bytes octets, unsigned char out[32])
{
	unsigned char whole[64];

	digest_once(DIGEST_SHA256, octets, whole);
	memcpy(out, whole, 32);
}
