/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_peer - a caller of the bus: composes, signs, sends, verifies the answer.
 * Owns:     its trust, its password (wiped at the end).
 * Promise:  nothing of an answer is given out as verified that security_verify did not verify.
 * Not here: HTTP (sim_post.c), what is sent (adapters, the command). */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"
#include "sim_int.h"

#define PASSWORD_BYTES 1024

struct trust *peer_trust(const struct peer *p)
{
	return sim_trust(p->trust);
}

const struct trust_key *peer_key(const struct peer *p)
{
	return trust_key_named(peer_trust(p), "own");
}

enum conf_form peer_form(const struct peer *p)
{
	return p->form;
}

static void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* The first line of the file without its end. */
static outcome read_password(const char *path, struct buf *out, struct err *e)
{
	SCOPED(close_file) FILE *f = fopen(path, "r");
	int c;

	if (!f)
		return err_set(e, REASON_IO, "password file %s cannot be opened", path);
	setvbuf(f, NULL, _IONBF, 0); /* no copy of the password stays in a buffer of stdio */
	if (!buf_reserve(out, PASSWORD_BYTES - 1))
		return err_set(e, REASON_MEMORY, "password");
	while ((c = fgetc(f)) != EOF && c != '\n')
		buf_char(out, (char)c);
	if (out->len > 0 && out->data[out->len - 1] == '\r')
		out->len--;
	if (!buf_ok(out) || out->len == 0)
		return err_set(e, REASON_IO, "password file %s is empty or longer than %d", path, PASSWORD_BYTES);
	return DONE;
}

/* Copies a text that may be absent; false when memory is short. */
static bool copy(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

outcome peer_open(const struct peer_options *o, struct peer **out, struct err *e)
{
	SCOPED(peer_free) struct peer *p = calloc(1, sizeof *p);

	if (!p)
		return err_set(e, REASON_MEMORY, "peer");
	/* Counted by libcurl and safe in any thread in the versions the build asks for; peer_free gives it
	 * back. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(p);
		p = NULL;
		return err_set(e, REASON_MEMORY, "libcurl");
	}
	p->form = o->form ? o->form : CONF_FORM_KEY_IDENTIFIER;
	p->password = BUF(PASSWORD_BYTES);
	if (!copy(o->url, &p->url) || !copy(o->async_url, &p->async_url) || !copy(o->sender_id, &p->sender_id) ||
		!copy(o->tls_ca, &p->tls_ca))
		return err_set(e, REASON_MEMORY, "peer");
	TRY(sim_trust_open(o->certificate, o->key, o->peer_certificate, p->form, &p->trust, e));
	p->has_password = o->password_file;
	if (p->has_password)
		TRY(read_password(o->password_file, &p->password, e));
	*out = p;
	p = NULL;
	return DONE;
}

void peer_free(struct peer **p)
{
	if (!*p)
		return;
	sim_trust_free(&(*p)->trust);
	buf_wipe(&(*p)->password);
	free((*p)->url);
	free((*p)->async_url);
	free((*p)->sender_id);
	free((*p)->tls_ca);
	free(*p);
	curl_global_cleanup();
	*p = NULL;
}

/* Another first letter of the value: of the right form, and wrong. */
static void spoil_signature(unsigned char *message, size_t n)
{
	static const char mark[] = "SignatureValue>";
	unsigned char *value = memmem(message, n, mark, sizeof mark - 1);

	if (value) {
		value += sizeof mark - 1;
		*value = *value == 'A' ? 'B' : 'A';
	}
}

outcome peer_sign(struct peer *p, struct pool *pool, struct bytes plain, struct buf *out, struct err *e)
{
	const struct weather_now *weather = sim_sky_now();
	struct sign_options sign = {weather->expired_certificate ? p->expired : peer_key(p), p->form, SIGNATURE_COUNT};
	size_t before = out->len;

	TRY(security_sign(pool, plain, &sign, out, e));
	if (weather->wrong_signature)
		spoil_signature(out->data + before, out->len - before);
	return DONE;
}

outcome peer_compose(struct peer *p, struct pool *pool, const char *service_id, const char *data_attributes,
	const char *data, const char *message_id, struct buf *out, struct err *e)
{
	SCOPED(buf_wipe) struct buf plain = BUF(SIM_MESSAGE_BYTES);
	char fresh[37], date[STAMP_TEXT];
	struct sync_request r = {
		.service_id = bytes_str(service_id),
		.sender_id = bytes_str(p->sender_id),
		.password = buf_bytes(&p->password),
		.has_password = p->has_password,
		.date = sim_now(),
	};

	if (!p->sender_id)
		return err_set(e, REASON_CONFIG, "without a senderId nothing can be sent");
	uuid_new(fresh);
	r.message_id = bytes_str(message_id ? message_id : fresh);
	stamp_print(r.date, date);
	r.message_date = bytes_str(date);
	TRY(channel_write_request(&r, data_attributes, data, &plain, e));
	return peer_sign(p, pool, buf_bytes(&plain), out, e);
}

outcome peer_post(struct peer *p, const char *url, struct bytes message, int deadline_ms, struct buf *answer,
	int *http_status, struct err *e)
{
	struct sim_post post = {url, p->tls_ca, message, deadline_ms};

	if (!url)
		return err_set(e, REASON_CONFIG, "without an address nothing can be sent");
	if (sim_sky_now()->twice) { /* the same octets first, for an answer that nobody reads */
		SCOPED(buf_free) struct buf unread = BUF(SIM_MESSAGE_BYTES);

		TRY(sim_post(&post, &unread, http_status, e));
	}
	return sim_post(&post, answer, http_status, e);
}

outcome peer_send_raw(struct peer *p, struct bytes message, int deadline_ms, struct buf *answer,
	int *http_status, struct err *e)
{
	return peer_post(p, p->url, message, deadline_ms, answer, http_status, e);
}

outcome peer_because(struct err *e, enum reason r, const struct err *near)
{
	return err_set(e, r, "%s: %.200s", reason_row(near->reason)->name, near->detail);
}

outcome peer_open_answer(struct peer *p, struct pool *pool, struct bytes text, struct peer_opened *out,
	struct err *e)
{
	struct err near;
	bool verified;

	*out = (struct peer_opened){0};
	if (sim_is_white(text))
		return err_set(e, REASON_PROVIDER_EMPTY, "the answer is empty");
	if (!envelope_parse(pool, text, &ENVELOPE_LIMITS_DEFAULT, &out->env, &near).ok)
		return peer_because(e, REASON_PROVIDER_NOT_SOAP, &near);
	verified = security_verify(pool, out->env, peer_trust(p), stamp_now(), &out->verified, NULL, &near).ok;
	if (!verified)
		out->verified = NULL;
	out->fault = channel_read_fault(pool, out->env, &out->fault_info);
	if (!out->fault && !verified)
		return peer_because(e, REASON_PROVIDER_UNSIGNED, &near);
	return DONE;
}

outcome peer_read_answer(struct peer *p, struct pool *pool, struct bytes text, struct sim_answer *out,
	struct err *e)
{
	struct peer_opened opened;
	struct err near;

	out->text = text;
	TRY(peer_open_answer(p, pool, text, &opened, e));
	out->verified = opened.verified;
	out->fault = opened.fault;
	out->fault_info = opened.fault_info;
	if (out->fault)
		return DONE;
	if (!channel_read_response(pool, out->verified, &out->response, &near).ok ||
		!sim_payload(pool, opened.env, out->response.data, &out->payload, &out->payload_text, &near).ok)
		return peer_because(e, REASON_PROVIDER_FORMAT, &near);
	return DONE;
}

outcome peer_send(struct peer *p, struct pool *pool, const char *service_id, const char *data_attributes,
	const char *data, const char *message_id, int deadline_ms, struct sim_answer *out, struct err *e)
{
	SCOPED(buf_wipe) struct buf message = BUF(SIM_MESSAGE_BYTES + 65536);
	SCOPED(buf_free) struct buf answer = BUF(SIM_MESSAGE_BYTES);
	int64_t began = mono_us();
	char fresh[37];
	char *kept;

	*out = (struct sim_answer){0};
	uuid_new(fresh);
	out->message_id = pool_copy(pool, bytes_str(message_id ? message_id : fresh));
	if (!out->message_id)
		return err_set(e, REASON_MEMORY, "request");
	TRY(peer_compose(p, pool, service_id, data_attributes, data, out->message_id, &message, e));
	TRY(peer_send_raw(p, buf_bytes(&message), deadline_ms, &answer, &out->http_status, e));
	out->duration_us = mono_us() - began;
	kept = pool_copy(pool, buf_bytes(&answer));
	if (!kept)
		return err_set(e, REASON_MEMORY, "answer");
	return peer_read_answer(p, pool, (struct bytes){(unsigned char *)kept, answer.len}, out, e);
}
