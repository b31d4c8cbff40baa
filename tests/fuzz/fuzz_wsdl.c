/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries for documents of the contract, and the address in them (first line: address, the rest: query). What is given is a
 * document, whatever the address holds, and one that has a name. */
#include <string.h>

#include "channel/async.h"
#include "fuzz.h"

#define MOST (4u << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	envelope_init();
	return 0;
}

static void judge(outcome (*give)(const char *, const char *, struct buf *, struct err *), const char *address,
	const char *query)
{
	SCOPED(pool_free) struct pool *pool = pool_new(64u << 20);
	SCOPED(buf_free) struct buf out = BUF(MOST);
	struct err e = {0};
	struct _xmlDoc *doc;

	if (!give(address, query, &out, &e).ok) {
		FUZZ_ASSERT(e.reason == REASON_SOAP_OPERATION || e.reason == REASON_INTERNAL);
		return;
	}
	FUZZ_ASSERT(strcasecmp(query, "wsdl") == 0 || strcasecmp(query, "client-wsdl") == 0 || strchr(query, '='));
	FUZZ_ASSERT(!utf8_is_xml(bytes_str(address)) ||
		envelope_parse_document(pool, buf_bytes(&out), &ENVELOPE_LIMITS_DEFAULT, &doc, &e).ok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[600] = {0}, *query;

	memcpy(text, data, size < sizeof text - 1 ? size : sizeof text - 1);
	query = strchr(text, '\n');
	if (query)
		*query++ = 0;
	judge(channel_wsdl, query ? text : "http://h/", query ? query : text);
	judge(async_wsdl, query ? text : "http://h/", query ? query : text);
	return 0;
}
