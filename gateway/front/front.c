/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front - starting, stopping and asking the front; the calls that other threads make.
 * Owns:     struct front and what its listeners hold.
 * Not here: the work of the event thread (front_loop.c). */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/thread.h"
#include "log/log.h"

#include "front/front_int.h"

#define LINGER_MS 3000

static void wake_ready(struct front *f, struct front_source *s, uint32_t events)
{
	(void)f, (void)s, (void)events; /* the loop looks at everything that can have been meant */
}

static bool copy_text(const char **text)
{
	if (!*text)
		return true;
	*text = strdup(*text);
	return *text;
}

/* Every string is replaced by its copy, also after a failure, so that listener_free may free them all. */
static bool copy_options(struct front_listener *l, const struct front_listener_options *from)
{
	l->options = *from;
	const char **texts[] = {&l->options.name, &l->options.host, &l->options.certificate, &l->options.key,
				&l->options.client_ca};
	bool ok = true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ok = copy_text(texts[i]) && ok;
	return ok;
}

static outcome read_proxies(struct front_listener *l, struct err *e)
{
	const struct front_listener_options *o = &l->options;
	l->proxies = calloc(o->proxy_count + 1, sizeof *l->proxies);
	if (!l->proxies)
		return err_set(e, REASON_MEMORY, "listeners");
	for (size_t i = 0; i < o->proxy_count; i++)
		if (!prefix_read(bytes_str(o->proxies[i]), &l->proxies[i]))
			return err_set(e, REASON_IO, "listener %s: proxy %s: no address and no network", o->name,
				       o->proxies[i]);
	return DONE;
}

static void set_phases(struct front_listener *l)
{
	const struct front_listener_options *o = &l->options;
	l->phase_us[PHASE_PROXY] = o->head_ms * INT64_C(1000);
	l->phase_us[PHASE_HANDSHAKE] = o->handshake_ms * INT64_C(1000);
	l->phase_us[PHASE_IDLE] = o->idle_ms * INT64_C(1000);
	l->phase_us[PHASE_HEAD] = o->head_ms * INT64_C(1000);
	l->phase_us[PHASE_BODY] = o->body_ms * INT64_C(1000);
	l->phase_us[PHASE_WRITE] = o->write_ms * INT64_C(1000);
	l->phase_us[PHASE_LINGER] = LINGER_MS * INT64_C(1000);
	l->phase_us[PHASE_HOLD] = o->idle_ms * INT64_C(1000);
}

static void listener_free(struct front_listener *l)
{
	const char *texts[] = {l->options.name, l->options.host, l->options.certificate, l->options.key,
			       l->options.client_ca};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free((void *)(uintptr_t)texts[i]);
	free(l->proxies);
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		while (l->lines[phase].first)
			front_conn_drop(l->lines[phase].first);
	front_listen_close(l);
	SSL_CTX_free(l->tls);
}

void front_unref(struct front *f)
{
	if (atomic_fetch_sub(&f->references, 1) > 1)
		return;
	if (f->wake >= 0)
		close(f->wake);
	front_addresses_free(&f->addresses);
	pthread_cond_destroy(&f->quiet);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* After the event thread: all connections, then the answers that came too late. */
static void tear_down(struct front *f)
{
	for (size_t i = 0; i < f->listener_count; i++)
		listener_free(&f->listeners[i]);
	front_conn_bury(f);
	free(f->listeners);
	free(f->scratch);
	if (f->reserve >= 0)
		close(f->reserve);
	if (f->epoll >= 0)
		close(f->epoll);
	pthread_mutex_lock(&f->lock);
	f->stopped = true;
	struct front_job *job = f->answers;
	pthread_mutex_unlock(&f->lock);
	while (job) {
		struct front_job *next = job->next;
		front_job_free(job);
		job = next;
	}
	front_unref(f);
}

static outcome open_loop(struct front *f, struct err *e)
{
	f->wake_source.ready = wake_ready;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	f->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	f->scratch = malloc(FRONT_SCRATCH);
	/* Never read: each write is an event. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = &f->wake_source};
	if (f->epoll < 0 || f->wake < 0 || f->reserve < 0 || !f->scratch ||
	    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->wake, &event) < 0)
		return err_set(e, REASON_IO, "event loop: %s", strerror(errno));
	return DONE;
}

static outcome open_listeners(struct front *f, const struct front_settings *settings, struct err *e)
{
	f->listeners = calloc(settings->listener_count, sizeof(*f->listeners));
	if (!f->listeners && settings->listener_count > 0)
		return err_set(e, REASON_MEMORY, "listeners");
	for (size_t i = 0; i < settings->listener_count; i++) {
		struct front_listener *l = &f->listeners[i];
		l->front = f;
		l->index = i;
		l->fd = -1;
		f->listener_count = i + 1;
		if (!copy_options(l, &settings->listeners[i]))
			return err_set(e, REASON_MEMORY, "listeners");
		TRY(read_proxies(l, e));
		set_phases(l);
		if (l->options.tls != FRONT_TLS_OFF)
			TRY(front_tls_context(&l->options, i, &l->tls, e));
		TRY(front_listen_open(l, e));
	}
	return DONE;
}

static outcome run(struct front *f, const struct front_settings *settings, struct err *e)
{
	TRY(open_loop(f, e));
	TRY(open_listeners(f, settings, e));
	for (size_t i = 0; i < f->listener_count; i++)
		front_listen_resume(&f->listeners[i]);
	/* OpenSSL writes without MSG_NOSIGNAL: a thread that heard SIGPIPE would end the process. */
	if (!thread_start(&f->thread, front_loop_run, f))
		return err_set(e, REASON_MEMORY, "event thread");
	for (size_t i = 0; i < f->listener_count; i++) {
		const struct front_listener *l = &f->listeners[i];
		log_event(LOG_INFO, "front.listening", LOG_TEXT("listener", l->options.name),
			  LOG_TEXT("address", l->options.host ? l->options.host : ""),
			  LOG_NUM("port", l->port),
			  LOG_TEXT("tls", l->options.tls == FRONT_TLS_OFF      ? "off"
					  : l->options.tls == FRONT_TLS_SERVER ? "server"
									       : "mutual"));
	}
	return DONE;
}

outcome front_start(const struct front_settings *settings, struct front **out, struct err *e)
{
	struct front *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(e, REASON_MEMORY, "front");
	f->handler = settings->handler;
	f->ctx = settings->ctx;
	f->memory_bytes = settings->memory_bytes;
	front_addresses_init(&f->addresses);
	f->epoll = f->wake = f->reserve = -1;
	f->answers_end = &f->answers;
	atomic_init(&f->references, 1);
	pthread_mutex_init(&f->lock, NULL);
	cond_init(&f->quiet);
	if (!run(f, settings, e).ok) {
		tear_down(f);
		return FAILED;
	}
	*out = f;
	return DONE;
}

void front_respond(struct front_request *request, const struct front_answer *answer)
{
	struct front_job *job = (struct front_job *)request;
	struct front *f = job->front;
	atomic_fetch_add(&f->references, 1); /* the job may be gone before the last line here */
	job->close = job->close || answer->close || atomic_load(&f->leaving);
	job->charge_us = answer->charge_us;
	job->welcome = answer->welcome;
	if (!front_answer_make(f, &job->out, &job->tail, answer, job->head_only, job->close))
		log_event(LOG_ERROR, "front.answer-lost", LOG_TEXT("peer", job->peer),
			  LOG_TEXT("reason", "memory"));
	front_job_release_input(job); /* after the answer is made: its body may be a part of the request's */
	front_loop_hand_back(f, job);
	front_unref(f);
}

void front_abandon(struct front_request *request, enum front_silence how)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 4096\r\n\r\n";
	struct front_job *job = (struct front_job *)request;
	struct front *f = job->front;
	atomic_fetch_add(&f->references, 1); /* as in front_respond */
	job->close = true;
	job->hold = how != FRONT_CLOSE;
	if (how == FRONT_HOLD_HEAD && front_store_force(f, &job->out, sizeof(head) - 1)) {
		memcpy(job->out.data, head, sizeof(head) - 1);
		job->out.len = sizeof(head) - 1;
	}
	front_job_release_input(job);
	front_loop_hand_back(f, job);
	front_unref(f);
}

int front_port(const struct front *f, size_t listener)
{
	BUG_IF(listener >= f->listener_count);
	return f->listeners[listener].port;
}

static void free_contexts(SSL_CTX **contexts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		SSL_CTX_free(contexts[i]);
	free(contexts);
}

outcome front_reload_tls(struct front *f, struct err *e)
{
	SSL_CTX **contexts = calloc(f->listener_count + 1, sizeof(*contexts));
	if (!contexts)
		return err_set(e, REASON_MEMORY, "TLS contexts");
	for (size_t i = 0; i < f->listener_count; i++) {
		const struct front_listener_options *o = &f->listeners[i].options;
		if (o->tls != FRONT_TLS_OFF && !front_tls_context(o, i, &contexts[i], e).ok) {
			free_contexts(contexts, f->listener_count);
			return FAILED;
		}
	}
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->listener_count; i++) {
		SSL_CTX *old = f->listeners[i].tls;
		f->listeners[i].tls = contexts[i];
		contexts[i] = old;
	}
	pthread_mutex_unlock(&f->lock);
	free_contexts(contexts, f->listener_count);
	return DONE;
}

void front_leave(struct front *f)
{
	atomic_store(&f->leaving, true);
}

size_t front_drain(struct front *f, int wait_ms)
{
	const int64_t until_us = mono_us() + wait_ms * INT64_C(1000);
	bool in_time = true;

	front_leave(f);
	atomic_store(&f->draining, true);
	thread_wake(f->wake);
	pthread_mutex_lock(&f->lock);
	while (in_time && (!f->drained || atomic_load(&f->open_requests) > 0))
		in_time = cond_wait_until(&f->quiet, &f->lock, until_us);
	pthread_mutex_unlock(&f->lock);
	return atomic_load(&f->open_requests);
}

void front_stop(struct front **f)
{
	if (!*f)
		return;
	atomic_store(&(*f)->stopping, true);
	thread_wake((*f)->wake);
	pthread_join((*f)->thread, NULL);
	tear_down(*f);
	*f = NULL;
}

void front_count(const struct front *f, struct front_counters *out)
{
	*out = (struct front_counters){
		.accepted = atomic_load(&f->accepted),
		.refused_connections = atomic_load(&f->refused_connections),
		.requests = atomic_load(&f->requests),
		.refused_requests = atomic_load(&f->refused_requests),
		.timeouts = atomic_load(&f->timeouts),
		.tls_failures = atomic_load(&f->tls_failures),
		.put_off_requests = atomic_load(&f->put_off_requests),
		.put_off_work = atomic_load(&f->put_off_work),
		.put_off_memory = atomic_load(&f->put_off_memory),
		.connections = atomic_load(&f->connections),
		.open_requests = atomic_load(&f->open_requests),
		.memory = atomic_load(&f->memory),
	};
}
