/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls - limits, words, passwords. */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/tls.h"

bool tls_limit(SSL_CTX *ctx)
{
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(ctx, tls_no_password);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
		SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}

void tls_context_free(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
	*ctx = NULL;
}

/* Without it OpenSSL would ask on the terminal. */
int tls_no_password(char *into, int size, int writing, void *ctx)
{
	(void)into, (void)size, (void)writing, (void)ctx;
	return -1;
}

const char *tls_words(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());

	return words ? words : "cannot be read";
}
