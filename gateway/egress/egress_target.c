/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_target - what an address means, found out once; and the heads of requests.
 * Promise:  a call that says nothing about its head is a SOAP 1.1 call. Two calls have the same origin only when they go to
 *           the same scheme, host and port and, with TLS, trust and show the same files.
 * Not here: names and their addresses, TLS (egress_dial). */
#include <ctype.h>
#include <stdlib.h>

#include "egress/egress_int.h"

#define TARGETS 256 /* remembered; one that takes another's place is made again */
#define TARGET_MOST (64u << 10)
#define LINE_MOST 640
#define USER_AGENT "qaqpa"

struct egress_targets {
	struct buf said; /* the question, to compare */
	struct egress_target kept[TARGETS];
};

static uint32_t hash_of(struct bytes text)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ text.p[i]) * 16777619u;
	return hash;
}

/* With its NUL, so that no two lists of words look alike. */
static void add_word(struct buf *out, const char *word)
{
	buf_str(out, word ? word : "");
	buf_char(out, '\0');
}

static void add_files(struct buf *out, const struct egress_call *call)
{
	add_word(out, call->tls_ca);
	add_word(out, call->tls_certificate);
	add_word(out, call->tls_key);
}

/* A part of an address, or NULL when it is not there. */
static char *part_of(CURLU *url, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(url, part, &text, part == CURLUPART_HOST ? CURLU_PUNYCODE : 0) == CURLUE_OK ? text : NULL;
}

static void free_text(char **text)
{
	curl_free(*text);
}

static void make_origin(struct egress_target *t, const struct egress_call *call, const char *host, const char *port)
{
	add_word(&t->origin, t->tls ? "https" : "http");
	for (; *host; host++)
		buf_char(&t->origin, (char)tolower((unsigned char)*host));
	buf_char(&t->origin, '\0');
	add_word(&t->origin, port);
	if (t->tls)
		add_files(&t->origin, call);
}

static bool make_parts(struct egress_target *t, const struct egress_call *call, CURLU *url)
{
	SCOPED(free_text) char *scheme = part_of(url, CURLUPART_SCHEME), *host = part_of(url, CURLUPART_HOST),
		*port = part_of(url, CURLUPART_PORT), *path = part_of(url, CURLUPART_PATH), *query = part_of(url, CURLUPART_QUERY),
		*user = part_of(url, CURLUPART_USER);

	t->tls = scheme && strcmp(scheme, "https") == 0;
	if (!scheme || !host || !path || user || (!t->tls && strcmp(scheme, "http") != 0))
		return false;
	buf_printf(&t->line, " %s%s%s HTTP/1.1\r\nHost: %s", path, query ? "?" : "", query ? query : "", host);
	if (port && strcmp(port, t->tls ? "443" : "80") != 0)
		buf_printf(&t->line, ":%s", port);
	buf_str(&t->line, "\r\nUser-Agent: " USER_AGENT "\r\n");
	make_origin(t, call, host, port ? port : t->tls ? "443" : "80");
	return true;
}

static void target_free(struct egress_target *t)
{
	buf_free(&t->said);
	buf_free(&t->line);
	buf_free(&t->origin);
}

static const char *target_make(struct egress_target *t, const struct egress_call *call, struct bytes said)
{
	CURLU *url = curl_url();
	const char *wrong = NULL;

	target_free(t);
	*t = (struct egress_target){.said = BUF(TARGET_MOST), .line = BUF(TARGET_MOST), .origin = BUF(TARGET_MOST)};
	if (!url || curl_url_set(url, CURLUPART_URL, call->url, 0) != CURLUE_OK || !make_parts(t, call, url))
		wrong = "this is no address of http or https";
	curl_url_cleanup(url);
	t->hash = hash_of(buf_bytes(&t->origin));
	buf_add(&t->said, said);
	if (!wrong && buf_ok(&t->said) && buf_ok(&t->line) && buf_ok(&t->origin))
		return NULL;
	target_free(t);
	return wrong ? wrong : EGRESS_UNPREPARED;
}

struct egress_targets *egress_targets_new(void)
{
	struct egress_targets *t = calloc(1, sizeof *t);

	if (t)
		t->said = BUF(TARGET_MOST);
	return t;
}

void egress_targets_free(struct egress_targets *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < TARGETS; i++)
		target_free(&t->kept[i]);
	buf_free(&t->said);
	free(t);
}

const struct egress_target *egress_target_of(struct egress_targets *t, const struct egress_call *call, const char **why)
{
	struct egress_target *found;

	if (!buf_ok(&t->said)) {
		buf_free(&t->said);
		t->said = BUF(TARGET_MOST);
	}
	buf_clear(&t->said);
	add_word(&t->said, call->url);
	add_files(&t->said, call);
	*why = EGRESS_UNPREPARED;
	if (!buf_ok(&t->said))
		return NULL;
	found = &t->kept[hash_of(buf_bytes(&t->said)) % TARGETS];
	if (found->said.len && bytes_eq(buf_bytes(&found->said), buf_bytes(&t->said)))
		return found;
	*why = target_make(found, call, buf_bytes(&t->said));
	return *why ? NULL : found;
}

static bool add_field(struct buf *out, const char *name, const char *value)
{
	if (strlen(name) + strlen(value) > LINE_MOST || !http_is_text(bytes_str(value)))
		return false;
	buf_str(out, name);
	buf_str(out, value);
	buf_str(out, "\r\n");
	return true;
}

/* Once for each call, where printf would be the dearest part of the head. */
static void add_length(struct buf *out, size_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	buf_str(out, "Content-Length: ");
	buf_add(out, (struct bytes){(const unsigned char *)digits + at, sizeof digits - at});
	buf_str(out, "\r\n");
}

bool egress_request_head(const struct egress_target *t, const struct egress_call *call, struct buf *out)
{
	bool soap = !call->get && !call->content_type;

	buf_str(out, call->get ? "GET" : "POST");
	buf_add(out, buf_bytes(&t->line));
	if (!add_field(out, "Accept: ", call->accept ? call->accept : "*/*") ||
		(call->content_type && !add_field(out, "Content-Type: ", call->content_type)) ||
		(call->authorization && !add_field(out, "Authorization: ", call->authorization)))
		return false;
	if (soap)
		buf_str(out, "Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"\"\r\n");
	if (!call->get)
		add_length(out, call->front.n + call->body.n);
	buf_str(out, "\r\n");
	buf_add(out, call->front);
	return buf_ok(out);
}
