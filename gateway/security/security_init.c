/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_init - xmlsec1 for the whole process: no input from files or network, no words on stderr, and the
 * spellings of algorithms that the bus uses and xmlsec1 does not know.
 * Promise:  afterwards every row of trust's tables, in either spelling, is a transform of xmlsec1.
 * Not here: what one message may use (security_dsig.c). */
#include <xmlsec/app.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/parser.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmlsec.h>

#include "crypto/crypto.h"
#include "security/security_int.h"

/* xmlsec1 prints text of the message to stderr unless told otherwise. */
static void be_silent(const char *file, int line, const char *function, const char *object,
	const char *subject, int reason, const char *message)
{
	(void)file, (void)line, (void)function, (void)object, (void)subject, (void)reason, (void)message;
}

/* A second identifier of a transform that xmlsec1 has: once made, the new object is the known one. */
struct alias {
	struct _xmlSecTransformKlass klass; /* first, so that a klass is its alias */
	xmlSecTransformId known;
};

static int alias_initialize(xmlSecTransformPtr transform)
{
	transform->id = ((const struct alias *)transform->id)->known;
	return transform->id->initialize(transform);
}

static bool register_alias(struct alias *a, const char *uri, const char *other, xmlSecTransformUsage usage)
{
	if (xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), (const xmlChar *)other, usage))
		return true;
	a->known = xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), (const xmlChar *)uri, usage);
	if (!a->known)
		return false;
	a->klass = *a->known;
	a->klass.href = (const xmlChar *)other;
	a->klass.initialize = alias_initialize;
	return xmlSecTransformIdsRegister(&a->klass) == 0;
}

static bool register_aliases(void)
{
	/* xmlsec1 keeps their addresses. */
	static struct alias digests[DIGEST_COUNT], signatures[SIGNATURE_COUNT];

	for (unsigned d = 0; d < DIGEST_COUNT; d++) {
		const struct digest_row *row = digest_row((enum digest)d);

		if (!register_alias(&digests[d], row->uri, row->other_uri ? row->other_uri : row->uri,
			    xmlSecTransformUsageDigestMethod))
			return false;
	}
	for (unsigned s = 0; s < SIGNATURE_COUNT; s++) {
		const struct signature_row *row = signature_row((enum signature)s);

		if (!register_alias(&signatures[s], row->uri, row->other_uri ? row->other_uri : row->uri,
			    xmlSecTransformUsageSignatureMethod))
			return false;
	}
	return true;
}

static outcome start(struct err *e)
{
	TRY(crypto_init(NULL, e));
	xmlSecErrorsSetCallback(be_silent);
	if (xmlSecInit() < 0 || xmlSecCheckVersion() != 1)
		return err_set(e, REASON_INTERNAL,
			"xmlsec1 does not start, or is another version than at build time");
	if (xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0)
		return err_set(e, REASON_INTERNAL, "xmlsec1 cannot use OpenSSL");
	/* Initialising may set them anew. */
	xmlSecErrorsSetCallback(be_silent);
	/* No URI can be opened from here on, whatever a message asks for. */
	xmlSecIOCleanupCallbacks();
	xmlSecParserSetDefaultOptions(XML_PARSE_NONET | XML_PARSE_NODICT);
	if (!security_gost_register() || !register_aliases())
		return err_set(e, REASON_INTERNAL, "xmlsec1 lacks an algorithm of this build");
	return DONE;
}

outcome security_init(struct err *e)
{
	static bool started;

	if (!started)
		TRY(start(e));
	started = true;
	return DONE;
}
