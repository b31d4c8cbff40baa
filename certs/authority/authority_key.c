/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_key - new keys, and the digest that belongs to each. */
#include <openssl/err.h>

#include "authority.h"
#include "crypto/crypto.h"

outcome openssl_failed(struct err *e, const char *what)
{
	char words[200];
	unsigned long code = ERR_peek_last_error();

	ERR_error_string_n(code, words, sizeof(words));
	ERR_clear_error();
	return err_set(e, REASON_INTERNAL, "%s: %s", what, code ? words : "OpenSSL gives no reason");
}

static EVP_PKEY *make(enum authority_key kind, enum authority_algorithm a)
{
	switch (kind) {
	case KEY_P256:
		return EVP_EC_gen("P-256");
	case KEY_P384:
		return EVP_EC_gen("P-384");
	case KEY_RSA_1024:
		return EVP_RSA_gen(1024);
	case KEY_RSA_2048:
		return EVP_RSA_gen(2048);
	case KEY_GOST_2004:
		return crypto_generate(CRYPTO_CURVE_256);
	case KEY_ASKED:
		break;
	}
	if (a == ALGORITHM_GOST)
		return crypto_generate(CRYPTO_CURVE_512);
	return a == ALGORITHM_EC ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
}

outcome authority_key_make(enum authority_key kind, enum authority_algorithm a, EVP_PKEY **out, struct err *e)
{
	*out = make(kind, a);
	return *out ? DONE : openssl_failed(e, "no key");
}

const EVP_MD *authority_md(const EVP_PKEY *signer)
{
	switch (crypto_curve_of(signer)) {
	case CRYPTO_CURVE_512:
		return crypto_md(CRYPTO_DIGEST_512);
	case CRYPTO_CURVE_256:
		return crypto_md(CRYPTO_DIGEST_LEGACY);
	default:
		return EVP_sha256();
	}
}
