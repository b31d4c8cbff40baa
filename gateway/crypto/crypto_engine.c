/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto_engine - the national algorithms in the places where OpenSSL 3 looks for algorithms it was not built with.
 * Promise:  the one file that uses its deprecated calls. Keys and signatures are methods of an ENGINE object inside this
 *           process (no module is loaded): public keys of certificates are only decoded by methods that an ENGINE owns.
 *           Digests are plain EVP_MD. Nothing changes after the registration.
 * Not here: encodings (crypto_key.c), arithmetic (crypto_nettle.c), what replaces this under OpenSSL 4
 *           (docs/decisions/0017-engine-object-and-nettle.md).
 * Spec:     X.509, CMS and RFC 3161 values: r then s, little-endian, and an explicit NULL beside the OID. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/cms.h>
#include <openssl/engine.h>
#include <openssl/pkcs7.h>

#include "crypto/crypto_int.h"

static EVP_MD *digests[CRYPTO_DIGEST_COUNT];
static EVP_PKEY_ASN1_METHOD *forms[CRYPTO_CURVE_COUNT];
static EVP_PKEY_METHOD *uses[CRYPTO_CURVE_COUNT];
static int key_nids[CRYPTO_CURVE_COUNT];

/* --- digests --- */

static enum crypto_digest digest_of(EVP_MD_CTX *ctx)
{
	return EVP_MD_CTX_get_type(ctx) == crypto_nid_digest(CRYPTO_DIGEST_512) ? CRYPTO_DIGEST_512
										: CRYPTO_DIGEST_LEGACY;
}

static int md_begin(EVP_MD_CTX *ctx)
{
	crypto_digest_begin(digest_of(ctx), EVP_MD_CTX_get0_md_data(ctx));
	return 1;
}

static int md_add(EVP_MD_CTX *ctx, const void *data, size_t n)
{
	crypto_digest_add(digest_of(ctx), EVP_MD_CTX_get0_md_data(ctx), data, n);
	return 1;
}

static int md_end(EVP_MD_CTX *ctx, unsigned char *out)
{
	crypto_digest_end(digest_of(ctx), EVP_MD_CTX_get0_md_data(ctx), out);
	return 1;
}

static bool add_digest(enum crypto_digest d)
{
	const struct crypto_digest_row *row = crypto_digest_row(d);
	enum crypto_curve c = d == CRYPTO_DIGEST_512 ? CRYPTO_CURVE_512 : CRYPTO_CURVE_256;
	EVP_MD *md = EVP_MD_meth_new(row->nid, crypto_nid_signature(c));

	digests[d] = md;
	return md && EVP_MD_meth_set_result_size(md, row->size) == 1 &&
		EVP_MD_meth_set_input_blocksize(md, row->block) == 1 &&
		EVP_MD_meth_set_app_datasize(md, CRYPTO_STATE_MOST) == 1 && EVP_MD_meth_set_init(md, md_begin) == 1 &&
		EVP_MD_meth_set_update(md, md_add) == 1 && EVP_MD_meth_set_final(md, md_end) == 1 && EVP_add_digest(md) == 1;
}

const EVP_MD *crypto_md(enum crypto_digest d)
{
	BUG_IF(d >= CRYPTO_DIGEST_COUNT);
	return digests[d];
}

/* --- use of keys --- */

bool crypto_engine_assign(EVP_PKEY *pkey, struct crypto_key **k)
{
	if (EVP_PKEY_assign(pkey, crypto_curve_row((*k)->curve)->key, *k) != 1)
		return false;
	*k = NULL;
	return true;
}

const struct crypto_key *crypto_engine_key(const EVP_PKEY *pkey)
{
	return crypto_curve_of(pkey) < CRYPTO_CURVE_COUNT ? EVP_PKEY_get0(pkey) : NULL;
}

static const struct crypto_key *key_in(EVP_PKEY_CTX *ctx) { return crypto_engine_key(EVP_PKEY_CTX_get0_pkey(ctx)); }

static int sign(EVP_PKEY_CTX *ctx, unsigned char *value, size_t *n, const unsigned char *digest, size_t digest_n)
{
	const struct crypto_key *k = key_in(ctx);
	size_t half = k ? crypto_curve_row(k->curve)->half : 0;

	if (!k || !k->has_secret)
		return 0;
	if (value && (*n < 2 * half || digest_n != half || !crypto_provider()->sign(k->curve, k->secret, digest, value)))
		return 0;
	*n = 2 * half;
	return 1;
}

static int verify(
	EVP_PKEY_CTX *ctx, const unsigned char *value, size_t n, const unsigned char *digest, size_t digest_n)
{
	const struct crypto_key *k = key_in(ctx);
	size_t half = k ? crypto_curve_row(k->curve)->half : 0;

	return k && n == 2 * half && digest_n == half && crypto_provider()->verify(k->curve, k->point, digest, value);
}

/* The digest of the pair is fixed: another one is refused when it is set, not when it is signed. */
static int control(EVP_PKEY_CTX *ctx, int what, int number, void *pointer)
{
	const struct crypto_key *k = key_in(ctx);

	(void)number;
	if (!k)
		return 0;
	switch (what) {
	case EVP_PKEY_CTRL_MD:
		return pointer && EVP_MD_get_type(pointer) == crypto_nid_digest(crypto_curve_row(k->curve)->digest);
	case EVP_PKEY_CTRL_GET_MD:
		*(const EVP_MD **)pointer = crypto_md(crypto_curve_row(k->curve)->digest);
		return 1;
	case EVP_PKEY_CTRL_DIGESTINIT:
	case EVP_PKEY_CTRL_PKCS7_SIGN:
	case EVP_PKEY_CTRL_CMS_SIGN:
		return 1;
	default:
		return -2; /* not known, in OpenSSL's words */
	}
}

/* A context holds nothing of its own. */
static int copy(EVP_PKEY_CTX *to, const EVP_PKEY_CTX *from)
{
	(void)to, (void)from;
	return 1;
}

static bool add_use(enum crypto_curve c)
{
	uses[c] = EVP_PKEY_meth_new(key_nids[c], 0);
	if (!uses[c])
		return false;
	EVP_PKEY_meth_set_sign(uses[c], NULL, sign);
	EVP_PKEY_meth_set_verify(uses[c], NULL, verify);
	EVP_PKEY_meth_set_ctrl(uses[c], control, NULL);
	EVP_PKEY_meth_set_copy(uses[c], copy);
	return true;
}

/* --- form of keys --- */

static int public_decode(EVP_PKEY *pkey, const X509_PUBKEY *from) { return crypto_key_read_public(pkey, from); }

static int public_encode(X509_PUBKEY *to, const EVP_PKEY *pkey)
{
	return crypto_key_write_public(to, crypto_engine_key(pkey));
}

static int public_compare(const EVP_PKEY *a, const EVP_PKEY *b)
{
	const struct crypto_key *x = crypto_engine_key(a), *y = crypto_engine_key(b);

	return x && y && x->curve == y->curve && memcmp(x->point, y->point, sizeof(x->point)) == 0;
}

static int private_decode(EVP_PKEY *pkey, const PKCS8_PRIV_KEY_INFO *from)
{
	return crypto_key_read_private(pkey, from);
}

static int private_encode(PKCS8_PRIV_KEY_INFO *to, const EVP_PKEY *pkey)
{
	return crypto_key_write_private(to, crypto_engine_key(pkey));
}

static const struct crypto_curve_row *row_of(const EVP_PKEY *pkey)
{
	return crypto_curve_row(crypto_curve_of(pkey));
}

static int value_size(const EVP_PKEY *pkey) { return (int)(2 * row_of(pkey)->half); }

static int bits(const EVP_PKEY *pkey) { return row_of(pkey)->bits; }

static int security_bits(const EVP_PKEY *pkey) { return row_of(pkey)->security_bits; }

static void drop(EVP_PKEY *pkey)
{
	struct crypto_key *k = EVP_PKEY_get0(pkey);

	crypto_key_free(&k);
}

/* What a signer's entry names: the pair of key and digest, not the key alone. */
static int name_signature(EVP_PKEY *pkey, X509_ALGOR *algorithm)
{
	return algorithm && X509_ALGOR_set0(algorithm, OBJ_nid2obj(row_of(pkey)->signature), V_ASN1_NULL, NULL) == 1;
}

static int form_control(EVP_PKEY *pkey, int what, long number, void *pointer)
{
	X509_ALGOR *algorithm = NULL;

	switch (what) {
	case ASN1_PKEY_CTRL_DEFAULT_MD_NID:
		*(int *)pointer = crypto_nid_digest(row_of(pkey)->digest);
		return 2; /* no other will do */
	case ASN1_PKEY_CTRL_CMS_SIGN: /* number 1: verifying; nothing to do */
		if (number != 0)
			return 1;
		CMS_SignerInfo_get0_algs(pointer, NULL, NULL, NULL, &algorithm);
		return name_signature(pkey, algorithm);
	case ASN1_PKEY_CTRL_PKCS7_SIGN:
		if (number != 0)
			return 1;
		PKCS7_SIGNER_INFO_get0_algs(pointer, NULL, NULL, &algorithm);
		return name_signature(pkey, algorithm);
	default:
		return -2;
	}
}

static bool add_form(enum crypto_curve c)
{
	const char *name = OBJ_nid2sn(key_nids[c]);

	forms[c] = EVP_PKEY_asn1_new(key_nids[c], ASN1_PKEY_SIGPARAM_NULL, name, name);
	if (!forms[c])
		return false;
	EVP_PKEY_asn1_set_public(
		forms[c], public_decode, public_encode, public_compare, NULL, value_size, bits);
	EVP_PKEY_asn1_set_private(forms[c], private_decode, private_encode, NULL);
	EVP_PKEY_asn1_set_free(forms[c], drop);
	EVP_PKEY_asn1_set_ctrl(forms[c], form_control);
	EVP_PKEY_asn1_set_security_bits(forms[c], security_bits);
	return true;
}

/* --- the object that owns them --- */

static int list_keys(const int **nids)
{
	*nids = key_nids;
	return CRYPTO_CURVE_COUNT;
}

static int find_use(ENGINE *engine, EVP_PKEY_METHOD **method, const int **nids, int nid)
{
	enum crypto_curve c = crypto_curve_by_nid(nid);

	(void)engine;
	if (!method)
		return list_keys(nids);
	*method = c < CRYPTO_CURVE_COUNT ? uses[c] : NULL;
	return *method != NULL;
}

static int find_form(ENGINE *engine, EVP_PKEY_ASN1_METHOD **method, const int **nids, int nid)
{
	enum crypto_curve c = crypto_curve_by_nid(nid);

	(void)engine;
	if (!method)
		return list_keys(nids);
	*method = c < CRYPTO_CURVE_COUNT ? forms[c] : NULL;
	return *method != NULL;
}

/* OpenSSL's list keeps the object until the process ends and frees the methods with it. */
static bool add_engine(void)
{
	ENGINE *engine = ENGINE_new();
	bool good = engine && ENGINE_set_id(engine, "qaqpa") == 1 &&
		ENGINE_set_name(engine, "national algorithms of Kazakhstan") == 1 &&
		ENGINE_set_pkey_meths(engine, find_use) == 1 && ENGINE_set_pkey_asn1_meths(engine, find_form) == 1 &&
		ENGINE_add(engine) == 1 && ENGINE_register_pkey_meths(engine) == 1 &&
		ENGINE_register_pkey_asn1_meths(engine) == 1;

	ENGINE_free(engine);
	return good;
}

bool crypto_engine_register(void)
{
	for (enum crypto_digest d = 0; d < CRYPTO_DIGEST_COUNT; d++) {
		if (!add_digest(d))
			return false;
	}
	for (enum crypto_curve c = 0; c < CRYPTO_CURVE_COUNT; c++) {
		key_nids[c] = crypto_nid_key(c);
		if (!add_use(c) || !add_form(c))
			return false;
	}
	return add_engine();
}
