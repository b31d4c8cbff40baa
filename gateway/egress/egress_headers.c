/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_headers - the lines of a request's head that its caller decides.
 * Promise: a call that says nothing about its head is a SOAP 1.1 call. */
#include <stdio.h>

#include "egress/egress_int.h"

#define LINE_MOST 640

static bool egress_headers_add(struct curl_slist **list, const char *name, const char *value)
{
	struct curl_slist *longer;
	char line[LINE_MOST];
	int n = snprintf(line, sizeof line, "%s: %s", name, value);

	if (n < 0 || (size_t)n >= sizeof line)
		return false;
	longer = curl_slist_append(*list, line);
	if (!longer)
		return false;
	*list = longer;
	return true;
}

bool egress_headers_are_usual(const struct egress_call *call)
{
	return !call->get && !call->content_type && !call->accept && !call->authorization;
}

struct curl_slist *egress_headers_of(const struct egress_call *call)
{
	bool soap = !call->get && !call->content_type;
	const char *type = soap ? "text/xml; charset=utf-8" : call->content_type;
	/* An empty Expect keeps curl from waiting for 100 Continue before large bodies. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	if (list && (!type || egress_headers_add(&list, "Content-Type", type)) &&
		(!soap || egress_headers_add(&list, "SOAPAction", "\"\"")) &&
		(!call->accept || egress_headers_add(&list, "Accept", call->accept)) &&
		(!call->authorization || egress_headers_add(&list, "Authorization", call->authorization)))
		return list;
	curl_slist_free_all(list);
	return NULL;
}
