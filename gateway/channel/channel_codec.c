/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_codec - the generated types: requestInfo, responseInfo and ErrorInfo between text and struct.
 * Owns:     one gSOAP context per thread, over memory only.
 * Promise:  strict: an unknown, missing or repeated element and a text outside its facets are refused. The
 *           password never passes through here, because gSOAP's buffers cannot be wiped.
 * Not here: octets of the wire; what is read is channel_walk's projection. */
#include <pthread.h>

#include "channel/channel_int.h"

#include "syncH.h"

#define CODEC_MODE (SOAP_C_UTFSTRING | SOAP_XML_STRICT | SOAP_XML_TREE | SOAP_ENC_PLAIN | SOAP_XML_NOTYPE)

static pthread_key_t codec_key;
static pthread_once_t codec_once = PTHREAD_ONCE_INIT;

static void codec_drop(void *soap) { soap_free(soap); }

static void codec_key_make(void) { BUG_IF(pthread_key_create(&codec_key, codec_drop) != 0); }

/* The context of this thread; NULL when memory is short. */
static struct soap *codec_open(void)
{
	struct soap *soap;

	pthread_once(&codec_once, codec_key_make);
	soap = pthread_getspecific(codec_key);
	if (soap)
		return soap;
	soap = soap_new1(CODEC_MODE);
	if (!soap)
		return NULL;
	soap->maxlength = 8192; /* above every field's own limit */
	soap->maxoccurs = 101;  /* properties, and one to be refused */
	soap->maxlevel = 8;
	if (pthread_setspecific(codec_key, soap) != 0) {
		soap_free(soap);
		return NULL;
	}
	return soap;
}

static void codec_close(struct soap **soap)
{
	if (!*soap)
		return;
	(*soap)->is = NULL;
	(*soap)->os = NULL;
	soap_destroy(*soap);
	soap_end(*soap);
}

static const char *refusal(const struct soap *soap)
{
	switch (soap->error) {
	case SOAP_TAG_MISMATCH: return "an element is unknown or repeated";
	case SOAP_OCCURS: return "a required element is missing";
	case SOAP_LENGTH: return "a text is too long";
	default: return "the types of the contract do not allow it";
	}
}

/* Copies text out of gSOAP's memory, which is dropped; absent and empty are the same. */
static bool keep(struct pool *pool, const char *text, struct bytes *out)
{
	const char *copy = pool_copy(pool, bytes_str(text ? text : ""));

	*out = copy ? bytes_str(copy) : BYTES_NONE;
	return copy != NULL;
}

static bool keep_properties(struct pool *pool, const struct t__SyncMessageInfo *info,
	struct sync_request *out)
{
	size_t n = (size_t)info->__sizeproperties;
	struct property *list = pool_alloc(pool, (n ? n : 1) * sizeof(*list));
	bool kept = list != NULL;

	for (size_t i = 0; kept && i < n; i++)
		kept = keep(pool, info->properties[i].key, &list[i].key) &&
			keep(pool, info->properties[i].value, &list[i].value);
	out->properties = list;
	out->property_count = kept ? n : 0;
	return kept;
}

bool channel_codec_read_request(struct pool *pool, const char *projection, struct sync_request *out,
	const char **why)
{
	SCOPED(codec_close) struct soap *soap = codec_open();
	struct t__SyncMessageInfo info;

	*why = "memory is short";
	if (!soap)
		return false;
	soap->is = projection;
	if (soap_begin_recv(soap) || !soap_get_t__SyncMessageInfo(soap, &info, "requestInfo", NULL) ||
		soap_end_recv(soap)) {
		*why = refusal(soap);
		return false;
	}
	return keep(pool, info.messageId, &out->message_id) &&
		keep(pool, info.correlationId, &out->correlation_id) &&
		keep(pool, info.serviceId, &out->service_id) &&
		keep(pool, info.messageDate, &out->message_date) &&
		keep(pool, info.routeId, &out->route_id) &&
		keep(pool, info.sender->senderId, &out->sender_id) &&
		keep(pool, info.sessionId, &out->session_id) && keep_properties(pool, &info, out);
}

bool channel_codec_read_response(struct pool *pool, const char *projection, struct sync_response *out,
	const char **why)
{
	SCOPED(codec_close) struct soap *soap = codec_open();
	struct t__SyncMessageInfoResponse info;

	*why = "memory is short";
	if (!soap)
		return false;
	soap->is = projection;
	if (soap_begin_recv(soap) ||
		!soap_get_t__SyncMessageInfoResponse(soap, &info, "responseInfo", NULL) ||
		soap_end_recv(soap)) {
		*why = refusal(soap);
		return false;
	}
	return keep(pool, info.messageId, &out->message_id) &&
		keep(pool, info.correlationId, &out->correlation_id) &&
		keep(pool, info.responseDate, &out->response_date) &&
		keep(pool, info.status->code, &out->status_code) &&
		keep(pool, info.sessionId, &out->session_id);
}

/* A C string in gSOAP's memory. Lack of memory is remembered in soap->error by soap_malloc. */
static char *lend(struct soap *soap, struct bytes text)
{
	char *copy = soap_malloc(soap, text.n + 1);

	if (!copy)
		return NULL;
	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return copy;
}

/* Optional elements that are empty are left out. */
static char *lend_filled(struct soap *soap, struct bytes text) { return text.n ? lend(soap, text) : NULL; }

/* What was written is in `written`. No namespace is declared here: the names need none, and `t` stands on
 * detail (channel_write.c). */
static bool write_begin(struct soap *soap, const char **written)
{
	soap->os = written;
	if (soap->error || soap_begin_send(soap))
		return false;
	soap->ns = 1;
	return true;
}

static bool write_end(struct soap *soap, const char *const *written, struct buf *out)
{
	if (soap_end_send(soap) || !*written)
		return false;
	buf_str(out, *written);
	return buf_ok(out);
}

bool channel_codec_write_request(const struct sync_request *r, const char *date, struct buf *out)
{
	SCOPED(codec_close) struct soap *soap = codec_open();
	const char *written = NULL;
	struct c__SenderInfo sender = {0};
	struct t__SyncMessageInfo info = {0};

	if (!soap)
		return false;
	soap->error = SOAP_OK;
	sender.senderId = lend(soap, r->sender_id);
	info.messageId = lend(soap, r->message_id);
	info.correlationId = lend_filled(soap, r->correlation_id);
	info.serviceId = lend(soap, r->service_id);
	info.messageDate = lend(soap, bytes_str(date));
	info.routeId = lend_filled(soap, r->route_id);
	info.sender = &sender;
	info.sessionId = lend_filled(soap, r->session_id);
	info.properties = soap_malloc(soap, (r->property_count + 1) * sizeof(*info.properties));
	if (!info.properties)
		return false;
	info.__sizeproperties = (int)r->property_count;
	for (size_t i = 0; i < r->property_count; i++) {
		info.properties[i].key = lend(soap, r->properties[i].key);
		info.properties[i].value = lend(soap, r->properties[i].value);
	}
	return write_begin(soap, &written) &&
		!soap_put_t__SyncMessageInfo(soap, &info, "requestInfo", NULL) &&
		write_end(soap, &written, out);
}

bool channel_codec_write_response(const struct sync_response *r, const char *date, struct buf *out)
{
	SCOPED(codec_close) struct soap *soap = codec_open();
	const char *written = NULL;
	struct c__StatusInfo status = {0};
	struct t__SyncMessageInfoResponse info = {0};

	if (!soap)
		return false;
	soap->error = SOAP_OK;
	status.code = lend(soap, r->status_code);
	status.message = lend(soap, r->status_message);
	info.messageId = lend(soap, r->message_id);
	info.correlationId = lend_filled(soap, r->correlation_id);
	info.responseDate = lend(soap, bytes_str(date));
	info.status = &status;
	info.sessionId = lend_filled(soap, r->session_id);
	return write_begin(soap, &written) &&
		!soap_put_t__SyncMessageInfoResponse(soap, &info, "responseInfo", NULL) &&
		write_end(soap, &written, out);
}

bool channel_codec_write_error(const struct channel_fault *f, const char *date, struct buf *out)
{
	SCOPED(codec_close) struct soap *soap = codec_open();
	const char *written = NULL;
	struct c__ErrorInfo info = {0};

	if (!soap)
		return false;
	soap->error = SOAP_OK;
	info.errorCode = lend(soap, f->error_code);
	info.errorMessage = lend(soap, f->error_message);
	info.errorData = lend_filled(soap, f->error_data);
	info.errorDate = lend(soap, bytes_str(date));
	info.sessionId = lend_filled(soap, f->session_id);
	return write_begin(soap, &written) &&
		!soap_put_c__ErrorInfo(soap, &info, "t:SendMessageFault1_SendMessageFault", NULL) &&
		write_end(soap, &written, out);
}
