/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto - names of the national algorithms and the start of the room.
 * Promise:  one start per process; after it nothing here changes, so that any thread may read it.
 * Not here: arithmetic (crypto_nettle.c), encodings (crypto_key.c), methods of OpenSSL (crypto_engine.c).
 * Spec:     object identifiers of the National Certification Authority, arc 1.2.398.3.10.1. */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "base/memory.h"
#include "crypto/crypto_int.h"

#define ARC "1.2.398.3.10.1."

static struct crypto_curve_row curves[CRYPTO_CURVE_COUNT] = {
	[CRYPTO_CURVE_512] = {.half = 64, .bits = 512, .security_bits = 256, .digest = CRYPTO_DIGEST_512},
	[CRYPTO_CURVE_256] = {.half = 32, .bits = 256, .security_bits = 128, .digest = CRYPTO_DIGEST_LEGACY},
};
static struct crypto_digest_row digests[CRYPTO_DIGEST_COUNT] = {
	[CRYPTO_DIGEST_512] = {.size = 64, .block = 64},
	[CRYPTO_DIGEST_LEGACY] = {.size = 32, .block = 32},
};

/* The parameter of a 512-bit key names its digest by the digest's own OID; the legacy one has an OID of its own. */
static const struct name {
	int *nid;
	const char *oid, *text;
} names[] = {
	{&digests[CRYPTO_DIGEST_512].nid, ARC "3.3", "GOST34.11-2015-512"},
	{&digests[CRYPTO_DIGEST_LEGACY].nid, ARC "3.1", "GOST34.311-95"},
	{&curves[CRYPTO_CURVE_512].key, ARC "1.2.2", "GOST34.10-2015-512"},
	{&curves[CRYPTO_CURVE_512].parameters, ARC "1.2.2.1", "GOST34.10-2015-512-curve"},
	{&curves[CRYPTO_CURVE_512].digest_parameter, ARC "3.3", "GOST34.11-2015-512"},
	{&curves[CRYPTO_CURVE_512].signature, ARC "1.2.3.2", "GOST34.10-2015-512-with-GOST34.11-2015-512"},
	{&curves[CRYPTO_CURVE_256].key, ARC "1.1.1", "GOST34.310-2004"},
	{&curves[CRYPTO_CURVE_256].parameters, ARC "1.1.1.1", "GOST34.310-2004-curve"},
	{&curves[CRYPTO_CURVE_256].digest_parameter, ARC "3.1.1.0", "GOST34.311-95-in-key"},
	{&curves[CRYPTO_CURVE_256].signature, ARC "1.1.2", "GOST34.310-2004-with-GOST34.311-95"},
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct crypto_provider *arithmetic;

const struct crypto_curve_row *crypto_curve_row(enum crypto_curve c)
{
	BUG_IF(c >= CRYPTO_CURVE_COUNT);
	return &curves[c];
}

const struct crypto_digest_row *crypto_digest_row(enum crypto_digest d)
{
	BUG_IF(d >= CRYPTO_DIGEST_COUNT);
	return &digests[d];
}

enum crypto_curve crypto_curve_by_nid(int nid)
{
	enum crypto_curve c = 0;

	if (nid == NID_undef)
		return CRYPTO_CURVE_COUNT;
	while (c < CRYPTO_CURVE_COUNT && curves[c].key != nid)
		c++;
	return c;
}

const struct crypto_provider *crypto_provider(void)
{
	BUG_IF(!arithmetic); /* crypto_init was forgotten */
	return arithmetic;
}

void crypto_digest_begin(enum crypto_digest d, void *state)
{
	crypto_provider()->digest_begin(d, state);
}

void crypto_digest_add(enum crypto_digest d, void *state, const void *data, size_t n)
{
	crypto_provider()->digest_add(d, state, data, n);
}

void crypto_digest_end(enum crypto_digest d, void *state, unsigned char *out)
{
	crypto_provider()->digest_end(d, state, out);
}

/* Whoever links OpenSSL too may have made an object before; it is the same then. */
static bool make_names(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int nid = OBJ_txt2nid(names[i].oid);

		if (nid == NID_undef)
			nid = OBJ_create(names[i].oid, names[i].text, names[i].text);
		if (nid == NID_undef)
			return false;
		*names[i].nid = nid;
	}
	for (enum crypto_curve c = 0; c < CRYPTO_CURVE_COUNT; c++) {
		if (OBJ_add_sigid(curves[c].signature, digests[curves[c].digest].nid, curves[c].key) != 1)
			return false;
	}
	return true;
}

static void *take(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return memory_take(n);
}

static void *resize(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	if (n > 0)
		return memory_resize(p, n);
	free(p);
	return NULL;
}

static void give(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

static outcome start(const struct crypto_provider *provider, struct err *e)
{
	/* Loading one by hand ends the automatic loading of the default one. They stay until the process ends. */
	static OSSL_PROVIDER *usual, *legacy;

	/* Too late when somebody has used OpenSSL before, as a test may; then its refusals are not remembered. */
	(void)CRYPTO_set_mem_functions(take, resize, give);
	usual = OSSL_PROVIDER_load(NULL, "default");
	legacy = OSSL_PROVIDER_load(NULL, "legacy");
	if (!usual || !legacy)
		return err_set(e, REASON_INTERNAL, "OpenSSL lacks its default or its legacy provider (legacy.so)");
	if (provider->open && !provider->open())
		return err_set(e, REASON_INTERNAL, "the arithmetic %s does not open", provider->name);
	if (!make_names())
		return err_set(e, REASON_INTERNAL, "OpenSSL takes no more names of algorithms");
	arithmetic = provider;
	if (crypto_engine_register())
		return DONE;
	arithmetic = NULL;
	return err_set(e, REASON_INTERNAL, "OpenSSL does not take the national algorithms");
}

outcome crypto_init(const struct crypto_provider *provider, struct err *e)
{
	outcome result = DONE;

	pthread_mutex_lock(&lock);
	if (!arithmetic)
		result = start(provider ? provider : &crypto_nettle, e);
	pthread_mutex_unlock(&lock);
	ERR_clear_error();
	return result;
}

int crypto_nid_key(enum crypto_curve c) { return crypto_curve_row(c)->key; }

int crypto_nid_digest(enum crypto_digest d) { return crypto_digest_row(d)->nid; }

int crypto_nid_signature(enum crypto_curve c) { return crypto_curve_row(c)->signature; }
