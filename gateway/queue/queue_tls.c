/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue_tls - TLS to Redis, which the client library of this release does not have.
 * Promise:  TLS 1.2 or 1.3, the server's certificate verified against the configured authorities alone and against the
 *           name or address that was dialled; files are read at each connection, so renewed ones are taken by themselves.
 * Not here: reading and writing (queue_wire). */
#include <arpa/inet.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/tls.h"

#include "queue/queue_wire.h"

static outcome load_identity(SSL_CTX *ctx, const struct queue_server *s, struct err *e)
{
	if (!s->tls_certificate)
		return DONE;
	if (SSL_CTX_use_certificate_chain_file(ctx, s->tls_certificate) != 1)
		return err_set(e, REASON_QUEUE_DOWN, "certificate %s: %s", s->tls_certificate, tls_words());
	if (SSL_CTX_use_PrivateKey_file(ctx, s->tls_key, SSL_FILETYPE_PEM) != 1)
		return err_set(e, REASON_QUEUE_DOWN, "key %s: %s", s->tls_key, tls_words());
	return DONE;
}

static outcome context_new(const struct queue_server *s, SSL_CTX **out, struct err *e)
{
	SSL_CTX *ctx = *out = SSL_CTX_new(TLS_client_method());

	if (!ctx || !tls_limit(ctx))
		return err_set(e, REASON_QUEUE_DOWN, "TLS: %s", tls_words());
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (!s->tls_ca || SSL_CTX_load_verify_file(ctx, s->tls_ca) != 1)
		return err_set(e, REASON_QUEUE_DOWN, "authorities %s: %s", s->tls_ca ? s->tls_ca : "(none)",
			tls_words());
	return load_identity(ctx, s, e);
}

/* OpenSSL compares no name by itself; an address is compared with addresses, a name with names. */
static bool expect_peer(SSL *ssl, const char *host)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	/* SSL_set_tlsext_host_name, without its cast that drops const. */
	return SSL_set1_host(ssl, host) == 1 && SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
							(void *)(uintptr_t)host) == 1;
}

struct ssl_st *queue_tls_new(const struct queue_server *s, const char *host, int fd, struct err *e)
{
	SCOPED(tls_context_free) SSL_CTX *ctx = NULL;
	SSL *ssl;

	ERR_clear_error();
	if (!context_new(s, &ctx, e).ok)
		return NULL;
	ssl = SSL_new(ctx);
	if (!ssl || !expect_peer(ssl, host) || SSL_set_fd(ssl, fd) != 1) {
		err_set(e, REASON_QUEUE_DOWN, "TLS to %s: %s", host, tls_words());
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_connect_state(ssl);
	return ssl;
}
