/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_loop - the thread: takes calls from others, drives curl's sockets by epoll, hands back what ended.
 * Owns:    one pool of connections, and old ones until their last call ends.
 * Promise: many calls submitted together cost one wake-up; curl is touched by this thread alone.
 * Not here: what a call is and how it ended (egress_flight). */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "log/log.h"

#include "egress/egress_int.h"

#define TROUBLED_MS 100
#define EVENTS 128
#define IDLE_MOST 1024L /* kept connections without a call */
#define SPARE_MOST 2048 /* kept handles */
#define WAKE UINT64_MAX

/* A multi handle with its connections, TLS sessions and read certificate files. */
struct egress_pool {
	struct egress_pool *next;
	struct egress *of;
	uint32_t number;
	CURLM *multi;
	size_t open;
	int64_t timer_ms; /* when curl wants to be called; -1: not */
	bool troubled;    /* curl was refused memory while calls were open */
};

struct egress {
	pthread_t thread;
	int epoll, wake;
	struct curl_slist *headers;
	atomic_size_t in_flight;

	pthread_mutex_t lock; /* of these */
	struct egress_call *first, **last;
	bool reload, stop;

	struct egress_pool *pools; /* the one for new calls first */
	uint32_t pool_number;
	struct egress_flight *open, *spare;
	size_t spares;
};

static void egress_flight_link(struct egress_flight **list, struct egress_flight *f)
{
	f->next = *list;
	f->link = list;
	if (f->next)
		f->next->link = &f->next;
	*list = f;
}

static void egress_flight_unlink(struct egress_flight *f)
{
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
}

/* One that cannot be watched ends at its deadline. */
static void egress_watch(int ep, curl_socket_t fd, struct epoll_event *event, bool known)
{
	int usual = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, other = known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	for (int i = 0; i < 2; i++)
		if (epoll_ctl(ep, usual, fd, event) == 0 || epoll_ctl(ep, other, fd, event) == 0)
			return;
	log_event(LOG_ERROR, "egress.watch", LOG_NUM("errno", errno));
}

/* curl tells which events of which socket it waits for. It is never told that this failed: it would end every call of
 * the pool, and take no other for ever. */
static int egress_on_socket(CURL *easy, curl_socket_t fd, int what, void *of, void *known)
{
	struct egress_pool *pool = of;
	struct epoll_event event = {.data.u64 = (uint64_t)pool->number << 32 | (uint32_t)fd};
	int ep = pool->of->epoll;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	egress_watch(ep, fd, &event, known);
	if (!known)
		curl_multi_assign(pool->multi, fd, pool);
	return 0;
}

static int egress_on_timer(CURLM *multi, long in_ms, void *of)
{
	struct egress_pool *pool = of;

	(void)multi;
	pool->timer_ms = in_ms < 0 ? -1 : mono_ms() + in_ms;
	return 0;
}

static struct egress_pool *egress_pool_new(struct egress *e)
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
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, egress_on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, egress_on_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, IDLE_MOST);
	return pool;
}

static void egress_pool_free(struct egress_pool *pool)
{
	curl_multi_cleanup(pool->multi);
	free(pool);
}

static void egress_spares_free(struct egress *e)
{
	while (e->spare) {
		struct egress_flight *f = e->spare;

		egress_flight_unlink(f);
		egress_flight_free(f);
	}
	e->spares = 0;
}

/* The end of a call that never became a flight. */
static void egress_refuse(
	struct egress *e, struct egress_call *call, enum egress_kind kind, const char *detail)
{
	struct egress_result result = {.kind = kind, .content_type = ""};

	snprintf(result.detail, sizeof result.detail, "%s", detail);
	atomic_fetch_sub(&e->in_flight, 1);
	call->done(call, &result);
}

static void egress_begin(struct egress *e, struct egress_call *call)
{
	struct egress_flight *f = e->spare;

	if (f) {
		egress_flight_unlink(f);
		e->spares--;
	} else {
		f = egress_flight_new();
	}
	if (!f || !egress_flight_prepare(f, call, e->headers) ||
		curl_multi_add_handle(e->pools->multi, f->easy) != CURLM_OK) {
		if (f)
			egress_flight_free(f);
		egress_refuse(e, call, EGRESS_NOT_SENT, "the call could not be prepared");
		return;
	}
	f->pool = e->pools;
	f->pool->open++;
	egress_flight_link(&e->open, f);
}

/* Takes the flight out of its pool; handles of old pools are not kept, for they hold TLS sessions. */
static void egress_land(struct egress *e, struct egress_flight *f)
{
	curl_multi_remove_handle(f->pool->multi, f->easy);
	f->pool->open--;
	egress_flight_unlink(f);
	atomic_fetch_sub(&e->in_flight, 1);
}

static void egress_keep(struct egress *e, struct egress_flight *f)
{
	if (f->pool != e->pools || e->spares >= SPARE_MOST) {
		egress_flight_free(f);
		return;
	}
	egress_flight_link(&e->spare, f);
	e->spares++;
}

static void egress_reap(struct egress *e, struct egress_pool *pool)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(pool->multi, &left))) {
		CURLcode code = message->data.result;
		struct egress_flight *f = NULL;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &f);
		egress_land(e, f);
		egress_flight_end(f, code);
		egress_keep(e, f);
	}
}

/* A new pool for new calls; the old one ends with its last call. */
static void egress_renew(struct egress *e)
{
	struct egress_pool *pool = egress_pool_new(e);

	if (!pool) {
		log_event(LOG_ERROR, "egress.reload",
			LOG_TEXT("detail", "no memory; the old certificates stay in use"));
		return;
	}
	pool->next = e->pools;
	e->pools = pool;
	egress_spares_free(e);
}

/* Takes what others left for this thread. False when the end was asked for; then calls end at once. */
static bool egress_take(struct egress *e)
{
	struct egress_call *call;
	bool reload, stop;

	pthread_mutex_lock(&e->lock);
	call = e->first;
	e->first = NULL;
	e->last = &e->first;
	reload = e->reload;
	e->reload = false;
	stop = e->stop;
	pthread_mutex_unlock(&e->lock);
	if (reload)
		egress_renew(e);
	while (call) {
		struct egress_call *next = call->next; /* the call is its owner's again once it ended */

		if (stop)
			egress_refuse(e, call, EGRESS_STOPPED, EGRESS_STOPPING);
		else
			egress_begin(e, call);
		call = next;
	}
	return !stop;
}

/* Lets curl work. Refused memory it may neither watch a socket nor say when it wants to be asked again; then it is asked so
 * often that the deadlines of its calls are met, until they have ended. */
static void egress_drive(struct egress_pool *pool, curl_socket_t socket, int mask)
{
	int running;

	if (curl_multi_socket_action(pool->multi, socket, mask, &running) != CURLM_OK)
		pool->troubled = true;
}

static void egress_on_event(struct egress *e, const struct epoll_event *event)
{
	struct egress_pool *pool = e->pools;
	int mask = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
		(event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		(event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

	if (event->data.u64 == WAKE)
		return;
	while (pool && pool->number != event->data.u64 >> 32)
		pool = pool->next;
	if (pool)
		egress_drive(pool, (curl_socket_t)(event->data.u64 & 0xffffffff), mask);
}

/* Runs due timers and hands back what ended; frees old pools that are done. Gives the time to wait. */
static int egress_turn(struct egress *e)
{
	struct egress_pool **link = &e->pools;
	int64_t now = mono_ms(), wait = -1;

	while (*link) {
		struct egress_pool *pool = *link;

		if (pool->timer_ms >= 0 && pool->timer_ms <= now) {
			pool->timer_ms = -1;
			egress_drive(pool, CURL_SOCKET_TIMEOUT, 0);
		}
		egress_reap(e, pool);
		pool->troubled = pool->troubled && pool->open > 0;
		if (pool->troubled && (pool->timer_ms < 0 || pool->timer_ms > now + TROUBLED_MS))
			pool->timer_ms = now + TROUBLED_MS;
		if (pool != e->pools && pool->open == 0) {
			*link = pool->next;
			egress_pool_free(pool);
			continue;
		}
		if (pool->timer_ms >= 0 && (wait < 0 || pool->timer_ms - now < wait))
			wait = pool->timer_ms > now ? pool->timer_ms - now : 0;
		link = &pool->next;
	}
	return wait > 60000 ? 60000 : (int)wait;
}

static bool egress_has_waiting(struct egress *e)
{
	bool waiting;

	pthread_mutex_lock(&e->lock);
	waiting = e->first != NULL;
	pthread_mutex_unlock(&e->lock);
	return waiting;
}

static void egress_end(struct egress *e)
{
	while (e->open) {
		struct egress_flight *f = e->open;

		egress_land(e, f);
		egress_flight_stop(f);
		egress_flight_free(f);
	}
	while (egress_has_waiting(e)) /* calls that were submitted while others ended */
		egress_take(e);
	egress_spares_free(e);
	while (e->pools) {
		struct egress_pool *pool = e->pools;

		e->pools = pool->next;
		egress_pool_free(pool);
	}
}

static void *egress_run(void *of)
{
	struct egress *e = of;
	struct epoll_event events[EVENTS];
	bool going = true;

	while (going) {
		int n = epoll_wait(e->epoll, events, EVENTS, egress_turn(e));

		BUG_IF(n < 0 && errno != EINTR);
		for (int i = 0; i < n; i++)
			egress_on_event(e, &events[i]);
		going = egress_take(e);
	}
	egress_end(e);
	return NULL;
}

static void egress_wake(struct egress *e)
{
	uint64_t one = 1;

	if (write(e->wake, &one, sizeof one) < 0)
		BUG_IF(errno != EAGAIN && errno != EINTR);
}

void egress_submit(struct egress *e, struct egress_call *call)
{
	bool first;

	call->next = NULL;
	atomic_fetch_add(&e->in_flight, 1);
	pthread_mutex_lock(&e->lock);
	first = !e->first;
	*e->last = call;
	e->last = &call->next;
	pthread_mutex_unlock(&e->lock);
	if (first)
		egress_wake(e);
}

size_t egress_in_flight(const struct egress *e)
{
	return atomic_load(&e->in_flight);
}

void egress_reload_tls(struct egress *e)
{
	pthread_mutex_lock(&e->lock);
	e->reload = true;
	pthread_mutex_unlock(&e->lock);
	egress_wake(e);
}

static void egress_free(struct egress *e)
{
	if (e->pools)
		egress_pool_free(e->pools);
	curl_slist_free_all(e->headers);
	if (e->wake >= 0)
		close(e->wake);
	if (e->epoll >= 0)
		close(e->epoll);
	pthread_mutex_destroy(&e->lock);
	free(e);
	curl_global_cleanup();
}

/* The thread has all signals blocked: they are the main thread's; a broken pipe is only an error here. */
static bool egress_thread(struct egress *e)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&e->thread, NULL, egress_run, e);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !failed;
}

struct egress *egress_start(void)
{
	struct epoll_event wake = {.events = EPOLLIN | EPOLLET, .data.u64 = WAKE}; /* never read: each write is an event */
	struct egress *e;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	e = calloc(1, sizeof *e);
	if (!e) {
		curl_global_cleanup();
		return NULL;
	}
	pthread_mutex_init(&e->lock, NULL);
	e->last = &e->first;
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e->headers = egress_headers_of(&(struct egress_call){.url = NULL});
	e->pools = egress_pool_new(e);
	if (e->epoll < 0 || e->wake < 0 || !e->headers || !e->pools ||
		epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->wake, &wake) != 0 || !egress_thread(e)) {
		egress_free(e);
		return NULL;
	}
	return e;
}

void egress_stop(struct egress **e)
{
	if (!*e)
		return;
	pthread_mutex_lock(&(*e)->lock);
	(*e)->stop = true;
	pthread_mutex_unlock(&(*e)->lock);
	egress_wake(*e);
	pthread_join((*e)->thread, NULL);
	egress_free(*e);
	*e = NULL;
}
