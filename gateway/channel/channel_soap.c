/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_soap - gSOAP over memory: one context per thread, texts in and out of it.
 * All that a thread reads is one stream to gSOAP, one element after another: to begin a stream it clears tables of
 * 48 KiB for references, which a tree never fills. A stream ends where something is refused or written.
 * Owns:     the contexts.
 * Promise:  strict: an unknown, missing or repeated element and a text outside its facets are refused. The
 *           password never passes through here, because gSOAP's buffers cannot be wiped.
 * Not here: octets of the wire; what is read is channel_walk's projection. */
#include <pthread.h>

#include "base/memory.h"
#include "channel/channel_soap.h"

#define CODEC_MODE (SOAP_C_UTFSTRING | SOAP_XML_STRICT | SOAP_XML_TREE | SOAP_ENC_PLAIN | SOAP_XML_NOTYPE)

static pthread_key_t soap_key;
static pthread_once_t soap_once = PTHREAD_ONCE_INIT;

static void soap_drop(void *soap)
{
	soap_end(soap);
	soap_free(soap);
}

static void soap_key_make(void) { BUG_IF(pthread_key_create(&soap_key, soap_drop) != 0); }

struct soap *channel_soap_open(void)
{
	struct soap *soap;

	pthread_once(&soap_once, soap_key_make);
	soap = pthread_getspecific(soap_key);
	if (soap) {
		soap->error = SOAP_OK;
		return soap;
	}
	soap = soap_new1(CODEC_MODE);
	if (!soap) {
		memory_miss();
		return NULL;
	}
	soap->recv_maxlength = 0; /* of a stream, which has no end */
	soap->maxlength = 8192; /* above every field's own limit */
	soap->maxoccurs = 101;  /* properties, and one to be refused */
	soap->maxlevel = 8;
	if (pthread_setspecific(soap_key, soap) != 0) {
		soap_free(soap);
		return NULL;
	}
	return soap;
}

/* soap->user, which gSOAP leaves to us, is set while a stream goes on. */
bool channel_soap_go_on(struct soap *soap, const char *projection)
{
	soap->is = projection;
	if (!soap->user && soap_begin_recv(soap))
		return false;
	soap->user = soap;
	return true;
}

void channel_soap_close(struct soap **soap)
{
	if (!*soap)
		return;
	if ((*soap)->error == SOAP_EOM)
		memory_miss();
	if ((*soap)->error || (*soap)->bufidx < (*soap)->buflen) {
		soap_end(*soap); /* it stopped somewhere, or before the end of the projection: everything goes */
		(*soap)->user = NULL;
	} else {
		soap_dealloc(*soap, NULL); /* objects and texts alone: soap_end would clear all tables too */
	}
	(*soap)->is = NULL;
	(*soap)->os = NULL;
}

bool channel_soap_refused(struct pool *pool, const struct soap *soap, const char **why)
{
	const char *words;

	switch (soap->error) {
	case SOAP_TAG_MISMATCH: *why = "an element is unknown or repeated"; return false;
	case SOAP_OCCURS: *why = "a required element is missing"; return false;
	case SOAP_LENGTH: *why = "a text is too long"; return false;
	default: break;
	}
	words = pool_printf(pool, "%.60s is not what its type allows", soap->tag);
	*why = words ? words : "the types of the contract do not allow it";
	return false;
}

bool channel_soap_keep(struct pool *pool, const char *text, struct bytes *out)
{
	const char *copy = pool_copy(pool, bytes_str(text ? text : ""));

	*out = copy ? bytes_str(copy) : BYTES_NONE;
	return copy != NULL;
}

bool channel_soap_keep_properties(struct pool *pool, const struct c__Property *from, int n,
	const struct property **out, size_t *count)
{
	struct property *list = pool_alloc(pool, ((size_t)n + 1) * sizeof(*list));
	bool kept = list != NULL;

	for (int i = 0; kept && i < n; i++)
		kept = channel_soap_keep(pool, from[i].key, &list[i].key) &&
			channel_soap_keep(pool, from[i].value, &list[i].value);
	*out = list;
	*count = kept ? (size_t)n : 0;
	return kept;
}

bool channel_soap_keep_date(const char *text, struct stamp *out)
{
	return stamp_parse(bytes_trim(bytes_str(text), XML_SPACE), out);
}

char *channel_soap_lend(struct soap *soap, struct bytes text)
{
	char *copy = soap_malloc(soap, text.n + 1);

	if (!copy)
		return NULL;
	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return copy;
}

char *channel_soap_lend_filled(struct soap *soap, struct bytes text)
{
	return text.n ? channel_soap_lend(soap, text) : NULL;
}

char *channel_soap_lend_date(struct soap *soap, struct stamp date)
{
	char text[STAMP_TEXT];

	stamp_print(date, text);
	return channel_soap_lend(soap, bytes_str(text));
}

struct c__Property *channel_soap_lend_properties(struct soap *soap, const struct property *list, size_t n)
{
	struct c__Property *lent = soap_malloc(soap, (n + 1) * sizeof(*lent));

	for (size_t i = 0; lent && i < n; i++) {
		lent[i].key = channel_soap_lend(soap, list[i].key);
		lent[i].value = channel_soap_lend(soap, list[i].value);
	}
	return lent;
}

/* No namespace is declared here: the names need none, and the prefix of a fault's detail stands on detail
 * (channel_write.c). */
bool channel_soap_begin(struct soap *soap, const char **written)
{
	soap->os = written;
	soap->user = NULL;
	if (soap->error || soap_begin_send(soap))
		return false;
	soap->ns = 1;
	return true;
}

bool channel_soap_end(struct soap *soap, const char *const *written, struct buf *out)
{
	if (soap_end_send(soap) || !*written)
		return false;
	buf_str(out, *written);
	return buf_ok(out);
}
