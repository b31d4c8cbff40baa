/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egress_loop - the thread: takes calls from others, waits for sockets and time, wakes whom it concerns.
 * Owns:    one pool of libcurl, and old ones until their last connection ends.
 * Promise: many calls submitted together cost one wake-up; curl is touched by this thread alone.
 * Not here: what a call is and how it ended (egress_flight). */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "log/log.h"

#include "egress/egress_int.h"

#define EVENTS 128
#define WAIT_MOST_MS 60000
/* Who an event is for: the wake-up, a socket of curl's (marked, pool and number), or a connection (its address). */
#define WAKE UINT64_MAX
#define CURLS (UINT64_C(1) << 63)

uint64_t egress_who_curl(const struct egress_pool *pool, curl_socket_t fd)
{
	return CURLS | (uint64_t)pool->number << 32 | (uint32_t)fd;
}

uint64_t egress_who_conn(const struct egress_conn *c)
{
	BUG_IF((uintptr_t)c & CURLS);
	return (uintptr_t)c;
}

bool egress_watch(struct egress *e, int fd, uint32_t events, uint64_t who)
{
	struct epoll_event event = {.events = events, .data.u64 = who};

	for (int i = 0; i < 2; i++)
		if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &event) == 0 || epoll_ctl(e->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
			return true;
	return false;
}

/* A new pool for new connections; the old one ends with its last. */
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
	egress_idle_close(e);
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
			egress_flight_begin(e, call);
		call = next;
	}
	return !stop;
}

static void egress_on_curl(struct egress *e, uint32_t number, curl_socket_t fd, uint32_t events)
{
	struct egress_pool *pool = e->pools;
	int mask = (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		(events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

	while (pool && pool->number != number)
		pool = pool->next;
	if (pool)
		egress_pool_drive(pool, fd, mask);
}

static void egress_on_event(struct egress *e, const struct epoll_event *event)
{
	uint64_t who = event->data.u64;

	if (who == WAKE)
		return;
	if (who & CURLS)
		egress_on_curl(e, who >> 32 & 0x7fffffff, (curl_socket_t)(who & 0xffffffff), event->events);
	else
		egress_conn_ready((struct egress_conn *)(uintptr_t)who, event->events);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Lets curl do what is due; frees old pools that are done. Gives when the next is due, -1: never. */
static int64_t egress_pools_turn(struct egress *e, int64_t now)
{
	struct egress_pool **link = &e->pools;
	int64_t due = -1;

	while (*link) {
		struct egress_pool *pool = *link;

		if (pool->timer_ms >= 0 && pool->timer_ms <= now) {
			pool->timer_ms = -1;
			egress_pool_drive(pool, CURL_SOCKET_TIMEOUT, 0);
		}
		if (pool != e->pools && pool->open == 0) {
			*link = pool->next;
			egress_pool_free(pool);
			continue;
		}
		due = earlier(due, pool->timer_ms);
		link = &pool->next;
	}
	return due;
}

/* Ends what is due. Gives the time to wait. */
static int egress_turn(struct egress *e)
{
	int64_t now = mono_ms(), due;

	while (e->deadlines.n && e->deadlines.heap[0]->deadline_ms <= now)
		egress_flight_expire(e->deadlines.heap[0]);
	due = earlier(egress_pools_turn(e, now), egress_idle_expire(e, now));
	if (e->deadlines.n)
		due = earlier(due, e->deadlines.heap[0]->deadline_ms);
	egress_conn_bury(e);
	if (due < 0)
		return -1;
	return due <= now ? 0 : due - now > WAIT_MOST_MS ? WAIT_MOST_MS : (int)(due - now);
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
	while (e->open)
		egress_flight_end(e->open, EGRESS_STOPPED, EGRESS_STOPPING);
	while (egress_has_waiting(e)) /* calls that were submitted while others ended */
		egress_take(e);
	egress_idle_close(e);
	egress_conn_bury(e);
}

static void *egress_run(void *of)
{
	struct egress *e = of;
	struct epoll_event events[EVENTS];
	bool going = true;

	pthread_setname_np(pthread_self(), "egress");
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
		thread_wake(e->wake);
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
	thread_wake(e->wake);
}

static void egress_free(struct egress *e)
{
	egress_flight_free_spares(e);
	while (e->pools) {
		struct egress_pool *pool = e->pools;

		e->pools = pool->next;
		egress_pool_free(pool);
	}
	egress_targets_free(e->targets);
	free(e->deadlines.heap);
	free(e->scratch);
	if (e->wake >= 0)
		close(e->wake);
	if (e->epoll >= 0)
		close(e->epoll);
	pthread_mutex_destroy(&e->lock);
	free(e);
	curl_global_cleanup();
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
	e->scratch = malloc(EGRESS_SCRATCH);
	e->targets = egress_targets_new();
	e->pools = egress_pool_new(e);
	if (e->epoll < 0 || e->wake < 0 || !e->scratch || !e->targets || !e->pools ||
		epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->wake, &wake) != 0 || !thread_start(&e->thread, egress_run, e)) {
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
	thread_wake((*e)->wake);
	pthread_join((*e)->thread, NULL);
	egress_free(*e);
	*e = NULL;
}
