/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate - certificates as people read them, and requests for new ones, for commands. Nothing here is judged and
 * nothing here is on the message path.
 * Spec: RFC 2986, RFC 5280; the profile of the National Certification Authority. */
#ifndef QAQPA_TRUST_CERTIFICATE_H
#define QAQPA_TRUST_CERTIFICATE_H

#include "trust/trust.h"

/* Texts lie in the pool. */
struct cert_view {
	struct trust_subject who;
	const char *subject, *issuer; /* RFC 2253 */
	const char *serial;           /* decimal */
	unsigned char sha256[32];
	unsigned char name[32];       /* stands for issuer and serial number in a list of blocked certificates */
	char print[65], sha1[41];     /* digests of the DER, hex */
	const char *ski;              /* subject key identifier, hex; NULL when absent */
	const char *key;              /* RSA 2048, EC P-256, GOST 34.10-2015 512 */
	const char *signature;        /* algorithm of the authority's signature */
	struct conf_names usage;      /* keyUsage, its names in RFC 5280; empty when absent */
	int64_t not_before_ms, not_after_ms; /* 0: the date cannot be read */
	bool authority;
};
/* The certificates of a PEM file, or the one of a DER file. Fails with REASON_IO or REASON_SEC_TOKEN_BROKEN. */
MUST_USE outcome cert_views_read(
	struct pool *pool, const char *path, const struct cert_view **out, size_t *n, struct err *e);
/* Of the octets of one. */
MUST_USE outcome cert_view_read(struct pool *pool, struct bytes der, struct cert_view *out, struct err *e);

/* What an object identifier of extendedKeyUsage or certificatePolicies means; NULL when the table has no row. */
const char *cert_oid_name(const char *dotted);

/* Kinds of keys that can be made. */
enum cert_new_key { CERT_RSA_2048, CERT_RSA_3072, CERT_RSA_4096, CERT_EC_P256, CERT_EC_P384, CERT_GOST_2015, CERT_NEW_KEYS };
const char *cert_new_key_name(enum cert_new_key k); /* rsa-2048 ... */

struct cert_request {
	/* the key: one of the configuration that trust has taken, or a new one, written to a file that is not there yet */
	const struct trust_key *own;
	enum cert_new_key kind;
	const char *key_path;
	const char *password_file; /* the new key is encrypted with its first line; NULL: it is not */
	/* the subject, in the profile's order; NULL: left out */
	const char *common_name, *surname, *iin, *country, *organisation, *bin, *patronymic;
	struct conf_names purposes; /* extendedKeyUsage that is asked for */
};
/* PKCS#10 in PEM, appended to `out`. The file of a new key has mode 0600 and is whole or not there. Fails with
 * REASON_KEY_USELESS, REASON_IO or REASON_USAGE. */
MUST_USE outcome cert_request_make(const struct cert_request *r, struct buf *out, struct err *e);

#endif
