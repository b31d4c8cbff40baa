/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim_post - one blocking POST with libcurl.
 * Promise:  a message leaves at most once; no redirect, no proxy of the environment, no other scheme than
 *           http and https; the certificate and the name of an https server are checked. A new connection
 *           each time: on a kept one that died libcurl would send a second time. */
#include <curl/curl.h>

#include "sim_int.h"

static void free_easy(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static void free_list(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static size_t into_buf(char *data, size_t size, size_t n, void *ctx)
{
	struct buf *b = ctx;

	buf_add(b, (struct bytes){(const unsigned char *)data, size * n});
	return buf_ok(b) ? size * n : 0;
}

static enum reason reason_of(CURLcode code, CURL *curl, const struct buf *answer)
{
	curl_off_t sent = 0;

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return REASON_PROVIDER_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return REASON_PROVIDER_TLS;
	case CURLE_OPERATION_TIMEDOUT:
		/* Nothing was uploaded: the connection itself was not made in time. */
		curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &sent);
		return sent > 0 ? REASON_PROVIDER_DEADLINE : REASON_PROVIDER_CONNECT;
	default:
		return buf_ok(answer) ? REASON_PROVIDER_BROKEN : REASON_PROVIDER_TOO_LARGE;
	}
}

static struct curl_slist *heads(void)
{
	/* An empty Expect: the message goes out without waiting for leave. */
	static const char *const lines[] = {
		"Content-Type: text/xml; charset=utf-8", "SOAPAction: \"\"", "Expect:"};
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct curl_slist *longer = curl_slist_append(list, lines[i]);

		if (!longer) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

static void set_options(const struct sim_post *c, CURL *curl, struct curl_slist *head, struct buf *answer)
{
	curl_easy_setopt(curl, CURLOPT_URL, c->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)c->deadline_ms);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (c->tls_ca) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, c->tls_ca);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)c->message.p);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->message.n);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, into_buf);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
}

outcome sim_post(const struct sim_post *c, struct buf *answer, int *http_status, struct err *e)
{
	SCOPED(free_list) struct curl_slist *head = heads();
	SCOPED(free_easy) CURL *curl = curl_easy_init();
	char words[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	if (!head || !curl)
		return err_set(e, REASON_MEMORY, "handle of a call");
	set_options(c, curl, head, answer);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return err_set(e, reason_of(code, curl, answer), "%s: %s", c->url,
			words[0] ? words : curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	*http_status = (int)status;
	return DONE;
}
