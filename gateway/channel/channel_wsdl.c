/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_wsdl - the documents of the contract, served under the address of the gateway.
 * Owns:     the octets of wsdl/sync-channel, put into the program when it is built.
 * Promise:  every location in a served document is an absolute address of a document served here, or the
 *           service's.
 */
#include <stdio.h>
#include <strings.h>

#include "channel/channel_int.h"

struct document {
	const char *name;
	const char *text;
};

static const struct document documents[] = {
#define DOCUMENT(name, text) {name, text},
#include "contract_documents.inc"
#undef DOCUMENT
};

#define MAIN_DOCUMENT "sync-channel.wsdl"

static const struct document *find(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		if (strlen(documents[i].name) == n && memcmp(documents[i].name, name, n) == 0)
			return &documents[i];
	return NULL;
}

/* "wsdl" (clients also write "WSDL") is the main document, "wsdl=x" and "xsd=x" are x.wsdl and x.xsd. */
static const struct document *find_query(const char *query)
{
	const char *is = strchr(query, '=');
	char name[64];
	int n;

	if (strcasecmp(query, "wsdl") == 0)
		return find(MAIN_DOCUMENT, strlen(MAIN_DOCUMENT));
	if (!is)
		return NULL;
	n = snprintf(name, sizeof(name), "%s.%.*s", is + 1, (int)(is - query), query);
	return n > 0 && (size_t)n < sizeof(name) ? find(name, (size_t)n) : NULL;
}

/* The address of a document named by a location of ours; of the service when it is none. */
static void add_location(struct buf *out, const char *address, const char *location, size_t n)
{
	const struct document *d = find(location, n);
	const char *dot = d ? strrchr(d->name, '.') : NULL;

	buf_xml(out, bytes_str(address));
	if (d)
		buf_printf(out, "?%s=%.*s", dot + 1, (int)(dot - d->name), d->name);
}

outcome channel_wsdl(const char *address, const char *query, struct buf *out, struct err *e)
{
	static const char mark[] = "ocation=\""; /* of location and schemaLocation */
	const struct document *d = find_query(query);
	const char *at, *rest;

	if (!d)
		return err_set(e, REASON_SOAP_OPERATION, "no document of the contract has this name");
	for (rest = d->text; (at = strstr(rest, mark)); rest = at + strcspn(at, "\"")) {
		at += sizeof(mark) - 1;
		buf_add(out, (struct bytes){(const unsigned char *)rest, (size_t)(at - rest)});
		add_location(out, address, at, strcspn(at, "\""));
	}
	buf_str(out, rest);
	if (!buf_ok(out))
		return err_set(e, REASON_INTERNAL, "no room for the document");
	return DONE;
}
