/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict - two opinions on each of many messages, for differential.py: that of this gateway's rooms, and that of xmlsec1
 * asked as its command asks it (the first Signature of the document, Id of the Body as the only identifier, one pinned key).
 *
 *   qaqpa_verdict CERTIFICATE <messages     each as 4 octets of length, the highest first, and its octets
 *
 * One line a message, fields divided by tabs: ours (accepted, or the reason), theirs (yes, no, none), what their references
 * mean (body: one that is the Body of the Envelope; several; other), our detail.
 * Not here: what the two must agree on (differential.py). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include "security/security.h"

#define MOST (1u << 20)
#define POOL_MOST (64u << 20)
#define MUST(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "verdict: %s does not hold (%s:%d)\n", #what, __FILE__, __LINE__); \
			exit(2); \
		} \
	} while (0)

static const char *pinned[1];
static const struct conf_profile profile = {.name = "any", .skew_ms = 300000, .max_age_ms = 604800000,
	.forms = CONF_FORM_KEY_IDENTIFIER | CONF_FORM_ISSUER_SERIAL | CONF_FORM_BST | CONF_FORM_X509_DATA};
static const struct conf_participant sender = {.name = "sender", .certificates = {pinned, 1}, .profile = &profile};
static struct trust *trust;
static xmlSecKeyPtr key;

static void start(const char *certificate)
{
	struct err e;

	pinned[0] = certificate;
	envelope_init();
	MUST(security_init(&e).ok && (trust = trust_new()) && trust_add_participant(trust, &sender, &e).ok);
	key = xmlSecOpenSSLAppKeyLoad(certificate, xmlSecKeyDataFormatCertPem, NULL, NULL, NULL);
	MUST(key);
}

static bool ours(struct bytes text, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(POOL_MOST);
	const struct verified *v = NULL;
	struct envelope *env;

	if (!envelope_parse_frame(pool, text, &ENVELOPE_LIMITS_DEFAULT, &env, e).ok ||
		!security_verify(pool, env, trust, stamp_now(), &v, NULL, e).ok)
		return false;
	MUST(v);
	return true;
}

/* Every Body, wherever it stands, as the command's --id-attr does. False when two have one identifier. */
static bool add_ids(xmlNode *at)
{
	for (; at; at = at->next) {
		xmlAttr *id = NULL;
		xmlChar *value;

		if (at->type != XML_ELEMENT_NODE)
			continue;
		if (xmlSecCheckNodeName(at, (const xmlChar *)"Body", (const xmlChar *)NS_SOAP11)) {
			for (id = at->properties; id && strcmp((const char *)id->name, "Id") != 0;)
				id = id->next;
		}
		if (id) {
			value = xmlNodeListGetString(at->doc, id->children, 1);
			if (!value || (xmlGetID(at->doc, value) && xmlGetID(at->doc, value) != id)) {
				xmlFree(value);
				return false;
			}
			xmlAddID(NULL, at->doc, value, id);
			xmlFree(value);
		}
		if (!add_ids(at->children))
			return false;
	}
	return true;
}

static bool is_the_body(const xmlDoc *doc, xmlNode *node)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	return node && node->parent == root && xmlSecCheckNodeName(node, (const xmlChar *)"Body", (const xmlChar *)NS_SOAP11) &&
		xmlSecCheckNodeName(root, (const xmlChar *)"Envelope", (const xmlChar *)NS_SOAP11);
}

static const char *meant(xmlDoc *doc, xmlSecDSigCtxPtr ctx)
{
	const xmlSecDSigReferenceCtx *r = xmlSecPtrListGetItem(&ctx->signedInfoReferences, 0);
	const xmlAttr *id;

	if (xmlSecPtrListGetSize(&ctx->signedInfoReferences) != 1 || !r)
		return "several";
	id = r->uri && r->uri[0] == '#' ? xmlGetID(doc, r->uri + 1) : NULL;
	return id && is_the_body(doc, id->parent) ? "body" : "other";
}

static void theirs(xmlDoc *doc, const char **says, const char **means)
{
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	xmlNode *signature = root && add_ids(root) ? xmlSecFindNode(root, xmlSecNodeSignature, xmlSecDSigNs) : NULL;
	xmlSecDSigCtxPtr ctx = signature ? xmlSecDSigCtxCreate(NULL) : NULL;

	*says = "none";
	*means = "other";
	if (!ctx)
		return;
	ctx->signKey = xmlSecKeyDuplicate(key);
	MUST(ctx->signKey);
	if (xmlSecDSigCtxVerify(ctx, signature) >= 0) {
		*says = ctx->status == xmlSecDSigStatusSucceeded ? "yes" : "no";
		*means = meant(doc, ctx);
	}
	xmlSecDSigCtxDestroy(ctx);
}

static void tell(struct bytes text)
{
	struct err e = {.reason = REASON_NONE};
	bool accepted = ours(text, &e);
	const char *says, *means;
	xmlDoc *doc = xmlReadMemory((const char *)text.p, (int)text.n, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NODICT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);

	theirs(doc, &says, &means);
	xmlFreeDoc(doc);
	for (char *c = e.detail; *c; c++) {
		if ((unsigned char)*c < ' ')
			*c = ' ';
	}
	printf("%s\t%s\t%s\t%s\n", accepted ? "accepted" : reason_row(e.reason)->name, says, means, e.detail);
}

int main(int argc, char **argv)
{
	SCOPED(buf_free) struct buf text = BUF(MOST);
	uint32_t length;

	MUST(argc == 2);
	start(argv[1]);
	while (fread(&length, sizeof length, 1, stdin) == 1) {
		unsigned char *room;

		buf_clear(&text);
		length = ntohl(length);
		MUST(length < MOST && (room = buf_reserve(&text, length)) && fread(room, 1, length, stdin) == length);
		buf_grown(&text, length);
		tell(buf_bytes(&text));
	}
	MUST(fflush(stdout) == 0);
	xmlSecKeyDestroy(key);
	trust_free(&trust);
	return 0;
}
