/* SPDX-License-Identifier: GPL-3.0-or-later */
/* responder - an OCSP responder and CRL server in the test, which does what it is told, lies included. Every connection
 * has a thread; one that hangs waits for the gate. */
#ifndef QAQPA_TEST_RESPONDER_H
#define QAQPA_TEST_RESPONDER_H

#include "authority.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define CONNECTIONS 512

enum act {
	ACT_ANSWER,   /* as `response` says */
	ACT_OCTETS,   /* the octets */
	ACT_STATUS,   /* HTTP status 500 */
	ACT_EMPTY,    /* status 200 and no body */
	ACT_NOT_HTTP,
	ACT_CLOSE,    /* no answer */
	ACT_ENDLESS,  /* a body without end */
	ACT_DRIP,     /* an octet, and the rest never */
	ACT_HANG      /* nothing, until the gate opens */
};

struct desk {
	enum act act;
	struct response response;
	struct bytes octets;
	int asked; /* requests that came */
};

enum { DESK_OCSP, DESK_CRL, DESK_DELTA };

struct responder {
	int fd, port;
	pthread_t thread;
	struct world *world;
	pthread_mutex_t lock; /* of these */
	struct desk desk[3];
	pthread_cond_t came;
	unsigned char last[8192]; /* of OCSP */
	size_t last_n;
	bool open_gate;
	struct {
		struct responder *of;
		int fd;
		pthread_t thread;
	} list[CONNECTIONS];
	int n;
};

static inline bool put_all(int fd, const void *octets, size_t n)
{
	const char *p = octets;

	while (n) {
		ssize_t put = send(fd, p, n, MSG_NOSIGNAL);

		if (put <= 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return true;
}

static inline void put_answer(int fd, struct bytes body)
{
	char head[128];

	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", body.n);
	if (put_all(fd, head, strlen(head)) && body.n)
		put_all(fd, body.p, body.n);
}

/* The request; its body. False when it broke off. */
static inline bool take_request(int fd, unsigned char text[8192], size_t *n, struct bytes *body)
{
	*n = 0;
	for (;;) {
		ssize_t got = recv(fd, text + *n, 8191 - *n, 0);
		const unsigned char *end;
		const char *length;
		size_t wanted;

		if (got <= 0)
			return false;
		*n += (size_t)got;
		text[*n] = 0;
		end = memmem(text, *n, "\r\n\r\n", 4);
		if (!end)
			continue;
		length = strstr((char *)text, "Content-Length: ");
		wanted = length ? strtoul(length + 16, NULL, 10) : 0;
		*body = (struct bytes){end + 4, *n - (size_t)(end + 4 - text)};
		if (body->n >= wanted)
			return true;
	}
}

/* The response to a request: about what `response` says, with the nonce of the request. */
static inline void answer_ocsp(struct responder *r, int fd, const struct response *how, struct bytes body)
{
	const unsigned char *p = body.p;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &p, (long)body.n);
	struct bytes nonce = BYTES_NONE;
	struct buf octets;
	int i;

	if (!request)
		return;
	i = OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1);
	if (i >= 0) { /* an OCTET STRING in the extension */
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(request, i));

		nonce = (struct bytes){ASN1_STRING_get0_data(value) + 2, (size_t)ASN1_STRING_length(value) - 2};
	}
	octets = response_make(r->world, how, nonce);
	put_answer(fd, buf_bytes(&octets));
	buf_free(&octets);
	OCSP_REQUEST_free(request);
}

static inline void wait_for_gate(struct responder *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->open_gate)
		pthread_cond_wait(&r->came, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static inline void put_endless(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
	char zeros[4096] = {0};
	bool taken = put_all(fd, head, strlen(head));

	while (taken)
		taken = put_all(fd, zeros, sizeof zeros);
}

static inline void serve(struct responder *r, int fd, const struct desk *d, struct bytes body)
{
	static const char drip[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0";
	static const char broken[] = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

	switch (d->act) {
	case ACT_ANSWER:
		answer_ocsp(r, fd, &d->response, body);
		break;
	case ACT_OCTETS:
		put_answer(fd, d->octets);
		break;
	case ACT_STATUS:
		put_all(fd, broken, strlen(broken));
		break;
	case ACT_EMPTY:
		put_answer(fd, BYTES_NONE);
		break;
	case ACT_NOT_HTTP:
		put_all(fd, "220 mail ESMTP\r\n", 16);
		break;
	case ACT_CLOSE:
		break;
	case ACT_ENDLESS:
		put_endless(fd);
		break;
	case ACT_DRIP:
		put_all(fd, drip, strlen(drip));
		wait_for_gate(r);
		break;
	case ACT_HANG:
		wait_for_gate(r);
		break;
	}
}

struct link {
	struct responder *of;
	int number;
};

static inline void *link_run(void *of)
{
	struct link l = *(struct link *)of;
	struct responder *r = l.of;
	int fd = r->list[l.number].fd, which;
	unsigned char text[8192];
	struct bytes body;
	struct desk d;
	size_t n;

	free(of);
	if (take_request(fd, text, &n, &body)) {
		which = memcmp(text, "POST /ocsp", 10) == 0 ? DESK_OCSP : memcmp(text, "GET /crl", 8) == 0 ? DESK_CRL : DESK_DELTA;
		pthread_mutex_lock(&r->lock);
		r->desk[which].asked++;
		d = r->desk[which];
		if (which == DESK_OCSP) {
			memcpy(r->last, text, n);
			r->last_n = n;
		}
		pthread_cond_broadcast(&r->came);
		pthread_mutex_unlock(&r->lock);
		serve(r, fd, &d, body);
	}
	shutdown(fd, SHUT_RDWR);
	return NULL;
}

static inline void *responder_run(void *of)
{
	struct responder *r = of;

	for (;;) {
		int fd = accept(r->fd, NULL, NULL);
		struct link *l = malloc(sizeof *l);

		if (fd < 0 || !l || r->n == CONNECTIONS) {
			free(l);
			return NULL;
		}
		*l = (struct link){r, r->n};
		r->list[r->n].fd = fd;
		if (pthread_create(&r->list[r->n].thread, NULL, link_run, l))
			abort();
		r->n++;
	}
}

static inline struct responder *responder_start(struct world *w)
{
	struct responder *r = calloc(1, sizeof *r);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;

	r->world = w;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->came, NULL);
	r->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(r->fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(r->fd, 256), 0);
	assert_int_equal(getsockname(r->fd, (struct sockaddr *)&a, &n), 0);
	r->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, responder_run, r), 0);
	return r;
}

static inline void responder_open_gate(struct responder *r)
{
	pthread_mutex_lock(&r->lock);
	r->open_gate = true;
	pthread_cond_broadcast(&r->came);
	pthread_mutex_unlock(&r->lock);
}

static inline void responder_stop(struct responder **of)
{
	struct responder *r = *of;

	responder_open_gate(r);
	shutdown(r->fd, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	for (int i = 0; i < r->n; i++) {
		shutdown(r->list[i].fd, SHUT_RDWR);
		pthread_join(r->list[i].thread, NULL);
		close(r->list[i].fd);
	}
	close(r->fd);
	free(r);
	*of = NULL;
}

static inline void desk_set(struct responder *r, int which, struct desk d)
{
	pthread_mutex_lock(&r->lock);
	d.asked = r->desk[which].asked;
	r->desk[which] = d;
	pthread_mutex_unlock(&r->lock);
}

static inline int desk_asked(struct responder *r, int which)
{
	int asked;

	pthread_mutex_lock(&r->lock);
	asked = r->desk[which].asked;
	pthread_mutex_unlock(&r->lock);
	return asked;
}

/* Until so many requests have come to that desk. */
static inline void desk_wait(struct responder *r, int which, int asked)
{
	pthread_mutex_lock(&r->lock);
	while (r->desk[which].asked < asked)
		pthread_cond_wait(&r->came, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

/* --- a room that asks it --- */

static _Atomic int64_t clock_ms = T0;

static inline int64_t test_now(void)
{
	return atomic_load(&clock_ms);
}

struct stage {
	char folder[64], ocsp[64], crl[64], delta[64];
	struct revocation_source source;
	struct revocation_settings settings;
	struct revocation *room;
};

static inline void stage_set(struct stage *s, struct world *w, int port)
{
	memset(s, 0, sizeof *s);
	atomic_store(&clock_ms, T0);
	folder_make(s->folder);
	snprintf(s->ocsp, sizeof s->ocsp, "http://127.0.0.1:%d/ocsp", port);
	snprintf(s->crl, sizeof s->crl, "http://127.0.0.1:%d/crl", port);
	snprintf(s->delta, sizeof s->delta, "http://127.0.0.1:%d/delta", port);
	s->source = (struct revocation_source){.issuer = der_of(&w->ca), .ocsp = s->ocsp};
	s->settings = (struct revocation_settings){
		.directory = s->folder,
		.sources = &s->source,
		.source_count = 1,
		.refresh_ms = (int)(10 * MINUTE),
		.crl_refresh_ms = (int)HOUR,
		.deadline_ms = 60000,
		.skew_ms = (int)MINUTE,
		.watched_most = 100,
		.crl_bytes = (size_t)64 << 20,
		.now_ms = test_now,
	};
}

static inline void stage_start(struct stage *s)
{
	struct err e = {.reason = REASON_NONE};

	if (!revocation_start(&s->settings, &s->room, &e).ok)
		fail_msg("the room does not start: %s", e.detail);
}

static inline void stage_end(struct stage *s)
{
	revocation_stop(&s->room);
	assert_null(s->room);
	folder_drop(s->folder);
}

static inline struct revocation_answer stage_ask(struct stage *s, const struct identity *i)
{
	struct revocation_answer a;
	unsigned char digest[32];

	EVP_Digest(i->der.data, i->der.len, digest, NULL, EVP_sha256(), NULL);
	revocation_ask(s->room, der_of(i), digest, test_now(), &a);
	return a;
}

/* Has all sources asked, waits for their outcome. */
static inline struct revocation_answer stage_check(struct stage *s, const struct identity *i)
{
	struct revocation_answer a;

	revocation_check(s->room, der_of(i), test_now(), &a, NULL);
	return a;
}

#endif
