/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_write - messages of our own: typed parts by the codec, the envelope around them by hand.
 * Promise:  valid against wsdl/sync-channel; the Body has a wsu:Id; no prefix is used that is not
 *           declared.
 * Not here: the signature; what `data` holds. */
#include "base/ident.h"
#include "channel/channel_int.h"

#define MESSAGE_MAX 250 /* characters of status/message, bus contract 1.3 */

outcome channel_check_text(const struct direction *d, const char *parent, const char *name, struct bytes text,
	struct err *e)
{
	if (!utf8_is_xml(text))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s is not text", name);
	return channel_field_check(channel_field_find(d, parent, name), text, e);
}

outcome channel_check_sender(const struct direction *d, struct bytes id, bool has_password,
	struct bytes password, struct err *e)
{
	TRY(channel_check_text(d, "sender", "senderId", id, e));
	return has_password ? channel_check_text(d, "sender", "password", password, e) : DONE;
}

outcome channel_check_properties(const struct direction *d, const struct property *list, size_t n,
	struct err *e)
{
	if (n > PROPERTIES_MAX)
		return err_set(e, REASON_CHANNEL_LENGTH, "there are more than %d properties", PROPERTIES_MAX);
	for (size_t i = 0; i < n; i++) {
		TRY(channel_check_text(d, "properties", "key", list[i].key, e));
		TRY(channel_check_text(d, "properties", "value", list[i].value, e));
	}
	return DONE;
}

outcome channel_check_session(struct bytes id, struct err *e)
{
	if (id.n && !guid_is(id))
		return err_set(e, REASON_CHANNEL_FORMAT, "sessionId is not a guid in braces");
	return DONE;
}

static outcome check_request(const struct sync_request *r, struct err *e)
{
	const struct direction *d = &channel_request;

	TRY(channel_check_text(d, "requestInfo", "messageId", r->message_id, e));
	TRY(channel_check_text(d, "requestInfo", "correlationId", r->correlation_id, e));
	TRY(channel_check_text(d, "requestInfo", "serviceId", r->service_id, e));
	TRY(channel_check_text(d, "requestInfo", "routeId", r->route_id, e));
	TRY(channel_check_sender(d, r->sender_id, r->has_password, r->password, e));
	TRY(channel_check_properties(d, r->properties, r->property_count, e));
	return channel_check_session(r->session_id, e);
}

static outcome check_response(const struct sync_response *r, struct err *e)
{
	const struct direction *d = &channel_response;

	TRY(channel_check_text(d, "responseInfo", "messageId", r->message_id, e));
	TRY(channel_check_text(d, "responseInfo", "correlationId", r->correlation_id, e));
	TRY(channel_check_text(d, "status", "code", r->status_code, e));
	if (!utf8_is_xml(r->status_message))
		return err_set(e, REASON_CHANNEL_FORMAT, "message is not text");
	return channel_check_session(r->session_id, e);
}

void channel_add_body(struct buf *out, const char *more_namespaces)
{
	char id[37];

	uuid_new(id);
	buf_printf(out, "<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\"%s><soapenv:Body xmlns:wsu=\""
		NS_WSU "\" wsu:Id=\"id-%s\">", more_namespaces, id);
}

void channel_end_body(struct buf *out) { buf_str(out, "</soapenv:Body></soapenv:Envelope>"); }

/* <requestData> or <responseData>; without data the element is empty, which the schema allows. */
void channel_add_data(struct buf *out, const char *holder, const char *attributes, const char *data)
{
	buf_printf(out, "<%s>", holder);
	if (data) {
		buf_str(out, "<data");
		if (attributes && attributes[0]) {
			buf_char(out, ' ');
			buf_str(out, attributes);
		}
		buf_char(out, '>');
		buf_str(out, data);
		buf_str(out, "</data>");
	}
	buf_printf(out, "</%s>", holder);
}

void channel_add_tag(struct buf *out, const char *begin, const char *name)
{
	buf_str(out, begin);
	buf_str(out, name);
	buf_char(out, '>');
}

void channel_add_leaf(struct buf *out, const char *name, struct bytes text)
{
	channel_add_tag(out, "<", name);
	buf_xml(out, text);
	channel_add_tag(out, "</", name);
}

/* The codec escapes texts, so the first </sender> is the end tag. */
void channel_add_info(struct buf *out, struct bytes info, bool has_password, struct bytes password)
{
	static const char end[] = "</sender>";
	const unsigned char *at;

	if (!has_password) {
		buf_add(out, info);
		return;
	}
	at = memmem(info.p, info.n, end, sizeof(end) - 1);
	BUG_IF(!at);
	buf_add(out, bytes_sub(info, 0, (size_t)(at - info.p)));
	channel_add_leaf(out, "password", password);
	buf_add(out, bytes_sub(info, (size_t)(at - info.p), info.n));
}

outcome channel_written(const struct buf *out, struct err *e)
{
	return buf_ok(out) ? DONE : err_set(e, REASON_INTERNAL, "no room for the message");
}

outcome channel_write_request(const struct sync_request *r, const char *data_attributes, const char *data,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf info = BUF(ELEMENT_MAX);

	TRY(check_request(r, e));
	if (!channel_codec_write_request(r, &info))
		return err_set(e, REASON_INTERNAL, "requestInfo could not be written");
	channel_add_body(out, "");
	buf_str(out, "<t:SendMessage xmlns:t=\"" NS_SYNC_TYPES "\"><request>");
	channel_add_info(out, buf_bytes(&info), r->has_password, r->password);
	channel_add_data(out, channel_request.holder, data_attributes, data);
	buf_str(out, "</request></t:SendMessage>");
	channel_end_body(out);
	return channel_written(out, e);
}

outcome channel_write_response(const struct sync_response *r, const char *data_attributes, const char *data,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf info = BUF(ELEMENT_MAX);
	struct sync_response fitted = *r;

	TRY(check_response(r, e));
	fitted.status_message = channel_text_cut(r->status_message, MESSAGE_MAX);
	if (!channel_codec_write_response(&fitted, &info))
		return err_set(e, REASON_INTERNAL, "responseInfo could not be written");
	channel_add_body(out, "");
	buf_str(out, "<t:SendMessageResponse xmlns:t=\"" NS_SYNC_TYPES "\"><response>");
	buf_add(out, buf_bytes(&info));
	channel_add_data(out, channel_response.holder, data_attributes, data);
	buf_str(out, "</response></t:SendMessageResponse>");
	channel_end_body(out);
	return channel_written(out, e);
}

/* faultcode is a QName in content: its prefix has to be one that the envelope declares. */
static bool is_known_qname(struct bytes q)
{
	static const char *const prefixes[] = {"soapenv:", "wsse:"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);

		if (q.n > n && memcmp(q.p, prefixes[i], n) == 0 && !memchr(q.p + n, ':', q.n - n))
			return true;
	}
	return false;
}

/* The words of a fault may quote a stranger and be cut anywhere; that must not cost the caller his fault.
 * What is not text becomes a question mark. */
static struct bytes readable(struct pool *pool, struct bytes text)
{
	SCOPED(buf_free) struct buf out = BUF(ELEMENT_MAX);
	const char *copy;

	if (utf8_is_xml(text))
		return text;
	for (size_t i = 0, n; i < text.n; i += n) {
		n = channel_text_cut(bytes_sub(text, i, text.n), 1).n;
		if (utf8_is_xml(bytes_sub(text, i, i + n)))
			buf_add(&out, bytes_sub(text, i, i + n));
		else
			buf_char(&out, '?');
	}
	copy = pool_copy(pool, buf_bytes(&out));
	return copy ? bytes_str(copy) : BYTES_NONE;
}

outcome channel_write_fault_as(const struct channel_fault *f, const char *ns, const char *name,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf info = BUF(ELEMENT_MAX);
	SCOPED(pool_free) struct pool *pool = pool_new(4 * ELEMENT_MAX);
	struct channel_fault fit = *f;
	const char *tag = pool ? pool_printf(pool, "t:%s", name) : NULL;

	if (!is_known_qname(f->faultcode))
		return err_set(e, REASON_CHANNEL_FORMAT, "faultcode has no prefix soapenv or wsse");
	if (!tag)
		return err_set(e, REASON_INTERNAL, "memory is short");
	fit.faultstring = readable(pool, f->faultstring);
	fit.error_code = readable(pool, f->error_code);
	fit.error_message = readable(pool, f->error_message);
	fit.error_data = readable(pool, f->error_data);
	fit.session_id = guid_is(f->session_id) ? f->session_id : BYTES_NONE;
	if (!channel_codec_write_error(&fit, tag, &info))
		return err_set(e, REASON_INTERNAL, "ErrorInfo could not be written");
	channel_add_body(out, " xmlns:wsse=\"" NS_WSSE "\"");
	buf_str(out, "<soapenv:Fault>");
	channel_add_leaf(out, "faultcode", f->faultcode);
	channel_add_leaf(out, "faultstring", fit.faultstring);
	buf_printf(out, "<detail xmlns:t=\"%s\">", ns);
	buf_add(out, buf_bytes(&info));
	buf_str(out, "</detail></soapenv:Fault>");
	channel_end_body(out);
	return channel_written(out, e);
}

outcome channel_write_fault(const struct channel_fault *f, struct buf *out, struct err *e)
{
	return channel_write_fault_as(f, NS_SYNC_TYPES, "SendMessageFault1_SendMessageFault", out, e);
}
