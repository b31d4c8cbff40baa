/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole way of a message up to its identifiers. There is no private key here, so whatever is accepted must say what
 * one of the signed seeds says: the octets that its signature covers are those of a seed's Body. */
#include <openssl/evp.h>
#include <string.h>

#include "channel/async.h"
#include "fuzz.h"
#include "sim_int.h"

#define POOL_MOST (64u << 20)
#define SEEDS_MOST 16

static struct sim_trust *trust;
static unsigned char said[SEEDS_MOST][32];
static size_t said_count;

static bool add(void *digest, const void *octets, size_t n)
{
	return EVP_DigestUpdate(digest, octets, n) == 1;
}

static void digest_body(const struct verified *v, unsigned char out[32])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	struct err e;

	EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
	FUZZ_ASSERT(envelope_canonical(envelope_body(verified_envelope(v))->node, NULL, add, digest, &e).ok);
	EVP_DigestFinal_ex(digest, out, NULL);
	EVP_MD_CTX_free(digest);
}

static bool was_signed(const unsigned char digest[32])
{
	for (size_t i = 0; i < said_count; i++) {
		if (memcmp(said[i], digest, 32) == 0)
			return true;
	}
	return false;
}

static bool each(void *ctx, const struct async_message *m)
{
	(void)ctx, (void)m;
	return true;
}

/* Every reader of both channels meets what was verified. */
static void read_all(struct pool *pool, const struct verified *v)
{
	struct sync_request request;
	struct sync_response response;
	struct async_message message;
	struct async_question question;
	struct async_delivery delivery;
	struct async_status status;
	struct async_ack ack;
	struct err e;

	(void)channel_read_request(pool, v, &request, &e).ok;
	(void)channel_read_response(pool, v, &response, &e).ok;
	(void)async_read_message(pool, v, &message, &e).ok;
	(void)async_read_ack(pool, v, &ack, &e).ok;
	(void)async_read_delivery(pool, v, &delivery, &e).ok;
	(void)async_read_question(pool, v, &question, &e).ok;
	(void)async_read_status(pool, v, &status, &e).ok;
	(void)async_read_messages(pool, v, each, NULL, &e).ok;
}

static bool verify(struct bytes text, struct pool *pool, const struct verified **v)
{
	struct envelope *env;
	struct err e;

	return envelope_parse(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok &&
		security_verify(pool, env, sim_trust(trust), stamp_now(), v, NULL, &e).ok;
}

static void learn(const char *name)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	const struct verified *v;

	fuzz_read(fuzz_seed_path(name), &text);
	FUZZ_ASSERT(verify(buf_bytes(&text), pool, &v)); /* else the target would find nothing */
	digest_body(v, said[said_count++]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const signed_seeds[] = {"message/sync", "message/async", "message/answer", "message/ask"};
	struct err e;

	(void)argc, (void)argv;
	envelope_init();
	FUZZ_ASSERT(security_init(&e).ok);
	FUZZ_ASSERT(sim_trust_open(fuzz_seed_path("pki/gateway.crt"), fuzz_seed_path("pki/gateway.key"),
		fuzz_seed_path("pki/department.crt"), 0, &trust, &e).ok);
	for (size_t i = 0; i < sizeof signed_seeds / sizeof *signed_seeds; i++)
		learn(signed_seeds[i]);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	unsigned char digest[32];
	const struct verified *v;

	if (!verify((struct bytes){data, size}, pool, &v))
		return 0;
	digest_body(v, digest);
	FUZZ_ASSERT(was_signed(digest));
	read_all(pool, v);
	return 0;
}
