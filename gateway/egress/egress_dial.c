/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_dial - libcurl makes the connections: names, TCP, TLS with its files and checks.
 * Promise:  http and https only, no proxies from the environment; curl is told of no request, so it cannot send or repeat
 *           one.
 * Not here: what goes over a connection (egress_flight), which of them are kept (egress_conn). */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "log/log.h"

#include "egress/egress_int.h"

/* curl tells which events of which socket it waits for. It is never told that this failed: it would end every connection
 * that is being made, and make no other for ever. One that cannot be watched ends at the deadline of its call. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *of, void *known)
{
	struct egress_pool *pool = of;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);

	(void)easy, (void)known;
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(pool->of->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (!egress_watch(pool->of, fd, events, egress_who_curl(pool, fd)))
		log_event(LOG_ERROR, "egress.watch", LOG_NUM("errno", errno));
	return 0;
}

static int on_timer(CURLM *multi, long in_ms, void *of)
{
	struct egress_pool *pool = of;

	(void)multi;
	pool->timer_ms = in_ms < 0 ? -1 : mono_ms() + in_ms;
	return 0;
}

struct egress_pool *egress_pool_new(struct egress *e)
{
	struct egress_pool *pool = calloc(1, sizeof *pool);
	CURLM *multi = pool ? curl_multi_init() : NULL;

	if (!multi) {
		free(pool);
		return NULL;
	}
	pool->multi = multi;
	pool->of = e;
	pool->number = e->pool_number++ & 0x7fffffff;
	pool->timer_ms = -1;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool);
	return pool;
}

void egress_pool_free(struct egress_pool *pool)
{
	while (pool->spares)
		curl_easy_cleanup(pool->spare[--pool->spares]);
	curl_multi_cleanup(pool->multi);
	free(pool);
}

#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

static bool set_tls(CURL *easy, const struct egress_call *call)
{
	if (!SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) || !SET(CURLOPT_SSL_VERIFYPEER, 1L) ||
		!SET(CURLOPT_SSL_VERIFYHOST, 2L))
		return false;
	/* Without the folder taken away, the system's authorities would be trusted beside the given ones. */
	if (call->tls_ca && (!SET(CURLOPT_CAINFO, call->tls_ca) || !SET(CURLOPT_CAPATH, (char *)NULL)))
		return false;
	return !call->tls_certificate ||
		(SET(CURLOPT_SSLCERT, call->tls_certificate) && SET(CURLOPT_SSLKEY, call->tls_key));
}

/* FRESH_CONNECT: what is kept is ours to keep. QUICK_EXIT: a hanging look-up of a name must not hold the thread. */
static bool set_all(CURL *easy, struct egress_conn *c, const struct egress_call *call)
{
	return SET(CURLOPT_CONNECT_ONLY, 1L) && SET(CURLOPT_FRESH_CONNECT, 1L) && SET(CURLOPT_NOSIGNAL, 1L) &&
		SET(CURLOPT_QUICK_EXIT, 1L) && SET(CURLOPT_ERRORBUFFER, c->error) && SET(CURLOPT_PRIVATE, c) &&
		SET(CURLOPT_URL, call->url) && SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_PROXY, "") &&
		SET(CURLOPT_NOPROXY, "*") && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
		SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && set_tls(easy, call);
}

static CURL *handle_of(struct egress_pool *pool)
{
	return pool->spares ? pool->spare[--pool->spares] : curl_easy_init();
}

bool egress_dial(struct egress_flight *f)
{
	struct egress_pool *pool = f->of->pools;
	struct egress_conn *c = f->conn;
	CURL *easy = handle_of(pool);

	if (!easy || !set_all(easy, c, f->call) || curl_multi_add_handle(pool->multi, easy) != CURLM_OK) {
		curl_easy_cleanup(easy);
		return false;
	}
	c->easy = easy;
	c->pool = pool;
	c->number = pool->number;
	pool->open++;
	return true;
}

void egress_dial_end(struct egress_pool *pool, CURL *easy)
{
	curl_multi_remove_handle(pool->multi, easy);
	pool->open--;
	curl_easy_reset(easy); /* but for its TLS sessions */
	if (pool == pool->of->pools && pool->spares < SPARE_HANDLES)
		pool->spare[pool->spares++] = easy;
	else
		curl_easy_cleanup(easy);
}

void egress_pool_drive(struct egress_pool *pool, curl_socket_t socket, int mask)
{
	CURLMsg *message;
	int running, left;

	curl_multi_socket_action(pool->multi, socket, mask, &running);
	while ((message = curl_multi_info_read(pool->multi, &left))) {
		CURLcode code = message->data.result;
		struct egress_conn *c = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &c);
		egress_flight_dialled(c->flight, code);
	}
}
