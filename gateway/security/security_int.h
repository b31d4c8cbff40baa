/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share: the parts of a transport signature, the stages of verification. */
#ifndef QAQPA_SECURITY_SECURITY_INT_H
#define QAQPA_SECURITY_SECURITY_INT_H

#include <libxml/tree.h>

#include "canonical/canonical.h"
#include "security/security.h"

#define C14N_INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define TRANSFORM_ENVELOPED NS_DSIG "enveloped-signature"
#define WSS_BASE64 \
	"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
#define WSS_X509_PROFILE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
#define WSS_X509V3 WSS_X509_PROFILE "#X509v3"
#define WSS_X509SKI WSS_X509_PROFILE "#X509SubjectKeyIdentifier"

enum { REFERENCES_MAX = 8, PREFIXES_MAX = 32 };

struct reference {
	xmlNode *node;                /* ds:Reference */
	xmlNode *target;              /* what it covers */
	xmlAttr *id;                  /* the target's attribute that it names */
	const char *const *prefixes;  /* InclusiveNamespaces, NULL-terminated; NULL: none */
	const char *digest_uri;       /* as spelled in the message */
	enum digest digest;
	bool enveloped;               /* enveloped-signature before the canonicalisation */
	unsigned char value[64];      /* DigestValue */
};

/* Filled by the stages below, in their order. Nodes belong to the envelope. */
struct parts {
	/* security_header_read */
	bool plain;         /* form C: the Signature stands in the Header without wsse:Security */
	xmlNode *home;      /* parent of the Signature: wsse:Security, or the Header in form C */
	xmlNode *token;     /* BinarySecurityToken or NULL */
	xmlNode *timestamp; /* or NULL */
	xmlNode *signature, *signed_info, *signature_value, *key_info;
	/* security_reference_read */
	bool inclusive;     /* SignedInfo by Canonical XML 1.0, otherwise exclusive */
	const char *const *prefixes; /* of the exclusive form of SignedInfo */
	const char *signature_uri;
	enum signature algorithm;
	struct reference references[REFERENCES_MAX];
	size_t reference_count;
	const struct reference *body; /* the one that covers the Body */
	bool plain_id;      /* a target is named by Id without namespace */
	bool odd_list;      /* a PrefixList with blanks that only xmlsec1 knows how it takes */
	/* security_token_find */
	enum conf_form form;
};

/* Stage 1: the Security header for us, its children, the children of the Signature. */
MUST_USE outcome security_header_read(const struct envelope *env, struct parts *p, struct err *e);
/* Stage 2: SignedInfo: algorithms and references; the Body of the envelope is among the targets. */
MUST_USE outcome security_reference_read(struct pool *pool, const struct envelope *env, struct parts *p,
	struct err *e);
/* Both of them. */
MUST_USE outcome security_parts_find(struct pool *pool, const struct envelope *env, struct parts *p, struct err *e);
/* Stage 3: KeyInfo to certificate. Sets p->form before it asks trust. */
MUST_USE outcome security_token_find(struct pool *pool, const struct envelope *env, struct parts *p,
	struct trust *trust, int64_t now_ms, const struct trust_cert **out, struct err *e);
/* Stage 4: what the participant may use. */
MUST_USE outcome security_profile_check(const struct parts *p, const struct trust_cert *cert, struct err *e);
/* Stage 5: the digests of the chosen nodes, and the signature with the pinned key. */
MUST_USE outcome security_dsig_verify(struct pool *pool, const struct envelope *env, const struct parts *p,
	const struct trust_cert *cert, struct err *e);
/* The same by xmlsec1, for what our own canonical form does not cover, and as its judge in tests. SignatureValue was read
 * before. */
MUST_USE outcome security_xmlsec_verify(const struct envelope *env, const struct parts *p, const struct trust_cert *cert,
	struct err *e);
/* Exclusive canonical form of an element with a range; as canonical_write. */
MUST_USE enum canonical security_canonical(const struct envelope *env, const xmlNode *node, const char *const *prefixes,
	bool (*sink)(void *ctx, const void *data, size_t n), void *ctx);
/* Its digest; false when it has to be made in another way. */
MUST_USE bool security_canonical_digest(const struct envelope *env, const xmlNode *node, const char *const *prefixes,
	enum digest d, unsigned char out[64], size_t *n);
/* The national algorithms as transforms of xmlsec1; false when it takes none. */
MUST_USE bool security_gost_register(void);
/* The key of the certificate for them, xmlSecKeyDestroy; NULL when memory is short. The certificate must outlive it. */
struct _xmlSecKey *security_gost_key(const struct trust_cert *cert);

/* Stage 6: the Timestamp, when there is one. */
struct timestamp {
	struct stamp created, expires;
	bool has_expires;
};
MUST_USE outcome security_timestamp_read(struct pool *pool, const xmlNode *node, struct timestamp *t,
	struct err *e);
MUST_USE outcome security_timestamp_check(struct pool *pool, const xmlNode *node,
	const struct conf_profile *profile, struct stamp now, struct err *e);

/* Digest of the Body where it stands, in exclusive form without a list of prefixes; BYTES_NONE when another was verified. */
struct bytes security_verified_body(const struct verified *v, enum digest d);

/* For security_explain: tries the usual mistakes and words what fits. */
void security_guess_digest(struct buf *out, const struct reference *r);
void security_guess_value(struct pool *pool, struct buf *out, const struct parts *p,
	const struct trust_cert *cert);
/* Where a digest differs: whether the element was changed or the digest itself. */
void security_guess_side(struct pool *pool, struct buf *out, const struct parts *p,
	const struct trust_cert *cert);

/* Nodes. */
bool security_node_is(const xmlNode *node, const char *ns, const char *local);
/* The first element at or after `node` among its siblings. */
xmlNode *security_node_element(xmlNode *node);
/* True when only elements, white space and comments stand directly inside. */
bool security_node_tidy(const xmlNode *parent);
/* The attribute of that name ("" means no namespace), or NULL. */
xmlAttr *security_node_attribute(const xmlNode *node, const char *ns, const char *local);
/* Its value; NULL when the attribute is absent. */
const char *security_node_value(const xmlNode *node, const char *ns, const char *local);
/* Text without the white space around it. */
struct bytes security_node_trim(struct bytes text);

/* Whether `text` is an NCName, the only form of identifier that references may name. */
bool security_ncname(const char *text);

#endif
