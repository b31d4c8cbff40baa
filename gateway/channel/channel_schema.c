/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_schema - payload schemas: compile an XSD once.
 * Promise:  only local files are read, and only while a schema is loaded by this very thread; the process
 *           goes on refusing every other external thing.
 * Not here: checking (channel_payload.c). */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <libxml/parser.h>
#include <libxml/uri.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>

#include "base/memory.h"
#include "channel/channel_int.h"

#define FILE_MAX (8u << 20)

/* libxml2 knows one loader of external things for the process; ours stands in while a schema is loaded. */
static pthread_mutex_t load_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool loading;

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	unsigned char *room;
	size_t n = 1;

	while (f && n > 0 && (room = buf_reserve(out, 4096))) {
		n = fread(room, 1, 4096, f);
		buf_grown(out, n);
	}
	bool whole = f && feof(f) && !ferror(f) && buf_ok(out);

	if (f)
		fclose(f);
	return whole;
}

/* Every address is taken for a path, so another scheme than file: names a file that is not there. Freed by
 * xmlFree. */
static char *local_path(const char *url)
{
	static const char file[] = "file://";

	if (strncmp(url, file, sizeof(file) - 1) == 0)
		url += sizeof(file) - 1;
	return xmlURIUnescapeString(url, 0, NULL);
}

static xmlParserInput *load_local(const char *url, const char *id, xmlParserCtxt *ctxt)
{
	SCOPED(buf_free) struct buf text = BUF(FILE_MAX);
	char *path = loading && url ? local_path(url) : NULL;
	bool have = path && read_file(path, &text) && text.len > 0;
	xmlParserInputBuffer *octets;
	xmlParserInput *input;

	(void)id;
	xmlFree(path);
	if (!have)
		return NULL;
	octets = xmlParserInputBufferCreateMem(buf_cstr(&text), (int)text.len, XML_CHAR_ENCODING_NONE);
	if (!octets)
		return NULL;
	input = xmlNewIOInputStream(ctxt, octets, XML_CHAR_ENCODING_NONE);
	if (input)
		input->filename = (char *)xmlStrdup((const xmlChar *)url); /* base of locations in it */
	else
		xmlFreeParserInputBuffer(octets);
	return input;
}

/* The first thing that is wrong with a schema; a file that cannot be had is only a warning to libxml2. */
static void on_problem(void *ctx, xmlError *problem)
{
	const char *words = problem->message ? problem->message : "";
	struct err *first = ctx;

	if (first->detail[0] || (problem->level == XML_ERR_WARNING &&
		problem->code != XML_SCHEMAP_WARN_UNLOCATED_SCHEMA && problem->domain != XML_FROM_IO))
		return;
	(void)err_set(first, REASON_CONFIG, "%s line %d: %.*s", problem->file ? problem->file : "schema",
		problem->line, (int)strcspn(words, "\n"), words);
}

/* Our element of any type beside the user's declarations: with xsi:type it checks the typed style. */
static void wrap(struct buf *out, const xmlChar *target, const xmlChar *location)
{
	buf_str(out, "<xs:schema xmlns:xs=\"" NS_XSD "\" targetNamespace=\"" NS_PAYLOAD "\"><xs:import");
	if (target) {
		buf_str(out, " namespace=\"");
		buf_xml(out, bytes_str((const char *)target));
		buf_char(out, '"');
	}
	buf_str(out, " schemaLocation=\"");
	buf_xml(out, bytes_str((const char *)location));
	buf_str(out, "\"/><xs:element name=\"data\"/></xs:schema>");
}

/* The wrapper's text for the schema file; it has to know the target namespace. */
static outcome make_wrapper(const char *path, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(FILE_MAX);
	xmlDoc *doc;
	xmlNode *root;
	xmlChar *location, *target;

	if (!read_file(path, &text))
		return err_set(e, REASON_IO, "%s cannot be read", path);
	doc = xmlReadMemory(buf_cstr(&text), (int)text.len, path, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (!root || strcmp(node_local(root), "schema") != 0 || strcmp(node_ns(root), NS_XSD) != 0) {
		xmlFreeDoc(doc);
		return err_set(e, REASON_CONFIG, "%s is not an XML schema", path);
	}
	target = xmlGetNoNsProp(root, (const xmlChar *)"targetNamespace");
	location = xmlPathToURI((const xmlChar *)path);
	wrap(out, target, location);
	xmlFree(target);
	xmlFree(location);
	xmlFreeDoc(doc);
	return DONE;
}

static xmlSchema *compile(struct bytes wrapper, struct err *problem)
{
	xmlSchemaParserCtxt *ctxt = xmlSchemaNewMemParserCtxt((const char *)wrapper.p, (int)wrapper.n);
	xmlExternalEntityLoader before;
	xmlSchema *compiled;

	if (!ctxt)
		return NULL;
	xmlSchemaSetParserStructuredErrors(ctxt, on_problem, problem);
	pthread_mutex_lock(&load_lock);
	xmlSchemaInitTypes();
	before = xmlGetExternalEntityLoader();
	xmlSetExternalEntityLoader(load_local);
	loading = true;
	compiled = xmlSchemaParse(ctxt);
	loading = false;
	xmlSetExternalEntityLoader(before);
	pthread_mutex_unlock(&load_lock);
	xmlSchemaFreeParserCtxt(ctxt);
	return compiled;
}

outcome schema_load(const char *xsd_path, struct schema **out, struct err *e)
{
	SCOPED(buf_free) struct buf wrapper = BUF(64u << 10);
	SCOPED(schema_free) struct schema *s = NULL;
	struct err problem = {REASON_CONFIG, ""};
	size_t before = memory_refusals();
	char path[PATH_MAX];

	*out = NULL;
	if (!realpath(xsd_path, path))
		return err_set(e, REASON_IO, "%s cannot be read", xsd_path);
	TRY(make_wrapper(path, &wrapper, e));
	s = calloc(1, sizeof(*s));
	if (!s || !buf_ok(&wrapper))
		return err_set(e, REASON_INTERNAL, "memory is short");
	s->compiled = compile(buf_bytes(&wrapper), &problem);
	TRY(memory_judge(before, DONE, e));
	if (!s->compiled || problem.detail[0])
		return err_set(e, REASON_CONFIG, "%s",
			problem.detail[0] ? problem.detail : "the schema cannot be compiled");
	*out = s;
	s = NULL;
	return DONE;
}

void schema_free(struct schema **s)
{
	if (!*s)
		return;
	xmlSchemaFree((*s)->compiled);
	free(*s);
	*s = NULL;
}
