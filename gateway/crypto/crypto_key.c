/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto_key - national keys: what an EVP_PKEY of ours holds, and its forms in certificates and in PKCS#8.
 * Promise:  only the exact encodings are read: both parameters of the curve, the full width, nothing behind; secrets are
 *           wiped.
 * Not here: whether a point lies on the curve: no signature verifies with one that does not.
 * Spec:     RFC 5280 4.1.2.7 and RFC 5208 around; inside as the National Certification Authority writes it. */
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "crypto/crypto_int.h"

static inline void scoped_octets(ASN1_OCTET_STRING **p) { ASN1_OCTET_STRING_free(*p); }
static inline void scoped_pkey(EVP_PKEY **p) { EVP_PKEY_free(*p); }
static inline void scoped_list(ASN1_SEQUENCE_ANY **p) { sk_ASN1_TYPE_pop_free(*p, ASN1_TYPE_free); }

static void wipe_octets(ASN1_OCTET_STRING **p)
{
	if (*p)
		OPENSSL_cleanse((*p)->data, (size_t)(*p)->length);
	ASN1_OCTET_STRING_free(*p);
}

void crypto_key_free(struct crypto_key **k)
{
	OPENSSL_clear_free(*k, sizeof(**k));
	*k = NULL;
}

enum crypto_curve crypto_curve_of(const EVP_PKEY *key)
{
	return key ? crypto_curve_by_nid(EVP_PKEY_get_id(key)) : CRYPTO_CURVE_COUNT;
}

static bool names(const ASN1_TYPE *t, int nid)
{
	return t && ASN1_TYPE_get(t) == V_ASN1_OBJECT && OBJ_obj2nid(t->value.object) == nid;
}

/* SEQUENCE { curve, digest } */
static bool parameters_fit(const X509_ALGOR *a, const struct crypto_curve_row *row)
{
	SCOPED(scoped_list) ASN1_SEQUENCE_ANY *list = NULL;
	const void *value = NULL;
	const ASN1_STRING *text;
	const unsigned char *p;
	int kind = V_ASN1_UNDEF;

	X509_ALGOR_get0(NULL, &kind, &value, a);
	if (kind != V_ASN1_SEQUENCE)
		return false;
	text = value;
	p = ASN1_STRING_get0_data(text);
	list = d2i_ASN1_SEQUENCE_ANY(NULL, &p, ASN1_STRING_length(text));
	return list && p == ASN1_STRING_get0_data(text) + ASN1_STRING_length(text) && sk_ASN1_TYPE_num(list) == 2 &&
		names(sk_ASN1_TYPE_value(list, 0), row->parameters) &&
		names(sk_ASN1_TYPE_value(list, 1), row->digest_parameter);
}

static ASN1_TYPE *name_of(int nid)
{
	ASN1_TYPE *t = ASN1_TYPE_new();

	if (t)
		ASN1_TYPE_set(t, V_ASN1_OBJECT, OBJ_nid2obj(nid));
	return t;
}

static ASN1_STRING *parameters_write(const struct crypto_curve_row *row)
{
	SCOPED(scoped_list) ASN1_SEQUENCE_ANY *list = sk_ASN1_TYPE_new_reserve(NULL, 2);
	ASN1_STRING *text = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ASN1_TYPE *curve = name_of(row->parameters), *digest = name_of(row->digest_parameter);
	unsigned char *der = NULL;
	int n = -1;

	if (list && curve && digest && sk_ASN1_TYPE_push(list, curve) == 1) {
		curve = NULL;
		if (sk_ASN1_TYPE_push(list, digest) == 2) {
			digest = NULL;
			n = i2d_ASN1_SEQUENCE_ANY(list, &der);
		}
	}
	ASN1_TYPE_free(curve);
	ASN1_TYPE_free(digest);
	if (!text || n <= 0) {
		OPENSSL_free(der);
		ASN1_STRING_free(text);
		return NULL;
	}
	ASN1_STRING_set0(text, der, n);
	return text;
}

/* The octets of an OCTET STRING that is all of `p` and exactly `want` long, or NULL. */
static ASN1_OCTET_STRING *octets_read(const unsigned char *p, int n, size_t want)
{
	const unsigned char *end = p + n;
	ASN1_OCTET_STRING *s = d2i_ASN1_OCTET_STRING(NULL, &p, n);

	if (s && p == end && (size_t)ASN1_STRING_length(s) == want)
		return s;
	wipe_octets(&s);
	return NULL;
}

/* DER of an OCTET STRING; OPENSSL_free. */
static int octets_write(const unsigned char *p, size_t n, unsigned char **der)
{
	SCOPED(wipe_octets) ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();

	if (!s || ASN1_OCTET_STRING_set(s, p, (int)n) != 1)
		return -1;
	return i2d_ASN1_OCTET_STRING(s, der);
}

bool crypto_key_read_public(EVP_PKEY *pkey, const X509_PUBKEY *from)
{
	SCOPED(crypto_key_free) struct crypto_key *k = OPENSSL_zalloc(sizeof(*k));
	SCOPED(scoped_octets) ASN1_OCTET_STRING *point = NULL;
	const struct crypto_curve_row *row;
	const unsigned char *p;
	ASN1_OBJECT *kind;
	X509_ALGOR *algorithm;
	int n;

	if (!k || X509_PUBKEY_get0_param(&kind, &p, &n, &algorithm, from) != 1)
		return false;
	k->curve = crypto_curve_by_nid(OBJ_obj2nid(kind));
	if (k->curve == CRYPTO_CURVE_COUNT)
		return false;
	row = crypto_curve_row(k->curve);
	point = octets_read(p, n, 2 * row->half);
	if (!point || !parameters_fit(algorithm, row))
		return false;
	memcpy(k->point, ASN1_STRING_get0_data(point), 2 * row->half);
	return crypto_engine_assign(pkey, &k);
}

bool crypto_key_write_public(X509_PUBKEY *to, const struct crypto_key *k)
{
	const struct crypto_curve_row *row = crypto_curve_row(k->curve);
	ASN1_STRING *parameters = parameters_write(row);
	unsigned char *der = NULL;
	int n = octets_write(k->point, 2 * row->half, &der);

	if (parameters && n > 0 &&
		X509_PUBKEY_set0_param(to, OBJ_nid2obj(row->key), V_ASN1_SEQUENCE, parameters, der, n) == 1)
		return true;
	ASN1_STRING_free(parameters);
	OPENSSL_free(der);
	return false;
}

static void reverse(unsigned char *to, const unsigned char *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[n - 1 - i];
}

/* An INTEGER that is all of `p`, positive and at most `half` octets. */
static bool integer_read(unsigned char *secret, const unsigned char *p, int n, size_t half)
{
	const unsigned char *end = p + n;
	ASN1_INTEGER *number = d2i_ASN1_INTEGER(NULL, &p, n);
	bool fits = number && p == end && ASN1_STRING_type(number) == V_ASN1_INTEGER &&
		(size_t)ASN1_STRING_length(number) <= half;

	if (fits)
		reverse(secret, ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number));
	wipe_octets(&number);
	return fits;
}

/* New keys stand as little-endian octets, legacy ones as a number; either is read for both. */
static bool secret_read(unsigned char *secret, const unsigned char *p, int n, size_t half)
{
	SCOPED(wipe_octets) ASN1_OCTET_STRING *octets = NULL;

	if (n > 0 && p[0] == V_ASN1_INTEGER)
		return integer_read(secret, p, n, half);
	octets = octets_read(p, n, half);
	if (octets)
		memcpy(secret, ASN1_STRING_get0_data(octets), half);
	return octets != NULL;
}

bool crypto_key_read_private(EVP_PKEY *pkey, const PKCS8_PRIV_KEY_INFO *from)
{
	SCOPED(crypto_key_free) struct crypto_key *k = OPENSSL_zalloc(sizeof(*k));
	const struct crypto_curve_row *row;
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *kind;
	const unsigned char *p;
	int n;

	if (!k || PKCS8_pkey_get0(&kind, &p, &n, &algorithm, from) != 1)
		return false;
	k->curve = crypto_curve_by_nid(OBJ_obj2nid(kind));
	if (k->curve == CRYPTO_CURVE_COUNT)
		return false;
	row = crypto_curve_row(k->curve);
	if (!parameters_fit(algorithm, row) || !secret_read(k->secret, p, n, row->half) ||
		!crypto_provider()->public_of(k->curve, k->secret, k->point))
		return false;
	k->has_secret = true;
	return crypto_engine_assign(pkey, &k);
}

/* An INTEGER of `half` little-endian octets. */
static int integer_write(const unsigned char *secret, size_t half, unsigned char **der)
{
	unsigned char big[CRYPTO_HALF_MOST] = {0};
	SCOPED(wipe_octets) ASN1_INTEGER *number = ASN1_INTEGER_new();
	size_t zeros = 0;

	reverse(big, secret, half);
	while (zeros < half - 1 && big[zeros] == 0)
		zeros++;
	if (number && ASN1_STRING_set(number, big + zeros, (int)(half - zeros)) != 1) {
		ASN1_INTEGER_free(number);
		number = NULL;
	}
	OPENSSL_cleanse(big, sizeof(big));
	return number ? i2d_ASN1_INTEGER(number, der) : -1;
}

bool crypto_key_write_private(PKCS8_PRIV_KEY_INFO *to, const struct crypto_key *k)
{
	const struct crypto_curve_row *row = crypto_curve_row(k->curve);
	ASN1_STRING *parameters = parameters_write(row);
	unsigned char *der = NULL;
	int n = -1;

	if (k->has_secret)
		n = k->curve == CRYPTO_CURVE_256 ? integer_write(k->secret, row->half, &der)
						 : octets_write(k->secret, row->half, &der);
	if (parameters && n > 0 &&
		PKCS8_pkey_set0(to, OBJ_nid2obj(row->key), 0, V_ASN1_SEQUENCE, parameters, der, n) == 1)
		return true;
	ASN1_STRING_free(parameters);
	if (n > 0)
		OPENSSL_clear_free(der, (size_t)n);
	return false;
}

/* Random numbers below the order: one in two fits at the worst, so that 64 misses in a row mean broken randomness. */
static bool new_secret(struct crypto_key *k)
{
	const struct crypto_curve_row *row = crypto_curve_row(k->curve);

	for (int i = 0; i < 64; i++) {
		if (RAND_priv_bytes(k->secret, (int)row->half) != 1)
			return false;
		if (crypto_provider()->public_of(k->curve, k->secret, k->point))
			return true;
	}
	return false;
}

EVP_PKEY *crypto_generate(enum crypto_curve c)
{
	SCOPED(crypto_key_free) struct crypto_key *k = OPENSSL_zalloc(sizeof(*k));
	SCOPED(scoped_pkey) EVP_PKEY *pkey = EVP_PKEY_new();
	EVP_PKEY *ready;

	if (!k || !pkey)
		return NULL;
	k->curve = c;
	k->has_secret = true;
	if (!new_secret(k) || !crypto_engine_assign(pkey, &k))
		return NULL;
	ready = pkey;
	pkey = NULL;
	return ready;
}
