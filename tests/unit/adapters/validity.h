/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validity - one document against one schema with libxml2 alone, apart from what the channel room does. */
#ifndef QAQPA_TESTS_ADAPTERS_VALIDITY_H
#define QAQPA_TESTS_ADAPTERS_VALIDITY_H

#include <libxml/parser.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>
#include <stdbool.h>
#include <string.h>

#define DOCUMENT_XSD SOURCE_DIR "/wsdl/permits/v1/document.xsd"

static inline void no_words(void *ctx, const char *format, ...)
{
	(void)ctx, (void)format;
}

/* False also when the schema or the document cannot be read. */
static inline bool is_valid(const char *xsd_path, const char *xml)
{
	xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(xsd_path);
	xmlExternalEntityLoader ours = xmlGetExternalEntityLoader();
	xmlSchemaValidCtxt *valid;
	xmlSchema *schema;
	xmlDoc *doc;
	bool result;

	doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
	xmlSetExternalEntityLoader(xmlNoNetExternalEntityLoader); /* the rooms refuse what a schema includes */
	schema = xmlSchemaParse(parser);
	xmlSetExternalEntityLoader(ours);
	valid = xmlSchemaNewValidCtxt(schema);
	xmlSchemaSetValidErrors(valid, no_words, no_words, NULL);
	result = doc && schema && valid && xmlSchemaValidateDoc(valid, doc) == 0;
	xmlSchemaFreeValidCtxt(valid);
	xmlSchemaFree(schema);
	xmlSchemaFreeParserCtxt(parser);
	xmlFreeDoc(doc);
	return result;
}

#endif
