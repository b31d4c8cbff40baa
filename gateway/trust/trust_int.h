/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_int - what the files of the room share. Nothing here is seen by other rooms.
 *
 * How a look-up goes: trust_store.c asks the table (trust_table.c) for a decided entry; without one
 * trust_issued.c decides: chain (trust_chain.c), quality (trust_check.c), number in the subject
 * (trust_name.c), owner.
 */
#ifndef QAQPA_TRUST_INT_H
#define QAQPA_TRUST_INT_H

#include <pthread.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "keeper/keeper.h"
#include "trust/trust.h"

/* Closers for SCOPED. */
static inline void scoped_x509(X509 **p) { X509_free(*p); }
static inline void scoped_pkey(EVP_PKEY **p) { EVP_PKEY_free(*p); }
static inline void scoped_pkey_ctx(EVP_PKEY_CTX **p) { EVP_PKEY_CTX_free(*p); }
static inline void scoped_bio(BIO **p) { BIO_free(*p); }
static inline void scoped_text(char **p) { OPENSSL_free(*p); }

/* --- digests (trust_digest.c) --- */

/* The fetched algorithm, kept for the life of the process. */
const EVP_MD *digest_md(enum digest d);
/* Digest in one call; the octets written are returned. Does not disturb a begun incremental digest. */
size_t digest_once(enum digest d, struct bytes octets, unsigned char out[64]);
/* The same of several parts, one behind the other. */
size_t digest_parts(enum digest d, const struct bytes *part, size_t n, unsigned char out[64]);

/* --- prepared keys (trust_sign.c) --- */

/* A context for every algorithm that fits the key, made once; each use works on a duplicate, so that no
 * thread fetches algorithms or waits for another. False when OpenSSL cannot serve the key. */
struct prepared {
	EVP_PKEY_CTX *ctx[SIGNATURE_COUNT];
	size_t half; /* octets of r and of s of ECDSA, whose values OpenSSL wraps; 0 for the others */
};
MUST_USE bool prepared_for(struct prepared *p, EVP_PKEY *key, enum key_kind kind, bool sign);
void prepared_drop(struct prepared *p);

/* --- names (trust_name.c, trust_name_text.c) --- */

#define TRUST_NAME_PARTS 32

/* A distinguished name as attributes: type and value, decoded and folded. Their order is not kept in mind. */
struct trust_name {
	struct buf text;
	struct {
		size_t from, to;
	} part[TRUST_NAME_PARTS];
	size_t n;
};
#define TRUST_NAME ((struct trust_name){.text = BUF(16384)})
void trust_name_free(struct trust_name *n); /* fit for SCOPED */
/* Takes one attribute: dotted type, value in UTF-8. False when there are too many. */
MUST_USE bool trust_name_add(struct trust_name *n, const char *type, struct bytes value);
/* False when an attribute is no text or holds control characters. */
MUST_USE bool trust_name_of(struct trust_name *n, const X509_NAME *name);
/* From RFC 2253 or 4514 text. Fails with REASON_SEC_TOKEN_UNKNOWN. */
MUST_USE outcome trust_name_read(struct trust_name *n, struct bytes text, struct err *e);
/* The same 32 octets for the same attributes and serial number. */
void trust_name_key(const struct trust_name *n, struct bytes serial, unsigned char key[32]);
/* RFC 2253 text in UTF-8; free(). NULL when memory is short. */
char *trust_name_text(const X509_NAME *name);
/* Decimal; free(). NULL when memory is short. */
char *trust_serial_text(X509 *x);

/* The value of an attribute in UTF-8; free it with OPENSSL_free. NULL when it is no text, hides a NUL or
 * holds control characters: such names are read differently by different programs. */
char *trust_entry_text(const X509_NAME_ENTRY *entry, struct bytes *out);
/* Its type, dotted. */
MUST_USE bool trust_entry_type(const X509_NAME_ENTRY *entry, char type[80]);

/* Registration numbers of a subject; empty when absent. */
struct trust_numbers {
	char bin[13], iin[13];
};
/* False when the subject names two different numbers of one kind. */
MUST_USE bool trust_numbers_of(struct trust_numbers *n, const X509_NAME *name);

/* --- subjects (trust_subject.c) --- */

/* Decodes what the certificate says of its subject; all of it lies in the pool. False when memory is short. */
MUST_USE bool trust_subject_of(struct trust_subject *s, struct pool *pool, X509 *x);

/* --- files (trust_file.c) --- */

/* The certificates of a PEM file, or the one of a DER file; at least one. Fails with REASON_IO or
 * REASON_SEC_TOKEN_BROKEN. */
MUST_USE outcome trust_file_certificates(const char *path, STACK_OF(X509) **out, struct err *e);
void trust_certificates_free(STACK_OF(X509) **list); /* fit for SCOPED */
#define TRUST_FILE_OCTETS ((size_t)1 << 20)
#define TRUST_OTHERS (S_IRWXG | S_IRWXO)
/* The whole file, appended. A file with one of the `forbidden` mode bits is refused. Fails with REASON_KEY_USELESS where
 * some are forbidden, else with REASON_IO. */
MUST_USE outcome trust_file_read(const char *path, mode_t forbidden, struct buf *out, struct err *e);
/* Exactly one certificate, or REASON_SEC_TOKEN_BROKEN. */
MUST_USE outcome trust_der_read(struct bytes der, X509 **out, struct err *e);
/* The DER of a certificate, appended; its SHA-256. Fails with REASON_MEMORY. */
MUST_USE outcome trust_der_write(const X509 *x, struct buf *out, unsigned char digest[32], struct err *e);
/* Puts the file's name before the detail; FAILED. */
outcome trust_file_failed(const char *path, struct err *e);

/* --- private keys (trust_source.c, trust_token.c) --- */

struct engine_st;

/* What an own key is made of. */
struct trust_source {
	X509 *x509;
	EVP_PKEY *secret;
	struct engine_st *token; /* the token must stay open as long as its key is used; NULL: no token */
};
/* Reads key and certificate from where the configuration says. Nobody is ever asked for a password. Fails with
 * REASON_KEY_USELESS. */
MUST_USE outcome trust_source_read(const struct conf_key *k, struct trust_source *out, struct err *e);
void trust_source_drop(struct trust_source *s); /* fit for SCOPED */
/* How the source is called in messages: path or URI. */
const char *trust_source_name(const struct conf_key *k);
/* The certificates of the file, the first of them is given. Fails with REASON_KEY_USELESS. */
MUST_USE outcome trust_source_certificate(const char *path, X509 **out, struct err *e);
/* Opens the token of the key, by threads of a process that will not fork any more. */
MUST_USE outcome trust_token_read(const struct conf_key *k, struct trust_source *out, struct err *e);
void trust_token_close(struct engine_st **token);

/* --- quality (trust_check.c) --- */

/* Usage, strength and form of an end-entity certificate, whoever issued it; `allowed`: bits of enum legacy, what
 * it may hold or be signed with beside today's algorithms. Gives the kind of its key. Fails with
 * REASON_CERT_USAGE, REASON_CERT_WEAK or, for names that hide something, REASON_CERT_OWNER. */
MUST_USE outcome trust_check(X509 *x, unsigned allowed, enum key_kind *kind, struct err *e);
/* What the profile of the participant allows; NULL: nothing. */
unsigned trust_allowed(const struct conf_participant *p);

struct trust_period {
	int64_t from_ms, until_ms; /* both inclusive, whole seconds */
};
/* Narrows the period by the certificate's; false when its dates cannot be read. */
MUST_USE bool trust_period_narrow(struct trust_period *p, const X509 *x);
/* Fails with REASON_CERT_EXPIRED. */
MUST_USE outcome trust_period_holds(const struct trust_period *p, int64_t now_ms, struct err *e);

/* --- chains (trust_chain.c) --- */

/* A certificate of a CA that participants name as their issuer, and what it rests on. */
struct trust_anchor {
	X509 *x509;
	X509_STORE *store;      /* what is trusted: all authorities, or this certificate alone */
	bool itself;            /* the store holds this certificate alone */
	struct trust_anchor *next;
};
/* Verifies `x` against the authorities alone; gives the period in which all of the chain is valid. Fails with
 * REASON_CERT_UNKNOWN, REASON_CERT_WEAK or REASON_CERT_USAGE. */
MUST_USE outcome trust_chain_authorities(
	X509_STORE *authorities, X509 *x, struct trust_period *period, struct err *e);
/* Verifies that the anchor issued `x`; otherwise as above. */
MUST_USE outcome trust_chain_anchor(const struct trust_anchor *a, X509 *x, struct trust_period *period,
	struct err *e);
/* The anchor of a certificate file, resting on the authorities when its root is among them. Fails with
 * REASON_CERT_*, REASON_IO or REASON_SEC_TOKEN_BROKEN. */
MUST_USE outcome trust_anchor_new(X509_STORE *authorities, const char *path, struct trust_anchor **out,
	struct err *e);
void trust_anchor_free(struct trust_anchor **a); /* fit for SCOPED */

/* --- entries and their table (trust_table.c) --- */

enum trust_index { INDEX_DER, INDEX_NAME, INDEX_SKI, INDEX_COUNT };

struct trust_link {
	unsigned char key[32];
	struct trust_entry *entry; /* NULL: not linked */
	struct trust_link *next;
};

struct trust_entry {
	struct trust_cert cert; /* first, so that the public part leads back here */
	X509 *x509;
	char *subject, *issuer, *serial;
	struct pool *pool;          /* of cert.who, cert.der and base64 */
	bool exact;                 /* cert.der are the octets that were decided on */
	struct bytes base64;        /* in one line, as nearly everybody sends it; empty: no text leads here */
	struct prepared verify;
	struct trust_period period; /* of the certificate and of those that vouch for it */
	struct trust_link link[INDEX_COUNT];
	struct trust_entry *next;
	int64_t retired_ms;         /* of the monotonic clock (trust_signers.c) */
};

/* An entry that owns `x` from now on, failure included; checked by trust_check. Fails with REASON_CERT_*
 * or REASON_MEMORY. */
MUST_USE outcome trust_entry_new(X509 *x, const unsigned char digest[32],
	const struct conf_participant *owner, unsigned allowed, struct trust_entry **out, struct err *e);
void trust_entry_free(struct trust_entry **en); /* fit for SCOPED */

#define TRUST_BUCKETS 4096
#define TRUST_ISSUED_MOST 4096

struct trust_table {
	pthread_rwlock_t lock;
	struct trust_link *bucket[TRUST_BUCKETS];
	struct trust_entry *text[TRUST_BUCKETS]; /* each place has the one that came last */
	struct trust_entry *entries;
	size_t issued; /* entries that were decided on the message path */
};
void trust_table_init(struct trust_table *t);
void trust_table_drop(struct trust_table *t);
/* By SHA-256 of the DER; NULL when absent. */
const struct trust_entry *trust_table_der(struct trust_table *t, const unsigned char digest[32]);
/* By its text in base64; NULL when absent, or where another took its place: whoever decodes the text finds it. */
const struct trust_entry *trust_table_base64(struct trust_table *t, struct bytes text);
/* The entry for the key that is valid at `now_ms`. Fails with REASON_SEC_TOKEN_UNKNOWN when there is none
 * or the valid ones have several owners, with REASON_CERT_EXPIRED when none is valid. */
MUST_USE outcome trust_table_pick(struct trust_table *t, const unsigned char key[32], int64_t now_ms,
	const struct trust_entry **out, struct err *e);
/* Adds the entry or, when another thread was faster, frees it; gives the one in the table. `bounded`:
 * counts against the bound of decisions made on the message path, and fails with REASON_MEMORY at it. */
MUST_USE outcome trust_table_add(struct trust_table *t, struct trust_entry **en, bool bounded,
	const struct trust_entry **out, struct err *e);
/* Index key of a subject key identifier. */
void trust_ski_key(struct bytes ski, unsigned char key[32]);
/* SHA-256 as text. */
void trust_print(const unsigned char digest[32], char out[65]);

/* --- certificates of persons and their table (trust_signers.c) --- */

#define TRUST_SIGNERS_MOST 4096
#define TRUST_RETIRED_FOR_MS (INT64_C(2) * 60 * 60 * 1000) /* longer than any message is in hand */

struct trust_fifo {
	struct trust_entry *oldest, *newest;
	size_t n;
};

/* At most `most` are found and as many again wait for their end: nobody holds the retired any more after a while. */
struct trust_signers {
	pthread_rwlock_t lock;
	struct trust_link *bucket[TRUST_BUCKETS];
	struct trust_fifo known, retired;
	size_t most;
};
void trust_signers_init(struct trust_signers *s, size_t most);
void trust_signers_drop(struct trust_signers *s);
/* By SHA-256 of the DER; NULL when absent. */
const struct trust_entry *trust_signers_find(struct trust_signers *s, const unsigned char digest[32]);
/* Adds the entry or, when another thread was faster, frees it; gives the one in the table. At the bound the one that came
 * first makes room. Fails with REASON_MEMORY when too many were retired of late. */
MUST_USE outcome trust_signers_add(struct trust_signers *s, struct trust_entry **en, int64_t mono,
	const struct trust_entry **out, struct err *e);

/* --- what the operator has blocked (trust_blocks.c) --- */

struct trust_blocks;
/* Fails with REASON_CONFIG or REASON_IO: what cannot be read must not count as empty. */
MUST_USE outcome trust_blocks_open(const char *path, struct trust_blocks **out, struct err *e);
void trust_blocks_close(struct trust_blocks **b);
/* Looks whether the file has changed, and reads it then. One thread at a time; trust_blocks_check does it twice a second. */
void trust_blocks_look(struct trust_blocks *b, int64_t mono);
/* Fails with `reason` when the certificate is in the list; `name` stands for issuer and serial number (trust_name_key).
 * `b` may be NULL. Any thread. */
MUST_USE outcome trust_blocks_check(struct trust_blocks *b, const unsigned char sha256[32], const unsigned char name[32],
	enum reason reason, struct err *e);

/* --- the whole --- */

/* A participant that is known by issuer and number. */
struct trust_member {
	const struct conf_participant *participant;
	const struct trust_anchor *anchor;
	struct trust_member *next;
};

/* An own key (trust_key.c). */
struct trust_own {
	struct trust_key key; /* first, so that the public part leads back here */
	struct trust_source source;
	char *subject, *issuer, *serial;
	struct buf der, base64;
	struct prepared sign;
	bool kept;                  /* by the trust's keeper: there is no private key here */
	const struct trust *trust;  /* for its keeper, and for what is blocked */
	unsigned char sha256[32], name[32];
	struct trust_own *next;
};

struct trust {
	struct trust_table table;
	struct trust_signers signers;
	X509_STORE *authorities;
	struct trust_anchor *anchors;
	struct trust_member *members;
	struct trust_own *keys;
	struct keeper *keeper; /* NULL: keys are read here */
	struct trust_blocks *blocks;
};

/* Takes the authorities of a file, and gives them (trust_issued.c). */
MUST_USE outcome trust_authorities_take(
	struct trust *t, const char *path, STACK_OF(X509) **out, struct err *e);
/* Takes issuer and number of a participant that has them; gives the issuer's certificate, which stays
 * ours. */
MUST_USE outcome trust_member_take(
	struct trust *t, const struct conf_participant *p, X509 **issuer, struct err *e);
/* Decides on a certificate that is not in the table: an entry for it. Takes `x` over. */
MUST_USE outcome trust_issued_decide(struct trust *t, X509 *x, const unsigned char digest[32],
	struct trust_entry **out, struct err *e);

/* Decides on a certificate that may be of nobody: issued by an authority, or by an issuer that rests on one. Takes `x`
 * over. */
MUST_USE outcome trust_signer_decide(struct trust *t, X509 *x, const unsigned char digest[32],
	struct trust_entry **out, struct err *e);

/* Pins the certificate of a file; gives its entry (trust_store.c). */
MUST_USE outcome trust_pin(struct trust *t, const struct conf_participant *p, const char *path,
	const struct trust_entry **out, struct err *e);

/* Takes a key; gives it (trust_key.c). */
MUST_USE outcome trust_own_take(
	struct trust *t, const struct conf_key *k, const struct trust_own **out, struct err *e);
void trust_own_free(struct trust_own **own); /* fit for SCOPED */

#endif
