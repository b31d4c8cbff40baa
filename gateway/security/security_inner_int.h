/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_inner_int - what the files about signatures over documents share: where such signatures stand, what one
 * of them says, whether it holds.
 */
#ifndef QAQPA_SECURITY_INNER_INT_H
#define QAQPA_SECURITY_INNER_INT_H

#include <libxml/tree.h>

#include "envelope/envelope.h"
#include "trust/trust_cms.h"

#define TRANSFORM_ENVELOPED NS_DSIG "enveloped-signature"
#define C14N_INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

enum { SIGNATURES_MAX = 8 }; /* in one document; each costs a canonical form of all of it */

/* A document, and what of it signatures have to cover. */
struct document {
	xmlNode *top;   /* signatures are looked for here and below: the root, or the element `data` around it */
	xmlNode *root;
	xmlNode *named; /* the element in it that has to be covered; the root when the whole has to be */
	bool in_message;     /* an element of the message; else a document of its own, carried as text */
	struct bytes octets; /* of what was carried as base64; all there is when top is NULL: then a CMS */
};

/* One ds:Signature as it was read; nothing of it is believed yet. */
struct xml_signature {
	xmlNode *node, *info;
	xmlNode *target;      /* what its Reference covers */
	bool by_id;           /* names its target by identifier; else it is enveloped by the root, URI="" */
	bool enveloped;       /* the signature itself is taken out of the target */
	bool inclusive;       /* canonical form of the target */
	bool info_inclusive;  /* and of SignedInfo */
	enum digest digest;
	enum signature algorithm;
	unsigned char digest_value[64];
	struct bytes value;
	struct bytes certificate; /* DER */
};
struct xml_signatures {
	struct xml_signature item[SIGNATURES_MAX]; /* in document order: a later one covers the earlier ones */
	size_t n;
};

/* Every ds:Signature of the document, each in a place and of a form that is agreed: a last child of the root, of the
 * named element or of `data`; one Reference, to the root or to the named element; known transforms. Refuses comments
 * that split a text. Fails with REASON_SEC_*, REASON_XML_DUPLICATE_ID or REASON_MEMORY. */
MUST_USE outcome security_inner_read(struct pool *pool, const struct document *doc, struct xml_signatures *out,
	struct err *e);
/* Does signature `i` hold over its target without itself and the later ones, by the key of `cert`? Fails with
 * REASON_SEC_ALGORITHM, REASON_SEC_DIGEST, REASON_SEC_VALUE or REASON_MEMORY. */
MUST_USE outcome security_inner_check(const struct xml_signatures *all, size_t i, const struct trust_cert *cert,
	struct err *e);

/* The document in `data`, and what of it has to be covered. Fails with REASON_SEC_*. */
MUST_USE outcome security_inner_document(
	const struct payload *payload, const struct conf_inner *demand, struct document *out, struct err *e);
/* Sets doc->named: the only element of that local name. Fails with REASON_SEC_WRAPPED. */
MUST_USE outcome security_inner_named(struct document *doc, const char *covers, struct err *e);
/* The root of a document that stands in a message, as a document of its own: as it was signed before it was put there. */
MUST_USE outcome security_inner_alone(struct pool *pool, const struct document *doc, const char *covers,
	struct document *out, struct err *e);
/* The elements that hold a CMS, by local name; SIGNATURES_MAX at most. */
MUST_USE outcome security_inner_cms_nodes(const struct document *doc, const char *cms, xmlNode **list, size_t *n,
	struct err *e);
/* Verifies the CMS in the element, or, with NULL, doc->octets. Fails as trust_cms_verify, and with REASON_SEC_WRAPPED. */
MUST_USE outcome security_inner_cms(struct pool *pool, const struct document *doc, const char *covers, xmlNode *cms,
	struct trust *trust, int64_t now_ms, struct trust_cms *out, struct err *e);

bool security_inner_is_ds(const xmlNode *node, const char *local);
/* No comment in the subtree stands beside text, where a reader could take a part of the text for the whole: comments
 * are not signed. Fails with REASON_SEC_SIGNATURE_SHAPE. */
MUST_USE outcome security_inner_comments(xmlNode *top, struct err *e);

#endif
