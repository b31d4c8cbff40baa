/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_message - messages and the provider's answer, signed ahead. */
#include <stdlib.h>

#include "base/ident.h"

#include "bench_int.h"

#define MESSAGE_MOST (64u << 20)

static void fill_payload(struct buf *data, size_t payload)
{
	size_t start = data->len;

	buf_str(data, "<p:Request xmlns:p=\"urn:demo:permit\">");
	for (unsigned i = 0; data->len - start < payload; i++)
		buf_printf(data, "<p:item n=\"%u\"><p:code>%03u</p:code><p:name>Рұқсат № %u</p:name></p:item>", i, i % 1000, i);
	buf_str(data, "</p:Request>");
}

static outcome sign_text(const struct trust_key *key, enum conf_form form, struct bytes text, struct buf *out, struct err *e)
{
	SCOPED(pool_free) struct pool *pool = pool_new(1u << 30);
	struct sign_options options = {.key = key, .form = form, .signature = SIGNATURE_COUNT};

	return security_sign(pool, text, &options, out, e);
}

static outcome message_make(const struct trust_key *key, enum conf_form form, struct sync_request *r, const char *data,
	const char *path, struct buf *out, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(MESSAGE_MOST), message = BUF(MESSAGE_MOST);
	char id[37];

	uuid_new(id);
	r->message_id = bytes_str(id);
	r->date = stamp_now();
	TRY(channel_write_request(r, NULL, data, &text, e));
	TRY(sign_text(key, form, buf_bytes(&text), &message, e));
	buf_printf(out, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml; charset=utf-8\r\n"
		"SOAPAction: \"\"\r\nContent-Length: %zu\r\n\r\n", path, message.len);
	buf_add(out, buf_bytes(&message));
	return buf_ok(out) ? DONE : err_set(e, REASON_MEMORY, "no memory for the messages");
}

outcome bench_messages_make(const struct trust_key *key, enum conf_form form, const char *service, const char *sender,
	const char *path, size_t payload, size_t n, struct bench_messages *out, struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(MESSAGE_MOST);
	struct sync_request r = {.service_id = bytes_str(service), .sender_id = bytes_str(sender)};

	fill_payload(&data, payload);
	out->n = n;
	out->list = calloc(n, sizeof *out->list);
	for (size_t i = 0; out->list && i < n; i++) {
		out->list[i] = BUF(MESSAGE_MOST);
		TRY(message_make(key, form, &r, buf_cstr(&data), path, &out->list[i], e));
	}
	return out->list ? DONE : err_set(e, REASON_MEMORY, "no memory for the messages");
}

outcome bench_answer_make(const struct trust_key *key, enum conf_form form, size_t payload, struct buf *out,
	struct err *e)
{
	SCOPED(buf_free) struct buf data = BUF(MESSAGE_MOST), text = BUF(MESSAGE_MOST);
	struct sync_response r = {
		.message_id = BYTES_LIT("bench-answer"),
		.status_code = BYTES_LIT("SCSS001"),
		.status_message = BYTES_LIT("Message has been processed successfully"),
		.date = stamp_now(),
	};

	fill_payload(&data, payload);
	TRY(channel_write_response(&r, NULL, buf_cstr(&data), &text, e));
	return sign_text(key, form, buf_bytes(&text), out, e);
}
