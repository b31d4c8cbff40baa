/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_wsdl - the documents of the contract, served under the address of the gateway.
 * Owns:     the octets of wsdl/sync-channel, put into the program when it is built.
 * Promise:  every location in a served document is an absolute address of a document served here, or the
 *           service's.
 */
#include <stdio.h>
#include <strings.h>

#include "channel/channel_int.h"

static const struct document documents[] = {
#define DOCUMENT(name, text) {name, text},
#include "sync_documents.inc"
#undef DOCUMENT
};
static const struct library sync_library = {documents, sizeof(documents) / sizeof(documents[0])};

#define MAIN_DOCUMENT "sync-channel.wsdl"

static const struct document *find(const struct library *l, const char *name, size_t n)
{
	for (size_t i = 0; i < l->count; i++)
		if (strlen(l->documents[i].name) == n && memcmp(l->documents[i].name, name, n) == 0)
			return &l->documents[i];
	return NULL;
}

const struct document *channel_document(const struct library *l, const char *name)
{
	return find(l, name, strlen(name));
}

const struct document *channel_document_asked(const struct library *l, const char *query)
{
	const char *is = strchr(query, '=');
	char name[64];
	int n;

	if (!is)
		return NULL;
	n = snprintf(name, sizeof(name), "%s.%.*s", is + 1, (int)(is - query), query);
	return n > 0 && (size_t)n < sizeof(name) ? find(l, name, (size_t)n) : NULL;
}

/* The address of a document named by a location of ours, whatever its folder; of the service when it is
 * none. */
static void add_location(const struct library *l, struct buf *out, const char *address, const char *location,
	size_t n)
{
	const char *slash = memrchr(location, '/', n), *name = slash ? slash + 1 : location;
	const struct document *d = find(l, name, n - (size_t)(name - location));
	const char *dot = d ? strrchr(d->name, '.') : NULL;

	buf_xml(out, bytes_str(address));
	if (d)
		buf_printf(out, "?%s=%.*s", dot + 1, (int)(dot - d->name), d->name);
}

outcome channel_document_write(const struct library *l, const struct document *d, const char *address,
	struct buf *out, struct err *e)
{
	static const char mark[] = "ocation=\""; /* of location and schemaLocation */
	const char *at, *rest;

	if (!d)
		return err_set(e, REASON_SOAP_OPERATION, "no document of the contract has this name");
	for (rest = d->text; (at = strstr(rest, mark)); rest = at + strcspn(at, "\"")) {
		at += sizeof(mark) - 1;
		buf_add(out, (struct bytes){(const unsigned char *)rest, (size_t)(at - rest)});
		add_location(l, out, address, at, strcspn(at, "\""));
	}
	buf_str(out, rest);
	if (!buf_ok(out))
		return err_set(e, REASON_INTERNAL, "no room for the document");
	return DONE;
}

/* Clients also write "WSDL". */
outcome channel_wsdl(const char *address, const char *query, struct buf *out, struct err *e)
{
	const struct document *d = strcasecmp(query, "wsdl") == 0
		? channel_document(&sync_library, MAIN_DOCUMENT)
		: channel_document_asked(&sync_library, query);

	return channel_document_write(&sync_library, d, address, out, e);
}
