/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_provider - answers the same octets to everybody, at once or after a delay. All delays are equal, so the line of
 * waiting requests is in the order in which they are due. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "front/front.h"

#include "bench_int.h"

struct waiting {
	struct waiting *next;
	struct front_request *request;
	int64_t due_ms;
};

struct bench_provider {
	struct front *front;
	struct bytes answer;
	int delay_ms;
	pthread_t thread;
	pthread_mutex_t lock;
	struct waiting *first, **last;
	bool stopping;
	size_t received;
};

static void answer(const struct bench_provider *p, struct front_request *request)
{
	struct front_answer a = {.status = 200, .content_type = "text/xml; charset=utf-8", .body = p->answer};

	front_respond(request, &a);
}

static void on_request(void *ctx, struct front_request *request)
{
	struct bench_provider *p = ctx;
	struct waiting *w;

	__atomic_add_fetch(&p->received, 1, __ATOMIC_RELAXED);
	if (p->delay_ms == 0 || !(w = calloc(1, sizeof *w))) {
		answer(p, request);
		return;
	}
	w->request = request;
	w->due_ms = mono_ms() + p->delay_ms;
	pthread_mutex_lock(&p->lock);
	*p->last = w;
	p->last = &w->next;
	pthread_mutex_unlock(&p->lock);
}

static struct waiting *take_due(struct bench_provider *p)
{
	struct waiting *w;

	pthread_mutex_lock(&p->lock);
	w = p->first;
	if (w && !p->stopping && w->due_ms > mono_ms())
		w = NULL;
	if (w) {
		p->first = w->next;
		if (!p->first)
			p->last = &p->first;
	}
	pthread_mutex_unlock(&p->lock);
	return w;
}

static void *serve_late(void *arg)
{
	struct bench_provider *p = arg;

	while (!__atomic_load_n(&p->stopping, __ATOMIC_RELAXED) || p->first) {
		struct waiting *w = take_due(p);

		if (w) {
			answer(p, w->request);
			free(w);
		} else {
			usleep(1000);
		}
	}
	return NULL;
}

struct bench_provider *bench_provider_start(int port, struct bytes octets, int delay_ms)
{
	struct bench_provider *p = calloc(1, sizeof *p);
	struct front_listener_options listener = {
		.name = "provider", .host = "127.0.0.1", .port = port, .head_bytes = 16384, .body_bytes = 64u << 20,
		.head_ms = 60000, .body_ms = 60000, .idle_ms = 600000, .write_ms = 60000, .handshake_ms = 10000,
		.connections = 20000,
	};
	struct front_settings settings = {&listener, 1, 1u << 30, on_request, p};
	struct err e = {0};

	p->answer = octets;
	p->delay_ms = delay_ms;
	p->last = &p->first;
	pthread_mutex_init(&p->lock, NULL);
	if (!front_start(&settings, &p->front, &e).ok || pthread_create(&p->thread, NULL, serve_late, p) != 0) {
		front_stop(&p->front);
		free(p);
		return NULL;
	}
	return p;
}

size_t bench_provider_count(const struct bench_provider *p)
{
	return __atomic_load_n(&p->received, __ATOMIC_RELAXED);
}

void bench_provider_stop(struct bench_provider **pp)
{
	struct bench_provider *p = *pp;

	if (!p)
		return;
	*pp = NULL;
	__atomic_store_n(&p->stopping, true, __ATOMIC_RELAXED);
	pthread_join(p->thread, NULL);
	front_stop(&p->front);
	free(p);
}
