/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_signature - how many signature values a second of one core the gateway's own calls make and judge, beside the
 * libraries below them.
 *
 *   bench_signature FOLDER [SECONDS]
 *
 * Keys and certificates are made on the spot in FOLDER, which is the caller's to remove. The text is as long as a usual
 * SignedInfo; the libraries are given its digest, so the difference is digest, context and form of the value. Prints
 * figures; decides nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "crypto/crypto.h"
#include "trust/trust.h"

#include "bench_clock.h"

enum { TEXT_OCTETS = 800, BATCH = 8 };

static const struct kind {
	const char *name;
	enum signature signature;
	enum crypto_curve curve; /* CRYPTO_CURVE_COUNT: OpenSSL's own */
} kinds[] = {
	{"rsa-2048-sha256", SIGNATURE_RSA_SHA256, CRYPTO_CURVE_COUNT},
	{"ecdsa-p256-sha256", SIGNATURE_ECDSA_SHA256, CRYPTO_CURVE_COUNT},
	{"gost-2015", SIGNATURE_GOST_2015, CRYPTO_CURVE_512},
	{"gost-legacy", SIGNATURE_GOST_LEGACY, CRYPTO_CURVE_256},
};

/* What is measured: one call, and whether it did what it should. */
struct subject {
	const struct kind *kind;
	const struct trust_key *key;
	struct trust *trust;
	const struct trust_cert *cert;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *sign_ctx, *verify_ctx;
	unsigned char text[TEXT_OCTETS], digest[64], value[1024];
	unsigned char secret[CRYPTO_HALF_MOST], point[2 * CRYPTO_HALF_MOST];
	size_t digest_n, value_n;
	struct buf form; /* of trust_sign */
};

static EVP_PKEY *make_key(const struct kind *k)
{
	if (k->curve != CRYPTO_CURVE_COUNT)
		return crypto_generate(k->curve);
	return k->signature == SIGNATURE_RSA_SHA256 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static const EVP_MD *md_of(const struct kind *k)
{
	if (k->curve == CRYPTO_CURVE_COUNT)
		return EVP_sha256();
	return crypto_md(k->curve == CRYPTO_CURVE_512 ? CRYPTO_DIGEST_512 : CRYPTO_DIGEST_LEGACY);
}

static bool add_usage(X509 *x)
{
	X509_EXTENSION *usage = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,digitalSignature");
	bool ok = usage && X509_add_ext(x, usage, -1) == 1;

	X509_EXTENSION_free(usage);
	usage = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:FALSE");
	ok = ok && usage && X509_add_ext(x, usage, -1) == 1;
	X509_EXTENSION_free(usage);
	return ok;
}

/* A certificate that the key signs for itself. */
static X509 *make_certificate(EVP_PKEY *pkey, const struct kind *k)
{
	X509 *x = X509_new();
	X509_NAME *name = x ? X509_get_subject_name(x) : NULL;

	if (x && X509_set_version(x, X509_VERSION_3) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
		X509_gmtime_adj(X509_getm_notBefore(x), -60) && X509_gmtime_adj(X509_getm_notAfter(x), 86400) &&
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)k->name, -1, -1, 0) == 1 &&
		X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, pkey) == 1 && add_usage(x) &&
		X509_sign(x, pkey, md_of(k)) > 0)
		return x;
	X509_free(x);
	return NULL;
}

static bool write_files(const char *cert_path, const char *key_path, EVP_PKEY *pkey, const struct kind *k)
{
	X509 *x = make_certificate(pkey, k);
	FILE *cert = fopen(cert_path, "w"), *key = fopen(key_path, "w");
	bool ok = x && cert && key && chmod(key_path, 0600) == 0 && PEM_write_X509(cert, x) == 1 &&
		PEM_write_PrivateKey(key, pkey, NULL, NULL, 0, NULL, NULL) == 1;

	if (cert)
		ok = fclose(cert) == 0 && ok;
	if (key)
		ok = fclose(key) == 0 && ok;
	X509_free(x);
	return ok;
}

/* --- the calls --- */

static bool sign_own(struct subject *s)
{
	buf_clear(&s->form);
	return trust_sign(s->key, s->kind->signature, (struct bytes){s->text, TEXT_OCTETS}, &s->form, NULL).ok;
}

static bool verify_own(struct subject *s)
{
	return trust_verify(s->cert, s->kind->signature, (struct bytes){s->text, TEXT_OCTETS}, buf_bytes(&s->form), NULL).ok;
}

/* The decision on a certificate that was met before. */
static bool find_known(struct subject *s)
{
	const struct trust_cert *found;

	return trust_find_der(s->trust, s->key->der, s->cert->not_before_ms + 1000, &found, NULL).ok && found == s->cert;
}

static bool sign_below(struct subject *s)
{
	if (s->kind->curve != CRYPTO_CURVE_COUNT)
		return crypto_nettle.sign(s->kind->curve, s->secret, s->digest, s->value);
	s->value_n = sizeof s->value;
	return EVP_PKEY_sign(s->sign_ctx, s->value, &s->value_n, s->digest, s->digest_n) == 1;
}

static bool verify_below(struct subject *s)
{
	if (s->kind->curve != CRYPTO_CURVE_COUNT)
		return crypto_nettle.verify(s->kind->curve, s->point, s->digest, s->value);
	return EVP_PKEY_verify(s->verify_ctx, s->value, s->value_n, s->digest, s->digest_n) == 1;
}

/* Calls a CPU-second; 0 when one did not do what it should. */
static double rate(struct subject *s, bool (*call)(struct subject *s), double seconds)
{
	double start = bench_cpu_now(), now = start;
	size_t n = 0;

	while (now - start < seconds) {
		for (int i = 0; i < BATCH; i++) {
			if (!call(s))
				return 0;
		}
		n += BATCH;
		now = bench_cpu_now();
	}
	return (double)n / (now - start);
}

/* --- preparing --- */

static EVP_PKEY_CTX *context(const struct subject *s, bool sign)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->pkey, NULL);

	if (!ctx || (sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx)) != 1 ||
		(s->kind->signature == SIGNATURE_RSA_SHA256 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
		EVP_PKEY_CTX_set_signature_md(ctx, md_of(s->kind)) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static bool prepare_below(struct subject *s)
{
	unsigned n = 0;

	if (EVP_Digest(s->text, TEXT_OCTETS, s->digest, &n, md_of(s->kind), NULL) != 1)
		return false;
	s->digest_n = n;
	if (s->kind->curve == CRYPTO_CURVE_COUNT)
		return (s->sign_ctx = context(s, true)) && (s->verify_ctx = context(s, false));
	while (RAND_priv_bytes(s->secret, (int)n) == 1) {
		if (crypto_nettle.public_of(s->kind->curve, s->secret, s->point))
			return true;
	}
	return false;
}

static outcome measure(const struct kind *k, const char *folder, double seconds, struct err *e)
{
	char cert_path[4096], key_path[4096];
	const char *pinned = cert_path;
	SCOPED(trust_free) struct trust *trust = trust_new();
	struct conf_profile profile = {.name = "bench", .legacy_gost = true};
	struct conf_participant owner = {.name = "bench", .certificates = {&pinned, 1}, .profile = &profile};
	struct conf_key own = {.name = "own", .certificate = cert_path, .key = key_path};
	struct subject s = {.kind = k, .form = BUF(4096)};
	double figures[5];

	snprintf(cert_path, sizeof cert_path, "%s/%s.crt", folder, k->name);
	snprintf(key_path, sizeof key_path, "%s/%s.key", folder, k->name);
	s.pkey = make_key(k);
	if (!trust || !s.pkey || RAND_bytes(s.text, TEXT_OCTETS) != 1 || !prepare_below(&s) ||
		!write_files(cert_path, key_path, s.pkey, k))
		return err_set(e, REASON_IO, "%s: no key or no file in %s", k->name, folder);
	TRY(trust_add_key(trust, &own, e));
	TRY(trust_add_participant(trust, &owner, e));
	s.key = trust_key_named(trust, "own");
	TRY(trust_find_der(trust, s.key->der, stamp_now().ms, &s.cert, e));
	figures[0] = rate(&s, sign_own, seconds);
	figures[1] = rate(&s, sign_below, seconds);
	figures[2] = rate(&s, verify_own, seconds);
	figures[3] = rate(&s, verify_below, seconds);
	s.trust = trust;
	figures[4] = rate(&s, find_known, seconds);
	buf_free(&s.form);
	EVP_PKEY_CTX_free(s.sign_ctx);
	EVP_PKEY_CTX_free(s.verify_ctx);
	EVP_PKEY_free(s.pkey);
	for (int i = 0; i < 5; i++) {
		if (figures[i] == 0)
			return err_set(e, REASON_INTERNAL, "%s: call %d failed", k->name, i);
	}
	printf("%-18s  %8.0f  %8.0f  %5.2f  %8.0f  %8.0f  %5.2f  %13.2f\n", k->name, figures[0], figures[1],
		figures[0] / figures[1], figures[2], figures[3], figures[2] / figures[3], 1e6 / figures[4]);
	return DONE;
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;
	struct err e = {0};

	if (argc < 2 || seconds <= 0 || !crypto_init(NULL, &e).ok) {
		fprintf(stderr, "usage: bench_signature FOLDER [SECONDS]\n");
		return 64;
	}
	printf("%-18s  %8s  %8s  %5s  %8s  %8s  %5s  %13s\n", "algorithm", "sign/s", "below", "share", "verify/s", "below",
		"share", "known cert us");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!measure(&kinds[i], argv[1], seconds, &e).ok) {
			fprintf(stderr, "bench_signature: %s: %s\n", reason_row(e.reason)->name, e.detail);
			return 1;
		}
		fflush(stdout);
	}
	return 0;
}
