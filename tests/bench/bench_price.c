/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_price - what the signatures of a routed message cost, two made and two verified, and the digest of the Body that
 * each of the four is over, by the library alone and with all prepared: no gateway with that key can do with less. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/thread.h"
#include "crypto/crypto.h"

#include "bench_clock.h"
#include "bench_int.h"

enum { BATCH = 16, CORES_MOST = 64 };

struct core {
	pthread_t thread;
	const struct trust_key *key;
	size_t octets;
	double seconds;
	struct bench_price price;
};

struct subject {
	EVP_PKEY_CTX *sign, *verify; /* NULL with a national key */
	unsigned char secret[CRYPTO_HALF_MOST], point[2 * CRYPTO_HALF_MOST];
	unsigned char digest[64], value[1024];
	size_t digest_n, value_n, text_n;
	const unsigned char *text;
};

static bool make(struct subject *s)
{
	if (!s->sign)
		return crypto_nettle.sign(CRYPTO_CURVE_512, s->secret, s->digest, s->value);
	s->value_n = sizeof s->value;
	return EVP_PKEY_sign(s->sign, s->value, &s->value_n, s->digest, s->digest_n) == 1;
}

static bool judge(struct subject *s)
{
	if (!s->verify)
		return crypto_nettle.verify(CRYPTO_CURVE_512, s->point, s->digest, s->value);
	return EVP_PKEY_verify(s->verify, s->value, s->value_n, s->digest, s->digest_n) == 1;
}

static bool hash(struct subject *s)
{
	const EVP_MD *md = s->verify ? EVP_sha256() : crypto_md(CRYPTO_DIGEST_512);

	return EVP_Digest(s->text, s->text_n, s->digest, NULL, md, NULL) == 1;
}

/* CPU seconds of a call; 0 when it fails. */
static double cost(struct subject *s, bool (*call)(struct subject *s), double seconds)
{
	double start = bench_cpu_now(), now = start;
	size_t n = 0;

	for (; now - start < seconds; now = bench_cpu_now(), n += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			if (!call(s))
				return 0;
		}
	}
	return (now - start) / (double)n;
}

static EVP_PKEY_CTX *context(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *ctx))
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	if (ctx && init(ctx) == 1 && (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1)
		&& EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static bool prepare_usual(struct subject *s, const char *path)
{
	FILE *f = fopen(path, "r");
	EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	s->digest_n = 32;
	if (key) {
		s->sign = context(key, EVP_PKEY_sign_init);
		s->verify = context(key, EVP_PKEY_verify_init);
		EVP_PKEY_free(key);
	}
	return s->sign && s->verify;
}

static bool prepare_national(struct subject *s)
{
	while (RAND_priv_bytes(s->secret, (int)sizeof s->secret) == 1) {
		if (crypto_nettle.public_of(CRYPTO_CURVE_512, s->secret, s->point))
			return true;
	}
	return false;
}

static void *core_run(void *arg)
{
	struct core *core = arg;
	unsigned char *text = calloc(1, core->octets + 1);
	struct subject s = {.digest = "of no text in particular", .text = text, .text_n = core->octets};
	bool usual = core->key->key_kind == KEY_RSA || core->key->key_kind == KEY_EC;

	if (text && (usual ? prepare_usual(&s, core->key->conf->key) : prepare_national(&s))) {
		double sign = cost(&s, make, core->seconds / 3), verify = cost(&s, judge, core->seconds / 3);

		core->price.signatures = sign > 0 && verify > 0 ? 2 * sign + 2 * verify : 0;
		core->price.digests = 4 * cost(&s, hash, core->seconds / 3);
	}
	EVP_PKEY_CTX_free(s.sign);
	EVP_PKEY_CTX_free(s.verify);
	free(text);
	return NULL;
}

struct bench_price bench_price(const struct trust_key *key, size_t octets, double seconds)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN), most = online < 1 ? 1 : online > CORES_MOST ? CORES_MOST : online;
	struct core cores[CORES_MOST];
	struct bench_price price = {0};
	bool failed = false;
	long n = 0;

	for (; n < most; n++) {
		cores[n] = (struct core){.key = key, .octets = octets, .seconds = seconds};
		if (!thread_start(&cores[n].thread, core_run, &cores[n]))
			break;
	}
	for (long i = 0; i < n; i++) {
		pthread_join(cores[i].thread, NULL);
		failed = failed || cores[i].price.signatures <= 0 || cores[i].price.digests <= 0;
		price.signatures += cores[i].price.signatures / (double)n;
		price.digests += cores[i].price.digests / (double)n;
	}
	return failed || n < most ? (struct bench_price){0} : price;
}
