/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole way of a message up to its identifiers. There is no private key here, so whatever is accepted must say what
 * one of the signed seeds says: the octets that its signature covers are those of a seed's Body. */
#include "channel/async.h"
#include "fuzz_trust.h"
#include "sim_int.h"

#define POOL_MOST (64u << 20)

static struct sim_trust *trust;
static struct fuzz_said said;

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

	return envelope_parse_frame(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, &e).ok &&
		security_verify(pool, env, sim_trust(trust), stamp_now(), v, NULL, &e).ok && envelope_whole(env, &e).ok;
}

static void learn(const char *path)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	unsigned char digest[32];
	const struct verified *v;

	fuzz_read(path, &text);
	FUZZ_ASSERT(verify(buf_bytes(&text), pool, &v)); /* else the target would find nothing */
	fuzz_say(envelope_body(verified_envelope(v))->node, digest);
	fuzz_learn(&said, digest);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	fuzz_security();
	FUZZ_ASSERT(sim_trust_open(fuzz_seed_path("pki/gateway.crt"), fuzz_seed_path("pki/gateway.key"),
		fuzz_seed_path("pki/department.crt"), 0, &trust, &e).ok);
	fuzz_each_seed("message", "signed", learn);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	unsigned char digest[32];
	const struct verified *v;

	if (!verify((struct bytes){data, size}, pool, &v))
		return 0;
	fuzz_say(envelope_body(verified_envelope(v))->node, digest);
	FUZZ_ASSERT(fuzz_was_said(&said, digest));
	read_all(pool, v);
	return 0;
}
