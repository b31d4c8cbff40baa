/* SPDX-License-Identifier: GPL-3.0-or-later */
/* channel_write - messages of our own: typed parts by the codec, the envelope around them by hand.
 * Promise:  valid against wsdl/sync-channel; the Body has a wsu:Id; no prefix is used that is not
 *           declared.
 * Not here: the signature; what `data` holds. */
#include "base/ident.h"
#include "channel/channel_int.h"

#define MESSAGE_MAX 250 /* characters of status/message, bus contract 1.3 */
#define PROPERTIES_MAX 100
#define ELEMENT_MAX (4u << 20)

static outcome check(const struct direction *d, const char *parent, const char *name, struct bytes text,
	struct err *e)
{
	if (!utf8_is_xml(text))
		return err_set(e, REASON_CHANNEL_FORMAT, "%s is not text", name);
	return channel_field_check(channel_field_find(d, parent, name), text, e);
}

/* The schema demands the braces. */
static outcome check_session(struct bytes id, struct err *e)
{
	if (id.n && !guid_is(id))
		return err_set(e, REASON_CHANNEL_FORMAT, "sessionId is not a guid in braces");
	return DONE;
}

static outcome check_request(const struct sync_request *r, struct err *e)
{
	const struct direction *d = &channel_request;

	TRY(check(d, "requestInfo", "messageId", r->message_id, e));
	TRY(check(d, "requestInfo", "correlationId", r->correlation_id, e));
	TRY(check(d, "requestInfo", "serviceId", r->service_id, e));
	TRY(check(d, "requestInfo", "routeId", r->route_id, e));
	TRY(check(d, "sender", "senderId", r->sender_id, e));
	if (r->has_password)
		TRY(check(d, "sender", "password", r->password, e));
	if (r->property_count > PROPERTIES_MAX)
		return err_set(e, REASON_CHANNEL_LENGTH, "there are more than %d properties", PROPERTIES_MAX);
	for (size_t i = 0; i < r->property_count; i++) {
		TRY(check(d, "properties", "key", r->properties[i].key, e));
		TRY(check(d, "properties", "value", r->properties[i].value, e));
	}
	return check_session(r->session_id, e);
}

static outcome check_response(const struct sync_response *r, struct err *e)
{
	const struct direction *d = &channel_response;

	TRY(check(d, "responseInfo", "messageId", r->message_id, e));
	TRY(check(d, "responseInfo", "correlationId", r->correlation_id, e));
	TRY(check(d, "status", "code", r->status_code, e));
	if (!utf8_is_xml(r->status_message))
		return err_set(e, REASON_CHANNEL_FORMAT, "message is not text");
	return check_session(r->session_id, e);
}

static void body_open(struct buf *out, const char *more_namespaces)
{
	char id[37];

	uuid_new(id);
	buf_printf(out, "<soapenv:Envelope xmlns:soapenv=\"" NS_SOAP11 "\"%s><soapenv:Body xmlns:wsu=\""
		NS_WSU "\" wsu:Id=\"id-%s\">", more_namespaces, id);
}

static void body_close(struct buf *out) { buf_str(out, "</soapenv:Body></soapenv:Envelope>"); }

/* <requestData> or <responseData>; without data the element is empty, which the schema allows. */
static void add_data(struct buf *out, const char *holder, const char *attributes, const char *data)
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

/* The codec's requestInfo with the password put behind senderId: it does not go through gSOAP
 * (channel_codec.c). */
static void add_request_info(struct buf *out, struct bytes info, const struct sync_request *r)
{
	static const char end[] = "</sender>";
	const unsigned char *at = memmem(info.p, info.n, end, sizeof(end) - 1);

	BUG_IF(!at);
	buf_add(out, bytes_sub(info, 0, (size_t)(at - info.p)));
	if (r->has_password) {
		buf_str(out, "<password>");
		buf_xml(out, r->password);
		buf_str(out, "</password>");
	}
	buf_add(out, bytes_sub(info, (size_t)(at - info.p), info.n));
}

static outcome written(const struct buf *out, struct err *e)
{
	return buf_ok(out) ? DONE : err_set(e, REASON_INTERNAL, "no room for the message");
}

outcome channel_write_request(const struct sync_request *r, const char *data_attributes, const char *data,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf info = BUF(ELEMENT_MAX);
	char date[STAMP_TEXT];

	TRY(check_request(r, e));
	stamp_print(r->date, date);
	if (!channel_codec_write_request(r, date, &info))
		return err_set(e, REASON_INTERNAL, "requestInfo could not be written");
	body_open(out, "");
	buf_str(out, "<t:SendMessage xmlns:t=\"" NS_SYNC_TYPES "\"><request>");
	add_request_info(out, buf_bytes(&info), r);
	add_data(out, channel_request.holder, data_attributes, data);
	buf_str(out, "</request></t:SendMessage>");
	body_close(out);
	return written(out, e);
}

outcome channel_write_response(const struct sync_response *r, const char *data_attributes, const char *data,
	struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf info = BUF(ELEMENT_MAX);
	struct sync_response fitted = *r;
	char date[STAMP_TEXT];

	TRY(check_response(r, e));
	fitted.status_message = channel_text_cut(r->status_message, MESSAGE_MAX);
	stamp_print(r->date, date);
	if (!channel_codec_write_response(&fitted, date, &info))
		return err_set(e, REASON_INTERNAL, "responseInfo could not be written");
	body_open(out, "");
	buf_str(out, "<t:SendMessageResponse xmlns:t=\"" NS_SYNC_TYPES "\"><response>");
	buf_add(out, buf_bytes(&info));
	add_data(out, channel_response.holder, data_attributes, data);
	buf_str(out, "</response></t:SendMessageResponse>");
	body_close(out);
	return written(out, e);
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

outcome channel_write_fault(const struct channel_fault *f, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf info = BUF(ELEMENT_MAX);
	SCOPED(pool_free) struct pool *pool = pool_new(4 * ELEMENT_MAX);
	struct channel_fault fit = *f;
	char date[STAMP_TEXT];

	if (!is_known_qname(f->faultcode))
		return err_set(e, REASON_CHANNEL_FORMAT, "faultcode has no prefix soapenv or wsse");
	if (!pool)
		return err_set(e, REASON_INTERNAL, "memory is short");
	fit.faultstring = readable(pool, f->faultstring);
	fit.error_code = readable(pool, f->error_code);
	fit.error_message = readable(pool, f->error_message);
	fit.error_data = readable(pool, f->error_data);
	fit.session_id = guid_is(f->session_id) ? f->session_id : BYTES_NONE;
	stamp_print(f->error_date, date);
	if (!channel_codec_write_error(&fit, date, &info))
		return err_set(e, REASON_INTERNAL, "ErrorInfo could not be written");
	body_open(out, " xmlns:wsse=\"" NS_WSSE "\"");
	buf_str(out, "<soapenv:Fault><faultcode>");
	buf_xml(out, f->faultcode);
	buf_str(out, "</faultcode><faultstring>");
	buf_xml(out, fit.faultstring);
	buf_str(out, "</faultstring><detail xmlns:t=\"" NS_SYNC_TYPES "\">");
	buf_add(out, buf_bytes(&info));
	buf_str(out, "</detail></soapenv:Fault>");
	body_close(out);
	return written(out, e);
}
