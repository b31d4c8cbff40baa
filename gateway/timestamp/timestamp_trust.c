/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timestamp_trust - whom a token may rest on.
 * Promise:  the configured certificates alone, each trusted as itself (a signer, or an authority above it), and judged at
 *           the moment that the token names: a token stays good when its signer has expired since.
 * Spec:     RFC 3161 section 2.3 (the critical usage timeStamping), RFC 5280 section 6.1. */
#include <errno.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "timestamp/timestamp_int.h"

static void free_bio(BIO **b)
{
	BIO_free(*b);
}

static void free_store(X509_STORE **s)
{
	X509_STORE_free(*s);
}

static void free_list(STACK_OF(X509) **list)
{
	sk_X509_pop_free(*list, X509_free);
}

static void free_context(TS_VERIFY_CTX **c)
{
	TS_VERIFY_CTX_free(*c);
}

static bool add(X509_STORE *store, STACK_OF(X509) *list, X509 *x)
{
	if (sk_X509_push(list, x) > 0)
		return X509_STORE_add_cert(store, x) == 1;
	X509_free(x);
	return false;
}

/* All certificates of PEM, or the one of DER. */
static outcome read_authority(const char *path, X509_STORE *store, STACK_OF(X509) *list, struct err *e)
{
	SCOPED(free_bio) BIO *in = BIO_new_file(path, "r");
	int before = sk_X509_num(list);
	X509 *x;

	if (!in)
		return err_set(e, REASON_STAMP_REFUSED, "authority %s: %s", path, strerror(errno));
	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		if (!add(store, list, x))
			return err_set(e, REASON_MEMORY, "authority %s", path);
	}
	if (sk_X509_num(list) > before)
		return DONE;
	if (BIO_reset(in) != 0 || !(x = d2i_X509_bio(in, NULL)))
		return err_set(e, REASON_STAMP_REFUSED, "authority %s: no certificate", path);
	return add(store, list, x) ? DONE : err_set(e, REASON_MEMORY, "authority %s", path);
}

static outcome read_all(const char *const *authorities, size_t count, X509_STORE *store, STACK_OF(X509) *list,
	struct err *e)
{
	if (!store || !list)
		return err_set(e, REASON_MEMORY, "authorities of time-stamps");
	for (size_t i = 0; i < count; i++)
		TRY(read_authority(authorities[i], store, list, e));
	ERR_clear_error(); /* the end of each file was one */
	return DONE;
}

outcome timestamp_authorities(const char *const *authorities, size_t authority_count, struct err *e)
{
	SCOPED(free_store) X509_STORE *store = X509_STORE_new();
	SCOPED(free_list) STACK_OF(X509) *list = sk_X509_new_null();

	return read_all(authorities, authority_count, store, list, e);
}

static TS_VERIFY_CTX *context_new(TS_REQ *asked)
{
	TS_VERIFY_CTX *c = asked ? TS_REQ_to_TS_VERIFY_CTX(asked, NULL) : TS_VERIFY_CTX_new();

	if (c && !asked)
		TS_VERIFY_CTX_set_flags(c, TS_VFY_VERSION);
	if (c)
		TS_VERIFY_CTX_add_flags(c, TS_VFY_SIGNATURE | TS_VFY_SIGNER);
	return c;
}

outcome timestamp_trust(const char *const *authorities, size_t count, const TS_TST_INFO *info, TS_REQ *asked,
	TS_VERIFY_CTX **out, struct err *e)
{
	SCOPED(free_store) X509_STORE *store = X509_STORE_new();
	SCOPED(free_list) STACK_OF(X509) *list = sk_X509_new_null();
	SCOPED(free_context) TS_VERIFY_CTX *c = context_new(asked);
	int64_t ms;

	if (!c)
		return err_set(e, REASON_MEMORY, "authorities of time-stamps");
	TRY(timestamp_info_time(info, &ms, e));
	TRY(read_all(authorities, count, store, list, e));
	X509_VERIFY_PARAM_set_flags(X509_STORE_get0_param(store), X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(ms / 1000));
	TS_VERIFY_CTX_set_store(c, store);
	TS_VERIFY_CTX_set_certs(c, list); /* for tokens that come without the signer's certificate */
	store = NULL;
	list = NULL;
	*out = c;
	c = NULL;
	return DONE;
}
