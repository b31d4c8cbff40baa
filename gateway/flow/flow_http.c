/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_http - from an HTTP request to the right hands: a message of the channel, its WSDL, a health question, or a
 * plain refusal. Spec: WS-I Basic Profile 1.1 (R1119: content type), bus contract 1.6. */
#include <stdlib.h>
#include <strings.h>

#include "flow/flow_int.h"

static void respond_text(struct front_request *r, int status, const char *text, const char *allow)
{
	struct front_answer a = {
		.status = status,
		.content_type = "text/plain; charset=utf-8",
		.body = bytes_str(text),
		.allow = allow,
	};

	front_respond(r, &a);
}

static bool starts_with(struct bytes b, const char *prefix)
{
	size_t n = strlen(prefix);

	return b.n >= n && strncasecmp((const char *)b.p, prefix, n) == 0;
}

/* No Content-Encoding, or the word that means none. */
static bool is_identity(struct bytes encoding)
{
	return encoding.n == 0 || (encoding.n == strlen("identity") && starts_with(encoding, "identity"));
}

/* text/xml, application/xml or application/soap+xml, with no charset or UTF-8. */
static bool content_type_fits(struct bytes type)
{
	static const char *const types[] = {"text/xml", "application/xml", "application/soap+xml"};
	char text[256];
	const char *charset;
	size_t n = 0;

	for (size_t i = 0; i < sizeof types / sizeof *types && n == 0; i++) {
		if (starts_with(type, types[i]))
			n = strlen(types[i]);
	}
	if (n == 0 || type.n >= sizeof text || (type.n > n && type.p[n] != ';' && type.p[n] != ' '))
		return false;
	memcpy(text, type.p, type.n);
	text[type.n] = 0;
	charset = strcasestr(text, "charset=");
	if (!charset)
		return true;
	charset += strlen("charset=");
	charset += *charset == '"';
	return strncasecmp(charset, "utf-8", 5) == 0 && (charset[5] == 0 || strchr("\"; ", charset[5]));
}

static void respond_wsdl(struct front_request *r, const struct conf_listener *l, bool async)
{
	SCOPED(buf_free) struct buf address = BUF(4096);
	SCOPED(buf_free) struct buf document = BUF(1u << 20);
	struct front_answer a = {.status = 200, .content_type = "text/xml; charset=utf-8"};
	char query[256];

	if (r->query.n >= sizeof query) {
		respond_text(r, 404, "No such document. Try ?wsdl.\n", NULL);
		return;
	}
	memcpy(query, r->query.p, r->query.n);
	query[r->query.n] = 0;
	if (l->public_url && !async) {
		buf_str(&address, l->public_url);
	} else {
		buf_str(&address, r->tls ? "https://" : "http://");
		buf_add(&address, r->host);
		buf_add(&address, r->path);
	}
	if (!(async ? async_wsdl : channel_wsdl)(buf_cstr(&address), query, &document, NULL).ok) {
		respond_text(r, 404, "No such document. Try ?wsdl.\n", NULL);
		return;
	}
	a.body = buf_bytes(&document);
	front_respond(r, &a);
}

static void on_channel(struct flow *f, struct front_request *r)
{
	struct snapshot *snap = flow_snapshot(f);
	const struct conf_listener *l = &snap->conf->listeners[r->listener];
	bool async = bytes_is(r->path, l->async_path), get = bytes_is(r->method, "GET") || bytes_is(r->method, "HEAD");

	if (!async && !bytes_is(r->path, l->sync_path)) {
		respond_text(r, 404, "No channel has this path.\n", NULL);
	} else if (get && r->query.n) {
		respond_wsdl(r, l, async);
	} else if (!bytes_is(r->method, "POST")) {
		respond_text(r, 405, "Messages are sent by POST; the contract is at ?wsdl.\n", "POST, GET");
	} else if (!is_identity(r->content_encoding)) {
		respond_text(r, 415, "Content-Encoding is not supported.\n", NULL);
	} else if (!content_type_fits(r->content_type)) {
		respond_text(r, 415, "Send Content-Type: text/xml; charset=utf-8.\n", NULL);
	} else {
		exchange_begin(f, snap, l, async, r); /* takes the reference */
		return;
	}
	snapshot_drop(&snap);
}

void flow_on_request(void *ctx, struct front_request *request)
{
	struct flow *f = ctx;
	size_t listeners;

	pthread_mutex_lock(&f->lock);
	listeners = f->current->conf->listener_count;
	pthread_mutex_unlock(&f->lock);
	if (request->listener >= listeners)
		flow_admin_answer(f, request);
	else
		on_channel(f, request);
}
