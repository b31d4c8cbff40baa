/* SPDX-License-Identifier: GPL-3.0-or-later */
/* async_wsdl - the documents of the asynchronous channel, served under the address of the gateway.
 * Owns:     the octets of wsdl/async-channel, put into the program when it is built.
 * Promise:  as channel_wsdl.c. In the client side's main document the gateway's address stands for that of
 *           the system which implements it. */
#include <strings.h>

#include "channel/async_int.h"

static const struct document documents[] = {
#define DOCUMENT(name, text) {name, text},
#include "async_documents.inc"
#undef DOCUMENT
};
static const struct library library = {documents, sizeof(documents) / sizeof(documents[0])};

static const struct document *find(const char *query)
{
	if (strcasecmp(query, "wsdl") == 0)
		return channel_document(&library, "async-channel.wsdl");
	if (strcasecmp(query, "client-wsdl") == 0)
		return channel_document(&library, "client-channel.wsdl");
	return channel_document_asked(&library, query);
}

outcome async_wsdl(const char *address, const char *query, struct buf *out, struct err *e)
{
	return channel_document_write(&library, find(query), address, out, e);
}
