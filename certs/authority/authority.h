/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority - a National Certification Authority for tests: makes a throw-away PKI and runs its services.
 *
 * One program of its own, beside the rooms: nothing of it is installed, and no room knows it. A folder holds
 * all it has: certificates and keys by name, the register of revocations, the troubles that are switched on.
 * Everything is read from the folder when it is needed, so that one command is seen by a running server at
 * once.
 * Spec: RFC 5280, 6960, 3161, 7292.
 */
#ifndef QAQPA_AUTHORITY_H
#define QAQPA_AUTHORITY_H

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/err.h"

/* authority_entity.c: who is in the PKI. */
enum authority_algorithm { ALGORITHM_GOST, ALGORITHM_RSA, ALGORITHM_EC, ALGORITHM_COUNT };
extern const char *const authority_algorithms[ALGORITHM_COUNT]; /* "gost" ... */

enum authority_key { KEY_ASKED, KEY_P256, KEY_P384, KEY_RSA_1024, KEY_RSA_2048, KEY_GOST_2004 };
enum authority_life { LIFE_AUTHORITY, LIFE_USUAL, LIFE_PAST, LIFE_FUTURE };

struct entity {
	const char *name;
	enum authority_key key;
	const char *issuer;   /* itself when self-signed */
	const char *profile;  /* section of authority_profile.c */
	const char *purposes; /* of extendedKeyUsage, or "" */
	const char *subject;  /* TYPE=value/TYPE=value; @ stands for the algorithm */
	enum authority_life life;
};
extern const struct entity authority_entities[]; /* issuers before what they issue; ends with a NULL name */
extern const char authority_listing[];           /* text for people */
const struct entity *entity_named(const char *name); /* NULL when there is none */
/* True when a PKI of the algorithm has it: GOST 2004 stands beside GOST 2015 alone. */
bool entity_belongs(const struct entity *who, enum authority_algorithm a);

/* An authority that has services, and who signs its OCSP answers. */
struct issuer_row {
	const char *name, *responder;
};
extern const struct issuer_row authority_issuers[]; /* ends with a NULL name */

/* authority_key.c */
MUST_USE outcome authority_key_make(enum authority_key kind, enum authority_algorithm a, EVP_PKEY **out, struct err *e);
const EVP_MD *authority_md(const EVP_PKEY *signer); /* the digest that belongs to the key */
static inline void scoped_key(EVP_PKEY **p) { EVP_PKEY_free(*p); }
static inline void scoped_certificate(X509 **p) { X509_free(*p); }

/* authority_certificate.c: a certificate in the profile of the entity, signed by `issuer` (NULL: by itself). */
struct identity {
	X509 *certificate;
	EVP_PKEY *key;
};
void identity_drop(struct identity *i); /* fit for SCOPED */
MUST_USE outcome authority_issue(const struct entity *who, enum authority_algorithm a, const char *url, EVP_PKEY *key,
	const struct identity *issuer, X509 **out, struct err *e);
X509_NAME *authority_name(const char *text, const char *word); /* authority_name.c; NULL when memory is short */
/* authority_profile.c: the extensions of `section`, as text of a configuration of OpenSSL. */
void authority_profile(struct buf *out, const struct entity *who, enum authority_algorithm a, const char *url);

/* authority_store.c */
char *path_of(const char *folder, const char *name, const char *ending); /* free; a lack of memory is a bug */
static inline void scoped_text(char **p) { free(*p); }
MUST_USE outcome store_write(const char *path, struct bytes octets, int mode, struct err *e);
MUST_USE outcome store_replace(const char *path, struct bytes octets, int mode, struct err *e); /* whole or not at all */
MUST_USE outcome store_add(const char *path, struct bytes line, struct err *e);     /* in one write */
MUST_USE outcome store_read(const char *path, struct buf *out, struct err *e);
MUST_USE outcome folder_parents(const char *path, struct err *e); /* makes what is missing above the path */
MUST_USE outcome folder_remove(const char *path, struct err *e);
MUST_USE outcome identity_save(const char *folder, const char *name, const struct identity *i, struct err *e);
MUST_USE outcome identity_load(const char *folder, const char *name, struct identity *out, struct err *e);

/* authority_pkcs12.c: the form in which the authority hands keys out. */
MUST_USE outcome authority_pkcs12(const struct identity *i, const char *password, struct buf *out, struct err *e);

/* authority_make.c */
MUST_USE outcome authority_make(const char *folder, enum authority_algorithm a, const char *url, bool force,
	struct err *e);

/* authority_register.c: what was revoked, line after line; nothing is ever taken out. */
struct revocation_event {
	int64_t ms;
	char issuer[32], serial[48]; /* serial in hex */
	int reason;                  /* of RFC 5280; OCSP_REVOKED_STATUS_REMOVEFROMCRL: valid again */
};
struct revocation_register {
	int64_t base_ms; /* delta CRLs say what changed since then */
	struct revocation_event *events;
	size_t count;
};
void register_free(struct revocation_register *r); /* fit for SCOPED */
MUST_USE outcome register_read(const char *folder, struct revocation_register *out, struct err *e);
/* The revocation in force at `at_ms`; NULL: not revoked. */
const struct revocation_event *register_state(
	const struct revocation_register *r, const char *issuer, const char *serial, int64_t at_ms);
MUST_USE outcome register_begin(const char *folder, int64_t base_ms, struct err *e);
MUST_USE outcome register_add(const char *folder, const char *name, int reason, int64_t ms, struct err *e);
/* Refuses what RFC 5280 does not know: only a hold is lifted. */
MUST_USE outcome register_revoke(const char *folder, const char *name, const char *reason, struct err *e);
MUST_USE outcome register_unrevoke(const char *folder, const char *name, struct err *e);
char *serial_text(const ASN1_INTEGER *serial); /* hex; free */
int64_t now_ms(void);

/* authority_trouble.c: what a service does wrong on purpose. */
enum service { SERVICE_OCSP, SERVICE_CRL, SERVICE_DELTA, SERVICE_TSP, SERVICE_CA, SERVICE_COUNT };
enum trouble {
	TROUBLE_NONE, TROUBLE_DOWN, TROUBLE_SLOW, TROUBLE_EMPTY, TROUBLE_LATER, TROUBLE_REFUSED, TROUBLE_NO_NONCE,
	TROUBLE_WRONG_NONCE, TROUBLE_WRONG_SIGNER, TROUBLE_FORGED, TROUBLE_STALE, TROUBLE_OTHER, TROUBLE_LAGGING,
	TROUBLE_COUNT
};
enum trouble trouble_read(const char *folder, enum service s, int *ms);
MUST_USE outcome trouble_write(const char *folder, const char *service, const char *trouble, const char *ms,
	struct err *e);
void trouble_list(struct buf *out);

/* The services: the octets of an answer. A failure is one of the authority, not of the question. */
struct authority {
	const char *folder;
	int next_s; /* from thisUpdate to nextUpdate */
};
MUST_USE outcome authority_ocsp(const struct authority *a, enum trouble t, struct bytes question, struct buf *out,
	struct err *e);
MUST_USE outcome authority_crl(const struct authority *a, enum trouble t, const char *issuer, bool delta, struct buf *out,
	struct err *e);
MUST_USE outcome authority_tsp(const struct authority *a, enum trouble t, struct bytes question, struct buf *out,
	struct err *e);

/* authority_serve.c: until SIGTERM or SIGINT. */
MUST_USE outcome authority_serve(const struct authority *a, const char *host, int port, const char *port_file,
	struct err *e);

/* REASON_INTERNAL with what OpenSSL says. */
outcome openssl_failed(struct err *e, const char *what);

#endif
