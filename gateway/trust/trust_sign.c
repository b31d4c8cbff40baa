/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_sign - signature values in XML form, made and verified.
 * Promise:  nothing is fetched and no key is touched for setting up on the message path; duplicates of
 *           prepared contexts are independent, so any number of threads work at once.
 * Not here: whether the algorithm is allowed (the profile), whether the certificate is valid (trust_find.c).
 * Spec:     PKCS#1 v1.5; W3C XML Signature 1.1 section 6.4.3 and RFC 4050 for r||s; national values as crypto
 *           gives them. */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/memory.h"
#include "trust/trust_int.h"

#define SIGNATURE_OCTETS 1024 /* RSA of 8192 bits; DER of ECDSA is far less */
#define BLINDINGS 32          /* values that OpenSSL makes with one factor (BN_BLINDING_COUNTER) */

static inline void scoped_ecdsa(ECDSA_SIG **p) { ECDSA_SIG_free(*p); }

static EVP_PKEY_CTX *prepare(EVP_PKEY *key, const struct signature_row *row, bool sign)
{
	SCOPED(scoped_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	EVP_PKEY_CTX *ready;

	if (!ctx || (sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx)) != 1)
		return NULL;
	if (row->key == KEY_RSA && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1)
		return NULL;
	if (EVP_PKEY_CTX_set_signature_md(ctx, digest_md(row->digest)) != 1)
		return NULL;
	ready = ctx;
	ctx = NULL;
	return ready;
}

bool prepared_for(struct prepared *p, EVP_PKEY *key, enum key_kind kind, bool sign)
{
	p->half = kind == KEY_EC ? ((size_t)EVP_PKEY_get_bits(key) + 7) / 8 : 0;
	for (enum signature s = 0; s < SIGNATURE_COUNT; s++) {
		if (signature_row(s)->key != kind)
			continue;
		p->ctx[s] = prepare(key, signature_row(s), sign);
		if (!p->ctx[s])
			return false;
	}
	return true;
}

void prepared_drop(struct prepared *p)
{
	for (enum signature s = 0; s < SIGNATURE_COUNT; s++) {
		EVP_PKEY_CTX_free(p->ctx[s]);
		p->ctx[s] = NULL;
	}
}

/* SEQUENCE of two INTEGERs to two numbers of fixed width, one after the other. */
static bool ecdsa_to_xml(struct bytes der, size_t half, struct buf *out)
{
	const unsigned char *p = der.p;
	SCOPED(scoped_ecdsa) ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	unsigned char *to = buf_reserve(out, 2 * half);

	if (!pair || !to || BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, (int)half) < 0 ||
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + half, (int)half) < 0)
		return false;
	buf_grown(out, 2 * half);
	return true;
}

/* The other way; `der` has room for SIGNATURE_OCTETS. 0 when it cannot be. */
static size_t ecdsa_from_xml(struct bytes value, size_t half, unsigned char *der)
{
	SCOPED(scoped_ecdsa) ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(value.p, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(value.p + half, (int)half, NULL);
	int n;

	if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	n = i2d_ECDSA_SIG(pair, &der);
	return n > 0 ? (size_t)n : 0;
}

static bool fits(const struct trust_key *k, enum signature s, struct bytes digest, struct bytes value)
{
	SCOPED(scoped_pkey_ctx) EVP_PKEY_CTX *ctx = prepare(k->key, signature_row(s), false);

	return ctx && EVP_PKEY_verify(ctx, value.p, value.n, digest.p, digest.n) == 1;
}

/* One value; false when there is none. With an RSA key OpenSSL 3.0 keeps a factor that blinds it, and renews its two halves
 * one after the other: refused memory between them it makes values that fit nothing, until it makes the factor anew after
 * BLINDINGS of them. So once memory was short here, a value is looked at before it is believed. */
static bool sign_once(const struct trust_key *k, enum signature s, struct bytes digest,
	unsigned char value[SIGNATURE_OCTETS], size_t *n)
{
	const struct prepared *p = &((const struct trust_own *)k)->sign;

	for (int i = 0; i <= BLINDINGS; i++) {
		SCOPED(scoped_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(p->ctx[s]);

		*n = SIGNATURE_OCTETS;
		if (!ctx || EVP_PKEY_sign(ctx, value, n, digest.p, digest.n) != 1)
			return false;
		if (!memory_was_refused() || fits(k, s, digest, (struct bytes){value, *n}))
			return true;
	}
	return false;
}

static outcome sign_here(const struct trust_key *k, enum signature s, struct bytes digest, struct buf *out, struct err *e)
{
	const struct prepared *p = &((const struct trust_own *)k)->sign;
	const struct signature_row *row = signature_row(s);
	unsigned char value[SIGNATURE_OCTETS];
	size_t n;

	if (!sign_once(k, s, digest, value, &n)) {
		ERR_clear_error();
		return err_set(
			e, REASON_KEY_USELESS, "key %s: signing with %s failed", k->conf->name, row->name);
	}
	if (p->half == 0)
		buf_add(out, (struct bytes){value, n});
	else if (!ecdsa_to_xml((struct bytes){value, n}, p->half, out))
		return err_set(e, REASON_KEY_USELESS, "key %s: the value of %s is malformed", k->conf->name,
			row->name);
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "no room for a signature value");
}

static outcome sign(
	const struct trust_key *k, enum signature s, struct bytes digest, struct buf *out, struct err *e)
{
	const struct trust_own *own = (const struct trust_own *)k;
	const struct signature_row *row = signature_row(s);

	TRY(trust_blocks_check(own->trust->blocks, own->sha256, own->name, REASON_KEY_BLOCKED, e));
	if (row->key != k->key_kind)
		return err_set(e, REASON_KEY_USELESS, "key %s cannot make %s", k->conf->name, row->name);
	if (own->kept)
		return keeper_sign(own->trust->keeper, k->conf->name, own->sha256, s, digest, out, e);
	return sign_here(k, s, digest, out, e);
}

outcome trust_sign_digest(
	const struct trust_key *k, enum signature s, struct bytes digest, struct buf *out, struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, sign(k, s, digest, out, e), e);
}

outcome trust_sign(
	const struct trust_key *k, enum signature s, struct bytes octets, struct buf *out, struct err *e)
{
	unsigned char digest[KEEPER_DIGEST];
	size_t n = digest_once(signature_row(s)->digest, octets, digest);

	return trust_sign_digest(k, s, (struct bytes){digest, n}, out, e);
}

static outcome verify(const struct trust_cert *c, enum signature s, struct bytes octets, struct bytes value,
	struct err *e)
{
	const struct prepared *p = &((const struct trust_entry *)c)->verify;
	const struct signature_row *row = signature_row(s);
	SCOPED(scoped_pkey_ctx) EVP_PKEY_CTX *ctx = NULL;
	unsigned char digest[64], der[SIGNATURE_OCTETS];
	bool right;

	if (!p->ctx[s])
		return err_set(e, REASON_SEC_VALUE, "%s does not fit the kind of the key", row->name);
	if (p->half > 0) {
		if (value.n != 2 * p->half)
			return err_set(
				e, REASON_SEC_VALUE, "a value of %zu octets, not %zu", value.n, 2 * p->half);
		value = (struct bytes){der, ecdsa_from_xml(value, p->half, der)};
	}
	ctx = EVP_PKEY_CTX_dup(p->ctx[s]);
	if (!ctx)
		return err_set(e, REASON_MEMORY, "no memory to verify a signature");
	right = EVP_PKEY_verify(ctx, value.p, value.n, digest, digest_once(row->digest, octets, digest)) == 1;
	if (right)
		return DONE;
	ERR_clear_error(); /* a wrong value leaves entries in the queue of the thread */
	return err_set(e, REASON_SEC_VALUE, "the value of %s does not fit the key", row->name);
}

outcome trust_verify(const struct trust_cert *c, enum signature s, struct bytes octets, struct bytes value,
	struct err *e)
{
	size_t before = memory_refusals();

	return memory_judge(before, verify(c, s, octets, value, e), e);
}
