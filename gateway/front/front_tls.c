/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front_tls - TLS contexts, and reading and writing with and without TLS.
 * Promise:  TLS 1.2 and 1.3 with forward secrecy and AEAD only; clients are trusted by the configured file
 *           alone, never by the system's store; a key that does not fit its certificate is not taken.
 * Not here: when to read or write (front_conn.c). */

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "log/log.h"
#include "tls/tls.h"

#include "front/front_int.h"

/* SSL_read hands out whole records into the scratch, so nothing stays behind in OpenSSL that epoll cannot
 * see. */
_Static_assert(FRONT_SCRATCH >= SSL3_RT_MAX_PLAIN_LENGTH, "a record must fit the scratch");

#define CLIENT_CHAIN_DEPTH 4
#define SESSION_SECONDS 300

static void key_free(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static outcome load_key(const struct front_listener_options *o, EVP_PKEY **out, struct err *e)
{
	BIO *file = BIO_new_file(o->key, "r");
	*out = file ? PEM_read_bio_PrivateKey(file, NULL, tls_no_password, NULL) : NULL;
	BIO_free(file);
	return *out ? DONE
		    : err_set(e, REASON_IO, "listener %s: key %s: %s", o->name, o->key,
			      file ? "is no unencrypted private key in PEM" : "cannot be opened");
}

static outcome load_identity(SSL_CTX *ctx, const struct front_listener_options *o, struct err *e)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, o->certificate) != 1)
		return err_set(e, REASON_IO, "listener %s: certificate %s: %s", o->name, o->certificate,
			       tls_words());
	SCOPED(key_free) EVP_PKEY *key = NULL;
	TRY(load_key(o, &key, e));
	if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1)
		return err_set(e, REASON_IO, "listener %s: key %s does not belong to certificate %s", o->name,
			       o->key, o->certificate);
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		return err_set(e, REASON_IO, "listener %s: key %s: %s", o->name, o->key, tls_words());
	return DONE;
}

static outcome load_clients(SSL_CTX *ctx, const struct front_listener_options *o, struct err *e)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(o->client_ca);
	if (!names || SSL_CTX_load_verify_file(ctx, o->client_ca) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return err_set(e, REASON_IO, "listener %s: client authorities %s: %s", o->name, o->client_ca,
			       tls_words());
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(ctx, CLIENT_CHAIN_DEPTH);
	return DONE;
}

static bool set_protocol(SSL_CTX *ctx, size_t index)
{
	char session_context[SSL_MAX_SSL_SESSION_ID_LENGTH], groups[] = "X25519:P-256:P-384";
	int n = snprintf(session_context, sizeof(session_context), "front %zu", index);
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ctx, SESSION_SECONDS);
	/* Ticket keys live and die with the context: no session outlives a change of the client
	 * authorities. */
	return tls_limit(ctx) && SSL_CTX_set1_groups_list(ctx, groups) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	       SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
	       SSL_CTX_set_session_id_context(ctx, (const unsigned char *)session_context, (unsigned)n) == 1;
}

outcome front_tls_context(const struct front_listener_options *o, size_t index, SSL_CTX **out, struct err *e)
{
	ERR_clear_error();
	SCOPED(tls_context_free) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx || !set_protocol(ctx, index))
		return err_set(e, REASON_IO, "listener %s: TLS: %s", o->name, tls_words());
	TRY(load_identity(ctx, o, e));
	if (o->tls == FRONT_TLS_MUTUAL)
		TRY(load_clients(ctx, o, e));
	*out = ctx;
	ctx = NULL;
	return DONE;
}

bool front_tls_attach(struct front_conn *c)
{
	struct front *f = c->front;
	pthread_mutex_lock(&f->lock);
	SSL_CTX *ctx = c->listener->tls;
	SSL_CTX_up_ref(ctx);
	pthread_mutex_unlock(&f->lock);
	ERR_clear_error();
	c->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
		return false;
	SSL_set_accept_state(c->ssl);
	return true;
}

/* What a call of OpenSSL that did nothing means; each direction may have to wait for the other. */
static int library_result(struct front_conn *c, int result)
{
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		c->want = EPOLLIN;
		return IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		c->want = EPOLLOUT;
		return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return IO_END;
	default:
		return IO_BROKEN;
	}
}

int front_tls_handshake(struct front_conn *c)
{
	ERR_clear_error();
	int result = SSL_do_handshake(c->ssl);
	if (result == 1)
		return IO_END;
	int meaning = library_result(c, result);
	if (meaning == IO_AGAIN)
		return IO_AGAIN;
	atomic_fetch_add(&c->front->tls_failures, 1);
	log_event(LOG_DEBUG, "front.tls-failed", LOG_TEXT("listener", c->listener->options.name),
		  LOG_TEXT("peer", c->peer), LOG_TEXT("reason", tls_words()));
	return IO_BROKEN;
}

static ssize_t socket_result(struct front_conn *c, ssize_t n, uint32_t want)
{
	if (n >= 0)
		return n;
	c->want = want;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? IO_AGAIN : IO_BROKEN;
}

ssize_t front_io_read(struct front_conn *c, void *into, size_t n)
{
	if (!c->ssl)
		return socket_result(c, recv(c->fd, into, n, 0), EPOLLIN);
	ERR_clear_error();
	size_t got = 0;
	int result = SSL_read_ex(c->ssl, into, n, &got);
	return result == 1 ? (ssize_t)got : library_result(c, result);
}

ssize_t front_io_write(struct front_conn *c, const void *from, size_t n, bool more_follows)
{
	if (!c->ssl)
		return socket_result(c, send(c->fd, from, n, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0)), EPOLLOUT);
	ERR_clear_error();
	size_t put = 0;
	int result = SSL_write_ex(c->ssl, from, n, &put);
	return result == 1 ? (ssize_t)put : library_result(c, result);
}

void front_io_finish(struct front_conn *c)
{
	if (c->ssl) {
		ERR_clear_error();
		SSL_shutdown(c->ssl);
	}
	shutdown(c->fd, SHUT_WR);
}
