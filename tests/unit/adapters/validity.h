/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validity - one document against one schema with libxml2 alone, apart from what the channel room does. */
#ifndef QAQPA_TESTS_ADAPTERS_VALIDITY_H
#define QAQPA_TESTS_ADAPTERS_VALIDITY_H

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>

#include "base/bytes.h"

#define DOCUMENT_XSD SOURCE_DIR "/wsdl/permits/v1/document.xsd"

static inline bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	unsigned char *room = buf_reserve(out, 1 << 19);
	bool opened = f;

	if (f && room)
		buf_grown(out, fread(room, 1, 1 << 19, f));
	if (f)
		fclose(f);
	return opened && out->len > 0;
}

static inline void no_words(void *ctx, const char *format, ...)
{
	(void)ctx, (void)format;
}

/* False also when the schema or the document cannot be read. */
static inline bool is_valid(const char *xsd_path, const char *xml)
{
	SCOPED(buf_free) struct buf xsd = BUF(1 << 20);
	xmlSchemaParserCtxt *parser;
	xmlSchemaValidCtxt *valid;
	xmlSchema *schema;
	xmlDoc *doc;
	bool result;

	if (!read_file(xsd_path, &xsd))
		return false;
	doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
	parser = xmlSchemaNewMemParserCtxt(buf_cstr(&xsd), (int)xsd.len);
	schema = xmlSchemaParse(parser);
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
