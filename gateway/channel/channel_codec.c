/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_codec - the generated types: requestInfo, responseInfo and ErrorInfo between text and struct.
 * Promise:  as strict as channel_soap.c.
 * Not here: what several fields mean together. */
#include "channel/channel_soap.h"

bool channel_codec_read_request(struct pool *pool, const char *projection, struct sync_request *out,
	const char **why)
{
	CHANNEL_SOAP_READ(t__SyncMessageInfo, "requestInfo");
	return channel_soap_keep(pool, info.messageId, &out->message_id) &&
		channel_soap_keep(pool, info.correlationId, &out->correlation_id) &&
		channel_soap_keep(pool, info.serviceId, &out->service_id) &&
		channel_soap_keep(pool, info.messageDate, &out->message_date) &&
		channel_soap_keep_date(info.messageDate, &out->date) &&
		channel_soap_keep(pool, info.routeId, &out->route_id) &&
		channel_soap_keep(pool, info.sender->senderId, &out->sender_id) &&
		channel_soap_keep(pool, info.sessionId, &out->session_id) &&
		channel_soap_keep_properties(pool, info.properties, info.__sizeproperties,
			&out->properties, &out->property_count);
}

bool channel_codec_read_response(struct pool *pool, const char *projection, struct sync_response *out,
	const char **why)
{
	CHANNEL_SOAP_READ(t__SyncMessageInfoResponse, "responseInfo");
	return channel_soap_keep(pool, info.messageId, &out->message_id) &&
		channel_soap_keep(pool, info.correlationId, &out->correlation_id) &&
		channel_soap_keep(pool, info.responseDate, &out->response_date) &&
		channel_soap_keep_date(info.responseDate, &out->date) &&
		channel_soap_keep(pool, info.status->code, &out->status_code) &&
		channel_soap_keep(pool, info.sessionId, &out->session_id);
}

bool channel_codec_write_request(const struct sync_request *r, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__SenderInfo sender = {0};
	struct t__SyncMessageInfo info = {0};

	if (!soap)
		return false;
	sender.senderId = channel_soap_lend(soap, r->sender_id);
	info.messageId = channel_soap_lend(soap, r->message_id);
	info.correlationId = channel_soap_lend_filled(soap, r->correlation_id);
	info.serviceId = channel_soap_lend(soap, r->service_id);
	info.messageDate = channel_soap_lend_date(soap, r->date);
	info.routeId = channel_soap_lend_filled(soap, r->route_id);
	info.sender = &sender;
	info.sessionId = channel_soap_lend_filled(soap, r->session_id);
	info.properties = channel_soap_lend_properties(soap, r->properties, r->property_count);
	info.__sizeproperties = (int)r->property_count;
	return channel_soap_begin(soap, &written) &&
		!soap_put_t__SyncMessageInfo(soap, &info, "requestInfo", NULL) &&
		channel_soap_end(soap, &written, out);
}

bool channel_codec_write_response(const struct sync_response *r, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__StatusInfo status = {0};
	struct t__SyncMessageInfoResponse info = {0};

	if (!soap)
		return false;
	status.code = channel_soap_lend(soap, r->status_code);
	status.message = channel_soap_lend(soap, r->status_message);
	info.messageId = channel_soap_lend(soap, r->message_id);
	info.correlationId = channel_soap_lend_filled(soap, r->correlation_id);
	info.responseDate = channel_soap_lend_date(soap, r->date);
	info.status = &status;
	info.sessionId = channel_soap_lend_filled(soap, r->session_id);
	return channel_soap_begin(soap, &written) &&
		!soap_put_t__SyncMessageInfoResponse(soap, &info, "responseInfo", NULL) &&
		channel_soap_end(soap, &written, out);
}

bool channel_codec_write_error(const struct channel_fault *f, const char *tag, struct buf *out)
{
	SCOPED(channel_soap_close) struct soap *soap = channel_soap_open();
	const char *written = NULL;
	struct c__ErrorInfo info = {0};

	if (!soap)
		return false;
	info.errorCode = channel_soap_lend(soap, f->error_code);
	info.errorMessage = channel_soap_lend(soap, f->error_message);
	info.errorData = channel_soap_lend_filled(soap, f->error_data);
	info.errorDate = channel_soap_lend_date(soap, f->error_date);
	info.sessionId = channel_soap_lend_filled(soap, f->session_id);
	return channel_soap_begin(soap, &written) && !soap_put_c__ErrorInfo(soap, &info, tag, NULL) &&
		channel_soap_end(soap, &written, out);
}
