/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provider - a small server in the test: every connection is served by its own thread with a script. */
#ifndef QAQPA_TEST_PROVIDER_H
#define QAQPA_TEST_PROVIDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "egress/egress.h"

#define PROVIDER_CONNECTIONS 1024
#define PROVIDER_REQUEST 4096 /* the longest, and a NUL behind it */

struct provider;

struct provider_connection {
	struct provider *of;
	int fd, number; /* 0 for the first connection */
	pthread_t thread;
};

struct provider {
	int fd, port;
	pthread_t thread;
	void (*serve)(struct provider_connection *c);
	atomic_int connections, requests;
	atomic_bool open_gate; /* for scripts that wait */
	char last[PROVIDER_REQUEST];     /* head and body of the last request; read it after provider_stop */
	void *ctx;
	struct provider_connection list[PROVIDER_CONNECTIONS];
};

static inline void provider_say(struct provider_connection *c, const char *text)
{
	size_t n = strlen(text);

	while (n) {
		ssize_t put = send(c->fd, text, n, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		text += put;
		n -= (size_t)put;
	}
}

/* Reads one request, head and body; 0 when the connection ended before. */
static inline size_t provider_read(struct provider_connection *c, char text[PROVIDER_REQUEST])
{
	size_t n = 0, wanted = 0;

	while (!wanted || n < wanted) {
		ssize_t got = recv(c->fd, text + n, PROVIDER_REQUEST - 1 - n, 0);
		char *head, *length;

		if (got <= 0)
			return 0;
		n += (size_t)got;
		text[n] = '\0';
		head = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (head && strncmp(text, "GET ", 4) == 0)
			wanted = n;
		else if (head && length)
			wanted = (size_t)(head + 4 - text) + strtoul(length + 16, NULL, 10);
	}
	return n;
}

static inline bool provider_hear(struct provider_connection *c)
{
	char text[PROVIDER_REQUEST];
	size_t n = provider_read(c, text);

	if (n && atomic_fetch_add(&c->of->requests, 1) == 0)
		memcpy(c->of->last, text, n + 1);
	return n;
}

static inline void provider_wait(struct provider_connection *c)
{
	while (!atomic_load(&c->of->open_gate))
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static inline void *provider_connection_run(void *of)
{
	struct provider_connection *c = of;
	sigset_t pipe;

	sigemptyset(&pipe); /* only here: egress has to live with broken pipes by itself */
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	c->of->serve(c);
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static inline void *provider_run(void *of)
{
	struct provider *p = of;

	for (;;) {
		int fd = accept(p->fd, NULL, NULL), n = atomic_load(&p->connections);

		if (fd < 0)
			return NULL;
		if (n == PROVIDER_CONNECTIONS)
			abort();
		p->list[n] = (struct provider_connection){.of = p, .fd = fd, .number = n};
		if (pthread_create(&p->list[n].thread, NULL, provider_connection_run, &p->list[n]))
			abort();
		atomic_store(&p->connections, n + 1);
	}
}

static inline struct provider *provider_start(void (*serve)(struct provider_connection *), void *ctx)
{
	struct provider *p = calloc(1, sizeof *p);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;

	assert_non_null(p);
	p->serve = serve;
	p->ctx = ctx;
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(p->fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(p->fd, 1024), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &n), 0);
	p->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, provider_run, p), 0);
	return p;
}

/* Ends all connections and threads; what was counted stays readable until provider_free. */
static inline void provider_stop(struct provider *p)
{
	atomic_store(&p->open_gate, true);
	shutdown(p->fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	for (int i = 0; i < atomic_load(&p->connections); i++) {
		shutdown(p->list[i].fd, SHUT_RDWR);
		pthread_join(p->list[i].thread, NULL);
		close(p->list[i].fd);
	}
	close(p->fd);
}

/* A call with its outcome, to be waited for. */
struct trip {
	struct egress_call call;
	struct egress_result result;
	char url[64], type[128];
	sem_t ended;
	int ends;
};

static inline void trip_ended(struct egress_call *call, struct egress_result *result)
{
	struct trip *t = call->ctx;

	t->result = *result;
	snprintf(t->type, sizeof t->type, "%s", result->content_type);
	t->ends++;
	sem_post(&t->ended);
}

static inline void trip_prepare(struct trip *t, const char *scheme, int port)
{
	memset(t, 0, sizeof *t);
	snprintf(t->url, sizeof t->url, "%s://127.0.0.1:%d/sync", scheme, port);
	t->call = (struct egress_call){.url = t->url,
		.body = BYTES_LIT("<a>1</a>"),
		.deadline_ms = 20000,
		.answer_bytes = 100000,
		.done = trip_ended,
		.ctx = t};
	sem_init(&t->ended, 0, 0);
}

static inline void trip_wait(struct trip *t)
{
	while (sem_wait(&t->ended) != 0)
		;
}

static inline void trip_go(struct egress *e, struct trip *t)
{
	egress_submit(e, &t->call);
	trip_wait(t);
	assert_int_equal(t->ends, 1);
}

static inline void trip_drop(struct trip *t)
{
	buf_free(&t->result.body);
	sem_destroy(&t->ended);
}

#endif
