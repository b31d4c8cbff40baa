/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_pkcs12 - a key and its certificate in one file, in the form of the National Certification
 * Authority: key bag 3DES, certificate bag RC2-40, MAC HMAC-SHA1, 1024 iterations; localKeyID is the subject
 * key identifier, friendlyName the same in hex; no chain.
 * Spec:     RFC 7292. PKCS12_create would take the digest of the certificate as localKeyID. */
#include <openssl/pkcs12.h>

#include "authority.h"

#define ITERATIONS 1024
#define SALT_OCTETS 20

static inline void scoped_p12(PKCS12 **p) { PKCS12_free(*p); }
static inline void scoped_bags(STACK_OF(PKCS12_SAFEBAG) **p) { sk_PKCS12_SAFEBAG_pop_free(*p, PKCS12_SAFEBAG_free); }
static inline void scoped_safes(STACK_OF(PKCS7) **p) { sk_PKCS7_pop_free(*p, PKCS7_free); }

static bool name_bag(PKCS12_SAFEBAG *bag, const ASN1_OCTET_STRING *id)
{
	SCOPED(buf_free) struct buf hex = BUF(128);

	buf_hex(&hex, (struct bytes){id->data, (size_t)id->length});
	return bag && buf_ok(&hex) && PKCS12_add_localkeyid(bag, id->data, id->length) == 1 &&
		PKCS12_add_friendlyname_utf8(bag, buf_cstr(&hex), (int)hex.len) == 1;
}

static bool add_key(STACK_OF(PKCS7) **safes, const struct identity *i, const ASN1_OCTET_STRING *id, const char *password)
{
	SCOPED(scoped_bags) STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	PKCS12_SAFEBAG *bag = PKCS12_add_key(&bags, i->key, 0, ITERATIONS, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, password);

	return name_bag(bag, id) && PKCS12_add_safe(safes, bags, -1, 0, NULL) == 1;
}

static bool add_certificate(STACK_OF(PKCS7) **safes, const struct identity *i, const ASN1_OCTET_STRING *id,
	const char *password)
{
	SCOPED(scoped_bags) STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	PKCS12_SAFEBAG *bag = PKCS12_add_cert(&bags, i->certificate);

	return name_bag(bag, id) &&
		PKCS12_add_safe(safes, bags, NID_pbe_WithSHA1And40BitRC2_CBC, ITERATIONS, password) == 1;
}

outcome authority_pkcs12(const struct identity *i, const char *password, struct buf *out, struct err *e)
{
	SCOPED(scoped_safes) STACK_OF(PKCS7) *safes = NULL;
	SCOPED(scoped_p12) PKCS12 *p12 = NULL;
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(i->certificate);
	unsigned char *to;
	int n;

	if (!id || !add_key(&safes, i, id, password) || !add_certificate(&safes, i, id, password))
		return openssl_failed(e, "PKCS#12");
	p12 = PKCS12_add_safes(safes, 0);
	if (!p12 || PKCS12_set_mac(p12, password, -1, NULL, SALT_OCTETS, ITERATIONS, EVP_sha1()) != 1)
		return openssl_failed(e, "PKCS#12");
	n = i2d_PKCS12(p12, NULL);
	to = n > 0 ? buf_reserve(out, (size_t)n) : NULL;
	if (!to || i2d_PKCS12(p12, &to) != n)
		return openssl_failed(e, "PKCS#12");
	buf_grown(out, (size_t)n);
	return DONE;
}
