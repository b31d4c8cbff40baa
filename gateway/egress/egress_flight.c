/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_flight - one call: its options, what curl asks for and delivers on the way, and its outcome.
 * Promise: the request leaves at most once. curl repeats a request by itself when a kept connection breaks
 *          before an answer; a second attempt is refused as soon as an octet of the first has left.
 * Not here: sockets and time (egress_loop). */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#include "egress/egress_int.h"

#define HEAD_LARGEST (64u << 10)
/* Connections idle for longer are not used again: common servers close theirs after 5 s, and a request into a
 * closing connection has an uncertain outcome. */
#define IDLE_SECONDS 4L

struct egress_flight *egress_flight_new(void)
{
	struct egress_flight *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->easy = curl_easy_init();
	if (!f->easy) {
		free(f);
		return NULL;
	}
	return f;
}

void egress_flight_free(struct egress_flight *f)
{
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	free(f);
}

/* Called when the connection stands and the request is about to leave, again for every attempt. */
static int egress_flight_leaves(void *of, char *peer, char *own, int peer_port, int own_port)
{
	struct egress_flight *f = of;
	long left = 0;

	(void)peer;
	(void)own;
	(void)peer_port;
	(void)own_port;
	if (f->sent && (curl_easy_getinfo(f->easy, CURLINFO_REQUEST_SIZE, &left) != CURLE_OK || left > 0))
		return CURL_PREREQFUNC_ABORT;
	f->sent = true;
	return CURL_PREREQFUNC_OK;
}

static size_t egress_flight_take(char *octets, size_t size, size_t count, void *of)
{
	struct egress_flight *f = of;

	buf_add(&f->answer, (struct bytes){(const unsigned char *)octets, size * count});
	if (buf_ok(&f->answer))
		return size * count;
	f->too_large = true;
	return 0;
}

static size_t egress_flight_head(char *octets, size_t size, size_t count, void *of)
{
	struct egress_flight *f = of;
	struct bytes line = {(const unsigned char *)octets, size * count};

	f->head_octets += line.n;
	f->head_whole |= bytes_is(line, "\r\n") || bytes_is(line, "\n");
	if (line.n > 5 && memcmp(line.p, "HTTP/", 5) == 0) /* also behind an interim answer */
		f->head_whole = false;
	if (f->head_octets <= HEAD_LARGEST)
		return line.n;
	f->too_large = true;
	return 0;
}

#define SET(option, value) (curl_easy_setopt(f->easy, (option), (value)) == CURLE_OK)

static bool egress_flight_set_method(struct egress_flight *f)
{
	if (f->call->get)
		return SET(CURLOPT_HTTPGET, 1L);
	/* Not copied, and sent in one piece with the head where it is not long. */
	return SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->call->body.n) &&
		SET(CURLOPT_POSTFIELDS, f->call->body.n ? (const char *)f->call->body.p : "");
}

static bool egress_flight_set_http(struct egress_flight *f, struct curl_slist *headers)
{
	const struct egress_call *call = f->call;

	/* QUICK_EXIT: a hanging look-up of a name must not hold the thread. */
	return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_QUICK_EXIT, 1L) &&
		SET(CURLOPT_ERRORBUFFER, f->error) && SET(CURLOPT_PRIVATE, f) &&
		SET(CURLOPT_URL, call->url) && SET(CURLOPT_PROTOCOLS_STR, "http,https") &&
		SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PROXY, "") && SET(CURLOPT_NOPROXY, "*") &&
		SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
		SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(CURLOPT_USERAGENT, "qaqpa") &&
		SET(CURLOPT_HTTPHEADER, headers) && egress_flight_set_method(f) &&
		SET(CURLOPT_TIMEOUT_MS, (long)(call->deadline_ms > 0 ? call->deadline_ms : 1)) &&
		SET(CURLOPT_MAXAGE_CONN, IDLE_SECONDS) &&
		SET(CURLOPT_FRESH_CONNECT, call->fresh_connection ? 1L : 0L) &&
		SET(CURLOPT_FORBID_REUSE, call->fresh_connection ? 1L : 0L);
}

static bool egress_flight_set_callbacks(struct egress_flight *f)
{
	return SET(CURLOPT_PREREQFUNCTION, egress_flight_leaves) && SET(CURLOPT_PREREQDATA, f) &&
		SET(CURLOPT_HEADERFUNCTION, egress_flight_head) && SET(CURLOPT_HEADERDATA, f) &&
		SET(CURLOPT_WRITEFUNCTION, egress_flight_take) && SET(CURLOPT_WRITEDATA, f);
}

static bool egress_flight_set_tls(struct egress_flight *f)
{
	const struct egress_call *call = f->call;

	if (!SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) || !SET(CURLOPT_SSL_VERIFYPEER, 1L) ||
		!SET(CURLOPT_SSL_VERIFYHOST, 2L))
		return false;
	/* Without the folder taken away, the system's authorities would be trusted beside the given ones. */
	if (call->tls_ca && (!SET(CURLOPT_CAINFO, call->tls_ca) || !SET(CURLOPT_CAPATH, (char *)NULL)))
		return false;
	return !call->tls_certificate ||
		(SET(CURLOPT_SSLCERT, call->tls_certificate) && SET(CURLOPT_SSLKEY, call->tls_key));
}

bool egress_flight_prepare(struct egress_flight *f, struct egress_call *call, struct curl_slist *usual)
{
	bool own = !egress_headers_are_usual(call);

	BUG_IF(call->get && call->body.n);
	curl_easy_reset(f->easy);
	f->call = call;
	f->headers = own ? egress_headers_of(call) : NULL;
	f->head_octets = 0;
	f->head_whole = false;
	f->sent = false;
	f->too_large = false;
	f->answer = BUF(call->answer_bytes);
	f->error[0] = '\0';
	return (f->headers || !own) && egress_flight_set_http(f, own ? f->headers : usual) &&
		egress_flight_set_callbacks(f) && egress_flight_set_tls(f);
}

/* Failures of the TLS handshake or of what it needs. */
static bool egress_is_tls(CURLcode code)
{
	switch (code) {
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CLIENTCERT:
		return true;
	default:
		return false;
	}
}

static enum egress_kind egress_flight_kind(const struct egress_flight *f, CURLcode code)
{
	if (code == CURLE_OK) /* curl takes a connection that ends within the head for an answer */
		return f->head_whole ? EGRESS_ANSWERED : EGRESS_BROKEN;
	if (f->too_large)
		return EGRESS_TOO_LARGE;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return EGRESS_DEADLINE;
	if (f->sent)
		return EGRESS_BROKEN;
	return egress_is_tls(code) ? EGRESS_TLS : EGRESS_NOT_SENT;
}

static void egress_flight_times(const struct egress_flight *f, struct egress_result *result)
{
	curl_off_t tcp = 0, tls = 0, total = 0;

	curl_easy_getinfo(f->easy, CURLINFO_CONNECT_TIME_T, &tcp);
	curl_easy_getinfo(f->easy, CURLINFO_APPCONNECT_TIME_T, &tls);
	curl_easy_getinfo(f->easy, CURLINFO_TOTAL_TIME_T, &total);
	result->connect_us = tls > tcp ? tls : tcp;
	result->total_us = total;
}

static void egress_flight_give_back(struct egress_flight *f, enum egress_kind kind, const char *detail)
{
	struct egress_call *call = f->call;
	struct egress_result result = {.kind = kind, .sent = f->sent, .content_type = ""};
	const char *type = NULL;
	long status = 0;

	egress_flight_times(f, &result);
	if (kind == EGRESS_ANSWERED) {
		curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(f->easy, CURLINFO_CONTENT_TYPE, &type);
		result.status = (int)status;
		result.content_type = type ? type : "";
		result.body = f->answer;
	} else {
		buf_free(&f->answer);
	}
	snprintf(result.detail, sizeof result.detail, "%s", detail);
	f->answer = BUF(0);
	curl_slist_free_all(f->headers);
	f->headers = NULL;
	f->call = NULL;
	call->done(call, &result);
}

void egress_flight_end(struct egress_flight *f, CURLcode code)
{
	enum egress_kind kind = egress_flight_kind(f, code);
	const char *detail = f->error[0] ? f->error : curl_easy_strerror(code);

	if (code == CURLE_OK)
		detail = kind == EGRESS_ANSWERED ? "" : "the connection ended within the head of the answer";
	else if (kind == EGRESS_TOO_LARGE)
		detail = "the answer is larger than allowed";
	else if (code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_SEND_FAIL_REWIND)
		detail = "the kept connection broke before an answer; the request was not repeated";
	egress_flight_give_back(f, kind, detail);
}

void egress_flight_stop(struct egress_flight *f)
{
	egress_flight_give_back(f, EGRESS_STOPPED, EGRESS_STOPPING);
}
