/* SPDX-License-Identifier: GPL-3.0-or-later */
/* envelope_parse - the run of libxml2 over a text, and the entry points of the room.
 *
 * Promise: a tree comes out only when libxml2 was content in every way in which it tells so; one that it
 * merely tolerated (an unbound prefix, two attributes of one expanded name, version 1.1, a rest it did
 * not read) does not.
 */
#include "envelope_int.h"

#include <limits.h>
#include <stdlib.h>

#include <libxml/catalog.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlmemory.h>

#include "base/memory.h"

/* libxml2 refuses a text node above this length (XML_MAX_TEXT_LENGTH) unless XML_PARSE_HUGE is set. */
#define TEXT_NODE_MOST 10000000

/* What the callbacks saw; xmlParserCtxt._private points to it. */
struct findings {
	bool subset, instruction; /* met a document type, a processing instruction */
	int domain, code, line;   /* of the first error; code 0 when there was none */
	char words[128];
};

static xmlParserInput *refuse_entity(const char *url, const char *id, xmlParserCtxt *ctxt)
{
	(void)url;
	(void)id;
	(void)ctxt;
	return NULL;
}

static void be_silent(void *unused, const char *format, ...)
{
	(void)unused;
	(void)format;
}

void envelope_init(void)
{
	xmlMemSetup(free, memory_take, memory_resize, memory_text);
	xmlInitParser();
	xmlSetExternalEntityLoader(refuse_entity);
	xmlCatalogSetDefaults(XML_CATA_ALLOW_NONE);
	/* The default prints what a stranger wrote to stderr; it is set for this thread and for those to
	 * come. */
	xmlSetGenericErrorFunc(NULL, be_silent);
	xmlThrDefSetGenericErrorFunc(NULL, be_silent);
}

/* Second line of defence: the pre-scan has refused both. After xmlStopParser libxml2 still calls the document
 * well-formed, so the flags are what counts. */
static void on_subset(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	xmlParserCtxt *ctxt = ctx;
	struct findings *found = ctxt->_private;

	(void)name;
	(void)public_id;
	(void)system_id;
	found->subset = true;
	xmlStopParser(ctxt);
}

static void on_instruction(void *ctx, const xmlChar *target, const xmlChar *data)
{
	xmlParserCtxt *ctxt = ctx;
	struct findings *found = ctxt->_private;

	(void)target;
	(void)data;
	found->instruction = true;
	xmlStopParser(ctxt);
}

static void on_error(void *ctx, xmlError *error)
{
	const xmlParserCtxt *ctxt = ctx;
	struct findings *found = ctxt->_private;
	size_t n = 0;

	/* Warnings are about style; what matters of them, relative namespace names, is checked on the
	 * tree. */
	if (error->level < XML_ERR_ERROR || found->code != 0)
		return;
	found->code = error->code;
	found->domain = error->domain;
	found->line = error->line;
	/* Messages about validity quote attribute values, which may be personal. */
	if (error->domain == XML_FROM_VALID || !error->message)
		return;
	for (const char *p = error->message; *p && n < sizeof found->words - 1; p++)
		found->words[n++] = (unsigned char)*p < ' ' ? ' ' : *p;
	while (n > 0 && found->words[n - 1] == ' ')
		n--;
	found->words[n] = 0;
}

static enum reason reason_of(const struct findings *found)
{
	if (found->subset)
		return REASON_XML_DTD;
	if (found->instruction)
		return REASON_XML_PI;
	if (found->code == XML_ERR_NO_MEMORY)
		return REASON_MEMORY;
	if (found->code == XML_DTD_ID_REDEFINED)
		return REASON_XML_DUPLICATE_ID;
	if (found->domain == XML_FROM_NAMESPACE)
		return REASON_XML_NAMESPACE;
	return REASON_XML_MALFORMED;
}

/* Every sign of content must be there; each one alone has been seen to lie in libxml2 2.9.14. */
static outcome judge(xmlParserCtxt *ctxt, int returned, size_t n, struct err *e)
{
	const struct findings *found = ctxt->_private;

	if (returned == 0 && ctxt->myDoc && ctxt->wellFormed == 1 && ctxt->nsWellFormed == 1 &&
	    ctxt->errNo == XML_ERR_OK && found->code == 0 && !found->subset && !found->instruction) {
		if (xmlByteConsumed(ctxt) != (long)n)
			return err_set(e, REASON_XML_MALFORMED, "the parser read %ld of %zu octets",
				xmlByteConsumed(ctxt), n);
		if (!ctxt->myDoc->version || strcmp((const char *)ctxt->myDoc->version, "1.0") != 0)
			return err_set(e, REASON_XML_DECLARATION, "the version is not 1.0");
		return DONE;
	}
	return err_set(e, reason_of(found), "line %d: %s (parser error %d)", found->line,
		found->words[0] ? found->words : "not acceptable", found->code ? found->code : ctxt->errNo);
}

static void free_context(xmlParserCtxt **ctxt)
{
	if (!*ctxt)
		return;
	xmlFreeDoc((*ctxt)->myDoc);
	(*ctxt)->myDoc = NULL;
	xmlFreeParserCtxt(*ctxt);
}

/* Fresh for each text: making one costs a few microseconds, and a kept one would keep the dictionary of
 * names that strangers fill. */
static xmlParserCtxt *make_context(struct bytes text, struct findings *found)
{
	/* COMPACT keeps texts of up to 15 octets, which most values of fields are, inside their nodes. */
	int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT;
	xmlParserCtxt *ctxt = xmlCreateMemoryParserCtxt((const char *)text.p, (int)text.n);

	if (!ctxt)
		return NULL;
	/* HUGE lifts the limit of text nodes, which base64 can exceed, but also those of depth, names
	 * and entities. The pre-scan bounds depth and names and knows no entities; still it is set only
	 * where it is needed. */
	if (text.n > TEXT_NODE_MOST)
		options |= XML_PARSE_HUGE;
	xmlCtxtUseOptions(ctxt, options);
	ctxt->_private = found;
	ctxt->sax->internalSubset = on_subset;
	ctxt->sax->processingInstruction = on_instruction;
	ctxt->sax->serror = on_error;
	return ctxt;
}

static bool is_letter(xmlChar c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 3986 section 3.1: a scheme makes a name absolute. Canonical XML refuses whole documents that hold
 * a relative one, whatever part of them is asked for, and refusing late has made signatures over nothing
 * elsewhere. */
static bool is_absolute(const xmlChar *uri)
{
	const xmlChar *p = uri;

	if (!is_letter(*p))
		return false;
	while (is_letter(*p) || (*p >= '0' && *p <= '9') || *p == '+' || *p == '-' || *p == '.')
		p++;
	return *p == ':';
}

static outcome check_namespaces(xmlNode *root, struct err *e)
{
	int depth;

	for (xmlNode *node = envelope_tree_next(root, NULL, &depth); node;
	     node = envelope_tree_next(root, node, &depth)) {
		for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
			if (!ns->prefix && (!ns->href || !*ns->href))
				continue;
			if (!ns->href || !is_absolute(ns->href))
				return err_set(e, REASON_XML_NAMESPACE,
					"line %ld: the namespace name of %.40s is relative",
					xmlGetLineNo(node), ns->prefix ? (const char *)ns->prefix : "xmlns");
		}
	}
	return DONE;
}

static void close_doc(void *doc)
{
	xmlFreeDoc(doc);
}

outcome envelope_tree_build(struct pool *pool, struct bytes text, xmlDoc **out, struct err *e)
{
	struct findings found = {0};
	SCOPED(free_context) xmlParserCtxt *ctxt = NULL;
	size_t before = memory_refusals();
	xmlDoc *doc;

	BUG_IF(text.n > INT_MAX);
	ctxt = make_context(text, &found);
	if (!ctxt)
		return err_set(e, REASON_MEMORY, "no memory for the parser");
	TRY(memory_judge(before, judge(ctxt, xmlParseDocument(ctxt), text.n, e), e));
	TRY(check_namespaces(xmlDocGetRootElement(ctxt->myDoc), e));
	doc = ctxt->myDoc;
	ctxt->myDoc = NULL;
	if (!pool_closes(pool, close_doc, doc))
		return err_set(e, REASON_MEMORY, "no memory for the tree");
	*out = doc;
	return DONE;
}

outcome envelope_parse_document(struct pool *pool, struct bytes text, const struct envelope_limits *limits,
	struct _xmlDoc **out, struct err *e)
{
	SCOPED(envelope_scan_free) struct scan scan = {0};

	TRY(envelope_scan_read(text, limits, 0, &scan, e));
	return envelope_tree_build(pool, bytes_sub(text, scan.skip, text.n), out, e);
}

outcome envelope_alone(struct pool *pool, const struct _xmlNode *element, struct _xmlDoc **out, struct err *e)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	size_t before = memory_refusals();
	xmlNode *source, *copy;

	if (!doc || !pool_closes(pool, close_doc, doc))
		return err_set(e, REASON_MEMORY, "no memory for a copy of the tree");
	memcpy(&source, &element, sizeof source); /* libxml2 only reads it, though it does not say so */
	copy = xmlDocCopyNode(source, doc, 1);
	if (!copy)
		return err_set(e, REASON_MEMORY, "no memory for a copy of the tree");
	xmlDocSetRootElement(doc, copy);
	*out = doc;
	return memory_judge(before, DONE, e);
}
