/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_chain - did a trusted authority issue this certificate?
 * Promise:  the message brings the one certificate and nothing else; every other member of a chain comes from
 *           the configuration. Time is left out here, so that a decision can be kept: the period of the whole
 *           chain is given.
 * Not here: usage and strength of the certificate itself (trust_check.c), revocation.
 * Spec:     RFC 5280 section 6. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/trust_int.h"

#define CHAIN_DEPTH 4
#define SECURITY_LEVEL 2 /* 112 bits: no SHA-1, no RSA below 2048 */

static inline void scoped_store_ctx(X509_STORE_CTX **p) { X509_STORE_CTX_free(*p); }
/* The members are somebody else's. */
static inline void scoped_members(STACK_OF(X509) **p) { sk_X509_free(*p); }

static outcome refuse(const X509_STORE_CTX *ctx, struct err *e)
{
	int code = X509_STORE_CTX_get_error(ctx);
	enum reason reason = REASON_CERT_UNKNOWN;

	if (code == X509_V_ERR_CA_MD_TOO_WEAK || code == X509_V_ERR_EE_KEY_TOO_SMALL ||
		code == X509_V_ERR_CA_KEY_TOO_SMALL || code == X509_V_ERR_EC_KEY_EXPLICIT_PARAMS)
		reason = REASON_CERT_WEAK;
	else if (code == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION)
		reason = REASON_CERT_USAGE;
	return err_set(e, reason, "chain: %s", X509_verify_cert_error_string(code));
}

/* A context that was run; `*good` is the verdict. NULL when memory is short. */
static X509_STORE_CTX *run(
	X509_STORE *store, STACK_OF(X509) *helpers, X509 *x, unsigned long more_flags, bool *good)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;

	if (!ctx || X509_STORE_CTX_init(ctx, store, x, helpers) != 1) {
		X509_STORE_CTX_free(ctx);
		return NULL;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_NO_CHECK_TIME | more_flags);
	X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH);
	*good = X509_verify_cert(ctx) == 1;
	ERR_clear_error();
	return ctx;
}

/* The period in which all of the chain that the context found is valid. */
static outcome period_of(X509_STORE_CTX *ctx, struct trust_period *period, struct err *e)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	*period = (struct trust_period){INT64_MIN, INT64_MAX};
	for (int i = 0; i < sk_X509_num(chain); i++) {
		if (!trust_period_narrow(period, sk_X509_value(chain, i)))
			return err_set(e, REASON_CERT_WEAK, "a date in the chain cannot be read");
	}
	return DONE;
}

outcome trust_chain_authorities(X509_STORE *authorities, X509 *x, struct trust_period *period, struct err *e)
{
	bool good = false;
	SCOPED(scoped_store_ctx) X509_STORE_CTX *ctx = run(authorities, NULL, x, 0, &good);

	if (!ctx)
		return err_set(e, REASON_MEMORY, "no memory for a chain");
	return good ? period_of(ctx, period, e) : refuse(ctx, e);
}

outcome trust_chain_anchor(const struct trust_anchor *a, X509 *x, struct trust_period *period, struct err *e)
{
	SCOPED(scoped_members) STACK_OF(X509) *helpers = sk_X509_new_null();
	SCOPED(scoped_store_ctx) X509_STORE_CTX *ctx = NULL;
	STACK_OF(X509) *chain;
	bool good = false;

	if (!helpers || sk_X509_push(helpers, a->x509) <= 0)
		return err_set(e, REASON_MEMORY, "no memory for a chain");
	/* An anchor that is trusted as itself need not be self-signed; it is all that its store holds. */
	ctx = run(a->store, helpers, x, a->itself ? X509_V_FLAG_PARTIAL_CHAIN : 0, &good);
	if (!ctx)
		return err_set(e, REASON_MEMORY, "no memory for a chain");
	if (!good)
		return refuse(ctx, e);
	chain = X509_STORE_CTX_get0_chain(ctx);
	if (sk_X509_num(chain) < 2 || X509_cmp(sk_X509_value(chain, 1), a->x509) != 0)
		return err_set(e, REASON_CERT_UNKNOWN, "issued by another authority");
	return period_of(ctx, period, e);
}

/* Does it rest on the authorities, or on itself because they do not know its root? Other defects are
 * failures. */
static outcome find_footing(struct trust_anchor *a, X509_STORE *authorities, struct err *e)
{
	bool good = false;
	SCOPED(scoped_store_ctx) X509_STORE_CTX *ctx = run(authorities, NULL, a->x509, 0, &good);

	if (!ctx)
		return err_set(e, REASON_MEMORY, "no memory for a chain");
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_OK:
		X509_STORE_up_ref(authorities);
		a->store = authorities;
		return DONE;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		a->itself = true;
		a->store = X509_STORE_new();
		if (!a->store || X509_STORE_add_cert(a->store, a->x509) != 1)
			return err_set(e, REASON_MEMORY, "no memory for an authority");
		return DONE;
	default:
		return refuse(ctx, e);
	}
}

outcome trust_anchor_new(X509_STORE *authorities, const char *path, struct trust_anchor **out, struct err *e)
{
	SCOPED(trust_certificates_free) STACK_OF(X509) *list = NULL;
	SCOPED(trust_anchor_free) struct trust_anchor *a = calloc(1, sizeof(*a));

	TRY(trust_file_certificates(path, &list, e));
	if (!a)
		return err_set(e, REASON_MEMORY, "no memory for an authority");
	if (sk_X509_num(list) != 1)
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%s: holds several certificates", path);
	a->x509 = sk_X509_pop(list);
	if (X509_check_ca(a->x509) == 0)
		return err_set(e, REASON_CERT_USAGE, "%s: not the certificate of an authority", path);
	if (!find_footing(a, authorities, e).ok)
		return trust_file_failed(path, e);
	*out = a;
	a = NULL;
	return DONE;
}

void trust_anchor_free(struct trust_anchor **a)
{
	if (!*a)
		return;
	X509_STORE_free((*a)->store);
	X509_free((*a)->x509);
	free(*a);
	*a = NULL;
}
