/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust - certificates and keys: whose is this certificate, may it sign now, and our own keys by name.
 *
 * Trust comes from configuration alone: pinned certificates, or an authority plus the BIN or IIN in the
 * subject. What a message carries is only ever looked up here. A decision is made once per certificate (key:
 * SHA-256 of the DER) and answered from memory afterwards; validity in time is checked at every look-up.
 * Which certificates may sign what is said by rules (trust_rule_holds).
 * Not here: revocation; the arithmetic of the national algorithms (crypto), which trust_new starts.
 */
#ifndef QAQPA_TRUST_TRUST_H
#define QAQPA_TRUST_TRUST_H

#include "base/clock.h"
#include "conf/conf.h"

struct evp_pkey_st;

/* Digest and signature algorithms of XML signatures that this build knows. The rows carry the identifiers. */
enum digest { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGEST_SHA1, DIGEST_GOST_2015, DIGEST_GOST_LEGACY,
	DIGEST_COUNT };
enum signature {
	SIGNATURE_RSA_SHA256,
	SIGNATURE_RSA_SHA384,
	SIGNATURE_RSA_SHA512,
	SIGNATURE_ECDSA_SHA256,
	SIGNATURE_ECDSA_SHA384,
	SIGNATURE_RSA_SHA1,
	SIGNATURE_GOST_2015,
	SIGNATURE_GOST_LEGACY,
	SIGNATURE_COUNT
};
enum key_kind { KEY_RSA, KEY_EC, KEY_GOST, KEY_GOST_LEGACY };
/* What is only used where a profile says so; a bit each. */
enum legacy { LEGACY_NONE = 0, LEGACY_SHA1 = 1, LEGACY_GOST = 2 };
struct digest_row {
	const char *name;       /* sha256 */
	const char *uri;        /* http://www.w3.org/2001/04/xmlenc#sha256 */
	const char *other_uri;  /* non-standard spelling read as the same, or NULL */
	size_t size;
	enum legacy legacy;
};
struct signature_row {
	const char *name;       /* rsa-sha256 */
	const char *uri, *other_uri;
	enum digest digest;
	enum key_kind key;
	enum legacy legacy;
};
const struct digest_row *digest_row(enum digest d);
const struct signature_row *signature_row(enum signature s);
/* By URI (either spelling; whole string); DIGEST_COUNT or SIGNATURE_COUNT when unknown. */
enum digest digest_by_uri(const char *uri);
enum signature signature_by_uri(const char *uri);
enum signature signature_by_name(const char *name);

/* What a certificate says of its subject, by the profile of the National Certification Authority. Texts are UTF-8, NULL
 * when absent; the numbers are personal and stand in no log and no detail. */
struct trust_subject {
	unsigned kind;                  /* a bit of enum conf_subject, by the numbers; 0: it has none, or two of a kind */
	const char *iin, *bin;          /* 12 digits */
	const char *common_name, *surname;
	const char *patronymic;         /* stands in GN */
	const char *organisation;
	struct conf_names dc;           /* as written */
	struct conf_names purposes;     /* extendedKeyUsage, dotted */
	struct conf_names policies;     /* certificatePolicies, dotted */
	bool signature, non_repudiation; /* keyUsage, which must be there */
};

/* A certificate that was decided on. Lives as long as its trust; immutable. */
struct trust_cert {
	unsigned char sha256[32];
	char print[65];                 /* hex of sha256 */
	struct bytes der;
	const struct conf_participant *participant; /* owner */
	struct evp_pkey_st *key;
	enum key_kind key_kind;
	int64_t not_before_ms, not_after_ms;
	const char *subject, *issuer;   /* RFC 2253, UTF-8 */
	const char *serial;             /* decimal */
	struct trust_subject who;
};

/* Does the certificate satisfy every demand of the rule? `sender_bin` is the BIN of the sender, NULL when nobody knows
 * it. Fails with REASON_CERT_ROLE; the detail names the demand and the rule, and no number of a person or organisation.
 * Pure. */
MUST_USE outcome trust_rule_holds(const struct trust_cert *c, const struct conf_rule *rule, const char *sender_bin,
	struct err *e);

/* An own key with its certificate. Lives as long as its trust; signing is safe from any thread. */
struct trust_key {
	const struct conf_key *conf;
	struct evp_pkey_st *key;        /* the public half alone where another process keeps the keys */
	enum key_kind key_kind;
	struct bytes der;               /* of the certificate */
	const char *base64;             /* of the DER, one line */
	char print[65];
	const char *subject, *issuer;   /* RFC 2253 */
	const char *serial;             /* decimal */
	int64_t not_before_ms, not_after_ms;
	enum signature usual;           /* algorithm when none is named: rsa-sha256, ecdsa by curve, gost by kind */
};

struct trust;

struct trust *trust_new(void);
/* Before the first key: keys are not read here but kept by the process behind the socket. Fails as keeper_open. */
MUST_USE outcome trust_add_keeper(struct trust *t, const char *socket, struct err *e);
void trust_free(struct trust **t); /* fit for SCOPED; nobody may use what it gave any more */

/* Building; single thread, before the first look-up, authorities first. Fail with REASON_CERT_*,
 * REASON_KEY_USELESS, REASON_IO or REASON_SEC_TOKEN_BROKEN, the file named. The conf objects must outlive
 * the trust. A pinned certificate is trusted as itself, whoever issued it. With `issuer`, the numbers in
 * the subject must be exactly the participant's bin and iin: the certificate of an employee carries both
 * and does not speak for the organisation. The issuer rests on the authorities when its root is among
 * them, else on itself. A key file that others may read is refused. */
MUST_USE outcome trust_add_authority(struct trust *t, const char *pem_path, struct err *e);
MUST_USE outcome trust_add_participant(struct trust *t, const struct conf_participant *p, struct err *e);
MUST_USE outcome trust_add_key(struct trust *t, const struct conf_key *k, struct err *e);
/* The list of what the operator has blocked (blocks.h). From then on each look-up of such a certificate fails with
 * REASON_CERT_BLOCKED and signing with such a key with REASON_KEY_BLOCKED, within a second after the file was changed. */
MUST_USE outcome trust_add_blocks(struct trust *t, const char *path, struct err *e);
/* All of a configuration; every failure becomes a problem with its line; certificates near their end a
 * warning. NULL when there was an error. */
struct trust *trust_load(const struct conf *c, struct conf_problems *problems);

/* The first line of a file of passwords, which is its user's alone, or of a credential of the service manager; not empty,
 * and a NUL stands behind it. Fails with REASON_KEY_USELESS. */
MUST_USE outcome trust_secret_read(const char *name, struct buf *out, struct err *e);
/* The one certificate of a PEM or DER file, as DER, appended. Fails with REASON_IO or REASON_SEC_TOKEN_BROKEN. */
MUST_USE outcome trust_certificate_read(const char *path, struct buf *der, struct err *e);

/* Look-ups on the message path; any thread. `now` decides validity. Give: a decided certificate. Fail with
 * REASON_CERT_* (CERT_UNKNOWN: neither pinned nor issued by a trusted authority; CERT_OWNER: trusted
 * issuer but nobody's number), REASON_SEC_TOKEN_BROKEN for DER that is not exactly one certificate,
 * REASON_SEC_TOKEN_UNKNOWN when a reference names nothing in the store. */
MUST_USE outcome trust_find_der(
	struct trust *t, struct bytes der, int64_t now_ms, const struct trust_cert **out, struct err *e);
/* The same for the DER in base64. A text that was met before is not decoded again. */
MUST_USE outcome trust_find_base64(
	struct trust *t, struct bytes text, int64_t now_ms, const struct trust_cert **out, struct err *e);
/* For signatures of persons inside data: any certificate that an authority issued, or an issuer that rests on one, with
 * the same demands on chain, validity, usage and quality; and pinned ones. Its participant is NULL when it is nobody's.
 * What was found lives two hours at least. Fails as
 * trust_find_der, and with REASON_MEMORY when thousands of new ones come within that time. */
MUST_USE outcome trust_find_signer(
	struct trust *t, struct bytes der, int64_t now_ms, const struct trust_cert **out, struct err *e);
/* `issuer` in RFC 2253 text as in ds:X509IssuerName, compared by decoded attributes, in either order;
 * decimal serial. */
MUST_USE outcome trust_find_issuer_serial(struct trust *t, struct bytes issuer, struct bytes serial,
	int64_t now_ms, const struct trust_cert **out, struct err *e);
/* Subject key identifier (raw octets) among pinned and already met certificates. */
MUST_USE outcome trust_find_ski(
	struct trust *t, struct bytes ski, int64_t now_ms, const struct trust_cert **out, struct err *e);

/* Calls `each` for every certificate of a participant, the pinned ones and those that were met. Any thread; `each` must
 * not look up. */
void trust_each(struct trust *t, void (*each)(void *ctx, const struct trust_cert *c), void *ctx);

/* By configured name; NULL when absent. */
const struct trust_key *trust_key_named(const struct trust *t, const char *name);
/* The key that signs at `now_ms` for those who name this one: itself, or its successor from that one's moment on. */
const struct trust_key *trust_key_at(const struct trust *t, const char *name, int64_t now_ms);

/* Signs the octets; gives the value in XML form (RSA PKCS#1 v1.5; ECDSA r||s, RFC 4050; GOST r||s,
 * little-endian), appended to `out`. Fails with REASON_KEY_USELESS. Any thread; contexts are prepared once per key. */
MUST_USE outcome trust_sign(const struct trust_key *k, enum signature s, struct bytes octets, struct buf *out,
	struct err *e);
/* The same for octets whose digest is known already; it must be as long as the algorithm's. Where another process keeps the
 * keys it waits for that one, and fails with REASON_KEY_KEEPER too. */
MUST_USE outcome trust_sign_digest(const struct trust_key *k, enum signature s, struct bytes digest, struct buf *out,
	struct err *e);
/* Verifies such a value. Fails with REASON_SEC_VALUE. */
MUST_USE outcome trust_verify(
	const struct trust_cert *c, enum signature s, struct bytes octets, struct bytes value, struct err *e);

/* Incremental digest, context kept per thread: begin, add any number of times, end. One at a time per
 * thread. */
void digest_begin(enum digest d);
bool digest_add(void *unused, const void *data, size_t n); /* fits envelope_canonical's sink; always true */
size_t digest_end(unsigned char out[64]);
/* SHA-256 in one call. */
void sha256(struct bytes octets, unsigned char out[32]);

/* Password against a crypt(5) hash (yescrypt and kin). The last good one per hash is remembered as a keyed
 * digest, so that only the first call pays the hash's price. Any thread. */
bool password_fits(const char *hash, struct bytes password);
/* A fresh yescrypt hash for `qaqpa hash-password`. */
MUST_USE outcome password_hash(struct bytes password, char out[384], struct err *e);

#endif
