/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_soap - what the codecs share. Only they include this. */
#ifndef QAQPA_CHANNEL_SOAP_H
#define QAQPA_CHANNEL_SOAP_H

#include "channel/channel_int.h"

#include "contractH.h"

/* The context of this thread, without an error; NULL when memory is short. */
struct soap *channel_soap_open(void);
/* Drops what was read or lent; fit for SCOPED. */
void channel_soap_close(struct soap **soap);
/* False, with the words of the refusal in `why`, which live in the pool. */
bool channel_soap_refused(struct pool *pool, const struct soap *soap, const char **why);

/* `projection`, which holds one element, comes next in what is read. False when that cannot begin. */
bool channel_soap_go_on(struct soap *soap, const char *projection);

/* At the head of a reader (pool, projection, why): reads the element `tag` of the projection into `info` of
 * the generated type, or leaves the reader with false. The end of a receive (soap_end_recv) would only look for references
 * to resolve, of which a tree has none, and for attachments. */
#define CHANNEL_SOAP_READ(type, tag) \
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open(); \
	struct type info; \
	*why = "memory is short"; \
	if (!soap) \
		return false; \
	if (!channel_soap_go_on(soap, projection) || !soap_get_##type(soap, &info, tag, NULL)) \
		return channel_soap_refused(pool, soap, why)

/* Copies out of gSOAP's memory, which is dropped; absent and empty are the same. False when memory is short,
 * or the date is none. */
bool channel_soap_keep(struct pool *pool, const char *text, struct bytes *out);
bool channel_soap_keep_properties(struct pool *pool, const struct c__Property *from, int n,
	const struct property **out, size_t *count);
bool channel_soap_keep_date(const char *text, struct stamp *out);

/* Copies into gSOAP's memory. Lack of memory is remembered in soap->error. */
char *channel_soap_lend(struct soap *soap, struct bytes text);
char *channel_soap_lend_filled(struct soap *soap, struct bytes text); /* NULL when empty: left out */
char *channel_soap_lend_date(struct soap *soap, struct stamp date);
struct c__Property *channel_soap_lend_properties(struct soap *soap, const struct property *list, size_t n);

/* Around a soap_put call. What was written is in `written` between the two, and appended to `out`. */
bool channel_soap_begin(struct soap *soap, const char **written);
bool channel_soap_end(struct soap *soap, const char *const *written, struct buf *out);

#endif
