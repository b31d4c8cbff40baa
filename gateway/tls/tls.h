/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls - what every TLS connection of this program has in common, whichever side opened it.
 *
 * Promise:  TLS 1.2 and 1.3 with forward secrecy and AEAD only, no renegotiation, no compression; nobody is asked for the
 *           password of a key on a terminal.
 * Not here: certificates, authorities and names (front, queue); TLS to providers (egress, by its own library). */
#ifndef QAQPA_TLS_TLS_H
#define QAQPA_TLS_TLS_H

#include "base/err.h"

struct ssl_ctx_st;

/* Sets these limits on a new context. False when the library refuses them. */
MUST_USE bool tls_limit(struct ssl_ctx_st *ctx);
void tls_context_free(struct ssl_ctx_st **ctx); /* fit for SCOPED */
/* Callback for reading PEM: an encrypted key cannot be read. */
int tls_no_password(char *into, int size, int writing, void *ctx);
/* What the last call of OpenSSL on this thread complained about; never NULL. */
const char *tls_words(void);

#endif
